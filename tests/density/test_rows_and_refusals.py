"""What programs make of rows and of graphs of unusual shape, and what they leave to PyMC by name."""

import numpy as np
import pytensor
import pytensor.scalar as ps
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.tensor.elemwise import CAReduce
from pytensor.tensor.linalg.decomposition.cholesky import Cholesky
from pytensor.tensor.shape import Shape_i

from bayes_lca.density.evaluate import plain
from bayes_lca.density.laplace import MOST_COORDINATES, laplace
from bayes_lca.density.program import Program
from bayes_lca.density.steps import NotCovered
from bayes_lca.density.translate import translate

INTERPRETED = Mode(linker="py", optimizer="fast_compile")
N_ROWS = 60
DESIGN = np.random.default_rng(1).normal(size=(2, N_ROWS))
AT = np.array([0.7, -0.4, 1.3, 0.2, -1.1, 0.5])


def vector(size=6):
    return pt.tensor("x", shape=(size,), dtype="float64")


def program_of(graph, x, n_rows=0):
    builder, (value,) = translate([graph], [x], [x.type.shape], {}, n_rows)
    return Program(builder, int(builder.positions(plain(value)).ravel()[0]), np.zeros(0, np.int64))


def agrees_with_pytensor(graph, n_rows=0):
    """In value and gradient."""
    x = vector()
    total = graph(x).sum()
    expected = pytensor.function([x], [total, pt.grad(total, x, disconnected_inputs="ignore")], mode=INTERPRETED)(AT)
    program = program_of(total, x, n_rows)
    value, gradient = program.log_density(AT)
    np.testing.assert_allclose(value, expected[0], rtol=1e-12)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-10, atol=1e-12)
    return program


def rows(x):
    """Three numbers of each row, (3, row)."""
    return pt.exp(pt.dot(x.reshape((3, 2)), DESIGN))


@pytest.mark.parametrize(
    "graph",
    [
        lambda x: pt.cast(x > 0.3, "float64") * x,
        lambda x: pt.second(x, x[:1] ** 2) * x,
        lambda x: pt.reciprocal(x) + 2,
        lambda x: pt.max(x.reshape((1, 2, 3)), axis=(0, 1)),
        lambda x: x**2 * Shape_i(0)(x),
        lambda x: Cholesky()(pt.eye(3) * pt.exp(x[:3])),
        lambda x: pt.concatenate([x[:0] ** 2, x**2]),
        lambda x: x.sum() + x[:0].reshape((2, 0)).sum(axis=1),
        lambda x: x.sum() + pt.dot(x[:0].reshape((2, 0)), x[:0].reshape((0, 2))),
        lambda x: x.sum() + pt.dot(x[:0].reshape((2, 0)), np.zeros((0, 32))),
    ],
    ids=["cast", "second", "reciprocal", "max", "shape", "block", "empty", "empty sum", "product", "known product"],
)
def test_graphs_of_unusual_shape(graph):
    agrees_with_pytensor(graph)


@pytest.mark.parametrize(
    "graph",
    [
        lambda x: pt.log(pt.concatenate([rows(x), rows(x)[:1] + x[0]], axis=0)),
        lambda x: pt.log(pt.concatenate([rows(x), rows(x)[:1]], axis=-2)),
        lambda x: pt.log(rows(x) + pt.exp(pt.alloc(x[1], N_ROWS))),
        lambda x: pt.exp(pt.alloc(x[1], N_ROWS)) + pt.log(rows(x)[0]),
        lambda x: pt.log(rows(x)).sum() + pt.exp(pt.alloc(x[1], N_ROWS)).sum(),
    ],
    ids=["joined", "joined from behind", "a number for all rows", "beside rows", "summed"],
)
def test_rows_and_what_is_joined_to_them(graph):
    agrees_with_pytensor(graph, N_ROWS)


@pytest.mark.parametrize(
    ("graph", "told"),
    [
        (lambda x: pt.cast(x, "int64"), "a number cast to int64"),
        (lambda x: CAReduce(ps.xor, axis=0)(x > 0), "XOR along an axis"),
        (lambda x: pt.stack([x, 2 * x])[pt.cast(x[0] > 0, "int64")], "at a place that depends on parameters"),
        (lambda x: pt.cumprod(x), "cumulative products"),
        (lambda x: pt.linalg.eigh(pt.eye(3) * x[:3])[0], "blocks of Eigh"),
        (lambda x: pt.concatenate([rows(x), rows(x)], axis=1), "rows behind each other"),
        (lambda x: pt.set_subtensor(rows(x)[0], 2 * rows(x)[1]), "IncSubtensor of rows"),
        (lambda x: pt.cumsum(rows(x), axis=0), "sums over rows"),
        (lambda x: pt.logsumexp(rows(x), axis=1), "log-sum-exp over rows"),
        (lambda x: rows(x).sum(axis=1), "sums over rows that are several numbers"),
        (lambda x: rows(x)[:1].T * rows(x)[:1], "rows along two axes"),
        (lambda x: rows(x).reshape((3, 2, N_ROWS // 2)), "rows that are"),
    ],
)
def test_what_programs_do_not_have_is_left_to_pymc_by_name(graph, told):
    x = vector()
    with pytest.raises(NotCovered, match=told):
        translate([graph(x).sum()], [x], [(6,)], {}, N_ROWS)


def test_a_normal_distribution_is_its_own_laplace_approximation():
    """Mode and curvature are those of the formula, and draws have equal weights."""
    x, precision = vector(2), np.array([[2.0, 0.6], [0.6, 1.0]])
    program = program_of(-0.5 * pt.dot(x - 3.0, pt.dot(precision, x - 3.0)), x)
    found = laplace(program, np.zeros(2))
    np.testing.assert_allclose(found.mode, 3.0, rtol=1e-5)
    np.testing.assert_allclose(found.root @ found.root.T, np.linalg.inv(precision), rtol=1e-6)
    assert found.spread(program) < 1e-4


def test_a_density_without_a_curvature_has_no_laplace_approximation():
    """Nor one of too many coordinates; a mode beside an edge is climbed, and spreads without an end."""
    x = vector(1)
    edge = program_of(5.0 * pt.log(x[0]) - 5.0 * x[0], x)
    found = laplace(edge, np.array([0.01]))
    np.testing.assert_allclose(found.mode, 1.0, rtol=1e-4)
    assert laplace(edge, np.array([-1.0])) is None
    wide = program_of(pt.log(x[0] + 1.0) - x[0], x)
    assert laplace(wide, np.array([0.5])).spread(wide) == np.inf
    many = vector(MOST_COORDINATES + 1)
    assert laplace(program_of(-(many**2).sum(), many), np.zeros(MOST_COORDINATES + 1)) is None
