"""The log-likelihood of all answers in every draw, and how well chains agree on it."""

import json

import xarray as xr

from bayes_lca.dims import RESPONDENT
from bayes_lca.fitted.elements import diagnostics
from bayes_lca.fitted.respondents import LOG_LIKELIHOOD_DIAGNOSTICS, holds_respondents, require_respondents


def total_log_likelihood(draws: xr.DataTree) -> xr.DataArray:
    """Summed over respondents, dims (chain, draw).

    Raises
    ------
    ValueError
        If the fit was saved without respondents: from this number in thousands of draws, the patterns of answers and
        how often each was given can be computed.
    """
    require_respondents(draws, "the log-likelihood of every draw")
    return draws["log_likelihood"].to_dataset().to_dataarray().sum(["variable", RESPONDENT]).transpose("chain", "draw")


def told_diagnostics(draws: xr.DataTree) -> list[dict]:
    """R-hat and effective sample sizes over all chains and over those of each mode, as `without_respondents` takes."""
    values = total_log_likelihood(draws)
    chains, of_chain = values["chain"].to_numpy(), json.loads(draws.attrs.get("chain_modes", "[]"))
    of_modes = [[int(one) for one, own in zip(chains, of_chain, strict=True) if own == mode] for mode in set(of_chain)]
    every = [chains.tolist(), *(some for some in of_modes if len(some) < len(chains))]
    return [{"chains": some} | _diagnostics(values.sel(chain=some)) for some in every]


def log_likelihood_diagnostics(draws: xr.DataTree) -> dict[str, float]:
    """R-hat and effective sample sizes; of a fit without respondents, those told when it was saved.

    Raises
    ------
    ValueError
        If they were not told of these chains.
    """
    if holds_respondents(draws):
        return _diagnostics(total_log_likelihood(draws))
    chains = draws["posterior"]["chain"].to_numpy().tolist()
    for told in json.loads(draws.attrs[LOG_LIKELIHOOD_DIAGNOSTICS]):
        if told.pop("chains") == chains:
            return told
    raise ValueError(
        f"convergence of the log-likelihood over chains {chains} was not kept when this fit was saved without "
        "respondents, only that of all chains and of those of each mode; use the fit that holds respondents"
    )


def _diagnostics(values: xr.DataArray) -> dict[str, float]:
    return {name: float(found) for name, found in diagnostics(values).items()}
