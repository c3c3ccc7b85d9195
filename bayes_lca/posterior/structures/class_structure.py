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
        Items with the labels of their categories, then of those that were declared and nobody chose.
    profile : ndarray, shape (draw, latent_class, item, category)
        0, or no place at all, beyond the categories that somebody chose.
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
            labels={
                item: (*labels, *fit.empty_categories.get(item, ()))
                for item, labels in zip(fit.items, fit.labels, strict=True)
            },
            profile=fit.answers.profiles(fit)[which],
            share=fit.flat(fit.posterior[CLASS_SHARE], fit.class_axis)[which],
            n_respondents=fit.n_respondents,
        )

    def of_items(self, labels: Mapping[str, Sequence[str]]) -> np.ndarray:
        """Profiles of some items, these and their categories in the order given.

        Parameters
        ----------
        labels : mapping of str to sequence of str
            Items with all their categories.

        Returns
        -------
        ndarray, shape (draw, latent_class, item, category)
        """
        n_categories = max(map(len, labels.values()))
        beyond = np.zeros((*self.profile.shape[:-1], max(map(len, self.labels.values()))))
        padded = np.concatenate([self.profile, beyond], axis=-1)  # a place for categories that nobody chose
        result = np.zeros((*self.profile.shape[:2], len(labels), n_categories))
        for j, (item, wanted) in enumerate(labels.items()):
            places = [list(self.labels[item]).index(label) for label in wanted]
            result[:, :, j, : len(wanted)] = padded[:, :, list(self.labels).index(item), places]
        return result


def items_in_common(reference: ClassStructure, other: ClassStructure) -> tuple[list[str], list[str]]:
    """Items with the same categories in both, in the order of the reference, and items of either left out.

    Categories may stand in another order, and may be chosen by nobody in one of the fits, if they were declared.

    Raises
    ------
    ValueError
        If there are none.
    """
    common = [item for item, labels in reference.labels.items() if set(other.labels.get(item, ())) == set(labels)]
    left_out = [item for item in dict.fromkeys([*reference.labels, *other.labels]) if item not in common]
    if not common:
        raise ValueError(
            f"fits {reference.name!r} (n = {reference.n_respondents}) and {other.name!r} (n = {other.n_respondents}) "
            f"share no item with the same categories: {named(list(reference.labels))} and {named(list(other.labels))}; "
            "class structures are compared by items that both have"
        )
    return common, left_out
