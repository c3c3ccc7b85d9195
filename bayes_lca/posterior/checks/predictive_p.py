"""Posterior predictive p-values: how often replicated data depart as far as the observed."""

import numpy as np


def posterior_predictive_p(realised: np.ndarray, replicated: np.ndarray) -> float:
    """Share of data sets, replicated and observed, that depart at least as far as the observed; shape (draw,) each."""
    return float((1 + (replicated >= realised).sum()) / (1 + len(realised)))
