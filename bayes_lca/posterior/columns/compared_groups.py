"""What the rows of a frame are compared by: a column, the most likely class, or classes drawn for every row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bayes_lca.data.counted import CountedRows
from bayes_lca.data.frame import column, named
from bayes_lca.fitted.column_levels import UNKNOWN
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.same_respondents import rows_of_respondents
from bayes_lca.fitted.thinning import draws_used
from bayes_lca.posterior.columns.covariate_columns import read_levels
from bayes_lca.posterior.columns.impute_classes import impute_classes


@dataclass(frozen=True, eq=False)
class ComparedGroups:
    """Groups of rows.

    Attributes
    ----------
    words : str
        What they are, as the beginning of a sentence: ``"column 'role'"``.
    rows : ndarray of int, or slice
        Rows of the frame that are compared.
    index : ndarray of float, shape (row,)
        Group of each of these; not a number where it is missing.
    known_for : str
        Of which rows it is known, as the end of a sentence.
    notes : tuple of str
        What a table of comparisons rests on.
    impute : callable, optional
        From the level of each row, -1 where it is missing, to classes drawn for the others, shape (draw, known row).
    n_imputed : int
        Number of classes that can be drawn.
    """

    words: str
    rows: np.ndarray | slice
    index: np.ndarray
    known_for: str
    notes: tuple[str, ...]
    impute: Callable[[np.ndarray], np.ndarray] | None = None
    n_imputed: int = 0

    def drawn(self, level: np.ndarray) -> np.ndarray:
        """Classes drawn given the level of each row, -1 where it is missing, shape (draw, known row).

        Raises
        ------
        ValueError
            If the groups are known.
        """
        if self.impute is None:
            raise ValueError(f"{self.words} is known, and nothing is drawn")
        return self.impute(level)


def groups_of_column(name: str, counted: CountedRows) -> ComparedGroups:
    """Levels of a column of the frame."""
    index = read_levels(name, column(counted.frame, name))
    without = int(np.isnan(index).sum())
    note = f"n = {len(index)}{counted.in_brackets}, {without} of them without {name!r}; compared by column {name!r}"
    return ComparedGroups(f"column {name!r}", slice(None), index, f"all rows that have column {name!r}", (note,))


def most_likely_classes(fit: Fit, frame, columns: Sequence[str], key: str | None = None) -> ComparedGroups:
    """The most likely class of each respondent; the notes name those of the columns that the fit uses."""
    index, certainty = _modal_class(fit)
    note = (
        f"classes: the most likely one as if it were known ({certainty}), so differences between classes come out too "
        'small; classes="imputed" corrects that'
    )
    if in_formula := [name for name in columns if name in fit.formula.columns]:
        note += (
            f". The formula of this fit uses {named(in_formula)}: its classes lean towards them, so p_value is too "
            "small there"
        )
    rows = rows_of_respondents(fit, frame, key)
    return ComparedGroups("the most likely class", rows, index, "all rows", (fit.note, note))


def imputed_classes(fit: Fit, frame, step: int, seed: int, key: str | None = None) -> ComparedGroups:
    """Classes drawn given answers and the column that is compared, anew in every `step`-th posterior draw."""
    index, certainty = _modal_class(fit)
    note = (
        f"classes: drawn {draws_used(fit, step)} times given the answers and the column of the row (the most likely "
        f"class: {certainty}), statistics pooled by D2; not attenuated if the column acts on answers through the class "
        "alone, see direct_effects"
    )
    return ComparedGroups(
        words="the class",
        rows=rows_of_respondents(fit, frame, key),
        index=index,
        known_for="all rows",
        notes=(fit.note, note),
        impute=lambda level: impute_classes(fit, np.where(np.isnan(index), UNKNOWN, level), step, seed),
        n_imputed=len(fit.classes),
    )


def _modal_class(fit: Fit) -> tuple[np.ndarray, str]:
    """Position of the most likely class of each respondent, and how likely it is, in words.

    Those who gave no answer have none: nothing is known of their class.
    """
    certainty = np.average(fit.mean_membership.max(axis=1), weights=fit.answering_count)
    modal = np.where(fit.answering_count > 0, fit.modal_class, np.nan)
    return modal[fit.pattern_of_respondent], f"its probability is {certainty:.2f} on average"
