"""A program that was written down, laid out for `tape.c`, and the functions that run it."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from bayes_lca.density.builder import Builder
from bayes_lca.density.instructions import TILE, Instruction, Mode, Operation
from bayes_lca.density.layout import Backwards, Pools
from bayes_lca.density.steps import BUFFERS, NotCovered

WORKSPACES = 64
"""Threads that run a program at a time at most."""

KEEPS_FACTOR = {Operation.ADD, Operation.GATHER, Operation.SUM_OF_PLACES}
"""Operations through which a sum enters another with factor one; so it does what something is taken from."""


class _Layout(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int64) for name in ("n_numbers", "n_buffers", "n_rows", "input", "n_inputs", "value")),
        *((name, ctypes.c_int64) for name in ("n_before", "n_of_rows", "n_after", "n_expanded", "n_expanding")),
        ("zero_buffers", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("numbers", "large", "places", "operands", "expanded")),
        *((name, ctypes.c_void_p) for name in ("before", "of_rows", "after", "expanding", "centre", "root")),
        ("taken", ctypes.c_char * WORKSPACES),
        ("workspace", ctypes.c_void_p * WORKSPACES),
    ]


@cache
def library() -> ctypes.CDLL | None:
    """The compiled functions, None where they were not built."""
    try:
        tape: Any = import_module("bayes_lca.density.tape")
    except ImportError:
        return None
    loaded = ctypes.CDLL(tape.__file__)
    for name, result in (("log_density", ctypes.c_int64), ("expand", ctypes.c_int64), ("free", None)):
        getattr(loaded, f"bayes_lca_{name}").restype = result
    return loaded


def _built() -> ctypes.CDLL:
    """The compiled functions, without which no program is made."""
    if (functions := library()) is None:
        raise NotCovered("anything, for the compiled functions were not built")
    return functions


@dataclass(eq=False)
class Program:
    """Value and gradient of a log density, and parameters in the user's units, of one data set.

    Parameters
    ----------
    builder : Builder
        The program as it was written.
    value : int
        Position of the log density.
    expanded : ndarray of int
        Positions of the parameters in the user's units.

    Raises
    ------
    NotCovered
        If the rows enter the density otherwise than by their sum.
    """

    builder: Builder
    value: int
    expanded: np.ndarray

    def __post_init__(self):
        builder = self.builder
        reads = [_reads(instruction) for instruction in builder.instructions]
        makers = _makers(builder)
        of_value = _needed([self.value], builder, makers, reads)
        of_expanded = _needed(self.expanded, builder, makers, reads)
        if any(builder.instructions[number].is_of_rows for number in of_expanded):
            raise NotCovered("parameters that differ between rows")
        after = self._after(of_value, makers, reads)
        rows = [number for number in of_value if builder.instructions[number].is_of_rows]
        before = [number for number in of_value if number not in after and number not in set(rows)]
        self.n_inputs, self.n_expanded = builder.n_inputs, len(self.expanded)
        builder.fill_up()
        self._free = _built().bayes_lca_free  # kept, for modules may be gone when Python ends
        self._pools = Pools(builder)
        backwards = Backwards.of([builder.instructions[number] for number in rows])
        code = {
            "before": self._pools.laid_out(before),
            "of_rows": self._pools.laid_out(rows, backwards),
            "after": self._pools.laid_out(sorted(after)),
            "expanding": self._pools.laid_out(of_expanded),
        }
        self._kept = code | {
            "numbers": np.concatenate(builder.numbers),
            "large": np.concatenate([*builder.large, np.zeros(1)]),
            "places": np.concatenate([*self._pools.places, np.zeros(1, np.int32)]),
            "operands": np.array([*self._pools.operands, 0], dtype=np.int64),
            "expanded": np.ascontiguousarray(self.expanded, dtype=np.int64),
        }
        pointers = {name: array.ctypes.data for name, array in self._kept.items()}
        self.layout = _Layout(
            n_numbers=builder.n_numbers,
            n_buffers=builder.n_buffers,
            n_rows=builder.n_rows if rows else 0,
            input=builder.input,
            n_inputs=builder.n_inputs,
            value=self.value,
            n_before=len(before),
            n_of_rows=len(rows),
            n_after=len(after),
            n_expanded=self.n_expanded,
            n_expanding=len(of_expanded),
            zero_buffers=int(backwards.zeroed),
            **pointers,
        )

    def __del__(self):
        if hasattr(self, "layout"):
            self._free(ctypes.byref(self.layout))

    def _after(self, of_value: Sequence[int], makers: "_Makers", reads) -> set[int]:
        """Steps that rest on the sum over rows, which is to enter the density with factor one."""
        after, read, instructions = set(), set(), self.builder.instructions
        for number in of_value:
            instruction = instructions[number]
            if instruction.is_of_rows:
                continue
            made_by = makers.of(reads[number])
            sums = {maker for maker in made_by if maker in after or instructions[maker].is_of_rows}
            if not sums:
                continue
            n_read = len(instruction.operands) if instruction.places is None else len(instruction.places)
            once = instruction.size == 1 and n_read == len(np.unique(np.concatenate(reads[number])))
            kept = instruction.operation in KEEPS_FACTOR or (
                instruction.operation is Operation.SUBTRACT and not sums & set(makers.of(reads[number][1:]))
            )
            if not kept or not once or sums & read:
                raise NotCovered(f"{instruction.operation.name} of a sum over rows")
            read |= sums
            after.add(number)
        return after

    def log_density(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """The log density at free coordinates, and its gradient.

        Raises
        ------
        FloatingPointError
            If one of them is not finite.
        """
        x = np.ascontiguousarray(x, dtype=float)
        gradient, value = np.empty_like(x), ctypes.c_double()
        failed = _built().bayes_lca_log_density(
            ctypes.c_uint64(len(x)), *map(_pointer, (x, gradient)), ctypes.byref(value), ctypes.byref(self.layout)
        )
        if failed:
            raise FloatingPointError(f"the log density is {value.value} (status {failed})")
        return value.value, gradient

    def expand(self, x: np.ndarray) -> np.ndarray:
        """Parameters in the user's units at free coordinates, one after the other."""
        x = np.ascontiguousarray(x, dtype=float)
        out = np.empty(self.n_expanded)
        _built().bayes_lca_expand(
            *map(ctypes.c_uint64, (len(x), len(out))), *map(_pointer, (x, out)), ctypes.byref(self.layout)
        )
        return out

    def in_coordinates(self, centre: np.ndarray | None, root: np.ndarray | None) -> None:
        """From here on take coordinates z that stand for centre + root z; None for the free coordinates themselves."""
        for name, array in (("centre", centre), ("root", root)):
            self._kept[name] = None if array is None else np.ascontiguousarray(array, dtype=float)
            setattr(self.layout, name, None if array is None else self._kept[name].ctypes.data)

    @property
    def addresses(self) -> tuple[int, int, int]:
        """Where the two functions and the program lie, for callers without Python."""
        functions = [getattr(_built(), f"bayes_lca_{name}") for name in ("log_density", "expand")]
        density, expand = (ctypes.cast(function, ctypes.c_void_p).value or 0 for function in functions)
        return density, expand, ctypes.addressof(self.layout)


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


@dataclass(frozen=True)
class _Makers:
    """Which step made the number at each position, -1 for none."""

    of_numbers: np.ndarray
    of_buffers: np.ndarray

    def of(self, ranges) -> list[int]:
        """Steps that made what lies in ranges of positions."""
        made = set()
        for positions in ranges:
            if len(positions) == 0 or positions[0] < 0:
                continue
            if positions[0] >= BUFFERS:
                made.add(int(self.of_buffers[(positions[0] - BUFFERS) // TILE]))
            else:
                made |= set(np.unique(self.of_numbers[positions]).tolist())
        return sorted(made - {-1})


def _makers(builder: Builder) -> _Makers:
    of_numbers = np.full(builder.n_numbers, -1)
    of_buffers = np.full(builder.n_buffers // TILE, -1)
    for number, instruction in enumerate(builder.instructions):
        if instruction.out >= BUFFERS:
            start = (instruction.out - BUFFERS) // TILE
            of_buffers[start : start + instruction.size // TILE] = number
        else:
            of_numbers[instruction.out : instruction.out + instruction.size] = number
    return _Makers(of_numbers, of_buffers)


def _reads(instruction: Instruction) -> list[np.ndarray]:
    """Positions that a step reads, an array for each operand."""
    sizes = [instruction.length] * len(instruction.operands)
    d, *more = *instruction.detail, 0, 0
    match instruction.operation:
        case Operation.MATRIX_PRODUCT:
            sizes = [d * more[0], more[0] * instruction.length]
        case Operation.INVERSE | Operation.CHOLESKY:
            sizes = [instruction.length * d * d]
        case Operation.SOLVE_TRIANGULAR:
            sizes = [instruction.length * d * d, instruction.length * d * more[0]]
    ranges = []
    for operand, size in zip(instruction.operands, sizes, strict=True):
        ranges.append(_range(operand, size))
    ranges += [_range(operand, instruction.length) for operand in instruction.summands]
    if instruction.places is not None:
        n_vectors, apart = (
            instruction.detail if instruction.operation is Operation.GATHER and instruction.detail else (1, 0)
        )
        places = np.unique(instruction.places)
        ranges += [places + vector * apart for vector in range(n_vectors)]
    return ranges


def _range(operand, size: int) -> np.ndarray:
    if operand.position < 0 or operand.position >= BUFFERS or operand.mode is Mode.SCALAR:
        return np.array([operand.position])
    return operand.position + np.arange(size)


def _needed(positions, builder: Builder, makers: _Makers, reads) -> list[int]:
    """Steps on which positions rest, in their order."""
    needed, left = set(), makers.of([np.asarray(positions, dtype=np.int64)])
    while left:
        number = left.pop()
        if number not in needed:
            needed.add(number)
            left += makers.of(reads[number])
    return sorted(needed)
