"""Answers in categories that are known from before: nothing is learned from the frame but who chose which."""

from collections.abc import Mapping, Sequence

import numpy as np

from bayes_lca.data.declarations import NOTHING_DECLARED, Declarations, without_codes
from bayes_lca.data.distinct_values import distinct_values
from bayes_lca.data.frame import check_columns, check_frame, column, label, named


def read_known_categories(
    frame, labels: Mapping[str, Sequence[str]], declared: Declarations = NOTHING_DECLARED
) -> np.ndarray:
    """Codes of answers whose categories are known, by the text of each answer.

    An item may have one category only, or no answer at all: it is told apart from others by what is known of it.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    labels : mapping of str to sequence of str
        Labels of the categories of each item, by column.
    declared : Declarations
        Codes that mean no answer, by column or for all.

    Returns
    -------
    ndarray of int, shape (row, item)
        Position among the labels, -1 where the answer is missing.

    Raises
    ------
    ValueError
        If a column is unknown, or holds an answer that is none of the known categories.

    Examples
    --------
    >>> import pandas as pd
    >>> read_known_categories(pd.DataFrame({"pay": [2.0, None]}), {"pay": ("1", "2", "3")}).tolist()
    [[1], [-1]]
    """
    check_frame(frame)
    check_columns(frame, labels, role="item")
    codes = []
    for item, known in labels.items():
        answers = distinct_values(without_codes(column(frame, item), declared.missing_codes_of(item), item))
        texts = [label(value) for value in answers.values]
        place = {text: code for code, text in enumerate(known)}
        unknown = [text for text in texts if text not in place]
        if unknown:
            n = sum(count for text, count in zip(texts, answers.count, strict=True) if text == unknown[0])
            raise ValueError(
                f"{item!r} is {unknown[0]!r} in {n} of {len(answers.place)} rows, a category whose probabilities are "
                f"not known; known are {named(known)}"
            )
        codes.append(answers.coded([place[text] for text in texts]))
    return np.array(codes, dtype=np.int64).T
