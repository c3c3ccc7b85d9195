"""Items of several kinds: twin of the measurement part `Mixed`, a fit of each kind beside each other."""

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.answered import as_codes, as_numbers
from bayes_lca.data.category_axis import category_axis
from bayes_lca.data.category_order import order_in_words
from bayes_lca.dims import ANSWERS, CLASS, ITEM, ITEM_PROBABILITY, of_part
from bayes_lca.fitted.elements import probabilities_by_label
from bayes_lca.fitted.kinds import MEASUREMENT, AnswersGivenClass, register
from bayes_lca.fitted.record import ENCODING, PATTERNS
from bayes_lca.fitted.twins.numbers import PARAMETER, SUPPORTED_OF_NUMBERS


class MixedGivenClass(AnswersGivenClass):
    r"""A product of parts, :math:`p(y \mid c) = \prod_m p_m(y_m \mid c)`."""

    words = "items of several kinds: categories and numbers that are independent given the class"
    supported = SUPPORTED_OF_NUMBERS

    variables = ()

    def variables_of(self, measurement: Mapping) -> tuple[str, ...]:
        """Those of the parts, their kind before their names."""
        return tuple(
            of_part(part["kind"], name)
            for part in measurement["parts"]
            for name in MEASUREMENT[part["kind"]].variables_of(part)
        )

    def read(self, fit, frame) -> np.ndarray:
        """Answers as each part reads them, shape (row, item), not a number where missing."""
        return np.concatenate([as_numbers(part.answers.read(part, frame)) for part in fits_of_parts(fit)], axis=1)

    def log_density(self, fit, rows: np.ndarray, which: slice) -> np.ndarray:
        """Sum over the parts, shape (draw, row, latent_class)."""
        return sum(part.answers.log_density(part, rows, which) for part in fits_of_parts(fit))

    def log_density_at_mean(self, fit) -> np.ndarray:
        """The same at the means of parameters, shape (pattern, latent_class)."""
        return sum(part.answers.log_density_at_mean(part) for part in fits_of_parts(fit))

    def profiles(self, fit) -> np.ndarray:
        """Profiles of the parts side by side, 0 in places that a part does not use."""
        profiles = [part.answers.profiles(part) for part in fits_of_parts(fit)]
        width = max(each.shape[-1] for each in profiles)
        padded = [np.pad(each, [(0, 0)] * 3 + [(0, width - each.shape[-1])]) for each in profiles]
        return np.concatenate(padded, axis=2)

    def profile_values(self, fit) -> xr.DataArray:
        """Probabilities of categories, such as ``P(yes)``, and parameters of numbers; not a number where none is."""
        values = {}
        for part in fits_of_parts(fit):
            of_part = part.answers.profile_values(part).transpose("chain", "draw", CLASS, ITEM, ...)
            axis = category_axis(part.labels) if any(part.labels) else None
            for j, (item, labels) in enumerate(zip(part.items, part.labels, strict=True)):
                places = axis[1][j][: len(labels)] if axis else range(of_part.shape[-1])
                names = [f"P({label})" for label in labels] or [str(name) for name in of_part[PARAMETER].to_numpy()]
                values[item] = dict(zip(names, (of_part.to_numpy()[..., j, place] for place in places), strict=True))
        names = list(dict.fromkeys(name for of_item in values.values() for name in of_item))
        shape = (fit.n_chains, fit.draws_per_chain, len(fit.classes))
        nothing = np.full(shape, np.nan)
        stacked = [np.stack([of_item.get(name, nothing) for name in names], axis=-1) for of_item in values.values()]
        coords = {**fit.chain_coords, CLASS: list(fit.classes), ITEM: list(values), PARAMETER: names}
        return xr.DataArray(np.stack(stacked, axis=-2), coords, ("chain", "draw", CLASS, ITEM, PARAMETER))

    def in_order(self, table: pd.DataFrame, fit) -> pd.DataFrame:
        """Categories in the order of their items."""
        wanted = [
            (name, item, parameter)
            for name in fit.classes
            for item, labels in zip(fit.items, fit.labels, strict=True)
            for parameter in ([f"P({label})" for label in labels] or self._parameters(table, item))
        ]
        return table.iloc[table.index.get_indexer(wanted)]

    @staticmethod
    def _parameters(table: pd.DataFrame, item: str) -> list[str]:
        """Parameters of an item that is a number, in the order of a table."""
        _, items, parameters = zip(*table.index, strict=True)
        return list(dict.fromkeys(name for of_item, name in zip(items, parameters, strict=True) if of_item == item))

    def profile_note(self, fit) -> str:
        """The order of the categories of items that have some."""
        labels = {item: of_item for item, of_item in zip(fit.items, fit.labels, strict=True) if of_item}
        return order_in_words(labels, fit.category_orders) if labels else ""

    def mean_answer(self, fit, item: str) -> np.ndarray:
        """As the part that has the item, shape (latent_class,)."""
        (part,) = (part for part in fits_of_parts(fit) if item in part.items)
        return part.answers.mean_answer(part, item)

    def draw(self, fit, which: slice, latent_class: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Part after part, shape (draw, row, item)."""
        drawn = [part.answers.draw(part, which, latent_class, rng) for part in fits_of_parts(fit)]
        return np.concatenate(drawn, axis=-1).astype(float)


def fits_of_parts(fit) -> list:
    """A fit of each kind of items by itself, under the names that its parameters and axes have there."""
    return fit.once(
        "fits of parts", lambda: [_fit_of_part(fit, part) for part in fit.specification["measurement"]["parts"]]
    )


def _fit_of_part(fit, specification) -> object:
    kind, items = specification["kind"], [str(item) for item in specification["items"]]
    places = [fit.items.index(item) for item in items]
    labels = [fit.labels[place] for place in places]
    prefix = of_part(kind, "")
    posterior = fit.posterior[[name for name in fit.posterior.data_vars if str(name).startswith(prefix)]]
    renamed = {name: str(name).removeprefix(prefix) for name in {*posterior.variables, *posterior.dims}}
    posterior = posterior.rename({name: short for name, short in renamed.items() if name != short})
    if ITEM_PROBABILITY in posterior:
        posterior = probabilities_by_label(posterior, labels)
    groups = {"/posterior": posterior, f"/{ENCODING}": fit.tree[ENCODING].to_dataset().isel({ITEM: places})}
    if PATTERNS in fit.tree.children:
        patterns = fit.tree[PATTERNS].to_dataset().isel({ITEM: places})
        if any(labels):
            patterns[ANSWERS] = patterns[ANSWERS].copy(data=as_codes(patterns[ANSWERS].to_numpy()))
        groups[f"/{PATTERNS}"] = patterns
    attributes = dict(fit.attributes) | {
        "labels": json.dumps(labels),
        "specification": json.dumps({**fit.specification, "measurement": specification}),
    }
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=attributes), **groups})
    return replace(fit, tree=tree, answers=MEASUREMENT[kind], _kept={})


register(MEASUREMENT, "Mixed", MixedGivenClass(), home=__name__)
