"""The synthetic cohort: the margins and coefficients of its source, and a truth that generates it."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from bayes_lca.datasets.cohort import apportion, cohort_items, cohort_truth, load_cohort, simulate_cohort

DIGEST = "675ee89982ae456b9bb3741bda647b5b2ea467be1da9ae3c793996bfded32531"
ITEMS = ["compensation", "workload", "promotion", "training", "recognition", "expertise"]
SHARE = [0.324, 0.356, 0.320]
MARGINS = {
    "group": {"G1": 429, "G2": 750, "G3": 506, "G4": 326, "G5": 165, "G6": 24},
    "city": {"Qiqihar": 429 + 506 + 165, "Hefei": 750 + 326 + 24},
    "score": {3.87: 429, 8.11: 750, 15.56: 506, 19.96: 326, 22.02: 165, 28.25: 24},
    "tier": {"low": 429 + 750, "medium": 506 + 326, "high": 165 + 24},
    "role": {"lead": 942, "member": 1258},
    "gender": {"female": 1558, "male": 642},
    "age": {"<=30": 321, "31-40": 992, "41-50": 674, ">50": 213},
    "education": {"college or below": 398, "undergraduate": 1432, "postgraduate": 370},
    "department": {"selected clinical": 781, "general": 533, "ancillary": 543, "other": 343},
    "title": {"none": 129, "junior": 625, "intermediate": 945, "senior": 369, "highest": 132},
}
ORDERED = {"tier", "age", "education", "title", *ITEMS}

# The paper's Tables 5 and 6 as printed: C2 vs C1, C3 vs C1, C3 vs C2.
PRINTED = {
    ("lead", "participation"): (0.228, 0.341, 0.113),
    ("lead", "attitude"): (0.192, 1.594, 1.403),
    ("lead", "age[41-50]"): (-0.824, None, 0.807),
    ("lead", "department[general]"): (None, -0.922, -0.855),
    ("lead", "department[other]"): (-1.422, -2.007, None),
    ("lead", "tier[high]"): (0.411, None, 1.098),
    ("lead", "tier[medium]"): (None, None, -0.689),
    ("member", "participation"): (0.167, 0.341, 0.174),
    ("member", "attitude"): (0.195, 0.994, 0.798),
    ("member", "age[<=30]"): (None, None, 0.654),
    ("member", "education[college or below]"): (None, 1.307, None),
    ("member", "education[undergraduate]"): (None, 0.815, None),
    ("member", "department[selected clinical]"): (None, 1.071, 0.798),
    ("member", "department[general]"): (None, -0.920, -0.802),
    ("member", "department[other]"): (None, -0.957, -0.750),
}
# fmt: off
INCREASE = np.array([[0.05, 0.35, 0.04, 0.15, 0.10, 0.08],
                     [0.15, 0.45, 0.12, 0.62, 0.88, 0.82],
                     [0.75, 0.55, 0.80, 0.95, 0.97, 0.97]])
DECREASE = np.array([[0.25, 0.15, 0.15, 0.10, 0.08, 0.08],
                     [0.12, 0.12, 0.08, 0.03, 0.01, 0.02],
                     [0.02, 0.20, 0.01, 0.01, 0.005, 0.005]])
# fmt: on


@pytest.fixture(scope="module")
def large():
    """A cohort large enough to see the truth in its frequencies."""
    return simulate_cohort(n=60_000, seed=11)


def slopes_by_term(truth):
    return truth.slopes.set_index(["role", "term"])


@pytest.mark.parametrize("column", MARGINS)
def test_margins_are_those_of_the_study(column):
    survey = load_cohort()
    assert survey[column].value_counts().to_dict() == MARGINS[column]
    if column != "score":
        assert list(survey[column].cat.categories) == list(MARGINS[column])
        assert survey[column].cat.ordered == (column in ORDERED)


def test_score_tier_and_city_belong_to_the_group():
    survey = load_cohort()
    assert (survey.groupby("group", observed=True)[["score", "tier", "city"]].nunique() == 1).all(axis=None)
    assert (survey["tier"] == pd.cut(survey["score"], [0, 10, 20, 40], labels=["low", "medium", "high"])).all()


def test_scales_have_the_quartiles_of_the_study():
    survey = load_cohort()
    quartiles = survey[["participation", "attitude"]].quantile([0.25, 0.5, 0.75])
    assert quartiles["participation"].tolist() == [2.5, 5.0, 8.75]
    assert quartiles["attitude"].tolist() == [10.0, 10.0, 10.0]
    assert set(survey["participation"]) == set(np.arange(9) * 1.25)
    np.testing.assert_allclose(survey["attitude"] * 1.2, (survey["attitude"] * 1.2).round(), atol=1e-12)


def test_the_frame_is_complete_labelled_and_says_that_it_is_synthetic():
    survey = load_cohort()
    assert cohort_items() == ITEMS == list(survey.columns[-6:])
    assert list(survey.columns[:-6]) == [*MARGINS, "participation", "attitude"]
    assert survey.index.name == "respondent"
    assert isinstance(survey.index, pd.RangeIndex) and (survey.index[0], survey.index[-1]) == (1, 2200)
    for item in ITEMS:
        assert list(survey[item].cat.categories) == ["decrease", "no change", "increase"]
        assert survey[item].cat.ordered
    assert not survey.isna().any(axis=None)
    assert "Synthetic" in survey.attrs["source"] and "not the study's" in survey.attrs["source"]


def test_columns_are_shuffled_independently():
    survey = load_cohort()
    columns = ["group", "role", "gender", "age", "education", "department", "title"]
    codes = survey[columns].apply(lambda column: column.cat.codes)
    correlation = codes.assign(participation=survey["participation"], attitude=survey["attitude"]).corr()
    assert np.abs(correlation.to_numpy()[np.triu_indices(9, 1)]).max() < 4.5 / np.sqrt(2200)


def test_the_default_cohort_never_changes():
    text = load_cohort().to_csv(lineterminator="\n")
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST


def test_the_seed_decides_the_cohort():
    first, again, other = (simulate_cohort(n=300, seed=seed)[0] for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_truth_of_the_default_cohort_is_the_truth_of_its_frame():
    frame, truth = simulate_cohort()
    pd.testing.assert_frame_equal(frame, load_cohort())
    np.testing.assert_array_equal(truth.latent_class, cohort_truth().latent_class)
    assert truth.class_names == ("C1", "C2", "C3")
    assert truth.class_descriptions == ("Limited Growth", "Skill Recognition", "Comprehensive Growth")
    assert truth.group_effects.index.tolist() == ["G1", "G2", "G3", "G4", "G5", "G6"]
    assert truth.group_effects.columns.tolist() == ["C1", "C2", "C3"]


@pytest.mark.parametrize(("n", "seed", "group_sd"), [(2200, 20240401, 0.4), (500, 3, 1.5), (60, 4, 0.0)])
def test_mean_class_probabilities_are_the_shares_in_each_role(n, seed, group_sd):
    frame, truth = simulate_cohort(n=n, seed=seed, group_sd=group_sd)
    for role in ("lead", "member"):
        of_role = (frame["role"] == role).to_numpy()
        np.testing.assert_allclose(truth.class_probability[of_role].mean(axis=0), SHARE, atol=1e-8)


def test_slopes_are_the_printed_ones_with_consistent_contrasts():
    slopes = slopes_by_term(cohort_truth())
    assert len(slopes) == 24 and slopes.index.is_unique
    assert (slopes.drop(list(PRINTED)) == 0).all(axis=None)
    for key, (c2_vs_c1, c3_vs_c1, c3_vs_c2) in PRINTED.items():
        given = slopes.loc[key]
        if c2_vs_c1 is not None:
            assert given["C2_vs_C1"] == c2_vs_c1
        if c3_vs_c1 is not None:
            assert given["C3_vs_C1"] == c3_vs_c1
        if c3_vs_c2 is not None:  # rounded on its own where all three are printed
            assert given["C3_vs_C1"] - given["C2_vs_C1"] == pytest.approx(c3_vs_c2, abs=0.00101)
        if c2_vs_c1 is None and None in (c3_vs_c1, c3_vs_c2):
            assert given["C2_vs_C1"] == 0


def test_the_truth_gives_the_class_probabilities():
    frame, truth = simulate_cohort(n=400, seed=8)
    slopes = slopes_by_term(truth)
    intercepts = truth.intercepts.set_index("role")
    for i in (0, 7, 123, 399):
        person = frame.iloc[i]
        logits = truth.group_effects.loc[person["group"]].to_numpy().copy()
        logits[1:] += intercepts.loc[person["role"]]
        for column in ("age", "education", "department", "tier"):
            if person[column] not in (">50", "postgraduate", "ancillary", "low"):
                logits[1:] += slopes.loc[(person["role"], f"{column}[{person[column]}]")]
        for column in ("participation", "attitude"):
            logits[1:] += slopes.loc[(person["role"], column)] * person[column]
        np.testing.assert_allclose(truth.class_probability[i], softmax(logits), atol=1e-12)


def test_items_answer_as_the_table_says(large):
    frame, truth = large
    for c in range(3):
        members = frame[truth.latent_class == c]
        for j, item in enumerate(ITEMS):
            expected = np.array([DECREASE[c, j], 1 - DECREASE[c, j] - INCREASE[c, j], INCREASE[c, j]])
            np.testing.assert_allclose(truth.item_probability[c, j], expected, atol=1e-12)
            frequency = np.bincount(members[item].cat.codes, minlength=3) / len(members)
            assert (np.abs(frequency - expected) < 4.5 * np.sqrt(expected * (1 - expected) / len(members))).all()


@pytest.mark.parametrize("role", ["lead", "member"])
def test_classes_are_drawn_as_the_regression_says(large, role):
    """A Newton step of the multinomial regression from the truth stays within its standard errors."""
    frame, truth = large
    of_role = (frame["role"] == role).to_numpy()
    terms = truth.slopes.query("role == @role")
    columns = [np.ones(of_role.sum())]
    for term in terms["term"]:
        name, _, level = term.rstrip("]").partition("[")
        values = frame.loc[of_role, name]
        columns.append((values == level if level else values).to_numpy(float))
    design = np.column_stack(columns)  # (respondent, term)
    observed = np.eye(3)[truth.latent_class[of_role]][:, 1:]  # (respondent, contrast)
    p = truth.class_probability[of_role][:, 1:]
    score = ((observed - p).T @ design).ravel()
    weight = [[p[:, a] * ((a == b) - p[:, b]) for b in range(2)] for a in range(2)]
    covariance = np.linalg.inv(np.block([[(design * w[:, None]).T @ design for w in row] for row in weight]))
    assert np.abs(covariance @ score / np.sqrt(np.diag(covariance))).max() < 4.5
    assert np.sqrt(np.diag(covariance)).min() < 0.02


def test_group_effects_have_their_standard_deviation():
    effects = np.array([simulate_cohort(n=6, seed=s, group_sd=0.7)[1].group_effects for s in range(100)])
    n = effects.size
    assert abs(effects.mean()) < 4.5 * 0.7 / np.sqrt(n)
    assert abs(np.sqrt(np.mean(effects**2)) / 0.7 - 1) < 4.5 / np.sqrt(2 * n)


def test_group_effects_depend_on_the_seed_and_scale_with_their_standard_deviation():
    small, large = simulate_cohort(n=50, seed=9)[1], simulate_cohort(n=70, seed=9, group_sd=0.8)[1]
    np.testing.assert_allclose(2 * small.group_effects, large.group_effects)
    assert (small.group_sd, large.group_sd) == (0.4, 0.8)


def test_group_effects_slopes_and_items_can_be_given():
    effects = np.arange(18).reshape(6, 3) / 10
    slopes = cohort_truth().slopes.query("term == 'participation'")
    table = np.tile([0.2, 0.3, 0.5], (3, 6, 1))
    given = {"group_effects": effects, "slopes": slopes, "item_probability": table}
    frame, truth = simulate_cohort(n=200, seed=1, **given)
    np.testing.assert_array_equal(truth.group_effects, effects)
    assert np.isnan(truth.group_sd)
    np.testing.assert_array_equal(truth.item_probability, table)
    key = [frame["group"], frame["role"], frame["participation"]]
    spread = pd.DataFrame(truth.class_probability, index=frame.index).groupby(key, observed=True).agg(np.ptp)
    assert spread.to_numpy().max() < 1e-12


def test_separation_moves_the_classes():
    near, far = (simulate_cohort(n=50, seed=1, separation=s)[1].item_probability for s in (0.5, 2))
    assert np.ptp(near[:, 3, 2]) < np.ptp(cohort_truth().item_probability[:, 3, 2]) < np.ptp(far[:, 3, 2])


def test_changing_a_truth_leaves_the_next_cohort_alone():
    truth = cohort_truth()
    truth.item_probability[:] = 0
    truth.slopes.loc[:, "C2_vs_C1"] = 0
    assert cohort_truth().item_probability.min() > 0
    assert slopes_by_term(cohort_truth()).loc[("lead", "participation"), "C2_vs_C1"] == 0.228


@pytest.mark.parametrize("n", [6, 7, 50, 500, 2201, 5000])
def test_other_sizes_keep_the_proportions(n):
    frame, truth = simulate_cohort(n=n, seed=2)
    assert len(frame) == len(truth.latent_class) == n
    assert frame["group"].value_counts().min() >= 1
    for column in ("role", "gender", "age", "education", "department", "title"):
        expected = n * pd.Series(MARGINS[column]) / 2200
        assert (frame[column].value_counts().reindex(expected.index) - expected).abs().max() < 1


def test_apportion_rounds_by_largest_remainder():
    assert apportion(10, [1, 1, 1]).tolist() == [4, 3, 3]
    assert apportion(7, [50, 30, 20]).tolist() == [4, 2, 1]
    assert apportion(6, [429, 750, 506, 326, 165, 24], least=1).tolist() == [1] * 6


def test_missing_answers_come_at_their_rate_and_leave_the_rest_alone():
    whole, _ = simulate_cohort(seed=4)
    partial, _ = simulate_cohort(seed=4, missing_rate=0.1)
    missing = partial[ITEMS].isna()
    assert abs(missing.to_numpy().mean() - 0.1) < 4.5 * np.sqrt(0.1 * 0.9 / missing.size)
    assert not partial.drop(columns=ITEMS).isna().any(axis=None)
    for item in ITEMS:
        kept = ~missing[item]
        assert (partial.loc[kept, item] == whole.loc[kept, item]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 5}, "n is 5; .* at least 6"),
        ({"n": 100.0}, "n is 100.0"),
        ({"seed": -1}, "seed is -1"),
        ({"group_sd": -0.1}, "group_sd is -0.1"),
        ({"group_sd": float("nan")}, "group_sd is nan"),
        ({"group_effects": np.zeros((6, 2))}, r"group_effects has shape \(6, 2\)"),
        ({"item_probability": np.full((3, 6, 2), 0.5)}, r"item_probability has shape \(3, 6, 2\)"),
        ({"item_probability": np.full((3, 6, 3), 0.5)}, "add up to 1"),
        ({"separation": -1}, "separation is -1"),
        ({"missing_rate": 1.5}, "missing_rate is 1.5"),
        ({"slopes": pd.DataFrame({"role": ["lead"]})}, "slopes lacks"),
    ],
)
def test_arguments_out_of_range_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        simulate_cohort(**({"n": 100, "seed": 1} | change))


def test_unknown_terms_and_roles_are_named():
    for column, value in (("term", "tier[low]"), ("role", "leader")):
        with pytest.raises(ValueError, match=f"slopes names .*{value[:4]}"):
            simulate_cohort(n=100, slopes=cohort_truth().slopes.assign(**{column: value}))
