"""How probable the answers of a whole group are when its effect is unknown."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax

from bayes_lca.dims import OTHER_CLASS, group_correlation, group_effect, group_sd
from bayes_lca.fitted.random_effects import varying_terms

NEWTON_STEPS = 20
LONGEST_STEP = 2.0
POINTS = 32
FROM_PRIOR = 4
WIDER = 1.2


@dataclass(frozen=True)
class GroupRows:
    """Rows of one group, equal ones counted, in some draws.

    Attributes
    ----------
    logits : ndarray, shape (draw, row, latent_class)
        Class logits without the unknown effects.
    log_evidence : ndarray, shape (draw or 1, row, latent_class)
        Log probability of what was seen of each row in each class; 0 and minus infinity where the class is seen.
    count : ndarray, shape (row,)
    cell : ndarray of int, shape (row,)
        Rows of one cell share all unknown effects.
    directions : ndarray, shape (draw, cell, latent_class, effect)
        What independent standard normals add to the logits of each cell.
    """

    logits: np.ndarray
    log_evidence: np.ndarray
    count: np.ndarray
    cell: np.ndarray
    directions: np.ndarray

    def log_likelihood(self, z: np.ndarray) -> np.ndarray:
        """Log-likelihood given standard normals (draw, effect), shape (draw,)."""
        _, log_joint = self._log_probabilities(z)
        return logsumexp(log_joint, axis=-1) @ self.count

    def derivatives(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient (draw, effect) and observed information (draw, effect, effect) of the log-likelihood.

        The information is that of classes that were seen, less what the answers leave open of them.
        """
        log_class, log_joint = self._log_probabilities(z)
        probability, membership = np.exp(log_class), softmax(log_joint, axis=-1)
        gradient, information = np.zeros_like(z), np.zeros((*z.shape, z.shape[1]))
        for cell in range(self.directions.shape[1]):
            rows, along = self.cell == cell, self.directions[:, cell]  # (draw, latent_class, effect)
            count, p, m = self.count[rows], probability[:, rows], membership[:, rows]
            gradient += _apply(along.mT, ((m - p) * count[:, None]).sum(axis=1))
            information += along.mT @ (_covariance(p, count) - _covariance(m, count)) @ along
        return gradient, information

    def _log_probabilities(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the classes, and of class and evidence together, each of shape (draw, row, latent_class)."""
        effect = _apply(self.directions, z[:, None])  # (draw, cell, latent_class)
        log_class = log_softmax(self.logits + effect[:, self.cell], axis=-1)
        return log_class, log_class + self.log_evidence


def new_group_log_likelihood(fit, grouping: str, group: int, which: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    r"""Log probability of all that was seen of a group, its random intercepts integrated out.

    .. math:: \log p(y_g \mid \theta_s) = \log \int \prod_{i \in g} p(y_i \mid \theta_s, u)\,
              N(u \mid 0, \Sigma_s)\, du

    by importance sampling, in every draw s, from a normal around the mode of the integrand and, for its tails, from
    the distribution of new groups. Groups of another grouping that occur in this group alone, as those nested in it
    do, are as new as it is, and u holds their intercepts too.

    Parameters
    ----------
    fit : Fit
        Of a model with ``(1 | group)``, whose other parameters are to be used.
    grouping : str
    group : int
        Position of the group.
    which : ndarray of int, shape (draw,)
        Draws, chains after each other.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (draw,)

    Raises
    ------
    ValueError
        If slopes vary by the grouping, or by one whose groups occur in this group alone.
    """
    rows = _rows(fit, grouping, group, which)
    mode, root = _laplace(rows)
    root = WIDER * root
    inverse, log_det = np.linalg.inv(root), np.linalg.slogdet(root)[1]
    log_ratio = np.empty((POINTS, len(which)))
    for point in range(POINTS):
        e = rng.normal(size=mode.shape)
        z = e if point < FROM_PRIOR else mode + _apply(root, e)
        log_prior, about_mode = _log_normal(z), _log_normal(_apply(inverse, z - mode)) - log_det
        proposal = np.logaddexp(np.log(1 - FROM_PRIOR / POINTS) + about_mode, np.log(FROM_PRIOR / POINTS) + log_prior)
        log_ratio[point] = rows.log_likelihood(z) + log_prior - proposal
    return logsumexp(log_ratio, axis=0) - np.log(POINTS)


def new_levels(index: Mapping[str, np.ndarray], inside: np.ndarray) -> list[tuple[str, int]]:
    """Groups that nobody outside some rows belongs to, as grouping and position.

    Parameters
    ----------
    index : mapping of str to ndarray of int, shape (row,)
        Group of every row, by grouping.
    inside : ndarray of bool, shape (row,)
    """
    return [(name, level) for name, of in index.items() for level in np.setdiff1d(of[inside], of[~inside])]


def _rows(fit, grouping: str, group: int, which: np.ndarray) -> GroupRows:
    index = fit.group_of_pattern
    in_group = index[grouping] == group
    new, rows = new_levels(index, in_group), np.flatnonzero(in_group)
    for name, _ in new:
        if len(varying_terms(fit, name)):
            raise ValueError(f"slopes vary by {name!r}; only random intercepts can be integrated out")
    member = np.column_stack([index[name][rows] == level for name, level in new])  # (row, new level)
    cells, cell = np.unique(member, axis=0, return_inverse=True)
    along = [_contrasts_of_new_groups(fit, name, which)[:, None] for name, _ in new]
    directions = [of_level * of_cells[:, None, None] for of_level, of_cells in zip(along, cells.T, strict=True)]

    logits = fit.log_class(rows, which)
    for (name, level), of_rows in zip(new, member.T, strict=True):
        effect = fit.flat(fit.posterior[group_effect(name)], name, fit.class_axis)[which][:, level]
        logits = logits - effect[:, None] * of_rows[:, None]
    evidence = fit.log_evidence(rows, which)
    return GroupRows(logits, evidence, fit.count[rows], cell.reshape(-1), np.concatenate(directions, axis=-1))


def _contrasts_of_new_groups(fit, grouping: str, which: np.ndarray) -> np.ndarray:
    """What makes a new group's intercepts of standard normals, shape (draw, latent_class, contrast)."""
    axis = fit.class_axis
    sd = fit.flat(fit.posterior[group_sd(grouping)], axis)[which]
    n_classes = sd.shape[1]
    correlation = np.eye(n_classes)[None]
    if group_correlation(grouping) in fit.posterior:
        correlation = fit.flat(fit.posterior[group_correlation(grouping)], axis, OTHER_CLASS)[which]
    basis = np.linalg.svd(np.ones((1, n_classes)))[2][1:].T  # (latent_class, contrast)
    return basis @ np.linalg.cholesky(basis.T @ (sd[:, :, None] * correlation * sd[:, None]) @ basis)


def _laplace(rows: GroupRows) -> tuple[np.ndarray, np.ndarray]:
    """Mode of the integrand (draw, effect) and a root of its covariance there, by Newton steps that climb."""

    def at(z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        gradient, information = rows.derivatives(z)
        root = _standard_deviation(information)
        return rows.log_likelihood(z) + _log_normal(z), _apply(root @ root.mT, gradient - z), root

    z = np.zeros(rows.directions.shape[::3])
    height, step, root = at(z)
    longest = np.full(len(z), LONGEST_STEP)
    for _ in range(NEWTON_STEPS):
        length = np.linalg.norm(step, axis=1)
        shortened = np.minimum(1.0, longest / np.maximum(length, 1e-12))
        tried = z + step * shortened[:, None]
        there = at(tried)
        climbs = there[0] >= height
        z, height = np.where(climbs[:, None], tried, z), np.where(climbs, there[0], height)
        step, root = np.where(climbs[:, None], there[1], step), np.where(climbs[:, None, None], there[2], root)
        longest = np.where(climbs, longest, length * shortened / 4)
    return z, root


def _standard_deviation(information: np.ndarray) -> np.ndarray:
    """Root of the covariance of standard normals known up to some information, where negative none at all."""
    values, vectors = np.linalg.eigh(information)
    return vectors / np.sqrt(1.0 + np.maximum(values, 0.0))[:, None]


def _covariance(probability: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Of the classes of rows with some probabilities (draw, row, latent_class), over all of them."""
    weighted = probability * count[:, None]
    return weighted.sum(axis=1)[:, None] * np.eye(weighted.shape[-1]) - weighted.mT @ probability


def _log_normal(z: np.ndarray) -> np.ndarray:
    """Log density of independent standard normals (draw, effect)."""
    return -0.5 * (z**2 + np.log(2 * np.pi)).sum(axis=-1)


def _apply(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Matrices to vectors, both with the same leading axes."""
    return (matrices @ vectors[..., None])[..., 0]
