"""What a program is made of, as `tape.c` reads it."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np

TILE = 128
"""Rows worked off at a time."""

LARGEST_MATRIX = 64
"""Rows of a matrix to be inverted, factored or solved at most."""


class Operation(IntEnum):
    """Numbers of the operations."""

    ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, MAXIMUM, MINIMUM = range(7)
    LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, AND, OR = range(7, 14)
    NEGATIVE, EXP, LOG, LOG1P, EXPM1, SQRT, SQUARE, ABSOLUTE, SIGN, SIGMOID, SOFTPLUS = range(20, 31)
    ERF, ERFC, ERFINV, LOG_GAMMA, TANH, LOG1MEXP, IS_INFINITE, IS_NAN, NOT = range(31, 40)
    SWITCH, GATHER, SUM, SUM_OF_PLACES, MATRIX_PRODUCT, LOG_SUM_EXP, LOG_MIXTURE = range(50, 57)
    INVERSE, CHOLESKY, SOLVE_TRIANGULAR, LOG_MATRIX_PRODUCT, LOG_PATH = range(57, 62)
    EXP_LESS_LARGEST, LOG_PATH_OF_PERSONS = range(62, 64)


class Mode(IntEnum):
    """How an operand is read: one number for all elements, one for each, or those of the rows of a tile."""

    SCALAR, VECTOR, LARGE_CONSTANT = range(3)


INSTRUCTION = np.dtype(
    [
        ("operation", np.int64),
        ("length", np.int64),
        ("out", np.int64),
        ("has_gradient", np.int64),
        ("operand", np.int64, 3),
        ("mode", np.int64, 3),
        ("first", np.int64, 3),
        ("detail", np.int64, 6),
    ]
)


@dataclass(frozen=True)
class Operand:
    """Where an operand lies, and how it is read."""

    position: int
    mode: Mode = Mode.VECTOR


@dataclass(eq=False)
class Instruction:
    """One step of a program.

    Attributes
    ----------
    operation : Operation
    length : int
        Elements, columns of a matrix product, matrices, blocks, or persons.
    size : int
        Numbers that it writes from `out` on.
    operands : tuple of Operand
    detail : tuple of int
        What else the operation takes.
    places : ndarray of int
        Positions that it reads one by one.
    summands : tuple of Operand
        Vectors of a log-sum-exp, logits and weights of a mixture, vectors and logarithms of a matrix, or what a path
        rests on, as `tape.c` has it.
    is_of_rows : bool
        Whether its vectors run over the rows.
    has_gradient : bool
        Whether its operands are changed by what rests on it; a constant that is only put in and taken out has none.
    room : int
        Numbers of which it makes notes, beside the share of each summand.
    out, shares : int
        Positions of the first element of the result, and of the share of each summand with what is behind them.
    """

    operation: Operation
    length: int
    size: int
    operands: tuple[Operand, ...] = ()
    detail: tuple[int, ...] = ()
    places: np.ndarray | None = None
    summands: tuple[Operand, ...] = ()
    is_of_rows: bool = False
    has_gradient: bool = True
    room: int = 0
    out: int = -1
    shares: int = -1

    @cached_property
    def key(self) -> tuple:
        """What it does, but for where the result goes."""
        places = None if self.places is None else self.places.tobytes()
        how = (self.is_of_rows, self.has_gradient)
        return (self.operation, self.length, self.size, self.operands, self.detail, places, self.summands, how)
