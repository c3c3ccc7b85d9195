"""Priors of slopes follow the column they are of; levels of few respondents are not believed."""

import warnings
from itertools import combinations_with_replacement
from math import comb, factorial

import arviz_stats
import numpy as np
import pandas as pd
import pymc as pm
import pytest
from pytensor.compile.mode import Mode
from scipy import stats
from scipy.special import expit, log_softmax

import bayes_lca as bl
from bayes_lca import priors
from bayes_lca.data.declarations import Declarations
from bayes_lca.data.design import read_design
from bayes_lca.density.compiled import Density
from bayes_lca.models import Multinomial
from bayes_lca.structural.slopes import width

CONTRAST_SD = priors.SLOPE.prior.sigma * np.sqrt(2)
FAST = Mode(linker="py", optimizer=None)


def survey(n=512, seed=0):
    """Numbers, a dummy of two respondents, one coded 1 and 2, a rare cell, and a column with a typing error."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(45.0, 12.0, n).round(), "score": rng.normal(0.0, 3.0, n)})
    frame["rare"] = (np.arange(n) < 2).astype(int)
    frame["coded"] = rng.integers(1, 3, n)
    frame["sex"] = rng.choice(["f", "m"], n)
    frame["edu"] = np.where(np.arange(n) % 100 == 0, "none", "some")
    frame["visits"] = np.where(rng.random(n) < 0.9, 0, rng.integers(1, 8, n))
    frame["y"] = rng.choice(["a", "b", "c"], n)
    return frame.assign(mistyped=frame["age"].where(np.arange(n) != 7, 45450.0))


def units_of(formula, frame=None):
    design = read_design(survey() if frame is None else frame, formula)
    return dict(zip(design.terms, design.unit, strict=True))


@pytest.mark.filterwarnings("ignore::bayes_lca.FarValueWarning")
def test_unit_of_each_kind_of_column():
    frame = survey()
    units = units_of("~ age + score + rare + coded + sex*edu + visits + mistyped + edu:score", frame)
    for term in ("rare", "coded", "sex[m]", "edu[some]", "sex[m]:edu[some]"):
        assert units[term] == 1.0, term
    assert units["age"] == pytest.approx(frame["age"].std(ddof=0))
    assert units["mistyped"] == pytest.approx(units["age"], rel=0.05)
    assert frame["mistyped"].std() > 30 * units["age"]
    assert units["edu[some]:score"] == pytest.approx(frame["score"].std(ddof=0))
    assert units["visits"] == frame.loc[frame["visits"] > 0, "visits"].median()


@pytest.mark.parametrize("curve", ["poly(age, 3)", "bs(age, df=6)"])
def test_a_curve_has_one_unit_and_the_prior_spread_of_a_number(curve):
    """Over the respondents, the curve's prior variance is that of a number's slope."""
    design = read_design(survey(), f"~ {curve}")
    assert np.ptp(design.unit) == 0
    slopes = np.random.default_rng(1).normal(size=(4000, len(design.terms))) / design.unit
    curves = (design.matrix - design.center) @ slopes.T
    assert curves.var(axis=0).mean() == pytest.approx(1.0, rel=0.05)


@pytest.mark.filterwarnings("ignore::bayes_lca.FarValueWarning")
def test_slopes_drawn_from_the_prior_have_the_stated_width_in_the_users_units():
    frame = survey()
    regression = bl.Regression("~ age + rare + mistyped + (rare | sex)")
    model = Multinomial("y", regression).build(frame)
    slope, sd = pm.draw([model["slope"], model["sex_slope_sd"]], 1500, random_seed=1, mode=FAST)
    contrast = (slope[..., 0] - slope[..., 1]).std(axis=0)
    spread = frame["age"].std(ddof=0)
    np.testing.assert_allclose(contrast * [spread, 1.0, spread], CONTRAST_SD, rtol=0.08)
    assert np.sqrt((sd**2).mean()) == pytest.approx(0.5, rel=0.05)


def test_priors_without_a_unit_are_per_standard_deviation():
    design = read_design(survey(), "~ age + sex")
    assert width(bl.ZeroSumNormal(1.5), design, [0, 1]) == 1.0
    assert width(bl.HalfNormal(0.5), design, [1]) == 1.0
    np.testing.assert_allclose(width(priors.SLOPE, design, [1]), design.scale[1])


def excludes_zero(b, log_density):
    """Whether the equal-tailed 95 % interval of a density on a grid leaves zero out."""
    weight = np.exp(log_density - log_density.max())
    below = weight[b < 0].sum() / weight.sum()
    return not 0.025 <= below <= 0.975


def error_of_two_classes(m, sd, n=512):
    """Type I error at a level of m respondents of n, two equal classes, the intercept integrated out."""
    b, a = np.linspace(-12 * sd, 12 * sd, 2401), np.linspace(-0.5, 0.5, 41)[:, None]
    others = stats.binom.logpmf((n - m) // 2, n - m, expit(a)) + stats.norm.logpdf(a, 0, 2.5 * np.sqrt(2))
    error = 0.0
    for k in range(m + 1):
        of_level = k * np.log(expit(a + b)) + (m - k) * np.log(expit(-a - b))
        joint = np.logaddexp.reduce(others + of_level, axis=0) + stats.norm.logpdf(b, 0, sd)
        error += comb(m, k) / 2**m * excludes_zero(b, joint)
    return error


def error_of_three_classes(m, sigma):
    """The same for the contrast of the first two of three equal classes, whose shares are known."""
    grid = np.linspace(-10 * sigma, 10 * sigma, 301)
    x, z = np.meshgrid(grid, grid)  # along (1, -1, 0) / sqrt(2) and (1, 1, -2) / sqrt(6)
    logits = np.stack([x / 2**0.5 + z / 6**0.5, -x / 2**0.5 + z / 6**0.5, -2 * z / 6**0.5])
    log_share, log_prior = log_softmax(logits, axis=0), stats.norm.logpdf(x, 0, sigma) + stats.norm.logpdf(z, 0, sigma)
    error = 0.0
    for seen in combinations_with_replacement(range(3), m):
        count = np.bincount(seen, minlength=3)
        chance = factorial(m) / np.prod([factorial(k) for k in count]) / 3**m
        joint = np.logaddexp.reduce(log_prior + np.tensordot(count, log_share, axes=1), axis=0)
        error += chance * excludes_zero(grid, joint)
    return error


def test_a_level_of_few_respondents_seldom_errs():
    """Per standard deviation of the column, all respondents of the level in one class were enough."""
    per_sd = [1.5 * np.sqrt(2) / np.sqrt(m / 512 * (1 - m / 512)) for m in (1, 2, 3, 4)]
    np.testing.assert_allclose(
        [error_of_two_classes(m, sd) for m, sd in zip((1, 2, 3, 4), per_sd, strict=True)], [1.0, 0.5, 0.25, 0.125]
    )
    assert [error_of_two_classes(m, CONTRAST_SD) for m in (1, 2, 3, 4)] == [0.0] * 4
    assert error_of_two_classes(4, 2.5) == 0.125
    assert error_of_two_classes(5, CONTRAST_SD) == 2 / 2**5
    assert [error_of_three_classes(m, priors.SLOPE.prior.sigma) for m in (1, 2, 3)] == [0.0] * 3
    assert error_of_three_classes(4, priors.SLOPE.prior.sigma) < 0.05


def test_small_levels_and_far_values_are_named():
    frame = survey()
    with pytest.warns(bl.SmallLevelWarning, match=r"few of 512 respondents have rare \(2\): the data hardly speak"):
        read_design(frame, "~ age + rare")
    frame["tier"] = pd.Categorical(np.where(np.arange(512) < 3, "low", frame["sex"]), ["low", "f", "m"])
    with pytest.warns(bl.SmallLevelWarning, match=r"tier\[low\] \(3\)"):
        read_design(frame, "~ tier")
    of_sex = frame.groupby("sex").cumcount()
    frame["late"] = np.where(of_sex < np.where(frame["sex"] == "m", 3, 30), "yes", "no")
    with pytest.warns(bl.SmallLevelWarning, match=r"few of 512 respondents have sex\[m\]:late\[yes\] \(3\): "):
        read_design(frame, "~ sex*late")
    frame["pupil"], frame["pair"] = np.arange(512), np.arange(512) // 2
    words = r"each of the 512 groups of 'pupil' has one respondent.* leave these groups out of the model"
    with pytest.warns(bl.SmallLevelWarning, match=words):
        read_design(frame, "~ age + (1 | pair) + (1 | pupil)")
    with warnings.catch_warnings(action="error"):
        read_design(frame, "~ age + (1 | pair)")
    with pytest.warns(bl.FarValueWarning, match=r"'mistyped' is '45450' in 1 of 512 rows and within -?\d+ to \d+"):
        read_design(frame, "~ mistyped")
    frame.loc[[1, 2], "score"] = -750.0
    with pytest.warns(bl.FarValueWarning, match=r"'score' is '-750' in 2 of 512 rows"):
        read_design(frame, "~ score")


@pytest.mark.parametrize(
    ("far", "expected"),
    [
        ([9999.0], {bl.MissingCodeWarning: "'9999' in 1 of 512 rows"}),
        ([-999.0, -999.0], {bl.MissingCodeWarning: "'-999' in 2 of 512 rows"}),
        ([4545.0], {bl.FarValueWarning: "is '4545' in 1 of 512 rows"}),
        (
            [4545.0, 9999.0],
            {bl.MissingCodeWarning: "'9999' in 1 of 512 rows", bl.FarValueWarning: "is '4545' in 1 of 512 rows"},
        ),
        (
            [-999.0, 4545.0],
            {bl.MissingCodeWarning: "'-999' in 1 of 512 rows", bl.FarValueWarning: "is '4545' in 1 of 512 rows"},
        ),
    ],
    ids=["code", "code in two rows", "mistyped", "code above a mistyped one", "code below a mistyped one"],
)
def test_a_far_value_is_named_once(far, expected):
    """As a code of missing answers where it looks like one, else as a value far from all others."""
    frame = survey()
    frame["age"] = frame["age"].clip(18.0)
    frame.loc[: len(far) - 1, "age"] = far
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_design(frame, "~ age")
    assert [each.category for each in caught] == list(expected)
    for each, text in zip(caught, expected.values(), strict=True):
        assert text in str(each.message)


def test_a_code_that_was_declared_a_value_is_far_like_any_other():
    frame = survey()
    frame.loc[0, "age"] = 9999.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_design(frame, "~ age", declared=Declarations(missing_codes={"age": []}))
    assert [each.category for each in caught] == [bl.FarValueWarning]


@pytest.mark.filterwarnings("error")
def test_common_levels_and_long_tails_are_not_named():
    frame = survey()
    frame["income"] = np.exp(np.random.default_rng(3).normal(10.0, 0.8, 512))
    read_design(frame, "~ age + sex*C(coded) + visits + income")
    read_design(frame.iloc[:40], "~ sex")


def test_more_columns_than_served_learn_a_common_width():
    frame = survey().assign(**{f"x{t}": np.random.default_rng(t).normal(size=512) for t in range(13)})
    names = [f"x{t}" for t in range(13)]
    few, many = (Multinomial("y", bl.Regression("~ " + " + ".join(names[:n]))).build(frame) for n in (12, 13))
    assert "slope_shrinkage" not in few.named_vars
    shrinkage, slope = pm.draw([many["slope_shrinkage"], many["slope"]], 2000, random_seed=1, mode=FAST)
    contrast = (slope[..., 0] - slope[..., 1]) * frame[names].std(ddof=0).to_numpy()
    assert np.sqrt((shrinkage**2).mean()) == pytest.approx(1.0, rel=0.05)
    np.testing.assert_allclose((contrast / shrinkage[:, None]).std(axis=0), CONTRAST_SD, rtol=0.06)


def test_chains_of_a_horseshoe_begin_where_the_density_is_finite():
    """Scales that nobody gives a start begin at 1, whose logarithm is 0."""
    part = bl.Regression("~ participation + role", slope=bl.Horseshoe(expected=1))
    prepared = bl.LatentClass(2, bl.Items(["training", "recognition", "expertise"]), part).prepare(bl.example_survey())
    density = Density(prepared.model)
    start = density.coordinates(prepared.start)
    assert np.isfinite(start).all()
    value, gradient = density.program()[0].log_density(start)
    assert np.isfinite([value, *gradient]).all()


def test_horseshoe_has_the_slopes_of_its_formula():
    """Given its scales, a slope per unit is normal with the width of Piironen & Vehtari (2017), equation 2.8."""
    frame = survey()
    part = bl.Regression("~ age + score + sex", slope=bl.Horseshoe(expected=1, slab=0.8))
    model = Multinomial("y", part).build(frame)
    names = ["slope_shrinkage", "slope_local_shrinkage", "slope"]
    tau, local, slope = pm.draw([model[name] for name in names], 2000, random_seed=2, mode=FAST)
    assert np.median(tau) == pytest.approx(1 / 2 * 2 / np.sqrt(512), rel=0.1)  # the median of a half-Cauchy
    reach = tau[:, None] * local
    regularised = np.sqrt(0.8**2 * reach**2 / (0.8**2 + reach**2))
    unit = [frame["age"].std(ddof=0), frame["score"].std(ddof=0), 1.0]
    standard = (slope[..., 0] - slope[..., 1]) * unit / regularised / np.sqrt(2)
    np.testing.assert_allclose(standard.std(axis=0), 1.0, rtol=0.06)
    with pytest.raises(ValueError, match=r"expected=3\): the design has 3 columns; expect fewer"):
        Multinomial("y", bl.Regression("~ age + score + sex", slope=bl.Horseshoe(expected=3))).build(frame)


@pytest.mark.slow
def test_twenty_five_columns_do_not_get_chains_stuck():
    """Three classes, 300 respondents, columns that explain nothing: chains got stuck where all had their full width."""
    frame, rng = bl.load_cohort().sample(300, random_state=1).reset_index(drop=True), np.random.default_rng(1)
    names = [f"x{t}" for t in range(25)]
    frame = frame.assign(**dict(zip(names, rng.normal(size=(25, 300)), strict=True)))
    model = bl.LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression("~ " + " + ".join(names)))
    draws = bl.fit(model, frame, draws=500, tune=400, seed=1, progressbar=False)
    for name in ("slope", "item_probability"):
        assert float(arviz_stats.rhat(draws["posterior"].to_dataset()[[name]])[name].max()) < 1.03
        assert float(arviz_stats.ess(draws["posterior"].to_dataset()[[name]])[name].min()) > 200
