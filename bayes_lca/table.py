"""Tables that say what they rest on: a pandas frame with a note of respondents, missing rows and draws."""

import re
from html import escape
from os import PathLike
from typing import Any

import pandas as pd

from bayes_lca.decimals import FEWEST, decimals_of
from bayes_lca.whole_file import write_whole

PRINTED = ("display.float_format", f"{{:.{FEWEST}f}}".format, "display.width", 200, "display.max_columns", 30)


NOTHING, WITHOUT_VALUE = "–", re.compile(r"<td>(NaN|None|nan|&lt;NA&gt;)</td>")
"""What stands where a table has no value, in notebooks and in Markdown."""

COLUMN_BY_COLUMN = "computed column by column from two tables: lower and upper are no interval of the result"


class SummaryTable(pd.DataFrame):
    """A pandas frame that prints a note below itself and keeps it in ``attrs["note"]``.

    Everything pandas offers works. A table made of several (``a - b``, ``pandas.concat``, ``join``) has the notes of
    all. `write` keeps the note on disk, so that a file still says what it rests on.
    """

    @property
    def _constructor(self):
        return SummaryTable

    @classmethod
    def of(cls, frame: pd.DataFrame, note: str) -> "SummaryTable":
        """A table with a note."""
        table = cls(frame)
        table.attrs["note"] = note
        return table

    @property
    def note(self) -> str:
        """What the table rests on."""
        return self.attrs.get("note", "")

    def __finalize__(self, other, method: str | None = None, **kwargs) -> "SummaryTable":
        """As pandas does, and with the notes of all tables this one is made of."""
        note = self.note
        result = super().__finalize__(other, method, **kwargs)
        for source in getattr(other, "input_objs", [other]):
            added = getattr(source, "attrs", {}).get("note", "")
            if added not in note:
                note = added if note in added else f"{note}\n{added}"
        if note:
            result.attrs["note"] = note
        return result

    def _arith_method(self, other, op):
        result = super()._arith_method(other, op)
        if isinstance(other, pd.DataFrame):
            result.attrs["note"] = f"{COLUMN_BY_COLUMN}\n{result.note}".strip()
        return result

    def __repr__(self) -> str:
        with pd.option_context(*PRINTED):
            return "\n".join(part for part in (repr(self._rounded()), self.note) if part)

    def _repr_html_(self) -> str:
        with pd.option_context(*PRINTED):
            return (
                WITHOUT_VALUE.sub(f"<td>{NOTHING}</td>", self._rounded()._repr_html_())
                + f"<p>{escape(self.note).replace('\n', '<br>')}</p>"
            )

    def _rounded(self) -> pd.DataFrame:
        """Numbers whose intervals vanish in three decimals as text with more; not in a table too long to be printed."""
        plain = pd.DataFrame(self)
        if len(plain) > (pd.get_option("display.max_rows") or len(plain)):
            return plain
        for name, decimals in decimals_of(plain).items():
            if (decimals > FEWEST).any():
                plain[name] = [f"{value:.{places}f}" for value, places in zip(plain[name], decimals, strict=True)]
        return plain

    def to_latex(self, buf: Any = None, *, escape: bool = True, **options: Any) -> str | None:
        """As pandas does, in the decimals that are printed, and with names and labels escaped by default."""
        sides = ["r" if pd.api.types.is_numeric_dtype(kind) else "l" for kind in self.dtypes]
        options.setdefault("column_format", "".join(["l"] * self.index.nlevels + sides))
        options.setdefault("float_format", f"%.{FEWEST}f")
        return self._rounded().to_latex(buf, escape=escape, **options)

    def to_markdown(self, buf: Any = None, *, mode: str = "wt", index: bool = True, **options: Any) -> str | None:
        """As a pipe table of Markdown in the decimals that are printed, which needs no further package.

        With `options`, such as ``tablefmt``, as pandas does, which takes the package tabulate.
        """
        if options:
            return super().to_markdown(buf, mode=mode, index=index, **options)
        flat = self._rounded().reset_index() if index else self._rounded()
        is_number = [pd.api.types.is_numeric_dtype(kind) for kind in flat.dtypes]
        lines = [[_cell(name) for name in flat.columns], ["--:" if number else ":--" for number in is_number]]
        lines += [[_cell(value) for value in row] for row in flat.itertuples(index=False, name=None)]
        text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        if buf is None:
            return text
        if hasattr(buf, "write"):
            buf.write(text)
        else:
            write_whole(buf, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))
        return None

    def write(self, path: str | PathLike[str]) -> None:
        """Write as CSV with the note in a last column of its first row; an older file stays until this one is whole."""
        flat = pd.DataFrame(self).reset_index()
        flat["note"] = [self.note] + [""] * (len(flat) - 1)
        write_whole(path, lambda unfinished: flat.to_csv(unfinished, index=False))


def _cell(value: Any) -> str:
    """A cell of a pipe table."""
    if isinstance(value, tuple):
        return " ".join(map(_cell, value))
    if pd.isna(value):
        return NOTHING
    text = f"{value:.{FEWEST}f}" if isinstance(value, float) else str(value)
    return " ".join(text.split()).replace("|", "\\|")


def tail_probabilities(ci_prob: float) -> list[float]:
    """Probabilities below the ends of an equal-tailed interval.

    Raises
    ------
    ValueError
        If `ci_prob` is not between 0 and 1.
    """
    if not 0 < ci_prob < 1:
        raise ValueError(f"ci_prob={ci_prob!r}: the probability of an interval lies between 0 and 1, such as 0.95")
    return [(1 - ci_prob) / 2, (1 + ci_prob) / 2]
