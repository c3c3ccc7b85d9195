"""What a model and its parts were given, as plain data that a file can hold and nothing has to run to read."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

import numpy as np

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
            for part in _parts_in(value):
                yield whole[KIND], field, part
                waiting.append(part)


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
    if isinstance(specification, Mapping):
        return "{" + ", ".join(f"{name!r}: {as_written(value)}" for name, value in specification.items()) + "}"
    if isinstance(specification, list):
        return f"[{', '.join(map(as_written, specification))}]"
    return repr(specification)


def _parts_in(value) -> Iterator[Mapping]:
    """Parts that a field holds: the value itself, or entries of a list or of a mapping by name."""
    if isinstance(value, Mapping) and KIND in value:
        yield value
    elif isinstance(value, Mapping | list):
        for entry in value.values() if isinstance(value, Mapping) else value:
            yield from _parts_in(entry)


def _plain(value):
    if is_dataclass(value):
        return specification_of(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return value
