"""Standard errors of rates over data sets, also where all of them agree."""

import numpy as np
import pandas as pd
import pytest

from bayes_lca.calibration.kit.rates import mean_with_error, rate


def cell(of_data_sets):
    """Intervals that hold or not, a list for each data set."""
    rows = [(replicate, holds) for replicate, held in enumerate(of_data_sets) for holds in held]
    return pd.DataFrame(rows, columns=["replicate", "holds"])


def test_the_standard_error_is_that_of_the_means_of_data_sets():
    assert rate("x", cell([[1, 1, 0], [1, 1, 1]]), "holds") == pytest.approx({"x": 5 / 6, "x_se": 1 / 6})


@pytest.mark.parametrize("value", [0, 1])
def test_where_all_agree_on_0_or_1_it_is_that_of_agresti_and_coull(value):
    """A proportion of 2 / 44 or of 42 / 44."""
    found = rate("x", cell([[value] * 3] * 40), "holds")
    assert found == pytest.approx({"x": value, "x_se": np.sqrt(2 / 44 * 42 / 44 / 44)})


def test_where_all_agree_on_another_value_it_is_not_0():
    """Forty surveys that missed one of three intervals: 2 / 3 forty times, and 0, 0, 1 and 1."""
    found = rate("x", cell([[1, 1, 0], [0, 1, 1]] * 20), "holds")
    mean = (40 * 2 / 3 + 2) / 44
    square = (40 * (2 / 3 - mean) ** 2 + 2 * mean**2 + 2 * (1 - mean) ** 2) / 44
    assert found == pytest.approx({"x": 2 / 3, "x_se": np.sqrt(square / 44)})


@pytest.mark.parametrize("n_hold", [1, 2, 3])
def test_it_covers_what_data_sets_that_agree_can_have_come_from(n_hold):
    """One of a hundred data sets differs by one interval of three: 40 often agree, and two errors reach the truth."""
    found = rate("x", cell([[1] * n_hold + [0] * (3 - n_hold)] * 40), "holds")
    truth = 0.99 * n_hold / 3 + 0.01 * (n_hold - 1) / 3
    assert abs(found["x"] - truth) < 2 * found["x_se"]


def test_no_data_set_has_no_rate():
    assert np.isnan(list(rate("x", cell([]), "holds").values())).all()
    assert np.isnan(mean_with_error("x", cell([[1]]), "holds")["x_se"])
