"""Ranks of truths among draws of items that are numbers: prior and data are stated here, without the package.

Priors of numbers stand on the scale of the data, and a truth cannot be drawn from a prior that is read from data that
come of it. So the scale is stated: what `Numbers` says of centre and spread is replaced by constants.
"""

import os
import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.calibration.ranks.ranks import judge_ranks
from bayes_lca.calibration.ranks.replicates import rank_of
from bayes_lca.data.numbers import Numbers

REPLICATES = int(os.environ.get("DATA_SETS", 200))
RESPONDENTS, ITEMS, N_CLASSES = 200, list("abcd"), 2
CENTER, SPREAD, COUNT = 10.0, 2.0, 4.0
"""What the prior takes for the middle and the standard deviation of each item, and for its mean count."""
SIGMA, NU, TAU, LOG_SIGMA, RATE = 1.5, 8.0, 0.6, 0.8, 2.0
CHAINS, DRAWS, THIN = 4, 500, 10
NORMAL = {"mean": bl.Normal(SIGMA), "variance": bl.ScaledInverseChiSquared(nu=NU, scale=TAU)}
PARTS = {
    "normal, equal": bl.NormalItems(ITEMS, **NORMAL),
    "normal, free": bl.NormalItems(ITEMS, sd="free", **NORMAL),
    "poisson": bl.CountItems(ITEMS, mean=bl.LogNormal(LOG_SIGMA)),
    "negative binomial": bl.CountItems(
        ITEMS, distribution="negative_binomial", mean=bl.LogNormal(LOG_SIGMA), dispersion=bl.Exponential(RATE)
    ),
}


def truth_of(kind, rng):
    """Shares, means of classes, and what spreads numbers within them, from their prior."""
    shape = (N_CLASSES, len(ITEMS))
    truth = {"share": rng.dirichlet(np.ones(N_CLASSES))}
    if kind.startswith("normal"):
        of_classes = shape if kind == "normal, free" else shape[1:]
        variance = NU * (TAU * SPREAD) ** 2 / rng.chisquare(NU, size=of_classes)
        return truth | {"mean": rng.normal(CENTER, SIGMA * SPREAD, size=shape), "spread": np.sqrt(variance)}
    truth |= {"mean": COUNT * np.exp(LOG_SIGMA * rng.normal(size=shape))}
    return truth | {"spread": rng.exponential(1 / RATE, size=shape[1:]) if kind != "poisson" else np.zeros(shape[1:])}


def numbers_of(kind, truth, rng):
    """Numbers of respondents."""
    latent_class = rng.choice(N_CLASSES, size=RESPONDENTS, p=truth["share"])
    mean, spread = truth["mean"][latent_class], np.broadcast_to(truth["spread"], truth["mean"].shape)[latent_class]
    if kind.startswith("normal"):
        return pd.DataFrame(rng.normal(mean, spread), columns=ITEMS)
    if kind == "negative binomial":
        mean = mean * spread * rng.gamma(1 / spread)
    return pd.DataFrame(rng.poisson(mean), columns=ITEMS)


def quantities(share, mean, spread):
    """Functions of the parameters, draws first, that do not depend on labels: the larger class is the first."""
    largest = share.argmax(axis=1)
    first = np.take_along_axis(mean, largest[:, None, None], axis=1)[:, 0]  # (draw, item)
    spread = np.take_along_axis(spread, largest[:, None, None], axis=1)[:, 0] if spread.ndim == 3 else spread
    overall = np.einsum("dc,dcj->dj", share, mean)
    found = {"larger share": share.max(axis=1)}
    for j, item in enumerate(ITEMS[:2]):
        found |= {f"{item} of the larger class": first[:, j], f"{item} of all": overall[:, j]}
        found |= {f"spread of {item}": spread[:, j]} if spread.any() else {}
    return found


def drawn_quantities(kind, frame, seed):
    """The same of the draws of a fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = bl.LatentClass(N_CLASSES, PARTS[kind])
        draws = bl.fit(model, frame, draws=DRAWS, chains=CHAINS, until=None, seed=seed, progressbar=False)
    posterior = draws["posterior"].to_dataset().stack(drawn=["chain", "draw"]).transpose("drawn", ...)
    spread = next((name for name in ("item_sd", "item_dispersion") if name in posterior), None)
    of_spread = np.zeros((posterior.sizes["drawn"], len(ITEMS))) if spread is None else posterior[spread].to_numpy()
    return quantities(posterior["class_share"].to_numpy(), posterior["item_mean"].to_numpy(), of_spread)


@pytest.fixture
def stated_scale(monkeypatch):
    """What priors rest on, stated in place of read."""
    for name, value in {"center": CENTER, "scale": SPREAD, "sd": SPREAD, "mean": COUNT}.items():
        monkeypatch.setattr(Numbers, name, property(lambda self, value=value: np.full(len(self.items), value)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", PARTS)
def test_ranks_are_uniform(kind, stated_scale, capsys):
    ranks, z = [], []
    for replicate in range(REPLICATES):
        rng = np.random.default_rng([list(PARTS).index(kind), replicate])
        while True:  # a decision by the data alone, which leaves ranks uniform
            truth = truth_of(kind, rng)
            frame = numbers_of(kind, truth, rng)
            if frame.nunique().min() > 3:
                break
        drawn = drawn_quantities(kind, frame, replicate)
        true = quantities(*(truth[name][None] for name in ("share", "mean", "spread")))
        ranks.append({name: rank_of(true[name][0], values[THIN - 1 :: THIN]) for name, values in drawn.items()})
        z.append({name: (values.mean() - true[name][0]) / values.std(ddof=1) for name, values in drawn.items()})
    table = judge_ranks(pd.DataFrame(ranks), pd.DataFrame(z), CHAINS * DRAWS // THIN)
    with capsys.disabled():
        print(f"\n{kind}, {REPLICATES} data sets\n{table.round(3).to_string()}")
    assert (table["p_adjusted"] > 0.05).all()
