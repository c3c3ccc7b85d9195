"""Pairs of hospitals and communities: staff nested in both, when each community has one hospital and when it has many.

    python examples/hospitals_and_communities.py

Joint wards bring the staff of a hospital and of a community health service centre together. Where every community works
with one hospital, it is nested, ``(1 | hospital/community)``; where communities work with several hospitals, the two
are crossed, ``(1 | hospital) + (1 | community)``. The data are simulated with known standard deviations of both.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

import bayes_lca as bl
from bayes_lca.models import LatentClass

ANSWERS = ["no", "yes"]
ITEMS = ["transfer", "training", "referral", "records", "beds"]
HOSPITALS, COMMUNITIES = 9, 36
HOSPITAL_SD, COMMUNITY_SD = 0.8, 0.4
"""Of the log odds of the class that sees the joint ward work."""
FORMULAS = {"nested": "~ years + (1 | hospital/community)", "crossed": "~ years + (1 | hospital) + (1 | community)"}


def main(staff: int = 1800, options: Mapping | None = None) -> pd.DataFrame:
    """Fit both designs, and print the spread between hospitals and between communities beside the truth."""
    settings: dict[str, Any] = {"progressbar": False, **(options or {})}
    warnings.showwarning = lambda message, category, *_: print(f"\nWARNING ({category.__name__}): {message}\n")
    tables = {}
    for design, formula in FORMULAS.items():
        survey = simulate(staff, crossed=design == "crossed", seed=9)
        model = LatentClass(2, bl.Items(ITEMS, categories=ANSWERS), bl.Regression(formula))
        draws = bl.fit(model, survey, order="transfer", seed=1, **settings)
        tables[design] = spread(draws)
    table = pd.concat(tables, names=["design", "groups"])
    print(table.round(2))
    print(
        f"{HOSPITALS} hospitals say little of how much hospitals differ, {COMMUNITIES} communities more; a fit that "
        "ignores either takes the staff of a ward for independent"
    )
    return table


def spread(draws) -> pd.DataFrame:
    """Standard deviation of the contrast of the two classes between groups, with its interval and the truth."""
    rows = {}
    for name, truth in (("hospital", HOSPITAL_SD), ("community", COMMUNITY_SD)):
        (variable,) = (each for each in draws["posterior"].data_vars if str(each).endswith(f"{name}_sd"))
        sd = np.sqrt((draws["posterior"][variable] ** 2).sum("latent_class")).to_numpy()  # of the difference of logits
        rows[name] = dict(zip(["sd", "lower", "upper"], [sd.mean(), *np.quantile(sd, [0.025, 0.975])], strict=True))
        rows[name]["truth"] = truth
    return pd.DataFrame.from_dict(rows, orient="index")


def simulate(staff: int, *, crossed: bool, seed: int) -> pd.DataFrame:
    """Two classes of five answers; log odds of the second vary by hospital and by community."""
    rng = np.random.default_rng(seed)
    community = rng.integers(0, COMMUNITIES, staff)
    hospital = rng.integers(0, HOSPITALS, staff) if crossed else community % HOSPITALS
    of_hospital, of_community = rng.normal(0, HOSPITAL_SD, HOSPITALS), rng.normal(0, COMMUNITY_SD, COMMUNITIES)
    years = rng.gamma(2.0, 3.0, staff).round()
    eta = -0.2 + 0.05 * (years - 6) + of_hospital[hospital] + of_community[community]
    works = rng.random(staff) < 1 / (1 + np.exp(-eta))
    answers = np.where(rng.random((staff, len(ITEMS))) < np.where(works, 0.8, 0.25)[:, None], "yes", "no")
    frame = pd.DataFrame(answers, columns=ITEMS).assign(years=years)
    return frame.assign(hospital=[f"H{h + 1}" for h in hospital], community=[f"C{c + 1:02d}" for c in community])


if __name__ == "__main__":
    main()
