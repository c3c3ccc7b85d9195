"""An earlier study becomes the prior of the next."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import named
from bayes_lca.fitted.fit import Fit
from bayes_lca.priors import ItemWeights
from bayes_lca.priors.of_items import by_item_and_class

KNOWN = 1e-20
"""Variance of a probability below which it is known, up to rounding."""
WEIGHT_OF_ZERO = 0.1
"""Of a category whose probability is known to be zero, for Dirichlet weights are positive."""
ROUNDED_BY = 0.02
"""By how much probabilities of a printed table may add up to another number than one."""


def prior_from(
    study: xr.DataTree | pd.DataFrame, *, weight: float = 1.0, sample_size: float | None = None
) -> ItemWeights:
    r"""An informative prior of answer probabilities from an earlier study.

    Of a fit, the posterior of every item in every class is matched by a Dirichlet distribution with the same means
    :math:`m_r` and the same summed variance :math:`v`,

    .. math:: A m_r, \qquad A = \frac{1}{s} \left( \frac{\sum_r m_r (s - m_r)}{\sum_r v_r} - 1 \right), \qquad
              s = \sum_r m_r

    where the sums are over the categories whose probability varies, and s is one unless restrictions fix the others.
    Given their sum s, those that vary then have the distribution that is matched, and a fixed probability, in
    proportion, as many respondents behind it. Where all probabilities of an item are fixed, A is the median of the
    other items of the class, or of all classes if the class has none. A structural zero has weight 0.1, which moves the
    mean by less than :math:`0.1 / A`; give the next study the same `Zero` where it has to stay impossible.

    Of a table, n respondents of a class who answered with probabilities :math:`p_r` add :math:`n p_r` to weights of
    one. Either is tempered as a power prior [1]_: with ``weight=w`` a fit counts :math:`1 - w + w A m_r` and a table
    :math:`1 + w n p_r`, so that a weight near 0 leaves the uniform prior. The weights of an item with R categories are
    then worth :math:`\sum_r a_r - R` respondents, the effective sample size, which ``to_frame()`` of the result states.

    Parameters
    ----------
    study : DataTree or DataFrame
        Draws of the earlier study, from `fit`; or a table with a row for each class, item and category, the
        ``probability`` (or ``mean``) and, unless `sample_size` is given, ``n``: the respondents of the class behind it.
    weight : float, default 1.0
        Share of what the earlier study knew that is used, above 0 and up to 1.
    sample_size : float, optional
        Effective sample size of every item in every class, in place of `weight`.

    Returns
    -------
    ItemWeights
        For ``Items(..., prior=...)``. Class 1 is the first class of the study; classes are told apart by it and keep
        its order.

    Raises
    ------
    TypeError
        If `study` is neither draws nor a table.
    ValueError
        If nothing varies over the draws; if the table lacks a column, or has probabilities outside 0 to 1 or that do
        not add up to one; or if a number is out of range.
    NotRelabelledError, SeveralModesError
        If the classes of the fit are not the same over its draws.

    References
    ----------
    .. [1] Ibrahim, J. G. & Chen, M.-H. (2000). Power prior distributions for regression models. Statistical Science
       15(1), 46-60. doi 10.1214/ss/1009212673

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_lca as bl
    >>> prior = bl.prior_from(bl.load_example("alone"), weight=0.5)
    >>> model = bl.LatentClass(2, bl.Items(["training", "recognition", "expertise"], prior=prior))
    >>> published = pd.DataFrame(
    ...     {"latent_class": ["A", "A", "B", "B"], "item": "pay", "category": ["no", "yes"] * 2,
    ...      "probability": [0.9, 0.1, 0.2, 0.8], "n": [60, 60, 40, 40]}
    ... )
    >>> bl.prior_from(published, weight=0.5).weights["pay"]
    ({'no': 28.0, 'yes': 4.0}, {'no': 5.0, 'yes': 17.0})
    """
    if not 0 < weight <= 1:
        raise ValueError(f"weight={weight!r}: the share of an earlier study that is used lies above 0 and up to 1")
    if sample_size is not None and not 0 < sample_size < np.inf:
        raise ValueError(f"sample_size={sample_size!r}: give a positive number of respondents, such as 50")
    if isinstance(study, pd.DataFrame):
        return _of_table(study, weight, sample_size)
    fit = Fit.of(study, needs="prior_from")
    profiles = fit.answers.profiles(fit)  # (draw, latent_class, item, category)
    mean, variance = profiles.mean(axis=0), profiles.var(axis=0, ddof=1)
    if (variance < KNOWN).all():
        raise ValueError(
            f"the answer probabilities of items {named(fit.items)} do not vary over the draws: there is nothing "
            "to match"
        )
    how_much = weight, sample_size
    total = _total_weights(mean, variance)
    weights = {
        item: tuple(
            dict(zip(labels, _matched(mean[k, j, : len(labels)], total[k, j], *how_much), strict=True))
            for k in range(len(fit.classes))
        )
        for j, (item, labels) in enumerate(zip(fit.items, fit.labels, strict=True))
    }
    return ItemWeights(weights, f"a fit with classes {', '.join(fit.classes)}; {fit.note}{_how_much(*how_much)}")


def _total_weights(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """A of every item in every class, shape (latent_class, item), from means and variances by category."""
    varies = variance >= KNOWN
    m, v = np.where(varies, mean, 0), np.where(varies, variance, 0)
    free = m.sum(axis=-1)
    total = np.full(free.shape, np.nan)
    found = varies.any(axis=-1)
    numerator = (m * (free[..., None] - m)).sum(axis=-1)
    total[found] = (numerator[found] / v.sum(axis=-1)[found] - 1) / free[found]
    for of_class in total:
        if np.isnan(of_class).all():
            of_class[:] = np.median(total[found])
        of_class[np.isnan(of_class)] = np.nanmedian(of_class)
    return total


def _matched(mean: np.ndarray, total: float, weight: float, sample_size: float | None) -> list[float]:
    """Weights of the categories of one item in one class."""
    is_zero = mean == 0
    if sample_size is None:
        matched = np.where(is_zero, WEIGHT_OF_ZERO, total * mean)
        return (1 - weight + weight * matched).tolist()
    left = len(mean) + sample_size - WEIGHT_OF_ZERO * is_zero.sum()
    return np.where(is_zero, WEIGHT_OF_ZERO, left * mean).tolist()


def _of_table(table: pd.DataFrame, weight: float, sample_size: float | None) -> ItemWeights:
    flat = table.reset_index()
    column = "probability" if "probability" in flat or "mean" not in flat else "mean"
    probability = by_item_and_class(table, column)
    if sample_size is None and "n" not in flat:
        raise ValueError(
            "the table lacks 'n', the respondents of each class behind its probabilities; add the column, or say what "
            "the table is worth by sample_size="
        )
    counts = by_item_and_class(table, "n") if sample_size is None else {}
    weights = {}
    for item, of_classes in probability.items():
        weights[item] = []
        for k, of_class in enumerate(of_classes):
            total = sum(of_class.values())
            inside = all(0 <= number <= 1 for number in of_class.values())
            if not inside or abs(total - 1) > ROUNDED_BY:
                raise ValueError(
                    f"the probabilities of item {item!r} in class {k + 1} are {of_class}: give numbers from 0 to 1 "
                    f"that add up to one, and not to {total:g}"
                )
            n = weight * _one_number(counts[item][k], item, k) if sample_size is None else sample_size
            weights[item].append({label: 1 + n * number / total for label, number in of_class.items()})
    source = f"a table of {len(flat)} rows{_how_much(weight, sample_size)}"
    return ItemWeights({item: tuple(of_classes) for item, of_classes in weights.items()}, source)


def _one_number(of_class: dict[str, float], item: str, k: int) -> float:
    numbers = set(of_class.values())
    if len(numbers) > 1 or not 0 < min(numbers) < np.inf:
        raise ValueError(f"n of item {item!r} in class {k + 1} is {sorted(numbers)}; give one positive number")
    return numbers.pop()


def _how_much(weight: float, sample_size: float | None) -> str:
    return f"; weight {weight:g}" if sample_size is None else f"; worth {sample_size:g} respondents of each class"
