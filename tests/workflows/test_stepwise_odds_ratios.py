"""Stepwise estimates belong to the classes of the fit they start from, whatever the order of these."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.record import distinct_rows, record_answers
from bayes_lca.likelihood.em import fit_em
from bayes_lca.models import LatentClass
from bayes_lca.workflows.ladder.bias_adjusted_regression import stepwise

ITEMS = list("abcd")
NAMES = np.array(["rare", "common", "some"])


@pytest.fixture(scope="module")
def frame():
    """Three classes of unequal size, one of which grows with x."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=500).round(1)
    logits = np.column_stack([np.full(500, -1.2), np.full(500, 0.8), 0.9 * x])
    latent_class = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    yes = np.array([[0.9, 0.9, 0.1, 0.1], [0.1, 0.1, 0.1, 0.2], [0.2, 0.9, 0.9, 0.9]])
    answers = (rng.random((500, 4)) < yes[latent_class]).astype(int)
    return pd.DataFrame(answers, columns=ITEMS).assign(x=x)


@pytest.fixture(scope="module")
def best(frame):
    patterns, count = np.unique(frame[ITEMS].to_numpy(), axis=0, return_counts=True)
    return fit_em(patterns, count, (2, 2, 2, 2), 3)


def measured(frame, best, order):
    """A fit of two draws, both at the maximum of the likelihood, its classes in some order."""
    rho, share = best.item_probability[order], best.class_share[order]
    dims = ("chain", "draw", "latent_class")
    posterior = {
        "item_probability": ((*dims, "item", "category"), np.broadcast_to(rho, (1, 2, *rho.shape))),
        "class_share": (dims, np.broadcast_to(share, (1, 2, 3))),
    }
    coords = {"latent_class": NAMES[order], "item": ITEMS, "category": ["0", "1"]}
    codes, design = frame[ITEMS].to_numpy(), read_design(frame, "~ 1")
    patterns, labels = distinct_rows(design, codes), [["0", "1"]] * 4
    answer_pattern = unique_rows(codes).pattern
    groups, attributes = record_answers(codes, answer_pattern, ITEMS, labels, design, frame.index, patterns)
    attributes |= LatentClass(3, bl.Items(ITEMS)).identity | {"relabelled": 1, "n_modes": 1}
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": xr.Dataset(posterior, coords)}
    return xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()})


@pytest.mark.parametrize("method", ["two_step", "ml", "bch"])
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [2, 1, 0]])
def test_order_of_the_classes_does_not_matter(frame, best, method, order):
    fit = measured(frame, best, order)
    table = bl.stepwise_odds_ratios(fit, bl.Regression("~ x"), frame, method, NAMES[0])
    found = stepwise(
        frame[ITEMS].to_numpy(),
        np.ones(len(frame)),
        frame[["x"]].to_numpy(),
        best.item_probability,
        best.class_share,
        method=method,
    )
    for k in (1, 2):
        row, slope = table.loc[(f"{NAMES[k]} vs {NAMES[0]}", "x")], found.coefficient[k, 1]
        assert row["log_odds"] == pytest.approx(slope, rel=1e-4)
        assert row["odds_ratio"] == pytest.approx(np.exp(slope), rel=1e-4)
        assert row["se"] == pytest.approx(np.sqrt(found.covariance[2 * k - 1, 2 * k - 1]), rel=1e-4)
