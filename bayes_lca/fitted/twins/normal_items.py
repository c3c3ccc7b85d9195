"""Normal items: twin of the measurement part `NormalItems`."""

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS, ITEM, ITEM_MEAN, ITEM_SD
from bayes_lca.fitted.kinds import MEASUREMENT, register
from bayes_lca.fitted.twins.numbers import PARAMETER, NumbersGivenClass, standardisation
from bayes_lca.likelihood.families import normal_coefficients, normal_features


class NormalGivenClass(NumbersGivenClass):
    r"""Numbers that are normal given the class, :math:`p(y \mid c) = \prod_j N(y_j \mid \mu_{cj}, \sigma_{cj}^2)`."""

    words = "normal items: every class has its own mean of every item"
    variables = (ITEM_MEAN, ITEM_SD)
    use, whole = "NormalItems", False

    def log_density_at_mean(self, fit) -> np.ndarray:
        """At the mean of means and of standard deviations, shape (pattern, latent_class)."""
        mean, sd = (each.mean(axis=0) for each in self._parameters(fit))
        z = (fit.codes[:, None] - mean) / sd
        return np.nan_to_num(-0.5 * z**2 - np.log(sd) - 0.5 * np.log(2 * np.pi)).sum(axis=-1)

    def profiles(self, fit) -> np.ndarray:
        """Means and log standard deviations of standardised numbers, shape (draw, latent_class, item, 2)."""
        (center, scale), (mean, sd) = standardisation(fit), self._parameters(fit)
        return np.stack([(mean - center) / scale, np.log(sd / scale)], axis=-1)

    def profile_values(self, fit) -> xr.DataArray:
        """Means and standard deviations; these stand by every class, whether classes share them or not."""
        mean, sd = xr.broadcast(fit.posterior[ITEM_MEAN], fit.posterior[ITEM_SD])
        return xr.concat([mean, sd], xr.IndexVariable(PARAMETER, ["mean", "sd"]))

    def draw(self, fit, which: slice, latent_class: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """From classes (draw, row) to numbers (draw, row, item)."""
        of_class = (np.take_along_axis(each[which], latent_class[..., None], axis=1) for each in self._parameters(fit))
        return rng.normal(*of_class)

    def _parameters(self, fit) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations, shape (draw, latent_class, item) both."""
        mean = fit.parameter(ITEM_MEAN, CLASS, ITEM)
        if CLASS in fit.posterior[ITEM_SD].dims:
            return mean, fit.parameter(ITEM_SD, CLASS, ITEM)
        return mean, np.broadcast_to(fit.parameter(ITEM_SD, ITEM)[:, None], mean.shape)

    def _features(self, fit, numbers: np.ndarray) -> np.ndarray:
        return normal_features(numbers, *standardisation(fit))

    def _constant(self, fit, numbers: np.ndarray, which: slice) -> np.ndarray:
        _, scale = standardisation(fit)
        return -(~np.isnan(numbers) @ np.log(scale))[None]

    def _coefficients(self, fit) -> np.ndarray:
        (center, scale), (mean, sd) = standardisation(fit), self._parameters(fit)
        return fit.once(
            "coefficients of normal items", lambda: normal_coefficients((mean - center) / scale, (sd / scale) ** 2)
        )


register(MEASUREMENT, "NormalItems", NormalGivenClass(), home=__name__)
