"""Classes that share a common method as maximum likelihood finds them: where chains start."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bayes_lca.data.responses import Responses
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.likelihood.common_method import CommonMethodLikelihood, CommonMethodMode, fit_common_method
from bayes_lca.likelihood.person import (
    LARGEST_QUADRATURE_ERROR,
    QUADRATURE_ERROR,
    QUADRATURE_NODES,
    PersonGrid,
    finer_nodes,
)
from bayes_lca.measurement.interface import Start
from bayes_lca.measurement.maximum_likelihood import LEAST_WEIGHT

RANDOM_STARTS = 8
BEYOND = 1.25
"""Loadings at which the quadrature is checked, as a multiple of those at the mode."""

LEAST_LOADING = 0.1
"""Chains start this far off zero with a loading that is positive, as zero has no logarithm."""


@dataclass(frozen=True, eq=False)
class CommonMethodStart(Start):
    """The same with the person told apart from the class.

    Attributes
    ----------
    typical : ndarray, shape (latent_class, item, category)
        Answer probabilities of the typical person of each class; `profile` has those averaged over persons.
    loading : ndarray, shape (style, item)
    """

    typical: Any = None
    loading: Any = None

    def of_items(self, source: np.ndarray) -> "CommonMethodStart":
        """The same of items by position, some of them again."""
        profile, typical = self.profile[:, source], self.typical[:, source]
        return replace(self, profile=profile, typical=typical, loading=self.loading[:, source])


def common_method_start(
    responses: Responses,
    answer_patterns: UniqueRows,
    plain: Start,
    scores: np.ndarray,
    grid: PersonGrid,
    *,
    equal: bool,
    loading_sd: float,
) -> CommonMethodStart:
    """Where climbs end that start at the modes of plain classes and at random.

    Modes weigh what the likelihood has at them.

    Parameters
    ----------
    responses : Responses
    answer_patterns : UniqueRows
    plain : Start
        Modes of the classes without a common method.
    scores : ndarray, shape (style, item, category)
    grid : PersonGrid
    equal : bool
        Whether all items have the same loading.
    loading_sd : float
        How far loadings are from zero by their prior, roughly.

    Raises
    ------
    ValueError
        If the sum over the nodes is off by more than 0.01 in the log-likelihood, at loadings a quarter larger than at
        the best mode, where some draws will be.
    """
    codes, counts = responses.codes[answer_patterns.first], answer_patterns.count
    likelihood = CommonMethodLikelihood(codes, counts, responses.n_categories, scores, grid, equal, loading_sd)
    n_classes = len(plain.class_names)
    classes = [
        (np.average(start.membership, axis=0, weights=counts), start.profile) for start in (plain, *plain.rivals)
    ]
    modes = fit_common_method(likelihood, classes, n_starts=RANDOM_STARTS)
    beyond = replace(modes[0], loading=BEYOND * modes[0].loading)
    coarse, fine = (likelihood.log_likelihood_with(each, beyond) for each in (grid, grid.finer))
    error = abs(fine - coarse)
    if error > LARGEST_QUADRATURE_ERROR:
        raise ValueError(
            f"CommonMethod(nodes={grid.n_nodes}): with twice as many nodes the log-likelihood of {counts.sum()} "
            f"respondents changes by {error:.2g} at loadings up to {np.abs(beyond.loading).max():.2g}, more than "
            f"{LARGEST_QUADRATURE_ERROR}; give more, nodes={finer_nodes(grid.n_nodes)}"
        )
    starts = list(_starts(modes, plain))
    attributes = {
        **plain.attributes,
        QUADRATURE_NODES: grid.n_nodes,
        QUADRATURE_ERROR: float(error),
        "em_starts": len(classes) + (RANDOM_STARTS if n_classes > 1 else 0),
        "em_log_likelihoods": json.dumps([float(mode.log_likelihood) for mode in modes]),
        "em_starts_by_mode": json.dumps([mode.starts for mode in modes]),
    }
    return replace(starts[0], rivals=tuple(starts[1:]), attributes=attributes)


def _starts(modes: tuple[CommonMethodMode, ...], plain: Start) -> Iterator[CommonMethodStart]:
    height = np.array([mode.log_likelihood for mode in modes])
    weight = np.exp(height - height[0])
    weight /= weight.sum()
    largest = np.abs(modes[0].loading).argmax(axis=1)
    for mode, of_mode in zip(modes, weight, strict=True):
        if of_mode >= LEAST_WEIGHT:
            yield CommonMethodStart(
                membership=mode.membership,
                profile=mode.profile,
                class_names=plain.class_names,
                weight=float(of_mode),
                typical=mode.typical,
                loading=positive_at(largest, mode.loading),
            )


def positive_at(items: np.ndarray, loading: np.ndarray) -> np.ndarray:
    """Loadings turned and moved so that one of each style is positive.

    Turning all signs of a style is the same model; a loading near zero moves alone, as the others would be far off.

    Parameters
    ----------
    items : ndarray of int, shape (style,)
        Whose loading is positive.
    loading : ndarray, shape (style, item)

    Examples
    --------
    >>> positive_at(np.array([0, 0]), np.array([[-1.5, 0.5], [-0.01, 1.7]]))
    array([[ 1.5, -0.5],
           [ 0.1,  1.7]])
    """
    there = np.take_along_axis(loading, items[:, None], axis=1)
    turned = np.where(there < -LEAST_LOADING, -loading, loading)
    np.put_along_axis(turned, items[:, None], np.maximum(np.abs(there), LEAST_LOADING), axis=1)
    return turned
