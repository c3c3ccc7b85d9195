"""One replicate of the simulation study: simulate a data set, and analyse it in every way."""

import threading
import time
from typing import Literal

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from bayes_lca.calibration.intervals.designs import CLASSES, CONTRASTS, OUTCOME, REFERENCE, SimulationDesign
from bayes_lca.calibration.kit.rates import NORMAL_QUANTILE
from bayes_lca.calibration.kit.seeds import replicate_seeds
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.datasets import cohort
from bayes_lca.dims import SLOPE, TERM
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.multinomial_logit import fit_multinomial_logit
from bayes_lca.measurement.items import Items
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.posterior.labels.convergence import convergence_problems, convergence_table
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.settings import Sampling
from bayes_lca.sampling.tree import complete
from bayes_lca.structural.regression import Regression

SINGLE_LEVEL, MULTILEVEL, JOINT = "single-level", "multilevel", "joint"
ORDER = "compensation"
"""Item whose mean category puts latent classes in the order of the truth."""

INTERVAL = (0.025, 0.975)
REFERENCE_SD = 0.35
REFERENCE_SEED = 0

Backend = Literal["program", "numba", "jax"]

_samplers: dict[tuple[str, str, Backend], Sampler] = {}
_one_at_a_time = threading.RLock()
"""Building and compiling models changes state that threads share; sampling does not."""


def run_replicate(
    design: SimulationDesign, group_sd: float, replicate: int, *, seed: int, backend: Backend = "program"
) -> dict[str, list[dict]]:
    """Simulate one data set and analyse it.

    What is drawn depends on `seed`, the design's name, `group_sd` and `replicate` alone. Compiled models are kept for
    the next replicate in the same process; they are always compiled with the same reference data.

    Parameters
    ----------
    design : SimulationDesign
    group_sd : float
        Standard deviation of the random intercepts.
    replicate : int
        Number of the replicate, from 0 on.
    seed : int
        Seed of the study.
    backend : {"program", "numba", "jax"}
        What computes log densities, as in `bayes_lca.fit`.

    Returns
    -------
    dict
        ``coefficients``, a row per estimator, predictor, contrast and term: ``truth``, ``estimate``, ``sd``,
        ``lower``, ``upper``. ``fits``, a row per posterior: ``divergences``, ``max_r_hat`` and ``min_ess`` over all
        parameters, ``modes`` its chains stayed in, ``warned`` (whether there was a `ConvergenceWarning`), ``seconds``.

    Examples
    --------
    >>> from bayes_lca.calibration.intervals.designs import OBSERVED_NULL
    >>> run_replicate(OBSERVED_NULL, 0.35, 0, seed=1)  # doctest: +SKIP
    """
    data_seed, sampler_seed = seeds(design, group_sd, replicate, seed)
    frame = design.simulate(group_sd, np.random.Generator(np.random.PCG64(data_seed)))
    coefficients, fits = [], []
    with threadpool_limits(1):  # sums of several threads differ in the last digit with the number of threads
        seen = frame.assign(**{OUTCOME: modal_class(frame)}) if design.latent else frame
        for predictor in design.predictors:
            analyses = [(SINGLE_LEVEL, single_level(design, predictor, seen))]
            for estimator in posteriors(design):
                data = frame if estimator == JOINT else seen
                start = time.perf_counter()
                rows, diagnosed = posterior(design, estimator, predictor, data, sampler_seed, backend)
                analyses.append((estimator, rows))
                diagnosed["seconds"] = time.perf_counter() - start
                fits.append({"estimator": estimator, "predictor": predictor, **diagnosed})
            for estimator, rows in analyses:
                coefficients += [{"estimator": estimator, "predictor": predictor, **row} for row in rows]
    cell = {"design": design.name, "group_sd": group_sd, "replicate": replicate}
    return {
        "coefficients": [cell | row for row in coefficients],
        "fits": [cell | row for row in fits],
    }


def seeds(design: SimulationDesign, group_sd: float, replicate: int, seed: int) -> tuple[np.random.SeedSequence, int]:
    """Seeds of the data and of the sampler."""
    return replicate_seeds(seed, design.name, round(1e6 * group_sd), replicate)


def posteriors(design: SimulationDesign) -> tuple[str, ...]:
    """Estimators that sample: the multilevel regression of a class seen or most likely, and the joint model."""
    return (MULTILEVEL, JOINT) if design.latent else (MULTILEVEL,)


def modal_class(frame) -> np.ndarray:
    """Most likely class of each respondent by maximum likelihood without covariates, in the order of the truth."""
    answers = np.column_stack([frame[item].cat.codes for item in cohort.ITEMS])
    patterns = unique_rows(answers)
    em = fit_em(answers[patterns.first], patterns.count, [len(cohort.ANSWER_LEVELS)] * len(cohort.ITEMS), len(CLASSES))
    mean_category = em.item_probability[:, cohort.ITEMS.index(ORDER)] @ np.arange(len(cohort.ANSWER_LEVELS))
    in_order = em.membership[:, np.argsort(mean_category, kind="stable")]
    return np.array(CLASSES)[in_order.argmax(axis=1)[patterns.pattern]]


def single_level(design: SimulationDesign, predictor: str, frame) -> list[dict]:
    """Maximum likelihood that ignores the groups, with Wald intervals: a row per contrast and term."""
    blind = frame[["participation", "role", predictor]]  # a frame with the groups is warned of
    covariates = read_design(blind, design.formula(predictor, multilevel=False), reference=_reference(predictor))
    patterns = covariates.patterns
    counts = np.zeros((len(patterns.count), len(CLASSES)))
    np.add.at(counts, (patterns.pattern, frame[OUTCOME].map(CLASSES.index).to_numpy(dtype=int)), 1)
    matrix = np.column_stack([np.ones(len(counts)), covariates.matrix[patterns.first]])
    fitted = fit_multinomial_logit(
        matrix, counts / patterns.count[:, None], patterns.count, terms=("intercept", *covariates.terms)
    )
    rows = []
    for earlier, later in CONTRASTS:
        table = fitted.contrast(CLASSES.index(later), CLASSES.index(earlier)).loc[list(covariates.terms)]
        for term, estimate, error in table.itertuples():
            half = NORMAL_QUANTILE * error
            rows.append(_row(design, (earlier, later), term, estimate, error, estimate - half, estimate + half))
    return rows


def posterior(
    design: SimulationDesign, estimator: str, predictor: str, frame, seed: int, backend: Backend
) -> tuple[list[dict], dict]:
    """Posterior means, standard deviations and intervals, a row per contrast and term; and how the chains did."""
    compiled = sampler(design, estimator, predictor, backend)
    settings = Sampling(
        design.draws, design.tune, design.chains, seed, design.target_accept, cores=1, progressbar=False
    )
    with _one_at_a_time:
        prepared = prepare(design, estimator, predictor, frame)
    draws = compiled.sample(prepared, settings)
    with _one_at_a_time:
        draws = complete(prepared, draws, order=ORDER)
    fit = Fit.reading(draws)
    diagnosed = convergence_table(fit)
    slope = fit.posterior[SLOPE].transpose("chain", "draw", TERM, fit.class_axis)
    return _contrasts(design, slope), {
        "divergences": int(draws["sample_stats"]["diverging"].sum()),
        "max_r_hat": float(diagnosed["r_hat"].max()),
        "min_ess": float(diagnosed[["ess_bulk", "ess_tail"]].min(axis=None)),
        "modes": fit.n_modes,
        "warned": bool(convergence_problems(fit)),
    }


def sampler(design: SimulationDesign, estimator: str, predictor: str, backend: Backend) -> Sampler:
    """The compiled sampler of an analysis, kept for the life of the process."""
    key = (estimator, predictor, backend)
    with _one_at_a_time:
        if key not in _samplers:
            with threadpool_limits(1):
                _samplers[key] = Sampler(
                    prepare(design, estimator, predictor, reference_frame(estimator)), reusable=True, backend=backend
                )
        return _samplers[key]


def reference_frame(estimator: str):
    """The data set that models are compiled with, the same in every process."""
    design = SimulationDesign("reference", latent=estimator == JOINT, replicates=1)
    return design.simulate(REFERENCE_SD, np.random.Generator(np.random.PCG64(REFERENCE_SEED)))


def prepare(design: SimulationDesign, estimator: str, predictor: str, frame):
    """The model of a data set, of a shape that does not depend on what was drawn."""
    regression = Regression(design.formula(predictor, multilevel=True), reference=_reference(predictor))
    if estimator == JOINT:
        model = LatentClass(len(CLASSES), Items(list(cohort.ITEMS), empty_categories="keep"), regression)
        return model.prepare(frame, collapse=False)
    return Multinomial(OUTCOME, regression, empty_categories="keep").prepare(frame)


def _contrasts(design: SimulationDesign, slope: xr.DataArray) -> list[dict]:
    rows = []
    for earlier, later in CONTRASTS:
        values = slope[..., CLASSES.index(later)] - slope[..., CLASSES.index(earlier)]  # (chain, draw, term)
        flat = values.to_numpy().reshape(-1, values.sizes[TERM])
        bounds = np.quantile(flat, INTERVAL, axis=0)
        for t, term in enumerate(values[TERM].to_numpy()):
            numbers = (flat[:, t].mean(), flat[:, t].std(ddof=1), *bounds[:, t])
            rows.append(_row(design, (earlier, later), str(term), *numbers))
    return rows


def _row(design: SimulationDesign, contrast, term, estimate, sd, lower, upper) -> dict:
    return {
        "contrast": f"{contrast[1]} vs {contrast[0]}",
        "term": term,
        "truth": design.truth(term, contrast),
        "estimate": float(estimate),
        "sd": float(sd),
        "lower": float(lower),
        "upper": float(upper),
    }


def _reference(predictor: str) -> dict[str, str]:
    return {name: level for name, level in REFERENCE.items() if name in ("role", predictor)}


def compile_all(designs, backend: Backend) -> None:
    """Compile every model that the designs need, so that later replicates of this process only sample."""
    for design in designs:
        for estimator in posteriors(design):
            for predictor in design.predictors:
                sampler(design, estimator, predictor, backend)
