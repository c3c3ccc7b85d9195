"""Draw answers that the fitted model would give."""

from math import prod

import numpy as np
import xarray as xr

from bayes_lca.data.frame import named
from bayes_lca.dims import ANSWERS, ITEM, LABEL, OUTCOME, RESPONDENT
from bayes_lca.fitted.fit import Fit

CODE = "code"


def posterior_predictive(draws: xr.DataTree, *, seed: int = 0, labels: bool = False) -> xr.Dataset:
    """Draw complete answers, or outcomes, of every respondent from the posterior predictive distribution.

    Each draw takes one class per respondent from their covariates and group, then answers from that class. Classes
    are drawn anew: the answers given are not used. Answers at several waves follow paths that are drawn forwards, from
    the class of the first wave and the transitions, with the person's level the same at all waves where persons have
    one; they are missing where answers and waves of the fit are, for nothing is known of whoever was not seen.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit`.
    seed : int
    labels : bool, default False
        Whether answers are texts, as the user named them, in place of codes, which take a fraction of the memory.

    Returns
    -------
    xarray.Dataset
        ``answers``, dims (chain, draw, respondent, item), with ``wave`` before the items where there are waves, or
        ``outcome``, dims (chain, draw, respondent): codes from 0 on, and their labels as coordinate ``label``, dims
        (item, code) or (code,), empty beyond the codes of an item; or these labels themselves. Items that are numbers
        have numbers; categories beside them are codes all the same. A missing answer is -1, as a label empty, as a
        number not a number.

    Raises
    ------
    ValueError
        If the fit was saved without respondents, or labels are asked for where some items are numbers.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.posterior_predictive(bl.load_example())["answers"].dims
    ('chain', 'draw', 'respondent', 'item')
    >>> answers = bl.posterior_predictive(bl.load_example(), labels=True)["answers"]
    >>> sorted(set(answers.sel(item="training").to_numpy().ravel().tolist()))
    ['decrease', 'increase', 'no change']
    """
    fit = Fit.of(draws, needs="posterior_predictive")
    if labels and any(fit.labels) and not all(fit.labels):
        numbers = [item for item, of_item in zip(fit.items, fit.labels, strict=True) if not of_item]
        raise ValueError(
            f"labels=True: item(s) {named(numbers)} of this fit of {fit.n_respondents} respondents are numbers and "
            "have no labels beside those of the other items; leave labels out"
        )
    predicted = draw_predictive(fit, seed=seed)
    return _by_label(predicted, fit) if labels and LABEL in predicted.coords else predicted


def _by_label(predicted: xr.Dataset, fit: Fit) -> xr.Dataset:
    codes = predicted[fit.kind.observed]
    of_item = predicted[LABEL].to_numpy().reshape(len(fit.labels), -1)
    columns = codes.to_numpy().reshape(-1, len(of_item))
    texts = np.where(columns < 0, "", of_item[np.arange(len(of_item)), columns]).reshape(codes.shape)
    return predicted.drop_vars(LABEL).assign({fit.kind.observed: (codes.dims, texts)})


def draw_predictive(fit: Fit, *, seed: int) -> xr.Dataset:
    """The same for a fit whose labels need not be aligned."""
    rng = np.random.default_rng(seed)
    n, n_columns = fit.n_respondents, fit.codes.shape[1]
    axes = fit.hidden.axes_of_answers(fit)
    lengths = [len(names) for names in axes.values()]
    result = np.empty((fit.n_draws, n, *lengths, n_columns // prod(lengths)), dtype=np.int8)
    for which in fit.blocks(n * prod(lengths)):
        drawn = fit.hidden.draw_answers(fit, which, rng)
        result = result.astype(np.result_type(result, _smallest_type(drawn)), copy=False)
        result[which] = drawn
    shaped = fit.by_chain(result)
    coords = {**fit.chain_coords, RESPONDENT: fit.respondents}
    longest = max(map(len, fit.labels), default=0)
    label = np.array([[*of_item, *[""] * (longest - len(of_item))] for of_item in fit.labels])  # (item, code)
    if fit.class_is_observed:
        return xr.Dataset(
            {OUTCOME: (("chain", "draw", RESPONDENT), shaped[..., 0])}, coords | {LABEL: ((CODE,), label[0])}
        )
    coords |= {**axes, ITEM: list(fit.items)} | ({LABEL: ((ITEM, CODE), label)} if longest else {})
    return xr.Dataset({ANSWERS: (("chain", "draw", RESPONDENT, *axes, ITEM), shaped)}, coords)


def _smallest_type(values: np.ndarray) -> np.dtype:
    """The smallest type of whole numbers that holds the values, or their own type where they are no whole numbers."""
    if values.dtype.kind not in "iu":
        return values.dtype
    return np.min_scalar_type(-1 - max(int(values.max()), -int(values.min())))
