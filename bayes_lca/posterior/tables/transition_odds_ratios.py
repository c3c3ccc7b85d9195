"""Odds ratios of covariates on moving: what goes with being moved to one class rather than another."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import CLASS, OTHER_CLASS, TRANSITION_SLOPE, TRANSITION_TERM, of_transition
from bayes_lca.fitted.elements import R_HAT_BETWEEN
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.tables.odds_ratios import class_pairs
from bayes_lca.posterior.tables.rows import CI_PROB, table_of, table_once
from bayes_lca.table import SummaryTable

ORIGIN, TERM_COLUMN = "origin", "term"


def transition_odds_ratios(
    draws: xr.DataTree, reference: str | None = None, *, ci_prob: float = CI_PROB
) -> SummaryTable:
    r"""Odds ratios of covariates on the class that is moved to, for every contrast of classes.

    .. math:: \mathrm{OR}_{t, d/r} = \exp(\gamma_{td} - \gamma_{tr})

    multiplies the odds of being in d rather than in r after a step, per unit of a numeric covariate or against the
    reference level of a categorical one, among persons who were in the same class before. Staying is among the moves:
    d may be the class that was left. What goes with the classes of the first wave is in `odds_ratios`.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of `LatentTransition` with covariates of the transitions.
    reference : str, optional
        The class all others are compared with. All pairs, the earlier class as reference, by default.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per contrast and term, in the columns of `odds_ratios`; with ``by_origin`` also per class that is left.

    Raises
    ------
    ValueError
        If the fit is of another model, its transitions have no covariates, or `reference` is not a class.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.transition_odds_ratios(bl.load_example("waves")).index.tolist()
    [('C2 vs C1', 'participation')]
    """
    fit = Fit.of(draws, needs="transition_odds_ratios")
    if TRANSITION_SLOPE not in fit.posterior:
        raise ValueError(
            f"formula {fit.attributes[of_transition('formula')]!r} of the transitions has no covariates; odds ratios "
            'come from a model with Transition("~ participation + ...")'
        )
    name = ("transition_odds_ratios", reference, ci_prob)
    return table_once(fit, name, lambda: _odds_ratios(fit, reference, ci_prob))


def _odds_ratios(fit: Fit, reference: str | None, ci_prob: float) -> SummaryTable:
    slope, names = fit.posterior[TRANSITION_SLOPE], {TRANSITION_TERM: TERM_COLUMN}
    to, lead = CLASS, []
    if OTHER_CLASS in slope.dims:
        to, lead, names = OTHER_CLASS, [ORIGIN], names | {CLASS: ORIGIN}
    pairs = class_pairs(fit, reference)
    parts = [slope.sel({to: later}, drop=True) - slope.sel({to: earlier}, drop=True) for later, earlier in pairs]
    contrast = pd.Index([f"{later} vs {earlier}" for later, earlier in pairs], name="contrast")
    log_odds = xr.concat(parts, contrast).rename(names)
    dims = [*lead, "contrast", TERM_COLUMN]
    table = table_of(log_odds, dims, fit, ci_prob)
    stacked = log_odds.stack(row=dims)
    positive = (stacked > 0).mean(["chain", "draw"]).to_numpy()
    wide = pd.DataFrame(table).rename(columns={"mean": "log_odds"})
    wide.insert(0, "odds_ratio", np.exp(stacked.median(["chain", "draw"]).to_numpy()))
    wide["lower"], wide["upper"] = np.exp(wide["lower"]), np.exp(wide["upper"])
    wide["probability_of_direction"] = np.maximum(positive, 1.0 - positive)
    columns = ["odds_ratio", "lower", "upper", "probability_of_direction", "log_odds", "sd"]
    quality = [name for name in ("r_hat", "ess_bulk", "ess_tail", R_HAT_BETWEEN) if name in wide]
    note = f"{table.note}\nodds of the class that is moved to, from the same class before"
    return SummaryTable.of(wide[[*columns, *quality]], note)
