"""Priors that a fitted model was given."""

from collections.abc import Mapping
from dataclasses import dataclass

from bayes_lca import priors
from bayes_lca.specification import KIND, as_written, parts_of

PRIOR = "prior"
"""Field of a part with the prior of what it adds, or with priors of single items or terms by their names."""


@dataclass(frozen=True)
class Prior:
    """A prior as the model was given it.

    Attributes
    ----------
    part : str
        Class of the part of the model, such as ``Regression``.
    field : str
        What of it, such as ``slope``.
    distribution : str
        Such as ``ZeroSumNormal(sigma=1.5)``.
    """

    part: str
    field: str
    distribution: str


def priors_of(specification: Mapping) -> list[Prior]:
    """Priors of a model from its specification, parts in their order.

    Examples
    --------
    >>> shares = {"kind": "Shares", "share": {"kind": "Dirichlet", "a": 1.0}}
    >>> priors_of({"kind": "LatentClass", "n_classes": 3, "structural": shares})
    [Prior(part='Shares', field='share', distribution='Dirichlet(a=1.0)')]
    """
    each = [
        Prior(whole, field, as_written(part))
        for whole, field, part in parts_of(specification)
        if _is_prior(part[KIND]) and not _is_prior(whole) and field != PRIOR
    ]
    wholes = [specification, *(part for _, _, part in parts_of(specification))]
    return each + [
        Prior(whole[KIND], PRIOR, as_written(given))
        for whole in wholes
        if isinstance(given := whole.get(PRIOR), Mapping) and given and not _is_prior(whole[KIND])
    ]


def _is_prior(kind: str) -> bool:
    return isinstance(getattr(priors, kind, None), type)
