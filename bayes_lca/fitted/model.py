"""The model of a fit: kind, specification, formula, and the names along its axes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from bayes_lca.data.category_order import NOBODY_DECLARED, CategoryOrder, order_in_words
from bayes_lca.data.formula import Formula, read_formula
from bayes_lca.data.responses import CATEGORY_ORDERS, EMPTY_CATEGORIES
from bayes_lca.data.variable_labels import VARIABLE_LABELS
from bayes_lca.dims import (
    DESIGN_CENTER,
    GROUP_CLASS_SHARE,
    ITEM,
    LIKELIHOOD_UNIT,
    SLOPE,
    TERM,
    group_effect,
    group_sd,
    of_transition,
)
from bayes_lca.fitted.draws import DRAWS_AT_ONCE, NUMBERS_AT_ONCE, NUMBERS_NEARBY, FittedDraws
from bayes_lca.fitted.record import ENCODING, exchangeable_classes
from bayes_lca.fitted.words import Words


@dataclass(frozen=True, eq=False)
class FittedModel(FittedDraws):
    """What a `Fit` knows of its model."""

    @property
    def class_axis(self) -> str:
        """Axis of the classes: ``latent_class``, or ``category`` where the class is an observed outcome."""
        return self.kind.class_axis

    @property
    def class_is_observed(self) -> bool:
        """Whether the class is an observed category."""
        return self.kind.class_is_observed

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, or of the categories of an observed outcome."""
        return tuple(str(name) for name in self.posterior[self.class_axis].to_numpy())

    def blocks(self, n_rows: int) -> Iterator[slice]:
        """All draws, chains after each other, as many at a time as memory holds for so many rows."""
        numbers = max(n_rows, 1) * len(self.classes)
        step = int(np.clip(NUMBERS_AT_ONCE // numbers, 1, DRAWS_AT_ONCE))
        for start in range(0, self.n_draws, step):
            yield slice(start, min(start + step, self.n_draws))

    def draws_nearby(self, n_rows: int) -> int:
        """Draws summed out at a time, so few that what is computed of so many rows stays near the processor."""
        return max(1, NUMBERS_NEARBY // (max(n_rows, 1) * len(self.classes)))

    @cached_property
    def exchangeable(self) -> np.ndarray:
        """The set of each class, shape (latent_class,): labels of draws are aligned among the classes of a set."""
        return exchangeable_classes(self.attributes, len(self.classes))

    @property
    def outcome(self) -> str | None:
        """Name of the observed outcome, if there is one."""
        return self.attributes.get("outcome")

    @cached_property
    def specification(self) -> Mapping:
        """The model and its parts as plain values; see `specification_of`."""
        return json.loads(self.attributes["specification"])

    @cached_property
    def words(self) -> Words:
        """The model in words."""
        return self.kind.words(self)

    @cached_property
    def formula(self) -> Formula:
        """The formula of the class probabilities."""
        return read_formula(self.attributes["formula"])

    @property
    def formula_shown(self) -> str:
        """The formula as the model was given it, and which groups have classes in place of random intercepts."""
        if LIKELIHOOD_UNIT not in self.attributes:
            return self.formula.text
        formula = self.specification[self.kind.structural]["formula"]
        return f"{formula} with classes of groups of {self.attributes[LIKELIHOOD_UNIT]!r}"

    @cached_property
    def groupings(self) -> tuple[str, ...]:
        """Names of the groupings that have random effects."""
        return tuple(json.loads(self.attributes["groupings"]))

    @cached_property
    def groupings_of_transitions(self) -> tuple[str, ...]:
        """The same of the transitions, such as ``transition_group``; none where there is one wave."""
        return tuple(json.loads(self.attributes.get(of_transition("groupings"), "[]")))

    @property
    def has_regression(self) -> bool:
        """Whether class probabilities differ between respondents."""
        return SLOPE in self.posterior or bool(self.groupings)

    @cached_property
    def answer_variables(self) -> tuple[str, ...]:
        """Variables on which answers depend; none where the class is observed."""
        return self.answers.variables_of(self.specification.get("measurement", {}))

    @cached_property
    def parameters_of_classes(self) -> tuple[str, ...]:
        """Variables with an axis of classes, and those of answers and groups that all classes share."""
        of_groups = {make(name) for name in self.groupings for make in (group_effect, group_sd)} | {GROUP_CLASS_SHARE}
        return tuple(
            str(name)
            for name, values in self.posterior.data_vars.items()
            if self.class_axis in values.dims or name in self.answer_variables or name in of_groups
        )

    @cached_property
    def levels(self) -> Mapping[str, list[str]]:
        """Levels of every covariate that has some, the reference first."""
        return json.loads(self.attributes["levels"])

    @cached_property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """Labels of the categories of each item, or of the observed outcome."""
        return tuple(tuple(of_item) for of_item in json.loads(self.attributes["labels"]))

    @property
    def undeclared_order(self) -> str:
        """The order of the categories, as a part of a note, where nobody declared that of three or more; else ''."""
        orders = self.category_orders
        undeclared = {
            item: of_item
            for item, of_item in zip(self.items, self.labels, strict=True)
            if len(of_item) > 2 and orders.get(item) in NOBODY_DECLARED
        }
        return order_in_words(undeclared, orders) if undeclared else ""

    @cached_property
    def category_orders(self) -> Mapping[str, CategoryOrder]:
        """What the order of each item's categories rests on, as `ordered_categories` says it."""
        return dict(zip(self.items, json.loads(self.attributes.get(CATEGORY_ORDERS, "[]")), strict=False))

    @cached_property
    def empty_categories(self) -> Mapping[str, list[str]]:
        """Declared categories that nobody has and that were left out, by column."""
        return json.loads(self.attributes.get(EMPTY_CATEGORIES, "{}"))

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Names of the items; none where the class is observed."""
        return tuple(str(item) for item in self.encoding[ITEM].to_numpy()) if ITEM in self.encoding.coords else ()

    @cached_property
    def variable_labels(self) -> Mapping[str, str]:
        """What columns are about in words, by name, where the frame said so."""
        return json.loads(self.attributes.get(VARIABLE_LABELS, "{}"))

    @property
    def items_in_words(self) -> str:
        """Names of the items with their variable labels, as a part of a note; empty where there are none."""
        labels = self.variable_labels
        return "; ".join(f"{item}: {labels[item]}" for item in self.items if item in labels)

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """Names of the design columns."""
        return tuple(str(term) for term in self.encoding[TERM].to_numpy())

    @cached_property
    def group_names(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the groups of each grouping."""
        return {name: tuple(str(group) for group in self.encoding[name].to_numpy()) for name in self.groupings}

    @cached_property
    def design_center(self) -> np.ndarray:
        """Mean of each design column over the respondents, shape (term,)."""
        return self.encoding[DESIGN_CENTER].to_numpy()

    @cached_property
    def encoding(self) -> xr.Dataset:
        """What encodes new rows: names of items, terms and groups, and what is known of each."""
        return self.tree[ENCODING].to_dataset()
