"""A fingerprint of a call that samples: of all that its draws depend on, and the same in every session."""

import hashlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from importlib.metadata import version
from types import CodeType
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import xarray as xr
from pandas.util import hash_pandas_object

from bayes_lca.data.counted_in_engine import distinct_rows_of, free_name
from bayes_lca.data.engine_tables import table_in_engine
from bayes_lca.data.frame import check_frame, column, row_labels
from bayes_lca.data.variable_labels import variable_labels
from bayes_lca.sampling.nuts import fit

SHORTENED = np.ndarray | pd.Series | pd.Index | pd.DataFrame | xr.DataTree
"""Of which a text leaves out what stands in the middle."""

WITHOUT_EFFECT = ("progressbar", "cores")
ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+>")
"""Of an object in the memory of this process, where its text says no more of it."""


def digest_of_call(model: Any, frame: Any, options: dict[str, Any], sample: Callable = fit) -> str:
    """Fingerprint of a call ``sample(model, frame, **options)``, of the version of the package, and of `sample`.

    What samples in place of `fit` is told by its name, its code, and what it was given or knows from around it. Of
    dataclasses, fields with ``repr=False`` follow from the others and do not count.

    Raises
    ------
    ValueError
        If the frame cannot be used, or something is told apart by its place in memory alone, which is another one in
        every session.
    """
    labels = variable_labels(frame)
    table = table_in_engine(frame)
    if table is not None:
        rows = distinct_rows_of(table, model.columns, options.get("count"))
        frame = rows.frame.assign(**{free_name("n", rows.frame.columns): rows.count})
    check_frame(frame)
    given = _defaults(sample) | options
    chosen = [(name, written(given[name])) for name in sorted(given) if name not in WITHOUT_EFFECT]
    told = [("model", written(model)), *chosen, ("sample", _sampler(sample))]
    for name, text in told:
        if ADDRESS.search(text):
            raise ValueError(
                f"{name} is {text}, which is another text in every session, so that the fit would be sampled anew each "
                "time: give an object whose repr says what it is, or a function that is told all it needs"
            )
    parts = (
        told,
        list(_columns(frame)),
        _content(row_labels(frame)),
        version("bayes-lca"),
        *([labels] if labels else []),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _defaults(sample: Callable) -> dict[str, Any]:
    """What a callable takes where nothing is given."""
    parameters = inspect.signature(sample).parameters
    return {name: each.default for name, each in parameters.items() if each.default is not inspect.Parameter.empty}


def _sampler(sample: Callable) -> str:
    """What samples: of partial functions the keywords are among the options."""
    if isinstance(sample, partial):
        return repr([_sampler(sample.func), written(sample.args)])
    if inspect.ismethod(sample):
        return repr([written(sample.__self__), _function(sample.__func__)])
    if inspect.isfunction(sample):
        return _function(sample)
    return repr([type(sample).__module__, type(sample).__qualname__, written(sample)])


def _function(function) -> str:
    """Name and code of a function, and the values that it knows from around it.

    The code of this package's own has its version.
    """
    around = [written(cell.cell_contents) for cell in function.__closure__ or ()]
    code = () if function.__module__.partition(".")[0] == __name__.partition(".")[0] else _code(function.__code__)
    return repr([function.__module__, function.__qualname__, code, around])


def _code(code: CodeType) -> tuple:
    """What code does, wherever it stands."""
    constants = tuple(_code(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts)
    return code.co_code, code.co_names, constants


def written(value: Any) -> str:
    """Text that differs where values do."""
    if isinstance(value, np.generic):
        return written(value.item())
    if isinstance(value, xr.DataTree):
        variables = value["posterior"].to_dataset().variables
        parts = {str(name): written(variables[name].to_numpy()) for name in variables}
        return repr((sorted(parts.items()), value.attrs.get("labels")))
    if isinstance(value, pd.DataFrame):
        return repr([*_columns(value), _content(value.index)])
    if isinstance(value, pd.Series | pd.Index):
        return repr(_content(value))
    if isinstance(value, np.ndarray):
        numbers = value.tobytes() if value.dtype.kind in "fiub" else repr(value.tolist()).encode()
        return f"{value.shape} {hashlib.sha256(numbers).hexdigest()}"
    if inspect.isfunction(value):
        return _function(value)
    if isinstance(value, Mapping):
        return repr([(written(name), written(entry)) for name, entry in value.items()])
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} {[written(entry) for entry in value]}"
    if isinstance(value, set | frozenset):
        return f"set {sorted(written(entry) for entry in value)}"
    if is_dataclass(value) and not isinstance(value, type):
        told = [field.name for field in fields(value) if field.repr and field.name not in WITHOUT_EFFECT]
        return f"{type(value).__name__} { {name: written(getattr(value, name)) for name in told} }"
    return repr(value)


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
