"""Log-likelihoods that are sums over paths: one node of a graph, which says so, and one step of a program."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pytensor.compile.builders import OpFromGraph
from pytensor.graph.basic import Variable
from pytensor.graph.rewriting.utils import rewrite_graph
from pytensor.graph.traversal import ancestors

from bayes_lca.density.builder import Builder
from bayes_lca.density.evaluate import REWRITES, as_list, evaluate, plain, translated
from bayes_lca.density.instructions import TILE, Instruction, Mode, Operand, Operation
from bayes_lca.density.steps import EIGHT, NotCovered, Rows, objects

MOST_CLASSES = 64
"""Of a path; the same as in paths.h."""


class SumOverPaths(OpFromGraph):
    r"""The log-likelihood of rows whose class moves from wave to wave, with the person summed out.

    .. math:: \log \sum_q w_q \sum_z P(z_1) \prod_{t>1} P(z_t \mid z_{t-1}) \prod_t p(y_t \mid z_t, q)

    Programs have one step for it. Elsewhere it is the graph that is inside.
    """

    n_steps: int
    n_moving: int
    person_weight: np.ndarray

    @classmethod
    def of(
        cls,
        sum_out: Callable,
        class_logits,
        at_mean: Sequence,
        moving: Sequence,
        log_answers: Sequence,
        person_weight: np.ndarray,
    ):
        """The node of a function of these, which `sum_out_path` describes; `moving` is empty where all rows move alike.

        Returns
        -------
        TensorVariable, shape (row,)
        """
        outer = [class_logits, *at_mean, *moving, *log_answers]
        inner, n = [variable.type() for variable in outer], len(at_mean)
        node = cls.__new__(cls)
        node.n_steps, node.n_moving, node.person_weight = n, len(moving), person_weight
        eta, tau, h, answers = node.parts(inner)
        OpFromGraph.__init__(node, inner, [sum_out(eta, tau, h or [None] * n, answers, person_weight)], inline=True)
        return node(*outer)

    def parts(self, values: Sequence) -> tuple[Any, Sequence, Sequence, Sequence]:
        """Inputs, or what stands for them: class logits, logits of moves, what is added to them, log answers."""
        n = self.n_steps
        return values[0], values[1 : n + 1], values[n + 1 : n + 1 + self.n_moving], values[n + 1 + self.n_moving :]


def sums_out_persons(outputs: Sequence[Variable]) -> bool:
    """Whether variables rest on a sum over paths of several persons."""
    ops = (variable.owner.op for variable in ancestors(outputs) if variable.owner is not None)
    return any(isinstance(op, SumOverPaths) and len(op.person_weight) > 1 for op in ops)


@translated.register
def _(op: SumOverPaths, node, inputs, builder):
    try:
        return path_of_rows(builder, op, [plain(value) for value in inputs])
    except NotCovered:
        inner = [variable.type() for variable in op.inner_inputs]
        outputs = rewrite_graph(op.fgraph.bind(dict(zip(op.inner_inputs, inner, strict=True))), include=REWRITES)
        values = dict(zip(inner, inputs, strict=True))
        evaluate(outputs, values, builder)
        return [values[output] for output in as_list(outputs)]


def path_of_rows(builder: Builder, op: SumOverPaths, values: Sequence) -> Rows:
    """The step for all paths of rows that are worked off in tiles.

    Raises
    ------
    NotCovered
        If rows are few, or what is added to logits of moves differs by origin, or answers given the person between
        most rows, or there is one class.
    """
    eta, at_mean, moving, log_answers = op.parts(values)
    taus = [builder.positions(tau) for tau in at_mean[::-1]]
    n_classes = len(taus[0])
    if not builder.n_rows or not 2 <= n_classes <= MOST_CLASSES:
        raise NotCovered("paths of few rows, or through one class or many")
    if len(op.person_weight) == 1 and not moving:
        raise NotCovered("rows that move alike, of which many share what is summed over the first waves")
    nothing = [Operand(builder.known[0.0], Mode.SCALAR)] * n_classes
    moves = [_by_class(builder, h, n_classes) for h in moving] or [nothing] * op.n_steps
    at_waves = [_by_class(builder, eta, n_classes), *moves][::-1]
    of_taus = [Operand(int(position), Mode.SCALAR) for tau in taus for position in tau.ravel()]
    if len(op.person_weight) > 1:
        moves = [each for of_wave in at_waves for each in of_wave]
        return _path_of_persons(builder, (*moves, *of_taus), n_classes, log_answers[::-1], op.person_weight)
    answers = [_by_class(builder, each, n_classes) for each in log_answers[::-1]]
    vectors = [each for pair in zip(answers, at_waves, strict=True) for of_wave in pair for each in of_wave]
    path = Instruction(
        *(Operation.LOG_PATH, builder.n_rows, TILE), detail=(n_classes,), summands=(*vectors, *of_taus), is_of_rows=True
    )
    return Rows(objects([builder.vector_of(path, 0)], (1,)), -1)


def _by_class(builder: Builder, array, n_classes: int) -> list[Operand]:
    """One vector over the rows for each class."""
    vectors = builder.rows(array, -1).vectors
    if vectors.size != n_classes:
        raise NotCovered("moves that covariates change by origin")
    return vectors.ravel().tolist()


def _path_of_persons(builder: Builder, summands, n_classes: int, log_answers: Sequence, weight: np.ndarray) -> Rows:
    """Paths of persons, whose answers at all waves are read from one block for all that are equal."""
    n_waves, n_persons = len(log_answers), -(-len(weight) // EIGHT) * EIGHT
    shape = (n_classes, len(weight), builder.n_rows)
    answers = np.stack([np.broadcast_to(builder.positions(each), shape) for each in log_answers], axis=2)
    filled = answers[:, np.minimum(np.arange(n_persons), len(weight) - 1)]  # persons without weight, to whole eights
    filled = filled.reshape(n_classes * n_persons, -1)
    distinct, block = np.unique(filled, axis=1, return_inverse=True)
    first, apart = builder.exp_less_largest(distinct.T)
    of_rows, of_row = n_waves * (4 * TILE + n_classes) * n_classes, (2 * n_waves + 2) * n_classes * n_persons
    path = Instruction(
        *(Operation.LOG_PATH_OF_PERSONS, n_persons, TILE),
        operands=(Operand(builder.large_constant(np.pad(weight, (0, n_persons - len(weight))))),),
        detail=(n_classes,),
        places=first + apart * block.ravel(),
        summands=summands,
        is_of_rows=True,
        room=of_rows + of_row + (1 + EIGHT * n_waves) * n_classes**2,
    )
    return Rows(objects([builder.vector_of(path, 0)], (1,)), -1)
