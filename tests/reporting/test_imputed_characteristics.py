"""Characteristics in classes that are drawn: averages, and intervals as wide as the classes are uncertain."""

import re

import numpy as np
import pytest

import bayes_lca as bl
from bayes_lca.reporting.paper.imputed_cells import counts_by_class, quartiles_by_class

NORMAL_QUARTILES = 50 + 10 * np.array([-0.6745, 0.0, 0.6745])


def numbers_in(text):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]


def test_an_interval_holds_the_median_of_the_population_in_95_of_a_hundred():
    """Classes known, so that sampling alone is in it; 300 samples of 60."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(300):
        values = rng.normal(50, 10, size=60)
        (quartiles,), (interval,) = quartiles_by_class(values, np.zeros((100, 60), int), 1, 0.95, rng)
        low, high = numbers_in(interval)
        held += low <= 50 <= high
    slack = 0.02  # of quantiles of a hundred draws, and of a median of sixty
    assert abs(held / 300 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 300) + slack
    middle, *_ = numbers_in(quartiles)
    assert middle == pytest.approx(np.median(values), abs=0.05)


def test_quartiles_of_large_classes_are_those_of_their_distribution():
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(50, 10, 4000), rng.normal(90, 10, 4000)])
    classes = np.repeat([0, 1], 4000)[None].repeat(3, axis=0)
    (first, second), _ = quartiles_by_class(values, classes, 2, 0.95, rng)
    for text, shift in ((first, 0), (second, 40)):
        middle, low, high = numbers_in(text)
        np.testing.assert_allclose([low, middle, high], NORMAL_QUARTILES + shift, atol=0.8)  # three standard errors


def test_intervals_widen_where_members_are_uncertain():
    """Forty respondents far from the class in which they all are in half of the draws."""
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(50, 1, 40), rng.normal(60, 1, 80)])
    known = np.repeat([0, 1], [40, 80])[None].repeat(200, axis=0)
    drawn = known.copy()
    drawn[1:, 40:80] = rng.integers(2, size=(199, 1))
    widths = []
    for classes in (known, drawn):
        _, (interval, _) = quartiles_by_class(values, classes, 2, 0.95, np.random.default_rng(4))
        low, high = numbers_in(interval)
        widths.append(high - low)
    assert widths[0] < 1.5 < 5 < widths[1]


def test_percentages_are_averages_and_their_intervals_those_of_shares():
    rng, levels = np.random.default_rng(5), np.repeat([0, 1], [30, 70])
    table = counts_by_class(levels, 2, np.zeros((4000, 100), int), 1, 0.95, rng)
    n, percent, low, high = numbers_in(table[1][0])
    assert (n, percent) == (70, 70.0)
    np.testing.assert_allclose([low, high], 70 + 1.96 * 100 * np.sqrt(0.7 * 0.3 / 100) * np.array([-1, 1]), atol=1.5)


def test_a_class_that_is_never_drawn_has_nothing():
    classes = np.zeros((5, 3), int)
    rng = np.random.default_rng(6)
    assert quartiles_by_class(np.arange(3.0), classes, 2, 0.95, rng)[0][1] == "–"
    assert counts_by_class(np.array([0, 1, 1]), 2, classes, 2, 0.95, rng)[0][1] == "0 (–)"


def test_the_table_has_them_beside_pooled_tests():
    survey, draws = bl.example_survey(), bl.load_example()
    survey = survey.assign(age=survey["age"].where(np.arange(len(survey)) > 6))
    options = {"classes": "imputed", "n_draws": 20, "seed": 2}
    table = bl.characteristics(survey, ["age", "participation"], draws, **options)
    pooled = bl.covariate_tests(draws, survey, ["age", "participation"], **options)
    assert table.loc[("age", "missing")].tolist()[:3] == ["7 (3.9)", "–", "–"]
    assert list(table.loc["participation"].index) == ["median [quartiles]", "median, 95 % interval"]
    assert f"H(1) = {pooled.loc['participation', 'statistic']:.2f}" == table.loc["participation"].iloc[0]["test"]
    sizes = [numbers_in(name)[-1] for name in table.columns[1:3]]
    assert all(name.split("(")[1].startswith("n = about ") for name in table.columns[1:3])
    assert sum(sizes) == pytest.approx(180, abs=1)
    assert "as wide as who is in a class is uncertain" in table.note
    assert table.equals(bl.characteristics(survey, ["age", "participation"], draws, **options))


@pytest.mark.parametrize("by", [None, "role"])
def test_without_draws_there_are_no_classes_to_draw(by):
    with pytest.raises(ValueError, match=r"classes='imputed' needs by=, the draws of a latent class model; by=.* 180"):
        bl.characteristics(bl.example_survey(), ["age"], by, classes="imputed")
