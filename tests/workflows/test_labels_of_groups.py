"""Labels of grouped answers go by who is in the classes: of all groups at once, or of each where nothing joins them."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.measurement.nominal import read_answers
from bayes_lca.sampling.gibbs import GibbsDraws
from bayes_lca.workflows.invariance.answers_by_group import GroupedAnswers

N_DRAWS, ITEMS = 60, list("abcdef")


@pytest.fixture(scope="module")
def grouped():
    """Two groups and two classes; the pivot has the larger class cut in two."""
    rng = np.random.default_rng(2)
    group, latent_class = np.repeat([0, 1], 200), np.tile([0, 0, 0, 1], 100)
    yes = np.where(latent_class[:, None] == 0, 0.8, 0.2)
    answers = pd.DataFrame((rng.random((400, 6)) < yes).astype(int), columns=ITEMS)
    pivot = np.array([[0.9, 0.9, 0.9, 0.7, 0.7, 0.7], [0.2] * 6, [0.7, 0.7, 0.7, 0.9, 0.9, 0.9]])
    read = read_answers(bl.Items(ITEMS), answers, None)
    return GroupedAnswers(read, "place", ["north", "south"], group, np.stack([1 - pivot, pivot], axis=-1))


@pytest.fixture(scope="module")
def draws():
    """Of three classes, the last of them empty, so that its profile is its prior."""
    rng = np.random.default_rng(3)
    yes = np.broadcast_to([[0.8], [0.2], [0.5]], (1, N_DRAWS, 2, 3, 6)).copy()
    yes += rng.normal(0, 0.02, yes.shape)
    yes[..., 2, :] = rng.random((1, N_DRAWS, 2, 6))
    share = rng.dirichlet([150, 50, 1], size=(1, N_DRAWS, 2))
    profile = np.stack([1 - yes, yes], axis=-1)
    return GibbsDraws(share, profile, np.zeros(share.shape, dtype=int), np.zeros((1, N_DRAWS, 1)))


def scrambled(draws, orders):
    """Orders of shape (draw, group, latent_class)."""
    return GibbsDraws(
        np.take_along_axis(draws.class_share, orders[None], axis=3),
        np.take_along_axis(draws.item_probability, orders[None, ..., None, None], axis=3),
        draws.members,
        draws.log_likelihood,
    )


def test_an_empty_class_keeps_its_label_in_all_groups(grouped, draws):
    rng = np.random.default_rng(4)
    orders = np.array([rng.permutation(3) for _ in range(N_DRAWS)])[:, None].repeat(2, axis=1)
    mixed = scrambled(draws, orders)
    order = grouped.order(mixed)
    aligned = np.take_along_axis(mixed.class_share[0], order[:, None], axis=2)
    large, empty = np.argsort(aligned.mean(axis=(0, 1)))[[2, 0]]
    assert order.shape == (N_DRAWS, 3)
    middle = 3 - large - empty
    np.testing.assert_array_equal(aligned[..., [large, middle, empty]], draws.class_share[0])


def test_groups_that_nothing_joins_are_labelled_each(grouped, draws):
    rng = np.random.default_rng(5)
    orders = np.array([[rng.permutation(3) for _ in range(2)] for _ in range(N_DRAWS)])
    mixed = scrambled(draws, orders)
    order = grouped.order_by_group(mixed)
    aligned = np.take_along_axis(mixed.class_share[0], order, axis=2)
    large, empty = np.argsort(aligned.mean(axis=(0, 1)))[[2, 0]]
    middle = 3 - large - empty
    np.testing.assert_array_equal(aligned[..., [large, middle, empty]], draws.class_share[0])
