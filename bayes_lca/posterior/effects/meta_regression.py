"""A regression between groups that owes nothing to a prior: group logits by likelihood, then meta-regression."""

from dataclasses import dataclass

import numpy as np
import scipy

from bayes_lca.likelihood.multinomial_logit import MultinomialLogit, fit_latent_logit, fit_multinomial_logit


@dataclass(frozen=True)
class MetaRegression:
    """Coefficients of group-level predictors from estimates of groups.

    Attributes
    ----------
    coefficient, standard_error : ndarray, shape (column,)
    between_sd : float
        Standard deviation between groups that predictors and estimation errors leave.
    degrees_of_freedom : int
        Groups less columns.
    """

    coefficient: np.ndarray
    standard_error: np.ndarray
    between_sd: float
    degrees_of_freedom: int

    def interval(self, ci_prob: float) -> tuple[np.ndarray, np.ndarray]:
        """Ends of t-intervals, each of shape (column,)."""
        reach = scipy.stats.t.ppf((1 + ci_prob) / 2, self.degrees_of_freedom) * self.standard_error
        return self.coefficient - reach, self.coefficient + reach

    def minimum_detectable(self, power: float, ci_prob: float) -> np.ndarray:
        r"""Effect whose interval leaves out zero with probability `power`, shape (column,).

        .. math:: (t_{(1 + \mathrm{ci\_prob})/2,\, \nu} + t_{\mathrm{power},\, \nu})\, \mathrm{SE}
        """
        quantiles = scipy.stats.t.ppf([(1 + ci_prob) / 2, power], self.degrees_of_freedom)
        return quantiles.sum() * self.standard_error


def meta_regression(estimate: np.ndarray, covariance: np.ndarray, design: np.ndarray) -> MetaRegression:
    r"""Random-effects meta-regression with a t-interval for few groups.

    .. math::
        \hat\gamma \sim N(X \beta, V + \tau^2 I), \qquad
        \mathrm{cov}(\hat\beta) = \frac{Q(\hat\tau^2)}{\nu} (X^\top W X)^{-1}, \quad W = (V + \hat\tau^2 I)^{-1}

    with :math:`\tau^2` where the weighted residual sum of squares Q equals its degrees of freedom
    :math:`\nu` (Paule & Mandel), 0 if Q is smaller already there; then the interval shortens with Q (Knapp & Hartung).

    Parameters
    ----------
    estimate : ndarray, shape (group,)
    covariance : ndarray, shape (group, group)
        Of the estimation errors, V.
    design : ndarray, shape (group, column)
        With the column of ones; fewer columns than groups.

    References
    ----------
    Paule, R. C. & Mandel, J. (1982). Consensus values and weighting factors. Journal of Research of the National
    Bureau of Standards 87(5), 377-385. doi 10.6028/jres.087.022

    Knapp, G. & Hartung, J. (2003). Improved tests for a random effects meta-regression with a single covariate.
    Statistics in Medicine 22(17), 2693-2710. doi 10.1002/sim.1482

    Examples
    --------
    >>> import numpy as np
    >>> x = np.column_stack([np.ones(4), [0, 1, 2, 3]])
    >>> regression = meta_regression(np.array([0.1, 0.9, 2.1, 2.9]), 0.01 * np.eye(4), x)
    >>> regression.coefficient.round(2), regression.degrees_of_freedom
    (array([0.06, 0.96]), 2)
    """
    degrees_of_freedom = len(estimate) - design.shape[1]

    def fitted(variance: float) -> tuple[np.ndarray, np.ndarray, float]:
        weight = np.linalg.inv(covariance + variance * np.eye(len(estimate)))
        inverse = np.linalg.inv(design.T @ weight @ design)
        coefficient = inverse @ design.T @ weight @ estimate
        residual = estimate - design @ coefficient
        return coefficient, inverse, float(residual @ weight @ residual)

    def excess(variance: float) -> float:
        return fitted(variance)[2] - degrees_of_freedom

    variance = 0.0
    if excess(0.0) > 0:
        highest = float(np.ptp(estimate) ** 2 + np.trace(covariance))
        while excess(highest) > 0:
            highest *= 4
        variance = float(scipy.optimize.brentq(excess, 0.0, highest, xtol=1e-12))
    coefficient, inverse, residual = fitted(variance)
    standard_error = np.sqrt(residual / degrees_of_freedom * np.diag(inverse))
    return MetaRegression(coefficient, standard_error, np.sqrt(variance), degrees_of_freedom)


def group_logits(
    index: np.ndarray,
    individual: np.ndarray,
    log_evidence: np.ndarray,
    count: np.ndarray | None = None,
) -> MultinomialLogit:
    r"""Class logits of every group by maximum likelihood, adjusted for covariates of individuals.

    A class that nobody of a small group is in would have a logit of minus infinity. Every respondent therefore counts
    for another half of their leverage in every class, leverages adding up to the number of columns: without covariates
    half a respondent per group and class. That is Jeffreys' prior, whose mode has the bias of order 1/n removed
    (Firth), in a regression with a column per group, and close to it in others.

    Parameters
    ----------
    index : ndarray of int, shape (row,)
        Group of each row.
    individual : ndarray, shape (row, column)
        Covariates; columns that follow from the groups and from earlier columns are left out.
    log_evidence : ndarray, shape (row, latent_class)
        Log probability of what was seen of the row in each class: 0 for a class that is seen, minus infinity else.
    count : ndarray, shape (row,), optional
        Respondents with each row, 1 by default.

    Returns
    -------
    MultinomialLogit
        Terms are the groups, then covariates.

    Raises
    ------
    NoMaximumError
        If answers do not tell classes apart.

    References
    ----------
    Firth, D. (1993). Bias reduction of maximum likelihood estimates. Biometrika 80(1), 27-38.
    doi 10.1093/biomet/80.1.27
    """
    count = np.ones(len(index)) if count is None else np.asarray(count, dtype=float)
    center = np.average(individual, axis=0, weights=count)
    design = _independent(np.eye(index.max() + 1)[index], individual - center)
    root = np.sqrt(count)[:, None]
    half_leverage = (np.linalg.qr(root * design)[0] ** 2).sum(axis=1) / 2  # (row,), of all respondents of the row
    n_classes = log_evidence.shape[1]
    seen = np.isneginf(log_evidence).sum(axis=1) == n_classes - 1
    if seen.all():
        indicator = np.isfinite(log_evidence).astype(float)
        return fit_multinomial_logit(design, count[:, None] * indicator + half_leverage[:, None], np.ones(len(design)))
    known = np.where(np.eye(n_classes) == 1, 0.0, -np.inf)  # (latent_class, latent_class)
    return fit_latent_logit(
        np.tile(design, (1 + n_classes, 1)),
        np.concatenate([log_evidence, *(np.tile(row, (len(design), 1)) for row in known)]),
        np.concatenate([count, np.tile(half_leverage, n_classes)]),
    )


def _independent(groups: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Group indicators, and the columns that do not follow from what stands before them."""
    chosen = groups
    for column in columns.T:
        residual = column - chosen @ np.linalg.lstsq(chosen, column, rcond=None)[0]
        if np.linalg.norm(residual) > 1e-7 * np.linalg.norm(column):
            chosen = np.column_stack([chosen, column])
    return chosen
