"""Covariates become a design matrix: levels in declared order, groups that occur, the same columns for new rows."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.data.formula import NO_COVARIATES, read_formula
from bayes_lca.data.formula_terms import terms_of
from bayes_lca.datasets.cohort import load_cohort
from bayes_lca.dims import names_of_grouping

TIERS = ["low", "medium", "high"]


def small_survey(n=48):
    """Numbers, text and categories of every kind, groups within cities, all crossed with each other."""
    rng = np.random.default_rng(4)
    group = np.tile(np.arange(8), n // 8)
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "z": rng.normal(10, 3, size=n),
            "k": rng.integers(1, 4, size=n),
            "yes": rng.random(n) < 0.5,
            "sex": rng.choice(["male", "female"], n),
            "tier": pd.Categorical(rng.choice(TIERS, n), TIERS),
            "grade": pd.Categorical(rng.choice(TIERS, n), TIERS, ordered=True),
            "city": np.where(group < 4, "Wuhan", "Hefei"),
            "group": [f"G{number}" for number in group],
        }
    )


def design_of(formula, frame=None, **options):
    return read_design(small_survey() if frame is None else frame, formula, **options)


# Levels


@pytest.mark.parametrize("tier", ["tier", "grade"], ids=["unordered", "ordered"])
def test_first_declared_category_is_the_reference(tier):
    frame = small_survey()
    design = design_of(f"~ {tier}", frame)
    assert design.terms == (f"{tier}[medium]", f"{tier}[high]")
    np.testing.assert_array_equal(design.matrix[:, 0], frame[tier] == "medium")
    np.testing.assert_array_equal(design.matrix[:, 1], frame[tier] == "high")
    assert list(design.covariates[tier].cat.categories) == TIERS


@pytest.mark.parametrize(
    ("reference", "terms"),
    [
        ("low", ("tier[medium]", "tier[high]")),
        ("medium", ("tier[low]", "tier[high]")),
        ("high", ("tier[low]", "tier[medium]")),
    ],
)
def test_reference_level_goes_first_and_the_others_keep_their_order(reference, terms):
    design = design_of("~ tier", reference={"tier": reference})
    assert design.terms == terms
    assert design.covariates["tier"].cat.categories[0] == reference


def test_text_is_sorted_and_takes_a_reference():
    assert design_of("~ sex").terms == ("sex[male]",)
    assert design_of("~ sex", reference={"sex": "male"}).terms == ("sex[female]",)


def test_numbers_in_names_are_sorted_by_size():
    """School 2 stands before School 10, and the youngest are the reference; what has no numbers stays as it was."""
    frame = pd.DataFrame({"school": ["School 10", "School 2", "B", "A"] * 15, "age": ["5-9", "10-14", "15-19"] * 20})
    design = read_design(frame, "~ age + (1 | school)")
    assert design.groupings[0].levels == ("A", "B", "School 2", "School 10")
    assert design.terms == ("age[10-14]", "age[15-19]")


def test_levels_that_do_not_occur_have_no_column():
    frame = small_survey()
    frame["tier"] = frame["tier"].cat.set_categories(["never", *TIERS, "always"])
    assert design_of("~ tier", frame).terms == ("tier[medium]", "tier[high]")


def test_interval_categories_are_named_by_their_bounds():
    frame = small_survey()
    frame["band"] = pd.cut(frame["z"], [-100, 9, 11, 100])
    assert design_of("~ band", frame).terms == ("band[(9, 11]]", "band[(11, 100]]")


def test_numeric_categories_are_levels_and_not_numbers():
    frame = small_survey().assign(k=lambda f: pd.Categorical(f["k"], [3, 1, 2]))
    assert design_of("~ k", frame).terms == ("k[1]", "k[2]")
    assert design_of("~ k", frame, reference={"k": 2}).terms == ("k[3]", "k[1]")


# Terms


@pytest.mark.parametrize(
    ("formula", "terms"),
    [
        ("~ 1", ()),
        ("~ x", ("x",)),
        ("~ x + 1", ("x",)),
        ("~ 0 + x + 1", ("x",)),
        ("~ yes", ("yes",)),
        ("~ x + sex", ("x", "sex[male]")),
        ("~ x:sex", ("x:sex[female]", "x:sex[male]")),
        ("~ x*sex", ("x", "sex[male]", "x:sex[male]")),
        ("~ sex*tier", ("sex[male]", "tier[medium]", "tier[high]", "sex[male]:tier[medium]", "sex[male]:tier[high]")),
        ("~ scale(x)", ("scale(x)",)),
        ("~ np.exp(x) + I(x**2)", ("np.exp(x)", "I(x ** 2)")),
        ("~ poly(x, 2)", ("poly(x, 2)[0]", "poly(x, 2)[1]")),
        ("~ C(k)", ("C(k)[2]", "C(k)[3]")),
        ("~ C(tier)", ("C(tier)[medium]", "C(tier)[high]")),
        ("~ C(yes)", ("C(yes)[True]",)),
        ("~ C(tier, Treatment('medium'))", ("C(tier, Treatment('medium'))[low]", "C(tier, Treatment('medium'))[high]")),
        ("~ (x + z)**2", ("x", "z", "x:z")),
        ("~ x + z + x:z - z", ("x", "x:z")),
    ],
    ids=str,
)
def test_names_of_design_columns(formula, terms):
    design = design_of(formula)
    assert design.terms == terms
    assert design.matrix.shape == (48, len(terms))
    assert design.center.shape == design.scale.shape == (len(terms),)


def test_values_of_design_columns():
    frame = small_survey()
    design = design_of("~ x*sex + scale(z) + yes + C(k)", frame, reference={"k": "3"})
    male = (frame["sex"] == "male").to_numpy(dtype=float)
    expected = {
        "x": frame["x"],
        "sex[male]": male,
        "x:sex[male]": frame["x"] * male,
        "scale(z)": (frame["z"] - frame["z"].mean()) / frame["z"].std(ddof=0),
        "yes": frame["yes"].astype(float),
        "C(k)[1]": frame["k"] == 1,
        "C(k)[2]": frame["k"] == 2,
    }
    assert set(design.terms) == set(expected)
    for term, values in zip(design.terms, design.matrix.T, strict=True):
        np.testing.assert_allclose(values, expected[term], atol=1e-12, err_msg=term)


def test_categories_within_c_keep_their_declared_order_and_reference():
    frame = small_survey().assign(tier=lambda f: pd.Categorical(f["tier"], ["medium", "low", "high"]))
    assert design_of("~ C(tier)", frame).terms == ("C(tier)[low]", "C(tier)[high]")
    assert design_of("~ C(tier)", frame, reference={"tier": "high"}).terms == ("C(tier)[medium]", "C(tier)[low]")


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1, 2, 4] * 16, dtype="object"),
        pd.Series([1, 2, 4] * 16, dtype="Int64"),
        pd.Series([1, 2, 4] * 16, dtype="float32"),
        pd.Series([1, 2, 4] * 16, dtype="uint8"),
    ],
    ids=lambda values: str(values.dtype),
)
def test_numbers_are_numbers_in_every_type(values):
    design = design_of("~ amount", small_survey().assign(amount=values))
    assert design.terms == ("amount",)
    np.testing.assert_array_equal(design.matrix[:, 0], np.tile([1.0, 2.0, 4.0], 16))


@pytest.mark.parametrize(
    ("name", "written", "term"),
    [
        ("my column", "`my column`", "my column"),
        ("年龄", "年龄", "年龄"),
        ("עברית", "עברית", "עברית"),
        ("العمر بالسنوات", "`العمر بالسنوات`", "العمر بالسنوات"),
        ("_hidden", "`_hidden`", "_hidden"),
        ("a+b (%)", "`a+b (%)`", "a+b (%)"),
        ("count", "count", "count"),
        ("design", "design", "design"),
        ("n.of.days", "n.of.days", "n.of.days"),
    ],
    ids=["space", "chinese", "hebrew", "arabic-with-space", "underscore", "signs", "count", "design", "dots"],
)
def test_names_of_columns_can_be_anything(name, written, term):
    frame = small_survey().rename(columns={"x": name})
    design = design_of(f"~ {written} + z:{written} + scale({written}):z", frame)
    assert design.terms[0] == term
    np.testing.assert_array_equal(design.matrix[:, 0], frame[name])
    np.testing.assert_allclose(design.encode(frame)[0], design.matrix)


def test_group_and_category_names_can_have_spaces():
    frame = small_survey().rename(columns={"group": "medical group", "tier": "service tier"})
    design = design_of("~ `service tier` + (1 | `medical group`)", frame)
    assert design.terms == ("service tier[medium]", "service tier[high]")
    assert design.groupings[0].name == "medical group"


# Scale


def test_standardised_has_mean_zero_and_standard_deviation_one():
    design = design_of("~ x*sex + z + tier")
    np.testing.assert_allclose(design.standardised.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(design.standardised.std(axis=0), 1, atol=1e-12)
    np.testing.assert_allclose(design.standardised * design.scale + design.center, design.matrix, atol=1e-12)


def test_take_keeps_the_scale_of_all_rows():
    design = design_of("~ x + tier + (1 | group)")
    rows = np.array([5, 0, 40])
    taken = design.take(rows)
    np.testing.assert_array_equal(taken.matrix, design.matrix[rows])
    np.testing.assert_array_equal(taken.center, design.center)
    np.testing.assert_array_equal(taken.scale, design.scale)
    np.testing.assert_array_equal(taken.standardised, design.standardised[rows])
    np.testing.assert_array_equal(taken.groupings[0].index, design.groupings[0].index[rows])
    assert taken.groupings[0].levels == design.groupings[0].levels


# Frames


FORMULA = "~ x + k + yes + sex + C(number) + (1 | city/group)"


def test_pandas_and_polars_give_the_same_design():
    frame = small_survey()[["x", "k", "yes", "sex", "city", "group"]].assign(number=[2, 10, 1] * 16)
    ours, theirs = (design_of(FORMULA, this) for this in (frame, pl.DataFrame(frame.to_dict(orient="list"))))
    assert ours.terms == theirs.terms
    np.testing.assert_array_equal(ours.matrix, theirs.matrix)
    for mine, other in zip(ours.groupings, theirs.groupings, strict=True):
        assert (mine.name, mine.levels) == (other.name, other.levels)
        np.testing.assert_array_equal(mine.index, other.index)
    pd.testing.assert_frame_equal(ours.covariates, theirs.covariates)


def test_polars_enum_is_a_declared_category():
    frame = small_survey()
    enum = pl.DataFrame({"tier": pl.Series(frame["tier"].tolist(), dtype=pl.Enum(TIERS))})
    np.testing.assert_array_equal(design_of("~ tier", enum).matrix, design_of("~ tier", frame).matrix)


def test_polars_numbers_with_nulls_stay_numbers():
    frame = pl.DataFrame({"x": [1, 2, None, 5, 3], "yes": [True, False, True, True, None]})
    with pytest.warns(UserWarning, match="2 of 5 rows"):
        design = design_of("~ x + yes", frame, missing="drop")
    assert design.terms == ("x", "yes")
    np.testing.assert_array_equal(design.matrix, [[1, 1], [2, 0], [5, 1]])


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([7] * 48),
        pd.MultiIndex.from_product([["a", "b"], range(24)]),
        pd.date_range("2024-01-01", periods=48),
        pd.Index([f"r{i % 5}" for i in range(48)]),
    ],
    ids=["repeated-numbers", "MultiIndex", "DatetimeIndex", "repeated-text"],
)
def test_index_of_the_frame_does_not_matter(index):
    frame = small_survey()
    plain, indexed = (design_of("~ x*tier + (1 | city/group)", this) for this in (frame, frame.set_index(index)))
    np.testing.assert_array_equal(plain.matrix, indexed.matrix)
    np.testing.assert_array_equal(plain.groupings[1].index, indexed.groupings[1].index)
    np.testing.assert_array_equal(indexed.encode(frame.set_index(index))[0], plain.matrix)


def test_frame_is_left_as_it_was():
    frame = small_survey()
    before = frame.copy(deep=True)
    design_of("~ x*tier + scale(z) + (1 | group)", frame).encode(frame)
    pd.testing.assert_frame_equal(frame, before)


# Groups


def test_groups_are_numbered_in_the_order_of_their_levels():
    frame = small_survey()
    grouping = design_of("~ x + (1 | group)", frame).groupings[0]
    assert grouping.name == "group"
    assert grouping.levels == tuple(f"G{number}" for number in range(8))
    assert [grouping.levels[place] for place in grouping.index] == frame["group"].tolist()


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (pd.Categorical(["c", "a", "b"] * 16, ["b", "never", "c", "a"]), ("b", "c", "a")),
        ([10, 9, 2] * 16, ("2", "9", "10")),
        ([10.0, 9.0, 2.0] * 16, ("2", "9", "10")),
        (pd.array([10, 9, 2] * 16, dtype="Int64"), ("2", "9", "10")),
        (["10", "9", "2"] * 16, ("2", "9", "10")),
        ([True, False, True] * 16, ("False", "True")),
        (pd.Categorical([10, 9, 2] * 16), ("2", "9", "10")),
    ],
    ids=["categorical", "ints", "floats", "Int64", "text", "bools", "category-of-ints"],
)
def test_order_of_groups(values, levels):
    frame = small_survey().assign(place=values)
    grouping = design_of("~ 1 + (1 | place)", frame).groupings[0]
    assert grouping.levels == levels
    assert [grouping.levels[place] for place in grouping.index] == [str(value).removesuffix(".0") for value in values]


def test_nested_groups_are_those_that_occur():
    frame = load_cohort()
    city, group = read_design(frame, "~ 1 + (1 | city/group)").groupings
    assert (city.name, group.name) == ("city", "city:group")
    assert city.levels == tuple(frame["city"].cat.categories)
    occurring = [
        f"{place}:{name}"
        for place in frame["city"].cat.categories
        for name in frame["group"].cat.categories
        if ((frame["city"] == place) & (frame["group"] == name)).any()
    ]
    assert list(group.levels) == occurring
    assert len(group.levels) == 6
    assert [group.levels[place] for place in group.index] == [
        f"{place}:{name}" for place, name in zip(frame["city"], frame["group"], strict=True)
    ]
    assert group.nested_in(city)
    assert not city.nested_in(group)


def test_nested_groups_may_share_their_names():
    frame = pd.DataFrame({"city": list("AABBAABB"), "ward": [2, 10, 2, 10] * 2})
    _, ward = read_design(frame, "~ 1 + (1 | city/ward)").groupings
    assert ward.levels == ("A:2", "A:10", "B:2", "B:10")
    assert ward.index.tolist() == [0, 1, 2, 3] * 2


def test_crossed_groups_are_not_nested():
    frame = pd.DataFrame({"rater": list("abab"), "ward": list("uuvv")})
    rater, ward = read_design(frame, "~ 1 + (1 | rater) + (1 | ward)").groupings
    assert not rater.nested_in(ward)
    assert not ward.nested_in(rater)


def test_means_and_first_rows_of_groups():
    frame = small_survey()
    design = design_of("~ x + z + (1 | group)", frame)
    grouping = design.groupings[0]
    np.testing.assert_allclose(grouping.means(design.matrix), frame.groupby("group")[["x", "z"]].mean())
    assert frame["group"].iloc[grouping.first_row].tolist() == list(grouping.levels)


@pytest.mark.parametrize(
    ("formula", "name"), [("~ (1 | `g:`)", "g:"), ("~ (1 | g/`:`)", ":"), ("~ x + (x | `:`)", ":")]
)
def test_groups_that_end_with_a_colon_are_refused(formula, name):
    frame = pd.DataFrame({"g": [*"aabbcc"] * 4, "x": np.arange(24.0), name: [*"xyzxyz"] * 4})
    with pytest.raises(ValueError, match=f"group column.* '{name}': PyMC has no names that end with a colon; rename"):
        read_design(frame, formula)


DERIVED = [
    *("g_coefficients", "g_standardised", "g_slope_sd_standardised", "design_within_g", "g_index"),
    *("g_rough_pull", "g_rough_information", "g_correlation_root", "g_effect"),
]


@pytest.mark.parametrize("name", DERIVED)
def test_groups_with_the_name_of_what_another_is_made_of_are_refused(name):
    frame = pd.DataFrame({"g": [*"aabbcc"] * 4, name: [*"xxyyyyxxyyyy"] * 2})
    with pytest.raises(ValueError, match=f"group column '{name}' has the name of an axis or a variable of the draws"):
        read_design(frame, f"~ (1 | g) + (1 | {name})")


@pytest.mark.filterwarnings("ignore::bayes_lca.RepeatedLabelsWarning")
@pytest.mark.parametrize("formula", ["~ x + z + (x | city) + (x | ward)", "~ x + (1 | city/ward)"])
def test_names_of_groupings_are_all_those_that_their_effects_have(formula):
    """What random effects put into a model is known by name before it is built."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            **{"y": rng.choice(["a", "b", "c"], 80), "x": rng.normal(size=80), "z": rng.normal(size=80)},
            **{"city": rng.choice([*"ABCD"], 80), "ward": rng.choice([*"VW"], 80)},
        }
    )
    regression = bl.Regression(formula, correlation=bl.LKJ(2.0))
    model = bl.Multinomial("y", regression).prepare(frame).model
    groupings = [":".join(columns) for columns in read_formula(formula).groupings]
    known = {*groupings}.union(*map(names_of_grouping, groupings))
    made = {name for name in [*model.named_vars, *model.coords] if "city" in name or "ward" in name}
    assert made <= known
    assert len(made) > 15


def test_a_covariate_may_be_a_group_too():
    frame = small_survey()
    design = design_of("~ k + (1 | k)", frame.assign(k=lambda f: f["k"] + 3 * (f.index % 2)))
    assert design.terms == ("k",)
    assert design.groupings[0].levels == ("1", "2", "3", "4", "5", "6")


def test_nested_groups_that_read_the_same_are_refused():
    frame = pd.DataFrame({"city": ["a:b", "a", "a:b", "a"], "ward": ["c", "b:c", "c", "b:c"]})
    with pytest.raises(ValueError, match=r"'city:ward' read the same once joined by a colon"):
        read_design(frame, "~ 1 + (1 | city/ward)")


# Slopes that vary by group


@pytest.mark.parametrize(
    ("formula", "varying"),
    [
        ("~ x + z + (1 | group)", {"group": ()}),
        ("~ z + x + (x | group)", {"group": ("x",)}),
        ("~ z + x + (1 + x | group)", {"group": ("x",)}),
        ("~ x + (1 | group) + (0 + x | group)", {"group": ("x",)}),
        ("~ z + x + k + (x + z | group)", {"group": ("x", "z")}),
        ("~ x + z + (z | group) + (x | group)", {"group": ("z", "x")}),
        ("~ x*z + (x*z | group)", {"group": ("x", "z", "x:z")}),
        ("~ x + tier + (tier | group)", {"group": ("tier[medium]", "tier[high]")}),
        ("~ C(k) + x + (C(k) | group)", {"group": ("C(k)[2]", "C(k)[3]")}),
        ("~ x*sex + (x:sex | group)", {"group": ("x:sex[male]",)}),
        ("~ poly(x, 2) + z + (poly(x, 2) | group)", {"group": ("poly(x, 2)[0]", "poly(x, 2)[1]")}),
        ("~ x + (x | city/group)", {"city": ("x",), "city:group": ("x",)}),
        ("~ x + z + (x | city/group) + (z | city)", {"city": ("x", "z"), "city:group": ("x",)}),
        ("~ x + (x | city) + (1 | group)", {"city": ("x",), "group": ()}),
        ("~ x + (1 | city) + (x | city:group)", {"city": (), "city:group": ("x",)}),
    ],
    ids=str,
)
def test_slopes_vary_in_the_columns_of_their_terms(formula, varying):
    design = design_of(formula)
    named = {grouping.name: tuple(design.terms[column] for column in grouping.varying) for grouping in design.groupings}
    assert named == varying
    taken = design.take(np.array([1, 5]))
    assert [grouping.varying for grouping in taken.groupings] == [grouping.varying for grouping in design.groupings]


def test_slopes_vary_in_the_levels_beside_the_reference():
    design = design_of("~ x + tier + (tier | group)", reference={"tier": "medium"})
    assert [design.terms[column] for column in design.groupings[0].varying] == ["tier[low]", "tier[high]"]


def test_varying_slopes_change_neither_the_fixed_columns_nor_the_groups():
    with_slopes, without = (design_of(f"~ x*tier + ({slopes} | city/group)") for slopes in ("x + tier", "1"))
    assert with_slopes.terms == without.terms
    np.testing.assert_array_equal(with_slopes.matrix, without.matrix)
    for one, other in zip(with_slopes.groupings, without.groupings, strict=True):
        assert (one.name, one.levels) == (other.name, other.levels)
        np.testing.assert_array_equal(one.index, other.index)


def test_patterns_are_the_distinct_rows_of_covariates_and_groups():
    frame = small_survey()
    design = design_of("~ tier + (tier | city/group)", frame)
    keys = list(zip(frame["tier"], frame["group"], strict=True))
    assert len(design.patterns.count) == len(set(keys)) < len(frame)
    for place, (first, count) in enumerate(zip(design.patterns.first, design.patterns.count, strict=True)):
        rows = [row for row, key in enumerate(keys) if key == keys[first]]
        assert first == rows[0]
        assert count == len(rows)
        assert (design.patterns.pattern[rows] == place).all()


# Missing covariates


def test_dropping_keeps_the_complete_rows():
    frame = small_survey()
    frame.loc[[3, 17], "x"] = np.nan
    frame.loc[[17, 20], "group"] = None
    with pytest.warns(
        UserWarning,
        match=r"3 of 48 rows left out: covariate or group missing \('x' in 2, 'group' in 2: rows 3, 17, 20\)",
    ):
        design = design_of("~ x + tier + (1 | group)", frame, missing="drop")
    complete = frame.drop(index=[3, 17, 20])
    np.testing.assert_array_equal(np.flatnonzero(~design.kept), [3, 17, 20])
    assert design.n_dropped == 3
    np.testing.assert_array_equal(design.matrix[:, 0], complete["x"])
    grouping = design.groupings[0]
    assert [grouping.levels[place] for place in grouping.index] == complete["group"].tolist()
    np.testing.assert_allclose(design.standardised.mean(axis=0), 0, atol=1e-12)


def test_dropping_rows_drops_levels_and_groups_that_are_gone():
    frame = small_survey()
    frame.loc[(frame["tier"] == "high") | (frame["group"] == "G5"), "x"] = np.nan
    with pytest.warns(UserWarning, match="left out"):
        design = design_of("~ x + tier + (1 | group)", frame, missing="drop")
    assert design.terms == ("x", "tier[medium]")
    assert "G5" not in design.groupings[0].levels


def test_missing_values_elsewhere_do_not_matter():
    frame = small_survey().assign(unused=np.nan)
    assert design_of("~ x", frame).n_dropped == 0


# New rows


@pytest.mark.parametrize(
    "formula",
    [
        "~ 1",
        "~ x + tier",
        "~ 0 + x + 1",
        "~ x*sex + yes",
        "~ scale(x) + center(z)",
        "~ poly(x, 2) + bs(z, df=4)",
        "~ C(k) + C(tier, Treatment('high'))",
        "~ sex:tier",
        "~ np.log(z) + (1 | group)",
        "~ x + (1 | city/group)",
        "~ x + C(k) + (x + C(k) | city/group)",
    ],
)
def test_encoding_the_same_rows_gives_the_same_design(formula):
    frame = small_survey()
    frame["z"] = frame["z"].abs()
    design = design_of(formula, frame)
    matrix, group = design.encode(frame)
    np.testing.assert_allclose(matrix, design.matrix, atol=1e-12)
    assert list(group) == [grouping.name for grouping in design.groupings]
    for grouping in design.groupings:
        np.testing.assert_array_equal(group[grouping.name], grouping.index)


@pytest.mark.parametrize(
    "formula", ["~ scale(x) + tier", "~ poly(z, 3)", "~ x*sex", "~ C(k)", "~ C(tier, Treatment('high'))", "~ 1"]
)
def test_encoding_some_rows_gives_their_rows_of_the_design(formula):
    frame = small_survey()
    design = design_of(formula, frame)
    np.testing.assert_allclose(design.encode(frame.iloc[[9]])[0], design.matrix[[9]], atol=1e-12)
    np.testing.assert_allclose(design.encode(frame.iloc[[9, 2, 30]])[0], design.matrix[[9, 2, 30]], atol=1e-12)


def test_encoding_takes_any_frame_with_the_covariates():
    frame = small_survey()
    design = design_of("~ x + C(k) + sex + (1 | group)", frame)
    text = pl.DataFrame({"sex": ["male", "female"], "k": [3.0, 1.0], "x": [1, 2], "group": ["G2", "elsewhere"]})
    matrix, group = design.encode(text)
    np.testing.assert_array_equal(
        pd.DataFrame(matrix, columns=design.terms)[["x", "C(k)[2]", "C(k)[3]", "sex[male]"]],
        [[1, 0, 1, 1], [2, 0, 0, 0]],
    )
    np.testing.assert_array_equal(group["group"], [2, -1])


def test_unseen_and_missing_groups_are_minus_one():
    frame = small_survey().assign(ward=lambda f: f["group"].str[1:].astype(int))
    design = design_of("~ x + (1 | ward)", frame)
    new = pd.DataFrame({"x": [0.0] * 4, "ward": [3.0, np.nan, 99.0, 0.0]})
    np.testing.assert_array_equal(design.encode(new)[1]["ward"], [3, -1, -1, 0])


def test_groups_may_be_absent_from_new_rows():
    design = design_of("~ x + (1 | city/group)")
    _, group = design.encode(pd.DataFrame({"x": [0.0, 1.0], "city": ["Wuhan", "Rome"]}))
    np.testing.assert_array_equal(group["city"], [1, -1])
    np.testing.assert_array_equal(group["city:group"], [-1, -1])


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ({"x": [1.0]}, r"unknown covariate column\(s\) 'tier'"),
        (
            {"x": [1.0, 2.0], "tier": ["low", "middling"]},
            r"'tier' has level\(s\) 'middling' in 1 of 2 rows .* 'low', 'medium', 'high'",
        ),
        ({"x": [1.0, np.nan], "tier": ["low", None]}, r"'tier' in 1, 'x' in 1 of 2 rows"),
        ({"x": [np.inf, 0.0], "tier": ["low", "low"]}, r"'x' is infinite in 1 of 2 rows"),
        ({"x": ["a", "b"], "tier": ["low", "low"]}, r"'x' was a number and is now 'a' in 2 new rows"),
        ({"x": [], "tier": []}, r"0 rows"),
    ],
    ids=["absent", "unseen-level", "missing", "infinite", "text-for-numbers", "empty"],
)
def test_new_rows_that_cannot_be_encoded(new, message):
    with pytest.raises(ValueError, match=message):
        design_of("~ x + tier + (1 | group)").encode(pd.DataFrame(new))


def test_transformed_new_rows_have_to_be_finite():
    frame = small_survey().assign(z=lambda f: f["z"].abs() + 1)
    with pytest.raises(ValueError, match=r"'np.log\(z\)' is not a finite number in 1 of 2 rows"):
        design_of("~ np.log(z)", frame).encode(pd.DataFrame({"z": [1.0, 0.0]}))


# Formulas


def test_no_covariates_are_read_as_formulae_reads_them():
    """Another spelling of the same formula is read, and its design made, by formulae."""
    assert terms_of(NO_COVARIATES.text) == NO_COVARIATES == read_formula("~ 1")
    ours, theirs = design_of("~ 1"), design_of("~1")
    assert ours.terms == theirs.terms == ()
    assert ours.matrix.shape == theirs.matrix.shape == (48, 0)
    assert ours.matrix.dtype == theirs.matrix.dtype
    np.testing.assert_array_equal(ours.unit, theirs.unit)
    new = small_survey().head(3)
    for design in (ours, theirs):
        matrix, groups = design.encode(new)
        assert (matrix.shape, groups) == ((3, 0), {})


@pytest.mark.parametrize(
    ("formula", "covariates", "categories", "groupings"),
    [
        ("~ 1", (), set(), ()),
        ("~ b + a", ("a", "b"), set(), ()),
        ("~ C(a) + scale(b)", ("a", "b"), {"a"}, ()),
        ("~ C(a, Treatment('u'))", ("a",), set(), ()),
        ("~ a + (1 | g)", ("a",), set(), (("g",),)),
        ("~ a + (1 | city/g)", ("a",), set(), (("city",), ("city", "g"))),
        ("~ a + (1 | g) + (1 | h) + (1 | g)", ("a",), set(), (("g",), ("h",))),
        ("~ a + (1 | g:h)", ("a",), set(), (("g", "h"),)),
        ("~ `a b`:c + (1 | `g:h`)", ("a b", "c"), set(), (("g:h",),)),
    ],
    ids=str,
)
def test_formula_says_which_columns_it_needs(formula, covariates, categories, groupings):
    parsed = read_formula(formula)
    assert parsed.covariates == covariates
    assert parsed.categories == categories
    assert parsed.groupings == groupings
    assert parsed.varying == ((),) * len(groupings)


@pytest.mark.parametrize(
    ("formula", "groupings", "varying"),
    [
        ("~ a + (a | g)", (("g",),), (("a",),)),
        ("~ a + b + (a + b | g)", (("g",),), (("a", "b"),)),
        ("~ a + (a | g) + (a | g)", (("g",),), (("a",),)),
        ("~ a + (a | city/g)", (("city",), ("city", "g")), (("a",), ("a",))),
        ("~ a + b + (1 | g) + (a | h)", (("g",), ("h",)), ((), ("a",))),
        ("~ C(a) + scale(b) + (C(a) + scale(b) | g)", (("g",),), (("C(a)", "scale(b)"),)),
        ("~ `a b` + (`a b` | `g:h`)", (("g:h",),), (("a b",),)),
    ],
    ids=str,
)
def test_formula_says_whose_slopes_vary(formula, groupings, varying):
    parsed = read_formula(formula)
    assert parsed.groupings == groupings
    assert parsed.varying == varying
    assert set(parsed.columns) == {*parsed.covariates, *(name for names in groupings for name in names)}


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("~ a + (0 + a | g)", r"has slopes but no intercepts that vary by 'g'; write \(x \| group\)"),
        ("~ a + b + (a | g) + (0 + b | city/h)", r"no intercepts that vary by 'city', 'city:h'"),
        ("~ b + (a | g)", r"lets the slope of 'a' vary by 'g' but has no such term; add it: a \+ \(a \| g\)"),
        ("~ 1 + (a | g)", r"lets the slope of 'a' vary by 'g' but has no such term"),
        ("~ a + (scale(a) | g)", r"lets the slope of 'scale\(a\)' vary by 'g' but has no such term"),
        ("~ a + (C(a) | g)", r"lets the slope of 'C\(a\)' vary by 'g' but has no such term"),
        ("~ a + b + (a*b | g)", r"lets the slope of 'a:b' vary by 'g' but has no such term; add it: a:b"),
    ],
    ids=str,
)
def test_slopes_that_cannot_vary_are_refused(formula, message):
    with pytest.raises(ValueError, match=message):
        read_formula(formula)


# Formulas that formulae reads otherwise than it should


def by_level(frame, name, levels, values):
    """Columns of values in each level, zero elsewhere."""
    return [np.where(frame[name] == level, values, 0.0) for level in levels]


@pytest.mark.parametrize(
    ("formula", "terms"),
    [
        ("~ sex/x", ("sex[male]", "sex[female]:x", "sex[male]:x")),
        ("~ tier/x", ("tier[medium]", "tier[high]", "tier[low]:x", "tier[medium]:x", "tier[high]:x")),
        ("~ sex/(x+z)", ("sex[male]", "sex[female]:x", "sex[male]:x", "sex[female]:z", "sex[male]:z")),
    ],
)
def test_slopes_nested_in_a_category_have_a_column_for_each_level(formula, terms):
    frame = small_survey()
    name = terms[0].partition("[")[0]
    levels = {"sex": ["female", "male"], "tier": TIERS}[name]
    expected = [(frame[name] == level).astype(float) for level in levels[1:]]
    for number in ("x", "z") if "z" in formula else ("x",):
        expected += by_level(frame, name, levels, frame[number])
    design = design_of(formula, frame)
    assert design.terms == terms
    np.testing.assert_allclose(design.matrix, np.column_stack(expected))
    np.testing.assert_allclose(design.encode(frame.iloc[[7]])[0], design.matrix[[7]])


def test_contrasts_of_a_number_hold_for_new_rows_of_one_level():
    frame = small_survey()
    k = frame["k"].to_numpy()
    sums = np.column_stack([(k == 1) * 1.0 - (k == 3), (k == 2) * 1.0 - (k == 3)])
    to_two = np.column_stack([k == 1, k == 3]).astype(float)
    for formula, matrix in {"~ C(k, Sum)": sums, "~ S(k)": sums, "~ C(k, Treatment(2))": to_two}.items():
        design = design_of(formula, frame)
        np.testing.assert_array_equal(design.matrix, matrix)
        np.testing.assert_array_equal(design.encode(frame.iloc[[0]])[0], matrix[[0]])
    with pytest.raises(ValueError, match=r"reference level given for 'k', which .* codes in a way of its own"):
        design_of("~ C(k, Sum)", frame, reference={"k": "2"})


@pytest.mark.parametrize(
    ("formula", "remedy"),
    [
        ("~ x | group", r'write "~ x \+ \(1 \| group\)"'),
        ("~ sex + x | group", r'write "~ sex \+ x \+ \(1 \| group\)"'),
        ("~ x + (x || group)", r"write \|: random intercepts and slopes are independent"),
    ],
)
def test_a_bar_that_reads_otherwise_than_meant_is_refused(formula, remedy):
    with pytest.raises(ValueError, match=remedy):
        read_formula(formula)


def schools(name):
    """Six schools of four classes each, five respondents a class; classes labelled by school and number."""
    frame = pd.DataFrame(
        {"school": np.repeat([f"S{n}" for n in range(6)], 20), "number": np.tile(np.arange(20) // 5, 6)}
    )
    return frame.assign(**{"class": [name(*row) for row in frame.itertuples(index=False)]})


def test_labels_that_recur_in_every_school_are_named():
    nested = r"'class' has 4 labels in 120 rows .*'class 1' is in 6 of them.*write \(1 \| school/class\)"
    for formula in ("~ (1 | school) + (1 | class)", "~ (1 | class) + (1 | school)"):
        with pytest.warns(bl.RepeatedLabelsWarning, match=nested):
            design_of(formula, schools(lambda school, number: f"class {number + 1}"))
    with pytest.warns(bl.RepeatedLabelsWarning, match="labelled anew within each 'school'"):
        design_of("~ (1 | school) + (1 | class)", schools(lambda school, number: number))


def test_both_nestings_are_named_where_the_data_cannot_tell_them_apart():
    """Six hospitals with ten wards each, both numbered: fewer hospitals than labels of wards."""
    frame = pd.DataFrame({"hospital": np.repeat([f"H{n}" for n in range(6)], 50), "ward": np.tile(np.arange(10), 30)})
    for formula in ("~ (1 | hospital) + (1 | ward)", "~ (1 | ward) + (1 | hospital)"):
        with pytest.warns(bl.RepeatedLabelsWarning, match=r"write \(1 \| hospital/ward\)"):
            design_of(formula, frame)


def test_labels_that_name_a_group_are_crossed_in_silence():
    design_of("~ (1 | school) + (1 | class)", schools(lambda school, number: f"{school}-{number}"))
    design_of("~ (1 | school/class)", schools(lambda school, number: number))
    design_of("~ (1 | school) + (1 | class)", schools(lambda school, number: ["Ann", "Bo", "Cyd", "Dee"][number]))
    wards = schools(lambda school, number: number)
    wards["class"] = np.random.default_rng(1).permutation(np.repeat(np.arange(40), 3))  # each ward feeds 3 schools
    design_of("~ (1 | school) + (1 | class)", wards)
