"""Does the model generalise? Every group predicted by a fit to the others."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from bayes_lca.data.counted import count_rows
from bayes_lca.data.frame import Frame, named
from bayes_lca.dims import COUNT, ITEM, OUTCOME_COUNTS, group_slope, rough_groups
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import ENCODING, LEFT_OUT, PATTERNS
from bayes_lca.fitted.unseen_group_likelihood import new_levels
from bayes_lca.posterior.checks.posterior_predictive import draw_predictive
from bayes_lca.prepared import Model, Prepared
from bayes_lca.sampling.fit_or_load import fit_or_load
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.settings import Sampling
from bayes_lca.sampling.tree import finish
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.verdict import TablesWithVerdict

INTEGRATED_DRAWS = 2000


@dataclass(frozen=True, repr=False, eq=False)
class GroupPredictions(TablesWithVerdict):
    """How well each group was predicted by the others.

    Attributes
    ----------
    elpd : SummaryTable
        One row per group: ``n``; ``elpd``, the log probability of all its answers, random intercepts integrated
        out, with Monte Carlo error ``mcse`` and the ``effective_draws`` behind it; ``per_respondent``; how many of the
        predictive intervals hold the ``observed`` share (``inside`` of ``intervals``); and the refit's
        ``divergences``.
    calibration : SummaryTable
        One row per group, item and category (or category of the outcome): observed share among the group's answers,
        predicted mean, ``lower`` and ``upper`` of the predictive interval, and ``inside``. Items that nobody in a group
        answered are left out.
    """

    elpd: SummaryTable
    calibration: SummaryTable

    @property
    def verdict(self) -> str:
        """How well all groups are predicted, and how many intervals hold the share of an answer."""
        total, inside, intervals = self.elpd[["elpd", "inside", "intervals"]].sum()
        return (
            f"Of {len(self.elpd)} groups, each predicted by the others, the elpd is {total:.1f} (Monte Carlo error "
            f"{np.hypot.reduce(self.elpd['mcse']):.1f}); {inside:.0f} of {intervals:.0f} predictive intervals hold the "
            "share of an answer."
        )

    @property
    def tables(self) -> dict[str, SummaryTable]:
        """Both, by name."""
        return {"elpd": self.elpd, "calibration": self.calibration}


def leave_one_group_out(
    model: Model,
    frame: Frame,
    *,
    count: str | int | None = None,
    by: str | None = None,
    draws: int = 500,
    tune: int = 400,
    chains: int = 4,
    seed: int = 1,
    target_accept: float | None = None,
    missing: Literal["raise", "drop"] = "raise",
    out: str | os.PathLike | None = None,
    ci_prob: float = 0.95,
    progressbar: bool = True,
) -> GroupPredictions:
    r"""Leave every group out in turn, fit the others, and predict it.

    .. math:: \mathrm{elpd}_g = \log p(y_g \mid y_{-g}) = \log \int p(y_g \mid \theta, u)\,
              p(u \mid \theta)\, p(\theta \mid y_{-g})\, du\, d\theta

    Refits are exact. One compilation serves them all: the rows of the group left out count zero times, and its random
    intercepts are drawn from their distribution, as those of a new group are.

    Parameters
    ----------
    model : LatentClass or Multinomial
        With ``(1 | group)`` in its formula, or with `GroupClasses`, whose class of the group left out is summed out.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    by : str, optional
        The grouping whose groups are left out; needed if there are several.
    draws, tune, chains : int
        Draws kept and tuning steps of each chain, and the number of chains, of every refit.
    seed : int
        Same seed, same machine: the same draws.
    target_accept : float, optional
        As for `fit`: 0.95 by default.
    missing : {"raise", "drop"}
        What to do with rows that lack a covariate.
    out : str or path, optional
        Folder in which every refit is kept as soon as it is there; the same call reads them.
    ci_prob : float, default 0.95
        Probability of the equal-tailed predictive intervals.
    progressbar : bool
        Show the progress of every refit, in a terminal or a notebook.

    Returns
    -------
    GroupPredictions

    Raises
    ------
    ValueError
        If the frame or its counts cannot be used, the model has no such grouping, or slopes vary by it.

    Warns
    -----
    ConvergenceWarning
        If chains of a refit disagree, mix badly, or diverge.
    UnusedCountsWarning
        If nothing is counted, and a column that the model does not use looks like counts.

    References
    ----------
    Merkle, E. C., Furr, D. & Rabe-Hesketh, S. (2019). Bayesian comparison of latent variable models: conditional
    versus marginal likelihoods. Psychometrika 84(3), 802-829. doi 10.1007/s11336-019-09679-0

    Examples
    --------
    It takes minutes, for there is a refit without each group:

    >>> import bayes_lca as bl
    >>> from bayes_lca.models import LatentClass
    >>> nested = LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression("~ participation + (1 | group)"))
    >>> bl.leave_one_group_out(nested, bl.load_cohort()).elpd  # doctest: +SKIP
    """
    settings = Sampling(draws, tune, chains, seed, target_accept, progressbar=progressbar)
    counted = count_rows(frame, count, getattr(model, "columns", None))  # models from elsewhere need not say them
    prepared = model.prepare(counted.frame, missing=missing)
    grouping = _choose(prepared, by)
    _require_categories(prepared)
    refit = _Refit(Sampler(prepared, reusable=True), prepared)
    rows, shares = {}, {}
    for position, name in enumerate(prepared.groups[ENCODING][grouping].to_numpy()):
        asked = {"grouping": grouping, "position": position, "settings": settings}
        if out is None:
            tree = refit(model, counted.frame, **asked)
        else:
            path = Path(out) / f"without_{grouping}_{position + 1}.nc".replace(":", "_")
            tree = fit_or_load(path, model, counted.frame, sample=refit, **asked)
        others = Fit.of(tree, needs="posterior_predictive")
        rows[name], shares[name] = _judge(others, grouping, position, seed, tail_probabilities(ci_prob))
    calibration = pd.concat(shares, names=[grouping])
    elpd = pd.DataFrame.from_dict(rows, orient="index").rename_axis(grouping)
    note = (
        f"n = {prepared.attributes['n_respondents']}{counted.in_brackets}, "
        f"{prepared.attributes['n_dropped']} rows left out, "
        f"{prepared.attributes['n_missing_answers']} answers missing; a refit without each of {len(rows)} groups, "
        f"{chains} x {draws} draws each"
    )
    intervals = f"{note}; {100 * ci_prob:g} % predictive intervals"
    return GroupPredictions(SummaryTable.of(elpd, intervals), SummaryTable.of(calibration, intervals))


def _require_categories(prepared: Prepared) -> None:
    """Refuse items that are numbers: shares of categories are what groups are predicted by."""
    labels = json.loads(prepared.attributes["labels"])
    if numbers := [item for item, of_item in enumerate(labels) if not of_item]:
        names = named(prepared.groups[ENCODING][ITEM].to_numpy()[numbers])
        raise ValueError(
            f"leave_one_group_out predicts the shares of categories in each group, and item(s) {names} of "
            f"{prepared.attributes['n_respondents']} respondents are numbers; compare bl.check_items(draws) instead"
        )


def _choose(prepared: Prepared, by: str | None) -> str:
    known, patterns = json.loads(prepared.attributes["groupings"]), prepared.groups[PATTERNS]
    if not known:
        raise ValueError(f"formula {prepared.attributes['formula']!r} has no groups to leave out; add (1 | group)")
    if by is None and len(known) > 1:
        raise ValueError(f"the model has several groupings; say which to leave out: by={known[0]!r} or another")
    if by is not None and by not in known:
        raise ValueError(f"by={by!r} is no grouping of the model; choose one of {named(known)}")
    chosen = by or known[0]
    index = {name: patterns[f"{name}_index"].to_numpy() for name in known}
    positions = range(prepared.groups[ENCODING].sizes[chosen])
    new = {name for position in positions for name, _ in new_levels(index, index[chosen] == position)}
    sloping = [name for name in known if name in new and group_slope(name) in prepared.model.named_vars]
    if sloping:
        raise ValueError(
            f"formula {prepared.attributes['formula']!r} lets slopes vary by {named(sloping)}; only random intercepts "
            f"of a group that was left out can be integrated out: write (1 | {sloping[0]})"
        )
    return chosen


@dataclass(frozen=True)
class _Refit:
    """Fits without the rows of one group; what it holds follows from the model and the frame that it is called with."""

    sampler: Sampler = field(repr=False)
    prepared: Prepared = field(repr=False)

    def __call__(self, model: Model, frame: Frame, *, grouping: str, position: int, settings: Sampling) -> xr.DataTree:
        tree = self.sampler.sample(self.prepared, settings, _without(self.prepared, grouping, position))
        tree.attrs[LEFT_OUT] = str(self.prepared.groups[ENCODING][grouping].to_numpy()[position])
        return finish(self.prepared, tree)


def _without(prepared: Prepared, grouping: str, position: int) -> dict[str, np.ndarray]:
    """Data of the model in which the rows of one group count zero times."""
    model = prepared.model
    counts = COUNT if COUNT in model.named_vars else OUTCOME_COUNTS
    finest = next((str(name) for name in model.coords if rough_groups(str(name), "pull") in model.named_vars), None)
    if finest is None:
        return {counts: np.where(_group_of_patterns(prepared, grouping) == position, 0, model[counts].get_value())}
    index = model[f"{finest}_index"].get_value()
    gone = _group_of_rows(prepared, grouping, finest) == position
    data = {counts: np.where(gone.reshape(-1, *(1,) * (model[counts].ndim - 1)), 0, model[counts].get_value())}
    empty = np.setdiff1d(index, index[~gone])
    for what in ("information", "pull"):
        known = model[rough_groups(finest, what)].get_value().copy()
        known[empty] = 0.0
        data[rough_groups(finest, what)] = known
    return data


def _group_of_patterns(prepared: Prepared, grouping: str) -> np.ndarray:
    """Group of every distinct row, shape (pattern,)."""
    return prepared.groups[PATTERNS][f"{grouping}_index"].to_numpy()


def _group_of_rows(prepared: Prepared, grouping: str, finest: str) -> np.ndarray:
    """Group of every row of the model, which it has as data, or that of the finer group it lies in."""
    model, patterns = prepared.model, prepared.groups[PATTERNS]
    if f"{grouping}_index" in model.named_vars:
        return model[f"{grouping}_index"].get_value()
    _, first = np.unique(patterns[f"{finest}_index"].to_numpy(), return_index=True)
    return _group_of_patterns(prepared, grouping)[first][model[f"{finest}_index"].get_value()]


def _judge(fit: Fit, grouping: str, position: int, seed: int, tails) -> tuple[dict[str, float], pd.DataFrame]:
    """How a refit predicts the group that was left out: a row of numbers, and shares observed and predicted."""
    from arviz_stats.base import array_stats

    inside = np.flatnonzero(fit.group_of_respondent[grouping] == position)
    of_chain = np.unique(np.linspace(0, fit.draws_per_chain - 1, INTEGRATED_DRAWS // fit.n_chains).astype(int))
    which = (fit.draws_per_chain * np.arange(fit.n_chains)[:, None] + of_chain).ravel()
    rng = np.random.default_rng([seed, position])
    log_likelihood = fit.hidden.unseen_group_log_likelihood(fit, grouping, position, which, rng)
    weight = np.exp(log_likelihood - log_likelihood.max())
    effective = float(array_stats.ess(weight.reshape(fit.n_chains, -1), chain_axis=0, draw_axis=1, method="mean"))
    elpd = float(scipy.special.logsumexp(log_likelihood) - np.log(len(which)))
    shares = _shares(fit, inside, seed, tails)
    return {
        "n": len(inside),
        "elpd": elpd,
        "mcse": float(weight.std(ddof=1) / weight.mean() / np.sqrt(effective)),
        "effective_draws": float(weight.sum() ** 2 / (weight**2).sum()),
        "per_respondent": elpd / len(inside),
        "inside": int(shares["inside"].sum()),
        "intervals": len(shares),
        "divergences": int(fit.tree["sample_stats"]["diverging"].sum()),
    }, shares


def _shares(fit: Fit, inside: np.ndarray, seed: int, tails) -> pd.DataFrame:
    """Shares of each category among the answers of a group: observed, and as predicted for as many answers."""
    observed = fit.answers_of_respondents[inside]  # (respondent, item)
    predicted = draw_predictive(fit, seed=seed)[fit.kind.observed].to_numpy()
    predicted = predicted.reshape(fit.n_draws, fit.n_respondents, -1)[:, inside]  # (draw, respondent, item)
    rows = {}
    for j, item in enumerate(fit.items or (fit.outcome,)):
        answered = observed[:, j] >= 0
        if not answered.any():
            continue
        for code, label in enumerate(fit.labels[j]):
            replicated = (predicted[:, answered, j] == code).mean(axis=1)
            lower, upper = np.quantile(replicated, tails)
            share = float((observed[answered, j] == code).mean())
            rows[item, label] = {
                "observed": share,
                "predicted": float(replicated.mean()),
                "lower": float(lower),
                "upper": float(upper),
                "inside": bool(lower <= share <= upper),
                "answers": int(answered.sum()),
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["item", "category"])
    return table
