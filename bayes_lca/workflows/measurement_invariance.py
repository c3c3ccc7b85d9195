"""Do groups answer the items alike, given the class: measurement invariance, item by item."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import arviz_stats
import numpy as np
import pandas as pd

from bayes_lca.data.covariates import code_covariate
from bayes_lca.data.frame import check_columns, check_frame, check_whole, column
from bayes_lca.data.responses import Responses, unique_rows
from bayes_lca.gibbs import GibbsDraws, sample_groups
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.nominal import read_nominal
from bayes_lca.posterior.class_distance import ProfileDifference, profile_difference
from bayes_lca.posterior.convergence import LARGEST_R_HAT, SMALLEST_ESS, label_free_quantities
from bayes_lca.posterior.leave_one_out import LeaveOneOut, leave_one_out
from bayes_lca.posterior.relabel import match, profile_distances
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.workflows.class_posteriors import SWEEPS

NONE, EVERY = "none", "all"


def measurement_invariance(
    items,
    frame,
    by: str,
    n_classes: int,
    *,
    draws: int = 1000,
    tune: int = 200,
    chains: int = 4,
    seed: int = 1,
    ci_prob: float = 0.95,
) -> SummaryTable:
    r"""Compare equal item profiles in all groups with profiles that differ, for one item at a time and for all.

    .. math:: p(y_i \mid g) = \sum_c \pi_{gc} \prod_{j \in \text{equal}} \rho_{c j y_{ij}}
              \prod_{j \in \text{free}} \rho_{g c j y_{ij}}

    Class shares differ between groups in every model. Where one item is free, the others hold the classes together, so
    that class c means the same in all groups and a difference of :math:`\rho_{gcj}` is one of the item: differential
    item functioning. Groups whose classes are other classes altogether show in the model with all items free.

    Parameters
    ----------
    items : Items
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    by : str
        Column of the groups, such as ``"role"``.
    n_classes : int
        From 2 on.
    draws, tune, chains : int
        Of a Gibbs sampler, started at the maximum likelihood of equal profiles.
    seed : int
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per model, named by what is ``free``: ``none``, each item, ``all``. ``elpd`` (PSIS-LOO per respondent)
        with standard error; ``elpd_difference`` to equal profiles with its standard error, positive where groups
        predict better apart; ``high_k``; the ``distance`` of the free items between groups, total variation averaged
        over pairs of groups, classes and free items, with interval, and what is ``expected`` of equal profiles;
        ``p_value``, the share of samples of equal profiles that differ at least as far; ``r_hat`` and ``ess``, the
        worst of log-likelihood and ordered shares.

    Raises
    ------
    ValueError
        If items or `by` cannot be used, `by` is missing in some rows or has fewer than two levels, a level has fewer
        respondents than classes, or a setting is out of range.

    References
    ----------
    Kankaras, M., Moors, G. & Vermunt, J. K. (2018). Testing for measurement invariance with latent class analysis. In
    Davidov, E. et al. (eds), Cross-Cultural Analysis: Methods and Applications, 2nd edn. Routledge.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(bl.cohort_items())
    >>> bl.measurement_invariance(items, bl.load_cohort(), "role", 3)  # doctest: +SKIP
    """
    tails = tail_probabilities(ci_prob)
    check_whole(least=2, n_classes=n_classes, chains=chains)
    check_whole(least=10, draws=draws)
    check_whole(least=0, tune=tune, seed=seed)
    responses = read_nominal(items, frame)
    levels, group = _groups(frame, by, responses, n_classes)
    patterns = unique_rows(responses.codes)
    best = fit_em(responses.codes[patterns.first], patterns.count, responses.n_categories, n_classes, seed=seed)
    answers = [_distinct(responses.codes[group == g]) for g in range(len(levels))]
    start = np.broadcast_to(best.item_probability, (chains, len(levels), *best.item_probability.shape))
    settings = {"category_weight": items.probability.a, "draws": draws, "tune": tune, "seed": seed, "thin": SWEEPS}
    models = {}
    for name, free in _models(responses):
        found = sample_groups(answers, responses.n_categories, start, free=free, **settings)
        models[name] = _Model.of(found, np.concatenate([count for _, count in answers]), best.item_probability, free)
    rows = [_row(name, model, models[NONE].loo, tails) for name, model in models.items()]
    sizes = ", ".join(f"{level} {int((group == g).sum())}" for g, level in enumerate(levels))
    note = (
        f"n = {len(group)} ({by}: {sizes}), 0 rows left out, {responses.n_missing} answers missing, {chains} x {draws} "
        f"draws of a Gibbs sampler for each of {len(models)} models of {n_classes} classes; {100 * ci_prob:g} % "
        f"intervals; of {len(responses.items)} items about {0.05 * len(responses.items):.1f} have a p_value below 0.05 "
        "by chance"
    )
    table = pd.DataFrame(rows).set_index("free")
    bad = table.index[(table["r_hat"] > LARGEST_R_HAT) | (table["ess"] < SMALLEST_ESS)]
    if len(bad):
        note += f"; chains do not agree yet with {', '.join(bad)} free: take more draws"
    return SummaryTable.of(table, note)


def _groups(frame, by: str, responses: Responses, n_classes: int) -> tuple[list[str], np.ndarray]:
    check_frame(frame)
    check_columns(frame, [by], role="group")
    values = column(frame, by)
    missing = int(values.isna().sum())
    if missing:
        raise ValueError(
            f"column {by!r} is missing in {missing} of {len(values)} rows; complete them, or leave the rows out first"
        )
    coded = code_covariate(values.reset_index(drop=True), by, category=True)
    coded = coded.cat.remove_unused_categories()
    levels, group = [str(level) for level in coded.cat.categories], coded.cat.codes.to_numpy()
    sizes = np.bincount(group)
    small = {level: int(size) for level, size in zip(levels, sizes, strict=True) if size < n_classes}
    if small:
        raise ValueError(
            f"levels of {by!r} with fewer respondents than the {n_classes} classes: {small}; join them with others"
        )
    return levels, group


def _distinct(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    patterns = unique_rows(codes)
    return codes[patterns.first], patterns.count


def _models(responses: Responses) -> Iterator[tuple[str, np.ndarray]]:
    """Each model's name and which items are free."""
    n_items = len(responses.items)
    yield NONE, np.zeros(n_items, dtype=bool)
    for j, item in enumerate(responses.items):
        yield item, np.arange(n_items) == j
    yield EVERY, np.ones(n_items, dtype=bool)


@dataclass(frozen=True, eq=False)
class _Model:
    """What is left of the draws of one model."""

    loo: LeaveOneOut
    differences: list[ProfileDifference]
    r_hat: float
    ess: float

    @classmethod
    def of(cls, found: GibbsDraws, counts: np.ndarray, pivot: np.ndarray, free: np.ndarray) -> "_Model":
        """Classes aligned with the maximum likelihood, then every pair of groups class by class."""
        n_groups = found.class_share.shape[2]
        profile = found.item_probability.reshape(-1, *found.item_probability.shape[2:])  # (draw, group, class, ...)
        order, _ = match(profile_distances(profile.mean(axis=1), pivot))
        profile = np.take_along_axis(profile, order[:, None, :, None, None], axis=2)[:, :, :, free]
        differences = [
            profile_difference(profile[:, one, c], profile[:, other, c])
            for one, other in combinations(range(n_groups), 2)
            for c in range(len(pivot))
        ]
        quantities = label_free_quantities(found.log_likelihood @ counts, found.class_share.mean(axis=2))
        return cls(
            loo=leave_one_out(found.log_likelihood, counts),
            differences=differences if free.any() else [],
            r_hat=max(float(arviz_stats.rhat(values)) for values in quantities.data_vars.values()),
            ess=min(float(arviz_stats.ess(values)) for values in quantities.data_vars.values()),
        )


def _row(name: str, model: _Model, equal: LeaveOneOut, tails: list[float]) -> dict:
    difference, error = model.loo.less(equal)
    row = {
        "free": name,
        "elpd": model.loo.elpd,
        "elpd_se": model.loo.se,
        "elpd_difference": difference,
        "elpd_difference_se": error,
        "high_k": model.loo.n_high_k,
        **dict.fromkeys(("distance", "lower", "upper", "expected", "p_value"), np.nan),
        "r_hat": model.r_hat,
        "ess": model.ess,
    }
    if not model.differences:
        return row
    distance = np.mean([one.distance.mean(axis=-1) for one in model.differences], axis=0)
    observed = sum(one.observed.sum() for one in model.differences)
    sampled = np.sum([one.sampled.sum(axis=-1) for one in model.differences], axis=0)
    lower, upper = np.quantile(distance, tails)
    return row | {
        "distance": distance.mean(),
        "lower": lower,
        "upper": upper,
        "expected": np.mean([one.expected.mean() for one in model.differences]),
        "p_value": (1 + (sampled >= observed).sum()) / (1 + len(sampled)),
    }
