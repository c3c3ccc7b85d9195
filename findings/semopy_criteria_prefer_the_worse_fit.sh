#!/usr/bin/env bash
# semopy 2.3.11: of two models with equally many parameters, the worse fitting has the lower AIC and BIC in calc_stats.
#
# Its "LogLik" is not a log-likelihood but the discrepancy that maximum likelihood minimises: chi2 / n, 0 for a perfect
# fit and larger the worse the fit. The AIC is 2 (parameters - LogLik), so that misfit is rewarded, and a whole unit of
# it weighs no more than one parameter. chi2 in the same table is right. The normal log-likelihood at the same estimates
# gives the usual AIC and the other order.
# Seen: two factors with three items each, 500 persons; in the wrong model items 3 and 4 have changed places. chi2 is
# 13.0 and 457.6 with 8 degrees of freedom, the AIC 25.95 and 24.17.
# Needs Python 3.12 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
    semopy==2.3.11 numpy==2.5.5 pandas==3.1.1 scipy==1.18.1 statsmodels==0.15.0
OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import pandas as pd
import semopy
from scipy.stats import multivariate_normal

print("semopy", version("semopy"))
rng = np.random.default_rng(1)
first = rng.normal(size=500)
second = 0.3 * first + np.sqrt(0.91) * rng.normal(size=500)
factor = [first] * 3 + [second] * 3
persons = pd.DataFrame({f"y{item + 1}": 0.8 * factor[item] + 0.6 * rng.normal(size=500) for item in range(6)})
descriptions = {"right": "F =~ y1 + y2 + y3\nG =~ y4 + y5 + y6", "wrong": "F =~ y1 + y2 + y4\nG =~ y3 + y5 + y6"}
table = {}
for name, description in descriptions.items():
    model = semopy.Model(description)
    model.fit(persons)
    row = semopy.calc_stats(model).loc["Value", ["DoF", "chi2", "LogLik", "AIC", "BIC"]].astype(float).to_dict()
    centred = persons[model.vars["observed"]] - persons[model.vars["observed"]].mean()
    log_likelihood = multivariate_normal(np.zeros(6), model.calc_sigma()[0]).logpdf(centred).sum()
    row["normal AIC"] = 2 * len(model.param_vals) - 2 * log_likelihood
    table[name] = row
    print(name, len(model.param_vals), "parameters", {key: round(float(value), 3) for key, value in row.items()})
right, wrong = table["right"], table["wrong"]
right_fits_better = right["chi2"] < wrong["chi2"] and right["normal AIC"] < wrong["normal AIC"]
discrepancy = all(np.isclose(row["LogLik"], row["chi2"] / 500) for row in table.values())
reversed_order = right["AIC"] > wrong["AIC"] and right["BIC"] > wrong["BIC"]
raise SystemExit(0 if right_fits_better and discrepancy and reversed_order else 1)
PYTHON
