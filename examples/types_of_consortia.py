"""Types of medical consortia: predictors of whole consortia, and how little few consortia say of them.

    python examples/types_of_consortia.py

Staff of compact and of loose consortia answer five questions; whether the consortium is compact, and its budget, are
the same for all of its staff. A hundred respondents more in a consortium say nothing more of what a type does: the
consortia count. The data are simulated, compactness doubling the odds of the class that gains, for 5 consortia and for
30; a fit that ignores the consortia is the third.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

import bayes_lca as bl
from bayes_lca.models import LatentClass

ANSWERS = ["no", "yes"]
ITEMS = ["pay", "skills", "recognition", "workload", "promotion"]
LOG_ODDS, SD = np.log(2.0), 0.5
"""Of compact against loose consortia, and between consortia of a type."""
STAFF = 1800


def main(staff: int = STAFF, options: Mapping | None = None) -> pd.DataFrame:
    """Fit few and many consortia, and few whose nesting is ignored."""
    settings: dict[str, Any] = {"progressbar": False, **(options or {})}
    warnings.showwarning = lambda message, category, *_: print(f"\nWARNING ({category.__name__}): {message}\n")
    few, many = (simulate(staff, consortia, seed=12) for consortia in (5, 30))
    nested, single = "~ type + budget + (1 | consortium)", "~ type + budget"
    rows = {}
    for name, survey, formula in (
        ("5 consortia", few, nested),
        ("30 consortia", many, nested),
        ("5 consortia, nesting ignored", few, single),
    ):
        print(f"--- {name}: {formula}")
        regression = bl.Regression(formula, reference={"type": "loose"})
        draws = bl.fit(
            LatentClass(2, bl.Items(ITEMS, categories=ANSWERS), regression), survey, order="skills", seed=1, **settings
        )
        if formula == nested:
            print(bl.group_level_effects(draws))
        rows[name] = bl.odds_ratios(draws, reference="C1").loc[("C2 vs C1", "type[compact]")]
    table = pd.DataFrame(rows).T[["odds_ratio", "lower", "upper"]].astype(float).assign(truth=np.exp(LOG_ODDS))
    print(table.round(2))
    return table


def simulate(staff: int, consortia: int, seed: int) -> pd.DataFrame:
    """Two classes of five answers; every second consortium is compact."""
    rng = np.random.default_rng(seed)
    consortium = rng.integers(0, consortia, staff)
    compact, budget = np.arange(consortia) % 2 == 1, rng.normal(0, 1, consortia).round(1)
    effect = rng.normal(0, SD, consortia)
    eta = -0.3 + (LOG_ODDS * compact + effect)[consortium]
    gains = rng.random(staff) < 1 / (1 + np.exp(-eta))
    answers = np.where(rng.random((staff, len(ITEMS))) < np.where(gains, 0.8, 0.25)[:, None], "yes", "no")
    return pd.DataFrame(answers, columns=ITEMS).assign(
        consortium=[f"M{c + 1:02d}" for c in consortium],
        type=np.where(compact, "compact", "loose")[consortium],
        budget=budget[consortium],
    )


if __name__ == "__main__":
    main()
