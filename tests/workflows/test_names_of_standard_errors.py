"""A standard error is called `se`, and a posterior's standard deviation `sd`, in whatever table they stand."""

import numpy as np
import pytest
from scipy.stats import norm

import bayes_lca as bl

TWICE = 2 * norm.ppf(0.975)


@pytest.fixture(scope="module")
def by_likelihood():
    """Tables of maximum likelihood, by what they hold."""
    measured, survey = bl.load_example("alone"), bl.example_survey()
    items = bl.Items(["training", "recognition", "expertise"])
    likelihood = bl.maximum_likelihood(items, survey, 2, n_starts=10)
    found = bl.bch_outcomes(measured, ["attitude", "score"], survey, "~ participation")
    regression = bl.Regression("~ participation")
    return {
        **{f"bch_outcomes, {name}": table for name, table in found.tables.items()},
        **{
            f"stepwise_outcome, {method}": bl.stepwise_outcome(measured, "attitude", survey, method=method)
            for method in ("bch", "modal", "proportional")
        },
        "stepwise_odds_ratios": bl.stepwise_odds_ratios(measured, regression, survey),
        "shares": likelihood.shares,
        "probabilities": likelihood.probabilities,
        "thresholds": likelihood.thresholds,
        "class_logits": likelihood.class_logits(),
    }


def test_tables_of_maximum_likelihood_have_se(by_likelihood):
    for what, table in by_likelihood.items():
        assert "se" in table and not {"sd", "standard_error", "SE", "S.E."} & set(table), what


def test_se_makes_the_interval(by_likelihood):
    """Where it is symmetric in the estimate itself."""
    for what, table in by_likelihood.items():
        if what.startswith(("stepwise_outcome", "bch_outcomes, means", "bch_outcomes, coefficients")):
            there = table["se"].notna()
            assert there.any(), what
            width = (table["upper"] - table["lower"])[there]
            np.testing.assert_allclose(width, TWICE * table["se"][there], rtol=1e-6, err_msg=what)
    ratios = by_likelihood["stepwise_odds_ratios"]
    np.testing.assert_allclose(np.log(ratios["upper"] / ratios["lower"]), TWICE * ratios["se"], rtol=1e-6)


def test_estimators_side_by_side_have_the_one_or_the_other(by_likelihood):
    joint = bl.load_example()
    fits = {"measured": bl.load_example("alone"), "BCH": by_likelihood["stepwise_odds_ratios"], "joint": joint}
    table = bl.compare_estimators(fits=fits).xs("participation", level="term")
    assert table.columns.tolist()[4:7] == ["log_odds", "sd", "se"]
    assert table.xs("BCH", level="estimator")[["sd", "se"]].notna().values.tolist() == [[False, True]]
    assert table.xs("joint", level="estimator")[["sd", "se"]].notna().values.tolist() == [[True, False]]


def test_errors_from_groups_alone_have_the_name_too():
    assert "between_se" in bl.group_level_effects(bl.load_example())
