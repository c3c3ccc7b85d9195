"""Draws of fits to several data sets after each other, of fits of different lengths."""

import json

import numpy as np
import pytest

import bayes_lca as bl
from bayes_lca.workflows.stacked_draws import stacked


@pytest.fixture(scope="module")
def fits():
    """A fit and the first of its draws, as if of another data set that had enough of them sooner."""
    draws = bl.load_example()
    return [draws, draws.isel(draw=slice(30))]


def test_as_many_draws_of_each_data_set_as_of_the_shortest_are_stacked(fits):
    """Evenly spread from the first to the last of the longer, so that none weighs more."""
    result = stacked(fits)
    posterior = result["posterior"]
    assert (posterior.sizes["chain"], posterior.sizes["draw"]) == (4, 30)
    kept = np.linspace(0, fits[0]["posterior"].sizes["draw"] - 1, 30).astype(int)
    slope = fits[0]["posterior"]["slope"].to_numpy()
    np.testing.assert_array_equal(posterior["slope"].to_numpy()[:2], slope[:, kept])
    np.testing.assert_array_equal(posterior["slope"].to_numpy()[2:], slope[:, :30])
    assert posterior["draw"].to_numpy().tolist() == list(range(30))
    assert json.loads(result.attrs["data_set_of_chain"]) == [0, 0, 1, 1]
    assert result["sample_stats"].sizes["draw"] == 30


def test_tables_of_draws_of_different_lengths_are_means_of_what_was_kept(fits):
    table = bl.class_sizes(result := stacked(fits))
    assert "4 x 30 draws" in table.note and "draws of 2 completed data sets stacked" in table.note
    np.testing.assert_allclose(table["mean"], result["posterior"]["class_share"].mean(["chain", "draw"]), rtol=1e-12)
