"""Three levels of stakeholders, each with a questionnaire of its own that shares some items with the others.

    python examples/three_levels_of_stakeholders.py

Core hospitals, member hospitals and health authorities answer three items that all of them are asked, and two that only
their own level is. Items that a level was not asked are missing there, and the shared ones hold the classes together:
`KnownClass` gives every level shares of its own. The data are simulated; profiles of shared items are the same at all
levels but for one item on request, and equal profiles are compared with profiles of their own.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

import bayes_lca as bl
from bayes_lca.models import LatentClass

SHARED = ["trust", "benefit", "information"]
OWN = {"core": ["technology", "branding"], "member": ["guidance", "income"], "authority": ["planning", "funding"]}
ITEMS = [*SHARED, *(item for items in OWN.values() for item in items)]
ANSWERS = ["no", "yes"]
SUPPORTIVE = {"core": 0.65, "member": 0.45, "authority": 0.8}
"""Share of the class that supports the alliance, by level."""
RESPONDENTS = {"core": 400, "member": 500, "authority": 150}


def main(scale: float = 1.0, options: Mapping | None = None) -> pd.DataFrame:
    """Fit shares by level with equal and with free profiles, where they are equal and where one item is not."""
    settings: dict[str, Any] = {"progressbar": False, **(options or {})}
    warnings.showwarning = lambda message, category, *_: print(f"\nWARNING ({category.__name__}): {message}\n")
    compared = {}
    for name, shifted in (("equal in truth", False), ("benefit means something else to authorities", True)):
        survey = simulate(scale, shifted=shifted, seed=3)
        known = bl.fit(
            LatentClass(2, bl.Items(ITEMS, categories=ANSWERS), bl.KnownClass("level")),
            survey,
            order="trust",
            **settings,
        )
        if not shifted:
            sizes = bl.class_sizes(known, by="level").xs("C2", level="latent_class")
            print(sizes[["mean", "lower", "upper"]].assign(truth=pd.Series(SUPPORTIVE)).round(2))
        shared = bl.Items(SHARED, categories=ANSWERS)
        equal = bl.fit(LatentClass(2, shared, bl.KnownClass("level")), survey, order="trust", **settings)
        apart = bl.fit_populations(LatentClass(2, shared), survey, "level", **settings)
        compared[name] = bl.compare_populations(equal, apart).loc["free profiles"]
    table = pd.DataFrame(compared).T[["elpd_difference", "elpd_difference_se", "high_k"]]
    print("free profiles of the shared items against equal ones: positive where levels answer in ways of their own")
    print(table.round(1).to_string())
    return table


def simulate(scale: float, *, shifted: bool, seed: int) -> pd.DataFrame:
    """Answers of three levels; with `shifted`, authorities that support the alliance deny its benefit to themselves."""
    rng, parts = np.random.default_rng(seed), []
    for level, n in RESPONDENTS.items():
        n = int(scale * n)
        supports = rng.random(n) < SUPPORTIVE[level]
        yes = pd.DataFrame({item: np.where(supports, 0.85, 0.25) for item in [*SHARED, *OWN[level]]})
        if shifted and level == "authority":
            yes["benefit"] = np.where(supports, 0.2, 0.7)
        answers = pd.DataFrame(np.where(rng.random(yes.shape) < yes, "yes", "no"), columns=yes.columns)
        parts.append(answers.assign(level=level))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    main()
