"""Ordinal items: classes differ in where they stand on each item, not in how its categories are spaced."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable
from scipy.special import logit

from bayes_lca import priors
from bayes_lca.data.declarations import Categories, Declarations, MissingCodes
from bayes_lca.data.frame import Frame
from bayes_lca.data.responses import Responses, read_responses
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import BASELINE_PROBABILITY, CATEGORY, CLASS, ITEM, ITEM_LOCATION, ITEM_PROBABILITY
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.identification import degrees_of_freedom
from bayes_lca.likelihood.mixture import MixtureMaximum
from bayes_lca.measurement import answers
from bayes_lca.measurement.category_weights import category_weights, check_items_of_prior
from bayes_lca.measurement.interface import PartOfMixed, Start
from bayes_lca.measurement.log_ratio import dirichlet
from bayes_lca.measurement.maximum_likelihood import maximum_likelihood_start

AWAY_FROM_ZERO = 0.01
"""Weight of equal probabilities in starting values."""


@final
@dataclass(frozen=True)
class OrdinalItems(PartOfMixed):
    r"""Items with ordered categories, through cumulative logits.

    .. math::
        P(y_{ij} \ge k \mid c) = \operatorname{logit}^{-1}(\theta_{cj} - \tau_{jk}), \qquad
        \tau_{jk} = \operatorname{logit} \sum_{m < k} p_{jm}

    Thresholds :math:`\tau` are those of an average class, whose answers have probabilities p; a class moves the whole
    distribution up or down. With C categories and K classes an item has C + K - 2 parameters, where `Items` has
    K (C - 1). Reversing the order of an item's categories changes no posterior but the signs of its locations; any
    other permutation does.

    Priors: :math:`p_j \sim \operatorname{Dirichlet}(a, \dots, a)`, and locations normal, summing to zero over classes.

    Parameters
    ----------
    items : sequence of str
        Columns of the frame whose categories have an order: ordered categoricals, numbers, texts that are numbers, or
        as `categories` has it. An order of three or more that nobody declared is refused.
    probability : Dirichlet, default ``Dirichlet(a=1.0)``
        Of the answers of an average class.
    location : ZeroSumNormal, default ``ZeroSumNormal(sigma=2.0)``
        Of the log odds by which classes differ on one item.
    prior : mapping or ItemWeights, optional
        Weights in place of those of `probability`, by item: a number, or weights by category.
    categories : sequence, or mapping of str to sequence, optional
        Categories in their order, one list for all items or one by item; any other answer is refused.
    missing_codes : sequence, or mapping of str to sequence
        Codes that mean no answer, for all items or by item; see `Items`.
    empty_categories : {"drop", "keep"}
        What becomes of categories that the frame or `categories` declare and nobody chose.

    Raises
    ------
    TypeError
        If `items` is no list of names, a prior is none of its parameter, or a declaration no list.
    ValueError
        If an item has no name of a column, or a declaration names no item; when a frame is read, if its answers cannot
        be used or nobody declared their order.

    Warns
    -----
    MissingCodeWarning
        When a frame is read, if an answer that nobody declared looks like a code of missing answers.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. Journal of the Royal Statistical Society B 42(2),
    109-142. doi 10.1111/j.2517-6161.1980.tb01109.x

    Examples
    --------
    >>> OrdinalItems(["pay", "training"]).items
    ('pay', 'training')
    """

    signature: ClassVar = answers.SIGNATURE
    nominal: ClassVar[bool] = False

    items: Sequence[str | int]
    probability: priors.Dirichlet = priors.ITEM_PROBABILITY
    location: priors.ZeroSumNormal = priors.ITEM_LOCATION
    _: KW_ONLY
    prior: priors.ItemWeights | None = None
    categories: Categories | None = None
    missing_codes: MissingCodes = ()
    empty_categories: Literal["drop", "keep"] = "drop"

    def __post_init__(self):
        priors.check_prior("OrdinalItems", "probability", self.probability, priors.Dirichlet)
        priors.check_prior("OrdinalItems", "location", self.location, priors.ZeroSumNormal)
        object.__setattr__(self, "items", answers.item_names(self.items))
        object.__setattr__(self, "prior", priors.item_weights(self.prior, self.items))
        check_items_of_prior(self.prior, self.items)
        if self.prior is not None and self.prior.n_classes is not None:
            raise ValueError(
                f"prior has weights of {self.prior.n_classes} classes: the answers of an average class have one "
                "prior in OrdinalItems, where classes differ in their location alone; give weights by item and category"
            )
        self.declared.check_names(self.items)

    @property
    def columns(self) -> tuple[str | int, ...]:
        """The items."""
        return tuple(self.items)

    @property
    def knows_single_items(self) -> bool:
        """Where there are priors of items."""
        return self.prior is not None

    @property
    def can_be_mixed(self) -> bool:
        """Unless something is known of single probabilities."""
        return not self.knows_single_items

    @property
    def declared(self) -> Declarations:
        """What is declared of the items."""
        return Declarations(self.categories, self.missing_codes, self.empty_categories)

    def read(self, frame: Frame) -> Responses:
        """Answers of a frame as codes, in an order that somebody declared."""
        responses = read_responses(frame, self.items, self.declared)
        responses.require_order("OrdinalItems")
        return responses

    def start(self, responses: Responses, answer_patterns: UniqueRows, n_classes: int) -> Start:
        """Classes of the modes of the likelihood of nominal items."""
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

    def parameters(self, responses: Responses, start: Start) -> tuple:
        """Item probabilities, shape (latent_class, item, category), 0 beyond the categories of an item."""
        typical = start.profile
        of_all = self.prior, self.probability.a, responses.items, responses.labels
        weights = category_weights(*of_all, n_classes=1)[0]  # (item, category)
        n_classes = len(typical)
        if n_classes == 1:
            theta = pt.zeros((1, len(responses.items)))
        else:
            dims = (ITEM, CLASS)
            theta = pm.ZeroSumNormal(ITEM_LOCATION, self.location.sigma, n_zerosum_axes=1, dims=dims).T
        sizes = np.array(responses.n_categories)
        average, rho = typical.mean(axis=0), pt.zeros(typical.shape)
        for size in sorted(set(sizes)):
            which = np.flatnonzero(sizes == size)
            axes = {f"{ITEM}_of_{size}": [str(responses.items[j]) for j in which], f"{CATEGORY}_of_{size}": range(size)}
            pm.modelcontext(None).add_coords(axes)
            p = dirichlet(  # (item of size, category)
                f"{BASELINE_PROBABILITY}_of_{size}", weights[which, :size], average[which, :size], dims=tuple(axes)
            )
            rho = rho[:, which, :size].set(cumulative_logit(p, theta[:, which]))
        return (pm.Deterministic(ITEM_PROBABILITY, rho, dims=(CLASS, ITEM, CATEGORY)),)

    def starting_values(self, responses: Responses, start: Start) -> dict[str, np.ndarray]:
        """Locations, and answers of an average class, nearest to the item probabilities of the start."""
        item_probability, sizes = start.profile, np.array(responses.n_categories)
        location, values = np.zeros(item_probability.shape[:2]), {}
        for size in sorted(set(sizes)):
            which = sizes == size
            rough = (1 - AWAY_FROM_ZERO) * item_probability[:, which, :size] + AWAY_FROM_ZERO / size
            below = logit(rough.cumsum(axis=-1)[..., :-1])  # (latent_class, item of size, threshold)
            location[:, which] = -below.mean(axis=-1)
            values[f"{BASELINE_PROBABILITY}_of_{size}"] = rough.mean(axis=0)
        if len(location) == 1:
            return values
        return {ITEM_LOCATION: (location - location.mean(axis=0)).T, **values}

    def degrees_of_freedom(self, responses: Responses, n_classes: int) -> int:
        """Cells of the table of the categories that somebody chose, less free shares, thresholds and locations."""
        sizes = responses.n_observed_categories
        of_items = sum(size - 1 + n_classes - 1 for size in sizes)
        return degrees_of_freedom(n_classes - 1 + of_items, sizes)

    def log_density(self, responses: Responses, value: TensorVariable, rho: TensorVariable) -> TensorVariable:
        """Sum of the log probabilities of the answers given; see `answers.log_density`."""
        return answers.log_density(responses, value, rho)

    def draw(
        self, responses: Responses, latent_class: np.ndarray, rho: np.ndarray, *, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw complete answers of respondents of known classes."""
        return answers.draw(responses, latent_class, rho, rng=rng)


def cumulative_logit(p, theta):
    r"""Probabilities of categories whose cumulative logits are moved by a location.

    The probability between two thresholds is
    :math:`\sigma(b)\,\sigma(-a)\,(1 - e^{a - b})` with :math:`a < b` the thresholds less the location, which stays
    positive far out.

    Parameters
    ----------
    p : TensorVariable, shape (item, category)
        At location 0.
    theta : TensorVariable, shape (latent_class, item)

    Returns
    -------
    TensorVariable, shape (latent_class, item, category)
    """
    below, above = pt.cumsum(p, axis=1)[:, :-1], pt.cumsum(p[:, ::-1], axis=1)[:, ::-1][:, 1:]
    tau = pt.log(below) - pt.log(above)  # (item, threshold)
    x = tau - theta[:, :, None]  # (latent_class, item, threshold)
    inside = pt.sigmoid(x[..., 1:]) * pt.sigmoid(-x[..., :-1]) * -pt.expm1(tau[:, :-1] - tau[:, 1:])
    return pt.concatenate([pt.sigmoid(x[..., :1]), inside, pt.sigmoid(-x[..., -1:])], axis=-1)
