"""A second step sampled for every draw of a first step, which it leaves as it is: the cut posterior."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from bayes_lca.data.frame import is_whole
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kept_warnings import recorded, with_warnings
from bayes_lca.fitted.record import MEASUREMENT_DRAW
from bayes_lca.posterior.labels.convergence import ConvergenceWarning
from bayes_lca.posterior.labels.modes import UNCONSTRAINED
from bayes_lca.prepared import Prepared
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.settings import Sampling
from bayes_lca.sampling.tree import finish

CHAINS = 4
PROPOSALS = 1000
"""Draws of each chain that are resampled."""
LARGEST_PARETO_K = 0.7
LARGEST_ROUNDING = 1e-9


class FirstStepDraws(ABC):
    """Draws of a first step, as a second step holds them, in their order."""

    @abstractmethod
    def __len__(self) -> int:
        """How many there are: a multiple of the number of chains."""

    @abstractmethod
    def held(self, place: int) -> Mapping[str, np.ndarray]:
        """Data of the second step at one of them."""

    @abstractmethod
    def log_ratios(self, at_mean: Fit, places: Sequence[int], proposals: np.ndarray) -> np.ndarray:
        """Log-likelihood given some of them less that given their mean, shape (place, proposal).

        Parameters
        ----------
        at_mean : Fit
            Of the second step, the first at its mean.
        places : sequence of int
        proposals : ndarray of int
            Draws of the second step, chains after each other.
        """

    def beside(self, posterior: xr.Dataset, place: int) -> xr.Dataset:
        """Draws of the second step, with what they are made with."""
        return posterior


def sample_cut(
    prepared: Prepared, steps: FirstStepDraws, settings: Sampling, *, judged: Sequence[str] = ()
) -> xr.DataTree:
    """Sample the second step at the mean of the first, and resample it for each of its draws.

    Weights are Pareto-smoothed importance weights; where their shape k exceeds 0.7, NUTS samples anew.

    Parameters
    ----------
    prepared : Prepared
        The second step, the first at its mean.
    steps : FirstStepDraws
    settings : Sampling
        With four chains, whose draws a quarter of the steps divides.
    judged : sequence of str
        Variables of the first step, whose convergence was judged there.

    Returns
    -------
    xarray.DataTree
        As `fit_two_step` says.
    """
    sampler = Sampler(prepared, reusable=True)
    at_mean = sampler.sample(prepared, settings)
    fit_at_mean, draws = Fit.reading(at_mean), settings.draws
    rng, each = np.random.default_rng(settings.seed), draws // (len(steps) // CHAINS)
    chains, largest_k, divergences = [], 0.0, []
    for chain, places in enumerate(np.arange(len(steps)).reshape(CHAINS, -1)):
        resampled, pareto_k = _resample_chain(fit_at_mean, chain, steps, places, rng)
        largest_k = max(largest_k, *pareto_k)
        pieces = [resampled]
        for place in places[~(pareto_k <= LARGEST_PARETO_K)]:
            run = {"draws": max(each, 100), "chains": 1, "seed": settings.seed + 1 + len(divergences)}
            given_step = sampler.sample(prepared, replace(settings, **run, progressbar=False), steps.held(place))
            last = given_step["posterior"].to_dataset().isel(chain=0, drop=True).isel(draw=slice(-each, None))
            pieces.append(_beside(last, steps, place))
            divergences.append(int(given_step["sample_stats"]["diverging"].sum()))
        chains.append(xr.concat(pieces, "draw").assign_coords(draw=range(draws)))
    with recorded() as warned:
        if sum(divergences):
            warnings.warn(
                f"{sum(divergences)} divergent transitions in {len(divergences)} runs of NUTS at draws of the first "
                "step: raise target_accept",
                ConvergenceWarning,
                stacklevel=3,
            )
    tree, joined = at_mean.copy(), xr.concat(chains, "chain").assign_coords(chain=range(CHAINS))
    tree["posterior"] = xr.DataTree(joined.drop_vars(MEASUREMENT_DRAW))
    stats = fit_at_mean.sample_stats.drop_vars(UNCONSTRAINED, errors="ignore")
    tree["sample_stats"] = xr.DataTree(stats.assign({MEASUREMENT_DRAW: joined[MEASUREMENT_DRAW]}))
    tree.attrs = with_warnings(tree.attrs, warned) | {
        "measurement_draws": len(steps),
        "pareto_k": float(largest_k),
        "sampled_again": len(divergences),
        "model_text": prepared.model.str_repr(),
    }
    return finish(prepared, tree, judged=judged)


def check_measurement_draws(wanted: int, draws: int, available: int) -> None:
    """Refuse a number of measurement draws that does not go into the draws to be made, or exceeds those there are.

    Raises
    ------
    ValueError
    """
    if not is_whole(wanted, least=CHAINS) or wanted % CHAINS or draws % (wanted // CHAINS) or wanted > available:
        raise ValueError(
            f"measurement_draws={wanted!r}: give a multiple of {CHAINS} that divides the {CHAINS} x {draws} draws and "
            f"is at most the {available} draws of the first step"
        )


def chosen_draws(wanted: int, available: int) -> np.ndarray:
    """Positions of so many draws of a first step, spread evenly."""
    return np.linspace(0, available - 1, wanted).astype(int)


def _resample_chain(
    at_mean: Fit, chain: int, steps: FirstStepDraws, places: np.ndarray, rng: np.random.Generator
) -> tuple[xr.Dataset, np.ndarray]:
    """Draws of a chain as they would be at its steps, in its order, where weights are reliable; and every step's k."""
    from arviz_stats.base import array_stats

    pool, draws = at_mean.posterior.isel(chain=chain, drop=True), at_mean.draws_per_chain
    proposals = np.unique(np.linspace(0, draws - 1, PROPOSALS).astype(int))
    log_ratios = steps.log_ratios(at_mean, places, chain * draws + proposals)
    log_weights, pareto_k = np.zeros_like(log_ratios), np.full(len(places), -np.inf)
    if (varies := np.ptp(log_ratios, axis=1) > LARGEST_ROUNDING).any():  # equal weights have no tail to be smoothed
        log_weights[varies], pareto_k[varies] = array_stats.psislw(-log_ratios[varies], axis=-1)
    reliable = pareto_k <= LARGEST_PARETO_K
    chosen = [proposals[_resample(of_step, draws // len(places), rng)] for of_step in log_weights[reliable]]
    parts = [
        _beside(pool.isel(draw=drawn), steps, place) for drawn, place in zip(chosen, places[reliable], strict=True)
    ]
    if not parts:
        return _beside(pool.isel(draw=slice(0)), steps, places[0]), pareto_k
    return xr.concat(parts, "draw").isel(draw=np.argsort(np.ravel(chosen), kind="stable")), pareto_k


def _resample(log_weights: np.ndarray, times: int, rng: np.random.Generator) -> np.ndarray:
    """Positions drawn systematically with the weights, in their order."""
    cumulative = np.exp(log_weights - log_weights.max()).cumsum()
    points = (np.arange(times) + rng.random()) / times * cumulative[-1]
    return np.searchsorted(cumulative, points)


def _beside(posterior: xr.Dataset, steps: FirstStepDraws, place: int) -> xr.Dataset:
    """Draws of the second step beside what they are made with, and the number of their draw of the first."""
    numbers = xr.DataArray(np.full(posterior.sizes["draw"], place), dims="draw")
    return steps.beside(posterior, place).assign({MEASUREMENT_DRAW: numbers})
