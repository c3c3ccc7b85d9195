"""How much scores vary over samples of a survey design, against loops; published figures where they lie beside."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.design_errors import DesignErrors
from bayes_lca.likelihood.design_information import design_information
from bayes_lca.likelihood.em import fit_em

RNG = np.random.default_rng(5)
N = 60
FRAME = pd.DataFrame(
    {
        "w": RNG.gamma(2.0, size=N),
        "h": np.repeat(["p", "q", "r"], [20, 18, 22]),
        "c": np.concatenate([RNG.integers(0, 4, 20), RNG.integers(0, 3, 18), RNG.integers(0, 5, 22)]),
    }
)
PATTERN = RNG.integers(0, 9, N)
SCORE = RNG.normal(size=(9, 4))
SIZES = {"p": 9, "q": 12, "r": 5}
PERSONS = {"p": 100, "q": 30, "r": 44}


def by_a_loop(design):
    """Covariance of the weighted total of scores, unit by unit and stratum by stratum, as a textbook writes it."""
    weight = FRAME["w"].to_numpy() if design.weights else np.ones(N)
    weight = weight * N / weight.sum()
    strata = FRAME["h"] if design.strata else pd.Series(["all"] * N)
    result = np.zeros((4, 4))
    for name in strata.unique():
        units = {}
        for row in range(N):
            if strata[row] == name:
                unit = FRAME["c"][row] if design.cluster else row
                units[unit] = units.get(unit, np.zeros(4)) + weight[row] * SCORE[PATTERN[row]]
        totals, n = np.array(list(units.values())), len(units)
        size = np.inf if design.population is None else design.population
        size = size[name] if isinstance(size, dict) else size
        mean = totals.mean(axis=0)
        for total in totals:
            result += (1 - n / size) * n / (n - 1) * np.outer(total - mean, total - mean)
    return result


@pytest.mark.parametrize(
    "design",
    [
        bl.SurveyDesign(weights="w"),
        bl.SurveyDesign(cluster="c"),
        bl.SurveyDesign(weights="w", strata="h"),
        bl.SurveyDesign(weights="w", strata="h", cluster="c"),
        bl.SurveyDesign(weights="w", strata="h", cluster="c", population=SIZES),
        bl.SurveyDesign(weights="w", strata="h", population=PERSONS),
        bl.SurveyDesign(weights="w", population=600),
    ],
)
def test_covariance_is_that_of_a_loop_over_strata_and_clusters(design):
    sample = design.read(FRAME).scaled(np.ones(N, dtype=bool))
    np.testing.assert_allclose(design_information(SCORE, PATTERN, sample), by_a_loop(design), rtol=1e-12)


def test_a_whole_population_has_no_error():
    sample = bl.SurveyDesign(weights="w", population=N).read(FRAME).scaled(np.ones(N, dtype=bool))
    np.testing.assert_allclose(design_information(SCORE, PATTERN, sample), 0, atol=1e-12)


def simulated(n, rng):
    """Answers of two classes to five items, and their distinct rows."""
    latent_class = rng.random(n) < 0.4
    codes = (rng.random((n, 5)) < np.where(latent_class, 0.85, 0.2)[:, None]).astype(int)
    return codes, unique_rows(codes)


def fitted(codes, rows):
    fit = fit_em(codes[rows.first], rows.count, [2] * codes.shape[1], 2, n_starts=5)
    return Classification(fit.item_probability, fit.class_share, codes[rows.first], rows.count)


def test_scaling_of_a_simple_random_sample_is_one():
    codes, rows = simulated(20_000, np.random.default_rng(2))
    design = bl.SurveyDesign(cluster="id")
    sample = design.read(pd.DataFrame({"id": range(len(codes))})).scaled(np.ones(len(codes), dtype=bool))
    errors = DesignErrors.of(fitted(codes, rows), rows.pattern, sample)
    assert errors.scaling == pytest.approx(1, abs=0.02)


def test_standard_errors_are_the_spread_over_weighted_samples():
    """Members of one class are drawn four times as often as others; 150 samples, each with its standard error."""
    rng = np.random.default_rng(8)
    shares, errors = [], []
    codes, _ = simulated(8000, rng)
    chance = np.where(codes.sum(axis=1) > 2, 0.2, 0.05)
    for _ in range(150):
        drawn = codes[rng.random(len(codes)) < chance]
        frame = pd.DataFrame({"w": 1 / np.where(drawn.sum(axis=1) > 2, 0.2, 0.05)})
        rows = unique_rows(drawn)
        sample = bl.SurveyDesign(weights="w").read(frame).scaled(np.ones(len(drawn), dtype=bool))
        model = fitted(drawn, sample.weighing(rows))
        shares.append(model.class_share[1])
        errors.append(DesignErrors.of(model, rows.pattern, sample).of_shares[1])
    assert np.mean(shares) == pytest.approx(0.4, abs=0.015)
    assert np.mean(errors) == pytest.approx(np.std(shares), rel=3 / np.sqrt(2 * 150))


def test_shares_that_the_answers_leave_open_have_no_errors():
    codes = np.array([[0], [1]] * 20)
    rows = unique_rows(codes)
    sample = bl.SurveyDesign(weights="w").read(pd.DataFrame({"w": np.arange(1.0, 41)})).scaled(np.ones(40, dtype=bool))
    probability = np.array([[[0.8, 0.2]], [[0.2, 0.8]]])
    open_model = Classification(probability, np.array([0.5, 0.5]), codes[rows.first], sample.weighing(rows).count)
    assert DesignErrors.of(open_model, rows.pattern, sample) is None
