"""Fit of a latent class model weighed against its size, and how clearly it separates the classes."""

from collections.abc import Sequence

import numpy as np
from scipy.special import entr


def n_parameters(n_classes: int, n_categories: Sequence[int]) -> int:
    r"""Count the free parameters of a latent class model.

    .. math:: (K - 1) + K \sum_j (C_j - 1)

    Parameters
    ----------
    n_classes : int
        Number of classes K.
    n_categories : sequence of int
        Number of categories C of each item, shape (item,).

    Returns
    -------
    int
        Free class shares plus free item probabilities.

    Raises
    ------
    ValueError
        If `n_classes` is below one.

    Examples
    --------
    >>> n_parameters(3, (3, 2, 2, 3))
    20
    """
    if n_classes < 1:
        raise ValueError(f"n_classes is {n_classes}: a model has at least one class.")
    return (n_classes - 1) + n_classes * sum(int(n) - 1 for n in n_categories)


def information_criteria(log_likelihood: float, n_parameters: int, n: float) -> dict[str, float]:
    r"""Compute AIC, BIC, sample-size adjusted BIC and CAIC; smaller is better for each.

    With log-likelihood L and p parameters,

    .. math::

        \mathrm{AIC} &= -2L + 2p \\
        \mathrm{BIC} &= -2L + p \log n \\
        \mathrm{aBIC} &= -2L + p \log\frac{n + 2}{24} \\
        \mathrm{CAIC} &= -2L + p (\log n + 1)

    Parameters
    ----------
    log_likelihood : float
        Maximised log-likelihood.
    n_parameters : int
        Number of free parameters p.
    n : float
        Number of respondents.

    Returns
    -------
    dict
        ``AIC``, ``BIC``, ``aBIC`` [1]_ and ``CAIC`` [2]_.

    Raises
    ------
    ValueError
        If `n` is not positive.

    References
    ----------
    .. [1] Sclove (1987). Application of model-selection criteria to some problems in multivariate analysis.
       Psychometrika 52, 333-343. https://doi.org/10.1007/BF02294360
    .. [2] Bozdogan (1987). Model selection and Akaike's information criterion. Psychometrika 52, 345-370.
       https://doi.org/10.1007/BF02294361

    Examples
    --------
    >>> round(information_criteria(-2783.268, 13, 1202)["BIC"], 3)
    5658.729
    """
    if not n > 0:
        raise ValueError(f"n is {n}: give the number of respondents, which is positive.")
    deviance = -2 * float(log_likelihood)
    return {
        "AIC": deviance + 2 * n_parameters,
        "BIC": deviance + n_parameters * float(np.log(n)),
        "aBIC": deviance + n_parameters * float(np.log((n + 2) / 24)),
        "CAIC": deviance + n_parameters * (float(np.log(n)) + 1),
    }


def entropy_r2(membership: np.ndarray, counts: np.ndarray) -> float:
    r"""Compute the relative entropy of class membership: 1 when every respondent is certain, 0 when none is.

    .. math:: 1 - \frac{\sum_i n_i \sum_k -p_{ik} \log p_{ik}}{n \log K}

    Parameters
    ----------
    membership : numpy.ndarray
        Probability of each class, shape (pattern, latent_class).
    counts : numpy.ndarray
        Respondents per pattern, shape (pattern,).

    Returns
    -------
    float
        Between 0 and 1, up to rounding. Not a number with one class, where nothing is uncertain and the
        denominator is zero.

    Raises
    ------
    ValueError
        If the number of rows differs from the number of counts.

    References
    ----------
    .. [1] Ramaswamy, Desarbo, Reibstein and Robinson (1993). An empirical pooling approach for estimating
       marketing mix elasticities with PIMS data. Marketing Science 12, 103-124.
       https://doi.org/10.1287/mksc.12.1.103

    Examples
    --------
    >>> import numpy as np
    >>> entropy_r2(np.array([[1.0, 0.0], [0.5, 0.5]]), counts=np.array([1, 1]))
    0.5
    """
    membership, counts = np.asarray(membership, dtype=float), np.asarray(counts, dtype=float)
    if membership.ndim != 2 or counts.shape != membership.shape[:1]:
        raise ValueError(
            f"membership has shape {membership.shape} and counts {counts.shape}: "
            "give (pattern, latent_class) and one count per pattern."
        )
    n_classes = membership.shape[1]
    if n_classes == 1:
        return float("nan")
    uncertainty = counts @ entr(membership).sum(axis=1)
    return float(1 - uncertainty / (counts.sum() * np.log(n_classes)))
