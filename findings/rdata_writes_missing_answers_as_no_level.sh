#!/usr/bin/env bash
# rdata 1.1.0: a missing answer in a factor, written to an R file and read again, is the last answer category.
#
# A factor in R is a vector of integers from 1 on, and a missing one is R's missing integer. The writer adds 1 to pandas'
# codes, in which missing is -1, so that the file has the integer 0, which is the code of no level; the reader takes 1
# off again and counts from the end of the levels. Missing numbers, texts and truth values come back as missing. pyreadr
# reads a missing answer from the same file, and rdata reads one from a file of pyreadr's.
# Also, an ordered categorical becomes an unordered factor.
# Seen: answers low, high, missing, low of the levels low, mid, high come back as low, high, high, low.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
    rdata==1.1.0 pyreadr==0.5.8 pandas==3.1.1 numpy==2.5.5
"$folder/env/bin/python" -W ignore - "$folder" <<'PYTHON'
import sys
from pathlib import Path

import pandas as pd
import pyreadr
import rdata

answers = pd.Categorical(["low", "high", None, "low"], categories=["low", "mid", "high"], ordered=True)
survey = pd.DataFrame({"agree": answers, "age": [30.0, None, 41.0, 58.0]})
file = Path(sys.argv[1]) / "survey.rds"
rdata.write_rds(file, survey)
stored = rdata.parser.parse_file(file).object.value[0].value
back, elsewhere = rdata.read_rds(file), pyreadr.read_r(file)[None]
print("stored:", list(map(int, stored)))
print("read by rdata:", back["agree"].tolist(), "missing ages:", int(back["age"].isna().sum()))
print("read by pyreadr:", elsewhere["agree"].tolist())
assert list(stored) == [1, 3, 0, 1]
assert back["agree"].tolist() == ["low", "high", "high", "low"]
assert back["age"].isna().sum() == 1
assert elsewhere["agree"].isna().tolist() == [False, False, True, False]
assert answers.ordered and not back["agree"].cat.ordered
PYTHON
