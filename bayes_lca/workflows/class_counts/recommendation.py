"""A number of classes recommended in words, from the table of class counts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

CRITERIA = ("AIC", "BIC", "aBIC", "CAIC", "ICL")
TESTS = {"blrt_p": "BLRT", "vlmr_p": "VLMR", "lmr_adjusted_p": "LMR adjusted"}

LEVEL = 0.05
"""Of the tests of one class fewer."""

NEGLIGIBLE_ELPD, NEGLIGIBLE_ERRORS = 4.0, 2.0
"""Differences in predictive density that decide nothing: so small, or so many standard errors."""

DISAGREEING_R_HAT = 1.05
"""R-hat from which a posterior of a number of classes is not to be leaned on."""

BLURRED = 0.7
"""Entropy R2 below which classes can pass unseen: at .56, BIC never found a class of 6 % among 2200."""


@dataclass(frozen=True, eq=False)
class Recommendation:
    """A number of classes and why; prints as its words.

    Attributes
    ----------
    n_classes : int
        The number recommended.
    choices : dict of str to int
        Number of classes that each criterion or test chooses.
    words : str
        The recommendation, what disagrees with it, and the warnings, one sentence per line.
    """

    n_classes: int
    choices: dict[str, int]
    words: str

    def __str__(self) -> str:
        return self.words

    __repr__ = __str__


def recommend_classes(table: pd.DataFrame, *, smallest_class: float = 0.10) -> Recommendation:
    """Recommend a number of classes, and say how far to trust it.

    Where the table has posteriors, the fewest classes whose ``elpd`` is within 4, or within two standard errors of the
    difference, of the best are proposed [1]_, and the words say whether BIC agrees; without posteriors BIC proposes.
    The largest number of classes up to the proposed one whose smallest class holds at least `smallest_class` of the
    respondents is recommended. Criteria choose the number at which they are smallest. A test chooses the number up to
    which every further class is significant at 5 %. Numbers of classes that are not identified, for they have more
    parameters than the items can tell apart or the answers say nothing about some of them, are named and neither
    chosen nor recommended. A criterion that the table leaves out, as ``aBIC`` up to 22 respondents, chooses nothing.

    Parameters
    ----------
    table : SummaryTable
        From `count_classes`.
    smallest_class : float, default 0.10
        Least share of the smallest class; 0 switches the rule off.

    Returns
    -------
    Recommendation

    Raises
    ------
    ValueError
        If the table lacks a column or has no number of classes that is identified, or `smallest_class` is no share
        from 0 to less than 1.

    Notes
    -----
    A rule of thumb about small classes is no statistics: a class of 5 % can be real. In simulations with 2200
    respondents and six items of three categories (``examples/selection_study_results``), BIC was right wherever classes
    were clear (entropy .71 and .89) and never where they overlapped on every item (.46) or one held 6 % (entropy .56);
    elpd was right in 100, 100, 70 and 55 of a hundred data sets, the bootstrap test in 98, 98, 93 and 93. Entropy does
    not decide alone: at .46 BIC found classes that overlapped on some items only. The test of Vuong, Lo, Mendell and
    Rubin, as Mplus computes it, asked for one class too many in 2 to 22 of a hundred data sets, and found a true class
    in 61 and 45 of a hundred where classes overlapped or one was small.

    References
    ----------
    .. [1] Sivula, T., Magnusson, M., Matamoros, A. A. & Vehtari, A. (2025). Uncertainty in Bayesian leave-one-out
       cross-validation based model comparison. Bayesian Analysis. doi 10.1214/25-BA1569

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> table = bl.count_classes(items, bl.example_survey(), [1, 2, 3], n_starts=10)
    >>> bl.recommend_classes(table).n_classes
    2
    """
    if not 0 <= smallest_class < 1:
        raise ValueError(f"smallest_class={smallest_class!r}: give a share from 0 to less than 1, such as 0.1")
    lacking = [
        name for name in ("log_likelihood", *CRITERIA, "smallest_class", "starts_at_mode") if name not in table.columns
    ]
    if lacking:
        raise ValueError(
            f"column {lacking[0]} is not in the table of {len(table)} rows; give what count_classes returns"
        )
    whole = table.sort_index()
    table = whole[identified(whole)]
    if table.empty:
        raise ValueError(
            f"none of the {len(whole)} numbers of classes in the table is identified: the items cannot tell so many "
            "classes apart; count fewer classes, from 1 on, or take more items"
        )
    choices = {name: int(table[name].idxmin()) for name in CRITERIA if table[name].notna().all()}
    testable = whole[identified(whole).cummin()]  # a class more is tested against what is identified
    tests = {name: first_not_significant(testable[column]) for column, name in TESTS.items() if column in testable}
    choices |= {name: chosen for name, chosen in tests.items() if chosen is not None}
    proposer = "BIC"
    if "elpd" in table.columns:
        proposer = "elpd"
        choices["elpd"] = _fewest_that_predict(table)
    proposed = choices[proposer]
    large = table.index[(table.index <= proposed) & (table["smallest_class"] >= smallest_class)]
    recommended = int(large.max()) if len(large) else int(table.index.min())
    sentences = [
        _proposal(table, proposer, proposed, recommended, smallest_class),
        _agreement(choices, recommended),
        *_warnings(table, choices, proposed, recommended, smallest_class, whole.index.max()),
        *_unidentified(whole),
    ]
    return Recommendation(recommended, choices, "\n".join(sentences))


def identified(table: pd.DataFrame) -> pd.Series:
    """Whether each number of classes is identified, as far as the table says: shape (classes,)."""
    enough_cells = table.get("degrees_of_freedom", pd.Series(0, table.index)) >= 0
    return enough_cells & ~(table.get("unidentified", pd.Series(0, table.index)) > 0)


def first_not_significant(p: pd.Series) -> int | None:
    """Classes up to which each one more is significant; None where the table lacks a test on the way."""
    if not (np.diff(p.index) == 1).all():
        return None
    for n_classes, value in p.iloc[1:].items():
        if np.isnan(value):
            return None
        if value > LEVEL:
            return int(n_classes) - 1
    return int(p.index[-1]) if len(p) > 1 else None


def _fewest_that_predict(table: pd.DataFrame) -> int:
    """Fewest classes whose predictive density does not differ reliably from the best."""
    behind, error = table["elpd_difference"].max() - table["elpd_difference"], table["elpd_difference_se"]
    return int(table.index[(behind <= NEGLIGIBLE_ELPD) | (behind <= NEGLIGIBLE_ERRORS * error)].min())


def _proposal(table: pd.DataFrame, proposer: str, proposed: int, recommended: int, limit: float) -> str:
    there, at = {
        "BIC": ("BIC is smallest there", f"BIC is smallest at {proposed}"),
        "elpd": (
            "fewer predict left-out respondents worse",
            f"fewer than {proposed} predict left-out respondents worse",
        ),
    }[proposer]
    if recommended == proposed:
        if proposer == "elpd" and proposed == table.index.min():
            there = "more predict left-out respondents no better"
        return f"{_classes(recommended)} recommended: {there}{_size(table, recommended, limit)}."
    share = table.loc[proposed, "smallest_class"]
    words = (
        f"{_classes(recommended)} recommended: {at}, but the smallest class there "
        f"holds {share:.1%}, less than the {limit:.0%} asked for"
    )
    if table.loc[recommended, "smallest_class"] < limit:
        return f"{words}, and so with every number in the table."
    return f"{words}; the rule is one of thumb, so look at what the small class is."


def _size(table: pd.DataFrame, n_classes: int, limit: float) -> str:
    if not limit:
        return ""
    return f", and the smallest class holds {table.loc[n_classes, 'smallest_class']:.1%}, at least {limit:.0%}"


def _agreement(choices: dict[str, int], recommended: int) -> str:
    others: dict[int, list[str]] = {}
    for name, chosen in choices.items():
        if chosen != recommended:
            others.setdefault(chosen, []).append(name)
    agreeing = [name for name, chosen in choices.items() if chosen == recommended]
    if not others:
        return f"{_and(agreeing)} all choose {recommended}."
    agree = f"{_and(agreeing)} agree{'s' if len(agreeing) == 1 else ''}" if agreeing else "None agrees"
    rest = "; ".join(f"{_and(names)} choose{'s' if len(names) == 1 else ''} {n}" for n, names in sorted(others.items()))
    return f"{agree}; {rest}."


def _warnings(
    table: pd.DataFrame, choices: dict[str, int], proposed: int, recommended: int, limit: float, most_classes: int
) -> list[str]:
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
    once = [int(n) for n in table.index[table["starts_at_mode"] < 2]]
    if once:
        sentences.append(
            f"With {_or(once)} classes only one start reached the best maximum, which may not be the highest: "
            "give more starts."
        )
    falling = table.index[1:][np.diff(table["log_likelihood"]) < -1e-3]
    if len(falling):
        sentences.append(f"With {_or(map(int, falling))} classes the log-likelihood falls: a maximum was missed.")
    return sentences


def _unidentified(table: pd.DataFrame) -> list[str]:
    """Numbers of classes that the items cannot tell apart, and those of which the answers leave something open."""
    open_to_choice = table[~identified(table)]
    too_few_cells = open_to_choice.get("degrees_of_freedom", pd.Series(dtype=float)) < 0
    sentences = []
    if too_few_cells.any():
        sentences.append(
            f"With {_or(map(int, open_to_choice.index[too_few_cells]))} classes there are more parameters than these "
            "items can tell apart (degrees of freedom below zero): not identified, so not recommended."
        )
    if not too_few_cells.all():
        sentences.append(
            f"With {_or(map(int, open_to_choice.index[~too_few_cells]))} classes the answers say nothing about some "
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


def _classes(n: int) -> str:
    return f"{n} class is" if n == 1 else f"{n} classes are"


def _and(names) -> str:
    *first, last = map(str, names)
    return f"{', '.join(first)} and {last}" if first else last


def _or(names) -> str:
    *first, last = map(str, names)
    return f"{', '.join(first)} or {last}" if first else last
