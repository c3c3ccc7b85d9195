"""Trees of arrays in NetCDF files, written and read in one pass.

The files are those that xarray writes through h5netcdf, and either reads those of the other. With a fit's many small
variables those packages take five times as long, for they look each dimension up in the file again and again.
"""

import os
from collections.abc import Iterator
from io import BytesIO

import h5py
import numpy as np
import xarray as xr

DIMENSION_ALONE = "This is a netCDF dimension but not a netCDF variable."
"""How the name of a scale begins that says how long a dimension is, and has no values."""
OF_NETCDF = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates"}
"""Attributes that say how variables hang together."""
COMPRESSION = {"compression": "gzip", "compression_opts": 4}


def write_tree(tree: xr.DataTree) -> bytes:
    """Content of a file that holds a tree.

    Raises
    ------
    TypeError
        If a value is neither a number nor text.
    """
    in_memory = BytesIO()  # written to the disk by others, because HDF5 itself crashes where that is full
    with h5py.File(in_memory, "w", track_order=True) as file:
        file.attrs["_NCProperties"] = np.bytes_(f"version=2,h5py={h5py.__version__},hdf5={h5py.version.hdf5_version}")
        n_dimensions = 0
        for node in tree.subtree:
            group = file if node.path == "/" else file.create_group(node.path, track_order=True)
            n_dimensions += _write_dataset(group, node.to_dataset(inherit=False), n_dimensions)
    return in_memory.getvalue()


def _write_dataset(group: h5py.Group, dataset: xr.Dataset, n_before: int) -> int:
    """The number of its dimensions, which are counted through the whole file."""
    variables, attributes = xr.conventions.encode_dataset_coordinates(dataset)
    variables, attributes = xr.conventions.cf_encoder(variables, attributes)
    _write_attributes(group, attributes)
    for name, variable in variables.items():
        _write_variable(group, name, variable)
    for place, (dim, size) in enumerate(dataset.sizes.items()):
        if dim not in variables:
            group.create_dataset(dim, shape=(size,), dtype=">f4")
        group[dim].make_scale(dim if dim in variables else f"{DIMENSION_ALONE}{size:10d}")
        group[dim].attrs["_Netcdf4Dimid"] = np.int32(n_before + place)
    scales = {dim: group[dim] for dim in dataset.sizes}
    for name, variable in variables.items():
        if name not in scales:
            written = group[name]
            for place, dim in enumerate(variable.dims):
                written.dims[place].attach_scale(scales[dim])
    return len(scales)


def _write_variable(group: h5py.Group, name: str, variable: xr.Variable) -> None:
    values, attributes = variable.to_numpy(), dict(variable.attrs)
    settings = {"track_order": True}
    if values.dtype.kind in "UO":
        values, settings["dtype"] = values.astype(object), h5py.string_dtype()
    elif values.size and values.ndim and values.dtype.kind in "fiu":
        settings |= COMPRESSION
    if "_FillValue" in attributes:
        settings["fillvalue"] = attributes["_FillValue"]
    _write_attributes(group.create_dataset(name, data=values, **settings), attributes)


def _write_attributes(owner: h5py.Group | h5py.Dataset, attributes: dict) -> None:
    for name, value in attributes.items():
        if np.asarray(value).dtype.kind not in "fiuSU":
            raise TypeError(f"attribute {name!r} of {owner.name!r} is {value!r}, neither numbers nor text")
        is_number = np.isscalar(value) and not isinstance(value, str | bytes)
        owner.attrs[name] = np.atleast_1d(value) if is_number else value


def read_tree(path: str | os.PathLike) -> xr.DataTree:
    """What `write_tree` wrote, or xarray, all of it in memory.

    Raises
    ------
    Exception
        What HDF5 and h5py raise where a file is damaged.
    """
    with h5py.File(path, "r") as file:
        return xr.DataTree.from_dict({group.name: _read_dataset(group) for group in _groups(file)})


def _groups(group: h5py.Group) -> Iterator[h5py.Group]:
    yield group
    for member in group.values():
        if isinstance(member, h5py.Group):
            yield from _groups(member)


def _read_dataset(group: h5py.Group) -> xr.Dataset:
    variables = {}
    for name, stored in group.items():
        if isinstance(stored, h5py.Dataset):
            marks = {mark: stored.attrs[mark] for mark in ("NAME", "DIMENSION_LIST") if mark in stored.attrs}
            if not bytes(marks.get("NAME", b"")).startswith(DIMENSION_ALONE.encode()):
                variables[name] = _read_variable(name, stored, marks)
    return xr.decode_cf(xr.Dataset(variables, attrs=_read_attributes(group))).load()


def _read_variable(name: str, stored: h5py.Dataset, marks: dict) -> xr.Variable:
    if "DIMENSION_LIST" in marks:
        scales = (h5py.h5r.get_name(references[0], stored.id) for references in marks["DIMENSION_LIST"])
        dims = tuple(scale.decode().rpartition("/")[2] for scale in scales)
    else:
        dims = (name,) if "NAME" in marks else ()
    is_text = h5py.check_string_dtype(stored.dtype) is not None and stored.dtype.kind == "O"
    values = np.asarray(stored.asstr()[()]).astype(str) if is_text else stored[()]
    return xr.Variable(dims, values, _read_attributes(stored))


def _read_attributes(owner: h5py.Group | h5py.Dataset) -> dict:
    """Numbers that stand alone as numbers, and text in lists."""
    read = {name: owner.attrs[name] for name in owner.attrs if name not in OF_NETCDF and name != "_NCProperties"}
    for name, value in read.items():
        if isinstance(value, np.ndarray):
            values = value.tolist() if value.dtype.kind == "O" else value
            read[name] = values[0] if len(values) == 1 else values
    return read
