"""Who belongs to which class, and how surely."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import Frame, check_whole, named
from bayes_lca.dims import CLASS, RESPONDENT, ROW
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.hidden_of_respondent import Occasion
from bayes_lca.table import SummaryTable, tail_probabilities


def membership_draws(draws: xr.DataTree) -> xr.DataArray:
    r"""Membership probabilities in every draw, :math:`P(c \mid y_i, x_i, g_i)`.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.

    Returns
    -------
    xarray.DataArray
        Dims (chain, draw, respondent, latent_class), single precision; ``row`` is the position of each respondent in
        the frame that was fitted. A row of a frequency table is one entry, however many respondents it counts.

    Raises
    ------
    ValueError
        If the classes were seen, or the fit was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.membership_draws(bl.load_example()).sum("latent_class").round(5).min().item()
    1.0
    """
    fit = Fit.of(draws, needs="membership_draws")
    entries = fit.entries
    return xr.DataArray(
        fit.by_chain(fit.membership)[:, :, entries["pattern"].to_numpy()],
        dims=("chain", "draw", RESPONDENT, CLASS),
        coords={
            **fit.chain_coords,
            RESPONDENT: entries.index,
            CLASS: list(fit.classes),
            ROW: (RESPONDENT, entries[ROW].to_numpy()),
        },
    )


def membership(draws: xr.DataTree, frame: Frame | None = None, *, seed: int = 1, ci_prob: float = 0.95) -> SummaryTable:
    r"""Membership probabilities of each respondent, the modal class and its certainty.

    .. math:: P(c \mid y_i, x_i, g_i) \propto P(c \mid x_i, g_i) \prod_{j\,\text{answered}} \rho_{c j y_{ij}}

    Of the respondents of the fit or, given a `frame`, of new ones: their answers have no part in the fit, and each is
    scored as if alone. The effect of a group that the fit has not seen is integrated out: it is drawn from the
    distribution of groups given the respondent's own answers, so that its uncertainty is in the interval.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands, optional
        New respondents, one row each, or one alone: a column for every item, covariate and group of the fit. Answers
        may be missing; covariates and groups may not.
    seed : int, default 1
        Of the effects of groups that the fit has not seen.
    ci_prob : float, default 0.95
        Probability of the interval of the certainty.

    Returns
    -------
    SummaryTable
        In the order of the frame that was fitted, indexed as it is or by the key that `fit` was given, or in that of
        `frame`: a column of posterior mean probabilities per class, ``modal_class``, its ``certainty`` (posterior mean
        probability) and the equal-tailed interval ``certainty_lower``, ``certainty_upper``, outside which the mean lies
        where few draws are unsure and all others sure; and ``row``, the position in the frame
        from 0 on. Where labels of the frame repeat, the index has a second level, ``occurrence``, for a join by label
        would multiply rows; see the notes. A frequency table that was fitted with ``count=`` has one row for
        each of its rows, and their ``n_respondents``. A fit to several waves has a row for each person and wave, with
        a second level ``wave`` in the index and a column ``seen``, False at waves that the person missed; ``row`` is
        then where the person was first seen.

    Raises
    ------
    ValueError
        If the classes were seen, or the fit was saved without respondents and no `frame` is given; if `frame` lacks a
        column, a row a covariate or its group, or an answer or a level is none that the fit has seen.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Notes
    -----
    Every respondent of one wave has one row, and joins once by ``row``, whatever the labels, and also where rows were
    left out: ``survey.reset_index().join(table.set_index("row"))`` in pandas, and
    ``survey.with_row_index("row").join(polars.from_pandas(table), on="row", how="left")`` in polars. Where labels are
    unique, ``survey.join(table)`` does the same.

    A fit to several waves has as many rows of a person as there are waves, missed ones among them, and joins by person
    and wave, the wave as text: ``long.assign(wave=long["wave"].astype(str)).merge(table.reset_index(),
    left_on=["person", "wave"], right_on=["respondent", "wave"])``.

    A respondent without any answer has the class shares, or the class probabilities of its covariates, as membership.
    Regressing the modal class as if it were seen understates effects; fit the regression and the classes jointly
    instead.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.membership(bl.load_example()).columns.tolist()
    ['C1', 'C2', 'modal_class', 'certainty', 'certainty_lower', 'certainty_upper', 'row']
    >>> survey = bl.example_survey()
    >>> len(survey.reset_index().join(bl.membership(bl.load_example()).set_index("row"))) == len(survey)
    True

    Three who were not asked before, the last of a group that is new:

    >>> new = bl.example_survey().head(3).assign(group=["G1", "G2", "another"], training=None)
    >>> bl.membership(bl.load_example(), new)[["C1", "C2"]].sum(axis=1).round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    tails = tail_probabilities(ci_prob)
    fit, notes = Fit.of(draws, needs="membership" if frame is None else "membership_of_new_rows"), []
    if frame is not None:
        check_whole(least=0, seed=seed)
        fit, unseen = fit.hidden.with_new_rows(fit, frame, seed)
        notes = ["new respondents, who had no part in the fit", *map(_of_unseen_groups, unseen, unseen.values())]
    parts = [_of_occasion(fit, occasion, tails) for occasion in fit.hidden.occasions(fit)]
    table = parts[0] if len(parts) == 1 else pd.concat(parts).sort_values(ROW, kind="stable")
    note = f"{fit.note}; {100 * ci_prob:g} % intervals of the modal class's probability{outside_in_words(table)}"
    return SummaryTable.of(table, "\n".join([note, *notes]))


def outside_in_words(table: pd.DataFrame) -> str:
    """How many certainties, which are means, lie outside their equal-tailed intervals, as a part of a note."""
    outside = (table["certainty"] < table["certainty_lower"]) | (table["certainty"] > table["certainty_upper"])
    if not outside.any():
        return ""
    return f", outside which {int(outside.sum())} of {len(table)} means lie, as those of very skew draws do"


def _of_occasion(fit: Fit, occasion: Occasion, tails: list[float]) -> pd.DataFrame:
    """Membership of all respondents on one occasion."""
    classes, mean = list(fit.classes), occasion.mean
    modal = mean.argmax(axis=1)
    of_modal = np.take_along_axis(occasion.membership, modal[None, :, None], axis=2)[..., 0]
    table = pd.DataFrame(mean, columns=classes)
    table["modal_class"] = pd.Categorical.from_codes(modal, classes)
    table["certainty"] = mean.max(axis=1)
    table["certainty_lower"], table["certainty_upper"] = np.quantile(of_modal, tails, axis=0)
    entries = fit.entries
    of_entries = table.iloc[entries["pattern"]].set_axis(_index(entries.index))
    of_entries[ROW] = entries[ROW].to_numpy(dtype=np.uint32)  # as polars counts rows
    if "n_respondents" in entries:
        of_entries["n_respondents"] = entries["n_respondents"].to_numpy()
    if occasion.label:
        of_entries["seen"] = occasion.seen[entries["pattern"]]
        of_entries = of_entries.assign(**occasion.label).set_index(list(occasion.label), append=True)
    return of_entries


def _of_unseen_groups(grouping: str, groups: list[str]) -> str:
    """What is assumed of groups that the fit has not seen."""
    return (
        f"{grouping} {named(groups)} not seen by the fit: effects from the distribution of groups, given each "
        "respondent's own answers"
    )


def _index(labels: pd.Index) -> pd.Index:
    """Row labels, with the occurrence of each label where some repeat."""
    if labels.is_unique:
        return labels
    occurrence = pd.Series(labels).groupby(labels).cumcount()
    return pd.MultiIndex.from_arrays([labels, occurrence], names=["row_label", "occurrence"])
