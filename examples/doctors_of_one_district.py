"""205 doctors of one district: how wide honest intervals are, and what so few cannot say.

    python examples/doctors_of_one_district.py

Doctors of core hospitals answer six questions about working in the communities: its significance, what it costs them,
support, the team, experience of it, and altruism. The data are simulated: three classes, one of them of 12 %, and
experience doubles the odds of the second class against the first. Beside every interval stands the truth, and beside
the survey one of 2050 doctors of the same district.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

import bayes_lca as bl
from bayes_lca.models import LatentClass

ANSWERS = ["no", "yes"]
ITEMS = ["significance", "low_cost", "support", "teamwork", "experience", "altruism"]
SHARE = np.array([0.53, 0.35, 0.12])
YES = np.array([[0.15, 0.15, 0.2, 0.15, 0.2, 0.25], [0.85, 0.3, 0.8, 0.9, 0.75, 0.4], [0.9, 0.9, 0.15, 0.3, 0.3, 0.95]])
LOG_ODDS = np.log(2.0)
"""Of the second class against the first, per ten years in the profession."""


def main(doctors: int = 205, many: int = 2050, options: Mapping | None = None) -> pd.DataFrame:
    """Fit both surveys and print them side by side with the truth."""
    settings: dict[str, Any] = {"progressbar": False, **(options or {})}
    warnings.showwarning = lambda message, category, *_: print(f"\nWARNING ({category.__name__}): {message}\n")
    surveys = {n: simulate(n, seed=205) for n in (doctors, many)}
    items = bl.Items(ITEMS, categories=ANSWERS)
    model = LatentClass(3, items, bl.Regression("~ decades"))
    rows = []
    for n, survey in surveys.items():
        print(f"--- {n} doctors")
        print(bl.recommend_classes(bl.count_classes(items, survey, range(1, 5))))
        draws = bl.fit(model, survey, order="altruism", seed=1, **settings)
        if len(bl.modes(draws)) > 1:
            print("chains stayed in several modes, which so few doctors do not tell apart; the likeliest is shown")
            draws = bl.keep_mode(draws, int(bl.modes(draws)["elpd_loo"].idxmax()))
        sizes, ratios = bl.class_sizes(draws), bl.odds_ratios(draws, reference="C1").loc[("C2 vs C1", "decades")]
        for truth, (name, size) in zip(SHARE, sizes.iterrows(), strict=True):
            rows.append((n, f"share of {name}", *size[["mean", "lower", "upper"]], truth))
        rows.append((n, "odds ratio, C2 vs C1", *ratios[["odds_ratio", "lower", "upper"]], np.exp(LOG_ODDS)))
    table = pd.DataFrame(rows, columns=["doctors", "quantity", "estimate", "lower", "upper", "truth"])
    table["width"] = table["upper"] - table["lower"]
    print(table.set_index(["doctors", "quantity"]).round(2))
    print("with a tenth of the doctors intervals are about three times as wide: what is within them is not ruled out")
    return table


def simulate(doctors: int, seed: int) -> pd.DataFrame:
    """Answers yes and no, and decades in the profession."""
    rng = np.random.default_rng(seed)
    decades = rng.gamma(3.0, 0.6, doctors).round(1)
    logit = np.log(SHARE) + np.outer(decades - decades.mean(), [0.0, LOG_ODDS, 0.0])
    latent_class = (logit + rng.gumbel(size=logit.shape)).argmax(axis=1)
    answers = np.where(rng.random((doctors, len(ITEMS))) < YES[latent_class], "yes", "no")
    return pd.DataFrame(answers, columns=ITEMS).assign(decades=decades)


if __name__ == "__main__":
    main()
