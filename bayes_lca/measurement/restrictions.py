"""Restrictions of answer probabilities, as a confirmatory model states them."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

Classes = int | Sequence[int] | None
"""Numbers of classes from 1 on; None for all."""
Cell = tuple[str, str, int]
"""An item, a category of it, and the number of a class."""


@dataclass(frozen=True)
class Fixed:
    """The probability of a category is known.

    Parameters
    ----------
    item, category : str
    classes : int or sequence of int, optional
        Numbers of classes, from 1 on; all classes by default.
    value : float
        Between 0 and 1. A probability of 0 is a `Zero`.

    Raises
    ------
    ValueError
        If `value` is not between 0 and 1, or `classes` are no numbers from 1 on.

    Examples
    --------
    >>> Fixed("pay", category="more", classes=2, value=0.9)
    Fixed(item='pay', category='more', classes=(2,), value=0.9)
    """

    item: str
    _: KW_ONLY
    category: str
    classes: Classes = None
    value: float

    def __post_init__(self):
        _read(self)
        if isinstance(self.value, bool) or not isinstance(self.value, Real) or not 0 < self.value < 1:
            raise ValueError(
                f"{self!r}: value={self.value!r} lies not between 0 and 1; a probability of 0 is bl.Zero, one of 1 a "
                "bl.Zero of all other categories"
            )


@dataclass(frozen=True)
class Zero:
    """A category that nobody in a class can choose: a structural zero.

    Parameters
    ----------
    item, category : str
    classes : int or sequence of int, optional
        Numbers of classes, from 1 on; all classes by default.

    Raises
    ------
    ValueError
        If `classes` are no numbers from 1 on.

    Examples
    --------
    >>> Zero("pay", category="less", classes=[1, 3])
    Zero(item='pay', category='less', classes=(1, 3))
    """

    item: str
    _: KW_ONLY
    category: str
    classes: Classes = None

    def __post_init__(self):
        _read(self)


@dataclass(frozen=True)
class Equal:
    """Probabilities that are equal: of an item in several classes, of several items in a class, or cell by cell.

    Parameters
    ----------
    item : str or sequence of str, optional
        One item: it has the same probabilities in all `classes`. Several items with the same categories: they have the
        same probabilities as each other in each of `classes`.
    category : str, optional
        The category whose probability is equal; all of them by default.
    classes : int or sequence of int, optional
        Numbers of classes, from 1 on; all classes by default.
    cells : sequence of (str, str, int), optional
        In place of these, items, categories and classes whose probabilities are equal, such as an error of class 1 that
        is as likely as the opposite error of class 2: ``[("pay", "more", 1), ("pay", "less", 2)]``.

    Raises
    ------
    ValueError
        If both an item and cells are given, or neither, or there is nothing to be equal to.

    Examples
    --------
    >>> Equal(["pay", "training"], classes=1)
    Equal(item=('pay', 'training'), category=None, classes=(1,), cells=())
    """

    item: str | Sequence[str] | None = None
    _: KW_ONLY
    category: str | None = None
    classes: Classes = None
    cells: Sequence[Cell] = ()

    def __post_init__(self):
        if not isinstance(self.item, str | Integral | None):
            object.__setattr__(self, "item", tuple(self.item))
        object.__setattr__(self, "cells", tuple(tuple(cell) for cell in self.cells))
        _read(self)
        if (self.item is None) == (not self.cells):
            raise ValueError(f"{self!r}: give an item, or several, or else cells")
        if self.cells and (self.category is not None or self.classes is not None):
            raise ValueError(f"{self!r}: cells name their categories and classes themselves")
        if self.cells and (len(self.cells) < 2 or any(len(cell) != 3 for cell in self.cells)):
            raise ValueError(f"{self!r}: give two cells or more, each an item, a category and the number of a class")
        for cell in self.cells:
            _check_classes(self, (cell[2],))
        if isinstance(self.item, tuple) and len(self.item) < 2:
            raise ValueError(f"{self!r}: one item in a list is equal to no other; name two, or give it alone")
        if not isinstance(self.item, tuple | None) and isinstance(self.classes, tuple) and len(self.classes) < 2:
            raise ValueError(f"{self!r}: an item in one class is equal to nothing; name two classes or more")


@dataclass(frozen=True)
class Ordered:
    r"""The probability of a category rises from class to class, :math:`\rho_{1jr} \le \rho_{2jr} \le \dots`.

    A priori the probabilities are as they would be without it, given that they rise.

    Parameters
    ----------
    item, category : str
    classes : sequence of int, optional
        Numbers of classes in the order in which the probability rises; 1, 2, ..., K by default.

    Raises
    ------
    ValueError
        If `classes` are no numbers from 1 on, or one is named twice.

    References
    ----------
    Croon, M. (1990). Latent class analysis with ordered latent classes. British Journal of Mathematical and Statistical
    Psychology 43(2), 171-192. doi 10.1111/j.2044-8317.1990.tb00934.x

    Examples
    --------
    >>> Ordered("pay", category="more", classes=[2, 1])
    Ordered(item='pay', category='more', classes=(2, 1))
    """

    item: str
    _: KW_ONLY
    category: str
    classes: Classes = None

    def __post_init__(self):
        _read(self)
        if isinstance(self.classes, tuple) and len(self.classes) < 2:
            raise ValueError(f"{self!r}: one class is in no order; name two or more")


Restriction = Fixed | Zero | Equal | Ordered


def number_classes(restrictions: Sequence[Restriction]) -> bool:
    """Whether restrictions speak of single classes, so that they hold for one number of classes alone."""
    return any(
        each.classes is not None or isinstance(each, Ordered) or getattr(each, "cells", ()) for each in restrictions
    )


def checked_restrictions(given, items: Sequence[str | int]) -> tuple[Restriction, ...]:
    """Restrictions as a tuple, where they are some and of these items.

    Raises
    ------
    TypeError, ValueError
    """
    if isinstance(given, Restriction) or not isinstance(given, Sequence) or isinstance(given, str):
        raise TypeError(f"restrictions={given!r}: give a list, such as [bl.Zero('pay', category='less', classes=1)]")
    known = set(map(str, items))
    for restriction in given:
        if not isinstance(restriction, Restriction):
            raise TypeError(f"{restriction!r} is no restriction: give bl.Fixed, bl.Zero, bl.Equal or bl.Ordered")
        of_item = restriction.item if isinstance(restriction.item, tuple) else (restriction.item,)
        cells = [cell[0] for cell in restriction.cells] if isinstance(restriction, Equal) else []
        for item in cells or of_item:
            if str(item) not in known:
                raise ValueError(f"{restriction!r}: {item!r} is not among the items {sorted(known)}; correct the name")
    return tuple(given)


def _read(restriction) -> None:
    """Classes as a tuple, names as they are."""
    if (classes := restriction.classes) is not None:
        classes = (classes,) if isinstance(classes, Integral) else tuple(classes)
        object.__setattr__(restriction, "classes", classes)
        _check_classes(restriction, classes)


def _check_classes(restriction, classes: Sequence[int]) -> None:
    for number in classes:
        if isinstance(number, bool) or not isinstance(number, Integral) or number < 1:
            raise ValueError(f"{restriction!r}: {number!r} is no number of a class; classes are numbered 1, 2, ...")
    if len(set(classes)) < len(classes):
        raise ValueError(f"{restriction!r}: a class is named twice; name each once")
