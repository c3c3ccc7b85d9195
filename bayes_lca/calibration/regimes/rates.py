"""From all fits of hard regimes to rates: coverage and width by what an interval is of, alarms by regime."""

import numpy as np
import pandas as pd

from bayes_lca.calibration.kit.rates import mean_with_error, rate

INTERVAL = ["regime", "replicate", "what", "truth", "estimate", "lower", "upper"]
FIT = [
    "regime",
    "replicate",
    "refused",
    "alarm",
    "warned",
    "modes",
    "draws",
    "divergences",
    "max_r_hat",
    "min_ess",
    "seconds",
]
"""Columns of intervals and of fits, also where all of them were refused."""
MOST_MISSED = 0.2
"""Share of its intervals without the truth from which on a fit is off: four times what 95 % intervals miss."""


def coverage_rates(intervals: pd.DataFrame) -> pd.DataFrame:
    r"""How often intervals hold the truth, and how wide they are.

    Intervals of a data set are not independent: rates and their standard errors come from the means of the data sets,
    as those of `operating_characteristics` do.

    Parameters
    ----------
    intervals : pandas.DataFrame
        A row for each, from `run_replicate`.

    Returns
    -------
    pandas.DataFrame
        A row per ``regime`` and ``what``: ``replicates``, ``coverage``, mean error ``bias``, ``width``, each with a
        standard error ``_se``.
    """
    table = _judged(intervals)
    table["error"] = table["estimate"] - table["truth"]
    table["size"] = table["upper"] - table["lower"]
    rows = []
    for (regime, what), cell in table.groupby(["regime", "what"], sort=False):
        row = {"regime": regime, "what": what, "replicates": cell["replicate"].nunique()}
        row |= rate("coverage", cell, "holds") | mean_with_error("bias", cell, "error")
        rows.append(row | mean_with_error("width", cell, "size"))
    return pd.DataFrame(rows)


def alarm_rates(intervals: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """What fits of each regime warned of, and whether those that warned are those that are off.

    A fit is off if more than a fifth of its intervals miss the truth.

    Parameters
    ----------
    intervals, fits : pandas.DataFrame
        From `run_replicate`.

    Returns
    -------
    pandas.DataFrame
        A row per regime: ``data_sets``; how many were ``refused``; of the others ``fits`` how many are ``off``,
        ``false_alarms`` (a `ConvergenceWarning` of a fit that is not off), ``missed_alarms`` (none of one that is),
        ``several_modes``, ``divergent`` (any divergence), ``high_r_hat`` (above 1.01); medians of the smallest
        effective sample size ``min_ess``, of ``draws`` of each chain and of ``seconds`` of the processor; and all
        warnings with how many fits had them.
    """
    judged = _judged(intervals)
    missed = 1 - judged.groupby(["regime", "replicate"])["holds"].mean().rename("missed")
    table = fits.reindex(columns=FIT).merge(missed, how="left", left_on=["regime", "replicate"], right_index=True)
    rows = []
    for regime, cell in table.groupby("regime", sort=False):
        fitted = cell[cell["refused"] == ""]
        off, alarm = fitted["missed"] > MOST_MISSED, fitted["alarm"].astype(bool)
        rows.append(
            {
                "regime": regime,
                "data_sets": len(cell),
                "refused": len(cell) - len(fitted),
                "fits": len(fitted),
                "off": int(off.sum()),
                "false_alarms": int((alarm & ~off).sum()),
                "missed_alarms": int((off & ~alarm).sum()),
                "several_modes": int((fitted["modes"] > 1).sum()),
                "divergent": int((fitted["divergences"] > 0).sum()),
                "high_r_hat": int((fitted["max_r_hat"] > 1.01).sum()),
                "min_ess": fitted["min_ess"].median(),
                "draws": fitted["draws"].median(),
                "seconds": fitted["seconds"].median(),
                "warned": _counted(fitted["warned"]),
            }
        )
    return pd.DataFrame(rows)


def _judged(intervals: pd.DataFrame) -> pd.DataFrame:
    intervals = intervals.reindex(columns=INTERVAL)
    holds = (intervals["lower"] <= intervals["truth"]) & (intervals["truth"] <= intervals["upper"])
    return intervals.assign(holds=holds)


def _counted(warned: pd.Series) -> str:
    names, counts = np.unique([name for words in warned for name in words.split()], return_counts=True)
    return ", ".join(f"{count} {name}" for name, count in zip(names, counts, strict=True))
