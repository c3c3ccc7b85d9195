"""Answers to items of several kinds, those of each kind read by its own part."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bayes_lca.data.answered import as_numbers
from bayes_lca.data.responses import CATEGORY_ORDERS
from bayes_lca.dims import ITEM


@dataclass(frozen=True)
class MixedAnswers:
    """Answers of n respondents to items of several kinds, with the interface of `Responses`.

    Attributes
    ----------
    parts : tuple of Responses or Numbers
        Of the same respondents.
    """

    parts: tuple

    @property
    def items(self) -> tuple[str | int, ...]:
        """Names of all items, those of a part beside each other."""
        return tuple(item for part in self.parts for item in part.items)

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """Labels of the categories of each item, none of numbers."""
        return tuple(labels for part in self.parts for labels in part.labels)

    @property
    def respondents(self) -> pd.Index:
        """Row labels of the frame."""
        return self.parts[0].respondents

    @cached_property
    def codes(self) -> np.ndarray:
        """Codes and numbers, not a number where missing, shape (respondent, item)."""
        return np.concatenate([as_numbers(part.codes) for part in self.parts], axis=1)

    @cached_property
    def places(self) -> tuple[slice, ...]:
        """Where the items of each part stand."""
        ends = np.cumsum([len(part.items) for part in self.parts]).tolist()
        return tuple(slice(start, end) for start, end in zip([0, *ends], ends, strict=False))

    @property
    def empty(self) -> Mapping[str, tuple[str, ...]]:
        """Declared categories that nobody chose and that were left out, by item."""
        return {item: labels for part in self.parts for item, labels in part.empty.items()}

    @property
    def encoding(self) -> dict[str, tuple]:
        """What a fit keeps of the items, not a number for items of other kinds."""
        result = {}
        for part, place in zip(self.parts, self.places, strict=True):
            for name, (_, values) in part.encoding.items():
                result.setdefault(name, ((ITEM,), np.full(len(self.items), np.nan)))[1][place] = values
        return result

    @property
    def attributes(self) -> dict[str, str]:
        """What draws should remember: what the order of each item's categories rests on, nothing of numbers."""
        orders = [order for part in self.parts for order in getattr(part, "orders", ()) or [None] * len(part.items)]
        return {CATEGORY_ORDERS: json.dumps(orders)}

    def keep(self, rows: np.ndarray) -> "MixedAnswers":
        """The answers of the rows in a boolean mask of shape (respondent,).

        Raises
        ------
        ValueError
            If an item has too few answers left.
        """
        return MixedAnswers(tuple(part.keep(rows) for part in self.parts))

    def repeated(self, source: Sequence[int], names: Sequence[str]) -> "MixedAnswers":
        """The same with items by position, in the order of the parts and some of them again, under new names."""
        source, names = np.asarray(source), np.asarray(names, dtype=object)
        within = [(place.start <= source) & (source < place.stop) for place in self.places]
        return MixedAnswers(
            tuple(
                part.repeated(source[here] - place.start, names[here].tolist())
                for part, place, here in zip(self.parts, self.places, within, strict=True)
            )
        )
