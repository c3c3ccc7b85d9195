"""Draws of another sampler become a fit."""

import json
import warnings
from collections.abc import Iterator
from typing import Literal

import numpy as np
import xarray as xr

from bayes_lca.data.counted import count_rows
from bayes_lca.data.frame import Frame, named
from bayes_lca.dims import internal_axes, rough_groups
from bayes_lca.fitted.record import all_groupings
from bayes_lca.posterior.storage.file_integrity import UnreadableFileError
from bayes_lca.posterior.storage.whole_fit import check_posterior
from bayes_lca.prepared import Model, Prepared
from bayes_lca.sampling.ready import ready_model
from bayes_lca.sampling.tree import assemble, finish

ROUNDING = 1e-8
"""Largest difference of data from those of the frame, as they are after a file or single steps of another program."""


def adopt(
    model: Model,
    frame: Frame,
    idata: xr.DataTree,
    *,
    count: str | int | None = None,
    order: str | int | xr.DataTree = "size",
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
) -> xr.DataTree:
    """Make a fit of draws that another sampler made of a model of this package.

    The draws are those of ``model.build(frame)``, sampled by `pymc.sample`, by numpyro or blackjax through PyMC, or by
    any program that names its variables as that model does. They are then treated as those of `fit`: labels of
    classes are aligned, log-likelihoods added, and convergence judged, so that every table can be made of them.

    Parameters
    ----------
    model : LatentClass, Multinomial or AssignedClass
        The model whose parameters were drawn.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        The frame it was built of: the same respondents, in the same order where rows were not collapsed.
    idata : xarray.DataTree
        Group ``posterior``: every variable of the model, free ones and those computed of them, of dims (chain, draw)
        and then the axes of the model, by name or by position. Groups ``sample_stats``, with ``diverging`` of dims
        (chain, draw), and ``observed_data`` and ``constant_data``, which prove that the data are those of the frame,
        where they are there.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    order : str, int or DataTree, default "size"
        Display order of latent classes, as for `fit`.
    missing : {"raise", "drop"}
        What to do with rows that lack a covariate, as it was when the model was built.
    key : str, optional
        Column that tells respondents apart, as for `fit`.

    Returns
    -------
    xarray.DataTree
        As `fit` returns it.

    Raises
    ------
    TypeError
        If `model` is no model or `idata` no tree.
    ValueError
        If the frame or its counts cannot be used; if a variable is missing among the draws, has other axes than the
        model gives it, or holds what no draw can be; or if the data that travel with the draws are not those of the
        frame.

    Warns
    -----
    ConvergenceWarning
        If chains disagree, mix badly, or diverge.
    UserWarning
        If the draws do not say whether transitions diverged, or of which data they are.
    UnusedCountsWarning
        If nothing is counted, and a column that the model does not use looks like counts.

    Examples
    --------
    After ``idata = pymc.sample(model=lca.build(survey))``:

    >>> import warnings
    >>> import bayes_lca as bl
    >>> lca, survey = bl.LatentClass(2, bl.Items(["training", "recognition", "expertise"])), bl.example_survey()
    >>> idata = bl.load_example("alone")  # stands for draws of another sampler
    >>> with warnings.catch_warnings(action="ignore"):  # there are but 200
    ...     draws = bl.adopt(lca, survey, idata)
    >>> bl.class_sizes(draws).index.tolist()
    ['C1', 'C2']
    """
    prepared = ready_model(model, frame, needs="adopt", count=count, missing=missing, order=order, key=key)
    if not isinstance(idata, xr.DataTree) or "posterior" not in idata.children:
        raise TypeError(
            f"idata is {type(idata).__name__} {str(idata)[:60]!r}; adopt takes the tree that pymc.sample returns, with "
            "a group 'posterior'"
        )
    counted = count_rows(frame, count, getattr(model, "columns", None), again=True)
    _check_data(model, counted.frame, missing, prepared, idata)
    posterior = _variables(prepared, idata["posterior"].to_dataset())
    statistics = _statistics(idata, posterior)
    tree = assemble(prepared, xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": statistics}))
    try:
        check_posterior(tree)
    except UnreadableFileError as refusal:
        raise ValueError(f"these are no draws of {model!r}: {refusal}") from refusal
    tree.attrs |= {"model_text": prepared.model.str_repr(), **_sampler(posterior)}
    return finish(prepared, tree, order=order)


def _variables(prepared: Prepared, posterior: xr.Dataset) -> xr.Dataset:
    """Variables of the model, on its axes and under its names, chains and draws numbered anew."""
    model, free = prepared.model, {variable.name for variable in prepared.model.free_RVs}
    internal = internal_axes(model.coords, all_groupings(prepared.attributes))
    variables = {}
    for variable in model.free_RVs + model.deterministics:
        name, dims = variable.name, model.named_vars_to_dims.get(variable.name)
        if dims is None or internal & set(dims):  # of no table
            continue
        if name not in posterior:
            how = "draw it" if name in free else "pymc.compute_deterministics(idata['posterior'], model=...) gives it"
            raise ValueError(f"the posterior lacks {name!r} of this model, and has {named(posterior.data_vars)}: {how}")
        values = _on_axes(name, posterior[name], dims)
        shape = tuple(len(model.coords[dim]) for dim in dims)
        if values.shape[2:] != shape:
            raise ValueError(
                f"each draw of {name!r} has shape {values.shape[2:]}, and the model of this frame has {shape}, axes "
                f"{dims}; give the model and the frame that were sampled"
            )
        _check_names(name, values, model.coords)
        variables[name] = (("chain", "draw", *dims), values.to_numpy())
    coords = {"chain": range(posterior.sizes["chain"]), "draw": range(posterior.sizes["draw"])}
    used = {dim for dims, _ in variables.values() for dim in dims} - set(coords)
    return xr.Dataset(variables, coords | {dim: list(model.coords[dim]) for dim in used}, attrs=posterior.attrs)


def _on_axes(name: str, values: xr.DataArray, dims: tuple[str, ...]) -> xr.DataArray:
    """Draws of a variable on its axes, which are found by name, or by position where they have other names."""
    if lacking := {"chain", "draw"} - set(values.dims):
        raise ValueError(
            f"{name!r} has dims {values.dims}, without {named(sorted(lacking))}; give draws of dims (chain, draw, ...)"
        )
    if set(values.dims) == {"chain", "draw", *dims}:
        return values.transpose("chain", "draw", *dims)
    return values.transpose("chain", "draw", ...)


def _check_names(name: str, values: xr.DataArray, coords) -> None:
    """Refuse an axis whose entries are named otherwise, or stand in another order, than those of the model."""
    for dim in set(values.dims) & set(values.coords) & set(coords):
        given, wanted = list(map(str, values[dim].to_numpy())), list(map(str, coords[dim]))
        if given != wanted:
            raise ValueError(
                f"axis {dim!r} of {name!r} has {named(given)}, and the model of this frame {named(wanted)}; give the "
                "model and the frame that were sampled"
            )


def _check_data(model: Model, frame, missing: Literal["raise", "drop"], prepared: Prepared, idata: xr.DataTree) -> None:
    """Refuse draws whose data are not those of the frame, row by row, counted or not."""
    given = {
        str(name): values
        for group in ("constant_data", "observed_data")
        if group in idata.children
        for name, values in idata[group].data_vars.items()
    }
    if not given:
        warnings.warn(
            "the draws come without 'observed_data', so nobody can check that they are of this frame; build the model "
            "of the same rows in the same order",
            stacklevel=3,
        )
        return
    data = dict(_data(prepared))
    if not set(data) & set(given):
        raise ValueError(
            f"the data beside the draws are {named(given)}, none of those of this model, {named(data)}; give the model "
            "that was sampled"
        )
    observed = next(reversed(data))
    if observed in given and len(given[observed]) != len(data[observed]):
        data = dict(_data(model.prepare(frame, missing=missing, collapse=False)))
    for name in data.keys() & given.keys():
        same_shape = given[name].shape == data[name].shape
        if not (same_shape and np.allclose(given[name], data[name], rtol=ROUNDING, atol=ROUNDING)):
            raise ValueError(
                f"{name!r} beside the draws, of shape {given[name].shape}, is not that of this frame, of shape "
                f"{data[name].shape}: the draws are of other rows, another order of rows, or another model"
            )


def _data(prepared: Prepared) -> Iterator[tuple[str, np.ndarray]]:
    """Data of a model on which its posterior depends, what was observed last."""
    groupings = all_groupings(prepared.attributes)
    coordinates = {rough_groups(name, what) for name in groupings for what in ("information", "pull")}
    for variable in prepared.model.data_vars:
        if variable.name not in coordinates:
            yield variable.name, variable.get_value()
    (observed,) = prepared.model.observed_RVs
    yield observed.name, prepared.model.rvs_to_values[observed].eval()


def _statistics(idata: xr.DataTree, posterior: xr.Dataset) -> xr.Dataset:
    """Numbers that the sampler noted of each draw."""
    sizes = posterior.sizes["chain"], posterior.sizes["draw"]
    given = idata["sample_stats"].to_dataset() if "sample_stats" in idata.children else xr.Dataset()
    noted = {
        name: (("chain", "draw"), values.transpose("chain", "draw").to_numpy())
        for name, values in given.data_vars.items()
        if set(values.dims) == {"chain", "draw"} and values.dtype.kind in "biuf"
    }
    if "diverging" not in noted:
        warnings.warn(
            "the draws come without 'diverging' in 'sample_stats', so nobody can see whether transitions diverged",
            stacklevel=3,
        )
        noted["diverging"] = (("chain", "draw"), np.zeros(sizes, dtype=bool))
    return xr.Dataset(noted, {"chain": range(sizes[0]), "draw": range(sizes[1])})


def _sampler(posterior: xr.Dataset) -> dict[str, str | int]:
    """What the draws say of how they were made."""
    notes = posterior.attrs
    library = str(notes.get("inference_library", "another sampler"))
    attributes = {"adopted_from": library}
    if "tuning_steps" in notes:
        attributes["tune"] = int(notes["tuning_steps"])
    versions = {library: str(notes["inference_library_version"])} if "inference_library_version" in notes else {}
    return attributes | {"versions": json.dumps(versions)}
