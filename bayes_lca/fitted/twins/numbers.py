"""Items that are numbers: what the twins of their measurement parts share."""

from abc import abstractmethod
from collections.abc import Mapping

import narwhals as nw
import numpy as np
import xarray as xr

from bayes_lca.data.declarations import Declarations
from bayes_lca.data.frame import check_columns, check_frame
from bayes_lca.data.numbers import numbers_of
from bayes_lca.dims import CLASS, ITEM, ITEM_CENTER, ITEM_MEAN, ITEM_SCALE
from bayes_lca.fitted.kinds import AnswersGivenClass
from bayes_lca.likelihood.matrix_product import matrix_product

PARAMETER = "parameter"
"""Axis of the parameters of a number in a class, such as its mean."""
SUPPORTED_OF_NUMBERS = frozenset(
    (
        *("check_items", "class_profiles", "membership_of_new_rows", "modal_class_of", "order", "plot_profiles"),
        *("posterior_predictive", "relabel", "report"),
    )
)


class NumbersGivenClass(AnswersGivenClass):
    """Numbers that are independent given the class."""

    supported = SUPPORTED_OF_NUMBERS
    use: str
    whole: bool

    def read(self, fit, frame) -> np.ndarray:
        """Columns are found by the text of their names; shape (row, item), not a number where missing."""
        check_frame(frame)
        columns = {str(name): name for name in nw.from_native(frame, eager_only=True).columns}
        names = [columns.get(item, item) for item in fit.items]
        check_columns(frame, names, role="item")
        codes = fit.specification["measurement"].get("missing_codes", ())
        if isinstance(codes, Mapping):
            codes = {name: codes.get(str(name), ()) for name in names}
        else:
            codes = dict.fromkeys(names, codes)
        declared = Declarations(missing_codes=codes)
        read = [declared.column(frame, name, "item") for name in names]
        return np.column_stack(
            [numbers_of(values, str(values.name), use=self.use, whole=self.whole) for values in read]
        )

    def log_density(self, fit, rows: np.ndarray, which: slice) -> np.ndarray:
        """Distinct patterns of numbers are computed once, shape (draw, row, latent_class)."""
        _, first, pattern = np.unique(fit.answer_pattern[rows], return_index=True, return_inverse=True)
        numbers = fit.codes[rows][first]
        features, constant = self._features(fit, numbers), self._constant(fit, numbers, which)
        coefficients = self._coefficients(fit)[which]  # (draw, latent_class, feature)
        flat = matrix_product(coefficients.reshape(-1, coefficients.shape[-1]), np.ascontiguousarray(features.T))
        density = flat.reshape(*coefficients.shape[:2], -1)  # (draw, latent_class, distinct)
        density += constant[:, None]
        pattern = pattern.reshape(-1)
        if not np.array_equal(pattern, np.arange(len(first))):  # rows of numbers are distinct as a rule
            density = density[:, :, pattern]
        return np.moveaxis(density, 1, 2)

    def mean_answer(self, fit, item: str) -> np.ndarray:
        """Posterior mean of the mean of each class, shape (latent_class,)."""
        return fit.parameter(ITEM_MEAN, CLASS, ITEM).mean(axis=0)[:, fit.items.index(item)]

    @abstractmethod
    def profile_values(self, fit) -> xr.DataArray:
        """Parameters by class and item, dims (chain, draw, latent_class, item, parameter), in the items' units."""

    @abstractmethod
    def _features(self, fit, numbers: np.ndarray) -> np.ndarray:
        """What densities rest on of some rows, shape (row, feature)."""

    @abstractmethod
    def _constant(self, fit, numbers: np.ndarray, which: slice) -> np.ndarray:
        """What classes have no part in, shape (draw or 1, row)."""

    @abstractmethod
    def _coefficients(self, fit) -> np.ndarray:
        """What they count for in every draw, shape (draw, latent_class, feature)."""


def standardisation(fit) -> tuple[np.ndarray, np.ndarray]:
    """Centre and scale of the items, shape (item,) both."""
    return fit.encoding[ITEM_CENTER].to_numpy(), fit.encoding[ITEM_SCALE].to_numpy()
