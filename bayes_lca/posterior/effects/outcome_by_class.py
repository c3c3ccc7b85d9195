"""A distal outcome by class: means or shares, every contrast, and a test of them all."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import cast

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.fitted.elements import diagnostics
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.twins.distal_outcome import OutcomeGivenClass
from bayes_lca.likelihood.leave_one_out import leave_one_out
from bayes_lca.posterior.tables.rows import CI_PROB, note_of
from bayes_lca.table import SummaryTable, tail_probabilities

CLASSES, CONTRASTS, OVERALL = "class", "contrast", "overall"
EVERYBODY = "all classes"
ELPD = ["elpd_difference", "elpd_difference_se", "high_k"]


def outcome_by_class(
    draws: xr.DataTree, *, without_class: xr.DataTree | None = None, ci_prob: float = CI_PROB
) -> SummaryTable:
    r"""Means, or shares, of an outcome in each class, adjusted for covariates, and every difference of two classes.

    The outcome that is expected of all respondents were they in class c, with their own covariates and groups,

    .. math:: \mu_c = \frac{1}{n} \sum_i E(o \mid c, x_i, g_i), \qquad
              \mu_{cr} = \frac{1}{n} \sum_i P(o = r \mid c, x_i, g_i).

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit_distal`.
    without_class : xarray.DataTree, optional
        From `fit_distal` with the same formula less ``latent_class``: what the classes add is then also judged by
        leave-one-out prediction.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        Indexed by ``quantity`` and ``name``: a row for every class, for every contrast of two, and an overall test; of
        an outcome in categories one for each category too. ``estimate``, the posterior mean, ``sd``, ``lower`` and
        ``upper``; of contrasts ``probability_of_direction``, the share of draws on the side of the median; overall
        ``wald`` with its ``df``, the squared Mahalanobis distance of equal classes from the posterior mean of the
        differences, on the scale of log odds of shares and of logarithms of counts, and ``p_value``, the share of
        draws at least as far from it: one less the largest probability of a region of the posterior, an ellipse, that
        leaves out equal classes [1]_. ``outcome_sd`` is the standard deviation within the class of a normal outcome.
        ``r_hat`` and ``ess_bulk``. With `without_class`, the overall row has ``elpd_difference``, positive where
        classes predict better, its standard error, and ``high_k``, the respondents for whom either is unreliable.

    Raises
    ------
    ValueError
        If `draws` are of no outcome, or without classes; or `without_class` has classes, or other respondents, outcome
        or covariates.

    Notes
    -----
    Were the outcome the same in all classes, `p_value` would be below 0.05 in about one of twenty surveys, as that of
    a Wald test.

    References
    ----------
    .. [1] Held, L. (2004). Simultaneous posterior probability statements from Monte Carlo output. Journal of
       Computational and Graphical Statistics 13(1), 20-35. doi 10.1198/1061860043083

    Examples
    --------
    >>> import warnings
    >>> import bayes_lca as bl
    >>> few = {"measurement_draws": 20, "draws": 100, "tune": 200, "progressbar": False}
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     draws = bl.fit_distal(bl.load_example("alone"), bl.example_survey(), "score ~ latent_class", **few)
    >>> table = bl.outcome_by_class(draws)
    >>> table.loc["class"].index.tolist(), table.loc["contrast"].index.tolist()
    (['C1', 'C2'], ['C2 vs C1'])
    """
    tails = tail_probabilities(ci_prob)
    fit = Fit.of(draws, needs="outcome_by_class")
    answers = _of_outcome(fit)
    if not answers.differs_by_class(fit):
        raise ValueError(
            f"the {fit.n_respondents} respondents of this fit of {fit.outcome!r} have the same expectation in all "
            "classes, for its formula has no latent_class; add it, or give this fit as without_class="
        )
    expected = answers.average_expected(fit)  # (draw, latent_class) or with categories
    labels, unbounded = fit.labels[0] if expected.ndim == 3 else (), answers.distribution.unbounded(expected)
    table = tabulate_outcome(fit, expected, unbounded, labels, tails)
    if (spread := answers.spread(fit)) is not None:
        table.loc[CLASSES, "outcome_sd"] = spread
    notes = [f"{_what(fit)}; {note_of(fit, ci_prob)}"]
    if without_class is not None:
        compared, told = _compared(fit, Fit.of(without_class, needs="outcome_by_class"))
        notes.append(told)
        for name, value in compared.items():
            table.loc[(OVERALL, EVERYBODY), name] = value
    notes.append(
        "adjusted: averaged over the covariates and groups of all respondents; p_value: share of draws at least as far "
        f"from the mean of the differences as equal classes are (Held 2004), 1 / {1 + len(expected)} at the least"
    )
    return SummaryTable.of(table, "\n".join(notes))


def tabulate_outcome(
    fit: Fit, expected: np.ndarray, unbounded: np.ndarray, labels: Sequence[str], tails: Sequence[float]
) -> pd.DataFrame:
    """Rows of classes, contrasts and the overall test, as `outcome_by_class` has them.

    Parameters
    ----------
    fit : Fit
    expected : ndarray, shape (draw, latent_class) or (draw, latent_class, category)
    unbounded : ndarray, shape (draw, latent_class, ...)
        The same on a scale without bounds.
    labels : sequence of str
        Categories, if there are some.
    tails : sequence of float
        Probabilities below the ends of the intervals.
    """
    rows = dict(_rows(fit.classes, expected, labels))
    values = np.stack(list(rows.values()), axis=1)  # (draw, row)
    lower, upper = np.quantile(values, tails, axis=0)
    array = xr.DataArray(fit.by_chain(values), dims=("chain", "draw", "row"))
    quality = diagnostics(array, chain_by_chain=fit.measurement_draw is not None)
    side = np.maximum((values > 0).mean(axis=0), (values < 0).mean(axis=0))
    columns = {
        "estimate": values.mean(axis=0),
        "sd": values.std(axis=0, ddof=1),
        "lower": lower,
        "upper": upper,
        "probability_of_direction": np.where([quantity == CONTRASTS for quantity, _ in rows], side, np.nan),
        **dict.fromkeys(("wald", "df", "p_value", "outcome_sd"), np.nan),
        **{name: quality[name].to_numpy() for name in ("r_hat", "ess_bulk", "ess_tail")},
    }
    table = pd.DataFrame(columns, index=pd.MultiIndex.from_tuples(rows, names=["quantity", "name"]))
    table.loc[(OVERALL, EVERYBODY), ["wald", "df", "p_value"]] = _test(unbounded)
    return table


def _rows(
    classes: Sequence[str], expected: np.ndarray, labels: Sequence[str]
) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    """Classes, then contrasts, of each category where there are some; draws of each."""
    categories = [f": {label}" for label in labels] or [""]
    by_category = expected.reshape(*expected.shape[:2], -1)
    for c, name in enumerate(classes):
        for r, category in enumerate(categories):
            yield (CLASSES, f"{name}{category}"), by_category[:, c, r]
    for a, b in combinations(range(len(classes)), 2):
        for r, category in enumerate(categories):
            yield (CONTRASTS, f"{classes[b]} vs {classes[a]}{category}"), by_category[:, b, r] - by_category[:, a, r]


def _test(values: np.ndarray) -> tuple[float, int, float]:
    """Distance of equal classes from the posterior of the differences, from draws (draw, latent_class, ...)."""
    differences = (values[:, 1:] - values[:, :1]).reshape(len(values), -1)  # (draw, difference)
    away = differences - differences.mean(axis=0)
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(differences.T)), hermitian=True)
    distance = np.einsum("sd,de,se->s", away, inverse, away)
    of_equal = differences.mean(axis=0) @ inverse @ differences.mean(axis=0)
    p_value = (1 + (distance >= of_equal).sum()) / (1 + len(distance))
    return float(of_equal), differences.shape[1], float(p_value)


def _of_outcome(fit: Fit) -> OutcomeGivenClass:
    return cast(OutcomeGivenClass, fit.answers)


def _compared(fit: Fit, other: Fit) -> tuple[dict[str, float], str]:
    """Predictive density against the model without classes, of the same respondents."""
    if _of_outcome(other).differs_by_class(other):
        raise ValueError(f"without_class is a fit of {other.outcome!r} whose formula has latent_class; leave it out")
    same = (fit.outcome, fit.terms, fit.n_respondents) == (other.outcome, other.terms, other.n_respondents)
    same = same and fit.respondents.equals(other.respondents) and np.array_equal(fit.count, other.count)
    if not same or not np.array_equal(fit.codes, other.codes):
        raise ValueError(
            f"without_class is a fit of outcome {other.outcome!r} and {other.n_respondents} respondents, and this one "
            f"of {fit.outcome!r} and {fit.n_respondents}: give both the same frame, and the same formula but for "
            "latent_class"
        )
    with_classes, alone = (leave_one_out(each.log_likelihood(), each.count) for each in (fit, other))
    difference, error = with_classes.less(alone)
    high_k = with_classes.n_high_k + alone.n_high_k
    told = f"elpd_difference: against the model without classes, {other.n_chains} x {other.draws_per_chain} draws"
    return dict(zip(ELPD, (difference, error, high_k), strict=True)), told


def _what(fit: Fit) -> str:
    """What the rows of classes are, in a few words."""
    if not fit.labels:
        return f"means of {fit.outcome}"
    return f"shares of {fit.outcome}" + (f" = {fit.labels[0][1]!r}" if len(fit.labels[0]) == 2 else "")
