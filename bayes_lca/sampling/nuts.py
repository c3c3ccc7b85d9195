"""From a model and a frame to draws; the one place that knows samplers."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from types import MappingProxyType
from typing import Literal

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from bayes_lca.data.frame import Frame
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.dims import depends_on_answers
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kept_warnings import recorded, with_warnings
from bayes_lca.fitted.survey_record import SURVEY
from bayes_lca.posterior.checks.posterior_predictive import draw_predictive
from bayes_lca.posterior.labels.warn_of_draws import warn_of_draws
from bayes_lca.prepared import Model, Prepared
from bayes_lca.sampling.collector import collector_paused
from bayes_lca.sampling.design_correction import check_correctable, correct_draws
from bayes_lca.sampling.ready import ready_model
from bayes_lca.sampling.roads import Adaptation, road_of
from bayes_lca.sampling.settings import ASKED, Sampling
from bayes_lca.sampling.starts import chains_by_start
from bayes_lca.sampling.tree import assemble, complete
from bayes_lca.sampling.until_converged import draws_to_go_on_to

VERSIONS = ("bayes-lca", "pymc", "pytensor", "nutpie", "jax", "arviz", "xarray", "numpy", "formulae")
MOST_COORDINATES = 300
"""Free parameters up to which draws of all of them are kept until it is known what each mode holds."""


def fit(
    model: Model,
    frame: Frame,
    *,
    count: str | int | None = None,
    design: SurveyDesign | None = None,
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    seed: int = 1,
    target_accept: float | None = None,
    order: str | int | xr.DataTree = "size",
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
    predictive: bool = False,
    cores: int | None = None,
    backend: Literal["program", "jax", "numba"] = "program",
    progressbar: bool = True,
    until: Literal["converged"] | None = "converged",
) -> xr.DataTree:
    """Sample the posterior of a model by NUTS and align the labels of its classes.

    Parameters
    ----------
    model : LatentClass or Multinomial
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        One row per respondent.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    design : SurveyDesign, optional
        How respondents were sampled; `SurveyDesign` says what is done with it. Draws are corrected for the design once
        their labels are aligned; ``uncorrected_posterior`` has them as they were.
    draws, chains : int
        Draws kept of each chain, and the number of chains. Chains start at the modes of the likelihood in proportion to
        what each could hold of the posterior, as far as their number allows.
    tune : int, optional
        Tuning steps of each chain. By default 100 where the curvature at the mode describes the posterior well enough
        to sample in its coordinates, and 400 elsewhere.
    seed : int
        Same seed, same machine: the same draws.
    target_accept : float, optional
        Mean acceptance NUTS aims at: 0.9 by default; for a model with random effects 0.95, or 0.85 where its posterior
        is close to the normal distribution at its mode. Raise it if there are divergences.
    order : str, int or DataTree, default "size"
        Display order of latent classes: ``"size"``, the name of an item (increasing mean category), or another fit.
    missing : {"raise", "drop"}
        What to do with rows that lack a covariate. Missing answers are used as they are.
    key : str, optional
        Column that tells respondents apart, such as ``"id"``: it names them in the draws in place of the row labels,
        and finds them again in frames that are in another order.
    predictive : bool
        Also draw answers of every respondent from the posterior predictive distribution.
    cores : int, optional
        Chains sampled at a time; all processors by default.
    backend : {"program", "jax", "numba"}
        What computes the log density. By default a program of the PyMC model that needs no compiler; the attribute
        ``backend`` of the draws says so. Models with steps that programs do not have are sampled through PyMC and JAX,
        about ten times slower, which can also be asked for. JAX compiles in a second or two; numba takes one to four
        minutes.
    progressbar : bool
        Show progress with the estimated time left, in a terminal or a notebook.
    until : {"converged", None}
        By default the chains go on where `draws` of each are too few: twice as many, twice that, up to eight times as
        many, as far as that can be foreseen to do. With the same seed they pass through the same draws again, so that
        the first are those of a shorter fit. None: exactly the draws that are asked for.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior``, ``sample_stats`` and, on request, ``posterior_predictive``; ``patterns``, the distinct
        rows of answers, covariates and groups with their counts and the row of each respondent; ``encoding``, what
        encodes new rows; ``sample_stats`` has ``total_log_likelihood`` of every draw. Formula, labels, seed,
        versions, specification and the model's text are attributes. ``observed_data``, ``constant_data`` and
        ``log_likelihood`` are the same rows as ArviZ expects them, one for each respondent: views that take no memory
        until they are read. A frequency table is fitted as the respondents that it counts; ``frequency_table`` has its
        rows, and `membership` one entry for each.

    Raises
    ------
    TypeError
        If `model` is no model.
    ValueError
        If the frame, its counts or its survey design cannot be used; always before sampling starts.
    KeyboardInterrupt
        If it is stopped by Ctrl-C, within a second or two. Sampling ends, and nothing is returned: part of a fit would
        be taken for a whole one.

    Warns
    -----
    ConvergenceWarning
        If chains disagree, mix badly, or diverge.
    RepeatedRowsWarning
        If rows share their label, or several may belong to one person, whom the model takes for several respondents.
    UnusedCountsWarning
        If nothing is counted, and a column that the model does not use looks like counts.
    EqualWeightsWarning, WeightsInGroupsWarning
        If all survey weights are equal, or stand beside random effects, where their scale is contested.

    References
    ----------
    Hoffman, M. D. & Gelman, A. (2014). The No-U-Turn Sampler. JMLR 15, 1593-1623.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> from bayes_lca.models import LatentClass
    >>> lca = LatentClass(2, bl.Items(["training", "expertise", "recognition"]))
    >>> survey = bl.load_cohort().head(100)
    >>> draws = bl.fit(lca, survey, draws=100, tune=100, chains=2, until=None, progressbar=False)
    >>> dict(draws["posterior"]["class_share"].sizes)
    {'chain': 2, 'draw': 100, 'latent_class': 2}
    """
    settings = Sampling(draws, tune, chains, seed, target_accept, cores, progressbar, until)
    with collector_paused(), threadpool_limits(1, user_api="blas"):  # matrices are small, and a second thread waits
        prepared = ready_model(
            model, frame, needs="fit", count=count, missing=missing, order=order, key=key, design=design
        )
        sampler = Sampler(prepared, backend=backend)
    return sampler.fit(prepared, settings, order=order, predictive=predictive)


class Sampler:
    """A model made ready to be sampled, for one data set or for many that differ in their answers only.

    Parameters
    ----------
    prepared : Prepared
        The model with its first data set; starting values are always those of this one.
    reusable : bool
        Whether `sample` and `fit` will be given other answers of the same respondents: same covariates and groups,
        and as many rows.
    backend : {"program", "jax", "numba"}
        As in `bayes_lca.fit`.
    """

    def __init__(
        self,
        prepared: Prepared,
        *,
        reusable: bool = False,
        backend: Literal["program", "jax", "numba"] = "program",
    ):
        names = [variable.name for variable in prepared.model.data_vars]
        self.varying = [name for name in names if depends_on_answers(name)] if reusable else []
        self._weights = prepared.weights
        with recorded() as self._warned:
            self._road = road_of(prepared, self.varying, backend)

    @property
    def backend(self) -> str:
        """What computes the log density."""
        return self._road.backend

    def sample(
        self, prepared: Prepared, settings: Sampling, data: Mapping[str, np.ndarray] = MappingProxyType({})
    ) -> xr.DataTree:
        """Draw from the posterior given other data; the draws carry what later steps need, labels not yet aligned.

        Parameters
        ----------
        prepared : Prepared
            The same model with data of the same shape.
        settings : Sampling
        data : mapping of str to ndarray
            Data of the model to use in place of those of `prepared`.
        """
        data = {name: prepared.model[name].get_value() for name in self.varying} | dict(data)
        options = {
            "draws": settings.draws,
            "cores": settings.cores,
            "progress_bar": settings.progressbar,
            "store_unconstrained": self._road.n_coordinates <= MOST_COORDINATES or SURVEY in prepared.groups,
        }
        by_start = chains_by_start(self._weights, settings.chains)
        asked, parts, adapted = Adaptation(settings.tune, settings.target_accept), [], []
        for number in np.flatnonzero(by_start).tolist():
            seed = settings.seed if number == 0 else int(np.random.default_rng([settings.seed, number]).integers(2**32))
            chains = {"chains": by_start[number], "seed": seed}
            part, adaptation = self._road.sample(number, data, asked, **chains, **options)
            parts.append(part)
            adapted.append(adaptation)
        tree = assemble(prepared, _side_by_side(parts))
        tree.attrs |= {
            "seed": settings.seed,
            ASKED: settings.as_json(self.backend),
            "start_weights": json.dumps([round(weight, 4) for weight in self._weights]),
            "chains_by_start": json.dumps(by_start),
            "tune": max(adaptation.tune for adaptation in adapted),
            "target_accept": max(adaptation.target_accept for adaptation in adapted),
            "backend": self.backend,
            "versions": json.dumps({name: version(name) for name in VERSIONS} | {"python": platform.python_version()}),
        }
        tree.attrs = with_warnings(tree.attrs, self._warned)
        return tree

    def fit(
        self,
        prepared: Prepared,
        settings: Sampling,
        *,
        order: str | int | xr.DataTree = "size",
        predictive: bool = False,
    ) -> xr.DataTree:
        """Draws with aligned labels and log-likelihoods, as `bayes_lca.fit` returns them; warns of bad chains."""
        with threadpool_limits(1, user_api="blas"):
            completed = self._completed(prepared, settings, order)
        if predictive:
            completed.tree["posterior_predictive"] = xr.DataTree(draw_predictive(completed, seed=settings.seed))
        warn_of_draws(completed.tree)
        return completed.tree

    def _completed(self, prepared: Prepared, settings: Sampling, order) -> Fit:
        """Draws with aligned labels, as many as are asked for or convergence takes."""
        check_correctable(prepared, self._road)
        draws = settings.draws
        while draws:
            with collector_paused():
                sampled = self.sample(prepared, replace(settings, draws=draws))
                sampled.attrs |= {
                    "model_text": prepared.model.str_repr(),
                    "draws_asked": settings.draws,
                    "draws_made": draws,
                }
                completed = Fit.reading(complete(prepared, sampled, order=order))
            draws = draws_to_go_on_to(completed, settings.draws) if settings.until else None
        return Fit.reading(correct_draws(prepared, completed, sampled)) if completed.is_weighted else completed


def _side_by_side(parts: Sequence[xr.DataTree]) -> xr.DataTree:
    """Chains of several runs, numbered in their order."""
    if len(parts) == 1:
        return parts[0]
    joined = {}
    for name in ("posterior", "sample_stats"):
        of_parts = [part[name].to_dataset().drop_vars("divergence_message", errors="ignore") for part in parts]
        chains = xr.concat(of_parts, "chain")
        joined[name] = chains.assign_coords(chain=range(chains.sizes["chain"]))
    return xr.DataTree.from_dict(joined)
