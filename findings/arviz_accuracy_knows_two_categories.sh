#!/usr/bin/env bash
# arviz-stats 1.3.3: metrics(kind="acc") and loo_metrics(kind="acc") give an accuracy for three categories that counts at
# most two of them.
#
# The prediction is not the category drawn most often. Draws are averaged, as if codes were amounts, and a mean above one
# half predicts code 1; code 2 is never predicted, and with codes from 1 on everybody is predicted to be in the first.
# The documentation sets no number of categories, and nothing is raised: the same predictions have another accuracy under
# other codes.
# "acc_balanced" is built on the same comparison. With two categories coded 0 and 1 it is what its name says.
# Seen: the category drawn most often is that observed for all 300 persons; reported 0.5 with codes 0, 1, 2 and 0.2 with
# codes 1, 2, 3.
# Needs Python 3.12 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
    "arviz-stats[xarray]==1.3.3" arviz-base==1.3.1 xarray==2026.9.0 numpy==2.5.5 scipy==1.18.1
OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PYTHON'
import arviz_stats
import numpy as np
from arviz_base import from_dict

print("arviz-stats", arviz_stats.__version__)
rng = np.random.default_rng(1)
observed = np.repeat([0, 1, 2], [60, 90, 150])
other = (observed + rng.integers(1, 3, size=(4, 500, 300))) % 3
drawn = np.where(rng.random(other.shape) < 0.8, observed, other)
log_likelihood = np.log(rng.beta(80, 20, size=(4, 500, 1)).repeat(300, axis=2))
most_often = (drawn[..., None] == np.arange(3)).mean((0, 1)).argmax(-1)
share = (most_often == observed).mean()
print("share of persons whose category is the one drawn most often:", share)


def accuracies(first_code):
    groups = {
        "posterior": {"share": rng.beta(80, 20, size=(4, 500))},
        "posterior_predictive": {"answer": drawn + first_code},
        "log_likelihood": {"answer": log_likelihood},
        "observed_data": {"answer": observed + first_code},
    }
    tree = from_dict(groups)
    results = (function(tree, kind="acc", round_to=3) for function in (arviz_stats.metrics, arviz_stats.loo_metrics))
    return [float(result.mean) for result in results]


from_zero, from_one = accuracies(0), accuracies(1)
print("metrics, loo_metrics; codes 0, 1, 2:", from_zero)
print("metrics, loo_metrics; codes 1, 2, 3:", from_one)
raise SystemExit(0 if share == 1 and from_zero == [0.5, 0.5] and from_one == [0.2, 0.2] else 1)
PYTHON
