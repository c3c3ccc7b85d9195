"""Counts: twin of the measurement part `CountItems`."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS, ITEM, ITEM_DISPERSION, ITEM_MEAN
from bayes_lca.fitted.kinds import MEASUREMENT, register
from bayes_lca.fitted.twins.numbers import PARAMETER, NumbersGivenClass, standardisation
from bayes_lca.likelihood.count_families import count_coefficients, count_constant, count_features


class CountGivenClass(NumbersGivenClass):
    r"""Poisson or negative binomial counts, independent given the class."""

    words = "counts: every class has its own mean count of every item"
    variables = (ITEM_MEAN, ITEM_DISPERSION)
    use, whole = "CountItems", True

    def variables_of(self, measurement: Mapping) -> tuple[str, ...]:
        """Poisson counts have no dispersion."""
        return self.variables if measurement["distribution"] == "negative_binomial" else (ITEM_MEAN,)

    def log_density_at_mean(self, fit) -> np.ndarray:
        """At the mean of mean counts and of dispersions, shape (pattern, latent_class)."""
        mean, dispersion = (None if each is None else each.mean(axis=0) for each in self._parameters(fit))
        coefficients = count_coefficients(mean, dispersion)
        return count_features(fit.codes) @ coefficients.T + count_constant(fit.codes, dispersion)[:, None]

    def profiles(self, fit) -> np.ndarray:
        """Roots of mean counts, in proportion to the item's middle, and dispersions; (draw, latent_class, item, 2)."""
        (center, _), (mean, dispersion) = standardisation(fit), self._parameters(fit)
        dispersion = np.zeros(mean.shape) if dispersion is None else np.broadcast_to(dispersion[:, None], mean.shape)
        return np.stack([np.sqrt(mean / center), dispersion], axis=-1)

    def profile_values(self, fit) -> xr.DataArray:
        """Mean counts and, where there are some, dispersions, which stand by every class."""
        names = self.variables_of(fit.specification["measurement"])
        values = xr.broadcast(*(fit.posterior[name] for name in names))
        return xr.concat(values, xr.IndexVariable(PARAMETER, [name.removeprefix("item_") for name in names]))

    def draw(self, fit, which: slice, latent_class: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """From classes (draw, row) to counts (draw, row, item)."""
        mean, dispersion = self._parameters(fit)
        of_class = np.take_along_axis(mean[which], latent_class[..., None], axis=1)
        if dispersion is not None:
            a = dispersion[which][:, None]  # (draw, 1, item)
            of_class = of_class * a * rng.gamma(np.broadcast_to(1 / a, of_class.shape))
        return rng.poisson(of_class)

    def _parameters(self, fit) -> tuple[np.ndarray, np.ndarray | None]:
        """Mean counts, shape (draw, latent_class, item), and dispersions, (draw, item), where there are some."""
        has_dispersion = ITEM_DISPERSION in fit.posterior
        return fit.parameter(ITEM_MEAN, CLASS, ITEM), fit.parameter(ITEM_DISPERSION, ITEM) if has_dispersion else None

    def _features(self, fit, numbers: np.ndarray) -> np.ndarray:
        return count_features(numbers)

    def _constant(self, fit, numbers: np.ndarray, which: slice) -> np.ndarray:
        _, dispersion = self._parameters(fit)
        return count_constant(numbers)[None] if dispersion is None else count_constant(numbers, dispersion[which])

    def _coefficients(self, fit) -> np.ndarray:
        mean, dispersion = self._parameters(fit)
        of_items = None if dispersion is None else dispersion[:, None]
        return fit.once("coefficients of counts", lambda: count_coefficients(mean, of_items))


register(MEASUREMENT, "CountItems", CountGivenClass(), home=__name__)
