"""Several populations whose classes answer each in their own way, against one whose classes answer alike."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.declarations import NOTHING_DECLARED
from bayes_lca.data.distal_outcome import some_rows
from bayes_lca.data.frame import Frame, check_columns, check_frame, label, named
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_profiles import free_by
from bayes_lca.fitted.results_by_name import ResultsByName
from bayes_lca.likelihood.leave_one_out import LeaveOneOut, leave_one_out
from bayes_lca.models.latent_class import LatentClass
from bayes_lca.sampling.nuts import fit
from bayes_lca.table import SummaryTable

EQUAL, FREE = "equal profiles", "free profiles"


def fit_populations(model: LatentClass, frame: Frame, by: str, **settings: Any) -> ResultsByName[xr.DataTree]:
    r"""Fit a model to each population by itself: profiles and shares of all of them are free.

    .. math:: p(y_i \mid s_i) = \sum_c \pi_{s_i c} \prod_j \rho_{s_i c j y_{ij}}

    Nothing is shared, so that the posterior of all is the product of theirs. All items have to be asked in all
    populations. Classes are matched with those of the
    population with most rows by their profiles.

    Parameters
    ----------
    model : LatentClass
        Without the known class in its formula.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    by : str
        Column of the known class.
    **settings
        Of `fit`: ``draws``, ``count``, ``seed``, ``progressbar`` and the like.

    Returns
    -------
    dict of str to xarray.DataTree
        A fit of each population by its name, in the order of the names; for `class_profiles` and `class_sizes` of each,
        `compare_structures` of all, and `compare_populations`.

    Raises
    ------
    TypeError
        If `frame` is no data frame.
    ValueError
        If `by` is missing in some rows, has one value, or is in the model; or a population cannot be fitted.

    Examples
    --------
    >>> import warnings
    >>> import bayes_lca as bl
    >>> lca, survey = bl.LatentClass(2, bl.Items(["training", "recognition", "expertise"])), bl.example_survey()
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     fits = bl.fit_populations(lca, survey, "role", draws=50, until=None, progressbar=False)
    >>> list(fits)
    ['lead', 'member']
    """
    check_frame(frame)
    check_columns(frame, [by], role="known class")
    if by in model.columns:
        raise ValueError(f"{by!r} is the known class, and is in the model too; leave it out of the model")
    values = NOTHING_DECLARED.column(frame, by, "known class")
    if missing := int(values.isna().sum()):
        raise ValueError(
            f"column {by!r} is missing in {missing} of {len(values)} rows; complete them, or leave them out"
        )
    names = values.map(label)
    sizes = names.value_counts()
    if len(sizes) < 2:
        raise ValueError(f"column {by!r} is {names.iloc[0]!r} in all {len(names)} rows: there is one population")
    fits, first = {}, None
    for name in sizes.index:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            rows = some_rows(frame, (names == name).to_numpy())
            try:
                fits[name] = fit(model, rows, order="size" if first is None else first, **settings)
            except ValueError as error:
                raise ValueError(f"{by} {name}, whose profiles are to be its own: {error}") from error
        for each in said:
            warnings.warn(f"{by} {name}: {each.message}", each.category, stacklevel=2)
        first = fits[name] if first is None else first
    return ResultsByName({name: fits[name] for name in sorted(fits)})


def compare_populations(equal: xr.DataTree, populations: Mapping[str, xr.DataTree]) -> SummaryTable:
    """Predictive density of equal profiles in all populations against profiles of their own.

    Parameters
    ----------
    equal : xarray.DataTree
        From `fit` with `KnownClass`.
    populations : mapping of str to xarray.DataTree
        From `fit_populations`, of the same respondents.

    Returns
    -------
    SummaryTable
        A row for each: ``elpd`` (PSIS-LOO per respondent) with its standard error ``se``, ``high_k``, and
        ``elpd_difference`` to equal profiles with its standard error, positive where populations predict better apart.

    Raises
    ------
    ValueError
        If there are fewer than two populations, their items, numbers of classes or respondents are not those of
        `equal`, or fits were saved without respondents.

    Examples
    --------
    >>> import warnings
    >>> import bayes_lca as bl
    >>> items, survey = bl.Items(["training", "recognition", "expertise"]), bl.example_survey()
    >>> few = {"draws": 50, "until": None, "progressbar": False}
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     equal = bl.fit(bl.LatentClass(2, items, bl.KnownClass("role")), survey, **few)
    ...     fits = bl.fit_populations(bl.LatentClass(2, items), survey, "role", **few)
    >>> bl.compare_populations(equal, fits).index.tolist()
    ['equal profiles', 'free profiles']
    """
    if not isinstance(populations, Mapping) or len(populations) < 2:
        given = f"{len(populations)} fit(s)" if isinstance(populations, Mapping) else type(populations).__name__
        raise ValueError(f"populations={given}: give the fits of two or more, as fit_populations returns them")
    together = Fit.of(equal, needs="modes")
    if by := free_by(together):
        raise ValueError(
            f"equal is a fit of {together.n_respondents} respondents whose profiles are free by {by!r}; give one of "
            'KnownClass with profiles="equal"'
        )
    apart = {name: Fit.of(tree, needs="modes") for name, tree in populations.items()}
    for name, each in apart.items():
        if each.items != together.items or len(each.classes) != len(together.classes):
            raise ValueError(
                f"population {name!r} is a fit of {len(each.classes)} classes and items {named(each.items)}, and equal "
                f"profiles are {len(together.classes)} classes of items {named(together.items)}: give both the same"
            )
    for each in (together, *apart.values()):
        each.require_summarisable()
    respondents = np.concatenate([each.respondents.to_numpy() for each in apart.values()])
    place = pd.Index(together.respondents).get_indexer(respondents) if together.respondents.is_unique else []
    if len(place) != together.n_respondents or (np.sort(place) != np.arange(together.n_respondents)).any():
        raise ValueError(
            f"the populations have {len(respondents)} respondents, and the fit of equal profiles "
            f"{together.n_respondents}, who are not the same by their labels; fit both to the same frame. Where "
            "rows have no labels, as in polars and in frequency tables, name respondents: a row for each, and "
            'key="id" in both fits'
        )
    of_all = _by_respondent(together, leave_one_out(together.log_likelihood(), together.count), place)
    parts = [_by_respondent(each, leave_one_out(each.log_likelihood(), each.count)) for each in apart.values()]
    joined = LeaveOneOut(
        np.concatenate([part.pointwise for part in parts]),
        np.concatenate([part.pareto_k for part in parts]),
        np.ones(len(place), dtype=int),
        min(part.good_k for part in parts),
    )
    table = pd.DataFrame(
        {
            "elpd": [of_all.elpd, joined.elpd],
            "se": [of_all.se, joined.se],
            "high_k": [of_all.n_high_k, joined.n_high_k],
            "elpd_difference": [0.0, joined.less(of_all)[0]],
            "elpd_difference_se": [0.0, joined.less(of_all)[1]],
        },
        index=pd.Index([EQUAL, FREE], name="model"),
    )
    sizes = ", ".join(f"{name} {each.n_respondents}" for name, each in apart.items())
    return SummaryTable.of(table, f"{together.note}; populations: {sizes}")


def _by_respondent(of: Fit, loo: LeaveOneOut, place: np.ndarray | None = None) -> LeaveOneOut:
    """One entry for each respondent, in an order of them."""
    rows = of.pattern_of_respondent if place is None else of.pattern_of_respondent[place]
    return LeaveOneOut(loo.pointwise[rows], loo.pareto_k[rows], np.ones(len(rows), dtype=int), loo.good_k)
