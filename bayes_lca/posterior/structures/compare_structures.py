"""Are the classes of one fit those of another: profiles, shares and members, matched and with uncertainty."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import check_whole
from bayes_lca.dims import CLASS, ITEM
from bayes_lca.fitted.named_fits import named_fits
from bayes_lca.fitted.same_respondents import respondents_in_both
from bayes_lca.posterior.structures.class_structure import ClassStructure
from bayes_lca.posterior.structures.comparison_in_words import sentences
from bayes_lca.posterior.structures.comparison_rows import (
    FIT,
    REFERENCE_CLASS,
    class_rows,
    distance_rows,
    flow_rows,
    item_rows,
    overall_row,
)
from bayes_lca.posterior.structures.matched_classes import MatchedClasses
from bayes_lca.posterior.structures.membership_flow import most_likely_classes
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.verdict import TablesWithVerdict

DRAWS_OF_MEMBERS = 200
"""Draws in which members are compared; each is a class for every respondent."""


@dataclass(frozen=True, repr=False, eq=False)
class StructureComparison(TablesWithVerdict):
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
        return "\n".join(sentences(self.reference, self.overall, self.classes, self.items, self.flows))

    @property
    def verdict(self) -> str:
        """The words."""
        return self.words

    @property
    def tables(self) -> dict[str, SummaryTable]:
        """The tables there are, but for that of all distances."""
        parts = {name: getattr(self, name) for name in ("overall", "classes", "items", "flows")}
        return {name: table for name, table in parts.items() if table is not None}


def compare_structures(
    fits: Mapping[str, xr.DataTree],
    *,
    tolerance: float = 0.1,
    n_draws: int = 1000,
    ci_prob: float = CI_PROB,
    seed: int = 1,
) -> StructureComparison:
    r"""Compare the class structures of several fits with that of the first.

    Fits may have other respondents, other numbers of classes, and other items as long as some are common, with equal
    categories. Classes are matched one to one by the distances of their posterior mean profiles, weighted with their
    shares, so that a class of few members does not drive large ones apart; where a fit has more classes than the
    reference, those left over are unmatched. The distance of two classes is the total variation
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
        Probability of the equal-tailed intervals.
    seed : int
        Of the pairing.

    Returns
    -------
    StructureComparison
        Prints its tables and what they say in words.

        ``overall``, a row per fit: the ``p_value`` of the class that differs most, chance among all of them
        allowed for; ``matched`` classes; the items compared and those left out; for respondents in both fits the
        adjusted Rand index of most likely classes, draw by draw, with interval, and what two draws of one fit give,
        ``rand_expected``. Members are compared only where both fits hold respondents, and these are shown to be the
        same: under the same key, ``bl.fit(..., key="id")``, or under equal labels with all equal that both fits know
        of them, answers and covariates.

        ``classes``, a row per matched class: ``distance`` (posterior mean) with interval, ``expected``, ``p_value``,
        ``probability_same``, that the distance is at most `tolerance`; the shares' ``share_difference`` with interval.

        ``items``, the same per item, and the ``category`` with the largest ``difference`` of probabilities (fit less
        reference), with interval.

        ``flows``, a row per class and class of the reference: the ``respondents`` whose most likely classes these are,
        draw by draw, and their ``share`` of the reference's class, with interval.

    Raises
    ------
    TypeError
        If `fits` is no mapping, such as a list, or holds something else than fits.
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
    >>> fits = {"alone": bl.load_example("alone"), "with covariates": bl.load_example()}
    >>> compared = bl.compare_structures(fits)
    >>> compared.classes["reference_class"].tolist()
    ['C1', 'C2']
    >>> print(compared.words.partition(" (p = ")[0])
    with covariates against alone: the profiles of 2 matched classes do not differ beyond sampling
    """
    fits = named_fits(fits, needs="compare_structures")
    tails = tail_probabilities(ci_prob)
    if len(fits) < 2:
        raise ValueError(f'{len(fits)} fit given; pass two or more by name: {{"lead": a, "member": b}}')
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance={tolerance!r}: a distance lies between 0 and 1, such as 0.1")
    check_whole(least=10, n_draws=n_draws)
    check_whole(least=0, seed=seed)
    used = min(n_draws, *(fit.n_draws for fit in fits.values()))
    rng = np.random.default_rng(seed)
    which = {name: rng.permutation(np.linspace(0, fit.n_draws - 1, used).astype(int)) for name, fit in fits.items()}
    first, *rest = fits
    reference = ClassStructure.of(fits[first], first, which[first])
    overall, classes, items, distances, flows, problems = [], [], [], [], [], []
    for name in rest:
        pair = MatchedClasses.of(reference, ClassStructure.of(fits[name], name, which[name]))
        known = fits[first].holds_respondents and fits[name].holds_respondents
        members = None
        if known:
            shared = respondents_in_both(fits[first], fits[name])
            problems += [f"{first} and {name}: {shared.problem}"] if shared.problem else []
            if len(shared.first):
                members = [
                    most_likely_classes(fits[each], which[each][:DRAWS_OF_MEMBERS], places)
                    for each, places in ((first, shared.first), (name, shared.second))
                ]
                flows += flow_rows(pair, members, tails)
        overall.append(overall_row(pair, members, tails) | ({} if known else {"respondents_in_both": np.nan}))
        classes += class_rows(pair, tolerance, tails)
        items += item_rows(pair, tolerance, tails)
        distances += distance_rows(pair, tails)
    note = (
        f"{'; '.join(f'{name}: {fit.note}' for name, fit in fits.items())}; {used} draws of each used, paired at "
        f"random; {100 * ci_prob:g} % intervals; distances up to {tolerance:g} count as the same"
    )
    if closed := [name for name, fit in fits.items() if not fit.holds_respondents]:
        note += f"; members are not compared with {', '.join(closed)}, saved without respondents"
    if problems:
        note += f"; members are not compared: {'; '.join(problems)}"

    def table(rows: list[dict], *index: str) -> SummaryTable:
        return SummaryTable.of(pd.DataFrame(rows).set_index([FIT, *index]), note)

    return StructureComparison(
        reference=first,
        overall=table(overall),
        classes=table(classes, CLASS),
        items=table(items, CLASS, ITEM),
        distances=table(distances, CLASS, REFERENCE_CLASS),
        flows=table(flows, CLASS, REFERENCE_CLASS) if flows else None,
    )
