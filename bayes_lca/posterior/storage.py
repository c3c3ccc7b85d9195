"""Keep a fit on disk: NetCDF, exact, and without running anything when it is read."""

import os
from pathlib import Path

import xarray as xr

COMPRESSION = {"zlib": True, "complevel": 4}


def save(draws: xr.DataTree, path: str | os.PathLike) -> None:
    """Write a fit to a NetCDF file.

    The file is written beside `path` and then renamed, so that an interrupted save leaves an older file whole.

    Parameters
    ----------
    draws : xarray.DataTree
    path : str or path
        Usually ends in ``.nc``.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.save(draws, "fit.nc")  # doctest: +SKIP
    """
    path = Path(path)
    storable = xr.DataTree.from_dict({node.path: _without_objects(node.to_dataset()) for node in draws.subtree})
    encoding = {
        node.path: {
            name: COMPRESSION for name, values in node.data_vars.items() if values.size and values.dtype.kind in "fiub"
        }
        for node in storable.subtree
    }
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        storable.to_netcdf(unfinished, engine="h5netcdf", encoding=encoding)
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike) -> xr.DataTree:
    """Read a fit written by `save`.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    xarray.DataTree
        Equal to the tree that was saved, and in memory: the file can be overwritten.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a fit.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"no file {os.fspath(path)!r}; bl.save(draws, path) writes one")
    try:
        tree = xr.load_datatree(path, engine="h5netcdf")
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{os.fspath(path)!r} is not a NetCDF file that can be read: {error}") from error
    if "posterior" not in tree.children or "formula" not in tree.attrs:
        raise ValueError(f"{os.fspath(path)!r} is no fit of bayes_lca: it has no posterior with a formula")
    return tree


def _without_objects(dataset: xr.Dataset) -> xr.Dataset:
    """Text of variable length as text; a column of nothing but None carries nothing and is left out."""
    for name, values in dataset.variables.items():
        if values.dtype == object:
            text = [value for value in values.to_numpy().ravel() if value is not None]
            dataset = dataset.drop_vars(name) if not text else dataset.assign({name: values.astype(str)})
    return dataset
