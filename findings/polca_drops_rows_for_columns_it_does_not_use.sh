#!/usr/bin/env bash
# polca 0.4.0 (imported as pypolca): respondents are left out because a column that the formula does not name is empty.
#
# na_rm=True, the default, is listwise deletion. In R's poLCA, of which this is a translation, that looks at the items and
# covariates of the formula. Here every column of the frame counts: a remark that few people wrote takes most respondents
# out, without a word. Estimates, log-likelihood and BIC are then those of the few, whoever they are.
# Seen: 400 respondents without a missing answer; beside a column of remarks that is empty where the first item was
# answered by 1, 219 are left, all of whom answered 2. Selecting the columns of the formula first gives all 400.
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
rng = np.random.default_rng(1)
group = rng.random(400) < 0.5
answers = (rng.random((400, 5)) < np.where(group, 0.8, 0.25)[:, None]) + 1
items = [f"y{item + 1}" for item in range(5)]
frame = pl.DataFrame(dict(zip(items, answers.T, strict=True)))
remarked = frame.with_columns(remark=pl.when(pl.col("y1") == 2).then(pl.lit("see below")))


def fitted(frame):
    fit = pypolca.fit(f"cbind({', '.join(items)}) ~ 1", data=frame, nclass=2, nrep=10, seed=1)
    shares = [round(float(share), 3) for share in sorted(fit.P)]
    print(f"{len(fit.posterior)} respondents, log-likelihood {fit.loglik:.3f}, classes {shares}")
    return len(fit.posterior), fit.loglik


alone, beside, selected = fitted(frame), fitted(remarked), fitted(remarked.select(items))
complete = remarked.select(items).null_count().to_numpy().sum() == 0
left = int((answers[:, 0] == 2).sum())
raise SystemExit(0 if complete and alone[0] == 400 and beside[0] == left < 400 and selected[0] == 400 else 1)
PYTHON
