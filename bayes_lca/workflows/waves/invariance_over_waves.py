"""Do items mean the same at all waves: equal measurement against items that are free over waves, one by one and all."""

from collections.abc import Mapping
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from bayes_lca.data.frame import Frame, check_whole, is_whole, named
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.baum_welch import PathFit
from bayes_lca.likelihood.criteria import information_criteria
from bayes_lca.likelihood.leave_one_out import LeaveOneOut, leave_one_out
from bayes_lca.measurement.free_over_waves import FEWEST_EQUAL
from bayes_lca.measurement.interface import Measurement
from bayes_lca.table import SummaryTable
from bayes_lca.workflows.rows_without_bound import fits_with_bound, in_note, without_figures
from bayes_lca.workflows.waves.answers_over_waves import AnswersOverWaves

NONE, EVERY = "none", "all"
MEASURED = {NONE: "equal", EVERY: "free"}
"""What `measurement_over_time` is in fits of these."""
ROUNDING = 1e-6
"""Log-likelihood by which a larger model may fall below a smaller one before its maximum counts as missed."""
FAILS_BELOW = 0.05
"""Error rate over all items at which an item is named as one that differs between waves."""
NEAR_BOUNDARY = 1e-4
"""Probability below which an estimate counts as one at the boundary."""


def invariance_over_waves(
    items: Measurement,
    frame: Frame,
    *,
    person: str,
    wave: str,
    n_classes: int,
    over_time: Literal["equal", "free"] = "equal",
    fits: Mapping[str, xr.DataTree] | None = None,
    n_starts: int = 50,
    seed: int = 0,
) -> SummaryTable:
    r"""Compare equal measurement over waves with items that are free, one at a time and all.

    .. math:: p_t(y \mid c) = \prod_{j \in \text{equal}} p(y_j \mid \theta_{cj})
              \prod_{j \in \text{free}} p(y_j \mid \theta_{tcj})

    Transitions speak of change only where a class means the same at all waves. Each row is a model fitted by maximum
    likelihood, without covariates; the likelihood ratio test compares it with equal measurement,

    .. math:: \chi^2 = 2 (\ell_{\text{free}} - \ell_{\text{equal}}),

    with as many degrees of freedom as it has parameters more. Where one item is free, the others hold the classes
    together. Items that fail alone can be free in the posterior, ``measurement_over_time=["item2"]``; the note names
    them. With draws of both models, their predictive densities of a person left out are compared too.

    Parameters
    ----------
    items : Items, OrdinalItems, NormalItems, CountItems or Mixed
        Without restrictions or priors of single items; categories are fitted without regard to their order.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        One row a person and wave.
    person, wave : str
        Columns that say whose row it is, and of which wave.
    n_classes : int
    over_time : {"equal", "free"}
        Whether all steps from wave to wave have the same transitions.
    fits : mapping of str to xarray.DataTree, optional
        ``{"none": equal, "all": free}``, from `fit` of `LatentTransition` of these items and persons with
        ``measurement_over_time="equal"`` and ``"free"``, with or without covariates; an item by its name is a fit with
        this one free, ``measurement_over_time=["item2"]``.
    n_starts, seed : int
        Random starts of each maximum.

    Returns
    -------
    SummaryTable
        One row per model, named by what is ``free``: ``none``, each item, ``all``. ``log_likelihood``, ``parameters``,
        ``BIC``, ``AIC``; ``chi_squared``, ``degrees_of_freedom`` and ``p_value`` of the test against equal
        measurement, missing where the larger model did not reach the likelihood of the smaller one; ``starts_at_mode``
        of ``starts``. With `fits` also ``elpd`` (PSIS-LOO per person) with ``elpd_se``, ``elpd_difference`` to equal
        measurement with its standard error ``elpd_difference_se``, positive where waves predict better apart, and
        ``high_k``, the persons for whom it is unreliable; missing for models of which there are no draws. A model all
        of whose starts end where the likelihood has no bound, such as a class in which a number does not vary with
        ``NormalItems(..., sd="free")``, has a row without figures.

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If the items have no maximum likelihood of this kind, an item has the name of a model, columns cannot be used,
        a number is no whole number, or `fits` are not of these two models, items, classes and the same persons.
    NotRelabelledError, SeveralModesError
        If the chains of a fit did not stay in one mode.
    UnboundedLikelihoodError
        If the likelihood of equal measurement has no bound, with which all others are compared.

    Warns
    -----
    UnboundedLikelihoodWarning
        Of each row without figures.

    Notes
    -----
    The test is one of large samples with probabilities inside their range; the note counts those at a boundary.

    References
    ----------
    Collins, L. M. & Lanza, S. T. (2010). Latent class and latent transition analysis. Wiley, chapter 7.
    doi 10.1002/9780470567333

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.invariance_over_waves(
    ...     bl.Items(["training", "recognition", "expertise"]), bl.example_waves(),
    ...     person="person", wave="wave", n_classes=2, n_starts=5,
    ... )
    >>> table["degrees_of_freedom"].tolist()
    [0, 8, 8, 8, 24]
    """
    if not is_whole(n_classes, least=1):
        raise ValueError(f"n_classes={n_classes!r}: the number of classes is a whole number from 1 on")
    check_whole(least=1, n_starts=n_starts)
    check_whole(least=0, seed=seed)
    answers = AnswersOverWaves.read(items, frame, person, wave, over_time)
    names = [str(name) for name in items.columns]
    if taken := [name for name in names if name in (NONE, EVERY)]:
        raise ValueError(f"item(s) {named(taken)} have the name of a model in the table; rename the column(s)")
    predicted = _predicted(fits, names, n_classes, answers) if fits is not None else {}
    models = {NONE: (), **({name: (name,) for name in names} if len(names) > 1 else {}), EVERY: tuple(names)}
    equal = answers.fit(n_classes, models[NONE], n_starts=n_starts, seed=seed)
    asked = {
        name: partial(answers.fit, n_classes, free, n_starts=n_starts, seed=seed)
        for name, free in models.items()
        if name != NONE
    }
    found, unbounded = fits_with_bound({NONE: lambda: equal} | asked, stacklevel=2)
    rows = {name: _row(each, equal, answers.n) for name, each in found.items()}
    for name, error in unbounded.items():
        rows[name] = without_figures(error) | {"degrees_of_freedom": error.n_parameters - equal.n_parameters}
    table = pd.DataFrame([rows[name] for name in models], index=pd.Index(list(models), name="free"))[list(rows[NONE])]
    table = table.astype({"parameters": int, "degrees_of_freedom": int, "starts_at_mode": int, "starts": int})
    if predicted:
        table = table.join(_prediction(predicted))
    notes = [
        f"{answers.note}; maximum likelihood of {len(models)} models of {n_classes} classes",
        f"of {len(names)} items about {0.05 * len(names):.1f} have a p_value below 0.05 by chance",
        *_remedy(table.loc[names] if len(names) > 1 else table.iloc[:0]),
        *_cautions(table, found),
        *in_note([f"{name} free" for name in unbounded]),
        *(f"draws with {name} free: {fit.note}" for name, (fit, _) in predicted.items()),
    ]
    return SummaryTable.of(table, "; ".join(notes))


def _row(found: PathFit, equal: PathFit, n: int) -> dict[str, float]:
    criteria = information_criteria(found.best.log_likelihood, found.n_parameters, n)
    more = found.n_parameters - equal.n_parameters
    gain = found.best.log_likelihood - equal.best.log_likelihood
    tested = more > 0 and gain > -ROUNDING
    chi_squared = max(0.0, 2 * gain) if tested else np.nan
    return {
        "log_likelihood": found.best.log_likelihood,
        "parameters": found.n_parameters,
        "BIC": criteria["BIC"],
        "AIC": criteria["AIC"],
        "chi_squared": chi_squared,
        "degrees_of_freedom": more,
        "p_value": scipy.stats.chi2.sf(chi_squared, more) if tested else np.nan,
        "starts_at_mode": found.best.starts,
        "starts": found.n_starts,
    }


def _remedy(of_items: pd.DataFrame) -> list[str]:
    """What to do about items that fail alone, chance among so many allowed for by Holm's method."""
    by_p = of_items["p_value"].dropna().sort_values()
    held = by_p * np.arange(len(by_p), 0, -1)
    failing = [str(name) for name in held.index[np.maximum.accumulate(held.to_numpy()) < FAILS_BELOW]]
    if not failing:
        return []
    if len(of_items) - len(failing) < FEWEST_EQUAL:
        return [f"all but {len(of_items) - len(failing)} of the items fail alone: classes do not mean the same"]
    return [
        f"{named(failing)} alone fail{'s' * (len(failing) == 1)} at {FAILS_BELOW} by Holm's method: free in the "
        f"posterior what differs, LatentTransition(..., measurement_over_time={failing[:1]}), the worst first, for one "
        "item that differs makes others seem to"
    ]


def _cautions(table: pd.DataFrame, found: Mapping[str, PathFit]) -> list[str]:
    """Maxima that were missed, and estimates at the boundary, where the test is none of large samples."""
    cautions = []
    missed = table.index[(table["degrees_of_freedom"] > 0) & table["chi_squared"].isna() & table["BIC"].notna()]
    if len(missed):
        cautions.append(f"no test with {named(missed)} free: its best maximum was missed, take more starts")
    alone = table.index[(table["starts_at_mode"] == 1) & (table["starts"] > 1)]
    if len(alone):
        cautions.append(f"the best maximum was reached by one start alone with {named(alone)} free: take more starts")
    at_boundary = {name: _n_at_boundary(each) for name, each in found.items()}
    if counted := ", ".join(f"{n} with {name} free" for name, n in at_boundary.items() if n):
        cautions.append(f"probabilities at zero, where the test is rough: {counted}")
    return cautions


def _n_at_boundary(found: PathFit) -> int:
    """Estimated probabilities of answers and moves that are zero, those beyond an item's categories left out."""
    of_items = 0
    for parameters in found.best.parameters:
        if "probability" in parameters:
            probability = parameters["probability"]
            of_items += int(((probability > 0) & (probability < NEAR_BOUNDARY)).sum())
    transition = found.best.transition if len(found.best.initial) > 1 else np.ones(1)
    return of_items + int((transition < NEAR_BOUNDARY).sum() + (found.best.initial < NEAR_BOUNDARY).sum())


def _predicted(
    fits: Mapping[str, xr.DataTree], items: list[str], n_classes: int, answers: AnswersOverWaves
) -> dict[str, tuple[Fit, LeaveOneOut]]:
    """Each fit with the predictive density of a person left out, persons in one order."""
    measurements = MEASURED | {item: [item] for item in items}
    if not isinstance(fits, Mapping) or not {NONE} < set(fits) <= set(measurements):
        raise ValueError(
            f"fits={sorted(map(str, fits)) if isinstance(fits, Mapping) else type(fits).__name__}: "
            f'{_what_fits_lack(fits, list(measurements))}; give {{"none": equal, "all": free}}, a fit of each '
            "measurement over time, and by the name of an item one with this item free"
        )
    result, order = {}, None
    for name in sorted(fits, key=[NONE, *items, EVERY].index):
        fit = Fit.of(fits[name], needs="modes")
        fit.require_summarisable()
        measured = fit.specification.get("measurement_over_time")
        if measured != measurements[name]:
            raise ValueError(
                f"fits[{name!r}] of {fit.n_respondents} respondents has measurement_over_time={measured!r}; give a fit "
                f"of LatentTransition with measurement_over_time={measurements[name]!r}"
            )
        if list(fit.items) != items or len(fit.classes) != n_classes:
            raise ValueError(
                f"fits[{name!r}] has {len(fit.classes)} classes and items {named(fit.items)}, and the maxima "
                f"{n_classes} classes of items {named(items)}: give both the same"
            )
        persons = pd.Index(fit.respondents)
        if set(map(str, persons)) != set(map(str, answers.waves.persons)):
            raise ValueError(
                f"fits[{name!r}] has {fit.n_respondents} persons, and the frame {len(answers.waves.persons)}, who are "
                "not the same; fit both models to this frame"
            )
        order = persons if order is None else order
        rows = fit.pattern_of_respondent[persons.get_indexer(order)]
        loo = leave_one_out(fit.log_likelihood(), fit.count)
        ones = np.ones(len(rows), dtype=int)
        result[name] = fit, LeaveOneOut(loo.pointwise[rows], loo.pareto_k[rows], ones, loo.good_k)
    return result


def _what_fits_lack(fits, names: list[str]) -> str:
    """Which fits are not there, or are of nothing that is compared."""
    if not isinstance(fits, Mapping):
        return "these are no fits by name"
    if unknown := [name for name in fits if name not in names]:
        return f"{named(unknown)} are neither {NONE!r} nor {EVERY!r} nor items, which are {named(names[2:])}"
    if NONE not in fits:
        return f"the fit with equal measurement, {NONE!r}, is not among them, to which the others are compared"
    return f"a fit with free items, {EVERY!r} or one by the name of an item, is not among them"


def _prediction(predicted: Mapping[str, tuple[Fit, LeaveOneOut]]) -> pd.DataFrame:
    equal = predicted[NONE][1]
    rows = {}
    for name, (_, loo) in predicted.items():
        difference, error = loo.less(equal)
        rows[name] = {
            "elpd": loo.elpd,
            "elpd_se": loo.se,
            "elpd_difference": difference,
            "elpd_difference_se": error,
            "high_k": loo.n_high_k,
        }
    return pd.DataFrame.from_dict(rows, orient="index")
