"""Each operation of programs against PyTensor's value, and its gradient against differences."""

import numpy as np
import pytensor
import pytensor.scalar as ps
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.tensor.elemwise import Elemwise

from bayes_lca.density.evaluate import plain
from bayes_lca.density.instructions import Operation
from bayes_lca.density.operations import OF_ONE, OF_TWO
from bayes_lca.density.program import Program
from bayes_lca.density.steps import NotCovered
from bayes_lca.density.translate import translate

INTERPRETED = Mode(linker="py", optimizer="fast_compile")
"""A graph that is evaluated once is not worth compiling C for."""
rng = np.random.default_rng(0)
CONDITIONS = (ps.IsInf, ps.IsNan, ps.Invert)
MATRIX = rng.normal(size=(3, 4, 4))
POSITIVE = MATRIX @ MATRIX.swapaxes(-1, -2) + 4 * np.eye(4)


def program_of(graph, x, *, n_rows=0):
    """Program of the sum of a graph of one vector, and of its elements."""
    builder, found = translate([graph(x).sum(), graph(x)], [x], [x.type.shape], {}, n_rows)
    value, elements = (builder.positions(plain(each)) for each in found)
    return Program(builder, int(value.ravel()[0]), elements.ravel())


def agrees(graph, at, rtol=1e-12, tolerance=1e-6):
    x = pt.tensor("x", shape=at.shape, dtype="float64")
    program = program_of(graph, x)
    expected = pytensor.function([x], graph(x), mode=INTERPRETED)(at)
    np.testing.assert_allclose(program.expand(at.ravel()).reshape(expected.shape), expected, rtol=rtol, atol=1e-14)
    value, gradient = program.log_density(at.ravel())
    np.testing.assert_allclose(value, expected.sum(), rtol=1e-11, atol=1e-12)
    step = 1e-6
    differences = [
        (program.log_density(at.ravel() + e)[0] - program.log_density(at.ravel() - e)[0]) / (2 * step)
        for e in step * np.eye(at.size)
    ]
    np.testing.assert_allclose(gradient, differences, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "scalar", [scalar for scalar in OF_ONE if scalar not in CONDITIONS], ids=lambda scalar: scalar.__name__
)
def test_functions_of_one_number(scalar):
    at = {"Log1mexp": [-3.0, -0.2, -0.9], "Erfinv": [-0.97, 0.1, 0.999]}.get(scalar.__name__, [0.3, 1.7, 4.2])
    operation = next(op for op in vars(pt).values() if isinstance(op, Elemwise) and type(op.scalar_op) is scalar)
    agrees(lambda x: operation(x), np.array(at), rtol=1e-11)


@pytest.mark.parametrize("shapes", [(6, 6), (6, 1), (1, 6)])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "true_div", "pow", "maximum", "minimum"])
def test_functions_of_two_numbers(name, shapes):
    function, (first, second) = getattr(pt, name), shapes
    agrees(lambda x: function(x[:first], x[12 - second :]), rng.uniform(0.5, 3.0, 12))


def test_every_function_of_two_numbers_is_tested_or_a_condition():
    assert len(OF_TWO) == 7 + 7


def test_conditions():
    def graph(x):
        inside = (x > 0.2) & (x <= 2) | pt.eq(x, 7.0) | (x < -9) | (x >= 20)
        return pt.switch(~inside | pt.isinf(x) | pt.isnan(x), x**2, -x)

    agrees(graph, np.array([-10.0, 0.0, 0.5, 1.0, 3.0, 7.5, 25.0]))
    assert program_of(graph, pt.tensor("x", shape=(2,), dtype="float64")).log_density(np.array([7.0, 3.0]))[0] == 2.0


@pytest.mark.parametrize(
    "graph",
    [
        lambda x: pt.linalg.cholesky(POSITIVE + x[:, None, None] * np.eye(4)),
        lambda x: pt.linalg.inv(POSITIVE + x[:, None, None] * np.eye(4)),
        lambda x: pt.linalg.solve(POSITIVE * (1 + x[:, None, None] ** 2), MATRIX * x[0], b_ndim=2),
        lambda x: pt.linalg.solve(POSITIVE + x[:, None, None] * np.eye(4), MATRIX[..., 0] + x[:, None], b_ndim=1),
        lambda x: pt.linalg.solve_triangular(
            pt.linalg.cholesky(POSITIVE * (1 + x[:, None, None] ** 2)), MATRIX * x[0], lower=True, b_ndim=2
        ),
        lambda x: pt.linalg.solve_triangular(
            pt.linalg.cholesky(POSITIVE * (1 + x[:, None, None] ** 2)).mT, MATRIX[..., :1], lower=False, b_ndim=2
        ),
        lambda x: pt.dot(x.reshape((1, 3)), MATRIX[0, :3]),
        lambda x: pt.dot(MATRIX[0, :, :3] * x, x),
        lambda x: (POSITIVE * x[:, None, None]) @ (MATRIX + x[0]),
        lambda x: pt.special.softmax(x[:, None] * MATRIX[0, :3], axis=-1),
        lambda x: pt.special.log_softmax(x[:, None] * MATRIX[0, :3], axis=0),
        lambda x: pt.logsumexp(x[:, None] * MATRIX[0, :3] * 300, axis=0),
        lambda x: pt.cumsum(x[:, None] * MATRIX[0, :3], axis=1),
        lambda x: pt.prod(x[:, None] * MATRIX[0, :3], axis=1),
        lambda x: pt.max(x[:, None] * MATRIX[0, :3], axis=0),
        lambda x: pt.inc_subtensor(pt.zeros(2)[np.array([0, 1, 0])], x**2),
        lambda x: pt.set_subtensor((x**2)[1:2], x[0]),
        lambda x: pt.concatenate([x[::-1], pt.diag(x)[1], pt.repeat(x, 2)]),
    ],
)
def test_arrays(graph):
    agrees(graph, np.array([0.7, -0.4, 1.3]), rtol=1e-10)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("columns", [1, 7, 8, 9, 16, 23, 24, 25])
def test_products_of_matrices_of_any_size(rows, columns):
    """Blocks of four rows and sixteen columns, of eight, and what is left of them."""
    numbers = np.random.default_rng([rows, columns])
    known = numbers.normal(size=(5, columns))
    agrees(lambda x: pt.dot(x.reshape((rows, 5)), known), numbers.normal(size=5 * rows))
    agrees(lambda x: pt.dot(known.T, x.reshape((5, rows))), numbers.normal(size=5 * rows))


@pytest.mark.parametrize("places", [[0, 0, 0, 2, 2, 1, 0, 0], [3, 1, 0, 2, 3, 1, 2, 0]], ids=["runs", "no runs"])
@pytest.mark.parametrize("n_vectors", [1, 2, 3, 4, 5, 9])
def test_vectors_read_at_the_same_places(places, n_vectors):
    numbers = np.random.default_rng(n_vectors)
    factor = numbers.normal(size=(n_vectors, 40))
    index = np.array(places * 5)
    agrees(
        lambda x: (factor * x.reshape((n_vectors, 4))[:, index] ** 2).sum(axis=0), numbers.normal(size=4 * n_vectors)
    )


@pytest.mark.parametrize("n", [1, 127, 128, 129, 300])
@pytest.mark.parametrize("distinct", [3, 1000])
def test_a_mixture_over_rows_is_the_log_of_the_sum(n, distinct):
    """In tiles and not, with rows that share their answers and with none that do."""
    local = np.random.default_rng(n)
    design, answers = local.normal(size=(n, 2)), 40 * local.normal(size=(4, n))
    answers = answers[:, np.arange(n) % distinct]
    counts = local.integers(1, 5, n).astype(float)

    def graph(x):
        eta = pt.dot(x[:6].reshape((3, 2)), design.T) + x[6:9][:, None]
        weights = pt.dot(x[9:].reshape((3, 4)), answers)
        return counts * (pt.logsumexp(eta + weights, axis=0) - pt.logsumexp(eta, axis=0))

    x = pt.tensor("x", shape=(21,), dtype="float64")
    at = local.normal(size=21)
    expected = pytensor.function([x], [graph(x).sum(), pt.grad(graph(x).sum(), x)], mode=INTERPRETED)(at)
    for rows in (0, n):
        builder, (value,) = translate([graph(x).sum()], [x], [(21,)], {}, rows)
        program = Program(builder, int(builder.positions(plain(value)).ravel()[0]), np.zeros(0, np.int64))
        found, gradient = program.log_density(at)
        np.testing.assert_allclose(found, expected[0], rtol=1e-12)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-10, atol=1e-10 * np.abs(expected[1]).max())
        assert (program.layout.n_of_rows > 0) == (rows > 0)


@pytest.mark.parametrize("distinct", [3, 1000])
def test_rows_that_are_equal_are_worked_off_once(distinct):
    """Weights of persons and the sum over them, of answers that many rows share and of answers of their own."""
    local = np.random.default_rng(5)
    n, weight = 300, np.log(local.dirichlet(np.ones(4)))
    answers = local.normal(size=(3, n))[:, np.arange(n) % distinct]

    def graph(x):
        given = pt.dot(x.reshape((8, 3)), answers).reshape((2, 4, -1))
        return pt.logsumexp(pt.logsumexp(given + weight[:, None], axis=1), axis=0)

    x, at = pt.tensor("x", shape=(24,), dtype="float64"), local.normal(size=24)
    expected = pytensor.function([x], [graph(x).sum(), pt.grad(graph(x).sum(), x)], mode=INTERPRETED)(at)
    builder, (value,) = translate([graph(x).sum()], [x], [(24,)], {}, n)
    program = Program(builder, int(builder.positions(plain(value)).ravel()[0]), np.zeros(0, np.int64))
    found, gradient = program.log_density(at)
    np.testing.assert_allclose(found, expected[0], rtol=1e-12)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-10, atol=1e-10 * np.abs(expected[1]).max())
    sums = [step for step in builder.instructions if step.operation is Operation.LOG_SUM_EXP]
    assert {step.is_of_rows for step in sums} == {distinct > n}


@pytest.mark.parametrize("several", [lambda total: 2 * total, lambda total: total + total, lambda total: total**2])
def test_rows_whose_sum_enters_otherwise_than_once_are_not_worked_off_apart(several):
    """Their gradient starts from one; elsewhere they are part of the rest."""
    design, x = np.random.default_rng(0).normal(size=(2, 300)), pt.tensor("x", shape=(2,), dtype="float64")
    graph = several(pt.exp(pt.dot(x.reshape((1, 2)), design)).sum())
    with pytest.raises(NotCovered, match="of a sum over rows"):
        builder, (value,) = translate([graph], [x], [(2,)], {}, 300)
        Program(builder, int(builder.positions(plain(value)).ravel()[0]), np.zeros(0, np.int64))
    builder, (value,) = translate([graph], [x], [(2,)], {}, 0)
    program = Program(builder, int(builder.positions(plain(value)).ravel()[0]), np.zeros(0, np.int64))
    at = np.array([0.2, -0.1])
    expected = pytensor.function([x], pt.grad(graph, x), mode=INTERPRETED)(at)
    np.testing.assert_allclose(program.log_density(at)[1], expected, rtol=1e-11)


def test_as_many_parameters_as_rows_that_rows_look_up_are_left_to_programs_without_rows():
    """One group for each respondent: the effects of groups are no rows, even where there are as many."""
    x, group = pt.tensor("x", shape=(300,), dtype="float64"), np.random.default_rng(3).permutation(300)
    weight, at = np.random.default_rng(4).normal(size=300), np.random.default_rng(5).normal(size=300)
    graph = (weight * pt.exp(x)[group]).sum()
    with pytest.raises(NotCovered, match="moved by their number"):
        translate([graph], [x], [(300,)], {}, 300)
    builder, (value,) = translate([graph], [x], [(300,)], {}, 0)
    program = Program(builder, int(builder.positions(plain(value)).ravel()[0]), np.zeros(0, np.int64))
    expected = weight @ np.exp(at[group])
    np.testing.assert_allclose(program.log_density(at)[0], expected, rtol=1e-12)


def test_numbers_that_recur_are_worked_on_once():
    """Of two arrays that are added, each pair of numbers."""
    first, second = np.random.default_rng(0).integers(0, 3, (2, 4, 50))
    agrees(lambda x: (x[:3][first] + x[3:][second]) ** 2, np.array([0.3, -1.0, 0.2, 2.0, 0.7, -0.4]))
    x = pt.tensor("x", shape=(6,), dtype="float64")
    program = program_of(lambda x: x[:3][first] + x[3:][second], x)
    (sums,) = (step for step in program.builder.instructions if step.operation is Operation.ADD)
    assert sums.size == 9


def test_log_sum_exp_of_known_numbers():
    """Beside one of parameters: it is a number like any other, and moves the value alone."""
    known = np.log(np.random.default_rng(2).dirichlet([1.0, 2.0, 3.0], 5).T)
    agrees(
        lambda x: pt.logsumexp(known + x[:, None], axis=0) - 2 * pt.logsumexp(known * 2, axis=0),
        np.array([0.3, -1.0, 0.2]),
    )


def test_what_programs_do_not_have_is_refused_by_name():
    x = pt.tensor("x", shape=(3,), dtype="float64")
    with pytest.raises(NotCovered, match="Cos"):
        translate([pt.cos(x).sum()], [x], [(3,)], {}, 0)
    with pytest.raises(NotCovered, match="matrices of 65 rows"):
        translate([pt.linalg.inv(pt.eye(65) * x[0]).sum()], [x], [(3,)], {}, 0)


def test_a_density_that_is_not_finite_says_so():
    x = pt.tensor("x", shape=(2,), dtype="float64")
    with pytest.raises(FloatingPointError, match="nan"):
        program_of(pt.log, x).log_density(np.array([-1.0, 1.0]))


@pytest.mark.parametrize("sizes", [[3, 1, 5], [1, 200, 2, 70], [4000, 1]], ids=["short", "unequal", "very long"])
def test_sums_of_segments(sizes):
    """Sums over the rows of groups of any sizes, in any order, added to what is there."""
    segment = np.random.default_rng(1).permutation(np.repeat(np.arange(len(sizes)), sizes))
    start = np.arange(2.0 * len(sizes)).reshape(2, -1)
    x = pt.tensor("x", shape=(2, len(segment)), dtype="float64")
    program = program_of(lambda x: pt.as_tensor(start)[:, segment].inc(x**2) ** 2, x)
    at = np.random.default_rng(2).normal(size=(2, len(segment)))
    sums = start + np.array([np.bincount(segment, weights=row**2) for row in at])
    np.testing.assert_allclose(program.expand(at.ravel()), sums.ravel() ** 2, rtol=1e-12)
    value, gradient = program.log_density(at.ravel())
    assert value == pytest.approx((sums**2).sum(), rel=1e-12)
    np.testing.assert_allclose(gradient.reshape(at.shape), 4 * at * sums[:, segment], rtol=1e-11)
    assert len(program.builder.instructions) < 20


COMPARED = {Operation.LESS, Operation.GREATER, Operation.EQUAL, Operation.OR, Operation.AND, Operation.SWITCH}


def steps_of(graph, size=6):
    x = pt.tensor("x", shape=(size,), dtype="float64")
    return {instruction.operation for instruction in program_of(graph, x).builder.instructions}


def softmax_of(x):
    return pt.special.softmax(x.reshape((2, 3)), axis=-1)


def log_softmax_of(x):
    return pt.special.log_softmax(x.reshape((2, 3)), axis=-1)


@pytest.mark.parametrize(
    "graph",
    [
        lambda x: pt.switch(softmax_of(x) < 0, -np.inf, pt.exp(x.reshape((2, 3)))),
        lambda x: pt.switch((softmax_of(x)[None] > 1).any(axis=-1), -np.inf, x.reshape((2, 3)).sum(axis=-1)[None]),
        lambda x: pt.switch(
            pt.or_((softmax_of(x) < 0).any(axis=-1), (softmax_of(x) > 1).any(axis=-1)), -np.inf, x[:2] ** 2
        ),
        lambda x: pt.switch(pt.eq(log_softmax_of(x), -np.inf) & np.eye(3, dtype=bool)[:2], 7.0, log_softmax_of(x)),
    ],
)
def test_checks_that_probabilities_always_pass_are_not_made(graph):
    assert not steps_of(graph) & COMPARED
    agrees(graph, rng.normal(size=6), rtol=1e-11)


@pytest.mark.parametrize(
    "graph",
    [
        lambda x: pt.switch(softmax_of(x) < 0.3, 1.0, softmax_of(x)),
        lambda x: pt.switch(softmax_of(x) < np.array([0.0, 0.3, 0.0]), 1.0, softmax_of(x)),
        lambda x: pt.switch(pt.eq(log_softmax_of(x), 0.0), 1.0, log_softmax_of(x)),
        lambda x: pt.switch(x < 0, x**2, x),
        lambda x: pt.switch(pt.eq(pt.log(x**2), -np.inf), 7.0, x),
        lambda x: pt.switch(0.2 < softmax_of(x), 1.0, softmax_of(x)),
    ],
)
def test_other_comparisons_are_made(graph):
    assert steps_of(graph) & COMPARED
    agrees(graph, np.array([-1.3, 0.4, 0.9, 2.0, -0.7, 0.1]), rtol=1e-11)


def test_a_switch_whose_last_part_is_shorter_than_its_condition_is_filled():
    never = pt.as_tensor(np.zeros((2, 3), dtype=bool))
    agrees(lambda x: pt.switch(never, 0.0, x[:3]), rng.normal(size=6))
    agrees(lambda x: pt.switch(softmax_of(x) < 0, 0.0, x[:3]), rng.normal(size=6))
