"""Maximum likelihood of restricted classes: published figures, and climbs by scipy over parameters written by hand."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logsumexp, softmax

import bayes_lca as bl
from bayes_lca.likelihood.answers import membership_and_log_likelihood
from bayes_lca.likelihood.confirmatory import fit_restricted
from bayes_lca.measurement.known_of_classes import KnownOfClasses


def maximum(codes, counts, labels, restrictions, n_classes, **settings):
    items = [f"i{j}" for j in range(len(labels))]
    sets = KnownOfClasses.of(None, 1.0, restrictions, items, labels, n_classes).sets
    return fit_restricted(codes, counts, [len(of_item) for of_item in labels], sets, **settings), sets.n_free


# Pleural thickening of 1692 men by three readers, 1 = no, 2 = yes, and what LEM prints for two classes: Dayton (1998),
# Latent Class Scaling Analysis, table 3.2; LEM's output by UCLA, https://stats.idre.ucla.edu/lem/
PLEURAL_CODES = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
PLEURAL_COUNTS = np.array([1513, 23, 59, 12, 21, 19, 11, 34])
YES_NO = (("1", "2"),) * 3


def test_unrestricted_readers_have_the_published_likelihood():
    fitted, n_free = maximum(PLEURAL_CODES, PLEURAL_COUNTS, YES_NO, [], 2, max_iterations=60_000)
    assert fitted.log_likelihood == pytest.approx(-891.14280, abs=6e-6)
    assert n_free + 1 == 7


def test_homogeneous_readers_have_the_published_likelihood():
    fitted, n_free = maximum(PLEURAL_CODES, PLEURAL_COUNTS, YES_NO, [bl.Equal(["i0", "i1", "i2"])], 2)
    assert fitted.log_likelihood == pytest.approx(-904.84848, abs=6e-6)
    assert n_free + 1 == 3
    small = fitted.class_share.argmin()
    assert fitted.class_share[small] == pytest.approx(0.0546, abs=6e-5)
    # LEM stopped when a step gained 6e-7, where this probability was still 1e-4 from the maximum
    np.testing.assert_allclose(fitted.item_probability[small, :, 0], 0.2835, atol=2e-4)
    np.testing.assert_allclose(fitted.item_probability[1 - small, :, 0], 0.9812, atol=6e-5)


def climb(codes, counts, n_theta, probabilities, tries=5):
    """The largest log-likelihood that scipy finds, and its probabilities; theta become shares and a table by hand."""

    def downhill(theta):
        share, rho = probabilities(theta)
        log_rho = np.log(np.maximum(rho, 1e-300))
        item = np.arange(codes.shape[1])
        of_class = [np.log(pi) + log_rho[k][item, codes].sum(axis=1) for k, pi in enumerate(share)]
        return -counts @ logsumexp(of_class, axis=0)

    rng = np.random.default_rng(0)
    ends = [minimize(downhill, rng.normal(size=n_theta), method="BFGS", options={"gtol": 1e-7}) for _ in range(tries)]
    best = min(ends, key=lambda end: end.fun)
    return -best.fun, *probabilities(best.x)


@pytest.fixture(scope="module")
def survey():
    """Answers of 500 respondents to two items of two categories and two of three."""
    rng = np.random.default_rng(11)
    yes = np.array([[0.9, 0.75], [0.2, 0.35]])
    thirds = np.array([[[0.1, 0.3, 0.6], [0.2, 0.2, 0.6]], [[0.5, 0.3, 0.2], [0.6, 0.3, 0.1]]])
    latent_class = rng.choice(2, 500, p=[0.45, 0.55])
    codes = np.column_stack(
        [
            *(rng.random(500) < yes[latent_class, j] for j in range(2)),
            *((rng.random((500, 1)) > thirds[latent_class, j].cumsum(axis=1)).sum(axis=1) for j in range(2)),
        ]
    ).astype(int)
    return np.unique(codes, axis=0, return_counts=True)


OF_SURVEY = (("0", "1"), ("0", "1"), ("0", "1", "2"), ("0", "1", "2"))


def pair(p):
    return np.array([1 - p, p, 0.0])


def simplex(logits):
    return softmax(np.append(logits, 0.0))


def fixed_and_zero(theta):
    """Item 0 known in class 1; nobody in class 2 gives the last answer to item 3."""
    p = expit(theta)
    rho = [
        [pair(0.9), pair(p[1]), simplex(theta[2:4]), simplex(theta[4:6])],
        [pair(p[6]), pair(p[7]), simplex(theta[8:10]), np.array([p[10], 1 - p[10], 0.0])],
    ]
    return np.array([p[0], 1 - p[0]]), np.array(rho)


def one_category_equal(theta):
    """Answer 1 of item 2 is as likely in both classes, the others are not; items 0 and 1 are parallel."""
    p = expit(theta)
    t, rest = p[1], 1 - p[1]
    of_item = [np.array([rest * q, t, rest * (1 - q)]) for q in p[2:4]]
    rho = [[pair(p[4 + k]), pair(p[4 + k]), of_item[k], simplex(theta[6 + 2 * k : 8 + 2 * k])] for k in range(2)]
    return np.array([p[0], 1 - p[0]]), np.array(rho)


def equal_errors(theta):
    """One error of items 0 and 1 whichever class errs; a known part of item 2 in class 1."""
    p = expit(theta)
    error = p[1]
    rho = [
        [pair(1 - error), pair(1 - error), np.array([0.8 * p[2], 0.2, 0.8 * (1 - p[2])]), simplex(theta[3:5])],
        [pair(error), pair(error), simplex(theta[5:7]), simplex(theta[7:9])],
    ]
    return np.array([p[0], 1 - p[0]]), np.array(rho)


WRITTEN_BY_HAND = {
    "fixed and zero": (
        [bl.Fixed("i0", category="1", classes=1, value=0.9), bl.Zero("i3", category="2", classes=2)],
        fixed_and_zero,
        11,
    ),
    "one category equal": ([bl.Equal("i2", category="1"), bl.Equal(["i0", "i1"])], one_category_equal, 10),
    "equal errors": (
        [
            bl.Equal(cells=[("i0", "0", 1), ("i0", "1", 2)]),
            bl.Equal(["i0", "i1"]),
            bl.Fixed("i2", category="1", classes=1, value=0.2),
        ],
        equal_errors,
        9,
    ),
}


@pytest.mark.parametrize("name", WRITTEN_BY_HAND)
def test_maximum_is_that_of_a_climb_by_scipy(survey, name):
    restrictions, probabilities, n_theta = WRITTEN_BY_HAND[name]
    fitted, n_free = maximum(*survey, OF_SURVEY, restrictions, 2)
    assert n_free + 1 == n_theta
    height, share, rho = climb(*survey, n_theta, probabilities)
    assert fitted.log_likelihood == pytest.approx(height, abs=1e-5)
    order = [0, 1] if abs(fitted.class_share[0] - share[0]) < 0.05 else [1, 0]
    np.testing.assert_allclose(fitted.class_share[order], share, atol=2e-3)
    np.testing.assert_allclose(fitted.item_probability[order], rho, atol=5e-3)


def test_maximum_in_rising_order_is_that_of_a_climb_by_scipy(survey):
    """Two classes whose yes to item 0 rises and to item 1 falls: the order binds, and the two are equal there."""

    def rising(theta):
        up = expit(theta[1] + np.array([0, theta[2] ** 2]))
        down = expit(theta[3] - np.array([0, theta[4] ** 2]))
        rho = [
            [pair(up[k]), pair(down[k]), simplex(theta[5 + 4 * k : 7 + 4 * k]), simplex(theta[7 + 4 * k : 9 + 4 * k])]
            for k in range(2)
        ]
        return pair(expit(theta[0]))[:2], np.array(rho)

    restrictions = [bl.Ordered("i0", category="1"), bl.Ordered("i1", category="1", classes=[2, 1])]
    fitted, n_free = maximum(*survey, OF_SURVEY, restrictions, 2)
    height, _, _ = climb(*survey, 13, rising)
    free, _ = maximum(*survey, OF_SURVEY, [], 2)
    assert n_free + 1 == 13
    assert fitted.log_likelihood == pytest.approx(height, abs=1e-4)
    assert fitted.log_likelihood < free.log_likelihood - 1
    assert (np.diff(fitted.item_probability[:, 0, 1]) >= 0).all()
    assert (np.diff(fitted.item_probability[:, 1, 1]) <= 0).all()
    assert min(np.diff(fitted.item_probability[:, 0, 1]), -np.diff(fitted.item_probability[:, 1, 1])) == 0


def test_likelihood_never_falls(survey):
    restrictions, _, _ = WRITTEN_BY_HAND["one category equal"]
    heights = [
        maximum(*survey, OF_SURVEY, restrictions, 2, n_starts=1, max_iterations=n)[0].log_likelihood
        for n in range(1, 30)
    ]
    assert (np.diff(heights) > -1e-9).all()


def test_membership_and_likelihood_stay_finite_at_structural_zeros():
    rho = np.array([[[0.0, 1.0]], [[0.5, 0.5]]])
    membership, total = membership_and_log_likelihood(np.array([0.5, 0.5]), rho, np.array([[0], [1]]))
    np.testing.assert_allclose(membership[0], [0.0, 1.0], atol=1e-200)
    np.testing.assert_allclose(np.exp(total), [0.25, 0.75])
