"""Does a latent class model reproduce the answers: items, pairs of items, response patterns, groups."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import gamma

from bayes_lca.dims import ANSWERS, ITEM
from bayes_lca.posterior.axes import groupings
from bayes_lca.posterior.convergence import require_latent_classes, require_summarisable
from bayes_lca.posterior.direct_effects import LEAST_VARIANCE, direct_effects
from bayes_lca.posterior.item_discrepancies import (
    PATTERN_STATISTICS,
    ItemDiscrepancies,
    item_discrepancies,
    pair_statistics,
)
from bayes_lca.posterior.predictive_p import draws_used, posterior_predictive_p, thinning
from bayes_lca.table import SummaryTable, describe_draws, tail_probabilities

FLAGGED_BELOW = 0.05


@dataclass(frozen=True, repr=False, eq=False)
class ItemCheck:
    """Posterior predictive checks of the answers, as `check_items` returns them.

    Attributes
    ----------
    overall : SummaryTable
        ``largest pair``, the pair that departs most, chance among all pairs allowed for, and ``all pairs`` together.
    items, pairs, patterns : SummaryTable
    groups : SummaryTable or None
        Items by group, where there are groups.
    n_draws : int
        Draws used, one replicated data set each.
    """

    overall: SummaryTable
    items: SummaryTable
    pairs: SummaryTable
    patterns: SummaryTable
    groups: SummaryTable | None
    n_draws: int

    @property
    def flagged(self) -> bool:
        """Whether items are associated within classes: 5 % of models that are right are flagged."""
        return bool(self.overall.loc["largest pair", "p_value"] < FLAGGED_BELOW)

    def __repr__(self) -> str:
        parts = {name: getattr(self, name) for name in ("overall", "items", "pairs", "patterns", "groups")}
        return "\n\n".join(f"{name}\n{table!r}" for name, table in parts.items() if table is not None)


def check_items(
    draws: xr.DataTree,
    *,
    group: str | None = None,
    frame=None,
    n_draws: int = 400,
    seed: int = 1,
    ci_prob: float = 0.95,
) -> ItemCheck:
    r"""Compare the answers with those that a latent class model would give: posterior predictive checks.

    Every draw gives one replicated data set: classes drawn anew given covariates and groups, answers given the class,
    missing where they are missing. A ``p_value`` is the share of data sets, replicated and observed, that depart from
    the model at a draw at least as far as the observed data do [1]_.

    *Pairs* ask whether answers to two items are associated within classes (local dependence). For cell (k, m) of
    items j and l over those who answered both,

    .. math::
        R_{km} = \sum_i \Bigl(1[y_{ij} = k, y_{il} = m] - \sum_c P(c \mid y_i, x_i, g_i) \rho_{cjk} \rho_{clm}\Bigr)

    is freed of what the scores S of shares, item probabilities and coefficients explain, so that estimating them
    from the same answers does not hide a misfit [2]_:

    .. math:: \tilde R = R - B^\top S, \qquad T = \tilde R^\top W^{-1} \tilde R + f L^2, \qquad
        L = \frac{a^\top \tilde R}{\sqrt{a^\top W a}}, \qquad W = \operatorname{var}(\tilde R) + \tfrac12 I

    with B and var(R~) from replicated answers, :math:`a_{km} = (k - \bar k)(m - \bar m)` and f the product of the
    numbers of categories less one. Without missing answers R~ is the bivariate residual, observed less expected count,
    freed of the scores, and the first term its score test [3]_. The trend L asks whether higher categories go together;
    it counts as much as all directions do, so that T sees any association and best one along the order in which the
    categories stand. Its p-value is close to uniform in a model that is right. *Overall*, each T is put on the scale
    of its tail probability and the largest over pairs is compared with the largest in replicated data, so one p-value
    stands for all pairs.

    *Items* and *patterns* use plain counts. Latent classes reproduce the items almost by construction, so a departure
    there speaks of the prior or of answers missing in another way than at random; p-values gather about 0.5 otherwise.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model, with or without covariates and groups.
    group : str, optional
        Grouping or covariate of the fit by which to compare items, or a column of `frame`; the first grouping of the
        fit by default.
    frame : eager data frame, optional
        The frame that was fitted, for a `group` that the formula does not use.
    n_draws : int, default 400
        Draws used at the most, evenly spaced.
    seed : int, default 1
        Of the replicated answers.
    ci_prob : float, default 0.95

    Returns
    -------
    ItemCheck
        Tables with ``p_value``, ``discrepancy`` and what replicated data give, ``expected`` (posterior means).

        ``items``, one row each: sum over categories of (observed - expected)^2 / expected, then the category that
        departs most, its ``observed`` count, ``expected_count``, ``difference`` in points of a hundred with its
        interval (parameters and chance), ``n`` answers.
        ``pairs``: T; ``trend`` L (posterior median); ``effect_size``, Cramer's V of R~ beyond chance, 0 for none, too
        small as far as parameters absorb the association; then the cell that departs most for
        its standard deviation: ``category_1``, ``category_2``, ``observed``, ``expected_count`` (posterior mean),
        ``residual`` R~ over its standard deviation (posterior median) with the interval of R~ less that of replicated
        data, ``n`` who answered both.
        ``patterns`` of those who answered all items: their number, likelihood ratio, Pearson, and the pattern that
        departs most by twice the difference of square roots of counts.
        ``groups``: `direct_effects` of the group.

    Raises
    ------
    ValueError
        If there is one item, nobody answered all items, or `group` cannot be used.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    .. [1] Gelman, A., Meng, X.-L. & Stern, H. (1996). Posterior predictive assessment of model fitness via realized
       discrepancies. Statistica Sinica 6(4), 733-760.
    .. [2] Robins, J. M., van der Vaart, A. & Ventura, V. (2000). Asymptotic distribution of p values in composite
       null models. JASA 95(452), 1143-1156. doi 10.1080/01621459.2000.10474310
    .. [3] Oberski, D. L., van Kollenburg, G. H. & Vermunt, J. K. (2013). A Monte Carlo evaluation of three methods to
       detect local dependence in binary data latent class models. Advances in Data Analysis and Classification 7(3),
       267-279. doi 10.1007/s11634-013-0146-2

    Examples
    --------
    >>> import bayes_lca as bl
    >>> check = bl.check_items(bl.load("fit.nc"))  # doctest: +SKIP
    >>> check.flagged, check.pairs.sort_values("p_value")  # doctest: +SKIP
    """
    require_latent_classes(draws)
    require_summarisable(draws)
    tails = tail_probabilities(ci_prob)
    step = thinning(draws, n_draws, seed)
    codes = draws["observed_data"][ANSWERS].to_numpy()
    _require_pairs_and_patterns(codes)
    by = group if group is not None else next(iter(groupings(draws)), None)
    groups = None
    if by is not None:
        groups = direct_effects(draws, [by], frame=frame, n_draws=n_draws, seed=seed, ci_prob=ci_prob)
    found = item_discrepancies(draws, step, seed)
    names, labels = [str(item) for item in draws["observed_data"][ITEM].to_numpy()], json.loads(draws.attrs["labels"])
    pairs, statistic = _pair_rows(found, codes, names, labels, tails)
    used = f"{describe_draws(draws)}; {draws_used(draws, step)} of them used, one replicated data set each"
    interval = f"{100 * ci_prob:g} % intervals at the one that departs most, chosen among all"

    def table(rows: pd.DataFrame, *more: str) -> SummaryTable:
        chance = f"of {len(rows)} rows about {FLAGGED_BELOW * len(rows):.1f} have a p_value below 0.05 by chance"
        return SummaryTable.of(rows, "; ".join([used, chance, *more]))

    n_complete = int(found.pattern_count.sum())
    return ItemCheck(
        overall=SummaryTable.of(_overall(statistic), f"{used}; {len(pairs)} pairs of items"),
        items=table(_item_rows(found, codes, names, labels, tails), interval),
        pairs=table(pairs, interval),
        patterns=table(_pattern_rows(found, labels), f"{n_complete} respondents who answered all items"),
        groups=groups,
        n_draws=draws_used(draws, step),
    )


def _require_pairs_and_patterns(codes: np.ndarray) -> None:
    if codes.shape[1] < 2:
        raise ValueError(f"this fit of {len(codes)} respondents has 1 item; pairs need at least two")
    if not (codes >= 0).all(axis=1).any():
        raise ValueError(
            f"none of the {len(codes)} respondents answered all {codes.shape[1]} items, so there are no response "
            "patterns to compare; fit items that some respondents answered together"
        )


def _pair_rows(found: ItemDiscrepancies, codes, names, labels, tails) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of the table of pairs, and T of shape (data set, draw, pair)."""
    n_categories = found.pair.shape[-1]
    cells = found.pair.reshape(*found.pair.shape[:3], -1)  # (data set, draw, pair, cell)
    variance = found.pair_covariance + LEAST_VARIANCE * np.eye(cells.shape[-1])
    statistic, trend = pair_statistics(cells, variance, [(len(labels[j]), len(labels[h])) for j, h in found.pairs])
    rows = []
    for p, (j, h) in enumerate(found.pairs):
        rank = np.arange(n_categories)
        possible = np.logical_and.outer(rank < len(labels[j]), rank < len(labels[h]))
        sd = np.sqrt(np.diag(variance[p]))
        size = np.where(possible.ravel(), np.abs(np.median(cells[0, :, p], axis=0)) / sd, -1.0)
        worst = int(size.argmax())
        first, second = divmod(worst, n_categories)
        both = (codes[:, j] >= 0) & (codes[:, h] >= 0)
        expected = found.pair_expected[:, p].mean(axis=0)
        squares = (cells[:, :, p] ** 2 / np.maximum(expected.ravel(), LEAST_VARIANCE)).sum(axis=-1)
        beyond_chance = max(0.0, squares[0].mean() - squares[1].mean())
        free = min(len(labels[j]), len(labels[h])) - 1
        own = cells[:, :, p, worst] / sd[worst]
        lower, upper = np.quantile(own[0] - own[1], tails)
        rows.append(
            {
                "p_value": posterior_predictive_p(*statistic[:, :, p]),
                "discrepancy": statistic[0, :, p].mean(),
                "expected": statistic[1, :, p].mean(),
                "trend": np.median(trend[0, :, p]),
                "effect_size": np.sqrt(beyond_chance / max(both.sum() * free, 1)),
                "category_1": labels[j][first],
                "category_2": labels[h][second],
                "observed": int(((codes[:, j] == first) & (codes[:, h] == second)).sum()),
                "expected_count": expected[first, second],
                "residual": np.median(own[0]),
                "lower": lower,
                "upper": upper,
                "n": int(both.sum()),
            }
        )
    index = pd.MultiIndex.from_tuples([(names[j], names[h]) for j, h in found.pairs], names=["item_1", "item_2"])
    return pd.DataFrame(rows, index=index), statistic


def _overall(statistic: np.ndarray) -> pd.DataFrame:
    """One p-value for all pairs: of the largest, each on the scale of its tail probability, and of the sum."""
    mean, variance = statistic[1].mean(axis=0), np.maximum(statistic[1].var(axis=0), np.finfo(float).tiny)
    rarity = (-gamma.logsf(statistic, mean**2 / variance, scale=variance / mean)).max(axis=-1)
    both = {"largest pair": rarity, "all pairs": statistic.sum(axis=-1)}
    rows = [
        {"p_value": posterior_predictive_p(*one), "discrepancy": one[0].mean(), "expected": one[1].mean()}
        for one in both.values()
    ]
    return pd.DataFrame(rows, index=pd.Index(both, name="check"))


def _item_rows(found: ItemDiscrepancies, codes, names, labels, tails) -> pd.DataFrame:
    rows = []
    for j, own in enumerate(labels):
        difference = found.margin[:, :, j, : len(own)]  # (data set, draw, category)
        expected = np.maximum(found.margin_expected[:, j, : len(own)], LEAST_VARIANCE)
        worst = int((np.abs(difference[0].mean(axis=0)) / np.sqrt(expected.mean(axis=0))).argmax())
        n = int((codes[:, j] >= 0).sum())
        points = 100 * difference[:, :, worst] / n
        lower, upper = np.quantile(points[0] - points[1], tails)
        realised, replicated = (difference**2 / expected).sum(axis=-1)
        rows.append(
            {
                "p_value": posterior_predictive_p(realised, replicated),
                "discrepancy": realised.mean(),
                "expected": replicated.mean(),
                "category": own[worst],
                "observed": int((codes[:, j] == worst).sum()),
                "expected_count": found.margin_expected[:, j, worst].mean(),
                "difference": points[0].mean(),
                "lower": lower,
                "upper": upper,
                "n": n,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(names, name=ITEM))


def _pattern_rows(found: ItemDiscrepancies, labels) -> pd.DataFrame:
    """Statistics of the whole table, and the pattern that departs most beside the last of them."""
    expected = found.pattern_expected.mean(axis=0)
    worst = int(np.abs(np.sqrt(found.pattern_count) - np.sqrt(expected)).argmax())
    rows = [
        {
            "p_value": posterior_predictive_p(*found.pattern[:, :, place]),
            "discrepancy": found.pattern[0, :, place].mean(),
            "expected": found.pattern[1, :, place].mean(),
        }
        for place in range(len(PATTERN_STATISTICS))
    ]
    rows[-1] |= {
        "pattern": " | ".join(own[code] for own, code in zip(labels, found.patterns[worst], strict=True)),
        "observed": int(found.pattern_count[worst]),
        "expected_count": expected[worst],
    }
    return pd.DataFrame(rows, index=pd.Index(PATTERN_STATISTICS, name="statistic"))
