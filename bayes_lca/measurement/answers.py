"""Answers in categories, whatever their probabilities come from."""

from collections.abc import Iterable, Sequence
from numbers import Integral

import numpy as np
import pytensor.tensor as pt

from bayes_lca.data.categories import draw_category
from bayes_lca.data.category_axis import places_by_name
from bayes_lca.data.frame import named
from bayes_lca.data.responses import Responses
from bayes_lca.dims import CATEGORY, ITEM

SIGNATURE = ("(c,j,r)",)
"""Axes of the one parameter of such answers: item probabilities by class, item and category."""


def item_names(items: Sequence[str | int]) -> tuple[str, ...]:
    """Names of items as a tuple of texts and Python's whole numbers.

    One text is refused, for its letters would be taken for items, and so are two names that read the same.
    """
    if isinstance(items, str | bytes):
        raise ValueError(f"items={items!r} is one text; pass a list of column names")
    if not isinstance(items, Iterable):
        raise TypeError(f"items={items!r}: pass a list of column names")
    names = tuple(name.item() if isinstance(name, np.generic) else name for name in items)
    unfit = [name for name in names if not isinstance(name, str | Integral)]
    if unfit:
        raise ValueError(f"{named(unfit)} among the items: name each column by text, or by the whole number it has")
    first = {}
    for name in names:
        if (same := first.setdefault(str(name), name)) != name:
            raise ValueError(f"items {named([same, name])} read the same in every table; rename one of the columns")
    return names


def item_coords(responses: Responses) -> dict[str, Sequence]:
    """Names along the axes of items and categories; places, such as 1st, where items do not share their labels."""
    categories = responses.common_labels or places_by_name(max(responses.n_categories))
    return {ITEM: [str(item) for item in responses.items], CATEGORY: list(categories)}


def log_density(responses: Responses, value, rho):
    r"""Log density of answers that are independent given the class, :math:`\sum_j \log \rho_{c j y_j}`.

    Parameters
    ----------
    responses : Responses
        Whose numbers of categories count; a missing answer, -1, adds nothing.
    value : TensorVariable, shape (pattern, item)
    rho : TensorVariable, shape (..., latent_class, item, category)
        The same for all patterns.

    Returns
    -------
    TensorVariable, shape (latent_class, pattern)
    """
    item, category = answer_positions(responses.n_categories)
    chosen = pt.eq(pt.cast(value, "int64")[:, item], category)  # (pattern, item-category)
    log_rho = pt.log(rho.reshape(rho.shape[-3:])[:, item, category])  # (latent_class, item-category)
    return pt.dot(log_rho, pt.cast(chosen, "float64").T)  # (latent_class, pattern)


def draw(responses: Responses, latent_class: np.ndarray, probabilities: np.ndarray, *, rng) -> np.ndarray:
    """Draw complete answers of respondents of known classes.

    Parameters
    ----------
    responses : Responses
    latent_class : ndarray of int, shape (...,)
    probabilities : ndarray, shape (..., latent_class, item, category)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (..., item)
    """
    rho = np.broadcast_to(probabilities, (*latent_class.shape, *np.shape(probabilities)[-3:]))
    of_class = np.take_along_axis(rho, latent_class[..., None, None, None], axis=-3)[..., 0, :, :]
    return draw_category(of_class, rng)


def answer_positions(n_categories: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Item and category of each item-category, both of shape (item-category,).

    Examples
    --------
    >>> answer_positions((2, 3))
    (array([0, 0, 1, 1, 1]), array([0, 1, 0, 1, 2]))
    """
    item = np.repeat(np.arange(len(n_categories)), n_categories)
    return item, np.concatenate([np.arange(size) for size in n_categories])
