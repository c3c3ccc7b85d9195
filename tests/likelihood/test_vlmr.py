"""The likelihood ratio against a weighted chi-squared: its tail, its weights, and what it must leave out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import bayes_lca as bl
from bayes_lca.datasets.simulate import simulate_latent_classes
from bayes_lca.likelihood.em import fit_em
from bayes_lca.workflows.class_counts.vlmr import compare_by_scores, vuong_lo_mendell_rubin
from bayes_lca.workflows.class_counts.weighted_chi_squared import weighted_chi_squared_tail

REFERENCE = Path(__file__).parents[1] / "reference"

PUBLISHED = {  # log-likelihoods with one class more each, four decimals
    "gss82": (-2872.2296, -2783.2680, -2754.5454, -2746.6208),
    "carcinoma": (-524.4648, -317.2568, -293.7050, -289.2858),
}


def patterns_of(name):
    frame = pd.read_csv(REFERENCE / f"{name}.csv")
    codes = frame.drop(columns="count").to_numpy() - 1
    return codes, frame["count"].to_numpy(), codes.max(axis=0) + 1


def respondents(name):
    codes, counts, _ = patterns_of(name)
    return pd.DataFrame(np.repeat(codes, counts, axis=0), columns=[f"item{j}" for j in range(codes.shape[1])])


def test_tail_of_equal_weights_is_chi_squared():
    for size in (1, 2, 7, 40):
        for p in (0.999, 0.5, 0.05, 1e-6, 1e-20):
            value = chi2.isf(p, size)
            assert weighted_chi_squared_tail(np.full(size, 3.0), 3 * value) == pytest.approx(p, rel=1e-8)


@pytest.mark.parametrize("weights", [[2, 1, 0.5, -0.3, -1, 1e-3], [5, -4], [1, -100], [0.2, 0.1, 3]])
def test_tail_of_mixed_weights(weights):
    draws = np.random.default_rng(1).standard_normal((400_000, len(weights))) ** 2 @ weights
    for value in (0.01, 1.0, 6.0):
        p = weighted_chi_squared_tail(weights, value)
        assert abs((draws > value).mean() - p) < 4 * np.sqrt(p * (1 - p) / len(draws))


def test_tail_without_positive_weights_is_nothing():
    assert weighted_chi_squared_tail([-1.0, 0.0], 2.0) == 0
    assert weighted_chi_squared_tail([], 2.0) == 0


def test_tail_refuses_values_and_weights():
    with pytest.raises(ValueError, match="value is 0"):
        weighted_chi_squared_tail([1.0], 0)
    with pytest.raises(ValueError, match="weights holds nan"):
        weighted_chi_squared_tail([1.0, np.nan], 1.0)


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_statistic_and_adjustment_of_published_fits(name, n_classes):
    codes, counts, n_categories = patterns_of(name)
    fits = [fit_em(codes, counts, n_categories, k, n_starts=50) for k in (n_classes - 1, n_classes)]
    test = compare_by_scores(*fits, codes, counts)
    smaller, larger = PUBLISHED[name][n_classes - 2 : n_classes]
    assert test.statistic == pytest.approx(2 * (larger - smaller), abs=3e-4)
    more = 1 + (n_categories - 1).sum()
    assert test.adjusted_statistic == pytest.approx(test.statistic / (1 + 1 / (more * np.log(counts.sum()))))
    assert test.adjusted_statistic < test.statistic
    assert test.p == pytest.approx(weighted_chi_squared_tail(test.weights, test.statistic))
    assert test.vuong_p == pytest.approx(weighted_chi_squared_tail(test.vuong_weights, test.statistic))
    assert test.adjusted_p >= test.p
    assert test.vuong_adjusted_p >= test.vuong_p
    assert (np.diff(test.weights) <= 0).all()


def numeric_scores(fitted, codes, n_categories):
    """Scores and second derivatives by differences, in logits against each simplex's largest probability."""
    share, probability = fitted.class_share, fitted.item_probability
    step = 1e-4
    free = [("share", k) for k in range(len(share)) if k != share.argmax()]
    for k, j in np.ndindex(probability.shape[:2]):
        free += [("item", k, j, c) for c in range(n_categories[j]) if c != probability[k, j].argmax()]

    def log_likelihood(moves):
        log_share, log_probability = np.log(share), np.log(np.maximum(probability, 1e-300))
        for which, move in moves:
            if which[0] == "share":
                log_share[which[1]] += move
            else:
                log_probability[which[1:]] += move
        log_share -= np.logaddexp.reduce(log_share)
        log_probability -= np.logaddexp.reduce(log_probability, axis=2)[:, :, None]
        joint = log_share + sum(log_probability[:, j, codes[:, j]].T for j in range(codes.shape[1]))
        return np.logaddexp.reduce(joint, axis=1)

    score = np.column_stack([(log_likelihood([(w, step)]) - log_likelihood([(w, -step)])) / (2 * step) for w in free])
    second = np.empty((len(free), len(free), len(codes)))
    for a, b in np.ndindex(second.shape[:2]):
        corners = [
            sign * log_likelihood([(free[a], one * step), (free[b], other * step)])
            for one, other, sign in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
        ]
        second[a, b] = sum(corners) / (4 * step**2)
    return score, second


@pytest.fixture(scope="module")
def by_differences():
    """Two classes that are there, the test of one against two, and W written out with derivatives by differences."""
    rho = np.array([[[0.8, 0.2]] * 4, [[0.3, 0.7]] * 4])
    frame, _ = simulate_latent_classes(800, [0.5, 0.5], rho, seed=4)
    table = frame.astype(int).value_counts().reset_index()
    codes, counts, n_categories = table.iloc[:, :4].to_numpy() - 1, table["count"].to_numpy(), [2] * 4
    smaller, larger = (fit_em(codes, counts, n_categories, k, tolerance=1e-13) for k in (1, 2))
    test = compare_by_scores(smaller, larger, codes, counts)
    (f, f_second), (g, g_second) = (numeric_scores(fit, codes, n_categories) for fit in (larger, smaller))
    a_f, a_g = np.linalg.inv(f_second @ counts), np.linalg.inv(g_second @ counts)
    product = {(x, y): (u * counts[:, None]).T @ v for x, u in (("f", f), ("g", g)) for y, v in (("f", f), ("g", g))}

    def weights(v_f, v_g):
        """Of Vuong's matrix with what stands for the negative inverse of the second derivatives."""
        matrix = np.block(
            [[product["f", "f"] @ v_f, -product["f", "g"] @ v_g], [product["g", "f"] @ v_f, -product["g", "g"] @ v_g]]
        )
        return np.sort(np.linalg.eigvals(matrix).real)[::-1]

    robust = weights(a_f @ product["f", "f"] @ a_f, a_g @ product["g", "g"] @ a_g)
    return test, robust, weights(-a_f, -a_g)


def test_weights_are_eigenvalues_of_vuongs_matrix(by_differences):
    """Equation 3.6 written out, unsymmetric, with derivatives by differences."""
    test, _, expected = by_differences
    assert test.boundary_parameters == test.unidentified_parameters == 0
    assert len(test.vuong_weights) == 9 + 4
    np.testing.assert_allclose(test.vuong_weights, expected, atol=1e-4)


def test_weights_of_mplus_have_the_robust_covariance(by_differences):
    test, expected, of_vuong = by_differences
    np.testing.assert_allclose(test.weights, expected, atol=2e-4)
    assert np.abs(expected - of_vuong).max() > 1
    assert test.mean == pytest.approx(expected.sum(), abs=1e-3)
    assert test.sd == pytest.approx(np.sqrt(2 * (expected**2).sum()), abs=1e-3)
    assert f"mean {test.mean:.3f} and SD {test.sd:.3f}" in str(test)


@pytest.mark.parametrize("n_classes", [3, 4])
def test_vuongs_weights_add_up_to_the_scaling_that_mplus_prints(n_classes):
    """Scaling factor times parameters is the trace of J I^-1, parameters at the boundary counted as one each."""
    printed = json.loads((REFERENCE / "mplus.json").read_text())["lca_cfa_example"]
    codes, counts, n_categories = patterns_of("lca_cfa_example")
    fits = {k: fit_em(codes, counts, n_categories, k, n_starts=30, seed=2) for k in (n_classes - 1, n_classes)}
    test = compare_by_scores(*fits.values(), codes, counts)
    trace, parameters = {}, {}
    for k, fit in fits.items():
        parameters[k] = int(printed[str(k)]["parameters"])
        assert fit.log_likelihood == pytest.approx(float(printed[str(k)]["log_likelihood"]), abs=6e-4)
        fixed = sum(limit is None for of_class in printed[str(k)]["thresholds"] for (limit,) in of_class)
        trace[k] = float(printed[str(k)]["scaling"]) * parameters[k] - fixed
    expected = trace[n_classes] - trace[n_classes - 1]
    assert test.vuong_weights.sum() == pytest.approx(expected, abs=6e-5 * sum(parameters.values()))
    assert test.mean != pytest.approx(expected, abs=0.1)


def test_where_em_stopped_does_not_matter():
    codes, counts, n_categories = patterns_of("lca_cfa_example")
    tests = []
    for tolerance in (1e-7, 1e-13):
        fits = [fit_em(codes, counts, n_categories, k, n_starts=10, seed=2, tolerance=tolerance) for k in (2, 3)]
        tests.append(compare_by_scores(*fits, codes, counts))
    assert tests[0].mean == pytest.approx(tests[1].mean, abs=1e-5)
    assert tests[0].sd == pytest.approx(tests[1].sd, abs=1e-5)
    assert tests[0].p == pytest.approx(tests[1].p, abs=1e-6)


def test_boundary_parameters_are_left_out_and_counted():
    """Some ratings never occur in one of the two classes."""
    frame = respondents("carcinoma")
    test = vuong_lo_mendell_rubin(bl.Items(list(frame)), frame, 2, starts=20)
    codes, counts, n_categories = patterns_of("carcinoma")
    fitted = fit_em(codes, counts, n_categories, 2)
    at_zero = int((fitted.item_probability * fitted.class_share[:, None, None] * 118 < 0.01).sum())
    assert at_zero > 0
    assert test.boundary_parameters == at_zero
    assert len(test.weights) == 15 + 7 - at_zero
    assert f"{at_zero} parameters at the boundary" in str(test)
    assert "Jeffries 2003" in str(test)


def test_missed_maximum_has_no_p():
    codes, counts, n_categories = patterns_of("gss82")
    smaller, larger = (fit_em(codes, counts, n_categories, k, n_starts=30) for k in (2, 3))
    short = fit_em(codes, counts, n_categories, 3, n_starts=1, max_iterations=3)
    assert np.isnan(compare_by_scores(smaller, short, codes, counts).p)
    assert "more starts" in compare_by_scores(smaller, short, codes, counts).remark
    assert not compare_by_scores(smaller, larger, codes, counts).remark


def test_missing_answers_and_row_order():
    frame = respondents("gss82").astype("Int64").sample(300, random_state=2)
    frame.iloc[:20, 0] = pd.NA
    frame.iloc[0, :] = pd.NA
    items = bl.Items(list(frame))
    one = vuong_lo_mendell_rubin(items, frame, 2, starts=10)
    other = vuong_lo_mendell_rubin(items, frame.iloc[::-1], 2, starts=10)
    assert one.p == pytest.approx(other.p, rel=1e-6)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-6)


@pytest.mark.parametrize("n_classes", [1, 2.0, True])
def test_wrong_number_of_classes(n_classes):
    frame = respondents("carcinoma")
    with pytest.raises(ValueError, match="the larger number of classes, a whole number from 2 on"):
        vuong_lo_mendell_rubin(bl.Items(list(frame)), frame, n_classes)


def test_columns_of_count_classes():
    frame = respondents("carcinoma")
    table = bl.count_classes(bl.Items(list(frame)), frame, [1, 3, 2], n_starts=20)
    assert np.isnan(table.loc[1, ["vlmr_p", "lmr_adjusted_p"]]).all()
    test = vuong_lo_mendell_rubin(bl.Items(list(frame)), frame, 3, starts=20, seed=0)
    assert table.loc[3, "vlmr_p"] == pytest.approx(test.p, rel=1e-6)
    assert table.loc[3, "lmr_adjusted_p"] == pytest.approx(test.adjusted_p, rel=1e-6)
    assert table.loc[3, "vuong_p"] == pytest.approx(test.vuong_p, rel=1e-6)
    assert f"VLMR of 2 against 3 classes: {test.boundary_parameters} parameters at the boundary" in table.note
    assert "Jeffries 2003" in table.note
