"""How much conclusions depend on the prior of the standard deviations between groups."""

from collections.abc import Sequence

import xarray as xr

from bayes_lca.data.frame import named
from bayes_lca.dims import SLOPE, TERM, group_sd
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.group_predictors import group_predictors
from bayes_lca.posterior.checks.reweighted_priors import PRIORS, under_other_priors
from bayes_lca.posterior.tables.contrast_sd import contrast_sd, fitted_prior, log_density
from bayes_lca.posterior.tables.odds_ratios import contrasts_of
from bayes_lca.posterior.tables.rows import note_of
from bayes_lca.priors import StandardDeviationPrior
from bayes_lca.table import SummaryTable, tail_probabilities


def prior_sensitivity(
    draws: xr.DataTree,
    priors: Sequence[StandardDeviationPrior] = PRIORS,
    *,
    terms: Sequence[str] | None = None,
    reference: str | None = None,
    ci_prob: float = 0.95,
) -> SummaryTable:
    r"""Posteriors under other priors of the standard deviations of random intercepts, without fitting again.

    With few groups the prior of the standard deviations :math:`\sigma` decides how wide intervals of group-level
    effects are. Draws made under one prior are reweighted by

    .. math:: w_s \propto \prod_{\text{grouping}} \prod_c p_\text{new}(\sigma_{cs}) / p_\text{fitted}(\sigma_{cs})

    the tail of the ratios smoothed (PSIS). Where Pareto k says that the weights cannot be trusted no number is shown:
    fit again with ``Regression(..., group_sd=prior)``. Draws reach priors of lighter tails than their own; a fit under
    HalfStudentT reaches all the others.

    Power-scaling asks the same locally: how far a posterior moves, as a distance of cumulative distributions per
    doubling of the power, when the prior of :math:`\sigma` or the likelihood is raised to a power near 1.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with ``(1 | group)``.
    priors : sequence of HalfNormal, HalfStudentT or Exponential
        The fitted prior comes first in the table whether it is among them or not.
    terms : sequence of str, optional
        Design columns whose log odds are shown; group-level predictors by default.
    reference : str, optional
        The class all others are compared with; all pairs by default.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per quantity (standard deviation of a grouping, or term), contrast and prior: ``mean``, ``median``,
        ``lower``, ``upper``, ``effective_draws`` behind the mean, ``pareto_k``, ``status`` (``"as fitted"``,
        ``"reweighted"`` or ``"refit needed"``), ``r_hat`` of the fitted draws, and ``prior_sensitivity``,
        ``likelihood_sensitivity`` with their ``diagnosis``: above 0.05 in the prior alone, the prior is strong or
        the data weak; above it in both, prior and data may be in conflict.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the model has no random intercepts, the fit was saved without respondents, a term or `reference` does not
        exist, or a prior is none of a standard deviation.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Kallioinen, N., Paananen, T., Burkner, P.-C. & Vehtari, A. (2024). Detecting and diagnosing prior and likelihood
    sensitivity with power-scaling. Statistics and Computing 34, 57. doi 10.1007/s11222-023-10366-5

    Gelman, A. (2006). Prior distributions for variance parameters in hierarchical models. Bayesian Analysis 1(3),
    515-534. doi 10.1214/06-BA117A

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.prior_sensitivity(bl.load_example(), [bl.HalfNormal(0.9)], terms=["score"])
    >>> table.loc[("score", "C2 vs C1"), "status"].to_dict()
    {'HalfNormal(sigma=1.0)': 'as fitted', 'HalfNormal(sigma=0.9)': 'reweighted'}
    """
    fit = Fit.of(draws, needs="prior_sensitivity")
    tails = tail_probabilities(ci_prob)
    quantities = _quantities(fit, terms, reference)
    fitted = fitted_prior(fit)
    log_prior = {prior: _log_prior(fit, prior) for prior in dict.fromkeys([fitted, *priors])}
    table, refit = under_other_priors(fit, quantities, log_prior, tails)
    table.index.names = ["quantity", "contrast", "prior"]
    note = f"{note_of(fit, ci_prob)}; fitted with group_sd={fitted!r}"
    if refit:
        note += f"; weights cannot be trusted under {', '.join(refit)}: fit again with group_sd at that prior"
    return SummaryTable.of(table, note)


def _quantities(fit: Fit, terms: Sequence[str] | None, reference: str | None) -> dict[tuple[str, str], xr.DataArray]:
    """Draws of each quantity by its name and contrast, dims (chain, draw)."""
    predictors = group_predictors(fit)
    if isinstance(terms, str):
        raise ValueError(f"terms={terms!r} is one text; pass a list of design columns")
    shown = [term for of_grouping in predictors for term in of_grouping.terms] if terms is None else list(terms)
    if unknown := [term for term in shown if term not in fit.terms]:
        raise ValueError(
            f"term(s) {named(unknown)} are no design columns of {fit.formula.text!r}; choose from {named(fit.terms)}"
        )
    arrays = {group_sd(name): contrast_sd(fit, name, reference) for name in fit.groupings}
    if shown:
        log_odds = contrasts_of(fit, SLOPE, reference)
        arrays |= {term: log_odds.sel({TERM: term}, drop=True) for term in shown}
    return {
        (name, str(contrast)): values.sel(contrast=contrast, drop=True)
        for name, values in arrays.items()
        for contrast in values["contrast"].to_numpy()
    }


def _log_prior(fit: Fit, prior: StandardDeviationPrior) -> xr.DataArray:
    """Log prior density of the standard deviations of all groupings, dims (chain, draw)."""
    total = 0.0
    for name in fit.groupings:
        sd = fit.posterior[group_sd(name)]
        total = total + sd.copy(data=log_density(prior, sd.to_numpy())).sum(fit.class_axis)
    return total
