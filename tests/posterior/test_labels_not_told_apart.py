"""Small classes keep their labels; classes that answers cannot tell apart are said to mix, which R-hat cannot see."""

import json
import warnings
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.models import LatentClass
from bayes_lca.posterior.labels.certainty import label_problems

CARCINOMA = Path(__file__).parent.parent / "reference" / "carcinoma.csv"


@pytest.fixture(scope="module")
def carcinoma():
    """Four classes of slides, one of them nearly empty: shares .44, .38, .16 and .02."""
    patterns = pd.read_csv(CARCINOMA)
    slides = patterns.loc[patterns.index.repeat(patterns["count"])].drop(columns="count").reset_index(drop=True)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        draws = bl.fit(
            LatentClass(4, bl.Items(list(slides))), slides, draws=1500, tune=300, until=None, seed=1, progressbar=False
        )
    return draws, " ".join(str(warning.message) for warning in warned)


def test_a_nearly_empty_class_keeps_its_label(carcinoma):
    """Shares ordered in each draw need no labels: the smallest is the fourth class, all others are well above it."""
    draws, warning = carcinoma
    share = draws["posterior"]["class_share"].to_numpy().reshape(-1, 4)
    assert (share[:, 3] == share.min(axis=1)).mean() > 0.97
    ordered = np.quantile(np.sort(share, axis=1), [0.025, 0.975], axis=0)
    for place in (0, 1):  # the fourth and the third
        np.testing.assert_allclose(
            np.quantile(share[:, 3 - place], [0.025, 0.975]), ordered[:, place], atol=0.02, rtol=0.1
        )
    np.testing.assert_allclose(share.mean(axis=0), [0.437, 0.381, 0.166, 0.018], atol=0.025)
    assert "not told apart" not in warning
    assert draws.attrs["relabel_certainty"] > 0.99


def test_labels_are_those_that_no_permutation_betters(carcinoma):
    """Divergence from mean memberships, of every draw and all 24 labellings, from the definition."""
    draws, _ = carcinoma
    posterior = draws["posterior"]
    share = posterior["class_share"].to_numpy().reshape(-1, 4)
    rho = posterior["item_probability"].transpose("chain", "draw", "latent_class", "item", "category").to_numpy()
    rho = rho.reshape(-1, *rho.shape[2:])
    codes = draws["observed_data"]["answers"].to_numpy()
    joint = np.repeat(share[:, None], len(codes), axis=1)
    for item in range(codes.shape[1]):
        joint *= rho[:, :, item, codes[:, item]].swapaxes(1, 2)
    membership = joint / joint.sum(axis=-1, keepdims=True)
    log_mean = np.log(membership.mean(axis=0))
    orders = list(permutations(range(4)))
    cost = np.array([-(membership[:, :, order] * log_mean).sum(axis=(1, 2)) for order in orders])
    assert (cost.argmin(axis=0) == orders.index((0, 1, 2, 3))).all()
    margin = np.sort(cost, axis=0)[1] - cost.min(axis=0)
    assert draws.attrs["relabel_margin"] == pytest.approx(np.quantile(margin, 0.01, method="lower"), abs=0.02)
    assert draws.attrs["relabel_certainty"] == pytest.approx((1 / (1 + np.exp(-margin))).mean(), abs=1e-4)


def test_classes_that_are_equal_are_named(lca_draws):
    """A class cut in two halves of the same profile: either half could bear the label of the other."""
    draws = lca_draws.copy()
    halves = [0, 1, 2, 2]
    posterior = lca_draws["posterior"].to_dataset().isel(latent_class=halves).drop_vars("latent_class")
    posterior = posterior.drop_dims("other_class", errors="ignore").assign_coords(latent_class=["a", "b", "c", "d"])
    noise = np.random.default_rng(1).normal(0, 1e-3, posterior["class_share"].shape[:2])
    part = np.stack([np.ones_like(noise), np.ones_like(noise), 0.5 + noise, 0.5 - noise], axis=-1)
    posterior["class_share"] = posterior["class_share"] * part
    draws["posterior"] = posterior
    draws.attrs |= {"n_classes": 4}
    relabelled = bl.relabel(draws, np.array(json.loads(lca_draws.attrs["pivot"]))[halves])
    (problem,) = label_problems(Fit.reading(relabelled))
    first, second = np.argwhere(np.array(json.loads(relabelled.attrs["relabel_mislabelled"])) > 0.01)[0] + 1
    assert f"classes are not told apart: by who is in them, C{first} and C{second} in" in problem
    assert "fit fewer classes" in problem
    assert problem.count(" and ") == 1
    assert 0.3 < np.max(json.loads(relabelled.attrs["relabel_mislabelled"])) < 0.51


def test_clear_labels_are_not(lca_draws):
    assert lca_draws.attrs["relabel_certainty"] == 1
    assert label_problems(Fit.reading(lca_draws)) == []
    note = bl.convergence(lca_draws).note
    assert "a draw has its right ones with probability 1.0000" in note
    assert "of 50 starts reached the best mode" in note
