"""From a frame to a distal outcome: numbers, counts, or categories with or without an order."""

from dataclasses import dataclass
from typing import Literal

import narwhals as nw
import numpy as np

from bayes_lca.data.declarations import Declarations
from bayes_lca.data.frame import Frame, named
from bayes_lca.data.outcome import read_complete_outcome, read_numeric_outcome, read_ordered_outcome
from bayes_lca.data.responses import without_empty

Values = Literal["numbers", "counts", "two categories", "categories", "ordered categories"]


@dataclass(frozen=True, eq=False)
class DistalOutcome:
    """An outcome of the respondents who have one.

    Attributes
    ----------
    name : str
    values : ndarray, shape (row,)
        Numbers, or codes of categories.
    labels : tuple of str
        Categories; none of numbers.
    """

    name: str
    values: np.ndarray
    labels: tuple[str, ...]

    def keep(self, rows: np.ndarray) -> "DistalOutcome":
        """The outcome of some rows.

        Raises
        ------
        ValueError
            If it is the same in all of them.
        """
        values, labels = self.values[rows], self.labels
        if labels:
            values, labels, _ = without_empty(values, labels)
        if len(np.unique(values)) < 2:
            raise ValueError(
                f"outcome {self.name!r} is the same in all {len(values)} rows with every covariate; impute the "
                "covariates, or choose another outcome"
            )
        return DistalOutcome(self.name, values, labels)


@dataclass(frozen=True, eq=False)
class KnownMembership:
    """What a fit that found the classes says of who is in them.

    Attributes
    ----------
    row : ndarray of int, shape (respondent,)
        The known row of each respondent: those of one row have the same membership.
    by_draw : ndarray, shape (draw of the first step, known row, latent_class)
        Positive probabilities of the classes.
    n_missing_answers : int
        Answers to the items of the classes that these respondents did not give.
    n_without_answer : int
        Respondents who gave none.
    """

    row: np.ndarray
    by_draw: np.ndarray
    n_missing_answers: int
    n_without_answer: int

    @property
    def mean(self) -> np.ndarray:
        """On average over the draws, shape (known row, latent_class)."""
        return self.by_draw.mean(axis=0, dtype=float)


def read_distal_outcome(
    frame, outcome: str, values: Values, missing: Literal["raise", "drop"], declared: Declarations
) -> tuple[Frame, DistalOutcome, np.ndarray]:
    """Read an outcome, and the rows of a frame that have it.

    Parameters
    ----------
    frame : eager data frame
    outcome : str
    values : {"numbers", "counts", "two categories", "categories", "ordered categories"}
        What it has to be.
    missing : {"raise", "drop"}
        What to do with rows that lack it.
    declared : Declarations
        Its categories and codes of missing answers.

    Returns
    -------
    frame : data frame
        The rows that have the outcome.
    outcome : DistalOutcome
    complete : ndarray of bool, shape (row of the given frame,)

    Raises
    ------
    ValueError
        If the column is unknown, is none of what it has to be, constant, or missing in some rows with `missing` at
        ``"raise"``.
    """
    if values in ("numbers", "counts"):
        answered, numbers, complete = read_numeric_outcome(frame, outcome, missing, declared)
        if values == "counts" and (odd := numbers[(numbers < 0) | (numbers % 1 != 0)]).size:
            raise ValueError(
                f"outcome {outcome!r} is no count in {len(odd)} of {len(numbers)} rows, such as {odd[0]:g}; counts are "
                'whole numbers from 0 on: choose family="normal" for other numbers'
            )
        return answered, DistalOutcome(outcome, numbers, ()), complete
    if values == "categories":
        answered, codes, labels, complete = read_complete_outcome(frame, outcome, missing, declared)
    else:
        use = "the family of ordered categories" if values == "ordered categories" else "the Bernoulli family"
        answered, codes, labels, _, complete = read_ordered_outcome(frame, outcome, use, missing, declared)
    if values == "two categories" and len(labels) != 2:
        raise ValueError(
            f"outcome {outcome!r} has {len(labels)} categories in {len(codes)} rows, {named(labels)}; the Bernoulli "
            'family takes two: choose family="multinomial" or "ordered"'
        )
    return answered, DistalOutcome(outcome, codes, labels), complete


def some_rows(frame, rows: np.ndarray):
    """Some rows of a frame, by a mask."""
    return frame if rows.all() else nw.from_native(frame, eager_only=True).filter(rows.tolist()).to_native()
