"""Covariates that separate classes are named before sampling: against a linear program, and for latent classes."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.structural.separation import separating_columns
from bayes_lca.structural.starting_membership import StartingMembership

N = 240


def survey(seed=0):
    """Classes z; `sign` tells the first from the others, `never` is no class but the last, the rest is noise."""
    rng = np.random.default_rng(seed)
    z = rng.integers(0, 3, N)
    frame = pd.DataFrame({"x": rng.normal(size=N), "sex": rng.choice(["f", "m"], N), "z": z})
    frame["sign"] = np.where(z == 0, "yes", "no")
    frame["never"] = (z == 2) & (rng.random(N) < 0.5)
    frame["score"] = z + rng.uniform(-0.4, 0.4, N)
    probability = np.array([[0.9, 0.9, 0.9, 0.1, 0.1, 0.1], [0.1] * 6, [0.1, 0.1, 0.1, 0.9, 0.9, 0.9]])
    answers = (rng.random((N, 6)) < probability[z]).astype(int)
    return frame.assign(y=np.array(["a", "b", "c"])[z], **{f"i{j}": answers[:, j] for j in range(6)})


def has_a_maximum(matrix, z):
    """Albert & Anderson: no direction in which no respondent loses and one gains on every class but their own."""
    x = np.column_stack([np.ones(len(matrix)), (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)])
    gains = []
    for row, own in zip(x, z, strict=True):
        for other in {0, 1, 2} - {own}:
            direction = np.zeros((3, x.shape[1]))
            direction[own], direction[other] = row, -row
            gains.append(direction[1:].ravel())
    gains = np.array(gains)
    best = linprog(-gains.sum(axis=0), A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=(-1, 1))
    return -best.fun < 1e-6


@pytest.mark.filterwarnings("ignore::bayes_lca.SingleLevelWarning")
@pytest.mark.parametrize(
    ("formula", "named"),
    [
        ("~ x + sex", []),
        ("~ x + sign", ["sign[yes]"]),
        ("~ sex + never + x", ["never"]),
        ("~ score + sex", ["score"]),
        ("~ x*sex + sign + never", ["sign[yes]", "never"]),
    ],
)
def test_separation_is_that_of_the_linear_program(formula, named):
    frame = survey()
    design = read_design(frame, formula)
    found = separating_columns(StartingMembership(np.eye(3)[frame["z"]], np.ones(N), design))
    assert found == named
    assert has_a_maximum(design.matrix, frame["z"]) == (not named)


def test_columns_that_separate_only_together_are_named():
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(2, N))
    z = np.digitize(x + w, [-0.7, 0.7])
    frame = pd.DataFrame({"x": x, "w": w, "v": rng.normal(size=N)})
    design = read_design(frame, "~ v + x + w")
    found = separating_columns(StartingMembership(np.eye(3)[z], np.ones(N), design))
    assert found == ["x", "w"]
    assert not has_a_maximum(design.matrix, z)
    assert has_a_maximum(design.matrix[:, :2], z)


@pytest.mark.filterwarnings("ignore::bayes_lca.SingleLevelWarning")
def test_models_name_what_separates_before_sampling():
    frame, items = survey(), bl.Items([f"i{j}" for j in range(6)])
    named = r"'sign\[yes\]' separates the classes of 240 respondents: .* rests on the prior"
    with pytest.warns(bl.SeparationWarning, match=named):
        Multinomial("y", bl.Regression("~ x + sign")).prepare(frame)
    with pytest.warns(bl.SeparationWarning, match=named):
        LatentClass(3, items, bl.Regression("~ x + sign")).prepare(frame)


@pytest.mark.filterwarnings("error")
def test_models_without_separation_are_prepared_in_silence():
    frame, items = survey(), bl.Items([f"i{j}" for j in range(6)])
    LatentClass(3, items, bl.Regression("~ x + sex")).prepare(frame)
    Multinomial("y", bl.Regression("~ x + sex")).prepare(frame)
