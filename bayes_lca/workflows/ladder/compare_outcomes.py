"""A distal outcome by every estimator, side by side, with the one-step model that it can take over."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr
from scipy.special import logit

from bayes_lca.data.declarations import MissingCodes
from bayes_lca.data.frame import Frame
from bayes_lca.dims import CLASS, ITEM, ITEM_MEAN
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.results_by_name import ResultsByName
from bayes_lca.fitted.twins.mixed import fits_of_parts
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.mixed import Mixed
from bayes_lca.measurement.normal_items import NormalItems
from bayes_lca.models.latent_class import LatentClass
from bayes_lca.posterior.checks.class_shift import LARGEST_SHIFT, ClassShiftWarning
from bayes_lca.posterior.effects.outcome_by_class import outcome_by_class, tabulate_outcome
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.posterior.tables.rows import CI_PROB, note_of
from bayes_lca.sampling.nuts import fit as sample
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.workflows.ladder.assign import answers_of
from bayes_lca.workflows.ladder.bias_adjusted_regression import Method
from bayes_lca.workflows.ladder.fit_distal import fit_distal
from bayes_lca.workflows.ladder.outcome_given_first_step import NORMAL, Family
from bayes_lca.workflows.ladder.stepwise_outcome import stepwise_outcome
from bayes_lca.workflows.warned_once import warned_once

IN_STEPS: dict[str, Method] = {"modal": "modal", "BCH": "bch", "ML": "ml", "two-step": "two_step"}
POSTERIOR, ONE_STEP = "posterior", "one step"
OF_FIT = ("count", "key", "draws", "seed", "cores", "progressbar")
"""Settings that the one-step model shares with `fit_distal`."""


def compare_outcomes(
    measured: xr.DataTree,
    outcome: str,
    frame: Frame,
    family: Family = NORMAL,
    *,
    one_step: bool = False,
    largest_shift: float = LARGEST_SHIFT,
    categories: Sequence | None = None,
    missing_codes: MissingCodes = (),
    count: str | int | None = None,
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
    ci_prob: float = CI_PROB,
    **settings: Any,
) -> ResultsByName[SummaryTable]:
    """A distal outcome by class by every estimator, on the same classes and respondents.

    Parameters
    ----------
    measured : xarray.DataTree
        From `fit` of a latent class analysis of nominal items without covariates.
    outcome : str
        Column of `frame`.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        With the items and the outcome.
    family : {"normal", "bernoulli"}
    one_step : bool, default False
        Also the model in which the outcome is one item more, so that it takes part in what the classes are.
    largest_shift : float, default 0.05
        Difference of an item probability or a class share, between the measured classes and those of one step, from
        which on the outcome is said to take the classes over.
    categories : sequence, optional
        The two categories of an outcome in their order; shares are of the second.
    missing_codes : sequence
        Codes of the outcome that mean no answer.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    missing : {"raise", "drop"}
        What to do with rows that lack the outcome. In one step they stay: an outcome that is an item may be missing.
    key : str, optional
        Column of `frame` that tells respondents apart; by default the one that `fit` was given, else row labels.
    ci_prob : float, default 0.95
    **settings
        Of `fit_distal`: ``draws``, ``seed``, ``progressbar`` and the like.

    Returns
    -------
    dict of str to SummaryTable
        Printed as its tables: ``modal``, ``BCH``, ``ML`` and ``two-step``, as from `stepwise_outcome`; ``posterior``,
        as from `outcome_by_class`; and ``one step``. `plot_outcome` shows them on one axis.

    Raises
    ------
    ValueError
        As `stepwise_outcome` and `fit_distal`.

    Warns
    -----
    ClassShiftWarning
        If the outcome takes the classes over in one step.
    UserWarning
        If an estimator has no maximum and is left out.

    Examples
    --------
    It takes about five seconds:

    >>> import bayes_lca as bl
    >>> tables = bl.compare_outcomes(bl.load_example("alone"), "score", bl.example_survey())  # doctest: +SKIP
    >>> bl.plot_outcome(tables)  # doctest: +SKIP
    """
    Fit.of(measured, needs="fit_distal")
    tables = ResultsByName[SummaryTable]()
    declared = {"categories": categories, "missing_codes": missing_codes}
    given: dict[str, Any] = {**declared, "count": count, "missing": missing, "key": key}
    with warned_once(stacklevel=3):
        for name, method in IN_STEPS.items():
            try:
                tables[name] = stepwise_outcome(measured, outcome, frame, family, method, ci_prob=ci_prob, **given)
            except NoMaximumError as problem:
                warnings.warn(f"{name} is left out: {problem}", stacklevel=2)
        draws = fit_distal(measured, frame, f"`{outcome}` ~ {CLASS}", family=family, **given, **settings)
    tables[POSTERIOR] = outcome_by_class(draws, ci_prob=ci_prob)
    if one_step:
        fit = Fit.of(measured, needs="stepwise_outcome")
        joint = OneStep.of(fit, measured, outcome, frame, family, {**declared, "count": count, "key": key, **settings})
        joint.warn_of_shift(fit, outcome, largest_shift)
        tables[ONE_STEP] = joint.table(outcome, family, ci_prob)
    return tables


@dataclass(frozen=True, eq=False)
class OneStep:
    """Classes of items and outcome together.

    Attributes
    ----------
    fit : Fit
    profiles : ndarray, shape (draw, latent_class, item, category)
        Of the items alone, classes in the order of the measured ones.
    expected, share : ndarray, shape (draw, latent_class)
        Of the outcome, its mean or share; and the share of each class.
    """

    fit: Fit
    profiles: np.ndarray
    expected: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, measured: Fit, tree: xr.DataTree, outcome: str, frame, family: Family, settings: Mapping) -> "OneStep":
        """Fit it, and match its classes with the measured ones."""
        known, n_items = answers_of(tree), len(measured.items)
        codes = known.missing_codes
        codes = dict(codes) if isinstance(codes, Mapping) else dict.fromkeys(known.items, codes)
        labels = dict(known.labels)
        if family == NORMAL:
            alone = NormalItems([outcome], "free", missing_codes=settings["missing_codes"])
            measurement = Mixed(Items(known.items, categories=labels, missing_codes=codes), alone)
        else:
            if settings["categories"] is not None:
                labels[outcome] = settings["categories"]
            codes[outcome] = settings["missing_codes"]
            measurement = Items([*known.items, outcome], categories=labels, missing_codes=codes)
        sampling = {name: settings[name] for name in OF_FIT if name in settings}
        fit = Fit.of(sample(LatentClass(len(measured.classes), measurement), frame, **sampling), needs="class_sizes")
        share = fit.class_share.reshape(-1, len(measured.classes))
        if family == NORMAL:
            of_items, of_outcome = fits_of_parts(fit)
            profiles = of_items.answers.profiles(of_items)
            expected = of_outcome.parameter(ITEM_MEAN, CLASS, ITEM)[..., 0]
        else:
            profiles = fit.answers.profiles(fit)
            profiles, expected = profiles[:, :, :n_items, : len(max(measured.labels, key=len))], profiles[:, :, -1, 1]
        known_share = measured.class_share.mean(axis=(0, 1))
        order = match_profiles(profiles.mean(axis=0)[None], known.probability, share.mean(axis=0)[None], known_share)[0]
        return cls(fit, profiles[:, order], expected[:, order], share[:, order])

    def warn_of_shift(self, measured: Fit, outcome: str, largest: float) -> None:
        """Say where the outcome moved the classes."""
        shares = np.abs(self.share.mean(axis=0) - measured.class_share.mean(axis=(0, 1)))
        items = np.abs(self.profiles.mean(axis=0) - measured.answers.profiles(measured).mean(axis=0))
        if max(shares.max(), items.max()) > largest:
            c, j, _ = np.unravel_index(items.argmax(), items.shape)
            warnings.warn(
                f"in one step the outcome {outcome!r} takes the classes over: class shares differ from the measured "
                f"ones by up to {shares.max():.3f}, item probabilities by up to {items.max():.3f} "
                f"({measured.items[j]} in {measured.classes[c]}); its means are those of other "
                "classes. Use the posterior with the classes as measured, or BCH",
                ClassShiftWarning,
                stacklevel=3,
            )

    def table(self, outcome: str, family: Family, ci_prob: float) -> SummaryTable:
        """As `outcome_by_class` has it."""
        unbounded = self.expected if family == NORMAL else logit(self.expected)
        table = tabulate_outcome(self.fit, self.expected, unbounded, (), tail_probabilities(ci_prob))
        what = f"means of {outcome}" if family == NORMAL else f"shares of {outcome} = {self.fit.labels[-1][1]!r}"
        note = f"{what}, one step; {note_of(self.fit, ci_prob)}"
        return SummaryTable.of(table, note)
