"""What the nesting of respondents in groups changed, said in words a reader of the paper needs no table for."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.group_predictors import group_predictors
from bayes_lca.fitted.named_fits import named_fit
from bayes_lca.fitted.same_respondents import respondents_in_both
from bayes_lca.posterior.tables.odds_ratios import odds_ratios
from bayes_lca.posterior.tables.random_intercepts import heterogeneity
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable

RANDOM_EFFECTS = (
    "Random effects have mean zero and one standard deviation for each logit; logits sum to zero over classes."
)


def nesting_in_words(
    single_level: xr.DataTree, multilevel: xr.DataTree, joint: xr.DataTree | None = None, *, ci_prob: float = CI_PROB
) -> str:
    r"""Say what changes when respondents count as nested in groups, and classes as uncertain.

    Parameters
    ----------
    single_level : xarray.DataTree
        From `fit` of the regression without groups.
    multilevel : xarray.DataTree
        The same regression with random effects of groups.
    joint : xarray.DataTree, optional
        The latent class regression with random effects, if the others regress the most likely class.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    str
        Two paragraphs, apart by an empty line: one for the methods of a paper, one for its results. Every number in
        them comes from the fits.

    Raises
    ------
    TypeError
        If one of them is no fit.
    ValueError
        If the fits have different terms, contrasts or respondents, `multilevel` has no groups, or a fit was saved
        without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> draws = bl.load_example()
    >>> methods, results = bl.nesting_in_words(draws, draws).split("\n\n")
    >>> methods.split(" by ")[0]
    'Methods. Class membership of 180 respondents in 6 groups (group) was regressed on participation and score'
    >>> results.split(". ")[-1]
    '(n = 180, 0 rows left out, 0 answers missing, 2 x 100 draws.)'
    """
    fits = {"single-level": single_level, "multilevel": multilevel} | ({"joint": joint} if joint is not None else {})
    fits = {name: named_fit(name, draws, needs="nesting_in_words") for name, draws in fits.items()}
    tables = {name: odds_ratios(fit, ci_prob=ci_prob) for name, fit in fits.items()}
    for name, table in tables.items():
        if not table.index.equals(tables["multilevel"].index):
            raise ValueError(
                f"the {name} fit has contrasts and terms {list(table.index)[:4]}..., the multilevel fit "
                f"{list(tables['multilevel'].index)[:4]}...; fit the same regression of the same classes"
            )
    nested = fits["multilevel"]
    for name, fit in fits.items():
        shared = respondents_in_both(fit, nested)
        if not shared.everybody(fit, nested):
            raise ValueError(
                f"the {name} fit rests on {fit.n_respondents} respondents, the multilevel fit on "
                f"{nested.n_respondents}, and they are not the same; fit both to the same rows"
                f"{shared.problem and f' ({shared.problem})'}"
            )
    terms = [term for predictors in group_predictors(nested) for term in predictors.terms]
    of_groups = tables["multilevel"].index.isin(terms, level="term")
    sentences = [_of_groups(tables, of_groups, ci_prob)] if of_groups.any() else []
    if not of_groups.all():
        sentences.append(_of_respondents(tables, ~of_groups))
    last = fits.get("joint", nested)
    sentences += [_of_spread(heterogeneity(last, ci_prob=ci_prob)), f"({last.note}.)"]
    return f"Methods. {_of_methods(fits, ci_prob)}\n\nResults. {' '.join(sentences)}"


def excludes_one(table: SummaryTable) -> pd.Series:
    """Whether each interval of odds ratios lies on one side of 1."""
    return (table["lower"] > 1) | (table["upper"] < 1)


def _of_methods(fits: Mapping[str, Fit], ci_prob: float) -> str:
    """What was fitted to whom, and what the numbers of the results are."""
    nested = fits["multilevel"]
    groups = _joined([f"{len(nested.group_names[name])} groups ({name})" for name in nested.groupings])
    regression = "by a single-level regression and by the same regression with random effects of groups"
    if "joint" in fits:
        regression += ", both of the most likely class as if it had been observed, and jointly with the measurement of "
        regression += "the classes, with the same random effects"
    is_class = "joint" in fits or not nested.class_is_observed
    what = "Class membership" if is_class else f"The outcome {nested.outcome!r}"
    return (
        f"{what} of {nested.n_respondents} respondents in {groups} was regressed on "
        f"{_joined(nested.formula.covariates)} {regression}. {RANDOM_EFFECTS} Posteriors were sampled by the No-U-Turn "
        f"Sampler (Hoffman & Gelman 2014; {_of_samples(fits)}). Odds ratios are posterior medians with "
        f"{100 * ci_prob:g} % equal-tailed intervals; an interval that excludes 1 counts as different from 1. Widths "
        "of intervals are compared on the log scale, by the median ratio and its range over contrasts. Differences "
        "between groups are median odds ratios (Larsen & Merlo 2005, doi 10.1093/aje/kwi017)."
    )


def _of_samples(fits: Mapping[str, Fit]) -> str:
    """Chains, draws and tuning; once where they are the same for all fits."""
    samples = {
        name: f"{fit.n_chains} chains of {fit.draws_per_chain} draws after {fit.attributes.get('tune', 'unknown')} "
        "steps of tuning"
        for name, fit in fits.items()
    }
    if len(set(samples.values())) == 1:
        return f"each {next(iter(samples.values()))}"
    return "; ".join(f"{name}: {sample}" for name, sample in samples.items())


def _joined(names: Sequence[str]) -> str:
    """Names such as a, b and c."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _of_groups(tables: Mapping[str, SummaryTable], rows: np.ndarray, ci_prob: float) -> str:
    clear = {name: int(excludes_one(table)[rows].sum()) for name, table in tables.items()}
    others = ", ".join(f"the {name} model {number}" for name, number in clear.items() if name != "single-level")
    wider = _spread((_log_width(tables["multilevel"]) / _log_width(tables["single-level"]))[rows])
    return (
        f"Of the {int(rows.sum())} contrasts of covariates that belong to the group, the single-level regression calls "
        f"{clear['single-level']} different from 1 at {100 * ci_prob:g} %, {others}: with respondents nested in groups "
        f"these intervals are {wider} times as wide on the log scale."
    )


def _of_respondents(tables: Mapping[str, SummaryTable], rows: np.ndarray) -> str:
    wider = _spread((_log_width(tables["multilevel"]) / _log_width(tables["single-level"]))[rows])
    sentence = (
        "For covariates that differ between respondents of a group, the multilevel intervals are "
        f"{wider} times as wide as the single-level ones."
    )
    if "joint" not in tables:
        return sentence
    clear = rows & (excludes_one(tables["joint"]) | excludes_one(tables["multilevel"])).to_numpy()
    if not clear.any():
        return sentence
    ratio = _spread((tables["multilevel"]["log_odds"] / tables["joint"]["log_odds"])[clear])
    return (
        f"{sentence} Over the {int(clear.sum())} such contrasts that either finds different from 1, the regression of "
        f"the most likely class shows {ratio} of the log odds of the joint model; below 1 is what taking the most "
        "likely class for the true one does."
    )


def _of_spread(table: SummaryTable) -> str:
    sentences = []
    for grouping, rows in table.groupby(level="grouping", sort=False):
        factors = ", ".join(
            f"{row['median_odds_ratio']:.2f} ({row['median_odds_ratio_lower']:.2f} to "
            f"{row['median_odds_ratio_upper']:.2f}) for {contrast}"
            for (_, contrast), row in rows.iterrows()
        )
        n_groups = int(rows["groups"].iloc[0])
        sentences.append(
            f"Two like respondents from two of the {n_groups} groups of {grouping!r} differ in their odds by a median "
            f"factor of {factors}."
        )
    return " ".join(sentences)


def _log_width(table: SummaryTable) -> pd.Series:
    return np.log(table["upper"] / table["lower"])


def _spread(values: pd.Series) -> str:
    """Median and range, in words."""
    return f"{values.median():.2f} ({values.min():.2f} to {values.max():.2f})"
