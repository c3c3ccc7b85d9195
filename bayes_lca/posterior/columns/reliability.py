"""Reliability of the sum of the items: Cronbach's alpha, McDonald's omega, and what each item adds.

Alpha is one line of a covariance matrix. pingouin 0.7.0 gives the same figure, but from the rows of one sample at a
time, has no omega, and would bring seaborn, statsmodels and scikit-learn along.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayes_lca.data.category_order import BY_VALUE, numeric_label
from bayes_lca.data.counted import count_rows
from bayes_lca.data.frame import Frame, check_whole, named
from bayes_lca.data.in_short import in_short
from bayes_lca.data.responses import Responses, read_responses
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.posterior.columns.one_factor import fit_one_factor
from bayes_lca.posterior.columns.pairs_of_items import one_factor_of_pairs, pairs_asked, pairwise_covariances
from bayes_lca.table import SummaryTable, tail_probabilities

if TYPE_CHECKING:
    from bayes_lca.measurement.interface import Measurement

ALPHA, OMEGA = "alpha", "omega total"
ITEM_REST, ALPHA_IF_DROPPED = "item-rest correlation", "alpha if dropped"
LEAST_ITEMS, LEAST_RESAMPLES = 3, 20
MOST_COMPLETE_OF_BOOKLETS = 0.5
"""Share of respondents with all answers up to which items count as asked of some alone, and too few rows as design."""
ROUNDING = 1e-9
"""Variance, in that of all respondents, below which an item of a bootstrap sample does not vary."""


def reliability(
    items: "Measurement | Sequence[str]",
    frame: Frame,
    *,
    count: str | int | None = None,
    reversed: Sequence[str] = (),
    ci_prob: float = 0.95,
    resamples: int = 1000,
    seed: int = 1,
) -> SummaryTable:
    r"""Estimate how reliable the sum of the items is.

    With S the covariance matrix of J items, and loadings :math:`\lambda` and uniquenesses :math:`\psi` of one common
    factor fitted by maximum likelihood,

    .. math::
        \alpha = \frac{J}{J - 1} \Bigl(1 - \frac{\sum_j S_{jj}}{\sum_{jk} S_{jk}}\Bigr), \qquad
        \omega = \frac{(\sum_j \lambda_j)^2}{(\sum_j \lambda_j)^2 + \sum_j \psi_j}

    Alpha [1]_ is the reliability of the sum if all loadings are equal, and below it otherwise, provided that one
    factor explains what the items share; omega total [2]_ needs the one factor only. Answers count as numbers, in
    equal steps: the position of the category of an ordered categorical, or the number itself. Neither coefficient is
    a check of latent classes, which make no sum and need no such steps; see `check_items`.

    Intervals are percentiles of bootstrap samples of respondents, who count as independent. The F interval of alpha
    [3]_, the one of SPSS, rests on normal answers: on simulated answers of three categories by 200 respondents it held
    alpha in 97 of a hundred samples at the level of 95, the bootstrap held alpha and omega in 94 to 95.

    Parameters
    ----------
    items : Items, OrdinalItems or sequence of str
        At least three columns: ordered categoricals, whole numbers, or two categories with the same labels in all.
    frame : eager data frame
        One row per respondent. Respondents with all answers count, the others are reported. Where items were asked in
        several booklets, so that no more have all answers than there are items, all with two answers count: every
        covariance is that of the respondents who answered both items, those of items that were never asked together
        are what one factor implies, fitted to the others by least squares.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    reversed : sequence of str
        Items whose highest category means the least of what the others measure; they are turned round.
    ci_prob : float, default 0.95
    resamples : int, default 1000
        Bootstrap samples, at least 20.
    seed : int, default 1
        Of the bootstrap samples.

    Returns
    -------
    SummaryTable
        One row per ``quantity`` and ``item``: ``alpha`` and ``omega total`` of all items; per item its ``item-rest
        correlation`` with the sum of the others, and ``alpha if dropped``, alpha of the others. ``estimate``,
        ``lower``, ``upper``, and ``n`` respondents with all answers. The note says how many lack answers, and which
        items run against the others.

    Raises
    ------
    ValueError
        If there are fewer than three items, a column is unknown or no item, has categories without order (two that all
        items share need none), or does not vary among respondents with all answers, or too few have all answers, or
        pairs of items; or if counts cannot be used.

    Warns
    -----
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.

    References
    ----------
    .. [1] Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika 16(3), 297-334.
       doi 10.1007/BF02310555
    .. [2] McDonald, R. P. (1999). Test Theory: A Unified Treatment. Erlbaum, chapter 6. doi 10.4324/9781410601087
    .. [3] Feldt, L. S. (1965). The approximate sampling distribution of Kuder-Richardson reliability coefficient
       twenty. Psychometrika 30(3), 357-370. doi 10.1007/BF02289499

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = reliability(bl.cohort_items(), bl.load_cohort())
    >>> f"{table.loc[('alpha', 'all'), 'estimate']:.2f}"
    '0.68'
    """
    tails = tail_probabilities(ci_prob)
    check_whole(least=LEAST_RESAMPLES, resamples=resamples)
    check_whole(least=0, seed=seed)
    names, read = _names_and_reader(items)
    respondents = count_rows(frame, count, names)
    responses = read(respondents.frame)
    score, of_items = _scores(responses, reversed), responses.items
    answered = ~np.isnan(score)
    by_pairs = answered.all(axis=1).sum() <= min(len(of_items), MOST_COMPLETE_OF_BOOKLETS * len(score))
    counted = (answered.sum(axis=1) >= 2) if by_pairs else answered.all(axis=1)
    n, score = int(counted.sum()), score[counted]
    asked = pairs_asked(of_items, score) if by_pairs else None
    if asked is None:
        _check_complete(of_items, score, len(answered))
    patterns = unique_rows(np.nan_to_num(score, nan=np.inf))
    distinct = score[patterns.first]
    rng = np.random.default_rng(seed)
    weight = rng.multinomial(n, patterns.count / n, size=resamples)  # (resample, pattern)
    covariance, factor = _covariances_and_factor(distinct, patterns.count[None], asked)
    estimate, _ = (part[0] for part in coefficients(covariance, factor))
    resampled, factor = _covariances_and_factor(distinct, weight, asked)  # (resample, item, item)
    variance = np.diagonal(resampled, axis1=1, axis2=2)
    varied = (variance > ROUNDING * np.diagonal(covariance[0])).all(axis=1)
    values, converged = coefficients(resampled[varied], factor and tuple(part[varied] for part in factor))
    lower, upper = np.quantile(values, tails, axis=0)
    names = [
        (ALPHA, "all"),
        (OMEGA, "all"),
        *((what, item) for what in (ITEM_REST, ALPHA_IF_DROPPED) for item in of_items),
    ]
    table = pd.DataFrame(
        {"estimate": estimate, "lower": lower, "upper": upper, "n": n},
        index=pd.MultiIndex.from_tuples(names, names=["quantity", "item"]),
    )
    notes = [
        f"n = {n} with {'two answers or more' if by_pairs else 'all answers'}; {len(answered) - n} of {len(answered)} "
        f"respondents{respondents.in_brackets} lack answers and are left out",
        f"{100 * ci_prob:g} % percentile intervals from {int(varied.sum())} bootstrap samples of respondents",
        responses.order_note,
        "answers count as numbers in equal steps; omega total is that of one common factor "
        f"({'least squares' if by_pairs else 'maximum likelihood'})",
    ]
    if asked is not None:
        notes.append(_note_of_pairs(answered, asked))
    if not varied.all():
        notes[1] += f" ({int((~varied).sum())} more, in which an item did not vary, left out)"
    if not converged.all():
        notes.append(
            f"omega total is rough in {int((~converged).sum())} bootstrap samples in which items share next to nothing"
        )
    if reversed:
        notes.append(f"turned round: {named(reversed)}")
    rest = table.loc[ITEM_REST, "estimate"]
    if (rest < 0).any():
        against = ", ".join(f"{item!r} ({value:.2f})" for item, value in rest[rest < 0].items())
        notes.append(f"against the other items: {against}; does reversed=[...] hold the items that ask the opposite?")
    return SummaryTable.of(table, "\n".join(notes))


def _names_and_reader(items) -> tuple[Sequence[str], Callable[[object], Responses]]:
    """Names of items, and what reads them from a frame: a measurement part as it declares them, a list as they are."""
    if hasattr(items, "nominal"):
        return items.columns, items.read
    if isinstance(items, str):
        raise ValueError(f"items={items!r} is one text; pass a list of item names")
    if not isinstance(items, Sequence):
        raise TypeError(f"items={in_short(items)}: give Items([...]) or a list of at least {LEAST_ITEMS} names")
    return items, lambda frame: read_responses(frame, items)


def _scores(responses: Responses, turned: Sequence[str]) -> np.ndarray:
    """Answers as numbers, shape (respondent, item), not a number where missing."""
    if isinstance(turned, str):
        raise ValueError(f"reversed={turned!r} is one text; pass a list of item names")
    if len(responses.items) < LEAST_ITEMS:
        raise ValueError(
            f"{len(responses.items)} item(s) given, {named(responses.items)}; reliability of a sum takes at least "
            f"{LEAST_ITEMS}"
        )
    if numbers := [item for item, labels in zip(responses.items, responses.labels, strict=True) if not labels]:
        raise ValueError(
            f"item(s) {named(numbers)} of {len(responses.codes)} rows are numbers, and reliability is of scores of "
            "ordered categories; give OrdinalItems([...])"
        )
    if strange := [item for item in turned if item not in responses.items]:
        raise ValueError(f"reversed names {named(strange)}, not among the items: {named(responses.items)}")
    responses.require_order("reliability", directed=True)
    score = np.empty(responses.codes.shape)
    for j, (labels, order) in enumerate(zip(responses.labels, responses.orders, strict=True)):
        numbers = [numeric_label(label) for label in labels] if order == BY_VALUE else [None]
        of_category = range(len(labels)) if None in numbers else numbers
        score[:, j] = np.append(of_category, np.nan)[responses.codes[:, j]]  # a missing answer takes the last place
    return score * np.where(np.isin(responses.items, list(turned)), -1.0, 1.0)


def _check_complete(items: Sequence[str | int], score: np.ndarray, n_rows: int) -> None:
    if len(score) <= len(items):
        raise ValueError(
            f"{len(score)} of {n_rows} respondents answered all {len(items)} items, which are too few; leave out items "
            "that many did not answer"
        )
    if constant := [item for item, values in zip(items, score.T, strict=True) if np.ptp(values) == 0]:
        raise ValueError(
            f"item(s) {named(constant)} have one answer only among the {len(score)} of {n_rows} respondents with all "
            "answers; leave the item(s) out"
        )


def _covariances_and_factor(
    score: np.ndarray, weight: np.ndarray, asked: np.ndarray | None
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray] | None]:
    """Covariances of samples, given how often each row is in them; of pairs, with the factor that fills the others."""
    if asked is None:
        return covariances(score, weight / weight.sum(axis=1, keepdims=True)), None
    covariance, together = pairwise_covariances(score, weight)
    known = asked & (together >= 2)
    loading, uniqueness, converged = one_factor_of_pairs(covariance, known)
    implied = loading[:, :, None] * loading[:, None, :]
    known |= np.eye(score.shape[1], dtype=bool)
    return np.where(known, covariance, implied), (loading, uniqueness, converged)


def _note_of_pairs(answered: np.ndarray, asked: np.ndarray) -> str:
    together = answered.astype(float).T @ answered
    upper = np.triu(np.ones_like(asked), 1).astype(bool)
    n_pairs, n_apart = int(asked[upper].sum()), int((~asked)[upper].sum())
    return (
        f"{int(answered.all(axis=1).sum())} of {len(answered)} respondents answered all items: covariances are those "
        f"of {n_pairs} pairs of items, over the {int(together[asked].min())} or more who answered both; those of "
        f"{n_apart} pairs that were not asked together are what one factor implies"
    )


def covariances(score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Covariances, shape (sample, item, item), of scores (row, item) with weights (sample, row) that add up to one."""
    centered = score - score.mean(axis=0)
    mean = weight @ centered
    both = (centered[:, :, None] * centered[:, None, :]).reshape(len(score), -1)
    return (weight @ both).reshape(len(weight), *mean.shape[1:] * 2) - mean[:, :, None] * mean[:, None, :]


def coefficients(
    covariance: np.ndarray, factor: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of `reliability` from covariances of shape (..., item, item).

    Parameters
    ----------
    covariance : ndarray, shape (..., item, item)
    factor : tuple of ndarray, optional
        Loadings, uniquenesses, shape (..., item), and whether they converged; by maximum likelihood by default.

    Returns
    -------
    values : ndarray, shape (..., 2 + 2 * item)
        Alpha, omega total, the item-rest correlations, the alphas if dropped.
    converged : ndarray of bool, shape (...,)
        Whether the one factor of omega is at the maximum of its likelihood.
    """
    n_items = covariance.shape[-1]
    variance, row = np.diagonal(covariance, axis1=-2, axis2=-1), covariance.sum(axis=-1)
    trace, total = variance.sum(axis=-1, keepdims=True), row.sum(axis=-1, keepdims=True)
    of_others = total - 2 * row + variance  # variance of the sum of the others, (..., item)
    loading, uniqueness, converged = factor or fit_one_factor(covariance)
    common = loading.sum(axis=-1, keepdims=True) ** 2
    parts = [
        n_items / (n_items - 1) * (1 - trace / total),
        common / (common + uniqueness.sum(axis=-1, keepdims=True)),
        (row - variance) / np.sqrt(variance * of_others),
        (n_items - 1) / (n_items - 2) * (1 - (trace - variance) / of_others),
    ]
    return np.concatenate(parts, axis=-1), converged
