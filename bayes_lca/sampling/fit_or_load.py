"""Fits that are kept on disk: what was sampled once is read, not sampled again."""

import hashlib
import inspect
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import xarray as xr
from pandas.util import hash_pandas_object

from bayes_lca.data.counted_in_engine import distinct_rows_of, free_name
from bayes_lca.data.engine_tables import table_in_engine
from bayes_lca.data.frame import Frame, check_frame, column, row_labels
from bayes_lca.fitted.kept_warnings import recorded, warn_again, with_warnings
from bayes_lca.posterior.storage.netcdf import load, save
from bayes_lca.posterior.storage.whole_fit import OtherLayoutError
from bayes_lca.sampling.nuts import fit
from bayes_lca.whole_file import check_writable

DIGEST = "kept_fit_digest"
USUAL = fit.__module__, fit.__qualname__
SHORTENED = np.ndarray | pd.Series | pd.Index | pd.DataFrame | xr.DataTree
"""Of which a text leaves out what stands in the middle."""
WITHOUT_EFFECT = ("progressbar", "cores")


def fit_or_load(
    path: str | os.PathLike, model: Any, frame: Frame, *, sample: Callable[..., xr.DataTree] = fit, **options: Any
) -> xr.DataTree:
    """Fit a model, or read the fit that the same call has left before.

    The file is read when model, frame, options and the package's version are those it was written with; anything else
    is fitted anew and replaces it, and so is a fit in the layout of another version. What was warned of is kept
    with the fit and given again.

    Parameters
    ----------
    path : str or path
        File of the fit, such as ``"fits/classes.nc"``; its folder is made if need be.
    model
        As for `bayes_lca.fit`.
    frame
        As for `bayes_lca.fit`.
    sample : callable
        Takes model, frame and options to draws; `bayes_lca.fit` by default.
    **options
        Further arguments of `sample`.

    Returns
    -------
    xarray.DataTree

    Raises
    ------
    ValueError
        If the frame cannot be used, or the file is no fit or not the one that was saved; it is left as it is.
    OSError
        If no file can be written there, before anything is sampled.

    Warns
    -----
    UserWarning
        If the fit cannot be written after all, as on a disk that became full: it is returned, and not kept.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from bayes_lca.models import LatentClass
    >>> lca = LatentClass(3, bl.Items(bl.cohort_items()))
    >>> settings = {"draws": 100, "tune": 100, "chains": 2, "until": None, "progressbar": False}
    >>> survey = bl.load_cohort().head(100)
    >>> path = Path(mkdtemp()) / "classes.nc"
    >>> draws = bl.fit_or_load(path, lca, survey, **settings)
    >>> bl.fit_or_load(path, lca, survey, **settings).identical(draws)
    True
    """
    path = Path(path)
    digest = _digest(model, frame, _defaults(sample) | options, sample)
    if path.exists():
        kept = _read(path)
        if kept is not None and kept.attrs.get(DIGEST) == digest:
            warn_again(kept, stacklevel=2)
            return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    check_writable(path)
    with recorded() as warned:
        draws = sample(model, frame, **options)
    draws.attrs = with_warnings(draws.attrs, warned) | {DIGEST: digest}
    try:
        save(draws, path)
    except OSError as error:
        message = f"{error}; the fit is returned and not kept: make room, then bl.save(draws, {os.fspath(path)!r})"
        warnings.warn(message, UserWarning, stacklevel=2)
    return draws


def _read(path: Path) -> xr.DataTree | None:
    """The fit in a file; none where it has the layout of another version."""
    try:
        return load(path)
    except ValueError as error:
        if isinstance(error.__cause__, OtherLayoutError):
            return None
        raise


def _defaults(sample) -> dict:
    """What a callable takes where nothing is given."""
    parameters = inspect.signature(sample).parameters
    return {name: each.default for name, each in parameters.items() if each.default is not inspect.Parameter.empty}


def _digest(model, frame, options: dict, sample: Callable = fit) -> str:
    """Fingerprint of everything that a fit depends on; of what samples it, in place of `fit`, its name."""
    table = table_in_engine(frame)
    if table is not None:
        rows = distinct_rows_of(table, model.columns, options.get("count"))
        frame = rows.frame.assign(**{free_name("n", rows.frame.columns): rows.count})
    check_frame(frame)
    chosen = sorted((name, _written(value)) for name, value in options.items() if name not in WITHOUT_EFFECT)
    parts = (_written(model), chosen, list(_columns(frame)), _content(row_labels(frame)), version("bayes-lca"))
    while isinstance(sample, partial):  # what it is given are options
        sample = sample.func
    name = sample.__module__, getattr(sample, "__qualname__", type(sample).__qualname__)
    if name != USUAL:
        parts += name
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _columns(frame) -> Iterator[tuple]:
    """Names, types and values of all columns."""
    for name in nw.from_native(frame, eager_only=True).columns:
        yield name, *_content(column(frame, name))


def _content(values: pd.Series | pd.Index) -> tuple:
    """Type, categories in their order, and what differs where values do.

    Text and objects are taken as they are: pandas 3.1.1 gives None and not-a-number one hash, and 1 and "1" too, and
    refuses lists, halves of surrogate pairs and numbers of more than 64 bits.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        return list(values.dtype.categories), values.dtype.ordered, _content(values.cat.codes)
    if values.dtype.kind == "O" or values.dtype == np.longdouble:
        return str(values.dtype), values.tolist()
    return str(values.dtype), hash_pandas_object(values, index=False).to_numpy().tobytes()


def _written(value) -> str:
    """Text that differs where values do."""
    if isinstance(value, xr.DataTree):
        variables = value["posterior"].to_dataset().variables
        parts = {str(name): _written(variables[name].to_numpy()) for name in variables}
        return repr((sorted(parts.items()), value.attrs.get("labels")))
    if isinstance(value, Mapping) and any(isinstance(entry, SHORTENED) for entry in value.values()):
        return repr([(name, _written(entry)) for name, entry in value.items()])
    if isinstance(value, list | tuple) and any(isinstance(entry, SHORTENED) for entry in value):
        return repr([_written(entry) for entry in value])
    if isinstance(value, pd.DataFrame):
        return repr([*_columns(value), _content(value.index)])
    if isinstance(value, pd.Series | pd.Index):
        return repr(_content(value))
    if isinstance(value, np.ndarray):
        numbers = value.tobytes() if value.dtype.kind in "fiub" else repr(value.tolist()).encode()
        return f"{value.shape} {hashlib.sha256(numbers).hexdigest()}"
    if is_dataclass(value):
        entries = [field.name for field in fields(value) if field.name not in WITHOUT_EFFECT]
        parts = {name: _written(getattr(value, name)) for name in entries}
        return f"{type(value).__name__} {parts}"
    return repr(value)
