"""Class shares and who is assigned where, as every output of latent classes prints them."""

from collections.abc import Iterator, Sequence

import numpy as np

from equivalence.repositories.figure import Figure
from equivalence.repositories.mplus_output import MplusOutput


def of_assignment(
    output: MplusOutput,
    names: Sequence[str],
    share: np.ndarray,
    assigned: np.ndarray,
    average_posterior: np.ndarray,
    error_matrix: np.ndarray,
) -> Iterator[Figure]:
    """Shares, counts and matrices of ours in their order; what follows from the others, of the last class, is left out.

    Parameters
    ----------
    output : MplusOutput
    names : sequence of str
        Of our classes in their order.
    share, assigned : ndarray, shape (latent_class,)
    average_posterior : ndarray, shape (class assigned to, latent_class)
    error_matrix : ndarray, shape (latent_class, class assigned to)
    """
    n_classes = len(names)
    for k, (_, text) in enumerate(output.class_counts.get("model", [])[:-1]):
        yield Figure("class share", names[k], text, float(share[k]))
    for k, (text, _) in enumerate(output.class_counts.get("modal", [])[:-1]):
        yield Figure("assigned", names[k], text, float(assigned[k]))
    for kind, matrix, ours in (
        ("average posterior probability", output.average_posterior, average_posterior),
        ("classification error", output.error_matrix, error_matrix),
    ):
        if len(matrix) == n_classes and all(len(row) == n_classes for row in matrix):
            for k, d in np.ndindex(n_classes, n_classes - 1):
                yield Figure(kind, f"{names[k]}, {names[d]}", matrix[k][d], float(ours[k, d]))
