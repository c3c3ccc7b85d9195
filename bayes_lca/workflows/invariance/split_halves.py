"""How far the classes of random parts of one sample are apart: what sampling alone gives."""

import json

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import check_whole, is_whole
from bayes_lca.data.responses import unique_rows
from bayes_lca.dims import ANSWERS, CATEGORY, CLASS, ITEM, ITEM_PROBABILITY
from bayes_lca.fitted.axes import flat
from bayes_lca.fitted.respondents import require_respondents
from bayes_lca.posterior.labels.convergence import require_latent_classes, require_summarisable
from bayes_lca.posterior.labels.relabel import match, profile_distances
from bayes_lca.posterior.structures.class_distance import total_variation
from bayes_lca.sampling.gibbs import sample_gibbs
from bayes_lca.table import SummaryTable, describe_draws, tail_probabilities
from bayes_lca.workflows.class_counts.class_posteriors import SWEEPS

TUNE = 100


def split_halves(
    draws: xr.DataTree,
    *,
    sizes: tuple[int, int] | None = None,
    repeats: int = 20,
    n_draws: int = 250,
    seed: int = 1,
    ci_prob: float = 0.95,
) -> SummaryTable:
    r"""Fit random parts of the respondents separately, and measure how far their classes are apart.

    A reference for `compare_structures`: parts drawn at random differ by sampling alone. Each is fitted without
    covariates, by a Gibbs sampler that starts at the profiles of the whole sample, and its classes are matched with
    those of the whole. The distance of two posteriors is the mean over draws and items of the total variation
    :math:`\tfrac12 \sum_k |\rho_{jk} - \rho'_{jk}|`, as there.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model to the whole sample.
    sizes : (int, int), optional
        Respondents in the two parts, as many as in the fits that are compared; two halves by default.
    repeats : int, default 20
        Random splits.
    n_draws : int, default 250
        Draws of each of two fits in a split.
    seed : int
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per class: the mean ``distance`` over splits, and ``lower`` and ``upper``, quantiles over splits.

    Raises
    ------
    ValueError
        If `sizes` do not fit into the sample, or a setting is out of range.
    NotRelabelledError, SeveralModesError
        If the classes of the fit are not one and the same over its draws.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.split_halves(bl.load("everybody.nc"), sizes=(942, 1258))  # doctest: +SKIP
    """
    require_latent_classes(draws)
    require_summarisable(draws)
    require_respondents(draws, "fits of halves")
    tails = tail_probabilities(ci_prob)
    check_whole(least=2, repeats=repeats)
    check_whole(least=10, n_draws=n_draws)
    check_whole(least=0, seed=seed)
    codes = draws["observed_data"][ANSWERS].to_numpy()
    first, second = (len(codes) // 2, len(codes) - len(codes) // 2) if sizes is None else sizes
    if not (is_whole(first, least=1) and is_whole(second, least=1)) or first + second > len(codes):
        raise ValueError(
            f"sizes={sizes!r}: give the respondents of two parts, together at most the {len(codes)} of the fit"
        )
    n_categories = [len(labels) for labels in json.loads(draws.attrs["labels"])]
    posterior = draws["posterior"]
    whole = np.nan_to_num(flat(posterior[ITEM_PROBABILITY], CLASS, ITEM, CATEGORY)).mean(axis=0)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(repeats):
        order = rng.permutation(len(codes))
        parts = codes[order[:first]], codes[order[first : first + second]]
        profiles = [_profiles(part, n_categories, whole, n_draws, int(rng.integers(2**32))) for part in parts]
        found.append(total_variation(*profiles).mean(axis=(0, 2)))
    lower, upper = np.quantile(found, tails, axis=0)
    classes = pd.Index([str(name) for name in posterior[CLASS].to_numpy()], name=CLASS)
    table = pd.DataFrame({"distance": np.mean(found, axis=0), "lower": lower, "upper": upper}, index=classes)
    note = (
        f"{describe_draws(draws)}; {repeats} random splits into {first} and {second} respondents, {n_draws} draws of "
        f"each part; {100 * ci_prob:g} % of splits lie between lower and upper"
    )
    return SummaryTable.of(table, note)


def _profiles(codes: np.ndarray, n_categories: list[int], whole: np.ndarray, n_draws: int, seed: int) -> np.ndarray:
    """Draws of the profiles of a part, classes in the order of the whole."""
    patterns = unique_rows(codes)
    settings = {"draws": n_draws, "tune": TUNE, "seed": seed, "thin": SWEEPS}
    found = sample_gibbs(codes[patterns.first], patterns.count, n_categories, whole[None], **settings)
    drawn = found.item_probability[0]
    order, _ = match(profile_distances(drawn, whole))
    return np.take_along_axis(drawn, order[:, :, None, None], axis=1)
