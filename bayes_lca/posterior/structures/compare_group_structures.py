"""Classes of groups, random intercepts, or no groups at all: which predicts a group that was left out best."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import check_whole, named
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.named_fits import named_fits
from bayes_lca.fitted.same_respondents import respondents_in_both
from bayes_lca.likelihood.leave_one_out import LeaveOneOut, leave_one_out
from bayes_lca.table import SummaryTable
from bayes_lca.verdict import TablesWithVerdict

CLEAR = 2.0
"""Standard errors of a difference from which on it is called clear."""


@dataclass(frozen=True, repr=False, eq=False)
class GroupComparison(TablesWithVerdict):
    """How well fits predict groups that are left out.

    Attributes
    ----------
    table : SummaryTable
        A row per fit, the best first.
    pointwise : SummaryTable
        A row per group: ``n`` and the log predictive density under every fit, that group left out.
    words : str
        What they say, a sentence.
    """

    table: SummaryTable
    pointwise: SummaryTable
    words: str

    @property
    def verdict(self) -> str:
        """The words."""
        return self.words

    @property
    def tables(self) -> dict[str, SummaryTable]:
        """The fits, the best first."""
        return {"fits": self.table}


def compare_group_structures(fits: Mapping[str, xr.DataTree], *, n_draws: int = 400, seed: int = 1) -> GroupComparison:
    r"""Compare fits that model the same groups in different ways, by leaving groups out.

    .. math:: \mathrm{elpd}_g = \log p(y_g \mid y_{-g}), \qquad p(y_g \mid \theta) =
              \sum_w \omega_w \prod_{i \in g} p(y_i \mid w, \theta)
              \quad\text{or}\quad \int \prod_{i \in g} p(y_i \mid u, \theta)\, N(u \mid 0, \Sigma)\, du

    Groups are what is independent, so each is left out as a whole, and what a model assumes of it is summed out: the
    group class, or the random intercepts, by importance sampling. Without groups in the model, respondents of a group
    are independent. Leaving respondents out instead would let a model of many intercepts predict each from the others
    of its group, and would compare nothing that speaks of new groups. Draws are reweighted by Pareto-smoothed
    importance sampling; `leave_one_group_out` refits where that is unreliable.

    Parameters
    ----------
    fits : mapping of str to xarray.DataTree
        Fits of the same respondents by name, at least one with `GroupClasses` or ``(1 | group)``, all those of the
        same groups.
    n_draws : int, default 400
        Draws of each fit used at the most; random intercepts are integrated out of every group in each.
    seed : int
        Of the importance sampling of random intercepts.

    Returns
    -------
    GroupComparison
        ``table``, a row per fit: ``elpd`` of all groups with its standard error ``se``; ``difference`` to the best,
        with its standard error ``difference_se``; and ``n_high_k``, groups for which the estimate is unreliable.

    Raises
    ------
    TypeError
        If `fits` is no mapping, or holds something else than fits.
    ValueError
        If there are fewer than two fits, none has groups, they have other respondents or groups, or slopes vary by
        group.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Merkle, E. C., Furr, D. & Rabe-Hesketh, S. (2019). Bayesian comparison of latent variable models: conditional
    versus marginal likelihoods. Psychometrika 84(3), 802-829. doi 10.1007/s11336-019-09679-0

    Vehtari, A., Gelman, A. & Gabry, J. (2017). Practical Bayesian model evaluation using leave-one-out
    cross-validation and WAIC. Statistics and Computing 27, 1413-1432. doi 10.1007/s11222-016-9696-4

    Examples
    --------
    >>> import bayes_lca as bl
    >>> fits = {"intercepts": bl.load_example(), "no groups": bl.load_example("alone")}
    >>> compared = bl.compare_group_structures(fits, n_draws=50)
    >>> compared.pointwise.index.tolist() == [f"G{g}" for g in range(1, 7)]
    True
    """
    fits = named_fits(fits, needs="compare_group_structures")
    check_whole(least=50, n_draws=n_draws)
    check_whole(least=0, seed=seed)
    if len(fits) < 2:
        raise ValueError(f'{len(fits)} fit given; pass two or more by name: {{"classes": a, "intercepts": b}}')
    grouping, names, group = _groups(fits)
    loo = {
        name: leave_one_out(_log_likelihood(fit, grouping, group, n_draws, seed), np.ones(len(names), dtype=int))
        for name, fit in fits.items()
    }
    first = next(iter(fits.values()))
    note = (
        f"{first.note}; {len(names)} groups of {grouping!r} left out one at a time, Pareto-smoothed, of {n_draws} "
        "draws or fewer"
    )
    pointwise = pd.DataFrame(
        {"n": np.bincount(group)} | {name: of_fit.pointwise for name, of_fit in loo.items()},
        index=pd.Index(names, name=grouping),
    )
    table = _table(loo)
    words = _in_words(table, grouping, len(names))
    return GroupComparison(SummaryTable.of(table, note), SummaryTable.of(pointwise, note), words)


def _groups(fits: Mapping[str, Fit]) -> tuple[str, list[str], np.ndarray]:
    """The grouping that fits share, the names of its groups, and the group of every respondent."""
    with_groups = {name: fit for name, fit in fits.items() if fit.groupings}
    if not with_groups:
        raise ValueError(
            f"none of the fits {named(fits)} has groups to leave out; fit GroupClasses, or Regression with (1 | group)"
        )
    if several := {name for name, fit in with_groups.items() if len(fit.groupings) > 1}:
        raise ValueError(f"fit(s) {named(several)} have several groupings; compare fits with one grouping each")
    first_name, first = next(iter(with_groups.items()))
    (grouping,) = first.groupings
    group = first.group_of_respondent[grouping]
    for name, fit in fits.items():
        same = respondents_in_both(first, fit)
        if not same.everybody(first, fit) or not np.array_equal(same.first, same.second):
            why = same.problem or "they have other respondents, or the same in another order"
            raise ValueError(f"fits {first_name!r} and {name!r} are compared by the same groups left out, and {why}")
        if fit.groupings and not np.array_equal(fit.group_of_respondent.get(grouping), group):
            raise ValueError(
                f"fits {first_name!r} and {name!r} have groups {grouping!r} and {fit.groupings[0]!r}; compare fits "
                "with the same groups"
            )
    return grouping, list(first.group_names[grouping]), group


def _log_likelihood(fit: Fit, grouping: str, group: np.ndarray, n_draws: int, seed: int) -> np.ndarray:
    """Log probability of all answers of each group given parameters alone, shape (chain, draw, group)."""
    of_chain = np.unique(np.linspace(0, fit.draws_per_chain - 1, -(-n_draws // fit.n_chains)).astype(int))
    which = (fit.draws_per_chain * np.arange(fit.n_chains)[:, None] + of_chain).ravel()
    shape = fit.n_chains, len(of_chain), group.max() + 1
    if fit.groupings:
        rng, unseen = np.random.default_rng(seed), fit.hidden.unseen_group_log_likelihood
        of_groups = [unseen(fit, grouping, place, which, rng) for place in range(shape[-1])]
        return np.stack(of_groups, axis=-1).reshape(shape)
    table = np.zeros((len(fit.count), shape[-1]))  # respondents of each group with each row
    np.add.at(table, (fit.pattern_of_respondent, group), 1.0)
    return (fit.log_likelihood_in(which) @ table).reshape(shape)


def _table(loo: Mapping[str, LeaveOneOut]) -> pd.DataFrame:
    order = sorted(loo, key=lambda name: -loo[name].elpd)
    rows = []
    for name in order:
        difference, error = loo[name].less(loo[order[0]])
        rows.append(
            {
                "fit": name,
                "elpd": loo[name].elpd,
                "se": loo[name].se,
                "difference": difference,
                "difference_se": error,
                "n_high_k": loo[name].n_high_k,
            }
        )
    return pd.DataFrame(rows).set_index("fit")


def _in_words(table: pd.DataFrame, grouping: str, n_groups: int) -> str:
    best, second = table.index[:2]
    apart, error = -table.loc[second, "difference"], table.loc[second, "difference_se"]
    less = f"{apart:.1f} (SE {error:.1f}) higher than {second}"
    verdict = "clearly better" if apart > CLEAR * error else "which is no clear difference"
    words = f"Of {n_groups} groups of {grouping!r} left out one at a time, {best} has an elpd {less}, {verdict}."
    unreliable = table.index[table["n_high_k"] > 0]
    if len(unreliable):
        words += f" Some groups weigh too much for {named(unreliable)}: leave_one_group_out refits without each."
    return words
