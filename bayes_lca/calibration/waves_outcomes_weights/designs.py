"""What is asked of a design, and those of the study."""

from typing import Any, Protocol

import numpy as np
import pandas as pd

from bayes_lca.calibration.waves_outcomes_weights.analyses import Analyses
from bayes_lca.calibration.waves_outcomes_weights.outcomes import OutcomesDesign
from bayes_lca.calibration.waves_outcomes_weights.waves import WavesDesign
from bayes_lca.calibration.waves_outcomes_weights.weights import WeightsDesign


class Design(Protocol):
    """A kind of data with what is known of it, and its analyses."""

    @property
    def name(self) -> str:
        """Goes into the seeds."""
        ...

    @property
    def replicates(self) -> int:
        """Data sets."""
        ...

    @property
    def gated(self) -> tuple[str, ...]:
        """Estimators that are held to the gates; what others do is shown."""
        ...

    @property
    def largest_bias(self) -> dict[str, float]:
        """Largest mean error by quantity."""
        ...

    @property
    def largest_relative_bias(self) -> dict[str, float]:
        """Largest mean error by quantity, in the mean size of its truth."""
        ...

    def simulate(self, rng: np.random.Generator) -> tuple[pd.DataFrame, Any]:
        """A data set, and the truth of it."""
        ...

    def analyse(self, analyses: Analyses, frame: pd.DataFrame, truth: Any, seed: int) -> None:
        """Add all analyses of a data set."""
        ...


DESIGNS: tuple[Design, ...] = (
    WavesDesign(),
    OutcomesDesign("outcomes, entropy .46", own=0.564, bias=0.07),
    OutcomesDesign("outcomes, entropy .71", own=0.658, bias=0.03),
    WeightsDesign(),
)
"""The study, in the order of its table."""
