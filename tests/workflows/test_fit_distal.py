"""Distal outcomes of measured classes: the likelihood as a loop, truth recovered, the classes unmoved, bad input."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from pytensor.compile.mode import Mode
from scipy import stats
from scipy.special import expit, softmax

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.measured_classes import MeasuredClasses
from bayes_lca.models import LatentClass
from bayes_lca.models.distal_outcome import DistalOutcome
from bayes_lca.structural.outcome_regression import OutcomeRegression
from bayes_lca.workflows.ladder.fit_distal import FAMILIES, Memberships

pytestmark = pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")
COMPILE = {"mode": Mode(linker="py", optimizer=None), "on_unused_input": "ignore"}
FEW = {"measurement_draws": 20, "draws": 100, "tune": 200, "progressbar": False}
STEPS = np.array([3, 90, 150])
FORMULAS = {
    "normal": "pay ~ latent_class*participation + (1 | group)",
    "bernoulli": "promoted ~ latent_class + age",
    "poisson": "visits ~ latent_class + participation + (1 | group)",
    "ordered": "rating ~ latent_class + participation",
    "multinomial": "place ~ latent_class*participation + (1 | group)",
}


@pytest.fixture(scope="module")
def measured():
    return bl.load_example("alone")


@pytest.fixture(scope="module")
def survey():
    rng = np.random.default_rng(5)
    frame = bl.example_survey()
    n = len(frame)
    return frame.assign(
        pay=rng.normal(10, 2, n).round(1),
        promoted=rng.random(n) < 0.4,
        visits=rng.poisson(3, n),
        rating=pd.Categorical.from_codes(rng.integers(0, 3, n), ["low", "middle", "high"], ordered=True),
        place=rng.choice(["north", "south", "west"], n),
        grade=pd.Categorical.from_codes(np.arange(n) % 3, list("cba"), ordered=True),
        seniority=np.where(np.arange(n) < 90, np.arange(n) % 7, np.nan),
        late=np.where(np.arange(n) < 90, 0.0, 1.0),
    )


def model_of(measured, family, formula):
    classes = MeasuredClasses(Fit.of(measured, needs="fit_distal"), STEPS)
    return DistalOutcome(classes, FAMILIES[family](), OutcomeRegression(formula))


def at_random(model, seed=1):
    """Coordinates away from the start, and values of all variables there."""
    rng = np.random.default_rng(seed)
    point = {name: value + rng.normal(0, 0.4, np.shape(value)) for name, value in model.initial_point().items()}
    variables = [*model.free_RVs, *model.deterministics]
    values = model.compile_fn(model.replace_rvs_by_values(variables), **COMPILE)(point)
    return point, {variable.name: value for variable, value in zip(variables, values, strict=True)}


def density(family, outcome, eta, values, c):
    """Of one outcome in one class."""
    if family == "normal":
        return stats.norm.pdf(outcome, eta, values["outcome_sd"][c])
    if family == "bernoulli":
        return expit(eta) if outcome else 1 - expit(eta)
    if family == "poisson":
        return stats.poisson.pmf(outcome, np.exp(eta))
    if family == "multinomial":
        return softmax(eta)[outcome]
    below = values["outcome_baseline"].cumsum()[:-1]
    at_most = [0.0, *expit(np.log(below / (1 - below)) - eta), 1.0]
    return at_most[outcome + 1] - at_most[outcome]


@pytest.fixture(scope="module")
def membership_by_hand(measured, survey):
    """Of every respondent, from shares and item probabilities of each step's draw, one answer after the other."""
    posterior = measured["posterior"].to_dataset().stack(drawn=["chain", "draw"]).isel(drawn=STEPS)
    share = posterior["class_share"].transpose("drawn", "latent_class").to_numpy()
    probability = posterior["item_probability"].transpose("item", "category", "drawn", "latent_class").to_numpy()
    items, categories = (posterior[name].to_numpy().tolist() for name in ("item", "category"))
    result = []
    for _, row in survey.iterrows():
        joint = share.copy()
        for item, of_category in zip(items, probability, strict=True):
            if not pd.isna(row[item]):
                joint *= of_category[categories.index(row[item])]
        result.append(joint / joint.sum(axis=1, keepdims=True))
    return np.mean(result, axis=1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", FORMULAS)
def test_likelihood_is_that_of_a_loop_over_respondents(measured, survey, membership_by_hand, family):
    prepared = model_of(measured, family, FORMULAS[family]).prepare(survey)
    point, values = at_random(prepared.model)
    log_density = prepared.model.compile_logp(vars=[prepared.model["outcome"]], sum=False, **COMPILE)(point)[0]
    name = FORMULAS[family].split(" ~ ")[0]
    codes = survey[name].to_numpy() if family in ("normal", "poisson") else pd.Categorical(survey[name]).codes
    columns = {"participation": survey["participation"].to_numpy(dtype=float)}
    columns |= {f"age[{level}]": (survey["age"] == level).to_numpy(float) for level in survey["age"].cat.categories}
    terms = prepared.model.coords.get("term") or ()
    total = 0.0
    for i in range(len(survey)):
        likelihood = 0.0
        for c in range(2):
            eta = values["outcome_location"][c].copy()
            for t, term in enumerate(terms):
                eta = eta + values["outcome_slope"][t, c] * (columns[term][i] - columns[term].mean())
            if "group_effect" in values:
                eta = eta + values["group_effect"][list(prepared.model.coords["group"]).index(survey["group"].iloc[i])]
            likelihood += membership_by_hand[i, c] * density(family, codes[i], eta, values, c)
        total += np.log(likelihood)
    assert log_density.sum() == pytest.approx(total, rel=1e-6)


def test_slopes_differ_by_class_only_where_they_interact(measured, survey):
    formula = "pay ~ latent_class + participation + score + latent_class:score"
    with warnings.catch_warnings(action="ignore"):
        prepared = model_of(measured, "normal", formula).prepare(survey)
    _, values = at_random(prepared.model)
    slope = dict(zip(prepared.model.coords["term"], values["outcome_slope"], strict=True))
    assert slope["participation"][0] == slope["participation"][1]
    assert slope["score"][0] != slope["score"][1]


@pytest.fixture(scope="module")
def truth():
    """Two classes of four items at entropy .7; a normal outcome that a covariate and six groups move too."""
    rng = np.random.default_rng(8)
    n = 1200
    z = (rng.random(n) < 0.4).astype(int)
    answers = (rng.random((n, 4)) < np.where(z, 0.85, 0.2)[:, None]).astype(int)
    group, x = rng.integers(0, 6, n), rng.normal(size=n).round(1)
    effect = np.array([0.3, -0.2, 0.1, -0.3, 0.2, -0.1])
    pay = 10 + 2.0 * z + 0.5 * x + effect[group] + rng.normal(size=n) * np.where(z, 0.8, 1.4)
    frame = pd.DataFrame(answers, columns=list("abcd"))
    return frame.assign(x=x, group=[f"g{each}" for each in group], pay=pay.round(2), z=z)


@pytest.fixture(scope="module")
def classes_of_truth(truth):
    return bl.fit(LatentClass(2, bl.Items(list("abcd"))), truth, draws=200, until=None, progressbar=False)


@pytest.fixture(scope="module")
def distal(truth, classes_of_truth):
    formula = "pay ~ latent_class + x + (1 | group)"
    return bl.fit_distal(classes_of_truth, truth, formula, measurement_draws=40, draws=300, progressbar=False)


def test_truth_is_within_the_posterior_where_the_modal_class_loses_it(truth, classes_of_truth, distal):
    table = bl.outcome_by_class(distal)
    contrast = table.loc[("contrast", "C2 vs C1")]
    assert contrast["lower"] < 2.0 < contrast["upper"]
    error = contrast["sd"] * np.sqrt(1 + 1 / contrast["ess_bulk"])
    assert abs(contrast["estimate"] - 2.0) < 3 * error
    np.testing.assert_allclose(table.loc["class", "outcome_sd"], [1.4, 0.8], atol=0.15)
    slope = distal["posterior"]["outcome_slope"].mean(["chain", "draw"]).to_numpy()
    np.testing.assert_allclose(slope, 0.5, atol=0.15)
    modal = bl.stepwise_outcome(classes_of_truth, "pay", truth, method="modal").loc[("contrast", "C2 vs C1")]
    assert modal["upper"] < 2.0
    overall = table.loc[("overall", "all classes")]
    assert overall["p_value"] < 0.01 and overall["df"] == 1


def test_means_are_averages_over_the_covariates_of_everybody(truth, distal):
    """One draw, one respondent after the other."""
    posterior = distal["posterior"].isel(chain=[1], draw=[7])
    one = distal.isel(chain=[1], draw=[7])
    x = truth["x"].to_numpy()
    of_class = []
    for c in range(2):
        location = posterior["outcome_location"].to_numpy()[0, 0, c]
        slope = posterior["outcome_slope"].isel(term=0, latent_class=c).to_numpy()[0, 0]
        effect = posterior["group_effect"].isel(chain=0, draw=0).to_series()
        of_class.append(
            np.mean([location + slope * (xi - x.mean()) + effect[g] for xi, g in zip(x, truth["group"], strict=True)])
        )
    with warnings.catch_warnings(action="ignore"):  # one draw has no spread
        table = bl.outcome_by_class(one)
    np.testing.assert_allclose(table.loc["class", "estimate"], of_class, rtol=1e-9)


def test_the_outcome_does_not_move_the_classes(truth, classes_of_truth, distal):
    """Shares are those of draws of the first step; membership has the outcome in it, draw by draw."""
    fit = Fit.reading(distal)
    before = Fit.reading(classes_of_truth).membership.mean(axis=(0, 1))
    share = distal["posterior"]["class_share"].to_numpy().reshape(-1, 2)
    assert len(np.unique(share[:, 0])) == 40
    assert abs(share[:, 1].mean() - Fit.reading(classes_of_truth).class_share.mean(axis=(0, 1))[1]) < 0.02
    assert before.shape == (2,)
    seen = bl.membership(distal)["C2"].to_numpy()
    assert stats.pearsonr(seen, truth["pay"]).statistic > 0.5
    step = fit.measurement_draw.reshape(-1)[11]
    row = fit.pattern_of_respondent[4]
    known = distal["first_step"]["known_membership"].to_numpy()[step, fit.patterns["known_row"].to_numpy()[row]]
    eta = [fit.answers.log_density(fit, np.array([row]), slice(11, 12))[0, 0, c] for c in range(2)]
    expected = known * np.exp(eta)
    np.testing.assert_allclose(fit.membership_in(np.array([11]))[0, row], expected / expected.sum(), rtol=1e-5)


def test_weights_are_likelihood_ratios_of_a_draw_to_the_mean(distal):
    fit = Fit.reading(distal)
    known = distal["first_step"]["known_membership"].to_numpy()[:, fit.patterns["known_row"].to_numpy()]
    proposals = np.array([5, 600])
    ratios = Memberships(known).log_ratios(fit, [2, 30], proposals)
    everybody = np.arange(len(fit.count))
    for place, step in enumerate((2, 30)):
        for column, draw in enumerate(proposals):
            density_of = np.exp(fit.log_evidence(everybody, np.array([draw]))[0])
            there, here = (fit.count @ np.log((each * density_of).sum(axis=1)) for each in (known[step], known.mean(0)))
            assert ratios[place, column] == pytest.approx(there - here, abs=1e-4)
    assert np.abs(ratios).max() > 0.05


def test_predictive_density_against_the_model_without_classes(truth, classes_of_truth, distal):
    few = {"measurement_draws": 4, "draws": 100, "progressbar": False}
    alone = bl.fit_distal(classes_of_truth, truth, "pay ~ x + (1 | group)", **few)
    assert "outcome_location_of_all" in alone["posterior"]
    overall = bl.outcome_by_class(distal, without_class=alone).loc[("overall", "all classes")]
    assert overall["elpd_difference"] > 4 * overall["elpd_difference_se"] > 0
    with pytest.raises(ValueError, match="same expectation in all classes, for its formula has no latent_class"):
        bl.outcome_by_class(alone)
    with pytest.raises(ValueError, match="whose formula has latent_class; leave it out"):
        bl.outcome_by_class(distal, without_class=distal)


def test_missing_outcomes_are_told_and_counted(measured, survey):
    place = np.arange(len(survey))
    lacking = survey.assign(pay=survey["pay"].where(place % 9 > 0), training=survey["training"].where(place % 10 > 0))
    n = int(lacking["pay"].isna().sum())
    with pytest.raises(ValueError, match=rf"{n} of 180 rows lack the outcome 'pay' .*missing=\"drop\""):
        bl.fit_distal(measured, lacking, "pay ~ latent_class", **FEW)
    with pytest.warns(UserWarning, match=f"{n} of 180 rows left out: outcome 'pay' missing"):
        draws = bl.fit_distal(measured, lacking, "pay ~ latent_class", missing="drop", **FEW)
    unanswered = int(lacking.loc[lacking["pay"].notna(), "training"].isna().sum())
    assert unanswered > 0
    assert f"n = {180 - n}, {n} rows left out, {unanswered} answers missing" in bl.outcome_by_class(draws).note


def test_a_kept_fit_says_the_same(measured, survey, tmp_path):
    with warnings.catch_warnings(action="ignore"):
        draws = bl.fit_distal(measured, survey, "promoted ~ latent_class", family="bernoulli", **FEW)
    bl.save(draws, tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(bl.outcome_by_class(bl.load(tmp_path / "fit.nc")), bl.outcome_by_class(draws))
    bl.save(draws, tmp_path / "shared.nc", respondents=False)
    without = bl.load(tmp_path / "shared.nc")
    assert "first_step" not in without.children
    with pytest.raises(ValueError, match="an outcome by class: needs the rows of the 180 respondents"):
        bl.outcome_by_class(without)


def test_the_ladder_of_an_outcome_and_an_outcome_that_takes_the_classes_over():
    """The outcome has clusters of its own, which one step finds in place of the classes of the items."""
    rng = np.random.default_rng(3)
    n = 400
    z, w = rng.random(n) < 0.5, rng.random(n) < 0.3
    answers = (rng.random((n, 3)) < np.where(z, 0.7, 0.3)[:, None]).astype(int)
    frame = pd.DataFrame(answers, columns=list("abc")).assign(pay=np.where(w, 8.0, 0.0) + z + rng.normal(size=n))
    with warnings.catch_warnings(action="ignore"):
        measured = bl.fit(LatentClass(2, bl.Items(list("abc"))), frame, draws=100, until=None, progressbar=False)
        with pytest.warns(bl.ClassShiftWarning, match="the outcome 'pay' takes the classes over: class shares differ"):
            tables = bl.compare_outcomes(measured, "pay", frame, one_step=True, **FEW)
    assert {"modal", "BCH", "posterior", "one step"} <= set(tables)
    figure = bl.plot_outcome(tables)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["means of pay", "differences"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(tables)
    assert (
        abs(tables["one step"].loc[("contrast", "C2 vs C1"), "estimate"])
        > 4
        > tables["BCH"].loc["contrast", "estimate"].abs().iloc[0]
    )
    with pytest.raises(ValueError, match="tables of unlike rows"):
        bl.plot_outcome({"a": tables["modal"], "b": tables["BCH"].iloc[1:]})


def test_a_narrow_picture_of_an_outcome_has_room_for_all_letters(measured):
    """At 85 mm: names of estimators stay on the page, and numbers below the axes apart."""
    table = bl.stepwise_outcome(measured, "score", bl.example_survey())
    tables = {name: table for name in ("modal", "BCH", "ML", "two-step", "posterior", "one step")}
    figure = bl.plot_outcome(tables, figsize=(3.35, 6.0))
    figure.canvas.draw()
    legend = figure.legends[0].get_window_extent()
    assert legend.x0 >= 0 and legend.x1 <= figure.bbox.x1
    for ax in figure.axes:
        low, high = ax.get_xlim()
        shown = [each for each in ax.get_xticklabels() if low <= each.get_position()[0] <= high]
        ends = [each.get_window_extent() for each in shown]
        assert len(ends) > 1
        assert all(left.x1 < right.x0 for left, right in pairwise(ends))


def test_a_small_p_value_is_no_zero(measured, survey):
    members = (bl.membership(measured)["modal_class"] == "C1").to_numpy()
    table = bl.stepwise_outcome(measured, "pay", survey.assign(pay=survey["pay"] + 20 * members))
    assert "p < 0.001" in bl.plot_outcome(table)._supxlabel.get_text()


def test_every_estimator_speaks_of_the_same_category(measured, survey):
    """Categories declared in an order of one's own: the share is that of the second, in one step too."""
    members = (bl.membership(measured)["modal_class"] == "C1").to_numpy()
    frame = survey.assign(would=np.where(np.random.default_rng(1).random(len(survey)) < 0.2 + 0.5 * members, "y", "n"))
    with warnings.catch_warnings(action="ignore"):
        tables = bl.compare_outcomes(
            measured, "would", frame, "bernoulli", one_step=True, categories=["y", "n"], missing_codes=["?"], **FEW
        )
    assert all(table.note.startswith("shares of would = 'n'") for table in tables.values())
    for table in tables.values():
        assert table.loc[("class", "C1"), "estimate"] == pytest.approx(0.3, abs=0.12)
        assert table.loc[("class", "C2"), "estimate"] == pytest.approx(0.8, abs=0.12)


def test_means_between_0_and_1_are_means_in_one_step(measured, survey):
    """And are tested as such: (difference / sd)^2, not that of log odds."""
    frame = survey.assign(unit=np.random.default_rng(2).beta(2, 5, len(survey)))
    with warnings.catch_warnings(action="ignore"):
        table = bl.compare_outcomes(measured, "unit", frame, one_step=True, **FEW)["one step"]
    assert table.note.startswith("means of unit, one step")
    difference = table.loc[("contrast", "C2 vs C1")]
    assert table.loc[("overall", "all classes"), "wald"] == pytest.approx(
        (difference["estimate"] / difference["sd"]) ** 2
    )


@pytest.mark.parametrize(
    "formula, options, told",
    [
        ("~ latent_class", {}, 'needs an outcome left of "~"'),
        ("pay ~ C(latent_class)", {}, "inside a function; write latent_class alone"),
        ("pay ~ participation + (latent_class | group)", {}, "latent_class in a term of groups"),
        ("pay ~ latent_class + (participation | group)", {}, "no such term|slopes that vary by group"),
        ("pay ~ latent_class:participation", {}, r"write latent_class\*participation"),
        ("pay ~ latent_class + training", {}, "the classes are made of them"),
        ("training ~ latent_class", {"family": "multinomial"}, "item.s. 'training' are also in"),
        ("pay ~ latent_class + pay", {}, "outcome 'pay' is also among the covariates"),
        ("nothing ~ latent_class", {}, "nothing"),
        ("pay ~ latent_class", {"family": "gamma"}, "family='gamma': choose from 'normal'"),
        ("pay ~ latent_class", {"family": "poisson"}, "outcome 'pay' is no count in [0-9]+ of 180 rows"),
        ("place ~ latent_class", {}, "outcome 'place' holds no numbers"),
        ("place ~ latent_class", {"family": "bernoulli"}, "rests on the order|has 3 categories in 180 rows"),
        ("place ~ latent_class", {"family": "ordered"}, "which nobody declared for the outcome 'place'"),
        ("visits ~ latent_class", {"family": "poisson", "sd": "equal"}, "sd='equal' is of the normal family"),
        ("pay ~ latent_class", {"measurement_draws": 7}, "measurement_draws=7"),
        ("pay ~ latent_class", {"sd": "some"}, "sd='some'"),
        ("grade ~ latent_class", {"family": "bernoulli"}, "'grade' has 3 categories in 180 rows, 'c', 'b', 'a'"),
        (
            "late ~ latent_class + seniority",
            {"missing": "drop"},
            "outcome 'late' is the same in all 90 rows with",
        ),
    ],
)
def test_bad_input_is_refused_before_sampling(measured, survey, formula, options, told):
    with warnings.catch_warnings(action="ignore"), pytest.raises(ValueError, match=told):
        bl.fit_distal(measured, survey, formula, **FEW | options)


def test_a_fit_without_an_outcome_has_none_by_class(measured):
    with pytest.raises(ValueError, match="outcome_by_class: it is not declared to hold for a fit of LatentClass"):
        bl.outcome_by_class(measured)
