"""Answers, or an assigned class, whose probabilities given the class are known from an earlier fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pymc as pm

from bayes_lca.data.frame import named
from bayes_lca.data.responses import Responses, read_responses
from bayes_lca.dims import CATEGORY, CLASS, ITEM, ITEM_PROBABILITY, KNOWN_ITEM_PROBABILITY
from bayes_lca.measurement.answers import observe_answers


@dataclass(frozen=True)
class Assigned:
    r"""Indicators of a class whose probabilities are held at known values.

    .. math:: p(w_i \mid c) = \prod_{j\,\text{answered}} D_{c j w_{ij}}

    Two-step estimation holds the item probabilities of a latent class analysis, and w are the answers. In three steps
    w is the assigned class, one indicator, and D the classification-error matrix :math:`P(W = w \mid C = c)`.
    `answers_of` and `modal_class_of` make both from a fit.

    Parameters
    ----------
    labels : mapping of str to sequence of str
        Categories of each indicator, by column of the frame.
    probability : ndarray, shape (latent_class, item, category)
        0 beyond an item's own categories.
    class_share : ndarray, shape (latent_class,)
        Shares of the classes where the probabilities come from; they choose starting values only.
    class_names : tuple of str

    References
    ----------
    Vermunt, J. K. (2010). Latent class modeling with covariates: two improved three-step approaches. Political
    Analysis 18(4), 450-469. doi 10.1093/pan/mpq025

    Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables.
    Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7
    """

    labels: Mapping[str, Sequence[str]]
    probability: np.ndarray = field(repr=False)
    class_share: np.ndarray = field(repr=False)
    class_names: tuple[str, ...]

    def __post_init__(self):
        shape = (len(self.class_names), len(self.labels), max(len(labels) for labels in self.labels.values()))
        if np.shape(self.probability) != shape:
            raise ValueError(
                f"probability has shape {np.shape(self.probability)}; {len(self.class_names)} classes and indicators "
                f"{named(self.labels)} need {shape}"
            )

    @property
    def items(self) -> tuple[str, ...]:
        """Columns of the indicators."""
        return tuple(self.labels)

    def read(self, frame) -> Responses:
        """Answers of a frame as codes of the known categories.

        Raises
        ------
        ValueError
            If a column is unknown, or has a category without known probabilities.
        """
        responses = read_responses(frame, self.items)
        codes = np.full_like(responses.codes, -1)
        for j, (item, known) in enumerate(self.labels.items()):
            seen, place = responses.labels[j], {label: code for code, label in enumerate(known)}
            for code, label in enumerate(seen):
                rows = responses.codes[:, j] == code
                if rows.any() and label not in place:
                    raise ValueError(
                        f"{item!r} is {label!r} in {int(rows.sum())} of {len(rows)} rows, a category whose "
                        f"probabilities are not known; known are {named(known)}"
                    )
                codes[rows, j] = place.get(label, -1)
        return replace(responses, codes=codes, labels=tuple(tuple(known) for known in self.labels.values()))

    def coords(self, responses: Responses) -> dict[str, Sequence]:
        """Names along the axes of indicators and categories."""
        categories = responses.common_labels or range(max(responses.n_categories))
        return {ITEM: list(responses.items), CATEGORY: list(categories)}

    def probabilities(self):
        """The known probabilities as data of the model, shape (latent_class, item, category)."""
        known = pm.Data(KNOWN_ITEM_PROBABILITY, self.probability, dims=(CLASS, ITEM, CATEGORY))
        # times one: a variable of its own, or PyMC would give the data its name
        return pm.Deterministic(ITEM_PROBABILITY, known * 1.0, dims=(CLASS, ITEM, CATEGORY))

    def answers(self, class_logits, probabilities, responses: Responses, first: np.ndarray, count: np.ndarray):
        """Observe the indicators, the class summed out; see `observe_answers`."""
        return observe_answers(class_logits, probabilities, responses, first, count)

    def membership(self, codes: np.ndarray) -> np.ndarray:
        """Class probabilities given rows of codes, covariates left aside, shape (row, latent_class)."""
        likelihood = np.ones((len(codes), len(self.class_names)))
        for j in range(codes.shape[1]):
            seen = codes[:, j] >= 0
            likelihood[seen] *= self.probability[:, j, codes[seen, j]].T
        joint = likelihood * self.class_share
        return joint / joint.sum(axis=1, keepdims=True)
