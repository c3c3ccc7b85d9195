"""Modes of the posterior that chains stayed in: which chains share one, and what each predicts."""

import json
import warnings
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.fitted.chain_diagnostics import rank_r_hat
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.leave_one_out import check_draws
from bayes_lca.posterior.labels.chance import effective_draws, r_hat_by_chance
from bayes_lca.posterior.labels.label_free import label_free
from bayes_lca.posterior.labels.matching import cost_of_leaving, match, profile_distances
from bayes_lca.posterior.labels.mode_mass import log_evidence, masses
from bayes_lca.table import SummaryTable

SAME_MODE_R_HAT = 1.2
UNCONSTRAINED = "unconstrained_draw"
"""Statistic of the sampler: a draw in its own coordinates, on the whole line."""
LOG_DENSITY = "logp"
"""Statistic of the sampler: the log density there."""
MODE_EVIDENCE = "mode_log_evidence"
"""Attribute with `log_evidence` and its error of every mode, null where it is not known."""
TAILS = (0.025, 0.975)


def chain_modes(fit: Fit) -> np.ndarray:
    """Group chains whose label-free quantities agree, see `agreeing_chains`."""
    return agreeing_chains(label_free(fit))


def agreeing_chains(quantities: xr.Dataset) -> np.ndarray:
    """Group chains by quantities of dims (chain, draw).

    Two chains share a mode when every quantity has an R-hat over the two below 1.2, or one that chance explains; modes
    are the connected groups.

    Returns
    -------
    ndarray of int, shape (chain,)
        Mode of each chain, 0 for that of the first.
    """
    n_chains = quantities.sizes["chain"]
    mode = np.arange(n_chains)
    values = np.array([each.transpose("chain", "draw").to_numpy() for each in quantities.data_vars.values()])
    n_compared = len(values) * n_chains * (n_chains - 1) // 2
    for first, second in combinations(range(n_chains), 2):
        if _agree(values[:, [first, second]], n_compared):
            mode[mode == mode[second]] = mode[first]
    return np.unique(mode, return_inverse=True)[1]


def _agree(pairs: np.ndarray, n_compared: int) -> bool:
    """Whether two chains, shape (quantity, 2, draw), agree in all of many quantities."""
    varied = pairs[np.ptp(pairs, axis=(1, 2)) > 0]
    r_hats = rank_r_hat(varied)
    apart = np.flatnonzero(~(r_hats < SAME_MODE_R_HAT))
    limits = [r_hat_by_chance(each, 2, n_compared) for each in effective_draws(varied[apart])]
    return bool((r_hats[apart] < limits).all())


def evidence_of_modes(unaligned: Fit, mode_of_chain: np.ndarray) -> list[list[float] | None]:
    """`log_evidence` and its error of each mode, of the draws with its most frequent labels.

    Every order of the labels of exchangeable classes holds as much as any other, so that one order of each mode
    compares modes. The classes of a draw are matched with those of the likeliest draw of its mode.

    Parameters
    ----------
    unaligned : Fit
        Draws with the labels that the sampler gave them.
    mode_of_chain : ndarray of int, shape (chain,)
    """
    coordinates, log_density = (unaligned.sample_stats[name].to_numpy() for name in (UNCONSTRAINED, LOG_DENSITY))
    profile = unaligned.by_chain(unaligned.answers.profiles(unaligned))
    result: list[list[float] | None] = []
    for mode in range(mode_of_chain.max() + 1):
        inside = mode_of_chain == mode
        of_mode, height = profile[inside].reshape(-1, *profile.shape[2:]), log_density[inside].reshape(-1)
        distances = profile_distances(of_mode, of_mode[height.argmax()])
        order = match(distances + cost_of_leaving(unaligned.exchangeable))
        _, labels, count = np.unique(order, axis=0, return_inverse=True, return_counts=True)
        same = labels.reshape(-1) == count.argmax()
        found = log_evidence(coordinates[inside].reshape(len(height), -1)[same], height[same])
        result.append(None if np.isnan(found).any() else [round(number, 4) for number in found])
    return result


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
        start), ``mass``, the share of the posterior among these modes with its 95 % interval of Monte Carlo error
        ``mass_lower`` and ``mass_upper``, ``elpd_loo`` with its standard error ``se``, and ``n_high_k``, the
        respondents for whom the estimate is unreliable; groups in place of respondents where groups have classes.

        The mass is that of `bayes_lca.posterior.labels.mode_mass`; it is not a number where a mode has too few draws
        for so many parameters. Modes that no chain visited are in none of these numbers.

    Raises
    ------
    ValueError
        If the fit was saved without respondents, or a mode has fewer than 25 draws.

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
    import arviz_stats  # takes a second, and every fit asks this file for its modes

    fit = Fit.of(draws, needs="modes")
    rows, mass = [], _masses(fit)
    for mode, chains in _chains_by_mode(fit).items():
        check_draws(len(chains) * fit.posterior.sizes["draw"], f" of mode {mode + 1}")
        with warnings.catch_warnings():
            # the table says for how many respondents
            warnings.filterwarnings("ignore", "Estimated shape parameter of Pareto distribution", UserWarning)
            loo = arviz_stats.loo(_keep_chains(fit.tree, chains))
        rows.append(
            {
                "mode": mode + 1,
                "chains": ", ".join(map(str, chains)),
                "share_of_draws": len(chains) / fit.n_chains,
                **dict(zip(("mass", "mass_lower", "mass_upper"), mass[mode], strict=True)),
                "elpd_loo": float(loo.elpd),
                "se": float(loo.se),
                "n_high_k": int((np.asarray(loo.pareto_k) > loo.good_k).sum()),
            }
        )
    units = "" if fit.likelihood_unit is None else f"; elpd_loo leaves out groups of {fit.likelihood_unit!r}"
    note = f"{fit.note}{units}; mass: of the posterior among modes visited, 95 % intervals of Monte Carlo error"
    return SummaryTable.of(pd.DataFrame(rows).set_index("mode"), note)


def _masses(fit: Fit) -> np.ndarray:
    """Share of every mode that was found, also of those that are not among these chains, shape (mode, 3)."""
    n_modes = int(fit.mode_of_chain.max()) + 1
    evidence = json.loads(fit.attributes.get(MODE_EVIDENCE, json.dumps([None] * n_modes)))
    return masses(np.array([[np.nan, np.nan] if of_mode is None else of_mode for of_mode in evidence]), TAILS)


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


def _chains_by_mode(fit: Fit) -> dict[int, list]:
    chains = fit.posterior["chain"].to_numpy()
    return {int(mode): chains[fit.mode_of_chain == mode].tolist() for mode in np.unique(fit.mode_of_chain)}


def _keep_chains(draws: xr.DataTree, chains: list) -> xr.DataTree:
    kept = draws.copy()
    for name, node in draws.children.items():
        if "chain" in node.dims:
            kept[name] = xr.DataTree(node.to_dataset().sel(chain=chains))
    return kept
