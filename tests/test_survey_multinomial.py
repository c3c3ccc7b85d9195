"""Multinomial regressions of respondents who were sampled by a survey design: maxima, sandwich errors, averages."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

import bayes_lca as bl
from bayes_lca.density.compiled import Density
from bayes_lca.fitted.fit import Fit
from bayes_lca.sampling.design_correction import Coordinates, curvature
from bayes_lca.sampling.ready import prepare_named

N = 400
RNG = np.random.default_rng(21)
SURVEY = pd.DataFrame(
    {
        "x": RNG.normal(size=N).round(1),
        "member": RNG.choice(["no", "yes"], N),
        "w": RNG.gamma(2.0, size=N),
        "whole": RNG.permutation(np.repeat([0.0, 1.0, 2.0, 1.0], N // 4)),
        "psu": np.arange(N) % 40,
        "h": np.arange(N) % 4,
        "group": RNG.choice([f"g{number}" for number in range(8)], N),
    }
)
ETA = np.column_stack([np.zeros(N), 0.5 + 0.8 * SURVEY["x"], -0.3 - 0.5 * SURVEY["x"] + (SURVEY["member"] == "yes")])
SURVEY["choice"] = np.array(["a", "b", "c"])[(ETA + RNG.gumbel(size=(N, 3))).argmax(axis=1)]
CODES = pd.factorize(SURVEY["choice"], sort=True)[0]
DESIGN = np.column_stack([np.ones(N), SURVEY["x"], SURVEY["member"] == "yes"]).astype(float)
WIDE = bl.ZeroSumNormal(1e5)
FLAT = bl.Multinomial("choice", bl.Regression("~ x + member", intercept=WIDE, slope=WIDE))
PLAIN = bl.Multinomial("choice", bl.Regression("~ x + member"))
NESTED = bl.Multinomial("choice", bl.Regression("~ x + member + (1 | group)"))
FULL = bl.SurveyDesign(weights="w", strata="h", cluster="psu")
SHORT = {"draws": 100, "tune": 100, "chains": 2, "until": None, "progressbar": False}


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        for category in (bl.ConvergenceWarning, bl.WeightsInGroupsWarning):
            warnings.simplefilter("ignore", category)
        yield


def prepared_of(model, design, **options):
    return prepare_named(model, SURVEY, count=None, missing="raise", key=None, design=design, **options)


def maximum(prepared):
    """Free coordinates at the maximum of the log pseudo-posterior."""
    coordinates = Coordinates.of(prepared)
    start = coordinates.density.coordinates(prepared.start)
    found = minimize(lambda at: -coordinates.posterior.log_density(at)[0], start, method="BFGS")
    at = found.x
    for _ in range(20):  # Newton steps to rounding
        at = at + np.linalg.solve(curvature(coordinates.posterior, at), coordinates.posterior.log_density(at)[1])
    return coordinates, at


def contrasts(coordinates, values):
    """Log odds of b and c against a, intercept then slopes, from all expanded variables (variable, ...)."""
    names = [variable.name for variable in coordinates.density.variables]
    sizes = [int(np.prod(shape)) for shape in coordinates.shapes]
    stops = np.cumsum(sizes)
    part = {name: values[stop - size : stop] for name, size, stop in zip(names, sizes, stops, strict=True)}
    table = np.concatenate([part["intercept"][None], part["slope"].reshape(2, 3, *values.shape[1:])])  # (term, class)
    return np.concatenate([table[:, c] - table[:, 0] for c in (1, 2)])


def test_the_likelihood_is_that_of_repeated_rows():
    repeated = np.repeat(np.arange(N), SURVEY["whole"].astype(int))
    assert len(repeated) == N > len(np.unique(repeated))
    coordinates = Coordinates.of(prepared_of(PLAIN, bl.SurveyDesign(weights="whole")))
    rng = np.random.default_rng(1)
    for _ in range(3):
        at = rng.normal(size=coordinates.posterior.n_inputs)
        value = coordinates.posterior.log_density(at)[0] - coordinates.prior.log_density(at)[0]
        beta = np.vstack([np.zeros(3), contrasts(coordinates, coordinates.posterior.expand(at)).reshape(2, 3)])
        by_row = log_softmax(DESIGN @ beta.T, axis=1)[np.arange(N), CODES]
        assert value == pytest.approx(by_row[repeated].sum(), abs=1e-8)


def test_the_maximum_is_that_of_repeated_rows_by_statsmodels():
    repeated = np.repeat(np.arange(N), SURVEY["whole"].astype(int))
    theirs = sm.MNLogit(CODES[repeated], DESIGN[repeated]).fit(disp=0, method="newton", tol=1e-14, maxiter=100).params
    coordinates, at = maximum(prepared_of(FLAT, bl.SurveyDesign(weights="whole")))
    ours = contrasts(coordinates, coordinates.posterior.expand(at))
    np.testing.assert_allclose(ours, np.asarray(theirs).T.ravel(), atol=1e-8)


def sandwich(weight, stratum, unit):
    """Estimates and covariance of svyolr-like linearisation, written out: totals of clusters about their stratum."""
    weight, free = weight * N / weight.sum(), np.zeros(6)

    def parts(free):
        beta = np.vstack([np.zeros(3), free.reshape(2, 3)])
        p = softmax(DESIGN @ beta.T, axis=1)
        residual = np.eye(3)[CODES] - p
        score = np.einsum("ic,it->ict", residual[:, 1:], DESIGN).reshape(N, 6)
        information = np.zeros((6, 6))
        for row in range(N):
            spread = np.diag(p[row, 1:]) - np.outer(p[row, 1:], p[row, 1:])
            information += weight[row] * np.kron(spread, np.outer(DESIGN[row], DESIGN[row]))
        return score, information

    for _ in range(30):
        score, information = parts(free)
        free = free + np.linalg.solve(information, weight @ score)
    score, information = parts(free)
    between = np.zeros((6, 6))
    for h in np.unique(stratum):
        units = np.unique(unit[stratum == h])
        totals = np.array([(weight[:, None] * score)[(stratum == h) & (unit == u)].sum(axis=0) for u in units])
        away = totals - totals.mean(axis=0)
        between += len(units) / (len(units) - 1) * away.T @ away
    inverse = np.linalg.inv(information)
    return free, inverse @ between @ inverse


@pytest.mark.parametrize(
    ("design", "columns"),
    [(FULL, ("w", "h", "psu")), (bl.SurveyDesign(weights="w"), ("w", None, None))],
    ids=["weights, strata, clusters", "weights"],
)
def test_standard_errors_are_the_sandwich_of_the_design(design, columns):
    weight, stratum, unit = (
        SURVEY[name].to_numpy() if name else np.arange(N) if place == 2 else np.zeros(N)
        for place, name in enumerate(columns)
    )
    estimate, covariance = sandwich(weight, stratum, unit)
    prepared = prepared_of(FLAT, design)
    coordinates, at = maximum(prepared)
    np.testing.assert_allclose(contrasts(coordinates, coordinates.posterior.expand(at)), estimate, atol=1e-7)
    fit = Fit.reading(coordinates.variables(at[None, None]))
    matrix, left, held = coordinates.information(at, fit).correction()
    along = contrasts(coordinates, coordinates.derivatives(at))  # (contrast, coordinate)
    corrected = along @ matrix.T @ np.linalg.inv(curvature(coordinates.posterior, at)) @ matrix @ along.T
    assert left == held == 0
    np.testing.assert_allclose(np.sqrt(np.diag(corrected)), np.sqrt(np.diag(covariance)), rtol=1e-4)
    np.testing.assert_allclose(corrected, covariance, rtol=5e-3, atol=2e-5)


@pytest.fixture(scope="module")
def fits():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            name: bl.fit(model, SURVEY, design=FULL, **SHORT) for name, model in (("plain", PLAIN), ("nested", NESTED))
        }


def test_scores_add_up_to_the_gradient_of_the_likelihood(fits):
    for name, model in (("plain", PLAIN), ("nested", NESTED)):
        coordinates = Coordinates.of(prepared_of(model, FULL))
        at = coordinates.density.coordinates(coordinates.prepared.start) + 0.1
        gradient = coordinates.posterior.log_density(at)[1] - coordinates.prior.log_density(at)[1]
        scores = coordinates.scores(at)
        np.testing.assert_allclose(Fit.reading(fits[name]).weight @ scores, gradient, rtol=1e-5, atol=1e-5)


def test_every_respondent_may_keep_a_row():
    each, together = (Density(PLAIN.build(SURVEY, design=FULL, collapse=collapse)) for collapse in (False, True))
    assert each.n_rows == N > together.n_rows
    (every, _), (distinct, _) = each.program(), together.program()
    at = np.random.default_rng(2).normal(size=every.n_inputs)
    assert every.log_density(at)[0] == pytest.approx(distinct.log_density(at)[0], rel=1e-10)


def share_of_everybody(draws, frame):
    posterior = draws["posterior"].to_dataset().stack(s=["chain", "draw"])
    alpha, beta = (posterior[name].transpose("s", ..., "category").to_numpy() for name in ("intercept", "slope"))
    x = np.column_stack([frame["x"], frame["member"] == "yes"]).astype(float)
    eta = alpha + np.einsum("it,stc->isc", x, beta)
    if "group_effect" in posterior:
        u = posterior["group_effect"].transpose("s", "group", "category")
        eta = eta + np.stack([u.sel(group=str(name)).to_numpy() for name in frame["group"]])
    return softmax(eta, axis=2)


def test_averages_over_respondents_are_weighted(fits):
    draws, weight = fits["plain"], SURVEY["w"].to_numpy()
    mean = np.average(share_of_everybody(draws, SURVEY), axis=0, weights=weight).mean(axis=0)
    np.testing.assert_allclose(bl.predict_classes(draws)["mean"], mean, atol=1e-6)
    more = share_of_everybody(draws, SURVEY.assign(x=SURVEY["x"] + 1)) - share_of_everybody(draws, SURVEY)
    effect = np.average(more, axis=0, weights=weight).mean(axis=0)
    np.testing.assert_allclose(bl.average_marginal_effects(draws, "x", comparison=1)["mean"], effect, atol=1e-6)
    nested = fits["nested"]
    weight = Fit.reading(nested).survey_weight
    shares = bl.group_shares(nested)
    first = SURVEY.assign(group="g0")
    mean = np.average(share_of_everybody(nested, first), axis=0, weights=weight).mean(axis=0)
    np.testing.assert_allclose(shares.loc["g0", "mean"], mean, atol=1e-6)
    cells = SURVEY.groupby(["x", "member", "group"]).size().rename("N").reset_index().assign(N=lambda f: 3 * f["N"])
    table = bl.poststratify(nested, cells)
    chosen = np.average(np.eye(3)[CODES], axis=0, weights=weight)
    np.testing.assert_allclose(table["sample_share"], chosen, atol=1e-8)


def test_total_log_likelihood_is_weighted(fits):
    draws, weight = fits["plain"], SURVEY["w"].to_numpy() * N / SURVEY["w"].sum()
    log_share = np.log(share_of_everybody(draws, SURVEY))[np.arange(N), :, CODES]  # (row, draw)
    stored = draws["sample_stats"]["total_log_likelihood"].to_numpy().ravel()
    np.testing.assert_allclose(stored, weight @ log_share, rtol=1e-8)
    assert "draws corrected for the survey design" in bl.odds_ratios(draws).note
    effects = bl.design_effects(draws)["design_effect"]
    assert effects.between(0.5, 5).all()


def test_what_cannot_be_weighted_is_refused():
    gone = SURVEY.assign(w=np.where(SURVEY["choice"] == "b", 0.0, SURVEY["w"]))
    with pytest.raises(ValueError, match=r"all survey weights of 'b' of outcome 'choice' are 0 in \d+ of 400 rows"):
        PLAIN.build(gone, design=FULL)
    with pytest.raises(ValueError, match="cluster='choice' of the survey design is also the outcome of 400 rows: name"):
        PLAIN.build(SURVEY, design=bl.SurveyDesign(cluster="choice"))
    lacking = SURVEY.assign(choice=SURVEY["choice"].where(SURVEY.index % 5 > 0))
    with pytest.warns(UserWarning, match="80 of 400 rows left out"):
        prepared = prepare_named(PLAIN, lacking, count=None, missing="drop", key=None, design=FULL)
    kept = SURVEY.index % 5 > 0
    weight = prepared.groups["survey_design"]["weight"].to_numpy()
    np.testing.assert_allclose(weight, SURVEY["w"][kept] * kept.sum() / SURVEY["w"][kept].sum())
    assert prepared.groups["patterns"]["survey_weight"].sum().item() == pytest.approx(kept.sum())
