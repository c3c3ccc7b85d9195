"""What a recommended number of classes is said to rest on, what disagrees with it, and what to be wary of."""

import numpy as np
import pandas as pd

DISAGREEING_R_HAT = 1.05
"""R-hat from which a posterior of a number of classes is not to be leaned on."""

BLURRED = 0.7
"""Entropy R2 below which classes can pass unseen: at .56, BIC never found a class of 6 % among 2200."""


def proposal(
    table: pd.DataFrame, proposer: str, proposed: int, recommended: int, limit: float, *, gain: float = 0.0
) -> str:
    """Which number is recommended and why: what proposed a number, and the rule about the smallest class.

    `gain` is by how much BIC is smaller with a common method, where classes with one are proposed.
    """
    fewer = f", by {gain:.1f} less than without one" if gain else ""
    there, at = {
        "BIC": (f"BIC is smallest there{fewer}", f"BIC is smallest at {proposed}{fewer}"),
        "elpd": (
            "fewer predict left-out respondents worse",
            f"fewer than {proposed} predict left-out respondents worse",
        ),
    }[proposer]
    classes = _classes(recommended, " with a common method" if gain else "")
    if recommended == proposed:
        if proposer == "elpd" and proposed == table.index.min():
            there = "more predict left-out respondents no better"
        return f"{classes} recommended: {there}{_size(table, recommended, limit)}."
    share = table.loc[proposed, "smallest_class"]
    words = (
        f"{classes} recommended: {at}, but the smallest class there "
        f"holds {share:.1%}, less than the {limit:.0%} asked for"
    )
    if table.loc[recommended, "smallest_class"] < limit:
        return f"{words}, and so with every number in the table."
    return f"{words}; the rule is one of thumb, so look at what the small class is."


def _size(table: pd.DataFrame, n_classes: int, limit: float) -> str:
    if not limit:
        return ""
    return f", and the smallest class holds {table.loc[n_classes, 'smallest_class']:.1%}, at least {limit:.0%}"


def agreement(choices: dict[str, int], recommended: int, where: str = "") -> str:
    """Which criteria and tests choose the recommended number, and what the others choose."""
    others: dict[int, list[str]] = {}
    for name, chosen in choices.items():
        if chosen != recommended:
            others.setdefault(chosen, []).append(name)
    agreeing = [name for name, chosen in choices.items() if chosen == recommended]
    if not others:
        return f"{where}{_and(agreeing)} all choose {recommended}."
    agree = (
        f"{_and(agreeing)} agree{'s' if len(agreeing) == 1 else ''}"
        if agreeing
        else "none agrees"
        if where
        else "None agrees"
    )
    rest = "; ".join(f"{_and(names)} choose{'s' if len(names) == 1 else ''} {n}" for n, names in sorted(others.items()))
    return f"{where}{agree}; {rest}."


def warnings(
    table: pd.DataFrame, choices: dict[str, int], proposed: int, recommended: int, limit: float, most_classes: int
) -> list[str]:
    """What speaks for looking twice: blurred or uncertain small classes, the end of the table, maxima missed."""
    sentences = []
    more = [name for name, chosen in choices.items() if chosen > recommended]
    entropy = table.get("entropy_r2", pd.Series(dtype=float)).get(recommended, np.nan)
    reasons = [f"{_and(more)} ask{'s' if len(more) == 1 else ''} for more classes"] if more else []
    if entropy < BLURRED:
        reasons.append(f"entropy R2 is only {entropy:.2f}")
    if reasons:
        sentences.append(f"A small class may be unresolved: {' and '.join(reasons)}.")
    if "smallest_class_se" in table.columns and limit and proposed > 1:
        row = table.loc[proposed]
        if abs(row["smallest_class"] - limit) < 2 * row["smallest_class_se"]:
            sentences.append(
                f"The smallest of {proposed} classes holds {row['smallest_class']:.1%} with a standard error of at "
                f"least {row['smallest_class_se']:.1%}: the rule of {limit:.0%} could as well decide the other way."
            )
    if proposed == most_classes and len(table) > 1:
        better = "elpd still rises" if "elpd" in choices else "BIC still falls"
        sentences.append(f"{better} at {proposed}, the largest number in the table: try more.")
    if "elpd" in choices:
        sentences += _doubts_of_posteriors(table.loc[:proposed])
    once = [int(n) for n in table.index[(table["starts_at_mode"] < 2) & (table.index > 1)]]
    if once:
        sentences.append(
            f"With {_or(once)} classes only one start reached the best maximum, which may not be the highest: "
            "give more starts."
        )
    falling = table.index[1:][np.diff(table["log_likelihood"]) < -1e-3]
    if len(falling):
        sentences.append(f"With {_or(map(int, falling))} classes the log-likelihood falls: a maximum was missed.")
    return sentences


def unidentified(table: pd.DataFrame) -> list[str]:
    """Numbers of classes, all rows of a table, that the items cannot tell apart or the answers leave open."""
    too_few_cells = table.get("degrees_of_freedom", pd.Series(dtype=float)) < 0
    sentences = []
    if too_few_cells.any():
        sentences.append(
            f"With {_or(map(int, table.index[too_few_cells]))} classes there are more parameters than these "
            "items can tell apart (degrees of freedom below zero): not identified, so not recommended."
        )
    if not too_few_cells.all():
        sentences.append(
            f"With {_or(map(int, table.index[~too_few_cells]))} classes the answers say nothing about some "
            "combinations of the parameters: not identified, so not recommended."
        )
    return sentences


def _doubts_of_posteriors(table: pd.DataFrame) -> list[str]:
    """Numbers of classes whose predictive density is not to be leaned on."""
    sentences = []
    disagreeing = [int(n) for n in table.index[(table["modes"] > 1) | (table["r_hat"] > DISAGREEING_R_HAT)]]
    if disagreeing:
        sentences.append(
            f"With {_or(disagreeing)} classes the chains do not agree, so elpd there is rough: take more draws."
        )
    for n_classes, count in table["high_k"][table["high_k"] > 0].items():
        sentences.append(
            f"With {n_classes} classes elpd is unreliable for {count} respondents, whose Pareto k is high."
        )
    return sentences


def _classes(n: int, of_kind: str) -> str:
    return f"{n} class{of_kind} is" if n == 1 else f"{n} classes{of_kind} are"


def _and(names) -> str:
    *first, last = map(str, names)
    return f"{', '.join(first)} and {last}" if first else last


def _or(names) -> str:
    *first, last = map(str, names)
    return f"{', '.join(first)} or {last}" if first else last
