"""One replicate: the same whenever it is run, its rows in the order of classes and in the user's units."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayes_lca.calibration.intervals.designs import CONTRASTS, DESIGNS, LATENT_NULL, OBSERVED_EFFECT, OBSERVED_NULL
from bayes_lca.calibration.intervals.replicates import (
    JOINT,
    MULTILEVEL,
    SINGLE_LEVEL,
    compile_all,
    posteriors,
    run_replicate,
    seeds,
)

SHORT = replace(OBSERVED_EFFECT, draws=400, tune=200)
GROUP_SD = 0.1


@pytest.fixture(scope="module")
def replicates():
    """Replicate 0, then another, then replicate 0 again."""
    compile_all([SHORT], "program")
    return [run_replicate(SHORT, GROUP_SD, replicate, seed=5, backend="program") for replicate in (0, 1, 0)]


def coefficients(replicate):
    return pd.DataFrame(replicate["coefficients"]).set_index(["estimator", "contrast", "term"])


def test_a_replicate_does_not_depend_on_what_ran_before(replicates):
    first, other, again = (coefficients(one) for one in replicates)
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert not first["estimate"].eq(other["estimate"]).any()


def test_rows_are_every_estimator_contrast_and_term_with_its_truth(replicates):
    found = coefficients(replicates[0])
    terms = ["participation", "role[lead]", "score"]
    expected = [
        (estimator, f"{later} vs {earlier}", term)
        for estimator in (SINGLE_LEVEL, MULTILEVEL)
        for earlier, later in CONTRASTS
        for term in terms
    ]
    assert found.index.tolist() == expected
    for _, contrast, term in expected:
        truth = SHORT.truth(term, tuple(contrast.split(" vs ")[::-1]))
        assert found.xs((contrast, term), level=["contrast", "term"])["truth"].eq(truth).all()


def test_posterior_of_individual_covariates_is_near_maximum_likelihood(replicates):
    """Both use the same data; random intercepts of .1 move slopes within groups by little, their spread by a tenth."""
    for replicate in replicates[:2]:
        found = coefficients(replicate)
        within = found[~found.index.get_level_values("term").isin(["score"])]
        single, multi = within.xs(SINGLE_LEVEL), within.xs(MULTILEVEL)
        effective = min(fit["min_ess"] for fit in replicate["fits"])
        assert ((multi["estimate"] - single["estimate"]).abs() < (0.25 + 4 / effective**0.5) * single["sd"]).all()
        assert (np.log(multi["sd"] / single["sd"]).abs() < 0.1 + 4 * (0.5 / effective) ** 0.5).all()


@pytest.mark.parametrize("estimator", [SINGLE_LEVEL, MULTILEVEL])
def test_intervals_hold_the_estimate_and_95_percent(replicates, estimator):
    rows = coefficients(replicates[0]).xs(estimator)
    assert ((rows["lower"] < rows["estimate"]) & (rows["estimate"] < rows["upper"])).all()
    in_sd = (rows["upper"] - rows["lower"]) / rows["sd"]
    np.testing.assert_allclose(in_sd, 2 * 1.959964, rtol=1e-6 if estimator == SINGLE_LEVEL else 0.25)


def test_estimates_of_a_contrast_are_differences(replicates):
    """C3 vs C2 is C3 vs C1 less C2 vs C1, for both estimators."""
    estimate = coefficients(replicates[0])["estimate"].unstack("contrast")
    np.testing.assert_allclose(estimate["C3 vs C2"], estimate["C3 vs C1"] - estimate["C2 vs C1"], atol=1e-9)


def test_fits_are_diagnosed(replicates):
    (fit,) = replicates[0]["fits"]
    assert fit["estimator"] == MULTILEVEL
    assert fit["divergences"] >= 0
    assert 0.99 < fit["max_r_hat"] < 1.5
    assert 0 < fit["min_ess"] < 400
    assert fit["warned"]  # 300 draws have fewer than 400 effective ones
    assert fit["seconds"] > 0


def test_seeds_depend_on_study_design_sd_and_replicate_alone():
    cells = [
        (design, sd, replicate, seed)
        for design in DESIGNS
        for sd in design.group_sds
        for replicate in range(3)
        for seed in (1, 2)
    ]
    found = {(*seeds(*cell)[0].generate_state(2), seeds(*cell)[1]) for cell in cells}
    assert len(found) == len(cells)
    assert seeds(replace(OBSERVED_NULL, draws=7, replicates=3), 0.35, 1, 1)[1] == seeds(OBSERVED_NULL, 0.35, 1, 1)[1]


def test_seeds_stay_what_they_are():
    """Change them and a study of before cannot be taken up."""
    data, sampler = seeds(OBSERVED_NULL, 0.35, 7, 20251107)
    assert (int(data.generate_state(1)[0]), sampler) == (3882397264, 2405736210)


def test_latent_classes_are_analysed_hidden_and_as_if_seen():
    assert posteriors(LATENT_NULL) == (MULTILEVEL, JOINT)
    assert posteriors(OBSERVED_NULL) == (MULTILEVEL,)


@pytest.mark.slow
def test_joint_model_undoes_the_shrinkage_of_most_likely_classes():
    short = replace(LATENT_NULL, predictors=("score",), draws=200, tune=300)
    found = pd.concat([coefficients(run_replicate(short, 0.0, r, seed=5, backend="jax")) for r in range(3)])
    slope = found.xs(("C3 vs C1", "participation"), level=["contrast", "term"]).groupby("estimator")
    mean, error = slope["estimate"].mean(), slope["sd"].mean() / np.sqrt(3)
    assert mean[JOINT] == pytest.approx(0.34, abs=4 * error[JOINT])
    assert mean[SINGLE_LEVEL] < mean[JOINT]
    assert mean[MULTILEVEL] == pytest.approx(mean[SINGLE_LEVEL], abs=error[SINGLE_LEVEL])
