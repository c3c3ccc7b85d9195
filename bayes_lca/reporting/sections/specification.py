"""What the text of a fitted model says of its parts and priors; read, never run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bayes_lca import priors


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


def priors_of(specification: str) -> list[Prior]:
    """Priors of a model from its representation, parts in their order; none where it cannot be read.

    Examples
    --------
    >>> priors_of("LatentClass(n_classes=3, structural=Shares(share=Dirichlet(a=1.0)))")
    [Prior(part='Shares', field='share', distribution='Dirichlet(a=1.0)')]
    """
    return [
        Prior(part, field, ast.unparse(call)) for part, field, call in _calls(specification) if _is_prior(_name(call))
    ]


def measurement_of(specification: str) -> str | None:
    """Class of the measurement part, such as ``Items``."""
    return next((_name(call) for _, field, call in _calls(specification) if field == "measurement"), None)


def _calls(specification: str) -> Iterator[tuple[str, str, ast.Call]]:
    """Every argument of the model that is a call itself: the part it belongs to, its name, the call."""
    try:
        root = ast.parse(specification, mode="eval").body
    except (SyntaxError, ValueError):
        return
    waiting = [root] if isinstance(root, ast.Call) else []
    while waiting:
        part = waiting.pop(0)
        for argument in part.keywords:
            if argument.arg is not None and isinstance(argument.value, ast.Call):
                yield _name(part), argument.arg, argument.value
                waiting.append(argument.value)


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func)


def _is_prior(name: str) -> bool:
    return isinstance(getattr(priors, name, None), type)
