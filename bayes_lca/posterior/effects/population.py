"""A table of the cells of a population, read and joined with the respondents of a fit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.covariates import as_text, code_new_rows, level_order
from bayes_lca.data.frame import LARGEST_WHOLE_FLOAT, check_frame, column, named, rows_of
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.design import group_columns, group_labels
from bayes_lca.fitted.fit import Fit

OVERALL = "overall"


@dataclass(frozen=True)
class Population:
    """Cells of a population, joined with the respondents.

    Attributes
    ----------
    matrix : ndarray, shape (cell, term)
    group : dict of str to ndarray of int, shape (cell,)
        Groups the fit has not seen are numbered behind those it has.
    unseen : dict of str to dict of str to int
        These groups and the people in each, by grouping.
    size : ndarray of int, shape (cell,)
        People in each cell.
    of_respondent : ndarray of int, shape (respondent,)
        Cell of each respondent.
    """

    matrix: np.ndarray
    group: dict[str, np.ndarray]
    unseen: dict[str, dict[str, int]]
    size: np.ndarray
    of_respondent: np.ndarray

    @property
    def respondents(self) -> np.ndarray:
        """Respondents in each cell, shape (cell,)."""
        return np.bincount(self.of_respondent, minlength=len(self.size))


def read_population(fit: Fit, cells, count: str) -> Population:
    """Check a table of cells, encode it, and find the cell of every respondent.

    Parameters
    ----------
    fit : Fit
    cells : data frame
        One row per cell, with the columns of the formula.
    count : str
        Column of the number of people, respondents included.

    Raises
    ------
    ValueError
        If columns lack or hold missing values, numbers of people are no whole numbers or fewer than the respondents
        of their cell, cells stand there twice, or cells with respondents do not; or if the formula has nothing that
        divides people into cells, and the table more than one row.
    """
    check_frame(cells)
    design, names = fit.design, list(fit.formula.covariates)
    present = nw.from_native(cells, eager_only=True).columns
    lacking = [name for name in dict.fromkeys([*names, *group_columns(fit.formula)]) if name not in present]
    if lacking:
        raise ValueError(
            f"the table of {len(cells)} cells lacks column(s) {named(lacking)} that {fit.formula.text!r} uses; divide "
            "the population by them, or fit without them"
        )
    size = _whole_numbers(cells, count)
    if not names and not group_columns(fit.formula) and len(cells) != 1:
        raise ValueError(
            f"{fit.formula.text!r} has no covariates or groups, so there are no cells, and the table has {len(cells)} "
            f"rows; give one row with the number of all people in {count!r}, or fit with the columns that divide them"
        )
    coded, labels = code_new_rows(cells, design.covariates[names], design.declared), group_labels(fit.formula, cells)
    keys = list(zip(*(coded[name] for name in names), *labels.values(), strict=True)) or [()] * len(cells)
    _refuse_twice(cells, keys, [*names, *labels])
    position = {key: place for place, key in enumerate(keys)}
    columns = [design.covariates[name] for name in names]
    columns += [np.array(grouping.levels)[grouping.index] for grouping in design.groupings]
    respondents = list(zip(*columns, strict=True)) or [()] * fit.n_respondents
    absent = [key for key in respondents if key not in position]
    if absent:
        which = dict.fromkeys(absent)
        raise ValueError(
            f"{len(absent)} of {len(respondents)} respondents are in {len(which)} cell(s) that the table lacks: "
            f"{_cells_named([*names, *labels], which)}; add these cells"
        )
    of_respondent = np.array([position[key] for key in respondents])
    n = np.bincount(of_respondent, minlength=len(keys))
    small = np.flatnonzero(size < n)
    if len(small):
        raise ValueError(
            f"{len(small)} of {len(keys)} cells have fewer people in {count!r} than respondents: "
            f"{_cells_named([*names, *labels], [keys[k] for k in small])} "
            f"({count} = {size[small[0]]}, {n[small[0]]} respondents in the first); count respondents in {count!r}"
        )
    unseen, group = {}, {}
    for grouping in design.groupings:
        of_cell = labels[grouping.name]
        unseen[grouping.name] = {
            name: int(size[[label == name for label in of_cell]].sum())
            for name in dict.fromkeys(of_cell)
            if name not in grouping.levels
        }
        place = {name: index for index, name in enumerate([*grouping.levels, *unseen[grouping.name]])}
        group[grouping.name] = np.array([place[name] for name in of_cell])
    return Population(design.encode(cells)[0], group, unseen, size, of_respondent)


def read_parts(cells, by: str | Sequence[str] | None, size: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Parts of the population that are summed up, the whole first.

    Parameters
    ----------
    cells : data frame
    by : str or sequence of str, optional
        Columns of `cells`.
    size : ndarray of int, shape (cell,)
        People in each cell.

    Returns
    -------
    labels : pandas.DataFrame, one row per part
    of_part : ndarray of bool, shape (part, cell)

    Raises
    ------
    ValueError
        If a column is absent or has missing values, or a part has no people.
    """
    everybody = np.ones((1, len(size)), dtype=bool)
    names = [by] if isinstance(by, str) else list(by or ())
    if not names:
        return pd.DataFrame({"population": [OVERALL]}), everybody
    absent = [name for name in names if name not in nw.from_native(cells, eager_only=True).columns]
    if absent:
        raise ValueError(f"by={by!r}: the table of {len(cells)} cells has no column(s) {named(absent)}")
    columns = {name: column(cells, name) for name in names}
    incomplete = [name for name, values in columns.items() if values.isna().any()]
    if incomplete:
        raise ValueError(f"by={by!r}: {named(incomplete)} is missing in some of {len(cells)} cells; complete it")
    codes = [pd.Categorical(as_text(values), level_order(values)).codes for values in columns.values()]
    distinct = unique_rows(*codes)
    text = pd.DataFrame({name: as_text(values) for name, values in columns.items()}).iloc[distinct.first]
    people = np.bincount(distinct.pattern, weights=size)
    if not people.all():
        empty = [" ".join(text.iloc[part]) for part in np.flatnonzero(people == 0)]
        raise ValueError(f"by={by!r}: no people in {named(empty)}; leave the cells of this part out")
    whole = pd.DataFrame({name: [OVERALL] for name in names})
    of_part = distinct.pattern == np.arange(len(people))[:, None]
    return pd.concat([whole, text], ignore_index=True), np.concatenate([everybody, of_part])


def _whole_numbers(cells, name: str) -> np.ndarray:
    if name not in nw.from_native(cells, eager_only=True).columns:
        raise ValueError(
            f"the table of {len(cells)} cells has no column {name!r} of the number of people; name it by count="
        )
    values = column(cells, name)
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise ValueError(f"column {name!r} holds {values.iloc[0]!r}, no number, in {len(values)} cells; convert it")
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    wrong = ~((numbers >= 0) & (numbers <= LARGEST_WHOLE_FLOAT) & (numbers == np.round(numbers)))
    if wrong.any():
        raise ValueError(
            f"column {name!r} is no whole number from 0 on in {int(wrong.sum())} of {len(numbers)} cells, such as "
            f"{numbers[wrong][0]:g} ({rows_of(cells, wrong)}); give the number of people, 2**53 at the most"
        )
    return numbers.astype(int)


def _refuse_twice(cells, keys: list[tuple], names: list[str]) -> None:
    times = Counter(keys)
    twice = np.array([times[key] > 1 for key in keys])
    if twice.any():
        which = dict.fromkeys(key for key, again in zip(keys, twice, strict=True) if again)
        raise ValueError(
            f"{len(which)} cell(s) stand in the table more than once ({int(twice.sum())} of {len(keys)} rows, "
            f"{rows_of(cells, twice)}): {_cells_named(names, which)}; add up their numbers of people"
        )


def _cells_named(names: Sequence[str], keys) -> str:
    return named((", ".join(f"{name}={value}" for name, value in zip(names, key, strict=True)) for key in keys), most=5)
