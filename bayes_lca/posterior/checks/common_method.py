"""What a common method does: loadings, variance, each person's traits, and how much the prior decides."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca import priors as all_priors
from bayes_lca.dims import CLASS, CLASS_SHARE, ITEM, ROW, STYLE, STYLE_LOADING, STYLE_SD, WAVE, by_wave
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.flows import flows_of
from bayes_lca.fitted.paths import paths_of
from bayes_lca.posterior.checks.reweighted_priors import PRIORS, under_other_priors
from bayes_lca.posterior.checks.traits_of_persons import SOURCES, traits_of_rows, variance_shares
from bayes_lca.posterior.tables.contrast_sd import log_density
from bayes_lca.posterior.tables.rows import CI_PROB, note_of, table_of
from bayes_lca.priors import StandardDeviationPrior
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.verdict import TablesWithVerdict

SOURCE = "source"
ALL_ITEMS = "all items"


@dataclass(frozen=True, repr=False, eq=False)
class CommonMethodEffect(TablesWithVerdict):
    """What a common method does in a fit, as `common_method` returns it.

    Attributes
    ----------
    loadings : SummaryTable
    variance : SummaryTable
    persons : SummaryTable
        Computed when it is first asked for.
    sensitivity : SummaryTable
        Computed when it is first asked for.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> model = bl.LatentClass(1, bl.CommonMethod(bl.Items(["training", "recognition", "expertise"])))
    >>> draws = bl.fit(model, bl.example_survey(), draws=500, chains=2, until=None, progressbar=False)
    >>> effect = bl.common_method(draws)
    >>> effect.variance.xs("class", level="source")["mean"].tolist()
    [0.0, 0.0, 0.0]
    """

    loadings: SummaryTable
    variance: SummaryTable
    _fit: Fit = field()
    _priors: Sequence[StandardDeviationPrior] = field()
    _ci_prob: float = field()

    @cached_property
    def persons(self) -> SummaryTable:
        """Traits of each respondent, in the order of the frame.

        Raises
        ------
        ValueError
            If the fit was saved without respondents.
        """
        fit = self._fit
        fit.require_respondents("traits of persons")
        mean, sd, n_draws = traits_of_rows(fit)
        styles = fit.posterior[STYLE].to_numpy().tolist()
        columns = {}
        for place, style in enumerate(styles):
            columns |= {f"{style}_mean": mean[:, place], f"{style}_sd": sd[:, place]}
        entries = fit.entries
        table = pd.DataFrame(columns).iloc[entries["pattern"]].set_axis(entries.index)
        table[ROW] = entries[ROW].to_numpy()
        note = (
            f"{fit.note}; {n_draws} of them used; traits are standard normal over persons, so that a mean near 0 with "
            "an sd near 1 says that the answers tell nothing"
        )
        return SummaryTable.of(table, note)

    @cached_property
    def sensitivity(self) -> SummaryTable:
        """Loadings and class shares under other priors of the loadings, and how sensitive they are to this one.

        Raises
        ------
        ValueError
            If the fit was saved without respondents, whose likelihood this rests on.
        """
        fit = self._fit
        fit.require_respondents("sensitivity to the prior of loadings")
        fit.require_of_design("prior_sensitivity")
        values = fit.posterior[_free_loadings(fit)]
        elements = values.stack(
            element=[dim for dim in values.dims if dim not in ("chain", "draw")], create_index=False
        )
        quantities = {
            ("loading", _name_of(elements, place)): elements.isel(element=place, drop=True)
            for place in range(elements.sizes["element"])
        }
        share = _first_sizes(fit)
        quantities |= {("class share", name): share.sel({CLASS: name}, drop=True) for name in fit.classes[:-1]}
        fitted = fitted_loading_prior(fit)
        log_prior = {
            prior: elements.copy(data=log_density(prior, np.abs(elements.to_numpy()))).sum("element")
            for prior in dict.fromkeys([fitted, *self._priors])
        }
        table, refit = under_other_priors(fit, quantities, log_prior, tail_probabilities(self._ci_prob))
        table.index.names = ["quantity", "of", "prior"]
        note = f"{note_of(fit, self._ci_prob)}; fitted with prior={fitted!r}"
        if refit:
            note += f"; weights cannot be trusted under {', '.join(refit)}: fit again with CommonMethod(..., prior=...)"
        return SummaryTable.of(table, note)

    @property
    def verdict(self) -> str:
        """How far persons differ in their way of answering, and how much of the answers that is."""
        of_person = 100 * self.variance.xs("person", level="source")[["mean", "lower", "upper"]].sort_values("mean")
        ends = [
            f"{row.mean:.0f} % ({row.lower:.0f} to {row.upper:.0f}) of {row.Index[1]}" for row in of_person.itertuples()
        ]
        return (
            f"Persons' ways of answering are {of_person['mean'].mean():.0f} % of the variance of answers to an item, "
            f"averaged over items: from {ends[0]} to {ends[-1]}; the largest loading is "
            f"{self.loadings['mean'].abs().max():.2f}."
        )

    @property
    def tables(self) -> dict[str, SummaryTable]:
        """Those that are computed at once."""
        return {"loadings": self.loadings, "variance": self.variance}


def common_method(
    draws: xr.DataTree, *, priors: Sequence[StandardDeviationPrior] = PRIORS, ci_prob: float = CI_PROB
) -> CommonMethodEffect:
    r"""How much persons differ in their way of answering, whatever the class.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of classes whose measurement part is a `CommonMethod`, or of `LatentTransition` with
        ``person_intercept=True``, whose persons have a level of their own at all waves.
    priors : sequence of HalfNormal, HalfStudentT or Exponential
        Priors of the loadings under which ``sensitivity`` shows the results; the fitted one comes first.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    CommonMethodEffect
        ``loadings``: one row for each style, or for each item where loadings are free, in the columns of
        `class_sizes`. That of a tilt is the standard deviation between persons of the log odds of a category against
        the one below.

        ``variance``: of the variance of the scores of each item's categories, the share that the class makes up, the
        person within a class, and the rest, adding up to one,

        .. math::
            \operatorname{var}(s) = \operatorname{var}_c E(s \mid c) + E_c \operatorname{var}_u E(s \mid c, u)
            + E \operatorname{var}(s \mid c, u).

        ``persons``: posterior ``mean`` and ``sd`` of each respondent's traits, the class summed out.

        Of several waves, ``variance`` is of every wave, with the sizes that classes have there; ``loadings`` too where
        items are free over waves; ``persons`` rests on the answers at all waves, with the path summed out.

        ``sensitivity``: loadings and class shares under other priors of the loadings, by weights as
        `prior_sensitivity` has them, and ``prior_sensitivity`` with its ``diagnosis``. With few items the answers say
        little about the loading, and its prior decides.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the measurement part has no common method, or a fit of waves was saved without respondents; when asked for
        ``persons`` or ``sensitivity``, if any fit was.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Kallioinen, N., Paananen, T., Burkner, P.-C. & Vehtari, A. (2024). Detecting and diagnosing prior and likelihood
    sensitivity with power-scaling. Statistics and Computing 34, 57. doi 10.1007/s11222-023-10366-5

    Examples
    --------
    >>> import bayes_lca as bl
    >>> model = bl.LatentClass(1, bl.CommonMethod(bl.Items(["training", "recognition", "expertise"])))
    >>> draws = bl.fit(model, bl.example_survey(), draws=500, chains=2, until=None, progressbar=False)
    >>> effect = bl.common_method(draws)
    >>> effect.loadings.index.tolist()
    [('tilt', 'all items')]
    >>> effect.variance["mean"].groupby("item").sum().round(6).tolist()
    [1.0, 1.0, 1.0]
    >>> effect.persons.columns.tolist()
    ['tilt_mean', 'tilt_sd', 'row']
    """
    fit = Fit.of(draws, needs="common_method")
    variance = _variance(fit)
    axes = [str(axis) for axis in variance.dims if axis not in ("chain", "draw")]
    return CommonMethodEffect(
        loadings=_loadings(fit, ci_prob),
        variance=table_of(variance, axes, fit, ci_prob),
        _fit=fit,
        _priors=tuple(priors),
        _ci_prob=ci_prob,
    )


def _variance(fit: Fit) -> xr.DataArray:
    """Shares of the variance; at every wave where there are waves, whose classes differ in size."""
    coords = {STYLE: fit.posterior[STYLE].to_numpy(), ITEM: list(fit.items), SOURCE: list(SOURCES)}
    if WAVE not in fit.hidden.axes_of_answers(fit):
        shares = variance_shares(fit, fit.class_share.reshape(fit.n_draws, -1))
    else:
        paths, size = paths_of(fit), flows_of(fit).size  # (draw, wave, latent_class)
        of_waves = [variance_shares(paths.parameters_at(place), size[:, place]) for place in range(len(paths.waves))]
        shares, coords = np.stack(of_waves, axis=1), {WAVE: list(paths.waves), **coords}
    return xr.DataArray(fit.by_chain(shares), dims=("chain", "draw", *coords), coords=fit.chain_coords | coords)


def _loadings(fit: Fit, ci_prob: float) -> SummaryTable:
    values = fit.posterior[_free_loadings(fit)]
    if ITEM not in values.dims:
        values = values.expand_dims({ITEM: [ALL_ITEMS]}, axis=-1)
    return table_of(values, [axis for axis in (WAVE, STYLE, ITEM) if axis in values.dims], fit, ci_prob)


def _free_loadings(fit: Fit) -> str:
    """Variable of the free loadings: one for each style, or one for each of its items; those of waves where free."""
    name = STYLE_SD if STYLE_SD in fit.posterior else STYLE_LOADING
    return by_wave(name) if by_wave(name) in fit.posterior else name


def _first_sizes(fit: Fit) -> xr.DataArray:
    """Class shares, of several waves those at the first."""
    if WAVE not in fit.hidden.axes_of_answers(fit):
        return fit.posterior[CLASS_SHARE]
    return fit.hidden.class_sizes(fit).isel({WAVE: 0}, drop=True)


def _name_of(elements: xr.DataArray, place: int) -> str:
    names = [str(elements[dim].to_numpy()[place]) for dim in (WAVE, STYLE, ITEM) if dim in elements.coords]
    return ", ".join(names)


def fitted_loading_prior(fit: Fit) -> StandardDeviationPrior:
    """The prior of the loadings that the draws were made with."""
    stored = dict(fit.specification["measurement"]["prior"])
    return getattr(all_priors, stored.pop("kind"))(**stored)
