"""Items that share a common method: a person's way of answering, whatever the class."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import ClassVar, Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_lca import priors
from bayes_lca.data.categories import draw_category
from bayes_lca.data.frame import Frame, check_whole, named
from bayes_lca.data.responses import Responses
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import (
    CATEGORY,
    CLASS,
    ITEM,
    ITEM_PROBABILITY,
    STYLE,
    STYLE_LOADING,
    STYLE_SD,
    TYPICAL_PERSON,
    of_typical_person,
)
from bayes_lca.likelihood.person import STYLES, PersonGrid, default_nodes, style_scores
from bayes_lca.measurement import answers
from bayes_lca.measurement.common_method_start import CommonMethodStart, common_method_start
from bayes_lca.measurement.interface import Measurement
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.loadings import SignAt, check_styles, of_either_sign, positive, scale
from bayes_lca.measurement.ordinal_items import OrdinalItems
from bayes_lca.measurement.persons import Persons


@final
@dataclass(frozen=True)
class CommonMethod(Measurement):
    r"""Items whose answers a person's style moves in the same direction, whatever the class.

    .. math::
        p(y_i \mid c) = \int \prod_{j\,\text{answered}} \rho_{c j y_{ij}}(u)\, \varphi(u)\, \mathrm{d}u, \qquad
        \rho_{cjr}(u) \propto \rho_{cjr} \exp(\lambda_j s_{jr} u), \qquad u \sim N(0, 1)

    A person who says "increase" everywhere has answers that are associated within classes. Without the person, classes
    split by how people answer. Scores :math:`s` count the categories of an item from the middle one (``"tilt"``), so
    that :math:`\lambda` is the standard deviation between persons of the log odds of each category against the one
    below; or they are the distance from the middle less its mean (``"extreme"``), and persons differ in how much they
    like the ends. With ``"both"`` a person has a trait of each, independent of each other. With items of two categories
    and a tilt this is the latent class model with random effects.

    Classes that differ by level alone, in the same direction on all items, compete with a tilt: the data then say
    little about which of the two it is, as `common_method` shows by the sensitivity to the prior.

    The typical person of a class, u = 0, has the answer probabilities of `items`, under their priors.
    ``item_probability`` of the draws is the marginal profile of a class, averaged over its persons. The person is
    summed out over equally spaced nodes, which for these integrals are far more exact than as many of Gauss and
    Hermite; the log-likelihood with twice as many says by how much the sum is off, and more than 0.01 is refused.

    Parameters
    ----------
    items : Items or OrdinalItems
        Categories in an order that somebody declared, all items in the same direction. Two categories need none where
        all items have the same labels.
    style : {"tilt", "extreme", "both"}
    loadings : {"equal", "free"}
        One loading for all items, or one for each. Free loadings have either sign, but for that of the item where it is
        largest at the start, which is positive: all signs turned are the same model.
    prior : HalfNormal, HalfStudentT or Exponential, default ``HalfNormal(1.0)``
        Of the loadings; free ones have the same distribution to both sides of zero.
    nodes : int, optional
        Quadrature nodes for each trait: by default 31, or 21 where there are two.

    Raises
    ------
    TypeError
        If `items` is no `Items` or `OrdinalItems`, or `prior` no prior of standard deviations.
    ValueError
        If there are too few items, or they are restricted or have priors by class; when a frame is read, if categories
        have no declared order, or are too few for the style; before sampling, if the quadrature is too coarse.

    References
    ----------
    Qu, Y., Tan, M. & Kutner, M. H. (1996). Random effects models in latent class analysis for evaluating accuracy of
    diagnostic tests. Biometrics 52(3), 797-810. doi 10.2307/2533043

    Trefethen, L. N. & Weideman, J. A. C. (2014). The exponentially convergent trapezoidal rule. SIAM Review 56(3),
    385-458. doi 10.1137/130932132

    Podsakoff, P. M., MacKenzie, S. B., Lee, J.-Y. & Podsakoff, N. P. (2003). Common method biases in behavioral
    research. Journal of Applied Psychology 88(5), 879-903. doi 10.1037/0021-9010.88.5.879

    Examples
    --------
    >>> import bayes_lca as bl
    >>> model = bl.LatentClass(2, CommonMethod(bl.Items(["training", "recognition", "expertise"])))
    >>> [variable.name for variable in model.build(bl.example_survey()).free_RVs]
    ['class_share', 'typical_person::item_probability', 'style_sd']
    """

    signature: ClassVar = ("(c,j,r)", "(t,j)")
    nominal: ClassVar[bool] = False

    items: Items | OrdinalItems
    style: Literal["tilt", "extreme", "both"] = "tilt"
    loadings: Literal["equal", "free"] = "equal"
    _: KW_ONLY
    prior: priors.StandardDeviationPrior = priors.STYLE_LOADING
    nodes: int | None = None

    def __post_init__(self):
        if not isinstance(self.items, Items | OrdinalItems):
            raise TypeError(
                f"CommonMethod(items={self.items!r}): wrap the names of the items, CommonMethod(Items([...]))"
            )
        told = getattr(self.items, "restrictions", ()) or getattr(self.items, "numbers_classes", False)
        if told:
            raise ValueError(
                f"CommonMethod of items {named(self.columns)}: their prior or restrictions speak of single classes or "
                "probabilities, and a common method is fitted to free ones that are alike; leave out restrictions=, "
                "and what prior= says of single classes"
            )
        for field, choices in (("style", tuple(STYLES)), ("loadings", ("equal", "free"))):
            if (given := getattr(self, field)) not in choices:
                raise ValueError(f"{field}={given!r}: choose one of {choices}")
        fewest = 2 if self.loadings == "equal" else 3
        if len(self.columns) < fewest:
            raise ValueError(
                f"CommonMethod of {len(self.columns)} item(s) {named(self.columns)}: {self.loadings} loadings take "
                f"{fewest} items or more, for a common method shows in what items share"
            )
        priors.check_prior("CommonMethod", "prior", self.prior, priors.StandardDeviationPrior)
        if self.nodes is not None:
            check_whole(least=3, nodes=self.nodes)

    @property
    def columns(self) -> tuple[str | int, ...]:
        """The items."""
        return self.items.columns

    @property
    def knows_single_items(self) -> bool:
        """Where its items have priors of their own."""
        return self.items.knows_single_items

    @property
    def in_place_of_nominal(self) -> str:
        """Its items alone, beside which numbers of classes with a common method can be counted."""
        return f"give its Items({list(self.columns)}), and common_method=True to count_classes"

    @property
    def styles(self) -> tuple[str, ...]:
        """Traits of a person."""
        return STYLES[self.style]

    @property
    def grid(self) -> PersonGrid:
        """Persons that stand for all."""
        return PersonGrid.of(self.nodes or default_nodes(len(self.styles)), len(self.styles))

    def scores(self, responses: Responses) -> np.ndarray:
        """Scores of the categories, shape (style, item, category)."""
        return style_scores(responses.n_categories, self.styles)

    def read(self, frame: Frame) -> Responses:
        """Answers of a frame as codes, in an order that somebody declared."""
        responses = self.items.read(frame)
        check_styles(responses, self.styles, self.loadings)
        return responses

    def start(self, responses: Responses, answer_patterns: UniqueRows, n_classes: int) -> CommonMethodStart:
        """Modes of the likelihood that climbs reach from those of classes without a common method."""
        plain = self.items.start(responses, answer_patterns, n_classes)
        return common_method_start(
            *(responses, answer_patterns, plain, self.scores(responses), self.grid),
            equal=self.loadings == "equal",
            loading_sd=scale(self.prior),
        )

    def coords(self, responses: Responses) -> dict[str, Sequence]:
        """Names along the axes of items, categories and styles."""
        return {**self.items.coords(responses), STYLE: list(self.styles)}

    def parameters(self, responses: Responses, start: CommonMethodStart) -> tuple:
        """Answer probabilities of the typical person, and loadings; beside them the marginal ones."""
        with pm.Model(name=TYPICAL_PERSON):
            (typical,) = self.items.parameters(responses, replace(start, profile=start.typical))
        loading = self._loadings(start)  # (style, item)
        marginal = self._persons(responses, typical, loading).answers()
        pm.Deterministic(ITEM_PROBABILITY, marginal, dims=(CLASS, ITEM, CATEGORY))
        return typical, loading

    def _loadings(self, start: CommonMethodStart):
        if self.loadings == "equal":
            lam = positive(STYLE_SD, self.prior, dims=STYLE)
            return pm.Deterministic(STYLE_LOADING, lam[:, None] * np.ones(start.loading.shape), dims=(STYLE, ITEM))
        return of_either_sign(STYLE_LOADING, self.prior, SignAt(start.loading), dims=(STYLE, ITEM))

    def _persons(self, responses: Responses, rho, lam) -> Persons:
        rho, lam = rho.reshape(rho.shape[-3:]), lam.reshape(lam.shape[-2:])
        return Persons(rho, lam, self.scores(responses), self.grid, equal=self.loadings == "equal")

    def starting_values(self, responses: Responses, start: CommonMethodStart) -> dict[str, np.ndarray]:
        """Those of the typical person, and loadings off zero."""
        of_items = self.items.starting_values(responses, replace(start, profile=start.typical))
        values = {of_typical_person(name): value for name, value in of_items.items()}
        if self.loadings == "equal":
            return values | {STYLE_SD: start.loading[:, 0]}
        return values | {STYLE_LOADING: start.loading}

    def degrees_of_freedom(self, responses: Responses, n_classes: int) -> int:
        """Those of the items less the loadings."""
        n_loadings = len(self.styles) * (1 if self.loadings == "equal" else len(responses.items))
        return self.items.degrees_of_freedom(responses, n_classes) - n_loadings

    def log_density(
        self, responses: Responses, value: TensorVariable, rho: TensorVariable, lam: TensorVariable
    ) -> TensorVariable:
        r"""Log density of answers given the class, :math:`\log \sum_q w_q \prod_j \rho_{cjy_j}(u_q)`.

        That of the typical person, and the sum over persons of their ratio to it, see `Persons`.

        Parameters
        ----------
        responses : Responses
        value : TensorVariable, shape (pattern, item)
        rho : TensorVariable, shape (..., latent_class, item, category)
            Of the typical person.
        lam : TensorVariable, shape (..., style, item)

        Returns
        -------
        TensorVariable, shape (latent_class, pattern)
        """
        persons = self._persons(responses, rho, lam)
        log_ratio = persons.log_ratio_to_typical(value, np.log(self.person_weight))  # (node, latent_class, pattern)
        return answers.log_density(responses, value, rho) + pt.logsumexp(log_ratio, axis=0)

    @property
    def person_weight(self) -> np.ndarray:
        """Weights of the persons of the grid, shape (node,)."""
        return self.grid.weight

    def log_density_given_person(
        self, responses: Responses, value: TensorVariable, rho: TensorVariable, lam: TensorVariable
    ) -> TensorVariable:
        """The same given the person, shape (latent_class, node, pattern)."""
        of_typical = answers.log_density(responses, value, rho)  # (latent_class, pattern)
        log_ratio = self._persons(responses, rho, lam).log_ratio_to_typical(value, np.zeros_like(self.person_weight))
        return of_typical[:, None] + log_ratio.transpose(1, 0, 2)

    def draw(
        self,
        responses: Responses,
        latent_class: np.ndarray,
        rho: np.ndarray,
        lam: np.ndarray,
        *,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draw complete answers of respondents of known classes, each with traits of their own."""
        person = self.draw_persons(latent_class.shape, rng)
        return self.draw_given_person(responses, latent_class, person, rho, lam, rng=rng)

    def draw_persons(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw traits, shape (..., style)."""
        return rng.normal(size=(*shape, len(self.styles)))

    def draw_given_person(
        self,
        responses: Responses,
        latent_class: np.ndarray,
        person: np.ndarray,
        rho: np.ndarray,
        lam: np.ndarray,
        *,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draw complete answers of respondents of known classes and traits."""
        shape, scores = latent_class.shape, self.scores(responses)
        lam = np.broadcast_to(lam, (*shape, *np.shape(lam)[-2:]))
        tilt = np.einsum("...t,...tj,tjr->...jr", person, lam, scores)
        rho = np.broadcast_to(rho, (*shape, *np.shape(rho)[-3:]))
        of_class = np.take_along_axis(rho, latent_class[..., None, None, None], axis=-3)[..., 0, :, :]
        tilted = of_class * np.exp(tilt)
        return draw_category(tilted / tilted.sum(axis=-1, keepdims=True), rng)
