"""A number of classes recommended in words, from the table of class counts."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayes_lca.verdict import InWords
from bayes_lca.workflows.class_counts.method_columns import with_common_method
from bayes_lca.workflows.class_counts.pseudo_criteria import refuse_pseudo
from bayes_lca.workflows.class_counts.recommendation_in_words import agreement, proposal, unidentified, warnings

CRITERIA = ("AIC", "BIC", "aBIC", "CAIC", "ICL")
TESTS = {"blrt_p": "BLRT", "vlmr_p": "VLMR", "lmr_adjusted_p": "LMR adjusted"}

LEVEL = 0.05
"""Of the tests of one class fewer."""

NEGLIGIBLE_ELPD, NEGLIGIBLE_ERRORS = 4.0, 2.0
"""Differences in predictive density that decide nothing: so small, or so many standard errors."""

METHOD_BIC = "method BIC"
"""Choice of BIC among numbers of classes with a common method."""


@dataclass(frozen=True, eq=False, repr=False)
class Recommendation(InWords):
    """A number of classes and why; prints as its words.

    Attributes
    ----------
    n_classes : int
        The number recommended.
    choices : dict of str to int
        Number of classes that each criterion or test chooses.
    words : str
        The recommendation, what disagrees with it, and the warnings, one sentence per line.
    common_method : bool
        Whether these are classes with a common method.
    """

    n_classes: int
    choices: dict[str, int]
    words: str
    common_method: bool = False

    def __str__(self) -> str:
        return self.words


def recommend_classes(table: pd.DataFrame, *, smallest_class: float = 0.10) -> Recommendation:
    """Recommend a number of classes, and say how far to trust it.

    Where the table has posteriors, the fewest classes whose ``elpd`` is within 4, or within two standard errors of the
    difference, of the best are proposed [1]_, and the words say whether BIC agrees; without posteriors BIC proposes.
    The largest number of classes up to the proposed one whose smallest class holds at least `smallest_class` of the
    respondents is recommended. Criteria choose the number at which they are smallest. A test chooses the number up to
    which every further class is significant at 5 %. Numbers of classes that are not identified, for they have more
    parameters than the items can tell apart or the answers say nothing about some of them, are named and neither
    chosen nor recommended. A criterion that the table leaves out, as ``aBIC`` up to 22 respondents, chooses nothing.

    Where the table has classes with a common method, and BIC is smaller with one than with any number of classes
    without, BIC proposes among those with one, whose smallest class decides.

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
    TypeError
        If `table` is no table.
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
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"recommend_classes takes the table that count_classes returns, not {type(table).__name__}")
    refuse_pseudo(table, "recommend_classes")
    lacking = [
        name for name in ("log_likelihood", *CRITERIA, "smallest_class", "starts_at_mode") if name not in table.columns
    ]
    if lacking:
        raise ValueError(
            f"column {lacking[0]} is not in the table of {len(table)} rows; give what count_classes returns"
        )
    whole = table.sort_index()
    alone = _without_common_method(whole, smallest_class)
    tilted = with_common_method(whole)
    tilted = tilted[identified(tilted) & identified(whole)]
    if tilted.empty:
        return alone
    proposed = int(tilted["BIC"].idxmin())
    choices = alone.choices | {METHOD_BIC: proposed}
    gain = float(whole.loc[identified(whole), "BIC"].min() - tilted["BIC"].min())
    if gain <= 0:
        return replace(alone, choices=choices)
    recommended = _with_large_classes(tilted, proposed, smallest_class)
    sentences = [
        proposal(tilted, "BIC", proposed, recommended, smallest_class, gain=gain),
        agreement(alone.choices, recommended, "Without a common method, "),
        *warnings(tilted, {"BIC": proposed}, proposed, recommended, smallest_class, whole.index.max()),
        *unidentified(whole[~identified(whole)]),
    ]
    return Recommendation(recommended, choices, "\n".join(sentences), common_method=True)


def _without_common_method(whole: pd.DataFrame, smallest_class: float) -> Recommendation:
    """The recommendation from a table in the order of its numbers, of classes without a common method."""
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
    recommended = _with_large_classes(table, proposed, smallest_class)
    sentences = [
        proposal(table, proposer, proposed, recommended, smallest_class),
        agreement(choices, recommended),
        *warnings(table, choices, proposed, recommended, smallest_class, whole.index.max()),
        *unidentified(whole[~identified(whole)]),
    ]
    return Recommendation(recommended, choices, "\n".join(sentences))


def _with_large_classes(table: pd.DataFrame, proposed: int, smallest_class: float) -> int:
    """The largest number up to the proposed one whose smallest class is large enough, else the least in the table."""
    large = table.index[(table.index <= proposed) & (table["smallest_class"] >= smallest_class)]
    return int(large.max()) if len(large) else int(table.index.min())


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
