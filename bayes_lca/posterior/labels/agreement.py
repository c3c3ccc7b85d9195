"""Whether chains agree: one rule of R-hat and effective draws, for draws of every sampler."""

from dataclasses import dataclass

import arviz_stats
import numpy as np
import xarray as xr

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


def agreement(quantities: xr.Dataset, *, method: str = "rank", ess: str = "bulk") -> Agreement:
    """The worst of some quantities of dims (chain, draw); `method` of R-hat and `ess` are those of ArviZ."""
    every = [values for values in quantities.data_vars.values() if np.ptp(values.to_numpy()) > 0]
    if not every:
        return Agreement(np.nan, np.nan, by_chance=True)
    with np.errstate(divide="ignore"):  # infinite where chains stand still in different places
        r_hats = [float(arviz_stats.rhat(values, method=method)) for values in every]
    return Agreement(
        r_hat=max(r_hats),
        ess=min(float(arviz_stats.ess(values, method=ess)) for values in every),
        by_chance=all(
            r_hat <= LARGEST_R_HAT or r_hat <= _chance_limit(values, len(every))
            for r_hat, values in zip(r_hats, every, strict=True)
        ),
    )


def _chance_limit(values: xr.DataArray, n_quantities: int) -> float:
    chains = values.transpose("chain", "draw").to_numpy()
    return r_hat_by_chance(effective_draws(chains), len(chains), n_quantities)
