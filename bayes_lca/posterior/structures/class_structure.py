"""The class structure of one fit: profiles and shares of its classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayes_lca.data.frame import named
from bayes_lca.dims import CLASS_SHARE
from bayes_lca.fitted.fit import Fit


@dataclass(frozen=True, eq=False)
class ClassStructure:
    """Classes of one fit.

    Attributes
    ----------
    name : str
        Of the fit.
    classes : sequence of str
    labels : mapping of str to sequence of str
        Items with the labels of their categories.
    profile : ndarray, shape (draw, latent_class, item, category)
        0 beyond the categories of an item.
    share : ndarray, shape (draw, latent_class)
    n_respondents : int
    """

    name: str
    classes: Sequence[str]
    labels: Mapping[str, Sequence[str]]
    profile: np.ndarray
    share: np.ndarray
    n_respondents: int

    @classmethod
    def of(cls, fit: Fit, name: str, which: np.ndarray) -> "ClassStructure":
        """The class structure of a fit in some draws, by position with chains after each other."""
        return cls(
            name=name,
            classes=fit.classes,
            labels=dict(zip(fit.items, fit.labels, strict=True)),
            profile=fit.answers.profiles(fit)[which],
            share=fit.flat(fit.posterior[CLASS_SHARE], fit.class_axis)[which],
            n_respondents=fit.n_respondents,
        )

    def of_items(self, items: Sequence[str]) -> np.ndarray:
        """Profiles of some items, in their order; shape (draw, latent_class, item, category)."""
        places = [list(self.labels).index(item) for item in items]
        return self.profile[:, :, places, : max(len(self.labels[item]) for item in items)]


def items_in_common(reference: ClassStructure, other: ClassStructure) -> tuple[list[str], list[str]]:
    """Items with the same categories in both, in the order of the reference, and items of either left out.

    Raises
    ------
    ValueError
        If there are none.
    """
    common = [item for item, labels in reference.labels.items() if other.labels.get(item) == labels]
    left_out = [item for item in dict.fromkeys([*reference.labels, *other.labels]) if item not in common]
    if not common:
        raise ValueError(
            f"fits {reference.name!r} (n = {reference.n_respondents}) and {other.name!r} (n = {other.n_respondents}) "
            f"share no item with the same categories: {named(list(reference.labels))} and {named(list(other.labels))}; "
            "class structures are compared by items that both have"
        )
    return common, left_out
