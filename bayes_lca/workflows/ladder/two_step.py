"""Two-step estimation with the uncertainty of the first step carried through."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import xarray as xr

from bayes_lca.data.category_axis import on_axis
from bayes_lca.data.frame import Frame
from bayes_lca.dims import CATEGORY, CLASS, CLASS_SHARE, ITEM, ITEM_PROBABILITY, KNOWN_ITEM_PROBABILITY
from bayes_lca.fitted.draws import DRAWS_AT_ONCE
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.answers import log_probability_of_answers
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.models.assigned_class import AssignedClass
from bayes_lca.sampling.ready import prepare_named
from bayes_lca.sampling.settings import Sampling
from bayes_lca.structural.regression import Regression
from bayes_lca.workflows.ladder.assign import answers_of
from bayes_lca.workflows.ladder.cut_posterior import (
    CHAINS,
    FirstStepDraws,
    check_measurement_draws,
    chosen_draws,
    sample_cut,
)

MEASUREMENT_DRAWS = 400


def fit_two_step(
    measured: xr.DataTree,
    structural: Regression,
    frame: Frame,
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
    check_measurement_draws(measurement_draws, draws, first_step.n_draws)
    steps = ItemProbabilities(_measurement_steps(first_step, known, measurement_draws))
    prepared = prepare_named(AssignedClass(known, structural), frame, count=count, missing=missing, key=key)
    return sample_cut(prepared, steps, settings, judged=[ITEM_PROBABILITY])


@dataclass(frozen=True)
class ItemProbabilities(FirstStepDraws):
    """A latent class analysis at some of its draws."""

    steps: list[Assigned]

    def __len__(self) -> int:
        return len(self.steps)

    def held(self, place: int) -> dict[str, np.ndarray]:
        """The item probabilities."""
        return {KNOWN_ITEM_PROBABILITY: self.steps[place].probability}

    def log_ratios(self, at_mean: Fit, places: Sequence[int], proposals: np.ndarray) -> np.ndarray:
        """Log-likelihood given each step's parameters less that given their mean, shape (step, proposal)."""
        return _log_ratios(at_mean, [self.steps[place] for place in places], proposals)

    def beside(self, posterior: xr.Dataset, place: int) -> xr.Dataset:
        """Draws of the regression beside the item probabilities they are made with."""
        exists, step = posterior[ITEM_PROBABILITY].notnull(), self.steps[place]
        of_draw = on_axis(step.probability, list(step.labels.values()))
        known = np.broadcast_to(of_draw, (posterior.sizes["draw"], *of_draw.shape))
        of_step = exists.transpose("draw", CLASS, ITEM, CATEGORY).copy(data=known).where(exists)
        return posterior.assign({ITEM_PROBABILITY: of_step})


def _measurement_steps(measured: Fit, at_mean: Assigned, wanted: int) -> list[Assigned]:
    """The first step at some of its draws, evenly spread and in their order."""
    chosen = chosen_draws(wanted, measured.n_draws)
    theta = measured.answers.profiles(measured)[chosen]
    share = measured.flat(measured.posterior[CLASS_SHARE], measured.class_axis)[chosen]
    return [
        replace(at_mean, probability=probability, class_share=class_share)
        for probability, class_share in zip(theta, share, strict=True)
    ]


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
