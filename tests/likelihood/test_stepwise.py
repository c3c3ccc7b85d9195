"""Step-wise estimators against StepMix, whole populations, refitted first steps and simulated data.

Long, because all of these share the populations and samples at its top.
"""

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp, softmax

from bayes_lca.likelihood.classification import Classification, FirstStepError
from bayes_lca.likelihood.criteria import entropy_r2
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.multinomial_logit import fit_latent_logit
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.workflows.ladder.bias_adjusted_regression import stepwise

REFERENCE = Path(__file__).parents[1] / "reference"
CORRECTED = [
    ("two_step", "modal"),
    ("bch", "modal"),
    ("bch", "proportional"),
    ("ml", "modal"),
    ("ml", "proportional"),
]
UNEVEN = np.array(
    [
        [[0.85, 0.10, 0.05], [0.70, 0.30, 0.00], [0.60, 0.25, 0.15], [0.75, 0.25, 0.00]],
        [[0.15, 0.70, 0.15], [0.35, 0.65, 0.00], [0.20, 0.65, 0.15], [0.40, 0.60, 0.00]],
        [[0.10, 0.20, 0.70], [0.10, 0.90, 0.00], [0.15, 0.15, 0.70], [0.20, 0.80, 0.00]],
    ]
)
"""Three classes that are hard to tell apart, four items of three and two categories."""

TWO_CLASSES = np.array(
    [[[0.8, 0.2], [0.7, 0.3], [0.75, 0.25], [0.6, 0.4]], [[0.3, 0.7], [0.2, 0.8], [0.4, 0.6], [0.1, 0.9]]]
)
TRUE = np.array([[0, 0], [0.3, 1.0], [-0.2, -0.7]])


def population(item_probability, coefficient):
    """Every pattern at x = 0 and x = 1 with its expected count in 1000 respondents, and the class shares."""
    n_items = item_probability.shape[1]
    patterns = np.array(list(product(*(np.flatnonzero(item.sum(axis=0)) for item in item_probability.swapaxes(0, 1)))))
    given_class = item_probability[:, np.arange(n_items), patterns].prod(axis=2)  # (latent_class, pattern)
    class_given_x = softmax(np.array([[1, 0], [1, 1]]) @ np.transpose(coefficient), axis=1)  # (x, latent_class)
    count = 500 * class_given_x @ given_class  # (x, pattern)
    x = np.repeat([[0], [1]], len(patterns), axis=0)
    return x, np.vstack([patterns, patterns]), count.ravel(), class_given_x.mean(axis=0)


def sample(x, codes, expected, n, rng):
    """A sample of n respondents from a population: covariate (row, 1), answers (row, item) and counts (row,)."""
    count = rng.multinomial(n, expected / expected.sum())
    return x[count > 0], codes[count > 0], count[count > 0]


def first_step(codes, count, item_probability, n_starts=3):
    """Item probabilities and shares by maximum likelihood, classes in the order of the true ones."""
    n_categories = (item_probability.sum(axis=0) > 0).sum(axis=1)
    best = fit_em(codes, count, n_categories, len(item_probability), n_starts=n_starts).best
    orders = [list(order) for order in permutations(range(len(item_probability)))]
    order = min(orders, key=lambda order: ((best.item_probability[order] - item_probability) ** 2).sum())
    return best.item_probability[order], best.class_share[order]


def small_sample(seed=4, n=400, item_probability=UNEVEN):
    """Collapsed rows of one simulated data set with its first step."""
    coefficient = np.array([[0, 0], [0.3, 1.0], [-0.2, 0.6]])[: len(item_probability)]
    x, codes, count = sample(*population(item_probability, coefficient)[:3], n, np.random.default_rng(seed))
    return x, codes, count, *first_step(codes, count, item_probability)


def by_stepmix(codes, design, **options):
    """Coefficients against class 0 and the first step of StepMix, fitted to the end."""
    stepmix = pytest.importorskip("stepmix.stepmix")
    one_update_at_a_time = options["n_steps"] == 2 or options.get("correction") == "ML"
    model = stepmix.StepMix(
        n_components=3,
        measurement="categorical",
        structural="covariate",
        structural_params={"method": "newton-raphson", "max_iter": 1 if one_update_at_a_time else 200, "tol": 1e-9},
        abs_tol=1e-13,
        rel_tol=1e-14,
        max_iter=5000,
        random_state=3,
        progress_bar=0,
        **options,
    )
    model.fit(codes.astype(float), design)
    found = model.get_parameters()
    item_probability = found["measurement"]["pis"].reshape(3, codes.shape[1], -1)
    beta = found["structural"]["beta"]
    shares = found["weights"] / found["weights"].sum()
    return beta - beta[0], item_probability / item_probability.sum(axis=2, keepdims=True), shares


@pytest.fixture(scope="module")
def respondents():
    """Answers of 800 respondents and two covariates, one of them continuous."""
    rng = np.random.default_rng(1)
    item_probability = np.tile([[[0.7, 0.15, 0.15]], [[0.15, 0.7, 0.15]], [[0.1, 0.2, 0.7]]], (1, 5, 1))
    x, codes, count = sample(*population(item_probability, [[0, 0], [0.3, 1], [-0.2, 0.5]])[:3], 800, rng)
    rows = np.repeat(np.arange(len(count)), count)
    return codes[rows], np.column_stack([x[rows], rng.normal(size=800)])


@pytest.mark.parametrize(
    ("method", "assignment", "options"),
    [
        ("two_step", "modal", {"n_steps": 2}),
        ("modal", "modal", {"n_steps": 3, "assignment": "modal"}),
        ("proportional", "modal", {"n_steps": 3, "assignment": "soft"}),
        ("bch", "modal", {"n_steps": 3, "correction": "BCH", "assignment": "modal"}),
        ("bch", "proportional", {"n_steps": 3, "correction": "BCH", "assignment": "soft"}),
        ("ml", "modal", {"n_steps": 3, "correction": "ML", "assignment": "modal"}),
    ],
)
def test_coefficients_equal_stepmix(respondents, method, assignment, options):
    """On the first step of StepMix; 1e-5 where 1e-3 would do."""
    codes, design = respondents
    beta, item_probability, shares = by_stepmix(codes, design, **options)
    found = stepwise(
        codes,
        np.ones(len(codes)),
        design,
        item_probability,
        shares,
        method=method,
        assignment=assignment,
        first_step_known=True,
    )
    np.testing.assert_allclose(found.coefficient, beta, atol=1e-5)


def test_soft_ml_of_stepmix_is_another_estimator(respondents):
    """It averages log errors over the assignment where the pseudo-likelihood averages log probabilities.

    Its emission is reproduced here. That it does not lead to the true slopes of a whole population, where the
    estimators here do, is the reason to differ.
    """
    codes, design = respondents
    beta, item_probability, shares = by_stepmix(codes, design, n_steps=3, correction="ML", assignment="soft")
    with_ones = np.column_stack([np.ones(len(codes)), design])
    found = fit_latent_logit(with_ones, *pooled_errors(codes, np.ones(len(codes)), item_probability, shares))
    np.testing.assert_allclose(found.coefficient, beta, atol=1e-4)

    x, codes, count, shares = population(TWO_CLASSES, TRUE[:2])
    with_ones = np.column_stack([np.ones(len(codes)), x])
    found = fit_latent_logit(with_ones, *pooled_errors(codes, count, TWO_CLASSES, shares))
    assert found.coefficient[1, 1] == pytest.approx(2.26, abs=0.01)
    assert TRUE[1, 1] == 1


def pooled_errors(codes, count, item_probability, shares):
    """Log emission of the proportional assignment as StepMix has it, and the counts."""
    first = Classification(item_probability, shares, codes, count)
    return first.membership(codes) @ np.log(first.error_matrix("proportional")).T, count


@pytest.mark.parametrize(("method", "assignment"), CORRECTED)
def test_whole_population_gives_the_true_coefficients(method, assignment):
    """With expected counts for data and the true measurement, a consistent estimator has no error left."""
    x, codes, count, shares = population(UNEVEN, TRUE)
    found = stepwise(codes, count, x, UNEVEN, shares, method=method, assignment=assignment)
    np.testing.assert_allclose(found.coefficient, TRUE, atol=1e-6)


@pytest.mark.parametrize("method", ["modal", "proportional"])
def test_uncorrected_assignment_attenuates_in_the_population(method):
    x, codes, count, shares = population(UNEVEN, TRUE)
    found = stepwise(codes, count, x, UNEVEN, shares, method=method).coefficient
    contrasts = np.array([found[1, 1], found[2, 1], found[1, 1] - found[2, 1]]) / [1.0, -0.7, 1.7]
    assert np.all(contrasts < 0.8)
    assert found[1, 1] > 0.3


@pytest.mark.parametrize(("method", "assignment"), CORRECTED)
def test_classes_from_all_and_regression_of_some(method, assignment):
    """Other shares among those regressed than among those who gave the classes: only errors and items carry over."""
    x, codes, count, shares = population(UNEVEN, TRUE)
    all_codes, all_count = np.vstack([codes, codes]), np.concatenate([count, population(UNEVEN, -TRUE)[2]])
    all_shares = (shares + population(UNEVEN, -TRUE)[3]) / 2
    found = stepwise(
        codes,
        count,
        x,
        UNEVEN,
        all_shares,
        method=method,
        assignment=assignment,
        measurement_codes=all_codes,
        measurement_count=all_count,
    )
    np.testing.assert_allclose(found.coefficient, TRUE, atol=1e-6)


def test_missing_answers_drop_out():
    """In two steps a population in which some miss their first answer still gives the true coefficients."""
    x, codes, count, shares = population(UNEVEN, TRUE)
    incomplete = codes.copy()
    incomplete[:, 0] = -1
    found = stepwise(
        np.vstack([codes, incomplete]), np.concatenate([count, 0.5 * count]), np.vstack([x, x]), UNEVEN, shares
    )
    np.testing.assert_allclose(found.coefficient, TRUE, atol=1e-6)
    silent = np.full((1, 4), -1)
    again = stepwise(np.vstack([codes, silent]), np.append(count, 50), np.vstack([x, [[1]]]), UNEVEN, shares)
    np.testing.assert_allclose(again.coefficient, TRUE, atol=1e-6)


@pytest.mark.parametrize("assignment", ["modal", "proportional"])
def test_error_matrix_row_by_row(assignment):
    _, codes, count, item_probability, shares = small_sample()
    codes = np.where(np.random.default_rng(0).random(codes.shape) < 0.1, -1, codes)
    expected = np.zeros((3, 3))
    for row, n in zip(codes, count, strict=True):
        joint = [
            shares[c] * np.prod([item_probability[c, j, k] for j, k in enumerate(row) if k >= 0]) for c in range(3)
        ]
        member = np.array(joint) / sum(joint)
        assigned = member if assignment == "proportional" else np.arange(3) == member.argmax()
        expected += n * np.outer(member, assigned)
    first = Classification(item_probability, shares, codes, count)
    found = first.error_matrix(assignment)
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True), atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert np.abs(found - found.T).max() > 0.02


def test_scores_and_information_of_the_first_step_are_derivatives():
    rng = np.random.default_rng(0)
    codes, count = rng.integers(-1, 3, size=(30, 4)), rng.integers(1, 5, size=30).astype(float)
    first = Classification(rng.dirichlet(np.ones(3), size=(2, 4)), np.array([0.3, 0.7]), codes, count)

    def log_likelihood(change):
        moved = first.moved(change)
        return count @ logsumexp(moved.log_emission(codes) + np.log(moved.class_share), axis=1)

    def score(change):
        return count @ first.moved(change).log_ratio_scores(codes)

    moves = 1e-4 * np.eye(first.log_ratios.size)
    by_differences = [(log_likelihood(move) - log_likelihood(-move)) / 2e-4 for move in moves]
    np.testing.assert_allclose(score(0), by_differences, atol=1e-5)
    by_differences = [(score(move) - score(-move)) / 2e-4 for move in moves]
    np.testing.assert_allclose(-first.information(), by_differences, atol=1e-5)


def climb_em(codes, count, item_probability, shares, updates=4000):
    """EM from a given point, so far that differences between neighbouring data sets are exact."""
    for _ in range(updates):
        joint = shares * item_probability[:, np.arange(codes.shape[1]), codes].prod(axis=2).T
        members = count[:, None] * joint / joint.sum(axis=1, keepdims=True)  # (row, latent_class)
        shares = members.sum(axis=0) / count.sum()
        chosen = codes[:, :, None] == np.arange(item_probability.shape[2])
        item_probability = np.einsum("ic,ijk->cjk", members, chosen) / members.sum(axis=0)[:, None, None]
    return item_probability, shares


@pytest.fixture(scope="module")
def refits():
    """A data set, and its neighbours with one respondent more or less in each row, each with its first step."""
    x, codes, count, *found = small_sample(item_probability=TWO_CLASSES)
    estimates = climb_em(codes, count, *found)
    neighbours = []
    for row, sign in product(range(len(count)), (1, -1)):
        other = count + 0.1 * sign * (np.arange(len(count)) == row)
        neighbours.append((other, *climb_em(codes, other, *estimates, updates=1000)))
    return x, codes, count, estimates, neighbours


@pytest.mark.parametrize(("method", "assignment"), CORRECTED)
def test_covariance_is_that_of_both_steps_repeated_on_neighbouring_data(refits, method, assignment):
    """Infinitesimal jackknife: sum over respondents of their influence on both steps, squared."""
    x, codes, count, estimates, neighbours = refits
    options = {"method": method, "assignment": assignment}
    found = stepwise(codes, count, x, *estimates, **options)
    free = [
        stepwise(codes, other, x, *first, **options, first_step_known=True).coefficient[1:].ravel()
        for other, *first in neighbours
    ]
    influence = (np.array(free[::2]) - free[1::2]) / 0.2  # (row, free)
    jackknife = influence.T @ (count[:, None] * influence)
    known = stepwise(codes, count, x, *estimates, **options, first_step_known=True)
    if method == "two_step":  # from the information, which equals the spread of the scores in expectation only
        ratio = np.diag(found.covariance) / np.diag(jackknife)
        assert np.all((ratio > 0.85) & (ratio < 1.15))
    else:
        np.testing.assert_allclose(found.covariance, jackknife, rtol=1e-4)
        assert np.abs(known.covariance / jackknife - 1).max() > 0.02


def test_two_step_standard_errors_written_out_with_a_reference_category():
    """V2 + V2 C V1 C' V2 on log odds against the last class and the last category, all derivatives by differences."""
    x, codes, count, item_probability, shares = small_sample(item_probability=TWO_CLASSES)
    item_probability, shares = climb_em(codes, count, item_probability, shares)
    columns = np.column_stack([np.ones(len(x)), x])

    def emission(first):
        yes = 1 / (1 + np.exp(-first[1:].reshape(2, 4)))
        return np.where(codes[:, None] == 1, yes, 1 - yes).prod(axis=2)

    def first_log_likelihood(first):
        share = 1 / (1 + np.exp(-first[0]))
        return count @ np.log(emission(first) @ [1 - share, share])

    def second_log_likelihood(first, free):
        return count @ np.log(
            (emission(first) * softmax(columns @ np.column_stack([[0, 0], free]), axis=1)).sum(axis=1)
        )

    def log_odds(p):
        return np.log(p / (1 - p))

    first = np.append(log_odds(shares[1]), log_odds(item_probability[:, :, 1]))
    found = stepwise(codes, count, x, item_probability, shares)
    both = np.concatenate([first, found.coefficient[1]])

    def hessian(function, at, step=2e-3):
        moves = step * np.eye(len(at))
        return np.array(
            [
                [
                    (function(at + a + b) - function(at + a - b) - function(at - a + b) + function(at - a - b))
                    for b in moves
                ]
                for a in moves
            ]
        ) / (4 * step**2)

    v1 = np.linalg.inv(-hessian(first_log_likelihood, first))
    second = hessian(lambda both: second_log_likelihood(both[:9], both[9:]), both)
    v2, cross = np.linalg.inv(-second[9:, 9:]), second[9:, :9]
    known = stepwise(codes, count, x, item_probability, shares, first_step_known=True)
    np.testing.assert_allclose(known.covariance, v2, rtol=1e-3)
    np.testing.assert_allclose(found.covariance, v2 + v2 @ cross @ v1 @ cross.T @ v2, rtol=1e-3)
    assert np.diag(found.covariance / known.covariance).max() > 2


@pytest.mark.parametrize(("method", "assignment"), [*CORRECTED, ("modal", "modal"), ("proportional", "modal")])
def test_neither_order_nor_counts_nor_labels_matter(method, assignment):
    x, codes, count, item_probability, shares = small_sample()
    options = {"method": method, "assignment": assignment, "terms": ["x"]}
    found = stepwise(codes, count, x, item_probability, shares, **options)
    rows = np.random.default_rng(0).permutation(np.repeat(np.arange(len(count)), count))
    once = stepwise(codes[rows], np.ones(len(rows)), x[rows], item_probability, shares, **options)
    order = [1, 2, 0]
    relabelled = stepwise(codes, count, x, item_probability[order], shares[order], **options)
    assert found.terms == ("intercept", "x")
    assert found.n == pytest.approx(count.sum(), rel=1e-14)  # of products with proportions
    for b, a in [(0, 1), (1, 2), (2, 0)]:
        contrast = found.contrast(b, a)
        np.testing.assert_allclose(once.contrast(b, a), contrast, atol=1e-7)
        np.testing.assert_allclose(relabelled.contrast(order.index(b), order.index(a)), contrast, atol=1e-6)


@pytest.mark.parametrize(("method", "assignment"), CORRECTED)
def test_probabilities_at_the_boundary_count_as_known(method, assignment):
    """Carcinoma with three classes has many probabilities of zero; a little off the boundary hardly differs."""
    frame = pd.read_csv(REFERENCE / "carcinoma.csv")
    codes, count = frame.drop(columns="count").to_numpy() - 1, frame["count"].to_numpy()
    found = fit_em(codes, count, (2,) * 7, 3)
    assert (found.item_probability < 1e-6).sum() > 5
    patterns = np.repeat(codes, 2, axis=0)
    x = np.tile([[0], [1]], (len(codes), 1))
    share_of_ones = 0.35 + 0.3 * found.membership[:, [0]]
    counts = (count[:, None] * np.hstack([1 - share_of_ones, share_of_ones])).ravel()
    options = {"method": method, "assignment": assignment}
    at_boundary = stepwise(patterns, counts, x, found.item_probability, found.class_share, **options)
    inside = 0.9999 * found.item_probability + 0.0001 / 2
    nearly = stepwise(patterns, counts, x, inside, found.class_share, **options)
    assert np.all(np.diag(at_boundary.covariance) < 5)
    np.testing.assert_allclose(np.diag(nearly.covariance), np.diag(at_boundary.covariance), rtol=0.05)


def test_first_step_that_cannot_be_judged_is_named():
    x, codes, count, item_probability, shares = small_sample(item_probability=TWO_CLASSES)
    with pytest.raises(FirstStepError, match="not at a maximum"):
        stepwise(codes, count, x, 0.5 * item_probability + 0.25, shares)
    two_items = codes[:, :2]  # five parameters for three free proportions
    item_probability, shares = first_step(two_items, count, TWO_CLASSES[:, :2], n_starts=1)
    with pytest.raises(FirstStepError, match="do not identify"):
        stepwise(two_items, count, x, item_probability, shares)
    found = stepwise(two_items, count, x, item_probability, shares, first_step_known=True)
    assert np.isfinite(found.coefficient).all()


def test_class_to_which_nobody_is_assigned():
    rare = np.concatenate([TWO_CLASSES, TWO_CLASSES.mean(axis=0, keepdims=True)])
    x, codes, count, *_ = small_sample(item_probability=TWO_CLASSES)
    shares = np.array([0.45, 0.45, 0.1])
    with pytest.raises(ValueError, match="no inverse"):
        stepwise(codes, count, x, rare, shares, method="bch")
    for method in ("modal", "ml"):
        with pytest.raises(NoMaximumError):
            stepwise(codes, count, x, rare, shares, method=method)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "three_step"}, "method is 'three_step'"),
        ({"assignment": "soft"}, "assignment is 'soft'"),
        ({"class_share": [0.5, 0.4]}, "class_share"),
        ({"class_share": [0.5, 0.3, 0.2]}, "2 classes and class_share 3"),
        ({"item_probability": TWO_CLASSES * 0.9}, "add up to 1"),
        ({"item_probability": TWO_CLASSES[:1], "class_share": [1.0]}, "two or more"),
        ({"codes": np.zeros((3, 4))}, "codes has shape .* and type float64"),
        ({"codes": np.zeros((3, 3), dtype=int)}, "for the 4 items"),
        ({"codes": np.full((3, 4), 2)}, "codes has 2 for item 0 in row 0"),
        ({"codes": np.full((3, 4), -2)}, "codes has -2 for item 0"),
        ({"count": [1, 2]}, "count has shape"),
        ({"count": [1, -1, 1]}, "count has shape"),
        ({"design": np.zeros(3)}, "design has shape"),
        ({"design": np.ones((3, 1))}, "term 1 is constant zero or follows"),
        ({"terms": ["x", "z"]}, "terms has 3 names"),
        ({"measurement_codes": np.zeros((1, 4), dtype=int)}, "belong together"),
        ({"shared_respondents": False}, "without measurement_codes"),
        ({"measurement_codes": np.full((1, 4), 5), "measurement_count": [1]}, "measurement_codes has 5"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    arguments = {
        "codes": np.array([[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0, 1]]),
        "count": [3, 3, 2],
        "design": [[0], [1], [1]],
        "item_probability": TWO_CLASSES,
        "class_share": [0.5, 0.5],
    }
    with pytest.raises(ValueError, match=message):
        stepwise(**(arguments | change))


def slopes_and_errors(everybody, item_probability, methods, *, n, repetitions, n_elsewhere=0, known=(False, True)):
    """Slope of class 1 against class 0 and its standard error, with step one estimated and known.

    Shape (method, known, repetition, 2). The regression's respondents are those of step one, or as many others as
    `n_elsewhere` says.
    """
    results = np.empty((len(methods), len(known), repetitions, 2))
    for r in range(repetitions):
        rng = np.random.default_rng([11, r])
        x, codes, count = sample(*everybody, n, rng)
        estimates = first_step(codes, count, item_probability)
        elsewhere = {}
        if n_elsewhere:
            elsewhere = {"measurement_codes": codes, "measurement_count": count, "shared_respondents": False}
            x, codes, count = sample(*everybody, n_elsewhere, rng)
        for (m, (method, assignment)), (k, first_step_known) in product(enumerate(methods), enumerate(known)):
            options = {"method": method, "assignment": assignment, "first_step_known": first_step_known}
            results[m, k, r] = stepwise(codes, count, x, *estimates, **options, **elsewhere).contrast(1, 0).iloc[1]
    return results


def error_ratios(results):
    """Root mean square of the standard errors over the standard deviation of the estimates, and its Monte Carlo error.

    Shape (method, known).
    """
    ratio = np.sqrt((results[..., 1] ** 2).mean(axis=-1)) / results[..., 0].std(axis=-1, ddof=1)
    return ratio, 1 / np.sqrt(2 * (results.shape[2] - 1))


def test_standard_errors_hold_when_classes_come_from_a_small_sample():
    """Classes from 1000 respondents, regression of 40 000 others: most of the uncertainty is that of step one."""
    everybody = population(TWO_CLASSES, [[0, 0], [-1, 2.0]])[:3]
    methods = [("two_step", "modal"), ("bch", "modal")]
    results = slopes_and_errors(everybody, TWO_CLASSES, methods, n=1000, repetitions=120, n_elsewhere=40_000)
    ratio, monte_carlo = error_ratios(results)
    assert np.all(np.abs(ratio[:, 0] - 1) < 4 * monte_carlo)
    assert np.all(ratio[:, 1] < 1 - 4 * monte_carlo)


@pytest.mark.slow
def test_standard_errors_hold_for_the_respondents_of_step_one(capsys):
    everybody = population(TWO_CLASSES, TRUE[:2])[:3]
    results = slopes_and_errors(everybody, TWO_CLASSES, CORRECTED, n=2000, repetitions=1000)
    ratio, monte_carlo = error_ratios(results)
    with capsys.disabled():
        print()
        for (method, assignment), found, slope in zip(CORRECTED, ratio, results[:, 0, :, 0].mean(axis=1), strict=True):
            print(f"{method} {assignment}: slope {slope:.3f}, SE / SD {found[0]:.3f}, step one known {found[1]:.3f}")
    assert np.all(np.abs(ratio[:, 0] - 1) < 4 * monte_carlo)


def equal_classes(probability):
    """Three classes and six items of three categories, each class choosing its own category with the probability."""
    return np.tile((1 - probability) / 2 + (1.5 * probability - 0.5) * np.eye(3)[:, None, :], (1, 6, 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("probability", "entropy", "modal"), [(0.564, 0.46, 0.575), (0.658, 0.71, 0.808), (0.755, 0.89, 0.964)]
)
def test_attenuation_by_entropy(probability, entropy, modal, capsys):
    """Slope 1.0 of a binary covariate, 2200 respondents, 40 data sets; `modal` was measured with StepMix.

    That measurement and this one are on different data sets, so they agree within their Monte Carlo errors.
    """
    item_probability = equal_classes(probability)
    coefficient = [[0, 0], [-0.5, 1.0], [0, 0]]
    methods = [("modal", "modal"), *CORRECTED]
    x, codes, count, shares = population(item_probability, coefficient)
    everybody = (x, codes, count)
    results = slopes_and_errors(everybody, item_probability, methods, n=2200, repetitions=40, known=[True])
    slope = results[:, 0, :, 0]  # (method, repetition)
    mean, error = slope.mean(axis=1), slope.std(axis=1, ddof=1) / np.sqrt(40)
    membership = Classification(item_probability, shares, codes, count).membership(codes)
    with capsys.disabled():
        print(f"\nentropy {entropy_r2(membership, count):.3f}")
        for (method, assignment), m, e in zip(methods, mean, error, strict=True):
            print(f"{method} {assignment}: {m:.3f} ({e:.3f})")
    assert entropy_r2(membership, count) == pytest.approx(entropy, abs=0.01)
    assert abs(mean[0] - modal) < 4 * np.sqrt(2) * error[0]
    assert mean[0] < 1 - 4 * error[0] or entropy > 0.8
    assert np.all(np.abs(mean[1:] - 1) < np.maximum(0.04, 4 * error[1:]))
