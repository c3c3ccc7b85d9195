"""What is left of distinct rows once all that is hidden is summed out."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class SummedOut:
    """Distinct rows with all that is hidden summed out, in some draws.

    Attributes
    ----------
    log_likelihood : ndarray, shape (draw, unit)
        Of each unit of the likelihood: of one respondent with each row, or of a group.
    membership : ndarray, shape (draw, pattern, latent_class)
        Probability of each class given what was seen of a row.
    class_share : ndarray, shape (draw, latent_class)
        Share of each class among the respondents with these rows.
    """

    log_likelihood: np.ndarray
    membership: np.ndarray
    class_share: np.ndarray
