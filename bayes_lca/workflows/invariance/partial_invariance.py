"""By how much groups differ in every item, all items at once: differences shrunken as their answers ask for."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from bayes_lca.data.frame import Frame
from bayes_lca.dims import CATEGORY, CLASS, ITEM, class_names
from bayes_lca.fitted.elements import diagnostics
from bayes_lca.likelihood.leave_one_out import leave_one_out
from bayes_lca.measurement.items import Items
from bayes_lca.posterior.labels.agreement import agreement
from bayes_lca.posterior.labels.convergence import ConvergenceWarning
from bayes_lca.posterior.labels.label_free import without_spreads
from bayes_lca.posterior.labels.modes import agreeing_chains
from bayes_lca.priors import HalfNormal
from bayes_lca.sampling.gibbs_partial import LARGEST_SD, PartialDraws, sample_partial
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.verdict import TablesWithVerdict
from bayes_lca.workflows.class_counts.class_posteriors import SWEEPS
from bayes_lca.workflows.invariance.answers_by_group import GroupedAnswers, read_groups

SD_BETWEEN_GROUPS = HalfNormal(sigma=0.1)
"""Half of it lies below 0.07 and 5 % above 0.2, where groups would hardly share a class; it is flat towards 0, so that
it neither keeps groups apart nor holds them together."""


@dataclass(frozen=True, repr=False, eq=False)
class PartialInvariance(TablesWithVerdict):
    """Differences between groups in every item, as `partial_invariance` returns them.

    Attributes
    ----------
    items : SummaryTable
        One row per item.
    profiles : SummaryTable
        One row per group, class, item and category.
    shares : SummaryTable
        One row per group and class.
    """

    items: SummaryTable
    profiles: SummaryTable
    shares: SummaryTable

    @property
    def verdict(self) -> str:
        """Items whose differences are more likely than not too large to be overlooked."""
        likely = self.items.loc[self.items["p_exceeds"] > 0.5, "p_exceeds"]
        names = ", ".join(f"{name} ({p:.2f})" for name, p in likely.items())
        return (
            f"Of {len(self.items)} items, {len(likely) or 'none'} more likely than not "
            f"{'differs' if len(likely) < 2 else 'differ'} between groups by more than is tolerated"
            f"{': ' + names if names else ''}."
        )

    @property
    def tables(self) -> dict[str, SummaryTable]:
        """All three."""
        return {"items": self.items, "profiles": self.profiles, "shares": self.shares}


def partial_invariance(
    items: Items,
    frame: Frame,
    by: str,
    n_classes: int,
    *,
    count: str | int | None = None,
    tolerance: float = 0.05,
    sd: HalfNormal = SD_BETWEEN_GROUPS,
    draws: int = 1000,
    tune: int = 200,
    chains: int = 4,
    seed: int = 1,
    ci_prob: float = 0.95,
) -> PartialInvariance:
    r"""Let all items differ between groups, each as much as its answers say: partial measurement invariance.

    .. math:: p(y_i \mid g) = \sum_c \pi_{gc} \prod_{j\,\text{answered}} \rho_{g c j y_{ij}}, \qquad
              \rho_{gcj} \sim \operatorname{Dirichlet}(\kappa_j m_{cj}), \qquad
              \operatorname{sd}(\rho_{gcjk}) = 2 s_j \sqrt{m_{cjk} (1 - m_{cjk})}

    with class shares that differ between groups, centres m that groups share, :math:`\kappa_j = 1 / (4 s_j^2) - 1`, and
    s, the standard deviation between groups of a probability of one half. Where s is 0 an item is answered alike in
    all groups, given the class. One model stands for all choices of items that are equal and items that are free
    [1]_ [2]_; the items that differ little hold the classes together.

    Parameters
    ----------
    items : Items
        The prior of its item probabilities is that of the centres.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    by : str
        Column of the groups, such as ``"role"``.
    n_classes : int
        From 2 on.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    tolerance : float, default 0.05
        Standard deviation up to which differences of an item do not matter.
    sd : HalfNormal, default ``HalfNormal(sigma=0.1)``
        Prior of every s, below one half. With few groups it matters: try others.
    draws, tune, chains : int
        Draws of each chain that are kept, draws of its warm-up, and number of chains of a Gibbs sampler, started at the
        maximum likelihood of equal profiles.
    seed : int
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    PartialInvariance
        ``items``: posterior mean of s, ``sd``, with its interval, R-hat and effective draws; ``p_exceeds``, the
        probability that it is larger than `tolerance`; and the largest deviation of a group from the mean of the
        groups, by its posterior mean: ``group``, ``class``, ``category``, ``deviation`` with interval.

        ``profiles``: the ``probability`` of every category in every group and class with interval, R-hat and
        effective draws, and its ``deviation`` from the mean of the groups with interval.

        ``shares``: the ``share`` of every class in every group with interval, R-hat and effective draws.

        Classes are those of the maximum likelihood, in order of size over all groups.

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If items are not nominal, items, `by` or counts cannot be used, `by` is missing in some rows or has fewer than
        two levels, a level has fewer respondents than classes, or a setting is out of range.

    Warns
    -----
    ConvergenceWarning
        If chains do not agree; where they stayed in several modes, the tables are those of the mode that predicts
        best.
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.

    Notes
    -----
    Respondents without any answer take no part.

    References
    ----------
    .. [1] Muthen, B. & Asparouhov, T. (2018). Recent methods for the study of measurement invariance with many groups:
       alignment and random effects. Sociological Methods & Research 47(4), 637-664. doi 10.1177/0049124117701488
    .. [2] van de Schoot, R. et al. (2013). Facing off with Scylla and Charybdis: a comparison of scalar, partial, and
       the novel possibility of approximate measurement invariance. Frontiers in Psychology 4, 770.
       doi 10.3389/fpsyg.2013.00770

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> differences = bl.partial_invariance(items, bl.example_survey(), "role", 2, draws=300, tune=50)
    >>> differences.items.index.tolist()
    ['training', 'recognition', 'expertise']
    >>> bool((differences.items["sd"] < 0.2).all())
    True
    """
    tails = tail_probabilities(ci_prob)
    if not 0 < tolerance < LARGEST_SD:
        raise ValueError(f"tolerance={tolerance!r}: a standard deviation of probabilities lies between 0 and 0.5")
    grouped = read_groups(items, frame, by, n_classes, count=count, draws=draws, tune=tune, chains=chains, seed=seed)
    sampled = sample_partial(
        grouped.distinct,
        grouped.responses.n_categories,
        grouped.start(chains),
        sd_scale=sd.sigma,
        category_weight=items.category_weight(grouped.responses),
        draws=draws,
        tune=tune,
        seed=seed,
        thin=SWEEPS,
    )
    best, problems = _best_mode(sampled, grouped)
    if problems:
        warnings.warn("\n- ".join(["do not trust these yet:", *problems]), ConvergenceWarning, stacklevel=2)
    note = "; ".join(
        [
            f"{grouped.note}, {len(best.sd)} x {draws} draws of a Gibbs sampler, {n_classes} classes",
            f"sd: of a probability of 0.5, between groups; prior HalfNormal(sigma={sd.sigma:g}) below 0.5, which "
            f"exceeds {tolerance:g} with probability {_prior_exceeds(sd, tolerance):.2f}",
            f"{100 * ci_prob:g} % intervals",
            *problems,
        ]
    )
    share, probability = _aligned(best, grouped)
    rows_of_profiles = _profiles(probability, grouped, tails)
    return PartialInvariance(
        items=SummaryTable.of(_items(best.sd, rows_of_profiles, grouped, tolerance, tails), note),
        profiles=SummaryTable.of(rows_of_profiles, note),
        shares=SummaryTable.of(_summary(share, "share", tails), note),
    )


def _prior_exceeds(sd: HalfNormal, tolerance: float) -> float:
    below, all_of_it = scipy.stats.halfnorm.cdf([tolerance, LARGEST_SD], scale=sd.sigma)
    return float(1 - below / all_of_it)


def _best_mode(draws: PartialDraws, grouped: GroupedAnswers) -> tuple[PartialDraws, list[str]]:
    """The chains of the mode that predicts best, and what is wrong with the chains."""
    quantities, problems = grouped.label_free(draws.groups), []
    mode = agreeing_chains(quantities)
    if mode.max() > 0:
        chains_of = [np.flatnonzero(mode == number) for number in range(mode.max() + 1)]
        elpd = [leave_one_out(draws.groups.log_likelihood[chains], grouped.counts).elpd for chains in chains_of]
        chains = chains_of[int(np.argmax(elpd))]
        problems.append(
            f"chains stayed in {len(chains_of)} modes ({', '.join(map(str, np.bincount(mode)))} chains each), and the "
            "figures are those of the mode that predicts best: fit fewer classes, or take more draws"
        )
        groups = replace(draws.groups, **{name: values[chains] for name, values in vars(draws.groups).items()})
        draws, quantities = PartialDraws(groups, draws.centre[chains], draws.sd[chains]), quantities.isel(chain=chains)
    by_item = {f"sd of {item}": (("chain", "draw"), draws.sd[..., j]) for j, item in enumerate(grouped.responses.items)}
    agreed = agreement(without_spreads(quantities).assign(by_item))
    if not agreed.holds:
        problems.append(
            f"chains do not agree yet (worst of log-likelihood, ordered shares and sd: R-hat "
            f"{agreed.r_hat:.3f}, {agreed.ess:.0f} effective draws): take more draws"
        )
    return draws, problems


def _aligned(draws: PartialDraws, grouped: GroupedAnswers) -> tuple[xr.DataArray, xr.DataArray]:
    """Draws of class shares and of item probabilities, classes matched with the pivot and in order of size."""
    members = draws.groups.members.sum(axis=2)
    order = grouped.order(draws.groups).reshape(members.shape)
    size = np.take_along_axis(members, order, axis=-1).mean(axis=(0, 1))
    order = order[..., np.argsort(-size, kind="stable")]
    share = np.take_along_axis(draws.groups.class_share, order[:, :, None], axis=3)
    probability = np.take_along_axis(draws.groups.item_probability, order[:, :, None, :, None, None], axis=3)
    exists = np.arange(probability.shape[-1]) < np.array(grouped.responses.n_categories)[:, None]
    exists = exists & grouped.asked[:, None, :, None]  # (group, latent_class, item, category)
    coords = {"group": grouped.levels, CLASS: class_names(len(size)), ITEM: list(grouped.responses.items)}
    dims = ("chain", "draw", "group", CLASS)
    return (
        xr.DataArray(share, {name: coords[name] for name in ("group", CLASS)}, dims),
        xr.DataArray(np.where(exists, probability, np.nan), coords, (*dims, ITEM, CATEGORY)),
    )


def _summary(values: xr.DataArray, name: str, tails: list[float]) -> pd.DataFrame:
    """Posterior mean, interval and diagnostics of every element, one row each."""
    dims = list(values.dims[2:])
    lower, upper = np.quantile(values, tails, axis=(0, 1))
    columns = {name: values.mean(["chain", "draw"]), "lower": lower, "upper": upper, **diagnostics(values)}
    index = pd.MultiIndex.from_product([values.indexes.get(dim, range(values.sizes[dim])) for dim in dims], names=dims)
    return pd.DataFrame({column: np.ravel(cells) for column, cells in columns.items()}, index)


def _profiles(probability: xr.DataArray, grouped: GroupedAnswers, tails: list[float]) -> pd.DataFrame:
    """Every category that an item has, by the label it has there."""
    deviation = probability - probability.mean("group")
    table = _summary(probability, "probability", tails)
    lower, upper = np.quantile(deviation, tails, axis=(0, 1))
    for place, (name, cells) in enumerate(
        {"deviation": deviation.mean(["chain", "draw"]), "deviation_lower": lower, "deviation_upper": upper}.items()
    ):
        table.insert(3 + place, name, np.ravel(cells))
    table = table[table["probability"].notna()]
    labels = dict(zip(grouped.responses.items, grouped.responses.labels, strict=True))
    named = [(group, name, item, labels[item][category]) for group, name, item, category in table.index]
    return table.set_axis(pd.MultiIndex.from_tuples(named, names=table.index.names))


def _items(
    sd: np.ndarray, profiles: pd.DataFrame, grouped: GroupedAnswers, tolerance: float, tails: list[float]
) -> pd.DataFrame:
    compared = grouped.asked.sum(axis=0) > 1
    values = xr.DataArray(
        np.where(compared, sd, np.nan), {ITEM: list(grouped.responses.items)}, ("chain", "draw", ITEM)
    )
    table = _summary(values, "sd", tails).set_axis(pd.Index(grouped.responses.items, name=ITEM))
    table.insert(3, "p_exceeds", np.where(compared, (sd > tolerance).mean(axis=(0, 1)), np.nan))
    largest = []
    for item in grouped.responses.items:
        of_item = profiles.xs(item, level=ITEM)
        group, of_class, category = of_item["deviation"].abs().idxmax()
        row = of_item.loc[(group, of_class, category), ["deviation", "deviation_lower", "deviation_upper"]]
        largest.append({"group": group, "class": of_class, "category": category, **row})
    for place, (name, column) in enumerate(pd.DataFrame(largest, index=table.index).items()):
        table.insert(4 + place, name, column)
    return table
