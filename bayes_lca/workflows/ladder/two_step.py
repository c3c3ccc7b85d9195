"""Two-step estimation with the uncertainty of the first step carried through."""

import warnings
from dataclasses import replace
from itertools import batched
from typing import Literal

import numpy as np
import xarray as xr

from bayes_lca.data.category_axis import on_axis
from bayes_lca.data.frame import is_whole
from bayes_lca.dims import CATEGORY, CLASS, CLASS_SHARE, ITEM, ITEM_PROBABILITY, KNOWN_ITEM_PROBABILITY
from bayes_lca.fitted.draws import DRAWS_AT_ONCE
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import MEASUREMENT_DRAW
from bayes_lca.likelihood.answers import log_probability_of_answers
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.models.assigned_class import AssignedClass
from bayes_lca.posterior.labels.convergence import ConvergenceWarning
from bayes_lca.posterior.labels.modes import UNCONSTRAINED
from bayes_lca.sampling.nuts import Sampler, Sampling
from bayes_lca.sampling.ready import prepare_named
from bayes_lca.sampling.tree import finish
from bayes_lca.structural.regression import Regression
from bayes_lca.workflows.ladder.assign import answers_of

CHAINS = 4
MEASUREMENT_DRAWS = 400
PROPOSALS = 1000
"""Draws of each chain that are resampled."""
LARGEST_PARETO_K = 0.7


def fit_two_step(
    measured: xr.DataTree,
    structural: Regression,
    frame,
    *,
    count: str | int | None = None,
    measurement_draws: int = MEASUREMENT_DRAWS,
    draws: int = 1000,
    tune: int = 400,
    seed: int = 1,
    target_accept: float | None = None,
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
    cores: int | None = None,
    progressbar: bool = True,
) -> xr.DataTree:
    r"""Regress the classes of a latent class analysis on covariates, classes untouched by the covariates.

    The cut posterior: measurement parameters :math:`\theta` come from the answers alone, the regression from the
    answers given :math:`\theta`,

    .. math:: p_{\text{cut}}(\theta, \beta) = p(\theta \mid y)\; p(\beta \mid y, x, \theta), \qquad
              p(\beta \mid y, x, \theta) \propto p(\beta) \prod_i \sum_c P(c \mid x_i, \beta)\, p(y_i \mid c, \theta)

    NUTS samples the regression once, with :math:`\theta` at its posterior mean. For each draw of :math:`\theta` those
    draws are resampled with Pareto-smoothed importance weights; where the shape k of the weights exceeds 0.7, NUTS runs
    again with that :math:`\theta` held.

    Parameters
    ----------
    measured : xarray.DataTree
        From `fit` of a latent class analysis without covariates.
    structural : Regression
        Of the classes on covariates, with ``(1 | group)`` in its formula, random intercepts.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        With the items and the covariates: the respondents of `measured`, some of them, or others.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    measurement_draws : int
        Draws of the measurement parameters carried through, spread over those of `measured`.
    draws : int
        Draws kept of each of four chains; a chain joins the draws of a quarter of the measurement draws.
    tune : int
        Tuning steps of NUTS.
    seed : int
        Same seed, same machine: the same draws.
    target_accept : float, optional
        By default 0.95 if there are random effects, else 0.9.
    missing : {"raise", "drop"}
        What to do with rows that lack a covariate.
    key : str, optional
        Column that tells respondents apart, as for `fit`.
    cores : int, optional
        Chains sampled at a time; all processors by default.
    progressbar : bool
        Show progress with the estimated time left, in a terminal or a notebook.

    Returns
    -------
    xarray.DataTree
        As from `fit` of a latent class regression: ``item_probability`` holds the draw of :math:`\theta` behind each
        draw of the regression. A chain is made of one chain of NUTS, in its order, and of one stretch of the first
        step, so that chains differ by what their measurement draws do: R-hat is judged by that design, and effective
        sample sizes are those of each chain. ``sample_stats`` has the ``measurement_draw`` behind each draw. Attributes
        ``measurement_draws``, ``pareto_k`` (the largest) and ``sampled_again`` (where k was above 0.7).

    Raises
    ------
    TypeError
        If `measured` is no tree, or `structural` no `Regression`.
    ValueError
        If the frame or its counts cannot be used, covariates or groups take part in the classes of `measured`, or
        `measurement_draws` does not divide the draws.
    NotRelabelledError, SeveralModesError
        If the classes of `measured` are not the same over its draws.

    Warns
    -----
    ConvergenceWarning
        If chains disagree, mix badly, or diverge.
    RepeatedRowsWarning
        If rows share their label, or several may belong to one person.
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.

    References
    ----------
    Plummer, M. (2015). Cuts in Bayesian graphical models. Statistics and Computing 25, 37-43.
    doi 10.1007/s11222-014-9503-z

    Vehtari, A., Simpson, D., Gelman, A., Yao, Y. & Gabry, J. (2024). Pareto smoothed importance sampling. JMLR 25(72).

    Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables.
    Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7

    Examples
    --------
    It takes about a minute:

    >>> import bayes_lca as bl
    >>> measured, survey = bl.load_example("alone"), bl.example_survey()
    >>> draws = bl.fit_two_step(measured, bl.Regression("~ participation + (1 | group)"), survey)  # doctest: +SKIP
    >>> bl.odds_ratios(draws)  # doctest: +SKIP
    """
    settings = Sampling(draws, tune, CHAINS, seed, target_accept, cores, progressbar)
    first_step = Fit.of(measured, needs="fit_two_step")
    known = answers_of(first_step)
    steps = _measurement_steps(first_step, known, measurement_draws, draws)
    prepared = prepare_named(AssignedClass(known, structural), frame, count=count, missing=missing, key=key)
    sampler = Sampler(prepared, reusable=True)
    at_mean = sampler.sample(prepared, settings)
    fit_at_mean = Fit.reading(at_mean)

    rng = np.random.default_rng(seed)
    chains, largest_k, divergences = [], 0.0, []
    for chain, of_chain in enumerate(steps):
        first = chain * len(of_chain)
        resampled, pareto_k = _resample_chain(fit_at_mean, chain, of_chain, rng)
        largest_k = max(largest_k, *pareto_k)
        pieces = [resampled]
        for place in np.flatnonzero(~(pareto_k <= LARGEST_PARETO_K)):
            each = draws // len(of_chain)
            run = {"draws": max(each, 100), "chains": 1, "seed": seed + 1 + len(divergences), "progressbar": False}
            step = {KNOWN_ITEM_PROBABILITY: of_chain[place].probability}
            given_step = sampler.sample(prepared, replace(settings, **run), step)
            last = given_step["posterior"].to_dataset().isel(chain=0, drop=True).isel(draw=slice(-each, None))
            pieces.append(_beside(last, of_chain[place], first + place))
            divergences.append(int(given_step["sample_stats"]["diverging"].sum()))
        chains.append(xr.concat(pieces, "draw").assign_coords(draw=range(draws)))
    if sum(divergences):
        warnings.warn(
            f"{sum(divergences)} divergent transitions in {len(divergences)} runs of NUTS at draws of the first step: "
            "raise target_accept",
            ConvergenceWarning,
            stacklevel=2,
        )
    tree, joined = at_mean.copy(), xr.concat(chains, "chain").assign_coords(chain=range(CHAINS))
    tree["posterior"] = xr.DataTree(joined.drop_vars(MEASUREMENT_DRAW))
    stats = fit_at_mean.sample_stats.drop_vars(UNCONSTRAINED, errors="ignore")
    tree["sample_stats"] = xr.DataTree(stats.assign({MEASUREMENT_DRAW: joined[MEASUREMENT_DRAW]}))
    tree.attrs |= {
        "measurement_draws": measurement_draws,
        "pareto_k": float(largest_k),
        "sampled_again": len(divergences),
        "model_text": prepared.model.str_repr(),
    }
    return finish(prepared, tree, judged=[ITEM_PROBABILITY])


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


def _measurement_steps(measured: Fit, at_mean: Assigned, wanted: int, draws: int) -> list[list[Assigned]]:
    """The first step at some of its draws, evenly spread and in their order, a list for each chain to come."""
    check_measurement_draws(wanted, draws, measured.n_draws)
    chosen = np.linspace(0, measured.n_draws - 1, wanted).astype(int)
    theta = measured.answers.profiles(measured)[chosen]
    share = measured.flat(measured.posterior[CLASS_SHARE], measured.class_axis)[chosen]
    steps = [
        replace(at_mean, probability=probability, class_share=class_share)
        for probability, class_share in zip(theta, share, strict=True)
    ]
    return [list(of_chain) for of_chain in batched(steps, wanted // CHAINS)]


def _resample_chain(
    at_mean: Fit, chain: int, steps: list[Assigned], rng: np.random.Generator
) -> tuple[xr.Dataset, np.ndarray]:
    """Draws of a chain as they would be at its steps, in its order, where weights are reliable; and every step's k."""
    from arviz_stats.base import array_stats

    pool, draws = at_mean.posterior.isel(chain=chain, drop=True), at_mean.draws_per_chain
    first = chain * len(steps)
    proposals = np.unique(np.linspace(0, draws - 1, PROPOSALS).astype(int))
    log_weights, pareto_k = array_stats.psislw(-_log_ratios(at_mean, steps, chain * draws + proposals), axis=-1)
    reliable = pareto_k <= LARGEST_PARETO_K
    chosen = [proposals[_resample(of_step, draws // len(steps), rng)] for of_step in log_weights[reliable]]
    parts = [
        _beside(pool.isel(draw=places), steps[place], first + place)
        for places, place in zip(chosen, np.flatnonzero(reliable), strict=True)
    ]
    if not parts:
        return _beside(pool.isel(draw=slice(0)), steps[0], first), pareto_k
    return xr.concat(parts, "draw").isel(draw=np.argsort(np.ravel(chosen), kind="stable")), pareto_k


def _log_ratios(at_mean: Fit, steps: list[Assigned], proposals: np.ndarray) -> np.ndarray:
    """Log-likelihood given each step's parameters less that given their mean, shape (step, proposal)."""
    mean = at_mean.answers.profiles(at_mean)[0]
    answers = np.exp(log_probability_of_answers(np.stack([mean, *(step.probability for step in steps)]), at_mean.codes))
    result = np.empty((len(answers), len(proposals)))
    for start in range(0, len(proposals), DRAWS_AT_ONCE):
        which = proposals[start : start + DRAWS_AT_ONCE]
        share = np.exp(at_mean.log_class(slice(None), which))  # (draw, pattern, latent_class)
        for place, of_step in enumerate(answers):
            result[place, start : start + len(which)] = np.log((share * of_step).sum(axis=-1)) @ at_mean.count
    return result[1:] - result[0]


def _resample(log_weights: np.ndarray, times: int, rng: np.random.Generator) -> np.ndarray:
    """Positions drawn systematically with the weights, in their order."""
    cumulative = np.exp(log_weights - log_weights.max()).cumsum()
    points = (np.arange(times) + rng.random()) / times * cumulative[-1]
    return np.searchsorted(cumulative, points)


def _beside(posterior: xr.Dataset, step: Assigned, number: int) -> xr.Dataset:
    """Draws of the regression beside the item probabilities they are made with, and the number of their draw."""
    exists = posterior[ITEM_PROBABILITY].notnull()
    of_draw = on_axis(step.probability, list(step.labels.values()))
    known = np.broadcast_to(of_draw, (posterior.sizes["draw"], *of_draw.shape))
    of_step = exists.transpose("draw", CLASS, ITEM, CATEGORY).copy(data=known).where(exists)
    numbers = xr.DataArray(np.full(posterior.sizes["draw"], number), dims="draw")
    return posterior.assign({ITEM_PROBABILITY: of_step, MEASUREMENT_DRAW: numbers})
