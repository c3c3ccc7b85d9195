"""The ladder from the most likely class on one level to the joint posterior: one table, same data, same classes."""

import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import narwhals as nw
import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import norm

from bayes_lca.data.formula import single_level
from bayes_lca.data.frame import column, named
from bayes_lca.data.identifiability import SingleLevelWarning
from bayes_lca.likelihood.classification import ErrorMatrixError, FirstStepError
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.models.assigned_class import AssignedClass
from bayes_lca.models.latent_class import LatentClass
from bayes_lca.models.multinomial import Multinomial
from bayes_lca.posterior.checks.class_shift import class_shift
from bayes_lca.posterior.labels.convergence import SeveralModesError
from bayes_lca.posterior.tables.class_tables import CI_PROB, class_pairs, odds_ratios
from bayes_lca.posterior.tables.membership import membership
from bayes_lca.sampling.fit_or_load import fit_or_load
from bayes_lca.sampling.nuts import Sampling, fit
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.shares import Shares
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.workflows.ladder.assign import answers_of, modal_class_of, positions_in
from bayes_lca.workflows.ladder.stepwise_odds_ratios import stepwise_odds_ratios
from bayes_lca.workflows.ladder.two_step import CHAINS, MEASUREMENT_DRAWS, check_measurement_draws, fit_two_step

MODAL_CLASS = "modal_class"
PASSED_ON = ("draws", "tune", "seed", "target_accept", "cores", "progressbar")
ESTIMATORS = {
    "modal, single-level": "most likely class as if seen, respondents as if independent",
    "modal, multilevel": "most likely class as if seen, random effects of groups",
    "BCH": "classification error undone by weights, one level (maximum likelihood)",
    "three-step": "classification error in the model, its rates taken as known, random effects of groups",
    "two-step": "classes found without covariates, their uncertainty carried through, random effects of groups",
    "joint": "classes and multilevel regression in one posterior",
}
"""What can be compared, from the least to the most."""


def fit_estimators(
    model: LatentClass,
    frame,
    *,
    measured: xr.DataTree | None = None,
    estimators: Sequence[str] = tuple(ESTIMATORS),
    out: str | os.PathLike | None = None,
    missing: Literal["raise", "drop"] = "raise",
    measurement_draws: int = MEASUREMENT_DRAWS,
    **options,
) -> dict[str, xr.DataTree | SummaryTable]:
    """Fit a latent class regression in every way from the most likely class to the joint posterior.

    Parameters
    ----------
    model : LatentClass
        The joint model: ``LatentClass(3, Items(...), Regression("~ age + tier + (1 | group)"))``.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    measured : xarray.DataTree, optional
        A fit of the same classes without covariates, of these respondents or of more: its classes are used and
        named. By default they are fitted here.
    estimators : sequence of str
        Which of `ESTIMATORS` to fit.
    out : str or path, optional
        Folder in which every fit is kept as soon as it is there; the same call reads them.
    missing : {"raise", "drop"}
        What to do with rows that lack a covariate.
    measurement_draws : int
        As for `fit_two_step`.
    **options
        Further arguments of `fit`: ``draws``, ``tune``, ``seed``, ``target_accept``, ``cores``, ``progressbar``.

    Returns
    -------
    dict of str to DataTree or SummaryTable
        By estimator, each of use on its own; ``"BCH"`` is a table, for it has no posterior, and left out with a warning
        where it has no finite maximum. ``"measured"`` comes first.

    Raises
    ------
    ValueError
        If the model has no covariates or no groups, an estimator or option is unknown, `measurement_draws` does not
        divide the draws, or the classes, items or respondents are not those of `measured`.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> from bayes_lca.models import LatentClass
    >>> nested = LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression("~ participation + tier + (1 | group)"))
    >>> fits = bl.fit_estimators(nested, bl.load_cohort(), out="fits")  # doctest: +SKIP
    >>> bl.odds_ratios(fits["joint"])  # doctest: +SKIP
    """
    structural = model.structural
    if not isinstance(structural, Regression) or single_level(structural.formula) == structural.formula:
        raise ValueError(
            f"{structural!r} has no groups to take into account; give the joint multilevel model, "
            'LatentClass(3, Items(...), Regression("~ age + (1 | group)"))'
        )
    unknown = [name for name in estimators if name not in ESTIMATORS]
    if unknown or not estimators:
        raise ValueError(f"estimators={list(estimators)!r}: choose from {list(ESTIMATORS)}")
    strange = [name for name in options if name not in PASSED_ON]
    if strange:
        raise ValueError(f"option(s) {named(strange)} are not of every estimator; choose from {named(PASSED_ON)}")
    if measured is not None:
        _require_same_classes(model, frame, measured)
    if "two-step" in estimators:
        draws = options.get("draws", Sampling.draws)
        of_measured = {"chain": CHAINS, "draw": draws} if measured is None else measured["posterior"].sizes
        check_measurement_draws(measurement_draws, draws, of_measured["chain"] * of_measured["draw"])

    def run(name: str, model, frame, sample=fit, **more) -> xr.DataTree:
        if out is None:
            return sample(model, frame, **options, **more)
        path = Path(out) / f"{name.replace(', ', '_').replace(' ', '_')}.nc"
        return fit_or_load(path, model, frame, sample=sample, **options, **more)

    if measured is None:
        measured = run("measured", LatentClass(model.n_classes, model.measurement, Shares()), frame)
    one_level = replace(structural, formula=single_level(structural.formula))
    assigned = _with_modal_class(frame, measured)
    ways = {
        "modal, single-level": partial(run, model=Multinomial(MODAL_CLASS, one_level), frame=assigned),
        "modal, multilevel": partial(run, model=Multinomial(MODAL_CLASS, structural), frame=assigned),
        "three-step": partial(
            run, model=AssignedClass(modal_class_of(measured, MODAL_CLASS), structural), frame=assigned
        ),
        "two-step": partial(
            run,
            model=measured,
            frame=frame,
            sample=_two_step,
            structural=structural,
            measurement_draws=measurement_draws,
        ),
        "joint": partial(run, model=model, frame=frame, order=measured),
    }
    fits = {"measured": measured}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingleLevelWarning)
        for name in (name for name in ESTIMATORS if name in estimators):
            if name != "BCH":
                fits[name] = ways[name](name, missing=missing)
                continue
            try:
                fits[name] = stepwise_odds_ratios(measured, one_level, frame, "bch", missing=missing)
            except (NoMaximumError, FirstStepError, ErrorMatrixError) as error:
                warnings.warn(f"BCH is left out, for it has no estimate here: {error}", UserWarning, stacklevel=2)
    _check_class_shift(fits)
    return fits


def compare_estimators(
    model: LatentClass | None = None,
    frame=None,
    *,
    reference: str | None = None,
    fits: Mapping[str, xr.DataTree | SummaryTable] | None = None,
    ci_prob: float = CI_PROB,
    **options,
) -> SummaryTable:
    """Compare what every estimator says of the covariates: one table of odds ratios.

    Parameters
    ----------
    model, frame
        As for `fit_estimators`, which is called with `options`.
    reference : str, optional
        The class all others are compared with; all pairs by default.
    fits : mapping, optional
        What `fit_estimators` returned, in place of `model` and `frame`.
    ci_prob : float, default 0.95
    **options
        Further arguments of `fit_estimators`.

    Returns
    -------
    SummaryTable
        One row per contrast, term and estimator, in the columns of `odds_ratios`. Draw it with
        ``bl.plot_odds_ratios(fits)``.

    Warns
    -----
    ClassShiftWarning
        If the covariates bend the classes of the joint fit.

    References
    ----------
    Asparouhov, T. & Muthen, B. (2014). Auxiliary variables in mixture modeling: using the BCH method in Mplus to
    estimate a distal outcome model and an arbitrary second model. Mplus Web Notes 21.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> from bayes_lca.models import LatentClass
    >>> nested = LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression("~ participation + tier + (1 | group)"))
    >>> bl.compare_estimators(nested, bl.load_cohort(), reference="C1")  # doctest: +SKIP
    """
    if (fits is None) == (model is None) or (model is None) != (frame is None) or (options and fits is not None):
        raise ValueError("give a model, a frame and options of fit_estimators, or its fits, fits=..., and nothing else")
    if fits is None:
        fits = fit_estimators(model, frame, **options)
    else:
        _check_class_shift(fits)
    pairs = class_pairs(fits["measured"], reference)
    tables = {}
    for name, one in fits.items():
        if isinstance(one, SummaryTable):
            tables[name] = _of_pairs(one, pairs, ci_prob)
        elif name != "measured":
            try:
                tables[name] = odds_ratios(one, reference, ci_prob=ci_prob)
            except SeveralModesError as error:
                warnings.warn(f"{name} is left out: {error}", UserWarning, stacklevel=2)
    if not tables:
        raise ValueError(f"none of the {len(fits)} fits given, {list(fits)}, has odds ratios that can be compared")
    joined = pd.concat({name: pd.DataFrame(table) for name, table in tables.items()}, names=["estimator"])
    joined = joined.reorder_levels(["contrast", "term", "estimator"])
    rows = [(*row, name) for row in next(iter(tables.values())).index for name in tables]
    note = "\n".join(f"{name}: {ESTIMATORS[name]}; {table.note}" for name, table in tables.items())
    return SummaryTable.of(joined.loc[rows], note)


def _check_class_shift(fits: Mapping[str, xr.DataTree | SummaryTable]) -> None:
    """Warn if the covariates of the joint fit bend the classes, or if several modes keep that from being told."""
    if "joint" not in fits:
        return
    try:
        class_shift(fits["measured"], fits["joint"])
    except SeveralModesError as error:
        warnings.warn(f"not checked whether covariates bend the classes: {error}", UserWarning, stacklevel=3)


def _of_pairs(table: SummaryTable, pairs: list[tuple[str, str]], ci_prob: float) -> SummaryTable:
    """Wald odds ratios of the contrasts asked for, turned round where need be."""
    parts = {}
    for b, a in pairs:
        turned = f"{b} vs {a}" not in table.index.get_level_values("contrast")
        part = pd.DataFrame(table.loc[f"{a} vs {b}" if turned else f"{b} vs {a}"])
        part["log_odds"] *= -1 if turned else 1
        parts[f"{b} vs {a}"] = part
    result = pd.concat(parts, names=["contrast", "term"])
    result["odds_ratio"] = np.exp(result["log_odds"])
    for name, tail in zip(("lower", "upper"), tail_probabilities(ci_prob), strict=True):
        result[name] = np.exp(result["log_odds"] + norm.ppf(tail) * result["sd"])
    return SummaryTable.of(result, re.sub(r"[\d.]+ % Wald", f"{100 * ci_prob:g} % Wald", table.note))


def _two_step(measured: xr.DataTree, frame, *, structural: Regression, **options) -> xr.DataTree:
    return fit_two_step(measured, structural, frame, **options)


def _require_same_classes(model: LatentClass, frame, measured: xr.DataTree) -> None:
    """Refuse classes of other items, of other categories, or of another number than those of the joint model."""
    known, asked = answers_of(measured), model.measurement.read(frame)
    here = dict(zip(asked.items, asked.labels, strict=True))
    if len(known.class_names) != model.n_classes or list(known.labels.items()) != list(here.items()):
        raise ValueError(
            f"measured is a fit of {len(known.class_names)} classes to items of categories {dict(known.labels)}, the "
            f"model has {model.n_classes} classes and the frame's {len(asked.codes)} rows {here}; fit the same classes "
            "to the same items, and declare categories that nobody chose, pd.Categorical(values, categories)"
        )


def _with_modal_class(frame, measured: xr.DataTree) -> pd.DataFrame:
    """The frame with a column of the most likely class of each respondent."""
    modal, place = membership(measured)[MODAL_CLASS], positions_in(measured, frame)
    if not isinstance(frame, pd.DataFrame):
        names = nw.from_native(frame, eager_only=True).columns
        frame = pd.DataFrame({name: column(frame, name) for name in names})
    return frame.assign(**{MODAL_CLASS: modal.iloc[place].array})
