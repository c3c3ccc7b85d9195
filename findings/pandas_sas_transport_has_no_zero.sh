#!/usr/bin/env bash
# pandas 3.1.1: read_sas turns every 0 of a SAS transport file into 5.397605e-79.
#
# The transport format holds IBM floating point numbers, where zero is eight empty bytes. read_sas converts these like any
# other number, and the exponent of nothing gives the smallest one. So an item of no and yes, coded 0 and 1, has no 0:
# comparing with 0, counting zeros and labels by code all miss, and a model that takes distinct values for categories
# gets one called 5.397605e-79. Rounded to a few decimals it passes for 0. pyreadstat reads 0.
# Reported in https://github.com/pandas-dev/pandas/issues/50670 and earlier; still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check pyreadstat==1.3.7 pandas==3.1.1
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import sys

import pandas as pd
import pyreadstat

print("pandas", pd.__version__, "pyreadstat", pyreadstat.__version__)
path = f"{sys.argv[1]}/survey.xpt"
answers = pd.DataFrame({"smokes": [0.0, 1.0, 0.0, 0.0, None], "visits": [0.0, 2.5, -3.0, 12.0, 1.0]})
pyreadstat.write_xport(answers, path, file_format_version=5)
by_pandas, by_pyreadstat = pd.read_sas(path), pyreadstat.read_xport(path)[0]
print("values by pandas:    ", by_pandas["smokes"].unique().tolist(), by_pandas["visits"].tolist())
print("values by pyreadstat:", by_pyreadstat["smokes"].unique().tolist(), by_pyreadstat["visits"].tolist())
zeros = [int((frame == 0).to_numpy().sum()) for frame in (answers, by_pyreadstat, by_pandas)]
print("zeros written, read by pyreadstat, read by pandas:", zeros)
others = by_pandas["visits"].tolist()[1:] == [2.5, -3.0, 12.0, 1.0] and by_pandas["smokes"].isna().tolist()[4]
tiny = 0 < by_pandas["smokes"].min() < 1e-70
raise SystemExit(0 if zeros == [4, 4, 0] and others and tiny else 1)
PYTHON
