"""Variable labels: what a column is about in words, as files of SPSS and Stata say beside its short name."""

from collections.abc import Mapping

import pandas as pd

VARIABLE_LABELS = "variable_labels"
"""Where a frame, in its ``attrs``, and draws, in their attributes, keep the label of each column by its name."""


def variable_labels(frame) -> dict[str, str]:
    """Variable labels of a frame, by the name of the column; those of columns that are gone left out.

    Examples
    --------
    >>> frame = pd.DataFrame({"q1": [1, 2]})
    >>> frame.attrs["variable_labels"] = {"q1": "Pay since the reform", "q2": "Training"}
    >>> variable_labels(frame)
    {'q1': 'Pay since the reform'}
    """
    labels = frame.attrs.get(VARIABLE_LABELS, {}) if isinstance(frame, pd.DataFrame) else {}
    return {str(name): str(text) for name, text in labels.items() if name in frame.columns}


def with_variable_labels(frame: pd.DataFrame, labels: Mapping[str, str | None]) -> pd.DataFrame:
    """The same frame with the labels that say anything; blank ones, and those that repeat the name, do not."""
    said = {name: str(text).strip() for name, text in labels.items() if text is not None}
    frame.attrs[VARIABLE_LABELS] = {name: text for name, text in said.items() if text not in ("", name)}
    return frame
