"""Numbers moved to a grid, in the engine where they lie, so that many respondents share a row."""

from collections.abc import Mapping
from math import inf
from numbers import Real

from bayes_lca.data.counted_in_engine import check_known
from bayes_lca.data.engine_tables import EngineTable, as_table
from bayes_lca.data.frame import Frame, named


def round_to_grid(table: Frame, grid: Mapping[str, float]) -> EngineTable:
    """Round columns of a table to multiples of a step, where the table lies.

    Distinct rows of answers, covariates and groups are what a fit computes with. An age in days or an income in cents
    makes a row of nearly every respondent; rounded to years or thousands, it leaves a few hundred, at the price of
    a covariate known to half a step. The grid is named in the notes of every table of the fit.

    Parameters
    ----------
    table : DuckDB relation, Polars LazyFrame, Dask or Spark DataFrame, or a frame in memory
    grid : mapping of str to float
        Step by column. A number becomes the nearest multiple, from the middle upwards: 0.5 becomes 1 where the step is
        1. Missing values stay missing.

    Returns
    -------
    EngineTable
        To be given to `fit`, `count_classes` and the other functions that take a table; it is counted, also where it
        is in memory. ``native`` is the rounded table as its engine has it, nothing computed yet, to join
        `membership_table` to.

    Raises
    ------
    TypeError
        If `table` is no table.
    ValueError
        If a column is unknown or holds no numbers, or a step is not above 0.

    Examples
    --------
    >>> import polars
    >>> import bayes_lca as bl
    >>> survey = polars.LazyFrame({"age": [34.2, 34.9, 35.5], "pay": ["less", "more", "more"]})
    >>> round_to_grid(survey, {"age": 1}).native.collect()["age"].to_list()
    [34.0, 35.0, 36.0]
    """
    known = as_table(table)
    check_known(known, list(grid))
    if no_numbers := [name for name in grid if not known.is_number(name)]:
        raise ValueError(
            f"grid names {named(no_numbers)}, which hold no numbers in the table in {known.engine}; round numbers only"
        )
    for name, step in grid.items():
        if not (isinstance(step, Real) and not isinstance(step, bool) and 0 < step < inf):
            raise ValueError(f"grid={{{name!r}: {step!r}}}: a step is a number above 0, such as 1 or 0.5")
    return known.rounded({name: float(step) for name, step in grid.items()})
