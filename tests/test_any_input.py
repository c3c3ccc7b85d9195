"""Whatever a frame holds and a formula says, it is used as it stands or refused by a message that names the cause.

Hypothesis makes up the input, the same on every run: a few hundred of each kind, and thousands with ``--runslow``.
"""

import datetime
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from used_or_refused import Asked

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.data.responses import read_responses
from bayes_lca.models import LatentClass, Multinomial

N = 24
ITEMS = ["a", "b", "c"]
NUMBER_OF_EXAMPLES = pytest.mark.parametrize(
    "examples",
    [
        pytest.param(settings(max_examples=80), id="few"),
        pytest.param(settings(max_examples=5000), id="many", marks=pytest.mark.slow),
    ],
)
DOCUMENTED = [
    ".*looks like a code of missing answers and is taken for a value",
    ".*rows left out",
    ".*degree\\(s\\) of freedom",
    ".*cross-level interaction",
    ".*the formula has one level",
    ".*parameters more than these items can tell apart",
    ".*separates the classes of 24 respondents",
]


def survey():
    """Two dozen rows in six groups."""
    rng = np.random.default_rng(12)
    latent_class = rng.integers(2, size=N)
    group = np.arange(N) % 6
    return pd.DataFrame(
        {
            **{item: np.where(rng.random(N) < 0.8, latent_class, 1 - latent_class) for item in ITEMS},
            "y": rng.choice(["worse", "same", "better"], N),
            "x": rng.normal(size=N),
            "z": rng.normal(size=N),
            "k": np.arange(N) // 6,
            "sex": np.where(rng.random(N) < 0.5, "female", "male"),
            "group": [f"G{number}" for number in group],
        }
    )


class SamplerReached(Exception):
    """The input was taken, and sampling would begin."""


@pytest.fixture(autouse=True)
def unreachable_sampler(monkeypatch):
    def reached(*arguments, **options):
        raise SamplerReached

    monkeypatch.setattr("bayes_lca.sampling.nuts.Sampler", reached)


ASKED = Asked(5.0, taken=(SamplerReached,), ignored=[(message, UserWarning) for message in DOCUMENTED])
answer = ASKED.answer


# Columns of anything

VALUES = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400]),
    st.floats(),
    st.sampled_from([1e308, -1e308, 5e-324, 1e-200, 1 + 1e-15, -0.0, 1e16]),
    st.booleans(),
    st.text(max_size=6),
    st.sampled_from(
        ["", " ", "\0", "a\0", "\ud800", "\x01", "\u202eabc", "😀", "é", "e\u0301", "nan", "None", "1", "q" * 5000]
    ),
    st.sampled_from([None, np.nan, pd.NA, pd.NaT, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")]),
    st.decimals(),
    st.sampled_from([Fraction(1, 2), 1 + 2j, b"a", datetime.date(2024, 1, 1), datetime.timedelta(1), datetime.time(3)]),
    st.sampled_from([pd.Timestamp("2024"), pd.Period("2024", "D"), pd.Interval(0, 1), np.float16(1.5), np.True_]),
    st.sampled_from([(1, 2), [1], {"a": 1}, {1}, np.array([1, 2]), int, len]),
)
TYPES = [
    *(["object", None, None, None, "category", "ordered", "unused", "unused"]),
    *(["string", "Int64", "Float64", "boolean", "int8", "uint64", "float16", "float32", "complex128", "datetime64[s]"]),
    *(
        [
            "int64[pyarrow]",
            "string[pyarrow]",
            "bool[pyarrow]",
            "double[pyarrow]",
            "timestamp[s][pyarrow]",
            "Sparse[float]",
        ]
    ),
]


NAMES = st.one_of(
    st.text(max_size=8),
    st.text(st.characters(categories=["Cc", "Cs", "Cf", "Zs", "Sm", "Po"]), min_size=1, max_size=4),
    st.sampled_from(
        [
            *(
                "a b",
                "x + y",
                "a|b",
                "`q`",
                "C(x)",
                "np.exp(x)",
                "x:z",
                "sex[male]",
                "a/b",
                "<script>",
                "$x$",
                "%s",
                "{0}",
            ),
            *"1 lambda __class__ ~ None True np I _x . chain draw index Intercept intercept slope term item".split(),
            *"slope_standardised n_categories item_of_2 pattern group_sd covariate_x group_index count".split(),
            *("جنس", "薪酬", "\u202eabc", "😀", "", " ", "\0", "a\0", "\ud800", "q" * 5000),
        ]
    ),
    st.sampled_from([0, 7, -1, True, None, 1.5, np.nan, pd.NA, ("a", "b"), pd.Timestamp("2024"), b"a", frozenset("a")]),
)

POOLS = st.one_of(st.lists(VALUES, min_size=1, max_size=4), st.lists(st.integers(0, 2), min_size=2, max_size=4))
RECIPES = st.tuples(POOLS, st.lists(st.integers(0, 3), min_size=N, max_size=N), st.sampled_from(TYPES))


def column_of(recipe):
    """A few values, each in many rows, as one of the types of pandas, or as objects where that type cannot hold them.

    That it cannot, pandas and pyarrow say by errors of every kind; what the package does is not called in here.
    """
    pool, places, kind = recipe
    values = [pool[place % len(pool)] for place in places]
    cells = np.empty(N, dtype="object")
    cells[:] = values
    raw = pd.Series(cells, dtype="object")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if kind is None:
                return pd.Series(values)
            if kind in ("category", "ordered", "unused"):
                more = ["not used", "\0"] if kind == "unused" else []
                return pd.Series(pd.Categorical(raw, [*raw.dropna().unique(), *more], ordered=kind == "ordered"))
            return raw.astype(kind)
    except (TypeError, ValueError, OverflowError, ArithmeticError, NotImplementedError):
        return raw


READ = {
    "items": lambda frame: read_responses(frame, ["a", "v"]),
    "ordinal": lambda frame: LatentClass(2, bl.OrdinalItems(["a", "b", "v"])).build(frame),
    "fit": lambda frame: bl.fit(LatentClass(2, bl.Items(["a", "b", "v"])), frame),
    "count_classes": lambda frame: bl.count_classes(bl.Items(["a", "v"]), frame, [1], n_starts=1),
    "outcome": lambda frame: Multinomial("v", bl.Regression("~ x")).build(frame, missing="drop"),
    "covariate": lambda frame: read_design(frame, "~ x + v", missing="drop"),
    "category": lambda frame: read_design(frame, "~ x + C(v)", missing="drop"),
    "logarithm": lambda frame: read_design(frame, "~ x + np.log(v)", missing="drop"),
    "group": lambda frame: read_design(frame, "~ x + (x | v)", missing="drop"),
    "model": lambda frame: Multinomial("y", bl.Regression("~ v + (1 | group)")).build(frame, missing="drop"),
    "tested": lambda frame: bl.covariate_tests("y", frame, ["v"]),
    "compared": lambda frame: bl.covariate_tests("v", frame, ["sex", "x"]),
    "new-rows": lambda frame: read_design(survey(), "~ x + sex").encode(frame[["v", "sex"]].rename(columns={"v": "x"})),
    "new-levels": lambda frame: read_design(survey(), "~ x + sex").encode(
        frame[["v", "x"]].rename(columns={"v": "sex"})
    ),
}
RENAMED = {"new-rows": "'x'", "new-levels": "'sex'"}


@NUMBER_OF_EXAMPLES
def test_any_column(examples):
    @examples
    @given(RECIPES, st.sampled_from(sorted(READ)))
    def holds(recipe, door):
        frame = survey().assign(v=column_of(recipe))
        answer(lambda: READ[door](frame), "'v'", "np.log(v)", "C(v)", *filter(None, [RENAMED.get(door)]))

    with ASKED.both_kinds():
        holds()


@NUMBER_OF_EXAMPLES
def test_any_other_column_changes_nothing(examples):
    formula = "~ x + sex + (x | group)"
    design, responses = read_design(survey(), formula), read_responses(survey(), ITEMS)

    @settings(examples, max_examples=examples.max_examples // 5)
    @given(RECIPES, NAMES)
    def holds(recipe, name):
        frame = pd.concat([survey(), column_of(recipe).set_axis(survey().index)], axis=1)
        frame.columns = pd.Index([*survey().columns, name], dtype="object")
        if isinstance(name, str) and name in survey():
            return
        assert answer(lambda: read_design(frame, "~ x")).refusal is None
        np.testing.assert_array_equal(read_design(frame, formula).matrix, design.matrix)
        np.testing.assert_array_equal(read_responses(frame, ITEMS).codes, responses.codes)

    holds()


# Names of anything

USE = {
    "c": lambda frame, name: LatentClass(2, bl.Items(["a", "b", name])).build(frame),
    "y": lambda frame, name: Multinomial(name, bl.Regression("~ x")).build(frame),
    "z": lambda frame, name: LatentClass(2, bl.Items(ITEMS), bl.Regression(f"~ `{name}` + (1 | group)")).build(frame),
    "sex": lambda frame, name: Multinomial("y", bl.Regression(f"~ x * `{name}`")).build(frame),
    "group": lambda frame, name: LatentClass(2, bl.Items(ITEMS), bl.Regression(f"~ x + (x | `{name}`)")).build(frame),
    "k": lambda frame, name: bl.covariate_tests("y", frame, [name, "x"]),
    "x": lambda frame, name: read_responses(frame, [name]),
}


@NUMBER_OF_EXAMPLES
def test_any_name_of_a_column(examples):
    @examples
    @given(NAMES, st.sampled_from(sorted(USE)))
    def holds(name, old):
        frame = survey()
        frame.columns = pd.Index([name if column == old else column for column in frame], dtype="object")

        def ask():
            try:
                USE[old](frame, name)
            except TypeError as refusal:  # no name at all
                raise ValueError(refusal) from refusal

        answer(ask, repr(name), repr(f"`{name}`")[1:-1])

    with ASKED.both_kinds():
        holds()


ITEM_LISTS = st.one_of(
    st.lists(st.one_of(st.sampled_from([*ITEMS, "x", "group", "d"]), NAMES), max_size=4),
    st.sampled_from(["abc", b"abc", 5, None, {"a": 1}, [["a"]], [{}], ("a", "a"), np.array(["a", "b"]), range(3)]),
)


@NUMBER_OF_EXAMPLES
def test_any_list_of_items(examples):
    @examples
    @given(ITEM_LISTS, st.sampled_from([-1, 0, 1, 2, 3, 64, 2.0, True, None, "2"]))
    def holds(items, n_classes):
        def ask():
            try:
                LatentClass(n_classes, bl.Items(items)).build(survey())
            except TypeError as refusal:
                assert items is None or items == 5
                raise ValueError(refusal) from refusal

        answer(ask, "item", "n_classes=", "formula")

    with ASKED.both_kinds():
        holds()


# Rows of anything


def indexes():
    """Row labels of every kind, repeated ones too."""
    return st.one_of(
        st.lists(st.one_of(VALUES.filter(lambda value: getattr(value, "__hash__", None))), min_size=N, max_size=N).map(
            lambda labels: pd.Index(labels, dtype="object")
        ),
        st.just(pd.Index([1] * N)),
        st.just(pd.MultiIndex.from_product([["A", "B"], ["p", "q"], range(N // 4)])),
        st.just(pd.date_range("2024-01-01", periods=N)),
        st.just(pd.Index(range(N), dtype="Int64")),
        st.just(pd.Index([0.5, np.nan] * (N // 2))),
    )


@NUMBER_OF_EXAMPLES
def test_row_labels_and_order_change_nothing(examples):
    formula = "~ np.log(k + 1) * sex + poly(x, 2) + (x + poly(x, 2) | group)".replace("(x + ", "(")
    plain, answers = read_design(survey(), formula), read_responses(survey(), ITEMS)
    fitted = bl.count_classes(bl.Items(ITEMS), survey(), [2], n_starts=3)

    @settings(examples, max_examples=examples.max_examples // 5)
    @given(indexes(), st.permutations(range(N)), st.permutations(list(survey().columns)), st.booleans())
    def holds(index, rows, columns, polars):
        frame = survey().iloc[rows][columns].set_axis(index)
        design, read = read_design(frame, formula), read_responses(frame, ITEMS)
        if polars:
            frame = pl.from_pandas(frame.reset_index(drop=True))
            np.testing.assert_array_equal(read_design(frame, formula).matrix, design.matrix)
            np.testing.assert_array_equal(read_responses(frame, ITEMS).codes, read.codes)
        np.testing.assert_allclose(design.matrix, plain.matrix[rows], rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(design.groupings[0].index, plain.groupings[0].index[rows])
        np.testing.assert_array_equal(read.codes, answers.codes[rows])
        Multinomial("y", bl.Regression(formula)).prepare(frame)
        again = bl.count_classes(bl.Items(ITEMS), frame, [2], n_starts=3)
        np.testing.assert_allclose(again.to_numpy(dtype=float), fitted.to_numpy(dtype=float), rtol=1e-9)

    holds()
