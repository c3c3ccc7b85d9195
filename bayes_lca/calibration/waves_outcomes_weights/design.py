"""What is asked of a design of the study."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from bayes_lca.calibration.waves_outcomes_weights.analyses import Analyses


class Design(ABC):
    """A kind of data whose truth is known, and its analyses.

    Attributes
    ----------
    gated : tuple of str
        Estimators that are held to the gates; what others do is shown.
    probabilities : tuple of str
        Quantities that cannot be 0, so that an interval without 0 finds nothing.
    name : str
        Goes into the seeds.
    replicates : int
        Data sets.
    """

    gated: ClassVar[tuple[str, ...]]
    probabilities: ClassVar[tuple[str, ...]] = ()
    name: str
    replicates: int

    @property
    def largest_bias(self) -> Mapping[str, float]:
        """Largest mean error by quantity, where there is a limit."""
        return {}

    @property
    def largest_relative_bias(self) -> Mapping[str, float]:
        """Largest mean error by quantity, in the mean size of its truth."""
        return {}

    @abstractmethod
    def simulate(self, rng: np.random.Generator) -> tuple[pd.DataFrame, Any]:
        """A data set, and the truth of it."""

    @abstractmethod
    def analyse(self, analyses: Analyses, frame: pd.DataFrame, truth: Any, seed: int) -> None:
        """Add all analyses of a data set."""
