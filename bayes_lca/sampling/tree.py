"""From what a sampler returns to the tree of a fit: names, distinct rows, aligned labels, log-likelihoods."""

import json
from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_lca.dims import ITEM_PROBABILITY, OF_ONE_SET, internal_axes
from bayes_lca.fitted.elements import probabilities_by_label
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.one_fit import with_identity
from bayes_lca.fitted.record import TOTAL_LOG_LIKELIHOOD, all_groupings
from bayes_lca.fitted.views import with_views
from bayes_lca.posterior.labels.group_classes import with_group_classes
from bayes_lca.posterior.labels.group_profiles import align_classes
from bayes_lca.posterior.labels.modes import MODE_EVIDENCE, UNCONSTRAINED, chain_modes, evidence_of_modes
from bayes_lca.posterior.labels.relabel import with_class_share
from bayes_lca.posterior.labels.warn_of_draws import warn_of_draws
from bayes_lca.prepared import Prepared


def assemble(prepared: Prepared, sampled: xr.DataTree) -> xr.DataTree:
    """Posterior in the user's names, with the data that later steps need."""
    named = {variable.name for variable in prepared.model.free_RVs + prepared.model.deterministics}
    internal = internal_axes(prepared.model.coords, all_groupings(prepared.attributes))
    shown = {"chain", "draw", *prepared.model.coords} - internal
    posterior = sampled["posterior"].to_dataset()
    hidden = {str(dim) for dim in posterior.dims} - shown
    posterior = posterior.drop_dims(hidden)
    posterior = posterior[[name for name in posterior.data_vars if name in named and not OF_ONE_SET.match(name)]]
    if ITEM_PROBABILITY in posterior:
        posterior = probabilities_by_label(posterior, json.loads(prepared.attributes["labels"]))
    unused = [dim for dim in posterior.coords if dim not in posterior.dims]
    return xr.DataTree.from_dict(
        {
            "/": xr.Dataset(attrs=dict(prepared.attributes)),
            "/posterior": posterior.drop_vars(unused),
            "/sample_stats": sampled["sample_stats"].to_dataset().drop_vars("divergence_message", errors="ignore"),
            **{f"/{name}": dataset for name, dataset in prepared.groups.items()},
        }
    )


def complete(prepared: Prepared, tree: xr.DataTree, *, order: str | int | xr.DataTree = "size") -> xr.DataTree:
    """Align labels, add log-likelihoods, and tell modes apart; what the sampler returned stays as it is."""
    tree = tree.copy()
    fit = Fit.reading(tree)
    total = (("chain", "draw"), fit.by_chain(fit.all_draws.log_likelihood))
    statistics = fit.sample_stats.drop_vars(UNCONSTRAINED, errors="ignore").assign({TOTAL_LOG_LIKELIHOOD: total})
    if prepared.pivot is not None:
        tree = align_classes(fit, prepared.pivot, order)
    elif not fit.class_is_observed:
        tree["posterior"] = xr.DataTree(with_class_share(fit))
    if fit.likelihood_unit is not None:
        tree = with_group_classes(tree)
    tree["sample_stats"] = xr.DataTree(statistics)
    tree.attrs |= fit.hidden.attributes_of_draws(fit)
    modes = chain_modes(Fit.reading(tree))
    tree.attrs |= {"n_modes": int(modes.max() + 1), "chain_modes": json.dumps(modes.tolist())}
    if modes.max() > 0 and UNCONSTRAINED in fit.sample_stats:
        tree.attrs |= {MODE_EVIDENCE: json.dumps(evidence_of_modes(fit, modes))}
    tree["posterior"] = xr.DataTree(laid_out_by_axes(tree["posterior"].to_dataset()))
    return with_views(with_identity(tree))


def laid_out_by_axes(posterior: xr.Dataset) -> xr.Dataset:
    """The same with numbers beside each other in memory as their axes say, as those that are read from a file lie.

    Sums over them have the same last digit then, however a fit was come by.
    """
    return posterior.map(lambda values: values.copy(data=np.ascontiguousarray(values.to_numpy())), keep_attrs=True)


def finish(
    prepared: Prepared,
    tree: xr.DataTree,
    *,
    order: str | int | xr.DataTree = "size",
    judged: Sequence[str] = (),
) -> xr.DataTree:
    """The same, and a warning of bad chains.

    The convergence of variables in `judged` was judged in an earlier fit, and nothing is said of it.
    """
    tree = complete(prepared, tree, order=order)
    warn_of_draws(tree, judged)
    return tree
