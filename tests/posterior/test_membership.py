"""Membership is Bayes' rule, draw by draw and respondent by respondent."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.posterior.tables.membership import outside_in_words

SINGLE = 1e-6
"""Membership draws are stored in single precision."""


def bayes_rule(draws, survey, respondent, chain, draw):
    """P(class | answers, covariates, group) of one respondent in one draw, written out."""
    posterior = draws["posterior"].to_dataset().isel(chain=chain, draw=draw)
    row = survey.loc[respondent]
    weights = []
    for name in ("C1", "C2", "C3"):
        of_class = posterior.sel(latent_class=name)
        if "slope" in posterior:
            logit = float(of_class["intercept"]) + float(of_class["group_effect"].sel(group=row["group"]))
            logit += float(of_class["slope"].sel(term="participation")) * row["participation"]
            if row["education"] != "college or below":
                logit += float(of_class["slope"].sel(term=f"education[{row['education']}]"))
            weight = np.exp(logit)
        else:
            weight = float(of_class["class_share"])
        for item in bl.cohort_items():
            if not pd.isna(row[item]):
                weight *= float(of_class["item_probability"].sel(item=item, category=row[item]))
        weights.append(weight)
    return np.array(weights) / np.sum(weights)


@pytest.mark.parametrize("name", ["lca_draws", "joint_draws"])
def test_membership_is_bayes_rule(name, survey, request):
    draws = request.getfixturevalue(name)
    probability = bl.membership_draws(draws)
    assert probability.dims == ("chain", "draw", "respondent", "latent_class")
    incomplete = survey.index[survey[bl.cohort_items()].isna().any(axis=1)]
    for respondent in [*survey.index[:4], *incomplete[:3], incomplete[-1]]:
        for chain, draw in ((0, 0), (2, 255), (3, 299)):
            stored = probability.isel(chain=chain, draw=draw).sel(respondent=respondent)
            expected = bayes_rule(draws, survey, respondent, chain, draw)
            np.testing.assert_allclose(stored, expected, rtol=0, atol=SINGLE)


@pytest.mark.parametrize("name", ["lca_draws", "joint_draws"])
def test_membership_sums_to_one(name, request):
    draws = request.getfixturevalue(name)
    np.testing.assert_allclose(bl.membership_draws(draws).sum("latent_class"), 1.0, rtol=0, atol=SINGLE)
    table = bl.membership(draws)
    np.testing.assert_allclose(table[["C1", "C2", "C3"]].sum(axis=1), 1.0, rtol=0, atol=SINGLE)


def test_without_any_answer_membership_is_the_class_shares(lca_draws, survey):
    nobody = survey.index[-1]
    assert survey.loc[nobody, bl.cohort_items()].isna().all()
    of_nobody = bl.membership_draws(lca_draws).sel(respondent=nobody)
    np.testing.assert_allclose(of_nobody, lca_draws["posterior"]["class_share"], rtol=0, atol=SINGLE)
    np.testing.assert_allclose(bl.membership(lca_draws).loc[nobody, "C1"], bl.class_sizes(lca_draws).loc["C1", "mean"])


def test_equal_answers_have_equal_membership(lca_draws, survey):
    table = bl.membership(lca_draws)[["C1", "C2", "C3"]]
    patterns = survey[bl.cohort_items()].astype(object).where(survey[bl.cohort_items()].notna(), "missing")
    spread = table.groupby([patterns[item] for item in bl.cohort_items()]).agg(np.ptp)
    assert len(spread) < 300
    assert spread.to_numpy().max() == 0


def test_table_is_that_of_the_draws(joint_draws, survey):
    table = bl.membership(joint_draws, ci_prob=0.9)
    probability = bl.membership_draws(joint_draws).to_numpy().reshape(1200, 600, 3).astype(float)
    assert table.index.equals(pd.Index(survey.index, name="respondent"))
    mean = probability.mean(axis=0)
    np.testing.assert_allclose(table[["C1", "C2", "C3"]], mean, rtol=0, atol=SINGLE)
    modal = mean.argmax(axis=1)
    assert table["modal_class"].tolist() == [f"C{k + 1}" for k in modal]
    np.testing.assert_allclose(table["certainty"], mean.max(axis=1), rtol=0, atol=SINGLE)
    of_modal = probability[:, np.arange(600), modal]
    np.testing.assert_allclose(table["certainty_lower"], np.quantile(of_modal, 0.05, axis=0), rtol=0, atol=SINGLE)
    np.testing.assert_allclose(table["certainty_upper"], np.quantile(of_modal, 0.95, axis=0), rtol=0, atol=SINGLE)
    assert (table["certainty"] >= 1 / 3).all()


def test_mean_membership_is_near_the_class_shares(lca_draws):
    """Summed over respondents, membership given the answers averages to the shares, up to the prior's pull."""
    mean = bl.membership(lca_draws)[["C1", "C2", "C3"]].mean()
    np.testing.assert_allclose(mean, bl.class_sizes(lca_draws)["mean"], atol=0.01)


def test_modal_classes_find_the_simulated_ones(lca_draws, survey):
    """The cohort's classes separate well: modal assignment is right for most respondents."""
    table = pd.crosstab(bl.membership(lca_draws)["modal_class"].to_numpy(), survey["benefit"].to_numpy())
    best = table.to_numpy().max(axis=1).sum() / len(survey)
    assert len(set(table.to_numpy().argmax(axis=1))) == 3
    assert best > 0.75
    certainty = bl.membership(lca_draws)["certainty"].mean()
    assert best == pytest.approx(certainty, abs=4 * np.sqrt(0.25 / len(survey)))


def test_means_outside_their_intervals_are_counted_in_the_note():
    """A certainty that 2 of 100 draws doubt has a mean below the interval."""
    table = pd.DataFrame({"certainty": [0.98, 0.7], "certainty_lower": [1.0, 0.5], "certainty_upper": [1.0, 0.9]})
    assert outside_in_words(table) == ", outside which 1 of 2 means lie, as those of very skew draws do"
    assert outside_in_words(table.iloc[1:]) == ""
