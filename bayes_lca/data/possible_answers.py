"""Answers that no class gives: where probabilities are zero, a row of answers may have none to come from."""

from collections.abc import Sequence

import numpy as np

from bayes_lca.data.frame import named
from bayes_lca.data.unique_rows import UniqueRows


def check_possible(
    is_zero: np.ndarray,
    codes: np.ndarray,
    patterns: UniqueRows,
    items: Sequence[str | int],
    labels: Sequence[Sequence[str]],
    respondents: Sequence,
) -> None:
    """Refuse answers that are impossible in every class.

    Parameters
    ----------
    is_zero : ndarray of bool, shape (latent_class, item, category)
        Whether a probability is zero.
    codes : ndarray of int, shape (respondent, item)
        Positions of categories, -1 where missing.
    patterns : UniqueRows
        Distinct rows of `codes`.
    items, labels : sequence of str, sequence of sequence of str
        Names of items and of their categories.
    respondents : sequence, shape (respondent,)
        Labels of rows.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> from bayes_lca.data.unique_rows import unique_rows
    >>> codes = np.array([[0], [1]])
    >>> is_zero = np.array([[[False, True]], [[False, True]]])
    >>> check_possible(is_zero, codes, unique_rows(codes), ["pay"], [["less", "more"]], ["r1", "r2"])
    Traceback (most recent call last):
    ValueError: 1 of 2 respondents gave answers that bl.Zero leaves no class to give, such as {'pay': 'more'} in row...
    """
    if not is_zero.any():
        return
    distinct = codes[patterns.first]
    forbidden = is_zero[:, np.arange(codes.shape[1]), distinct] & (distinct >= 0)  # (class, pattern, item)
    impossible = forbidden.any(axis=2).all(axis=0)
    if impossible.any():
        rows = np.flatnonzero(impossible[patterns.pattern])
        pattern = patterns.pattern[rows[0]]
        answers = {
            str(items[j]): labels[j][distinct[pattern, j]] for j in np.flatnonzero(forbidden[:, pattern].any(axis=0))
        }
        others = f" (all such rows: {named(np.asarray(respondents)[rows])})" if len(rows) > 1 else ""
        raise ValueError(
            f"{len(rows)} of {len(codes)} respondents gave answers that bl.Zero leaves no class to give, such as "
            f"{answers} in row {named([respondents[rows[0]]])}{others}; free these categories in one class, or look at "
            "the answers"
        )
