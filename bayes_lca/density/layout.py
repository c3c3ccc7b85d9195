"""Instructions laid out for `tape.c`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bayes_lca.density.instructions import INSTRUCTION, TILE, Instruction, Operation
from bayes_lca.density.steps import BUFFERS, Steps


@dataclass
class Backwards:
    """What the steps of rows do going backwards.

    Attributes
    ----------
    starts : set of pairs of int
        Steps and operands at which the adjoint of a buffer starts.
    without : set of int
        Steps whose result has no adjoint.
    zeroed : bool
        Whether a step has an adjoint for a part of its result only, so that all have to be set to zero.
    """

    starts: set[tuple[int, int]] = field(default_factory=set)
    without: set[int] = field(default_factory=set)
    zeroed: bool = False

    @classmethod
    def of(cls, rows: Sequence[Instruction]) -> "Backwards":
        """From the steps in their order."""
        found, touched = cls(), set()
        for number, instruction in reversed(list(enumerate(rows))):
            if instruction.out >= BUFFERS:
                outs = set(range(instruction.out, instruction.out + instruction.size, TILE))
                if not outs & touched:
                    found.without.add(number)
                    continue
                found.zeroed |= not outs <= touched
            n_plain = len(instruction.operands)
            for place, operand in enumerate((*instruction.operands, *instruction.summands)):
                is_offset = instruction.operation is Operation.LOG_MIXTURE and place < n_plain
                if operand.position >= BUFFERS and not is_offset and operand.position not in touched:
                    found.starts.add((number, place))
                    touched.add(operand.position)
        return found


class Pools:
    """Instructions as an array, with what they point to."""

    def __init__(self, builder: Steps):
        self.builder = builder
        self.places: list[np.ndarray] = []
        self.n_places = 0
        self.operands: list[int] = []
        self.placed: dict[int, int] = {}

    def laid_out(self, numbers: Sequence[int], backwards: Backwards | None = None) -> np.ndarray:
        """Some of the instructions."""
        code = np.zeros(max(len(numbers), 1), dtype=INSTRUCTION)
        for row, number in enumerate(numbers):
            instruction = self.builder.instructions[number]
            n_operands = len(instruction.operands) + len(instruction.summands)
            first = [backwards is not None and (row, place) in backwards.starts for place in range(n_operands)]
            detail = [*instruction.detail, *[0] * (6 - len(instruction.detail))]
            if instruction.operation is Operation.GATHER:
                n_vectors, apart = instruction.detail or (1, 0)
                detail = [self._places(number, instruction.places), n_vectors, apart, TILE, 0, 0]
            elif instruction.places is not None:
                detail[0] = self._places(number, instruction.places)
            if instruction.summands:
                stride = TILE if instruction.is_of_rows else instruction.length
                size = instruction.detail[0] if instruction.detail else 0
                places = self.placed.get(number, 0)
                detail = [len(instruction.summands), len(self.operands), self._real(instruction.shares), stride]
                detail += [size, places]
                for operand, starts in zip(instruction.summands, first[len(instruction.operands) :], strict=True):
                    self.operands += [self._real(operand.position), int(operand.mode), int(starts)]
            code[row]["operation"] = instruction.operation
            code[row]["length"] = instruction.length
            code[row]["out"] = self._real(instruction.out)
            code[row]["has_gradient"] = instruction.has_gradient and (backwards is None or row not in backwards.without)
            for place, operand in enumerate(instruction.operands):
                code[row]["operand"][place] = self._real(operand.position)
                code[row]["mode"][place] = operand.mode
                code[row]["first"][place] = first[place]
            code[row]["detail"] = detail
        return code

    def _real(self, position: int) -> int:
        return position - BUFFERS + self.builder.n_numbers if position >= BUFFERS else position

    def _places(self, number: int, places: np.ndarray) -> int:
        if number not in self.placed:
            self.placed[number] = self.n_places
            self.places.append(places.astype(np.int32))
            self.n_places += len(places)
        return self.placed[number]
