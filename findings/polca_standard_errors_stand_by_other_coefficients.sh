#!/usr/bin/env bash
# polca 0.4.0 (imported as pypolca): with three classes or more, standard errors of the latent class regression stand
# beside other coefficients than their own.
#
# coeff and coeff_se are both tables of covariates by classes, said to have the same layout. coeff is filled class by
# class, coeff_se covariate by covariate, from numbers that come class by class. So the intercept's standard error of one
# class lands on the slope of another, and the z values and intervals made of them are far off. With two classes there is
# one column, and nothing to see. coeff_V, the covariance matrix, is in the order of the estimates.
# Seen: the slopes of age in three classes, -0.025 and 0.050 a year, with a standard error of about 0.006 each; coeff_se
# has 0.299 beside the first. So a z of -0.08 in place of -4.1.
# Needs Python 3.12 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check polca==0.4.0 numpy==2.5.5 polars==2.1.0
OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import polars as pl
import pypolca

print("polca", version("polca"))
rng = np.random.default_rng(3)
n = 1500
age = rng.integers(20, 70, n).astype(float)
logits = np.column_stack([np.zeros(n), -2 + 0.05 * age, 1 - 0.03 * age])
shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
member = (rng.random(n)[:, None] > shares.cumsum(1)).sum(1)
chance = np.array([[0.9, 0.9, 0.9, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.9, 0.9, 0.9], [0.9, 0.1] * 3])
answers = (rng.random((n, 6)) < chance[member]) + 1
frame = pl.DataFrame({f"y{item + 1}": answers[:, item] for item in range(6)} | {"age": age})
fit = pypolca.fit("cbind(y1, y2, y3, y4, y5, y6) ~ age", data=frame, nclass=3, nrep=5, seed=1)

# standard errors of our own, at the same estimates: the outer product of the scores, as polca has it
agreed = np.array([table[:, 1] for table in fit.probs])
design = np.column_stack([np.ones(n), age])
logits = np.column_stack([np.zeros(n), design @ fit.coeff])
prior = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
likelihood = prior * np.prod(np.where(answers[:, :, None] == 2, agreed, 1 - agreed), axis=1)
posterior = likelihood / likelihood.sum(1, keepdims=True)
of_items = [posterior[:, k] * ((answers[:, j] == 2) - agreed[j, k]) for k in range(3) for j in range(6)]
of_slopes = [(posterior - prior)[:, k] * design[:, s] for k in (1, 2) for s in (0, 1)]
scores = np.column_stack(of_items + of_slopes)
own = np.sqrt(np.diag(np.linalg.inv(scores.T @ scores)))[-4:].reshape(2, 2).T
from_covariance = np.sqrt(np.diag(fit.coeff_V)).reshape(2, 2).T

print("log-likelihood", round(fit.loglik, 3), "and of our own", round(float(np.log(likelihood.sum(1)).sum()), 3))
for row, name in enumerate(("intercept", "age")):
    columns = {"coeff": fit.coeff, "coeff_se": fit.coeff_se, "coeff_V": from_covariance, "own": own}
    print(name, {column: table[row].round(4).tolist() for column, table in columns.items()})
same_fit = np.isclose(fit.loglik, np.log(likelihood.sum(1)).sum())
right_in_covariance = np.allclose(from_covariance, own, rtol=0.01)
transposed = np.allclose(fit.coeff_se, own.T, rtol=0.01) and not np.allclose(fit.coeff_se, own, rtol=0.5)
raise SystemExit(0 if same_fit and right_in_covariance and transposed else 1)
PYTHON
