"""Whatever columns and formulas models of waves, group classes, populations, numbers and survey designs are given.

They are used as they stand or refused by a message of the package that names the cause. Input is made up as in
``test_any_input.py``: the same on every run, some of each kind, and thousands with ``--runslow``.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_any_input import NAMES, RECIPES, N, SamplerReached, column_of, unreachable_sampler
from used_or_refused import Asked

import bayes_lca as bl
from bayes_lca.models import LatentClass, LatentTransition, Multinomial

pytestmark = pytest.mark.usefixtures(unreachable_sampler.__name__)
NUMBER_OF_EXAMPLES = pytest.mark.parametrize(
    "examples",
    [
        pytest.param(settings(max_examples=40), id="few"),
        pytest.param(settings(max_examples=4000), id="many", marks=pytest.mark.slow),
    ],
)
ASKED = Asked(
    10.0,
    refusals=(ValueError, TypeError),
    taken=(SamplerReached,),
    ignored=[("", UserWarning)],  # the package's own, which are tested where they are raised
    own_files=[str(Path(package.__file__).parent) for package in (bl, bl.models)],
)
answer = ASKED.answer
PLAIN = ([0, 1], [0, 1] * (N // 2), "int64")
"""A column as surveys have them, always tried."""


def survey():
    """Two dozen rows: eight persons at three waves, or a dozen groups of two respondents."""
    rng = np.random.default_rng(21)
    latent = rng.integers(2, size=N)
    answers = {item: np.where(rng.random(N) < 0.8, latent, 1 - latent) for item in "abc"}
    person = np.arange(N) // 3
    return pd.DataFrame(
        {
            **answers,
            "n": rng.normal(2.0 * latent),
            "k": rng.poisson(1.0 + latent),
            "person": person,
            "wave": np.arange(N) % 3 + 1,
            "x": rng.normal(size=N),
            "of_person": person % 2 + 0.5 * (person % 4),
            "site": np.where(rng.random(N) < 0.5, "north", "south"),
            "school": [f"S{number % 12:02d}" for number in range(N)],
            "w": rng.gamma(2.0, size=N),
        }
    )


def over_time(items=("a", "b"), person="person", wave="wave", initial=None, transition="~ 1"):
    measurement = items if not isinstance(items, tuple) else bl.Items(list(items))
    return LatentTransition(2, measurement, person, wave, initial or bl.Shares(), bl.Transition(transition))


def weighted(model=None, **roles):
    """Build a model with a column of the survey design."""
    model = model or LatentClass(2, bl.Items(["a", "b", "c"]))
    return lambda frame: bl.fit(model, frame, design=bl.SurveyDesign(**roles), draws=10, tune=10)


@cache
def fitted(name):
    return bl.load_example(name), bl.example_waves() if name == "waves" else bl.example_survey()


def repeated(name, recipe):
    """The frame of an example with a column of the recipe over and over."""
    _, frame = fitted(name)
    column = column_of(recipe)
    return frame.assign(v=column.iloc[np.arange(len(frame)) % N].set_axis(frame.index))


def into_long(frame):
    wide = frame[["a", "b", "c", "v"]].assign(person=range(N))
    long = bl.long_from_wide(wide, {"1": {"a": "q", "b": "r"}, "2": {"v": "q", "c": "r"}}, person="person")
    return over_time(("q", "r")).build(long)


FREE = {"profiles": "free"}
ANSWERS = bl.Items(["a", "b", "c"])
DOORS = {
    "item of waves": lambda frame: over_time(("a", "v")).build(frame),
    "number of waves": lambda frame: over_time(bl.NormalItems(["n", "v"])).build(frame),
    "count of waves": lambda frame: over_time(bl.CountItems(["k", "v"])).build(frame),
    "person": lambda frame: over_time(person="v").build(frame),
    "wave": lambda frame: over_time(wave="v").build(frame),
    "first wave": lambda frame: over_time(initial=bl.Regression("~ v")).build(frame, missing="drop"),
    "group of persons": lambda frame: over_time(initial=bl.Regression("~ (1 | v)")).build(frame, missing="drop"),
    "transition": lambda frame: over_time(transition="~ v").build(frame, missing="drop"),
    "group of transitions": lambda frame: over_time(transition="~ (1 | v)").build(frame, missing="drop"),
    "waves counted": lambda frame: bl.count_wave_classes(
        bl.Items(["a", "v"]), frame, person="person", wave="wave", classes=1, n_starts=1
    ),
    "numbers over waves": lambda frame: bl.count_wave_classes(
        bl.NormalItems(["n", "v"], sd="free"), frame, person="person", wave="wave", classes=2, n_starts=2
    ),
    "group with classes": lambda frame: LatentClass(2, ANSWERS, bl.GroupClasses(2, group="v")).build(frame),
    "covariate in groups": lambda frame: LatentClass(
        2, ANSWERS, bl.GroupClasses(2, group="school", formula="~ v")
    ).build(frame, missing="drop"),
    "item in groups": lambda frame: LatentClass(
        2, bl.Items(["a", "b", "v"]), bl.GroupClasses(2, group="school", **FREE)
    ).build(frame),
    "groups counted": lambda frame: bl.count_group_classes(
        bl.NormalItems(["n", "v"], sd="free"), frame, group="school", classes=2, group_classes=2, n_starts=2
    ),
    "population": lambda frame: LatentClass(2, ANSWERS, bl.KnownClass("v")).build(frame, missing="drop"),
    "population with profiles": lambda frame: LatentClass(2, ANSWERS, bl.KnownClass("v", **FREE)).build(
        frame, missing="drop"
    ),
    "covariate in populations": lambda frame: LatentClass(2, ANSWERS, bl.KnownClass("site", "~ v")).build(
        frame, missing="drop"
    ),
    "item in populations": lambda frame: LatentClass(2, bl.Items(["a", "b", "v"]), bl.KnownClass("site", **FREE)).build(
        frame
    ),
    "number": lambda frame: LatentClass(2, bl.NormalItems(["n", "v"])).build(frame),
    "number by class": lambda frame: LatentClass(2, bl.NormalItems(["n", "v"], sd="free")).build(frame),
    "count": lambda frame: LatentClass(2, bl.CountItems(["k", "v"])).build(frame),
    "number beside items": lambda frame: LatentClass(2, bl.Mixed(bl.Items(["a", "b"]), bl.NormalItems(["v"]))).build(
        frame
    ),
    "count beside items": lambda frame: LatentClass(2, bl.Mixed(bl.Items(["a", "b"]), bl.CountItems(["v"]))).build(
        frame
    ),
    "item beside numbers": lambda frame: LatentClass(2, bl.Mixed(bl.Items(["a", "v"]), bl.NormalItems(["n"]))).build(
        frame
    ),
    "common method": lambda frame: LatentClass(2, bl.CommonMethod(bl.Items(["a", "b", "v"]))).build(frame),
    "weights": weighted(weights="v"),
    "strata": weighted(weights="w", strata="v"),
    "clusters": weighted(weights="w", cluster="v"),
    "covariate of a design": weighted(LatentClass(2, ANSWERS, bl.Regression("~ v")), weights="w"),
    "weights of persons": weighted(over_time(), weights="v"),
    "weights of an outcome": weighted(Multinomial("site", bl.Regression("~ x")), weights="v"),
    "wide columns": into_long,
}


@NUMBER_OF_EXAMPLES
def test_any_column_of_any_model(examples):
    """The column is called q where it was v in a wide frame."""

    @examples
    @given(RECIPES, st.sampled_from(sorted(DOORS)))
    @example(PLAIN, "population")
    def holds(recipe, door):
        frame = survey().assign(v=column_of(recipe))
        answer(lambda: DOORS[door](frame), "'v'", *["'q'"] * (door == "wide columns"))

    with ASKED.both_kinds():
        holds()


@pytest.mark.parametrize("value", [[1], {"a": 1}, {1}, np.array([1, 2])], ids=["list", "dict", "set", "array"])
@pytest.mark.parametrize(
    "door", ["person", "wave", "group of persons", "number", "count of waves", "weights of persons"]
)
def test_values_without_a_hash_are_refused(value, door):
    frame = survey().assign(v=column_of(([value, "1"], [0, 1] * (N // 2), "object")))
    with pytest.raises(ValueError, match="'v' holds values"):
        DOORS[door](frame)


@pytest.mark.parametrize("door", ["number", "count", "number beside items"])
def test_numbers_beyond_floating_point_are_infinite(door):
    frame = survey().assign(v=column_of(([10**400, 1, 2], [0, 1, 2] * (N // 3), "object")))
    with pytest.raises(ValueError, match="item 'v' is infinite in 8 of 24 rows"):
        DOORS[door](frame)


@pytest.mark.filterwarnings("ignore::bayes_lca.FewGroupsWarning")
@pytest.mark.parametrize("door", ["number", "count", "numbers over waves", "groups counted"])
def test_numbers_without_a_square_are_refused(door):
    frame = survey().assign(v=column_of(([1.4e154, 1, 2], [0, 1, 2] * (N // 3), None)))
    with pytest.raises(ValueError, match=r"item 'v' is beyond 1e\+150 in 8 of 24 rows, such as 1\.4e\+154.*unit"):
        DOORS[door](frame)


OF_A_FIT = {
    "outcome": lambda frame: bl.bch_outcomes(fitted("alone")[0], ["score", "v"], frame),
    "covariate of an outcome": lambda frame: bl.bch_outcomes(
        fitted("alone")[0], "attitude", frame, "~ v", missing="drop"
    ),
    "group of a check": lambda frame: bl.check_items(fitted("alone")[0], group="v", frame=frame, n_draws=2),
    "outcome given covariates": lambda frame: bl.bch_outcomes(fitted("alone")[0], "v", frame, "~ participation"),
    "group of persons checked": lambda frame: bl.check_items(fitted("waves")[0], group="v", frame=frame, n_draws=2),
}
OF_WAVES = {"group of persons checked": "waves"}


@NUMBER_OF_EXAMPLES
def test_any_column_beside_a_fit(examples):
    @settings(examples, max_examples=examples.max_examples // 4)
    @given(RECIPES, st.sampled_from(sorted(OF_A_FIT)))
    @example(PLAIN, "outcome")
    def holds(recipe, door):
        frame = repeated(OF_WAVES.get(door, "alone"), recipe)
        answer(lambda: OF_A_FIT[door](frame), "'v'")

    with ASKED.both_kinds():
        holds()


def test_outcomes_without_a_square_are_refused():
    frame = repeated("alone", ([1.4e154, 1, 2], [0, 1, 2] * (N // 3), None))
    with pytest.raises(ValueError, match=r"outcome 'v' is beyond 1e\+150 in 60 of 180 rows.*change their unit"):
        OF_A_FIT["outcome"](frame)


TERMS = "x site school n k of_person C(site) np.log(w) poly(x,2) I(x**2)".split()
GROUPS = ["(1 | school)", "(x | school)", "(1 | site)", "(1 | site/school)"]
OTHERS = ["wave", "person", "a", "1", "0", "-1", "`x`", "gone", ""]
ATOMS = st.integers(0, 9).flatmap(
    lambda place: (
        st.sampled_from(TERMS)
        if place < 7
        else st.sampled_from([*GROUPS, *OTHERS])
        if place < 9
        else NAMES.filter(lambda name: isinstance(name, str) and len(name) < 20)
    )
)
FORMULAS = st.builds(
    lambda atoms, joins, tilde: tilde + "".join(atom + join for atom, join in zip(atoms, joins, strict=True)),
    st.lists(ATOMS, min_size=3, max_size=3),
    st.lists(st.sampled_from([" + "] * 6 + ["*", ":", "", " "]), min_size=3, max_size=3).map(
        lambda joins: [*joins[:2], ""]
    ),
    st.sampled_from(["~ "] * 6 + ["~", "", "y ~ "]),
)
PARTS = {
    "first wave": lambda text: over_time(initial=bl.Regression(text)).build(survey()),
    "transition": lambda text: over_time(transition=text).build(survey()),
    "in groups": lambda text: LatentClass(2, ANSWERS, bl.GroupClasses(2, group="school", formula=text)).build(survey()),
    "in populations": lambda text: LatentClass(2, ANSWERS, bl.KnownClass("site", text)).build(survey()),
    "numbers": lambda text: LatentClass(2, bl.NormalItems(["n"]), bl.Regression(text)).build(survey()),
    "common method": lambda text: LatentClass(2, bl.CommonMethod(ANSWERS), bl.Regression(text)).build(survey()),
    "weighted": lambda text: weighted(LatentClass(2, ANSWERS, bl.Regression(text)), weights="w")(survey()),
    "outcome": lambda text: bl.bch_outcomes(fitted("alone")[0], "score", fitted("alone")[1], text),
}
BESIDE_THE_FORMULA = {"in groups": ["school"], "in populations": ["site"]}


@NUMBER_OF_EXAMPLES
def test_any_formula_of_any_model(examples):
    @settings(examples, max_examples=examples.max_examples // 2)
    @given(FORMULAS, st.sampled_from(sorted(PARTS)))
    @example("~ x", "first wave")
    def holds(text, part):
        words = [*re.findall(r"\w+", text), *BESIDE_THE_FORMULA.get(part, [])]
        answer(lambda: PARTS[part](text), repr(text), f"formula {text!r}"[:-1], *(f"'{word}" for word in words))

    with ASKED.both_kinds():
        holds()


NAMED = {
    "person": lambda frame, name: over_time(person=name).build(frame),
    "wave": lambda frame, name: over_time(wave=name).build(frame),
    "a": lambda frame, name: over_time((name, "b")).build(frame),
    "n": lambda frame, name: LatentClass(2, bl.Mixed(ANSWERS, bl.NormalItems([name]))).build(frame),
    "k": lambda frame, name: LatentClass(2, bl.CountItems([name])).build(frame),
    "school": lambda frame, name: LatentClass(2, ANSWERS, bl.GroupClasses(2, group=name)).build(frame),
    "site": lambda frame, name: LatentClass(2, ANSWERS, bl.KnownClass(name)).build(frame),
    "w": lambda frame, name: weighted(weights=name)(frame),
    "x": lambda frame, name: bl.long_from_wide(
        frame.drop_duplicates("person").assign(other=1),
        {"1": {name: "q"}, "2": {"other": "q"}},
        person="person",
        keep=[],
    ),
}


@NUMBER_OF_EXAMPLES
def test_any_name_in_any_model(examples):
    @settings(examples, max_examples=examples.max_examples // 2)
    @given(NAMES, st.sampled_from(sorted(NAMED)))
    @example("", "k")
    @example("_", "school")
    @example("_", "site")
    def holds(name, old):
        frame = survey()
        frame.columns = pd.Index([name if column == old else column for column in frame], dtype="object")
        no_name = ["weights="] if old == "w" and not isinstance(name, str) else []
        answer(lambda: NAMED[old](frame, name), repr(name), repr(f"`{name}`")[1:-1], *no_name)

    with ASKED.both_kinds():
        holds()


@NUMBER_OF_EXAMPLES
def test_any_file_of_any_model(examples, tmp_path):
    @settings(examples, max_examples=examples.max_examples // 4)
    @given(RECIPES, st.sampled_from(["item of waves", "number", "count", "weights", "population", "person", "wave"]))
    @example(PLAIN, "item of waves")
    def holds(recipe, door):
        path = tmp_path / "survey.csv"
        survey().assign(v=[ascii(repr(value)[:40]) for value in column_of(recipe)]).to_csv(path, index=False)
        answer(lambda: DOORS[door](bl.read_survey(path)), "'v'")

    with ASKED.both_kinds():
        holds()
