"""The picture of class counts shows the figures of the table."""

from itertools import pairwise

import numpy as np
import pytest

import bayes_lca as bl
from bayes_lca.workflows.class_counts.recommendation import recommend_classes


@pytest.fixture(scope="module")
def table():
    return bl.count_classes(
        bl.Items(bl.cohort_items()), bl.load_cohort(), range(1, 5), n_starts=10, bayes=True, draws=60, tune=40
    )


def lines_of(ax):
    return [(np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)) for line in ax.lines]


def titles(fig):
    return [ax.get_title(loc="left") for ax in fig.axes if ax.get_title(loc="left")]


def test_panels_hold_the_table(table):
    fig = bl.plot_class_counts(table)
    assert titles(fig) == [
        "Criteria: difference from the minimum",
        "What each chooses",
        "Predictive density (elpd), from the best",
        "Share of the smallest class",
    ]
    criteria, choices, density, smallest = fig.axes
    for (_, y), name in zip(lines_of(criteria), ("AIC", "BIC", "aBIC", "CAIC", "ICL"), strict=True):
        np.testing.assert_allclose(y, table[name] - table[name].min())
    assert [text.get_text() for text in choices.get_yticklabels()] == list(recommend_classes(table).choices)
    dots = [int(x[0]) for x, _ in lines_of(choices) if x.size == 1]
    assert dots == list(recommend_classes(table).choices.values())
    np.testing.assert_allclose(lines_of(density)[0][1], table["elpd_difference"])
    np.testing.assert_allclose(lines_of(smallest)[0][1], table["smallest_class"].loc[2:])
    np.testing.assert_allclose(lines_of(smallest)[1][1], table["smallest_share"].loc[2:])


def test_band_is_the_recommended_number_and_hollow_marks_are_unsettled(table):
    fig = bl.plot_class_counts(table.assign(modes=[1, 1, 1, 2]))
    for ax in fig.axes:
        (band,) = [patch for patch in ax.patches if patch.get_width() == pytest.approx(0.8)]
        assert band.get_x() + 0.4 == pytest.approx(3)
    hollow = [line for line in fig.axes[2].lines if line.get_markerfacecolor() == "white"]
    assert [line.get_xdata().tolist() for line in hollow] == [[4]]
    note = fig.get_supxlabel()
    assert "hollow: chains disagree" in note
    assert "n = 2200" in note
    assert "hollow" not in bl.plot_class_counts(table.assign(modes=1)).get_supxlabel()


def test_without_posteriors_the_words_take_their_place(table):
    columns = table.columns[: table.columns.get_loc("elpd")]
    fig = bl.plot_class_counts(table[columns])
    assert len(titles(fig)) == 3
    assert recommend_classes(table[columns]).words.partition("\n")[0] in " ".join(
        fig.axes[3].texts[0].get_text().split()
    )


def test_names_at_the_ends_do_not_overlap(table):
    fig = bl.plot_class_counts(table)
    fig.canvas.draw()
    boxes = sorted((text.get_window_extent() for text in fig.axes[0].texts), key=lambda box: box.y0)
    assert len(boxes) == 5
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))


def test_one_row_is_no_comparison(table):
    with pytest.raises(ValueError, match="the table has 1 row"):
        bl.plot_class_counts(table.loc[[3]])


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match="draws the table that count_classes returns, not dict"):
        bl.plot_class_counts({})


def test_bic_with_a_common_method_is_drawn_from_the_same_minimum(table):
    least = table["BIC"].min() - 30
    tilted = {"BIC": least + np.array([50, 0, 10, 20.0]), "smallest_class": [1, 0.4, 0.2, 0.1]}
    rest = {"log_likelihood": range(4), "entropy_r2": 0.9, "starts_at_mode": 9}
    fig = bl.plot_class_counts(table.assign(**{f"method_{name}": values for name, values in (tilted | rest).items()}))
    drawn = dict(zip(("AIC", "BIC", "method BIC", "aBIC", "CAIC", "ICL"), lines_of(fig.axes[0]), strict=True))
    np.testing.assert_allclose(drawn["BIC"][1], table["BIC"] - least)
    np.testing.assert_allclose(drawn["method BIC"][1], [50, 0, 10, 20])
    assert "method BIC" in {text.get_text() for text in fig.axes[0].texts}
    assert "method BIC" in {text.get_text() for text in fig.axes[1].get_yticklabels()}
    np.testing.assert_allclose(lines_of(fig.axes[3])[-2][1], [0.4, 0.2, 0.1])
    (band,) = [patch for patch in fig.axes[0].patches if patch.get_width() == pytest.approx(0.8)]
    assert band.get_x() + 0.4 == pytest.approx(2)
    assert "grey band: recommended number with a common method" in fig.get_supxlabel()
