"""How many classes: one row per number of classes, by maximum likelihood."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bayes_lca.data.frame import is_whole
from bayes_lca.data.responses import unique_rows
from bayes_lca.likelihood.blrt import bootstrap, check_bootstrap
from bayes_lca.likelihood.criteria import (
    assignment_quality,
    entropy_r2,
    information_criteria,
    integrated_completed_likelihood,
    n_parameters,
)
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.modes import MaximumLikelihood
from bayes_lca.likelihood.vlmr import LIMITS, VuongLoMendellRubin, compare_by_scores
from bayes_lca.table import SummaryTable


def count_classes(
    items,
    frame,
    classes: Iterable[int],
    *,
    n_starts: int = 50,
    seed: int = 0,
    blrt_draws: int = 0,
    blrt_starts: int = 20,
    jobs: int | None = None,
    progressbar: bool = True,
) -> SummaryTable:
    r"""Compare numbers of classes, as in the usual table of a latent class analysis.

    Parameters
    ----------
    items : Items
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    classes : iterable of int
        Numbers of classes, ``range(1, 6)`` for one to five.
    n_starts : int, default 50
        Random starts for each number of classes.
    seed : int
    blrt_draws : int, default 0
        Bootstrap samples for the likelihood ratio test of one class fewer, 200 for example; 0 leaves the test out.
    blrt_starts, jobs, progressbar
        Of that test: `starts`, `jobs` and `progressbar` of `bootstrap_likelihood_ratio`.

    Returns
    -------
    SummaryTable
        One row per number of classes: ``log_likelihood``, ``parameters``, ``AIC``, ``BIC``, ``aBIC`` (the
        sample-size-adjusted one), ``CAIC``, ``ICL``, ``entropy_r2``, ``smallest_class`` (its share) with the standard
        error ``smallest_class_se``; of modal assignment the average posterior probability ``average_posterior`` and
        the odds of correct classification ``odds_correct``, each of the class where it is smallest;
        ``starts_at_mode`` out of ``starts``, of which ``converged_starts`` ended before the limit of iterations, and
        ``next_mode``, the log-likelihood of the second-best mode. For one class fewer against this number:
        ``vlmr_p`` and ``lmr_adjusted_p`` (see `vuong_lo_mendell_rubin`), and with `blrt_draws` also ``blrt``, twice
        the difference of the log-likelihoods, ``blrt_p`` and its Monte Carlo interval ``blrt_p_lower`` to
        ``blrt_p_upper`` (see `bootstrap_likelihood_ratio`). The note counts what these tests had to leave out.

    Raises
    ------
    ValueError
        If items cannot be used, a number of classes is below 1 or above the number of distinct patterns, or
        `blrt_draws`, `blrt_starts` or `jobs` is no whole number.

    Notes
    -----
    The standard error of the smallest share is :math:`\bar m (1 - \bar m) / \sqrt{\sum_i (m_i - \bar m)^2}`,
    with :math:`m_i` the membership probabilities of that class: the empirical information of the share with the item
    probabilities held at their estimates, hence a lower bound.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.count_classes(bl.Items(bl.cohort_items()), bl.load_cohort(), [3])["parameters"].item()
    38
    """
    if not isinstance(classes, Iterable) or not (classes := list(classes)):
        raise ValueError(f"classes={classes!r}: give the numbers of classes to compare, such as range(1, 6)")
    for n_classes in classes:
        if not is_whole(n_classes, least=1):
            raise ValueError(f"{n_classes!r} in classes: the number of classes is a whole number from 1 on")
    if blrt_draws != 0:
        check_bootstrap(blrt_draws, blrt_starts, jobs)
    responses = items.read(frame)
    patterns = unique_rows(responses.codes)
    codes, counts = responses.codes[patterns.first], patterns.count
    n = int(counts.sum())
    fits: dict[int, MaximumLikelihood] = {}

    def fit(n_classes):
        if n_classes not in fits:
            fits[n_classes] = fit_em(codes, counts, responses.n_categories, n_classes, n_starts=n_starts, seed=seed)
        return fits[n_classes]

    rows, notes = [], []
    for n_classes in classes:
        if n_classes > len(counts):
            raise ValueError(
                f"{n_classes} classes exceed the {len(counts)} distinct answer patterns of {n} respondents; "
                "ask for fewer classes"
            )
        row = {"classes": n_classes, **_criteria(fit(n_classes), counts, responses.n_observed_categories)}
        row |= {"vlmr_p": np.nan, "lmr_adjusted_p": np.nan}
        if n_classes > 1:
            scores = compare_by_scores(fit(n_classes - 1), fit(n_classes), codes, counts)
            row |= {"vlmr_p": scores.p, "lmr_adjusted_p": scores.adjusted_p}
            notes += _left_out(scores)
        if n_classes > 1 and blrt_draws:
            test = bootstrap(
                *(fit(n_classes - 1), fit(n_classes), responses.codes, responses.n_categories),
                *(blrt_draws, blrt_starts, seed, jobs),
                progressbar=progressbar,
            )
            row |= test.columns
            notes.append(test.note)
        elif blrt_draws:
            row |= dict.fromkeys(("blrt", "blrt_p", "blrt_p_lower", "blrt_p_upper"), np.nan)
        rows.append(row)
    note = f"n = {n}, 0 rows left out, {responses.n_missing} answers missing; maximum likelihood, no draws"
    if max(classes) > 1:
        notes.append(LIMITS)
    return SummaryTable.of(pd.DataFrame(rows).set_index("classes"), "; ".join([note, *notes]))


def _criteria(found: MaximumLikelihood, counts: np.ndarray, n_observed_categories: tuple[int, ...]) -> dict[str, float]:
    p = n_parameters(len(found.class_share), n_observed_categories)
    criteria = information_criteria(found.log_likelihood, p, counts.sum())
    smallest = int(found.class_share.argmin())
    average, odds = assignment_quality(found.class_share, found.membership, counts)
    return {
        "log_likelihood": found.log_likelihood,
        "parameters": p,
        **criteria,
        "ICL": integrated_completed_likelihood(criteria["BIC"], found.membership, counts),
        "entropy_r2": entropy_r2(found.membership, counts),
        "smallest_class": found.class_share[smallest],
        "smallest_class_se": _share_error(found.membership[:, smallest], counts),
        "average_posterior": average.min(),
        "odds_correct": odds.min(),
        "starts_at_mode": found.best_starts,
        "starts": found.n_starts,
        "converged_starts": found.converged_starts,
        "next_mode": found.modes[1].log_likelihood if len(found.modes) > 1 else np.nan,
    }


def _left_out(scores: VuongLoMendellRubin) -> list[str]:
    """What the test by scores could not use, in words."""
    against = f"VLMR of {scores.n_classes - 1} against {scores.n_classes} classes"
    if scores.remark:
        return [f"{against}: no p-value, {scores.remark}"]
    parts = []
    if scores.boundary_parameters:
        parts.append(f"{scores.boundary_parameters} parameters at the boundary left out")
    if scores.unidentified_parameters:
        parts.append(f"{scores.unidentified_parameters} that the answers do not identify left out")
    return [f"{against}: {', '.join(parts)}"] if parts else []


def _share_error(membership: np.ndarray, counts: np.ndarray) -> float:
    share = np.average(membership, weights=counts)
    if share in (0.0, 1.0):
        return 0.0
    score = (membership - share) / (share * (1.0 - share))
    return float(1.0 / np.sqrt(counts @ score**2))
