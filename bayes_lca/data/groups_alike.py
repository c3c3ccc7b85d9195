"""Groups whose respondents all gave the same answers, as where one person filled in the forms of a site."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np

from bayes_lca.data.answered import is_missing
from bayes_lca.data.grouping import Grouping
from bayes_lca.data.unique_rows import unique_rows

FEWEST_RESPONDENTS, FEWEST_ITEMS = 10, 4
"""Fewer may agree on as many items without anything being wrong."""

RARE = 0.001
"""Probability, over all groups, below which one is named."""


class GroupAnswersAlikeWarning(UserWarning):
    """All respondents of a group gave the same answers to all items, so that they may not be their own."""


def warn_of_groups_that_answer_alike(
    codes: np.ndarray, pattern: np.ndarray, membership: np.ndarray, groupings: Sequence[Grouping], *, stacklevel: int
) -> None:
    r"""Name groups of ten respondents or more who all gave the same answers to four items or more.

    Their answers look like a class without error and move the profiles, shares and slopes of the class they fall into,
    while chains converge and pairs of items often fit. Groups may lie wholly in one class, so a group is named if its n
    respondents would hardly agree even then, :math:`G \max_c f_c^n < .001` with G groups and, of the respondents i of
    groups that do not all agree,

    .. math::
        f_c = \max_{w \in \{1, n\}} \frac{w f + \sum_i m_{ic} [y_i = y]}{w + \sum_i m_{ic}}, \qquad
        f = \max_{y',\, c:\, \sum_i m_{ic} \ge n} \frac{\sum_i m_{ic} [y_i = y']}{\sum_i m_{ic}}

    the share of class c who gave the answers y, by the membership m that classes start from. A class in which the group
    is alone has nobody else who could say how often its members agree: there it is f, as often as those of any class
    with n others or more do, or all classes together. Few others, w = n, hardly lower that, for
    they may have strayed into the class; yet if they gave the same answers, w = 1, they count in full. Groups that all
    agree are left out, for one person may have filled in several.

    Parameters
    ----------
    codes : ndarray, shape (respondent, item)
    pattern : ndarray of int, shape (respondent,)
        Row of `membership` that each respondent has.
    membership : ndarray, shape (pattern, latent_class)
    groupings : sequence of Grouping
    stacklevel : int
        As for `warnings.warn`.

    Warns
    -----
    GroupAnswersAlikeWarning
    """
    if not groupings:
        return
    answers, answered = unique_rows(codes).pattern, (~is_missing(codes)).sum(axis=1)
    for grouping in groupings:
        alike = list(_alike(answers, answered, pattern, membership, grouping))
        if alike:
            warnings.warn(
                f"all respondents of {', '.join(alike)} in {grouping.name!r} gave the same answers, which is less "
                f"likely than {RARE:g} even if all were in the class that gives them most often; if one person "
                "answered for others, their rows move the classes, chains converge all the same, and checks of fit may "
                "show nothing: fit with and without them",
                GroupAnswersAlikeWarning,
                stacklevel=stacklevel,
            )


def _alike(
    answers: np.ndarray, answered: np.ndarray, pattern: np.ndarray, membership: np.ndarray, grouping: Grouping
) -> Iterator[str]:
    """Names of the groups, with the number of their respondents and of the items that these answered."""
    first, size = grouping.first_row, np.bincount(grouping.index, minlength=len(grouping.levels))
    given, n_items = answers[first], answered[first]
    same = np.bincount(grouping.index, answers == given[grouping.index], minlength=len(size))
    alike = (same == size) & (size >= FEWEST_RESPONDENTS) & (n_items >= FEWEST_ITEMS)
    others = ~alike[grouping.index]
    if not alike.any() or not others.any():
        return
    giving = np.zeros((answers.max() + 1, membership.shape[1]))  # (answers, latent_class)
    np.add.at(giving, answers[others], membership[pattern[others]])
    members = giving.sum(axis=0)  # (latent_class,)
    together = giving.sum(axis=1).max() / members.sum()
    largest = giving.max(axis=0) / np.maximum(members, FEWEST_RESPONDENTS)  # (latent_class,)
    in_any_class = np.where(members >= size[:, None], largest, together).max(axis=1, keepdims=True)  # (group, 1)
    weight = np.stack([np.ones_like(size), size])[..., None]  # (2, group, 1)
    most = ((weight * in_any_class + giving[given]) / (weight + members)).max(axis=(0, 2))  # (group,)
    for group in np.flatnonzero(alike & (len(size) * most**size < RARE)):
        yield f"{grouping.levels[group]} ({size[group]} respondents, {n_items[group]} items)"
