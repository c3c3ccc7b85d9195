"""Table 1 of a paper: who the respondents are, in all and by class or by another column."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.counted import count_rows
from bayes_lca.data.covariates import level_order
from bayes_lca.data.declarations import NOTHING_DECLARED
from bayes_lca.data.frame import Frame, check_columns, check_frame, column, row_labels
from bayes_lca.data.variable_labels import variable_labels
from bayes_lca.fitted.column_levels import levels_of
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.thinning import thinning
from bayes_lca.posterior.columns.association import CHI_SQUARE
from bayes_lca.posterior.columns.compared_groups import ComparedGroups, imputed_classes, most_likely_classes
from bayes_lca.posterior.columns.covariate_columns import read_covariate, read_levels
from bayes_lca.posterior.columns.covariate_tests import IMPUTED, MODAL, covariate_tests
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.reporting.paper.imputed_cells import counts_by_class, quartiles_by_class
from bayes_lca.reporting.paper.rounding import NOTHING, count_text, number_text, p_text, quartile_text
from bayes_lca.table import SummaryTable

STYLE_IMPUTED = (
    "in classes averages over those drawn, with 95 % intervals of percentages and medians, as wide as who is in a "
    "class is uncertain"
)
ALL, TEST, P_VALUE, EFFECT, MISSING = "all", "test", "p", "effect", "missing"
SYMBOL = {"chi-square": "χ²", "Kruskal-Wallis": "H"}
EFFECT_SYMBOL = {"Cramer's V": "V", "epsilon-squared": "ε²"}
MEDIAN_INTERVAL = "median, 95 % interval"
STYLE = "n (%) of those who have the column; median [quartiles] of numbers"


def characteristics(
    frame: Frame,
    columns: Sequence[str],
    by: xr.DataTree | str | None = None,
    *,
    count: str | int | None = None,
    ordinal: Sequence[str] = (),
    key: str | None = None,
    classes: Literal["modal", "imputed"] = MODAL,
    n_draws: int = 200,
    seed: int = 1,
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
    classes : {"modal", "imputed"}
        With draws, how to use classes that are not known: the most likely class as if it were known, or classes drawn
        for every respondent given the answers and the column, as `covariate_tests` does. Medians, quartiles and
        percentages are averages over the drawn classes then, and come with intervals of 95 %: of the median, and of
        each percentage, over samples with replacement of the members that are drawn, so that it is in them who is in a
        class, and who was asked.
    n_draws : int, default 200
        Posterior draws used at the most for imputed classes.
    seed : int, default 1
        Of the imputed classes.

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
        If classes are to be imputed without draws, or a column is unknown or cannot be read; see `covariate_tests`.
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
    if classes != MODAL and (by is None or isinstance(by, str)):
        raise ValueError(
            f"classes={classes!r} needs by=, the draws of a latent class model; by={by!r} has no classes to "
            f"draw for the {len(row_labels(frame))} rows"
        )
    imputed = None
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
        options: dict[str, Any] = {"classes": classes, "n_draws": n_draws, "seed": seed}
        tests = covariate_tests(by, frame, columns, count=count, ordinal=ordinal, key=key, **options)
        frame = fit.frame_of_respondents(frame, count)
        groups = most_likely_classes(fit, frame, columns, key)
        if classes == IMPUTED:
            groups = imputed = imputed_classes(fit, frame, thinning(fit, n_draws, seed), seed, key)
        rows, index, note, names = groups.rows, groups.index, tests.note, list(fit.classes)
    check_columns(frame, columns, role="named")
    members = {ALL: np.ones(len(index), dtype=bool), **{name: index == place for place, name in enumerate(names)}}
    parts = {}
    for name in columns:
        values = NOTHING_DECLARED.column(frame, name, "column").iloc[rows].reset_index(drop=True)
        part = _rows_of(name, values, members)
        if imputed is not None:
            part = _rows_of_imputed(name, values, part[[ALL]], imputed, names, seed)
        if tests is not None:
            part = part.join(_test_of(tests.loc[name], part.index))
        parts[name] = part
    table = pd.concat(parts, names=["column", "level"])
    about = "about " if imputed is not None else ""
    heads = {name: f"{name} (n = {about}{n})" for name, n in _sizes(members, imputed).items()}
    table = table.rename(columns=heads)
    labels = {name: text for name, text in variable_labels(frame).items() if name in columns}
    style = STYLE if imputed is None else f"{STYLE}; {STYLE_IMPUTED}"
    lines = [f"n = {len(index)}; {style}", note, "; ".join(f"{name}: {text}" for name, text in labels.items())]
    return SummaryTable.of(table, "\n".join(filter(None, lines)))


def _sizes(members: dict[str, np.ndarray], imputed: ComparedGroups | None) -> dict[str, int]:
    """Respondents of each class or level; of imputed classes as many as can be expected."""
    if imputed is None:
        return {name: int(chosen.sum()) for name, chosen in members.items() if name != ALL}
    names = [name for name in members if name != ALL]
    drawn = imputed.drawn(np.zeros(len(imputed.index), dtype=int))
    return {name: round(float((drawn == place).sum(axis=1).mean())) for place, name in enumerate(names)}


def _rows_of_imputed(
    name: str, values: pd.Series, of_all: pd.DataFrame, groups: ComparedGroups, classes: Sequence[str], seed: int
) -> pd.DataFrame:
    """The same in classes that are drawn; who lacks the column has no class to be counted in."""
    read, rng = read_covariate(name, values), np.random.default_rng(seed)
    known = ~(np.isnan(read.values) | np.isnan(groups.index))
    drawn, n_classes = groups.drawn(levels_of(name, values).index), len(classes)
    if read.test == CHI_SQUARE:
        levels = list(level_order(values))
        cells = counts_by_class(read.values[known].astype(int), len(levels), drawn, n_classes, CI_PROB, rng)
        rows = {f"{level}, n (%)": row for level, row in zip(levels, cells, strict=True)}
    else:
        numbers, nobody = read.values[known], np.zeros_like(drawn)
        quartiles, intervals = quartiles_by_class(numbers, drawn, n_classes, CI_PROB, rng)
        _, of_all_interval = quartiles_by_class(numbers, nobody, 1, CI_PROB, rng)
        rows = {"median [quartiles]": quartiles, MEDIAN_INTERVAL: intervals}
        of_all = pd.concat([of_all.iloc[:1], pd.DataFrame({ALL: of_all_interval}, [MEDIAN_INTERVAL]), of_all[1:]])
    if MISSING in of_all.index:
        rows[MISSING] = [NOTHING] * n_classes
    return of_all.join(pd.DataFrame.from_dict(rows, orient="index", columns=list(classes)))


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
