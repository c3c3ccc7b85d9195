"""Methods and results of nesting, in the words and numbers that a paper would have."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bayes_lca as bl

GOLDEN = Path(__file__).parents[1] / "golden" / "words" / "nesting_in_words.txt"


@pytest.fixture(scope="module")
def fits():
    """A stored fit, and before it the same with slopes a third as uncertain and fewer steps of tuning."""
    multilevel = bl.load_example()
    posterior = multilevel["posterior"].to_dataset()
    centre = posterior["slope"].mean(("chain", "draw"))
    single_level = multilevel.copy()
    single_level["posterior"] = xr.DataTree(posterior.assign(slope=centre + (posterior["slope"] - centre) / 3))
    single_level.attrs["tune"] = 150
    return single_level, multilevel


def test_two_paragraphs_of_a_paper(fits):
    """If other words or numbers are meant, the golden text is changed along with them."""
    assert bl.nesting_in_words(*fits, fits[1]) + "\n" == GOLDEN.read_text(encoding="utf-8")


def test_numbers_are_those_of_the_tables(fits):
    single_level, multilevel = map(bl.odds_ratios, fits)
    ratio = np.log(multilevel["upper"] / multilevel["lower"]) / np.log(single_level["upper"] / single_level["lower"])
    methods, results = bl.nesting_in_words(*fits).split("\n\n")
    assert ratio.to_numpy() == pytest.approx([3, 3])
    assert results.count("3.00 (3.00 to 3.00) times as wide") == 2
    assert "single-level: 2 chains of 100 draws after 150 steps of tuning; multilevel: " in methods
    assert "jointly" not in methods
