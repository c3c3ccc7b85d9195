"""Nominal items: every class answers every item with probabilities of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca import priors
from bayes_lca.data.responses import Responses, read_responses
from bayes_lca.dims import CATEGORY, CLASS, ITEM, ITEM_PROBABILITY
from bayes_lca.measurement.answers import item_coords, item_names, observe_answers
from bayes_lca.measurement.log_ratio import LogRatio


@dataclass(frozen=True)
class Items:
    r"""Items with any number of categories, independent of each other given the class.

    .. math:: p(y_i \mid c) = \prod_{j\,\text{answered}} \rho_{c j y_{ij}}, \qquad
              \rho_{cj} \sim \operatorname{Dirichlet}(a, \dots, a)

    A missing answer drops its factor: missing at random.

    Parameters
    ----------
    items : sequence of str
        Columns of the frame that hold the answers.
    probability : Dirichlet, default ``Dirichlet(a=1.0)``
        Prior of the answer probabilities of one item in one class.

    References
    ----------
    Goodman, L. A. (1974). Exploratory latent structure analysis using both identifiable and unidentifiable
    models. Biometrika 61(2), 215-231. doi 10.1093/biomet/61.2.215

    Examples
    --------
    >>> Items(["pay", "training"]).items
    ('pay', 'training')
    """

    nominal: ClassVar[bool] = True

    items: tuple[str, ...]
    probability: priors.Dirichlet = priors.ITEM_PROBABILITY

    def __init__(self, items: Sequence[str], probability: priors.Dirichlet = priors.ITEM_PROBABILITY):
        object.__setattr__(self, "items", item_names(items))
        object.__setattr__(self, "probability", probability)

    def read(self, frame) -> Responses:
        """Answers of a frame as codes."""
        return read_responses(frame, self.items)

    def coords(self, responses: Responses) -> dict[str, Sequence]:
        """Names along the axes of items and categories; positions where items do not share their labels."""
        return item_coords(responses)

    def probabilities(self, responses: Responses, typical: np.ndarray):
        """Answer probabilities, shape (latent_class, item, category).

        `typical` holds rough ones, shape (latent_class, item, category): they choose the sampler's coordinates and
        change no posterior. Items with equally many categories share one Dirichlet variable. Where the numbers differ,
        ``item_probability`` gathers them, 0 beyond an item's own categories.
        """
        sizes = np.array(responses.n_categories)
        if len(set(sizes)) == 1:
            return self._dirichlet(ITEM_PROBABILITY, typical, dims=(CLASS, ITEM, CATEGORY))
        padded = pt.zeros(typical.shape)
        for size in sorted(set(sizes)):
            which = np.flatnonzero(sizes == size)
            axes = {
                f"{ITEM}_of_{size}": [responses.items[j] for j in which],
                f"{CATEGORY}_of_{size}": range(size),
            }
            pm.modelcontext(None).add_coords(axes)
            name = f"{ITEM_PROBABILITY}_of_{size}"
            rho = self._dirichlet(name, typical[:, which, :size], dims=(CLASS, *axes))
            padded = padded[:, which, :size].set(rho)
        return pm.Deterministic(ITEM_PROBABILITY, padded, dims=(CLASS, ITEM, CATEGORY))

    def answers(self, class_logits, probabilities, responses: Responses, first: np.ndarray, count: np.ndarray):
        """Observe the answers, the class summed out; one row per distinct pattern, counted.

        Parameters
        ----------
        class_logits : TensorVariable, shape (pattern, latent_class) or (latent_class,)
        probabilities : TensorVariable, shape (latent_class, item, category)
        responses : Responses
        first, count : ndarray of int, shape (pattern,)
            Respondent at whom each pattern first stands, and how many share it.
        """
        return observe_answers(class_logits, probabilities, responses, first, count)

    def starting_values(self, responses: Responses, item_probability: np.ndarray) -> dict[str, np.ndarray]:
        """Answer probabilities of shape (latent_class, item, category), moved a little off 0 and 1."""
        sizes = np.array(responses.n_categories)
        inside = {size: (item_probability[:, sizes == size, :size] + 0.01 / size) / 1.01 for size in sorted(set(sizes))}
        if len(inside) == 1:
            return {ITEM_PROBABILITY: inside[sizes[0]]}
        return {f"{ITEM_PROBABILITY}_of_{size}": start for size, start in inside.items()}

    def _dirichlet(self, name: str, typical: np.ndarray, dims):
        a = np.full(typical.shape[-1], self.probability.a)
        return pm.Dirichlet(name, a, dims=dims, default_transform=LogRatio(typical))
