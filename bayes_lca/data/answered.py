"""Which answers were given: of categories, kept as whole codes, and of numbers, kept as they are."""

import numpy as np

MISSING = -1


def is_missing(answers: np.ndarray) -> np.ndarray:
    """Where there is no answer: code -1 among whole codes, not a number among numbers; the shape of `answers`.

    Examples
    --------
    >>> is_missing(np.array([0, -1])), is_missing(np.array([-1.0, np.nan]))
    (array([False,  True]), array([False,  True]))
    """
    return np.isnan(answers) if answers.dtype.kind == "f" else answers == MISSING


def for_model(answers: np.ndarray) -> np.ndarray:
    """Answers as the data of a PyMC model, which may hold infinity and nothing that is not a number.

    A missing number is infinite there; codes stay as they are.
    """
    return np.where(np.isnan(answers), np.inf, answers) if answers.dtype.kind == "f" else answers


def as_numbers(answers: np.ndarray) -> np.ndarray:
    """Codes, or numbers, as numbers, not a number where missing.

    Examples
    --------
    >>> as_numbers(np.array([2, -1])), as_numbers(np.array([-1.0]))
    (array([ 2., nan]), array([-1.]))
    """
    return np.where(is_missing(answers), np.nan, answers)


def as_codes(answers: np.ndarray) -> np.ndarray:
    """The reverse for codes: whole numbers, -1 where missing.

    Examples
    --------
    >>> as_codes(np.array([2.0, np.nan]))
    array([ 2, -1])
    """
    return np.where(is_missing(answers), MISSING, np.nan_to_num(answers)).astype(int)
