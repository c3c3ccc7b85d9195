"""A covariate that some respondents lack: imputed several times, and one posterior from all completed data sets.

    python examples/missing_covariates.py

Participation is taken from a third of 600 simulated respondents, more often from those whose expertise did not grow.
What it could have been is drawn by scikit-learn, knowing the answers, the other covariates and the groups: an
imputation that leaves out what the model has in it pulls the odds ratios towards one. Beside the stacked posterior
stand those of the respondents with participation alone, and of everybody before it was taken.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer

import bayes_lca as bl
from bayes_lca.models import LatentClass

DATA_SETS = 10
SCALE = (0.0, 10.0)


def main(respondents: int = 600, data_sets: int = DATA_SETS, options: Mapping | None = None) -> pd.DataFrame:
    """Fit the completed data sets, the complete respondents and the whole survey, and print them side by side."""
    settings: dict[str, Any] = {"progressbar": False, **(options or {})}
    whole, _ = bl.simulate_cohort(respondents, seed=1)
    incomplete = without_participation(whole, seed=2)
    completed = impute(incomplete, "participation", data_sets, seed=3)
    nested = LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression("~ participation + role + (1 | group)"))
    warnings.showwarning = lambda message, category, *_: print(f"\nWARNING ({category.__name__}): {message}\n")
    fits = {
        "completed": bl.fit_multiple(nested, completed, order="compensation", **settings),
        "complete rows": bl.fit(nested, incomplete.dropna(), order="compensation", **settings),
        "whole survey": bl.fit(nested, whole, order="compensation", **settings),
    }
    tables = {name: bl.odds_ratios(draws, reference="C1") for name, draws in fits.items()}
    beside = pd.concat(tables, names=["respondents"])[["odds_ratio", "lower", "upper", "r_hat"]]
    print(beside.round(3))
    print(tables["completed"])
    return beside


def without_participation(survey: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Participation is not known of a third, more often where expertise did not increase: missing at random."""
    rng = np.random.default_rng(seed)
    chance = np.where(survey["expertise"] == "increase", 0.25, 0.5)
    return survey.assign(participation=survey["participation"].mask(rng.random(len(survey)) < chance))


def impute(frame: pd.DataFrame, column: str, data_sets: int, seed: int) -> list[pd.DataFrame]:
    """Completed data sets: every missing number drawn anew from what it could be given all other columns."""
    others = pd.get_dummies(frame.drop(columns=column), drop_first=True, dtype=float)  # the groups are among them
    known = others.assign(**{column: frame[column]})
    gone = frame[column].isna()
    completed = []
    for number in range(data_sets):
        imputer = IterativeImputer(
            sample_posterior=True, min_value=SCALE[0], max_value=SCALE[1], random_state=seed + number
        )
        drawn = imputer.fit_transform(known)[:, known.columns.get_loc(column)]
        completed.append(frame.assign(**{column: frame[column].where(~gone, drawn)}))
    return completed


if __name__ == "__main__":
    main()
