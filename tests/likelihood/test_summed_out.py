"""Classes summed out of rows are what logarithms give row by row, whatever the size of the terms."""

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from bayes_lca.likelihood.matrix_product import matrix_product
from bayes_lca.likelihood.summed_out import sum_out_classes

N_DRAWS, N_COVARIATES, N_ANSWERS, N_ROWS = 7, 5, 11, 40


@pytest.mark.parametrize("n_classes", [1, 2, 5])
@pytest.mark.parametrize("n_draws_of_answers", [1, N_DRAWS])
@pytest.mark.parametrize(("of_logits", "of_answers"), [(1.0, 3.0), (400.0, 3.0), (1.0, 2000.0), (400.0, 2000.0)])
def test_sums_are_those_of_logarithms(n_classes, n_draws_of_answers, of_logits, of_answers):
    rng = np.random.default_rng(n_classes)
    logits = of_logits * rng.normal(size=(N_DRAWS, N_COVARIATES, n_classes))
    log_density = -of_answers * rng.exponential(size=(n_draws_of_answers, N_ANSWERS, n_classes))
    log_density[:, :2, 1:] = -np.inf
    covariates, answers = rng.integers(N_COVARIATES, size=N_ROWS), rng.integers(N_ANSWERS, size=N_ROWS)
    found = sum_out_classes(logits, log_density, covariates, answers)
    log_share = logits - logsumexp(logits, axis=-1, keepdims=True)
    log_joint = log_share[:, covariates] + log_density[:, answers]
    expected = logsumexp(log_joint, axis=-1), softmax(log_joint, axis=-1), softmax(logits, axis=-1)
    for values, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(values, wanted, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(("rows", "inner", "columns"), [(3, 12, 5), (40, 12, 5000), (500, 300, 70), (2, 2**19, 3)])
def test_a_product_in_slices_is_the_product(rows, inner, columns):
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(rows, inner)), rng.normal(size=(columns, inner)).T
    np.testing.assert_allclose(matrix_product(left, right), left @ right, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("rows", "inner", "columns"), [(3, 0, 4), (0, 3, 4), (3, 4, 0)])
def test_a_product_of_nothing(rows, inner, columns):
    np.testing.assert_array_equal(
        matrix_product(np.ones((rows, inner)), np.ones((inner, columns))), np.zeros((rows, columns))
    )
