"""Draw answers that the fitted model would give."""

import numpy as np
import xarray as xr

from bayes_lca.dims import ANSWERS, CATEGORY, CLASS, ITEM, ITEM_PROBABILITY, OUTCOME, RESPONDENT
from bayes_lca.fitted.axes import class_axis, flat
from bayes_lca.fitted.class_logits import DRAWS_AT_ONCE, class_log_shares
from bayes_lca.fitted.respondents import require_respondents


def posterior_predictive(draws: xr.DataTree, *, seed: int = 0) -> xr.Dataset:
    """Draw complete answers, or outcomes, of every respondent from the posterior predictive distribution.

    Each draw takes one class per respondent from their covariates and group, then answers from that class. Classes
    are drawn anew: the answers given are not used.

    Parameters
    ----------
    draws : xarray.DataTree
    seed : int

    Returns
    -------
    xarray.Dataset
        ``answers``, dims (chain, draw, respondent, item), or ``outcome``, dims (chain, draw, respondent); codes.
    """
    require_respondents(draws, "posterior predictive answers")
    rng = np.random.default_rng(seed)
    posterior = draws["posterior"]
    n_chains, n_draws = posterior.sizes["chain"], posterior.sizes["draw"]
    n = draws.attrs["n_respondents"]
    latent = class_axis(draws) == CLASS
    n_items = draws["observed_data"].sizes[ITEM] if latent else 1
    result = np.empty((n_chains * n_draws, n, n_items), dtype=np.int8)
    for start in range(0, len(result), DRAWS_AT_ONCE):
        which = slice(start, start + DRAWS_AT_ONCE)
        share = np.exp(class_log_shares(draws, np.arange(n), which))
        share = np.broadcast_to(share, (*result[which].shape[:2], share.shape[-1]))
        category = _draw_category(share, rng)  # (draw, respondent)
        if not latent:
            result[which, :, 0] = category
            continue
        rho = np.nan_to_num(flat(posterior[ITEM_PROBABILITY], CLASS, ITEM, CATEGORY)[which])
        for j in range(n_items):
            own = np.take_along_axis(rho[:, :, j], category[..., None], axis=1)  # (draw, respondent, category)
            result[which, :, j] = _draw_category(own, rng)
    shaped = result.reshape(n_chains, n_draws, n, n_items)
    coords = {"chain": posterior["chain"], "draw": posterior["draw"], **draws["observed_data"].coords}
    if latent:
        return xr.Dataset({ANSWERS: (("chain", "draw", RESPONDENT, ITEM), shaped)}, coords)
    return xr.Dataset({OUTCOME: (("chain", "draw", RESPONDENT), shaped[..., 0])}, coords)


def _draw_category(probability: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random((*probability.shape[:-1], 1)) > probability.cumsum(axis=-1)[..., :-1]).sum(axis=-1)
