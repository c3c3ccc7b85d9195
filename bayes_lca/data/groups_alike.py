"""Groups whose respondents all gave the same answers, as where one person filled in the forms of a site."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np

from bayes_lca.data.answered import is_missing
from bayes_lca.data.grouping import Grouping
from bayes_lca.data.unique_rows import UniqueRows

FEWEST_RESPONDENTS, FEWEST_ITEMS = 10, 4
"""Fewer may agree on as many items without anything being wrong."""

RARE = 0.001
"""Probability, over all groups, below which one is named."""


class GroupAnswersAlikeWarning(UserWarning):
    """All respondents of a group gave the same answers to all items, so that they may not be their own."""


def warn_of_groups_that_answer_alike(
    codes: np.ndarray, answers: UniqueRows, membership: np.ndarray, groupings: Sequence[Grouping]
) -> None:
    r"""Name groups of ten respondents or more who all gave the same answers to four items or more.

    Their answers look like a class without error and move the profiles, shares and slopes of the class they fall into,
    while chains converge and pairs of items often fit. Groups may lie wholly in one class, so a group is named if its n
    respondents would hardly agree even then, :math:`G \max_c f_c^n < .001` with G groups and, of the respondents i of
    other groups,

    .. math:: f_c = \frac{1 + \sum_i m_{ic} [y_i = y]}{1 + \sum_i m_{ic}}

    the share of class c who gave the answers y, by the membership m that classes start from.

    Parameters
    ----------
    codes : ndarray, shape (respondent, item)
    answers : UniqueRows
        Distinct answers of the respondents.
    membership : ndarray, shape (pattern, latent_class)
        Of distinct answers.
    groupings : sequence of Grouping

    Warns
    -----
    GroupAnswersAlikeWarning
    """
    for grouping in groupings:
        alike = list(_alike(codes, answers, membership, grouping))
        if alike:
            warnings.warn(
                f"all respondents of {', '.join(alike)} in {grouping.name!r} gave the same answers, which is less "
                f"likely than {RARE:g} even if all were in the class that gives them most often; if one person "
                "answered for others, their rows move the classes, chains converge all the same, and checks of fit may "
                "show nothing: fit with and without them",
                GroupAnswersAlikeWarning,
                stacklevel=4,
            )


def _alike(codes: np.ndarray, answers: UniqueRows, membership: np.ndarray, grouping: Grouping) -> Iterator[str]:
    """Names of the groups, with the number of their respondents and of the items that these answered."""
    first, size = grouping.first_row, np.bincount(grouping.index, minlength=len(grouping.levels))
    given, n_items = answers.pattern[first], (~is_missing(codes[first])).sum(axis=1)
    same = np.bincount(grouping.index, answers.pattern == given[grouping.index], minlength=len(size))
    n_same = (np.bincount(answers.pattern)[given] - same)[:, None] * membership[given]  # (group, latent_class)
    n_others = membership[answers.pattern].sum(axis=0) - size[:, None] * membership[given]
    most = ((1 + n_same) / (1 + n_others)).max(axis=1)
    alike = (same == size) & (size >= FEWEST_RESPONDENTS) & (n_items >= FEWEST_ITEMS)
    for group in np.flatnonzero(alike & (len(size) * most**size < RARE)):
        yield f"{grouping.levels[group]} ({size[group]} respondents, {n_items[group]} items)"
