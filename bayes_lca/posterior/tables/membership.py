"""Who belongs to which class, and how surely."""

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import softmax

from bayes_lca.dims import CLASS, RESPONDENT
from bayes_lca.fitted.class_logits import joint_log_probabilities
from bayes_lca.fitted.respondents import require_respondents
from bayes_lca.posterior.labels.convergence import require_latent_classes, require_summarisable
from bayes_lca.table import SummaryTable, describe_draws, tail_probabilities


def membership_draws(draws: xr.DataTree) -> xr.DataArray:
    r"""Membership probabilities in every draw, :math:`P(c \mid y_i, x_i, g_i)`.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.

    Returns
    -------
    xarray.DataArray
        Dims (chain, draw, respondent, latent_class), single precision.
    """
    require_latent_classes(draws)
    require_summarisable(draws)
    require_respondents(draws, "membership of classes")
    posterior = draws["posterior"]
    n_chains, n_draws, n_classes = (posterior.sizes[dim] for dim in ("chain", "draw", CLASS))
    result = np.empty((n_chains * n_draws, draws.attrs["n_respondents"], n_classes), dtype=np.float32)
    for which, log_joint in joint_log_probabilities(draws):
        result[which] = softmax(log_joint, axis=-1)
    return xr.DataArray(
        result.reshape(n_chains, n_draws, *result.shape[1:]),
        dims=("chain", "draw", RESPONDENT, CLASS),
        coords={
            "chain": posterior["chain"],
            "draw": posterior["draw"],
            RESPONDENT: draws["observed_data"][RESPONDENT],
            CLASS: posterior[CLASS],
        },
    )


def membership_in_draws(draws: xr.DataTree, which: np.ndarray) -> np.ndarray:
    """The same in some draws, by position with chains after each other; shape (draw, respondent, latent_class)."""
    chains, places = np.divmod(which, draws["posterior"].sizes["draw"])
    few = draws.copy()
    chosen = {"chain": xr.DataArray(chains, dims="one"), "draw": xr.DataArray(places, dims="one")}
    posterior = draws["posterior"].to_dataset().isel(chosen).drop_vars(["chain", "draw"])
    few["posterior"] = xr.DataTree(
        posterior.rename(one="draw").assign_coords(draw=np.arange(len(which))).expand_dims(chain=[0])
    )
    return membership_draws(few).to_numpy()[0]


def membership(draws: xr.DataTree, *, ci_prob: float = 0.95) -> SummaryTable:
    """Membership probabilities of each respondent, the modal class and its certainty.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    ci_prob : float, default 0.95
        Probability of the interval of the certainty.

    Returns
    -------
    SummaryTable
        Indexed as the frame that was fitted: a column of posterior mean probabilities per class, ``modal_class``,
        its ``certainty`` (posterior mean probability) and the interval ``certainty_lower``, ``certainty_upper``.

    Raises
    ------
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Notes
    -----
    A respondent without any answer has the class shares as membership. Regressing the modal class as if it were
    seen understates effects; fit the regression and the classes jointly instead.
    """
    tails = tail_probabilities(ci_prob)
    probability = membership_draws(draws)
    classes = [str(name) for name in probability[CLASS].to_numpy()]
    values = probability.to_numpy().reshape(-1, *probability.shape[2:])
    mean = values.mean(axis=0, dtype=float)
    modal = mean.argmax(axis=1)
    of_modal = np.take_along_axis(values, modal[None, :, None], axis=2)[..., 0]
    lower, upper = np.quantile(of_modal, tails, axis=0)
    index = pd.Index(probability[RESPONDENT].to_numpy(), name=RESPONDENT)
    table = pd.DataFrame(mean, index=index, columns=classes)
    table["modal_class"] = pd.Categorical.from_codes(modal, classes)
    table["certainty"] = mean.max(axis=1)
    table["certainty_lower"], table["certainty_upper"] = lower, upper
    note = f"{describe_draws(draws)}; {100 * ci_prob:g} % intervals of the modal class's probability"
    return SummaryTable.of(table, note)
