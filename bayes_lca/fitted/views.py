"""A fit as ArviZ and PyMC expect it, a row for each respondent: views of the distinct rows that are kept.

Nothing is copied or computed until it is read, so the views cost no memory, whatever the number of respondents.
"""

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from bayes_lca.dims import (
    ANSWERS,
    COUNT,
    LIKELIHOOD_UNIT,
    OUTCOME,
    PATTERN,
    PATTERN_OF_RESPONDENT,
    RESPONDENT,
    SURVEY_WEIGHT,
)
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.fit_tree import DataTree
from bayes_lca.fitted.record import ENCODING, PATTERNS, respondents_of
from bayes_lca.fitted.survey_capabilities import LEAVING_OUT

VIEWS = ("observed_data", "constant_data", "log_likelihood")
"""Groups that are views."""
NOISE = 1e-9
"""Range of what is added to the log-likelihood of who answered nothing."""
GOLDEN_RATIO = (1 + np.sqrt(5)) / 2
"""Its multiples spread evenly over the unit interval and never repeat."""


class RespondentView(BackendArray):
    """Values of distinct rows, read as those of the respondents who have them; they cannot be assigned to.

    Parameters
    ----------
    values : ndarray, shape (..., pattern, ...)
    axis : int
        Of the patterns.
    pattern : ndarray of int, shape (respondent,)
        The distinct row of each respondent.
    """

    def __init__(self, values: np.ndarray, axis: int, pattern: np.ndarray):
        self.values, self.axis, self.pattern = values, axis, pattern
        self.shape = (*values.shape[:axis], len(pattern), *values.shape[axis + 1 :])
        self.dtype = values.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        """The values of some respondents, and of some places along other axes."""
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple) -> np.ndarray:
        result = self.values
        places = [*key]
        places[self.axis] = self.pattern[places[self.axis]]
        # the respondents last, so that no more is expanded than is asked for; from the last axis, for some may go
        for axis in sorted(range(result.ndim), key=lambda place: (place == self.axis, -place)):
            gone = sum(np.ndim(places[before]) == 0 and not isinstance(places[before], slice) for before in range(axis))
            taken = gone if axis == self.axis else 0
            result = result[(slice(None),) * (axis - taken) + (places[axis],)]
        return result


class LogLikelihoodView(BackendArray):
    """Log-likelihoods of respondents or groups in every draw, computed when they are read; they are kept nowhere.

    Of a fit of a survey design they are refused: its draws are of no posterior that a respondent could be left out of.
    Who answered nothing is equally likely in all draws. ArviZ 1.3 refuses rows whose tail it cannot smooth, so these
    have noise too small to count, the same for a draw however selected.

    Parameters
    ----------
    tree : xarray.DataTree
        The fit.
    unit : ndarray of int, shape (respondent,) or (group,)
        The distinct row of each respondent, or each group, where groups are the units of the likelihood.
    """

    def __init__(self, tree: xr.DataTree, unit: np.ndarray):
        self.tree, self.unit = tree, unit
        self.shape = (tree["posterior"].sizes["chain"], tree["posterior"].sizes["draw"], len(unit))
        self.dtype = np.dtype(float)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        """The values of some respondents in some chains and draws."""
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple) -> np.ndarray:
        fit = Fit.reading(self.tree)
        if fit.is_weighted:
            raise ValueError(f"log_likelihood: {LEAVING_OUT}")
        chains, draws, members = (np.arange(n)[place] for n, place in zip(self.shape, key, strict=True))
        places = np.atleast_1d(chains)[:, None] * self.shape[1] + np.atleast_1d(draws)  # (chain, draw)
        units, unit = np.unique(self.unit[np.atleast_1d(members)], return_inverse=True)
        values = fit.log_likelihood_in(places.ravel(), units)
        answering = np.bincount(fit.unit_of_pattern, weights=fit.answered.any(axis=1))
        silent = answering[units] == 0
        if silent.any():
            named = (fit.chain_coords[axis].to_numpy()[at] for axis, at in (("chain", chains), ("draw", draws)))
            chain, draw = (np.atleast_1d(names) for names in named)
            place = np.sqrt(2) * chain[:, None] + GOLDEN_RATIO * draw
            values[:, silent] += NOISE * (place.reshape(-1, 1) % 1 - 0.5)
        values = values[:, unit.reshape(-1)].reshape(*places.shape, -1)
        return values[tuple(slice(None) if np.ndim(at) else 0 for at in (chains, draws, members))]


def with_views(tree: xr.DataTree) -> xr.DataTree:
    """The tree with its views of respondents; those that are there already are made anew."""
    result = without_views(tree)
    encoding = result[ENCODING].to_dataset()
    if PATTERNS not in result.children:
        result["constant_data"] = xr.DataTree(encoding)
        return result
    patterns = result[PATTERNS].to_dataset()
    respondents = respondents_of(result)
    pattern = respondents[PATTERN_OF_RESPONDENT].to_numpy()
    observed = [name for name in (ANSWERS, OUTCOME) if name in patterns]
    of_patterns = patterns.drop_vars([COUNT, SURVEY_WEIGHT, PATTERN, *respondents.data_vars], errors="ignore")
    of_respondents = _view(of_patterns.assign_coords(respondents.coords), pattern)
    result["observed_data"] = xr.DataTree(of_respondents[observed])
    result["constant_data"] = xr.DataTree(of_respondents.drop_vars(observed).merge(encoding))
    (name,), posterior = observed, result["posterior"].to_dataset()
    unit_axis = result.attrs.get(LIKELIHOOD_UNIT, RESPONDENT)
    if unit_axis == RESPONDENT:
        unit, of_units = pattern, respondents.coords
    else:
        unit, of_units = np.arange(encoding.sizes[unit_axis]), {unit_axis: encoding[unit_axis]}
    view = indexing.LazilyIndexedArray(LogLikelihoodView(result.copy(), unit))
    coords = {axis: posterior[axis] for axis in ("chain", "draw")}
    log_likelihood = xr.Dataset({name: xr.Variable(("chain", "draw", unit_axis), view)}, coords)
    result["log_likelihood"] = xr.DataTree(log_likelihood.assign_coords(of_units))
    return result


def without_views(tree: xr.DataTree) -> xr.DataTree:
    """The tree with what is kept alone."""
    return DataTree.from_dict(
        {
            node.path: node.to_dataset(inherit=False)
            for node in tree.subtree
            if node.path.strip("/").split("/")[0] not in VIEWS
        }
    )


def _view(dataset: xr.Dataset, pattern: np.ndarray) -> xr.Dataset:
    variables = {}
    for name, values in dataset.data_vars.items():
        variable = values.variable
        if PATTERN in variable.dims:
            axis = variable.dims.index(PATTERN)
            dims = tuple(RESPONDENT if dim == PATTERN else dim for dim in variable.dims)
            view = RespondentView(variable.to_numpy(), axis, pattern)
            variable = xr.Variable(dims, indexing.LazilyIndexedArray(view), variable.attrs)
        variables[name] = variable
    return xr.Dataset(variables, dataset.coords)
