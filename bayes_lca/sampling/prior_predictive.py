"""What a model expects before it sees the answers."""

from typing import Literal

import numpy as np
import pymc as pm
import pytensor
import xarray as xr
from pytensor.compile.mode import Mode

from bayes_lca.data.frame import Frame, check_whole
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.views import with_views
from bayes_lca.posterior.checks.posterior_predictive import draw_predictive
from bayes_lca.prepared import Model, Prepared
from bayes_lca.sampling.ready import ready_model
from bayes_lca.sampling.tree import assemble


def prior_predictive(
    model: Model,
    frame: Frame,
    *,
    draws: int = 500,
    seed: int = 1,
    count: str | int | None = None,
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
) -> xr.DataTree:
    """Draw parameters from the prior of a model, and answers of the respondents of a frame from the parameters.

    The answers in the frame decide which categories there are and nothing else; covariates and groups are those of the
    respondents. Each draw takes parameters, a class for each respondent and complete answers of that class.

    Parameters
    ----------
    model : LatentClass, Multinomial or AssignedClass
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    draws : int, default 500
    seed : int
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    missing : {"raise", "drop"}
        What to do with rows that lack a covariate.
    key : str, optional
        Column that names the respondents.

    Returns
    -------
    xarray.DataTree
        Groups ``prior``, the parameters under their names and axes in a posterior, with one chain;
        ``prior_predictive``, ``answers`` of dims (chain, draw, respondent, item) or ``outcome`` of dims (chain, draw,
        respondent), as `posterior_predictive` has them; and ``observed_data``, what was answered, -1 where it is
        missing. It is no fit: functions that summarise a posterior refuse it.

    Raises
    ------
    TypeError
        If `model` is no model.
    ValueError
        If the frame or its counts cannot be used.

    References
    ----------
    Gabry, J., Simpson, D., Vehtari, A., Betancourt, M. & Gelman, A. (2019). Visualization in Bayesian workflow. Journal
    of the Royal Statistical Society A 182(2), 389-402. doi 10.1111/rssa.12378

    Examples
    --------
    >>> import bayes_lca as bl
    >>> lca = bl.LatentClass(2, bl.Items(["training", "recognition", "expertise"]))
    >>> expected = bl.prior_predictive(lca, bl.example_survey().head(30), draws=20)
    >>> dict(expected["prior_predictive"]["answers"].sizes)
    {'chain': 1, 'draw': 20, 'respondent': 30, 'item': 3}
    """
    check_whole(least=1, draws=draws)
    check_whole(least=0, seed=seed)
    prepared = ready_model(model, frame, needs="prior_predictive", count=count, missing=missing, order="size", key=key)
    parameters = xr.DataTree.from_dict({"/posterior": _draw(prepared, draws, seed), "/sample_stats": xr.Dataset()})
    tree = assemble(prepared, parameters)
    fit = Fit.reading(tree)
    return xr.DataTree.from_dict(
        {
            "/": xr.Dataset(attrs=dict(prepared.attributes) | {"seed": seed}),
            "/prior": fit.posterior,
            "/prior_predictive": draw_predictive(fit, seed=seed),
            "/observed_data": with_views(tree)["observed_data"].to_dataset().load(),
        }
    )


def _draw(prepared: Prepared, draws: int, seed: int) -> xr.Dataset:
    """Draws of all variables with named axes, in one chain."""
    model = prepared.model
    dims = {
        variable: model.named_vars_to_dims[variable.name]
        for variable in model.free_RVs + model.deterministics
        if variable.name in model.named_vars_to_dims
    }
    # nothing is compiled for so few draws; the LKJ distribution alone would be, in a loop of its own
    with pytensor.config.change_flags(cxx=""):
        mode = Mode(linker="py", optimizer="fast_compile")
        values = pm.draw(list(dims), draws=draws, random_seed=seed, mode=mode) if dims else []
    axes = {axis for of_variable in dims.values() for axis in of_variable}
    return xr.Dataset(
        {
            variable.name: (("chain", "draw", *of_variable), np.reshape(drawn, (1, draws, *sizes)))
            for (variable, of_variable), drawn in zip(dims.items(), values, strict=True)
            for sizes in [[len(model.coords[axis]) for axis in of_variable]]
        },
        {"chain": [0], "draw": range(draws)} | {axis: list(model.coords[axis]) for axis in axes},
    )
