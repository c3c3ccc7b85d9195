"""The test of parallel lines of a proportional odds regression."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from bayes_lca.data.category_order import empty_in_words, order_in_words
from bayes_lca.data.counted import count_rows
from bayes_lca.data.declarations import Declarations, MissingCodes
from bayes_lca.data.design import Design, read_design
from bayes_lca.data.formula import read_formula
from bayes_lca.data.frame import Frame, named
from bayes_lca.data.outcome import read_ordered_outcome
from bayes_lca.data.responses import without_empty
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.brant import BinaryLogits
from bayes_lca.likelihood.cumulative_logit import CumulativeLogit, fit_cumulative_logit
from bayes_lca.likelihood.multinomial_logit import fit_multinomial_logit
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.likelihood.without_maximum import terms_without_maximum
from bayes_lca.table import SummaryTable

LIKELIHOOD_RATIO, BRANT, ALL = "likelihood ratio", "Brant", "all"


class CrossingLinesWarning(UserWarning):
    """Lines that are not parallel cross among the respondents, where some category then has a probability below 0."""


@dataclass(frozen=True, eq=False)
class _Rows:
    """Distinct rows of an ordered outcome and its covariates, each with the number of its respondents."""

    columns: np.ndarray
    codes: np.ndarray
    count: np.ndarray
    labels: tuple[str, ...]
    terms: tuple[str, ...]

    def lines(self, *, parallel: bool, terms: np.ndarray | slice = slice(None)) -> CumulativeLogit:
        return fit_cumulative_logit(self.columns[:, terms], self.codes, self.count, len(self.labels), parallel=parallel)


def parallel_lines(
    frame: Frame,
    outcome: str,
    formula: str,
    *,
    reference: Mapping[str, str] | None = None,
    categories: Sequence | None = None,
    missing_codes: MissingCodes = (),
    count: str | int | None = None,
    missing: Literal["raise", "drop"] = "raise",
) -> SummaryTable:
    r"""Test whether the covariates of an ordered outcome have the same slopes at every cut between its categories.

    With categories 1, ..., C of the outcome y, the proportional odds model [1]_ and the general one are

    .. math::
        \operatorname{logit} P(y_i \ge k \mid x_i) = \alpha_k + x_i^\top \beta
        \qquad \text{and} \qquad
        \operatorname{logit} P(y_i \ge k \mid x_i) = \alpha_k + x_i^\top \beta_k, \qquad k = 2, \dots, C

    The first row tests all p slopes: twice the difference of the two maximal log-likelihoods, with p (C - 2) degrees
    of freedom, as the *test of parallel lines* of SPSS PLUM with the logit link. The others are the Wald tests of
    Brant [2]_, of all covariates and of each: slopes of the C - 1 binary logits of :math:`y \ge k`, each fitted by
    itself, with their joint covariance. A small p says that lines are not parallel, so that one odds ratio for all
    cuts is an average; a multinomial regression makes no such assumption.

    The likelihood of the general model holds the probabilities of the categories that were observed. Its lines may
    cross among the respondents, where another category then has a probability below zero, and its maximum is not that
    of a proper model; it has none at all where a covariate separates two adjacent categories. Both are said by name;
    without a maximum the statistic is missing. Respondents count as independent: random intercepts in the formula are
    left out, and where respondents are nested in groups, p-values of covariates that differ between groups are too
    small.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        One row per respondent, with the outcome and every covariate.
    outcome : str
        Column of three categories or more in an order: an ordered categorical, numbers, texts that are numbers, or as
        `categories` has it. An order that nobody declared is refused.
    formula : str
        Covariates, such as ``"~ age + participation"``.
    reference : mapping of str to str, optional
        Reference level by covariate.
    categories : sequence, optional
        Categories of the outcome in their order; any other value is refused.
    missing_codes : sequence, or mapping of str to sequence
        Codes that mean no value, for all columns or by column.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    missing : {"raise", "drop"}
        What to do with rows that lack the outcome or a covariate.

    Returns
    -------
    SummaryTable
        One row per ``test`` and ``term``: ``("likelihood ratio", "all")``, ``("Brant", "all")``, then Brant's test of
        every covariate, and of every column of those that have several. ``statistic``, ``df``, ``p_value``, ``n`` and
        the rows ``missing``, which are left out. The note has -2 log-likelihood of both models, without the constant
        of multinomial counts that SPSS adds to both.

    Raises
    ------
    ValueError
        If the outcome has fewer than three categories that somebody is in, or no order, the formula no covariate, or
        a column cannot be used.
    NoMaximumError
        If the proportional odds model has no finite maximum.

    Warns
    -----
    CrossingLinesWarning
        If lines of the general model cross.
    UserWarning
        If rows are left out; and what `Regression` warns of in covariates.

    References
    ----------
    .. [1] McCullagh, P. (1980). Regression models for ordinal data. Journal of the Royal Statistical Society B 42(2),
       109-142. doi 10.1111/j.2517-6161.1980.tb01109.x
    .. [2] Brant, R. (1990). Assessing proportionality in the proportional odds model for ordinal logistic regression.
       Biometrics 46(4), 1171-1178. doi 10.2307/2532457

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.parallel_lines(bl.load_cohort(), "tier", "~ participation + gender")
    >>> table["df"].tolist()
    [2, 2, 1, 1]
    """
    parsed = read_formula(formula)
    if outcome in parsed.columns:
        raise ValueError(f"outcome {outcome!r} is also in {formula!r}; it cannot explain itself")
    declared = _declared(outcome, categories, missing_codes)
    Declarations(missing_codes=missing_codes).check_names([outcome, *parsed.columns])
    counted = count_rows(frame, count, [outcome, *parsed.columns])
    use = "parallel_lines"
    answered, codes, labels, order, _ = read_ordered_outcome(counted.frame, outcome, use, missing, declared)
    of_formula = Declarations(missing_codes=_only(missing_codes, parsed.columns))
    design = read_design(answered, formula, reference=reference, missing=missing, declared=of_formula)
    codes, labels, empty = without_empty(codes[design.kept], labels)
    _check(outcome, labels, design)
    rows = unique_rows(codes, design.matrix)
    columns = np.column_stack([np.ones(len(rows.first)), design.standardised[rows.first]])
    rows = _Rows(columns, codes[rows.first], rows.count.astype(float), labels, design.terms)

    null = _null(outcome, rows)
    ratio, of_ratio = _likelihood_ratio(outcome, rows, null)
    tests, of_brant = _brant(rows, design)
    table = pd.DataFrame(
        [ratio, *tests.values()],
        columns=["statistic", "df"],
        index=pd.MultiIndex.from_tuples([(LIKELIHOOD_RATIO, ALL), *tests], names=["test", "term"]),
    ).astype({"df": int})
    table["p_value"] = scipy.stats.chi2.sf(table["statistic"], table["df"])
    table["n"], table["missing"] = len(codes), int(counted.count.sum()) - len(codes)
    note = [
        f"n = {len(codes)} respondents{counted.in_brackets} of outcome {outcome!r}, maximum likelihood, logit link",
        order_in_words({outcome: labels}, {outcome: order}),
        *([empty_in_words({outcome: empty})] if empty else []),
        *of_ratio,
        *of_brant,
        "respondents count as independent"
        + (f"; {named(each.name for each in design.groupings)} left out" if design.groupings else ""),
    ]
    return SummaryTable.of(table, "\n".join(note))


def _declared(outcome: str, categories: Sequence | None, missing_codes: MissingCodes) -> Declarations:
    if isinstance(categories, Mapping):
        raise TypeError(f"categories={categories!r}: give a list, for the outcome {outcome!r} alone")
    return Declarations(categories, _only(missing_codes, [outcome]))


def _only(missing_codes: MissingCodes, columns: Sequence[str]) -> MissingCodes:
    """Codes of some columns, where they are given by column."""
    if not isinstance(missing_codes, Mapping):
        return missing_codes
    return {name: codes for name, codes in missing_codes.items() if name in columns}


def _check(outcome: str, labels: tuple[str, ...], design: Design) -> None:
    if len(labels) < 3:
        raise ValueError(
            f"outcome {outcome!r} has {len(labels)} categories, {named(labels)}, in the {len(design.matrix)} rows with "
            "every covariate: lines are parallel or not from three on"
        )
    if not design.terms:
        raise ValueError(
            f"formula {design.formula!r} has no covariates whose lines could be parallel ({len(design.matrix)} rows); "
            "add some"
        )


def _null(outcome: str, rows: _Rows) -> CumulativeLogit:
    """The proportional odds model, or which covariates leave it without a maximum."""

    def has_maximum(terms: np.ndarray) -> bool:
        try:
            rows.lines(parallel=True, terms=terms)
        except NoMaximumError:
            return False
        return True

    try:
        return rows.lines(parallel=True)
    except NoMaximumError as error:
        blamed = named(terms_without_maximum(rows.terms, has_maximum)) or "all covariates together"
        raise NoMaximumError(
            f"outcome {outcome!r} is separated by {blamed}: its "
            f"proportional odds regression has no finite maximum in {rows.count.sum():g} rows; merge categories, or "
            "leave the column out"
        ) from error


def _likelihood_ratio(outcome: str, rows: _Rows, null: CumulativeLogit) -> tuple[tuple[float, int], list[str]]:
    """Statistic and degrees of freedom against the general model, and what there is to say of it."""
    df = len(rows.terms) * (len(rows.labels) - 2)
    of_null = f"-2 log-likelihood of parallel lines {-2 * null.log_likelihood:.3f}"
    try:
        general = rows.lines(parallel=False)
    except NoMaximumError:
        why = "; ".join(f"{a} and {b} by {named(terms)}" for (a, b), terms in _separated(rows).items())
        return (np.nan, df), [
            f"{of_null}; the general model has no finite maximum, so there is no likelihood ratio"
            + (f": separated are {why}" if why else "")
        ]
    notes = [f"{of_null}, of lines each with slopes of its own {-2 * general.log_likelihood:.3f}"]
    if general.crossing.any():
        caution = (
            f"lines of the general model of {outcome!r} cross in {rows.count[general.crossing].sum():g} of "
            f"{rows.count.sum():g} rows, where a category has a probability below 0: the likelihood ratio is not that "
            "of a proper model; Brant's tests do not rest on it"
        )
        warnings.warn(caution, CrossingLinesWarning, stacklevel=3)
        notes.append(f"caution: {caution}")
    return (2 * (general.log_likelihood - null.log_likelihood), df), notes


def _separated(rows: _Rows) -> dict[tuple[str, str], list[str]]:
    """Adjacent categories between which a line has no most likely slope, and the terms that are to blame."""
    separated = {}
    for k in range(1, len(rows.labels)):
        here = (rows.codes == k - 1) | (rows.codes == k)
        above = np.eye(2)[(rows.codes[here] == k).astype(int)]

        def has_maximum(terms: np.ndarray, here=here, above=above) -> bool:
            try:
                fit_multinomial_logit(rows.columns[here][:, terms], above, rows.count[here])
            except (NoMaximumError, ValueError):  # a column may be constant, or follow from others, among them
                return False
            return True

        if terms := terms_without_maximum(rows.terms, has_maximum):
            separated[rows.labels[k - 1], rows.labels[k]] = terms
    return separated


def _brant(rows: _Rows, design: Design) -> tuple[dict[tuple[str, str], tuple[float, int]], list[str]]:
    """Statistic and degrees of freedom by test and term, and what there is to say of them."""
    of_term = {ALL: tuple(range(len(rows.terms)))}
    for name, columns in design.columns_of.items():
        of_term[name] = columns
        if len(columns) > 1:
            of_term |= {rows.terms[column]: (column,) for column in columns}
    try:
        logits = BinaryLogits.of(rows.columns, rows.codes, rows.count, len(rows.labels))
    except NoMaximumError:
        df = len(rows.labels) - 2
        return {(BRANT, name): (np.nan, df * len(columns)) for name, columns in of_term.items()}, [
            "a binary logit of the outcome has no finite maximum, so there are no Brant tests"
        ]
    tests = {(BRANT, name): logits.wald(np.array(columns)) for name, columns in of_term.items()}
    unknown = [name for (_, name), (statistic, _) in tests.items() if np.isnan(statistic)]
    if unknown:
        return tests, [f"Brant's covariance of slopes is not positive definite for {named(unknown)}"]
    return tests, []
