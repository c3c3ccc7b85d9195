"""Membership of new respondents is Bayes' rule with the parameters of the fit, unseen groups integrated out."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from scipy.special import softmax

import bayes_lca as bl
from bayes_lca.datasets.example import ITEMS

NUMBERS = ["C1", "C2", "certainty", "certainty_lower", "certainty_upper"]


@pytest.fixture(scope="module")
def draws():
    """Two classes of three items, with a regression on two numbers and six groups."""
    return bl.load_example()


def bayes_rule(draws, row, of_group):
    """P(class | answers, covariates, effect of the group) in every draw, written out; effects of shape (..., class)."""
    posterior = draws["posterior"].to_dataset()
    eta = posterior["intercept"].transpose("chain", "draw", "latent_class").to_numpy() + of_group
    for term in ("participation", "score"):
        slope = posterior["slope"].sel(term=term).transpose("chain", "draw", "latent_class").to_numpy()
        eta = eta + slope * row[term]
    for item in ITEMS:
        if not pd.isna(row[item]):
            rho = posterior["item_probability"].sel(item=item, category=row[item])
            eta = eta + np.log(rho.transpose("chain", "draw", "latent_class").to_numpy())
    return softmax(eta, axis=-1)


def test_respondents_of_the_fit_scored_anew_have_their_membership(draws):
    for fit in (draws, bl.load_example("alone")):
        numbers = bl.membership(fit, bl.example_survey())[NUMBERS], bl.membership(fit)[NUMBERS]
        pd.testing.assert_frame_equal(*map(pd.DataFrame, numbers), rtol=1e-6)


def test_new_answers_missing_ones_and_new_covariates(draws):
    survey = bl.example_survey()
    new = survey.iloc[[3, 40, 90, 100]].assign(participation=[1.0, 4.5, 11.0, 7.25], group=["G1", "G6", "G2", "G2"])
    new["training"] = new["training"].astype(object)
    new.loc[new.index[1], "training"] = None
    new.loc[new.index[2], list(ITEMS)] = None
    new.index = ["a", "b", "c", "d"]
    table = bl.membership(draws, new)
    assert table.index.tolist() == ["a", "b", "c", "d"]
    effects = draws["posterior"]["group_effect"].transpose("chain", "draw", "group", "latent_class")
    for name, row in new.iterrows():
        expected = bayes_rule(draws, row, effects.sel(group=row["group"]).to_numpy()).reshape(-1, 2)
        np.testing.assert_allclose(table.loc[name, ["C1", "C2"]].astype(float), expected.mean(axis=0), atol=1e-6)
        modal = expected.mean(axis=0).argmax()
        bounds = np.quantile(expected[:, modal], [0.025, 0.975])
        np.testing.assert_allclose(table.loc[name, NUMBERS[3:]].astype(float), bounds, atol=1e-6)
        assert table.loc[name, "modal_class"] == ["C1", "C2"][modal]
    assert "n = 4," in table.attrs["note"] and "4 answers missing" in table.attrs["note"]
    alone = bl.membership(draws, new.loc[["b"]])
    np.testing.assert_array_equal(alone[NUMBERS], table.loc[["b"], NUMBERS])
    by_polars = bl.membership(draws, pl.from_pandas(new.reset_index(drop=True)))
    np.testing.assert_array_equal(by_polars[NUMBERS], table[NUMBERS])


def test_the_effect_of_an_unseen_group_is_integrated_out(draws):
    """Against quadrature in every draw; groups differ so much that effects not drawn given answers would show."""
    wide = draws.copy()
    posterior = draws["posterior"].to_dataset()
    wide["posterior"] = xr.DataTree(posterior.assign(group_sd=4 * posterior["group_sd"]))
    row = bl.example_survey().iloc[4].copy()
    sd = wide["posterior"]["group_sd"].transpose("chain", "draw", "latent_class").to_numpy()
    sd_of_contrast = np.sqrt((sd**2).sum(axis=-1))[..., None]
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    of_group = np.stack([sd_of_contrast * nodes, -sd_of_contrast * nodes], axis=-1) / 2  # (chain, draw, node, class)
    without_answers = row.copy()
    without_answers[list(ITEMS)] = None
    expected, unconditional = np.zeros((2, 100)), np.zeros((2, 100))
    total = np.zeros((2, 100))
    for node, weight in enumerate(weights):
        share = bayes_rule(wide, without_answers, of_group[:, :, node])
        given = np.ones_like(share)
        for item in ITEMS:
            rho = wide["posterior"]["item_probability"].sel(item=item, category=row[item])
            given = given * rho.transpose("chain", "draw", "latent_class").to_numpy()
        joint = share * given
        expected += weight * joint[..., 0]
        total += weight * joint.sum(axis=-1)
        unconditional += weight * joint[..., 0] / joint.sum(axis=-1) / weights.sum()
    expected = (expected / total).mean()
    new = row.to_frame().T.assign(group="unseen")
    scores = np.array([bl.membership(wide, new, seed=seed)["C1"].iloc[0] for seed in range(20)])
    error = scores.std(ddof=1) / np.sqrt(20)
    assert scores.mean() == pytest.approx(expected, abs=4 * error + 0.002)
    assert abs(unconditional.mean() - expected) > 8 * error + 0.004


def test_intercepts_and_slopes_of_groups_within_a_city_that_is_known(made_up):
    """Against weights on a hundred thousand effects from the distribution of groups, in one draw many times over."""
    formula = "~ x + (x | city/group)"
    fit = made_up.draws(formula, latent=True, draws=500, spread=0.0)
    posterior = fit["posterior"].to_dataset()
    groups = [name for name in ("city", "city:group") if f"{name}_sd" in posterior]
    assert len(groups) == 2
    same = {name: posterior[name].isel(chain=0, draw=0) + 0 * posterior[name] for name in posterior.data_vars}
    fit["posterior"] = xr.DataTree(posterior.assign(same))
    frame = made_up.staff().iloc[[0]].assign(city="Hefei", group="another", x=4.0, a="yes", b="no", c="yes")
    one = {name: values.isel(chain=0, draw=0) for name, values in same.items()}
    center = fit["encoding"]["design_center"].to_numpy()[0]
    rng = np.random.default_rng(5)
    u = rng.normal(size=(100_000, 3)) * one["city:group_sd"].to_numpy()
    b = rng.normal(size=(100_000, 3)) * one["city:group_slope_sd"].to_numpy()[0]
    eta = one["intercept"].to_numpy() + 4.0 * one["slope"].to_numpy()[0]
    eta = eta + one["city_effect"].sel(city="Hefei").to_numpy()
    eta = eta + (4.0 - center) * one["city_slope"].sel(city="Hefei").to_numpy()[0]
    eta = eta + u - u.mean(axis=1, keepdims=True) + (4.0 - center) * (b - b.mean(axis=1, keepdims=True))
    rho = one["item_probability"]
    answers = np.prod([rho.sel(item=item, category=frame[item].iloc[0]).to_numpy() for item in "abc"], axis=0)
    joint = softmax(eta, axis=1) * answers
    expected = joint.sum(axis=0) / joint.sum()
    scores = np.array([bl.membership(fit, frame, seed=seed)[["C1", "C2", "C3"]].iloc[0] for seed in range(6)])
    error = scores.std(axis=0, ddof=1).max() / np.sqrt(6)
    np.testing.assert_allclose(scores.mean(axis=0), expected, atol=4 * error + 0.003)
    assert "city:group 'Hefei:another' not seen by the fit" in bl.membership(fit, frame).attrs["note"]


def test_a_fit_without_respondents_scores_new_ones(draws, tmp_path):
    survey = bl.example_survey()
    for name in (None, "alone"):
        fit = draws if name is None else bl.load_example(name)
        path = Path(tmp_path) / "fit.nc"
        bl.save(fit, path, respondents=False)
        new = survey.head(5).assign(participation=3.25)
        table, wanted = (bl.membership(each, new)[NUMBERS] for each in (bl.load(path), fit))
        pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(wanted), rtol=1e-6)


@pytest.mark.parametrize(
    "change, told",
    [
        (
            lambda new: new.assign(training="a lot"),
            r"'training' is 'a lot' in 4 of 4 rows, .* known are 'decrease', 'no change'",
        ),
        (lambda new: new.drop(columns="training"), "unknown item column.*'training'"),
        (lambda new: new.drop(columns="score"), "unknown covariate column.*'score'"),
        (lambda new: new.drop(columns="group"), "unknown group column.*'group'"),
        (lambda new: new.assign(score=[1.0, None, 2.0, None]), r"new rows lack a covariate \('score' in 2 of 4 rows\)"),
        (lambda new: new.assign(group=["G1", None, "G2", None]), r"group column 'group' is missing in 2 of 4 rows"),
        (lambda new: new.assign(score="high"), "covariate 'score' was a number and is now 'high'"),
        (lambda new: new.head(0), "the frame has 0 rows"),
    ],
    ids=["answer", "item", "covariate", "group", "missing covariate", "missing group", "level", "nobody"],
)
def test_what_cannot_be_scored_is_named(draws, change, told):
    with pytest.raises(ValueError, match=told):
        bl.membership(draws, change(bl.example_survey().head(4)))


def test_an_unknown_level_is_named(made_up):
    fit = made_up.draws("~ x + tier + (1 | group)", latent=True)
    new = made_up.staff().head(3).assign(tier="highest", a="no", b="no", c="no")
    with pytest.raises(ValueError, match=r"'tier' has level\(s\) 'highest' in 3 of 3 rows that the fit has not seen"):
        bl.membership(fit, new)
