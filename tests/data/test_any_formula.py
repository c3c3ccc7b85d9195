"""Whatever a formula says, it is read as it stands or refused, nothing it names is run, and nothing hangs."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from used_or_refused import Asked

from bayes_lca.data.design import read_design

N = 30
NUMBER_OF_EXAMPLES = pytest.mark.parametrize(
    "examples",
    [
        pytest.param(settings(max_examples=200), id="few"),
        pytest.param(settings(max_examples=10_000), id="many", marks=pytest.mark.slow),
    ],
)
DOCUMENTED = [".*degree\\(s\\) of freedom", ".*cross-level interaction", ".*the formula has one level"]
ASKED = Asked(5.0, ignored=[(message, UserWarning) for message in DOCUMENTED])


def survey():
    """Thirty rows in six groups, and a column named like an interaction."""
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "z": rng.gamma(2.0, size=N),
            "k": rng.integers(4, size=N),
            "sex": np.where(rng.random(N) < 0.5, "female", "male"),
            "tier": pd.Categorical(rng.choice(["low", "medium", "high"], N), ["low", "medium", "high"]),
            "group": [f"G{row % 6}" for row in range(N)],
            "city": ["Hefei" if row % 6 < 3 else "Qiqihar" for row in range(N)],
            "x:z": rng.normal(size=N),
            "a b": rng.normal(size=N),
        }
    )


def design_of(text):
    """The design of a formula, or None where a message names the formula or a part of it."""
    frame = survey()
    columns = [f"'{name}" for name in frame]
    result, _ = ASKED.answer(lambda: read_design(frame, text), repr(text), "design column", *columns)
    pd.testing.assert_frame_equal(frame, survey())
    return result


def require_rows_of_their_own(design, text):
    """A row's design depends on that row and on the constants of the fit, not on its neighbours or their order."""
    again, _ = design.encode(survey())
    np.testing.assert_allclose(again, design.matrix, rtol=1e-9, atol=1e-9, err_msg=text)
    alone, _ = design.encode(survey().iloc[[7]])
    np.testing.assert_allclose(alone, design.matrix[[7]], rtol=1e-9, atol=1e-9, err_msg=text)
    backwards = read_design(survey().iloc[::-1], text)
    np.testing.assert_allclose(backwards.matrix, design.matrix[::-1], rtol=1e-6, atol=1e-9, err_msg=text)
    assert len(set(design.terms)) == len(design.terms) == design.matrix.shape[1]


NAMES = st.sampled_from("x z k sex tier group city `x:z` `a b` agee 1 0 'a' 2 x[1] sex['male'] None {x} np".split())
CALLS = st.sampled_from(
    "np.log np.exp np.sqrt np.abs np.mean np.cumsum np.sort np.where np.clip np.round np.random.permutation np.save "
    "np.load np.add.accumulate np.add np.lib.format.open_memmap I C S T Treatment center scale standardize poly bs cr "
    "cc tp hsgp binary B offset p proportion f eval open exec __import__ x.to_csv".split()
)
OPERATORS = st.sampled_from(["+", "+", "+", "-", "*", ":", "/", "**", "|", "==", ">", "%", ",", "~", "=", "//", " "])


def longer(parts):
    """Sums, products, calls, brackets and groups of parts."""
    joined = st.tuples(parts, OPERATORS, parts).map(" ".join)
    called = st.tuples(CALLS, parts, st.sampled_from(["", "", ", 2", ", z", ", 'a'", ", df=4", ", out=z"]))
    grouped = st.tuples(parts, st.sampled_from(["group", "city", "city/group", "x", "1", "sex:city"]))
    return st.one_of(
        joined,
        called.map(lambda call: f"{call[0]}({call[1]}{call[2]})"),
        grouped.map(lambda pair: f"({pair[0]} | {pair[1]})"),
        parts.map(lambda part: f"({part})"),
    )


FORMULAS = st.one_of(
    st.recursive(NAMES, longer, max_leaves=6).map("~ {}".format),
    st.lists(st.one_of(st.recursive(NAMES, longer, max_leaves=3)), min_size=1, max_size=4)
    .map(" + ".join)
    .map("~ {}".format),
    st.text(max_size=12).map("~ {}".format),
    st.text("x z~+-*:/|()[]{}`'\"0123456789.,=<>!%#\\\n", max_size=14).map("~ {}".format),
    st.text(max_size=8),
)


@NUMBER_OF_EXAMPLES
def test_any_formula(examples):
    @examples
    @given(FORMULAS)
    def holds(text):
        design = design_of(text)
        if design is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                require_rows_of_their_own(design, text)

    with ASKED.both_kinds(used=10, refused=100):
        holds()


CODE = [
    "~ __import__('os').system('touch {}')",
    "~ np.save('{}', x)",
    "~ x + np.savetxt('{}', x)",
    "~ I(np.save('{}', x))",
    "~ np.log(np.save('{}', x))",
    "~ x + (np.save('{}', x) | group)",
    "~ (1 | np.save('{}', x))",
    "~ center(x) + poly(np.save('{}', x), 2)",
    "~ C(sex, Treatment(np.save('{}', x)))",
    "~ x + np.where(x > 0, np.save('{}', x), 0)",
    "~ np.memmap('{}', mode='w+', shape=3)",
    "~ np.lib.format.open_memmap('{}', mode='w+', shape=3)",
    "~ x.to_csv('{}')",
    "~ open('{}', 'w')",
    "~ eval('open(\\'{}\\', \\'w\\')')",
    "~ {{np.save('{}', x)}}",
]


@pytest.mark.parametrize("code", CODE)
def test_code_in_a_formula_is_refused_and_not_run(code, tmp_path):
    with pytest.raises(ValueError, match="formula"):
        read_design(survey(), code.format(tmp_path / "canary"))
    assert list(tmp_path.iterdir()) == []


LARGE = {
    "brackets": "~ " + "(" * 3000 + "x" + ")" * 3000,
    "calls": "~ " + "np.exp(" * 2000 + "x" + ")" * 2000,
    "signs": "~ " + "-" * 5000 + "1",
    "sum": "~ " + "x + " * 5000 + "x",
    "product": "~ " + "*".join(f"x{place}" for place in range(30)),
    "power-of-a-sum": "~ (" + "+".join(f"x{place}" for place in range(40)) + ")**20",
    "high-power": "~ (x + z)**99999999",
    "power-of-numbers": "~ x + I(9**9**9**9)",
    "power-within": "~ np.log(x * (2**99999999))",
    "nested-groups": "~ x + (1 | " + "/".join(f"x{place}" for place in range(2000)) + ")",
    "digits": "~ I(x + " + "9" * 5000 + ")",
    "polynomial": "~ poly(x, 100000000)",
    "spline": "~ bs(x, df=100000000)",
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_large_formulas_are_refused_at_once(text):
    assert design_of(text) is None


def test_blanks_in_a_formula_take_no_time():
    assert design_of("~ x" + " " * 100_000 + "+ z").terms == ("x", "z")
