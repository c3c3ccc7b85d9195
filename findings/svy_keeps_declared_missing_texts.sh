#!/usr/bin/env bash
# svy 0.35.0 with svy-io 0.7.1: of an SPSS file, user-missing numbers are missing, user-missing texts are answers.
#
# MISSING VALUES of SPSS declares either: 99 for a number, "DK" for a short text. read_sav and create_from_sav turn the
# numbers into nulls and leave the texts, without a word; the metadata that svy_io.read_sav returns, user_missing, lists
# the numbers only, so that the declaration cannot be applied afterwards. Shares of a question with answers in text are
# then those of answers and refusals together. pyreadstat, which uses the same C library, has both missing.
# Seen: 6 persons, 2 of whom said "DK": the share of "yes" is 1/2 in place of 3/4.
# Needs Python 3.12 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
    svy==0.35.0 svy-io==0.7.1 pyreadstat==1.3.7 pandas==3.1.1 numpy==2.5.5 polars==2.1.0
OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" - "$folder" <<'PYTHON'
import sys
from importlib.metadata import version

import pandas as pd
import pyreadstat
import svy
import svy_io

print("svy", version("svy"), "svy-io", version("svy-io"), "pyreadstat", version("pyreadstat"))
path = f"{sys.argv[1]}/survey.sav"
answers = {"age": [34.0, 51.0, 99.0, 28.0, 99.0, 45.0], "owner": ["yes", "no", "DK", "yes", "DK", "yes"]}
frame = pd.DataFrame(answers | {"weight": [1.0] * 6})
pyreadstat.write_sav(frame, path, missing_ranges={"age": [99.0], "owner": ["DK"]})
by_pyreadstat = pyreadstat.read_sav(path)[0].isna().sum().to_dict()
read, facts = svy_io.read_sav(path)
by_svy = svy.read_sav(path).null_count().to_dicts()[0]
declared = [entry["col"] for entry in facts["user_missing"]]
sample = svy.Sample(svy.read_sav(path), svy.Design(wgt="weight"))
shares = dict(sample.estimation.prop("owner").to_polars().select("owner", "est").iter_rows())
print("missing, by pyreadstat:", by_pyreadstat)
print("missing, by svy:       ", by_svy, "declared missing, by svy_io:", declared)
print("shares by svy:", shares)
one_of_two = (by_pyreadstat["age"], by_pyreadstat["owner"], by_svy["age"], by_svy["owner"]) == (2, 2, 2, 0)
raise SystemExit(0 if one_of_two and declared == ["age"] and abs(shares["yes"] - 0.5) < 1e-9 else 1)
PYTHON
