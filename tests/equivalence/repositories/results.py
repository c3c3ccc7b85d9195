"""Figures of units in a folder, each file written whole, so that an interrupted run goes on where it stopped."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from bayes_lca.whole_file import write_text_whole
from equivalence.repositories.figure import Figure


@dataclass(frozen=True, eq=False)
class Result:
    """Figures of a unit, with what they were computed from.

    Attributes
    ----------
    source, name : str
        Of the unit.
    fingerprint : str
        Of everything that the figures depend on.
    version : str
        Of the package.
    outputs : list of str
        Repository, path and SHA-256 of each output.
    figures : list of Figure
    seconds : float
    """

    source: str
    name: str
    fingerprint: str
    version: str
    outputs: list[str]
    figures: list[Figure] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Results:
    """A folder of results, a file for each unit; nothing is computed where it is frozen."""

    folder: Path
    frozen: bool = False

    def stored(self, unit: str, fingerprint: str) -> Result | None:
        """The result of a unit, if it is there and of this fingerprint."""
        try:
            kept = json.loads((self.folder / f"{unit}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        if kept["fingerprint"] != fingerprint:
            return None
        return Result(**kept | {"figures": [Figure.of(figure) for figure in kept["figures"]]})

    def compute(self, unit: str, empty: Result, figures: Callable[[], list[Figure]]) -> tuple[Result, bool]:
        """The stored result of the fingerprint that `empty` has, or a new one, stored; and whether it is new."""
        if (kept := self.stored(unit, empty.fingerprint)) is not None:
            return kept, False
        if self.frozen:
            return empty, False
        start = time.perf_counter()
        found = figures()
        result = replace(empty, figures=found, seconds=round(time.perf_counter() - start, 2))
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text_whole(self.folder / f"{unit}.json", json.dumps(asdict(result)))
        return result, True
