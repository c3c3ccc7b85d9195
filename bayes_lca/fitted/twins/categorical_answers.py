"""Answers in categories: twin of all measurement parts that give item probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.categories import draw_category
from bayes_lca.data.category_axis import off_axis
from bayes_lca.data.category_order import order_in_words
from bayes_lca.data.declarations import Declarations
from bayes_lca.data.frame import check_frame, row_labels
from bayes_lca.data.known_categories import read_known_categories
from bayes_lca.data.possible_answers import check_possible
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.dims import CATEGORY, CLASS, ITEM, ITEM_PROBABILITY
from bayes_lca.fitted.capabilities import OF_ANSWERS
from bayes_lca.fitted.elements import by_label
from bayes_lca.fitted.kinds import MEASUREMENT, AnswersGivenClass, register
from bayes_lca.likelihood.answers import log_probability_of_answers


@dataclass(frozen=True)
class CategoricalAnswers(AnswersGivenClass):
    r"""Answers that are independent given the class, :math:`p(y \mid c) = \prod_j \rho_{c j y_j}`."""

    words: str
    supported: frozenset[str] = OF_ANSWERS - {"common_method"}
    variables: tuple[str, ...] = (ITEM_PROBABILITY,)

    def read(self, fit, frame) -> np.ndarray:
        """Columns are found by the text of their names, answers by the text of their categories.

        Answers that no class gives, for their probabilities are zero in all draws, are refused.
        """
        check_frame(frame)
        columns = {str(name): name for name in nw.from_native(frame, eager_only=True).columns}
        names = [columns.get(item, item) for item in fit.items]
        missing_codes = self.items_of(fit.specification["measurement"]).get("missing_codes", ())
        if isinstance(missing_codes, Mapping):
            missing_codes = {name: missing_codes[str(name)] for name in names if str(name) in missing_codes}
        declared = Declarations(missing_codes=missing_codes)
        codes = read_known_categories(frame, dict(zip(names, fit.labels, strict=True)), declared)
        is_zero = (self.profiles(fit) == 0).all(axis=0)
        check_possible(is_zero, codes, unique_rows(codes), fit.items, fit.labels, row_labels(frame))
        return codes

    def items_of(self, specification: Mapping) -> Mapping:
        """What was said of the items, of what was said of the measurement part."""
        return specification

    def log_density(self, fit, rows: np.ndarray, which: slice) -> np.ndarray:
        """Distinct patterns of answers are computed once, shape (draw, row, latent_class)."""
        _, first, pattern = np.unique(fit.answer_pattern[rows], return_index=True, return_inverse=True)
        distinct = log_probability_of_answers(self._probability(fit)[which], fit.codes[rows][first])
        return distinct[:, pattern.reshape(-1)]

    def log_density_at_mean(self, fit) -> np.ndarray:
        """At the mean item probabilities, shape (pattern, latent_class)."""
        return log_probability_of_answers(self.profiles(fit).mean(axis=0), fit.codes)

    def profiles(self, fit) -> np.ndarray:
        """Item probabilities, 0 beyond the categories of an item, shape (draw, latent_class, item, category)."""
        return np.nan_to_num(self._probability(fit))

    def profile_values(self, fit) -> xr.DataArray:
        """Item probabilities, not a number beyond the categories of an item."""
        return fit.posterior[ITEM_PROBABILITY]

    def in_order(self, table: pd.DataFrame, fit) -> pd.DataFrame:
        """Categories in the order of their items, by their labels."""
        return by_label(table, fit)

    def profile_note(self, fit) -> str:
        """The order of the categories, and what it rests on."""
        return order_in_words(dict(zip(fit.items, fit.labels, strict=True)), fit.category_orders)

    def mean_answer(self, fit, item: str) -> np.ndarray:
        """Mean category, categories numbered in the order of their labels, shape (latent_class,)."""
        rho = self.profiles(fit).mean(axis=0)[:, fit.items.index(item)]
        return rho @ np.arange(rho.shape[-1])

    def draw(self, fit, which: slice, latent_class: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Item after item, shape (draw, row, item)."""
        rho = self.profiles(fit)[which]
        of_item = [
            draw_category(np.take_along_axis(rho[:, :, item], latent_class[..., None], axis=1), rng)
            for item in range(rho.shape[2])
        ]
        return np.stack(of_item, axis=-1)

    @staticmethod
    def _probability(fit) -> np.ndarray:
        values = fit.parameter(ITEM_PROBABILITY, CLASS, ITEM, CATEGORY)
        return fit.once("item probabilities", lambda: off_axis(values, fit.labels))


register(
    MEASUREMENT,
    "Items",
    CategoricalAnswers("nominal items: every class has its own probability of every answer"),
    home=__name__,
)
register(
    MEASUREMENT,
    "OrdinalItems",
    CategoricalAnswers("ordinal items: cumulative logits, classes differ in their location"),
    home=__name__,
)
register(
    MEASUREMENT,
    "Assigned",
    CategoricalAnswers("indicators whose probabilities given the class are known from an earlier fit"),
    home=__name__,
)
