"""What a model and its parts were given, as plain data that a file can hold and nothing has to run to read."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

KIND = "kind"


def specification_of(part) -> dict:
    """A model, a part or a prior as a dictionary of plain values: its class under ``"kind"``, then its fields.

    Fields that are not part of the representation, such as arrays of known probabilities, are data and left out.

    Examples
    --------
    >>> from bayes_lca.priors import Dirichlet
    >>> specification_of(Dirichlet(a=2.0))
    {'kind': 'Dirichlet', 'a': 2.0}
    """
    return {KIND: type(part).__name__} | {
        each.name: _plain(getattr(part, each.name)) for each in fields(part) if each.repr
    }


def parts_of(specification: Mapping) -> Iterator[tuple[str, str, Mapping]]:
    """Every part within a specification, outer ones first: kind of the whole, field, specification of the part.

    Examples
    --------
    >>> shares = {"kind": "Shares", "share": {"kind": "Dirichlet", "a": 1.0}}
    >>> list(parts_of(shares))
    [('Shares', 'share', {'kind': 'Dirichlet', 'a': 1.0})]
    """
    waiting = [specification]
    while waiting:
        whole = waiting.pop(0)
        for field, value in whole.items():
            if isinstance(value, Mapping) and KIND in value:
                yield whole[KIND], field, value
                waiting.append(value)


def as_written(specification) -> str:
    """The specification as the expression that makes it.

    Examples
    --------
    >>> as_written({"kind": "Shares", "share": {"kind": "Dirichlet", "a": 1.0}})
    'Shares(share=Dirichlet(a=1.0))'
    """
    if isinstance(specification, Mapping) and KIND in specification:
        arguments = (f"{field}={as_written(value)}" for field, value in specification.items() if field != KIND)
        return f"{specification[KIND]}({', '.join(arguments)})"
    return repr(specification)


def _plain(value):
    if is_dataclass(value):
        return specification_of(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return value
