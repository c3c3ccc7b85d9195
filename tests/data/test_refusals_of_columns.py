"""Columns and declarations that cannot be used are refused with what they hold, and what to do."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayes_lca as bl
from bayes_lca.data.category_order import ordered_categories
from bayes_lca.data.outcome_formula import read_outcome_formula
from bayes_lca.data.waves import read_waves
from bayes_lca.structural.outcome_regression import OutcomeRegression


@pytest.mark.parametrize(
    ("values", "waves"), [([1, "second"], "1, 'second'"), ([1 + 2j, 3 + 4j], r"\(1\+2j\), \(3\+4j\)")]
)
def test_waves_without_an_order_are_refused(values, waves):
    frame = pd.DataFrame({"person": [1, 1, 2, 2], "wave": values * 2})
    with pytest.raises(ValueError, match=f"'wave' has waves {waves} in 4 rows, whose order nobody declared; number"):
        read_waves(frame, "person", "wave")


def test_numbers_without_an_end_are_in_the_order_of_their_values():
    assert ordered_categories(pd.Series([np.inf, 10.0, 2.0])) == ([2.0, 10.0, np.inf], "by value")


def test_waves_by_date_are_in_the_order_of_time():
    days = [datetime.date(2025, 3, 1), datetime.date(2024, 3, 1)]
    frame = pd.DataFrame({"person": [1, 1, 2, 2], "wave": pd.Series(days * 2, dtype=object)})
    assert [str(name) for name in read_waves(frame, "person", "wave").names] == ["2024-03-01", "2025-03-01"]


def test_rows_in_an_engine_are_no_survey_sample():
    with pytest.raises(TypeError, match="read from rows in memory, and these are in an engine; collect them first"):
        bl.SurveyDesign(weights="w").read(pl.LazyFrame({"w": [1.0, 2.0]}))


def test_slopes_of_an_outcome_do_not_vary_by_group():
    with pytest.raises(ValueError, match=r"slopes that vary by group; random intercepts, \(1 \| group\), are all"):
        read_outcome_formula("pay ~ latent_class + x + (x | group)")


def test_missing_codes_are_those_of_the_column_they_are_declared_for():
    """Of the outcome and of covariates apart: -9 is a number of the one and nothing of the other."""
    part = OutcomeRegression("pay ~ latent_class + x", missing_codes={"x": [-9], "pay": [-1]})
    assert part.declared.missing_codes == {"pay": [-1]}
    frame = pd.DataFrame({"x": [1.0, 2.0, -9.0, 4.0, 5.0], "pay": [-9.0, 1.0, 2.0, 3.0, -1.0]})
    with pytest.raises(ValueError, match=r"1 of 5 rows"):
        part.read(frame)
    with pytest.warns(UserWarning, match="1 of 5 rows left out"):
        assert part.read(frame, missing="drop").kept.tolist() == [True, True, False, True, True]


def test_levels_of_transitions_are_given_by_column():
    with pytest.raises(TypeError, match=r"categories=\['low', 'high'\]: give the levels of each covariate, by column"):
        bl.Transition("~ x", categories=["low", "high"])


@pytest.mark.parametrize("empty", [[np.nan, np.nan], [None, None]], ids=["numbers", "text"])
def test_a_column_empty_at_all_waves_stays_empty_in_the_long_frame(empty):
    wide = pd.DataFrame({"person": [1, 2], "a_1": [True, False], "a_2": [False, True], "b_1": empty, "b_2": empty})
    long = bl.long_from_wide(wide, {"1": "_1", "2": "_2"})
    assert long["b"].isna().all() and len(long) == 4
    assert long["a"].tolist().count(True) == 2
