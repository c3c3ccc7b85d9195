"""Tables in Spark, in a local session: `make engines` installs what it takes. Without it the tests are skipped."""

import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.counted import count_rows
from bayes_lca.data.responses import read_responses

pyspark_sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: make engines")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java, such as Debian's default-jre-headless", allow_module_level=True)
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{category}")
    for category in ("DeprecationWarning", "ResourceWarning", "FutureWarning")
]

ITEMS = bl.cohort_items()
LCA = bl.LatentClass(2, bl.Items(["training", "recognition", "expertise"]))


@pytest.fixture(scope="module")
def spark():
    builder = pyspark_sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def survey():
    """The cohort as text and numbers, for Spark has no categories, with missing answers."""
    cohort, _ = bl.simulate_cohort(missing_rate=0.04)
    columns = cohort.reset_index(drop=True)[[*ITEMS, "tier", "group", "score"]]
    text = columns.select_dtypes("category").astype(object).where(lambda values: values.notna(), None)
    return columns.assign(**text)


def test_answers_read_as_those_of_pandas(spark, survey):
    counted = count_rows(spark.createDataFrame(survey), None, ITEMS)
    found, expected = read_responses(counted.frame, ITEMS), read_responses(survey, ITEMS)
    assert found.labels == expected.labels and found.orders == expected.orders
    assert np.unique(found.codes, axis=0, return_counts=True)[1].tolist() == (
        np.unique(expected.codes, axis=0, return_counts=True)[1].tolist()
    )
    assert counted.words == f"{len(counted.labels)} distinct rows counted in Spark"


def test_counts_are_added_up_and_numbers_rounded(spark):
    table = spark.createDataFrame(pd.DataFrame({"a": ["x", "y", "x"], "age": [0.4, 0.5, 0.1], "n": [2, 3, 4]}))
    counted = count_rows(bl.round_to_grid(table, {"age": 1}), "n", ["a", "age"])
    assert counted.frame.value_counts().to_dict() == {("x", 0.0): 6, ("y", 1.0): 3}


def test_a_null_safe_join_gives_every_respondent_a_membership(spark, survey):
    table = spark.createDataFrame(survey.reset_index(names="row"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        warnings.filterwarnings("ignore", "the draws come without", UserWarning)
        draws = bl.fit(LCA, table, draws=5, tune=20, chains=2, until=None, progressbar=False)
        posterior = xr.DataTree.from_dict({"/posterior": draws["posterior"].to_dataset()})
        of_each = bl.adopt(LCA, survey, posterior, order=draws)
    scores = bl.membership_table(draws, table).to_pandas()
    keys = list(LCA.columns)
    right = spark.createDataFrame(scores.astype(object).where(scores.notna(), None)).alias("scores")
    same = [table[key].eqNullSafe(right[key]) for key in keys]
    joined = table.join(right, same, "left").select(table["row"], right["C1"]).toPandas().sort_values("row")
    np.testing.assert_allclose(joined["C1"], bl.membership(of_each)["C1"], rtol=0, atol=1e-6)
