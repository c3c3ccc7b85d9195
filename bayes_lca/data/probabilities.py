"""Class shares and item probabilities as somebody gives them, checked."""

import numpy as np
from numpy.typing import ArrayLike


def check_class_share(class_share: ArrayLike) -> np.ndarray:
    """Class shares as an array, shape (latent_class,).

    Raises
    ------
    ValueError
        If a share is not positive, or they do not add up to 1.
    """
    share = np.asarray(class_share, dtype=float)
    if share.ndim != 1 or share.size == 0 or not (share > 0).all() or abs(share.sum() - 1) > 1e-8:
        raise ValueError(f"class_share is {class_share!r}; give a positive share per class, adding up to 1.")
    return share


def check_item_probability(item_probability: ArrayLike) -> np.ndarray:
    """Item probabilities as an array, shape (latent_class, item, category).

    Raises
    ------
    ValueError
        If a probability is negative, or those of an item in a class do not add up to 1.
    """
    probability = np.array(item_probability, dtype=float)
    if probability.ndim != 3 or 0 in probability.shape:
        raise ValueError(f"item_probability has shape {probability.shape}; give (latent_class, item, category).")
    total = probability.sum(axis=-1)
    if not ((probability >= 0).all() and np.allclose(total, 1, rtol=0, atol=1e-8)):
        raise ValueError(
            f"item_probability reaches down to {probability.min()} and its sums over the last axis go from "
            f"{total.min()} to {total.max()}; give probabilities that add up to 1."
        )
    return probability
