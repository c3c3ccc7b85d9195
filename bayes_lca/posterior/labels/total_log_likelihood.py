"""The log-likelihood of all answers in every draw, and how well chains agree on it."""

import json

import numpy as np
import xarray as xr

from bayes_lca.fitted.elements import diagnostics
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.respondents import LOG_LIKELIHOOD_DIAGNOSTICS
from bayes_lca.posterior.labels.chance import effective_draws

MEANINGFUL_DECIMALS = 6
"""Of a sum over respondents; draws that are equal, after a rejected step, have to stay so where they are ranked."""


def total_log_likelihood(fit: Fit) -> xr.DataArray:
    """Summed over respondents, dims (chain, draw).

    Raises
    ------
    ValueError
        If the fit was saved without respondents: from this number in thousands of draws, the patterns of answers and
        how often each was given can be computed.
    """
    fit.require_respondents("the log-likelihood of every draw")
    total = fit.total_log_likelihood.round(MEANINGFUL_DECIMALS)
    return xr.DataArray(total, fit.chain_coords, ("chain", "draw"))


def diagnostics_to_keep(fit: Fit) -> list[dict]:
    """`log_likelihood_diagnostics` of all chains, and of those of each mode, for a fit without respondents."""
    values, chains, n_draws = total_log_likelihood(fit), fit.posterior["chain"].to_numpy(), fit.draws_per_chain
    of_modes = [chains[fit.mode_of_chain == mode].tolist() for mode in set(fit.mode_of_chain.tolist())]
    every = [chains.tolist(), *(some for some in of_modes if len(some) < len(chains))]
    return [{"chains": some, "draws": n_draws} | _diagnostics(fit, values, some) for some in every]


def log_likelihood_diagnostics(fit: Fit) -> dict[str, float]:
    """R-hat, effective sample sizes and `effective_draws`; of a fit without respondents, those kept when it was saved.

    Raises
    ------
    ValueError
        If they were not kept for these chains, or for so many draws of each.
    """
    if fit.holds_respondents:
        values = total_log_likelihood(fit)
        return _diagnostics(fit, values, values["chain"].to_numpy().tolist())
    chains = fit.posterior["chain"].to_numpy().tolist()
    every = json.loads(fit.attributes[LOG_LIKELIHOOD_DIAGNOSTICS])
    for kept in every:
        if (kept.pop("chains"), kept.pop("draws")) == (chains, fit.draws_per_chain):
            return kept
    raise ValueError(
        f"convergence of the log-likelihood over chains {chains} was not kept for {fit.draws_per_chain} draws of each "
        "when this fit was saved without respondents, only that of all draws of all chains and of those of each mode; "
        "use the fit that holds respondents, and save it again after draws were selected"
    )


def _diagnostics(fit: Fit, values: xr.DataArray, chains: list) -> dict[str, float]:
    step = fit.measurement_draw
    if step is not None:
        step = step[np.isin(fit.posterior["chain"].to_numpy(), chains)]
    values = values.sel(chain=chains)
    diagnosed = {name: float(value) for name, value in diagnostics(values, chain_by_chain=step is not None).items()}
    return diagnosed | {"effective_draws": float(effective_draws(values.to_numpy(), step))}
