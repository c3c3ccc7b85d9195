"""Are the classes of one fit those of another: profiles, shares and members, matched and with uncertainty."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import check_whole
from bayes_lca.dims import CLASS, ITEM, RESPONDENT
from bayes_lca.fitted.respondents import holds_respondents
from bayes_lca.posterior.structures.comparison_rows import (
    FIT,
    REFERENCE_CLASS,
    MatchedStructures,
    class_rows,
    distance_rows,
    flow_rows,
    item_rows,
    overall_row,
)
from bayes_lca.posterior.structures.profiles_and_members import read_structure
from bayes_lca.posterior.tables.membership import membership_in_draws
from bayes_lca.table import SummaryTable, describe_draws, tail_probabilities

DIFFERENT_BELOW = 0.05
LARGE_PART = 0.1
"""Share of a class from which its part in another class is told in words."""

DRAWS_OF_MEMBERS = 200
"""Draws of the membership probabilities, which are many numbers each."""


@dataclass(frozen=True, repr=False, eq=False)
class StructureComparison:
    """Class structures of several fits against that of the first, as `compare_structures` returns them.

    Attributes
    ----------
    reference : str
        Name of the first fit.
    overall : SummaryTable
    classes, items : SummaryTable
        Matched classes, and each of their items.
    distances : SummaryTable
        Every class with every class of the reference.
    flows : SummaryTable or None
        Members of every class in the classes of the reference, where fits share respondents.
    """

    reference: str
    overall: SummaryTable
    classes: SummaryTable
    items: SummaryTable
    distances: SummaryTable
    flows: SummaryTable | None

    @property
    def words(self) -> str:
        """What differs, a sentence for each fit and each class."""
        return "\n".join(sentences(self))

    def __str__(self) -> str:
        return self.words

    def __repr__(self) -> str:
        parts = {name: getattr(self, name) for name in ("overall", "classes", "items", "flows")}
        tables = "\n\n".join(f"{name}\n{table!r}" for name, table in parts.items() if table is not None)
        return f"{tables}\n\n{self.words}"


def compare_structures(
    fits: Mapping[str, xr.DataTree],
    *,
    tolerance: float = 0.1,
    n_draws: int = 1000,
    ci_prob: float = 0.95,
    seed: int = 1,
) -> StructureComparison:
    r"""Compare the class structures of several fits with that of the first.

    Fits may have other respondents, other numbers of classes, and other items as long as some are common, with equal
    categories. Classes are matched one to one at the least total distance of posterior mean profiles; where a fit has
    more classes than the reference, those left over are unmatched. The distance of two classes is the total variation
    of their answers, :math:`\tfrac12 \sum_k |\rho_{jk} - \rho'_{jk}|`, averaged over items: 0 if every answer is as
    likely, 1 if they never answer alike.

    Estimates from finite samples are never equal, so every distance stands beside the one ``expected`` if profiles
    were the same and posteriors as wide as they are, and a ``p_value``: the share of samples of equal profiles that
    differ at least as far. `split_halves` gives the same reference from refits of random halves.

    Parameters
    ----------
    fits : mapping of str to xarray.DataTree
        Fits of latent class models by name; the first is the reference.
    tolerance : float, default 0.1
        Distance up to which two classes count as the same.
    n_draws : int, default 1000
        Draws of each fit used at the most, paired at random between fits.
    ci_prob : float, default 0.95
    seed : int
        Of the pairing.

    Returns
    -------
    StructureComparison
        Prints its tables and what they say in words.

        ``overall``, a row per fit: the ``p_value`` of the class that differs most, chance among all of them
        allowed for; ``matched`` classes; the items compared and those left out; for respondents in both fits the
        adjusted Rand index of most likely classes, draw by draw, with interval, and what two draws of one fit give,
        ``rand_expected``. Members are compared only where both fits hold respondents.

        ``classes``, a row per matched class: ``distance`` (posterior mean) with interval, ``expected``, ``p_value``,
        ``probability_same``, that the distance is at most `tolerance`; the shares' ``share_difference`` with interval.

        ``items``, the same per item, and the ``category`` with the largest ``difference`` of probabilities (fit less
        reference), with interval.

        ``flows``, a row per class and class of the reference: the ``respondents`` whose most likely classes these are,
        draw by draw, and their ``share`` of the reference's class, with interval.

    Raises
    ------
    ValueError
        If there are fewer than two fits, one has no latent classes, two share no item, or a setting is out of range.
    NotRelabelledError, SeveralModesError
        If the classes of a fit are not one and the same over its draws.

    Notes
    -----
    Fits are treated as independent. Two fits of the same respondents err in the same direction: their distances are
    less than sampling alone would give, and p-values are too large.

    References
    ----------
    Hubert, L. & Arabie, P. (1985). Comparing partitions. Journal of Classification 2, 193-218. doi 10.1007/BF01908075

    Examples
    --------
    >>> import bayes_lca as bl
    >>> lead, member = bl.load("lead.nc"), bl.load("member.nc")  # doctest: +SKIP
    >>> print(bl.compare_structures({"lead": lead, "member": member}))  # doctest: +SKIP
    """
    tails = tail_probabilities(ci_prob)
    if len(fits) < 2:
        raise ValueError(f'{len(fits)} fit given; pass two or more by name: {{"lead": a, "member": b}}')
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance={tolerance!r}: a distance lies between 0 and 1, such as 0.1")
    check_whole(least=10, n_draws=n_draws)
    check_whole(least=0, seed=seed)
    used = min(n_draws, *(_n_draws(draws) for draws in fits.values()))
    rng = np.random.default_rng(seed)
    which = {
        name: rng.permutation(np.linspace(0, _n_draws(draws) - 1, used).astype(int)) for name, draws in fits.items()
    }
    first, *rest = fits
    reference = read_structure(str(first), fits[first], which[first])
    overall, classes, items, distances, moved = [], [], [], [], []
    for name in rest:
        pair = MatchedStructures.of(reference, read_structure(str(name), fits[name], which[name]))
        both = _in_both(pair)
        known = both is not None
        members = [_members(fits[one], which[one], both) for one in (first, name)] if known and len(both) else None
        overall.append(overall_row(pair, members, tails) | ({} if known else {"respondents_in_both": np.nan}))
        classes += class_rows(pair, tolerance, tails)
        items += item_rows(pair, tolerance, tails)
        distances += distance_rows(pair, tails)
        moved += flow_rows(pair, members, tails) if members else []
    note = "; ".join(f"{name}: {describe_draws(draws)}" for name, draws in fits.items())
    note += (
        f"; {used} draws of each used, paired at random; {100 * ci_prob:g} % intervals; distances up to {tolerance:g} "
    )
    note += "count as the same"
    if closed := [name for name, draws in fits.items() if not holds_respondents(draws)]:
        note += f"; members are not compared with {', '.join(map(str, closed))}, saved without respondents"

    def table(rows: list[dict], *index: str) -> SummaryTable:
        return SummaryTable.of(pd.DataFrame(rows).set_index([FIT, *index]), note)

    return StructureComparison(
        reference=str(first),
        overall=table(overall),
        classes=table(classes, CLASS),
        items=table(items, CLASS, ITEM),
        distances=table(distances, CLASS, REFERENCE_CLASS),
        flows=table(moved, CLASS, REFERENCE_CLASS) if moved else None,
    )


def _n_draws(draws: xr.DataTree) -> int:
    return draws["posterior"].sizes["chain"] * draws["posterior"].sizes["draw"]


def _in_both(pair: MatchedStructures) -> pd.Index | None:
    """Respondents in both fits; none where labels do not tell respondents apart, None where a fit holds no rows."""
    one, other = pair.reference.respondents, pair.other.respondents
    if one is None or other is None:
        return None
    if not (one.is_unique and other.is_unique):
        return one[:0]
    return one.intersection(other, sort=False)


def _members(draws: xr.DataTree, which: np.ndarray, respondents: pd.Index) -> np.ndarray:
    """Membership probabilities of some respondents in at most `DRAWS_OF_MEMBERS` draws."""
    rows = pd.Index(draws["observed_data"][RESPONDENT].to_numpy()).get_indexer(respondents)
    return membership_in_draws(draws, which[:DRAWS_OF_MEMBERS])[:, rows]


def sentences(comparison: StructureComparison) -> list[str]:
    """What differs, a line for each fit, each class that differs, and each class that is new or splits."""
    found = []
    for name, row in comparison.overall.iterrows():
        verdict = "differ" if row["p_value"] < DIFFERENT_BELOW else "do not differ beyond sampling"
        found.append(
            f"{name} against {comparison.reference}: the profiles of {row['matched']} matched classes {verdict} "
            f"(p = {row['p_value']:.3f})."
        )
        if row["left_out"]:
            found.append(f"  Not compared: {row['left_out']}.")
        for own, matched in comparison.classes.loc[name].iterrows():
            if matched["p_value"] < DIFFERENT_BELOW:
                item = comparison.items.loc[(name, own)]
                most = item.loc[item["difference"].abs().idxmax()]
                found.append(
                    f"  {own} and {matched[REFERENCE_CLASS]} are {matched['distance']:.3f} apart "
                    f"({matched['lower']:.3f} to {matched['upper']:.3f}; {matched['expected']:.3f} expected if equal), "
                    f"most in {most.name}: {most['category']} {100 * most['difference']:+.0f} points "
                    f"({100 * most['difference_lower']:+.0f} to {100 * most['difference_upper']:+.0f})."
                )
        if row["unmatched"]:
            found.append(f"  Without a match: {row['unmatched']}.")
        if comparison.flows is not None and name in comparison.flows.index.get_level_values(FIT):
            found += _moves(comparison.flows.loc[name])
    return found


def _moves(flow: pd.DataFrame) -> list[str]:
    """Classes of the reference whose members are spread over several."""
    found = []
    for own, part in flow.groupby(level=REFERENCE_CLASS, sort=False):
        large = part[part["share"] >= LARGE_PART].sort_values("share", ascending=False)
        if len(large) > 1:
            where = ", ".join(
                f"{100 * one['share']:.0f} % ({100 * one['lower']:.0f} to {100 * one['upper']:.0f}) in {label}"
                for label, one in large.droplevel(REFERENCE_CLASS).iterrows()
            )
            found.append(f"  Members of {own}: {where}.")
    return found
