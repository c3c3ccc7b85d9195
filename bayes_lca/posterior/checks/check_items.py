"""Does a latent class model reproduce the answers: items, pairs of items, response patterns, groups."""

from dataclasses import dataclass
from math import comb

import pandas as pd
import xarray as xr

from bayes_lca.data.frame import Frame
from bayes_lca.dims import ITEM, WAVE
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.thinning import draws_used, thinning
from bayes_lca.posterior.checks.check_waves import WaveCheck, check_waves
from bayes_lca.posterior.checks.direct_effects import direct_effects
from bayes_lca.posterior.checks.groups_of_persons import groups_of_waves, refuse_frame_without_group
from bayes_lca.posterior.checks.item_check_rows import (
    item_rows,
    overall_table,
    pair_rows,
    pattern_rows,
    verdict_of_items,
)
from bayes_lca.posterior.checks.item_discrepancies import item_discrepancies
from bayes_lca.posterior.checks.moment_check import moment_rows
from bayes_lca.posterior.checks.weighted_pairs import weighted_check
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.verdict import TablesWithVerdict

FLAGGED_BELOW = 0.05


@dataclass(frozen=True, repr=False, eq=False)
class ItemCheck(TablesWithVerdict):
    """Posterior predictive checks of the answers, as `check_items` returns them.

    Attributes
    ----------
    overall : SummaryTable
        ``largest pair``, the pair that departs most; ``common tilt`` of a set of items; ``either`` of these, chance
        among all pairs and sets allowed for; and ``all pairs`` together.
    items, pairs : SummaryTable
    patterns : SummaryTable or None
        None where nobody answered all items.
    groups : SummaryTable or None
        Items by group, where there are groups.
    n_draws : int
        Draws used, one replicated data set each.
    """

    overall: SummaryTable
    items: SummaryTable
    pairs: SummaryTable
    patterns: SummaryTable | None
    groups: SummaryTable | None
    n_draws: int

    @property
    def flagged(self) -> bool:
        """Whether items are associated within classes: 5 % of models that are right are flagged."""
        return bool(self.overall.loc["either", "p_value"] < FLAGGED_BELOW)

    @property
    def tables(self) -> dict[str, SummaryTable]:
        """The tables there are, by name."""
        parts = {name: getattr(self, name) for name in ("overall", "items", "pairs", "patterns", "groups")}
        return {name: table for name, table in parts.items() if table is not None}

    @property
    def verdict(self) -> str:
        """Whether the classes explain how answers go together."""
        return verdict_of_items(self.overall, flagged=self.flagged)


def check_items(
    draws: xr.DataTree,
    *,
    group: str | None = None,
    frame: Frame | None = None,
    key: str | None = None,
    count: str | int | None = None,
    n_draws: int = 400,
    seed: int = 1,
    ci_prob: float = 0.95,
) -> ItemCheck | WaveCheck:
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
    categories stand. Its p-value is close to uniform in a model that is right.

    *Overall*, each T is put on the scale of its tail probability and the largest over pairs is compared with the
    largest in replicated data, so one p-value stands for all pairs. A person who leans towards higher categories in
    several items, a response style or a common method, spreads over pairs none of which stands out. The common tilt
    collects it: the score statistic of the variance of such a leaning [4]_, over all sets of items. Items that point
    the other way hide from it until they are reversed. The smaller p-value of the two, compared with the smaller in
    replicated data, decides whether the model is flagged.

    *Items that are numbers* have no cells: their means and standard deviations, and the correlations of pairs, are
    compared with those of replicated data, each departure in standard deviations over these. The common tilt is then
    the sum of the residuals of all pairs, which is large where all items go together within classes.

    *Items* and *patterns* use plain counts. Latent classes reproduce the items almost by construction, so a departure
    there speaks of the prior or of answers missing in another way than at random; p-values gather about 0.5 otherwise.

    *Survey designs*: with weights w, residuals r and scores s of a respondent, pairs are tested by

    .. math::
        \tilde R = \sum_i w_i \bigl(r_i - B^\top s_i\bigr), \qquad
        T = \tilde R^\top \hat V^{-1} \tilde R, \qquad
        \frac{d - f + 1}{d f} T \sim F(f, d - f + 1),

    B the regression of r on s in weighted replicated data, V the covariance over samples drawn alike, from totals of
    clusters within strata [5]_, d the clusters less the strata, f the directions of association; all pairs together by
    Bonferroni's method. Limits: no common tilt, patterns or groups, no test of items; few clusters see little.

    *Waves*: items, and pairs of items, are checked at every wave, and besides each item at two waves t and u, whose
    answers transitions of classes have to explain. Residuals of these *wave pairs* are

    .. math::
        R_{km} = \sum_i \Bigl(1[y_{itj} = k, y_{iuj} = m]
            - \sum_{c,d} P(z_t = c, z_u = d \mid y_i, x_i, g_i) \rho_{cjk} \rho_{djm}\Bigr),

    freed of the scores of shares, transitions and item probabilities, and judged like pairs of items. *Level over
    waves* adds up their trends over waves that follow each other: it is large where persons answer alike at both waves
    whatever their class, as they do when each has a level of their own; then plain transitions report too many who
    stay. *Waves apart* adds them up over all other pairs: it is large where the class at the wave before does not tell
    all of where a person goes, such as where some never move.

    *Groups of waves*: of each group at a wave, answers to an item are counted beside those expected given covariates
    and group; persons of each class, :math:`\sum_{i \in g} P(z_{it} = c \mid y_i, x_i)`, beside the same before answers
    are seen; and of a step those who moved, :math:`\sum_{i \in g} P(z_{it} \ne z_{i,t+1} \mid y_i, x_i)`, likewise. A
    group that is in other classes answers otherwise to all items at once, which its class shares collect. These
    residuals too are freed of the scores, and T is their quadratic form, as in score tests of a group's effect. Where
    the formula has the group and all answered the first wave, T of its class shares there, not later, is 0 and p is 1.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model, with or without covariates and groups, or of a latent transition model.
    group : str, optional
        Grouping or covariate of the fit by which to compare items, or a column of `frame`; the first grouping of the
        fit by default.
    frame : eager data frame, optional
        The frame that was fitted, for a `group` that the formula does not use, and with one. Its rows are found by key,
        or label, and have to hold the answers and covariates of the fit; those of a long frame by person and wave.
    key : str, optional
        Column of `frame` that tells respondents apart; by default the one that `fit` was given, else row labels.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    n_draws : int, default 400
        Draws used at the most, evenly spaced.
    seed : int, default 1
        Of the replicated answers.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    ItemCheck, or WaveCheck for a fit of several waves
        Tables with ``p_value``, ``discrepancy`` and what replicated data give, ``expected`` (posterior means).

        ``items``, one row each: sum over categories of (observed - expected)^2 / expected, then the category that
        departs most, its ``observed`` count, ``expected_count``, ``difference`` of shares with its
        interval (parameters and chance), ``n`` answers.

        ``overall``: ``where`` the departure is, the pair or the set of items with the strongest common tilt.

        ``pairs``: T; ``trend`` L (posterior median); ``effect_size``, Cramer's V of R~ beyond chance, 0 for none, too
        small as far as parameters absorb the association; then the cell that departs most for its standard deviation:
        ``category_1``, ``category_2``, ``observed``, ``expected_count`` (posterior mean), ``standardised_residual``
        R~ over its standard deviation (posterior median) with the interval of R~ less that of replicated data, ``n``
        who answered both.

        Pairs are those that somebody answered together; the note counts the others.

        ``patterns`` of those who answered all items: their number, likelihood ratio, Pearson, and the pattern that
        departs most by twice the difference of square roots of counts; None where nobody did.

        ``groups``: `direct_effects` of the group.

        Of items that are numbers, ``items`` has ``mean`` and ``sd`` with what is expected and its interval, ``pairs``
        the ``correlation`` likewise, in place of categories and cells; ``patterns`` and ``groups`` are None.

        Of a survey design counts are weighted, ``n`` counts respondents, intervals rest on the covariance of the design
        and its degrees of freedom d, and ``patterns`` and ``groups`` are None.

        Of waves, ``items`` and ``pairs`` stand by wave, ``wave_pairs`` by item and both waves; ``groups`` has items by
        group and wave, ``group_shares`` the class whose ``share`` given all answers departs most from
        ``share_expected``, ``group_moves`` who ``moved`` given their answers, and ``moved_expected``: ``difference``,
        ``lower`` and ``upper`` of these are plain, not freed of scores as T and p are; there are no patterns.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the classes were seen, the fit was saved without respondents, there is one item, nobody answered two items,
        `group` cannot be used or, of several waves, changes within a person; a `frame`, `key` or `count` is given
        without one; `group` or `frame` is given with a fit of a survey design, or items of such a fit are numbers.
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
    .. [4] Commenges, D. & Jacqmin-Gadda, H. (1997). Generalized score test of homogeneity based on correlated random
       effects models. Journal of the Royal Statistical Society B 59(1), 157-171. doi 10.1111/1467-9868.00061
    .. [5] Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys.
       International Statistical Review 51(3), 279-292. doi 10.2307/1402588

    Examples
    --------
    >>> import bayes_lca as bl
    >>> check = bl.check_items(bl.load_example("alone"), n_draws=50)
    >>> check.flagged
    False
    >>> check.pairs.index.tolist()
    [('training', 'recognition'), ('training', 'expertise'), ('recognition', 'expertise')]
    >>> bl.check_items(bl.load_example("waves"), n_draws=20).wave_pairs.index[0]
    ('training', '1', '2')
    """
    fit = Fit.of(draws, needs="check_items")
    tails = tail_probabilities(ci_prob)
    step = thinning(fit, n_draws, seed)
    used = f"{fit.note}; {draws_used(fit, step)} of them used, one replicated data set each"
    if WAVE in fit.hidden.axes_of_answers(fit):
        levels = groups_of_waves(fit, group, frame, key=key, count=count)
        return check_waves(fit, step, seed, tails, f"{used}; {100 * ci_prob:g} % intervals", levels)
    _require_pairs(fit)
    if fit.is_weighted:
        return ItemCheck(*weighted_check(fit, step, seed, tails, group=group, frame=frame, key=key, count=count))
    refuse_frame_without_group(fit, group, frame=frame, key=key, count=count)
    by, groups = group if group is not None else next(iter(fit.groupings), None), None
    if by is not None and fit.supports("direct_effects"):
        groups = direct_effects(
            *(fit, [by]), frame=frame, key=key, count=count, n_draws=n_draws, seed=seed, ci_prob=ci_prob
        )
    if not all(fit.labels):
        note = f"{used}; {100 * ci_prob:g} % intervals of replicated data sets"
        overall, items, pairs = (SummaryTable.of(rows, note) for rows in moment_rows(fit, step, seed, tails))
        return ItemCheck(overall, items, pairs, patterns=None, groups=None, n_draws=draws_used(fit, step))
    discrepancies = item_discrepancies(fit, step, seed)
    answers = fit.labels, fit.codes, fit.count
    pairs, statistic = pair_rows(discrepancies, *answers, tails)
    names = [(fit.items[j], fit.items[h]) for j, h in discrepancies.pairs]
    pairs.index = pd.MultiIndex.from_tuples(names, names=["item_1", "item_2"])
    items = item_rows(discrepancies, *answers, tails).set_index(pd.Index(fit.items, name=ITEM))
    interval = f"{100 * ci_prob:g} % intervals at the one that departs most, chosen among all"

    def table(rows: pd.DataFrame, *more: str) -> SummaryTable:
        chance = f"of {len(rows)} rows about {FLAGGED_BELOW * len(rows):.1f} have a p_value below 0.05 by chance"
        return SummaryTable.of(rows, "; ".join([used, chance, *more]))

    n_complete, n_apart = discrepancies.pattern_count.sum(), comb(len(fit.items), 2) - len(pairs)
    apart = f", {n_apart} more that nobody answered together left out" if n_apart else ""
    return ItemCheck(
        overall_table(discrepancies, statistic, fit, f"{used}; {len(pairs)} pairs of items{apart}"),
        items=table(items, interval),
        pairs=table(pairs, f"{interval}{apart}"),
        patterns=table(pattern_rows(discrepancies, fit), f"{n_complete} respondents who answered all items")
        if n_complete
        else None,
        groups=groups,
        n_draws=draws_used(fit, step),
    )


def _require_pairs(fit: Fit) -> None:
    if len(fit.items) < 2:
        raise ValueError(f"this fit of {fit.n_respondents} respondents has 1 item; pairs need at least two")
    if (fit.answered.sum(axis=1) < 2).all():
        raise ValueError(
            f"none of the {fit.n_respondents} respondents answered two of the {len(fit.items)} items, so there are no "
            "pairs to compare; fit items that some respondents answered together"
        )
