"""Nominal items: every class answers every item with probabilities of its own."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca import priors
from bayes_lca.data.declarations import Categories, Declarations, MissingCodes
from bayes_lca.data.responses import Responses, read_responses
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import CATEGORY, CLASS, ITEM, ITEM_PROBABILITY
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.criteria import n_parameters
from bayes_lca.likelihood.identification import degrees_of_freedom
from bayes_lca.likelihood.mixture import MixtureMaximum
from bayes_lca.measurement import answers
from bayes_lca.measurement.interface import Measurement, Start
from bayes_lca.measurement.log_ratio import LogRatio
from bayes_lca.measurement.maximum_likelihood import maximum_likelihood_start


@final
@dataclass(frozen=True)
class Items(Measurement):
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
        If `items` is no list of names, `probability` no prior of probabilities, or a declaration no list.
    ValueError
        If an item has no name of a column, or a declaration names no item; when a frame is read, if its answers cannot
        be used.

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
    """

    signature: ClassVar = answers.SIGNATURE
    can_be_mixed: ClassVar[bool] = True
    nominal: ClassVar[bool] = True

    items: Sequence[str]
    probability: priors.Dirichlet = priors.ITEM_PROBABILITY
    _: KW_ONLY
    categories: Categories | None = None
    missing_codes: MissingCodes = ()
    empty_categories: Literal["drop", "keep"] = "drop"

    def __post_init__(self):
        priors.check_prior("Items", "probability", self.probability, priors.Dirichlet)
        object.__setattr__(self, "items", answers.item_names(self.items))
        self.declared.check_names(self.items)

    @property
    def columns(self) -> tuple[str, ...]:
        """The items."""
        return self.items

    @property
    def declared(self) -> Declarations:
        """What is declared of the items."""
        return Declarations(self.categories, self.missing_codes, self.empty_categories)

    def read(self, frame) -> Responses:
        """Answers of a frame as codes."""
        return read_responses(frame, self.items, self.declared)

    def start(self, responses: Responses, answer_patterns: UniqueRows, n_classes: int) -> Start:
        """Classes of the modes of the likelihood."""
        return maximum_likelihood_start(responses, answer_patterns, n_classes, category_weight=self.probability.a)

    def family(self, responses: Responses, first: np.ndarray) -> CategoricalFamily:
        """Nominal answers of the rows at some respondents, for `fit_mixture`."""
        return CategoricalFamily(responses.codes[first], responses.n_categories, self.probability.a)

    def profile(self, responses: Responses, maximum: MixtureMaximum, place: int = 0) -> np.ndarray:
        """Item probabilities, shape (latent_class, item, category)."""
        return maximum.parameters[place]["probability"]

    def coords(self, responses: Responses) -> dict[str, Sequence]:
        """Names along the axes of items and categories; places, such as 1st, where items do not share their labels."""
        return answers.item_coords(responses)

    def parameters(self, responses: Responses, start: Start):
        """Item probabilities, shape (latent_class, item, category).

        Items with equally many categories share one Dirichlet variable. Where the numbers differ,
        ``item_probability`` gathers them, 0 beyond an item's own categories.
        """
        return (self._probabilities(responses, start.profile),)

    def _probabilities(self, responses: Responses, typical: np.ndarray):
        sizes = np.array(responses.n_categories)
        if len(set(sizes)) == 1:
            return self._dirichlet(ITEM_PROBABILITY, typical, dims=(CLASS, ITEM, CATEGORY))
        padded = pt.zeros(typical.shape)
        for size in sorted(set(sizes)):
            which = np.flatnonzero(sizes == size)
            axes = {
                f"{ITEM}_of_{size}": [str(responses.items[j]) for j in which],
                f"{CATEGORY}_of_{size}": range(size),
            }
            pm.modelcontext(None).add_coords(axes)
            name = f"{ITEM_PROBABILITY}_of_{size}"
            rho = self._dirichlet(name, typical[:, which, :size], dims=(CLASS, *axes))
            padded = padded[:, which, :size].set(rho)
        return pm.Deterministic(ITEM_PROBABILITY, padded, dims=(CLASS, ITEM, CATEGORY))

    def starting_values(self, responses: Responses, start: Start) -> dict[str, np.ndarray]:
        """Item probabilities of the start, moved a little off 0 and 1."""
        sizes = np.array(responses.n_categories)
        inside = {size: (start.profile[:, sizes == size, :size] + 0.01 / size) / 1.01 for size in sorted(set(sizes))}
        if len(inside) == 1:
            return {ITEM_PROBABILITY: inside[sizes[0]]}
        return {f"{ITEM_PROBABILITY}_of_{size}": values for size, values in inside.items()}

    def degrees_of_freedom(self, responses: Responses, n_classes: int) -> int:
        """Cells of the table of the categories that somebody chose, less the free shares and probabilities."""
        sizes = responses.n_observed_categories
        return degrees_of_freedom(n_parameters(n_classes, sizes), sizes)

    def log_density(self, responses: Responses, value, rho):
        """Sum of the log probabilities of the answers given; see `answers.log_density`."""
        return answers.log_density(responses, value, rho)

    def draw(self, responses: Responses, latent_class: np.ndarray, rho: np.ndarray, *, rng) -> np.ndarray:
        """Draw complete answers of respondents of known classes."""
        return answers.draw(responses, latent_class, rho, rng=rng)

    def _dirichlet(self, name: str, typical: np.ndarray, dims):
        a = np.full(typical.shape[-1], self.probability.a)
        return pm.Dirichlet(name, a, dims=dims, default_transform=LogRatio(typical))
