#!/usr/bin/env bash
# Bambi 0.21.0, family="bernoulli": of an outcome in words, no and yes, it is "no" whose probability is modelled.
#
# In R, and so in brms, of whose formulas these are the like, the first level is 0 and the second 1: glm and brm model
# "yes". Bambi gives the first level 1, by alphabet or by the declared order of a categorical. Every sign is that of the
# other program, and of Bambi itself for the same outcome as truth values or 0 and 1. fit() says in its log which level is
# modelled; the model, the tables and the draws do not. y['yes'] ~ x names the level.
# Seen: the same 400 persons, slope of x at the mode 0.89 for truth values and -0.89 for words.
# Needs Python 3.12 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
    bambi==0.21.0 formulae==0.6.0 pymc==6.4.0 pytensor==3.3.7 arviz==1.3.0 numpy==2.5.5 pandas==3.1.1
export PYTENSOR_FLAGS="mode=FAST_COMPILE,cxx=,base_compiledir=$folder/compiled" OPENBLAS_NUM_THREADS=1
"$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import bambi
import numpy as np
import pandas as pd
import pymc as pm

print("bambi", version("bambi"), "formulae", version("formulae"))
rng = np.random.default_rng(1)
x = rng.normal(size=400)
agrees = rng.random(400) < 1 / (1 + np.exp(-x))
persons = pd.DataFrame({"x": x, "truth": agrees, "word": np.where(agrees, "yes", "no")})
persons["declared"] = pd.Categorical(persons["word"], ["no", "yes"], ordered=True)
slopes = {}
for outcome in ("truth", "word", "declared", "word['yes']"):
    model = bambi.Model(f"{outcome} ~ x", persons, family="bernoulli")
    model.build()
    with model.backend.model:
        slopes[outcome] = round(float(pm.find_MAP(progressbar=False)["x"]), 2)
    print(f"{outcome} ~ x: slope of x {slopes[outcome]}")
flipped = slopes["word"] == slopes["declared"] == -slopes["truth"]
raise SystemExit(0 if flipped and slopes["word['yes']"] == slopes["truth"] > 0.5 else 1)
PYTHON
