"""Intervals cover the truth of simulated cohorts as often as they say; minutes, on request."""

import numpy as np
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.models import LatentClass

pytestmark = pytest.mark.slow

SEEDS = range(1, 21)
CI_PROB = 0.95


@pytest.fixture(scope="module")
def fits():
    """Of 20 cohorts at the default settings: which intervals cover the truth, and the diagnostics."""
    return [fit_cohort(seed) for seed in SEEDS]


def fit_cohort(seed):
    frame, truth = bl.simulate_cohort(seed=seed)
    draws = bl.fit(LatentClass(3, bl.Items(bl.cohort_items())), frame, order="compensation", progressbar=False)
    posterior = draws["posterior"]
    sizes, profiles = bl.class_sizes(draws, ci_prob=CI_PROB), bl.class_profiles(draws, ci_prob=CI_PROB)
    dims = ["latent_class", "item", "category"]
    coords = {dim: posterior[dim].to_numpy() for dim in dims}
    probability = xr.DataArray(truth.item_probability, coords, dims).to_series().reindex(profiles.index)
    mean = posterior["item_probability"].mean(["chain", "draw"]).to_numpy()
    distance = ((mean[:, None] - truth.item_probability[None]) ** 2).sum(axis=(2, 3))
    diagnostics = bl.convergence(draws)
    return {
        "nearest class": distance.argmin(axis=1).tolist(),
        "class_share": ((sizes["lower"] < truth.class_share) & (truth.class_share < sizes["upper"])).to_numpy(),
        "item_probability": ((profiles["lower"] < probability) & (probability < profiles["upper"])).to_numpy(),
        "r_hat": diagnostics["r_hat"].max(),
        "ess": diagnostics[["ess_bulk", "ess_tail"]].min(axis=None),
        "divergences": int(draws["sample_stats"]["diverging"].sum()),
    }


def test_classes_in_order_of_an_item_are_those_of_the_simulation(fits):
    assert [fit["nearest class"] for fit in fits] == [[0, 1, 2]] * len(fits)


@pytest.mark.parametrize("kind", ["class_share", "item_probability"])
def test_intervals_cover_the_truth_as_often_as_they_say(fits, kind, capsys):
    """Within three standard errors of 95 %.

    Intervals of one data set share its noise, so the standard error of the total is the binomial one or the one
    from the spread of the counts over data sets, whichever is larger.
    """
    counts = np.array([fit[kind].sum() for fit in fits])
    total = len(fits) * fits[0][kind].size
    binomial = np.sqrt(total * CI_PROB * (1 - CI_PROB))
    clustered = np.sqrt(len(fits) * counts.var(ddof=1))
    z = (counts.sum() - CI_PROB * total) / max(binomial, clustered)
    with capsys.disabled():
        print(f"\n{kind}: {counts.sum()} of {total} intervals of {CI_PROB:.0%} cover, z = {z:.2f}")
    assert abs(z) < 3


def test_every_fit_converges_at_the_default_settings(fits, capsys):
    r_hat, ess = max(fit["r_hat"] for fit in fits), min(fit["ess"] for fit in fits)
    with capsys.disabled():
        print(f"\nlargest R-hat {r_hat:.4f}, least effective sample size {ess:.0f}")
    assert r_hat <= 1.01
    assert ess >= 400
    assert [fit["divergences"] for fit in fits] == [0] * len(fits)
