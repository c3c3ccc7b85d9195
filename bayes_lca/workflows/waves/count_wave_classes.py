"""How many classes over waves, by maximum likelihood, items equal over waves and free."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from bayes_lca.data.frame import Frame, check_whole, is_whole
from bayes_lca.likelihood.baum_welch import PathFit
from bayes_lca.likelihood.criteria import information_criteria
from bayes_lca.measurement.interface import Measurement
from bayes_lca.table import SummaryTable
from bayes_lca.workflows.rows_without_bound import fits_with_bound, in_note, without_figures
from bayes_lca.workflows.waves.answers_over_waves import AnswersOverWaves

EQUAL, FREE = "equal", "free"


def count_wave_classes(
    items: Measurement,
    frame: Frame,
    *,
    person: str,
    wave: str,
    classes: Iterable[int],
    measurement_over_time: Sequence[Literal["equal", "free"]] = (EQUAL, FREE),
    over_time: Literal["equal", "free"] = "equal",
    n_starts: int = 50,
    seed: int = 0,
) -> SummaryTable:
    r"""Fit numbers of classes over waves by maximum likelihood, a row for each number and measurement.

    .. math:: L = \sum_i \log \sum_{z_1 \dots z_T} \delta_{z_1} \prod_{t > 1} \tau_{z_{t-1} z_t}
        \prod_t p_t(y_{it} \mid z_t)

    by the algorithm of Baum and Welch from many starts [1]_, without covariates. With equal measurement
    :math:`p_t = p` at all waves, so that classes mean the same; with free measurement every wave has its own item
    parameters. Criteria count persons: waves of a person are not independent. Which number the criteria find rests on
    local independence over time: where persons have a level of their own, more classes stand in for it.

    Parameters
    ----------
    items : Items, OrdinalItems, NormalItems, CountItems or Mixed
        Without restrictions or priors of single items; categories are fitted without regard to their order.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        One row a person and wave.
    person, wave : str
        Columns that say whose row it is, and of which wave.
    classes : iterable of int
        Numbers of classes, such as ``range(1, 5)``.
    measurement_over_time : sequence of {"equal", "free"}
        Which of the two are fitted, side by side.
    over_time : {"equal", "free"}
        Whether all steps from wave to wave have the same transitions.
    n_starts, seed : int
        Random starts of each fit, the best ten of which are followed to their ends.

    Returns
    -------
    SummaryTable
        A row for each pair ``classes``, ``measurement``: ``log_likelihood``; ``parameters``;
        ``degrees_of_freedom``, cells of the table of all answers at all waves less one less the parameters, below zero
        where the classes cannot be identified, not a number where items are; ``AIC``, ``BIC``, ``aBIC`` and ``CAIC``;
        ``entropy_r2``, how surely the paths of persons over all waves are told apart, missed waves included: one less
        their entropy over that of paths by chance, as Mplus has it; ``smallest_class``, the smallest share of a class
        at any wave; of ``starts`` followed to their ends those that reached the best, ``starts_at_mode``;
        ``converged_starts``; and ``next_mode``, the log-likelihood of the second-best maximum. The note names the row
        of least BIC among those that can be identified.

        A fit all of whose starts end where the likelihood has no bound, such as a class in which a number does not vary
        with ``NormalItems(..., sd="free")``, has a row without figures: not a number, and no ``starts_at_mode``.

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If the items have no maximum likelihood of this kind, columns cannot be used, nobody was followed from a wave to
        another, a number is no whole number, or there are more classes than distinct answers.
    UnboundedLikelihoodError
        If that is so of every fit that is asked for.

    Warns
    -----
    UnequalSpacingWarning
        If waves are numbers or dates that are unequally far apart, and transitions equal over time.
    UnboundedLikelihoodWarning
        Of each row without figures.

    References
    ----------
    .. [1] Baum, L. E., Petrie, T., Soules, G. & Weiss, N. (1970). A maximization technique occurring in the statistical
       analysis of probabilistic functions of Markov chains. Ann. Math. Statist. 41(1), 164-171.
       doi 10.1214/aoms/1177697196

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> table = bl.count_wave_classes(
    ...     items, bl.example_waves(), person="person", wave="wave", classes=[1, 2], n_starts=5
    ... )
    >>> table["parameters"].tolist()
    [6, 18, 15, 39]
    >>> table["BIC"].unstack().min().idxmin()
    'equal'
    """
    numbers = list(classes) if isinstance(classes, Iterable) else [classes]
    if not numbers or not all(is_whole(number, least=1) for number in numbers):
        raise ValueError(f"classes={classes!r}: give whole numbers from 1 on, such as range(1, 5)")
    kinds = [measurement_over_time] if isinstance(measurement_over_time, str) else list(measurement_over_time)
    if not kinds or not set(kinds) <= {EQUAL, FREE}:
        raise ValueError(f'measurement_over_time={measurement_over_time!r}: give "equal", "free" or both')
    check_whole(least=1, n_starts=n_starts)
    check_whole(least=0, seed=seed)
    answers = AnswersOverWaves.read(items, frame, person, wave, over_time)
    everything = [str(name) for name in items.columns]
    asked = {
        (n_classes, kind): partial(
            answers.fit, n_classes, everything if kind == FREE else (), n_starts=n_starts, seed=seed
        )
        for n_classes in numbers
        for kind in kinds
    }
    fits, unbounded = fits_with_bound(asked, stacklevel=2)
    rows = {key: _row(found, answers) for key, found in fits.items()}
    columns = list(next(iter(rows.values())))
    for key, error in unbounded.items():
        degrees = answers.degrees_of_freedom(error.n_parameters)
        rows[key] = without_figures(error) | {"degrees_of_freedom": degrees}
    index = pd.MultiIndex.from_tuples(list(asked), names=["classes", "measurement"])
    table = pd.DataFrame([rows[key] for key in asked], index=index)[columns]
    notes = [
        f"{answers.note}; maximum likelihood, no draws",
        *_preferred(table),
        *_one_start(table),
        *in_note([f"{n_classes} {kind}" for n_classes, kind in unbounded]),
    ]
    return SummaryTable.of(table, "; ".join(notes))


def _preferred(table: pd.DataFrame) -> list[str]:
    """The row of least BIC, and those that the answers cannot tell apart."""
    unidentified = table["degrees_of_freedom"] < 0
    notes = []
    if len(comparable := table.loc[~unidentified, "BIC"].dropna()):
        n_classes, kind = comparable.idxmin()
        notes.append(f"BIC prefers {n_classes} class{'' if n_classes == 1 else 'es'} with {kind} measurement")
    if unidentified.any():
        rows = ", ".join(f"{n_classes} {kind}" for n_classes, kind in table.index[unidentified])
        notes.append(f"{rows}: not identified, for there are more parameters than cells")
    return notes


def _one_start(table: pd.DataFrame) -> list[str]:
    """Where a single start found the best maximum, so that a better one may have been missed."""
    alone = table[(table["starts_at_mode"] == 1) & (table["starts"] > 1)]
    if not len(alone):
        return []
    rows = ", ".join(f"{n_classes} {kind}" for n_classes, kind in alone.index)
    return [f"the best maximum was reached by one start alone with {rows}: take more starts"]


def _row(found: PathFit, answers: AnswersOverWaves) -> dict[str, float]:
    best = found.best
    seen = answers.sequences >= 0
    n_classes, n_waves = len(best.initial), seen.shape[1]
    by_chance = answers.n * n_waves * np.log(n_classes)
    shares = [
        np.average(best.membership[there, place], axis=0, weights=answers.counts[there])
        for place, there in enumerate(seen.T)
    ]
    return {
        "log_likelihood": best.log_likelihood,
        "parameters": found.n_parameters,
        "degrees_of_freedom": answers.degrees_of_freedom(found.n_parameters),
        **information_criteria(best.log_likelihood, found.n_parameters, answers.n),
        "entropy_r2": 1 - best.path_entropy / by_chance if n_classes > 1 else np.nan,
        "smallest_class": float(np.min(shares)),
        "starts_at_mode": best.starts,
        "starts": found.n_starts,
        "converged_starts": found.converged_starts,
        "next_mode": found.maxima[1].log_likelihood if len(found.maxima) > 1 else np.nan,
    }
