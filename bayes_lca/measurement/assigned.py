"""Answers, or an assigned class, whose probabilities given the class are known from an earlier fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_lca.data.category_order import DECLARED
from bayes_lca.data.declarations import Declarations, MissingCodes
from bayes_lca.data.frame import Frame, named, row_labels
from bayes_lca.data.known_categories import read_known_categories
from bayes_lca.data.possible_answers import check_possible
from bayes_lca.data.responses import Responses
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import CATEGORY, CLASS, ITEM, ITEM_PROBABILITY, KNOWN_ITEM_PROBABILITY
from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY, membership_given_answers
from bayes_lca.measurement import answers
from bayes_lca.measurement.interface import Measurement, Start


@final
@dataclass(frozen=True)
class Assigned(Measurement):
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
    missing_codes : sequence, or mapping of str to sequence
        Codes that mean no answer, as in the fit that the probabilities are from.

    References
    ----------
    Vermunt, J. K. (2010). Latent class modeling with covariates: two improved three-step approaches. Political
    Analysis 18(4), 450-469. doi 10.1093/pan/mpq025

    Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables.
    Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7

    Raises
    ------
    ValueError
        If `probability` has another shape than classes and categories; when a frame is read, if a column is unknown or
        has a category without known probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> error = np.array([[[0.9, 0.1]], [[0.2, 0.8]]])
    >>> Assigned({"modal_class": ("C1", "C2")}, error, np.array([0.6, 0.4]), ("C1", "C2")).items
    ('modal_class',)
    """

    signature: ClassVar = answers.SIGNATURE
    nominal: ClassVar[bool] = False
    classes_are_known: ClassVar[bool] = True

    labels: Mapping[str, Sequence[str]]
    probability: np.ndarray = field(repr=False)
    class_share: np.ndarray = field(repr=False)
    class_names: tuple[str, ...]
    missing_codes: MissingCodes = ()

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

    @property
    def columns(self) -> tuple[str | int, ...]:
        """The indicators."""
        return self.items

    def read(self, frame: Frame) -> Responses:
        """Answers of a frame as codes of the known categories, of which one person may be all there is.

        Raises
        ------
        ValueError
            If a column is unknown, or has a category without known probabilities.
        """
        return Responses(
            items=self.items,
            labels=tuple(tuple(known) for known in self.labels.values()),
            codes=read_known_categories(frame, self.labels, Declarations(missing_codes=self.missing_codes)),
            respondents=row_labels(frame),
            orders=(DECLARED,) * len(self.labels),
            categories_are_known=True,
        )

    def start(self, responses: Responses, answer_patterns: UniqueRows, n_classes: int) -> Start:
        """The classes of the fit that the probabilities are from, under their names there.

        Raises
        ------
        ValueError
            If somebody gave answers that have probability zero in every class.
        """
        told = responses.items, responses.labels, responses.respondents
        check_possible(self.probability == 0, responses.codes, answer_patterns, *told)
        return Start(
            membership=self.membership(responses.codes[answer_patterns.first]),
            profile=self.probability,
            class_names=self.class_names,
            aligns_labels=False,
            attributes={"relabelled": 1, "class_order": "as in the fit that found the classes"},
        )

    def coords(self, responses: Responses) -> dict[str, Sequence]:
        """Names along the axes of indicators and categories."""
        return answers.item_coords(responses)

    def parameters(self, responses: Responses, start: Start) -> tuple:
        """The known probabilities as data of the model, shape (latent_class, item, category)."""
        known = pm.Data(KNOWN_ITEM_PROBABILITY, self.probability, dims=(CLASS, ITEM, CATEGORY))
        # times one: a variable of its own, or PyMC would give the data its name
        return (pm.Deterministic(ITEM_PROBABILITY, known * 1.0, dims=(CLASS, ITEM, CATEGORY)),)

    def starting_values(self, responses: Responses, start: Start) -> dict[str, np.ndarray]:
        """None: nothing is free."""
        return {}

    def log_density(self, responses: Responses, value: TensorVariable, probability: TensorVariable) -> TensorVariable:
        """Sum of the log probabilities of the indicators; see `answers.log_density`."""
        # the logarithm of a structural zero has to be finite
        return answers.log_density(responses, value, pt.maximum(probability, SMALLEST_PROBABILITY))

    def draw(
        self, responses: Responses, latent_class: np.ndarray, probability: np.ndarray, *, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw complete indicators of respondents of known classes."""
        return answers.draw(responses, latent_class, probability, rng=rng)

    def membership(self, codes: np.ndarray) -> np.ndarray:
        """Class probabilities given rows of codes, covariates left aside, shape (row, latent_class)."""
        return membership_given_answers(self.class_share, self.probability, codes)
