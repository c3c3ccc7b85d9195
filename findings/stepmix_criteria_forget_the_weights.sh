#!/usr/bin/env bash
# StepMix 3.0.0: after fit(..., sample_weight=w) the AIC and the BIC are those of another likelihood than the one that
# is printed above them.
#
# Answer patterns with their counts as weights are the same data as one row a respondent, and the parameters agree. The
# printed report counts the weights in "-2LL", but its AIC, BIC, CAIC and adjusted BIC take every row once: the BIC can
# be below -2LL, which a penalty above 0 forbids, and the number of classes it chooses is not that of the respondents.
# bic() and aic() have no argument for weights. score(..., sample_weight=w) times the sum of w is the likelihood to use.
# Seen: 1000 respondents in 64 patterns of six items. By rows the BIC chooses two classes, by patterns one.
# Needs Python 3.12 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
    stepmix==3.0.0 scikit-learn==1.9.1 numpy==2.5.5 pandas==3.1.1 scipy==1.18.1
OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io
import re
from importlib.metadata import version

import numpy as np
from stepmix import StepMix

print("stepmix", version("stepmix"))
rng = np.random.default_rng(1)
group = rng.random(1000) < 0.4
rows = (rng.random((1000, 6)) < np.where(group, 0.7, 0.3)[:, None]).astype(int)
patterns, counts = np.unique(rows, axis=0, return_counts=True)


def fitted(classes, answers, weights=None):
    settings = {"n_init": 2, "abs_tol": 1e-10, "max_iter": 5000, "random_state": 1}
    model = StepMix(classes, measurement="binary", verbose=1, progress_bar=0, **settings)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        model.fit(answers, sample_weight=weights)
    report = {name: float(re.search(rf" {name} +: (\S+)", printed.getvalue())[1]) for name in ("-2LL", "BIC")}
    return model, report


by_rows, by_patterns = {}, {}
for classes in (1, 2):
    model, by_rows[classes] = fitted(classes, rows)
    weighted, by_patterns[classes] = fitted(classes, patterns, counts)
    same = np.allclose(np.sort(model.weights_), np.sort(weighted.weights_), atol=1e-3)
    print(classes, "rows:", by_rows[classes], "patterns:", by_patterns[classes], "same shares:", same)
best_by_rows = min(by_rows, key=lambda classes: by_rows[classes]["BIC"])
best_by_patterns = min(by_patterns, key=lambda classes: by_patterns[classes]["BIC"])
print(len(patterns), "patterns; classes chosen by rows:", best_by_rows, "by patterns:", best_by_patterns)
two = by_patterns[2]
same_deviance = abs(two["-2LL"] - by_rows[2]["-2LL"]) < 0.01
raise SystemExit(0 if same_deviance and two["BIC"] < two["-2LL"] and (best_by_rows, best_by_patterns) == (2, 1) else 1)
PYTHON
