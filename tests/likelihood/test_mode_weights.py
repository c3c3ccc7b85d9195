"""What modes could hold of the posterior: curvature by differences, and data that are their own mirror image."""

from itertools import product

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from bayes_lca.likelihood.answers import membership_given_answers
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.mode_weights import negative_curvature, weigh_modes


def two_questions(errors=(0.15, 0.15), n=400):
    """Three items about each of two questions: two classes can stand for one question or the other."""
    codes = np.array(list(product([0, 1], repeat=6)))

    def of_items(answers, error):
        right = np.where(answers, 1 - error, error)
        return 0.5 * right.prod(axis=1) + 0.5 * (1 - right).prod(axis=1)

    return codes, n * of_items(codes[:, :3], errors[0]) * of_items(codes[:, 3:], errors[1])


def weights_of(codes, counts):
    return weigh_modes(codes, counts, (2,) * 6, fit_em(codes, counts, (2,) * 6, 2).maxima)


def test_mirror_images_hold_half_each():
    codes, counts = two_questions()
    fitted = fit_em(codes, counts, (2,) * 6, 2)
    assert len(fitted.modes) == 1  # both maxima have one height
    assert len(fitted.maxima) == 2
    modes = weigh_modes(codes, counts, (2,) * 6, fitted.maxima)
    assert [each.weight for each in modes] == pytest.approx([0.5, 0.5], abs=1e-4)
    about = [np.abs(np.diff(each.mode.item_probability[..., 1], axis=0)[0]) > 0.5 for each in modes]
    assert {tuple(items.tolist()) for items in about} == {(True,) * 3 + (False,) * 3, (False,) * 3 + (True,) * 3}


def test_membership_is_that_of_maximum_likelihood():
    codes, counts = two_questions((0.15, 0.2))
    fitted = fit_em(codes, counts, (2,) * 6, 2)
    membership = membership_given_answers(fitted.best.class_share, fitted.best.item_probability, codes)
    np.testing.assert_allclose(membership, fitted.membership, atol=1e-12)


def test_a_mode_that_is_lower_holds_less():
    """At equal widths weights differ as heights do; the widths of these hardly differ."""
    codes, counts = two_questions((0.15, 0.16))
    higher, lower = weights_of(codes, counts)
    below = higher.mode.log_likelihood - lower.mode.log_likelihood
    assert np.log(higher.weight / lower.weight) == pytest.approx(below, abs=0.5)


def test_curvature_is_that_of_the_log_posterior():
    """Central differences of the log posterior, written out anew; missing answers, unequal items."""
    rng = np.random.default_rng(0)
    codes, counts = rng.integers(-1, 3, (12, 3)), rng.integers(1, 9, 12)
    codes[:, 1] = np.minimum(codes[:, 1], 1)
    sizes, a, b = (3, 2, 3), 1.3, 0.7

    def parameters(logits):
        share, rest = softmax([logits[0], 0.0]), logits[1:].reshape(2, 5)
        probability = np.zeros((2, 3, 3))
        for k in range(2):
            for j, of_item in enumerate(np.split(rest[k], [2, 3])):
                probability[k, j, : sizes[j]] = softmax([*of_item, 0.0])
        return share, probability

    def log_posterior(logits):
        share, probability = parameters(logits)
        total = a * np.log(share).sum() + b * np.log(probability[probability > 0]).sum()
        for row, count in zip(codes, counts, strict=True):
            given = [sum(np.log(probability[k, j, y]) for j, y in enumerate(row) if y >= 0) for k in range(2)]
            total += count * logsumexp(np.log(share) + given)
        return total

    at, step = rng.normal(size=11), 1e-4
    moves = np.eye(11) * step
    found = negative_curvature(codes, counts, np.arange(3) < np.array(sizes)[:, None], *parameters(at), a, b)
    for first, second in [(0, 0), (0, 3), (2, 2), (2, 1), (3, 8), (6, 7), (10, 10)]:
        corners = [
            sign_1 * sign_2 * log_posterior(at + sign_1 * moves[first] + sign_2 * moves[second])
            for sign_1, sign_2 in product([1, -1], repeat=2)
        ]
        assert -sum(corners) / (4 * step**2) == pytest.approx(found[first, second], abs=2e-5)
