"""Section of convergence, and the problems that a page has to tell first."""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import ITEM_PROBABILITY
from bayes_lca.posterior.labels.convergence import convergence, convergence_problems
from bayes_lca.reporting.writing.section import Bullets, Paragraph, Section, Table
from bayes_lca.table import SummaryTable, describe_draws

KEPT_WARNINGS = "kept_fit_warnings"
"""Attribute in which `fit_or_load` keeps what was warned of while sampling."""

SEPARATOR = "\n- "
REFERENCES = (
    "Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. & Bürkner, P.-C. (2021). Rank-normalization, folding, and "
    "localization: an improved R-hat. Bayesian Analysis 16(2), 667-718. doi 10.1214/20-BA1221",
)


def problems_of(draws: xr.DataTree) -> list[str]:
    """Everything that speaks against trusting these draws, one sentence each."""
    found = convergence_problems(draws, _settled(draws))
    found += [kept for kept in json.loads(draws.attrs.get(KEPT_WARNINGS, "[]")) if SEPARATOR not in kept]
    if "kept_mode" in draws.attrs:
        found.append(
            f"the chains of this fit stayed in several modes; only the {draws['posterior'].sizes['chain']} of mode "
            f"{draws.attrs['kept_mode']} are reported"
        )
    return found


def soundness(draws: xr.DataTree) -> str:
    """What to say where there are no problems."""
    table = convergence(draws).drop(index=[("labelled", name) for name in _settled(draws)])
    least = table[["ess_bulk", "ess_tail"]].min(axis=None)
    return (
        f"Convergence: no problem found. Largest R-hat {table['r_hat'].max():.3f}, smallest effective sample size "
        f"{least:.0f}, {int(draws['sample_stats']['diverging'].sum())} divergent transitions."
    )


def convergence_section(draws: xr.DataTree, problems: Sequence[str]) -> Section:
    """R-hat and effective sample sizes before and after labels, and what each chain did."""
    said = "All chains found the same mode" if draws.attrs["n_modes"] == 1 and "kept_mode" not in draws.attrs else ""
    blocks = [
        Paragraph(
            "R-hat and effective sample sizes are given first for quantities that no relabelling of the classes can "
            f"change, then for the worst element of every variable. {said + '.' if said else ''}".strip()
        ),
        *([Bullets(problems)] if problems else []),
        Table("convergence", "R-hat and effective sample sizes", convergence(draws)),
        Table("chains", "Chains", _chains(draws)),
    ]
    return Section("convergence", "Convergence", "convergence (step 10)", blocks, references=REFERENCES)


def _settled(draws: xr.DataTree) -> list[str]:
    """Variables that an earlier fit has settled: those that a two-step fit carries through."""
    return [ITEM_PROBABILITY] if "measurement_draws" in draws.attrs else []


def _chains(draws: xr.DataTree) -> SummaryTable:
    stats = draws["sample_stats"]
    columns = {"mode": np.array(json.loads(draws.attrs["chain_modes"])) + 1}
    for name, statistic in {"divergences": "diverging", "deepest_trees": "maxdepth_reached"}.items():
        if statistic in stats:
            columns[name] = stats[statistic].sum("draw").to_numpy()
    frame = pd.DataFrame(columns, index=pd.Index(draws["posterior"]["chain"].to_numpy() + 1, name="chain"))
    note = f"{describe_draws(draws)}; deepest trees: steps that ended at the largest depth NUTS may go"
    return SummaryTable.of(frame, note)
