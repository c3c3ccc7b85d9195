"""Priors of slopes that differ between classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from numbers import Real
from typing import Any

import numpy as np

from bayes_lca.priors.distributions import require_positive

ByClass = Sequence[float] | Mapping[int | str, float]
"""One number for each class in their order, or by number or name of the class."""


@dataclass(frozen=True)
class NormalByClass:
    r"""Normal class logits with a mean, and a spread, of each class.

    .. math:: \eta_c = z_c - \bar z, \qquad z_c \sim N(\mu_c, \sigma_c^2)

    The contrast of two classes is normal with mean :math:`\mu_c - \mu_d` and variance
    :math:`\sigma_c^2 + \sigma_d^2`, whichever class is the reference; with equal means and spreads this is
    `ZeroSumNormal`. Classes are numbered from 1 on, as the items number them, or named as the categories of an observed
    outcome are.

    Parameters
    ----------
    mean : sequence of float, or mapping
        On the scale of log odds, one for each class in their order, or by number or name of the class.
    sigma : float, sequence of float, or mapping, default 1.0

    Raises
    ------
    TypeError
        If `mean` or `sigma` holds no numbers.
    ValueError
        If a number is infinite or a spread not positive.

    Examples
    --------
    A log odds ratio of class 2 against class 1 that is thought to be 0.7, give or take 0.42:

    >>> NormalByClass([0.0, 0.7], sigma=0.3).of_classes(["C1", "C2"])
    (array([-0.35,  0.35]), array([0.3, 0.3]))
    """

    mean: ByClass
    sigma: float | ByClass = 1.0

    def __post_init__(self):
        object.__setattr__(self, "mean", _numbers("mean", self.mean))
        if not isinstance(self.sigma, Real):
            object.__setattr__(self, "sigma", _numbers("sigma", self.sigma))
        spreads: Any = self.sigma.values() if isinstance(self.sigma, Mapping) else self.sigma
        for spread in (spreads,) if isinstance(spreads, Real) else spreads:
            require_positive(self, sigma=spread)

    def of_classes(self, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Means, which sum to zero, and spreads of classes of these names, numbered in their order.

        Raises
        ------
        ValueError
            If there are numbers for other classes.
        """
        mean = np.array(_in_order("mean", self.mean, names))
        spread = [self.sigma] * len(names) if isinstance(self.sigma, Real) else _in_order("sigma", self.sigma, names)
        return mean - mean.mean(), np.array(spread, dtype=float)


def _numbers(field: str, given):
    values = given.values() if isinstance(given, Mapping) else given
    if isinstance(given, str) or not isinstance(given, Mapping | Sequence | np.ndarray):
        raise TypeError(f"NormalByClass({field}={given!r}): give one number for each class, in a list or a dict")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"NormalByClass({field}={given!r}): {value!r} is no number")
        if not -inf < value < inf:
            raise ValueError(f"NormalByClass({field}={given!r}): {value!r} is no finite number")
    if isinstance(given, Mapping):
        return {str(name): float(value) for name, value in given.items()}
    return tuple(float(value) for value in given)


def _in_order(field: str, given, names: Sequence[str]) -> list[float]:
    if not isinstance(given, Mapping):
        if len(given) != len(names):
            raise ValueError(
                f"NormalByClass({field}={list(given)}) has {len(given)} numbers, and there are {len(names)} classes, "
                f"{list(names)}; give one for each"
            )
        return list(given)
    numbered = [str(number) for number in range(1, len(names) + 1)]
    for keys in (list(names), numbered):
        if set(given) == set(keys):
            return [given[key] for key in keys]
    raise ValueError(
        f"NormalByClass({field}={given}) names other classes than {list(names)}, numbered 1 to {len(names)}; give a "
        "number for each, by name or by number"
    )
