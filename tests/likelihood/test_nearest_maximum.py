"""From beside a ridge of equal likelihood Newton steps lead onto it."""

import numpy as np
import pytest

from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.modes import Mode
from bayes_lca.likelihood.nearest_maximum import AT_THE_TOP, at_nearest_maximum, nearest_maximum

CELLS = np.array(list(np.ndindex(2, 2, 2, 2)))
SHARE = np.array([0.4, 0.35, 0.25])


def goodman():
    """Three classes of four items, whose table says nothing about one direction, and the table they expect."""
    rho = np.random.default_rng(3).dirichlet([5.0, 5.0], size=(3, 4))
    joint = SHARE * np.prod([rho[:, j, CELLS[:, j]] for j in range(4)], axis=0).T  # (cell, latent_class)
    return rho, 1e4 * joint.sum(axis=1)


@pytest.mark.parametrize("seed", range(4))
def test_steps_end_on_the_ridge(seed):
    rho, counts = goodman()
    logits = np.log(rho) + 0.05 * np.random.default_rng(seed).normal(size=rho.shape)
    off = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    top = nearest_maximum(Classification(off, SHARE, CELLS, counts))
    assert top.promised < AT_THE_TOP
    assert top.is_maximum
    assert top.n_free - top.score.shape[1] == 1
    assert top.log_likelihood == pytest.approx(counts @ np.log(counts / counts.sum()), abs=1e-7)


def test_a_mode_that_moves_keeps_the_order_of_shares_and_its_starts():
    rho, counts = goodman()
    share = np.array([0.37, 0.38, 0.25])
    mode = Mode(-1.0, share, np.pad(rho, ((0, 0), (0, 0), (0, 1))), starts=7)
    moved, model = at_nearest_maximum(mode, Classification(mode.item_probability, share, CELLS, counts))
    assert moved.starts == 7
    assert np.all(np.diff(moved.class_share) <= 0)
    np.testing.assert_array_equal(moved.class_share, model.class_share)
    np.testing.assert_array_equal(moved.item_probability, model.item_probability)
    assert np.all(moved.item_probability[:, :, 2] == 0)  # no item has a third category
    assert moved.log_likelihood > -np.inf
    np.testing.assert_allclose(moved.item_probability.sum(axis=2), 1, atol=1e-12)


def test_the_last_step_is_taken():
    """From so near that a step promises less than rounding hides: it is taken, and nothing is promised any more."""
    rng = np.random.default_rng(5)
    rho = rng.dirichlet([2.0, 2.0], size=(2, 4))
    counts = 1e4 * np.prod([rho[:, j, CELLS[:, j]] for j in range(4)], axis=0).T @ [0.6, 0.4]
    off = rho * np.exp(1e-8 * rng.normal(size=rho.shape))
    off /= off.sum(axis=2, keepdims=True)
    share = np.array([0.6, 0.4])
    start = Classification(off, share, CELLS, counts)
    before = nearest_maximum(start)
    assert 1e-18 < before.promised < AT_THE_TOP
    assert before.model is start
    mode, model = at_nearest_maximum(Mode(before.log_likelihood, share, off, starts=1), start)
    assert nearest_maximum(model).promised < 1e-20
    np.testing.assert_allclose(mode.item_probability, rho, atol=1e-11)
