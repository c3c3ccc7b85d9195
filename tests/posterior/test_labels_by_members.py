"""Labels go by who is in the classes: small and empty ones keep theirs, whatever their profiles happen to be."""

from itertools import permutations, product

import numpy as np
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted import draws as fitted_draws
from bayes_lca.posterior.labels.matching import match, match_profiles, profile_distances
from bayes_lca.posterior.labels.stephens import align_memberships

DESIGNS = {
    "five categories, ten items, an empty third class": (1000, 5, 10, [0.62, 0.37, 0.0]),
    "two categories, seven items, an empty fourth class": (118, 2, 7, [0.44, 0.38, 0.18, 0.0]),
    "three categories, eight items, a class of 2 %": (2200, 3, 8, [0.45, 0.30, 0.23, 0.02]),
    "seven classes, one of 1 % and one empty": (800, 4, 6, [0.3, 0.2, 0.2, 0.15, 0.14, 0.01, 0.0]),
}


def posterior_of(n, categories, items, share, n_draws=200, seed=4):
    """Draws of conjugate posteriors given the members, so that labels are known; and answers of the respondents.

    A class with few members has a profile near its prior. The pivot is as a maximum of the likelihood with a class too
    many: the first class is cut in two, and those who answered some items alike are the last.
    """
    rng = np.random.default_rng(seed)
    members = np.round(n * np.array(share)).astype(int)
    truth = rng.dirichlet(np.ones(categories), size=(len(share), items))
    latent_class = np.repeat(np.arange(len(share)), members)
    codes = (rng.random((len(latent_class), items, 1)) > truth[latent_class].cumsum(axis=-1)).sum(axis=-1)
    answered = np.stack(
        [(codes[latent_class == k, :, None] == np.arange(categories)).sum(axis=0) for k in range(len(share))]
    )
    drawn = rng.standard_gamma(1.0 + answered, size=(n_draws, *answered.shape))
    first, score = latent_class == 0, codes[:, : items // 2].sum(axis=1)
    halves = score > np.median(score[first])
    for k, part in ((0, first & ~halves), (-1, first & halves)):
        answered[k] = (codes[part, :, None] == np.arange(categories)).sum(axis=0)
    pivot = (answered + 0.5) / (answered + 0.5).sum(axis=-1, keepdims=True)
    return rng.dirichlet(1.0 + members, size=n_draws), drawn / drawn.sum(axis=-1, keepdims=True), codes, pivot


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_labels_of_made_up_draws_are_restored(hand_made_fit, design):
    share, profile, codes, pivot = posterior_of(*design)
    rng = np.random.default_rng(1)
    orders = rng.permuted(np.tile(np.arange(share.shape[1]), (len(share), 1)), axis=1)
    scrambled = hand_made_fit(
        np.take_along_axis(share, orders, axis=1)[None],
        np.take_along_axis(profile, orders[..., None, None], axis=1)[None],
        codes,
    )
    by_profile = match(profile_distances(profile, pivot))
    assert (by_profile != np.arange(share.shape[1])).any(axis=1).mean() > 0.05
    relabelled = bl.relabel(scrambled, pivot)
    posterior, size = relabelled["posterior"], np.argsort(-share.mean(axis=0), kind="stable")
    np.testing.assert_array_equal(posterior["class_share"].to_numpy()[0], share[:, size])
    np.testing.assert_array_equal(posterior["item_probability"].to_numpy()[0], profile[:, size])
    assert relabelled.attrs["relabel_certainty"] > 0.99


def divergence(membership, orders, count):
    """Stephens' criterion from its definition, for one labelling of all draws."""
    ordered = np.array([of_draw[:, list(order)] for of_draw, order in zip(membership, orders, strict=True)])
    return sum(
        n * p * np.log(p / q)
        for of_draw in ordered
        for n, row, mean in zip(count, of_draw, ordered.mean(axis=0), strict=True)
        for p, q in zip(row, mean, strict=True)
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_classes", [2, 3])
def test_no_labelling_of_all_draws_has_a_smaller_divergence(n_classes, seed):
    """All labellings of a few draws, 2^6 or 6^4 of them, tried one after the other."""
    rng = np.random.default_rng(seed)
    n_draws = 6 if n_classes == 2 else 4
    centre = rng.dirichlet(np.ones(n_classes), size=8)
    membership = np.stack([[rng.dirichlet(0.1 + 20 * row) + 1e-9 for row in centre] for _ in range(n_draws)])
    start = rng.permuted(np.tile(np.arange(n_classes), (n_draws, 1)), axis=1)
    membership = np.take_along_axis(membership, start[:, None], axis=2)
    count = rng.integers(1, 9, size=8)
    candidates = product(permutations(range(n_classes)), repeat=n_draws - 1)
    first = tuple(range(n_classes))  # the names of labels are free: those of the first draw
    least = min(divergence(membership, (first, *others), count) for others in candidates)
    labels = align_memberships(lambda draws: membership[draws], count, np.tile(first, (n_draws, 1)))
    assert divergence(membership, labels.order, count) == pytest.approx(least, rel=1e-6)


def test_draws_that_do_not_fit_into_memory_are_labelled_as_well(monkeypatch):
    share, profile, codes, pivot = posterior_of(*DESIGNS["two categories, seven items, an empty fourth class"])
    asked = []

    def membership_in(draws):
        asked.append(len(draws))
        joint = share[draws, None] * np.prod(
            [profile[draws][:, :, j, codes[:, j]] for j in range(codes.shape[1])], axis=0
        ).swapaxes(1, 2)
        return joint / joint.sum(axis=-1, keepdims=True)

    start, count = match_profiles(profile, pivot, share), np.ones(len(codes))
    every = align_memberships(membership_in, count, start)
    assert sum(asked) == 200
    monkeypatch.setattr(fitted_draws, "NUMBERS_KEPT", 1)
    asked.clear()
    some = align_memberships(membership_in, count, start)
    assert sum(asked) == fitted_draws.FEWEST_KEPT + 200
    np.testing.assert_array_equal(some.order, every.order)
    np.testing.assert_allclose(some.margin, every.margin, rtol=0.2)


def test_profiles_are_matched_by_those_who_have_members():
    """Of two assignments the sum of distances takes the wrong one, .18 against .50: by members it is .09 and .01."""
    yes, pivot = np.array([0.6, 0.2]), np.array([0.5, 0.9])
    drawn, fixed = (np.stack([1 - values, values], axis=-1)[:, None] for values in (yes, pivot))
    assert match(profile_distances(drawn[None], fixed)).tolist() == [[1, 0]]
    for share, pivot_share in (([1.0, 0.0], None), ([0.99, 0.01], np.array([0.98, 0.02]))):
        assert match_profiles(drawn[None], fixed, np.array([share]), pivot_share).tolist() == [[0, 1]]


def test_order_as_in_another_fit_goes_by_members(hand_made_fit):
    """The empty class of one fit has the profile of a large one of the other."""
    share, profile, codes, pivot = posterior_of(*DESIGNS["two categories, seven items, an empty fourth class"])
    empty = profile.copy()
    empty[:, 3] = profile[:, 0]
    empty[:, 0] = (profile[:, 0] + 0.2) / 1.4
    reference = bl.relabel(hand_made_fit(share[None], profile[None], codes), pivot)
    shown = bl.relabel(hand_made_fit(share[None], empty[None], codes), pivot, order=reference)
    xr.testing.assert_allclose(shown["posterior"]["class_share"], reference["posterior"]["class_share"])
