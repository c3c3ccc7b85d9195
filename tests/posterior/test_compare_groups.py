"""Standardised shares of groups, their contrasts and ranks, against loops over groups and respondents."""

import numpy as np
import pandas as pd
import pytest

from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.effects import standardised_shares
from bayes_lca.posterior.effects.compare_groups import compare_groups, group_shares, rank_groups
from bayes_lca.posterior.effects.predict_classes import predict_classes

GROUPS = [f"G{g}" for g in range(1, 7)]
N = 80


@pytest.fixture(scope="module")
def draws(made_up):
    """An individual covariate that interacts with one of the groups, and slopes that vary."""
    return made_up.draws("~ x * tier + role + (x | group)", made_up.staff(N), spread=1)


@pytest.fixture(scope="module")
def by_hand(draws, made_up):
    """Every respondent put into every group, with that group's tier; shape (draw, group, class)."""
    frame, shares = made_up.staff(N), []
    for group in GROUPS:
        tier = frame.loc[frame["group"] == group, "tier"].iloc[0]
        medium, high = float(tier == "medium"), float(tier == "high")
        each = []
        for row in frame.to_dict("records"):
            x = row["x"]
            columns = {"x": x, "tier[medium]": medium, "tier[high]": high, "role[member]": row["role"] == "member"}
            columns |= {"x:tier[medium]": x * medium, "x:tier[high]": x * high}
            each.append(made_up.probability(draws, columns, {"group": group}))
        shares.append(np.mean(each, axis=0))
    return np.stack(shares, axis=1)


def assert_rows(table, where, values):
    rows = table.loc[where]
    np.testing.assert_allclose(rows["mean"], values.mean(axis=0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(rows["lower"], np.quantile(values, 0.025, axis=0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(rows["upper"], np.quantile(values, 0.975, axis=0), rtol=0, atol=1e-12)


def test_shares_are_those_of_the_whole_sample_in_each_group(draws, by_hand, made_up):
    table = group_shares(draws)
    for g, group in enumerate(GROUPS):
        assert_rows(table, group, by_hand[:, g])
    sizes = made_up.staff(N)["group"].value_counts()
    assert table["n"].tolist() == [sizes[group] for group in GROUPS for _ in range(3)]
    assert "'role', 'x' as in the whole sample of 80 respondents; 'tier' as each group has it" in table.note
    assert "estimand: these 6 groups" in table.note


def test_contrasts_are_differences_within_draws(draws, by_hand):
    table = compare_groups(draws)
    assert len(table) == 15 * 3
    for b, a in ((1, 0), (5, 0), (4, 3)):
        difference = by_hand[:, b] - by_hand[:, a]
        assert_rows(table, f"{GROUPS[b]} vs {GROUPS[a]}", difference)
        positive = (difference > 0).mean(axis=0)
        direction = table.loc[f"{GROUPS[b]} vs {GROUPS[a]}", "probability_of_direction"]
        np.testing.assert_allclose(direction, np.maximum(positive, 1 - positive), atol=1e-12)
    one = compare_groups(draws, "G3")
    assert list(dict.fromkeys(one.index.get_level_values("contrast"))) == [f"{g} vs G3" for g in GROUPS if g != "G3"]
    assert_rows(one, "G1 vs G3", by_hand[:, 0] - by_hand[:, 2])


def test_ranks_count_draws(draws, by_hand, made_up):
    """A group's rank is one more than the number of groups with a larger share."""
    table = rank_groups(draws, ci_prob=0.8)
    for c, name in enumerate(made_up.classes):
        for g, group in enumerate(GROUPS):
            rank = 1 + sum((by_hand[:, other, c] > by_hand[:, g, c]).astype(int) for other in range(6))
            row = table.loc[name, group]
            for place in range(1, 7):
                assert row[f"rank_{place}"] == pytest.approx((rank == place).mean())
            assert row["mean"] == pytest.approx(rank.mean())
            ordered = np.sort(rank)
            assert row["lower"] == ordered[int(np.ceil(0.1 * len(rank))) - 1]
            assert row["upper"] == ordered[int(np.ceil(0.9 * len(rank))) - 1]
    places = [f"rank_{place}" for place in range(1, 7)]
    np.testing.assert_allclose(table[places].sum(axis=1), 1)
    np.testing.assert_allclose(table[places].groupby(level=0).sum(), 1)
    assert table[places].to_numpy().max() < 1


def test_different_respondents_alone_make_no_difference(made_up):
    """Groups without effects differ in who is in them, and that is taken out."""
    draws = made_up.draws("~ x + role + (1 | group)")
    draws["posterior"]["group_effect"] = draws["posterior"]["group_effect"] * 0
    np.testing.assert_allclose(compare_groups(draws)["mean"], 0, atol=1e-12)
    own = predict_classes(draws)["mean"].unstack("category").loc["group"]
    assert np.ptp(own.to_numpy(), axis=0).max() > 0.01


def test_numbers_of_a_group_go_with_it(made_up):
    draws, frame = made_up.draws("~ x + score + (1 | group)"), made_up.staff()
    table = group_shares(draws)
    score = frame.groupby("group")["score"].first()
    for group in ("G1", "G6"):
        each = [made_up.probability(draws, {"x": x, "score": score[group]}, {"group": group}) for x in frame["x"]]
        assert_rows(table, group, np.mean(each, axis=0))


def test_cities_are_mixtures_of_their_groups(made_up):
    """A score belongs to the groups within a city; they count by their respondents."""
    draws, frame = made_up.draws("~ x + score + (1 | city/group)"), made_up.staff()
    table = group_shares(draws, grouping="city")
    inside = frame[frame["city"] == "Hefei"]
    total = 0
    for group, rows in inside.groupby("group"):
        groups = {"city": "Hefei", "city:group": f"Hefei:{group}"}
        columns = [{"x": x, "score": rows["score"].iloc[0]} for x in frame["x"]]
        each = np.mean([made_up.probability(draws, each, groups) for each in columns], axis=0)
        total = total + each * len(rows) / len(inside)
    assert_rows(table, "Hefei", total)
    assert list(group_shares(draws).index.get_level_values("group")[::3]) == [f"Hefei:G{g}" for g in (4, 5, 6)] + [
        f"Qiqihar:G{g}" for g in (1, 2, 3)
    ]


@pytest.mark.filterwarnings("ignore::bayes_lca.RepeatedLabelsWarning")
def test_crossed_groups_stay_as_they_are(made_up):
    """Wards lie across groups: everybody keeps the own ward."""
    draws, frame = made_up.draws("~ x + (1 | group) + (1 | ward)"), made_up.staff()
    table = group_shares(draws, grouping="group")
    each = [
        made_up.probability(draws, {"x": x}, {"group": "G2", "ward": ward})
        for x, ward in zip(frame["x"], frame["ward"], strict=True)
    ]
    assert_rows(table, "G2", np.mean(each, axis=0))
    assert "'x', 'ward' as in the whole sample" in table.note


def test_groups_without_covariates(made_up):
    draws = made_up.draws("~ 1 + (1 | group)", latent=True)
    assert_rows(group_shares(draws), "G5", made_up.probability(draws, {}, {"group": "G5"}))
    assert group_shares(draws).index.names == ["group", "latent_class"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda draws, alone: compare_groups(draws, "G9"),
            r"reference='G9' is no group of 'group'; choose one of 'G1'",
        ),
        (
            lambda draws, alone: rank_groups(draws, grouping="city"),
            r"grouping='city' is not in .*choose one of 'group'",
        ),
        (lambda draws, alone: group_shares(alone), r"'~ x' has no groups to compare; add \(1 \| group\)"),
        (lambda draws, alone: rank_groups(draws, ci_prob=2), r"ci_prob=2"),
    ],
)
def test_what_cannot_be_compared_is_refused(draws, made_up, call, message):
    with pytest.raises(ValueError, match=message):
        call(draws, made_up.draws("~ x"))


def test_tables_are_tables(draws):
    for table in (group_shares(draws), compare_groups(draws), rank_groups(draws)):
        assert isinstance(table, pd.DataFrame)
        assert "n = 80, 0 rows left out, 0 answers missing, 2 x 40 draws; 95 %" in table.note


def test_three_tables_of_a_fit_standardise_once(draws, monkeypatch):
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        return average_class_probabilities(*arguments)

    average_class_probabilities = standardised_shares.average_class_probabilities
    monkeypatch.setattr(standardised_shares, "average_class_probabilities", counted)
    fit = Fit.reading(draws)
    tables = group_shares(fit), compare_groups(fit, "G1"), rank_groups(fit)
    assert len(calls) == 1
    expected = group_shares(draws), compare_groups(draws, "G1"), rank_groups(draws)
    for table, of_draws in zip(tables, expected, strict=True):
        pd.testing.assert_frame_equal(table, of_draws)
