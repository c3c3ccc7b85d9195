"""Whether rows of a frame are the respondents of a fit: found by what names them, proven by what they answered."""

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.frame import check_frame, named, row_labels
from bayes_lca.data.keys import read_key
from bayes_lca.fitted.stored_columns import OTHER, Compared, compared_with_fit, compared_with_frame

REMEDY = (
    "pass the frame that was fitted, rows in its order or under its index; or name the column that tells respondents "
    'apart at the fit, bl.fit(..., key="id"), which finds them in any order'
)


def rows_of_respondents(fit, frame, key: str | None = None) -> np.ndarray:
    """Row of a frame of each respondent of a fit, shape (respondent,).

    Rows are found by the key, or by their labels, and then compared with the fit in every item, covariate and group
    that the frame has. Labels that only count rows, as those of polars do, name nobody once rows were sorted: where
    they lead to other answers, rows are taken as they stand if all is equal there, or found by their content if no two
    respondents are alike.

    Parameters
    ----------
    fit : Fit
    frame : eager data frame
        The frame that was fitted, in any order that its labels or its key survived, with or without more rows.
    key : str, optional
        Column of the frame that holds the labels of the respondents; the one that `fit` was given by default.

    Raises
    ------
    TypeError
        If `frame` is no frame.
    ValueError
        If respondents cannot be found, or not be shown to be the same, which says how many rows differ.
    """
    fit.require_respondents("rows of a frame beside the respondents")
    check_frame(frame)
    labels, by_key = _labels(fit, frame, key)
    compared = compared_with_frame(fit, frame)
    _require_proof(fit, compared, len(labels), by_key=by_key)
    rows, problem = _found_by_label(fit, labels)
    if rows is not None:
        differ = compared.differ(fit.pattern_of_respondent, rows)
        if not differ.any():
            return rows
        problem = (
            f"{int(differ.sum())} of the {fit.n_respondents} respondents of this fit have other values in the rows of "
            f"the frame with their {_name_of_labels(fit, key)}, compared by {named(compared.names, most=6)} (such as "
            f"{named(fit.respondents[differ], most=3)}), so that rows are in another order, or of other people"
        )
    if not by_key and _counts_rows(labels):
        if _has_all_rows(fit, labels):
            rows = fit.row_of_respondent
            if not compared.differ(fit.pattern_of_respondent, rows).any():
                return rows
        rows = _found_by_content(fit, compared)
        if rows is not None:
            return rows
    raise ValueError(f"{problem}; {REMEDY}")


def respondents_of_rows(fit, frame, key: str | None = None) -> np.ndarray:
    """The respondent of a fit that each row of a frame is, shape (row,); not everybody need be in the frame.

    Parameters
    ----------
    fit : Fit
    frame : eager data frame
    key : str, optional
        As for `rows_of_respondents`.

    Raises
    ------
    TypeError
        If `frame` is no frame.
    ValueError
        If a row is not among the respondents, by its label or key and by what was answered.
    """
    fit.require_respondents("classes of the respondents of another fit")
    check_frame(frame)
    labels, by_key = _labels(fit, frame, key)
    known = fit.respondents
    compared = compared_with_frame(fit, frame)
    _require_proof(fit, compared, len(labels), by_key=by_key)
    if _equal(labels, known):
        place = np.arange(len(known))
    elif known.is_unique:
        place = known.get_indexer(labels)
    else:
        raise ValueError(
            f"rows of the fit that found the classes share labels ({known.duplicated().sum()} of {len(known)}), so "
            f"respondents cannot be found by theirs, and the frame's {len(labels)} rows have others; give its frame "
            "an index without repeats"
        )
    strangers = place < 0
    strangers[~strangers] = compared.differ(fit.pattern_of_respondent[place[~strangers]], np.flatnonzero(~strangers))
    if strangers.any():
        raise ValueError(
            f"{int(strangers.sum())} of {len(labels)} respondents are not among the {len(known)} of the fit that found "
            f"the classes, by {_name_of_labels(fit, key)} and answers; fit the classes on a frame that holds these "
            f"rows, or {REMEDY}"
        )
    return place


@dataclass(frozen=True, eq=False)
class InBothFits:
    """Respondents of two fits.

    Attributes
    ----------
    first, second : ndarray of int, shape (respondent in both,)
        Their positions in each of the fits.
    problem : str
        Why rows of equal labels are not taken for the same respondents; empty if they are, or there are none.
    """

    first: np.ndarray
    second: np.ndarray
    problem: str = ""

    def everybody(self, first, second) -> bool:
        """Whether both fits rest on the same respondents."""
        return len(self.first) == first.n_respondents == second.n_respondents


def respondents_in_both(first, second) -> InBothFits:
    """Respondents of two fits: found by the same key, or by equal labels where all they have in common is equal.

    Rows of two frames that are numbered from 0 on have equal labels, whoever they are. So what both fits know of them,
    items with the same categories and covariates, has to be equal too: for all of them, or labels are no names.

    Parameters
    ----------
    first, second : Fit
        Both with respondents.
    """
    labels = first.respondents, second.respondents
    nobody = np.zeros(0, dtype=int)
    if _equal(*labels):
        places = (np.arange(len(labels[0])),) * 2
    elif not (labels[0].is_unique and labels[1].is_unique):
        repeated = sum(int(of_fit.duplicated().sum()) for of_fit in labels)
        return InBothFits(nobody, nobody, f"{repeated} rows repeat the label of another")
    else:
        place = labels[1].get_indexer(labels[0])
        places = np.flatnonzero(place >= 0), place[place >= 0]
    if first.key is not None and first.key == second.key:
        return InBothFits(*places)
    compared = compared_with_fit(first, second)
    if not compared.names and len(places[0]):
        return InBothFits(nobody, nobody, "the fits have no column in common by which rows could be told")
    rows = second.pattern_of_respondent[places[1]]
    differ = int(compared.differ(first.pattern_of_respondent[places[0]], rows).sum())
    if differ:
        problem = (
            f"{differ} of {len(places[0])} rows with equal labels differ in {named(compared.names, most=6)}, so they "
            'are not the same respondents; if they are, say by which column with bl.fit(..., key="id")'
        )
        return InBothFits(nobody, nobody, problem)
    return InBothFits(*places)


def _labels(fit, frame, key: str | None) -> tuple[pd.Index, bool]:
    """Names of the rows of a frame, and whether they are those of the key the fit was given."""
    if key is None and fit.key is not None:
        present = {str(name): name for name in nw.from_native(frame, eager_only=True).columns}
        key = present.get(fit.key)
    if key is None:
        return row_labels(frame), False
    return read_key(frame, key), str(key) == fit.key


def _name_of_labels(fit, key: str | None) -> str:
    key = key if key is not None else fit.key
    return "row label" if key is None else f"key {key!r}"


def _require_proof(fit, compared: Compared, n_rows: int, *, by_key: bool) -> None:
    """Refuse a frame that has nothing to compare: all items, or all covariates, unless a key of the fit names rows."""
    if not by_key and not compared.proves:
        raise ValueError(
            f"the frame of {n_rows} rows lacks column(s) {named(compared.lacking)} of this fit, so that nothing shows "
            f"that its rows are the {fit.n_respondents} respondents; {REMEDY}"
        )


def _found_by_label(fit, labels: pd.Index) -> tuple[np.ndarray | None, str]:
    """Row of each respondent by unique labels, or by place in a frame with the same labels; or what is wrong."""
    wanted, row = fit.respondents, fit.row_of_respondent
    if not labels.is_unique:
        if _has_all_rows(fit, labels) and _equal(labels[row], wanted):
            return row, ""
        return None, (
            f"{int(labels.duplicated().sum())} of {len(labels)} rows of the frame repeat the label of another, so "
            "respondents cannot be found in it"
        )
    rows = labels.get_indexer(wanted)
    if (rows < 0).any():
        return None, (
            f"the frame of {len(labels)} rows lacks {int((rows < 0).sum())} of the {len(wanted)} respondents of this "
            f"fit: {named(wanted[rows < 0], most=3)}"
        )
    return rows, ""


def _found_by_content(fit, compared: Compared) -> np.ndarray | None:
    """Row of each respondent by all that the fit knows of it, where that is nobody else's."""
    if compared.lacking or fit.count.max(initial=0) > 1:
        return None
    content = np.zeros(len(compared.of_fit) + len(compared.of_rows), dtype=np.int64)
    for codes in np.concatenate([compared.of_fit, compared.of_rows]).T:
        content = pd.factorize(content * (codes.max() - OTHER + 1) + codes - OTHER)[0]
    of_patterns, of_rows = content[: len(compared.of_fit)], pd.Index(content[len(compared.of_fit) :])
    if not of_rows.is_unique:
        return None
    rows = of_rows.get_indexer(of_patterns[fit.pattern_of_respondent])
    return None if (rows < 0).any() else rows


def _has_all_rows(fit, labels: pd.Index) -> bool:
    """Whether a frame has as many rows as the one that was fitted."""
    return len(labels) == fit.n_respondents + int(fit.attributes["n_dropped"])


def _counts_rows(labels: pd.Index) -> bool:
    """Whether labels are positions, which say where a row stands and not whose it is."""
    return labels.dtype.kind in "iu" and np.array_equal(labels, np.arange(len(labels)))


def _equal(first: pd.Index, second: pd.Index) -> bool:
    return np.array_equal(first.to_numpy(), second.to_numpy())
