"""One replicate of simulation-based calibration: a truth, its data, the posterior, and where the truth ranks in it."""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from threadpoolctl import threadpool_limits

from bayes_lca.calibration.kit.seeds import replicate_seeds
from bayes_lca.calibration.ranks.designs import RankDesign
from bayes_lca.calibration.ranks.quantities import quantities
from bayes_lca.prepared import Prepared
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.settings import Sampling

MOST_ATTEMPTS = 1000
REFERENCE_SEED = 0

_compiled: dict[tuple[str, str], Sampler] = {}


@dataclass(frozen=True)
class RankSampling:
    """How each posterior is sampled.

    Attributes
    ----------
    draws, chains : int
        Of NUTS. A second chain shows whether there are modes that chains stay in.
    tune : int, optional
        Tuning steps of each chain, by default as many as `fit` takes.
    thin : int
        Every so-many-th draw enters the ranks, so that those that do are nearly independent.
    """

    draws: int = 400
    tune: int | None = None
    chains: int = 2
    thin: int = 16

    @property
    def ranked_draws(self) -> int:
        """Draws behind each rank."""
        return self.chains * (self.draws // self.thin)

    def times_as_long(self, times: int) -> "RankSampling":
        """Chains so many times as long, with as many draws behind each rank."""
        return replace(self, draws=times * self.draws, thin=times * self.thin)


def run_replicate(design: RankDesign, replicate: int, sampling: RankSampling, *, seed: int) -> dict[str, list[dict]]:
    """Draw a truth and data, sample the posterior, and rank the truth.

    Data that the package refuses, an item that all answer alike, are drawn again together with their truth. As that is
    decided by the data alone, ranks stay uniform.

    Parameters
    ----------
    design : RankDesign
    replicate : int
        Number of the replicate, from 0 on.
    sampling : RankSampling
    seed : int
        Seed of the study.

    Returns
    -------
    dict
        ``ranks`` and ``z``, a row with a number per quantity, or no row if the sampler failed. ``fits``, one row:
        data sets ``refused``, ``divergences``, smallest effective sample size ``min_ess`` and largest ``max_r_hat`` of
        any quantity, of all draws, ``seconds`` of the processor, and what ``failed``.
    """
    data_seed, sampler_seed = replicate_seeds(seed, design.name, replicate)
    truth, codes, refused = draw_usable(design, np.random.Generator(np.random.PCG64(data_seed)))
    fitted: dict[str, Any] = {"design": design.name, "replicate": replicate, "refused": refused}
    sampling = sampling.times_as_long(design.times_as_long)
    asked = sampling.draws, sampling.tune, sampling.chains, sampler_seed, design.target_accept
    settings = Sampling(*asked, cores=1, progressbar=False)
    with threadpool_limits(1):  # sums of several threads differ in the last digit with the number of threads
        sampler = compiled(design)
        start = time.process_time()
        try:
            tree = sampler.sample(_prepare(design, codes), settings)
        except RuntimeError as problem:
            return {"ranks": [], "z": [], "fits": [fitted | {"failed": str(problem)}]}
        seconds = time.process_time() - start
    drawn = quantities(design, draws_of(tree, truth), codes)
    true = quantities(design, truth, codes)
    by_chain = np.array(list(drawn.values())).reshape(len(drawn), sampling.chains, sampling.draws)
    thinned = by_chain[:, :, sampling.thin - 1 :: sampling.thin]
    ranks = {name: rank_of(true[name][0], values) for name, values in zip(drawn, thinned, strict=True)}
    z = {name: float((values.mean() - true[name][0]) / values.std(ddof=1)) for name, values in drawn.items()}
    fitted |= {
        "divergences": int(tree["sample_stats"]["diverging"].sum()),
        "min_ess": float(np.min(array_stats.ess(by_chain, chain_axis=1, draw_axis=2))),
        "max_r_hat": float(np.max(array_stats.rhat(by_chain, chain_axis=1, draw_axis=2))),
        "seconds": seconds,
        "failed": "",
    }
    return {"ranks": [ranks], "z": [z], "fits": [fitted]}


def draw_usable(design: RankDesign, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray, int]:
    """A truth, its data, and how many data sets before were refused."""
    for refused in range(MOST_ATTEMPTS):
        truth = design.stated.draw(rng)
        codes = design.simulate(truth, rng)
        if design.usable(codes):
            return truth, codes, refused
    raise ValueError(f"{design.name!r}: {MOST_ATTEMPTS} data sets in a row are none the package takes; give more rows")


def draws_of(tree: xr.DataTree, like: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Draws, chains after each other, of the parameters that a truth has."""
    draws = {}
    for name, truth in like.items():
        values = tree["posterior"][name].transpose("chain", "draw", ...)
        flat = np.nan_to_num(values.to_numpy()).reshape(-1, *values.shape[2:])
        if flat.shape[1:] != truth.shape[1:]:
            raise ValueError(f"{name!r} has shape {flat.shape[1:]} in the draws and {truth.shape[1:]} as stated")
        draws[name] = flat
    return draws


def compiled(design: RankDesign) -> Sampler:
    """The compiled sampler of a design, kept for the life of the process."""
    key = (design.name, repr(design.sampled or design.model))
    if key not in _compiled:
        _, codes, _ = draw_usable(design, np.random.Generator(np.random.PCG64(REFERENCE_SEED)))
        _compiled[key] = Sampler(_prepare(design, codes), reusable=True)
    return _compiled[key]


def _prepare(design: RankDesign, codes: np.ndarray) -> Prepared:
    """The model of a data set, of a shape that does not depend on what was drawn; distinct rows of answers would."""
    return (design.sampled or design.model).prepare(design.frame(codes), collapse=not design.hidden)


def rank_of(truth: float, draws: np.ndarray) -> int:
    """Number of draws below the truth: 0 to L for L draws.

    Examples
    --------
    >>> rank_of(0.5, np.array([0.1, 0.4, 0.9]))
    2
    """
    return int((draws < truth).sum())
