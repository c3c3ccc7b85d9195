"""Did the chains find the same posterior? Asked first without labels, then with them."""

import warnings
from collections.abc import Sequence

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.fitted.elements import diagnostics, existing_elements, row_index
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels.certainty import label_note, label_problems
from bayes_lca.posterior.labels.label_free import label_free, label_free_diagnostics
from bayes_lca.table import SummaryTable

LARGEST_R_HAT = 1.01
SMALLEST_ESS = 400
SAME_MODE_R_HAT = 1.2


class ConvergenceWarning(UserWarning):
    """The draws should not be trusted yet."""


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
        ``ess_bulk``, ``ess_tail`` and ``element``, which is ``"constant"`` for a variable that does not vary. One
        chain has no R-hat, and the element is that of the smallest ``ess_bulk``.

    Raises
    ------
    ValueError
        If `draws` is no fit, or lacks what was known of its log-likelihood when it was saved without respondents.

    References
    ----------
    Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. & Burkner, P.-C. (2021). Rank-normalization, folding, and
    localization. Bayesian Analysis 16(2), 667-718. doi 10.1214/20-BA1221

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.convergence(bl.load_example()).loc["label-free"].index[0]
    'log_likelihood'
    """
    return convergence_table(Fit.of(draws, needs="convergence"))


def convergence_table(fit: Fit) -> SummaryTable:
    """The same, made once of a fit."""
    return fit.once("convergence", lambda: _convergence_table(fit))


def _convergence_table(fit: Fit) -> SummaryTable:
    free = label_free_diagnostics(fit)
    rows = [{"layer": "label-free", "quantity": name, "element": "", **of_name} for name, of_name in free.items()]
    for name in sorted(_reported(fit)):
        rows.append({"layer": "labelled", "quantity": name, **_worst_element(fit.posterior[name])})
    table = pd.DataFrame(rows).set_index(["layer", "quantity"])
    notes = [f"worst element of each variable; {fit.note}", *_chain_note(fit), *label_note(fit)]
    return SummaryTable.of(table, "\n".join(notes))


def _chain_note(fit: Fit) -> list[str]:
    """Why there is no R-hat where there is one chain."""
    return ["one chain: R-hat compares chains, so there is none"] if fit.n_chains == 1 else []


def chain_modes(fit: Fit) -> np.ndarray:
    """Group chains whose label-free quantities agree, see `agreeing_chains`."""
    return agreeing_chains(label_free(fit))


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
    for first in range(n_chains):
        for second in range(first + 1, n_chains):
            pair = quantities.isel(chain=[first, second])
            worst = max(float(arviz_stats.rhat(values)) for values in pair.data_vars.values())
            if not worst >= SAME_MODE_R_HAT:
                mode[mode == mode[second]] = mode[first]
    return np.unique(mode, return_inverse=True)[1]


def modes(draws: xr.DataTree) -> SummaryTable:
    """Modes the chains stayed in: their chains, share of the draws, and expected log predictive density.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit`.

    Returns
    -------
    SummaryTable
        One row per mode: ``chains``, ``share_of_draws`` (of the draws, not of the posterior: chains stay where they
        start), ``elpd_loo`` with its standard error ``se``, and
        ``n_high_k``, the respondents for whom the estimate is unreliable.

    Raises
    ------
    ValueError
        If the fit was saved without respondents.

    References
    ----------
    Vehtari, A., Gelman, A. & Gabry, J. (2017). Practical Bayesian model evaluation using leave-one-out
    cross-validation and WAIC. Statistics and Computing 27, 1413-1432. doi 10.1007/s11222-016-9696-4

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.modes(bl.load_example())["chains"].tolist()
    ['0, 1']
    """
    fit = Fit.of(draws, needs="modes")
    rows = []
    for mode, chains in _chains_by_mode(fit).items():
        with warnings.catch_warnings():
            # the table says for how many respondents
            warnings.filterwarnings("ignore", "Estimated shape parameter of Pareto distribution", UserWarning)
            loo = arviz_stats.loo(_keep_chains(fit.tree, chains))
        rows.append(
            {
                "mode": mode + 1,
                "chains": ", ".join(map(str, chains)),
                "share_of_draws": len(chains) / fit.n_chains,
                "elpd_loo": float(loo.elpd),
                "se": float(loo.se),
                "n_high_k": int((np.asarray(loo.pareto_k) > loo.good_k).sum()),
            }
        )
    return SummaryTable.of(pd.DataFrame(rows).set_index("mode"), fit.note)


def keep_mode(draws: xr.DataTree, mode: int) -> xr.DataTree:
    """The chains of one mode, numbered as in `modes`, so that they can be summarised.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit`.
    mode : int
        From 1 on.

    Returns
    -------
    xarray.DataTree

    Raises
    ------
    ValueError
        If there is no such mode.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.keep_mode(bl.load_example(), 1)["posterior"].sizes["chain"]
    2
    """
    fit = Fit.of(draws, needs="keep_mode")
    draws, chains = fit.tree, _chains_by_mode(fit)
    if mode - 1 not in chains:
        raise ValueError(f"mode={mode!r}: the draws have modes 1 to {len(chains)}")
    kept = _keep_chains(draws, chains[mode - 1])
    kept.attrs |= {"n_modes": 1, "kept_mode": mode}
    return kept


def warn_of_convergence(fit: Fit, judged: Sequence[str] = ()) -> None:
    """Warn of `convergence_problems`."""
    problems = convergence_problems(fit, judged)
    if problems:
        warnings.warn(
            "\n- ".join(["these draws should not be trusted yet:", *problems]),
            ConvergenceWarning,
            stacklevel=5,
        )


def convergence_problems(fit: Fit, judged: Sequence[str] = ()) -> list[str]:
    """Divergences, modes, and parameters that did not converge, but for those `judged` before; one text each."""
    problems = []
    divergences = int(fit.sample_stats["diverging"].sum())
    if divergences:
        problems.append(f"{divergences} divergent transitions: raise target_accept")
    if fit.n_chains == 1:
        problems.append("there is one chain, and nobody can see whether chains agree: fit with chains=4")
    table = convergence_table(fit)
    free, labelled = table.loc["label-free"], table.loc["labelled"].drop(list(judged))
    if fit.n_modes > 1:
        sizes = np.bincount(fit.mode_of_chain)
        problems.append(
            f"chains stayed in {len(sizes)} different modes ({', '.join(map(str, sizes))} chains each): "
            "see bl.modes(draws)"
        )
    problems += label_problems(fit)
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


def _chains_by_mode(fit: Fit) -> dict[int, list]:
    chains = fit.posterior["chain"].to_numpy()
    return {int(mode): chains[fit.mode_of_chain == mode].tolist() for mode in np.unique(fit.mode_of_chain)}


def _keep_chains(draws: xr.DataTree, chains: list) -> xr.DataTree:
    kept = draws.copy()
    for name, node in draws.children.items():
        if "chain" in node.dims:
            kept[name] = xr.DataTree(node.to_dataset().sel(chain=chains))
    return kept


def _reported(fit: Fit) -> list[str]:
    return [str(name) for name, values in fit.posterior.data_vars.items() if fit.class_axis in values.dims]


def _worst_element(values: xr.DataArray) -> dict[str, float | str]:
    dims = [str(dim) for dim in values.dims if dim not in ("chain", "draw")]
    rows = existing_elements(values, dims)
    varies = (rows != rows.isel(chain=0, draw=0)).any(["chain", "draw"]).to_numpy()
    of_rows = pd.DataFrame({name: column.to_numpy() for name, column in diagnostics(rows).items()})[varies]
    if of_rows.empty:
        return {"element": "constant"} | dict.fromkeys(of_rows, np.nan)
    badness = of_rows["r_hat"] if of_rows["r_hat"].notna().any() else -of_rows["ess_bulk"]
    worst = row_index(rows, dims)[badness.fillna(-np.inf).idxmax()]
    return {
        "element": ", ".join(map(str, worst)) if isinstance(worst, tuple) else str(worst),
        "r_hat": of_rows["r_hat"].max(),
        "ess_bulk": of_rows["ess_bulk"].min(),
        "ess_tail": of_rows["ess_tail"].min(),
    }
