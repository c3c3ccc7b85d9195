"""Did the chains find the same posterior? Asked first without labels, then with them."""

import json
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.fitted.elements import diagnostics, existing_elements, row_index
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels.agreement import LARGEST_R_HAT, SMALLEST_ESS
from bayes_lca.posterior.labels.certainty import label_note, label_problems
from bayes_lca.posterior.labels.chance import effective_draws, r_hat_by_chance
from bayes_lca.posterior.labels.convergence_of_data_sets import of_data_sets
from bayes_lca.posterior.labels.group_classes import group_label_problems
from bayes_lca.posterior.labels.label_free import SPREAD, label_free_of_classes
from bayes_lca.posterior.labels.total_log_likelihood import log_likelihood_diagnostics
from bayes_lca.table import SummaryTable

LARGEST_DIVERGENT_SHARE = 0.001
"""Share of divergent transitions up to which they are mentioned and nothing more: one in a thousand."""


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
        ``ess_bulk``, ``ess_tail``, how many ``elements`` vary, and ``element``, which is ``"constant"`` for a variable
        that does not vary. ``r_hat_by_chance`` is the R-hat of that element which the largest of all quantities passes
        in one of a thousand fits whose chains agree, and ``beyond_chance`` counts the elements that pass theirs, and
        1.01. One chain has no R-hat, and the element is that of the smallest ``ess_bulk``. After `fit_multiple` all
        this is within data sets, and ``r_hat_between`` is R-hat of all chains.

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
    make = _convergence_table if fit.data_set_of_chain is None else of_data_sets(_convergence_table)
    return fit.once("convergence", lambda: make(fit))


def _convergence_table(fit: Fit) -> SummaryTable:
    every = [*_label_free_elements(fit), *_labelled_elements(fit)]
    n_quantities = sum(len(elements.diagnosed) for elements in every)
    table = pd.DataFrame([elements.row(n_quantities) for elements in every]).set_index(["layer", "quantity"])
    notes = [
        f"worst element of each variable; {fit.note}",
        f"r_hat_by_chance: what the largest R-hat of {n_quantities} quantities passes in one of a thousand fits whose "
        f"chains agree; beyond_chance: elements whose R-hat is above it and above {LARGEST_R_HAT}",
        *_draws_note(fit),
        *_design_note(fit),
        *_divergence_note(fit),
        *_chain_note(fit),
        *label_note(fit),
        *_start_note(fit),
    ]
    return SummaryTable.of(table, "\n".join(notes))


TOO_FEW = "too few draws"
"""In place of an element, where a chain has fewer draws than its halves need."""


@dataclass(frozen=True, eq=False)
class _Elements:
    """The elements of a variable that vary, how well chains agree on each, and what chance would do.

    Attributes
    ----------
    layer, quantity : str
    names : sequence of str
    diagnosed : pandas.DataFrame
        Columns ``r_hat``, ``ess_bulk`` and ``ess_tail``, a row for each element.
    effective : callable
        From the places of some elements to `effective_draws`.
    n_chains : int
    by_design : bool
    """

    layer: str
    quantity: str
    names: Sequence[str]
    diagnosed: pd.DataFrame
    effective: Callable[[list[int]], np.ndarray]
    n_chains: int
    by_design: bool

    def row(self, n_quantities: int) -> dict[str, Any]:
        """The worst element, and how many are worse than chance explains."""
        row: dict[str, Any] = {"layer": self.layer, "quantity": self.quantity, "element": "constant"}
        row |= dict.fromkeys(("r_hat", "ess_bulk", "ess_tail"), np.nan)
        row |= {"elements": len(self.diagnosed), "r_hat_by_chance": np.nan, "beyond_chance": 0}
        if self.diagnosed.empty:
            return row
        r_hat = self.diagnosed["r_hat"].to_numpy()
        badness = r_hat if not np.isnan(r_hat).all() else -self.diagnosed["ess_bulk"].to_numpy()
        if np.isnan(badness).all():
            return row | {"element": TOO_FEW}
        worst = int(np.nanargmax(badness))
        places = sorted({worst, *np.flatnonzero(r_hat > LARGEST_R_HAT).tolist()})
        limits = {
            place: r_hat_by_chance(effective, self.n_chains, n_quantities, by_design=self.by_design)
            for place, effective in zip(places, self.effective(places), strict=True)
        }
        beyond = sum(r_hat[place] > max(LARGEST_R_HAT, limit) for place, limit in limits.items())
        return row | {
            "element": self.names[worst],
            "r_hat": self.diagnosed["r_hat"].max(),
            "ess_bulk": self.diagnosed["ess_bulk"].min(),
            "ess_tail": self.diagnosed["ess_tail"].min(),
            "r_hat_by_chance": limits[worst] if self.n_chains > 1 else np.nan,
            "beyond_chance": int(beyond),
        }


def _label_free_elements(fit: Fit) -> Iterator[_Elements]:
    """The log-likelihood, shares in their order, and how far items spread over classes, the last as one variable."""
    total = log_likelihood_diagnostics(fit)
    diagnosed = pd.DataFrame([total])[["r_hat", "ess_bulk", "ess_tail"]].dropna(how="all")
    effective, by_design = np.array([total["effective_draws"]]), fit.measurement_draw is not None
    yield _Elements("label-free", "log_likelihood", [""], diagnosed, lambda _: effective, fit.n_chains, by_design)
    quantities = label_free_of_classes(fit)
    spreads = {name.removeprefix(SPREAD): name for name in map(str, quantities) if name.startswith(SPREAD)}
    for name in quantities:
        if name not in spreads.values():
            yield _elements(fit, "label-free", str(name), quantities[name].expand_dims(row=[""], axis=-1), [""])
    if spreads:
        values = xr.concat([quantities[name] for name in spreads.values()], pd.Index(list(spreads), name="row"))
        yield _elements(fit, "label-free", "spread of items", values.transpose("chain", "draw", "row"), list(spreads))


def _labelled_elements(fit: Fit) -> Iterator[_Elements]:
    for name in sorted(fit.parameters_of_classes):
        values = fit.posterior[name]
        dims = [str(dim) for dim in values.dims if dim not in ("chain", "draw")] or [""]
        values = values if dims != [""] else values.expand_dims({"": [""]}, axis=-1)
        rows = existing_elements(values, dims)
        names = [
            ", ".join(map(str, label)) if isinstance(label, tuple) else str(label) for label in row_index(rows, dims)
        ]
        yield _elements(fit, "labelled", name, rows, names)


def _elements(fit: Fit, layer: str, quantity: str, rows: xr.DataArray, names: Sequence[str]) -> _Elements:
    """Of values of dims (chain, draw, row)."""
    step = fit.measurement_draw
    places = np.flatnonzero((rows != rows.isel(chain=0, draw=0)).any(["chain", "draw"]).to_numpy())
    rows = rows.isel(row=places)
    diagnosed = diagnostics(rows, chain_by_chain=step is not None)
    elements = rows.transpose("row", "chain", "draw").to_numpy()
    return _Elements(
        layer,
        quantity,
        [names[place] for place in places],
        pd.DataFrame({name: column.to_numpy() for name, column in diagnosed.items()}),
        lambda some: effective_draws(elements[some], step),
        fit.n_chains,
        step is not None,
    )


def _draws_note(fit: Fit) -> list[str]:
    """Whether chains went on after the draws that were asked for."""
    asked, made = (fit.attributes.get(name) for name in ("draws_asked", "draws_made"))
    told = f"{asked} draws of each chain were asked for, and chains went on to {made} to converge"
    return [told] if asked != made else []


def _design_note(fit: Fit) -> list[str]:
    """How chains are judged that rest on different draws of a first step."""
    if fit.measurement_draw is None:
        return []
    return [
        "every chain rests on draws of its own of the first step, so chains differ by design: R-hat is judged by what "
        "that gives by chance, and effective draws are those of each chain by itself, added up"
    ]


def _divergence_note(fit: Fit) -> list[str]:
    """What was decided of divergent transitions."""
    divergences = int(fit.sample_stats["diverging"].sum())
    if not divergences:
        return []
    share = divergences / fit.n_draws
    decided = "which speaks against the draws" if share > LARGEST_DIVERGENT_SHARE else "taken for harmless"
    return [
        f"{divergences} of {fit.n_draws} transitions diverged ({100 * share:.2g} %), {decided}: the limit is "
        f"{100 * LARGEST_DIVERGENT_SHARE:g} %"
    ]


def _chain_note(fit: Fit) -> list[str]:
    """Why there is no R-hat where there is one chain."""
    return ["one chain: R-hat compares chains, so there is none"] if fit.n_chains == 1 else []


def _start_note(fit: Fit) -> list[str]:
    """Where chains started, if there was a choice."""
    weights, chains = (json.loads(fit.attributes.get(name, "[]")) for name in ("start_weights", "chains_by_start"))
    if len(weights) < 2:
        return []
    parts = [f"{100 * weight:.0f} % ({number})" for weight, number in zip(weights, chains, strict=True)]
    return [
        f"chains started at {len(weights)} maxima, by what each could hold of the posterior of these classes without "
        f"covariates, roughly, and how many chains: {', '.join(parts)}; see bl.modes(draws) for where they ended"
    ]


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
    if divergences > LARGEST_DIVERGENT_SHARE * fit.n_draws:
        problems.append(
            f"{divergences} divergent transitions, {100 * divergences / fit.n_draws:.2g} % of all: raise target_accept"
        )
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
    weights, chains = (json.loads(fit.attributes.get(name, "[]")) for name in ("start_weights", "chains_by_start"))
    if missed := [weight for weight, number in zip(weights, chains, strict=True) if not number]:
        problems.append(
            f"{len(missed)} modes that could hold about {', '.join(f'{weight:.0%}' for weight in missed)} of the "
            f"posterior were not started from: fit with chains={len(weights)} or more"
        )
    problems += [*label_problems(fit), *group_label_problems(fit)]
    if (table["element"] == TOO_FEW).any():
        problems.append(f"{fit.draws_per_chain} draws of each chain are too few to see whether chains agree")
    for layer, rows in (("of all classes together", free), ("of single classes", labelled)):
        if n_beyond := rows["beyond_chance"].sum():
            worst = rows.loc[rows["beyond_chance"] > 0, "r_hat"].idxmax()
            problems.append(
                f"{_in_words(n_beyond)} {layer} above R-hat {LARGEST_R_HAT} that chance does not explain (worst: "
                f"{worst}, {rows.loc[worst, 'r_hat']:.3f}; by chance up to {rows.loc[worst, 'r_hat_by_chance']:.3f})"
            )
        few = rows[(rows["ess_bulk"] < SMALLEST_ESS) | (rows["ess_tail"] < SMALLEST_ESS)]
        if len(few):
            least = few[["ess_bulk", "ess_tail"]].min(axis=None)
            needed = math.ceil(fit.draws_per_chain * SMALLEST_ESS / least)
            problems.append(
                f"{_in_words(len(few))} {layer} with fewer than {SMALLEST_ESS} effective draws ({least:.0f}); about "
                f"draws={needed} would give them, or {needed - fit.draws_per_chain} more of each chain by bl.more_draws"
            )
    return problems


def _in_words(n_quantities: int) -> str:
    return "1 quantity" if n_quantities == 1 else f"{n_quantities} quantities"
