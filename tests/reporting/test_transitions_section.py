"""The page of a fit to several waves: who moves, classes and certainty by wave, answers of all waves."""

import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.fitted.twins.common_method import AnswersOfPersons


@pytest.mark.usefixtures("pictures_are_not_written")
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
    assert (
        "Σ_z P(z_1 | x_i1, g_i) Π_t>1 P(z_t | z_t-1, x_it, g_it) Π_t Π_j P(answer of i to item j at wave t | z_t)"
        in (page.all_text)
    )
    assert "log P(z_t = d | z_t-1 = c, x_it, g_it) = τ_cd + x_it′γ_d + v_dg + constant" in page.all_text
    assert "P(z_1 = c | x, g) = " in page.all_text
    assert "formula of the transitions" in page.all_text
    assert "bl.count_wave_classes(...) compares numbers of classes over waves." in page.all_text


def test_numbers_of_classes_at_one_wave_are_no_part_of_a_page_of_waves(tmp_path):
    counted = pd.DataFrame({"BIC": [1.0]}, index=pd.Index([2], name="n_classes"))
    with pytest.raises(ValueError, match=r"follows 150 respondents over waves.*leave out counted"):
        bl.report(bl.load_example("waves"), tmp_path / "page.html", counted=counted)


def test_a_person_is_integrated_out_over_all_waves_at_once():
    letters = AnswersOfPersons.formula_of_waves.format(path="P(z)")
    assert letters == "∫ Σ_z P(z) Π_t Π_j P(answer of i to item j at wave t | z_t, u) φ(u) du"


@pytest.mark.usefixtures("pictures_are_not_written")
def test_other_pages_say_nothing_of_moving(tmp_path):
    page = bl.report(bl.load_example("alone"), tmp_path / "page.html").read_text("utf-8")
    assert "Who moves" not in page
