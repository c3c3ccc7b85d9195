"""From all intervals and tests to rates, and whether those of the package are what they say."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bayes_lca.calibration.kit.error_rates import error_rates, judged
from bayes_lca.calibration.kit.rates import mean_with_error
from bayes_lca.calibration.waves_outcomes_weights.design import Design
from bayes_lca.posterior.labels.agreement import LARGEST_R_HAT

COVERAGE = (0.93, 0.97)
LARGEST_TYPE_1_ERROR = 0.06
ALLOWED_ERRORS = 2
"""Monte Carlo standard errors by which both are widened."""
MOST_FAILED = 0.01
"""Share of the data sets in which an analysis may be refused or find no maximum."""
LEVEL = 0.05
CELL = ["design", "estimator", "quantity"]


def gated_rates(intervals: pd.DataFrame, fits: pd.DataFrame, designs: Sequence[Design]) -> pd.DataFrame:
    """Error rates by design, quantity and estimator, and whether those of the package pass.

    An estimator passes where coverage of 95 % intervals lies in .93 to .97 and type I errors of intervals and tests are
    .06 at most, both widened by two Monte Carlo standard errors; where the mean error is within the limits of the
    design, if it has one; and where no more than 1 % of its analyses failed. Where the truth is 0, coverage is one less
    the type I error, and this is what is asked for: six groups say so little of a covariate of groups that intervals
    are wider than they need to be. Limits of bias are not widened, so they ask for hundreds of data sets.

    Parameters
    ----------
    intervals, fits : pandas.DataFrame
        From `run_replicate`.
    designs : sequence of Design

    Returns
    -------
    pandas.DataFrame
        A row per ``design``, ``quantity`` and ``estimator``: ``replicates``; ``type_1_error``, ``power``, ``coverage``,
        ``bias`` and ``width``, each with a standard error ``_se`` (means over contrasts of classes, as those of
        `operating_characteristics`); ``relative_bias``; of all data sets the share ``failed``; and ``passes``, missing
        where nothing is asked.
    """
    known = {design.name: design for design in designs}
    table = judged(intervals)
    p = table["p"].astype(float)
    called = table["without_zero"].where(p.isna(), (p < LEVEL).astype(float))
    of_designs = {(name, quantity) for name, design in known.items() for quantity in design.probabilities}
    probability = [pair in of_designs for pair in zip(table["design"], table["quantity"], strict=True)]
    table["without_zero"] = called.mask(np.array(probability, dtype=bool))
    failed = failed_shares(fits)
    rows = []
    for key, cell in table.groupby(CELL, sort=False):
        row = dict(zip(CELL, key, strict=True)) | {"replicates": cell["replicate"].nunique()} | error_rates(cell)
        row |= mean_with_error("width", cell[cell["width"].notna()], "width")
        rows.append(row | {"failed": failed.get(key[:2], np.nan)})
    result = pd.DataFrame(rows)
    passes = [verdict(row, known[row["design"]]) for row in result.to_dict("records")]
    first = ["design", "quantity", "estimator"]
    rest = [name for name in result if name not in first]
    return result[[*first, *rest]].assign(passes=pd.array(passes, dtype="boolean"))


def failed_shares(fits: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Share of the data sets in which any analysis of an estimator failed, by design and estimator."""
    any_failed = (fits["failed"] != "").groupby([fits["design"], fits["estimator"], fits["replicate"]]).any()
    return any_failed.groupby(level=[0, 1]).mean().to_dict()


def verdict(row: Mapping, design: Design) -> bool | None:
    """Whether rates pass; None where nothing is asked of the estimator."""
    if row["estimator"] not in design.gated:
        return None
    passes = row["failed"] <= MOST_FAILED
    if not np.isnan(row["coverage"]) and np.isnan(row["type_1_error"]):
        allowed = ALLOWED_ERRORS * row["coverage_se"]
        passes &= COVERAGE[0] - allowed <= row["coverage"] <= COVERAGE[1] + allowed
    if not np.isnan(row["type_1_error"]):
        passes &= row["type_1_error"] <= LARGEST_TYPE_1_ERROR + ALLOWED_ERRORS * row["type_1_error_se"]
    limits = {"bias": design.largest_bias, "relative_bias": design.largest_relative_bias}
    for what, of_quantity in limits.items():
        if row["quantity"] in of_quantity:
            passes &= abs(row[what]) <= of_quantity[row["quantity"]]
    return bool(passes)


def fit_table(fits: pd.DataFrame) -> pd.DataFrame:
    """How fits went: a row per design, estimator and what is fitted.

    Parameters
    ----------
    fits : pandas.DataFrame
        From `run_replicate`.

    Returns
    -------
    pandas.DataFrame
        ``fits``, how many ``failed``, had ``divergences``, an R-hat above 1.01 (``high_r_hat``) or ``several_modes``;
        medians of the smallest effective sample size ``min_ess`` and of ``seconds`` of the processor.
    """
    marked = fits.assign(
        failed=fits["failed"] != "",
        divergences=fits["divergences"].astype(float) > 0,
        high_r_hat=fits["max_r_hat"].astype(float) > LARGEST_R_HAT,
        several_modes=fits["modes"].astype(float) > 1,
        min_ess=fits["min_ess"].astype(float),
    )
    grouped = marked.groupby(["design", "estimator", "fit"], sort=False)
    sums = grouped[["failed", "divergences", "high_r_hat", "several_modes"]].sum()
    return pd.concat(
        [grouped.size().rename("fits"), sums, grouped[["min_ess", "seconds"]].median()], axis=1
    ).reset_index()
