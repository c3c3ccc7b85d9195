"""Restrictions that leave classes alike, or parameters open, are named before sampling and in tables of counts."""

import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.likelihood.restricted_identification import MOST_CELLS, n_unidentified, n_unidentified_at, same_classes
from bayes_lca.measurement.known_of_classes import KnownOfClasses

BINARY = ("no", "yes")
TERNARY = ("low", "middle", "high")


def sets_of(restrictions, labels, n_classes):
    return KnownOfClasses.of(None, 1.0, restrictions, [f"i{j}" for j in range(len(labels))], labels, n_classes).sets


def rank_by_differences(sets, labels, seed):
    """Rank of the derivatives of all cell probabilities, at a point drawn at random, in log ratios by differences."""
    rng = np.random.default_rng(seed)
    cells = np.array(list(np.ndindex(*map(len, labels))))
    n_classes = len(sets.constant)
    point = rng.normal(size=n_classes + len(sets.weight))

    def probabilities(logits):
        share = np.exp(logits[:n_classes])
        positive = np.exp(logits[n_classes:])
        entries = np.ones(len(positive))
        for of_set in sets.simplices:
            entries[of_set] = positive[of_set] / positive[of_set].sum()
        for low, rest in sets.chains:  # rising steps, and what is left above
            steps = np.concatenate([positive[low], [1.0]])
            entries[low] = np.cumsum(steps)[:-1] / steps.sum()
            entries[rest] = 1 - entries[low]
        rho = sets.probabilities(entries)
        given = np.prod(rho[:, np.arange(len(labels)), cells], axis=2)  # (class, cell)
        return share / share.sum() @ given

    step = 1e-5 * np.eye(len(point))
    slopes = [(probabilities(point + move) - probabilities(point - move)) / 2e-5 for move in step]
    return np.linalg.matrix_rank(np.array(slopes), tol=1e-8)


CASES = {
    "all items equal": ([bl.Equal(f"i{j}") for j in range(4)], [BINARY] * 4, 2, 1, [[0, 1]]),
    "all items equal in two of three classes": (
        [bl.Equal(f"i{j}", classes=[2, 3]) for j in range(5)],
        [BINARY] * 5,
        3,
        1,
        [[1, 2]],
    ),
    "two pairs of classes": (
        [bl.Equal(f"i{j}", classes=pair) for j in range(6) for pair in ([1, 4], [2, 3])],
        [BINARY] * 6,
        4,
        2,
        [[0, 3], [1, 2]],
    ),
    "one item free": ([bl.Equal(f"i{j}") for j in range(3)], [BINARY] * 4, 2, 2, []),
    "parallel items, three classes": ([bl.Equal(["i0", "i1", "i2"])], [BINARY] * 3, 3, 2, []),
    "Goodman's three classes": ([bl.Fixed("i0", category="yes", classes=1, value=0.9)], [BINARY] * 4, 3, 0, []),
    "zeros and order": (
        [bl.Zero("i0", category="low", classes=1), bl.Ordered("i1", category="high")],
        [TERNARY, TERNARY, BINARY],
        2,
        0,
        [],
    ),
    "order of two items": ([bl.Ordered("i1", category="high")], [TERNARY, TERNARY], 2, 2, []),
    "part of an item known": (
        [bl.Fixed("i0", category="low", value=0.3), bl.Equal("i1", category="low")],
        [TERNARY, TERNARY, BINARY],
        2,
        0,
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_restrictions_leave_open_is_what_derivatives_by_differences_say(case):
    restrictions, labels, n_classes, unidentified, same = CASES[case]
    sets = sets_of(restrictions, labels, n_classes)
    n_parameters = n_classes - 1 + sets.n_free
    assert n_parameters - max(rank_by_differences(sets, labels, seed) for seed in range(3)) == unidentified
    assert n_unidentified(sets) == unidentified
    assert same_classes(sets) == same


def test_of_a_large_table_some_cells_suffice():
    labels = [BINARY] * 14
    assert 2**14 > MOST_CELLS
    zeros = [bl.Zero(f"i{j}", category="yes", classes=1) for j in range(10)]
    assert n_unidentified(sets_of(zeros, labels, 3)) == 0
    alike = [bl.Equal(f"i{j}", classes=[2, 3]) for j in range(14)]
    assert n_unidentified(sets_of([*zeros, *alike], labels, 3)) == 1


def test_probabilities_at_the_boundary_of_a_mode_leave_nothing_open():
    """At the cell probabilities themselves; a class without anybody leaves none of its own parameters open."""
    sets = sets_of([bl.Equal(["i0", "i1"])], [BINARY] * 4, 2)
    rho = np.array([[[0.2, 0.8]] * 4, [[0.7, 0.3]] * 4])
    rho[0, 3] = 0.0, 1.0
    cells = np.array(list(np.ndindex(2, 2, 2, 2)))
    for share in ([0.4, 0.6], [1.0, 0.0]):
        counts = 500 * np.array(share) @ np.prod(rho[:, np.arange(4), cells], axis=2)
        given = counts > 0
        assert n_unidentified_at(sets, np.array(share), rho, cells[given], counts[given]) == 0
    rho[1] = rho[0]  # of two classes alike neither the share nor any difference is known
    counts = 500 * np.prod(rho[0, np.arange(4), cells], axis=1)
    given = counts > 0
    assert n_unidentified_at(sets, np.array([0.4, 0.6]), rho, cells[given], counts[given]) == 1 + 2


@pytest.fixture(scope="module")
def survey():
    rng = np.random.default_rng(4)
    first = rng.random(300) < 0.5
    answers = {f"i{j}": np.where(rng.random(300) < np.where(first, 0.85, 0.2), "yes", "no") for j in range(5)}
    return pd.DataFrame(answers).assign(age=rng.normal(size=300).round(1))


def test_a_fit_names_the_classes_that_restrictions_leave_alike(survey):
    names = [f"i{j}" for j in range(5)]
    two_of_three = bl.Items(names, restrictions=[bl.Equal(name, classes=[2, 3]) for name in names])
    told = "^classes 2 and 3 have the same probabilities of all items by the restrictions: they are not identified"
    with pytest.warns(bl.UnidentifiedWarning, match=told) as warned:
        bl.LatentClass(3, two_of_three).build(survey)
    assert warned[0].filename == __file__
    with pytest.warns(bl.UnidentifiedWarning, match=told):  # covariates do not help either
        bl.LatentClass(3, two_of_three, bl.Regression("~ age")).build(survey)
    every = bl.Items(names, restrictions=[bl.Equal(name) for name in names])
    with pytest.warns(bl.UnidentifiedWarning, match="^classes 1, 2 and 3 have the same probabilities"):
        bl.LatentClass(3, every).build(survey)
    but_one = bl.Items(names, restrictions=[bl.Equal(name) for name in names[1:]])
    with pytest.warns(bl.UnidentifiedWarning, match="restrictions of 2 classes leave 2 combinations of their param"):
        bl.LatentClass(2, but_one).build(survey)
    with warnings.catch_warnings():
        warnings.simplefilter("error", bl.UnidentifiedWarning)
        bl.LatentClass(2, bl.Items(names, restrictions=[bl.Equal(names)])).build(survey)
        bl.LatentClass(2, but_one, bl.Regression("~ age")).build(survey)  # a table for every age


def test_counts_of_classes_that_restrictions_leave_alike_are_not_recommended(survey):
    names = [f"i{j}" for j in range(5)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        items = bl.Items(names, restrictions=[bl.Equal(name) for name in names])
        table = bl.count_classes(items, survey, [1, 2], n_starts=5)
        parallel = bl.count_classes(bl.Items(names, restrictions=[bl.Equal(names)]), survey, [1, 2, 3], n_starts=5)
    assert table["unidentified"].tolist() == [0, 1]
    assert np.isnan(table.loc[2, "smallest_class_se"])
    assert "2 classes are not identified: the answers say nothing about 1 combinations" in table.note
    assert bl.recommend_classes(table).n_classes == 1
    assert parallel["unidentified"].tolist() == [0, 0, 2]  # a third class is a copy at the mode
    assert parallel["log_likelihood"].loc[3] == pytest.approx(parallel["log_likelihood"].loc[2])
    assert np.isfinite(parallel.loc[2, "smallest_class_se"])
