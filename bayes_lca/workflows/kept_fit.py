"""Fits that are kept on disk: what was sampled once is read, not sampled again."""

import hashlib
import json
import os
import warnings
from importlib.metadata import version
from pathlib import Path

import narwhals as nw
import xarray as xr

from bayes_lca.data.frame import check_frame, row_labels
from bayes_lca.fit import fit
from bayes_lca.posterior.convergence import ConvergenceWarning
from bayes_lca.posterior.storage import load, save

DIGEST, WARNINGS = "kept_fit_digest", "kept_fit_warnings"


def fit_or_load(path: str | os.PathLike, model, frame, *, sample=fit, **options) -> xr.DataTree:
    """Fit a model, or read the fit that the same call has left before.

    The file is read when model, frame, options and the package's version are those it was written with; anything else
    is fitted anew and replaces it. Warnings of convergence are kept with the fit and given again.

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

    Examples
    --------
    >>> import bayes_lca as bl
    >>> from bayes_lca.models import LatentClass
    >>> lca = LatentClass(3, bl.Items(bl.cohort_items()))
    >>> draws = bl.fit_or_load("fits/classes.nc", lca, bl.load_cohort(), seed=1)  # doctest: +SKIP
    """
    path = Path(path)
    digest = _digest(model, frame, options)
    if path.exists():
        kept = load(path)
        if kept.attrs.get(DIGEST) == digest:
            for message in json.loads(kept.attrs[WARNINGS]):
                warnings.warn(message, ConvergenceWarning, stacklevel=2)
            return kept
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        draws = sample(model, frame, **options)
    of_convergence = [str(one.message) for one in caught if issubclass(one.category, ConvergenceWarning)]
    draws.attrs |= {DIGEST: digest, WARNINGS: json.dumps(of_convergence)}
    path.parent.mkdir(parents=True, exist_ok=True)
    save(draws, path)
    for one in caught:
        warnings.warn(one.message, one.category, stacklevel=2)
    return draws


def _digest(model, frame, options: dict) -> str:
    """Fingerprint of everything that a fit depends on."""
    check_frame(frame)
    plain = {name: value for name, value in options.items() if name not in ("progressbar", "cores")}
    told = {name: _tell(value) for name, value in plain.items()}
    data = nw.from_native(frame, eager_only=True).write_csv()
    parts = (_tell(model), sorted(told.items()), data, list(row_labels(frame)), version("bayes-lca"))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _tell(value) -> str:
    """Text that differs where values do; a fit tells its own fingerprint."""
    if not isinstance(value, xr.DataTree):
        return repr(value)
    numbers = [part.to_numpy().tobytes() for part in value["posterior"].to_dataset().data_vars.values()]
    return hashlib.sha256(b"".join(numbers)).hexdigest()
