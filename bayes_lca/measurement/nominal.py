"""Which items maximum likelihood, and the Gibbs sampler, can fit, and who answered them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_lca.data.category_order import empty_in_words
from bayes_lca.data.counted import count_rows
from bayes_lca.data.frame import named
from bayes_lca.data.in_short import in_short
from bayes_lca.data.responses import MISSING, Responses


@dataclass(frozen=True, eq=False)
class NominalAnswers:
    """Answers to nominal items of the respondents who gave any.

    Who gave none says nothing about classes, and would only add to the number of respondents in criteria and tests.

    Attributes
    ----------
    frame : eager data frame
        A row for each respondent, with an answer or without.
    answered : ndarray of bool, shape (respondent,)
        Who gave an answer.
    responses : Responses
        Of those.
    counted : str
        What frequency table the respondents come from, in words; empty for a frame of respondents.
    """

    frame: Any
    answered: np.ndarray
    responses: Responses
    counted: str

    @property
    def note(self) -> str:
        """Respondents, those without any answer, and missing answers of the others, as one line."""
        return self.note_with("")

    def note_with(self, groups: str) -> str:
        """The same, with what is known of groups of respondents in brackets."""
        silent = int((~self.answered).sum())
        brackets = "; ".join(filter(None, [self.counted, groups]))
        return ", ".join(
            [
                f"n = {len(self.responses.codes)}" + (f" ({brackets})" if brackets else ""),
                *([f"{silent} more without any answer take no part"] if silent else []),
                "0 rows left out",
                f"{self.responses.n_missing} answers missing",
                *([empty_in_words(self.responses.empty)] if self.responses.empty else []),
            ]
        )


def read_answers(
    items, frame, count: str | int | None, also_used: tuple[str | int, ...] = (), *, restricted: bool = False
) -> NominalAnswers:
    """Answers to nominal items, of a frame of respondents or of a frequency table with `count`.

    Parameters
    ----------
    items : Items
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    count : str, int or None
        Column of the number of respondents with each row.
    also_used : tuple of str or int
        Columns that are used beside the items.
    restricted : bool
        Whether restrictions that are the same for any number of classes are kept by what is done with the answers.

    Raises
    ------
    TypeError
        If `items` is no measurement part: a list of names, a structural part, a model.
    ValueError
        If `items` is another measurement part, which would be fitted as if it were nominal, or items or counts cannot
        be read.

    Warns
    -----
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.
    """
    check_nominal(items, restricted=restricted)
    counted = count_rows(frame, count, (*items.columns, *also_used))
    responses = items.read(counted.frame)
    answered = (responses.codes != MISSING).any(axis=1)
    return NominalAnswers(counted.frame, answered, responses.keep(answered), counted.words)


def read_nominal(items, frame) -> Responses:
    """Answers to nominal items.

    Parameters
    ----------
    items : Items
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands

    Returns
    -------
    Responses

    Raises
    ------
    TypeError
        If `items` is no measurement part: a list of names, a structural part, a model.
    ValueError
        If `items` is another measurement part, which would be fitted as if it were nominal, numbers its classes, or
        cannot be read.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> read_nominal(bl.Items(["training", "recognition"]), bl.example_survey()).n_categories
    (3, 3)
    """
    check_nominal(items)
    return items.read(frame)


def check_measurement(items) -> None:
    """Refuse what is no measurement part, such as a list of names.

    Raises
    ------
    TypeError
    """
    # asked of the part, not of its class: tables of draws use this too, and the class brings PyMC along
    if hasattr(items, "nominal"):
        return
    how = "wrap the names of the items, Items([...])"
    if hasattr(items, "measurement"):
        how = f"give the items of this {type(items).__name__}, model.measurement, or Items([...])"
    raise TypeError(f"items={in_short(items)} is of type {type(items).__name__}, and no measurement part; {how}")


def check_nominal(items, *, restricted: bool = False) -> None:
    """Refuse what are no nominal items, or have what numbers their classes, or restrictions that would be lost.

    Raises
    ------
    TypeError, ValueError
        As `read_nominal` does.
    """
    check_measurement(items)
    if not items.nominal:
        raise ValueError(
            f"{type(items).__name__} of {len(items.columns)} item(s) {named(items.columns)}: numbers of classes and "
            f"groups are compared for nominal items only; {items.in_place_of_nominal}"
        )
    if getattr(items, "numbers_classes", False):
        raise ValueError(
            f"the prior or restrictions of items {list(items.columns)} number their classes, and numbers of classes "
            "and groups are compared where all classes are alike; leave out what is known of single classes"
        )
    if getattr(items, "restrictions", ()) and not restricted:
        raise ValueError(
            f"items {list(items.columns)} are restricted, and this compares unrestricted classes; leave out "
            "restrictions=, or compare fits of LatentClass"
        )
