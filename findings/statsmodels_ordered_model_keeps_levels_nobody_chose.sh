#!/usr/bin/env bash
# statsmodels 0.15.0, OrderedModel: a declared level that nobody chose takes the slope away, and Newton's method says that
# it converged on nothing.
#
# Answers are an ordered categorical, whose levels are those of the questionnaire. One would expect levels without answers
# to be left out, for the likelihood does not depend on them, or to be refused by name. The starting thresholds are
# computed from the shares of the levels, so that one is minus infinity: with an unused level in the middle or at the
# start, BFGS stops where it began, slope 0 and standard errors that are not numbers, with a warning about convergence;
# Newton returns no number at all and mle_retvals["converged"] is True. An unused last level raises an error about shapes.
# Seen: 800 persons, slope 0.986 by both methods once the unused level is gone (.cat.remove_unused_categories()), else 0,
# no number or an error.
# Needs Python 3.12 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
    statsmodels==0.15.0 numpy==2.5.5 pandas==3.1.1 scipy==1.18.1
OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
import statsmodels
from statsmodels.miscmodels.ordinal_model import OrderedModel

print("statsmodels", statsmodels.__version__)
rng = np.random.default_rng(1)
covariate = rng.normal(size=800)
leaning = covariate + rng.logistic(size=800)
answers = np.array(["seldom", "often", "always"])[(leaning > -1).astype(int) + (leaning > 1)]
questionnaires = {
    "all levels chosen": ["seldom", "often", "always"],
    "unused first level": ["never", "seldom", "often", "always"],
    "unused middle level": ["seldom", "now and then", "often", "always"],
    "unused last level": ["seldom", "often", "always", "at all times"],
}
results = {}
for name, levels in questionnaires.items():
    for method in ("bfgs", "newton"):
        outcome = pd.Series(pd.Categorical(answers, levels, ordered=True))
        try:
            fit = OrderedModel(outcome, pd.DataFrame({"x": covariate}), distr="logit").fit(disp=0, method=method)
            results[name, method] = (round(float(fit.params["x"]), 3), bool(fit.mle_retvals["converged"]))
        except ValueError as error:
            results[name, method] = f"ValueError: {error}"
        print(f"{name}, {method}: {results[name, method]}")
chosen = results["all levels chosen", "bfgs"] == results["all levels chosen", "newton"] == (0.986, True)
stuck = all(results[f"unused {place} level", "bfgs"] == (0.0, False) for place in ("first", "middle"))
newton = [results[f"unused {place} level", "newton"] for place in ("first", "middle")]
nothing = all(np.isnan(slope) and converged for slope, converged in newton)
raise SystemExit(0 if chosen and stuck and nothing and "ValueError" in results["unused last level", "bfgs"] else 1)
PYTHON
