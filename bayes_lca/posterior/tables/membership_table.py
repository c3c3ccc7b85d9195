"""Membership for a table in an engine: one row for each distinct row, to be joined where the table lies."""

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import xarray as xr

from bayes_lca.data.counted_in_engine import check_known, free_name, in_order
from bayes_lca.data.declarations import Declarations, without_codes
from bayes_lca.data.engine_tables import EngineTable, as_table
from bayes_lca.data.frame import Frame, column, named
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.stored_columns import compared_with_frame
from bayes_lca.table import tail_probabilities

NUMBERS_AT_ONCE = 50_000_000
"""Draws x rows x classes held in memory at a time."""


def membership_table(draws: xr.DataTree, table: Frame, *, ci_prob: float = 0.95) -> Frame:
    r"""Membership probabilities of each distinct row of the table that was fitted, with its columns to join by.

    Respondents who are alike in answers, covariates and groups have the same membership, so it is brought back to
    millions of them by a join in the engine. Nothing of a single respondent leaves it.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model to the table.
    table : DuckDB relation, Polars LazyFrame, Dask or Spark DataFrame, table from `round_to_grid`, or eager frame
        The table that was fitted, or another with the same rows.
    ci_prob : float, default 0.95
        Probability of the intervals.

    Returns
    -------
    eager data frame
        Of the kind that the engine hands over: Arrow for DuckDB and Spark, polars for polars, pandas for Dask and for
        pandas. One row for each distinct row of the table, as the table has its values: the columns of the model; of
        each class ``C1`` the posterior mean probability and its interval ``C1_lower``, ``C1_upper``; ``modal_class``,
        as text, and its ``certainty``; ``n_respondents`` with such a row. Rows that the fit left out for want of a
        covariate are not there, and a left join leaves them without membership.

    Raises
    ------
    ValueError
        If the classes were seen, or the fit was saved without respondents; if the table lacks a column of the model,
        or has rows that the fit has not: `membership` scores new respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Notes
    -----
    Keys that are missing have to join too, as an ordinary comparison in SQL does not: ``IS NOT DISTINCT FROM`` in
    DuckDB and other databases, ``nulls_equal=True`` in polars, ``eqNullSafe`` in Spark. Dask and pandas join missing
    keys as they are. Join a table that was rounded by its ``native``.

    Examples
    --------
    In DuckDB, where the join is done, with 180 respondents in place of millions:

    >>> import duckdb
    >>> import bayes_lca as bl
    >>> frame = bl.example_survey()
    >>> survey = duckdb.sql("SELECT * FROM frame")
    >>> scores = bl.membership_table(bl.load_example(), survey)  # draws of bl.fit(nested, survey)
    >>> keys = scores.column_names[: scores.column_names.index("C1")]
    >>> same = " AND ".join(f'survey."{key}" IS NOT DISTINCT FROM scores."{key}"' for key in keys)
    >>> joined = duckdb.sql(f"SELECT survey.*, scores.C1, scores.C2 FROM survey LEFT JOIN scores ON {same}")
    >>> joined.aggregate("count(*), count(C1)").fetchall()
    [(180, 180)]

    In polars ``survey.join(scores.lazy(), on=keys, how="left", nulls_equal=True)``, in Dask ``survey.merge(scores,
    on=keys, how="left")``, in Spark ``survey.join(spark.createDataFrame(scores.to_pandas()), [survey[key].eqNullSafe(
    scores[key]) ...], "left")``.
    """
    tails = tail_probabilities(ci_prob)
    fit, asked = Fit.of(draws, needs="membership_table"), as_table(table)
    keys = _keys(fit, asked)
    number = free_name("n_respondents", keys)
    rows = nw.from_native(asked.distinct_rows(keys, number), eager_only=True)
    native = rows.to_native()
    rows = rows[in_order([column(native, name) for name in keys])]
    pattern = _patterns(fit, rows.to_native(), keys, number, asked)
    columns = {free_name(name, keys): values for name, values in _membership(fit, pattern[pattern >= 0], tails).items()}
    kept = rows.filter((pattern >= 0).tolist())
    made = nw.from_dict(columns, backend=kept.implementation)
    parts = [kept.select(keys), made, kept.select(number)]
    return nw.concat(parts, how="horizontal").to_native()


def _keys(fit: Fit, table: EngineTable) -> list:
    """Columns of the model as the table names them."""
    known = {str(name): name for name in table.columns}
    keys = [known.get(name, name) for name in dict.fromkeys((*fit.items, *fit.formula.columns))]
    check_known(table, keys)
    return keys


def _patterns(fit: Fit, rows, keys: Sequence, number: str, table: EngineTable) -> np.ndarray:
    """The distinct row of the fit that each row of a frame is, -1 where the fit left it out, shape (row,)."""
    compared = compared_with_frame(fit, rows)
    n_patterns = len(compared.of_fit)
    together = unique_rows(np.vstack([compared.of_fit, compared.of_rows])).pattern
    known = np.full(together.max() + 1, -1)
    known[together[:n_patterns]] = np.arange(n_patterns)
    pattern = known[together[n_patterns:]]
    incomplete = _incomplete(fit, rows)
    strange = (pattern < 0) & ~incomplete
    if strange.any():
        n = column(rows, number).to_numpy(dtype=float)
        first = {str(name): column(rows, name).iloc[int(strange.argmax())] for name in keys}
        raise ValueError(
            f"{int(n[strange].sum()):d} of {int(n.sum()):d} rows of the table in {table.engine} are none that the fit "
            f"has, such as {named([first])}; give the table that was fitted, or score new respondents with "
            "bl.membership(draws, frame)"
        )
    return np.where(incomplete, -1, pattern)


def _incomplete(fit: Fit, rows) -> np.ndarray:
    """Rows that lack a covariate or a group, shape (row,)."""
    declared = Declarations(missing_codes=fit.specification["structural"].get("missing_codes", ()))
    present = {str(name): name for name in nw.from_native(rows, eager_only=True).columns}
    gone = np.zeros(len(nw.from_native(rows, eager_only=True)), dtype=bool)
    for name in fit.formula.columns:
        values = column(rows, present[name])
        gone |= without_codes(values, declared.missing_codes_of(name), name).isna().to_numpy()
    return gone


def _membership(fit: Fit, pattern: np.ndarray, tails: list[float]) -> dict[str, np.ndarray]:
    """Columns of the table, of shape (row,), for distinct rows of the fit."""
    classes, mean, modal = list(fit.classes), fit.mean_membership, fit.modal_class
    step = max(1, NUMBERS_AT_ONCE // fit.membership[:, 0].size)
    lower, upper = np.hstack(
        [np.quantile(fit.membership[:, start : start + step], tails, axis=0) for start in range(0, len(mean), step)]
    )
    columns = {}
    for place, name in enumerate(classes):
        columns |= {name: mean[:, place], f"{name}_lower": lower[:, place], f"{name}_upper": upper[:, place]}
    of_rows = {name: values[pattern].astype(float) for name, values in columns.items()}
    names = np.array(classes, dtype=object)[modal[pattern]].tolist()
    return of_rows | {"modal_class": names, "certainty": mean.max(axis=1)[pattern].astype(float)}
