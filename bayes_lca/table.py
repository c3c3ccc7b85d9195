"""Tables that say what they rest on: a pandas frame with a note of respondents, missing rows and draws."""

import pandas as pd

from bayes_lca.whole_file import write_whole

PRINTED = ("display.float_format", "{:.3f}".format, "display.width", 200, "display.max_columns", 30)


class SummaryTable(pd.DataFrame):
    """A pandas frame that prints a note below itself and keeps it in ``attrs["note"]``.

    Everything pandas offers works. `write` keeps the note on disk, so that a file still says what it rests on.
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

    def __repr__(self) -> str:
        with pd.option_context(*PRINTED):
            return "\n".join(part for part in (super().__repr__(), self.note) if part)

    def _repr_html_(self) -> str:
        with pd.option_context(*PRINTED):
            return super()._repr_html_() + f"<p>{self.note}</p>"

    def write(self, path) -> None:
        """Write as CSV with the note in a last column of its first row; an older file stays until this one is whole."""
        flat = pd.DataFrame(self).reset_index()
        flat["note"] = [self.note] + [""] * (len(flat) - 1)
        write_whole(path, lambda unfinished: flat.to_csv(unfinished, index=False))


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
