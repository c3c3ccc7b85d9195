"""One quantity beside that of another program or publication, and how far apart the two may be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PEERS = next(
    (path for parent in Path(__file__).parents if (path := parent / "shared" / "reference" / "peers").is_dir()), None
)
"""Data and figures of others that lie beside the project and are no part of it."""

PRINTED = "0.6 of a unit of the last printed digit: half for rounding, a tenth for where iterations stop"


@dataclass(frozen=True)
class Row:
    """A quantity of theirs, ours, and the largest difference allowed, with its reason."""

    quantity: str
    theirs: float
    ours: float
    tolerance: float
    reason: str

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

    `packages` have to be installed to compute them; a slow source takes longer than a default test may; one that needs
    `PEERS` is left out where that folder is absent.
    """

    name: str
    citation: str
    rows: Callable[[], Sequence[Row]]
    packages: tuple[str, ...] = ()
    slow: bool = False
    needs_peers: bool = False

    @property
    def missing(self) -> list[str]:
        """Packages it needs that are not installed."""
        return [name for name in self.packages if find_spec(name) is None]

    @property
    def absent(self) -> str:
        """Why it cannot be compared here although all packages are there; empty where it can."""
        return "shared/reference/peers is not beside the project" if self.needs_peers and PEERS is None else ""


def printed(quantity: str, figure: str | dict, ours: float) -> Row:
    """A row whose quantity of theirs was printed with so many digits.

    A figure that is further off than its digits say is kept as ``printed``, ``within`` and ``because``.
    """
    if isinstance(figure, dict):
        return Row(quantity, float(figure["printed"]), float(ours), figure["within"], figure["because"])
    digits = len(figure.partition(".")[2])
    return Row(quantity, float(figure), float(ours), 0.6 * 10.0**-digits, PRINTED)
