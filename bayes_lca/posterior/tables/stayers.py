"""How many persons stay in their class from wave to wave, and how many move where."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import STEP
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.flows import flows_of
from bayes_lca.fitted.paths import paths_of
from bayes_lca.posterior.tables.rows import CI_PROB, table_of, table_once
from bayes_lca.table import SummaryTable

MOVE, STAYED, MOVED, ALL_WAVES = "move", "stayed", "moved", "all waves"


def stayers_and_movers(draws: xr.DataTree, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Shares of persons who stay in their class, and of those who move from each class to each.

    .. math:: \frac{1}{n_t} \sum_i P(z_{i, t-1} = c \mid x_i, g_i)\, P(z_{it} = d \mid z_{i, t-1} = c, x_{it}, g_{it})

    and, over all waves, :math:`\frac{1}{n} \sum_i P(z_{i1} = z_{i2} = \dots = z_{iT})`. Unlike the rows of
    `transition_probabilities`, they count how many are in a class: those of a step add up to 1.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of `LatentTransition`.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per step and move, in the columns of `class_sizes`, and ``n``, the persons averaged over: ``stayed`` and
        ``moved``, then every move. With three waves or more, the last rows speak of all waves: who stays in one class
        throughout, in which, and who does not.

    Raises
    ------
    ValueError
        If the fit is of another model, or was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.stayers_and_movers(bl.load_example("waves"))
    >>> table.loc["1 to 2"].index.tolist()
    ['stayed', 'moved', 'C1 to C1', 'C1 to C2', 'C2 to C1', 'C2 to C2']
    """
    fit = Fit.of(draws, needs="stayers_and_movers")
    return table_once(fit, ("stayers_and_movers", ci_prob), lambda: _table(fit, ci_prob))


def _table(fit: Fit, ci_prob: float) -> SummaryTable:
    flows, steps = flows_of(fit), list(paths_of(fit).steps)
    columns, n = {}, {}
    for place, step in enumerate(steps):
        moves = flows.moves[:, place]  # (draw, origin, destination)
        stayed = np.einsum("scc->s", moves)
        columns |= {(step, STAYED): stayed, (step, MOVED): 1 - stayed}
        columns |= {
            (step, f"{before} to {after}"): moves[:, c, d]
            for c, before in enumerate(fit.classes)
            for d, after in enumerate(fit.classes)
        }
        n[step] = flows.n[place + 1]
    if len(steps) > 1:
        always = flows.stayed.sum(axis=1)
        columns |= {(ALL_WAVES, STAYED): always, (ALL_WAVES, MOVED): 1 - always}
        columns |= {(ALL_WAVES, f"always {name}"): flows.stayed[:, c] for c, name in enumerate(fit.classes)}
        n[ALL_WAVES] = flows.n[-1]
    values = xr.DataArray(
        fit.by_chain(np.stack(list(columns.values()), axis=1)),
        dims=("chain", "draw", "move"),
        coords={**fit.chain_coords, "move": range(len(columns))},
    )
    summary = table_of(values, ["move"], fit, ci_prob)
    table = pd.DataFrame(summary)
    table.index = pd.MultiIndex.from_tuples(columns, names=[STEP, MOVE])
    table.insert(0, "n", [n[step] for step, _ in columns])
    return SummaryTable.of(table, f"{summary.note}\nshares of the persons seen after the step or later")
