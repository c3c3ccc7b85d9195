"""What restrictions say of every answer probability: which are known, which are equal, which rise over classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from bayes_lca.data.frame import named
from bayes_lca.measurement.restrictions import Equal, Fixed, Ordered, Restriction, Zero

ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Names:
    """Items with their categories, and the number of classes, by which restrictions name cells."""

    items: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    n_classes: int

    def item(self, restriction: Restriction, item) -> int:
        """Position of an item."""
        if str(item) not in self.items:
            raise ValueError(f"{restriction!r}: {item!r} is not among the items {named(self.items)}")
        return self.items.index(str(item))

    def category(self, restriction: Restriction, j: int, category) -> int:
        """Position of a category among those of an item."""
        if str(category) not in self.labels[j]:
            raise ValueError(
                f"{restriction!r}: {category!r} is none of the answers to item {self.items[j]!r}, "
                f"{named(self.labels[j])}; one that nobody chose stays with categories= and "
                'empty_categories="keep"'
            )
        return self.labels[j].index(str(category))

    def classes(self, restriction: Restriction, numbers: int | Sequence[int] | None) -> list[int]:
        """Positions of classes by their numbers; all of them where none are named."""
        numbers = (numbers,) if isinstance(numbers, int) else numbers
        for number in numbers or ():
            if number > self.n_classes:
                raise ValueError(f"{restriction!r}: there is no class {number}, for the model has {self.n_classes}")
        return [number - 1 for number in numbers] if numbers else list(range(self.n_classes))

    def in_words(self, k: int, j: int, r: int | None = None) -> str:
        """A probability, or the distribution of an item in a class, as messages name it."""
        of_item = f"item {self.items[j]!r} in class {k + 1}"
        return of_item if r is None else f"{self.labels[j][r]!r} of {of_item}"


@dataclass(frozen=True, eq=False)
class RestrictedCells:
    """Known, equal and rising probabilities.

    Attributes
    ----------
    known : ndarray, shape (latent_class, item, category)
        Not a number where a probability is not known, or beyond the categories of an item.
    tie : ndarray of int, shape (latent_class, item, category)
        Cells of one number are equal; -1 beyond the categories of an item.
    chains : tuple of (int, int, tuple of int)
        Item, category, and classes over which its probability rises.
    """

    known: np.ndarray
    tie: np.ndarray
    chains: tuple[tuple[int, int, tuple[int, ...]], ...]

    @classmethod
    def of(cls, restrictions: Sequence[Restriction], names: Names) -> "RestrictedCells":
        """What restrictions, and that probabilities add up to one, say of each cell.

        Raises
        ------
        ValueError
            If a name does not exist, or restrictions contradict each other.
        """
        exists = np.arange(max(map(len, names.labels))) < np.array([len(labels) for labels in names.labels])[:, None]
        shape = (names.n_classes, *exists.shape)
        tie = np.where(exists, np.arange(np.prod(shape)).reshape(shape), -1)
        known, chains = np.full(shape, np.nan), []
        for restriction in restrictions:
            match restriction:
                case Fixed() | Zero():
                    j = names.item(restriction, restriction.item)
                    r = names.category(restriction, j, restriction.category)
                    value = restriction.value if isinstance(restriction, Fixed) else 0.0
                    for k in names.classes(restriction, restriction.classes):
                        _set_known(known, (k, j, r), value, names)
                case Equal():
                    for one, other in _equal_cells(restriction, names):
                        tie[tie == tie[other]] = tie[one]
                case Ordered():
                    j = names.item(restriction, restriction.item)
                    r = names.category(restriction, j, restriction.category)
                    chains.append((j, r, tuple(names.classes(restriction, restriction.classes))))
        before = None
        while before is None or not (np.array_equal(before[0], known, equal_nan=True) and (before[1] == tie).all()):
            before = known.copy(), tie.copy()
            _share_known(known, tie, names)
            _complete_known(known, exists, names)
            _tie_complements(known, tie, exists)
        return cls(known, tie, tuple(chains))

    def exchangeable(self) -> np.ndarray:
        """The set of each class: two classes are alike if nothing changes where they change places."""
        n_classes, sets = len(self.known), np.arange(len(self.known))
        for one, other in combinations(range(n_classes), 2):
            order = np.arange(n_classes)
            order[[one, other]] = other, one
            same_known = np.array_equal(self.known, self.known[order], equal_nan=True)
            same_ties = np.array_equal(_by_first(self.tie), _by_first(self.tie[order]))
            turned = {(j, r, tuple(order[list(classes)].tolist())) for j, r, classes in self.chains}
            if same_known and same_ties and turned == set(self.chains):
                sets[sets == sets[other]] = sets[one]
        return np.unique(sets, return_inverse=True)[1]


def _by_first(tie: np.ndarray) -> np.ndarray:
    """Numbers of ties by where they first appear."""
    _, first, found = np.unique(tie, return_index=True, return_inverse=True)
    return first[found.reshape(tie.shape)]


def _equal_cells(restriction: Equal, names: Names) -> Iterator[tuple[tuple[int, int, int], tuple[int, int, int]]]:
    """Pairs of cells that a restriction sets equal."""
    if restriction.cells:
        places = []
        for item, category, number in restriction.cells:
            j = names.item(restriction, item)
            (k,) = names.classes(restriction, (number,))
            places.append((k, j, names.category(restriction, j, category)))
        yield from pairwise(places)
        return
    several = isinstance(restriction.item, tuple)
    items = [names.item(restriction, item) for item in (restriction.item if several else (restriction.item,))]
    classes = names.classes(restriction, restriction.classes)
    for j in items[1:]:
        if restriction.category is None and set(names.labels[j]) != set(names.labels[items[0]]):
            raise ValueError(
                f"{restriction!r}: items {names.items[items[0]]!r} and {names.items[j]!r} have other categories, "
                f"{named(names.labels[items[0]])} and {named(names.labels[j])}; name one category, or cells"
            )
    labels = names.labels[items[0]] if restriction.category is None else (restriction.category,)
    for label in labels:
        column = [names.category(restriction, j, label) for j in items]
        if several:
            for k in classes:
                yield from pairwise([(k, j, r) for j, r in zip(items, column, strict=True)])
        else:
            yield from pairwise([(k, items[0], column[0]) for k in classes])


def _set_known(known: np.ndarray, cell: tuple[int, int, int], value: float, names: Names) -> None:
    if not np.isnan(known[cell]) and abs(known[cell] - value) > ROUNDING:
        raise ValueError(
            f"restrictions contradict each other: the probability of {names.in_words(*cell)} is to be {known[cell]:g} "
            f"and {value:g}"
        )
    known[cell] = value


def _share_known(known: np.ndarray, tie: np.ndarray, names: Names) -> None:
    """Cells that are equal to a known one are known."""
    for cell in zip(*np.nonzero(~np.isnan(known)), strict=True):
        for other in zip(*np.nonzero(tie == tie[cell]), strict=True):
            j, r, k = (int(place) for place in other)
            _set_known(known, (j, r, k), float(known[cell]), names)


def _complete_known(known: np.ndarray, exists: np.ndarray, names: Names) -> None:
    """Known probabilities leave the rest; where one category is left, its probability is known too."""
    for k, j in np.ndindex(known.shape[:2]):
        of_item = known[k, j, exists[j]]
        total, free = float(np.nansum(of_item)), np.flatnonzero(np.isnan(of_item))
        if len(free) == len(of_item):
            continue
        if total > 1 + ROUNDING:
            raise ValueError(
                f"the known probabilities of {names.in_words(k, j)} add up to {total:g}, more than one; lower them"
            )
        if len(free) and total > 1 - ROUNDING:
            left = named([names.labels[j][r] for r in free])
            raise ValueError(
                f"the known probabilities of {names.in_words(k, j)} add up to one and leave nothing for {left}; give "
                "these bl.Zero"
            )
        if not len(free) and abs(total - 1) > ROUNDING:
            raise ValueError(
                f"all probabilities of {names.in_words(k, j)} are known and add up to {total:g}, and not to one; leave "
                "one of them free"
            )
        if len(free) == 1:
            known[k, j, free[0]] = 1 - total


def _tie_complements(known: np.ndarray, tie: np.ndarray, exists: np.ndarray) -> None:
    """Where two categories are left of an item and one is equal to another item's, so is the other one."""
    rest = {}
    for k, j in np.ndindex(known.shape[:2]):
        free = np.flatnonzero(np.isnan(known[k, j]) & exists[j])
        if len(free) == 2:
            mass = round(1 - float(np.nansum(known[k, j, exists[j]])), 9)
            for here, there in (free, free[::-1]):
                of_tie = rest.setdefault((int(tie[k, j, here]), mass), (k, j, there))
                tie[tie == tie[k, j, there]] = tie[of_tie]
