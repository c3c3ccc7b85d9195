"""Several outcomes by class, adjusted for covariates, by BCH weights: what Mplus prints of its step three."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.declarations import Declarations, MissingCodes
from bayes_lca.data.design import Design, read_design
from bayes_lca.data.formula import read_formula
from bayes_lca.data.frame import Frame, named
from bayes_lca.data.outcome import read_incomplete_numbers
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.same_respondents import respondents_of_rows
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.measurement.items_apart import check_no_items
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.verdict import TablesWithVerdict
from bayes_lca.workflows.ladder.assign import known_answers, require_classes_of_answers_alone
from bayes_lca.workflows.ladder.drawn_rows import DrawnRows
from bayes_lca.workflows.ladder.first_step import first_step_of, require_unrestricted
from bayes_lca.workflows.ladder.outcome_tables import ALL_CLASSES, coefficient_rows, mean_rows, variance_rows
from bayes_lca.workflows.ladder.outcomes_given_covariates import Shared
from bayes_lca.workflows.ladder.outcomes_in_units import OutcomesEstimate
from bayes_lca.workflows.ladder.stepwise_outcome import CONTRASTS, OVERALL


@dataclass(frozen=True, eq=False, repr=False)
class BCHOutcomes(TablesWithVerdict):
    """Outcomes by class, as `bch_outcomes` returns them.

    Attributes
    ----------
    means : SummaryTable
        At the average of the covariates, index ``outcome``, ``quantity``, ``name``: classes, contrasts, overall test.
    coefficients : SummaryTable
        Intercepts, where all covariates are 0, and slopes, index ``outcome``, ``term``, ``latent_class``; of slopes a
        last row tests whether classes differ.
    variances : SummaryTable
        Variances within classes and covariances, index ``latent_class``, ``outcome_1``, ``outcome_2``.
    """

    means: SummaryTable
    coefficients: SummaryTable
    variances: SummaryTable

    @property
    def tables(self) -> dict[str, SummaryTable]:
        """The tables, by name."""
        return {name: getattr(self, name) for name in ("means", "coefficients", "variances")}

    @property
    def verdict(self) -> str:
        """Which outcomes differ between classes, and which two classes differ most in them."""
        return "\n".join(
            _in_words(name, of_outcome.droplevel(0)) for name, of_outcome in self.means.groupby(level=0, sort=False)
        )


def bch_outcomes(
    measured: xr.DataTree,
    outcomes: str | Sequence[str],
    frame: Frame,
    formula: str = "~ 1",
    *,
    slopes: Literal["by class", "equal"] = "by class",
    variances: Literal["by class", "equal"] = "by class",
    covariances: Literal["equal", "by class", "none"] = "equal",
    first_step_known: bool = False,
    reference: Mapping[str, str] = MappingProxyType({}),
    missing_codes: MissingCodes = (),
    count: str | int | None = None,
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
    ci_prob: float = CI_PROB,
) -> BCHOutcomes:
    r"""Means of outcomes by class, adjusted for covariates, by BCH: the classes stay, and missing outcomes too.

    Classes are those of `measured`, refitted by maximum likelihood. With the modal class :math:`w_i` and its errors
    :math:`D_{cw} = P(W = w \mid C = c)` the outcomes of respondent i enter each class with a weight, and coefficients
    and covariances maximise the weighted likelihood [1]_ [2]_

    .. math:: \sum_i \sum_c (D^{-1})_{w_i c} \log N(o_i \mid B_c x_i, \Sigma_c)

    of the outcomes that a respondent has: who lacks one of several outcomes counts with the others (full information).
    The class is regressed on the covariates by the same weights in `stepwise_odds_ratios`, ``method="bch"``: the
    likelihood of one model of both falls into these two parts. Survey weights of `measured` enter as in
    `stepwise_outcome`.

    Parameters
    ----------
    measured : xarray.DataTree
        From `fit` of a latent class analysis of nominal items without covariates.
    outcomes : str or sequence of str
        Columns of `frame` that hold numbers.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        With the items, outcomes and covariates: respondents of `measured`, all or some.
    formula : str, default "~ 1"
        Covariates of the outcomes, ``"~ female + age"``, without groups: the estimator has one level.
    slopes, variances : {"by class", "equal"}
        Whether each class has slopes, and variances within the class, of its own, or all share them.
    covariances : {"equal", "by class", "none"}
        Of several outcomes within the class: one for all classes, one in each, or 0.
    first_step_known : bool, default False
        Leave the uncertainty of the first step out of the standard errors, as programs do to which BCH weights are
        given as data.
    reference : mapping of str to str, optional
        Reference level by covariate.
    missing_codes : sequence, or mapping of str to sequence
        Codes of outcomes and covariates that mean no value.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    missing : {"raise", "drop"}
        What to do with rows that lack a covariate. Missing outcomes need nothing done.
    key : str, optional
        Column of `frame` that tells respondents apart; by default the one that `fit` was given, else row labels.
    ci_prob : float, default 0.95
        Probability of the Wald intervals; those of variances are symmetric in their logarithm.

    Returns
    -------
    BCHOutcomes
        ``means``, at the average of the covariates over the respondents, as from `stepwise_outcome`;
        ``coefficients`` and ``variances``: ``estimate``, ``se``, its standard error by the sandwich of the weighted
        scores, ``lower`` and ``upper``, and of coefficients the test of ``wald`` with ``df`` and ``p_value``.

    Raises
    ------
    TypeError
        If `measured` is no tree.
    ValueError
        If the frame, an outcome or the formula cannot be used, an outcome or covariate is an item, covariates take part
        in the classes of `measured`, or the weights of a class do not determine its regression.
    NotRelabelledError, SeveralModesError
        If the classes of `measured` are not the same over its draws.
    NoMaximumError, FirstStepError, ErrorMatrixError
        If a variance goes to 0, the first step is not identified, or its classification errors have no inverse.

    References
    ----------
    .. [1] Bakk, Z., Tekle, F. B. & Vermunt, J. K. (2013). Estimating the association between latent class membership
       and external variables using bias-adjusted three-step approaches. Sociological Methodology 43(1), 272-311.
       doi 10.1177/0081175012470644
    .. [2] Asparouhov, T. & Muthen, B. (2021). Auxiliary variables in mixture modeling: using the BCH method in Mplus to
       estimate a distal outcome model and an arbitrary secondary model. Mplus Web Notes 21.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> found = bl.bch_outcomes(bl.load_example("alone"), ["attitude", "score"], bl.example_survey(), "~ participation")
    >>> found.means.loc["attitude"].loc["class"].index.tolist()
    ['C1', 'C2']
    >>> found.coefficients.loc["score"].loc["participation"].index.tolist()
    ['C1', 'C2', 'all classes']
    """
    shared = Shared(slopes, variances, covariances)
    tails, fit = tail_probabilities(ci_prob), Fit.of(measured, needs="bch_outcomes")
    require_classes_of_answers_alone(fit)
    require_unrestricted(fit, "fit_distal")
    if len(fit.classes) < 2:
        raise ValueError(f"measured is a fit of 1 class and {fit.n_respondents} respondents: there are none to compare")
    known = known_answers(fit)
    frame = fit.frame_of_respondents(frame, count)
    respondent = respondents_of_rows(fit, frame, key)
    names = _names(outcomes, known, len(frame))
    design = _design(frame, formula, reference, missing, missing_codes, names)
    check_no_items(known, design.covariates, len(design.kept))
    declared = Declarations(None, missing_codes)
    values = np.column_stack([read_incomplete_numbers(frame, name, declared) for name in names])[design.kept]
    _refuse_undetermined(values, names, shared)
    codes = known.read(frame).codes[design.kept]
    found = OutcomesEstimate.of(
        first_step_of(fit),
        codes,
        values,
        design.matrix,
        names=names,
        shared=shared,
        first_step_known=first_step_known,
        drawn_from=lambda rows: DrawnRows.of(fit, respondent[design.kept], rows),
    )
    lacking = ", ".join(f"{int(n)} {name}" for n, name in zip(np.isnan(values).sum(axis=0), names, strict=True))
    note = (
        f"n = {len(values)}, {design.n_dropped} rows left out, {int((codes < 0).sum())} answers missing, outcomes "
        f"missing: {lacking}; {f'{fit.sample.in_words}; ' if fit.is_weighted else ''}"
        f"maximum likelihood (bch), one level, slopes {slopes}, variances {variances}, covariances "
        f"{covariances}; {100 * ci_prob:g} % Wald intervals"
        + ("; the first step taken for known" if first_step_known else "")
    )
    at_average = f"at the average of {named(design.covariates)}" if design.terms else "of all respondents"
    return BCHOutcomes(
        means=SummaryTable.of(mean_rows(found, fit.classes, tails), f"{note}; means {at_average}"),
        coefficients=SummaryTable.of(coefficient_rows(found, fit.classes, design.terms, tails), note),
        variances=SummaryTable.of(variance_rows(found, fit.classes, tails), note),
    )


def _names(outcomes: str | Sequence[str], known: Assigned, n_rows: int) -> tuple[str, ...]:
    """Outcomes, each named once, none of them an item."""
    names: tuple = tuple(outcomes) if isinstance(outcomes, list | tuple) else (outcomes,)
    columns = [name for name in names if isinstance(name, str | int)]
    if not names or len(columns) < len(names) or len(set(columns)) < len(names):
        raise ValueError(f"outcomes={outcomes!r} of {n_rows} rows: name one column or several in a list, each once")
    if items := [name for name in names if str(name) in map(str, known.columns)]:
        raise ValueError(
            f"outcome(s) {named(items)} of {n_rows} rows are items: the classes are made of them, and differ in them "
            "as they are made to; choose other outcomes, or fit the classes without these items"
        )
    return names


def _refuse_undetermined(values: np.ndarray, names: Sequence[str], shared: Shared) -> None:
    """Refuse outcomes that say nothing, or nothing of their covariances, in the rows with every covariate.

    Raises
    ------
    ValueError
    """
    n = len(values)
    for name, of_outcome in zip(names, values.T, strict=True):
        present = of_outcome[~np.isnan(of_outcome)]
        if not len(present) or np.ptp(present) == 0:
            what = f"{present[0]:g} in all {len(present)}" if len(present) else f"missing in all {n}"
            raise ValueError(f"outcome {name!r} is {what} rows with every covariate; choose another outcome")
    if shared.covariances == "none":
        return
    there = (~np.isnan(values)).astype(int)
    for j, k in zip(*np.nonzero(np.triu(there.T @ there == 0)), strict=True):
        raise ValueError(
            f"nobody of {n} rows has both outcomes {names[j]!r} and {names[k]!r}, and nothing says how they go "
            'together; choose covariances="none"'
        )
    complete = values[there.all(axis=1)]
    spread = (complete - complete.mean(axis=0)) / np.nanstd(values, axis=0) if len(complete) > len(names) else None
    for j, name in enumerate(names):
        if spread is not None and np.linalg.matrix_rank(spread[:, : j + 1], tol=1e-8 * len(spread)) <= j:
            raise ValueError(
                f"outcome {name!r} follows from {named(names[:j]) or 'nothing else'} in all {len(complete)} rows that "
                "have them; leave one of them out"
            )


def _design(frame, formula: str, reference, missing, missing_codes, names: Sequence[str]) -> Design:
    """Covariates of the rows that have them.

    Raises
    ------
    ValueError
        If the formula has groups, or uses an outcome.
    """
    read = read_formula(formula)
    if read.groupings:
        raise ValueError(
            f"formula {formula!r} has groups, and BCH has one level; leave them out, or use bl.fit_distal, which takes "
            f"(1 | group), for {named(names)} of {len(frame)} rows"
        )
    if both := [name for name in names if name in read.columns]:
        raise ValueError(f"outcome(s) {named(both)} of {len(frame)} rows stand in the formula {formula!r} too")
    declared = Declarations(None, missing_codes)
    return read_design(frame, formula, reference=reference, missing=missing, declared=declared)


def _in_words(name: str, table: pd.DataFrame) -> str:
    """Whether classes differ in an outcome, and which two do most."""
    p_value, contrasts = table.loc[(OVERALL, ALL_CLASSES), "p_value"], table.loc[CONTRASTS]
    largest = contrasts["wald"].idxmax()
    row = contrasts.loc[largest]
    differ = "differ" if p_value < 0.05 else "are not told apart"
    p = "p < .001" if p_value < 0.001 else f"p = {p_value:.3f}"
    return (
        f"Means of {name} {differ} between classes ({p}); furthest from alike are {largest}: "
        f"{row['estimate']:.3g} ({row['lower']:.3g} to {row['upper']:.3g})."
    )
