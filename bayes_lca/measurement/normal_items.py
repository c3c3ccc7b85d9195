"""Normal items: within a class every item is normal, which makes latent classes a latent profile analysis."""

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
from bayes_lca.dims import CLASS, ITEM, ITEM_MEAN, ITEM_SD, ITEM_VARIANCE
from bayes_lca.likelihood.families import LOG_ROOT_TWO_PI, NormalFamily
from bayes_lca.likelihood.mixture import MixtureMaximum
from bayes_lca.measurement.answers import item_names
from bayes_lca.measurement.interface import Start
from bayes_lca.measurement.number_items import NumberItems
from bayes_lca.measurement.standardised import LogOfUnit, Standardised


@final
@dataclass(frozen=True)
class NormalItems(NumberItems):
    r"""Items that are numbers, normal and independent of each other within a class: latent profile analysis.

    .. math::
        p(y_i \mid c) = \prod_{j\,\text{answered}} N(y_{ij} \mid \mu_{cj}, \sigma_{cj}^2), \qquad
        \mu_{cj} \sim N(m_j, (2.5\, d_j)^2), \qquad
        \sigma_{cj}^2 \sim \operatorname{Scaled-Inv-}\chi^2(2, (0.3\, s_j)^2)

    with :math:`d_j` the standard deviation of item j over all respondents, and :math:`m_j` and :math:`s_j \le d_j` its
    mean and standard deviation where numbers beyond the outer fences, 3 interquartile ranges from the quartiles, are
    moved to them; where the quartiles coincide, there are no fences. A far number or a long tail hardly moves the
    centre of the prior of means, and widens it, so that it rules out no mean of these numbers. By default
    :math:`\sigma_{cj} = \sigma_j`, the same in all classes, as Mplus and tidySEM have it. A missing number drops its
    factor: missing at random.

    Parameters
    ----------
    items : sequence of str
        Columns of the frame that hold the numbers.
    sd : {"equal", "free"}
        Whether classes share the standard deviations of items, or have their own.
    mean : Normal, default ``Normal(sigma=2.5)``
        Of the means of classes, in standard deviations :math:`d_j`.
    variance : ScaledInverseChiSquared, default ``ScaledInverseChiSquared(nu=2.0, scale=0.3)``
        Of variances within classes, which it keeps off zero, in variances :math:`s_j^2`.
    missing_codes : sequence, or mapping of str to sequence
        Codes that mean no answer, for all items or by item; see `Items`.

    Raises
    ------
    TypeError
        If `items` is no list of names, a prior is none of its parameter, or codes are no list.
    ValueError
        If an item has no name of a column, or `sd` is neither; when a frame is read, if an item holds anything but
        finite numbers, one or two distinct numbers only, or fewer than three rows with one, or there are more classes
        than distinct rows.

    Warns
    -----
    FarValueWarning
        When a frame is read, if a number is far from all others.
    MissingCodeWarning
        When a frame is read, if a number that nobody declared looks like a code of missing answers.

    References
    ----------
    Vermunt, J. K. & Magidson, J. (2002). Latent class cluster analysis. In J. A. Hagenaars & A. L. McCutcheon (eds),
    Applied Latent Class Analysis, 89-106. Cambridge University Press. doi 10.1017/CBO9780511499531.004

    Examples
    --------
    >>> import bayes_lca as bl
    >>> profiles = bl.LatentClass(2, NormalItems(["score", "attitude"]))
    >>> [variable.name for variable in profiles.build(bl.example_survey()).free_RVs]
    ['class_share', 'item_mean', 'item_variance']
    """

    items: Sequence[str]
    sd: Literal["equal", "free"] = "equal"
    _: KW_ONLY
    mean: priors.Normal = priors.ITEM_MEAN
    variance: priors.ScaledInverseChiSquared = priors.ITEM_VARIANCE
    missing_codes: MissingCodes = ()

    def __post_init__(self):
        if self.sd not in ("equal", "free"):
            raise ValueError(
                f'sd={self.sd!r}: "equal" for one standard deviation of each item, or "free" for one by class'
            )
        priors.check_prior("NormalItems", "mean", self.mean, priors.Normal)
        priors.check_prior("NormalItems", "variance", self.variance, priors.ScaledInverseChiSquared)
        object.__setattr__(self, "items", item_names(self.items))
        self.declared.check_names(self.items)

    @property
    def signature(self) -> tuple[str, str]:
        """Means by class and item, standard deviations by item, and by class where they are free."""
        return "(c,j)", "(c,j)" if self.sd == "free" else "(j)"

    def read(self, frame: Frame) -> Numbers:
        """Numbers of a frame."""
        return read_numbers(frame, self.items, self.declared, use="NormalItems")

    def family(self, responses: Numbers, first: np.ndarray) -> NormalFamily:
        """The same for `fit_mixture`, of the rows at some respondents, with the weight of the prior of variances."""
        return NormalFamily(
            responses.codes[first],
            responses.center,
            responses.scale,
            free=self.sd == "free",
            weight=self.variance.nu,
            typical=self.variance.scale,
        )

    def profile(self, responses: Numbers, maximum: MixtureMaximum, place: int = 0) -> np.ndarray:
        """What tells classes apart: means and the logarithm of standard deviations, of standardised numbers."""
        mean, sd = np.broadcast_arrays(maximum.parameters[place]["mean"], maximum.parameters[place]["sd"])
        return np.stack([(mean - responses.center) / responses.scale, np.log(sd / responses.scale)], axis=-1)

    def parameters(self, responses: Numbers, start: Start) -> tuple:
        """Means, shape (latent_class, item), and standard deviations, shape (item,) or (latent_class, item)."""
        center, scale = responses.center, responses.scale
        mean = pm.Normal(
            ITEM_MEAN,
            center,
            self.mean.sigma * responses.sd,
            dims=(CLASS, ITEM),
            default_transform=Standardised(center, scale),
        )
        half, dims = self.variance.nu / 2, (CLASS, ITEM) if self.sd == "free" else (ITEM,)
        variance = pm.InverseGamma(
            ITEM_VARIANCE,
            half,
            half * (self.variance.scale * scale) ** 2,
            dims=dims,
            default_transform=LogOfUnit(scale**2),
        )
        return mean, pm.Deterministic(ITEM_SD, pt.sqrt(variance), dims=dims)

    def starting_values(self, responses: Numbers, start: Start) -> dict[str, np.ndarray]:
        """Means and variances of the start."""
        mean, log_sd = np.moveaxis(start.profile, -1, 0)
        variance = (responses.scale * np.exp(log_sd)) ** 2
        return {
            ITEM_MEAN: responses.center + responses.scale * mean,
            ITEM_VARIANCE: variance if self.sd == "free" else variance[0],
        }

    def log_density(
        self, responses: Numbers, value: TensorVariable, mean: TensorVariable, sd: TensorVariable
    ) -> TensorVariable:
        r"""Sum of :math:`-\log \sigma - \tfrac12 \log 2\pi - (y - \mu)^2 / 2\sigma^2` over the numbers there are.

        Multiplied out, the square is one product of matrices for the numbers, one for their squares, of one row where
        classes share standard deviations, and one for who has a number, of which there are few patterns.
        """
        center, scale = responses.center, responses.scale
        known = pt.cast(pt.invert(pt.isinf(value)), "float64")  # (pattern, item)
        z = pt.switch(pt.isinf(value), 0.0, (value - center) / scale)
        mean = (mean.reshape(mean.shape[-2:]) - center) / scale  # (latent_class, item)
        sd = sd.reshape(mean.shape if self.sd == "free" else (1, len(scale))) / scale  # (latent_class or 1, item)
        precision = 1.0 / sd**2
        constant = -0.5 * mean**2 * precision - pt.log(sd) - LOG_ROOT_TWO_PI - np.log(scale)
        squares = pt.dot(-0.5 * precision, (z**2).T)
        return pt.dot(constant, known.T) + pt.dot(mean * precision, z.T) + squares  # (latent_class, pattern)

    def draw(
        self,
        responses: Numbers,
        latent_class: np.ndarray,
        mean: np.ndarray,
        sd: np.ndarray,
        *,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draw complete numbers of respondents of known classes."""
        sd = sd if self.sd == "free" else sd[..., None, :]
        of_class = [
            np.take_along_axis(
                np.broadcast_to(each, (*latent_class.shape, *np.shape(mean)[-2:])),
                latent_class[..., None, None],
                axis=-2,
            )[..., 0, :]
            for each in (mean, sd)
        ]
        return rng.normal(*of_class)
