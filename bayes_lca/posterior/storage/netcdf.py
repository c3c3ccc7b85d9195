"""Keep a fit on disk: NetCDF, exact, and without running anything when it is read."""

import os
from io import BytesIO
from pathlib import Path

import xarray as xr

from bayes_lca.fitted.capabilities import functions_that_need_respondents
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.views import with_views, without_views
from bayes_lca.posterior.storage.file_integrity import UnreadableFileError, check_hdf5, check_seal, seal
from bayes_lca.posterior.storage.remembering_file import RememberingFile
from bayes_lca.posterior.storage.whole_fit import check_fit
from bayes_lca.posterior.storage.without_respondents import without_respondents
from bayes_lca.whole_file import write_whole

COMPRESSION = {"zlib": True, "complevel": 4}


def save(draws: xr.DataTree, path: str | os.PathLike, *, respondents: bool = True) -> None:
    """Write a fit to a NetCDF file.

    The file is written beside `path` and then renamed, so that an interrupted save leaves an older file whole. A
    checksum at its end lets `load` see damage.

    Parameters
    ----------
    draws : xarray.DataTree
    path : str or path
        Usually ends in ``.nc``.
    respondents : bool, default True
        Whether to keep the rows of the respondents: answers, covariates, groups, labels, log-likelihoods and predicted
        answers. Without them a fit can be passed on, and `holds_respondents` says that it lacks them. Groups,
        statistics and attributes that `fit` did not write are then left out too, and so are variables of the posterior
        that have an axis of respondents or of their distinct rows; check other variables that you added yourself.

    Raises
    ------
    OSError
        If the file cannot be written; it names `path`, and an older file there is unchanged.
    TypeError, ValueError
        If `draws` is no fit.

    Notes
    -----
    **Without respondents** these functions say that they need the rows: NEED_RESPONDENTS.

    All others give the numbers of the whole fit. `predict_classes` takes profiles that state
    every covariate (not of formulas with ``center``, ``scale``, ``poly`` or ``bs``); of `class_shift` and
    `compare_structures` what rests on profiles and shares is left, not who belongs to which class.

    Two things are left out because rows could be computed from them. The log density of every draw gives how often
    each pattern of answers was given, by linear equations: with 2000 draws of a fit of 600 respondents, the counts of
    all 729 patterns of six items came out right. Class shares of a regression are averages over covariates and give
    the number of respondents in each combination of these; they are rounded to three decimals, so that `class_sizes`
    may differ by half a unit of the third decimal, and `convergence` of the shares a little. Of 162 combinations among
    600 respondents all could be computed before, and 7 % of those that occur after rounding: where a combination of
    covariates and group is rare and must not be known, pass on the tables instead.

    What stays is about groups of respondents: their number, the number in each group of the formula, the mean of each
    design column, and the names of groups, levels and items. Look at the names, and at groups of very few people.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> draws, folder = bl.load_example(), Path(mkdtemp())
    >>> bl.save(draws, folder / "fit.nc")
    >>> bl.save(draws, folder / "to_share.nc", respondents=False)
    >>> bl.holds_respondents(bl.load(folder / "to_share.nc"))
    False
    """
    fit = Fit.of(draws, needs="save")
    kept = without_views(fit.tree if respondents and fit.holds_respondents else without_respondents(fit))
    storable = xr.DataTree.from_dict({node.path: _without_objects(node.to_dataset()) for node in kept.subtree})
    encoding = {
        node.path: {
            name: COMPRESSION
            for name, values in node.to_dataset(inherit=False).variables.items()
            if values.size and values.dtype.kind in "fiub"
        }
        for node in storable.subtree
    }
    in_memory = BytesIO()  # written from here, because HDF5 itself crashes on a full disk
    with RememberingFile(in_memory, "w") as file:
        storable.to_netcdf(file, engine="h5netcdf", encoding=encoding)
    content = in_memory.getbuffer()  # the file as it is, not a copy of it

    def write(unfinished: Path) -> None:
        with open(unfinished, "wb") as file:
            file.write(content)
            file.write(seal(content))

    write_whole(path, write)


save.__doc__ = (save.__doc__ or "").replace(
    "NEED_RESPONDENTS", ", ".join(f"`{name}`" for name in functions_that_need_respondents())
)


def load(path: str | os.PathLike) -> xr.DataTree:
    """Read a fit written by `save`. Nothing in the file is run, and no other file is read.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    xarray.DataTree
        Equal to the tree that was saved, and in memory: the file can be overwritten. `holds_respondents` tells
        whether rows of respondents are in it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a fit, is not the one that was saved (its checksum differs), refers to other files, or
        declares more than it holds.
    MemoryError
        If memory does not suffice.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp()) / "fit.nc"
    >>> bl.save(bl.load_example(), path)
    >>> bl.load(path).identical(bl.load_example())
    True
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"no file {os.fspath(path)!r}; bl.save(draws, path) writes one")
    try:
        return with_views(_read(Path(path)))
    except MemoryError as error:
        raise MemoryError(
            f"{os.fspath(path)!r} cannot be read in the memory that is left: {error}; close other programs, or "
            "save fewer draws where there is more"
        ) from error


def _read(path: Path) -> xr.DataTree:
    """What is in a file, if it is a whole fit."""
    is_as_saved = False
    try:
        is_as_saved = check_seal(path)
        check_hdf5(path)
        with RememberingFile(path, "r") as file:
            tree = xr.load_datatree(file, engine="h5netcdf")
    except UnreadableFileError as error:
        raise ValueError(f"{os.fspath(path)!r} cannot be read: {error}") from error
    except MemoryError:
        raise
    except Exception as error:  # what HDF5 and its readers raise for a damaged file is theirs to choose
        if is_as_saved:
            raise ValueError(
                f"{os.fspath(path)!r} cannot be read, though its checksum is right: {error}; where memory does not "
                "suffice, close other programs"
            ) from error
        raise ValueError(f"{os.fspath(path)!r} is not a NetCDF file that can be read: {error}") from error
    if "posterior" not in tree.children or "formula" not in tree.attrs:
        raise ValueError(f"{os.fspath(path)!r} is no fit of bayes_lca: it has no posterior with a formula")
    try:
        check_fit(tree)
    except UnreadableFileError as error:
        raise ValueError(f"{os.fspath(path)!r} is no whole fit of bayes_lca: {error}") from error
    return tree


def _without_objects(dataset: xr.Dataset) -> xr.Dataset:
    """Text of variable length as text; a column of nothing but None carries nothing and is left out."""
    for name, values in dataset.variables.items():
        if values.dtype == object:
            text = [value for value in values.to_numpy().ravel() if value is not None]
            dataset = dataset.drop_vars(name) if not text else dataset.assign({name: values.astype(str)})
    return dataset
