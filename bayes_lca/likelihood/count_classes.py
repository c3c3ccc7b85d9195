"""How many classes: one row per number of classes, by maximum likelihood."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bayes_lca.data.frame import is_whole
from bayes_lca.data.responses import unique_rows
from bayes_lca.likelihood.criteria import entropy_r2, information_criteria, n_parameters
from bayes_lca.likelihood.em import fit_em
from bayes_lca.table import SummaryTable


def count_classes(items, frame, classes: Iterable[int], *, n_starts: int = 50, seed: int = 0) -> SummaryTable:
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

    Returns
    -------
    SummaryTable
        One row per number of classes: ``log_likelihood``, ``parameters``, ``AIC``, ``BIC``, ``aBIC`` (the
        sample-size-adjusted one), ``CAIC``, ``entropy_r2``, ``smallest_class`` (its share) with the standard error
        ``smallest_class_se``, ``starts_at_mode`` out of ``starts``, of which ``converged_starts`` ended before the
        limit of iterations, and ``next_mode``, the log-likelihood of the second-best mode.

    Raises
    ------
    ValueError
        If items cannot be used, or a number of classes is below 1 or above the number of distinct patterns.

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
    responses = items.read(frame)
    patterns = unique_rows(responses.codes)
    codes, counts = responses.codes[patterns.first], patterns.count
    n = int(counts.sum())
    rows = []
    for n_classes in classes:
        if n_classes > len(counts):
            raise ValueError(
                f"{n_classes} classes exceed the {len(counts)} distinct answer patterns of {n} respondents; "
                "ask for fewer classes"
            )
        found = fit_em(codes, counts, responses.n_categories, n_classes, n_starts=n_starts, seed=seed)
        p = n_parameters(n_classes, responses.n_observed_categories)
        smallest = int(found.class_share.argmin())
        rows.append(
            {
                "classes": n_classes,
                "log_likelihood": found.log_likelihood,
                "parameters": p,
                **information_criteria(found.log_likelihood, p, n),
                "entropy_r2": entropy_r2(found.membership, counts),
                "smallest_class": found.class_share[smallest],
                "smallest_class_se": _share_error(found.membership[:, smallest], counts),
                "starts_at_mode": found.best_starts,
                "starts": found.n_starts,
                "converged_starts": found.converged_starts,
                "next_mode": found.modes[1].log_likelihood if len(found.modes) > 1 else np.nan,
            }
        )
    note = f"n = {n}, 0 rows left out, {responses.n_missing} answers missing; maximum likelihood, no draws"
    return SummaryTable.of(pd.DataFrame(rows).set_index("classes"), note)


def _share_error(membership: np.ndarray, counts: np.ndarray) -> float:
    share = np.average(membership, weights=counts)
    if share in (0.0, 1.0):
        return 0.0
    score = (membership - share) / (share * (1.0 - share))
    return float(1.0 / np.sqrt(counts @ score**2))
