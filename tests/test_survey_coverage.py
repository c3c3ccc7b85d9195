"""Intervals under a survey design cover what a whole population holds, where those of equal respondents miss it."""

import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.em import fit_em

ITEMS = ["a", "b", "c", "d", "e"]
STRATA, CLUSTERS, PERSONS = 10, 60, 60
DRAWN_CLUSTERS, DRAWN_PERSONS = 8, 12
"""Clusters of each stratum, and persons of each cluster on average."""
DESIGN = bl.SurveyDesign(weights="w", strata="stratum", cluster="cluster")
SAMPLES = 200
FIT = {"draws": 500, "chains": 2, "until": None, "progressbar": False}


def population(seed):
    """Persons in clusters in strata, both of which hold more of one class or of the other."""
    rng = np.random.default_rng(seed)
    stratum = np.repeat(np.arange(STRATA), CLUSTERS * PERSONS)
    cluster = np.repeat(np.arange(STRATA * CLUSTERS), PERSONS)
    logit = -0.3 + np.linspace(-0.8, 0.8, STRATA)[stratum] + 0.7 * rng.normal(size=STRATA * CLUSTERS)[cluster]
    latent_class = rng.random(len(logit)) < 1 / (1 + np.exp(-logit))
    codes = (rng.random((len(logit), len(ITEMS))) < np.where(latent_class, 0.8, 0.2)[:, None]).astype(int)
    return pd.DataFrame(codes, columns=ITEMS).assign(stratum=stratum, cluster=cluster, member=latent_class)


def sample(people, rng):
    """Clusters of every stratum, and persons of them; members of the first class are asked three times as often."""
    drawn = np.concatenate([h * CLUSTERS + rng.choice(CLUSTERS, DRAWN_CLUSTERS, replace=False) for h in range(STRATA)])
    inside = people[people["cluster"].isin(drawn)]
    relative = np.where(inside["member"], 1.5, 0.5) * rng.uniform(0.6, 1.4, len(inside))
    chance = DRAWN_PERSONS / PERSONS * relative
    asked = rng.random(len(inside)) < chance
    return inside[asked].assign(w=1 / chance[asked] * CLUSTERS / DRAWN_CLUSTERS).reset_index(drop=True)


def parameters_of(share, probability):
    """Share of the class that says yes more often, and its and the other's chance of a yes to every item."""
    first = probability.mean(axis=-1).argsort(axis=-1)  # (..., latent_class), the one that says no first
    ordered = np.take_along_axis(probability, first[..., None], axis=-2)
    share = np.take_along_axis(share, first, axis=-1)[..., 1:]
    return np.concatenate([share, ordered.reshape(*share.shape[:-1], -1)], axis=-1)


def truth_of(people):
    """Of the whole population, by maximum likelihood."""
    codes = people[ITEMS].to_numpy()
    rows = unique_rows(codes)
    fit = fit_em(codes[rows.first], rows.count, [2] * len(ITEMS), 2, n_starts=10)
    return parameters_of(fit.class_share, fit.item_probability[:, :, 1])


def intervals(draws):
    posterior = draws["posterior"].to_dataset().stack(s=["chain", "draw"])
    share = posterior["class_share"].transpose("s", "latent_class").to_numpy()
    probability = posterior["item_probability"].transpose("s", "latent_class", "item", "category").to_numpy()[..., 1]
    return np.quantile(parameters_of(share, probability), [0.025, 0.975], axis=0)


def covered(n_samples, seed=1):
    """Whether intervals of both kinds hold the truth, shape (sample, kind, parameter); weighted ones first."""
    people, rng, lca = population(seed), np.random.default_rng(seed), bl.LatentClass(2, bl.Items(ITEMS))
    truth, result = truth_of(people), []
    for place in range(n_samples):
        asked = sample(people, rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fits = [
                bl.fit(lca, frame, seed=place, **options, **FIT)
                for frame, options in ((asked, {"design": DESIGN}), (asked.drop(columns="w"), {}))
            ]
        ends = [intervals(draws) for draws in fits]
        result.append([(lower <= truth) & (truth <= upper) for lower, upper in ends])
    return np.array(result)


@pytest.mark.slow
def test_intervals_cover_the_population_and_those_of_equal_respondents_miss_it():
    by_kind = covered(SAMPLES).mean(axis=0)  # (kind, parameter)
    weighted, unweighted = by_kind
    print(f"coverage of the share {weighted[0]:.3f}, of equal respondents {unweighted[0]:.3f}")
    print(f"of all parameters {weighted.mean():.3f}, of equal respondents {unweighted.mean():.3f}")
    error = np.sqrt(0.95 * 0.05 / SAMPLES)
    assert 0.93 <= weighted.mean() <= 0.97
    assert (np.abs(weighted - 0.95) < 4 * error).all()
    assert unweighted[0] < 0.5
