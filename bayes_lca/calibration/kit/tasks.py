"""Replicates of designs that take turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Design(Protocol):
    """What is asked of a design."""

    @property
    def name(self) -> str:
        """What its files are named after."""
        ...

    @property
    def replicates(self) -> int:
        """How many there are to be."""
        ...


@dataclass(frozen=True)
class Task[D: Design]:
    """A replicate to be done."""

    design: D
    replicate: int

    @property
    def file_name(self) -> str:
        """Name of its file."""
        return f"{self.design.name.replace(', ', '-').replace(' ', '-')}_{self.replicate:04d}.json"


def by_turns[D: Design](designs: Sequence[D]) -> list[Task[D]]:
    """All replicates; designs take turns, so that what is there after an interruption is a smaller study."""
    return [
        Task(design, replicate)
        for replicate in range(max(design.replicates for design in designs))
        for design in designs
        if replicate < design.replicates
    ]
