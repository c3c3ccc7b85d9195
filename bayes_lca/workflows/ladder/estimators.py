"""Every estimator from the most likely class on one level to the joint posterior: same data, same classes."""

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import narwhals as nw
import pandas as pd
import xarray as xr

from bayes_lca.data.counted import count_rows
from bayes_lca.data.formula import single_level
from bayes_lca.data.frame import Frame, column, named
from bayes_lca.data.identifiability import SingleLevelWarning
from bayes_lca.data.in_short import in_short
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kinds import require_of_part
from bayes_lca.fitted.refusals import SeveralModesError
from bayes_lca.fitted.results_by_name import ResultsByName
from bayes_lca.fitted.same_respondents import respondents_of_rows
from bayes_lca.likelihood.classification import ErrorMatrixError, FirstStepError
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.measurement.items_apart import check_no_items
from bayes_lca.models.assigned_class import AssignedClass
from bayes_lca.models.latent_class import LatentClass
from bayes_lca.models.multinomial import Multinomial
from bayes_lca.posterior.checks.class_shift import class_shift
from bayes_lca.sampling.fit_or_load import fit_or_load
from bayes_lca.sampling.nuts import fit
from bayes_lca.sampling.settings import Sampling
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.shares import Shares
from bayes_lca.table import SummaryTable
from bayes_lca.workflows.ladder.assign import answers_of, modal_class_of
from bayes_lca.workflows.ladder.cut_posterior import CHAINS, check_measurement_draws
from bayes_lca.workflows.ladder.stepwise_odds_ratios import stepwise_odds_ratios
from bayes_lca.workflows.ladder.two_step import MEASUREMENT_DRAWS, fit_two_step

MODAL_CLASS = "modal_class"
PASSED_ON = ("draws", "tune", "seed", "target_accept", "cores", "progressbar", "until")
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
    frame: Frame,
    *,
    count: str | int | None = None,
    measured: xr.DataTree | None = None,
    estimators: Sequence[str] = tuple(ESTIMATORS),
    out: str | os.PathLike | None = None,
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
    measurement_draws: int = MEASUREMENT_DRAWS,
    **options: Any,
) -> ResultsByName[xr.DataTree | SummaryTable]:
    """Fit a latent class regression in every way from the most likely class to the joint posterior.

    Parameters
    ----------
    model : LatentClass
        The joint model: ``LatentClass(3, Items(...), Regression("~ age + tier + (1 | group)"))``.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    measured : xarray.DataTree, optional
        A fit of the same classes without covariates, of these respondents or of more: its classes are used and
        named. By default they are fitted here.
    estimators : sequence of str
        Which of `ESTIMATORS` to fit.
    out : str or path, optional
        Folder in which every fit is kept as soon as it is there; the same call reads them.
    missing : {"raise", "drop"}
        What to do with rows that lack a covariate.
    key : str, optional
        Column that tells respondents apart, in every fit.
    measurement_draws : int
        As for `fit_two_step`.
    **options
        Further arguments of `fit`: ``draws``, ``tune``, ``seed``, ``target_accept``, ``cores``, ``progressbar``, and
        ``until``, which a two-step fit leaves aside.

    Returns
    -------
    dict of str to DataTree or SummaryTable
        By estimator, each of use on its own; ``"BCH"`` is a table, for it has no posterior, and left out with a warning
        where it has no finite maximum. ``"measured"`` comes first.

    Raises
    ------
    TypeError
        If `model` is no `LatentClass`, or `measured` no tree.
    ValueError
        If the model has no covariates or no groups, counts cannot be used, an estimator or option is unknown,
        `measurement_draws` does not divide the draws, or the classes, items or respondents are not those of `measured`.
    NotRelabelledError, SeveralModesError
        If the classes of `measured` are not the same over its draws.

    Warns
    -----
    UserWarning
        If an estimator is left out.
    UnusedCountsWarning
        If nothing is counted, and a column that the model does not use looks like counts.
    ClassShiftWarning
        If the covariates bend the classes of the joint fit.
    ConvergenceWarning
        If chains disagree, mix badly, or diverge.

    Examples
    --------
    It takes minutes, for every estimator is fitted:

    >>> import bayes_lca as bl
    >>> from bayes_lca.models import LatentClass
    >>> nested = LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression("~ participation + tier + (1 | group)"))
    >>> fits = bl.fit_estimators(nested, bl.load_cohort(), out="fits")  # doctest: +SKIP
    >>> bl.odds_ratios(fits["joint"])  # doctest: +SKIP
    """
    structural = _multilevel_regression_of(model)
    unknown = [name for name in estimators if name not in ESTIMATORS]
    if unknown or not estimators:
        raise ValueError(f"estimators={list(estimators)!r}: choose from {list(ESTIMATORS)}")
    if unknown := [name for name in options if name not in PASSED_ON]:
        raise ValueError(f"option(s) {named(unknown)} are not of every estimator; choose from {named(PASSED_ON)}")
    require_of_part(model.measurement, "fit_estimators")
    frame = count_rows(frame, count, model.columns).frame
    check_no_items(model.measurement, structural.columns, len(frame))
    if measured is not None:
        _require_same_classes(model, frame, Fit.of(measured, needs="fit_estimators"))
    if "two-step" in estimators:
        draws = options.get("draws", Sampling.draws)
        available = CHAINS * draws if measured is None else Fit.reading(measured).n_draws
        check_measurement_draws(measurement_draws, draws, available)

    def run(name: str, model, frame, sample=fit, **more) -> xr.DataTree:
        if out is None:
            return sample(model, frame, key=key, **options, **more)
        path = Path(out) / f"{name.replace(', ', '_').replace(' ', '_')}.nc"
        return fit_or_load(path, model, frame, sample=sample, key=key, **options, **more)

    if measured is None:
        measured = run("measured", LatentClass(model.n_classes, model.measurement, Shares()), frame)
    of_measured = Fit.of(measured, needs="fit_estimators")
    one_level = replace(structural, formula=single_level(structural.formula))
    assigned = _with_modal_class(frame, of_measured, key)
    ways = {
        "modal, single-level": partial(run, model=Multinomial(MODAL_CLASS, one_level), frame=assigned),
        "modal, multilevel": partial(run, model=Multinomial(MODAL_CLASS, structural), frame=assigned),
        "three-step": partial(
            run, model=AssignedClass(modal_class_of(of_measured, MODAL_CLASS), structural), frame=assigned
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
    fits = ResultsByName[xr.DataTree | SummaryTable]({"measured": measured})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingleLevelWarning)
        for name in (name for name in ESTIMATORS if name in estimators):
            if name != "BCH":
                fits[name] = ways[name](name, missing=missing)
                continue
            try:
                fits[name] = stepwise_odds_ratios(of_measured, one_level, frame, "bch", missing=missing, key=key)
            except (NoMaximumError, FirstStepError, ErrorMatrixError) as error:
                warnings.warn(f"BCH is left out, for it has no estimate here: {error}", UserWarning, stacklevel=2)
    check_class_shift(fits)
    return fits


def check_class_shift(fits: Mapping[str, xr.DataTree | SummaryTable]) -> None:
    """Warn if the covariates of the joint fit bend the classes, or if that cannot be checked for several modes."""
    if "joint" not in fits:
        return
    try:
        class_shift(fits["measured"], fits["joint"])
    except SeveralModesError as error:
        warnings.warn(f"not checked whether covariates bend the classes: {error}", UserWarning, stacklevel=3)


def _two_step(measured: xr.DataTree, frame, *, structural: Regression, until=None, **options) -> xr.DataTree:
    return fit_two_step(measured, structural, frame, **options)


def _multilevel_regression_of(model: LatentClass) -> Regression:
    """The regression of the joint model, which has to have groups.

    Raises
    ------
    TypeError, ValueError
    """
    how = 'give the joint multilevel model, LatentClass(3, Items(...), Regression("~ age + (1 | group)"))'
    if not hasattr(model, "measurement") or not hasattr(model, "n_classes"):
        raise TypeError(
            f"model={in_short(model)} is of type {type(model).__name__}, and no latent class regression; {how}"
        )
    formula = getattr(model.structural, "formula", None)
    if formula is None or single_level(formula) == formula:
        raise ValueError(f"{model.structural!r} has no groups to take into account; {how}")
    return cast(Regression, model.structural)


def _require_same_classes(model: LatentClass, frame, measured: Fit) -> None:
    """Refuse classes of other items, of other categories, or of another number than those of the joint model."""
    known, asked = answers_of(measured), model.measurement.read(frame)
    here = dict(zip(asked.items, asked.labels, strict=True))
    if len(known.class_names) != model.n_classes or list(known.labels.items()) != list(here.items()):
        raise ValueError(
            f"measured is a fit of {len(known.class_names)} classes to items of categories {dict(known.labels)}, the "
            f"model has {model.n_classes} classes and the frame's {len(asked.codes)} rows {here}; fit the same classes "
            "to the same items, and keep categories that nobody chose, Items(..., empty_categories='keep')"
        )


def _with_modal_class(frame, measured: Fit, key: str | None) -> pd.DataFrame:
    """The frame with a column of the most likely class of each respondent."""
    of_respondents = measured.modal_class[measured.pattern_of_respondent]
    modal = pd.Categorical.from_codes(of_respondents[respondents_of_rows(measured, frame, key)], list(measured.classes))
    if not isinstance(frame, pd.DataFrame):
        names = nw.from_native(frame, eager_only=True).columns
        frame = pd.DataFrame({name: column(frame, name) for name in names})
    return frame.assign(**{MODAL_CLASS: modal})
