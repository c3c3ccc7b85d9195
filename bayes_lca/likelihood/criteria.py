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
        ``AIC``, ``BIC``, ``aBIC`` [1]_ and ``CAIC`` [2]_; ``aBIC`` is not a number up to 22 respondents, where its
        penalty is not positive and more classes would always win.

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
    adjusted_penalty = float(np.log((n + 2) / 24))
    return {
        "AIC": deviance + 2 * n_parameters,
        "BIC": deviance + n_parameters * float(np.log(n)),
        "aBIC": deviance + n_parameters * adjusted_penalty if adjusted_penalty > 0 else float("nan"),
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
    return float(1 - _entropy(membership, counts) / (counts.sum() * np.log(n_classes)))


def integrated_completed_likelihood(bic: float, membership: np.ndarray, counts: np.ndarray) -> float:
    r"""Compute ICL: BIC with a penalty for classes that overlap; smaller is better.

    .. math:: \mathrm{BIC} + 2 \sum_i n_i \sum_k -p_{ik} \log p_{ik}

    Parameters
    ----------
    bic : float
    membership : numpy.ndarray
        Probability of each class, shape (pattern, latent_class).
    counts : numpy.ndarray
        Respondents per pattern, shape (pattern,).

    Returns
    -------
    float

    References
    ----------
    .. [1] Biernacki, Celeux and Govaert (2000). Assessing a mixture model for clustering with the integrated completed
       likelihood. IEEE Transactions on Pattern Analysis and Machine Intelligence 22, 719-725.
       https://doi.org/10.1109/34.865189

    Examples
    --------
    >>> round(integrated_completed_likelihood(100.0, np.array([[0.5, 0.5]]), counts=np.array([10])), 3)
    113.863
    """
    return float(bic + 2 * _entropy(membership, counts))


def _entropy(membership: np.ndarray, counts: np.ndarray) -> float:
    return np.asarray(counts, dtype=float) @ entr(membership).sum(axis=1)


def assignment_quality(
    class_share: np.ndarray, membership: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""Compute how sure modal assignment to each class is.

    Over the respondents i assigned to class k, the most probable one,

    .. math::

        \mathrm{AvePP}_k &= \frac{\sum_i n_i p_{ik}}{\sum_i n_i} \\
        \mathrm{OCC}_k &= \frac{\mathrm{AvePP}_k / (1 - \mathrm{AvePP}_k)}{\pi_k / (1 - \pi_k)}

    Parameters
    ----------
    class_share : numpy.ndarray
        Shares :math:`\pi`, shape (latent_class,).
    membership : numpy.ndarray
        Probability of each class, shape (pattern, latent_class).
    counts : numpy.ndarray
        Respondents per pattern, shape (pattern,).

    Returns
    -------
    average_posterior : numpy.ndarray
        Average posterior probability, shape (latent_class,); not a number for a class to which nobody is assigned.
    odds_of_correct_classification : numpy.ndarray
        Shape (latent_class,); above 5 is taken for good [1]_, infinite without any doubt, and not a number for a
        class to which nobody is assigned or that holds everybody.

    References
    ----------
    .. [1] Nagin (2005). Group-Based Modeling of Development. Harvard University Press, chapter 5.

    Examples
    --------
    >>> membership = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> average, odds = assignment_quality(np.array([0.5, 0.5]), membership, counts=np.array([1, 1]))
    >>> average, odds.round(6)
    (array([0.9, 0.8]), array([9., 4.]))
    """
    share, membership = np.asarray(class_share, dtype=float), np.asarray(membership, dtype=float)
    assigned = np.asarray(counts, dtype=float)[:, None] * np.eye(membership.shape[1])[membership.argmax(axis=1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        average = (assigned * membership).sum(axis=0) / assigned.sum(axis=0)
        odds = average / (1 - average) / (share / (1 - share))
    return average, np.where(share < 1, odds, np.nan)
