"""The draws of a fit: parameters, statistics of the sampler, chains and their modes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from bayes_lca.fitted.axes import flat
from bayes_lca.fitted.hidden_of_respondent import HiddenOfRespondent
from bayes_lca.fitted.kinds import AnswersGivenClass, ClassGivenCovariates, Kind
from bayes_lca.fitted.record import MEASUREMENT_DRAW
from bayes_lca.fitted.respondents import DATA_SET_OF_CHAIN

CHAIN_MODES = "chain_modes"
"""Attribute with the mode of each chain that was sampled, by its number."""
DRAWS_AT_ONCE = 250
NUMBERS_AT_ONCE = 2_000_000
"""Draws x rows x classes held in memory at a time."""
NUMBERS_NEARBY = 2**18
"""Draws x rows x classes that are summed out at a time."""
NUMBERS_KEPT, FEWEST_KEPT = 2**25, 100
"""Memberships kept in single precision, 128 MiB, but for so many draws at the least."""


def draws_kept(n_draws: int, numbers: int) -> np.ndarray:
    """Positions of draws spread evenly, as many as memberships are kept of, with so many numbers in each draw."""
    n_kept = min(n_draws, max(FEWEST_KEPT, NUMBERS_KEPT // numbers))
    return np.linspace(0, n_draws - 1, n_kept).astype(int)


@dataclass(frozen=True, eq=False)
class FittedDraws:
    """What a `Fit` knows of its draws."""

    tree: xr.DataTree
    kind: Kind
    answers: AnswersGivenClass
    structural: ClassGivenCovariates
    hidden: HiddenOfRespondent
    _kept: dict[str | tuple, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def posterior(self) -> xr.Dataset:
        """Draws of the parameters."""
        return self.tree["posterior"].to_dataset()

    @cached_property
    def sample_stats(self) -> xr.Dataset:
        """Statistics of the sampler."""
        return self.tree["sample_stats"].to_dataset()

    @cached_property
    def measurement_draw(self) -> np.ndarray | None:
        """Draw of the first step behind each draw of a two-step fit, shape (chain, draw); None for other fits."""
        if "sample_stats" not in self.tree.children or MEASUREMENT_DRAW not in self.sample_stats:
            return None
        return self.sample_stats[MEASUREMENT_DRAW].transpose("chain", "draw").to_numpy()

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """Attributes of the tree."""
        return self.tree.attrs

    @property
    def created_at(self) -> str:
        """When the draws were made, in ISO 8601; empty where nobody wrote it down."""
        return str(self.posterior.attrs.get("created_at", ""))

    @property
    def n_chains(self) -> int:
        """Number of chains."""
        return self.posterior.sizes["chain"]

    @property
    def draws_per_chain(self) -> int:
        """Draws of each chain."""
        return self.posterior.sizes["draw"]

    @property
    def n_draws(self) -> int:
        """Draws of all chains."""
        return self.n_chains * self.draws_per_chain

    @cached_property
    def chain_coords(self) -> dict[str, xr.DataArray]:
        """Names along the axes of chains and draws."""
        return {"chain": self.posterior["chain"], "draw": self.posterior["draw"]}

    def once(self, name: str | tuple, compute: Callable[[], Any]):
        """What `compute` gives, computed when it is first asked for under this name."""
        if name not in self._kept:
            self._kept[name] = compute()
        return self._kept[name]

    flat = staticmethod(flat)

    def parameter(self, name: str, *dims: str) -> np.ndarray:
        """Draws of a parameter, chains after each other on the first axis, `dims` behind it."""
        return self.once(("parameter", name, dims), lambda: flat(self.posterior[name], *dims))

    def by_chain(self, values: np.ndarray) -> np.ndarray:
        """Values of shape (draw, ...), chains after each other, as (chain, draw, ...)."""
        return values.reshape(self.n_chains, self.draws_per_chain, *values.shape[1:])

    @cached_property
    def data_set_of_chain(self) -> np.ndarray | None:
        """Completed data set of each chain, from 0 on, shape (chain,); None where there is one data set for all."""
        if DATA_SET_OF_CHAIN not in self.attributes:
            return None
        return np.array(json.loads(self.attributes[DATA_SET_OF_CHAIN]))[self.posterior["chain"].to_numpy()]

    @property
    def n_modes(self) -> int:
        """Modes that these chains stayed in."""
        if CHAIN_MODES not in self.attributes:
            return self.attributes.get("n_modes", 1)
        return len(np.unique(self.mode_of_chain))

    @cached_property
    def mode_of_chain(self) -> np.ndarray:
        """Mode of each chain, from 0 on, shape (chain,).

        Raises
        ------
        ValueError
            If chains share a name, as they do where two fits were joined, or have other names than when they were made.
        """
        chains = self.posterior["chain"].to_numpy().tolist()
        modes = json.loads(self.attributes.get(CHAIN_MODES, json.dumps([0] * (max(chains) + 1))))
        if len(set(chains)) < len(chains) or not set(chains) <= set(range(len(modes))):
            raise ValueError(
                f"the chains are named {chains}, and this fit has chains 0 to {len(modes) - 1}, each once; where two "
                "fits were joined their classes need not be the same: fit again with more chains"
            )
        return np.array([modes[chain] for chain in chains])
