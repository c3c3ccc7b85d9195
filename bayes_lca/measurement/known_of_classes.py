"""What is known of the probabilities of items before the answers are seen: weights, restrictions, numbered classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayes_lca.data.possible_answers import check_possible
from bayes_lca.data.responses import Responses
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.likelihood.confirmatory import fit_restricted
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.modes import MaximumLikelihood
from bayes_lca.likelihood.probability_sets import ProbabilitySets
from bayes_lca.measurement.category_weights import category_weights, sets_of_equal
from bayes_lca.measurement.restricted_cells import Names, RestrictedCells
from bayes_lca.measurement.restricted_sets import restricted_sets
from bayes_lca.measurement.restrictions import Equal, Fixed, Ordered, Restriction, Zero
from bayes_lca.priors import ItemWeights

KINDS = {kind.__name__: kind for kind in (Fixed, Zero, Equal, Ordered)}


@dataclass(frozen=True, eq=False)
class KnownOfClasses:
    """Weights and restrictions of the answer probabilities of so many classes.

    Attributes
    ----------
    names : Names
    weights : ndarray, shape (latent_class, item, category)
        Dirichlet weights, 0 beyond the categories of an item.
    restrictions : tuple of Fixed, Zero, Equal or Ordered
    """

    names: Names
    weights: np.ndarray
    restrictions: tuple[Restriction, ...]

    @classmethod
    def of(
        cls,
        prior: ItemWeights | None,
        a: float,
        restrictions: Sequence[Restriction],
        items: Sequence[str | int],
        labels: Sequence[Sequence[str]],
        n_classes: int,
    ) -> "KnownOfClasses":
        """What a measurement part is told, by names.

        Raises
        ------
        ValueError
            If weights or restrictions do not fit the items, their categories or the number of classes.
        """
        names = Names(tuple(map(str, items)), tuple(map(tuple, labels)), n_classes)
        return cls(names, category_weights(prior, a, items, labels, n_classes), tuple(restrictions))

    @classmethod
    def of_specification(
        cls, measurement: Mapping, items: Sequence[str | int], labels: Sequence[Sequence[str]], n_classes: int
    ) -> "KnownOfClasses | None":
        """The same from the specification of nominal items that a fit keeps; None where nothing is known."""
        prior, restrictions = measurement.get("prior"), measurement.get("restrictions") or []
        if prior is None and not restrictions:
            return None
        weights = None if prior is None else ItemWeights(prior["weights"])
        read = [
            KINDS[each["kind"]](**{name: value for name, value in each.items() if name != "kind"})
            for each in restrictions
        ]
        return cls.of(weights, measurement["probability"]["a"], read, items, labels, n_classes)

    @cached_property
    def cells(self) -> RestrictedCells:
        """What restrictions say of every probability."""
        return RestrictedCells.of(self.restrictions, self.names)

    @cached_property
    def sets(self) -> ProbabilitySets:
        """Free sets of which all probabilities are made."""
        if not self.restrictions:
            return ProbabilitySets.unrestricted(self.weights)
        return restricted_sets(self.cells, self.names, self.weights)

    @cached_property
    def restricted(self) -> np.ndarray:
        """Sets of classes that restrictions leave exchangeable, shape (latent_class,)."""
        if not self.restrictions:
            return np.zeros(self.names.n_classes, dtype=int)
        return self.cells.exchangeable()

    @cached_property
    def exchangeable(self) -> np.ndarray:
        """Sets of classes that restrictions and weights leave exchangeable, shape (latent_class,)."""
        return sets_of_equal(np.stack([self.restricted, sets_of_equal(self.weights)], axis=1))

    def maximum_likelihood(
        self, codes: np.ndarray, counts: np.ndarray, n_categories: Sequence[int], **settings
    ) -> MaximumLikelihood:
        """The modes of the likelihood under the restrictions; `settings` are of `fit_em`, such as ``n_starts``."""
        if not self.restrictions:
            return fit_em(codes, counts, n_categories, self.names.n_classes, **settings)
        return fit_restricted(codes, counts, n_categories, self.sets, **settings)

    def check_possible(self, responses: Responses, answer_patterns: UniqueRows) -> None:
        """Refuse answers that no class allows.

        Raises
        ------
        ValueError
        """
        if self.restrictions:
            told = self.names.items, self.names.labels, responses.respondents
            check_possible(self.cells.known == 0, responses.codes, answer_patterns, *told)
