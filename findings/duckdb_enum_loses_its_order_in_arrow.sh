#!/usr/bin/env bash
# DuckDB 2.0.1: an ENUM is ordered in SQL and in .df(), and no longer in .to_arrow_table().
#
# ENUM values compare in the order of their declaration, ORDER BY uses it, and .df() gives an ordered categorical. The
# same query as an Arrow table has dictionary<string, uint8, ordered=0>, so that whatever reads Arrow (pandas, polars,
# narwhals) sees categories that have no order: an ordinal model then sorts them as it likes, often by alphabet.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1 pandas==3.1.1
"$folder/env/bin/python" - <<'PYTHON'
import duckdb
import pyarrow

print("duckdb", duckdb.__version__, "pyarrow", pyarrow.__version__)
connection = duckdb.connect()
connection.execute("CREATE TYPE change AS ENUM ('low', 'middle', 'high')")
connection.execute("CREATE TABLE survey AS SELECT unnest(['high', 'low', 'middle'])::change AS answer")
query = "SELECT answer FROM survey ORDER BY answer"
in_sql = [row[0] for row in connection.execute(query).fetchall()]
in_pandas = connection.execute(query).df()["answer"].dtype
in_arrow = connection.execute(query).to_arrow_table().schema.field("answer").type
print("SQL order:", in_sql)
print("pandas:   ", in_pandas.categories.tolist(), "ordered" if in_pandas.ordered else "not ordered")
print("Arrow:    ", in_arrow)
raise SystemExit(0 if in_sql == ["low", "middle", "high"] and in_pandas.ordered and not in_arrow.ordered else 1)
PYTHON
