"""Intervals of the shares of small classes cover the truth as often as they say; minutes, on request.

Without covariates the posterior of `bl.fit` is that of the Gibbs sampler, which is far cheaper: Dirichlet priors of
weight one for shares and item probabilities. Draws are labelled as `bl.fit` labels them.
``SURVEYS=40 pytest --runslow -s tests/posterior/test_coverage_of_small_classes.py`` takes fewer surveys.
"""

import os

import numpy as np
import pytest

from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.answers import membership_given_answers
from bayes_lca.likelihood.em import fit_em
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.posterior.labels.stephens import align_memberships
from bayes_lca.sampling.gibbs import sample_gibbs

pytestmark = pytest.mark.slow

SURVEYS = int(os.environ.get("SURVEYS", "200"))
CATEGORIES, ITEMS = 3, 8
DESIGNS = {
    "a class of 2 %": (2200, [0.45, 0.30, 0.23, 0.02]),
    "a class of 5 %": (1000, [0.60, 0.35, 0.05]),
    "an empty class": (1000, [0.62, 0.38, 0.0]),
}
CI_TAILS = [0.025, 0.975]
SETTINGS = {"draws": 250, "tune": 100, "thin": 4}
CHAINS = 2


def shares_of_a_survey(n, share, seed):
    """Draws of the shares of classes of a simulated survey, labelled by members, and named as in the simulation."""
    rng = np.random.default_rng(seed)
    truth = rng.dirichlet(np.ones(CATEGORIES), size=(len(share), ITEMS))
    latent_class = rng.choice(len(share), n, p=share)
    codes = (rng.random((n, ITEMS, 1)) > truth[latent_class].cumsum(axis=-1)).sum(axis=-1)
    patterns = unique_rows(codes)
    codes, count = codes[patterns.first], patterns.count
    pivot = fit_em(codes, count, [CATEGORIES] * ITEMS, len(share), n_starts=10).item_probability
    start = np.repeat(pivot[None], CHAINS, axis=0)
    sampled = sample_gibbs(codes, count, [CATEGORIES] * ITEMS, start, seed=seed, **SETTINGS)
    shares = sampled.class_share.reshape(-1, len(share))
    profiles = sampled.item_probability.reshape(-1, *pivot.shape)
    labels = align_memberships(
        lambda draws: membership_given_answers(shares[draws], profiles[draws], codes),
        count,
        match_profiles(profiles, pivot, shares),
    )
    shares = np.take_along_axis(shares, labels.order, axis=1)
    profiles = np.take_along_axis(profiles, labels.order[..., None, None], axis=1)
    mean = shares.mean(axis=0)
    names = match_profiles(profiles.mean(axis=0)[None], truth, mean[None], np.array(share))[0]
    return shares[:, names]


@pytest.mark.parametrize(("n", "share"), DESIGNS.values(), ids=DESIGNS)
def test_intervals_of_small_classes_cover_the_truth(n, share, capsys):
    """From .93 to .97 over 200 surveys; fewer surveys may be off by three standard errors.

    A share of zero lies in no interval of a positive quantity: where a class is empty, the shares of the others count.
    """
    bounds = np.array([np.quantile(shares_of_a_survey(n, share, seed), CI_TAILS, axis=0) for seed in range(SURVEYS)])
    covered = ((bounds[:, 0] < share) & (share < bounds[:, 1])).mean(axis=0)
    with capsys.disabled():
        print(f"\n{SURVEYS} surveys, shares {share}: covered {covered.round(3)}, mean bounds")
        print(bounds.mean(axis=0).round(3))
    error = 0.0 if SURVEYS >= 200 else 3 * np.sqrt(0.95 * 0.05 / SURVEYS)
    judged = covered[:-1] if share[-1] == 0 else covered[-1:]
    assert (judged >= 0.93 - error).all()
    assert (judged <= 0.97 + error).all()
