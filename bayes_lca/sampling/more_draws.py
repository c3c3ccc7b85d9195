"""Chains that go on: more draws of a fit that turned out to have too few."""

import json
import warnings
from collections.abc import Mapping
from typing import Literal

import numpy as np
import xarray as xr

from bayes_lca.data.frame import Frame, check_whole
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.dims import COUNT
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import COUNTED, KEY, PATTERNS, TABLE
from bayes_lca.fitted.refusals import SeveralModesError
from bayes_lca.fitted.survey_record import SURVEY, said_of_sample
from bayes_lca.posterior.labels.concat_chains import JOINED
from bayes_lca.posterior.labels.relabel import name_classes
from bayes_lca.prepared import Model, Prepared
from bayes_lca.sampling.collector import collector_paused
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.ready import ready_model
from bayes_lca.sampling.settings import ASKED, Sampling
from bayes_lca.specification import KIND, as_written

RECORDED = {"key": KEY, "count": COUNTED, "design": SURVEY}
"""Attribute in which what was given to `fit` is recorded, by its argument."""
CLOSE = 1e-9
"""Relative difference of energies up to which draws are the same."""


class OtherDrawsWarning(UserWarning):
    """The chains did not pass through the draws that they are to go on from."""


def more_draws(
    draws: xr.DataTree,
    model: Model,
    frame: Frame,
    n: int,
    *,
    count: str | int | None = None,
    design: SurveyDesign | None = None,
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
    cores: int | None = None,
    progressbar: bool = True,
) -> xr.DataTree:
    """Go on with the chains of a fit, so many draws of each.

    Chains of the same seed pass through the same draws, so they are started again as they were, with the same tuning
    and the same metric, and go on: what comes back is the fit that would have been made had all draws been asked for
    at once, digit by digit, under the labels of the fit that is given. It takes as long as that, for the state of the
    sampler is not part of a fit. That the first draws are those of the fit is checked.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit`, with all its chains.
    model : LatentClass, LatentTransition, Multinomial or another model
        The one that was fitted.
    frame : data frame
        The one that it was fitted to.
    n : int
        Further draws of each chain.
    count, design, missing, key
        As they were given to `fit`.
    cores : int, optional
        Chains sampled at a time; all processors by default.
    progressbar : bool
        Show progress.

    Returns
    -------
    xarray.DataTree
        The fit with all draws, the earlier ones first.

    Raises
    ------
    ValueError
        If the fit does not say how it was sampled (it was adopted, made in two steps or by an earlier version), lacks
        chains or draws, was joined, or was saved without respondents; or if the model, the respondents, their key,
        counts or survey design are others.
    SeveralModesError
        If its chains stayed in different modes, which more draws do not bring together.

    Warns
    -----
    OtherDrawsWarning
        If the first draws are others than those of the fit, as on another machine or with other versions of packages.
        The draws that come back are a fit of their own then.
    ConvergenceWarning
        If chains disagree, mix badly, or diverge.

    Examples
    --------
    >>> import warnings
    >>> import bayes_lca as bl
    >>> lca, survey = bl.LatentClass(2, bl.Items(["training", "recognition", "expertise"])), bl.example_survey()
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     draws = bl.fit(lca, survey, draws=50, chains=2, until=None, progressbar=False)
    ...     more = bl.more_draws(draws, lca, survey, 30, progressbar=False)
    >>> more["posterior"].sizes["draw"]
    80
    """
    check_whole(least=1, n=n)
    earlier = Fit.of(draws, needs="more_draws")
    _refuse_several_modes(earlier)
    asked = _settings_of(earlier)
    _refuse_another_model(earlier, model)
    backend = asked.pop("backend")
    order = "size" if earlier.class_is_observed else draws
    with collector_paused():
        prepared = ready_model(
            model, frame, needs="fit", count=count, missing=missing, order=order, key=key, design=design
        )
        _refuse_other_arguments(earlier, prepared)
        _refuse_other_respondents(earlier, prepared)
        sampler = Sampler(prepared, backend=backend)
    settings = Sampling(draws=earlier.draws_per_chain + n, cores=cores, progressbar=progressbar, **asked)
    result = sampler.fit(prepared, settings, order=order, predictive="posterior_predictive" in draws.children)
    _warn_of_other_draws(draws, result)
    labels_are_given = earlier.class_is_observed or prepared.pivot is not None
    return result if labels_are_given else name_classes(result, earlier.classes)


def _refuse_several_modes(fit: Fit) -> None:
    if fit.n_modes > 1:
        raise SeveralModesError(
            f"more_draws: the chains of this fit of {fit.n_respondents} respondents stayed in {fit.n_modes} different "
            "modes, which more draws do not bring together; look at bl.modes(draws), and fit again with more tuning or "
            "another number of classes"
        )


def _settings_of(fit: Fit) -> dict:
    """How chains were asked for."""
    if ASKED not in fit.attributes or fit.measurement_draw is not None:
        raise ValueError(
            f"more_draws: this fit of {fit.n_respondents} respondents does not say how it was sampled, as fits "
            "that were adopted, made in two steps or by an earlier version do not; fit again with more draws"
        )
    asked = json.loads(fit.attributes[ASKED])
    whole, here = (asked["chains"], fit.attributes["draws_made"]), (fit.n_chains, fit.draws_per_chain)
    if whole != here:
        raise ValueError(
            f"more_draws: these are {here[0]} x {here[1]} draws of a fit of {whole[0]} x {whole[1]}; give the whole "
            "fit, or fit again with more draws"
        )
    chains = fit.posterior["chain"].to_numpy().tolist()
    if JOINED in fit.attributes or chains != list(range(len(chains))):
        raise ValueError(
            f"more_draws: chains {chains} of this fit of {fit.n_respondents} respondents were joined or put in another "
            "order, and are no longer those of one run of the sampler; give the fit as it was made"
        )
    return asked


def _refuse_another_model(earlier: Fit, model: Model) -> None:
    if not hasattr(model, "identity"):
        return
    given, fitted = json.loads(model.identity["specification"]), dict(earlier.specification)
    if given != fitted:
        raise ValueError(
            f"more_draws: the model given is another model than the fit of {earlier.n_respondents} respondents: "
            f"{_differences(given, fitted)}; give the model that was fitted"
        )


def _differences(given: dict, fitted: dict) -> str:
    """Fields of two models that differ, as each has them; both models where they are of another kind."""
    if given.get(KIND) != fitted.get(KIND) or given.keys() != fitted.keys():
        return f"{as_written(given)} and not {as_written(fitted)}"
    return ", ".join(
        f"{field}={as_written(value)} and not {field}={as_written(fitted[field])}"
        for field, value in given.items()
        if value != fitted[field]
    )


def _refuse_other_arguments(earlier: Fit, prepared: Prepared) -> None:
    """Refuse another key, frequency table or survey design, which draws show nothing of."""
    for argument, recorded in RECORDED.items():
        before, now = (_said(attributes, recorded) for attributes in (earlier.attributes, prepared.attributes))
        if before != now:
            raise ValueError(
                f"more_draws: the fit of {earlier.n_respondents} respondents was made with {argument}= that says "
                f"{before}, and now it says {now}; give {argument}= as it was given to fit"
            )


def _said(attributes: Mapping, recorded: str) -> str:
    if recorded not in attributes:
        return "nothing"
    return said_of_sample(attributes)["words"] if recorded == SURVEY else attributes[recorded]


def _refuse_other_respondents(earlier: Fit, prepared: Prepared) -> None:
    """Rows, the table that counts them and the sample that they are have to be the same."""
    n = int(prepared.groups[PATTERNS][COUNT].sum())
    same = all(
        values.variable.equals(earlier.tree[group].to_dataset()[name].variable)
        for group in (PATTERNS, TABLE, SURVEY)
        if group in prepared.groups
        for name, values in prepared.groups[group].data_vars.items()
        if name in earlier.tree[group].to_dataset()
    )
    if n != earlier.n_respondents or not same:
        raise ValueError(
            f"more_draws: the fit is of {earlier.n_respondents} respondents, and the frame has {n}, or others, or "
            "others are in their clusters; give the frame that it was fitted to"
        )


def _warn_of_other_draws(draws: xr.DataTree, result: xr.DataTree) -> None:
    """Compare by the sampler's energy, which neither the order of the classes nor a survey design changes."""
    before, after = (tree["sample_stats"]["energy"].to_numpy() for tree in (draws, result))
    if not np.allclose(before, after[:, : before.shape[1]], rtol=CLOSE):
        warnings.warn(
            f"the first {before.shape[1]} draws of each chain are others than those of the fit, as on another machine "
            "or with other versions of packages; the draws are a fit of their own, with nothing of the earlier in it",
            OtherDrawsWarning,
            stacklevel=3,
        )
