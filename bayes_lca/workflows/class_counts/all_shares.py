"""Shares of all classes, which a table of numbers of classes keeps beside its columns."""

import json
from collections.abc import Mapping, Sequence

import pandas as pd

CLASS_SHARES = "class_shares"
"""Attribute of the table with the shares, the largest first, by number of classes."""


def keep_shares(table: pd.DataFrame, shares: Mapping[int, Sequence[float]]) -> None:
    """Write shares into the attributes of a table."""
    table.attrs[CLASS_SHARES] = json.dumps({str(n_classes): list(of_all) for n_classes, of_all in shares.items()})


def shares_of(table: pd.DataFrame) -> dict[int, list[float]]:
    """Shares by number of classes; none where the table has lost them, as after reading it from a file.

    Examples
    --------
    >>> table = pd.DataFrame({"BIC": [1.0]}, index=[2])
    >>> keep_shares(table, {2: [0.7, 0.3]})
    >>> shares_of(table)
    {2: [0.7, 0.3]}
    """
    return {int(n_classes): of_all for n_classes, of_all in json.loads(table.attrs.get(CLASS_SHARES, "{}")).items()}
