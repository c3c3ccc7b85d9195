"""Maximum likelihood at two levels: against loops, one level, and the truth."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.families import NormalFamily
from bayes_lca.likelihood.group_mixture import fit_group_mixture
from bayes_lca.likelihood.group_shares import GroupTable, expect_both_levels, fit_group_shares, shares_of
from bayes_lca.likelihood.mixture import fit_mixture

rng = np.random.default_rng(0)
N_GROUPS, SIZE = 40, 12
GROUP = np.repeat(np.arange(N_GROUPS), SIZE)
OF_GROUP = np.arange(N_GROUPS) % 4 == 0
WITHIN = np.array([[0.9, 0.1], [0.25, 0.75]])
PERSON = (rng.random(len(GROUP)) < WITHIN[OF_GROUP[GROUP].astype(int), 1]).astype(int)
CODES = (rng.random((len(GROUP), 4)) < np.array([0.15, 0.85])[PERSON, None]).astype(int)
CODES[rng.random(CODES.shape) < 0.1] = -1
ROWS = unique_rows(CODES)
PATTERNS = unique_rows(GROUP, ROWS.pattern)
DATA = GROUP[PATTERNS.first], ROWS.pattern[PATTERNS.first], PATTERNS.count
FAMILY = CategoricalFamily(CODES[ROWS.first], (2,) * 4)


@pytest.fixture(scope="module")
def found():
    return fit_group_mixture([FAMILY], *DATA, 2, 2)


def log_answers(probability):
    """Of every respondent in each class, missing answers left out; (respondent, latent_class)."""
    chosen = np.log(probability)[:, np.arange(4), np.maximum(CODES, 0)[:, None].swapaxes(0, 1)[0]]  # (class, n, item)
    return np.where(CODES >= 0, chosen, 0.0).sum(axis=-1).T


def test_log_likelihood_is_that_of_a_loop_over_groups(found):
    answers = log_answers(found.parameters[0]["probability"])
    total = 0.0
    for g in range(N_GROUPS):
        inside = answers[GROUP == g]
        by_group_class = [logsumexp(np.log(found.class_share[w]) + inside, axis=1).sum() for w in range(2)]
        total += logsumexp(np.log(found.group_class_share) + by_group_class)
        membership = np.exp(np.log(found.group_class_share) + by_group_class)
        np.testing.assert_allclose(found.group_membership[g], membership / membership.sum(), atol=1e-6)
    assert found.log_likelihood == pytest.approx(total, rel=1e-10)
    assert found.n_parameters == 1 + 2 + 8


def test_it_is_a_maximum(found):
    """No step from there gains more than rounding: of shares at either level, or of answers."""
    answers = log_answers(found.parameters[0]["probability"])[ROWS.first].T[None]
    table = GroupTable.of(*DATA)

    def height(share, within):
        return expect_both_levels(share[None], within[None], answers, table).log_likelihood[0]

    best = height(found.group_class_share, found.class_share)
    for step in (-0.01, 0.01):
        assert height(shares_of(found.group_class_share + np.array([step, -step])), found.class_share) < best
        for w in range(2):
            moved = found.class_share.copy()
            moved[w] += [step, -step]
            assert height(found.group_class_share, moved) < best


def test_the_truth_is_found(found):
    assert found.best_starts == found.n_starts
    np.testing.assert_allclose(found.group_class_share, [0.75, 0.25], atol=0.05)
    assert (found.group_membership.argmax(axis=1) == OF_GROUP).mean() >= 0.95
    assert found.group_entropy > 0.8
    np.testing.assert_allclose(found.class_share, WITHIN, atol=0.1)


@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_one_group_class_is_one_level(n_classes):
    one = fit_group_mixture([FAMILY], *DATA, n_classes, 1)
    plain = fit_mixture([FAMILY], ROWS.count, n_classes)
    assert one.log_likelihood == pytest.approx(plain.best.log_likelihood, abs=1e-4)
    assert one.n_parameters == plain.n_parameters
    assert np.isnan(one.group_entropy)


def test_group_classes_never_fit_worse_than_fewer():
    heights = [fit_group_mixture([FAMILY], *DATA, 2, w).log_likelihood for w in (1, 2, 3)]
    assert heights[0] < heights[1] <= heights[2] + 1e-6


def test_a_class_of_one_number_is_no_maximum():
    """The likelihood of normal items with free variances has no bound there."""
    numbers = np.concatenate([np.full(3, 5.0), rng.normal(size=57)])[:, None]
    rows = unique_rows(numbers)
    family = NormalFamily(numbers[rows.first], numbers.mean(axis=0), numbers.std(axis=0), free=True)
    patterns = unique_rows(np.arange(60) % 12, rows.pattern)
    data = (np.arange(60) % 12)[patterns.first], rows.pattern[patterns.first], patterns.count
    found = fit_group_mixture([family], *data, 2, 2, n_starts=20)
    assert found.parameters[0]["sd"].min() > 1e-3


def test_shares_with_known_answers_climb_to_those_of_the_whole():
    answers = np.log(np.array([[0.85, 0.15], [0.15, 0.85]]))
    log_density = np.where(CODES[..., None] >= 0, answers[np.maximum(CODES, 0)], 0.0).sum(axis=1)
    found = fit_group_shares(log_density, np.ones(len(CODES)), GROUP, 2)
    np.testing.assert_allclose(found.group_class_share, [0.75, 0.25], atol=0.05)
    np.testing.assert_allclose(found.class_share, WITHIN, atol=0.12)
    twice = fit_group_shares(np.tile(log_density, (2, 1)), np.full(2 * len(CODES), 0.5), np.tile(GROUP, 2), 2)
    assert twice.log_likelihood == pytest.approx(found.log_likelihood, rel=1e-10)


def test_table_of_counts_of_classes():
    frame = (
        pd.DataFrame(CODES, columns=list("abcd")).astype(object).mask(CODES < 0).assign(school=[f"s{g}" for g in GROUP])
    )
    table = bl.count_group_classes(
        bl.Items(list("abcd")), frame, group="school", classes=[1, 2], group_classes=[1, 2, 3]
    )
    assert table.index.tolist() == [(1, 1), (2, 1), (2, 2), (2, 3)]
    assert table["BIC_groups"].idxmin() == (2, 2)
    assert "BIC by groups prefers 2 classes and 2 group classes" in table.note
    few = {"group": "school", "group_classes": 1, "n_starts": 2}
    one_more = bl.count_group_classes(bl.Items(list("abcd")), frame, classes=[1, 2], **few)
    assert "BIC by groups prefers 2 classes and 1 group class" == one_more.note.split("; ")[-1]
    assert "prefers" not in bl.count_group_classes(bl.Items(list("abcd")), frame, classes=1, **few).note
    row = table.loc[(2, 2)]
    n = int((CODES >= 0).any(axis=1).sum())
    assert row["BIC_groups"] == pytest.approx(-2 * row["log_likelihood"] + 11 * np.log(N_GROUPS))
    assert np.all(table["smallest_class"] <= 1 / table.index.get_level_values("classes") + 1e-9)
    assert table.loc[(1, 1), "smallest_class"] == pytest.approx(1)  # of those who answered, who are n
    assert row["BIC_respondents"] == pytest.approx(-2 * row["log_likelihood"] + 11 * np.log(n))
    counted = frame.groupby(list(frame.columns), dropna=False).size().rename("n").reset_index()
    again = bl.count_group_classes(
        bl.Items(list("abcd")), counted, group="school", classes=2, group_classes=[2], count="n"
    )
    both = bl.count_group_classes(
        bl.Items(list("abcd")), frame, group="school", classes=2, group_classes=[1, 2], profiles="both"
    )
    assert both.index.tolist() == [("equal", 2, 1), ("equal", 2, 2), ("free", 2, 2)]
    assert both.loc[("equal", 2, 2), "log_likelihood"] == pytest.approx(row["log_likelihood"], abs=1e-5)
    assert both.loc[("free", 2, 2), "log_likelihood"] > row["log_likelihood"]
    best, *_ = both["BIC_groups"].idxmin()
    assert both.note.endswith(f"profiles {best}")
    assert "profiles equal and free" in both.note
    assert "0 rows left out" in table.note
    assert again.loc[(2, 2), "log_likelihood"] == pytest.approx(row["log_likelihood"], abs=1e-5)


@pytest.mark.parametrize(
    "items, options, error, told",
    [
        (["a"], {}, TypeError, "wrap the names of the items"),
        (
            bl.Items(["a", "b"], prior={"a": {"0": 1.0, "1": 2.0}}),
            {},
            ValueError,
            "two-level maximum likelihood does not fit",
        ),
        (bl.Items(["a", "b"]), {"classes": 0}, ValueError, "classes=0: give whole numbers from 1 on"),
        (bl.Items(["a", "b"]), {"group_classes": []}, ValueError, "group_classes=.*: give whole numbers"),
        (bl.Items(["a", "b"]), {"classes": 99}, ValueError, "99 classes exceed the .* distinct answer patterns"),
        (bl.Items(["a", "b"]), {"group_classes": [30]}, ValueError, "30 group classes take 60 groups or more"),
        (
            bl.Items(["a", "b"]),
            {"classes": 1, "group_classes": [2, 3]},
            ValueError,
            "one class of the .* respondents has",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(items, options, error, told):
    frame = pd.DataFrame(np.maximum(CODES, 0), columns=list("abcd")).assign(school=[f"s{g}" for g in GROUP])
    with pytest.raises(error, match=told):
        bl.count_group_classes(items, frame, group="school", **{"classes": 2, "group_classes": [1, 2]} | options)


def test_rows_without_a_group_are_left_out_and_counted():
    frame = pd.DataFrame(np.maximum(CODES, 0), columns=list("abcd")).assign(school=[f"s{g}" for g in GROUP])
    asked = {"group": "school", "classes": 2, "group_classes": [1], "n_starts": 5}
    gone = frame.assign(school=frame["school"].mask(frame.index < 3))
    with pytest.raises(ValueError, match=r"3 of \d+ rows lack a group .*missing=.drop."):
        bl.count_group_classes(bl.Items(list("abcd")), gone, **asked)
    with pytest.warns(UserWarning, match=r"3 of \d+ rows left out"):
        left = bl.count_group_classes(bl.Items(list("abcd")), gone, **asked, missing="drop")
    assert f"n = {len(frame) - 3} in" in left.note
    assert "3 rows left out" in left.note
    alone = bl.count_group_classes(bl.Items(list("abcd")), frame.iloc[3:], **asked)
    assert left["log_likelihood"].tolist() == pytest.approx(alone["log_likelihood"].tolist(), abs=1e-6)


def test_groups_are_no_items():
    frame = pd.DataFrame(np.maximum(CODES, 0), columns=list("abcd")).assign(ward=[f"w{g % 12}" for g in GROUP])
    with (
        pytest.warns(bl.FewGroupsWarning, match="12 groups"),
        pytest.raises(ValueError, match=r"item\(s\) 'ward' are also in the formula of the classes"),
    ):
        bl.count_group_classes(bl.Items(["a", "ward"]), frame, group="ward", classes=2, group_classes=[1])
