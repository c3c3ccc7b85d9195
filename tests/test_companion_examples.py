"""Examples that are scripts of their own: what they simulate is what they say, and they run."""

import importlib
import warnings
from pathlib import Path

import numpy as np
import pytest

FEW = {"draws": 100, "tune": 100, "until": None}
SMALL = {
    "consortia_over_time": {"staff": 300},
    "doctors_of_one_district": {"many": 800},
    "hospitals_and_communities": {"staff": 900},
    "three_levels_of_stakeholders": {"scale": 0.6},
    "types_of_consortia": {"staff": 900},
}


@pytest.fixture
def example(monkeypatch, request):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "examples")
    return importlib.import_module(request.param)


def named(name):
    return pytest.mark.parametrize("example", [name], indirect=True)


@named("consortia_over_time")
def test_staff_of_close_consortia_move_up_more(example):
    """Counted by who says yes to most questions, which tells the classes apart in all but few persons."""
    frame = example.simulate(30_000, 30, seed=1)
    assert frame.groupby("consortium")["type"].nunique().max() == 1
    gains = ((frame[example.ITEMS] == "yes").sum(axis=1) > 2).astype(int)
    by_wave = frame.assign(gains=gains).pivot(index="id", columns="year", values="gains")
    first, second = by_wave[2021], by_wave[2022]
    moved = second[first.eq(0) & second.notna()].groupby(frame.groupby("id")["type"].first()).mean()
    assert moved["loose"] < moved["semi-close"] < moved["close"]
    assert by_wave[2023].isna().mean() == pytest.approx(0.1, abs=0.01)


@named("doctors_of_one_district")
def test_doctors_are_in_classes_of_the_stated_shares(example):
    survey = example.simulate(50_000, seed=1)
    probability = example.SHARE @ example.YES
    np.testing.assert_allclose((survey[example.ITEMS] == "yes").mean(), probability, atol=0.03)


@named("hospitals_and_communities")
def test_communities_have_one_hospital_or_many(example):
    nested, crossed = (example.simulate(1800, crossed=crossed, seed=1) for crossed in (False, True))
    assert nested.groupby("community")["hospital"].nunique().max() == 1
    assert crossed.groupby("community")["hospital"].nunique().min() > 1


@named("three_levels_of_stakeholders")
def test_levels_are_asked_their_own_items_and_the_shared_ones(example):
    survey = example.simulate(1.0, shifted=True, seed=1)
    asked = survey.groupby("level")[example.ITEMS].count() > 0
    assert asked[example.SHARED].all(axis=None)
    for level, items in example.OWN.items():
        assert asked.index[asked[items].all(axis=1)].tolist() == [level]
    benefit = (survey["benefit"] == "yes").groupby(survey["level"]).mean()
    assert benefit["authority"] < 0.45 < benefit["core"]


@named("types_of_consortia")
def test_types_and_budgets_are_those_of_whole_consortia(example):
    survey = example.simulate(900, 5, seed=1)
    assert survey.groupby("consortium")[["type", "budget"]].nunique().max(axis=None) == 1
    assert survey["type"].nunique() == 2


@pytest.mark.slow
@pytest.mark.parametrize("example", SMALL, indirect=True)
def test_examples_run(example, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = example.main(**SMALL[example.__name__], options=FEW)
    assert len(table) and table.select_dtypes("number").notna().all(axis=None)
    assert capsys.readouterr().out
