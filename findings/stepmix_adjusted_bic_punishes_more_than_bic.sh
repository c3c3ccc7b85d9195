#!/usr/bin/env bash
# StepMix 3.0.0: the sample-size-adjusted BIC punishes parameters more than the BIC does.
#
# Sclove's adjustment (doi:10.1007/BF02294360) puts (n + 2) / 24 in the place of n, so that the penalty is milder than
# the BIC's whatever n is. StepMix's sabic(), and the line of its printed report, put n (n + 2) / 24 there, which is
# harsher than the BIC from n = 23 on: a figure that cannot stand in a table beside that of another program.
# Seen: 400 respondents, six items, two large classes and a small one: Sclove's formula and the AIC choose three
# classes, sabic() and the BIC two.
# Needs Python 3.12 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
    stepmix==3.0.0 scikit-learn==1.9.1 numpy==2.5.5 pandas==3.1.1 scipy==1.18.1
OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from stepmix import StepMix

print("stepmix", version("stepmix"))
rng = np.random.default_rng(2)
n = 400
chance = np.array([[0.85] * 6, [0.15] * 6, [0.85] * 3 + [0.15] * 3])
group = rng.choice(3, size=n, p=[0.5, 0.4, 0.1])
answers = (rng.random((n, 6)) < chance[group]).astype(int)
table = {}
for classes in (1, 2, 3, 4):
    model = StepMix(classes, measurement="binary", n_init=10, max_iter=2000, random_state=1, verbose=0, progress_bar=0)
    model.fit(answers)
    bic, sabic = model.bic(answers), model.sabic(answers)
    deviance = bic - model.n_parameters * np.log(n)
    sclove = deviance + model.n_parameters * np.log((n + 2) / 24)
    table[classes] = {"AIC": model.aic(answers), "BIC": bic, "sabic()": sabic, "Sclove": sclove}
    print(classes, "classes", {name: round(float(value), 2) for name, value in table[classes].items()})
chosen = {name: min(table, key=lambda classes: table[classes][name]) for name in table[1]}
print("classes chosen:", chosen)
harsher = all(row["sabic()"] > row["BIC"] > row["Sclove"] for row in table.values())
raise SystemExit(0 if harsher and (chosen["sabic()"], chosen["Sclove"]) == (2, 3) else 1)
PYTHON
