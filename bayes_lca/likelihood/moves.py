"""How likely moves from class to class are, and sums over the class that is left or moved to."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np


class Moves(ABC):
    """Moves of one step; arrays of classes have shape (latent_class, draw, row, ...)."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of the probabilities, (origin, destination, draw, row, ...)."""

    @property
    @abstractmethod
    def written_out(self) -> np.ndarray:
        """The probabilities."""

    @abstractmethod
    def entering(self, leaving: np.ndarray) -> np.ndarray:
        """How likely each class is after the step, from how likely it was before."""

    @abstractmethod
    def ahead(self, after: np.ndarray) -> np.ndarray:
        """How likely what lies ahead is from each class before the step, from how likely it is from those after."""

    @abstractmethod
    def for_persons(self) -> "Moves":
        """The same for several persons with each row, who lie on a last axis."""


@final
@dataclass(frozen=True, eq=False)
class MovesByOrigin(Moves):
    """Probabilities that differ between rows in any way.

    Attributes
    ----------
    probability : ndarray, shape (origin, destination, ...)
    """

    probability: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the probabilities."""
        return self.probability.shape

    @property
    def written_out(self) -> np.ndarray:
        """The probabilities."""
        return self.probability

    def entering(self, leaving: np.ndarray) -> np.ndarray:
        """Sum over the class that is left."""
        return sum(a * p for a, p in zip(leaving, self.probability, strict=True))

    def ahead(self, after: np.ndarray) -> np.ndarray:
        """Sum over the class that is moved to."""
        of_origins = [sum(p * a for p, a in zip(each, after, strict=True)) for each in self.probability]
        return np.stack(np.broadcast_arrays(*of_origins))

    def for_persons(self) -> "MovesByOrigin":
        """Alike for all."""
        return MovesByOrigin(self.probability[..., None])


@final
@dataclass(frozen=True, eq=False)
class MovesAlike(Moves):
    r"""Probabilities where what differs between rows does not depend on the class that is left.

    .. math:: P(d \mid c) = A_{cd} e_d \Big/ \sum_{d'} A_{cd'} e_{d'}

    Sums over classes are products with the matrix A of each draw, and the probabilities themselves are not needed.

    Attributes
    ----------
    at_mean : ndarray, shape (origin, destination, draw)
        A, in proportion to each other.
    moving : ndarray, shape (destination, draw or 1, row or 1, ...)
        e.
    """

    at_mean: np.ndarray
    moving: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the probabilities."""
        return (*self.at_mean.shape, *self.moving.shape[2:])

    @cached_property
    def total(self) -> np.ndarray:
        """What the odds of moving add up to, shape (origin, draw, row, ...)."""
        return _product(self.at_mean, self.moving)

    @cached_property
    def written_out(self) -> np.ndarray:
        """The probabilities."""
        at_mean = self.at_mean.reshape(*self.at_mean.shape, *[1] * (self.moving.ndim - 2))
        return at_mean * self.moving / self.total[:, None]

    def entering(self, leaving: np.ndarray) -> np.ndarray:
        """Sum over the class that is left."""
        return _product(self.at_mean.swapaxes(0, 1), leaving / self.total) * self.moving

    def ahead(self, after: np.ndarray) -> np.ndarray:
        """Sum over the class that is moved to."""
        return _product(self.at_mean, self.moving * after) / self.total

    def for_persons(self) -> "MovesAlike":
        """Alike for all."""
        return replace(self, moving=self.moving[..., None])


def _product(matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Products of the matrix (k, m, draw) of each draw with values (m, draw or 1, ...)."""
    of_draws = np.ascontiguousarray(matrix.transpose(2, 0, 1)) @ values.reshape(*values.shape[:2], -1).swapaxes(0, 1)
    return of_draws.swapaxes(0, 1).reshape(len(matrix), len(of_draws), *values.shape[2:])
