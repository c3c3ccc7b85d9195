"""Tiny fits that are shipped with the package, so that every example in the documentation runs in a moment."""

from functools import cache
from importlib.resources import as_file, files
from typing import Literal

import pandas as pd
import xarray as xr

from bayes_lca.datasets.cohort import simulate_cohort
from bayes_lca.datasets.cohort_waves import load_waves
from bayes_lca.posterior.storage.netcdf import load

ITEMS = ("training", "recognition", "expertise")
FORMULA = "~ participation + score + (1 | group)"
N_RESPONDENTS, SEED = 180, 7
TRANSITION = "~ participation + (1 | group)"
N_PERSONS = 150
EXAMPLES = {
    "with covariates": "example_regression.nc",
    "alone": "example_classes.nc",
    "waves": "example_waves.nc",
}
"""Files of the fits."""


def load_example(classes: Literal["with covariates", "alone", "waves"] = "with covariates") -> xr.DataTree:
    """A tiny fit of simulated answers, real in all but its size: two classes, three items, 180 respondents.

    Its 2 x 100 draws are for trying functions, not for conclusions.

    Parameters
    ----------
    classes : {"with covariates", "alone", "waves"}
        The classes with their regression on ``participation`` and ``score`` and random intercepts of six groups, or
        the latent class analysis alone; both rest on the respondents of `example_survey`. Or two classes at three
        waves, with ``participation`` and random intercepts in the transitions; it rests on `example_waves`.

    Returns
    -------
    xarray.DataTree

    Raises
    ------
    ValueError
        If there is no such fit.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.class_sizes(bl.load_example()).index.tolist()
    ['C1', 'C2']
    """
    if classes not in EXAMPLES:
        raise ValueError(f"classes={classes!r}: choose one of {list(EXAMPLES)}")
    return _read(EXAMPLES[classes]).copy(deep=True)


@cache
def _read(name: str) -> xr.DataTree:
    with as_file(files("bayes_lca.datasets") / name) as path:
        return load(path)


def example_survey() -> pd.DataFrame:
    """The simulated survey behind `load_example`.

    Returns
    -------
    pandas.DataFrame
        One row per respondent, in the columns of `load_cohort`.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> len(bl.example_survey())
    180
    """
    return simulate_cohort(n=N_RESPONDENTS, seed=SEED)[0]


def example_waves() -> pd.DataFrame:
    """The simulated waves behind ``load_example("waves")``.

    Returns
    -------
    pandas.DataFrame
        One row a person and wave, in the columns of `load_waves`: 150 persons at three waves.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.example_waves()["person"].nunique()
    150
    """
    frame = load_waves()
    return frame[frame["person"] <= N_PERSONS].reset_index(drop=True)
