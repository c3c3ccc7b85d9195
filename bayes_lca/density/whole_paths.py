"""Steps from class to class put together where a path is summed out row by row."""

from collections.abc import Sequence

from bayes_lca.density.builder import Builder
from bayes_lca.density.instructions import TILE, Instruction, Operand, Operation

MOST_CLASSES = 64
"""Of a path; the same as in paths.h."""


def put_paths_together(builder: Builder) -> None:
    r"""Put one step in place of each log-likelihood of rows that is a sum over paths.

    That is the difference of two log-sum-exps: of what the last transition gives, with what is added to it, and of the
    logits of the first wave. Every transition leaves the classes of the one before, and the first has these logits:

    .. math:: \log \alpha_t(d) = \log \sum_c \alpha_{t-1}(c) P(d \mid c) + \log p(y_t \mid d), \qquad
              \log \alpha_1(c) = \eta_c + \log p(y_1 \mid c)

    Parameters
    ----------
    builder : Builder
        Whose steps are changed in their places.
    """
    for number, step in enumerate(builder.instructions):
        if step.is_of_rows and step.operation is Operation.SUBTRACT:
            if (path_of := _summands_of_path(builder, *step.operands)) is not None:
                n_classes, summands = path_of
                path = Instruction(
                    *(Operation.LOG_PATH, builder.n_rows, TILE),
                    detail=(n_classes,),
                    summands=summands,
                    is_of_rows=True,
                    out=step.out,
                )
                path.shares = builder.buffers(len(summands) * TILE)
                builder.instructions[number] = path


def _summands_of_path(builder: Builder, last: Operand, first: Operand) -> tuple[int, tuple[Operand, ...]] | None:
    """How many classes there are, and what is summed over, as in paths.h.

    Answers and moves come from the last wave to the first, which has its logits; logarithms of moves follow.
    """
    made = [builder.maker_of(each) for each in (last, first)]
    sums = [each.summands for each in made if each is not None and each.operation is Operation.LOG_SUM_EXP]
    if len(sums) < len(made):
        return None
    alpha, eta = sums
    if len(alpha) != len(eta) or not 2 <= len(eta) <= MOST_CLASSES:
        return None
    vectors, taus, n_steps = [], [], 0
    while (found := _transition_into(builder, alpha)) is not None:
        step, h = found
        if (answers := _without(builder, alpha, h, step)) is None:
            return None
        vectors += [*answers, *h]
        taus += step.summands[2 * len(h) :]
        alpha, n_steps = step.summands[: len(h)], n_steps + 1
    answers = _without(builder, alpha, eta)
    if not n_steps or answers is None:
        return None
    return len(eta), (*vectors, *answers, *eta, *taus)


def _transition_into(builder: Builder, alpha: Sequence[Operand]) -> tuple[Instruction, tuple[Operand, ...]] | None:
    """The transition of which vectors are the classes moved to, in their order, and what it has of all origins."""
    made = [
        {id(step): step for each in _added(builder, vector) if (step := _transition(builder, each)) is not None}
        for vector in alpha
    ]
    if len(set(map(tuple, made))) != 1 or len(made[0]) != 1:
        return None
    (step,) = made[0].values()
    return step, step.summands[len(alpha) : 2 * len(alpha)]


def _transition(builder: Builder, vector: Operand) -> Instruction | None:
    step = builder.maker_of(vector)
    return step if step is not None and step.operation is Operation.LOG_TRANSITION else None


def _without(
    builder: Builder, alpha: Sequence[Operand], known: Sequence[Operand], step: Instruction | None = None
) -> list[Operand] | None:
    """The one vector that each sum has beside what is known of it, and beside the result of a transition."""
    answers = []
    for place, (vector, of_class) in enumerate(zip(alpha, known, strict=True)):
        left = list(_added(builder, vector))
        gone = list(_added(builder, of_class))
        if step is not None:
            gone.append(Operand(step.out + place * TILE))
        for each in gone:
            if each not in left:
                return None
            left.remove(each)
        if len(left) != 1:
            return None
        answers += left
    return answers


def _added(builder: Builder, vector: Operand) -> list[Operand]:
    """What is added up in a vector."""
    step = builder.maker_of(vector)
    if step is None or step.operation is not Operation.ADD:
        return [vector]
    return [each for operand in step.operands for each in _added(builder, operand)]
