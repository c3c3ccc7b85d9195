"""Multi-start EM against published maxima, a written-out EM update and the properties a likelihood has."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, chi2_contingency

from bayes_lca.likelihood import em
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.modes import MODE_TOLERANCE

REFERENCE = Path(__file__).parents[1] / "reference"
PRINTED = 6e-5  # half a unit of the fourth decimal, and a little for the last iterations

PUBLISHED_MAXIMA = [
    ("gss82", 1, -2872.2296, None),
    ("gss82", 2, -2783.2680, [0.8077, 0.1923]),
    ("gss82", 3, -2754.5454, [0.6208, 0.2070, 0.1723]),
    ("gss82", 4, -2746.6208, [0.5721, 0.2209, 0.1790, 0.0280]),
    ("carcinoma", 1, -524.4648, None),
    ("carcinoma", 2, -317.2568, [0.5012, 0.4988]),
    ("carcinoma", 3, -293.7050, [0.4447, 0.3736, 0.1817]),
    ("carcinoma", 4, -289.2858, [0.3751, 0.3430, 0.1882, 0.0936]),
]


def reference_patterns(name):
    """Codes (pattern, item), counts (pattern,) and numbers of categories (item,) of a published data set."""
    frame = pd.read_csv(REFERENCE / f"{name}.csv")
    codes = frame.drop(columns="count").to_numpy() - 1
    return codes, frame["count"].to_numpy(), tuple(codes.max(axis=0) + 1)


def incomplete_answers():
    """Forty rows of items with 2, 3 and 4 categories from two classes, a third of the answers missing."""
    rng = np.random.default_rng(3)
    n_categories = (2, 3, 4)
    latent_class = rng.integers(2, size=40)
    codes = np.column_stack(
        [np.where(rng.random(40) < 0.8, latent_class * (n - 1), rng.integers(n, size=40)) for n in n_categories]
    )
    codes[rng.random(codes.shape) < 1 / 3] = -1
    codes[0] = -1
    return codes, rng.integers(1, 5, size=40), n_categories


def joint_probability(row, class_share, item_probability):
    """Probability of each class together with the answered items of one row, one factor at a time."""
    joint = list(class_share)
    for k, j in itertools.product(range(len(class_share)), range(len(row))):
        if row[j] >= 0:
            joint[k] *= item_probability[k, j, row[j]]
    return np.array(joint)


def log_likelihood_by_loop(codes, counts, class_share, item_probability):
    return sum(
        n * np.log(joint_probability(row, class_share, item_probability).sum())
        for row, n in zip(codes, counts, strict=True)
    )


def em_update_by_loop(codes, counts, class_share, item_probability):
    share, probability = np.zeros_like(class_share), np.zeros_like(item_probability)
    for row, n in zip(codes, counts, strict=True):
        joint = joint_probability(row, class_share, item_probability)
        share += n * joint / joint.sum()
        for j in range(len(row)):
            if row[j] >= 0:
                probability[:, j, row[j]] += n * joint / joint.sum()
    return share / share.sum(), probability / probability.sum(axis=2, keepdims=True)


@pytest.mark.parametrize(("name", "n_classes", "log_likelihood", "sizes"), PUBLISHED_MAXIMA)
def test_published_maximum_and_class_sizes(name, n_classes, log_likelihood, sizes):
    fitted = fit_em(*reference_patterns(name), n_classes)
    assert fitted.log_likelihood == pytest.approx(log_likelihood, abs=PRINTED)
    if sizes is not None:
        np.testing.assert_allclose(fitted.class_share, sizes, atol=PRINTED)


def test_published_profiles_of_gss82_with_three_classes():
    fitted = fit_em(*reference_patterns("gss82"), 3)
    published = [  # largest class first; PURPOSE, ACCURACY, UNDERSTA, COOPERAT
        [[0.8881, 0.0532, 0.0587], [0.6130, 0.3870, 0], [1.0000, 0, 0], [0.9431, 0.0569, 0]],
        [[0.9117, 0.0716, 0.0167], [0.6478, 0.3522, 0], [0.3131, 0.6869, 0], [0.6897, 0.2553, 0.0550]],
        [[0.1427, 0.2246, 0.6327], [0.0313, 0.9687, 0], [0.7531, 0.2469, 0], [0.6410, 0.2561, 0.1030]],
    ]
    np.testing.assert_allclose(fitted.item_probability, published, atol=1e-4)


def test_gss82_local_maxima_are_found_as_often_as_by_polca():
    """poLCA starts from the same distribution, so its 500 runs and ours are two samples of one multinomial.

    Chi-squared test of homogeneity, five maxima, at the one in a thousand level.
    """
    fitted = fit_em(*reference_patterns("gss82"), 3, n_starts=500)
    reached = [mode.log_likelihood for mode in fitted.modes]
    np.testing.assert_allclose(reached, [-2754.545, -2755.617, -2755.739, -2762.005, -2762.231], atol=6e-4)
    ours, polca = [mode.starts for mode in fitted.modes], [258, 14, 57, 70, 101]
    assert chi2_contingency([ours, polca]).statistic < chi2.ppf(0.999, df=4)


def test_carcinoma_inferior_maximum_is_found():
    """Zhou and Lange (2010) use this maximum to try optimisers on."""
    fitted = fit_em(*reference_patterns("carcinoma"), 4, n_starts=100)
    assert min(abs(mode.log_likelihood - -293.3200) for mode in fitted.modes) < PRINTED


def test_every_start_is_in_one_mode_and_modes_come_best_first():
    fitted = fit_em(*reference_patterns("carcinoma"), 4, n_starts=60)
    reached = np.array([mode.log_likelihood for mode in fitted.modes])
    assert sum(mode.starts for mode in fitted.modes) == fitted.n_starts == fitted.converged_starts == 60
    assert len(reached) > 1
    assert np.all(np.diff(reached) < -MODE_TOLERANCE)
    assert fitted.best_starts == fitted.modes[0].starts
    for mode in fitted.modes:
        assert np.all(np.diff(mode.class_share) <= 0)
        assert mode.class_share.sum() == pytest.approx(1, abs=1e-12)
        np.testing.assert_allclose(mode.item_probability.sum(axis=2), 1, atol=1e-12)


def test_one_class_is_the_margins():
    codes, counts, n_categories = reference_patterns("gss82")
    fitted = fit_em(codes, counts, n_categories, 1, n_starts=2)
    margin = np.bincount(codes[:, 3], weights=counts) / counts.sum()
    np.testing.assert_allclose(fitted.item_probability[0, 3], margin, atol=1e-14)
    np.testing.assert_array_equal(fitted.class_share, [1])
    assert len(fitted.modes) == 1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_log_likelihood_never_falls(seed):
    """The same start, stopped ever later; near the end only rounding may differ."""
    codes, counts, n_categories = reference_patterns("carcinoma")
    path = [
        fit_em(codes, counts, n_categories, 5, n_starts=1, seed=seed, max_iterations=n, newton=False).log_likelihood
        for n in range(3, 270, 3)
    ]
    assert np.all(np.diff(path) > -1e-10)
    assert path[-1] - path[0] > 1


@pytest.mark.parametrize("newton", [False, True])
def test_best_mode_is_a_fixed_point_of_em_written_out(newton):
    codes, counts, n_categories = reference_patterns("gss82")
    best = fit_em(codes, counts, n_categories, 3, newton=newton).best
    share, probability = em_update_by_loop(codes, counts, best.class_share, best.item_probability)
    np.testing.assert_allclose(share, best.class_share, atol=1e-6)
    np.testing.assert_allclose(probability, best.item_probability, atol=1e-6)


@pytest.mark.parametrize(("data", "classes", "share"), [("mplus_ex7_6", 2, 0.58557704), ("carcinoma", 4, 0.37514297)])
def test_newton_steps_end_where_plain_em_ends_after_80_000_updates(data, classes, share):
    """EM alone, stopped at a gain of 1e-10, leaves the share of the largest class 2e-6 and 4e-7 away."""
    ends = [fit_em(*reference_patterns(data), classes, n_starts=30, seed=seed) for seed in (0, 1)]
    for fitted in ends:
        assert fitted.class_share[0] == pytest.approx(share, abs=1.5e-8)
        assert np.all(np.diff(fitted.class_share) <= 0)
    np.testing.assert_allclose(ends[0].membership, ends[1].membership, atol=1e-6)


def test_missing_answers_drop_out_of_the_product():
    codes, counts, n_categories = incomplete_answers()
    fitted = fit_em(codes, counts, n_categories, 2)
    best = fitted.best
    by_loop = log_likelihood_by_loop(codes, counts, best.class_share, best.item_probability)
    assert fitted.log_likelihood == pytest.approx(by_loop, abs=1e-9)
    share, probability = em_update_by_loop(codes, counts, best.class_share, best.item_probability)
    np.testing.assert_allclose(share, best.class_share, atol=1e-5)
    np.testing.assert_allclose(probability, best.item_probability, atol=1e-5)


def test_membership_is_bayes_theorem_row_by_row():
    codes, counts, n_categories = incomplete_answers()
    fitted = fit_em(codes, counts, n_categories, 2)
    joint = np.array([joint_probability(row, fitted.class_share, fitted.item_probability) for row in codes])
    np.testing.assert_allclose(fitted.membership, joint / joint.sum(axis=1, keepdims=True), atol=1e-12)
    np.testing.assert_allclose(fitted.membership[0], fitted.class_share, atol=1e-12)  # no answer at all


def test_row_without_answers_leaves_the_likelihood_alone():
    codes, counts, n_categories = reference_patterns("gss82")
    silent = np.full((1, codes.shape[1]), -1)
    with_silent = fit_em(np.vstack([codes, silent]), np.append(counts, 50), n_categories, 2, n_starts=10)
    without = fit_em(codes, counts, n_categories, 2, n_starts=10)
    assert with_silent.log_likelihood == pytest.approx(without.log_likelihood, abs=1e-7)


def test_probability_is_zero_beyond_the_categories_of_an_item():
    probability = fit_em(*incomplete_answers(), 2).item_probability
    assert probability.shape == (2, 3, 4)
    assert np.all(probability[:, 0, 2:] == 0)
    assert np.all(probability[:, 1, 3:] == 0)
    np.testing.assert_allclose(probability.sum(axis=2), 1, atol=1e-12)


def test_an_item_nobody_answered_and_a_category_nobody_chose():
    codes, counts, _ = reference_patterns("gss82")
    extended = np.column_stack([codes, np.full(len(codes), -1)])
    fitted = fit_em(extended, counts, (3, 2, 2, 4, 2), 2, n_starts=10)
    assert fitted.log_likelihood == pytest.approx(-2783.2680, abs=PRINTED)
    np.testing.assert_allclose(fitted.item_probability[:, 3, 3], 0, atol=1e-200)
    np.testing.assert_allclose(fitted.item_probability[:, 4, :2], 0.5)


def test_order_of_rows_does_not_matter():
    codes, counts, n_categories = reference_patterns("gss82")
    order = np.random.default_rng(1).permutation(len(codes))
    fitted = fit_em(codes, counts, n_categories, 4)
    shuffled = fit_em(codes[order], counts[order], n_categories, 4)
    assert shuffled.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(shuffled.membership, fitted.membership[order], atol=1e-8)


def test_order_of_items_does_not_matter():
    codes, counts, n_categories = reference_patterns("gss82")
    order = [3, 0, 2, 1]
    fitted = fit_em(codes, counts, n_categories, 3)
    shuffled = fit_em(codes[:, order], counts, [n_categories[j] for j in order], 3)
    assert shuffled.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(shuffled.item_probability, fitted.item_probability[:, order], atol=1e-4)


def test_unique_rows_with_counts_equal_all_rows():
    codes, counts, n_categories = reference_patterns("gss82")
    collapsed = fit_em(codes, counts, n_categories, 3, n_starts=20)
    respondents = np.repeat(np.arange(len(codes)), counts)
    every_row = fit_em(codes[respondents], np.ones(len(respondents)), n_categories, 3, n_starts=20)
    assert every_row.log_likelihood == pytest.approx(collapsed.log_likelihood, abs=1e-9)
    np.testing.assert_allclose(every_row.membership, collapsed.membership[respondents], atol=1e-9)


def test_relabelling_categories_does_not_matter():
    codes, counts, n_categories = reference_patterns("gss82")
    reversed_codes = np.array(n_categories) - 1 - codes
    fitted, mirrored = (fit_em(c, counts, n_categories, 3) for c in (codes, reversed_codes))
    assert mirrored.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-7)


def test_thousand_items_do_not_underflow():
    rng = np.random.default_rng(5)
    probability = np.where(np.arange(30)[:, None] < 15, 0.3, 0.7)
    codes = (rng.random((30, 1500)) < probability).astype(int)
    fitted = fit_em(codes, np.ones(30), (2,) * 1500, 2, n_starts=5)
    assert fitted.log_likelihood < -745  # the logarithm of the smallest number above zero
    np.testing.assert_array_equal(fitted.membership.argmax(axis=1)[:15], fitted.membership.argmax(axis=1)[0])
    np.testing.assert_allclose(fitted.class_share, [0.5, 0.5], atol=1e-12)


def test_same_seed_same_fit_and_batches_change_nothing(monkeypatch):
    data = reference_patterns("carcinoma")
    fitted = fit_em(*data, 3, n_starts=20, seed=7)
    monkeypatch.setattr(em, "LARGEST_BATCH", 500)
    in_batches = fit_em(*data, 3, n_starts=20, seed=7)
    assert [mode.starts for mode in in_batches.modes] == [mode.starts for mode in fitted.modes]
    assert in_batches.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-9)
    np.testing.assert_allclose(in_batches.membership, fitted.membership, atol=1e-6)


def test_starts_cut_short_are_not_called_converged():
    data = reference_patterns("gss82")
    assert fit_em(*data, 3, n_starts=10, max_iterations=3).converged_starts == 0
    assert fit_em(*data, 3, n_starts=10).converged_starts == 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_classes": 0}, "n_classes is 0"),
        ({"n_starts": 0}, "n_starts is 0"),
        ({"tolerance": 0.0}, "tolerance is 0"),
        ({"max_iterations": 2}, "max_iterations is 2"),
        ({"codes": np.array([0, 1])}, "codes has shape"),
        ({"codes": np.array([[0.0, np.nan], [1.0, 1.0]])}, "codes has shape"),
        ({"counts": np.array([1.0])}, "counts has shape"),
        ({"counts": np.array([1.0, -1.0])}, "counts has negative"),
        ({"counts": np.array([0.0, 0.0])}, "only zeros"),
        ({"counts": np.array([1.0, np.nan])}, "non-finite"),
        ({"n_categories": (2,)}, "n_categories has length 1"),
        ({"n_categories": (2, 1)}, "item 1 has codes from 0 to 1 but 1 categories"),
        ({"n_categories": (2, 0)}, "item 1 has 0 categories"),
        ({"codes": np.array([[0, -2], [1, 1]])}, "item 1 has codes from -2"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    arguments = {
        "codes": np.array([[0, 0], [1, 1]]),
        "counts": np.array([1.0, 1.0]),
        "n_categories": (2, 2),
        "n_classes": 2,
    }
    with pytest.raises(ValueError, match=message):
        fit_em(**(arguments | change))
