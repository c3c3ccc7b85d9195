"""The numbers whose ranks are looked at: one for each draw and each truth, whatever the labels of the classes."""

from collections.abc import Iterator, Mapping

import numpy as np

from bayes_lca.calibration.ranks.designs import RankDesign
from bayes_lca.dims import BASELINE_PROBABILITY, ITEM_PROBABILITY, group_correlation

LOG_LIKELIHOOD, LOG_PRIOR = "log likelihood", "log prior"
SPREAD = "_sd"
CORRELATION = group_correlation("")


def quantities(design: RankDesign, parameters: Mapping[str, np.ndarray], codes: np.ndarray) -> dict[str, np.ndarray]:
    """Log-likelihood, log prior density, and parameters with the classes in canonical order.

    Log-likelihood and prior density come from the model as stated: `StatedModel`. The density is that of parameters
    in the user's units, not the sampler's, up to a constant; its ranks show errors that those of no parameter do.

    Parameters
    ----------
    design : RankDesign
    parameters : mapping of str to ndarray
        Parameters by name, draws on the first axis.
    codes : ndarray of int
        What was observed.

    Returns
    -------
    dict of str to ndarray of shape (draw,)
        By names such as ``slope[0, 2]``: term and class.

    References
    ----------
    Modrak, M., Moon, A. H., Kim, S., Burkner, P., Huurre, N., Faltejskova, K., Gelman, A. & Vehtari, A. (2023).
    Simulation-based calibration checking for Bayesian computation: the choice of test quantities shapes sensitivity.
    Bayesian Analysis. doi 10.1214/23-BA1404
    """
    stated = design.stated
    values_by_name = {
        LOG_LIKELIHOOD: stated.log_likelihood(parameters, codes),
        LOG_PRIOR: stated.log_prior(parameters),
    }
    if design.exchangeable:
        parameters = in_canonical_order(parameters)
    for name, values in parameters.items():
        for place in _free_elements(design, name, values.shape[1:]):
            values_by_name[f"{name}[{', '.join(map(str, place))}]"] = values[:, *place]
    return values_by_name


def in_canonical_order(parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Put the classes of every draw in increasing order of the probability of the first item's first category.

    The rule reads one draw alone, so it does the same to a truth as to the draws it is compared with. Ranks of classes
    that were aligned with the truth, or with each other, would not be uniform.

    Parameters
    ----------
    parameters : mapping of str to ndarray
        Parameters by name, draws on the first axis.

    Returns
    -------
    dict of str to ndarray

    Examples
    --------
    >>> rho = np.array([[[[0.9, 0.1]], [[0.2, 0.8]]]])  # (draw, latent_class, item, category)
    >>> in_canonical_order({"item_probability": rho, "class_share": np.array([[0.3, 0.7]])})["class_share"]
    array([[0.7, 0.3]])
    """
    order = np.argsort(parameters[ITEM_PROBABILITY][:, :, 0, 0], axis=1)  # (draw, latent_class)
    ordered = {}
    for name, values in parameters.items():
        for axis in _class_axes(name, values.ndim):
            shape = [1] * values.ndim
            shape[0], shape[axis] = order.shape
            values = np.take_along_axis(values, order.reshape(shape), axis=axis)
        ordered[name] = values
    return ordered


def _class_axes(name: str, n_axes: int) -> tuple[int, ...]:
    if name == ITEM_PROBABILITY:
        return (1,)
    if name.startswith(BASELINE_PROBABILITY):
        return ()
    return (1, 2) if name.endswith(CORRELATION) else (n_axes - 1,)


def _free_elements(design: RankDesign, name: str, shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Places of elements that are not known, nor 1 less others, nor with two classes the negative of another."""
    for place in np.ndindex(shape):
        if name == ITEM_PROBABILITY:
            free = design.exchangeable and place[2] < design.sizes[place[1]] - 1
        elif name.startswith(BASELINE_PROBABILITY):
            free = place[-1] < shape[-1] - 1
        elif name.endswith(CORRELATION):
            free = place[0] > place[1]
        else:
            free = design.n_classes > 2 or name.endswith(SPREAD) or place[-1] == 0
        if free:
            yield place
