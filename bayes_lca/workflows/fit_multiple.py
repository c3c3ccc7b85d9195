"""One posterior from several completed data sets."""

import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

import numpy as np
import xarray as xr

from bayes_lca.data.counted import count_rows
from bayes_lca.data.design import Design
from bayes_lca.data.formula import read_formula
from bayes_lca.data.frame import check_columns, check_frame, column, named, row_labels
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels.concat_chains import OF_THE_MODEL
from bayes_lca.posterior.labels.modes import keep_mode
from bayes_lca.prepared import Model, Prepared
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.ready import check_model, ready_model
from bayes_lca.sampling.settings import Sampling
from bayes_lca.workflows.stacked_draws import stacked

SAME_COLUMN = 1e-9
"""Relative difference of two design columns that rounding explains."""


def fit_multiple(
    model: Model,
    frames: Sequence,
    *,
    count: str | int | None = None,
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    seed: int = 1,
    target_accept: float | None = None,
    order: str | int | xr.DataTree = "size",
    key: str | None = None,
    cores: int | None = None,
    progressbar: bool = True,
    until: Literal["converged"] | None = "converged",
) -> xr.DataTree:
    r"""Fit a model to each of m completed data sets, and stack the draws with equal weight.

    Where covariates are missing and were imputed m times, each time drawn from what they could be, the posterior given
    what was observed is the average over the imputations,

    .. math:: p(\theta \mid y, x_{\text{obs}}) = \int p(\theta \mid y, x)\, p(x_{\text{mis}} \mid y, x_{\text{obs}})\,
              dx_{\text{mis}} \approx \frac{1}{m} \sum_{l=1}^m p(\theta \mid y, x^{(l)}).

    Missing answers need no imputation: they are used as missing by every fit. The imputation itself is left to other
    libraries; it has to know the outcome, the answers, and the groups.

    The variance of the stacked draws is :math:`\bar W + \frac{m-1}{m} B`, within and between data sets, where Rubin's
    rules [1]_ have :math:`\bar W + \frac{m+1}{m} B`: with few data sets, intervals are a little too narrow. Zhou and
    Reiter [2]_ advise many, 100 where they can be had.

    Parameters
    ----------
    model : LatentClass, Multinomial or AssignedClass
    frames : sequence of data frames
        The completed data sets: the same columns, and the same rows in the same order.
    count : str or int, optional
        Column of the number of respondents with each row, where the frames are frequency tables; it is not imputed.
    draws, chains : int
        Draws kept of each chain, and chains of each data set. Where chains of some data sets go on to converge, as many
        of their draws are kept, evenly spread, as of the others.
    tune : int, optional
        Tuning steps of each chain, as for `fit`.
    seed : int
        Of the first data set; others have the numbers that follow.
    target_accept : float, optional
        As for `fit`.
    order : str, int or DataTree, default "size"
        Display order of the classes of the first data set; those of the others are matched to them by their profiles.
    key : str, optional
        Column that tells respondents apart, as for `fit`.
    cores : int, optional
        Chains sampled at a time; all processors by default.
    progressbar : bool
    until : {"converged", None}
        As for `fit`.

    Returns
    -------
    xarray.DataTree
        As from `fit`, with m times as many chains, those of the first data set first. Tables say how many data sets
        there are; ``r_hat`` and effective draws are within them, and ``r_hat_between`` is R-hat of all chains, which
        differ between data sets by design. Functions that need the rows of the respondents refuse it, since the rows
        differ between data sets, and `save` keeps of it what it keeps without respondents. Attribute
        ``data_set_of_chain`` has the data set of each chain, from 0 on, as JSON.

    Raises
    ------
    TypeError
        If `frames` is no list of frames, or `model` no model.
    ValueError
        If there are fewer than two frames; if they differ in rows, columns, groups, levels or categories; if a term of
        the formula, such as ``scale(x)``, means something else in each of them; if slopes vary by group; or if a frame
        cannot be used. Always before sampling starts.

    Warns
    -----
    ConvergenceWarning
        If chains of a data set disagree, mix badly, or diverge; it says of which. Where they stayed in several modes,
        summaries refuse the stacked draws, as those of `fit`, and `keep_mode` keeps one mode of every data set.

    References
    ----------
    .. [1] Rubin, D. B. (1987). Multiple Imputation for Nonresponse in Surveys. Wiley. doi 10.1002/9780470316696
    .. [2] Zhou, X. & Reiter, J. P. (2010). A note on Bayesian inference after multiple imputation. The American
       Statistician 64(2), 159-163. doi 10.1198/tast.2010.09109

    Examples
    --------
    >>> import bayes_lca as bl
    >>> survey, rng = bl.example_survey(), np.random.default_rng(1)
    >>> completed = [survey.assign(score=survey["score"] + rng.normal(0, 0.1, len(survey))) for _ in range(2)]
    >>> seen = bl.Multinomial("role", bl.Regression("~ score"))
    >>> few = {"draws": 100, "tune": 100, "chains": 2, "until": None, "progressbar": False}
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     stacked = bl.fit_multiple(seen, completed, **few)
    >>> stacked["posterior"].sizes["chain"]
    4
    """
    settings = Sampling(draws, tune, chains, seed, target_accept, cores, progressbar, until)
    _check_frames(model, frames, count)
    prepared, first = [], order
    for place, frame in enumerate(frames, start=1):
        with _naming(place):
            made = ready_model(model, frame, needs="fit", count=count, missing="raise", order=order, key=key)
            prepared.append(made)
    _check_same(prepared)
    _check_terms(model, frames, count)
    fits = []
    for place, each in enumerate(prepared):
        with _naming(place + 1):
            sampled = Sampler(each).fit(each, replace(settings, seed=seed + place), order=first)
        fits.append(sampled)
        first = _in_one_mode(fits[0]) if each.pivot is not None else order
    return stacked(fits)


def _in_one_mode(tree: xr.DataTree) -> xr.DataTree:
    """The draws, or those of their first mode where chains stayed in several."""
    return tree if Fit.reading(tree).n_modes == 1 else keep_mode(tree, 1)


@contextmanager
def _naming(place: int) -> Generator[None]:
    """Warnings and refusals of a data set say which it is."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            yield
        except (TypeError, ValueError) as refusal:
            refusal.add_note(f"data set {place}")
            raise
    for each in said:
        warnings.warn(f"data set {place}: {each.message}", each.category, stacklevel=4)


def _check_frames(model: Model, frames: Sequence, count: str | int | None) -> None:
    """Refuse frames that differ in columns, in rows or in groups."""
    if not isinstance(frames, list | tuple):
        raise TypeError(f"frames is a {type(frames).__name__}; give a list of completed data sets, [a, b]")
    if len(frames) < 2:
        raise ValueError(f"{len(frames)} completed data set(s); give two or more, or bl.fit(model, frame) for one")
    for frame in frames:
        check_frame(frame)
    check_model(model, "fit")
    used = getattr(model, "columns", ())
    for place, frame in enumerate(frames, start=1):
        with _naming(place):
            check_columns(frame, [*used, *([count] if count is not None else [])], role="used")
    (first, *others), labels = frames, row_labels(frames[0])
    fixed = [*_groups(model), *([count] if count is not None else [])]
    for place, frame in enumerate(others, start=2):
        here = row_labels(frame)
        if len(here) != len(labels):
            raise ValueError(f"data set {place} has {len(here)} rows and data set 1 has {len(labels)}")
        if not here.equals(labels):
            rows = np.flatnonzero(here.to_numpy() != labels.to_numpy())
            raise ValueError(
                f"data set {place} has other row labels than data set 1 in {len(rows)} of {len(labels)} rows, such as "
                f"{named(here[rows[:1]])} in place of {named(labels[rows[:1]])}; give the same rows in the same order"
            )
        for name in fixed:
            differ = int(
                (column(frame, name).astype(str).to_numpy() != column(first, name).astype(str).to_numpy()).sum()
            )
            if differ:
                raise ValueError(
                    f"data set {place} has another {name!r} than data set 1 in {differ} of {len(labels)} rows; groups "
                    "and counts are the same in all of them: leave out rows whose group is not known"
                )


def _groups(model: Model) -> list[str]:
    """Columns of groups; slopes that vary by group are refused."""
    formula = getattr(getattr(model, "structural", None), "formula", None)
    if formula is None:
        return []
    parsed = read_formula(formula)
    if any(parsed.varying):
        raise ValueError(
            f"formula {formula!r} has slopes that vary by group: intercepts of groups are those at the mean of the "
            "covariate, which is another in each data set; write (1 | group)"
        )
    return list(dict.fromkeys(name for names in parsed.groupings for name in names))


def _check_same(prepared: Sequence[Prepared]) -> None:
    """Refuse data sets whose models have other levels, categories or terms."""
    first = prepared[0].attributes
    for place, each in enumerate(prepared[1:], start=2):
        for name in OF_THE_MODEL:
            if (here := each.attributes.get(name)) != first.get(name):
                raise ValueError(
                    f"data set {place} has other {name} than data set 1: {str(here)[:120]} and "
                    f"{str(first.get(name))[:120]}; declare levels and categories, and merge those that some data sets "
                    "lack"
                )


def _check_terms(model: Model, frames: Sequence, count: str | int | None) -> None:
    """Refuse terms that depend on all rows of a data set, so that their slopes are of other columns in each."""
    structural = getattr(model, "structural", None)
    if structural is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said when the models were made
        designs = [structural.read(count_rows(frame, count, None, again=True).frame) for frame in frames]
    first = designs[0]
    if not isinstance(first, Design) or not first.terms:
        return
    for place, design in enumerate(designs[1:], start=2):
        size = np.abs(first.matrix).max(axis=0)
        apart = np.abs(design.evaluate(first.covariates) - first.matrix).max(axis=0)
        if len(other := np.flatnonzero(apart > SAME_COLUMN * size)):
            raise ValueError(
                f"term {first.terms[other[0]]!r} means something else in data set {place} than in data set 1, for it "
                f"depends on all {len(first.matrix)} rows; compute the column once, with the same numbers in all data "
                "sets"
            )
