"""From restricted cells to the free sets that all probabilities are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bayes_lca.likelihood.probability_sets import ProbabilitySets
from bayes_lca.measurement.restricted_cells import Names, RestrictedCells


def restricted_sets(cells: RestrictedCells, names: Names, weights: np.ndarray) -> ProbabilitySets:
    """Free sets of probabilities under restrictions.

    Parameters
    ----------
    cells : RestrictedCells
    names : Names
        For messages.
    weights : ndarray, shape (latent_class, item, category)
        Dirichlet weights, 0 beyond the categories of an item.

    Raises
    ------
    ValueError
        If restrictions leave nothing free, overlap so that no sets are free of each other, or join probabilities whose
        priors differ.
    """
    free = np.isnan(cells.known) & (weights > 0)
    sets = _Sets(np.where(np.isnan(cells.known), 0.0, cells.known) * (weights > 0), names, weights)
    in_chain = _add_chains(cells, free, sets)
    left = [
        (k, j)
        for k, j in np.ndindex(free.shape[:2])
        if free[k, j].any() and not any(j == of and k in classes for of, _, classes in in_chain)
    ]
    while left:
        together = _connected(left, cells.tie, free)
        left = [place for place in left if place not in together]
        _add_tied(together, cells, free, sets)
    result = sets.finished()
    if not result.n_free:
        raise ValueError("the restrictions leave no answer probability free, so that nothing is learned of the items")
    return result


def _connected(left: list[tuple[int, int]], tie: np.ndarray, free: np.ndarray) -> list[tuple[int, int]]:
    """The first distribution, with all that it is connected with by equal probabilities."""
    together: list[tuple[int, int]] = []
    more = [left[0]]
    while len(more) > len(together):
        together = more
        ties = {int(number) for place in together for number in tie[place][free[place]]}
        more = [place for place in left if not ties.isdisjoint(tie[place][free[place]].tolist())]
    return together


@dataclass(eq=False)
class _Sets:
    """Sets while they are put together; entry 0 is the number one."""

    constant: np.ndarray
    names: Names
    weights: np.ndarray
    simplices: list[np.ndarray] = field(default_factory=list)
    chains: list[np.ndarray] = field(default_factory=list)
    weight: list[float] = field(default_factory=lambda: [0.0])

    def __post_init__(self):
        self.first, self.second = (np.zeros(self.constant.shape, dtype=int) for _ in range(2))

    def entries(self, weights: Sequence[float]) -> np.ndarray:
        """New entries of these weights."""
        first = len(self.weight)
        self.weight += [float(weight) for weight in weights]
        return first + np.arange(len(weights))

    def simplex(self, weights: Sequence[float]) -> np.ndarray:
        """Entries of a new simplex; of one category the number one."""
        if len(weights) == 1:
            return np.zeros(1, dtype=int)
        self.simplices.append(self.entries(weights))
        return self.simplices[-1]

    def divide(self, k: int, j: int, categories: np.ndarray, mass: float, entry: int) -> None:
        """What an entry leaves some categories is divided among them."""
        own = self.simplex(self.weights[k, j, categories])
        self.constant[k, j, categories], self.first[k, j, categories] = mass, entry
        self.second[k, j, categories] = own

    def finished(self) -> ProbabilitySets:
        return ProbabilitySets(
            *(self.constant, self.first, self.second),
            *(tuple(self.simplices), tuple(self.chains), np.array(self.weight)),
        )


def _add_chains(cells: RestrictedCells, free: np.ndarray, sets: _Sets) -> tuple:
    """Rising probabilities, each with what it leaves."""
    names, taken = sets.names, set()
    for j, r, classes in cells.chains:
        of_item = np.flatnonzero(sets.weights[classes[0], j] > 0)
        others = of_item[of_item != r]
        for k in classes:
            tied = any((cells.tie == cells.tie[k, j, s]).sum() > 1 for s in of_item)
            if not free[k, j, of_item].all() or tied or (k, j) in taken:
                raise ValueError(
                    f"bl.Ordered and another restriction are of {names.in_words(k, j)}: what is ordered there can "
                    "neither be known, nor equal to another, nor ordered twice"
                )
            taken.add((k, j))
        pairs = {(sets.weights[k, j, r], sets.weights[k, j, others].sum()) for k in classes}
        if len(pairs) > 1:
            raise ValueError(
                f"bl.Ordered is of item {names.items[j]!r} in classes {[k + 1 for k in classes]}, whose priors differ; "
                "give these classes one prior"
            )
        low, rest = (sets.entries([weight] * len(classes)) for weight in pairs.pop())
        sets.chains.append(np.stack([low, rest]))
        for place, k in enumerate(classes):
            sets.constant[k, j, r], sets.first[k, j, r] = 1.0, low[place]
            sets.divide(k, j, others, 1.0, rest[place])
    return cells.chains


def _add_tied(together: list[tuple[int, int]], cells: RestrictedCells, free: np.ndarray, sets: _Sets) -> None:
    """Distributions that are connected by equal probabilities, or one by itself."""
    places = {place: np.flatnonzero(free[place]) for place in together}
    uses = [int(cells.tie[place][r]) for place, own in places.items() for r in own]
    shared = [tie for tie in dict.fromkeys(uses) if uses.count(tie) > 1]
    mass = {round(1 - float(np.nansum(cells.known[place][sets.weights[place] > 0])), 9) for place in together}
    times = {tuple((cells.tie[place][own] == tie).sum() for tie in shared) for place, own in places.items()}
    own = {place: of[~np.isin(cells.tie[place][of], shared)] for place, of in places.items()}
    words = "; ".join(sets.names.in_words(*place) for place in together[:4])
    if len(mass) > 1 or len(times) > 1 or len({len(each) > 0 for each in own.values()}) > 1:
        raise ValueError(
            f"restrictions overlap in {words}: probabilities that are equal have to be the same ones in all these "
            "distributions, with as much known in each; set whole distributions equal, or name the same categories and "
            "classes in each bl.Equal"
        )
    weights = {
        (
            *(float(sets.weights[place][of][cells.tie[place][of] == tie].sum()) for tie in shared),
            float(sets.weights[place][own[place]].sum()),
        )
        for place, of in places.items()
    }
    if len(weights) > 1:
        raise ValueError(f"bl.Equal joins {words}, whose priors differ; give them one prior")
    (mass_left,), (repeats,), (of_sets,) = mass, times, weights
    has_own = any(len(each) for each in own.values())
    entries = sets.simplex(of_sets if has_own else of_sets[:-1])
    for place, of in places.items():
        for tie, repeat, entry in zip(shared, repeats, entries, strict=False):
            equal = of[cells.tie[place][of] == tie]
            sets.constant[place][equal], sets.first[place][equal] = mass_left / repeat, entry
        if has_own:
            sets.divide(*place, own[place], mass_left, int(entries[-1]))
