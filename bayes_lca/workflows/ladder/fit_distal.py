"""A distal outcome of measured classes, the uncertainty of the classes carried through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import xarray as xr

from bayes_lca.data.declarations import MissingCodes
from bayes_lca.data.frame import Frame
from bayes_lca.dims import CLASS_SHARE, KNOWN_MEMBERSHIP, KNOWN_ROW, PATTERN
from bayes_lca.fitted.draws import DRAWS_AT_ONCE
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.measured_classes import MeasuredClasses
from bayes_lca.fitted.record import FIRST_STEP, PATTERNS
from bayes_lca.measurement.outcome_families import (
    BernoulliOutcome,
    MultinomialOutcome,
    NormalOutcome,
    OrderedOutcome,
    PoissonOutcome,
)
from bayes_lca.models.distal_outcome import DistalOutcome
from bayes_lca.prepared import Prepared
from bayes_lca.sampling.ready import prepare_named
from bayes_lca.sampling.settings import Sampling
from bayes_lca.structural.outcome_regression import OutcomeRegression
from bayes_lca.workflows.ladder.cut_posterior import (
    CHAINS,
    FirstStepDraws,
    check_measurement_draws,
    chosen_draws,
    sample_cut,
)

MEASUREMENT_DRAWS = 200
FAMILIES = {
    "normal": NormalOutcome,
    "bernoulli": BernoulliOutcome,
    "multinomial": MultinomialOutcome,
    "ordered": OrderedOutcome,
    "poisson": PoissonOutcome,
}
OutcomeFamilyName = Literal["normal", "bernoulli", "multinomial", "ordered", "poisson"]


def fit_distal(
    measured: xr.DataTree,
    frame: Frame,
    formula: str,
    *,
    family: OutcomeFamilyName = "normal",
    sd: Literal["free", "equal"] = "free",
    categories: Sequence | None = None,
    reference: Mapping[str, str] = MappingProxyType({}),
    missing_codes: MissingCodes = (),
    count: str | int | None = None,
    measurement_draws: int = MEASUREMENT_DRAWS,
    draws: int = 1000,
    tune: int = 400,
    seed: int = 1,
    target_accept: float | None = None,
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
    cores: int | None = None,
    progressbar: bool = True,
) -> xr.DataTree:
    r"""Regress an outcome on latent classes that stay as they were measured.

    The cut posterior: parameters :math:`\vartheta` of the classes come from the answers alone, those of the outcome,
    :math:`\phi`, from the outcome given the classes,

    .. math:: p_{\text{cut}}(\vartheta, \phi) = p(\vartheta \mid y)\; p(\phi \mid o, y, x, \vartheta), \qquad
              p(\phi \mid o, y, x, \vartheta) \propto p(\phi) \prod_i \sum_c P(c \mid x_i, \vartheta)\,
              p(y_i \mid c, \vartheta)\, f(o_i \mid c, x_i, \phi).

    The outcome cannot move the classes, as it does in one step where it is not distributed as assumed, and
    classification error does not draw them together, as it does where the most likely class is taken for seen.

    NUTS samples the outcome's parameters once, with the membership of the classes at its posterior mean. For each draw
    of :math:`\vartheta` those draws are resampled with Pareto-smoothed importance weights; where the shape k of the
    weights exceeds 0.7, NUTS runs again with the membership of that draw held.

    Parameters
    ----------
    measured : xarray.DataTree
        From `fit` of latent classes, of any items. Covariates of the outcome that go with the classes belong into this
        fit too, ``LatentClass(3, items, Regression("~ age"))``: the outcome's model takes the classes to depend on
        nothing else.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        With what the classes were found by, the outcome and its covariates: the respondents of `measured`, some of
        them, or others.
    formula : str
        ``"income ~ latent_class + age + (1 | group)"``. ``latent_class`` is a factor; ``latent_class:age`` gives every
        class a slope of its own. Without it, the model in which classes are alike.
    family : {"normal", "bernoulli", "multinomial", "ordered", "poisson"}
        Numbers, one of two categories, categories without and with an order (cumulative logits), counts.
    sd : {"free", "equal"}
        Of the normal family: a standard deviation in each class, or one for all.
    categories : sequence, optional
        Categories of the outcome in their order.
    reference : mapping of str to str, optional
        Reference level by covariate.
    missing_codes : sequence, or mapping of str to sequence
        Codes of outcome and covariates that mean no value.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    measurement_draws : int
        Draws of the classes carried through, spread over those of `measured`.
    draws : int
        Draws kept of each of four chains; a chain joins the draws of a quarter of the measurement draws.
    tune : int
        Tuning steps of NUTS.
    seed : int
        Same seed, same machine: the same draws.
    target_accept : float, optional
        By default 0.95 if there are random effects, else 0.9.
    missing : {"raise", "drop"}
        What to do with rows that lack the outcome or a covariate; those that are left out are counted and told.
    key : str, optional
        Column that tells respondents apart, as for `fit`.
    cores : int, optional
        Chains sampled at a time; all processors by default.
    progressbar : bool
        Show progress with the estimated time left, in a terminal or a notebook.

    Returns
    -------
    xarray.DataTree
        As from `fit`, for `outcome_by_class`. ``outcome_location`` is what is expected of each class at the mean of
        the covariates, on the scale of the link; ``outcome_slope`` the slopes, ``outcome_sd`` the standard deviations
        in the classes. ``class_share`` is the share of each class among these respondents, before the outcome is seen,
        and `membership` has it after. ``log_likelihood`` is that of the outcome given the answers. Chains are made as
        by `fit_two_step`.

    Raises
    ------
    TypeError
        If `measured` is no tree.
    ValueError
        If the frame, its counts, the outcome or the formula cannot be used, the formula uses an item, or
        `measurement_draws` does not divide the draws.
    NotRelabelledError, SeveralModesError
        If the classes of `measured` are not the same over its draws.

    Warns
    -----
    ConvergenceWarning
        If chains disagree, mix badly, or diverge.
    UserWarning
        If rows are left out.

    References
    ----------
    Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables.
    Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7

    Plummer, M. (2015). Cuts in Bayesian graphical models. Statistics and Computing 25, 37-43.
    doi 10.1007/s11222-014-9503-z

    Examples
    --------
    >>> import warnings
    >>> import bayes_lca as bl
    >>> measured, survey = bl.load_example("alone"), bl.example_survey()
    >>> few = {"measurement_draws": 20, "draws": 100, "tune": 200, "progressbar": False}
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     draws = bl.fit_distal(measured, survey, "attitude ~ latent_class", **few)
    >>> bl.outcome_by_class(draws).loc["class"].index.tolist()
    ['C1', 'C2']
    """
    if family not in FAMILIES:
        raise ValueError(f"family={family!r}: choose from {', '.join(map(repr, FAMILIES))}")
    if family != "normal" and sd != "free":
        raise ValueError(f"sd={sd!r} is of the normal family; the family is {family!r}")
    settings = Sampling(draws, tune, CHAINS, seed, target_accept, cores, progressbar)
    fit = Fit.of(measured, needs="fit_distal")
    fit.require("membership_of_new_rows")
    if len(fit.classes) < 2:
        raise ValueError(f"measured is a fit of 1 class and {fit.n_respondents} respondents: there are none to compare")
    check_measurement_draws(measurement_draws, draws, fit.n_draws)
    classes = MeasuredClasses(fit, chosen_draws(measurement_draws, fit.n_draws), seed)
    of_family = NormalOutcome(sd) if family == "normal" else FAMILIES[family]()
    model = DistalOutcome(classes, of_family, OutcomeRegression(formula, reference, categories, missing_codes))
    prepared = prepare_named(model, frame, count=count, missing=missing, key=key)
    return sample_cut(prepared, Memberships.of(prepared), settings, judged=[CLASS_SHARE])


@dataclass(frozen=True, eq=False)
class Memberships(FirstStepDraws):
    """Who is in the measured classes, at some draws of them.

    Attributes
    ----------
    of_rows : ndarray, shape (draw of the first step, pattern, latent_class)
    """

    of_rows: np.ndarray

    @classmethod
    def of(cls, prepared: Prepared) -> "Memberships":
        """Those that travel with the draws."""
        known = prepared.groups[FIRST_STEP][KNOWN_MEMBERSHIP].to_numpy()
        return cls(known[:, prepared.groups[PATTERNS][KNOWN_ROW].to_numpy()])

    def __len__(self) -> int:
        return len(self.of_rows)

    def held(self, place: int) -> dict[str, np.ndarray]:
        """The membership of every pattern."""
        return {KNOWN_MEMBERSHIP: self.of_rows[place].astype(float)}

    def log_ratios(self, at_mean: Fit, places: Sequence[int], proposals: np.ndarray) -> np.ndarray:
        """Log-likelihood of the outcome given each membership less that given their mean, shape (place, proposal)."""
        mean, everybody = self.of_rows.mean(axis=0, dtype=float), np.arange(at_mean.patterns.sizes[PATTERN])
        result = np.empty((len(places) + 1, len(proposals)))
        for start in range(0, len(proposals), DRAWS_AT_ONCE):
            which = proposals[start : start + DRAWS_AT_ONCE]
            log_density = at_mean.log_evidence(everybody, which)  # (draw, pattern, latent_class)
            largest = log_density.max(axis=-1)
            density = np.exp(log_density - largest[..., None])
            for row, membership in enumerate([mean, *self.of_rows[list(places)]]):
                likelihood = np.log(np.einsum("sic,ic->si", density, membership)) + largest
                result[row, start : start + len(which)] = likelihood @ at_mean.count
        return result[1:] - result[0]
