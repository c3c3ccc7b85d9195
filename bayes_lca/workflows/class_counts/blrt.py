"""Is one class more worth it: the likelihood ratio against its distribution in samples from the smaller model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from bayes_lca.data.frame import Frame, is_whole
from bayes_lca.data.responses import MISSING
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.criteria import n_parameters
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.identification import degrees_of_freedom
from bayes_lca.likelihood.modes import TIED_RATIO, MaximumLikelihood
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.nominal import read_answers
from bayes_lca.table import SummaryTable
from bayes_lca.verdict import InWords
from bayes_lca.workflows.class_counts.best_of_rounds import UNDER, compare_fits
from bayes_lca.workflows.class_counts.bootstrap_samples import draw_sample, missing_answers, sample_seeds
from bayes_lca.workflows.class_counts.progress_of_draws import shown_progress
from bayes_lca.workflows.class_counts.vlmr import check_two_or_more

OBSERVED_STARTS = 5
"""Starts of the fits to the observed answers, in multiples of those to a bootstrap sample."""


@dataclass(frozen=True, eq=False, repr=False)
class BootstrapLikelihoodRatio(InWords):
    """One class fewer against `n_classes`.

    Attributes
    ----------
    n_classes : int
        Classes of the larger model.
    statistic : float
        Twice the difference of the log-likelihoods, as observed.
    draws : numpy.ndarray
        The same in samples from the smaller model, shape (draw,).
    refitted : int
        Samples that got further starts, because a maximum was reached only once or the larger model ended below the
        smaller.
    negative : int
        Samples among these whose larger model ended below the smaller at first: a missed maximum.
    unreplicated : int
        Samples of which a best maximum was still reached by one start only.
    degrees_of_freedom : int
        Of the larger model. Below zero its classes are not identified, and a small p-value says that the smaller model
        does not fit, not how many classes there are.
    """

    n_classes: int
    statistic: float
    draws: np.ndarray
    refitted: int
    negative: int
    unreplicated: int
    degrees_of_freedom: int = 0

    @property
    def n_exceeding(self) -> int:
        """Samples with a statistic as large as the observed one, as far as EM can tell."""
        return int(np.sum(reaches(self.draws, self.statistic)))

    @property
    def p(self) -> float:
        """The p-value, the observed sample counted among the draws."""
        return (1 + self.n_exceeding) / (1 + len(self.draws))

    def interval(self, ci_prob: float = 0.95) -> tuple[float, float]:
        """Clopper-Pearson interval for the p-value that endless draws would give."""
        k, n, tail = self.n_exceeding, len(self.draws), (1 - ci_prob) / 2
        lower = scipy.stats.beta.ppf(tail, k, n - k + 1) if k else 0.0
        upper = scipy.stats.beta.ppf(1 - tail, k + 1, n - k) if k < n else 1.0
        return float(lower), float(upper)

    @property
    def table(self) -> SummaryTable:
        """One row: ``blrt`` (the statistic), ``blrt_p``, its Monte Carlo interval, and the draws' mean and SD."""
        frame = pd.DataFrame([self.columns | {"draws_mean": self.draws.mean(), "draws_sd": self.draws.std(ddof=1)}])
        return SummaryTable.of(frame.set_axis([f"{self.n_classes - 1} against {self.n_classes}"]), self.note)

    @property
    def columns(self) -> dict[str, float]:
        """The test's columns in `count_classes`."""
        lower, upper = self.interval()
        return {"blrt": self.statistic, "blrt_p": self.p, "blrt_p_lower": lower, "blrt_p_upper": upper}

    @property
    def note(self) -> str:
        """What the p-value rests on."""
        parts = [
            f"BLRT of {self.n_classes - 1} against {self.n_classes} classes: {len(self.draws)} draws, 95 % Monte Carlo "
            f"interval on p",
            f"{self.refitted} draws given more starts ({self.negative} of them for a negative statistic), "
            f"{self.unreplicated} with a maximum still reached once only",
        ]
        if self.statistic <= TIED_RATIO:
            parts.append("the larger model fits no better")
        if self.degrees_of_freedom < 0:
            parts.append(
                f"{self.n_classes} classes are not identified ({self.degrees_of_freedom} degrees of freedom): a small "
                f"p speaks against {self.n_classes - 1}, not for them"
            )
        return "; ".join(parts)

    def __str__(self) -> str:
        lower, upper = self.interval()
        return f"2 dLL = {self.statistic:.3f}, p = {self.p:.4f} ({lower:.4f} to {upper:.4f}). {self.note}."


def bootstrap_likelihood_ratio(
    items: Items,
    frame: Frame,
    n_classes: int,
    *,
    count: str | int | None = None,
    draws: int = 200,
    starts: int = 20,
    seed: int = 1,
    jobs: int | None = None,
    progressbar: bool = True,
) -> BootstrapLikelihoodRatio:
    r"""Test `n_classes` - 1 against `n_classes` latent classes by the parametric bootstrap.

    Samples :math:`b = 1, \dots, B` are drawn from the maximum likelihood fit with one class fewer, as many respondents
    with the same answers missing, and both models are fitted to each [1]_ [2]_:

    .. math:: p = \frac{1 + \#\{b : 2 \Delta L_b \ge 2 \Delta L\}}{1 + B}

    Differences that are smaller than EM can tell are ties, and count as reached.

    Parameters
    ----------
    items : Items
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    n_classes : int
        Classes of the larger model, from 2 on.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    draws : int, default 200
        Bootstrap samples B. The interval says how far p can be from that of endless draws.
    starts : int, default 20
        Random starts of each fit to a sample. A sample gets them again, up to five times in all, while the best
        maximum of either model has been reached only once or the larger model is below the smaller. The
        observed answers get five times as many at once.
    seed : int
        The same seed gives the same draws, whatever `jobs`.
    jobs : int, optional
        Processes side by side; as many as there are cores by default, 1 for this process alone.
    progressbar : bool
        Show draws done and time left on standard error, where that is a terminal or a notebook.

    Returns
    -------
    BootstrapLikelihoodRatio
        Prints as a sentence; `table` is a `SummaryTable`.

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If items are not nominal, items or counts cannot be used, `n_classes` is below 2 or above the number of distinct
        patterns, `draws`, `starts` or `jobs` is no whole number from 1 on, or the larger model fits the observed
        answers worse than the smaller.

    Warns
    -----
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.

    Notes
    -----
    Respondents without any answer take no part.

    The test of K against K + 1 says whether one more class is needed, given that K are enough otherwise. Respondents
    of one group are drawn as independent, like the model holds them.

    References
    ----------
    .. [1] McLachlan (1987). On bootstrapping the likelihood ratio test statistic for the number of components in a
       normal mixture. Applied Statistics 36, 318-324. https://doi.org/10.2307/2347790
    .. [2] Nylund, Asparouhov and Muthen (2007). Deciding on the number of classes in latent class analysis and growth
       mixture modeling. Structural Equation Modeling 14, 535-569. https://doi.org/10.1080/10705510701575396

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items, few = bl.Items(["training", "recognition", "expertise"]), {"draws": 19, "starts": 2, "jobs": 1}
    >>> test = bl.bootstrap_likelihood_ratio(items, bl.example_survey(), 2, progressbar=False, **few)
    >>> test.p, test.interval()[0]
    (0.05, 0.0)
    """
    responses = read_answers(items, frame, count).responses
    patterns = unique_rows(responses.codes)
    codes, counts = responses.codes[patterns.first], patterns.count
    check_two_or_more(n_classes, len(counts))
    check_bootstrap(draws, starts, jobs)
    smaller, larger = (
        fit_em(codes, counts, responses.n_categories, k, n_starts=OBSERVED_STARTS * starts, seed=seed, newton=False)
        for k in (n_classes - 1, n_classes)
    )
    return bootstrap(
        smaller, larger, responses.codes, responses.n_categories, draws, starts, seed, jobs, progressbar=progressbar
    )


def check_bootstrap(draws: int, starts: int, jobs: int | None) -> None:
    """Refuse numbers of draws, starts or processes that are no whole numbers from 1 on."""
    for name, value in (("draws", draws), ("starts", starts), ("jobs", 1 if jobs is None else jobs)):
        if not is_whole(value, least=1):
            raise ValueError(f"{name}={value!r}: give a whole number from 1 on")


def bootstrap(
    smaller: MaximumLikelihood,
    larger: MaximumLikelihood,
    codes: np.ndarray,
    n_categories: tuple[int, ...],
    draws: int,
    starts: int,
    seed: int,
    jobs: int | None,
    *,
    progressbar: bool,
) -> BootstrapLikelihoodRatio:
    """The test from two fits to the answers of all respondents, shape (respondent, item)."""
    from joblib import Parallel, delayed

    n_classes = len(larger.class_share)
    statistic = 2 * (larger.log_likelihood - smaller.log_likelihood)
    if statistic < -UNDER:
        raise ValueError(
            f"{n_classes} classes reach log-likelihood {larger.log_likelihood:.4f} and {n_classes - 1} classes "
            f"{smaller.log_likelihood:.4f}: the maximum of the larger model was missed, so give more starts"
        )
    hidden = missing_answers(codes)
    share, probability = smaller.class_share, smaller.item_probability
    parallel = Parallel(n_jobs=-1 if jobs is None else jobs, return_as="generator")
    task = delayed(_one_draw)
    seeds = sample_seeds(seed, n_classes, draws)
    results = parallel(task(share, probability, hidden, n_categories, starts, of_draw) for of_draw in seeds)
    label = f"BLRT of {n_classes - 1} against {n_classes} classes"
    ratios, rounds, negative, once = zip(*shown_progress(results, draws, label, visible=progressbar), strict=True)
    chosen = [np.unique(answers[answers != MISSING]).size for answers in codes.T]
    return BootstrapLikelihoodRatio(
        *(n_classes, statistic, np.array(ratios), int(np.sum(np.array(rounds) > 1)), sum(negative), sum(once)),
        degrees_of_freedom=degrees_of_freedom(n_parameters(n_classes, chosen), chosen),
    )


def reaches(ratio: np.ndarray | float, statistic: float) -> np.ndarray | bool:
    """Whether twice a log-likelihood ratio is as large as the observed one, differences EM cannot tell left aside."""
    return np.maximum(ratio, 0) >= statistic - TIED_RATIO


def _one_draw(share, probability, hidden, n_categories, starts, seed) -> tuple[float, int, bool, bool]:
    """`compare_fits` of a sample."""
    rng = np.random.default_rng(seed)
    codes, counts = draw_sample(share, probability, hidden, rng)
    return compare_fits(codes, counts, n_categories, len(share) + 1, rng, n_starts=starts)
