"""What is asked of the sampler."""

import json
from dataclasses import dataclass
from typing import Literal

from bayes_lca.data.frame import check_whole

ASKED = "sampling_asked"
"""Attribute of draws: what was asked of the sampler, as JSON."""


@dataclass(frozen=True)
class Sampling:
    """Settings of a run of NUTS, as `fit` takes them."""

    draws: int = 1000
    tune: int | None = None
    chains: int = 4
    seed: int = 1
    target_accept: float | None = None
    cores: int | None = None
    progressbar: bool = True
    until: Literal["converged"] | None = None

    def __post_init__(self):
        check_whole(least=0, seed=self.seed)
        if self.target_accept is not None and not 0 < self.target_accept < 1:
            raise ValueError(f"target_accept={self.target_accept!r}: target_accept lies between 0 and 1, such as 0.9")
        if self.until not in ("converged", None):
            raise ValueError(f'until={self.until!r}: "converged", or None for exactly the draws that are asked for')
        check_whole(least=1, draws=self.draws, chains=self.chains)
        if self.tune is not None:
            check_whole(least=1, tune=self.tune)

    def as_json(self, backend: str) -> str:
        """What is asked of the sampler, with what computes the log density."""
        of_sampler = {name: getattr(self, name) for name in ("tune", "chains", "seed", "target_accept")}
        return json.dumps(of_sampler | {"backend": backend}, default=lambda number: number.item())
