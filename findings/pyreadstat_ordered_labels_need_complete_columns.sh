#!/usr/bin/env bash
# pyreadstat 1.3.7 with pandas 3.1.1: read_sav(..., formats_as_ordered_category=True) raises as soon as a labelled column
# has one missing value.
#
# The option promises value labels in the order of their codes, which is what an ordinal item of an SPSS file needs.
# Missing values are put among the categories, and pandas refuses these: "Categorical categories cannot be null". The
# error names neither column nor option. Without the option, or without a missing value, the file is read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check pyreadstat==1.3.7 pandas==3.1.1
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import sys

import pandas as pd
import pyreadstat

print("pyreadstat", pyreadstat.__version__, "pandas", pd.__version__)
labels = {"change": {1: "increase", 2: "no change", 3: "decrease"}}


def read(answers, **options):
    path = f"{sys.argv[1]}/survey.sav"
    pyreadstat.write_sav(pd.DataFrame({"change": answers}), path, variable_value_labels=labels)
    try:
        frame, _ = pyreadstat.read_sav(path, apply_value_formats=True, **options)
        return str(frame["change"].tolist())
    except ValueError as error:
        return f"ValueError: {error}"


results = {
    "complete, ordered": read([1.0, 2.0, 3.0], formats_as_ordered_category=True),
    "one missing, plain": read([1.0, 2.0, None]),
    "one missing, ordered": read([1.0, 2.0, None], formats_as_ordered_category=True),
}
for name, result in results.items():
    print(f"{name}: {result}")
raise SystemExit(0 if [result.startswith("ValueError") for result in results.values()] == [False, False, True] else 1)
PYTHON
