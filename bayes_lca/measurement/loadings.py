"""Loadings of items on what a person brings along: priors, signs, and whether items can have them."""

from collections.abc import Sequence

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.transforms import Transform

from bayes_lca import priors
from bayes_lca.data.frame import named
from bayes_lca.data.responses import Responses

MOST_WITHOUT_ENDS = 2
"""Categories up to which an item has nothing but ends."""


def check_styles(responses: Responses, styles: Sequence[str], loadings: str) -> None:
    """Refuse items whose categories have no order, or may run in opposite directions, or are too few for extremes.

    Raises
    ------
    ValueError
    """
    responses.require_order("CommonMethod", directed="tilt" in styles)
    if "extreme" not in styles:
        return
    sizes = dict(zip(responses.items, responses.n_categories, strict=True))
    without = [item for item, size in sizes.items() if size <= MOST_WITHOUT_ENDS]
    n_with = len(sizes) - len(without)
    if n_with < MOST_WITHOUT_ENDS or (without and loadings == "free"):
        remedy = 'use style="tilt"'
        if n_with >= MOST_WITHOUT_ENDS:
            remedy += ', loadings="equal", or leave them out'
        raise ValueError(
            f"extreme responding: item(s) {named(without)} of {len(responses.codes)} rows have two categories, both of "
            f"them ends, so that nobody can like the ends more than others do; {remedy}"
        )


class SignAt(Transform):
    """Loadings of which one of each style is positive: turning all signs of a style is the same model.

    Parameters
    ----------
    typical : ndarray, shape (style, item)
        Rough loadings; the largest of each style is the positive one.
    """

    name = "sign"

    def __init__(self, typical: np.ndarray):
        self.is_positive = np.abs(typical) == np.abs(typical).max(axis=1, keepdims=True)
        self.is_positive &= np.cumsum(self.is_positive, axis=1) == 1

    def backward(self, value, *inputs):
        """From free coordinates to loadings."""
        return pt.switch(self.is_positive, pt.exp(value), value)

    def forward(self, value, *inputs):
        """From loadings to free coordinates."""
        return pt.switch(self.is_positive, pt.log(pt.switch(self.is_positive, value, 1.0)), value)

    def log_jac_det(self, value, *inputs):
        """Log Jacobian determinant of `backward`, by element."""
        return pt.switch(self.is_positive, value, 0.0)


def positive(name: str, prior: priors.StandardDeviationPrior, dims):
    """A standard deviation under a prior, inside a `pymc.Model`."""
    match prior:
        case priors.HalfNormal(sigma):
            return pm.HalfNormal(name, sigma=sigma, dims=dims)
        case priors.HalfStudentT(nu, sigma):
            return pm.HalfStudentT(name, nu=nu, sigma=sigma, dims=dims)
        case priors.Exponential(lam):
            return pm.Exponential(name, lam=lam, dims=dims)


def of_either_sign(name: str, prior: priors.StandardDeviationPrior, transform: Transform, dims):
    """Loadings whose distribution to each side of zero is that of a prior of standard deviations."""
    match prior:
        case priors.HalfNormal(sigma):
            return pm.Normal(name, mu=0.0, sigma=sigma, dims=dims, default_transform=transform)
        case priors.HalfStudentT(nu, sigma):
            return pm.StudentT(name, nu=nu, mu=0.0, sigma=sigma, dims=dims, default_transform=transform)
        case priors.Exponential(lam):
            return pm.Laplace(name, mu=0.0, b=1 / lam, dims=dims, default_transform=transform)


def scale(prior: priors.StandardDeviationPrior) -> float:
    """How far from zero a prior of standard deviations reaches, roughly."""
    return 1 / prior.lam if isinstance(prior, priors.Exponential) else prior.sigma
