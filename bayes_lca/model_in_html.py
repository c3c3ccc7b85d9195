"""A model as a notebook shows it: what it is in a line, then its parts with what each was given."""

from collections.abc import Iterator, Mapping
from html import escape

from bayes_lca.specification import KIND, as_written, specification_of

MOST_NAMES = 12
"""Names of a list that are shown."""


class ShownInNotebooks:
    """A dataclass of parts that a notebook shows as `model_in_html`."""

    def _repr_html_(self) -> str:
        return model_in_html(specification_of(self))


def model_in_html(specification: Mapping) -> str:
    """Kind and numbers of a model, and a table of its parts.

    Parameters
    ----------
    specification : mapping
        From `specification_of`.

    Examples
    --------
    >>> shares = {"kind": "Shares", "share": {"kind": "Dirichlet", "a": 1.0}}
    >>> model_in_html({"kind": "LatentClass", "n_classes": 3, "structural": shares})[:51]
    '<p><strong>LatentClass: 3 classes</strong></p><tabl'
    """
    parts = {name: value for name, value in specification.items() if _is_part(value)}
    plain = {name: value for name, value in specification.items() if name != KIND and name not in parts}
    said = ", ".join(_setting(name, value) for name, value in plain.items() if _says_something(value))
    head = f"{specification[KIND]}: {said}" if said else str(specification[KIND])
    rows = "".join(_rows_of_part(name, part) for name, part in parts.items())
    return f"<p><strong>{escape(head)}</strong></p><table><tbody>{rows}</tbody></table>"


def _setting(name: str, value) -> str:
    if name == "n_classes":
        return "1 class" if value == 1 else f"{value} classes"
    return f"{name.replace('_', ' ')} {_shown(value)}"


def _is_part(value) -> bool:
    return isinstance(value, Mapping) and KIND in value


def _says_something(value) -> bool:
    return value is not None and value is not False and value not in ({}, [], "")


def _rows_of_part(name: str, part: Mapping) -> str:
    cells = list(_settings_of(part))
    first = f'<th rowspan="{max(len(cells), 1)}">{escape(name)}<br>{escape(str(part[KIND]))}</th>'
    rows = [f"<td>{escape(field)}</td><td style='text-align: left'>{escape(value)}</td>" for field, value in cells]
    return "".join(f"<tr>{first if place == 0 else ''}{row}</tr>" for place, row in enumerate(rows or ["<td></td>"]))


def _settings_of(part: Mapping) -> Iterator[tuple[str, str]]:
    for field, value in part.items():
        if field != KIND and _says_something(value):
            yield field, _shown(value)


def _shown(value) -> str:
    if _is_part(value):
        settings = (
            f"{field}={_shown(each)}" for field, each in value.items() if field != KIND and _says_something(each)
        )
        return f"{value[KIND]}({', '.join(settings)})"
    if isinstance(value, list) and any(map(_is_part, value)):
        return ", ".join(map(_shown, value))
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        rest = f", ... ({len(value) - MOST_NAMES} more)" if len(value) > MOST_NAMES else ""
        return ", ".join(map(str, value[:MOST_NAMES])) + rest
    return value if isinstance(value, str) else as_written(value)
