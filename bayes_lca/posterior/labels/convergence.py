"""Did the chains find the same posterior? Asked first without labels, then with them."""

import json
import warnings
from collections.abc import Sequence

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import CLASS
from bayes_lca.fitted.axes import class_axis
from bayes_lca.fitted.elements import diagnostics, existing_elements, row_index
from bayes_lca.fitted.respondents import require_respondents
from bayes_lca.posterior.labels.label_free import label_free, label_free_diagnostics
from bayes_lca.table import SummaryTable, describe_draws

LARGEST_R_HAT = 1.01
SMALLEST_ESS = 400
SAME_MODE_R_HAT = 1.2
LEAST_AGREEMENT = 0.95


class ConvergenceWarning(UserWarning):
    """The draws should not be trusted yet."""


class SeveralModesError(ValueError):
    """Chains stayed in different modes; a summary over all of them would describe none."""


class NotRelabelledError(ValueError):
    """Class labels are not aligned over draws; a summary would average over different classes."""


def convergence(draws: xr.DataTree) -> SummaryTable:
    """R-hat and effective sample sizes in two layers.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit`.

    Returns
    -------
    SummaryTable
        One row per label-free quantity and one per variable (its worst element), with ``layer``, ``r_hat``,
        ``ess_bulk``, ``ess_tail`` and ``element``.

    References
    ----------
    Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. & Burkner, P.-C. (2021). Rank-normalization, folding, and
    localization. Bayesian Analysis 16(2), 667-718. doi 10.1214/20-BA1221
    """
    free = label_free_diagnostics(draws)
    rows = [{"layer": "label-free", "quantity": name, "element": "", **found} for name, found in free.items()]
    for name in sorted(_reported(draws)):
        rows.append({"layer": "labelled", "quantity": name, **_worst_element(draws["posterior"][name])})
    table = pd.DataFrame(rows).set_index(["layer", "quantity"])
    notes = [f"worst element of each variable; {describe_draws(draws)}", *_label_note(draws)]
    return SummaryTable.of(table, "\n".join(notes))


def _label_note(draws: xr.DataTree) -> list[str]:
    """How surely classes are told apart, and where maximum likelihood found modes."""
    attributes = draws.attrs
    if "relabel_agreement" not in attributes:
        return []
    likelihoods, starts = (json.loads(attributes[name]) for name in ("em_log_likelihoods", "em_starts_by_mode"))
    modes_found = f"maximum likelihood: {starts[0]} of {attributes['em_starts']} starts reached the best mode"
    if len(starts) > 1:
        modes_found += f", {starts[1]} the next, {likelihoods[0] - likelihoods[1]:.1f} log-likelihood units below"
    return [
        f"labels: by profiles and by membership they agree in {100 * attributes['relabel_agreement']:.1f} % of draws; "
        f"{100 * attributes['relabel_switched']:.1f} % had to be relabelled; {modes_found}"
    ]


def chain_modes(draws: xr.DataTree) -> np.ndarray:
    """Group chains whose label-free quantities agree, see `agreeing_chains`."""
    return agreeing_chains(label_free(draws))


def agreeing_chains(quantities: xr.Dataset) -> np.ndarray:
    """Group chains by quantities of dims (chain, draw).

    Two chains share a mode when every quantity has R-hat below 1.2 over the two; modes are the connected groups.

    Returns
    -------
    ndarray of int, shape (chain,)
        Mode of each chain, 0 for that of the first.
    """
    n_chains = quantities.sizes["chain"]
    mode = np.arange(n_chains)
    for one in range(n_chains):
        for other in range(one + 1, n_chains):
            pair = quantities.isel(chain=[one, other])
            worst = max(float(arviz_stats.rhat(values)) for values in pair.data_vars.values())
            if not worst >= SAME_MODE_R_HAT:
                mode[mode == mode[other]] = mode[one]
    return np.unique(mode, return_inverse=True)[1]


def modes(draws: xr.DataTree) -> SummaryTable:
    """Modes the chains stayed in: their chains, share of the draws, and expected log predictive density.

    Parameters
    ----------
    draws : xarray.DataTree

    Returns
    -------
    SummaryTable
        One row per mode: ``chains``, ``share_of_draws`` (of the draws, not of the posterior: chains stay where they
        start), ``elpd_loo`` with its standard error ``se``, and
        ``n_high_k``, the respondents for whom the estimate is unreliable.
    """
    require_respondents(draws, "modes, compared by their predictive density")
    rows = []
    for mode, chains in _chains_by_mode(draws).items():
        loo = arviz_stats.loo(_keep_chains(draws, chains))
        rows.append(
            {
                "mode": mode + 1,
                "chains": ", ".join(map(str, chains)),
                "share_of_draws": len(chains) / draws["posterior"].sizes["chain"],
                "elpd_loo": float(loo.elpd),
                "se": float(loo.se),
                "n_high_k": int((np.asarray(loo.pareto_k) > loo.good_k).sum()),
            }
        )
    return SummaryTable.of(pd.DataFrame(rows).set_index("mode"), describe_draws(draws))


def keep_mode(draws: xr.DataTree, mode: int) -> xr.DataTree:
    """The chains of one mode, numbered as in `modes`, so that they can be summarised.

    Raises
    ------
    ValueError
        If there is no such mode.
    """
    chains = _chains_by_mode(draws)
    if mode - 1 not in chains:
        raise ValueError(f"mode={mode!r}: the draws have modes 1 to {len(chains)}")
    kept = _keep_chains(draws, chains[mode - 1])
    kept.attrs |= {"n_modes": 1, "chain_modes": json.dumps([0] * len(chains[mode - 1])), "kept_mode": mode}
    return kept


def require_summarisable(draws: xr.DataTree) -> None:
    """Refuse draws whose summary would average over labels or modes.

    Raises
    ------
    NotRelabelledError
        If the classes' labels were not aligned.
    SeveralModesError
        If chains stayed in different modes.
    """
    if CLASS in draws["posterior"].dims and not draws.attrs.get("relabelled"):
        raise NotRelabelledError(
            "class labels are not aligned over these draws, so C1 means different classes in different draws; use the "
            "draws that bl.fit returns, or align them with bl.relabel(draws, pivot)"
        )
    if draws.attrs.get("n_modes", 1) > 1:
        raise SeveralModesError(
            f"the chains of this fit stayed in {draws.attrs['n_modes']} different modes, and an average over them "
            "would describe none; look at bl.modes(draws), then summarise bl.keep_mode(draws, 1), or fit again with "
            "more tuning or another number of classes"
        )


def require_latent_classes(draws: xr.DataTree) -> None:
    """Refuse draws of a model whose categories are observed.

    Raises
    ------
    ValueError
        If the model has no latent classes.
    """
    if CLASS not in draws["posterior"].dims:
        raise ValueError(
            f"this fit of outcome {draws.attrs.get('outcome')!r} has no latent classes: its categories are observed; "
            "use odds_ratios and random_intercepts, or fit a LatentClass model"
        )


def warn_of_convergence(draws: xr.DataTree, settled: Sequence[str] = ()) -> None:
    """Warn of `convergence_problems`."""
    problems = convergence_problems(draws, settled)
    if problems:
        warnings.warn(
            "\n- ".join(["these draws should not be trusted yet:", *problems]),
            ConvergenceWarning,
            stacklevel=5,
        )


def convergence_problems(draws: xr.DataTree, settled: Sequence[str] = ()) -> list[str]:
    """Divergences, modes, and parameters that did not converge, but for those `settled` before; one text each."""
    problems = []
    divergences = int(draws["sample_stats"]["diverging"].sum())
    if divergences:
        problems.append(f"{divergences} divergent transitions: raise target_accept")
    table = convergence(draws)
    free, labelled = table.loc["label-free"], table.loc["labelled"].drop(list(settled))
    if draws.attrs["n_modes"] > 1:
        sizes = np.bincount(json.loads(draws.attrs["chain_modes"]))
        problems.append(
            f"chains stayed in {len(sizes)} different modes ({', '.join(map(str, sizes))} chains each): "
            "see bl.modes(draws)"
        )
    if draws.attrs.get("relabel_agreement", 1.0) < LEAST_AGREEMENT:
        problems.append(
            f"classes are not told apart: two ways to label them agree in only "
            f"{100 * draws.attrs['relabel_agreement']:.0f} % of draws, so tables by class mix classes; "
            "fit fewer classes"
        )
    for layer, rows in (("without labels", free), ("with labels", labelled)):
        bad = rows[rows["r_hat"] > LARGEST_R_HAT]
        if len(bad):
            worst = bad["r_hat"].idxmax()
            problems.append(
                f"{len(bad)} quantities {layer} have R-hat above {LARGEST_R_HAT} (worst: {worst}, "
                f"{bad['r_hat'].max():.3f})"
            )
        few = rows[(rows["ess_bulk"] < SMALLEST_ESS) | (rows["ess_tail"] < SMALLEST_ESS)]
        if len(few):
            least = few[["ess_bulk", "ess_tail"]].min(axis=None)
            problems.append(
                f"{len(few)} quantities {layer} have fewer than {SMALLEST_ESS} effective draws ({least:.0f})"
            )
    return problems


def _chains_by_mode(draws: xr.DataTree) -> dict[int, list]:
    of_chain = np.array(json.loads(draws.attrs["chain_modes"]))
    chains = draws["posterior"]["chain"].to_numpy()
    return {int(mode): chains[of_chain == mode].tolist() for mode in np.unique(of_chain)}


def _keep_chains(draws: xr.DataTree, chains: list) -> xr.DataTree:
    kept = draws.copy()
    for name, node in draws.children.items():
        if "chain" in node.dims:
            kept[name] = xr.DataTree(node.to_dataset().sel(chain=chains))
    return kept


def _reported(draws: xr.DataTree) -> list[str]:
    axis = class_axis(draws)
    return [str(name) for name, values in draws["posterior"].data_vars.items() if axis in values.dims]


def _worst_element(values: xr.DataArray) -> dict[str, float | str]:
    dims = [str(dim) for dim in values.dims if dim not in ("chain", "draw")]
    rows = existing_elements(values, dims)
    found = {name: column.to_numpy() for name, column in diagnostics(rows).items()}
    if np.isnan(found["r_hat"]).all():
        return {"element": "constant"} | dict.fromkeys(found, np.nan)
    worst = row_index(rows, dims)[int(np.nanargmax(found["r_hat"]))]
    return {
        "element": ", ".join(map(str, worst)) if isinstance(worst, tuple) else str(worst),
        "r_hat": float(np.nanmax(found["r_hat"])),
        "ess_bulk": float(np.nanmin(found["ess_bulk"])),
        "ess_tail": float(np.nanmin(found["ess_tail"])),
    }
