"""Sums of all that a latent transition model estimates, side by side for many starts; see `baum_welch`."""

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from bayes_lca.likelihood.families import Family, Parameters
from bayes_lca.likelihood.matrix_product import matrix_product
from bayes_lca.likelihood.path_recursion import PathExpectation, expect_paths

SMALLEST_PROBABILITY = 1e-12
"""Of a class or a move, so that every path remains possible."""

MISSING_WAVE = -1


class PathSums:
    """People at the first wave, people who make each move, and features of the members, shape (start, sum)."""

    def __init__(
        self,
        families: tuple[Family, ...],
        rows: np.ndarray,
        counts: np.ndarray,
        n_classes: int,
        steps: int,
        places: np.ndarray | None = None,
    ):
        self.families, self.counts, self.n_classes, self.n_steps = families, counts, n_classes, steps
        self.places = places
        self.features = np.concatenate([family.features for family in families], axis=1)  # (row, feature)
        self.transposed = np.ascontiguousarray(self.features.T)
        self.ends = np.cumsum([family.features.shape[1] for family in families])[:-1]
        by_wave = rows.T
        self.rows = np.where(by_wave == MISSING_WAVE, len(self.features), by_wave)  # (wave, sequence)
        there = np.flatnonzero(by_wave.ravel() != MISSING_WAVE)
        weight = np.tile(counts, len(by_wave))[there]
        shape = (len(self.features), rows.size)
        self.gathered = csr_array((weight, (by_wave.ravel()[there], there)), shape=shape)  # (row, wave and sequence)
        of_rows = sum(family.constant for family in families)
        self.constant = float(self.gathered.sum(axis=1) @ of_rows)
        always = np.ones(n_classes * (1 + steps * n_classes), dtype=bool)
        self.non_negative = np.concatenate([always, np.tile((self.features >= 0).all(axis=0), n_classes)])

    @property
    def n_parameters(self) -> int:
        """Free ones."""
        of_paths = (self.n_classes - 1) * (1 + self.n_steps * self.n_classes)
        return of_paths + sum(family.n_parameters(self.n_classes) for family in self.families)

    def random_sums(self, n_starts: int, rng: np.random.Generator) -> np.ndarray:
        """Rows half in the class of the nearest of some rows drawn at random, half in classes by chance."""
        places = self.places
        if places is None:
            places = np.concatenate([family.places for family in self.families], axis=1)
        share = self.gathered.sum(axis=1)
        few = np.count_nonzero(share) < self.n_classes
        weight = None if few else share / share.sum()
        chosen = [rng.choice(len(share), self.n_classes, replace=False, p=weight) for _ in range(n_starts)]
        seeds = places[np.array(chosen)]  # (start, latent_class, place)
        distance = (seeds**2).sum(axis=-1)[..., None] - 2 * np.einsum("skq,nq->skn", seeds, places)
        nearest = (distance == distance.min(axis=1, keepdims=True)).astype(float)
        by_chance = rng.dirichlet(np.ones(self.n_classes), size=(n_starts, len(share))).swapaxes(1, 2)
        of_rows = (nearest / nearest.sum(axis=1, keepdims=True) + by_chance) / 2
        membership = self._at_waves(of_rows, 1 / self.n_classes)
        moves = [(now * self.counts) @ later.swapaxes(1, 2) for now, later in pairwise(membership)]
        return self._sums(membership, np.stack(moves, axis=1))

    def step(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums after one step of all starts, and how high they stood before it."""
        paths, log_likelihood, log_prior = self.expectation(sums)
        return self._sums(paths.membership, paths.moves), log_likelihood + log_prior

    def expectation(self, sums: np.ndarray) -> tuple[PathExpectation, np.ndarray, np.ndarray]:
        """Paths expected at the estimates from these sums, their log-likelihood and log prior (start,)."""
        initial, transition, parameters = self.estimate(sums)
        parts = [family.coefficients(of) for family, of in zip(self.families, parameters, strict=True)]
        coefficients = np.concatenate(parts, axis=-1)
        joint = matrix_product(coefficients.reshape(-1, coefficients.shape[-1]), self.transposed)
        joint = joint.reshape(len(sums), self.n_classes, -1)
        largest = joint.max(axis=1, keepdims=True)
        density = self._at_waves(np.exp(joint - largest), 1.0)
        paths = expect_paths(initial, transition, density, self.counts)
        divided_out = largest[:, 0] @ self.gathered.sum(axis=1) + self.constant
        log_prior = sum(family.log_prior(of) for family, of in zip(self.families, parameters, strict=True))
        return paths, paths.log_density @ self.counts + divided_out, log_prior

    def path_entropy(self, sums: np.ndarray) -> np.ndarray:
        r"""Entropy of everybody's path given all answers at the estimates from these sums, shape (start,).

        .. math:: \sum_i H(z_i \mid y_i) = \log p(y) - E \bigl(\log p(y, z) \mid y\bigr)
        """
        paths, log_likelihood, _ = self.expectation(sums)
        initial, transition, parameters = self.estimate(sums)
        parts = [family.coefficients(of) for family, of in zip(self.families, parameters, strict=True)]
        coefficients = np.concatenate(parts, axis=-1)
        of_paths = [np.log(each).reshape(len(sums), -1) for each in (initial, transition)]
        log_joint = np.concatenate([*of_paths, coefficients.reshape(len(sums), -1)], axis=1)
        expected = self._sums(paths.membership, paths.moves)
        return log_likelihood - (expected * log_joint).sum(axis=1) - self.constant

    def estimate(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[Parameters, ...]]:
        """Shares at the first wave, transitions, and parameters of all families."""
        k, n_starts = self.n_classes, len(sums)
        people, moves, features = np.split(sums, [k, k + self.n_steps * k * k], axis=1)
        by_family = np.split(features.reshape(n_starts, k, -1), self.ends, axis=-1)
        parameters = tuple(family.estimate(part) for family, part in zip(self.families, by_family, strict=True))
        return _shares(people), _shares(moves.reshape(n_starts, self.n_steps, k, k)), parameters

    def degenerate_items(self, sums: np.ndarray) -> list[np.ndarray]:
        """In which items of each family the likelihood grows without a bound there, shape (start, item)."""
        parameters = self.estimate(sums)[2]
        return [family.degenerate_items(of) for family, of in zip(self.families, parameters, strict=True)]

    def _at_waves(self, of_rows: np.ndarray, missing: float) -> np.ndarray:
        """Of the rows at each wave, shape (wave, start, latent_class, sequence)."""
        with_missing = np.concatenate([of_rows, np.full((*of_rows.shape[:2], 1), missing)], axis=-1)
        return np.stack([with_missing.take(at_wave, axis=-1) for at_wave in self.rows])

    def _sums(self, membership: np.ndarray, moves: np.ndarray) -> np.ndarray:
        n_starts, k = membership.shape[1:3]
        people = membership[0] @ self.counts
        moves = moves if self.n_steps > 1 else moves.sum(axis=1)
        of_sequences = np.ascontiguousarray(membership.transpose(0, 3, 1, 2)).reshape(-1, n_starts * k)
        of_rows = (self.gathered @ of_sequences).T  # (start and latent_class, row)
        features = matrix_product(np.ascontiguousarray(of_rows), self.features)
        return np.concatenate([people, moves.reshape(n_starts, -1), features.reshape(n_starts, -1)], axis=1)


def _shares(sums: np.ndarray) -> np.ndarray:
    positive = np.maximum(sums, SMALLEST_PROBABILITY * sums.sum(axis=-1, keepdims=True) + np.finfo(float).tiny)
    return positive / positive.sum(axis=-1, keepdims=True)
