"""Predicted class probabilities against loops over respondents, groups and draws written out by hand."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bayes_lca.fitted import model as fitted_model
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.effects.predict_classes import predict_classes

pytestmark = pytest.mark.filterwarnings("ignore:.*cross-level interaction")

FORMULA = "~ np.log(x) * tier + role + (1 | group)"
SLOPES = "~ x + tier + (x | group)"


def columns_of(row):
    """Design columns of FORMULA and SLOPES for a respondent or profile."""
    medium, high, log_x = row["tier"] == "medium", row["tier"] == "high", np.log(row["x"])
    interactions = {"np.log(x):tier[medium]": log_x * medium, "np.log(x):tier[high]": log_x * high}
    main = {"np.log(x)": log_x, "tier[medium]": medium, "tier[high]": high}
    return main | interactions | {"role[member]": row["role"] == "member"}


def columns_with_slopes(row):
    return {"x": row["x"], "tier[medium]": row["tier"] == "medium", "tier[high]": row["tier"] == "high"}


@pytest.fixture(scope="module")
def draws(made_up):
    return made_up.draws(FORMULA)


@pytest.fixture(scope="module")
def with_slopes(made_up):
    return made_up.draws(SLOPES)


@pytest.fixture(scope="module")
def profiles():
    return pd.DataFrame({"x": [1.0, 3.5, 2.0], "role": ["lead", "lead", "member"], "tier": ["low", "high", "medium"]})


def assert_rows(table, where, probability):
    """Mean and interval of all classes in one place of a table are those of the draws, shape (draw, class)."""
    rows = table.loc[where]
    np.testing.assert_allclose(rows["mean"], probability.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(rows["lower"], np.quantile(probability, 0.025, axis=0), rtol=1e-9)
    np.testing.assert_allclose(rows["upper"], np.quantile(probability, 0.975, axis=0), rtol=1e-9)


# These groups


def test_profiles_in_every_group_and_overall(draws, profiles, made_up):
    table = predict_classes(draws, profiles)
    share = made_up.staff()["group"].value_counts(normalize=True)
    names = ["role=lead, tier=low, x=1", "role=lead, tier=high, x=3.5", "role=member, tier=medium, x=2"]
    assert list(dict.fromkeys(table.index.get_level_values("profile"))) == names
    assert len(table) == 3 * 7 * 3
    for name, (_, row) in zip(names, profiles.iterrows(), strict=True):
        in_group = {g: made_up.probability(draws, columns_of(row), {"group": g}) for g in share.index}
        for group, probability in in_group.items():
            assert_rows(table, (name, "group", group), probability)
        overall = sum(share[group] * probability for group, probability in in_group.items())
        assert_rows(table, (name, "overall", "these 6 groups"), overall)


def test_profiles_in_the_group_they_name(with_slopes, made_up):
    profiles = pd.DataFrame({"group": ["G6", "G2"], "tier": ["high", "low"], "x": [4.0, 1.5]}, index=["big", "small"])
    table = predict_classes(with_slopes, profiles)
    assert len(table) == 2 * 3
    for name, row in profiles.iterrows():
        probability = made_up.probability(with_slopes, columns_with_slopes(row), {"group": row["group"]})
        assert_rows(table, (name, "group", row["group"]), probability)


@pytest.mark.parametrize(("name", "columns"), [("draws", columns_of), ("with_slopes", columns_with_slopes)])
def test_average_over_the_sample_is_a_loop_over_respondents(name, columns, made_up, request):
    draws, frame = request.getfixturevalue(name), made_up.staff()
    table = predict_classes(draws)
    each = np.array([made_up.probability(draws, columns(row), {"group": row["group"]}) for _, row in frame.iterrows()])
    assert_rows(table, ("overall", "these 6 groups"), each.mean(axis=0))
    for group in sorted(set(frame["group"])):
        assert_rows(table, ("group", group), each[(frame["group"] == group).to_numpy()].mean(axis=0))
    overall = Fit.reading(draws).class_share
    assert_rows(table, ("overall", "these 6 groups"), overall.reshape(-1, 3))


def test_covariates_left_out_are_averaged_over_the_respondents_own(draws, made_up):
    """Everybody gets the profile's x; role, tier and group stay their own."""
    frame = made_up.staff()
    for averaged in (["tier", "role"], "rest"):
        table = predict_classes(draws, pd.DataFrame({"x": [1.0, 4.0]}), average_over=averaged)
        for name, x in (("x=1", 1.0), ("x=4", 4.0)):
            each = np.array(
                [
                    made_up.probability(draws, columns_of({**row, "x": x}), {"group": row["group"]})
                    for row in frame.to_dict("records")
                ]
            )
            assert_rows(table, (name, "overall", "these 6 groups"), each.mean(axis=0))
            assert_rows(table, (name, "group", "G4"), each[(frame["group"] == "G4").to_numpy()].mean(axis=0))
    assert "the 'role', 'tier' of all 160 respondents" in table.note


def test_nested_groups_count_in_cities_by_their_respondents(made_up):
    draws, frame = made_up.draws("~ x + (1 | city/group)"), made_up.staff()
    table = predict_classes(draws, pd.DataFrame({"x": [2.0]}))
    share = frame[frame["city"] == "Hefei"]["group"].value_counts(normalize=True)
    of_city = sum(
        share[group] * made_up.probability(draws, {"x": 2.0}, {"city": "Hefei", "city:group": f"Hefei:{group}"})
        for group in share.index
    )
    assert_rows(table, ("x=2", "city", "Hefei"), of_city)
    own = predict_classes(draws, pd.DataFrame({"x": [2.0], "city": ["Hefei"], "group": ["G5"]}))
    by_hand = made_up.probability(draws, {"x": 2.0}, {"city": "Hefei", "city:group": "Hefei:G5"})
    assert_rows(own, ("x=2", "city:group", "Hefei:G5"), by_hand)


def test_models_without_groups_or_covariates(made_up):
    alone = made_up.draws("~ x + role")
    assert predict_classes(alone).index.names == ["category"]
    table = predict_classes(alone, pl.DataFrame({"role": ["member"], "x": [2.5]}))
    by_hand = made_up.probability(alone, {"x": 2.5, "role[member]": 1})
    assert_rows(table, "role=member, x=2.5", by_hand)
    empty = made_up.draws("~ 1")
    assert_rows(predict_classes(empty), slice(None), made_up.probability(empty, {}))


# A new group


def test_new_group_follows_the_distribution_of_groups(made_up):
    """Mean and spread over draws against effects drawn here: intercepts and slopes, each about zero."""
    draws = made_up.draws(SLOPES, draws=2000)
    posterior, center = draws["posterior"], float(draws["constant_data"]["design_center"][0])
    table = predict_classes(draws, pd.DataFrame({"x": [1.0], "tier": ["low"]}), group="new")
    rng = np.random.default_rng(77)
    base = posterior["intercept"] + posterior["slope"].sel(term="x") * 1.0
    effect = posterior["group_sd"].to_numpy() * rng.normal(size=base.shape)
    slope = posterior["group_slope_sd"].sel(group_term="x").to_numpy() * rng.normal(size=base.shape)
    eta = (base.to_numpy() + effect + slope * (1.0 - center)).reshape(-1, 3)
    expected = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
    rows = table.loc["tier=low, x=1", "group", "a new group"]
    error = np.sqrt(2 * expected.var(axis=0) / len(expected))
    assert (np.abs(rows["mean"] - expected.mean(axis=0)) < 4 * error).all()
    fourth = ((expected - expected.mean(axis=0)) ** 4).mean(axis=0) / expected.var(axis=0) ** 2
    error_of_sd = expected.std(axis=0) * np.sqrt(2 * (fourth - 1) / 4 / len(expected))
    assert (np.abs(rows["sd"] - expected.std(axis=0)) < 4 * error_of_sd).all()


def test_one_new_group_serves_all_profiles(draws):
    """Equal profiles have equal rows, also where the second stands among others; another seed, another group."""
    profiles = pd.DataFrame({"x": [1.0, 3.0, 1.0], "role": "lead", "tier": "low"}, index=["one", "other", "again"])
    table = predict_classes(draws, profiles, group="new")
    np.testing.assert_array_equal(table.loc["one"], table.loc["again"])
    pd.testing.assert_frame_equal(predict_classes(draws, profiles, group="new", seed=1), table)
    assert not predict_classes(draws, profiles, group="new", seed=2).equals(table)


@pytest.mark.parametrize("group", ["these", "new"])
def test_draws_taken_a_few_at_a_time_change_nothing(with_slopes, group, monkeypatch):
    profiles = pd.DataFrame({"x": [1.0, 3.0]})
    whole = predict_classes(with_slopes, profiles, average_over="rest", group=group)
    monkeypatch.setattr(fitted_model, "NUMBERS_AT_ONCE", 5000)
    pieces = predict_classes(with_slopes, profiles, average_over="rest", group=group)
    np.testing.assert_allclose(pieces, whole, rtol=1e-9)


def test_new_group_keeps_the_respondents_covariates(draws, made_up):
    """Averaged over the sample with effects of size zero: everybody in an average group, with their own tier."""
    still, frame = draws.copy(), made_up.staff()
    still["posterior"]["group_sd"] = still["posterior"]["group_sd"] * 0
    each = np.array([made_up.probability(draws, columns_of(row)) for _, row in frame.iterrows()])
    assert_rows(predict_classes(still, group="new"), ("group", "a new group"), each.mean(axis=0))


def test_note_says_which_groups(draws, profiles):
    assert "estimand: these 6 groups" in predict_classes(draws, profiles).note
    note = predict_classes(draws, profiles.assign(group="G1"), group="new").note
    assert "estimand: a new group" in note
    assert "these" not in note
    assert "the profiles' 'group' is not used" in note
    constant = predict_classes(draws, profiles.assign(role="lead"), ci_prob=0.5)
    assert "all profiles: role=lead" in constant.note
    assert "50 % equal-tailed intervals" in constant.note
    assert constant.index.get_level_values("profile")[0] == "tier=low, x=1"


# Refusals


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda p: p.drop(columns=["tier", "role"]), {}, r"3 profiles lack covariate\(s\) 'role', 'tier' of"),
        (lambda p: p, {"average_over": ["tier"]}, r"'tier' stand\(s\) both in the 3 profiles and in average_over"),
        (lambda p: p, {"average_over": ["wage"]}, r"average_over names 'wage'; the covariates are 'role', 'tier', 'x'"),
        (lambda p: p, {"average_over": "all"}, r"average_over='all': give a list of covariates, or \"rest\""),
        (lambda p: None, {"average_over": ["tier"]}, r"no profiles to complete"),
        (lambda p: p.assign(role="boss"), {}, r"'role' has level\(s\) 'boss' in 3 of 3 rows"),
        (lambda p: p.assign(x=[1.0, None, 2.0]), {}, r"'x' in 1 of 3 rows"),
        (lambda p: p.assign(group=["G1", "G9", "G9"]), {}, r"group\(s\) 'G9' of 'group' in 2 of 3 profiles were not"),
        (lambda p: p.assign(group=["G1", None, "G2"]), {}, r"'group' is missing in 1 of 3 rows"),
        (lambda p: p.iloc[:0], {}, r"the frame has 0 rows"),
        (lambda p: p, {"group": "other"}, r"group='other': choose \"these\""),
        (lambda p: p, {"group": "new", "seed": -1}, r"seed=-1: seed is a whole number"),
        (lambda p: p, {"ci_prob": 95}, r"ci_prob=95"),
    ],
)
def test_what_cannot_be_predicted_is_refused(draws, profiles, change, options, message):
    with pytest.raises(ValueError, match=message):
        predict_classes(draws, change(profiles), **options)


def test_part_of_the_group_columns_is_refused(made_up):
    draws = made_up.draws("~ x + (1 | city/group)")
    with pytest.raises(ValueError, match=r"1 profiles have group column\(s\) 'city' but lack 'group'"):
        predict_classes(draws, pd.DataFrame({"x": [1.0], "city": ["Hefei"]}))


def test_new_group_of_a_fit_without_groups_is_refused(made_up):
    with pytest.raises(ValueError, match=r"'~ x' has no groups to draw a new one from; add \(1 \| group\)"):
        predict_classes(made_up.draws("~ x"), group="new")
