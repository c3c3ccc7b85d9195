"""From a latent class analysis to indicators of known error, for a regression in steps."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS_SHARE, INTERCEPT
from bayes_lca.fitted.fit import Fit
from bayes_lca.measurement.assigned import Assigned

SMALLEST_ERROR = 1e-6
"""Classification errors below this are raised to it: no assignment is beyond doubt."""


def answers_of(draws: xr.DataTree) -> Assigned:
    """The answers as indicators, item probabilities held at their posterior means: two-step estimation.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class analysis without covariates.

    Returns
    -------
    Assigned
        A measurement part for `AssignedClass`.

    Raises
    ------
    TypeError
        If `draws` is no tree.
    ValueError
        If it has no latent classes, or covariates or groups take part in them.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables.
    Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7

    Examples
    --------
    >>> import bayes_lca as bl
    >>> known = bl.answers_of(bl.load_example("alone"))
    >>> known.class_names, known.items
    (('C1', 'C2'), ('training', 'recognition', 'expertise'))
    """
    return known_answers(Fit.of(draws, needs="answers_of"))


def known_answers(fit: Fit) -> Assigned:
    """The answers of a fit as indicators; see `answers_of`.

    Raises
    ------
    ValueError
        If covariates or groups take part in its classes.
    """
    require_classes_of_answers_alone(fit)
    columns = fit.specification["measurement"]["items"]  # named as in the frame, which may be by numbers
    return Assigned(
        labels=dict(zip(columns, fit.labels, strict=True)),
        probability=fit.answers.profiles(fit).mean(axis=0),
        class_share=fit.flat(fit.posterior[CLASS_SHARE], fit.class_axis).mean(axis=0),
        class_names=fit.classes,
        missing_codes=_missing_codes(fit, columns),
    )


def _missing_codes(fit: Fit, columns: Sequence) -> Sequence | Mapping[str, Sequence]:
    """Codes that mean no answer, by the names that columns have in the frame."""
    codes = fit.specification["measurement"].get("missing_codes", ())
    return {name: codes.get(str(name), ()) for name in columns} if isinstance(codes, Mapping) else codes


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
        A measurement part for `AssignedClass`.

    Raises
    ------
    TypeError
        If `draws` is no tree.
    ValueError
        If it has no latent classes, covariates or groups take part in them, or it was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Vermunt, J. K. (2010). Latent class modeling with covariates: two improved three-step approaches. Political
    Analysis 18(4), 450-469. doi 10.1093/pan/mpq025

    Examples
    --------
    >>> import bayes_lca as bl
    >>> error = bl.modal_class_of(bl.load_example("alone")).probability[:, 0]
    >>> error.shape, error.sum(axis=1).round(6).tolist()
    ((2, 2), [1.0, 1.0])
    """
    fit = Fit.of(draws, needs="modal_class_of")
    require_classes_of_answers_alone(fit)
    probability = fit.membership.mean(axis=0, dtype=float)  # (pattern, latent_class)
    assigned = np.eye(len(fit.classes))[probability.argmax(axis=1)]
    members = fit.count[:, None] * probability
    error = np.maximum(members.T @ assigned / members.sum(axis=0)[:, None], SMALLEST_ERROR)
    error /= error.sum(axis=1, keepdims=True)
    return Assigned({column: fit.classes}, error[:, None, :], members.sum(axis=0) / fit.n_respondents, fit.classes)


def require_classes_of_answers_alone(fit: Fit) -> None:
    """Refuse a fit whose classes do not come from the answers alone.

    Raises
    ------
    ValueError
        If covariates or groups take part in its classes.
    """
    if INTERCEPT in fit.posterior:
        raise ValueError(
            f"formula {fit.formula.text!r} of this fit of {fit.n_respondents} respondents takes part in its classes; a "
            "regression in steps starts from LatentClass(n_classes, Items(...)) without one"
        )
