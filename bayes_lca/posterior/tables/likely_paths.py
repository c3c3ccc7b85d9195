"""The most likely path of each person through the classes, and how sure it is."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import FittedPaths, paths_of
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities

NUMBERS_AT_ONCE = 2**21
"""Draws x rows x classes x waves held in memory at a time."""


def most_likely_paths(draws: xr.DataTree, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""The most likely path of each person, by the algorithm of Viterbi, with its certainty.

    In every draw the path that is most likely given all answers of the person is found; the one that is so in most
    draws is shown. Its certainty is the posterior mean of its probability,
    :math:`P(z_{i1}, \dots, z_{iT} \mid y_i, x_i, g_i)`. With several waves many paths share what is likely, so that
    certainty is lower than that of the class at each wave (`membership`).

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of `LatentTransition`.
    ci_prob : float, default 0.95
        Probability of the interval of the certainty.

    Returns
    -------
    SummaryTable
        One row per person: the class at each wave, missed waves included; ``path``, all of them; ``n_moves``;
        ``certainty`` with ``certainty_lower`` and ``certainty_upper``; and ``waves_seen``.

    Raises
    ------
    ValueError
        If the fit is of another model, or was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Viterbi, A. (1967). Error bounds for convolutional codes and an asymptotically optimum decoding algorithm. IEEE
    Transactions on Information Theory 13(2), 260-269. doi 10.1109/TIT.1967.1054010

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.most_likely_paths(bl.load_example("waves"))
    >>> len(table), table["path"].value_counts().index[0]
    (150, 'C1 C1 C1')
    """
    fit = Fit.of(draws, needs="most_likely_paths")
    tails = tail_probabilities(ci_prob)
    paths, n_rows = paths_of(fit), len(fit.count)
    chosen, probability = _paths(fit, paths)
    names = np.array(fit.classes)[chosen]  # (wave, pattern)
    columns = {wave: pd.Categorical(of_wave, fit.classes) for wave, of_wave in zip(paths.waves, names, strict=True)}
    table = pd.DataFrame(columns, index=range(n_rows))
    table["path"] = [" ".join(path) for path in names.T]
    table["n_moves"] = (chosen[1:] != chosen[:-1]).sum(axis=0)
    table["certainty"] = probability.mean(axis=0)
    table["certainty_lower"], table["certainty_upper"] = np.quantile(probability, tails, axis=0)
    table["waves_seen"] = paths.seen.sum(axis=1)
    of_persons = table.iloc[fit.pattern_of_respondent].set_axis(fit.respondents)
    note = f"{fit.note}; {100 * ci_prob:g} % intervals of the path's probability; classes at missed waves are guesses"
    return SummaryTable.of(of_persons, note)


def _paths(fit: Fit, paths: FittedPaths) -> tuple[np.ndarray, np.ndarray]:
    """The path that most draws find, shape (wave, pattern), and its probability in every draw (draw, pattern)."""
    n_waves, n_rows, k = len(paths.waves), len(fit.count), len(fit.classes)
    number = np.empty((fit.n_draws, n_rows), dtype=np.int64)
    powers = k ** np.arange(n_waves)
    blocks = _blocks(fit, n_rows * k * k * n_waves)
    for which in blocks:
        number[which] = np.tensordot(powers, paths.most_likely(which)[0], axes=1)
    chosen = np.empty(n_rows, dtype=np.int64)
    for row in range(n_rows):
        found, times = np.unique(number[:, row], return_counts=True)
        chosen[row] = found[times.argmax()]
    path = chosen // powers[:, None] % k  # (wave, pattern)
    return path, np.concatenate([paths.probability_of(which, path) for which in blocks])


def _blocks(fit: Fit, numbers: int) -> list[slice]:
    at_once = max(1, NUMBERS_AT_ONCE // numbers)
    return [slice(start, min(start + at_once, fit.n_draws)) for start in range(0, fit.n_draws, at_once)]
