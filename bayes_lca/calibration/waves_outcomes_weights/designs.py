"""The designs of the study."""

from bayes_lca.calibration.waves_outcomes_weights.design import Design
from bayes_lca.calibration.waves_outcomes_weights.outcomes import OutcomesDesign
from bayes_lca.calibration.waves_outcomes_weights.waves import WavesDesign
from bayes_lca.calibration.waves_outcomes_weights.weights import WeightsDesign

DESIGNS: tuple[Design, ...] = (
    WavesDesign(),
    OutcomesDesign("outcomes, entropy .46", own=0.564, bias=0.07),
    OutcomesDesign("outcomes, entropy .71", own=0.658, bias=0.03),
    WeightsDesign(),
)
"""In the order of the table."""
