"""A figure that a program printed, ours, and what is to be said of their difference."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Self

HALF, STOPPED = 0.5, 0.1
"""Of a unit of the last printed digit: for rounding, and for where iterations stop."""

PRINT, BAND, DIFFERS = "print", "band", "differs"
"""Agrees to the print; within what a stated criterion of convergence explains; neither."""

WHY = {
    "stopped early": "their log-likelihood is less than .02 below the maximum that we reach: theirs had not arrived",
    "local maximum": "their log-likelihood is below the maximum that we reach: theirs is a local one",
    "no maximum": (
        "profiles whose variances differ by class: the likelihood has no bound, and both programs print a local maximum"
    ),
    "boundary": (
        "a probability of 0 or 1: the likelihood is flat there, they stop at some large logit or fix it at 15, and "
        "standard errors of what depends on it are those of the place"
    ),
    "cells left out": (
        "chi-squared: they leave out answers that fewer than .01 of the respondents who lack the same answers are "
        "expected to give; without these ours is theirs"
    ),
    "table of answers": (
        "chi-squared with missing answers: they estimate the table without a model to a change of 1e-4 only, and leave "
        "rare answers out"
    ),
    "likelihood ratio test": (
        "mean, deviation and p-value of TECH11 of models at a boundary, or whose smaller model ended elsewhere"
    ),
    "ties": "respondents whose two likeliest classes are equally likely are counted in either",
    "ours is lower": "their log-likelihood is above the maximum that we reach: we have missed it",
    "open": "not explained",
}
"""Explanations of differences by their names."""


@dataclass(frozen=True)
class Figure:
    """One quantity.

    Attributes
    ----------
    kind : str
        What it is a figure of, such as ``threshold`` or ``standard error of a threshold``.
    quantity : str
        Which of its kind.
    theirs : str
        As it was printed.
    ours : float
    allowed : float
        Largest difference that is explained beside rounding, 0 where none is.
    because : str
        By what.
    why : str
        Where it differs, the name of an explanation, one of `WHY`.
    """

    kind: str
    quantity: str
    theirs: str
    ours: float
    allowed: float = 0.0
    because: str = ""
    why: str = ""

    @property
    def unit(self) -> float:
        """Of the last printed digit."""
        return 10.0 ** -len(self.theirs.partition(".")[2])

    @property
    def difference(self) -> float:
        """Ours less theirs."""
        return self.ours - float(self.theirs)

    @property
    def verdict(self) -> str:
        """``print``, ``band`` or ``differs``."""
        away = abs(self.difference)
        if away <= (HALF + STOPPED) * self.unit:
            return PRINT
        return BAND if away <= HALF * self.unit + self.allowed else DIFFERS

    def as_dict(self) -> dict:
        """For a file."""
        return asdict(self)

    @classmethod
    def of(cls, stored: dict) -> Self:
        """From a file."""
        return cls(**stored)


def explained(figures: Iterable[Figure], explanation: Callable[[Figure], str]) -> Iterator[Figure]:
    """Figures, those that differ with their explanation."""
    for figure in figures:
        yield replace(figure, why=explanation(figure)) if figure.verdict == DIFFERS else figure
