"""The page of a fit to several waves: who moves, classes and certainty by wave, answers of all waves."""

import bayes_lca as bl


def test_the_page_of_waves_says_who_moves(tmp_path, read):
    draws = bl.load_example("waves")
    page = read(bl.report(draws, tmp_path / "page.html"))
    tables = page.tables
    moves = bl.transition_probabilities(draws)
    row = next(row for row in tables["Transition probabilities"] if row[:2] == ["overall", "these 5 groups"])
    assert f"{moves['mean'].iloc[0]:.3f}" in row
    assert len(tables["Stayers and movers"]) == len(bl.stayers_and_movers(draws)) + 1
    assert len(tables["Odds ratios of moving"]) == 2
    sizes = next(rows for caption, rows in tables.items() if caption.startswith("Class sizes"))
    assert len(sizes) == 3 * 2 + 1
    certainty = tables["Respondents by modal class, and how certain it is"]
    assert len(certainty) == 3 * (2 + 1) + 1
    frame = bl.example_waves()
    missing = next(rows for caption, rows in tables.items() if caption.startswith("Missing answers"))
    counted = {row[0]: [int(cell) for cell in row[1:3]] for row in missing[1:]}
    for item in ("training", "recognition", "expertise"):
        assert counted[item] == [int(frame[item].notna().sum()), int(frame[item].isna().sum())]


def test_other_pages_say_nothing_of_moving(tmp_path):
    page = bl.report(bl.load_example("alone"), tmp_path / "page.html").read_text("utf-8")
    assert "Who moves" not in page
