"""Fits that are kept on disk: what was sampled once is read, not sampled again."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr

from bayes_lca.data.frame import Frame
from bayes_lca.fitted.kept_warnings import recorded, warn_again, with_warnings
from bayes_lca.posterior.storage.netcdf import load, save
from bayes_lca.posterior.storage.whole_fit import OtherLayoutError
from bayes_lca.sampling.call_digest import digest_of_call
from bayes_lca.sampling.nuts import fit
from bayes_lca.whole_file import check_writable

DIGEST = "kept_fit_digest"


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
        If the frame cannot be used, an option has a text that is another one in every session, or the file is no fit
        or not the one that was saved; it is left as it is.
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
    digest = digest_of_call(model, frame, options, sample)
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
    except Exception as error:  # whatever it is, what was sampled is worth more
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
