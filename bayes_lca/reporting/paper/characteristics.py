"""Table 1 of a paper: who the respondents are, in all and by class or by another column."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.counted import count_rows
from bayes_lca.data.covariates import level_order
from bayes_lca.data.declarations import NOTHING_DECLARED
from bayes_lca.data.frame import Frame, check_columns, check_frame, column
from bayes_lca.data.variable_labels import variable_labels
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.columns.association import CHI_SQUARE
from bayes_lca.posterior.columns.compared_groups import most_likely_classes
from bayes_lca.posterior.columns.covariate_columns import read_covariate, read_levels
from bayes_lca.posterior.columns.covariate_tests import covariate_tests
from bayes_lca.reporting.paper.rounding import count_text, number_text, p_text, quartile_text
from bayes_lca.table import SummaryTable

ALL, TEST, P_VALUE, EFFECT, MISSING = "all", "test", "p", "effect", "missing"
SYMBOL = {"chi-square": "χ²", "Kruskal-Wallis": "H"}
EFFECT_SYMBOL = {"Cramer's V": "V", "epsilon-squared": "ε²"}
STYLE = "n (%) of those who have the column; median [quartiles] of numbers"


def characteristics(
    frame: Frame,
    columns: Sequence[str],
    by: xr.DataTree | str | None = None,
    *,
    count: str | int | None = None,
    ordinal: Sequence[str] = (),
    key: str | None = None,
) -> SummaryTable:
    """Describe the respondents as the first table of a paper does, in all and by class or another column.

    Parameters
    ----------
    frame : eager data frame
        One row per respondent, or a frequency table with `count`. With draws, the frame that was fitted.
    columns : sequence of str
        What is described: numbers by median and quartiles, anything else by number and percentage of each level.
    by : xarray.DataTree or str, optional
        Draws of a latent class model, whose most likely classes are compared, or a column; all respondents alone by
        default.
    count : str or int, optional
        Column of the number of respondents with each row.
    ordinal : sequence of str
        Ordered categoricals that are tested by ranks.
    key : str, optional
        Column of `frame` that tells respondents apart; see `covariate_tests`.

    Returns
    -------
    SummaryTable
        Of text, a row per column and level: ``all``, a column for each class or level of `by`, and, in the first row of
        each column, ``test`` with its degrees of freedom, ``p``, and ``effect`` with its interval, of
        `covariate_tests`. Percentages are of those who have the column; who lacks it is in its last row. To be written
        by `write_tables`.

    Raises
    ------
    TypeError
        If `by` is neither draws nor the name of a column.
    ValueError
        If a column is unknown or cannot be read; see `covariate_tests`.
    NotRelabelledError, SeveralModesError
        If classes would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.characteristics(bl.example_survey(), ["gender", "participation"], bl.load_example())
    >>> table.loc[("participation", "median [quartiles]"), ["all", "p"]].tolist()
    ['5.0 [2.5, 8.8]', '< .001']
    """
    check_frame(frame)
    if by is None:
        counted = count_rows(frame, count, list(columns))
        frame, tests, note = counted.frame, None, ""
        rows, index, names = slice(None), np.zeros(len(counted.frame)), []
    elif isinstance(by, str):
        tests = covariate_tests(by, frame, columns, count=count, ordinal=ordinal)
        frame = count_rows(frame, count, [by, *columns], again=True).frame
        rows, index, note = slice(None), read_levels(by, column(frame, by)), tests.note
        names = [str(level) for level in level_order(column(frame, by))]
    else:
        fit = by if isinstance(by, Fit) else Fit.of(by, needs="characteristics")
        tests = covariate_tests(by, frame, columns, count=count, ordinal=ordinal, key=key)
        frame = fit.frame_of_respondents(frame, count)
        groups = most_likely_classes(fit, frame, columns, key)
        rows, index, note, names = groups.rows, groups.index, tests.note, list(fit.classes)
    check_columns(frame, columns, role="named")
    members = {ALL: np.ones(len(index), dtype=bool), **{name: index == place for place, name in enumerate(names)}}
    parts = {}
    for name in columns:
        values = NOTHING_DECLARED.column(frame, name, "column").iloc[rows].reset_index(drop=True)
        part = _rows_of(name, values, members)
        if tests is not None:
            part = part.join(_test_of(tests.loc[name], part.index))
        parts[name] = part
    table = pd.concat(parts, names=["column", "level"])
    heads = {name: f"{name} (n = {int(chosen.sum())})" for name, chosen in members.items() if name != ALL}
    table = table.rename(columns=heads)
    labels = {name: text for name, text in variable_labels(frame).items() if name in columns}
    lines = [f"n = {len(index)}; {STYLE}", note, "; ".join(f"{name}: {text}" for name, text in labels.items())]
    return SummaryTable.of(table, "\n".join(filter(None, lines)))


def _rows_of(name: str, values: pd.Series, members: dict[str, np.ndarray]) -> pd.DataFrame:
    """Numbers of one column, a row per level or one of quartiles, and one of those who lack it where there are any."""
    read = read_covariate(name, values)
    known = ~np.isnan(read.values)
    cells = {}
    if read.test == CHI_SQUARE:
        for place, level in enumerate(level_order(values)):
            has = read.values == place
            cells[f"{level}, n (%)"] = [
                count_text(int((has & of).sum()), int((known & of).sum())) for of in members.values()
            ]
    else:
        cells["median [quartiles]"] = [quartile_text(read.values[known & of]) for of in members.values()]
    if not known.all():
        cells[MISSING] = [count_text(int((~known & of).sum()), int(of.sum())) for of in members.values()]
    return pd.DataFrame.from_dict(cells, orient="index", columns=list(members))


def _test_of(test: pd.Series, index: pd.Index) -> pd.DataFrame:
    """Test, p-value and effect size in the first row of a column."""
    ends = f"[{number_text(test['lower'])}, {number_text(test['upper'])}]"
    words = [
        f"{SYMBOL[test['test']]}({test['df']:.0f}) = {number_text(test['statistic'])}",
        p_text(test["p_value"]),
        f"{EFFECT_SYMBOL[test['effect_size']]} = {number_text(test['effect'])} {ends}",
    ]
    below = [["", "", ""]] * (len(index) - 1)
    return pd.DataFrame([words, *below], index, [TEST, P_VALUE, EFFECT])
