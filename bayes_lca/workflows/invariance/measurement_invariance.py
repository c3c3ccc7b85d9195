"""Do groups answer the items alike, given the class: measurement invariance, item by item."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from bayes_lca.data.frame import Frame, named
from bayes_lca.data.responses import Responses
from bayes_lca.likelihood.leave_one_out import LeaveOneOut, leave_one_out
from bayes_lca.measurement.items import Items
from bayes_lca.posterior.labels.agreement import Agreement, agreement
from bayes_lca.posterior.labels.label_free import without_spreads
from bayes_lca.posterior.structures.class_distance import ProfileDifference, profile_difference
from bayes_lca.sampling.gibbs import GibbsDraws, sample_groups
from bayes_lca.sampling.gibbs_partial import sample_partial
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.workflows.class_counts.class_posteriors import SWEEPS
from bayes_lca.workflows.invariance.answers_by_group import GroupedAnswers, read_groups
from bayes_lca.workflows.invariance.partial_invariance import SD_BETWEEN_GROUPS

NONE, PARTIAL, EVERY = "none", "partial", "all"


def measurement_invariance(
    items: Items,
    frame: Frame,
    by: str,
    n_classes: int,
    *,
    count: str | int | None = None,
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
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    draws, tune, chains : int
        Draws of each chain that are kept, draws of its warm-up, and number of chains of a Gibbs sampler, started at the
        maximum likelihood of equal profiles.
    seed : int
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per model, named by what is ``free``: ``none``, each item, ``partial`` (all items, shrunken towards
        common profiles as in `partial_invariance`), ``all``. ``elpd`` (PSIS-LOO per respondent) with standard error;
        ``elpd_difference`` to equal profiles with its standard error, positive where groups predict better apart;
        ``high_k``; the ``distance`` of the free items between groups, total variation averaged over pairs of groups,
        classes and free items, with interval; what is ``expected`` of equal profiles and the ``p_value``, the share of
        samples of equal profiles that differ at least as far, both missing for ``partial``, whose distance is
        shrunken. An item that nobody of a group answered was not asked there: the note says so, and its distances are
        those between the other groups, missing if there are fewer than two. ``r_hat`` and ``ess`` are the worst of
        log-likelihood and ordered shares.

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If items are not nominal, items, `by` or counts cannot be used, an item has the name of a model, `by` is missing
        in some rows or has fewer than two levels, a level has fewer respondents than classes, or a setting is out of
        range.

    Warns
    -----
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.

    Notes
    -----
    Respondents without any answer take no part.

    References
    ----------
    Kankaras, M., Moors, G. & Vermunt, J. K. (2018). Testing for measurement invariance with latent class analysis. In
    Davidov, E. et al. (eds), Cross-Cultural Analysis: Methods and Applications, 2nd edn. Routledge.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> table = bl.measurement_invariance(items, bl.example_survey(), "role", 2, draws=20, tune=10, chains=2)
    >>> table.index.tolist()
    ['none', 'training', 'recognition', 'expertise', 'partial', 'all']
    """
    tails = tail_probabilities(ci_prob)
    grouped = read_groups(items, frame, by, n_classes, count=count, draws=draws, tune=tune, chains=chains, seed=seed)
    responses = grouped.responses
    _check_names(responses)
    data = grouped.distinct, responses.n_categories, grouped.start(chains)
    settings = {
        "category_weight": items.category_weight(responses),
        "draws": draws,
        "tune": tune,
        "seed": seed,
        "thin": SWEEPS,
    }
    models = {}
    for name, free in _models(responses):
        if name == PARTIAL:
            sampled = sample_partial(*data, sd_scale=SD_BETWEEN_GROUPS.sigma, **settings).groups
        else:
            sampled = sample_groups(*data, free=free, **settings)
        models[name] = _Model.of(sampled, grouped, free, together=name != EVERY)
    rows = [_row(name, model, models[NONE].loo, tails) for name, model in models.items()]
    note = (
        f"{grouped.note}, {chains} x {draws} draws of a Gibbs sampler for each of {len(models)} models of {n_classes} "
        f"classes; {100 * ci_prob:g} % intervals; of {len(responses.items)} items about "
        f"{0.05 * len(responses.items):.1f} have a p_value below 0.05 by chance"
    )
    table = pd.DataFrame(rows).set_index("free")
    if bad := [name for name, model in models.items() if not model.agreement.holds]:
        note += f"; chains do not agree yet with {', '.join(bad)} free: take more draws"
    return SummaryTable.of(table, note)


def _check_names(responses: Responses) -> None:
    taken = [item for item in responses.items if item in (NONE, PARTIAL, EVERY)]
    if taken:
        raise ValueError(f"item(s) {named(taken)} have the name of a model in the table; rename the column(s)")


def _models(responses: Responses) -> Iterator[tuple[str, np.ndarray]]:
    """Each model's name and which items are free."""
    n_items = len(responses.items)
    yield NONE, np.zeros(n_items, dtype=bool)
    for j, item in enumerate(responses.items):
        yield str(item), np.arange(n_items) == j
    yield PARTIAL, np.ones(n_items, dtype=bool)
    yield EVERY, np.ones(n_items, dtype=bool)


@dataclass(frozen=True, eq=False)
class _Model:
    """Predictive density, differences between groups and convergence of a model."""

    loo: LeaveOneOut
    differences: list[ProfileDifference]
    agreement: Agreement

    @classmethod
    def of(cls, draws: GibbsDraws, grouped: GroupedAnswers, free: np.ndarray, *, together: bool) -> "_Model":
        """Classes aligned, of all groups together or of each, then every pair of groups class by class."""
        n_groups, n_classes = draws.class_share.shape[2:]
        order = grouped.order(draws)[:, None] if together else grouped.order_by_group(draws)
        profile = draws.item_probability.reshape(-1, *draws.item_probability.shape[2:])  # (draw, group, class, ...)
        profile = np.take_along_axis(profile, order[..., None, None], axis=2)
        by_chain = order.reshape(*draws.class_share.shape[:2], *order.shape[1:])
        draws = replace(draws, class_share=np.take_along_axis(draws.class_share, by_chain, axis=3))
        differences = []
        for first, second in combinations(range(n_groups), 2):
            compared = free & grouped.asked[first] & grouped.asked[second]
            if compared.any():
                differences += [
                    profile_difference(profile[:, first, c][:, compared], profile[:, second, c][:, compared])
                    for c in range(n_classes)
                ]
        loo = leave_one_out(draws.log_likelihood, grouped.counts)
        return cls(loo, differences, agreement(without_spreads(grouped.label_free(draws))))


def _row(name: str, model: _Model, equal: LeaveOneOut, tails: list[float]) -> dict:
    elpd_difference, error = model.loo.less(equal)
    row = {
        "free": name,
        "elpd": model.loo.elpd,
        "elpd_se": model.loo.se,
        "elpd_difference": elpd_difference,
        "elpd_difference_se": error,
        "high_k": model.loo.n_high_k,
        **dict.fromkeys(("distance", "lower", "upper", "expected", "p_value"), np.nan),
        "r_hat": model.agreement.r_hat,
        "ess": model.agreement.ess,
    }
    if not model.differences:
        return row
    distance = np.mean([difference.distance.mean(axis=-1) for difference in model.differences], axis=0)
    lower, upper = np.quantile(distance, tails)
    row |= {"distance": distance.mean(), "lower": lower, "upper": upper}
    if name == PARTIAL:
        return row
    observed = sum(difference.observed.sum() for difference in model.differences)
    sampled = np.sum([difference.sampled.sum(axis=-1) for difference in model.differences], axis=0)
    return row | {
        "expected": np.mean([difference.expected.mean() for difference in model.differences]),
        "p_value": (1 + (sampled >= observed).sum()) / (1 + len(sampled)),
    }
