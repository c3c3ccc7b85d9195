"""Programs written down operation by operation."""

from dataclasses import dataclass

import numpy as np

from bayes_lca.density.instructions import TILE, Instruction, Mode, Operand, Operation
from bayes_lca.density.steps import NotCovered, Rows, Steps, is_known, objects, together

LONGEST_SUM = 64
"""Numbers of a segment that are added up at a time: short ones are filled up with zeros to the longest."""


@dataclass(eq=False)
class Builder(Steps):
    """Operations on arrays as PyTensor has them, of numbers or of rows, as steps of a program."""

    def elementwise(self, operation: Operation, *arrays):
        """One operation on the elements of one to three arrays."""
        if any(isinstance(array, Rows) for array in arrays) or self._has_rows(
            np.broadcast_shapes(*map(_shape, arrays))
        ):
            along = [
                place for place, array in enumerate(arrays) if isinstance(array, Rows) or self._has_rows(_shape(array))
            ]
            once = self._once_for_equal_rows(
                [arrays[place] for place in along],
                lambda *distinct: self.elementwise(
                    operation, *(distinct[along.index(k)] if k in along else array for k, array in enumerate(arrays))
                ),
            )
            if once is not None:
                return once
            return self._elementwise_rows(operation, arrays)
        arrays = np.broadcast_arrays(*map(self.positions, arrays))
        if arrays[0].size == 0:
            return arrays[0]
        if operation is Operation.ADD:
            for here, there in (arrays, arrays[::-1]):
                if (here == self.known[0.0]).all():
                    return there
        distinct, place = together(arrays)
        if 2 * distinct.shape[1] <= place.size:
            return self._without_rows(lambda: self.elementwise(operation, *distinct))[place]
        operands = [self.operand(array) for array in arrays]
        if len(operands) == 1 and operands[0].mode is Mode.SCALAR:
            operands = [Operand(int(self._result(Operation.GATHER, (arrays[0].size,), places=arrays[0].ravel())[0]))]
        return self._result(operation, arrays[0].shape, operands=tuple(operands))

    def sum(self, array, axes: tuple[int, ...]):
        """Sum over axes."""
        if isinstance(array, Rows):
            return self._sum_rows(array, axes)
        kept = [axis for axis in range(array.ndim) if axis not in axes]
        shape = tuple(array.shape[axis] for axis in kept)
        places = array.transpose(*kept, *axes).reshape(*shape, -1)
        if places.shape[-1] == 1:
            return places[..., 0]
        if places.size == 0:
            return np.full(shape, self.known[0.0])
        width = places.shape[-1]
        return self._result(Operation.SUM_OF_PLACES, shape, places=places.ravel(), detail=(0, width))

    def sums_of_segments(self, positions: np.ndarray, segment: np.ndarray) -> np.ndarray:
        """Sums of the numbers of each segment, in steps that grow with the numbers however unequal the segments are.

        Parameters
        ----------
        positions, segment : ndarray of int, shape (number,)
            Positions of the numbers, and the segment of each, from 0 on, none of them empty.
        """
        sizes = np.bincount(segment)
        width = min(int(sizes.max()), LONGEST_SUM)
        n_parts = -(-sizes // width)  # of each segment
        place = np.arange(len(segment)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # within the segment
        first = np.repeat((np.cumsum(n_parts) - n_parts) * width, sizes)
        padded = np.full(n_parts.sum() * width, self.known[0.0])
        padded[first + place] = positions[np.argsort(segment, kind="stable")]
        sums = self._result(Operation.SUM_OF_PLACES, (n_parts.sum(),), places=padded, detail=(0, width))
        return sums if width == sizes.max() else self.sums_of_segments(sums, np.repeat(np.arange(len(sizes)), n_parts))

    def reduced(self, operation: Operation, array, axes: tuple[int, ...]):
        """An operation of two numbers, such as the larger, along axes."""
        kept = [axis for axis in range(array.ndim) if axis not in axes]
        moved = self.moved(array, lambda positions: positions.transpose(*axes, *kept))
        for _ in axes[1:]:
            moved = self.moved(moved, lambda positions: positions.reshape(-1, *positions.shape[2:]))
        parts = [self.moved(moved, lambda positions, k=k: positions[k]) for k in range(_shape(moved)[0])]
        result = parts[0]
        for part in parts[1:]:
            result = self.elementwise(operation, result, part)
        return result

    def matrix_product(self, left, right):
        """Product of matrices, of which one may be known, and of one whose columns are the rows of the data."""
        for known, other in ((right, left), (left.T if is_known(left) else left, right)):
            if is_known(known) and not isinstance(other, Rows) and known.shape[-1] >= TILE:
                product = self._product_with_columns(other if known is right else other.T, known)
                return product if known is right else self.moved(product, np.transpose)
        left, right = self.positions(left), self.positions(right)
        (r, m), n = left.shape, right.shape[1]
        if 0 in (r, m, n):
            return np.full((r, n), self.known[0.0])
        operands = tuple(Operand(int(self.side_by_side(matrix)[0, 0])) for matrix in (left, right))
        return self._result(Operation.MATRIX_PRODUCT, (r, n), operands=operands, detail=(r, m, n, n), length=n)

    def _product_with_columns(self, left: np.ndarray, right: np.ndarray):
        """Of a matrix of positions (r, m) and a known one (m, n) of many columns, each distinct one taken once."""
        left = self.positions(left)
        (r, m), n = left.shape, right.shape[1]
        if m == 0:
            return np.full((r, n), self.known[0.0])
        first = Operand(int(self.side_by_side(left)[0, 0]))
        distinct, column = np.unique(right, axis=1, return_inverse=True)
        if n != self.n_rows or 2 * distinct.shape[1] <= n:
            n_distinct = distinct.shape[1]
            operands = (first, Operand(self.large_constant(distinct)))
            detail = (r, m, n_distinct, n_distinct)
            product = self._result(
                Operation.MATRIX_PRODUCT, (r, n_distinct), operands=operands, detail=detail, length=n_distinct
            )
            return product[:, column.ravel()]
        operands = (first, Operand(self.large_constant(right), Mode.LARGE_CONSTANT))
        vectors = self._vector(Operation.MATRIX_PRODUCT, r, operands=operands, detail=(r, m, n, TILE))
        return Rows(objects(vectors, (r, 1)), -1)

    def log_sum_exp(self, array, axes: tuple[int, ...]):
        """Logarithm of the sum of exponentials over axes."""
        if not isinstance(array, Rows) and self._has_rows(array.shape):
            once = self._once_for_equal_rows([array], lambda distinct: self.log_sum_exp(distinct, axes), axes)
            if once is not None:
                return once
            array = self.rows(array)
        kept = tuple(axis for axis in range(array.ndim) if axis not in axes)
        if isinstance(array, Rows):
            row_axis = array.ndim + array.axis
            if row_axis in axes:
                raise NotCovered("log-sum-exp over rows")
            shape = tuple(array.vectors.shape[axis] for axis in kept)
            by_place = array.vectors.transpose(*kept, *axes).reshape(int(np.prod(shape)), -1)
            results = [self._vector(Operation.LOG_SUM_EXP, summands=tuple(summands))[0] for summands in by_place]
            return Rows(objects(results, shape), kept.index(row_axis) - len(kept))
        array = self.positions(array)
        shape = tuple(array.shape[axis] for axis in kept)
        summands = array.transpose(*axes, *kept).reshape(-1, *shape)
        operands = tuple(self.operand(summand) for summand in summands)
        return self._result(Operation.LOG_SUM_EXP, shape, summands=operands)

    def log_mixture(self, logits, log_weights):
        r"""Log of a mixture's density, :math:`\log \sum_k \operatorname{softmax}(\eta)_k e^{w_k}`, k on the first axis.

        Weights are put in proportion to their largest, once for each distinct column; every row has one of them at 1,
        so that its sum is not smaller than the least share.
        """
        log_weights = self.positions(log_weights)
        if log_weights.ndim != 2 or not self._has_rows(log_weights.shape[1:]):
            raise NotCovered("mixtures of few rows")
        distinct, row = np.unique(log_weights, axis=1, return_inverse=True)
        offset = distinct[0]
        for other in distinct[1:]:
            operands = tuple(self.operand(positions) for positions in (offset, other))
            offset = self._result(Operation.MAXIMUM, offset.shape, operands=operands, has_gradient=False)
        ratio = self._without_rows(lambda: self.elementwise(Operation.SUBTRACT, distinct, offset[None]))
        weights = self._without_rows(lambda: self.elementwise(Operation.EXP, ratio))
        of_rows = [self._row_vector(offset[row.ravel()]), *self._row_vectors(weights[:, row.ravel()])]
        eta = self.rows(logits, -1).vectors[:, 0]
        if of_rows[0].mode is Mode.SCALAR:
            raise NotCovered("one weight for all rows")
        (result,) = self._vector(Operation.LOG_MIXTURE, operands=(of_rows[0],), summands=(*eta, *of_rows[1:]))
        return Rows(objects([result], (1,)), -1)

    def moved(self, array, move):
        """An array whose elements are moved about, the rows as a whole."""
        if not isinstance(array, Rows):
            return move(array)
        size, axis = array.vectors.size, array.ndim + array.axis
        numbered = np.arange(size).reshape(array.vectors.shape)
        # two rows stand for all of them, by which their axis is found again
        try:
            moved = np.asarray(move(np.concatenate([numbered, numbered + size], axis=axis)))
        except (ValueError, IndexError) as error:
            raise NotCovered(f"rows that are moved by their number: {error}") from error
        along = [
            place
            for place in range(moved.ndim)
            if moved.shape[place] == 2 and (np.take(moved, 1, place) - np.take(moved, 0, place) == size).all()
        ]
        if len(along) != 1:
            raise NotCovered("rows that are taken apart")
        kept = np.take(moved, [0], along[0])
        return Rows(array.vectors.ravel()[kept], along[0] - moved.ndim)

    def rows(self, array, axis: int | None = None) -> Rows:
        """An array whose axis of the length of the data, or of length one, runs over the rows."""
        if isinstance(array, Rows):
            return array
        if axis is None:
            axis = max(place for place, size in enumerate(array.shape) if size == self.n_rows) - array.ndim
        if array.ndim < -axis:
            array = array.reshape((1,) * (-axis - array.ndim) + array.shape)
        first = np.moveaxis(array, axis, -1)
        vectors = self._row_vectors(first.reshape(-1, first.shape[-1]))
        return Rows(np.moveaxis(objects(vectors, (*first.shape[:-1], 1)), -1, axis), axis)

    def _row_vectors(self, rows: np.ndarray) -> list[Operand]:
        """Vectors over the rows, in one step where all are read at the same places, equally far apart."""
        if len(rows) > 1 and rows.shape[1] > 1 and not is_known(rows):
            apart = int(rows[1, 0] - rows[0, 0])
            at_same = (rows - rows[0] == apart * np.arange(len(rows))[:, None]).all()
            if at_same and apart > 0 and (rows[0] != rows[0, 0]).any():
                return self._vector(Operation.GATHER, len(rows), places=rows[0], detail=(len(rows), apart))
        return [self._row_vector(row) for row in rows]

    def _row_vector(self, row: np.ndarray) -> Operand:
        """One vector over the rows: the same number for all, known numbers, or numbers of the small part."""
        if len(row) == 1:
            return Operand(int(self.positions(row)[0]), Mode.SCALAR)
        if is_known(row):
            return Operand(self.large_constant(row), Mode.LARGE_CONSTANT)
        if (row == row[0]).all():
            return Operand(int(row[0]), Mode.SCALAR)
        return self._vector(Operation.GATHER, places=row)[0]

    def _once_for_equal_rows(self, arrays, operate, without: tuple[int, ...] = ()):
        """What an operation makes of arrays, taken once for rows that are equal; None where most differ.

        The rows lie on the last axis, which the operation keeps.
        """
        if any(isinstance(array, Rows) or is_known(array) for array in arrays):
            return None
        if any(array.shape[-1] != self.n_rows or array.ndim - 1 in without for array in arrays):
            return None
        of_each = [array.reshape(-1, self.n_rows) for array in arrays]
        distinct, row = np.unique(np.concatenate(of_each), axis=1, return_inverse=True)
        if 2 * distinct.shape[1] > self.n_rows:
            return None
        apart = np.split(distinct, np.cumsum([len(each) for each in of_each])[:-1])
        apart = [each.reshape(*array.shape[:-1], -1) for each, array in zip(apart, arrays, strict=True)]
        return self._without_rows(lambda: operate(*apart))[..., row.ravel()]

    def _without_rows(self, operate):
        """What is done with numbers that are no rows of the data, even where there are as many."""
        n_rows, self.n_rows = self.n_rows, 0
        result = operate()
        self.n_rows = n_rows
        return result

    def _has_rows(self, shape: tuple[int, ...]) -> bool:
        return self.n_rows > 0 and self.n_rows in shape

    def _elementwise_rows(self, operation: Operation, arrays) -> Rows:
        ndim = max(len(_shape(array)) for array in arrays)
        axes = {array.axis for array in arrays if isinstance(array, Rows)}
        axes = axes or {
            max(
                place - len(_shape(array))
                for array in arrays
                for place, size in enumerate(_shape(array))
                if size == self.n_rows
            )
        }
        if len(axes) != 1:
            raise NotCovered("rows along two axes")
        (axis,) = axes
        of_rows = [self.rows(array, axis).vectors for array in arrays]
        of_rows = np.broadcast_arrays(
            *(vectors.reshape((1,) * (ndim - vectors.ndim) + vectors.shape) for vectors in of_rows)
        )
        results, zero = [], Operand(self.known[0.0], Mode.SCALAR)
        for operands in zip(*(vectors.ravel() for vectors in of_rows), strict=True):
            if operation is Operation.ADD and zero in operands:
                results.append(operands[1] if operands[0] == zero else operands[0])
            elif len(operands) == 1 and operands[0].mode is Mode.SCALAR:
                number = np.array([operands[0].position])
                results.append(Operand(int(self.elementwise(operation, number)[0]), Mode.SCALAR))
            else:
                results += self._vector(operation, operands=operands)
        return Rows(objects(results, of_rows[0].shape), axis)

    def _sum_rows(self, array: Rows, axes: tuple[int, ...]):
        row_axis = array.ndim + array.axis
        others = tuple(axis for axis in axes if axis != row_axis)
        if others:
            array = self.reduced(Operation.ADD, array, others)
        if row_axis not in axes:
            return array
        if array.ndim != 1:
            raise NotCovered("sums over rows that are several numbers")
        (vector,) = array.vectors.ravel()
        if vector.mode is Mode.SCALAR:
            return self.elementwise(Operation.MULTIPLY, np.array(vector.position), self.constant(self.n_rows))
        total = Instruction(Operation.SUM, self.n_rows, 1, (vector,), out=self._numbers(np.zeros(1)), is_of_rows=True)
        self.instructions.append(total)
        return np.array(total.out)


def _shape(array) -> tuple[int, ...]:
    return array.vectors.shape if isinstance(array, Rows) else array.shape
