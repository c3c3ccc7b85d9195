r"""Regress a latent class on covariates in steps: classes first, then the regression with the classes held fixed.

Step one gives item probabilities and class shares. Assigning respondents to their most probable class and regressing
that class understates effects, because some assignments are wrong. The estimators differ in what stands for the
hidden class in the regression:

================  ============================================  ======================================
method            what the regression sees of a respondent      errors of assignment
================  ============================================  ======================================
``modal``         the most probable class                       ignored
``proportional``  membership probabilities as class weights     ignored
``bch``           the assignment as class weights               undone by the inverse error matrix
``ml``            the assignment as the indicator of the class  an emission: the error matrix, fixed
``two_step``      the answers                                   none made; item probabilities fixed
================  ============================================  ======================================
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from bayes_lca.data.probabilities import check_class_share, check_item_probability
from bayes_lca.likelihood.classification import Assignment, Classification
from bayes_lca.likelihood.multinomial_logit import MultinomialLogit
from bayes_lca.workflows.ladder.regression_given_first_step import SecondStep

Method = Literal["modal", "proportional", "bch", "ml", "two_step"]


def stepwise(
    codes: ArrayLike,
    count: ArrayLike,
    design: ArrayLike,
    item_probability: ArrayLike,
    class_share: ArrayLike,
    *,
    method: Method = "two_step",
    assignment: Assignment = "modal",
    terms: Sequence[str] | None = None,
    measurement_codes: ArrayLike | None = None,
    measurement_count: ArrayLike | None = None,
    shared_respondents: bool = True,
    first_step_known: bool = False,
) -> MultinomialLogit:
    r"""Regress a latent class on covariates with the measurement held at its estimates.

    With membership :math:`h_{ic} = P(c \mid y_i)`, the assignment :math:`a_{iw}`, which is one in the most probable
    class or (proportional) the membership itself, and the error matrix
    :math:`D_{cw} = \sum_i n_i h_{ic} a_{iw} / \sum_i n_i h_{ic}` [1]_, the coefficients maximise

    .. math::

        \text{modal, proportional:}\quad & \sum_i n_i \sum_c a_{ic} \log P(c \mid x_i) \\
        \text{bch [1]_ [2]_:}\quad & \sum_i n_i \sum_c (a_i D^{-1})_c \log P(c \mid x_i) \\
        \text{ml [2]_:}\quad & \sum_i n_i \sum_w a_{iw} \log \sum_c P(c \mid x_i) D_{cw} \\
        \text{two\_step [3]_:}\quad & \sum_i n_i \log \sum_c P(c \mid x_i) \prod_j \rho_{c j y_{ij}}

    Parameters
    ----------
    codes : array_like of int
        Answers of the regression's rows, 0, 1, ..., -1 where missing, shape (row, item).
    count : array_like
        Respondents per row, shape (row,).
    design : array_like
        Covariates without a column of ones, which is put before them, shape (row, term).
    item_probability : array_like
        Estimates of step one, shape (latent_class, item, category).
    class_share : array_like
        Estimates of step one, shape (latent_class,).
    method : {"modal", "proportional", "bch", "ml", "two_step"}
        What stands for the hidden class; see the table at the top of the module.
    assignment : {"modal", "proportional"}
        Of ``bch`` and ``ml``.
    terms : sequence of str, optional
        Names of the design columns.
    measurement_codes, measurement_count : array_like, optional
        Answers and counts that step one was estimated from, where these are not those of the regression: error
        matrix and uncertainty of step one come from them.
    shared_respondents : bool, default True
        Whether the regression's respondents are among those of step one, all or some. False where
        `measurement_codes` are other people's answers.
    first_step_known : bool, default False
        Leave the uncertainty of step one out of the standard errors.

    Returns
    -------
    MultinomialLogit
        With the terms ``intercept`` and those of the design. `contrast` gives log odds between any two classes.

    Raises
    ------
    ValueError
        If arguments do not fit each other, a code is impossible, or a term follows from the others.
    NoMaximumError
        If no finite coefficients maximise the criterion. With ``bch`` weights are negative and that can happen
        where ``ml`` and ``two_step`` have a maximum.
    FirstStepError
        If the uncertainty of step one is not known: its estimates are not at a maximum, or coefficients depend on
        something that the answers do not identify. `first_step_known` leaves it out.
    ErrorMatrixError
        If the matrix of classification errors has no inverse, which ``bch`` needs.

    Notes
    -----
    Standard errors of ``two_step`` are those of pseudo maximum likelihood,
    :math:`V_2 + V_2 C V_1 C' V_2` [3]_ [4]_, with :math:`V_2` and :math:`V_1` from the observed information of the
    two steps and C the derivative of the second step's score with respect to the log ratios of the first. This is
    exact in large samples, also with the same respondents in both steps, because estimated item probabilities are
    uncorrelated with the second score. For ``bch`` and ``ml`` they are not, and the error matrix adds a sampling error
    of its own. Their covariance is therefore the sandwich [2]_ of scores to which each respondent's influence on the
    second step, through item probabilities, shares and error matrix, has been added [5]_. ``modal`` keeps the
    standard errors of a regression of a class that was seen and ``proportional`` takes the sandwich; neither makes
    up for the attenuation.

    Probabilities at their boundary of zero count as known (see `bayes_lca.likelihood.classification`).

    References
    ----------
    .. [1] Bolck, Croon and Hagenaars (2004). Estimating latent structure models with categorical variables:
       One-step versus three-step estimators. Political Analysis 12, 3-27. https://doi.org/10.1093/pan/mph001
    .. [2] Vermunt (2010). Latent class modeling with covariates: Two improved three-step approaches. Political
       Analysis 18, 450-469. https://doi.org/10.1093/pan/mpq025; Bakk, Tekle and Vermunt (2013). Estimating the
       association between latent class membership and external variables using bias-adjusted three-step
       approaches. Sociological Methodology 43, 272-311. https://doi.org/10.1177/0081175012470644
    .. [3] Bakk and Kuha (2018). Two-step estimation of models between latent classes and external variables.
       Psychometrika 83, 871-892. https://doi.org/10.1007/s11336-017-9592-7
    .. [4] Bakk, Oberski and Vermunt (2014). Relating latent class assignments to external variables: Standard
       errors for correct inference. Political Analysis 22, 520-540. https://doi.org/10.1093/pan/mpu003
    .. [5] Newey and McFadden (1994). Large sample estimation and hypothesis testing. Handbook of Econometrics 4,
       2111-2245, section 6. https://doi.org/10.1016/S1573-4412(05)80005-4

    Examples
    --------
    Of 100 respondents at x = 0 fewer are in class 1 than of 100 at x = 1:

    >>> import numpy as np
    >>> codes = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 1]] * 2)
    >>> x, count = np.array([[0]] * 3 + [[1]] * 3), np.array([70, 20, 10, 20, 70, 10])
    >>> rho = np.array([[[0.95, 0.05]] * 3, [[0.05, 0.95]] * 3])
    >>> for method in ("modal", "two_step"):
    ...     estimate = stepwise(codes, count, x, rho, [0.55, 0.45], method=method, terms=["x"], first_step_known=True)
    ...     print(method, estimate.contrast(1, 0).loc["x", "estimate"].round(2))
    modal 2.23
    two_step 2.28
    """
    for name, value, known in (("method", method, Method), ("assignment", assignment, Assignment)):
        if value not in get_args(known):
            raise ValueError(f"{name} is {value!r}: choose from {', '.join(get_args(known))}.")
    if (measurement_codes is None) != (measurement_count is None):
        raise ValueError("measurement_codes and measurement_count belong together: give both or neither.")
    if measurement_codes is None and not shared_respondents:
        raise ValueError("shared_respondents is False without measurement_codes: give the answers of step one.")
    probability, share = check_item_probability(item_probability), check_class_share(class_share)
    if len(probability) != len(share) or len(share) < 2:
        raise ValueError(
            f"item_probability has {len(probability)} classes and class_share {len(share)}: give two or more, as many."
        )
    codes, count = _check_answers(codes, count, probability, "")
    of_step_one = (codes, count)
    if measurement_codes is not None:
        of_step_one = _check_answers(measurement_codes, measurement_count, probability, "measurement_")
    design = np.asarray(design, dtype=float)
    if design.ndim != 2 or len(design) != len(codes):
        raise ValueError(f"design has shape {design.shape} but codes {len(codes)} rows: give (row, term).")
    terms = [f"term {t + 1}" for t in range(design.shape[1])] if terms is None else terms

    patterns, pattern_of_row = np.unique(of_step_one[0], axis=0, return_inverse=True)
    pattern_count = np.bincount(pattern_of_row.reshape(-1), weights=of_step_one[1])  # (pattern,)
    second_step = SecondStep(
        codes=codes,
        count=count,
        design=np.column_stack([np.ones(len(codes)), design]),
        base=Classification(probability, share, patterns, pattern_count),
        method=method,
        assignment=method if method == "modal" or method == "proportional" else assignment,
    )
    estimate = second_step.fit(("intercept", *terms))
    covariance = second_step.covariance(estimate, first_step_known=first_step_known, shared=shared_respondents)
    return replace(estimate, covariance=covariance)


def _check_answers(codes, count, probability: np.ndarray, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    codes, count = np.asarray(codes), np.asarray(count, dtype=float)
    _, n_items, n_categories = probability.shape
    if codes.ndim != 2 or codes.shape[1] != n_items or codes.dtype.kind not in "iu":
        raise ValueError(
            f"{prefix}codes has shape {codes.shape} and type {codes.dtype}: "
            f"give integers (row, item) for the {n_items} items of item_probability, -1 for missing."
        )
    if count.shape != codes.shape[:1] or not (count >= 0).all() or not 0 < count.sum() < np.inf:
        raise ValueError(f"{prefix}count has shape {count.shape} or negative values: give one number >= 0 per row.")
    possible = (probability > 0).any(axis=0)  # (item, category)
    outside = (codes < -1) | (codes >= n_categories)
    impossible = outside | ((codes >= 0) & ~possible[np.arange(n_items), np.where(outside, 0, codes)])
    if impossible.any():
        row, item = np.argwhere(impossible)[0]
        raise ValueError(
            f"{prefix}codes has {codes[row, item]} for item {item} in row {row}, an answer that item_probability "
            "makes impossible: use codes 0, 1, ... of the answers it was estimated from, and -1 for missing."
        )
    return codes, count
