"""Nominal items: every class answers every item with probabilities of its own."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import ClassVar, Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_lca import priors
from bayes_lca.data.declarations import Categories, Declarations, MissingCodes
from bayes_lca.data.frame import Frame
from bayes_lca.data.responses import Responses, read_responses
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import CATEGORY, CLASS, ITEM, ITEM_PROBABILITY
from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.criteria import n_parameters
from bayes_lca.likelihood.identification import degrees_of_freedom
from bayes_lca.likelihood.mixture import MixtureMaximum
from bayes_lca.likelihood.probability_sets import ProbabilitySets
from bayes_lca.measurement import answers
from bayes_lca.measurement.category_weights import check_items_of_prior
from bayes_lca.measurement.interface import PartOfMixed, Start
from bayes_lca.measurement.known_of_classes import KnownOfClasses
from bayes_lca.measurement.log_ratio import dirichlet
from bayes_lca.measurement.maximum_likelihood import check_enough_patterns, maximum_likelihood_start
from bayes_lca.measurement.numbered_start import numbered_start
from bayes_lca.measurement.restricted_probabilities import restricted_probabilities, starting_sets
from bayes_lca.measurement.restrictions import Restriction, checked_restrictions, number_classes


@final
@dataclass(frozen=True)
class Items(PartOfMixed):
    r"""Items with any number of categories, independent of each other given the class.

    .. math:: p(y_i \mid c) = \prod_{j\,\text{answered}} \rho_{c j y_{ij}}, \qquad
              \rho_{cj} \sim \operatorname{Dirichlet}(a, \dots, a)

    A missing answer drops its factor: missing at random.

    Parameters
    ----------
    items : sequence of str
        Columns of the frame that hold the answers.
    probability : Dirichlet, default ``Dirichlet(a=1.0)``
        Prior of the answer probabilities of one item in one class.
    prior : float, mapping, ndarray, DataFrame or ItemWeights, optional
        Weights of the Dirichlet priors where they are known: one number for all, the same as `probability`; by item, a
        number, weights by category, or a list of these with one for each class; an array of shape (latent_class, item,
        category); a table with columns latent_class, item, category and weight; or what `prior_from` makes of an
        earlier study. Items that are not named have `probability`. Classes with weights of their own are told apart:
        they keep their numbers as C1, C2, ..., and labels are aligned among the others only.
    restrictions : sequence of Fixed, Zero, Equal or Ordered
        What is known of probabilities: values, structural zeros, equality, order over classes. Classes are numbered
        from 1 to K, and those that restrictions tell apart keep their numbers as C1, C2, ...; the others are
        exchangeable, also where whole groups of classes could change places with each other. Probabilities that are
        equal have one Dirichlet prior; where some are known, the others share what is left with their weights.
    categories : sequence, or mapping of str to sequence, optional
        Categories in their order, one list for all items or one by item; any other answer is refused. Without it,
        the order that the frame declares, numbers by value, else text sorted.
    missing_codes : sequence, or mapping of str to sequence
        Codes that mean no answer, for all items or by item, such as ``[99, "refused"]``. An item that is named here, or
        in `categories`, is not warned of.
    empty_categories : {"drop", "keep"}
        What becomes of categories that the frame or `categories` declare and nobody chose.

    Raises
    ------
    TypeError
        If `items` is no list of names, `probability` or `prior` no prior of probabilities, or a declaration no list.
    ValueError
        If an item has no name of a column, or a declaration or `prior` names no item; when a frame is read, if its
        answers cannot be used, or `prior` has other categories or another number of classes.

    Warns
    -----
    MissingCodeWarning
        When a frame is read, if an answer that nobody declared looks like a code of missing answers.

    References
    ----------
    Goodman, L. A. (1974). Exploratory latent structure analysis using both identifiable and unidentifiable
    models. Biometrika 61(2), 215-231. doi 10.1093/biomet/61.2.215

    Examples
    --------
    >>> Items(["pay", "training"]).items
    ('pay', 'training')

    Two classes of which the first is thought to be content, as 20 earlier answers would say:

    >>> Items(["pay", "training"], prior={"pay": [{"less": 4, "more": 18}, 1.0]}).prior.n_classes
    2

    The same two classes as a confirmatory model has them, the first content with its pay for certain:

    >>> from bayes_lca import Equal, Zero
    >>> content = [Zero("pay", category="less", classes=1), Equal("training", classes=[1, 2])]
    >>> len(Items(["pay", "training"], restrictions=content).restrictions)
    2
    """

    signature: ClassVar = answers.SIGNATURE
    nominal: ClassVar[bool] = True

    items: Sequence[str | int]
    probability: priors.Dirichlet = priors.ITEM_PROBABILITY
    _: KW_ONLY
    prior: priors.ItemWeights | None = None
    restrictions: Sequence[Restriction] = ()
    categories: Categories | None = None
    missing_codes: MissingCodes = ()
    empty_categories: Literal["drop", "keep"] = "drop"

    def __post_init__(self):
        if isinstance(self.prior, Real | priors.Dirichlet):
            given = self.prior
            of_all = given if isinstance(given, priors.Dirichlet) else priors.Dirichlet(float(given))
            object.__setattr__(self, "probability", of_all)
            object.__setattr__(self, "prior", None)
        priors.check_prior("Items", "probability", self.probability, priors.Dirichlet)
        object.__setattr__(self, "items", answers.item_names(self.items))
        object.__setattr__(self, "prior", priors.item_weights(self.prior, self.items))
        check_items_of_prior(self.prior, self.items)
        object.__setattr__(self, "restrictions", checked_restrictions(self.restrictions, self.items))
        self.declared.check_names(self.items)

    @property
    def columns(self) -> tuple[str | int, ...]:
        """The items."""
        return tuple(self.items)

    @property
    def knows_single_items(self) -> bool:
        """Where there are restrictions or priors of items."""
        return self.prior is not None or bool(self.restrictions)

    @property
    def can_be_mixed(self) -> bool:
        """Unless something is known of single probabilities."""
        return not self.knows_single_items

    @property
    def declared(self) -> Declarations:
        """What is declared of the items."""
        return Declarations(self.categories, self.missing_codes, self.empty_categories)

    def read(self, frame: Frame) -> Responses:
        """Answers of a frame as codes."""
        return read_responses(frame, self.items, self.declared)

    def start(self, responses: Responses, answer_patterns: UniqueRows, n_classes: int) -> Start:
        """Classes of the modes of the likelihood."""
        if self.prior is None and not self.restrictions:
            return maximum_likelihood_start(responses, answer_patterns, n_classes, category_weight=self.probability.a)
        check_enough_patterns(responses, answer_patterns, n_classes)
        known = self.known(responses, n_classes)
        known.check_possible(responses, answer_patterns)
        return numbered_start(responses, answer_patterns, known)

    def exchangeable(self, responses: Responses, n_classes: int) -> np.ndarray:
        """The set of each class: classes that neither weights nor restrictions tell apart are exchangeable."""
        return self.known(responses, n_classes).exchangeable

    @property
    def numbers_classes(self) -> bool:
        """Whether what is known of the items numbers the classes, so that it holds for one number of them alone."""
        return number_classes(self.restrictions) or (self.prior is not None and self.prior.n_classes is not None)

    def category_weight(self, responses: Responses) -> float | np.ndarray:
        """Dirichlet weights where all classes have the same: one number, or an array of shape (item, category)."""
        return self.probability.a if self.prior is None else self.known(responses, 1).weights[0]

    def known(self, responses: Responses, n_classes: int) -> KnownOfClasses:
        """What is known of the probabilities of these items in so many classes."""
        told = self.prior, self.probability.a, self.restrictions
        return KnownOfClasses.of(*told, responses.items, responses.labels, n_classes)

    def family(self, responses: Responses, first: np.ndarray) -> CategoricalFamily:
        """Nominal answers of the rows at some respondents, for `fit_mixture`."""
        return CategoricalFamily(responses.codes[first], responses.n_categories, self.probability.a)

    def profile(self, responses: Responses, maximum: MixtureMaximum, place: int = 0) -> np.ndarray:
        """Item probabilities, shape (latent_class, item, category)."""
        return maximum.parameters[place]["probability"]

    def coords(self, responses: Responses) -> dict[str, Sequence]:
        """Names along the axes of items and categories; places, such as 1st, where items do not share their labels."""
        return answers.item_coords(responses)

    def parameters(self, responses: Responses, start: Start) -> tuple:
        """Item probabilities, shape (latent_class, item, category).

        Items with equally many categories share one Dirichlet variable. Where the numbers differ,
        ``item_probability`` gathers them, 0 beyond an item's own categories.
        """
        known = self.known(responses, len(start.profile))
        if self.restrictions:
            return (restricted_probabilities(known.sets, start.profile),)
        return (self._probabilities(responses, start.profile, known.weights),)

    def _probabilities(self, responses: Responses, typical: np.ndarray, weights: np.ndarray):
        sizes = np.array(responses.n_categories)
        if len(set(sizes)) == 1:
            return dirichlet(ITEM_PROBABILITY, weights, typical, dims=(CLASS, ITEM, CATEGORY))
        padded = pt.zeros(typical.shape)
        for size in sorted(set(sizes)):
            which = np.flatnonzero(sizes == size)
            axes = {
                f"{ITEM}_of_{size}": [str(responses.items[j]) for j in which],
                f"{CATEGORY}_of_{size}": range(size),
            }
            pm.modelcontext(None).add_coords(axes)
            name = f"{ITEM_PROBABILITY}_of_{size}"
            rho = dirichlet(name, weights[:, which, :size], typical[:, which, :size], dims=(CLASS, *axes))
            padded = padded[:, which, :size].set(rho)
        return pm.Deterministic(ITEM_PROBABILITY, padded, dims=(CLASS, ITEM, CATEGORY))

    def starting_values(self, responses: Responses, start: Start) -> dict[str, np.ndarray]:
        """Item probabilities of the start, moved a little off 0 and 1."""
        if self.restrictions:
            return starting_sets(self.known(responses, len(start.profile)).sets, start.profile)
        sizes = np.array(responses.n_categories)
        inside = {size: (start.profile[:, sizes == size, :size] + 0.01 / size) / 1.01 for size in sorted(set(sizes))}
        if len(inside) == 1:
            return {ITEM_PROBABILITY: inside[sizes[0]]}
        return {f"{ITEM_PROBABILITY}_of_{size}": values for size, values in inside.items()}

    def degrees_of_freedom(self, responses: Responses, n_classes: int) -> int:
        """Cells of the table of the categories that somebody chose, less the free shares and probabilities."""
        sizes = responses.n_observed_categories
        if self.restrictions:
            return degrees_of_freedom(n_classes - 1 + self.known(responses, n_classes).sets.n_free, sizes)
        return degrees_of_freedom(n_parameters(n_classes, sizes), sizes)

    def restricted_sets(self, responses: Responses, n_classes: int) -> ProbabilitySets | None:
        """Free sets of which restricted probabilities are made."""
        return self.known(responses, n_classes).sets if self.restrictions else None

    def log_density(self, responses: Responses, value: TensorVariable, rho: TensorVariable) -> TensorVariable:
        """Sum of the log probabilities of the answers given; see `answers.log_density`."""
        if self.restrictions:
            rho = pt.maximum(rho, SMALLEST_PROBABILITY)  # the logarithm of a structural zero has to be finite
        return answers.log_density(responses, value, rho)

    def draw(
        self, responses: Responses, latent_class: np.ndarray, rho: np.ndarray, *, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw complete answers of respondents of known classes."""
        return answers.draw(responses, latent_class, rho, rng=rng)
