"""Close, semi-close and loose consortia followed over time: does the type of a consortium go with who moves.

    python examples/consortia_over_time.py

Staff of medical consortia answer five questions in three waves; which class they are in, little gained or much, can
change. In close consortia the odds of being moved to the class that gains are three times those of loose ones, in
semi-close ones half as much more. The type is the same for all staff of a consortium, so that consortia count, not
staff: with 5 of them the fit warns, and the interval says next to nothing; with 30 it comes near what was planted. A
fit that ignores the consortia is the third, and is surer than it may be. The data are simulated.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

import bayes_lca as bl
from bayes_lca.models import LatentTransition

ANSWERS = ["no", "yes"]
ITEMS = ["pay", "skills", "recognition", "workload", "promotion"]
TYPES = ["loose", "semi-close", "close"]
LOG_ODDS = {"semi-close": np.log(1.5), "close": np.log(3.0)}
"""Of being moved to the class that gains, against loose consortia."""
SD = 0.4
"""Between consortia of a type, on the log odds at the first wave and of moving."""
STAFF, WAVES = 900, (2021, 2022, 2023)
STAY_LOW, STAY_HIGH = 1.4, 1.2
"""Log odds of staying among those who gained little, and much, in an average loose consortium."""
YES = (0.25, 0.8)
"""Probability of yes in either class."""


def main(staff: int = STAFF, options: Mapping | None = None) -> pd.DataFrame:
    """Fit few and many consortia, and few whose nesting is ignored."""
    settings: dict[str, Any] = {"progressbar": False, **(options or {})}
    warnings.showwarning = lambda message, category, *_: print(f"\nWARNING ({category.__name__}): {message}\n")
    few, many = (simulate(staff, consortia, seed=7) for consortia in (5, 30))
    rows = {}
    for name, survey, group in (
        ("5 consortia", few, " + (1 | consortium)"),
        ("30 consortia", many, " + (1 | consortium)"),
        ("5 consortia, nesting ignored", few, ""),
    ):
        print(f"--- {name}: ~ type{group}")
        model = LatentTransition(
            2,
            bl.Items(ITEMS, categories=ANSWERS),
            person="id",
            wave="year",
            initial=bl.Regression(f"~ 1{group}") if group else bl.Shares(),
            transition=bl.Transition(f"~ type{group}", reference={"type": "loose"}),
        )
        draws = bl.fit(model, survey, order="skills", seed=1, **settings)
        table = bl.transition_odds_ratios(draws, reference="C1").loc["C2 vs C1"]
        for kind in LOG_ODDS:
            rows[name, kind] = table.loc[f"type[{kind}]", ["odds_ratio", "lower", "upper"]]
        if group:
            profiles = pd.DataFrame({"type": TYPES}, index=TYPES)
            new = bl.transition_probabilities(draws, profiles, group="new").xs("C1", level="origin")
            print("Out of the class that gained little, in a new consortium of each type:")
            print(
                new.xs("C2", level="destination")[["mean", "lower", "upper"]].droplevel(["grouping", "group", "step"])
            )
    beside = pd.DataFrame(rows).T.astype(float)
    beside["truth"] = [np.exp(LOG_ODDS[kind]) for _, kind in beside.index]
    print(beside.round(2))
    return beside


def simulate(staff: int, consortia: int, seed: int) -> pd.DataFrame:
    """Two classes of five answers at three waves; types of consortia in turn, a tenth of the later waves missed."""
    rng = np.random.default_rng(seed)
    kind = np.array(TYPES)[np.arange(consortia) % 3]
    consortium = np.arange(staff) % consortia
    first, moving = rng.normal(0, SD, (2, consortia)) + np.array([0, 1])[:, None] * [LOG_ODDS.get(k, 0.0) for k in kind]
    gains = [rng.random(staff) < expit(-0.4 + first[consortium])]
    for _ in WAVES[1:]:
        eta = np.where(gains[-1], STAY_HIGH, -STAY_LOW) + moving[consortium]
        gains.append(rng.random(staff) < expit(eta))
    probability = np.where(np.stack(gains, axis=1), YES[1], YES[0])  # (person, wave)
    answers = np.where(rng.random((staff, len(WAVES), len(ITEMS))) < probability[..., None], "yes", "no")
    frame = pd.DataFrame(answers.reshape(-1, len(ITEMS)), columns=ITEMS)
    person, n_waves = np.repeat(np.arange(staff), len(WAVES)), len(WAVES)
    frame.insert(0, "id", person + 1)
    frame.insert(1, "year", np.tile(WAVES, staff))
    frame.insert(2, "consortium", [f"M{c + 1:02d}" for c in consortium[person]])
    frame.insert(3, "type", kind[consortium[person]])
    seen = (rng.random(staff * n_waves) >= 0.1) | (np.tile(np.arange(n_waves), staff) == 0)
    return frame[seen].reset_index(drop=True)


if __name__ == "__main__":
    main()
