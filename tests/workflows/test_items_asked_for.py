"""Functions that take items say what was given in their place, and how to give them."""

import re

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.models import LatentClass, Multinomial

NAMES = ["a", "b", "c"]
FUNCTIONS = {
    "count_classes": lambda items, frame: bl.count_classes(items, frame, [1, 2]),
    "bootstrap_likelihood_ratio": lambda items, frame: bl.bootstrap_likelihood_ratio(items, frame, 2, draws=1),
    "vuong_lo_mendell_rubin": lambda items, frame: bl.vuong_lo_mendell_rubin(items, frame, 2),
    "overfitted": bl.overfitted,
    "measurement_invariance": lambda items, frame: bl.measurement_invariance(items, frame, "place", 2),
    "partial_invariance": lambda items, frame: bl.partial_invariance(items, frame, "place", 2),
}
WRONG = {
    "list": (NAMES, "list"),
    "tuple": (tuple(NAMES), "tuple"),
    "text": ("a", "str"),
    "array": (np.array(NAMES), "ndarray"),
    "number": (3, "int"),
    "nothing": (None, "NoneType"),
    "frame": (pd.DataFrame({"a": [1, 2]}), "DataFrame"),
    "class of the part": (dict.fromkeys(NAMES, bl.Items), "dict"),
    "regression": (bl.Regression("~ x"), "Regression"),
    "shares": (bl.Shares(), "Shares"),
    "model of a seen class": (Multinomial("y", bl.Regression("~ x")), "Multinomial"),
}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    return pd.DataFrame(rng.integers(0, 2, (60, 3)), columns=NAMES).assign(place=["here", "there"] * 30)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("given", WRONG)
def test_what_is_no_measurement_part_is_named(frame, function, given):
    items, kind = WRONG[given]
    with pytest.raises(TypeError) as error:
        FUNCTIONS[function](items, frame)
    message = str(error.value)
    assert message.startswith(f"items={' '.join(repr(items).split())[:60]}")
    assert f"is of type {kind}, and no measurement part" in message
    assert message.endswith("wrap the names of the items, Items([...])")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_model_is_asked_for_its_items(frame, function):
    model = LatentClass(2, bl.Items(NAMES))
    with pytest.raises(TypeError, match=re.escape("give the items of this LatentClass, model.measurement, or Items([")):
        FUNCTIONS[function](model, frame)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_items_that_are_not_nominal_are_refused(frame, function):
    with pytest.raises(ValueError, match=r"for nominal items only; give Items\(\['a', 'b', 'c'\]\)"):
        FUNCTIONS[function](bl.OrdinalItems(NAMES), frame)


def test_what_is_no_regression_or_no_known_class_is_named_in_one_line():
    """A fit in place of what is known of its classes would be hundreds of lines."""
    measured, survey = bl.load_example("alone"), bl.example_survey()
    with pytest.raises(TypeError, match=r"structural='~ participation': give a Regression\("):
        bl.stepwise_odds_ratios(measured, "~ participation", survey)
    with pytest.raises(TypeError, match=r"measurement=LatentClass: C1, C2.{40,60}: give what is known of the classes"):
        bl.AssignedClass(measured, bl.Regression("~ participation"))
    with pytest.raises(TypeError, match=r"model=group .{30,60} is of type DataFrame, and no latent class regression"):
        bl.fit_estimators(survey, measured)
