"""Draw answers that the fitted model would give."""

import numpy as np
import xarray as xr

from bayes_lca.data.categories import draw_category
from bayes_lca.dims import ANSWERS, ITEM, OUTCOME, RESPONDENT
from bayes_lca.fitted.fit import Fit


def posterior_predictive(draws: xr.DataTree, *, seed: int = 0) -> xr.Dataset:
    """Draw complete answers, or outcomes, of every respondent from the posterior predictive distribution.

    Each draw takes one class per respondent from their covariates and group, then answers from that class. Classes
    are drawn anew: the answers given are not used.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit`.
    seed : int

    Returns
    -------
    xarray.Dataset
        ``answers``, dims (chain, draw, respondent, item), or ``outcome``, dims (chain, draw, respondent); codes.

    Raises
    ------
    ValueError
        If the fit was saved without respondents.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.posterior_predictive(bl.load_example())["answers"].dims
    ('chain', 'draw', 'respondent', 'item')
    """
    return draw_predictive(Fit.of(draws, needs="posterior_predictive"), seed=seed)


def draw_predictive(fit: Fit, *, seed: int) -> xr.Dataset:
    """The same for a fit whose labels need not be aligned."""
    rng = np.random.default_rng(seed)
    n, n_items = fit.n_respondents, fit.codes.shape[1]
    result = np.empty((fit.n_draws, n, n_items), dtype=np.int8)
    for which in fit.blocks(n):
        share = np.exp(fit.log_class(slice(None), which))
        share = np.broadcast_to(share, (len(share), len(fit.count), share.shape[-1]))[:, fit.pattern_of_respondent]
        drawn = fit.answers.draw(fit, which, draw_category(share, rng), rng)
        result = result.astype(np.result_type(result, _smallest_type(drawn)), copy=False)
        result[which] = drawn
    shaped = fit.by_chain(result)
    coords = {**fit.chain_coords, RESPONDENT: fit.respondents}
    if fit.class_is_observed:
        return xr.Dataset({OUTCOME: (("chain", "draw", RESPONDENT), shaped[..., 0])}, coords)
    return xr.Dataset({ANSWERS: (("chain", "draw", RESPONDENT, ITEM), shaped)}, coords | {ITEM: list(fit.items)})


def _smallest_type(values: np.ndarray) -> np.dtype:
    """The smallest type of whole numbers that holds the values, or their own type where they are no whole numbers."""
    if values.dtype.kind not in "iu":
        return values.dtype
    return np.min_scalar_type(-1 - max(int(values.max()), -int(values.min())))
