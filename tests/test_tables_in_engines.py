"""Fits of tables in engines: the model and the membership are those of the respondents, of whom nothing is kept."""

import warnings

import duckdb
import numpy as np
import pandas as pd
import polars
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.dims import RESPONDENT
from bayes_lca.sampling.ready import prepare_named

ITEMS = bl.cohort_items()
NESTED = bl.LatentClass(3, bl.Items(ITEMS), bl.Regression("~ tier + gender + (1 | group)"))

OF_TWO_RANKS = 2e-3
"""R-hat of folded draws if two change places: those beside the median are as far from it, and rounding decides."""


def with_gaps():
    """The cohort, with missing answers and two respondents without a covariate."""
    cohort, _ = bl.simulate_cohort(missing_rate=0.04)
    cohort = cohort.reset_index(drop=True)
    cohort.loc[[7, 900], "gender"] = None
    return cohort


COHORT = with_gaps()


def of_duckdb():
    return duckdb.sql("SELECT * FROM COHORT")


def of_polars():
    enums = {name: polars.Enum(list(values.cat.categories)) for name, values in categories()}
    return polars.from_pandas(COHORT, schema_overrides=enums).lazy()


def of_dask(frame=COHORT, npartitions=4):
    import dask.dataframe  # for two seconds, in the process that runs these tests

    return dask.dataframe.from_pandas(frame, npartitions=npartitions)


def categories():
    return [(name, values) for name, values in COHORT.items() if isinstance(values.dtype, pd.CategoricalDtype)]


ENGINES = {"DuckDB": of_duckdb, "Polars": of_polars, "Dask": of_dask}


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


def prepared(table, model=NESTED):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"2 of 2200 rows left out", UserWarning)
        return prepare_named(model, table, count=None, missing="drop", key=None)


def quiet(call, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        warnings.filterwarnings("ignore", r"2 of 2200 rows left out|the draws come without", UserWarning)
        return call(*arguments, **options)


def test_the_model_is_that_of_the_respondents(engine):
    counted, each = prepared(ENGINES[engine]()), prepared(COHORT)
    assert counted.model.str_repr() == each.model.str_repr()
    for variable in each.model.data_vars:
        np.testing.assert_allclose(counted.model[variable.name].get_value(), variable.get_value(), rtol=0, atol=1e-9)
    patterns = each.groups["patterns"].drop_dims(RESPONDENT)
    xr.testing.assert_allclose(counted.groups["patterns"], patterns, rtol=0, atol=1e-12)
    for name, start in each.start.items():
        np.testing.assert_allclose(counted.start[name], start, rtol=0, atol=1e-4)


@pytest.fixture(scope="module")
def draws():
    table = of_duckdb()
    return quiet(
        bl.fit, NESTED, table, missing="drop", draws=100, tune=40, chains=2, until=None, progressbar=False, seed=3
    )


@pytest.fixture(scope="module")
def of_each(draws):
    """The same draws, as a fit of the frame: membership of each respondent by position."""
    posterior = xr.DataTree.from_dict({"/posterior": draws["posterior"].to_dataset()})
    return quiet(bl.adopt, NESTED, COHORT, posterior, missing="drop", order=draws)


def test_nothing_is_kept_of_single_respondents(draws, tmp_path):
    stored = [node for node in draws.children if node not in ("observed_data", "constant_data", "log_likelihood")]
    assert all(RESPONDENT not in draws[name].sizes for name in stored)
    assert draws["log_likelihood"].sizes[RESPONDENT] == 2198
    bl.save(draws, tmp_path / "fit.nc")
    assert bl.load(tmp_path / "fit.nc").identical(draws)


def test_tables_are_those_of_the_respondents(draws, of_each):
    for table in (bl.class_sizes, bl.odds_ratios, bl.class_profiles, bl.classification_table):
        counted, each = pd.DataFrame(table(draws)), pd.DataFrame(table(of_each))
        same = [column for column in each if column != "r_hat"]
        pd.testing.assert_frame_equal(counted[same], each[same], rtol=0, atol=1e-8)
        pd.testing.assert_series_equal(counted["r_hat"], each["r_hat"], rtol=0, atol=OF_TWO_RANKS)
    assert bl.class_sizes(draws).note.startswith("n = 2198 (")
    assert "distinct rows counted in DuckDB), 2 rows left out" in bl.class_sizes(draws).note


def joined_in_duckdb(scores, keys):
    survey = COHORT.assign(row=np.arange(len(COHORT)))
    same = " AND ".join(f'survey."{key}" IS NOT DISTINCT FROM scores."{key}"' for key in keys)
    with duckdb.connect() as connection:
        for name, table in {"survey": survey, "scores": scores}.items():
            connection.register(name, table)
        joined = connection.sql(f"SELECT survey.row, scores.* FROM survey LEFT JOIN scores ON {same}")
        return joined.df().sort_values("row")


def joined_in_polars(scores, keys):
    survey = of_polars().with_row_index("row")
    return survey.join(scores.lazy(), on=keys, how="left", nulls_equal=True).sort("row").collect().to_pandas()


def joined_in_dask(scores, keys):
    survey = of_dask(COHORT.assign(row=np.arange(len(COHORT))))
    return survey.merge(scores, on=keys, how="left").compute().sort_values("row")


JOINS = {"DuckDB": joined_in_duckdb, "Polars": joined_in_polars, "Dask": joined_in_dask}


def test_the_join_gives_every_respondent_the_membership_of_the_fit_of_the_frame(engine, draws, of_each):
    scores = bl.membership_table(draws, ENGINES[engine]())
    keys = [*ITEMS, "tier", "gender", "group"]
    joined = JOINS[engine](scores, keys)
    assert joined["row"].tolist() == list(range(2200))
    assert joined["C1"].isna().to_numpy().nonzero()[0].tolist() == [7, 900]
    expected = bl.membership(of_each).set_index("row")
    found = joined.set_index("row").loc[expected.index]
    for name in ("C1", "C2", "C3", "certainty"):
        np.testing.assert_allclose(found[name].astype(float), expected[name], rtol=0, atol=1e-6)
    assert found["modal_class"].astype(str).tolist() == expected["modal_class"].astype(str).tolist()


def test_the_table_has_intervals_and_as_many_respondents_as_the_fit(draws, of_each):
    scores = bl.membership_table(draws, COHORT, ci_prob=0.8)
    assert scores["n_respondents"].sum() == 2198
    values = bl.membership_draws(of_each)
    lower, upper = np.quantile(values.stack(sample=("chain", "draw")), [0.1, 0.9], axis=-1)
    joined = COHORT.reset_index().merge(scores, on=[*ITEMS, "tier", "gender", "group"]).sort_values("index")
    for place, name in enumerate(["C1", "C2", "C3"]):
        np.testing.assert_allclose(joined[f"{name}_lower"], lower[:, place], rtol=0, atol=1e-6)
        np.testing.assert_allclose(joined[f"{name}_upper"], upper[:, place], rtol=0, atol=1e-6)


def test_rows_that_the_fit_has_not_are_refused(draws):
    other = of_dask(COHORT.assign(group="G7"), npartitions=2)
    with pytest.raises(ValueError, match=r"2198 of 2200 rows of the table in Dask are none that the fit has, such as"):
        bl.membership_table(draws, other)
    with pytest.raises(ValueError, match=r"unknown column\(s\) 'gender'"):
        bl.membership_table(draws, COHORT.drop(columns="gender"))


def test_codes_of_missing_answers_join_as_the_table_has_them():
    frame = bl.example_survey()[["training", "recognition", "expertise"]].reset_index(drop=True)
    frame = frame.apply(lambda answers: answers.cat.codes).astype("int64").replace(-1, 99)
    frame.loc[:4, "training"] = 99
    lca = bl.LatentClass(2, bl.Items(list(frame), missing_codes=[99]))
    draws = quiet(
        bl.fit, lca, duckdb.sql("SELECT * FROM frame"), draws=5, tune=20, chains=2, until=None, progressbar=False
    )
    scores = bl.membership_table(draws, duckdb.sql("SELECT * FROM frame")).to_pandas()
    assert 99 in scores["training"].tolist() and scores["n_respondents"].sum() == len(frame)
    assert len(frame.merge(scores, on=list(frame))) == len(frame)


def test_a_rounded_table_joins_by_its_native():
    lca = bl.LatentClass(2, bl.Items(ITEMS), bl.Regression("~ score"))
    rounded = bl.round_to_grid(of_polars(), {"score": 10})
    draws = quiet(bl.fit, lca, rounded, draws=5, tune=20, chains=2, until=None, progressbar=False)
    assert "distinct rows counted in Polars, score rounded to multiples of 10)" in bl.class_sizes(draws).note
    scores = bl.membership_table(draws, rounded)
    joined = rounded.native.join(scores.lazy(), on=[*ITEMS, "score"], how="left", nulls_equal=True).collect()
    assert len(joined) == 2200 and joined["C1"].null_count() == 0


class Counted:
    """Stands in for `fit` and counts its calls."""

    calls = 0

    def __call__(self, model, frame):
        self.calls += 1
        return bl.load_example("alone").copy()

    def __repr__(self):
        return "Counted()"


def test_a_kept_fit_of_a_table_is_found_again_while_the_table_holds_the_same(tmp_path, engine):
    sample, table, path = Counted(), ENGINES[engine](), tmp_path / "fit.nc"
    for _ in range(2):
        bl.fit_or_load(path, NESTED, table, sample=sample)
    assert sample.calls == 1
    bl.fit_or_load(path, NESTED, bl.round_to_grid(COHORT.iloc[:-1], {"score": 1}), sample=sample)
    assert sample.calls == 2


def test_numbers_of_classes_are_compared_in_the_engine(engine):
    items = bl.Items(ITEMS)
    counted = bl.count_classes(items, ENGINES[engine](), [1, 2], n_starts=3)
    each = bl.count_classes(items, COHORT, [1, 2], n_starts=3)
    pd.testing.assert_frame_equal(pd.DataFrame(counted), pd.DataFrame(each), rtol=0, atol=1e-8)
    assert f"distinct rows counted in {engine}" in counted.note
