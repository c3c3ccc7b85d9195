"""Count items: within a class every item is a Poisson, or a negative binomial, count."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_lca import priors
from bayes_lca.data.declarations import MissingCodes
from bayes_lca.data.frame import Frame
from bayes_lca.data.numbers import Numbers, read_numbers
from bayes_lca.dims import CLASS, ITEM, ITEM_DISPERSION, ITEM_MEAN
from bayes_lca.likelihood.count_families import NegativeBinomialFamily, PoissonFamily
from bayes_lca.likelihood.mixture import MixtureMaximum
from bayes_lca.measurement.answers import item_names
from bayes_lca.measurement.interface import Start
from bayes_lca.measurement.number_items import NumberItems
from bayes_lca.measurement.standardised import LogOfUnit

FAMILIES = {"poisson": PoissonFamily, "negative_binomial": NegativeBinomialFamily}
MEMBERS_OF_PRIOR = 1.0
"""With the mean of everybody, which keep the mean of a class that counted nothing off zero where chains start."""
START_OF_DISPERSION = 0.05
"""Least dispersion to start from: the curvature of the posterior is not that of its mode where counts are Poisson."""


@final
@dataclass(frozen=True)
class CountItems(NumberItems):
    r"""Items that are counts, independent of each other within a class.

    .. math::
        y_{ij} \mid c \sim \operatorname{Poisson}(\mu_{cj}), \qquad
        \log \mu_{cj} \sim N(\log \bar y_j, 1.5^2)

    with :math:`\bar y_j` the mean count of all respondents. Negative binomial counts have the same means, and the
    variance :math:`\mu_{cj} + a_j \mu_{cj}^2` with a dispersion :math:`a_j \sim \operatorname{Exponential}(1)` of each
    item that classes share: 0 for Poisson counts, and the inverse of what R calls size. A missing count drops its
    factor: missing at random.

    Parameters
    ----------
    items : sequence of str
        Columns of the frame that hold the counts, whole numbers from 0 on.
    distribution : {"poisson", "negative_binomial"}
    mean : LogNormal, default ``LogNormal(sigma=1.5)``
        Of the mean counts of classes, about that of all respondents.
    dispersion : Exponential, default ``Exponential(lam=1.0)``
        Of the dispersions of negative binomial counts.
    missing_codes : sequence, or mapping of str to sequence
        Codes that mean no answer, for all items or by item; see `Items`.

    Raises
    ------
    TypeError
        If `items` is no list of names, a prior is none of its parameter, or codes are no list.
    ValueError
        If an item has no name of a column, or `distribution` is neither; when a frame is read, if an item holds
        anything but whole numbers from 0 on, one number only, or fewer than three, or there are more classes than
        distinct rows.

    Warns
    -----
    FarValueWarning
        When a frame is read, if a count is far from all others.
    MissingCodeWarning
        When a frame is read, if a number that nobody declared looks like a code of missing answers.

    References
    ----------
    Wedel, M., Desarbo, W. S., Bult, J. R. & Ramaswamy, V. (1993). A latent class Poisson regression model for
    heterogeneous count data. Journal of Applied Econometrics 8(4), 397-411. doi 10.1002/jae.3950080407

    Examples
    --------
    >>> import bayes_lca as bl
    >>> survey = bl.example_survey().assign(visits=[0, 1, 4] * 60, calls=[2, 0, 9, 3] * 45)
    >>> counts = bl.LatentClass(2, CountItems(["visits", "calls"]))
    >>> [variable.name for variable in counts.build(survey).free_RVs]
    ['class_share', 'item_mean']
    """

    items: Sequence[str]
    distribution: Literal["poisson", "negative_binomial"] = "poisson"
    _: KW_ONLY
    mean: priors.LogNormal = priors.MEAN_COUNT
    dispersion: priors.Exponential = priors.DISPERSION
    missing_codes: MissingCodes = ()

    def __post_init__(self):
        if self.distribution not in FAMILIES:
            raise ValueError(f'distribution={self.distribution!r}: "poisson" or "negative_binomial"')
        priors.check_prior("CountItems", "mean", self.mean, priors.LogNormal)
        priors.check_prior("CountItems", "dispersion", self.dispersion, priors.Exponential)
        object.__setattr__(self, "items", item_names(self.items))
        self.declared.check_names(self.items)

    @property
    def has_dispersion(self) -> bool:
        """Whether counts may vary more than Poisson counts do."""
        return self.distribution == "negative_binomial"

    @property
    def signature(self) -> tuple[str, ...]:
        """Means by class and item, and dispersions by item."""
        return ("(c,j)", "(j)") if self.has_dispersion else ("(c,j)",)

    def read(self, frame: Frame) -> Numbers:
        """Counts of a frame."""
        return read_numbers(frame, self.items, self.declared, use="CountItems", whole=True)

    def family(self, responses: Numbers, first: np.ndarray) -> PoissonFamily:
        """The same for `fit_mixture`, of the rows at some respondents, no mean at zero."""
        return FAMILIES[self.distribution](responses.codes[first], weight=MEMBERS_OF_PRIOR)

    def profile(self, responses: Numbers, maximum: MixtureMaximum, place: int = 0) -> np.ndarray:
        """What tells classes apart: roots of mean counts in proportion to the item's middle, and dispersions."""
        mean = maximum.parameters[place]["mean"]
        dispersion = maximum.parameters[place].get("dispersion", np.zeros(mean.shape[1]))
        return np.stack([np.sqrt(mean / responses.center), np.broadcast_to(dispersion, mean.shape)], axis=-1)

    def parameters(self, responses: Numbers, start: Start) -> tuple:
        """Mean counts, shape (latent_class, item), and dispersions, shape (item,)."""
        mean = pm.LogNormal(
            ITEM_MEAN,
            np.log(responses.mean),
            self.mean.sigma,
            dims=(CLASS, ITEM),
            default_transform=LogOfUnit(responses.mean),
        )
        if not self.has_dispersion:
            return (mean,)
        return mean, pm.Exponential(ITEM_DISPERSION, self.dispersion.lam, dims=(ITEM,))

    def starting_values(self, responses: Numbers, start: Start) -> dict[str, np.ndarray]:
        """Mean counts and dispersions of the start."""
        root, dispersion = np.moveaxis(start.profile, -1, 0)
        values = {ITEM_MEAN: root**2 * responses.center}
        if self.has_dispersion:
            values[ITEM_DISPERSION] = np.maximum(dispersion[0], START_OF_DISPERSION)
        return values

    def log_density(
        self, responses: Numbers, value: TensorVariable, mean: TensorVariable, dispersion: TensorVariable | None = None
    ) -> TensorVariable:
        r"""Sum over the counts there are of :math:`y \log \mu - \mu - \log y!`, or that of negative binomial counts.

        What a class has a part in is linear in the count, so that products of matrices give all classes; see
        `count_coefficients`.
        """
        missing = pt.isinf(value)
        known = pt.cast(pt.invert(missing), "float64")  # (pattern, item)
        y = pt.switch(missing, 0.0, value)
        mean = mean.reshape(mean.shape[-2:])  # (latent_class, item)
        orders = (known * pt.gammaln(y + 1.0)).sum(axis=1)  # (pattern,)
        if dispersion is None:
            return pt.dot(pt.log(mean), y.T) - pt.dot(mean, known.T) - orders
        a = dispersion.reshape(dispersion.shape[-1:])  # (item,)
        growth = pt.log1p(a * mean)
        of_classes = pt.dot(pt.log(mean * a) - growth, y.T) - pt.dot(growth / a, known.T)
        events = (known * (pt.gammaln(y + 1.0 / a) - pt.gammaln(1.0 / a))).sum(axis=1)
        return of_classes + (events - orders)[None]  # (latent_class, pattern)

    def draw(
        self,
        responses: Numbers,
        latent_class: np.ndarray,
        mean: np.ndarray,
        dispersion: np.ndarray | None = None,
        *,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draw complete counts of respondents of known classes."""
        shape = (*latent_class.shape, *np.shape(mean)[-2:])
        of_class = np.take_along_axis(np.broadcast_to(mean, shape), latent_class[..., None, None], axis=-2)[..., 0, :]
        if dispersion is not None:
            of_class = of_class * dispersion * rng.gamma(np.broadcast_to(1.0 / dispersion, of_class.shape))
        return rng.poisson(of_class).astype(float)
