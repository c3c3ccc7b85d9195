#!/usr/bin/env bash
# arviz-stats 1.3.3: one variable of truth values takes the summary of all variables with it.
#
# A derived quantity such as "the difference is above 0" is natural to keep in a posterior, and its mean is the probability
# one wants. mean, mode, hdi, rhat, mcse and the bulk effective sample size take it for 0 and 1. summary, whatever its kind,
# eti and the effective sample size of the tails raise an error about numpy's minus, which names no variable: quantiles
# interpolate between draws. ArviZ 0 had the error in 2020 and mended it (https://github.com/arviz-devs/arviz/issues/1178).
# Seen: summary raises for the tree, gives one row with var_names=["gain"], and two once the truth values are integers.
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
gain = np.random.default_rng(1).normal(0.5, 1, size=(4, 500))
tree = from_dict({"posterior": {"gain": gain, "helps": gain > 0}})
as_integers = from_dict({"posterior": {"gain": gain, "helps": (gain > 0).astype(int)}})


def tried(function, *arguments, **options):
    try:
        result = function(*arguments, **options)
        return len(result) if function is arviz_stats.summary else np.round(result["helps"].to_numpy(), 3).tolist()
    except TypeError as error:
        return f"TypeError: {error}"


works = {function.__name__: tried(function, tree["posterior"].dataset) for function in (
    arviz_stats.mean, arviz_stats.mode, arviz_stats.hdi, arviz_stats.rhat, arviz_stats.mcse, arviz_stats.ess
)}
fails = {kind: tried(arviz_stats.summary, tree, kind=kind) for kind in ("all", "stats", "diagnostics")}
fails["eti"] = tried(arviz_stats.eti, tree["posterior"].dataset)
fails["ess of tails"] = tried(arviz_stats.ess, tree["posterior"].dataset, method="tail")
rows = [tried(arviz_stats.summary, tree, var_names=["gain"]), tried(arviz_stats.summary, as_integers)]
for name, result in (works | fails).items():
    print(f"{name}: {result}")
print("rows of the summary of gain alone, and of both with integers:", rows)
minus = all("boolean subtract" in str(result) for result in fails.values())
raise SystemExit(0 if minus and rows == [1, 2] and "TypeError" not in str(works) else 1)
PYTHON
