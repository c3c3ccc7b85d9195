"""Whether covariates or groups act on an item directly, other than through the class."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import Frame
from bayes_lca.dims import ITEM
from bayes_lca.fitted.column_levels import ColumnLevels, column_levels
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.thinning import draws_used, thinning
from bayes_lca.posterior.checks.predictive_p import posterior_predictive_p
from bayes_lca.posterior.checks.unexplained_residuals import UnexplainedResiduals, unexplained_residuals
from bayes_lca.table import SummaryTable, tail_probabilities

LEAST_VARIANCE = 0.5
"""Variance, in respondents, that a cell has at the least, so that no cell that is all but empty rules the test."""


def direct_effects(
    draws: xr.DataTree,
    columns: Sequence[str] | None = None,
    *,
    frame: Frame | None = None,
    key: str | None = None,
    count: str | int | None = None,
    n_draws: int = 400,
    seed: int = 0,
    ci_prob: float = 0.95,
) -> SummaryTable:
    r"""Test whether covariates or groups act on an item given the class: differential item functioning.

    A latent class regression lets covariates act on answers through the class alone. Where men and women of the same
    class answer an item differently, classes mean different things for them, and effects on the class are not to be
    interpreted yet. For item j and the levels l of a column the residuals are

    .. math::
        R_{lk} = \sum_{i} (z_{il} - \bar z_l) \bigl(1[y_{ij} = k] - P(y_{ij} = k \mid y_{i,-j}, x_i, g_i)\bigr)

    over respondents who answered item j: each answer against what the respondent's *other* answers and covariates
    predict, which tells small direct effects from chance better than a prediction from covariates alone. The part of
    R that the scores S of the item probabilities and of the class logits explain is taken out, class logits that
    differ freely by level included, so a column that acts on the class, in the model or not, raises no alarm:

    .. math:: \tilde R = R - B^\top S, \qquad T = \tilde R^\top (V + \tfrac12 I)^{-1} \tilde R

    with B and V = var(R~) from replicated answers. T barely depends on the parameters about their posterior mean, so
    its posterior predictive p-value is close to uniform when there is no direct effect.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    columns : sequence of str, optional
        Covariates and groupings of the fit (all by default), and columns of `frame`. Numbers are cut at quantiles
        into at most five levels.
    frame : eager data frame, optional
        The frame that was fitted, for columns that the formula does not use. Its rows are found by key or label, and
        have to hold the answers and covariates of the fit.
    key : str, optional
        Column of `frame` that tells respondents apart; by default the one that `fit` was given, else row labels.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    n_draws : int, default 400
        Draws used at the most, evenly spaced, each with one replicated data set.
    seed : int, default 0
        Of the replicated answers.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per column and item: ``p_value``, the share of data sets, replicated and observed, that depart at least
        as far; ``discrepancy`` T and what replicated data sets give, ``expected``, posterior means; then the residual
        that is largest for its standard deviation: ``residual`` R~ as a share of the answers at its level (posterior
        median) with ``lower`` and ``upper``, the interval of R~ less that of replicated data, which holds parameters
        and chance;
        its ``level`` and ``category``, the ``n`` answers at that level, and ``answered`` in all.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the classes were seen, the fit was saved without respondents, there is no such column, it is an item or
        constant, or the rows of `frame` are not those of the respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Oberski, D. L., van Kollenburg, G. H. & Vermunt, J. K. (2013). A Monte Carlo evaluation of three methods to detect
    local dependence in binary data latent class models. Advances in Data Analysis and Classification 7(3), 267-279.
    doi 10.1007/s11634-013-0146-2

    Gelman, A., Meng, X.-L. & Stern, H. (1996). Posterior predictive assessment of model fitness via realized
    discrepancies. Statistica Sinica 6(4), 733-760.

    Robins, J. M., van der Vaart, A. & Ventura, V. (2000). Asymptotic distribution of p values in composite null
    models. JASA 95(452), 1143-1156. doi 10.1080/01621459.2000.10474310

    Examples
    --------
    >>> import bayes_lca as bl
    >>> draws, survey = bl.load_example(), bl.example_survey()
    >>> table = bl.direct_effects(draws, ["participation", "gender"], frame=survey, n_draws=20)
    >>> table.index.get_level_values("column").unique().tolist()
    ['participation', 'gender']
    >>> table.loc["gender", "answered"].tolist()
    [180, 180, 180]
    """
    fit = Fit.of(draws, needs="direct_effects")
    tails = tail_probabilities(ci_prob)
    step = thinning(fit, n_draws, seed)
    if frame is not None:
        frame = fit.frame_of_respondents(frame, count)
    levels = column_levels(fit, columns, frame, key)
    parts = [
        _rows_of_column(fit, column, residuals, tails)
        for column, residuals in zip(levels, unexplained_residuals(fit, levels, step, seed), strict=True)
    ]
    table = pd.concat(parts, keys=[column.name for column in levels], names=["column", ITEM])
    note = (
        f"{fit.note}; {draws_used(fit, step)} of them used, one replicated data set each; "
        f"of {len(table)} rows about {0.05 * len(table):.1f} have a p_value below 0.05 by chance; "
        f"{100 * ci_prob:g} % intervals of the residual at the level and category that depart most for their "
        "standard deviation, chosen among all"
    )
    return SummaryTable.of(table, note)


def _rows_of_column(
    fit: Fit, column: ColumnLevels, residuals: UnexplainedResiduals, tails: Sequence[float]
) -> pd.DataFrame:
    both, n = (residuals.observed, residuals.replicated), residuals.n
    rows = []
    for j, labels in enumerate(fit.labels):
        variance = residuals.covariance[j] + LEAST_VARIANCE * np.eye(len(residuals.covariance[j]))
        cells = [part[:, j].reshape(len(part), -1) for part in both]  # (draw, level * category)
        realised, expected = (np.einsum("sa,sa->s", part, np.linalg.solve(variance, part.T).T) for part in cells)
        size = np.abs(np.median(cells[0], axis=0)) / np.sqrt(np.diag(variance))
        size = size.reshape(len(column.labels), -1)[:, : len(labels)]
        level, category = np.unravel_index(size.argmax(), size.shape)
        share, chance = (part[:, j, level, category] / n[j, level] for part in both)
        lower, upper = np.quantile(share - chance, tails)
        rows.append(
            {
                "p_value": posterior_predictive_p(realised, expected),
                "discrepancy": realised.mean(),
                "expected": expected.mean(),
                "residual": np.median(share),
                "lower": lower,
                "upper": upper,
                "level": column.labels[level],
                "category": labels[category],
                "n": int(n[j, level]),
                "answered": int(n[j].sum()),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(fit.items, name=ITEM))
