"""A table as HTML: thin rules, numbers at the right, names of rows written once."""

import html
from collections.abc import Sequence
from itertools import groupby

from bayes_lca.reporting.writing.cells import Column, Display
from bayes_lca.reporting.writing.letters import printable

SHORT = 20
"""Letters up to which a text is not broken into lines."""

MOST_ROWS_TOGETHER = 24
"""Rows up to which a table stays on one sheet of paper."""


def escape(text: str) -> str:
    """Text that a page shows as it is, inside an element or an attribute."""
    return html.escape(printable(text))


def html_table(display: Display, caption: str, note: str) -> str:
    """A table with its caption above and its note below."""
    columns = [*display.names, *display.values]
    head = "".join(f'<th scope="col"{_class(column)}>{escape(column.label)}</th>' for column in columns)
    headers = _row_headers(display.names)
    body = []
    for row in range(display.n_rows):
        cells = "".join(f"<td{_class(column)}>{escape(column.cells[row])}</td>" for column in display.values)
        first_of_group = len(display.names) > 1 and headers[row].count("<th") == len(display.names)
        body.append(f"<tr{' class="first"' if first_of_group else ''}>{headers[row]}{cells}</tr>")
    whole = ' class="whole"' if display.n_rows <= MOST_ROWS_TOGETHER else ""
    below = f'<p class="note">{escape(note)}</p>' if note else ""
    return (
        f'<div{whole}><div class="table" tabindex="0"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>{below}</div>"
    )


def _class(column: Column) -> str:
    if column.is_number:
        return ' class="number"'
    return ' class="short"' if max(map(len, column.cells), default=0) <= SHORT else ""


def _row_headers(names: Sequence[Column]) -> list[str]:
    """Header cells of each row; equal names of the outer levels span their rows."""
    n_rows = len(names[0].cells)
    parts = [""] * n_rows
    for level in range(len(names)):
        paths = [tuple(column.cells[row] for column in names[: level + 1]) for row in range(n_rows)]
        innermost = level == len(names) - 1
        start = 0
        for _, same in groupby(range(n_rows), key=(lambda row: row) if innermost else paths.__getitem__):
            n = len(list(same))
            span = f' rowspan="{n}"' if n > 1 else ""
            parts[start] += f'<th scope="row"{_class(names[level])}{span}>{escape(names[level].cells[start])}</th>'
            start += n
    return parts
