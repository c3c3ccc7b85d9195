#!/usr/bin/env bash
# PyMC 6.4.0: an underscore in the name of a transform breaks pm.compute_log_prior and pm.compute_log_likelihood.
#
# The name of a Transform looks like a label of one's own choice, and pm.sample works with any. But a transformed
# variable is called <variable>_<transform>__, and PyMC finds the variable again by cutting the last underscore parts
# off, so that "p_log_odds__" belongs to a variable "p_log". The error names data variables, not the transform.
# Seen: name "logodds" gives the log prior, name "log_odds" raises a ValueError about 'p_log'.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check pymc==6.4.0 arviz==1.3.0
PYTENSOR_FLAGS=mode=FAST_COMPILE "$folder/env/bin/python" - <<'PYTHON'
import pymc as pm
from pymc.distributions.transforms import LogOddsTransform

print("PyMC", pm.__version__)


def log_prior(name):
    transform = LogOddsTransform()
    transform.name = name
    with pm.Model():
        pm.Beta("p", 1, 1, default_transform=transform)
        draws = pm.sample(draws=20, tune=20, chains=1, progressbar=False, quiet=True, random_seed=1, nuts_sampler="pymc")
        try:
            return sorted(pm.stats.compute_log_prior(draws, progressbar=False).children)
        except ValueError as error:
            return f"ValueError: {error}"[:150]


plain, with_underscore = log_prior("logodds"), log_prior("log_odds")
print("logodds: ", plain)
print("log_odds:", with_underscore)
raise SystemExit(0 if "p_log" in str(with_underscore) and "ValueError" not in str(plain) else 1)
PYTHON
