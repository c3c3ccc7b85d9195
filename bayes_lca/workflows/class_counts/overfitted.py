"""More classes than needed, under a prior that empties those the answers do not ask for."""

import math
import warnings

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import Frame, check_whole
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.identification import warn_of_too_few_cells
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.nominal import read_answers
from bayes_lca.posterior.labels.agreement import Agreement, agreement
from bayes_lca.posterior.labels.convergence import ConvergenceWarning
from bayes_lca.sampling.gibbs import random_start, sample_gibbs
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.workflows.class_counts.class_posteriors import SWEEPS


def overfitted(
    items: Items,
    frame: Frame,
    *,
    count: str | int | None = None,
    max_classes: int = 10,
    alpha: float = 0.01,
    cut_off: float = 0.01,
    draws: int = 2000,
    tune: int = 1000,
    chains: int = 4,
    seed: int = 1,
    ci_prob: float = 0.95,
) -> SummaryTable:
    r"""Ask an overfitted latent class analysis how many of its classes are occupied: a second opinion.

    .. math:: \pi \sim \operatorname{Dirichlet}(\alpha, \dots, \alpha), \qquad
              K_+ = \#\{k : n_k \ge \max(1, \lceil \gamma n \rceil)\}

    with far more classes than the answers ask for, a small :math:`\alpha`, and :math:`n_k` the respondents who fall
    into class k. If :math:`\alpha` is below half the number of free item probabilities of a class, superfluous classes
    empty as n grows [1]_; the smaller it is, the sooner [2]_.

    Parameters
    ----------
    items : Items
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    max_classes : int, default 10
        Classes of the model.
    alpha : float, default 0.01
        Weight of each class, in respondents.
    cut_off : float, default 0.01
        Least share :math:`\gamma` of the respondents for a class to count as occupied; 0 counts every class with a
        member.
    draws, tune, chains : int
        Draws of each chain that are kept, draws of its warm-up, and number of chains of a Gibbs sampler. Chains start
        from random item probabilities, with members in all classes.
    seed : int
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per number of ``classes`` from 1 to `max_classes`: ``probability``, that so many are occupied, with its
        Monte Carlo standard error ``mcse``; ``any_member``, the probability if a single member is enough; and, in draws
        with so many occupied, the share of the smallest of these, ``smallest_share``, median and interval.

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If items are not nominal, items or counts cannot be used, or a setting is out of range.

    Warns
    -----
    ConvergenceWarning
        If chains do not agree, or all classes are occupied.
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.
    UnidentifiedWarning
        If the most probable number of classes has more parameters than the items can tell apart.

    Notes
    -----
    Respondents without any answer take no part. The answer depends on `alpha` and `cut_off`: try others before you lean
    on it. A prior that empties classes also empties small ones that are real.

    References
    ----------
    .. [1] Rousseau, J. & Mengersen, K. (2011). Asymptotic behaviour of the posterior distribution in overfitted mixture
       models. Journal of the Royal Statistical Society B 73(5), 689-710. doi 10.1111/j.1467-9868.2011.00781.x
    .. [2] Malsiner-Walli, G., Fruhwirth-Schnatter, S. & Grun, B. (2016). Model-based clustering based on sparse finite
       Gaussian mixtures. Statistics and Computing 26, 303-324. doi 10.1007/s11222-014-9500-2

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> table = bl.overfitted(items, bl.example_survey(), max_classes=4, draws=500, tune=100)
    >>> int(table["probability"].idxmax())
    2
    """
    check_whole(least=2, max_classes=max_classes, chains=chains)
    check_whole(least=4, draws=draws)
    check_whole(least=0, tune=tune, seed=seed)
    if not (np.isfinite(alpha) and alpha > 0):
        raise ValueError(f"alpha={alpha!r}: the weight of a class is a positive number, such as 0.01")
    if not 0 <= cut_off < 1:
        raise ValueError(f"cut_off={cut_off!r}: the least share is from 0 to less than 1, such as 0.01")
    tails = tail_probabilities(ci_prob)
    answers = read_answers(items, frame, count)
    responses = answers.responses
    patterns, n = unique_rows(responses.codes), len(responses.codes)
    start = random_start(chains, max_classes, responses.n_categories, seed)
    sampled = sample_gibbs(
        *(responses.codes[patterns.first], patterns.count, responses.n_categories, start),
        share_weight=alpha,
        category_weight=items.category_weight(responses),
        draws=draws,
        tune=tune,
        seed=seed,
        thin=SWEEPS,
    )
    least = max(1, math.ceil(cut_off * n))
    occupied = (sampled.members >= least).sum(axis=-1)  # (chain, draw)
    filled = (sampled.members > 0).sum(axis=-1)
    smallest = np.where(sampled.members >= least, sampled.members, n).min(axis=-1) / n
    agreed = _agreement(sampled.log_likelihood @ patterns.count, occupied)
    _warn(occupied, max_classes, agreed)
    freedom = [items.degrees_of_freedom(responses, number) for number in range(1, max_classes + 1)]
    most_probable = int(np.bincount(occupied.ravel()).argmax())
    warn_of_too_few_cells(most_probable, freedom[max(most_probable, 1) - 1], stacklevel=2)
    table = pd.DataFrame(
        [_row(number, occupied, filled, smallest, tails) for number in range(1, max_classes + 1)]
    ).set_index("classes")
    note = (
        f"{answers.note}, {chains} x {draws} draws of a Gibbs sampler "
        f"from random starts; {max_classes} classes, alpha = {alpha:g} each; occupied: {least} respondents or more "
        f"(cut-off {cut_off:g} of n); worst of log-likelihood and occupied classes: R-hat {agreed.r_hat:.3f}, "
        f"{agreed.ess:.0f} effective draws; {100 * ci_prob:g} % intervals"
    )
    told_apart = sum(1 for free in freedom if free is not None and free >= 0)
    if told_apart < max_classes:
        note += f"; more than {told_apart} classes have more parameters than these items can tell apart"
    return SummaryTable.of(table, note)


def _row(number: int, occupied: np.ndarray, filled: np.ndarray, smallest: np.ndarray, tails: list[float]) -> dict:
    import arviz_stats

    here = occupied == number
    varies = 0 < here.mean() < 1
    middle, lower, upper = np.quantile(smallest[here], [0.5, *tails]) if here.any() else (np.nan,) * 3
    return {
        "classes": number,
        "probability": here.mean(),
        "mcse": float(arviz_stats.mcse(_variable(here.astype(float)), method="mean")) if varies else 0.0,
        "any_member": (filled == number).mean(),
        "smallest_share": middle,
        "smallest_share_lower": lower,
        "smallest_share_upper": upper,
    }


def _agreement(log_likelihood: np.ndarray, occupied: np.ndarray) -> Agreement:
    """How well chains agree on what no labels can change; a number that never varies agrees."""
    quantities = {"log_likelihood": _variable(log_likelihood), "occupied": _variable(occupied.astype(float))}
    return agreement(xr.Dataset(quantities), ranked=False)


def _variable(values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(values, dims=("chain", "draw"))


def _warn(occupied: np.ndarray, max_classes: int, agreed: Agreement) -> None:
    problems = []
    if not agreed.holds:
        by_chain = ", ".join(f"{number:.1f}" for number in occupied.mean(axis=1))
        problems.append(
            f"chains do not agree (R-hat {agreed.r_hat:.3f}, {agreed.ess:.0f} effective draws; occupied classes by "
            f"chain on average: {by_chain}): take more draws, or a larger alpha, with which classes fill again more "
            "easily"
        )
    if (occupied == max_classes).mean() > 0.05:
        problems.append(
            f"all {max_classes} classes are occupied in {(occupied == max_classes).mean():.0%} of draws: "
            "raise max_classes"
        )
    if problems:
        warnings.warn("\n- ".join(["do not trust this count yet:", *problems]), ConvergenceWarning, stacklevel=3)
