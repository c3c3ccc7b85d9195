"""The most likely path of each person through the classes, and how sure it is."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import FittedPaths, paths_of
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities

DRAWS_SEARCHED, DRAWS_AVERAGED = 100, 400
"""Draws in which paths are searched, and those that their probability is averaged over, evenly over all."""
NUMBERS_AT_ONCE = 2**21
"""Draws x rows x classes x waves held in memory at a time."""


def most_likely_paths(draws: xr.DataTree, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""The most likely path of each person, by the algorithm of Viterbi, with its certainty.

    In each of 100 draws the path that is most likely given all answers of the person is found; the one that is so in
    most of them is shown. Its certainty is the posterior mean of its probability over 400 draws,
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
    note = (
        f"{fit.note}; {100 * ci_prob:g} % intervals of the path's probability, over {len(probability)} draws; classes "
        "at missed waves are inferred from the others"
    )
    return SummaryTable.of(of_persons, note)


def _paths(fit: Fit, paths: FittedPaths) -> tuple[np.ndarray, np.ndarray]:
    """The path that most draws find, shape (wave, pattern), and its probability in draws (draw, pattern)."""
    n_waves, n_rows, k = len(paths.waves), len(fit.count), len(fit.classes)
    numbers = n_rows * k * k * n_waves
    found = np.concatenate(
        [paths.most_likely(which)[0].astype(np.int16) for which in _blocks(fit, DRAWS_SEARCHED, numbers)], axis=1
    )  # (wave, draw, pattern)
    number = _numbered(found, k)
    by_number = np.argsort(number, axis=0, kind="stable")
    number = np.take_along_axis(number, by_number, axis=0)
    run = np.ones_like(number)
    for draw in range(1, len(number)):
        run[draw] = np.where(number[draw] == number[draw - 1], run[draw - 1] + 1, 1)
    everybody = np.arange(n_rows)
    path = found[:, by_number[run.argmax(axis=0), everybody], everybody].astype(int)  # (wave, pattern)
    used = _blocks(fit, DRAWS_AVERAGED, numbers)
    return path, np.concatenate([paths.probability_of(which, path) for which in used])


def _numbered(found: np.ndarray, k: int) -> np.ndarray:
    """Numbers that tell paths (wave, draw, pattern) apart, however many waves there are, shape (draw, pattern)."""
    number = np.zeros(found.shape[1:], dtype=int)
    for of_wave in found[::-1]:
        number = np.unique(number * k + of_wave, return_inverse=True)[1].reshape(number.shape)
    return number


def _blocks(fit: Fit, n_draws: int, numbers: int) -> list[np.ndarray]:
    """So many draws at the most, evenly over all, in blocks."""
    used = np.unique(np.linspace(0, fit.n_draws - 1, n_draws).astype(int))
    return np.array_split(used, max(1, len(used) * numbers // NUMBERS_AT_ONCE))
