"""Columns named by whole numbers, and NumPy's numbers as arguments: as good as texts and Python's numbers."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca import priors
from bayes_lca.datasets.example import ITEMS
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.reporting.sections.specification import priors_of
from bayes_lca.specification import as_written, parts_of, specification_of

SHORT = {"draws": 20, "tune": 100, "chains": 2, "progressbar": False, "until": None}


def survey_with(names):
    """The example's survey, its items under other names."""
    return bl.example_survey().rename(columns=dict(zip(ITEMS, names, strict=True)))


def numbered():
    """The survey with items named by numbers, and a covariate whose levels are numbers."""
    frame = survey_with([0, 1, 2])
    return frame.assign(tier=pd.Categorical(np.arange(len(frame)) % 3 + 1))


NUMPYS = {
    "classes": (LatentClass(np.int64(2), bl.Items([0, 1, 2])), LatentClass(2, bl.Items([0, 1, 2]))),
    "items": (LatentClass(2, bl.Items(np.arange(3))), LatentClass(2, bl.Items([0, 1, 2]))),
    "prior": (
        LatentClass(2, bl.Items([0, 1, 2], priors.Dirichlet(np.int64(1)))),
        LatentClass(2, bl.Items([0, 1, 2], priors.Dirichlet(1))),
    ),
    "prior, single precision": (
        LatentClass(2, bl.Items([0, 1, 2], priors.Dirichlet(np.float32(0.5)))),
        LatentClass(2, bl.Items([0, 1, 2], priors.Dirichlet(0.5))),
    ),
    "reference": (
        LatentClass(2, bl.Items([0, 1, 2]), bl.Regression("~ tier", reference={"tier": np.int64(2)})),
        LatentClass(2, bl.Items([0, 1, 2]), bl.Regression("~ tier", reference={"tier": 2})),
    ),
    "outcome": (Multinomial(np.int64(0), bl.Regression("~ tier")), Multinomial(0, bl.Regression("~ tier"))),
}


@pytest.mark.parametrize("with_numpy, plain", NUMPYS.values(), ids=NUMPYS)
def test_numpys_numbers_are_numbers(with_numpy, plain):
    frame = numbered()
    given, wanted = with_numpy.prepare(frame), plain.prepare(frame)
    assert specification_of(with_numpy) == json.loads(given.attributes["specification"])
    assert given.attributes == wanted.attributes
    assert "np." not in as_written(specification_of(with_numpy))
    assert {name: list(names) for name, names in given.model.coords.items()} == {
        name: list(names) for name, names in wanted.model.coords.items()
    }


def test_parts_within_lists_and_mappings_are_found():
    prior, other = {"kind": "Dirichlet", "a": 1.0}, {"kind": "HalfNormal", "sigma": 2.0}
    whole = {"kind": "Mixed", "parts": [{"kind": "Items", "probability": prior}, [other]], "by": {"x": other}, "n": [1]}
    assert [(kind, field, part["kind"]) for kind, field, part in parts_of(whole)] == [
        ("Mixed", "parts", "Items"),
        ("Mixed", "parts", "HalfNormal"),
        ("Mixed", "by", "HalfNormal"),
        ("Items", "probability", "Dirichlet"),
    ]
    assert [prior.distribution for prior in priors_of(whole)] == [
        "HalfNormal(sigma=2.0)",
        "HalfNormal(sigma=2.0)",
        "Dirichlet(a=1.0)",
    ]
    assert as_written(whole) == (
        "Mixed(parts=[Items(probability=Dirichlet(a=1.0)), [HalfNormal(sigma=2.0)]], "
        "by={'x': HalfNormal(sigma=2.0)}, n=[1])"
    )


def fitted(names, items):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(LatentClass(2, bl.Items(items)), survey_with(names), **SHORT)


@pytest.fixture(scope="module")
def text():
    return fitted(["0", "1", "bin"], ["0", "1", "bin"])


@pytest.fixture(scope="module", params=[[0, 1, "bin"], np.arange(3)], ids=["mixed", "numbers"])
def number(request):
    """Names of items that are numbers, and the fit of them."""
    return list(request.param), fitted(list(request.param), request.param)


def test_classes_are_in_the_order_of_an_item_named_by_a_number(number):
    names, draws = number
    pivot = json.loads(draws.attrs["pivot"])
    by_number, by_text = (bl.relabel(draws, pivot, order=order) for order in (names[1], str(names[1])))
    assert by_number.identical(by_text)
    assert by_number.attrs["class_order"] == str(names[1])
    with pytest.raises(ValueError, match="order=7: choose"):
        bl.relabel(draws, pivot, order=7)


@pytest.mark.parametrize("measurement", [bl.Items, bl.OrdinalItems])
def test_items_of_several_sizes_are_named_by_texts_in_the_model(measurement):
    rows = np.arange(60)
    frame = pd.DataFrame({1: rows % 2, "2": rows // 2 % 2, "0": rows % 3, 3: rows // 3 % 3})
    frame = frame.apply(pd.Categorical, ordered=True)
    model = LatentClass(2, measurement(list(frame))).build(frame)
    names = {axis: list(labels) for axis, labels in model.coords.items() if axis.startswith("item")}
    assert names == {
        "item": ["1", "2", "0", "3"],
        "item_of_2": ["1", "2"],
        "item_of_3": ["0", "3"],
    }


def renamed(table, names):
    """A table of the items that texts name, under other names."""
    by_text = dict(zip(["0", "1", "bin"], map(str, names), strict=True))
    return pd.DataFrame(table).rename(index=by_text)


def test_numbers_are_fitted_and_shown_as_texts_are(number, text, tmp_path):
    names, draws = number
    assert draws["posterior"]["item"].to_numpy().tolist() == list(map(str, names))
    assert json.loads(draws.attrs["specification"])["measurement"]["items"] == names
    for table in (bl.class_profiles, lambda fit: bl.check_items(fit, n_draws=20).items):
        pd.testing.assert_frame_equal(pd.DataFrame(table(draws)), renamed(table(text), names))
    ticks = [tick.get_text() for tick in bl.plot_profiles(draws).axes[0].get_xticklabels()]
    assert ticks == list(map(str, names))
    assert bl.report(draws, tmp_path / "page.html").exists()
    bl.save(draws, tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(bl.class_profiles(bl.load(tmp_path / "fit.nc")), bl.class_profiles(draws))


def test_an_item_is_refused_by_its_number(number):
    names, draws = number
    for name in (names[0], str(names[0])):
        with pytest.raises(ValueError, match="are items of this fit"):
            bl.covariate_tests(draws, survey_with(names).assign(**{str(name): 1}), [name])
        with pytest.raises(ValueError, match="are items of this fit"):
            bl.direct_effects(draws, [name], frame=survey_with(names), n_draws=20)


def test_regressions_in_steps_find_the_columns(number, text):
    names, draws = number
    regression = bl.Regression("~ participation")
    of_numbers, of_texts = bl.answers_of(draws), bl.answers_of(text)
    frame, frame_of_texts = survey_with(names), survey_with(["0", "1", "bin"])
    np.testing.assert_array_equal(of_numbers.read(frame).codes, of_texts.read(frame_of_texts).codes)
    pd.testing.assert_frame_equal(
        bl.stepwise_odds_ratios(draws, regression, frame), bl.stepwise_odds_ratios(text, regression, frame_of_texts)
    )
    model = bl.AssignedClass(of_numbers, regression).build(frame)
    assert list(model.coords["item"]) == list(map(str, names))


def test_names_that_read_the_same_are_refused():
    with pytest.raises(ValueError, match=r"items 1, '1' read the same in every table; rename one of the columns"):
        bl.Items([0, 1, "1"])
    frame = survey_with([0, 1, 2]).assign(**{"1": 0})
    assert LatentClass(2, bl.Items([0, 1, 2])).build(frame).coords["item"] == ("0", "1", "2")
