"""Priors that a fitted model was given."""

from collections.abc import Mapping
from dataclasses import dataclass

from bayes_lca import priors
from bayes_lca.specification import KIND, as_written, parts_of

BY_NAME = "prior"
"""Field with priors of single items or terms."""


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
        if _is_prior(part[KIND]) and not _is_prior(whole) and (field != BY_NAME or part[KIND] == "ItemWeights")
    ]
    wholes = [specification, *(part for _, _, part in parts_of(specification))]
    by_name = [(whole, whole.get(BY_NAME)) for whole in wholes]
    return each + [
        Prior(whole[KIND], BY_NAME, as_written(given))
        for whole, given in by_name
        if isinstance(given, Mapping) and given and KIND not in given
    ]


def _is_prior(kind: str) -> bool:
    return isinstance(getattr(priors, kind, None), type)
