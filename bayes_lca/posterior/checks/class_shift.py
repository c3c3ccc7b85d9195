"""Do covariates bend the classes? Profiles and shares without covariates against those of the joint fit."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import named
from bayes_lca.dims import CATEGORY, CLASS, CLASS_SHARE, ITEM, ITEM_PROBABILITY, SLOPE
from bayes_lca.fitted.elements import by_label, diagnostics, existing_elements, row_index
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.same_respondents import respondents_in_both
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.table import SummaryTable, tail_probabilities

LARGEST_SHIFT = 0.05


class ClassShiftWarning(UserWarning):
    """Covariates bend the classes: effects of covariates belong to other classes than those that were measured."""


def class_shift(
    measured: xr.DataTree, joint: xr.DataTree, *, largest: float = LARGEST_SHIFT, ci_prob: float = 0.95
) -> SummaryTable:
    """Compare the classes of a joint fit with those the items alone define.

    In a joint fit covariates help to define the classes. Where a covariate acts on an item directly, or on respondents
    of one class in two ways, that moves the classes, and odds ratios then describe other classes than the profiles
    that were interpreted. If the model is right, both fits estimate the same profiles and shares.

    Parameters
    ----------
    measured : xarray.DataTree
        From `fit` of a latent class model without covariates.
    joint : xarray.DataTree
        From `fit` of the same items and classes with covariates or groups, ``order=measured``.
    largest : float, default 0.05
        Difference of posterior means beyond which an item probability or class share counts as shifted.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per class share and item probability: posterior means ``measured`` and ``joint``, their ``difference``
        (joint less measured) with ``lower`` and ``upper``, whether it is ``shifted``, and the worse of the two fits'
        ``r_hat``, ``ess_bulk`` and ``ess_tail``. Shares are left out where the two fits rest on other respondents,
        or one was saved without them.

    Raises
    ------
    TypeError
        If `measured` or `joint` is no fit.
    ValueError
        If the classes of a fit were seen, `measured` has covariates, or the fits differ in items, categories or
        classes, or in the order of the classes.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Warns
    -----
    ClassShiftWarning
        If a difference exceeds `largest`; the largest one is named.

    Notes
    -----
    Draws of the two fits are paired at random, as if the fits were independent. They rest on the same answers and
    err in the same direction, so the intervals are wider than they need be, and one that leaves out zero is strong
    evidence of a shift. Whether a row is ``shifted`` does not depend on them.

    References
    ----------
    Asparouhov, T. & Muthen, B. (2014). Auxiliary variables in mixture modeling: Three-step approaches using Mplus.
    Structural Equation Modeling 21(3), 329-341. doi 10.1080/10705511.2014.915181

    Examples
    --------
    >>> import bayes_lca as bl
    >>> shift = bl.class_shift(bl.load_example("alone"), bl.load_example(), largest=0.2)
    >>> shift.index.get_level_values("quantity").unique().tolist()
    ['class_share', 'item_probability']
    >>> bool(shift["shifted"].any())
    False
    """
    measured, joint = (Fit.of(draws, needs="class_shift") for draws in (measured, joint))
    tails = tail_probabilities(ci_prob)
    if not 0 < largest < 1:
        raise ValueError(f"largest={largest!r}: a difference of probabilities lies between 0 and 1, such as 0.05")
    _require_same_classes(measured, joint)
    parts = [_differences(measured, joint, ITEM_PROBABILITY, [CLASS, ITEM, CATEGORY], tails)]
    together = same_respondents(measured, joint)
    if together:
        parts.insert(0, _differences(measured, joint, CLASS_SHARE, [CLASS], tails))
    table = pd.concat(parts)
    table.insert(5, "shifted", table["difference"].abs() > largest)
    if table["shifted"].any():
        worst = table["difference"].abs().idxmax()
        warnings.warn(
            f"covariates bend the classes: {int(table['shifted'].sum())} of {len(table)} item probabilities and class "
            f"shares differ by more than {largest:g} between the fits; the most, {_name(worst)}, goes from "
            f"{table.loc[worst, 'measured']:.3f} to {table.loc[worst, 'joint']:.3f}. Look at bl.direct_effects(joint), "
            "or regress the classes measured without covariates (two-step)",
            ClassShiftWarning,
            stacklevel=2,
        )
    return SummaryTable.of(table, _note(measured, joint, ci_prob, together=together))


def same_respondents(first: Fit, second: Fit) -> bool:
    """Whether two fits are known to rest on the same rows: equal labels or keys, and equal answers, in any order."""
    if not (first.holds_respondents and second.holds_respondents):
        return False
    return respondents_in_both(first, second).everybody(first, second)


def _require_same_classes(measured: Fit, joint: Fit) -> None:
    if SLOPE in measured.posterior:
        raise ValueError(
            f"measured is a fit of formula {measured.formula.text!r}, with covariates, to {measured.n_respondents} "
            "respondents; give the fit without covariates first"
        )
    for axis, names, remedy in (
        (ITEM, (measured.items, joint.items), "fit both with the same items in the same order"),
        (
            CLASS,
            (measured.classes, joint.classes),
            "fit the second with order=measured and the same number of classes, or name_classes of both alike",
        ),
    ):
        if names[0] != names[1]:
            raise ValueError(f"the fits differ in {axis}: {named(names[0])} and {named(names[1])}; {remedy}")
    if measured.labels != joint.labels:
        categories = [[list(of_item) for of_item in fit.labels] for fit in (measured, joint)]
        raise ValueError(
            f"the items' categories differ between the fits of {measured.n_respondents} and {joint.n_respondents} "
            f"respondents: {categories[0]} and {categories[1]}; declare them in the frame, "
            "pd.Categorical(values, categories)"
        )
    of_measured, of_joint = (fit.answers.profiles(fit).mean(axis=0) for fit in (measured, joint))
    share_measured, share_joint = (fit.class_share.mean(axis=(0, 1)) for fit in (measured, joint))
    order = match_profiles(of_joint[None], of_measured, share_joint[None], share_measured)[0]
    if (order != np.arange(len(order))).any():
        names = measured.classes
        pairs = ", ".join(f"{names[k]} is {names[there]}" for k, there in enumerate(order) if k != there)
        raise ValueError(
            f"classes of the same name differ by profile (measured against joint: {pairs}); fit the second with "
            "order=measured"
        )


def _differences(measured: Fit, joint: Fit, variable: str, dims: list[str], tails: Sequence[float]) -> pd.DataFrame:
    """Rows of one variable, indexed by quantity, class, item and category."""
    rows = [existing_elements(fit.posterior[variable], dims) for fit in (measured, joint)]
    rng = np.random.default_rng(0)
    n_pairs = min(measured.n_draws, joint.n_draws)
    first, second = (rng.permutation(Fit.flat(part, "row"))[:n_pairs] for part in rows)  # (pair, row)
    lower, upper = np.quantile(second - first, tails, axis=0)
    means = [part.mean(["chain", "draw"]).to_numpy() for part in rows]
    quality = [
        diagnostics(part, data_set=fit.data_set_of_chain) for part, fit in zip(rows, (measured, joint), strict=True)
    ]
    worse = {
        name: choose(*(part[name].to_numpy() for part in quality))
        for name, choose in (("r_hat", np.fmax), ("ess_bulk", np.fmin), ("ess_tail", np.fmin))
    }
    columns = {"measured": means[0], "joint": means[1], "difference": means[1] - means[0]}
    table = pd.DataFrame(columns | {"lower": lower, "upper": upper} | worse, index=row_index(rows[0], dims))
    table = by_label(table, measured) if CATEGORY in dims else table
    names = table.index.to_frame(index=False)
    levels = [
        np.repeat(variable, len(names)),
        *(names[dim] if dim in names else [""] * len(names) for dim in (CLASS, ITEM, CATEGORY)),
    ]
    index = pd.MultiIndex.from_arrays(levels, names=["quantity", CLASS, ITEM, CATEGORY])
    return table.set_axis(index)


def _name(row: tuple) -> str:
    quantity, latent_class, item, category = row
    return f"the share of {latent_class}" if quantity == CLASS_SHARE else f"{item} = {category!r} in {latent_class}"


def _note(measured: Fit, joint: Fit, ci_prob: float, *, together: bool) -> str:
    note = (
        f"measured: {measured.note}; joint {joint.formula.text!r}: {joint.note}; "
        f"{100 * ci_prob:g} % intervals as if the fits were independent, wider than need be"
    )
    if together:
        return note
    if not (measured.holds_respondents and joint.holds_respondents):
        return f"{note}; shares are not compared, for a fit saved without respondents may rest on other ones"
    return (
        f"{note}; shares are not compared, for the fits rest on other respondents "
        f"({measured.n_respondents} and {joint.n_respondents}), and a shifted profile may mean that classes differ "
        "between these"
    )
