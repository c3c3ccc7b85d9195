"""How far figures of Mplus may be from ours beside rounding, by what its criteria of convergence explain."""

SHARE_OF_ERROR = 0.005
EARLY = "Mplus stops where its derivatives fall below a limit, within half a percent of a standard error"
OF_ITSELF = 0.001
FLAT = "a thousandth of itself: standard errors are of the place where each program stops"
FIRST_ORDER = 2e-5
MOVES = "a fifty-thousandth of itself: Pearson's statistic is not flat where the likelihood is"
OF_HEIGHT = 1e-7
STOPS = "Mplus stops where the log-likelihood gains less than a ten-millionth of itself; criteria have twice that"
SAME_MAXIMUM, STILL_CLIMBING = 0.002, 0.02
"""Differences of log-likelihoods up to which two programs are at one maximum, or one of them on its way there."""
FAR = 8.0
"""Logit from which on a probability is at its boundary or close to it."""
CRITERIA = ("AIC", "BIC", "aBIC")
"""That every output has."""


def of_height(log_likelihood: str) -> float:
    """How far below its maximum a log-likelihood may be printed."""
    return OF_HEIGHT * abs(float(log_likelihood))
