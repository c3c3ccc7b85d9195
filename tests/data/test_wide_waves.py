"""From one row a person to one row a person and wave: whose answers, of when, nobody lost, bad frames refused."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bayes_lca.data.waves import read_waves
from bayes_lca.data.wide_waves import long_from_wide

N = 7


def wide(**columns):
    rng = np.random.default_rng(1)
    levels = pd.CategoricalDtype(["no", "unsure", "yes"], ordered=True)
    frame = pd.DataFrame({"id": [f"p{i}" for i in range(N)], "sex": list("fmfmfmf")})
    for year in (2019, 2020, 2023):
        frame[f"q1_{year}"] = pd.Series(rng.choice(["no", "unsure", "yes"], N)).astype(levels)
        frame[f"q2_{year}"] = pd.Series(rng.choice(["no", "yes"], N)).astype(levels)
        frame[f"pay_{year}"] = rng.normal(size=N)
    return frame.assign(**columns)


WAVES = {str(year): {f"q1_{year}": "q1", f"q2_{year}": "q2", f"pay_{year}": "pay"} for year in (2019, 2020, 2023)}
ENDINGS = {str(year): f"_{year}" for year in (2019, 2020, 2023)}


@pytest.mark.parametrize("waves", [WAVES, ENDINGS])
def test_every_value_is_of_its_person_and_wave(waves):
    frame = wide()
    long = long_from_wide(frame, waves, person="id")
    assert list(long.columns) == ["id", "wave", "sex", "q1", "q2", "pay"]
    assert len(long) == 3 * N
    for row in long.itertuples():
        of_person = frame[frame["id"] == row.id].iloc[0]
        assert row.sex == of_person["sex"]
        assert (row.q1, row.q2, row.pay) == tuple(of_person[f"{name}_{row.wave}"] for name in ("q1", "q2", "pay"))
    assert long["id"].tolist() == np.repeat(frame["id"], 3).tolist()
    assert long["wave"].cat.ordered
    assert long["wave"].cat.categories.tolist() == ["2019", "2020", "2023"]
    assert long["q2"].dtype == frame["q2_2019"].dtype


def test_persons_are_numbered_where_no_column_has_their_name_or_nearly_so():
    assert long_from_wide(wide(), ENDINGS)["person"].tolist()[:4] == [1, 1, 1, 2]
    message = r"unknown person column 'persn' of a frame of 7 rows; did you mean 'person'\?; name that column, or give"
    with pytest.raises(ValueError, match=message):
        long_from_wide(wide().rename(columns={"id": "person"}), ENDINGS, person="persn")


def test_waves_keep_the_order_in_which_they_are_given():
    long = long_from_wide(wide(), {"later": "_2023", "earlier": "_2019"}, person="id", keep=["sex"])
    assert long["wave"].cat.categories.tolist() == ["later", "earlier"]
    assert long["wave"].tolist()[:2] == ["later", "earlier"]
    assert list(long.columns) == ["id", "wave", "sex", "q1", "q2", "pay"]


def test_waves_that_are_numbers_stay_numbers():
    long = long_from_wide(wide(), {year: f"_{year}" for year in (2019, 2020, 2023)}, person="id")
    assert long["wave"].tolist()[:3] == [2019, 2020, 2023]


def test_persons_are_numbered_where_no_column_tells_them_apart():
    long = long_from_wide(wide().drop(columns="id"), ENDINGS)
    assert long["person"].tolist() == np.repeat(np.arange(1, N + 1), 3).tolist()


def test_missed_waves_have_no_row_and_nobody_is_lost():
    frame = wide()
    frame.loc[2, ["q1_2020", "q2_2020", "pay_2020"]] = None
    frame.loc[3, ["q1_2023", "q2_2023"]] = None
    frame.loc[4, [name for name in frame if name[-4:].isdigit()]] = None
    long = long_from_wide(frame, ENDINGS, person="id")
    assert long[long["id"] == "p2"]["wave"].tolist() == ["2019", "2023"]
    assert long[long["id"] == "p3"]["wave"].tolist() == ["2019", "2020", "2023"]
    never = long[long["id"] == "p4"]
    assert never["wave"].tolist() == ["2019"]
    assert never[["q1", "q2", "pay"]].isna().all(axis=None)
    assert set(long["id"]) == set(frame["id"])


def test_a_wave_without_a_single_value_of_a_column():
    frame = wide()
    frame["q1_2020"] = np.nan
    frame["pay_2019"] = None
    long = long_from_wide(frame, ENDINGS, person="id")
    assert long["q1"].dtype == frame["q1_2019"].dtype
    assert long.groupby("wave", observed=True)["q1"].count().tolist() == [N, 0, N]
    assert long["pay"].dtype == float


def test_polars_gives_the_same():
    frame = wide()
    texts = frame.assign(**{name: frame[name].astype(str) for name in frame if name.startswith("q")})
    pd.testing.assert_frame_equal(
        long_from_wide(pl.from_pandas(texts), ENDINGS, person="id"),
        long_from_wide(texts, ENDINGS, person="id"),
        check_dtype=False,
    )


def test_variable_labels_go_with_their_columns():
    """Of a column of the waves that of the first one which has a label; none of columns that are gone."""
    frame = wide()
    frame.attrs["variable_labels"] = {
        "sex": "Sex of the pupil",
        "id": "Number of the pupil",
        "q1_2019": "I skip lessons",
        "q1_2023": "I skip lessons (2023)",
        "q2_2020": "I am bullied",
    }
    long = long_from_wide(frame, ENDINGS, person="id", keep=["sex"])
    said = {"id": "Number of the pupil", "sex": "Sex of the pupil", "q1": "I skip lessons", "q2": "I am bullied"}
    assert long.attrs["variable_labels"] == said
    assert "q1_2019" in frame.attrs["variable_labels"]


@pytest.mark.parametrize(
    ("frame", "waves", "options", "words"),
    [
        (wide(), {"2019": "_2019"}, {}, "give two waves or more"),
        (wide(), ["_2019", "_2020"], {}, "give two waves or more"),
        (wide(), {**ENDINGS, "2021": "_2021"}, {}, "wave '2021': no column ends in '_2021'; the frame has 'id', 'sex'"),
        (wide(), {"a": {"q1_2019": "q1"}, "b": ["q1_2020"]}, {}, "give a mapping of wide names to long ones"),
        (wide(), {"a": {"q1_2019": "q1"}, "b": {}}, {}, "wave 'b' has no columns"),
        (
            wide(),
            {"a": {"q1_2019": "q1"}, "b": {"q1_202": "q1"}},
            {},
            "unknown wave column(s) 'q1_202'; the frame has 7 rows and 11 columns",
        ),
        (
            wide(),
            {"a": {"q1_2019": "q1", "q2_2019": "q2"}, "b": {"q1_2020": "q1"}},
            {},
            "wave 'b' has no column for 'q2', which wave 'a' has; name its column, add an empty one",
        ),
        (
            wide(),
            {"a": {"q1_2019": "q1"}, "b": {"q1_2020": "q1", "q2_2020": "q2"}},
            {},
            "wave 'a' has no column for 'q2', which wave 'b' has",
        ),
        (
            wide(),
            {"a": {"q1_2019": "q1"}, "b": {"q1_2019": "q1"}},
            {},
            "column 'q1_2019' is of wave 'a' and of wave 'b'",
        ),
        (
            wide(),
            {"a": {"q1_2019": "q", "q2_2019": "q"}, "b": {"q1_2020": "q"}},
            {},
            "wave 'a' has several columns for 'q'",
        ),
        (wide(), ENDINGS, {"keep": ["sex", "q1_2019"]}, "keep=['q1_2019']: columns of a wave are no columns of all"),
        (wide(), ENDINGS, {"keep": "sex"}, "keep='sex': give a list of columns, keep=['sex']"),
        (wide(), ENDINGS, {"keep": ["gender"]}, "unknown kept column(s) 'gender'"),
        (wide(pay=1.0), ENDINGS, {}, "the long frame would have 'pay' more than once"),
        (wide(), ENDINGS, {"wave": "sex"}, "the long frame would have 'sex' more than once"),
        (
            wide(id=["a", "b", "a", "c", "d", "e", "f"]),
            ENDINGS,
            {},
            "person column 'id' has 'a' in 2 of 7 rows (rows 0, 2); a wide frame has one row a person",
        ),
        (wide(id=[None, *"bcdefg"]), ENDINGS, {}, "person column 'id' is missing in 1 of 7 rows (rows 0)"),
        (wide(), {2020: "_2020", 2019: "_2019"}, {}, "waves [2020, 2019] of 7 persons do not rise"),
        (wide(), {"1": "_2020", 1: "_2019"}, {}, "are not told apart as text"),
        (
            wide(q1_2020=1.0),
            ENDINGS,
            {},
            "'q1' is of the ordered categories 'no', 'unsure', 'yes' at wave '2019', and a number at wave '2020'",
        ),
        (
            wide(q2_2023=pd.Categorical(["no"] * N, ["no", "yes"])),
            ENDINGS,
            {},
            "'q2' is of the ordered categories 'no', 'unsure', 'yes' at wave '2019', and of the categories 'no', 'yes'",
        ),
    ],
)
def test_what_is_refused(frame, waves, options, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        long_from_wide(frame, waves, person="id", **options)


def test_a_person_who_is_written_in_two_ways_is_refused():
    """A blank behind a name would make two persons of one, each with a wave missed."""
    long = long_from_wide(wide(), WAVES, person="id")
    long["id"] = [
        f"{person} " if year == "2020" else person for person, year in zip(long["id"], long["wave"], strict=True)
    ]
    with pytest.raises(
        ValueError, match=r"person column 'id' has 'p0', 'p0 ' in 3 of 21 rows.*frame\['id'\]\.str\.strip"
    ):
        read_waves(long, "id", "wave")
