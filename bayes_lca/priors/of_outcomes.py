"""How widely a distal outcome may vary before it is seen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Widths:
    """Where the predictor of an outcome lies before it is seen, and how widely it may move.

    Attributes
    ----------
    center : float
        Expected of every class.
    location : float
        Standard deviation of the location of a class.
    slope : float
        The same of the slope per unit of a covariate: from one category to another, or the spread of a number.
    group : float
        Scale of the half-normal prior of the standard deviation between groups.
    """

    center: float
    location: float
    slope: float
    group: float
