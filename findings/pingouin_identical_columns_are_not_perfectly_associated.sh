#!/usr/bin/env bash
# pingouin 0.7.0, chi2_independence: Cramer's V of two identical columns of yes and no is 0.9, or 2.06, and not 1.
#
# The effect size is computed from whatever statistic is in its row. The Pearson row has Yates' correction by default,
# which is meant for the p value: the V that runs from 0 to 1 comes from the uncorrected chi-squared, as scipy's
# association() has it and correction=False. So small and large samples of the same shares differ in V, and among effect
# sizes those of 2 x 2 tables, the only ones that are corrected, are too small beside others. The rows of other power
# divergences have a "cramer" too, which nothing keeps below 1; the power beside it is computed from it.
# Seen: 20 persons, 10 and 10: 0.9 in the Pearson row, from 0.918 to 2.065 in the others; 2000 persons: 0.999.
# Needs Python 3.12 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
    pingouin==0.7.0 numpy==2.5.5 pandas==3.1.1 scipy==1.18.1 statsmodels==0.15.0 scikit-learn==1.9.1
OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import pandas as pd
import pingouin
from scipy.stats.contingency import association

print("pingouin", version("pingouin"), "scipy", version("scipy"))


def effect_sizes(frame):
    table = pingouin.chi2_independence(frame, "first", "second")[2].set_index("test")["cramer"].round(3).to_dict()
    plain = float(association(pd.crosstab(frame["first"], frame["second"]), method="cramer"))
    print(f"{len(frame)} persons, {frame['first'].nunique()} answers: {table}, scipy {plain:.3f}")
    return table, plain


two = pd.DataFrame({"first": ["no", "yes"] * 10, "second": ["no", "yes"] * 10})
three = pd.DataFrame({"first": ["a", "b", "c"] * 10, "second": ["a", "b", "c"] * 10})
(small, plain), (large, _), (of_three, _) = map(effect_sizes, (two, pd.concat([two] * 100), three))
corrected = abs(small["pearson"] - 0.9) < 1e-3 and abs(large["pearson"] - 0.999) < 1e-3
above_one = small["neyman"] > 2 and small["freeman-tukey"] > 1.1
raise SystemExit(0 if plain == 1 and of_three["pearson"] == 1 and corrected and above_one else 1)
PYTHON
