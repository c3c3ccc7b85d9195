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
        """The class structure of a fit in some draws, by position with chains after each other.

        Items that no respondent answered were not asked, and are not among its items.
        """
        asked = np.ones(len(fit.items), dtype=bool)
        if fit.holds_respondents:
            asked = (fit.codes >= 0).any(axis=0)
        return cls(
            name=name,
            classes=fit.classes,
            labels={item: labels for item, labels, known in zip(fit.items, fit.labels, asked, strict=True) if known},
            profile=fit.answers.profiles(fit)[which][:, :, asked],
            share=fit.flat(fit.posterior[CLASS_SHARE], fit.class_axis)[which],
            n_respondents=fit.n_respondents,
        )

    def of_items(self, items: Sequence[str]) -> np.ndarray:
        """Profiles of some items, in their order; shape (draw, latent_class, item, category)."""
        places = [list(self.labels).index(item) for item in items]
        return self.profile[:, :, places, : max(len(self.labels[item]) for item in items)]


def why_left_out(reference: ClassStructure, other: ClassStructure, items: Sequence[str]) -> str:
    """Where items were not asked, or have other categories, as the end of a note; empty if there are none."""
    reasons = {
        f"not asked in {reference.name}": [item for item in items if item not in reference.labels],
        f"not asked in {other.name}": [item for item in items if item not in other.labels],
        "of other categories": [item for item in items if item in reference.labels and item in other.labels],
    }
    parts = [f"{', '.join(which)} ({reason})" for reason, which in reasons.items() if which]
    return f"; not compared with {other.name}: {', '.join(parts)}" if parts else ""


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
