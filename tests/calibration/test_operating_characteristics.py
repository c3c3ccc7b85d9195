"""Rates, biases and their standard errors, against counts made by hand."""

import numpy as np
import pandas as pd
import pytest

from bayes_lca.calibration.intervals.operating_characteristics import operating_characteristics

CELL = {"design": "observed, null", "group_sd": 0.2, "estimator": "multilevel", "predictor": "tier"}


def coefficient(replicate, term, truth, estimate, lower, upper, contrast="C2 vs C1", **cell):
    row = {"replicate": replicate, "contrast": contrast, "term": term, "truth": truth, "estimate": estimate}
    return CELL | cell | row | {"sd": 1.0, "lower": lower, "upper": upper}


def fit(replicate, divergences=0, max_r_hat=1.0, *, warned=False, **cell):
    return (
        CELL
        | cell
        | {
            "replicate": replicate,
            "divergences": divergences,
            "max_r_hat": max_r_hat,
            "min_ess": 500.0,
            "warned": warned,
        }
    )


COEFFICIENTS = pd.DataFrame(
    [
        coefficient(0, "tier[medium]", 0, 0.5, 0.1, 0.9),
        coefficient(0, "tier[high]", 0, -0.5, -0.9, -0.1),
        coefficient(1, "tier[medium]", 0, 0.2, -0.4, 0.8),
        coefficient(1, "tier[high]", 0, 0.2, 0.1, 0.3),
        coefficient(2, "tier[medium]", 0, 0, -1, 1),
        coefficient(2, "tier[high]", 0, 0, -1, 1),
        coefficient(3, "tier[medium]", 0, 0.4, -1, 1),
        coefficient(3, "tier[high]", 0, 0, -1, 1),
        coefficient(0, "role[lead]", 0.3, 0.5, 0.4, 0.6),
        coefficient(1, "role[lead]", 0.3, 0.3, 0.2, 0.4),
        coefficient(0, "role[lead]", -0.6, -0.8, -1.0, -0.4, contrast="C3 vs C2"),
        coefficient(1, "role[lead]", -0.6, -0.5, -1.1, 0.1, contrast="C3 vs C2"),
    ]
)
FITS = pd.DataFrame([fit(0, divergences=3, warned=True), fit(1, max_r_hat=1.02), fit(2, max_r_hat=1.01), fit(3)])


@pytest.fixture(scope="module")
def table():
    return operating_characteristics(COEFFICIENTS, FITS).set_index("coefficient")


def test_type_1_error_is_the_mean_over_data_sets_with_their_spread(table):
    of_data_sets = np.array([1, 0.5, 0, 0])
    assert table.loc["tier", "type_1_error"] == pytest.approx(0.375)
    assert table.loc["tier", "type_1_error_se"] == pytest.approx(of_data_sets.std(ddof=1) / 2)
    assert table.loc["tier", "coverage"] == pytest.approx(0.625)
    assert np.isnan(table.loc["tier", "power"])
    assert table.loc["tier", "replicates"] == 4


def test_power_counts_intervals_without_zero_and_coverage_those_with_the_truth(table):
    assert table.loc["role", "power"] == pytest.approx(0.75)
    assert table.loc["role", "coverage"] == pytest.approx(0.75)
    assert np.isnan(table.loc["role", "type_1_error"])


def test_bias_away_from_zero_is_positive(table):
    assert table.loc["role", "bias"] == pytest.approx((0.2 + 0 + 0.2 - 0.1) / 4)
    assert table.loc["role", "relative_bias"] == pytest.approx(0.3 / 1.8)
    assert table.loc["tier", "bias"] == pytest.approx(0.1)
    assert np.isnan(table.loc["tier", "relative_bias"])
    assert table.loc["role", "mean_width"] == pytest.approx((0.2 + 0.2 + 0.6 + 1.2) / 4)


def test_fits_with_problems_are_counted_not_left_out(table):
    for name in ("tier", "role"):
        counts = table.loc[name, ["fits", "fits_with_divergences", "fits_with_high_r_hat", "fits_with_warning"]]
        assert counts.tolist() == [4, 1, 1, 1]


def test_maximum_likelihood_has_no_fits_to_diagnose():
    ml = operating_characteristics(COEFFICIENTS.assign(estimator="single-level"), FITS)
    assert ml["fits"].isna().all()
    assert ml["class"].eq("observed").all()


def test_a_rate_of_zero_has_a_standard_error():
    rows = [coefficient(r, "score", 0, 0.0, -1, 1, predictor="score") for r in range(200)]
    table = operating_characteristics(pd.DataFrame(rows), FITS.assign(predictor="score"))
    assert table["type_1_error"].item() == 0
    p = 2 / 204
    assert table["type_1_error_se"].item() == pytest.approx(np.sqrt(p * (1 - p) / 204))


def test_cells_are_kept_apart():
    other = COEFFICIENTS.assign(group_sd=0.5, lower=-9.0, upper=9.0)
    table = operating_characteristics(pd.concat([COEFFICIENTS, other]), FITS)
    of_tier = table[table["coefficient"] == "tier"].set_index("group_sd")["type_1_error"]
    assert of_tier.to_dict() == {0.2: 0.375, 0.5: 0.0}
    assert table.set_index("group_sd").loc[0.5, "fits"].isna().all()
