"""Which groups predictions speak of: those of the data, or a new one."""

from typing import Literal

from bayes_lca.data.design import Design
from bayes_lca.data.frame import check_whole
from bayes_lca.fitted.design import finest
from bayes_lca.fitted.fit import Fit

Group = Literal["these", "new"]


def check_group(fit: Fit, group: str, seed: int) -> None:
    """Refuse an estimand that does not exist, or that this fit cannot give.

    Raises
    ------
    ValueError
        If `group` is neither ``"these"`` nor ``"new"``, a new group is asked of a fit without groups, or `seed` is no
        whole number.
    """
    if group not in ("these", "new"):
        raise ValueError(f'group={group!r}: choose "these" (the groups of the data) or "new" (a group not seen)')
    if group == "new" and not fit.groupings:
        raise ValueError(
            f'group="new": formula {fit.formula.text!r} has no groups to draw a new one from; add (1 | group)'
        )
    check_whole(least=0, seed=seed)


def estimand(design: Design, group: Group) -> str:
    """Which groups the numbers speak of, as one line."""
    if not design.groupings:
        return "estimand: everybody alike; the formula has no groups"
    names = " and ".join(repr(grouping.name) for grouping in design.groupings)
    if group == "new":
        return (
            f"estimand: a new group, its effects of {names} drawn anew in every draw from the distribution of groups; "
            "the same new group in every row"
        )
    return f"estimand: these {len(finest(design).levels)} groups, with the effects of {names} estimated for them"
