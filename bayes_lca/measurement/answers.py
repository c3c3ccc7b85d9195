"""Observed answers with the class summed out, whatever their probabilities come from."""

from collections.abc import Iterable, Sequence
from numbers import Integral

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca.data.frame import named
from bayes_lca.data.responses import Responses
from bayes_lca.dims import ANSWER_CODES, ANSWERS, CATEGORY, COUNT, ITEM, PATTERN
from bayes_lca.hidden.one_class import sum_out_class


def item_names(items: Sequence[str]) -> tuple[str, ...]:
    """Names of items as a tuple; one text is refused, for its letters would be taken for items."""
    if isinstance(items, str | bytes):
        raise ValueError(f"items={items!r} is one text; pass a list of column names")
    if not isinstance(items, Iterable):
        raise TypeError(f"items={items!r}: pass a list of column names")
    names = tuple(items)
    unfit = [name for name in names if not isinstance(name, str | Integral)]
    if unfit:
        raise ValueError(f"{named(unfit)} among the items: name each column by text, or by the whole number it has")
    return names


def item_coords(responses: Responses) -> dict[str, Sequence]:
    """Names along the axes of items and categories; positions where items do not share their labels."""
    categories = responses.common_labels or range(max(responses.n_categories))
    return {ITEM: list(responses.items), CATEGORY: list(categories)}


def observe_answers(class_logits, probabilities, responses: Responses, first: np.ndarray, count: np.ndarray):
    """Observe answers that are independent given the class; one row per distinct pattern, counted.

    Parameters
    ----------
    class_logits : TensorVariable, shape (pattern, latent_class) or (latent_class,)
    probabilities : TensorVariable, shape (latent_class, item, category)
    responses : Responses
    first, count : ndarray of int, shape (pattern,)
        Respondent at whom each pattern first stands, and how many share it.
    """
    item, category = answer_positions(responses.n_categories)
    codes = pm.Data(ANSWER_CODES, responses.codes[first], dims=(PATTERN, ITEM))
    counts = pm.Data(COUNT, count, dims=PATTERN)

    def logp(value, eta, rho, count):
        chosen = pt.eq(pt.cast(value, "int64")[:, item], category)  # (pattern, item-category)
        log_rho = pt.log(rho.reshape(rho.shape[-3:])[:, item, category])  # (latent_class, item-category)
        log_answers = pt.dot(log_rho, pt.cast(chosen, "float64").T)  # (latent_class, pattern)
        return pt.cast(count, "float64") * sum_out_class(eta.T, log_answers)  # (pattern,)

    return pm.CustomDist(
        ANSWERS,
        class_logits,
        probabilities,
        counts,
        logp=logp,
        random=draw_answers,
        signature="(c),(c,j,r),()->(j)",
        dtype="int64",
        observed=codes,
        dims=(PATTERN, ITEM),
    )


def draw_answers(class_logits, probabilities, count, rng=None, size=None) -> np.ndarray:
    """Draw a class and then complete answers for each pattern.

    Parameters
    ----------
    class_logits : ndarray, shape (..., latent_class)
    probabilities : ndarray, shape (..., latent_class, item, category)
    count : ndarray, shape (...,)
        Not used: one row of answers is drawn per pattern.
    rng : numpy.random.Generator
    size : tuple of int, optional
        Shape of the draws without their items; that of `count` by default.

    Returns
    -------
    ndarray of int, shape (..., item)
    """
    shape = np.shape(count) if size is None else tuple(size)
    eta = np.broadcast_to(class_logits, (*shape, np.shape(class_logits)[-1]))
    rho = np.broadcast_to(probabilities, (*shape, *np.shape(probabilities)[-3:]))
    latent_class = (eta + rng.gumbel(size=eta.shape)).argmax(axis=-1)
    own = np.take_along_axis(rho, latent_class[..., None, None, None], axis=-3)[..., 0, :, :]
    return (rng.random((*own.shape[:-1], 1)) > own.cumsum(axis=-1)[..., :-1]).sum(axis=-1)


def answer_positions(n_categories: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Item and category of each item-category, both of shape (item-category,).

    Examples
    --------
    >>> answer_positions((2, 3))
    (array([0, 0, 1, 1, 1]), array([0, 1, 0, 1, 2]))
    """
    item = np.repeat(np.arange(len(n_categories)), n_categories)
    return item, np.concatenate([np.arange(size) for size in n_categories])
