"""Chains that go on by themselves: as far as it takes, through the same draws, and said."""

import warnings

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.views import with_views
from bayes_lca.models import LatentClass
from bayes_lca.sampling import until_converged
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.settings import Sampling
from bayes_lca.sampling.until_converged import draws_to_go_on_to

ITEMS = ["training", "recognition", "expertise"]


@pytest.fixture(scope="module")
def example():
    """Two chains of 100 draws."""
    return bl.load_example("alone")


@pytest.mark.parametrize(
    ("least", "beyond", "modes", "expected"),
    [
        (400, 0, 1, None),
        (399, 0, 1, 200),
        (200, 0, 1, 200),
        (199, 0, 1, 400),
        (50, 0, 1, 800),
        (49, 0, 1, None),  # more than eight times as many
        (2000, 3, 1, 200),
        (2000, 3, 2, None),  # chains in several modes stay there
    ],
)
def test_draws_are_doubled_as_often_as_it_takes(example, monkeypatch, least, beyond, modes, expected):
    """With the fewest effective draws, and quantities beyond chance, of 100 draws of each chain."""
    table = pd.DataFrame({"ess_bulk": [least, 900], "ess_tail": [900, least + 1], "beyond_chance": [0, beyond]})
    monkeypatch.setattr(until_converged, "convergence_table", lambda fit: table)
    draws = example.copy()
    draws.attrs = example.attrs | {"chain_modes": "[0, 1]" if modes > 1 else "[0, 0]"}
    assert draws_to_go_on_to(Fit.reading(draws), 100) == expected


def test_chains_go_on_through_the_same_draws(monkeypatch):
    """Asked for 30 draws, made 60: the first 30 are those of a fit of 30, and what was done is said."""
    survey, model = bl.example_survey(), LatentClass(2, bl.Items(ITEMS))
    prepared = model.prepare(survey)
    sampler, short = Sampler(prepared), Sampling(draws=30, tune=60, chains=2, progressbar=False)
    decided = iter([60, None])
    monkeypatch.setattr("bayes_lca.sampling.nuts.draws_to_go_on_to", lambda fit, asked: next(decided))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        exactly = sampler.fit(prepared, short)
        longer = sampler.fit(prepared, Sampling(**vars(short) | {"until": "converged"}))
    assert (exactly["posterior"].sizes["draw"], longer["posterior"].sizes["draw"]) == (30, 60)
    first = longer["posterior"]["item_probability"].isel(draw=slice(30))
    np.testing.assert_array_equal(first, exactly["posterior"]["item_probability"])
    assert "30 draws of each chain were asked for, and chains went on to 60" in bl.convergence(longer).note
    assert "asked for" not in bl.convergence(exactly).note
    assert "2 x 60 draws" in bl.class_sizes(longer).note


def test_other_ways_to_end_are_refused():
    with pytest.raises(ValueError, match="until='forever': \"converged\", or None"):
        bl.fit(LatentClass(2, bl.Items(ITEMS)), bl.example_survey(), until="forever")


def test_loo_of_arviz_takes_a_row_that_is_equally_likely_in_all_draws(example):
    """As of one class and a respondent who answered nothing; its log-likelihood is 0 in every draw."""
    rows = example["patterns"].to_dataset().copy(deep=True)
    rows["answers"][3] = -1
    rows["answer_pattern"][3] = rows["answer_pattern"].max() + 1
    changed = example.copy()
    changed["patterns"] = xr.DataTree(rows)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Estimated shape parameter", UserWarning)
        found = az.loo(with_views(changed), pointwise=True)
        others = az.loo(example, pointwise=True)
    pattern = example["patterns"]["pattern_of_respondent"].to_numpy()
    values, expected = (np.asarray(loo.elpd_i) for loo in (found, others))
    np.testing.assert_allclose(values[pattern == 3], 0.0, atol=1e-6)
    np.testing.assert_allclose(values[pattern != 3], expected[pattern != 3], atol=1e-2)
    assert bl.modes(with_views(changed)).loc[1, "elpd_loo"] == pytest.approx(found.elpd)
