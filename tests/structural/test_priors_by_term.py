"""Priors of the slopes of single terms, alike in all classes or with a mean of each."""

import warnings

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from pytensor.compile.mode import Mode
from scipy import stats

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.reporting.sections.specification import priors_of
from bayes_lca.specification import specification_of

FAST = Mode(linker="py", optimizer=None)
MEAN, SIGMA = (0.0, 0.7, -0.4), (0.2, 0.5, 0.3)
PRIOR = {
    "age": bl.PerUnit(bl.NormalByClass(MEAN, SIGMA)),
    "tier": bl.ZeroSumNormal(0.4),
    "tier[high]": bl.PerUnit(bl.ZeroSumNormal(0.1)),
}
FORMULA = "~ age + tier + sex"


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    n = 240
    return pd.DataFrame(
        {
            "age": rng.normal(45, 12, n).round(),
            "tier": pd.Categorical.from_codes(rng.integers(0, 3, n), ["low", "medium", "high"]),
            "sex": rng.choice(["f", "m"], n),
            "y": pd.Categorical.from_codes(rng.integers(0, 3, n), ["no", "some", "much"]),
        }
    )


def contrasts(slope):
    """Of the second and of the third class against the first, shape (draw, term, 2)."""
    return slope[..., 1:] - slope[..., :1]


def test_slopes_of_each_term_have_its_prior(frame):
    """Means and covariances of contrasts of classes, by the formula of the docstring."""
    model = bl.Multinomial("y", bl.Regression(FORMULA, prior=PRIOR)).build(frame)
    drawn = contrasts(pm.draw(model["slope"], 4000, random_seed=2, mode=FAST))
    design = read_design(frame, FORMULA)
    assert design.terms == ("age", "tier[medium]", "tier[high]", "sex[m]")
    unit, scale = design.unit, design.scale
    sd = {
        "age": np.hypot(SIGMA[0], SIGMA[1:]) / unit[0],
        "tier[medium]": np.full(2, 0.4 * np.sqrt(2) / scale[1]),
        "tier[high]": np.full(2, 0.1 * np.sqrt(2)),
        "sex[m]": np.full(2, 1.25 * np.sqrt(2)),
    }
    mean = np.zeros((4, 2))
    mean[0] = (np.array(MEAN[1:]) - MEAN[0]) / unit[0]
    expected = np.array(list(sd.values()))
    np.testing.assert_array_less(np.abs(drawn.mean(axis=0) - mean), 4 * expected / np.sqrt(4000))
    np.testing.assert_allclose(drawn.std(axis=0), expected, rtol=4 / np.sqrt(8000))
    shared = SIGMA[0] ** 2 / np.hypot(SIGMA[0], SIGMA[1]) / np.hypot(SIGMA[0], SIGMA[2])
    assert np.corrcoef(drawn[:, 0].T)[0, 1] == pytest.approx(shared, abs=4 / np.sqrt(4000))
    np.testing.assert_allclose(pm.draw(model["slope"], 1, random_seed=2, mode=FAST).sum(axis=-1), 0, atol=1e-12)


def test_equal_classes_are_the_usual_prior(frame):
    """NormalByClass of equal means and spreads has the density of ZeroSumNormal."""
    like = bl.Regression("~ age", prior={"age": bl.PerUnit(bl.NormalByClass([0.3] * 3, 1.25))})
    drawn, usual = (
        contrasts(pm.draw(bl.Multinomial("y", part).build(frame)["slope"], 3000, random_seed=3, mode=FAST))
        for part in (like, bl.Regression("~ age"))
    )
    assert stats.ks_2samp(drawn[:, 0, 0], usual[:, 0, 0]).pvalue > 1e-3


def test_posterior_is_that_of_a_normal_approximation(frame):
    """A prior far narrower than the likelihood decides the slope, and the other one is left as it was."""
    narrow = bl.Regression(
        "~ age + sex", prior={"age": bl.PerUnit(bl.NormalByClass({"no": 0, "some": 1, "much": 0}, 0.01))}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draws = bl.fit(bl.Multinomial("y", narrow), frame, draws=200, tune=100, chains=2, until=None, progressbar=False)
    assert draws.attrs["backend"] == "program"
    slope = draws["posterior"]["slope"]
    contrast = (slope.sel(category="some") - slope.sel(category="no")).sel(term="age")
    unit = read_design(frame, "~ age").unit[0]
    assert float(contrast.mean()) * unit == pytest.approx(1.0, abs=0.02)
    assert float(contrast.std()) * unit == pytest.approx(0.01 * np.sqrt(2), rel=0.25)
    wide = (slope.sel(category="some") - slope.sel(category="no")).sel(term="sex[m]")
    assert float(wide.std()) > 0.15


def test_width_of_the_other_columns_is_learned_as_before(frame):
    wide = frame.assign(**{f"x{k}": np.random.default_rng(k).normal(size=len(frame)) for k in range(14)})
    formula = "~ age + " + " + ".join(f"x{k}" for k in range(14))
    model = bl.Multinomial("y", bl.Regression(formula, prior={"age": bl.ZeroSumNormal(0.5)})).build(wide)
    slope, shrinkage = pm.draw([model["slope_standardised"], model["slope_shrinkage"]], 800, random_seed=1, mode=FAST)
    contrast = slope[..., 1] - slope[..., 0]  # (draw, term)
    assert contrast[:, 0].std() == pytest.approx(0.5 * np.sqrt(2), rel=0.1)
    relative = contrast[:, 1:] / shrinkage[:, None] / read_design(wide, formula).scale[1:]
    assert (relative * read_design(wide, formula).unit[1:]).std() == pytest.approx(1.25 * np.sqrt(2), rel=0.05)


NUMBERED = bl.Items(["a", "b", "c"], prior={"a": [{"0": 9, "1": 1}, {"0": 1, "1": 9}]})


@pytest.fixture(scope="module")
def answers(frame):
    rng = np.random.default_rng(4)
    second = rng.random(len(frame)) < 0.5
    return frame.assign(**{item: (rng.random(len(frame)) < np.where(second, 0.85, 0.15)).astype(int) for item in "abc"})


def test_latent_classes_need_numbers(answers):
    by_class = bl.Regression("~ age", prior={"age": bl.PerUnit(bl.NormalByClass({1: 0.0, 2: 0.5}, 0.2))})
    with pytest.raises(ValueError, match=r"the items leave classes 1, 2 exchangeable, so nothing says which"):
        bl.LatentClass(2, bl.Items(["a", "b", "c"]), by_class).build(answers)
    model = bl.LatentClass(2, NUMBERED, by_class).build(answers)
    drawn = pm.draw(model["slope"], 2000, random_seed=1, mode=FAST) * read_design(answers, "~ age").unit[0]
    assert (drawn[:, 0, 1] - drawn[:, 0, 0]).mean() == pytest.approx(0.5, abs=4 * 0.2 * np.sqrt(2 / 2000))
    named = bl.Regression("~ age", prior={"age": bl.NormalByClass({"C1": 0.0, "C2": 0.5})})
    bl.LatentClass(2, NUMBERED, named).build(answers)


def test_equal_priors_need_no_numbers(answers):
    alike = bl.Regression("~ age", prior={"age": bl.NormalByClass([0.0, 0.0], 0.2)})
    bl.LatentClass(2, bl.Items(["a", "b", "c"]), alike).build(answers)


@pytest.mark.parametrize(
    "prior, error, message",
    [
        (bl.ZeroSumNormal(1.0), TypeError, "give priors of slopes by term"),
        ({"age": 0.5}, TypeError, "prior of 'age' is 0.5: the prior of the slopes of a term is ZeroSumNormal"),
        ({"age": bl.Horseshoe()}, TypeError, "prior of 'age' is Horseshoe"),
        ({"age": bl.PerUnit(bl.HalfNormal(1.0))}, TypeError, "prior of 'age' is PerUnit"),
        ({"age": bl.PerUnit(bl.ZeroSumNormal(1.0), columns=3)}, ValueError, "prior of 'age': columns=3 lets the width"),
    ],
)
def test_priors_are_checked_when_they_are_written(prior, error, message):
    with pytest.raises(error, match=message):
        bl.Regression(FORMULA, prior=prior)


@pytest.mark.parametrize(
    "regression, message",
    [
        (bl.Regression("~ age", prior={"agee": bl.ZeroSumNormal(1.0)}), r"prior names 'agee', no term of '~ age'"),
        (
            bl.Regression("~ age", prior={"age": bl.NormalByClass([0.0, 1.0])}),
            r"has 2 numbers, and there are 3 classes",
        ),
        (bl.Regression("~ age", prior={"age": bl.NormalByClass({"no": 0.0, "yes": 1.0})}), r"names other classes than"),
        (
            bl.Regression("~ age + sex", slope=bl.Horseshoe(1), prior={"age": bl.ZeroSumNormal(1.0)}),
            r"slope=Horseshoe.* it takes no prior= of single terms",
        ),
    ],
)
def test_priors_are_checked_against_the_frame(frame, regression, message):
    with pytest.raises(ValueError, match=message):
        bl.Multinomial("y", regression).build(frame)


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"mean": 1.0}, TypeError, r"NormalByClass\(mean=1.0\): give one number for each class"),
        ({"mean": "ab"}, TypeError, r"give one number for each class"),
        ({"mean": [0.0, None]}, TypeError, r"None is no number"),
        ({"mean": [0.0, np.inf]}, ValueError, r"inf is no finite number"),
        ({"mean": [0.0, 1.0], "sigma": 0.0}, ValueError, r"sigma must be a positive number"),
        ({"mean": [0.0, 1.0], "sigma": [1.0, -1.0]}, ValueError, r"sigma must be a positive number"),
    ],
)
def test_means_of_classes_are_checked(arguments, error, message):
    with pytest.raises(error, match=message):
        bl.NormalByClass(**arguments)


def test_one_prior_of_all_slopes_is_alike_in_all_classes():
    with pytest.raises(TypeError, match="the prior of all slopes is ZeroSumNormal"):
        bl.Regression("~ age", slope=bl.PerUnit(bl.NormalByClass([0.0, 1.0])))


def test_reports_name_the_terms():
    written = {
        (prior.part, prior.field): prior.distribution
        for prior in priors_of(specification_of(bl.LatentClass(2, NUMBERED, bl.Regression(FORMULA, prior=PRIOR))))
    }
    assert written["Regression", "prior"].startswith("{'age': PerUnit(prior=NormalByClass(mean=[0.0, 0.7, -0.4]")
    assert written["Items", "prior"].startswith("ItemWeights(weights={'a': [{'0': 9.0, '1': 1.0}")
    assert written["Regression", "slope"] == "PerUnit(prior=ZeroSumNormal(sigma=1.25), columns=12)"
