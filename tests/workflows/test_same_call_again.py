"""A kept fit belongs to the call whose arguments are written beside it: equal arguments are written alike."""

from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.models import LatentClass
from bayes_lca.sampling.call_digest import digest_of_call, written

FRAME = pd.DataFrame({"x": [1.0, 2.0], "g": ["a", "b"]})
LCA = LatentClass(2, bl.Items(["x", "g"]))
LONG, OTHER = np.zeros(5000), np.where(np.arange(5000) == 2500, 1.0, 0.0)


@dataclass(frozen=True)
class Start:
    values: np.ndarray
    follows: object = field(default_factory=object, repr=False)


CHANGED = {
    "frame": (FRAME, FRAME.assign(x=[1.0, 2.5])),
    "index": (FRAME, FRAME.set_axis([5, 6])),
    "column": (FRAME["x"], FRAME["x"] + 1e-12),
    "labels": (FRAME.index, pd.Index([0, 2])),
    "list of frames": ([FRAME, FRAME], [FRAME, FRAME.assign(g=["a", "c"])]),
    "order of frames": ([FRAME, FRAME[::-1]], [FRAME[::-1], FRAME]),
    "array": (np.arange(4.0), np.arange(4.0).reshape(2, 2)),
    "arrays by name": ({"weights": np.arange(3)}, {"weights": np.arange(1, 4)}),
    "arrays by name, deeper": ({"a": {"b": LONG}}, {"a": {"b": OTHER}}),
    "arrays by name in a list": ([{"b": LONG}], [{"b": OTHER}]),
    "tuples in a list": ([(LONG,)], [(OTHER,)]),
    "objects in a tuple": ((Start(LONG),), (Start(OTHER),)),
    "list and tuple": ([1, 2], (1, 2)),
    "text and number": ({"a": 1}, {"a": "1"}),
}
ALIKE = {
    "whole numbers": (np.int64(3), 3),
    "numbers": (np.float64(0.9), 0.9),
    "truth values": (np.bool_(True), True),
    "models": (LatentClass(np.int64(2), bl.Items(["x", "g"])), LCA),
    "sets": ({"a", "b", "c"}, {"c", "b", "a"}),
    "what follows from the rest": (Start(LONG), Start(LONG)),
}


@pytest.mark.parametrize("name", CHANGED)
def test_arguments_are_written_alike_where_they_are_equal_and_only_there(name):
    given, other = CHANGED[name]
    assert written(deepcopy(given)) == written(given)
    assert written(other) != written(given)


@pytest.mark.parametrize("name", ALIKE)
def test_arguments_of_other_types_with_the_same_meaning_are_written_alike(name):
    given, other = ALIKE[name]
    assert written(given) == written(other)


def example_of(name):
    def sample(model, frame, **options):
        return bl.load_example(name)

    return sample


def of_several(times, model, frame, **options):
    return times


@dataclass(frozen=True)
class Sampled:
    times: int

    def __call__(self, model, frame, **options):
        return self.times

    def run(self, model, frame, **options):
        return self.times


@pytest.mark.parametrize(
    ("sample", "same", "other"),
    [
        (example_of("alone"), example_of("alone"), example_of("waves")),
        (partial(of_several, 3), partial(of_several, 3), partial(of_several, 20)),
        (partial(Sampled(3)), partial(Sampled(3)), partial(Sampled(20))),
        (Sampled(3), Sampled(3), Sampled(20)),
        (Sampled(3).run, Sampled(3).run, Sampled(20).run),
        (lambda model, frame: 1, lambda model, frame: 1, lambda model, frame: 2),
        (lambda model, frame: [i for i in frame], lambda model, frame: [i for i in frame], lambda model, frame: []),
    ],
    ids=["closure", "partial", "partial of an object", "object", "method", "lambda", "nested code"],
)
def test_calls_are_told_apart_by_what_samples(sample, same, other):
    assert digest_of_call(LCA, FRAME, {}, sample) == digest_of_call(LCA, FRAME, {}, same)
    assert digest_of_call(LCA, FRAME, {}, sample) != digest_of_call(LCA, FRAME, {}, other)


def test_what_samples_is_refused_where_nothing_tells_it_apart():
    holder = object()
    with pytest.raises(ValueError, match=r"^sample is .*sampled anew each time"):
        digest_of_call(LCA, FRAME, {}, lambda model, frame: holder)


def test_variable_labels_belong_to_the_call():
    labelled = FRAME.copy()
    labelled.attrs["variable_labels"] = {"x": "Pay"}
    assert digest_of_call(LCA, labelled, {}) != digest_of_call(LCA, FRAME, {})
