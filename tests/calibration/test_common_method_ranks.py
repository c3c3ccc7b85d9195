"""Ranks of truths among draws of a common method: prior and data are stated here, without the package."""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

import bayes_lca as bl
from bayes_lca.calibration.ranks.ranks import judge_ranks
from bayes_lca.calibration.ranks.replicates import rank_of

REPLICATES = int(os.environ.get("DATA_SETS", 200))
RESPONDENTS, ITEMS, N_CATEGORIES, N_CLASSES = 250, list("abcde"), 3, 2
LADDER = np.array([-1.0, 0.0, 1.0])
SCORES = {"tilt": LADDER, "extreme": np.abs(LADDER) - 2 / 3}
CHAINS, DRAWS, THIN = 4, 500, 10
NODES = (31, 61, 121)


def truth_of(style, rng):
    """Parameters from their prior: one loading, half normal, and flat probabilities."""
    return {
        "class_share": rng.dirichlet(np.ones(N_CLASSES)),
        "typical": rng.dirichlet(np.ones(N_CATEGORIES), size=(N_CLASSES, len(ITEMS))),
        "loading": abs(rng.normal()),
    }


def answers_of(truth, style, rng):
    """Answers of respondents, each with a trait of their own."""
    latent_class = rng.choice(N_CLASSES, size=RESPONDENTS, p=truth["class_share"])
    u = rng.normal(size=(RESPONDENTS, 1, 1))
    probability = softmax(np.log(truth["typical"][latent_class]) + truth["loading"] * u * SCORES[style], axis=2)
    codes = (rng.random((RESPONDENTS, len(ITEMS), 1)) > probability.cumsum(axis=2)).sum(axis=2)
    order = pd.CategoricalDtype(["less", "same", "more"], ordered=True)
    return pd.DataFrame({item: pd.Categorical.from_codes(codes[:, j], dtype=order) for j, item in enumerate(ITEMS)})


def quantities(share, typical, loading):
    """Functions of the parameters that do not depend on labels: the class that is larger is the first."""
    largest = share.argmax(axis=1)
    first = np.take_along_axis(typical, largest[:, None, None, None], axis=1)[:, 0]  # (draw, item, category)
    of_item = np.einsum("dc,dcjr->djr", share, typical)
    return {
        "loading": loading,
        "larger share": share.max(axis=1),
        **{f"{item} of the larger class": first[:, j, 2] for j, item in enumerate(ITEMS[:2])},
        **{f"{item} of typical persons": of_item[:, j, 0] for j, item in enumerate(ITEMS[:2])},
    }


def fit(style, frame, seed):
    """With as many nodes as the answers need: a choice by the data alone, which leaves ranks uniform."""
    items = bl.Items(ITEMS, empty_categories="keep")
    for nodes in NODES:
        model = bl.LatentClass(N_CLASSES, bl.CommonMethod(items, style, nodes=nodes))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", bl.ConvergenceWarning)
            try:
                draws = bl.fit(model, frame, draws=DRAWS, chains=CHAINS, until=None, seed=seed, progressbar=False)
            except ValueError as refused:
                if nodes == NODES[-1] or "give more, nodes=" not in str(refused):
                    raise
            else:
                break
    posterior = draws["posterior"].to_dataset().stack(drawn=["chain", "draw"]).transpose("drawn", ...)
    return quantities(
        posterior["class_share"].to_numpy(),
        posterior["typical_person::item_probability"].to_numpy(),
        posterior["style_sd"].to_numpy()[:, 0],
    )


@pytest.mark.slow
@pytest.mark.parametrize("style", ["tilt", "extreme"])
def test_ranks_are_uniform(style, capsys):
    ranks, z = [], []
    for replicate in range(REPLICATES):
        rng = np.random.default_rng([len(style), replicate])
        while True:  # a decision by the data alone, which leaves ranks uniform
            truth = truth_of(style, rng)
            frame = answers_of(truth, style, rng)
            if frame.nunique().min() > 1:
                break
        drawn = fit(style, frame, replicate)
        true = quantities(truth["class_share"][None], truth["typical"][None], np.array([truth["loading"]]))
        ranks.append({name: rank_of(true[name][0], values[THIN - 1 :: THIN]) for name, values in drawn.items()})
        z.append({name: (values.mean() - true[name][0]) / values.std(ddof=1) for name, values in drawn.items()})
    table = judge_ranks(pd.DataFrame(ranks), pd.DataFrame(z), CHAINS * DRAWS // THIN)
    with capsys.disabled():
        print(f"\n{style}, {REPLICATES} data sets\n{table.round(3).to_string()}")
    assert (table["p_adjusted"] > 0.05).all()
