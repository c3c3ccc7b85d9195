"""Maximum likelihood at two levels with profiles of each group class: against loops and separate fits."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.families import NormalFamily
from bayes_lca.likelihood.group_mixture import fit_group_mixture
from bayes_lca.likelihood.group_profiles import expect_with_profiles, fit_group_profiles
from bayes_lca.likelihood.group_shares import GroupTable
from bayes_lca.likelihood.mixture import fit_mixture

rng = np.random.default_rng(4)
N_GROUPS, SIZE = 30, 20
GROUP = np.repeat(np.arange(N_GROUPS), SIZE)
OF_GROUP = (np.arange(N_GROUPS) % 3 == 0).astype(int)
WITHIN = np.array([[0.7, 0.3], [0.4, 0.6]])
YES = np.array([[[0.9, 0.85, 0.9, 0.8], [0.1, 0.2, 0.1, 0.3]], [[0.9, 0.15, 0.9, 0.2], [0.1, 0.9, 0.1, 0.7]]])
PERSON = (rng.random(len(GROUP)) < WITHIN[OF_GROUP[GROUP], 1]).astype(int)
CODES = (rng.random((len(GROUP), 4)) < YES[OF_GROUP[GROUP], PERSON]).astype(int)
CODES[rng.random(CODES.shape) < 0.1] = -1
ROWS = unique_rows(CODES)
PATTERNS = unique_rows(GROUP, ROWS.pattern)
DATA = GROUP[PATTERNS.first], ROWS.pattern[PATTERNS.first], PATTERNS.count
FAMILY = CategoricalFamily(CODES[ROWS.first], (2,) * 4)


@pytest.fixture(scope="module")
def found():
    return fit_group_profiles([FAMILY], *DATA, 2, 2)


def joint_of(found, probability, person):
    """Log of the share of each class times the density of a person's answers, and of each group class; (w, c)."""
    answered = np.flatnonzero(CODES[person] >= 0)
    answers = np.log(probability[:, :, answered, CODES[person, answered]]).sum(axis=2)
    return np.log(found.fit.class_share) + answers


def test_log_likelihood_and_members_are_those_of_a_loop(found):
    probability = found.fit.parameters[0]["probability"]  # (group_class, latent_class, item, category)
    total, members = 0.0, np.zeros((2, 2))
    for g in range(N_GROUPS):
        joint = np.array([joint_of(found, probability, person) for person in np.flatnonzero(GROUP == g)])
        by_group_class = np.log(found.fit.group_class_share) + logsumexp(joint, axis=2).sum(axis=0)
        total += logsumexp(by_group_class)
        membership = np.exp(by_group_class - logsumexp(by_group_class))
        np.testing.assert_allclose(found.fit.group_membership[g], membership, atol=1e-6)
        within = np.exp(joint - logsumexp(joint, axis=2, keepdims=True))  # (person, group_class, latent_class)
        members += membership[:, None] * within.sum(axis=0)
    assert found.fit.log_likelihood == pytest.approx(total, rel=1e-10)
    np.testing.assert_allclose(members.sum(axis=0), found.fit.expected.sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.fit.class_share, members / members.sum(axis=1, keepdims=True), atol=1e-4)
    assert found.fit.n_parameters == 1 + 2 + 16


def test_it_is_a_maximum(found):
    """No probability of any class in any group class can be moved for the better."""
    table, probability = GroupTable.of(*DATA), found.fit.parameters[0]["probability"]

    def height(probability):
        answers = np.log(probability)[:, :, np.arange(4), np.maximum(FAMILY.codes, 0)]  # (w, c, row, item)
        log_density = np.where(FAMILY.codes >= 0, answers, 0.0).sum(axis=-1)[None]
        share, within = found.fit.group_class_share[None], found.fit.class_share[None]
        return expect_with_profiles(share, within, log_density, table).log_likelihood[0]

    best = height(probability)
    assert best == pytest.approx(found.fit.log_likelihood, rel=1e-10)
    for w, c, item in np.ndindex(2, 2, 4):
        for step in (-0.01, 0.01):
            moved = probability.copy()
            moved[w, c, item] += [step, -step]
            assert moved[w, c, item].min() < 0 or height(moved) < best + 1e-9


def test_classes_of_all_group_classes_are_paired_by_their_answers(found):
    """The truth has two items that change sides; its classes agree in the others."""
    probability = found.fit.parameters[0]["probability"][..., 1]
    np.testing.assert_allclose(probability, YES, atol=0.12)
    np.testing.assert_allclose(found.fit.class_share, WITHIN, atol=0.12)
    assert (found.fit.group_membership.argmax(axis=1) == OF_GROUP).all()


def test_with_groups_told_apart_it_is_the_fits_of_both_kinds_of_groups():
    """Two items tell the group of every respondent, so that nothing is shared."""
    told = np.where(OF_GROUP[GROUP, None] == 1, 5.0, -5.0) + 0.01 * rng.normal(size=(len(GROUP), 1))
    rows = unique_rows(CODES, told)
    patterns = unique_rows(GROUP, rows.pattern)
    numbers = NormalFamily(told[rows.first], told.mean(axis=0), told.std(axis=0))
    families = [CategoricalFamily(CODES[rows.first], (2,) * 4), numbers]
    both = fit_group_profiles(families, GROUP[patterns.first], rows.pattern[patterns.first], patterns.count, 2, 2)
    apart = []
    for kind in (0, 1):
        inside = np.flatnonzero(OF_GROUP[GROUP[rows.first]] == kind)
        some = [CategoricalFamily(CODES[rows.first][inside], (2,) * 4)]
        some += [NormalFamily(told[rows.first][inside], told.mean(axis=0), told.std(axis=0))]
        apart.append(fit_mixture(some, rows.count[inside], 2).best.log_likelihood)
    of_groups = np.bincount(OF_GROUP)
    expected = sum(apart) + of_groups @ np.log(of_groups / N_GROUPS)
    assert both.fit.log_likelihood == pytest.approx(expected, abs=1e-3)


def test_one_group_class_is_one_level():
    one = fit_group_profiles([FAMILY], *DATA, 2, 1)
    plain = fit_mixture([FAMILY], ROWS.count, 2)
    assert one.fit.log_likelihood == pytest.approx(plain.best.log_likelihood, abs=1e-4)
    assert one.fit.n_parameters == plain.n_parameters


def test_table_of_counts_prefers_free_profiles_where_items_change_sides(found):
    frame = pd.DataFrame(CODES, columns=list("abcd")).astype(object).mask(CODES < 0)
    frame = frame.assign(school=[f"s{g}" for g in GROUP])
    asked = {"group": "school", "classes": 2, "group_classes": [2]}
    equal, free = (
        bl.count_group_classes(bl.Items(list("abcd")), frame, **asked, profiles=profiles)
        for profiles in ("equal", "free")
    )
    assert free["log_likelihood"].item() == pytest.approx(found.fit.log_likelihood, abs=1e-5)
    assert equal["log_likelihood"].item() == pytest.approx(
        fit_group_mixture([FAMILY], *DATA, 2, 2).log_likelihood, abs=1e-5
    )
    assert free["parameters"].item() - equal["parameters"].item() == 8
    assert free["BIC_groups"].item() < equal["BIC_groups"].item() - 50
    assert "profiles free; maximum likelihood" in free.note
    with pytest.raises(ValueError, match=r'profiles=.some.*choose "equal"'):
        bl.count_group_classes(bl.Items(list("abcd")), frame, **asked, profiles="some")
