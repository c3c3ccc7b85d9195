"""From a model and a frame to draws; the one place that knows samplers."""

import json
import platform
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import Literal

import numpy as np
import nutpie
import xarray as xr
from pymc.model.transform.optimization import freeze_dims_and_data

from bayes_lca.data.frame import check_whole
from bayes_lca.dims import depends_on_answers
from bayes_lca.prepared import Model, Prepared
from bayes_lca.sampling.ready import ready_model
from bayes_lca.sampling.tree import assemble, finish

VERSIONS = ("bayes-lca", "pymc", "pytensor", "nutpie", "jax", "arviz", "xarray", "numpy", "formulae")
TARGET_ACCEPT, TARGET_ACCEPT_WITH_GROUPS = 0.9, 0.95


def fit(
    model: Model,
    frame,
    *,
    count: str | int | None = None,
    draws: int = 1000,
    tune: int = 400,
    chains: int = 4,
    seed: int = 1,
    target_accept: float | None = None,
    order: str | int | xr.DataTree = "size",
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
    predictive: bool = False,
    cores: int | None = None,
    backend: Literal["jax", "numba"] = "jax",
    progressbar: bool = True,
) -> xr.DataTree:
    """Sample the posterior of a model by NUTS and align the labels of its classes.

    Parameters
    ----------
    model : LatentClass or Multinomial
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        One row per respondent.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    draws, tune, chains : int
        Draws kept and tuning steps of each chain, and the number of chains.
    seed : int
        Same seed, same machine: the same draws.
    target_accept : float, optional
        Mean acceptance NUTS aims at: 0.95 by default for a model with random effects, 0.9 for others. Raise it if
        there are divergences.
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
    backend : {"jax", "numba"}
        JAX compiles in a second or two; numba takes one to four minutes, then samples small models faster.
    progressbar : bool
        Show progress with the estimated time left, in a terminal or a notebook.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior``, ``sample_stats`` and, on request, ``posterior_predictive``; ``patterns``, the distinct
        rows of answers, covariates and groups with their counts and the row of each respondent; ``encoding``, what
        encodes new rows; and ``pattern_log_likelihood`` of one respondent with each row. Formula, labels, seed,
        versions, specification and the model's text are attributes. ``observed_data``, ``constant_data`` and
        ``log_likelihood`` are the same rows as ArviZ expects them, one for each respondent: views that take no memory
        until they are read. A frequency table is fitted as the respondents that it counts; ``frequency_table`` has its
        rows, and `membership` one entry for each.

    Raises
    ------
    TypeError
        If `model` is no model.
    ValueError
        If the frame or its counts cannot be used; always before sampling starts.
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

    References
    ----------
    Hoffman, M. D. & Gelman, A. (2014). The No-U-Turn Sampler. JMLR 15, 1593-1623.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> from bayes_lca.models import LatentClass
    >>> lca = LatentClass(2, bl.Items(["training", "expertise", "recognition"]))
    >>> survey = bl.load_cohort().head(100)
    >>> draws = bl.fit(lca, survey, draws=100, tune=100, chains=2, progressbar=False)
    >>> dict(draws["posterior"]["class_share"].sizes)
    {'chain': 2, 'draw': 100, 'latent_class': 2}
    """
    settings = Sampling(draws, tune, chains, seed, target_accept, cores, progressbar)
    prepared = ready_model(model, frame, needs="fit", count=count, missing=missing, order=order, key=key)
    sampler = Sampler(prepared, backend=backend)
    return sampler.fit(prepared, settings, order=order, predictive=predictive)


@dataclass(frozen=True)
class Sampling:
    """Settings of a run of NUTS, as `fit` takes them."""

    draws: int = 1000
    tune: int = 400
    chains: int = 4
    seed: int = 1
    target_accept: float | None = None
    cores: int | None = None
    progressbar: bool = True

    def __post_init__(self):
        check_whole(least=0, seed=self.seed)
        if self.target_accept is not None and not 0 < self.target_accept < 1:
            raise ValueError(f"target_accept={self.target_accept!r}: target_accept lies between 0 and 1, such as 0.9")
        check_whole(least=1, draws=self.draws, tune=self.tune, chains=self.chains)


class Sampler:
    """A model compiled once, for one data set or for many that differ in their answers only.

    Parameters
    ----------
    prepared : Prepared
        The model with its first data set; starting values are always those of this one.
    reusable : bool
        Whether `sample` and `fit` will be given other answers of the same respondents: same covariates and groups,
        and as many rows. A reusable sampler is a little slower.
    backend : {"jax", "numba"}
        For hundreds of fits numba's minute of compilation is soon earned back.
    """

    def __init__(self, prepared: Prepared, *, reusable: bool = False, backend: Literal["jax", "numba"] = "jax"):
        names = [variable.name for variable in prepared.model.data_vars]
        self.backend = backend
        self.varying = [name for name in names if depends_on_answers(name)] if reusable else []
        frozen = freeze_dims_and_data(prepared.model, data=[name for name in names if name not in self.varying])
        with warnings.catch_warnings():
            # the first value of a correlation matrix is drawn in C, where no BLAS is needed
            warnings.filterwarnings("ignore", "PyTensor could not link to a BLAS", UserWarning)
            self._compiled = nutpie.compile_pymc_model(
                frozen,
                backend=backend,
                initial_points=dict(prepared.start),
                jitter_rvs={frozen[name] for name in prepared.jittered},
                freeze_model=False,
            )

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
        target_accept = settings.target_accept
        if target_accept is None:
            has_groups = bool(json.loads(prepared.attributes["groupings"]))
            target_accept = TARGET_ACCEPT_WITH_GROUPS if has_groups else TARGET_ACCEPT
        running = nutpie.sample(
            self._compiled.with_data(**data) if data else self._compiled,
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=settings.cores,
            seed=settings.seed,
            target_accept=target_accept,
            adaptation="low_rank",
            progress_bar=settings.progressbar,
            save_warmup=False,
            blocking=False,
        )
        tree = assemble(prepared, _finished(running))
        tree.attrs |= {
            "seed": settings.seed,
            "tune": settings.tune,
            "target_accept": target_accept,
            "backend": self.backend,
            "versions": json.dumps({name: version(name) for name in VERSIONS} | {"python": platform.python_version()}),
        }
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
        tree = self.sample(prepared, settings)
        tree.attrs["model_text"] = prepared.model.str_repr()
        return finish(prepared, tree, order=order, predictive=predictive)


def _finished(running) -> xr.DataTree:
    """Draws of a sampler that runs in threads of its own, which end with an interruption.

    What there is by then is given up: chains of unequal length, some of them of tuning steps only, are no fit.
    """
    try:
        return running.wait()
    except KeyboardInterrupt:
        running.cancel()
        raise KeyboardInterrupt("sampling was stopped before it was finished; there are no draws") from None
    except BaseException:
        running.cancel()
        raise
