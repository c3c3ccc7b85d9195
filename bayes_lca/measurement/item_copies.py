"""Items of which some have parameters of their own at each wave: a copy of these for each wave beside the others."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca.data.frame import named
from bayes_lca.dims import CLASS, ITEM, WAVE, by_wave, of_all_waves
from bayes_lca.measurement.interface import Measurement, Start
from bayes_lca.measurement.moved import moved


@dataclass(frozen=True, eq=False)
class ItemCopies:
    """Copies of items in the order of the items: one for all waves where an item is equal, else one for each.

    Attributes
    ----------
    items, names : tuple of str
        Of the items and of the copies.
    source : ndarray of int, shape (copy,)
        Item of each copy, by position.
    at : ndarray of int, shape (wave, item)
        Copy of each item at each wave.
    """

    items: tuple[str, ...]
    names: tuple[str, ...]
    source: np.ndarray
    at: np.ndarray

    @classmethod
    def of(cls, items: Sequence, over_time: Literal["equal", "free"] | Collection[str], n_waves: int) -> "ItemCopies":
        """Copies of the items that are named; ``"equal"`` and ``"free"`` have none.

        Raises
        ------
        ValueError
            If an item bears the name of a copy of another.
        """
        free = () if isinstance(over_time, str) else over_time
        items = tuple(str(item) for item in items)
        sizes = np.array([n_waves if item in free else 1 for item in items])
        source = np.repeat(np.arange(len(items)), sizes)
        first = np.cumsum(sizes) - sizes
        at = first + np.where(sizes > 1, np.arange(n_waves)[:, None], 0)
        number = np.arange(len(source)) - first[source]
        names = [
            f"{items[item]} ({WAVE} {t + 1})" if sizes[item] > 1 else items[item]
            for item, t in zip(source, number, strict=True)
        ]
        if taken := [name for name, item in zip(names, source, strict=True) if name != items[item] and name in items]:
            raise ValueError(
                f"item(s) {named(taken)} of {len(items)} bear the name of one that is free over waves at one of "
                f"{n_waves} waves; rename the column"
            )
        return cls(items, tuple(names), source, at)

    @property
    def any(self) -> bool:
        """Whether any item has copies."""
        return len(self.names) > len(self.items)

    def averaged(self, profile: np.ndarray) -> np.ndarray:
        """Averages over waves, from shape (latent_class, copy, ...) to (latent_class, item, ...)."""
        return profile[:, self.at].mean(axis=1) if self.any else profile

    def parameters(self, measurement: Measurement, responses, start: Start) -> list[tuple]:
        """Parameters of every wave, inside a `pymc.Model`, and what is shown of them.

        Parameters
        ----------
        measurement : Measurement
        responses : Responses or Numbers
            Of the items.
        start : Start
            Of the copies.
        """
        copied = responses.repeated(self.source, self.names)
        coords = {CLASS: list(start.class_names), **measurement.coords(copied)}
        with pm.Model(coords=coords, model=None) as alone:
            names = [variable.name for variable in measurement.parameters(copied, start)]
        axes = {axis: list(labels) for axis, labels in alone.coords.items() if ITEM in axis.split("_")}
        here = moved(alone, of_all_waves, {axis: of_all_waves(axis) for axis in axes})
        dims, at = alone.named_vars_to_dims, {axis: self._places(labels) for axis, labels in axes.items()}
        pm.modelcontext(None).add_coords({axis: self._items_among(labels) for axis, labels in axes.items()})

        def by_waves(name: str | None) -> list:
            if name is None:  # of nothing but the number of items
                return [pt.zeros(len(self.items))] * len(self.at)
            return [
                here[name][tuple(at[axis][t] if axis in at else slice(None) for axis in dims[name])]
                for t in range(len(self.at))
            ]

        for name in here:
            shown = pt.stack(by_waves(name))
            if at.keys() & set(dims[name]):
                shown = pm.Deterministic(by_wave(name), shown, dims=(WAVE, *dims[name]))
            pm.Deterministic(name, shown.mean(axis=0), dims=dims[name])
        return list(zip(*map(by_waves, names), strict=True))

    def _items_among(self, labels: list[str]) -> list[str]:
        """Items that have copies on an axis."""
        copied = np.flatnonzero(np.isin(self.names, labels))
        return [self.items[item] for item in np.unique(self.source[copied])]

    def _places(self, labels: list[str]) -> np.ndarray:
        """Place of the copy of each item at each wave on an axis of some copies, shape (wave, item)."""
        held = np.isin(self.names, labels)
        there = self.at[:, held[self.at[0]]]
        return np.array([[labels.index(self.names[copy]) for copy in of_wave] for of_wave in there])
