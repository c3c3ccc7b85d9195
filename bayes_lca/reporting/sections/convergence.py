"""Section of convergence, and the problems that a page has to tell first."""

from collections.abc import Sequence

import pandas as pd

from bayes_lca.dims import ITEM_PROBABILITY
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kept_warnings import warned_of
from bayes_lca.posterior.labels.convergence import convergence_problems, convergence_table
from bayes_lca.reporting.sections.warnings import OF_CHAINS, has_warnings
from bayes_lca.reporting.writing.section import Bullets, Paragraph, Section, Table
from bayes_lca.table import SummaryTable

SEPARATOR = "\n- "
READING = (
    "R-hat and effective sample sizes are given first for quantities that no relabelling of the classes can change, "
    "then for the worst element of every variable."
)
REFERENCES = (
    "Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. & Bürkner, P.-C. (2021). Rank-normalization, folding, and "
    "localization: an improved R-hat. Bayesian Analysis 16(2), 667-718. doi 10.1214/20-BA1221",
)


def problems_of(fit: Fit) -> list[str]:
    """Everything that speaks against trusting these draws, one sentence each."""
    problems = convergence_problems(fit, _judged_before(fit))
    problems += [
        message for category, message in warned_of(fit.attributes) if category == OF_CHAINS and SEPARATOR not in message
    ]
    if _is_one_of_several_modes(fit):
        problems.append(
            f"the chains of this fit stayed in several modes; only the {fit.n_chains} of mode "
            f"{fit.attributes['kept_mode']} are reported"
        )
    return problems


def soundness(fit: Fit) -> str:
    """What to say where there are no problems."""
    table = convergence_table(fit).drop(index=[("labelled", name) for name in _judged_before(fit)])
    least = table[["ess_bulk", "ess_tail"]].min(axis=None)
    return (
        f"Convergence: no problem found. Largest R-hat {table['r_hat'].max():.3f}, smallest effective sample size "
        f"{least:.0f}, {int(fit.sample_stats['diverging'].sum())} divergent transitions."
        + (" Of the data or the model there are warnings, see below." if has_warnings(fit) else "")
    )


def convergence_section(fit: Fit, problems: Sequence[str]) -> Section:
    """R-hat and effective sample sizes before and after labels, and what each chain did."""
    one_mode = fit.n_chains > 1 and fit.n_modes == 1 and not _is_one_of_several_modes(fit)
    blocks = [
        Paragraph(f"{READING} All chains found the same mode." if one_mode else READING),
        *([Bullets(problems)] if problems else []),
        Table("convergence", "R-hat and effective sample sizes", convergence_table(fit)),
        Table("chains", "Chains", _chains(fit)),
    ]
    return Section("convergence", "Convergence", "convergence (step 10)", blocks, references=REFERENCES)


def _is_one_of_several_modes(fit: Fit) -> bool:
    return "kept_mode" in fit.attributes


def _judged_before(fit: Fit) -> list[str]:
    """Variables whose convergence was judged in an earlier fit: those that a two-step fit carries through."""
    return [ITEM_PROBABILITY] if "measurement_draws" in fit.attributes else []


def _chains(fit: Fit) -> SummaryTable:
    stats = fit.sample_stats
    columns = {"mode": fit.mode_of_chain + 1}
    for name, statistic in {"divergences": "diverging", "deepest_trees": "maxdepth_reached"}.items():
        if statistic in stats:
            columns[name] = stats[statistic].sum("draw").to_numpy()
    frame = pd.DataFrame(columns, index=pd.Index(fit.chain_coords["chain"].to_numpy() + 1, name="chain"))
    note = f"{fit.note}; deepest trees: steps that ended at the largest depth NUTS may go"
    return SummaryTable.of(frame, note)
