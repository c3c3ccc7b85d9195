r"""Is one class more worth it: the likelihood ratio against a weighted sum of chi-squared variables.

Twice the difference of two log-likelihoods is, with score sums :math:`s` and observed informations :math:`I` of both
models at their estimates, about :math:`s_f' I_f^{-1} s_f - s_g' I_g^{-1} s_g`. The scores are normal around zero
with the covariance that the respondents show, so the difference is a weighted sum of squared normals. Mplus takes the
robust covariance :math:`I^{-1} J I^{-1}` in the place of :math:`I^{-1}`, J the products of scores, added up.
"""

from dataclasses import dataclass

import numpy as np

from bayes_lca.data.frame import Frame
from bayes_lca.data.responses import MISSING
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.criteria import n_parameters
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.identification import degrees_of_freedom
from bayes_lca.likelihood.modes import TIED_RATIO, MaximumLikelihood
from bayes_lca.likelihood.row_sums import sum_products
from bayes_lca.likelihood.whitened_scores import WhitenedScores
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.nominal import read_answers
from bayes_lca.verdict import InWords
from bayes_lca.workflows.class_counts.weighted_chi_squared import weighted_chi_squared_tail

LIMITS = (
    "VLMR and LMR are a guide and no test of known size (Jeffries 2003, doi 10.1093/biomet/90.4.991): at 0.05 they "
    "asked for a class too many in up to 22 % of simulated surveys of 2200, Vuong's own p in up to 60 %, the bootstrap "
    "test in 2 to 5 %"
)


@dataclass(frozen=True, eq=False, repr=False)
class VuongLoMendellRubin(InWords):
    """One class fewer against `n_classes`.

    Attributes
    ----------
    n_classes : int
        Classes of the larger model.
    statistic : float
        Twice the difference of the log-likelihoods.
    p : float
        Upper tail of the weighted sum with the robust covariance of each model; 1 where the larger model fits no
        better, not a number where `remark` says why.
    adjusted_statistic, adjusted_p : float
        The same with the adjustment of Lo, Mendell and Rubin.
    vuong_p, vuong_adjusted_p : float
        Both p-values with the inverse information alone, as Vuong's formula has it and Latent GOLD computes it.
    weights, vuong_weights : numpy.ndarray
        Weights of the squared normals behind `p` and behind `vuong_p`, falling.
    boundary_parameters : int
        Parameters of both models left out because they are at the boundary of zero.
    unidentified_parameters : int
        Directions of the parameters of both models left out because the answers say nothing about them.
    degrees_of_freedom : int
        Of the larger model; see `degrees_of_freedom` in `bayes_lca.likelihood.identification`.
    remark : str
        What the p-value does not say, or why there is none; or nothing.
    """

    n_classes: int
    statistic: float
    p: float
    adjusted_statistic: float
    adjusted_p: float
    vuong_p: float
    vuong_adjusted_p: float
    weights: np.ndarray
    vuong_weights: np.ndarray
    boundary_parameters: int
    unidentified_parameters: int
    degrees_of_freedom: int
    remark: str = ""

    @property
    def mean(self) -> float:
        """Mean of the weighted sum, as TECH11 of Mplus prints it."""
        return float(self.weights.sum()) if len(self.weights) else np.nan

    @property
    def sd(self) -> float:
        """Standard deviation of the weighted sum."""
        return float(np.sqrt(2 * (self.weights**2).sum())) if len(self.weights) else np.nan

    def __str__(self) -> str:
        return (
            f"{self.n_classes - 1} against {self.n_classes} classes: 2 dLL = {self.statistic:.3f}, p = {self.p:.4f} "
            f"(weighted sum of mean {self.mean:.3f} and SD {self.sd:.3f}); "
            f"adjusted {self.adjusted_statistic:.3f}, p = {self.adjusted_p:.4f}; with the inverse information alone, "
            f"p = {self.vuong_p:.4f} and {self.vuong_adjusted_p:.4f}; "
            f"{self.boundary_parameters} parameters at the boundary and {self.unidentified_parameters} that the "
            f"answers do not identify are left out. {self.remark + '. ' if self.remark else ''}{LIMITS}."
        )


def vuong_lo_mendell_rubin(
    items: Items, frame: Frame, n_classes: int, *, count: str | int | None = None, starts: int = 100, seed: int = 1
) -> VuongLoMendellRubin:
    r"""Test `n_classes` - 1 against `n_classes` latent classes by a weighted chi-squared.

    Under the smaller model g, :math:`2 \Delta L \to \sum_i w_i Z_i^2` [1]_ [2]_, with :math:`w_i` the eigenvalues of

    .. math:: W = \begin{pmatrix} B_f V_f & -B_{fg} V_g \\ B_{gf} V_f & -B_g V_g \end{pmatrix},

    B the mean products of the scores of the larger (f) and the smaller (g) model. Vuong's V is the inverse of A, the
    mean observed information; Mplus, in its TECH11, takes the robust :math:`V = A^{-1} B A^{-1}` [3]_, and so does `p`.
    Vuong's own is `vuong_p`. Beside both stands the p-value for
    :math:`2 \Delta L / (1 + 1 / ((p_f - p_g) \log n))` [2]_.

    Parameters
    ----------
    items : Items
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    n_classes : int
        Classes of the larger model, from 2 on.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    starts : int, default 100
        Random starts of each of the two fits.
    seed : int

    Returns
    -------
    VuongLoMendellRubin

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If items are not nominal, items or counts cannot be used, or `n_classes` is below 2 or above the number of
        distinct patterns.

    Warns
    -----
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.

    Notes
    -----
    Respondents without any answer take no part.

    The proof of [2]_ takes for granted what fails here: the smaller model is the larger one at a point where its
    parameters are not identified or lie on the boundary [4]_. Estimates at the boundary of zero are left out of W, as
    Mplus leaves out logits that it has fixed at 15 or -15, and so are directions that the answers say nothing about;
    the result counts both. Simulations find the test useful and the bootstrap better [5]_. Where the larger model fits
    no better than EM can tell, p is 1.

    References
    ----------
    .. [1] Vuong (1989). Likelihood ratio tests for model selection and non-nested hypotheses. Econometrica 57,
       307-333. https://doi.org/10.2307/1912557
    .. [2] Lo, Mendell and Rubin (2001). Testing the number of components in a normal mixture. Biometrika 88, 767-778.
       https://doi.org/10.1093/biomet/88.3.767
    .. [3] Vermunt (2024). The Vuong-Lo-Mendell-Rubin test for latent class and latent profile analysis: A note on the
       different implementations in Mplus and LatentGOLD. Methodology 20, 72-83. https://doi.org/10.5964/meth.12467
    .. [4] Jeffries (2003). A note on 'Testing the number of components in a normal mixture'. Biometrika 90, 991-994.
       https://doi.org/10.1093/biomet/90.4.991
    .. [5] Nylund, Asparouhov and Muthen (2007). Deciding on the number of classes in latent class analysis and growth
       mixture modeling. Structural Equation Modeling 14, 535-569. https://doi.org/10.1080/10705510701575396

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> test = bl.vuong_lo_mendell_rubin(items, bl.example_survey(), 2, starts=10)
    >>> test.p < 0.001
    True
    """
    responses = read_answers(items, frame, count).responses
    patterns = unique_rows(responses.codes)
    codes, counts = responses.codes[patterns.first], patterns.count
    check_two_or_more(n_classes, len(counts))
    smaller, larger = (
        fit_em(codes, counts, responses.n_categories, k, n_starts=starts, seed=seed, newton=False)
        for k in (n_classes - 1, n_classes)
    )
    return compare_by_scores(smaller, larger, codes, counts)


def check_two_or_more(n_classes: int, n_patterns: int) -> None:
    """Refuse a number of classes that has no smaller one to be compared with, or more classes than patterns."""
    if not isinstance(n_classes, int | np.integer) or isinstance(n_classes, bool) or n_classes < 2:
        raise ValueError(f"n_classes is {n_classes!r}: give the larger number of classes, a whole number from 2 on.")
    if n_classes > n_patterns:
        raise ValueError(f"{n_classes} classes exceed the {n_patterns} distinct answer patterns; ask for fewer classes")


def compare_by_scores(
    smaller: MaximumLikelihood,
    larger: MaximumLikelihood,
    codes: np.ndarray,
    counts: np.ndarray,
    scores: tuple[WhitenedScores, WhitenedScores] | None = None,
) -> VuongLoMendellRubin:
    """The test from two fits to the same answers.

    Parameters
    ----------
    smaller, larger : MaximumLikelihood
    codes : numpy.ndarray of int, shape (pattern, item)
    counts : numpy.ndarray, shape (pattern,)
        Respondents with each row of answers.
    scores : tuple of WhitenedScores, optional
        Of the smaller and the larger fit, where they are known.
    """
    n_classes, n = len(larger.class_share), counts.sum()
    n_categories = [np.unique(answers[answers != MISSING]).size for answers in codes.T]
    p_smaller, p_larger = (n_parameters(k, n_categories) for k in (n_classes - 1, n_classes))
    statistic = 2 * (larger.log_likelihood - smaller.log_likelihood)
    adjusted = statistic / (1 + 1 / ((p_larger - p_smaller) * np.log(n)))
    of_smaller, of_larger = scores or tuple(WhitenedScores.of(fit, codes, counts) for fit in (smaller, larger))
    freedom = degrees_of_freedom(p_larger, n_categories)
    remark = _remark(statistic, n_classes, freedom, of_smaller, of_larger)
    weights = vuong_weights = np.array([])
    if not (of_smaller.remark or of_larger.remark):
        weights = _weights(of_larger.robust, of_smaller.robust, counts)
        vuong_weights = _weights(of_larger.score, of_smaller.score, counts)
    if abs(statistic) <= TIED_RATIO:
        p_values = [1.0] * 4
    elif statistic < 0 or not len(weights):
        p_values = [np.nan] * 4
    else:
        pairs = [(ratio, of_sum) for of_sum in (weights, vuong_weights) for ratio in (statistic, adjusted)]
        p_values = [weighted_chi_squared_tail(of_sum, ratio) for ratio, of_sum in pairs]
    p, adjusted_p, vuong_p, vuong_adjusted_p = p_values
    return VuongLoMendellRubin(
        n_classes=n_classes,
        statistic=statistic,
        p=p,
        adjusted_statistic=adjusted,
        adjusted_p=adjusted_p,
        vuong_p=vuong_p,
        vuong_adjusted_p=vuong_adjusted_p,
        weights=weights,
        vuong_weights=vuong_weights,
        boundary_parameters=p_larger + p_smaller - of_larger.n_free - of_smaller.n_free,
        unidentified_parameters=of_larger.n_unidentified + of_smaller.n_unidentified,
        degrees_of_freedom=freedom,
        remark=remark,
    )


def _remark(
    statistic: float, n_classes: int, freedom: int, of_smaller: WhitenedScores, of_larger: WhitenedScores
) -> str:
    """What to know beside the p-value, or instead of it."""
    remarks = []
    if freedom < 0:
        remarks.append(
            f"{n_classes} classes have {-freedom} parameters more than these items can tell apart, so they are not "
            "identified"
        )
    if abs(statistic) <= TIED_RATIO:
        remarks.append("the larger model fits no better")
    elif statistic < 0 and freedom >= 0:
        remarks.append("the larger model ends below the smaller, so its maximum was missed: give more starts")
    elif of_smaller.remark or (of_larger.remark and freedom >= 0):
        remarks += [model.remark for model in (of_larger, of_smaller) if model.remark]
    return "; ".join(remarks)


def _weights(larger: np.ndarray, smaller: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Eigenvalues of W, falling, from scores whose squared sums are the two forms: those of a symmetric matrix."""
    score = np.column_stack([larger, smaller])
    value, vector = np.linalg.eigh(sum_products(score, score, counts))
    root = vector * np.sqrt(np.maximum(value, 0))  # (direction, factor)
    sign = np.repeat([1.0, -1.0], [larger.shape[1], smaller.shape[1]])
    return np.linalg.eigvalsh(sum_products(root, root, sign))[::-1]
