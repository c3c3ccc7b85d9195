"""One quantity beside that of another program or publication, and how far apart the two may be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PRINTED = "0.6 of a unit of the last printed digit: half for rounding, a tenth for where iterations stop"


@dataclass(frozen=True)
class Row:
    """A quantity of theirs, ours, and the largest difference allowed, with its reason; what was printed, if it was."""

    quantity: str
    theirs: float
    ours: float
    tolerance: float
    reason: str
    text: str | None = None

    @property
    def difference(self) -> float:
        return self.ours - self.theirs

    @property
    def passes(self) -> bool:
        """Whether the difference is a number within the tolerance."""
        return abs(self.difference) <= self.tolerance


@dataclass(frozen=True)
class Source:
    """Where quantities of theirs come from.

    `packages` have to be installed to compute them; a slow source takes longer than a default test may. Data in a
    `folder` beside the project, such as ``shared/reference/peers``, are read where they lie and not kept here.
    """

    name: str
    citation: str
    rows: Callable[[], Sequence[Row]]
    packages: tuple[str, ...] = ()
    slow: bool = False
    folder: str = ""

    @property
    def is_absent(self) -> bool:
        """Whether its data are not beside the project."""
        return bool(self.folder) and beside_project(self.folder) is None

    @property
    def missing(self) -> list[str]:
        """Packages it needs that are not installed."""
        return [name for name in self.packages if find_spec(name) is None]


def beside_project(folder: str) -> Path | None:
    """A folder beside one of those that the project lies in, or None."""
    return next((path for parent in Path(__file__).parents if (path := parent / folder).is_dir()), None)


def printed(quantity: str, figure: str | dict, ours: float) -> Row:
    """A row whose quantity of theirs was printed with so many digits.

    A figure that is further off than its digits say is kept as ``printed``, ``within`` and ``because``.
    """
    if isinstance(figure, dict):
        text = figure["printed"]
        return Row(quantity, float(text), float(ours), figure["within"], figure["because"], text)
    digits = len(figure.partition(".")[2])
    return Row(quantity, float(figure), float(ours), 0.6 * 10.0**-digits, PRINTED, figure)
