"""Groups whose respondents all gave the same answers, as where one person filled in the forms of a site."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np

from bayes_lca.data.answered import is_missing
from bayes_lca.data.grouping import Grouping

FEWEST_RESPONDENTS, FEWEST_ITEMS = 10, 4
"""Fewer may agree on as many items without anything being wrong."""

RARE = 0.001
"""Probability below which a group is named, if its respondents answered like those of other groups."""


class GroupAnswersAlikeWarning(UserWarning):
    """All respondents of a group gave the same answers to all items, so that they may not be their own."""


def warn_of_groups_that_answer_alike(codes: np.ndarray, answers: np.ndarray, groupings: Sequence[Grouping]) -> None:
    """Name groups of ten respondents or more who all gave the same answers to four items or more.

    Their answers look like a class without error and move the profiles, shares and slopes of the class they fall into,
    while chains converge and pairs of items fit. A group is named if ``f ** n`` is below .001, where n is the number of
    its respondents and f the share of other groups' respondents who gave these answers.

    Parameters
    ----------
    codes : ndarray, shape (respondent, item)
    answers : ndarray of int, shape (respondent,)
        Which distinct answers each respondent gave.
    groupings : sequence of Grouping

    Warns
    -----
    GroupAnswersAlikeWarning
    """
    for grouping in groupings:
        alike = list(_alike(codes, answers, grouping))
        if alike:
            warnings.warn(
                f"all respondents of {', '.join(alike)} in {grouping.name!r} gave the same answers, which neither "
                "chance nor a class explains; if one person answered for others, their rows move the classes, and "
                "neither convergence nor checks of fit show it: fit with and without them",
                GroupAnswersAlikeWarning,
                stacklevel=4,
            )


def _alike(codes: np.ndarray, answers: np.ndarray, grouping: Grouping) -> Iterator[str]:
    """Names of the groups, with the number of their respondents and of the items that these answered."""
    first, size = grouping.first_row, np.bincount(grouping.index, minlength=len(grouping.levels))
    given, n_items = answers[first], (~is_missing(codes[first])).sum(axis=1)
    same = np.bincount(grouping.index, answers == given[grouping.index], minlength=len(size))
    elsewhere = (np.bincount(answers)[given] - same) / np.maximum(len(answers) - size, 1)
    alike = (same == size) & (size >= FEWEST_RESPONDENTS) & (n_items >= FEWEST_ITEMS) & (elsewhere**size < RARE)
    for group in np.flatnonzero(alike & (size < len(answers))):
        yield f"{grouping.levels[group]} ({size[group]} respondents, {n_items[group]} items)"
