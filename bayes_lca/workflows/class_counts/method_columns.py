"""Columns of a table of class counts that are of classes with a common method."""

import pandas as pd

PREFIX = "method_"


def with_common_method(table: pd.DataFrame) -> pd.DataFrame:
    """Of a table of class counts, the columns of classes with a common method, under the names of the others."""
    return table.filter(regex=f"^{PREFIX}").rename(columns=lambda name: name.removeprefix(PREFIX))
