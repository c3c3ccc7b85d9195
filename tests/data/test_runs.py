"""Tables written out row by row are counted run by run, and as if each row had been looked at."""

import numpy as np
import pandas as pd
import pytest

from bayes_lca.data.distinct_values import distinct_values
from bayes_lca.data.unique_rows import unique_rows


def written_out(seed):
    """Codes, numbers of which some are missing, and a matrix, in runs of one to nine rows."""
    rng = np.random.default_rng(seed)
    n_runs = int(rng.integers(1, 30))
    times = rng.integers(1, 9, n_runs)
    codes, numbers, matrix = (
        rng.integers(-1, 3, n_runs),
        rng.choice([1.5, np.nan, 2], n_runs),
        rng.integers(0, 2, (n_runs, 2)),
    )
    return [np.repeat(part, times, axis=0) for part in (codes, numbers, matrix)]


@pytest.mark.parametrize("seed", range(20))
def test_rows_in_runs_are_counted_as_rows_in_any_order(seed):
    codes, numbers, matrix = written_out(seed)
    counted = unique_rows(codes, numbers, matrix)
    table = pd.DataFrame(np.column_stack([codes, numbers, matrix]))
    groups = table.groupby(list(table.columns), dropna=False, sort=True)
    assert np.array_equal(counted.pattern, groups.ngroup())
    assert np.array_equal(counted.count, groups.size())
    assert np.array_equal(counted.first, [rows[0] for rows in groups.indices.values()] if len(groups) else [])


@pytest.mark.parametrize("seed", range(20))
def test_values_in_runs_are_those_of_rows_in_any_order(seed):
    codes, *_ = written_out(seed)
    column = pd.Series(pd.Categorical.from_codes(codes, ["x", "y", "z"]))
    of_runs, of_rows = distinct_values(column), distinct_values(column.astype(object))
    assert of_runs.values == of_rows.values
    assert np.array_equal(of_runs.place, of_rows.place)
    assert np.array_equal(of_runs.count, column.value_counts().reindex(of_runs.values))
