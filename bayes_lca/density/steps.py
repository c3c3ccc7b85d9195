"""Steps of a program, written one after the other: positions of numbers in, positions of results out."""

from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from bayes_lca.density.instructions import LARGEST_MATRIX, TILE, Instruction, Mode, Operand, Operation

BUFFERS = 1 << 40
"""Position from which the buffers of rows are numbered while a program is written."""


EIGHT = 8
"""Numbers that are worked on at a time; they lie side by side in the cache where their position is a multiple."""


class NotCovered(Exception):
    """A log density has a step that programs do not have."""


@dataclass(frozen=True)
class Rows:
    """An array one of whose axes runs over the rows of the data, which are worked off in tiles.

    Attributes
    ----------
    vectors : ndarray of Operand
        One vector over the rows for each element of the other axes; the axis of the rows has length one.
    axis : int
        The axis of the rows, counted from the last: -1 or below.
    """

    vectors: np.ndarray
    axis: int

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.vectors.ndim


@dataclass(eq=False)
class Steps:
    """A program while it is written.

    A number is known by its position, a row of numbers by a `Rows`.

    Attributes
    ----------
    n_inputs : int
        Free coordinates, at the first positions.
    n_rows : int
        Rows that are worked off in tiles; 0 where all arrays are small.
    """

    n_inputs: int
    n_rows: int = 0
    instructions: list[Instruction] = field(default_factory=list)
    numbers: list[np.ndarray] = field(default_factory=list)
    large: list[np.ndarray] = field(default_factory=list)
    n_numbers: int = 0
    n_large: int = 0
    n_buffers: int = 0
    known: dict[float, int] = field(default_factory=dict)
    large_known: dict[bytes, int] = field(default_factory=dict)
    made: dict[tuple, Instruction] = field(default_factory=dict)

    def __post_init__(self):
        self.constant(0.0)
        self.input = self._numbers(np.zeros(self.n_inputs))

    def constant(self, values) -> np.ndarray:
        """Positions of known numbers, equal ones at the same."""
        values = np.asarray(values, dtype=float)
        unique, inverse = np.unique(values, return_inverse=True)
        new = [value for value in unique.tolist() if value not in self.known and value == value]
        start = self._numbers(np.array(new)) if new else 0
        self.known |= {value: start + place for place, value in enumerate(new)}
        if any(value != value for value in unique.tolist()):
            raise NotCovered("a constant that is no number")
        places = np.array([self.known[value] for value in unique.tolist()], dtype=np.int64)
        return places[inverse].reshape(values.shape) if values.size else np.zeros(values.shape, np.int64)

    def large_constant(self, values: np.ndarray) -> int:
        """Position of the first of known numbers that are read in their order, of equal ones the same."""
        values = np.ascontiguousarray(values, dtype=float).ravel()
        if (position := self.large_known.get(key := blake2b(values).digest())) is not None:
            return position
        self.large.append(values)
        self.large_known[key] = position = -self.n_large - 1
        self.n_large += values.size
        return position

    def fill_up(self) -> None:
        """Let the next number stand at a multiple of eight."""
        self._numbers(np.zeros(-self.n_numbers % EIGHT))

    def _numbers(self, values: np.ndarray) -> int:
        self.numbers.append(values)
        self.n_numbers += len(values)
        return self.n_numbers - len(values)

    def _result(self, operation: Operation, shape: tuple[int, ...], *, length: int | None = None, **what) -> np.ndarray:
        """Positions of the result of a step of the small part."""
        size = int(np.prod(shape))
        step = self._step(Instruction(operation, size if length is None else length, size, **what))
        return step.out + np.arange(size).reshape(shape)

    def _vector(self, operation: Operation, vectors: int = 1, **what) -> list[Operand]:
        """Vectors over the rows that a step makes."""
        step = self._step(Instruction(operation, self.n_rows, vectors * TILE, is_of_rows=True, **what))
        return [Operand(step.out + vector * TILE) for vector in range(vectors)]

    def vector_of(self, instruction: Instruction, number: int) -> Operand:
        """One of the vectors over the rows that a step makes, which is written if it is not there."""
        return Operand(self._step(instruction).out + number * TILE)

    def _step(self, instruction: Instruction) -> Instruction:
        """A step with a place for its result: the one that is there if it was written before."""
        if (same := self.made.get(instruction.key)) is not None:
            return same
        if not instruction.is_of_rows:
            instruction.out = self._numbers(np.zeros(instruction.size))
            instruction.shares = self._numbers(np.zeros(len(instruction.summands) * instruction.length))
        else:
            instruction.out = self.buffers(instruction.size)
            instruction.shares = self.buffers((len(instruction.summands) - (-instruction.room // TILE)) * TILE)
        self.instructions.append(instruction)
        self.made[instruction.key] = instruction
        return instruction

    def buffers(self, size: int) -> int:
        """Position of the first of new buffers."""
        self.n_buffers += size
        return BUFFERS + self.n_buffers - size

    def operand(self, positions: np.ndarray) -> Operand:
        """Positions as one operand: a number for all, or numbers that lie side by side."""
        flat = positions.ravel()
        if (flat == flat[0]).all():
            return Operand(int(flat[0]), Mode.SCALAR)
        return Operand(int(self.side_by_side(flat)[0]))

    def side_by_side(self, positions: np.ndarray) -> np.ndarray:
        """The same numbers at positions that follow each other."""
        flat = positions.ravel()
        if len(flat) == 0 or (np.diff(flat) == 1).all():
            return positions
        return self._result(Operation.GATHER, flat.shape, places=flat).reshape(positions.shape)

    def positions(self, array) -> np.ndarray:
        """Positions of the numbers of an array, known ones included."""
        if isinstance(array, Rows):
            raise NotCovered("rows where single numbers are wanted")
        return self.constant(array) if is_known(array) else array

    def exp_less_largest(self, blocks: np.ndarray) -> tuple[int, int]:
        """Exponentials of the numbers of each block, less its largest, shape (block, number); the largest is behind it.

        Returns
        -------
        first, apart : int
            Position of the first block, and how far each is behind the one before.
        """
        n_blocks, width = blocks.shape
        apart = (width // EIGHT + 1) * EIGHT
        self.fill_up()
        step = Instruction(
            *(Operation.EXP_LESS_LARGEST, n_blocks, n_blocks * apart), detail=(0, width, apart), places=blocks.ravel()
        )
        return self._step(step).out, apart

    def inverse(self, matrices: np.ndarray) -> np.ndarray:
        """Inverses of matrices, shape (..., d, d)."""
        return self._of_matrices(Operation.INVERSE, matrices)

    def cholesky(self, matrices: np.ndarray) -> np.ndarray:
        """Lower Cholesky factors, shape (..., d, d)."""
        return self._of_matrices(Operation.CHOLESKY, matrices)

    def _of_matrices(self, operation: Operation, matrices: np.ndarray) -> np.ndarray:
        d = _checked_size(matrices)
        operand = Operand(int(self.side_by_side(matrices).ravel()[0]))
        return self._result(operation, matrices.shape, operands=(operand,), detail=(d,), length=matrices.size // d**2)

    def solve_triangular(self, triangle: np.ndarray, right: np.ndarray, *, lower: bool, unit: bool) -> np.ndarray:
        """Solutions of triangular systems, of shapes (..., d, d) and (..., d, columns)."""
        d, columns = _checked_size(triangle), right.shape[-1]
        batch = np.broadcast_shapes(triangle.shape[:-2], right.shape[:-2])
        triangle = np.broadcast_to(triangle, (*batch, d, d))
        right = np.broadcast_to(right, (*batch, d, columns))
        operands = tuple(Operand(int(self.side_by_side(array).ravel()[0])) for array in (triangle, right))
        detail = (d, columns, int(lower), int(unit))
        length = int(np.prod(batch))
        return self._result(Operation.SOLVE_TRIANGULAR, right.shape, operands=operands, detail=detail, length=length)


def objects(values, shape: tuple[int, ...]) -> np.ndarray:
    """Vectors, or whatever else, as an array of objects."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def together(arrays) -> tuple[np.ndarray, np.ndarray]:
    """Positions that stand at the same place of arrays of one shape: distinct ones, and which of them is at each place.

    Examples
    --------
    >>> together([np.array([[7, 8], [7, 9]]), np.array([[1, 1], [1, 1]])])
    (array([[7, 8, 9],
           [1, 1, 1]]), array([[0, 1],
           [0, 2]]))
    """
    flat, place = np.stack([array.ravel() for array in arrays]), np.zeros(arrays[0].size, dtype=np.int64)
    for row in flat:
        _, of_row = np.unique(row, return_inverse=True)
        _, first, place = np.unique(place * row.size + of_row, return_index=True, return_inverse=True)
    return flat[:, first], place.reshape(arrays[0].shape)


def is_known(array) -> bool:
    """Whether an array holds numbers that are known, not positions."""
    return isinstance(array, np.ndarray) and array.dtype != np.int64


def _checked_size(matrices: np.ndarray) -> int:
    d = matrices.shape[-1]
    if not 0 < d <= LARGEST_MATRIX:
        raise NotCovered(f"matrices of {d} rows")
    return d
