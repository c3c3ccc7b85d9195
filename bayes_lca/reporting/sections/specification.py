"""Priors that a fitted model was given."""

from collections.abc import Mapping
from dataclasses import dataclass

from bayes_lca import priors
from bayes_lca.specification import KIND, as_written, parts_of


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
    wholes = [specification, *(part for _, _, part in parts_of(specification))] if specification else []
    return [
        Prior(whole[KIND], field, as_written(value))
        for whole in wholes
        if not _is_prior(whole)
        for field, value in whole.items()
        if _is_prior(value) or (isinstance(value, Mapping) and value and all(map(_is_prior, value.values())))
    ]


def _is_prior(value) -> bool:
    return isinstance(value, Mapping) and isinstance(getattr(priors, str(value.get(KIND)), None), type)
