r"""A person's way of answering: scores of categories, a grid over persons, and answers with the person summed out.

A person with traits u answers item j in class c with probabilities

.. math:: \rho_{cjr}(u) \propto \rho_{cjr} \exp \Bigl(\sum_t \lambda_{tj} s_{tjr} u_t\Bigr), \qquad u_t \sim N(0, 1)

where :math:`\rho_{cjr}` is that of the typical person, u = 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np

from bayes_lca.likelihood.answers import log_probability_of_answers

STYLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"tilt": ("tilt",), "extreme": ("extreme",), "both": ("tilt", "extreme")}
)
"""Traits of a person for each style of answering."""

LARGEST_QUADRATURE_ERROR = 0.01
"""Log-likelihood of all respondents by which the sum over nodes may be off."""

QUADRATURE_NODES, QUADRATURE_ERROR = "quadrature_nodes", "quadrature_error"
"""Attributes of draws: nodes for each trait, and by how much the log-likelihood is off with them."""

NUMBERS_AT_ONCE = 2**21
"""Draws x rows x classes x nodes held in memory at a time."""


NODES = (31, 21)
"""Nodes for each trait where nothing else is asked for: of one trait, and of two."""

FARTHEST = 5.0
"""Where the first of 31 nodes lies."""

ROUNDING = 1e-9

DECIMALS = 12
"""Of scores, whose differences are whole numbers and halves."""


def default_nodes(n_styles: int) -> int:
    """Nodes for each of so many traits."""
    return NODES[n_styles - 1]


def quadrature_in_words(attributes: Mapping) -> str:
    """How exactly persons are summed out, as a part of a note.

    Examples
    --------
    >>> quadrature_in_words({"quadrature_nodes": 31, "quadrature_error": 0.00021})
    'persons summed out over 31 nodes a trait, log-likelihood off by 0.0002 at most'
    """
    nodes, error = (attributes[name] for name in (QUADRATURE_NODES, QUADRATURE_ERROR))
    return f"persons summed out over {nodes} nodes a trait, log-likelihood off by {error:.1g} at most"


def finer_nodes(n_nodes: int) -> int:
    """More nodes, where so many are too few."""
    return 2 * n_nodes + 1


def style_scores(n_categories: Sequence[int], styles: Sequence[str]) -> np.ndarray:
    r"""Scores of the categories by which a person's trait moves their log odds.

    A tilt counts categories from the middle one, :math:`s_r = r - (C - 1) / 2`, so that the log odds of each category
    against the one below move by :math:`\lambda u`. Extreme responding counts the distance from the middle,
    :math:`|s_r|` less its mean over the categories.

    Parameters
    ----------
    n_categories : sequence of int, shape (item,)
    styles : sequence of {"tilt", "extreme"}

    Returns
    -------
    ndarray, shape (style, item, category)
        0 beyond the categories of an item.

    Examples
    --------
    >>> style_scores([2, 3], ["tilt"])
    array([[[-0.5,  0.5,  0. ],
            [-1. ,  0. ,  1. ]]])
    >>> style_scores([4], ["extreme"])
    array([[[ 0.5, -0.5, -0.5,  0.5]]])
    """
    scores = np.zeros((len(styles), len(n_categories), max(n_categories)))
    for j, size in enumerate(n_categories):
        from_middle = np.arange(size) - (size - 1) / 2
        distance = np.abs(from_middle)
        of_style = {"tilt": from_middle, "extreme": distance - distance.mean()}
        scores[:, j, :size] = [of_style[style] for style in styles]
    return scores


def scores_from_first(scores: np.ndarray) -> np.ndarray:
    """Scores less that of the first category of each item: the same model, with sums that are exact in any order.

    Examples
    --------
    >>> scores_from_first(style_scores([3], ["tilt", "extreme"]))
    array([[[ 0.,  1.,  2.]],
    <BLANKLINE>
           [[ 0., -1.,  0.]]])
    """
    return np.round(scores - scores[..., :1], DECIMALS)


@dataclass(frozen=True, eq=False)
class PersonGrid:
    r"""Persons that stand for all of them: equally spaced traits, weighed by the standard normal density.

    .. math:: u_q = -L, -L + h, \dots, L, \qquad w_q \propto \exp(-u_q^2 / 2), \qquad L^3 \propto Q

    The trapezoidal rule converges exponentially for such integrals. Gauss-Hermite nodes reach so far out that most of
    them weigh nothing: at a loading of 1.5, six items of three categories and 600 respondents, the log-likelihood with
    31 nodes is off by .00003 here and by .006 there.

    Trefethen, L. N. & Weideman, J. A. C. (2014). The exponentially convergent trapezoidal rule. SIAM Review 56(3),
    385-458. doi 10.1137/130932132

    Trefethen, L. N. (2022). Exactness of quadrature formulas. SIAM Review 64(1), 132-150. doi 10.1137/20M1389522

    Attributes
    ----------
    n_nodes : int
        Nodes for each trait, Q.
    nodes : ndarray, shape (node, style)
        Of several traits, those no farther from the typical person than L.
    weight : ndarray, shape (node,)
        Adding up to 1.
    """

    n_nodes: int
    nodes: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, n_nodes: int, n_styles: int) -> "PersonGrid":
        """So many nodes for each trait.

        Examples
        --------
        >>> grid = PersonGrid.of(31, 1)
        >>> grid.nodes[[0, 1, -1], 0].round(3), grid.weight[15].round(3)
        (array([-5.   , -4.667,  5.   ]), np.float64(0.133))
        """
        return _grid(n_nodes, n_styles)

    @property
    def coarser(self) -> "PersonGrid":
        """Half as many nodes."""
        return _grid(self.n_nodes // 2 + 1, self.nodes.shape[1])

    @property
    def finer(self) -> "PersonGrid":
        """Twice as many nodes, which lie closer and reach farther."""
        return _grid(2 * self.n_nodes, self.nodes.shape[1])


@cache
def _grid(n_nodes: int, n_styles: int) -> PersonGrid:
    farthest = FARTHEST * (n_nodes / NODES[0]) ** (1 / 3)
    along = [np.linspace(-farthest, farthest, n_nodes)] * n_styles
    nodes = np.stack(np.meshgrid(*along, indexing="ij"), axis=-1).reshape(-1, n_styles)
    squared = (nodes**2).sum(axis=1)
    within = squared <= farthest**2 * (1 + ROUNDING)
    weight = np.exp(-squared[within] / 2)
    return PersonGrid(n_nodes, nodes[within], weight / weight.sum())


def answers_of_persons(typical: np.ndarray, loading: np.ndarray, scores: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    r"""Answer probabilities of persons, :math:`\rho_{cjr}(u)`.

    Parameters
    ----------
    typical : ndarray, shape (..., latent_class, item, category)
        Of the typical person; 0 beyond the categories of an item.
    loading : ndarray, shape (..., style, item)
    scores : ndarray, shape (style, item, category)
    nodes : ndarray, shape (node, style)

    Returns
    -------
    ndarray, shape (..., latent_class, node, item, category)

    Examples
    --------
    >>> half = np.array([[[0.5, 0.5]]])
    >>> answers_of_persons(half, np.array([[2.0]]), style_scores([2], ["tilt"]), np.array([[0.0], [1.0]])).round(3)
    array([[[[0.5  , 0.5  ]],
    <BLANKLINE>
            [[0.119, 0.881]]]])
    """
    tilt = np.einsum("qt,...tj,tjr->...qjr", nodes, loading, scores)
    tilt -= tilt.max(axis=-1, keepdims=True)
    tilted = typical[..., :, None, :, :] * np.exp(tilt)[..., None, :, :, :]
    return tilted / tilted.sum(axis=-1, keepdims=True)


def marginal_answers(typical: np.ndarray, loading: np.ndarray, scores: np.ndarray, grid: PersonGrid) -> np.ndarray:
    r"""Answer probabilities of a class, averaged over its persons, shape (..., latent_class, item, category)."""
    return np.einsum("...cqjr,q->...cjr", answers_of_persons(typical, loading, scores, grid.nodes), grid.weight)


def log_density_of_answers(
    typical: np.ndarray, loading: np.ndarray, scores: np.ndarray, grid: PersonGrid, codes: np.ndarray
) -> np.ndarray:
    r"""Log density of rows of answers given the class, the person summed out.

    .. math:: \log p(y \mid c) = \log \sum_q w_q \prod_{j\,\text{answered}} \rho_{cjy_j}(u_q)

    Parameters
    ----------
    typical : ndarray, shape (draw, latent_class, item, category)
    loading : ndarray, shape (draw, style, item)
    scores : ndarray, shape (style, item, category)
    grid : PersonGrid
    codes : ndarray of int, shape (row, item)
        -1 where missing.

    Returns
    -------
    ndarray, shape (draw, row, latent_class)
    """
    n_draws, n_classes = typical.shape[:2]
    result = np.empty((n_draws, len(codes), n_classes))
    step = max(1, NUMBERS_AT_ONCE // (len(codes) * n_classes * len(grid.weight)))
    for start in range(0, n_draws, step):
        which = slice(start, start + step)
        log_joint = log_density_of_persons(typical[which], loading[which], scores, grid, codes)
        largest = log_joint.max(axis=-1)
        result[which] = np.log(np.exp(log_joint - largest[..., None]).sum(axis=-1)) + largest
    return result


def log_density_of_persons(
    typical: np.ndarray, loading: np.ndarray, scores: np.ndarray, grid: PersonGrid, codes: np.ndarray
) -> np.ndarray:
    """Log density of rows of answers and of the node of the person, shape (draw, row, latent_class, node)."""
    of_persons = answers_of_persons(typical, loading, scores, grid.nodes)
    n_draws, n_classes, n_nodes, *of_items = of_persons.shape
    log_answers = log_probability_of_answers(of_persons.reshape(n_draws, n_classes * n_nodes, *of_items), codes)
    return log_answers.reshape(n_draws, len(codes), n_classes, n_nodes) + np.log(grid.weight)
