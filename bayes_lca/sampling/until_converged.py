"""How long chains go on where the draws that were asked for are too few."""

from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels.agreement import SMALLEST_ESS
from bayes_lca.posterior.labels.convergence import convergence_table

MOST_TIMES = 8
"""Draws made at most, in multiples of those asked for."""


def draws_to_go_on_to(fit: Fit, asked: int) -> int | None:
    """Draws of each chain with which chains can be expected to have converged, those of now doubled once or more.

    None where they have, or no number of draws up to the limit would do: where chains are in several modes, or mix so
    slowly that the limit is not enough.
    """
    if fit.n_modes > 1:
        return None
    table = convergence_table(fit)
    least = table[["ess_bulk", "ess_tail"]].min(axis=None)
    times = 2 if table["beyond_chance"].sum() else 1
    while times * least < SMALLEST_ESS and times <= MOST_TIMES:
        times *= 2
    draws = times * fit.draws_per_chain
    return draws if times > 1 and draws <= MOST_TIMES * asked else None
