"""A table as LaTeX: a tabular with the rules of booktabs, its note below."""

from collections.abc import Sequence

from bayes_lca.reporting.writing.cells import MINUS, NOTHING, Column, Display
from bayes_lca.reporting.writing.letters import NOT_PRINTABLE

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "\n": " ",
    "\r": " ",
    "\t": " ",
    MINUS: "$-$",
    NOTHING: "--",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "×": r"$\times$",
    "∞": r"$\infty$",
}


def escape_latex(text: str) -> str:
    r"""Text that LaTeX prints as it is; brackets and stars too, which after ``\\`` would be its arguments."""
    return "".join(SPECIAL.get(letter, letter) for letter in NOT_PRINTABLE.sub(" ", text))


def latex_table(display: Display, caption: str, note: str) -> str:
    r"""A ``tabular`` for ``\input``, inside a ``table`` of the author's; its text is Unicode."""
    columns = [*display.names, *display.values]
    alignment = "".join("r" if column.is_number else "l" for column in columns)
    body, previous = [], ()
    for row in range(display.n_rows):
        path = tuple(column.cells[row] for column in display.names)
        if row and len(path) > 1 and path[0] != previous[0]:
            body.append(r"\addlinespace")
        values = [escape_latex(column.cells[row]) for column in display.values]
        body.append(_row([*_once(path, previous), *values]))
        previous = path
    lines = [
        f"% {' '.join(NOT_PRINTABLE.sub(' ', caption).split())}",
        r"% \usepackage{booktabs}; with pdfLaTeX also \usepackage[T1]{fontenc}",
        rf"\begin{{tabular}}{{@{{}}{alignment}@{{}}}}",
        r"\toprule",
        _row([_head(column) for column in columns]),
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if note:
        lines.append(rf"\par\smallskip\parbox{{\linewidth}}{{\footnotesize {escape_latex(note)}}}")
    return "\n".join([*lines, ""])


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _head(column: Column) -> str:
    label = escape_latex(column.label)
    return rf"\multicolumn{{1}}{{r}}{{{label}}}" if column.is_number else label


def _once(path: tuple[str, ...], previous: tuple[str, ...]) -> list[str]:
    """Names of a row, but for the outer ones that the row before has too."""
    cells = []
    for level, name in enumerate(path):
        repeats = level < len(path) - 1 and path[: level + 1] == previous[: level + 1]
        cells.append("" if repeats else escape_latex(name))
    return cells
