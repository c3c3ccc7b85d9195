"""Slopes of standardised covariates, and standard deviations of random ones, under priors stated in other units."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca import priors
from bayes_lca.data.design import Design
from bayes_lca.dims import SLOPE, TERM
from bayes_lca.structural.normal_score import NormalScore
from bayes_lca.structural.term_priors import by_class, priors_of_columns
from bayes_lca.structural.whitening import contrast_basis

STANDARDISED = f"{SLOPE}_standardised"
DIRECTION, SHRINKAGE, LOCAL_SHRINKAGE = f"{SLOPE}_direction", f"{SLOPE}_shrinkage", f"{SLOPE}_local_shrinkage"


def width(
    prior: priors.SlopePrior | priors.SlopeSpreadPrior | priors.TermPrior, design: Design, columns: Sequence[int]
):
    """How many times as wide a prior is per standard deviation as it is stated, for some columns, shape (column, 1)."""
    match prior:
        case priors.PerUnit() | priors.Horseshoe():
            return (design.scale / design.unit)[list(columns), None]
    return 1.0


def standardised_slopes(
    prior: priors.SlopePrior,
    of_terms: Mapping[str, priors.TermPrior],
    design: Design,
    n_respondents: float,
    classes: str,
):
    """Slopes per standard deviation of each design column, inside a `pymc.Model`, shape (term, class).

    Single terms may have priors of their own, `of_terms`.
    """
    if of_terms:
        return _slopes_of_terms(prior, priors_of_columns(of_terms, design), design, classes)
    times = width(prior, design, range(len(design.terms)))  # (term, 1)
    match prior:
        case priors.ZeroSumNormal(sigma):
            return pm.ZeroSumNormal(STANDARDISED, sigma, dims=(TERM, classes))
        case priors.PerUnit(priors.ZeroSumNormal(sigma)) if not _learns_width(prior, design):
            return pm.ZeroSumNormal(STANDARDISED, sigma * times, dims=(TERM, classes))
        case priors.PerUnit(priors.ZeroSumNormal(sigma)):
            shrinkage = pm.HalfNormal(SHRINKAGE, 1.0, default_transform=NormalScore())
            z = pm.ZeroSumNormal(DIRECTION, sigma, dims=(TERM, classes))
        case priors.Horseshoe(expected, slab):
            z = pm.ZeroSumNormal(DIRECTION, 1.0, dims=(TERM, classes))
            shrinkage = _horseshoe(expected, slab, len(design.terms), n_respondents)[:, None]
    return pm.Deterministic(STANDARDISED, shrinkage * z * times, dims=(TERM, classes))


def _slopes_of_terms(
    prior: priors.SlopePrior,
    of_columns: Mapping[int, priors.TermPrior],
    design: Design,
    classes: str,
):
    """Slopes of which single ones have priors of their own, all as widths and means of standard normal ones."""
    z = pm.ZeroSumNormal(DIRECTION, 1.0, dims=(TERM, classes))
    names = list(pm.modelcontext(None).coords[classes])
    others = [place for place in range(len(design.terms)) if place not in of_columns]
    of_others = _common_width(prior, design, others)
    rows = []
    for place in range(len(design.terms)):
        if place not in of_columns:
            rows.append(of_others[others.index(place)] * z[place])
            continue
        given = of_columns[place]
        times = width(given, design, [place])
        times = float(times if np.ndim(times) == 0 else times[0, 0])
        if (numbered := by_class(given)) is None:
            within: Any = given.prior if isinstance(given, priors.PerUnit) else given
            rows.append(within.sigma * times * z[place])
        else:
            mean, spread = numbered.of_classes(names)
            basis = contrast_basis(len(names))
            root = basis @ np.linalg.cholesky(basis.T @ np.diag(spread**2) @ basis) @ basis.T
            rows.append(times * (mean + pt.dot(root, z[place])))
    return pm.Deterministic(STANDARDISED, pt.stack(rows), dims=(TERM, classes))


def _common_width(prior: priors.SlopePrior, design: Design, places: Sequence[int]):
    """How wide the slopes of some columns are that have one prior, shape (column,)."""
    times = np.broadcast_to(width(prior, design, places), (len(places), 1))[:, 0]
    match prior:
        case priors.PerUnit(priors.ZeroSumNormal(sigma), columns) if columns is not None and len(places) > columns:
            return pm.HalfNormal(SHRINKAGE, 1.0, default_transform=NormalScore()) * sigma * times
        case priors.PerUnit(priors.ZeroSumNormal(sigma)) | priors.ZeroSumNormal(sigma):
            return sigma * times
    raise ValueError(
        f"slope={prior!r} shrinks all {len(design.terms)} columns of {design.formula!r} together; it takes no prior= "
        "of single terms beside it"
    )


def starting_slopes(
    prior: priors.SlopePrior, of_terms: Mapping[str, priors.TermPrior], design: Design, off: np.ndarray
) -> dict[str, np.ndarray]:
    """Slopes a little off zero, `off` being of shape (class,)."""
    slopes = np.tile(off, (len(design.terms), 1))
    return {DIRECTION if of_terms or _learns_width(prior, design) else STANDARDISED: slopes}


def standard_deviation(name: str, prior: Any, dims, *, times: np.ndarray | float = 1.0):
    """A standard deviation whose prior is so many times as wide as it is stated."""
    match prior:
        case priors.PerUnit(within):
            return standard_deviation(name, within, dims, times=times)
        case priors.HalfNormal(sigma):
            return pm.HalfNormal(name, sigma * times, dims=dims, default_transform=NormalScore())
        case priors.HalfStudentT(nu, sigma):
            return pm.HalfStudentT(name, nu, sigma * times, dims=dims)
        case priors.Exponential(lam):
            return pm.Exponential(name, lam / times, dims=dims)
    raise TypeError(f"{prior!r} is no prior of a standard deviation")


def _learns_width(prior: priors.SlopePrior, design: Design) -> bool:
    match prior:
        case priors.Horseshoe():
            return True
        case priors.PerUnit(_, columns):
            return columns is not None and len(design.terms) > columns
    return False


def _horseshoe(expected: float, slab: float, n_columns: int, n_respondents: float):
    """Width of the slopes of each column, shape (term,)."""
    if expected >= n_columns:
        raise ValueError(
            f"Horseshoe(expected={expected:g}): the design has {n_columns} columns; expect fewer of them to matter, or "
            "leave out slope="
        )
    tau = pm.HalfCauchy(SHRINKAGE, expected / (n_columns - expected) * 2 / np.sqrt(n_respondents))
    reach = tau * pm.HalfCauchy(LOCAL_SHRINKAGE, 1.0, dims=TERM)  # (term,)
    return slab * reach / pt.sqrt(slab**2 + reach**2)
