"""Whether chains agree: one rule of R-hat and effective draws, for draws of every sampler."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_lca.fitted.chain_diagnostics import chain_diagnostics, effective_draws_of_mean, split_r_hat
from bayes_lca.posterior.labels.chance import effective_draws, r_hat_by_chance

LARGEST_R_HAT = 1.01
"""Chains that disagree by less agree for practical purposes, whatever chance says."""
SMALLEST_ESS = 400


@dataclass(frozen=True)
class Agreement:
    """How well chains agree on some quantities.

    Attributes
    ----------
    r_hat, ess : float
        The worst of all quantities that vary; not a number where none does.
    by_chance : bool
        Whether every R-hat is one that agreeing chains show, at most `LARGEST_R_HAT` or explained by chance.
    """

    r_hat: float
    ess: float
    by_chance: bool

    @property
    def holds(self) -> bool:
        """Whether the draws can be trusted as far as these quantities show."""
        return self.by_chance and not self.ess < SMALLEST_ESS


def agreement(quantities: xr.Dataset, *, ranked: bool = True) -> Agreement:
    """The worst of some quantities of dims (chain, draw), by their ranks or, where few numbers occur, as they are."""
    every = [values.transpose("chain", "draw").to_numpy() for values in quantities.data_vars.values()]
    varied = np.array([values for values in every if np.ptp(values) > 0], dtype=float)
    if not len(varied):
        return Agreement(np.nan, np.nan, by_chance=True)
    if ranked:
        r_hats, effective, _ = chain_diagnostics(varied)
    else:
        r_hats, effective = split_r_hat(varied), effective_draws_of_mean(varied)
    beyond = np.flatnonzero(~(r_hats <= LARGEST_R_HAT))
    limits = [r_hat_by_chance(each, varied.shape[1], len(varied)) for each in effective_draws(varied[beyond])]
    return Agreement(
        r_hat=float(r_hats.max()), ess=float(effective.min()), by_chance=bool((r_hats[beyond] <= limits).all())
    )
