"""From all fits of hard regimes to rates: coverage and width by what an interval is of, alarms by regime."""

import numpy as np
import pandas as pd

from bayes_lca.calibration.kit.rates import mean_with_error, rate
from bayes_lca.data.groups_alike import GroupAnswersAlikeWarning

INTERVAL = ["regime", "replicate", "what", "latent_class", "truth", "estimate", "lower", "upper"]
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
ADD_UP_TO_1 = ("class share", "answer")
STRUCTURE, ANSWERS = "structure", "answers"
"""Two sorts of intervals: eight of shares, slopes and SDs, and many of answers, among which the first would be lost."""
MOST_MISSED = 0.2
"""Share of its intervals of either sort without the truth from which on a fit is off: two of eight, or of five where
groups do not differ. Of fits all of whose intervals hold 95 %, one in twenty has that by chance."""


def coverage_rates(intervals: pd.DataFrame, *, by_class: bool = False) -> pd.DataFrame:
    r"""How often intervals hold the truth, and how wide they are.

    Intervals of a data set are not independent: rates and their standard errors come from the means of the data sets,
    as those of `operating_characteristics` do. Errors are counted as positive away from where nothing differs, for
    plain ones would cancel: away from 0 for slopes and SDs, and for probabilities, whose errors add up to 0, away from
    equal ones. A truth that is there itself has no such direction and is left out of the bias.

    Parameters
    ----------
    intervals : pandas.DataFrame
        A row for each, from `run_replicate`.
    by_class : bool, default False
        Whether classes have rows of their own, which show what the mean over them hides.

    Returns
    -------
    pandas.DataFrame
        A row per ``regime`` and ``what``: ``replicates``, ``coverage``, mean error ``bias``, ``width``, each with a
        standard error ``_se``. By class also ``latent_class`` and means of ``truth`` and ``estimate``, missing for
        answers, where they are one over the number of categories.
    """
    table = _judged(intervals)
    of_data_set = table.groupby(["regime", "replicate", "what"])["truth"]
    level = of_data_set.transform("mean").where(table["what"].isin(ADD_UP_TO_1), 0.0)
    direction = np.sign(table["truth"] - level).mask(np.isclose(table["truth"], level))
    table["error"] = direction * (table["estimate"] - table["truth"])
    table["size"] = table["upper"] - table["lower"]
    keys = ["regime", "what", *["latent_class"] * by_class]
    rows = []
    for key, cell in table.groupby(keys, sort=False):
        row = dict(zip(keys, key, strict=True)) | {"replicates": cell["replicate"].nunique()}
        if by_class and row["what"] != "answer":
            row |= cell[["truth", "estimate"]].mean().to_dict()
        row |= rate("coverage", cell, "holds") | mean_with_error("bias", cell, "error")
        rows.append(row | mean_with_error("width", cell, "size"))
    return pd.DataFrame(rows)


def alarm_rates(intervals: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """What fits of each regime warned of, and whether those that warned are those that are off.

    A fit is off if more than a fifth of its intervals of shares, slopes and SDs miss the truth, or of those of answers.

    Parameters
    ----------
    intervals, fits : pandas.DataFrame
        From `run_replicate`.

    Returns
    -------
    pandas.DataFrame
        A row per regime: ``data_sets``; how many were ``refused``; of the others ``fits`` how many are ``off``, by
        ``off_structure`` and ``off_answers``; ``false_alarms`` (a `ConvergenceWarning` of a fit that is not off),
        ``missed_alarms`` (none of one that is), ``answers_alike`` (a `GroupAnswersAlikeWarning`), ``several_modes``,
        ``divergent`` (any divergence), ``high_r_hat`` (above 1.01); medians of the smallest effective sample size
        ``min_ess``, of ``draws`` of each chain and of ``seconds`` of the processor; and all warnings with how many fits
        had them.
    """
    table = fits.reindex(columns=FIT).merge(
        _missed(_judged(intervals)), how="left", left_on=["regime", "replicate"], right_index=True
    )
    rows = []
    for regime, cell in table.groupby("regime", sort=False):
        fitted = cell[cell["refused"] == ""]
        answers_alike = [GroupAnswersAlikeWarning.__name__ in words.split() for words in fitted["warned"]]
        off_by = fitted[[STRUCTURE, ANSWERS]] > MOST_MISSED
        off, alarm = off_by.any(axis=1), fitted["alarm"].astype(bool)
        rows.append(
            {
                "regime": regime,
                "data_sets": len(cell),
                "refused": len(cell) - len(fitted),
                "fits": len(fitted),
                "off": int(off.sum()),
                "off_structure": int(off_by[STRUCTURE].sum()),
                "off_answers": int(off_by[ANSWERS].sum()),
                "false_alarms": int((alarm & ~off).sum()),
                "missed_alarms": int((off & ~alarm).sum()),
                "answers_alike": sum(answers_alike),
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


def _missed(judged: pd.DataFrame) -> pd.DataFrame:
    """Share of the intervals of each sort that miss the truth, a row per regime and replicate."""
    sort = judged["what"].eq("answer").map({True: ANSWERS, False: STRUCTURE}).rename("sort")
    holds = judged.groupby(["regime", "replicate", sort])["holds"].mean()
    return 1 - holds.unstack().reindex(columns=[STRUCTURE, ANSWERS])


def _counted(warned: pd.Series) -> str:
    names, counts = np.unique([name for words in warned for name in words.split()], return_counts=True)
    return ", ".join(f"{count} {name}" for name, count in zip(names, counts, strict=True))
