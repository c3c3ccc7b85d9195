"""One survey of a hard regime, fitted with all defaults as a user would, and held against its truth."""

import time
import warnings
from collections.abc import Iterator

import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment
from threadpoolctl import threadpool_limits

from bayes_lca.calibration.kit.seeds import replicate_seeds
from bayes_lca.calibration.regimes.designs import SLOPE, Regime
from bayes_lca.datasets.simulate import LatentClassTruth
from bayes_lca.dims import CATEGORY, CLASS, ITEM, ITEM_PROBABILITY, TERM, group_sd
from bayes_lca.dims import SLOPE as SLOPES
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels.convergence import ConvergenceWarning, convergence
from bayes_lca.posterior.labels.modes import keep_mode
from bayes_lca.posterior.tables.class_tables import class_sizes
from bayes_lca.sampling.nuts import fit

INTERVAL = (0.025, 0.975)


def run_replicate(regime: Regime, replicate: int, *, seed: int) -> dict[str, list[dict]]:
    """Simulate a survey, fit it, and say which intervals hold the truth and what the fit warned of.

    Classes are paired with the true ones by the answers that are expected of them, so that the sum of squared
    differences is smallest. Of chains in several modes the first is taken, which holds most of the posterior.

    Parameters
    ----------
    regime : Regime
    replicate : int
        Number of the survey, from 0 on.
    seed : int
        Seed of the study.

    Returns
    -------
    dict
        ``intervals``, a row for each: ``what`` it is of, and of which ``latent_class``, counted from 1; ``truth``,
        ``estimate``, ``lower``, ``upper``. ``fits``, one row: ``alarm``, whether there was a `ConvergenceWarning`; all
        that was ``warned`` of; ``modes``, ``draws`` of each chain, ``divergences``, ``max_r_hat``, ``min_ess``,
        ``seconds`` of the processor; and the message with which the survey was ``refused``.
    """
    data_seed, sampler_seed = replicate_seeds(seed, regime.name, replicate)
    frame, truth = regime.simulate(int(data_seed.generate_state(1)[0]))
    cell = {"regime": regime.name, "replicate": replicate}
    with warnings.catch_warnings(record=True) as caught, threadpool_limits(1):
        warnings.simplefilter("always")
        try:
            regime.model.prepare(frame)
        except ValueError as refusal:
            return {"intervals": [], "fits": [cell | {"refused": str(refusal)}]}
        began = time.process_time()
        draws = fit(regime.model, frame, seed=sampler_seed, cores=1, progressbar=False)
        seconds = time.process_time() - began
    diagnosed = convergence(draws)
    modes = Fit.reading(draws).n_modes
    drawn = keep_mode(draws, 1) if modes > 1 else draws
    fitted = {
        "refused": "",
        "alarm": any(issubclass(each.category, ConvergenceWarning) for each in caught),
        "warned": " ".join(sorted({each.category.__name__ for each in caught})),
        "modes": modes,
        "draws": draws["posterior"].sizes["draw"],
        "divergences": int(draws["sample_stats"]["diverging"].sum()),
        "max_r_hat": float(diagnosed["r_hat"].max()),
        "min_ess": float(diagnosed[["ess_bulk", "ess_tail"]].min(axis=None)),
        "seconds": seconds,
    }
    return {"intervals": [cell | row for row in intervals_of(drawn, regime, truth)], "fits": [cell | fitted]}


def intervals_of(draws: xr.DataTree, regime: Regime, truth: LatentClassTruth) -> Iterator[dict]:
    """Intervals beside the truth: shares, answers given the class, contrasts of slopes, SDs of groups that differ.

    The share of a class is the mean of its probabilities given the covariates of the fit, and so is its truth. A slope
    is that of the class's log odds against the first.
    """
    posterior = draws["posterior"].to_dataset().stack(sample=("chain", "draw"))
    answers = posterior[ITEM_PROBABILITY].transpose("sample", CLASS, ITEM, CATEGORY).to_numpy()
    distance = ((answers.mean(axis=0)[:, None] - truth.item_probability) ** 2).sum(axis=(2, 3))
    order = linear_sum_assignment(distance.T)[1]  # the fitted class of each true one
    for place, row in enumerate(class_sizes(draws).iloc[order].itertuples()):
        yield _row("class share", place + 1, truth.class_share[place], row.mean, row.lower, row.upper)
    yield from _of_draws("answer", 1, answers[:, order], truth.item_probability)
    slope = posterior[SLOPES].sel({TERM: "x1"}).transpose("sample", CLASS).to_numpy()[:, order]
    yield from _of_draws("slope", 2, slope[:, 1:] - slope[:, :1], np.array(SLOPE[0]))
    if not regime.group_sd:  # no interval of numbers above 0 holds 0
        return
    spread = posterior[group_sd("group")].transpose("sample", CLASS).to_numpy()[:, order]
    yield from _of_draws("group SD", 1, spread, np.full(len(order), regime.group_sd))


def _of_draws(what: str, first_class: int, values: np.ndarray, truth: np.ndarray) -> Iterator[dict]:
    """Of values of classes from `first_class` on, shape (sample, latent_class, ...)."""
    lower, upper = np.quantile(values, INTERVAL, axis=0)
    mean = values.mean(axis=0)
    for place in np.ndindex(truth.shape):
        yield _row(what, first_class + place[0], truth[place], mean[place], lower[place], upper[place])


def _row(what: str, latent_class: int, *numbers: float) -> dict:
    named = zip(("truth", "estimate", "lower", "upper"), map(float, numbers), strict=True)
    return {"what": what, "latent_class": latent_class, **dict(named)}
