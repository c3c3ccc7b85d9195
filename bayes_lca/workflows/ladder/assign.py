"""From a latent class analysis to indicators of known error, for a regression in steps."""

import json

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import row_labels
from bayes_lca.dims import ANSWERS, CATEGORY, CLASS, CLASS_SHARE, INTERCEPT, ITEM, ITEM_PROBABILITY, RESPONDENT
from bayes_lca.fitted.respondents import require_respondents
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.posterior.labels.convergence import require_latent_classes, require_summarisable
from bayes_lca.posterior.tables.membership import membership

SMALLEST_ERROR = 1e-6
"""Classification errors below this are raised to it: no assignment is beyond doubt."""


def require_measured(draws: xr.DataTree) -> None:
    """Refuse a fit whose classes do not come from the answers alone.

    Raises
    ------
    ValueError
        If it has no latent classes, or covariates or groups.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.
    """
    require_latent_classes(draws)
    require_summarisable(draws)
    if INTERCEPT in draws["posterior"]:
        raise ValueError(
            f"formula {draws.attrs['formula']!r} of this fit of {draws.attrs['n_respondents']} respondents takes part "
            "in its classes; a regression in steps starts from LatentClass(n_classes, Items(...)) without one"
        )


def answers_of(draws: xr.DataTree) -> Assigned:
    """The answers as indicators, item probabilities held at their posterior means: two-step estimation.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class analysis without covariates.

    Returns
    -------
    Assigned

    Raises
    ------
    ValueError
        If the classes are not those of such a fit.

    References
    ----------
    Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables.
    Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7
    """
    require_measured(draws)
    posterior = draws["posterior"]
    mean = posterior[ITEM_PROBABILITY].mean(["chain", "draw"]).fillna(0.0).transpose(CLASS, ITEM, CATEGORY)
    labels = json.loads(draws.attrs["labels"])
    return Assigned(
        dict(zip(map(str, posterior[ITEM].to_numpy()), map(tuple, labels), strict=True)),
        mean.to_numpy(),
        posterior[CLASS_SHARE].mean(["chain", "draw"]).to_numpy(),
        tuple(map(str, posterior[CLASS].to_numpy())),
    )


def modal_class_of(draws: xr.DataTree, column: str = "modal_class") -> Assigned:
    r"""The modal class as one indicator, with its classification-error matrix: three steps, ML correction.

    .. math:: D_{cw} = \frac{\sum_i P(c \mid y_i)\, 1(w_i = w)}{\sum_i P(c \mid y_i)}

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class analysis without covariates.
    column : str
        Column of the regression's frame that will hold the modal class, ``membership(draws)["modal_class"]``.

    Returns
    -------
    Assigned

    Raises
    ------
    ValueError
        If the classes are not those of such a fit.

    References
    ----------
    Vermunt, J. K. (2010). Latent class modeling with covariates: two improved three-step approaches. Political
    Analysis 18(4), 450-469. doi 10.1093/pan/mpq025
    """
    require_measured(draws)
    table = membership(draws)
    classes = tuple(map(str, draws["posterior"][CLASS].to_numpy()))
    probability = table[list(classes)].to_numpy()
    assigned = table["modal_class"].to_numpy()[:, None] == np.array(classes)
    error = np.maximum(probability.T @ assigned / probability.sum(axis=0)[:, None], SMALLEST_ERROR)
    error /= error.sum(axis=1, keepdims=True)
    return Assigned({column: classes}, error[:, None, :], probability.mean(axis=0), classes)


def positions_in(measured: xr.DataTree, frame) -> np.ndarray:
    """Where the respondents of a frame stand among those of the fit that found the classes, shape (row,).

    Raises
    ------
    ValueError
        If some are not among them, by row label and answers.
    """
    require_respondents(measured, "classes of the respondents of another fit")
    known, labels = pd.Index(measured["observed_data"][RESPONDENT].to_numpy()), row_labels(frame)
    if not known.is_unique:
        raise ValueError(
            f"rows of the fit that found the classes share labels ({known.duplicated().sum()} of {len(known)}), "
            "so respondents cannot be found by theirs; give its frame an index without repeats"
        )
    place = known.get_indexer(labels)
    answers = measured["observed_data"][ANSWERS].to_numpy()
    strangers = (place < 0) | (answers_of(measured).read(frame).codes != answers[place]).any(axis=1)
    if strangers.any():
        raise ValueError(
            f"{int(strangers.sum())} of {len(labels)} respondents are not among the {len(known)} of the fit that found "
            "the classes, by row label and answers; fit the classes on a frame that holds these rows"
        )
    return place
