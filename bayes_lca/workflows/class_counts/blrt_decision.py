r"""Is one class more worth it, yes or no: the bootstrap test, stopped as soon as no further draw can change its answer.

The test with B draws rejects where at most :math:`m = \lfloor \alpha (B + 1) \rfloor - 1` of them reach the observed
statistic. So it is over once m + 1 have, or once so few draws are left that m cannot be passed any more.

Many draws need no fit. Whatever the classes, no model fits a sample better than the shares of its patterns do, and no
fit with fewer classes falls below the model that the sample was drawn from:

.. math:: 2 \Delta L_b \le 2 \Bigl( \sum_y n_y \log \frac{n_y}{n_{\text{answered}(y)}} - L_b(\hat\theta) \Bigr)

with :math:`n_y` respondents with answers y, among those who answered the same items. A sample for which the right side
is below the observed statistic stays below it.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy

from bayes_lca.data.responses import MISSING
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.answers import log_probability_of_answers
from bayes_lca.likelihood.modes import MaximumLikelihood
from bayes_lca.workflows.class_counts.best_of_rounds import compare_fits
from bayes_lca.workflows.class_counts.blrt import reaches
from bayes_lca.workflows.class_counts.bootstrap_samples import draw_sample, missing_answers, sample_seeds

ROUNDING = 1e-9
"""Added to the level times the draws before rounding down, so that .05 times 20 is 1."""


@dataclass(frozen=True)
class BootstrapDecision:
    """One class fewer against one more, at a level.

    Attributes
    ----------
    rejected : bool
        Whether the p-value of all draws is at most the level.
    draws : int
        Draws of the test.
    made : int
        Draws after which its answer was certain.
    fitted : int
        Draws among these that both models had to be fitted to.
    exceeding : int
        Draws among these with a statistic as large as the observed one.
    """

    rejected: bool
    draws: int
    made: int
    fitted: int
    exceeding: int


def decide_by_bootstrap(
    smaller: MaximumLikelihood,
    statistic: float,
    codes: np.ndarray,
    n_categories: tuple[int, ...],
    *,
    draws: int,
    starts: int = 20,
    max_iterations: int = 20_000,
    seed: int = 1,
    level: float = 0.05,
) -> BootstrapDecision:
    r"""Test the classes of `smaller` against one more at a level, with as few draws as the answer needs.

    Draws are those of `bootstrap_likelihood_ratio` with the same seed, and the answer is whether its p-value is at
    most the level. Where :math:`\alpha (B + 1)` is a whole number, such as B = 19, 39 or 99 for 5 %, few draws cost
    power but no error of the first kind [1]_. The draws made until a decision give no p-value in the usual way, only
    the sequential one [2]_.

    Parameters
    ----------
    smaller : MaximumLikelihood
        Fit with one class fewer to the observed answers.
    statistic : float
        Twice the difference of the log-likelihoods of the observed answers.
    codes : numpy.ndarray of int, shape (respondent, item)
        Answers, -1 where missing; only where they are missing matters.
    n_categories : tuple of int, shape (item,)
    draws : int
        Bootstrap samples B.
    starts, seed : int
        As in `bootstrap_likelihood_ratio`.
    max_iterations : int
        EM updates allowed to each start. Most of the time goes into the last few starts: 300 updates take about a
        third of it, and gave the statistic that 600 give in 128 samples of 2200 respondents.
    level : float, default 0.05

    Returns
    -------
    BootstrapDecision

    Raises
    ------
    ValueError
        If so few draws can never reject.

    References
    ----------
    .. [1] Dufour (2006). Monte Carlo tests with nuisance parameters. Journal of Econometrics 133, 443-477.
       https://doi.org/10.1016/j.jeconom.2005.06.007
    .. [2] Besag and Clifford (1991). Sequential Monte Carlo p-values. Biometrika 78, 301-304.
       https://doi.org/10.1093/biomet/78.2.301

    Examples
    --------
    >>> from bayes_lca.likelihood.em import fit_em
    >>> codes = np.array([[0, 0], [1, 1]] * 50)
    >>> one_class = fit_em(codes, np.ones(100), (2, 2), 1)
    >>> decide_by_bootstrap(one_class, 2 * 100 * np.log(2), codes, (2, 2), draws=19)
    BootstrapDecision(rejected=True, draws=19, made=19, fitted=0, exceeding=0)
    """
    allowed = math.floor(level * (draws + 1) + ROUNDING) - 1
    if allowed < 0:
        raise ValueError(
            f"draws={draws!r}: with so few the p-value cannot be {level:g} or less; "
            f"give {math.ceil(1 / level - ROUNDING) - 1} or more"
        )
    share, probability = smaller.class_share, smaller.item_probability
    hidden, each_fit = missing_answers(codes), {"n_starts": starts, "max_iterations": max_iterations}
    made = fitted = exceeding = 0
    for of_draw in sample_seeds(seed, len(share) + 1, draws):
        rng = np.random.default_rng(of_draw)
        rows, counts = draw_sample(share, probability, hidden, rng)
        made += 1
        if reaches(largest_ratio(share, probability, rows, counts), statistic):
            fitted += 1
            ratio, *_ = compare_fits(rows, counts, n_categories, len(share) + 1, rng, **each_fit)
            exceeding += int(reaches(ratio, statistic))
        if exceeding > allowed or exceeding + draws - made <= allowed:
            break
    return BootstrapDecision(exceeding <= allowed, draws, made, fitted, int(exceeding))


def largest_ratio(share: np.ndarray, probability: np.ndarray, codes: np.ndarray, counts: np.ndarray) -> float:
    """Twice the log-likelihood ratio that no larger model can exceed in a sample from a model.

    Parameters
    ----------
    share : numpy.ndarray, shape (latent_class,)
    probability : numpy.ndarray, shape (latent_class, item, category)
    codes : numpy.ndarray of int, shape (pattern, item)
        Distinct rows of answers, -1 where missing.
    counts : numpy.ndarray, shape (pattern,)
        Respondents with each.
    """
    log_joint = np.log(share) + log_probability_of_answers(probability, codes)  # (pattern, latent_class)
    log_likelihood = counts @ scipy.special.logsumexp(log_joint, axis=1)
    same_items = unique_rows(codes == MISSING).pattern  # (pattern,)
    alike = np.bincount(same_items, weights=counts)[same_items]  # (pattern,)
    return float(2 * (counts @ np.log(counts / alike) - log_likelihood))
