"""What a frame's rows ask of a model of parts, whose own file they do not know."""

from typing import Literal, Protocol

from bayes_lca.measurement.interface import Measurement
from bayes_lca.structural.interface import Structural
from bayes_lca.structural.transition import Transition


class OfMeasurement(Protocol):
    """A model with a measurement part."""

    @property
    def measurement(self) -> Measurement:
        """What answers look like given the class."""
        ...

    @property
    def identity(self) -> dict[str, str]:
        """What the draws remember of the model."""
        ...


class OfClasses(OfMeasurement, Protocol):
    """A model of one class for each respondent."""

    @property
    def structural(self) -> Structural:
        """How likely each class is."""
        ...


class OfPaths(OfMeasurement, Protocol):
    """A model of a class at each wave."""

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        ...

    @property
    def initial(self) -> Structural:
        """How likely each class is at the first wave."""
        ...

    @property
    def transition(self) -> Transition:
        """How likely each class is after each other."""
        ...

    @property
    def measurement_over_time(self) -> Literal["equal", "free"]:
        """Whether the measurement is the same at all waves."""
        ...
