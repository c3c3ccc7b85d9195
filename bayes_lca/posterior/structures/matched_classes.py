"""The classes of one fit matched with those of another."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bayes_lca.posterior.structures.class_distance import ProfileDifference, match_classes, profile_difference
from bayes_lca.posterior.structures.class_structure import ClassStructure, items_in_common


@dataclass(frozen=True, eq=False)
class MatchedClasses:
    """Classes of a fit and of the reference, matched by the items that both have.

    Attributes
    ----------
    reference, other : ClassStructure
    items, left_out : list of str
    profiles : tuple of ndarray, shape (draw, latent_class, item, category)
        Of the reference and of the other fit.
    matched : ndarray of int, shape (latent_class of the other,)
        Class of the reference, -1 where there is none.
    differences : dict of int to ProfileDifference
        By class of the other fit.
    """

    reference: ClassStructure
    other: ClassStructure
    items: list[str]
    left_out: list[str]
    profiles: tuple[np.ndarray, np.ndarray]
    matched: np.ndarray
    differences: dict[int, ProfileDifference]

    @classmethod
    def of(cls, reference: ClassStructure, other: ClassStructure) -> Self:
        """Match the classes of two fits.

        Raises
        ------
        ValueError
            If they share no item.
        """
        items, left_out = items_in_common(reference, other)
        labels = {item: reference.labels[item] for item in items}
        profiles = reference.of_items(labels), other.of_items(labels)
        matched = match_classes(*profiles, reference.share, other.share)
        differences = {
            d: profile_difference(profiles[0][:, c], profiles[1][:, d]) for d, c in enumerate(matched) if c >= 0
        }
        return cls(reference, other, items, left_out, profiles, matched, differences)

    @property
    def unmatched(self) -> list[str]:
        """Classes of either fit that have no match, each with the name of its fit."""
        of_other = [name for name, c in zip(self.other.classes, self.matched, strict=True) if c < 0]
        of_reference = [name for c, name in enumerate(self.reference.classes) if c not in self.matched]
        return [
            *(f"{name} of {self.other.name}" for name in of_other),
            *(f"{name} of {self.reference.name}" for name in of_reference),
        ]
