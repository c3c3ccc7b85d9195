"""How many classes, and how many classes of groups: maximum likelihood for each pair of numbers."""

from collections.abc import Iterable
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from bayes_lca.data.answered import is_missing
from bayes_lca.data.counted import count_rows
from bayes_lca.data.frame import Frame, check_whole, is_whole
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.group_mixture import GroupMixtureFit, fit_group_mixture
from bayes_lca.likelihood.group_profiles import fit_group_profiles
from bayes_lca.likelihood.without_bound import UnboundedLikelihoodError
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.items_apart import check_no_items
from bayes_lca.measurement.nominal import check_measurement
from bayes_lca.structural.group_classes import GroupClasses
from bayes_lca.table import SummaryTable
from bayes_lca.workflows.rows_without_bound import fits_with_bound, in_note, without_figures

Profiles = Literal["equal", "free"]


def count_group_classes(
    items: Items,
    frame: Frame,
    *,
    group: str,
    classes: int | Iterable[int],
    group_classes: Iterable[int],
    profiles: Profiles | Literal["both"] = "equal",
    count: str | int | None = None,
    missing: Literal["raise", "drop"] = "raise",
    n_starts: int = 50,
    seed: int = 0,
) -> SummaryTable:
    r"""Fit numbers of classes of respondents and of groups by maximum likelihood, a row for each pair.

    .. math:: L = \sum_g \log \sum_{w=1}^{W} \omega_w \prod_{i \in g} \sum_{c=1}^{K} \pi_{wc}\, p(y_i \mid c)

    Groups are what is independent, so that the number of group classes is chosen by BIC with as many observations as
    groups; the number of classes of respondents by BIC with as many as respondents, groups left aside or at the
    number of group classes chosen (Lukociene, Varriale & Vermunt 2010). One class of respondents has one group class.

    Parameters
    ----------
    items : Items, OrdinalItems, NormalItems, CountItems or Mixed
        Without restrictions or priors of single items.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    group : str
        Column of the groups.
    classes : int or iterable of int
        Numbers of classes of respondents.
    group_classes : iterable of int
        Numbers of group classes, such as ``range(1, 5)``; with 1, groups do not differ.
    profiles : {"equal", "free", "both"}
        Whether classes answer alike in all group classes, or have parameters of their own in each,
        :math:`p(y_i \mid c, w)`. With ``"both"`` both are fitted, and compared by their BIC; one group class
        has one set of profiles, and no row with free ones.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    missing : {"raise", "drop"}
        What to do with rows whose group is missing. Missing answers need nothing done.
    n_starts, seed : int
        Random starts of each fit.

    Returns
    -------
    SummaryTable
        A row for each pair ``classes``, ``group_classes``: ``log_likelihood``; ``parameters``; ``BIC_groups`` and
        ``BIC_respondents``, by number of observations; ``AIC``; ``smallest_class``, a share of those who answered, and
        ``smallest_group_class``, a share of the groups; ``group_entropy_r2``, how surely groups are classified; and of
        ``starts`` followed to their ends those that reached the best, ``starts_at_mode``. With both `profiles` they
        come first in the index. The note names the row of least ``BIC_groups``.

        A fit all of whose starts end where the likelihood has no bound, such as a class in which a number does not vary
        with ``NormalItems(..., sd="free")``, has a row without figures: not a number, and no ``starts_at_mode``.

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If the items have no maximum likelihood of this kind, groups are too few, missing or an item, no pair has more
        than one class of respondents where there are several of groups, a number is no whole number, or `profiles`
        is neither of the two.
    UnboundedLikelihoodError
        If that is so of every fit that is asked for.

    Warns
    -----
    FewGroupsWarning
        If there are fewer than 25 groups.
    UnboundedLikelihoodWarning
        Of each row without figures.

    References
    ----------
    Lukociene, O., Varriale, R. & Vermunt, J. K. (2010). The simultaneous decision(s) about the number of lower- and
    higher-level classes in multilevel latent class analysis. Sociological Methodology 40(1), 247-283.
    doi 10.1111/j.1467-9531.2010.01231.x

    Examples
    --------
    >>> import numpy as np
    >>> import bayes_lca as bl
    >>> survey = bl.example_survey().assign(ward=[f"w{i % 30}" for i in range(180)])
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> table = bl.count_group_classes(items, survey, group="ward", classes=2, group_classes=[1, 2], n_starts=10)
    >>> table["parameters"].tolist()
    [13, 15]
    """
    check_measurement(items)
    numbers = _numbers(classes, "classes"), _numbers(group_classes, "group_classes")
    check_whole(least=1, n_starts=n_starts)
    check_whole(least=0, seed=seed)
    counted = count_rows(frame, count, (*items.columns, group))
    kinds: tuple[Profiles, ...] = ("equal", "free") if profiles == "both" else (profiles,)
    design = GroupClasses(max(numbers[1]), group=group, profiles=kinds[0]).read(counted.frame, missing)
    responses, (grouping,) = items.read(counted.frame).keep(design.kept), design.groupings
    check_no_items(items, design.covariates, len(design.kept))
    rows = unique_rows(responses.codes)
    families = items.families(responses, rows.first)
    if families is None:
        raise ValueError(
            f"items {list(items.columns)} of {len(responses.codes)} respondents are restricted, have priors of their "
            "own or share a common method, which two-level maximum likelihood does not fit; give plain items"
        )
    families = [family.without_prior() for family in families]
    patterns = unique_rows(grouping.index, rows.pattern)
    data = families, grouping.index[patterns.first], rows.pattern[patterns.first], patterns.count
    if max(numbers[0]) > len(rows.count):
        raise ValueError(
            f"{max(numbers[0])} classes exceed the {len(rows.count)} distinct answer patterns; ask for fewer"
        )
    pairs = [(k, w) for k in numbers[0] for w in numbers[1] if k > 1 or w == 1]  # one class has one share everywhere
    if not pairs:
        raise ValueError(
            f"classes={classes!r} and group_classes={group_classes!r}: one class of the {len(responses.codes)} "
            "respondents has the same share in all groups; ask for two classes, or for one group class"
        )
    unanswered = is_missing(responses.codes)
    answered = ~unanswered.all(axis=1)
    n, silent, has_answer = int(answered.sum()), int((~answered).sum()), answered[rows.first]
    of_parts = [part.columns for part in getattr(items, "parts", (items,))]
    columns = dict(zip(items.columns, responses.codes.T, strict=True))
    asked = {
        (kind, k, w): partial(_fitted, data, (k, w), kind, (of_parts, columns), n_starts=n_starts, seed=seed)
        for kind in kinds
        for k, w in pairs
        if w > 1 or kind == kinds[0]  # one group class has one set of profiles
    }
    fits, unbounded = fits_with_bound(asked, stacklevel=2)
    of_fits = {key: _row(fit, has_answer, n) for key, fit in fits.items()}
    figures = list(next(iter(of_fits.values())))
    of_fits |= {key: dict[str, float](without_figures(error)) for key, error in unbounded.items()}
    index = pd.MultiIndex.from_tuples(list(asked), names=["profiles", "classes", "group_classes"])
    table = pd.DataFrame([of_fits[key] for key in asked], index=index)[figures]
    table = table if len(kinds) > 1 else table.droplevel("profiles")
    gone = in_note([f"{k} and {w}{f' {kind}' if len(kinds) > 1 else ''}" for kind, k, w in unbounded])
    note = (
        f"n = {n}{counted.in_brackets} in {len(grouping.levels)} groups of {group!r}, {silent} without any answer left "
        f"out of it, {len(design.kept) - len(answered)} rows left out, {int(unanswered.sum())} answers missing; "
        f"profiles {' and '.join(kinds)}; maximum likelihood, no draws{_preferred(table)}"
    )
    return SummaryTable.of(table, "; ".join([note, *gone]))


def _preferred(table: pd.DataFrame) -> str:
    """The row of least BIC, if there are several, as the end of a note."""
    if len(compared := table["BIC_groups"].dropna()) == 1:
        return ""
    *kind, n_classes, n_group_classes = compared.idxmin()
    return (
        f"; BIC by groups prefers {n_classes} class{'' if n_classes == 1 else 'es'} and {n_group_classes} group "
        f"class{'' if n_group_classes == 1 else 'es'}{f', profiles {kind[0]}' if kind else ''}"
    )


def _numbers(given: int | Iterable[int], name: str) -> list[int]:
    numbers = list(given) if isinstance(given, Iterable) else [given]
    if not numbers or not all(is_whole(number, least=1) for number in numbers):
        raise ValueError(f"{name}={given!r}: give whole numbers from 1 on, such as range(1, 5)")
    return numbers


def _fitted(data, numbers: tuple[int, int], profiles: Profiles, of_items, **searched: int) -> GroupMixtureFit:
    try:
        if profiles == "equal":
            return fit_group_mixture(*data, *numbers, **searched)
        return fit_group_profiles(*data, *numbers, **searched).fit
    except UnboundedLikelihoodError as error:
        asked = f"n_classes={numbers[0]}, group_classes={numbers[1]}, profiles {profiles}"
        raise error.of(asked, *of_items) from None


def _row(fit: GroupMixtureFit, has_answer: np.ndarray, n: int) -> dict[str, float]:
    overall = fit.expected[:, has_answer].sum(axis=1) / n
    return {
        "log_likelihood": fit.log_likelihood,
        "parameters": fit.n_parameters,
        "BIC_groups": fit.bic_of_groups,
        "BIC_respondents": fit.bic_of_respondents(n),
        "AIC": -2 * fit.log_likelihood + 2 * fit.n_parameters,
        "smallest_class": overall.min(),
        "smallest_group_class": fit.group_class_share.min(),
        "group_entropy_r2": fit.group_entropy,
        "starts_at_mode": fit.best_starts,
        "starts": fit.n_starts,
    }
