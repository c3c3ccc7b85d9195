r"""Draws of a pseudo-posterior, corrected for how respondents were sampled.

In free coordinates :math:`\theta` on the whole line, with the curvature :math:`H` of the log pseudo-posterior at the
mean of the draws and the covariance :math:`J` of its gradient over samples,

.. math::
    \tilde\theta = \bar\theta + (\theta - \bar\theta) R_2^{-1} R_1, \qquad
    R_1^\top R_1 = H^{-1} J H^{-1}, \quad R_2^\top R_2 = H^{-1}

so that draws vary as estimates would between samples [1]_. Roots are chosen such that draws move as little as they can:
not at all where :math:`J = H`. No sampling touches the prior. Its curvature :math:`P` is part of J as it is of H, so
that draws keep the width of the prior where the respondents say nothing:
:math:`J = P + \sum_h (1 - f_h) \frac{n_h}{n_h - 1} \sum_u (t_{hu} - \bar t_h)(t_{hu} - \bar t_h)^\top`.

Draws are corrected about the mean of those that have their labels: draws that needed other labels, or stayed in another
mode, lie elsewhere in these coordinates.

.. [1] Williams, M. R. & Savitsky, T. D. (2021). Uncertainty estimation for pseudo-Bayesian inference under complex
   sampling. International Statistical Review 89(1), 72-107. doi 10.1111/insr.12376
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_lca.density.compiled import Density
from bayes_lca.density.laplace import STEP
from bayes_lca.density.program import Program
from bayes_lca.dims import COUNT
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.one_fit import with_identity
from bayes_lca.fitted.record import TOTAL_LOG_LIKELIHOOD
from bayes_lca.fitted.survey_record import DIRECTIONS_HELD, DIRECTIONS_LEFT, SURVEY, UNCORRECTED
from bayes_lca.fitted.views import with_views
from bayes_lca.likelihood.design_information import design_information
from bayes_lca.likelihood.row_sums import sum_products
from bayes_lca.likelihood.sandwich import FEWEST_ANSWERS, LEAST_CURVATURE, Information, answers_behind
from bayes_lca.posterior.labels.modes import UNCONSTRAINED
from bayes_lca.posterior.labels.relabel import permute, rename_classes, with_class_share
from bayes_lca.prepared import Prepared
from bayes_lca.sampling.tree import assemble

MOST_COORDINATES = 3000
"""Free parameters up to which draws are corrected: curvatures are matrices of as many rows."""
COORDINATES_AT_ONCE = 50
"""Coordinates along which the log-likelihoods of all rows are held at a time."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A model in its free coordinates: densities, and the variables that they stand for."""

    prepared: Prepared
    density: Density
    posterior: Program
    shapes: tuple[tuple[int, ...], ...]
    prior: Program

    @classmethod
    def of(cls, prepared: Prepared) -> "Coordinates":
        """Of a model whose rows are weighted."""
        density = Density(prepared.model, [COUNT])
        weight = prepared.model[COUNT].get_value()
        posterior, shapes = density.program({COUNT: weight})
        prior, _ = density.program({COUNT: np.zeros_like(weight)})
        return cls(prepared, density, posterior, tuple(shapes), prior)

    def variables(self, draws: np.ndarray) -> xr.DataTree:
        """A fit with draws, shape (chain, draw, coordinate), labels as the sampler has them."""
        n_chains, n_draws, _ = draws.shape
        flat = np.stack([self.posterior.expand(x) for x in draws.reshape(n_chains * n_draws, -1)])
        model, places = self.density.frozen, np.cumsum([0, *(int(np.prod(shape)) for shape in self.shapes)])
        expanded = {}
        for variable, shape, start, stop in zip(
            self.density.variables, self.shapes, places[:-1], places[1:], strict=True
        ):
            dims = model.named_vars_to_dims.get(variable.name) or [
                f"{variable.name}_{axis}" for axis in range(len(shape))
            ]
            expanded[variable.name] = (("chain", "draw", *dims), flat[:, start:stop].reshape(n_chains, n_draws, *shape))
        coords = {"chain": range(n_chains), "draw": range(n_draws)}
        used = {dim for dims, _ in expanded.values() for dim in dims} & set(model.coords)
        named = {dim: list(names) for dim, names in model.coords.items() if dim in used and names is not None}
        posterior = xr.Dataset(expanded, coords | named)
        return assemble(
            self.prepared, xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": xr.Dataset(coords=coords)})
        )

    def scores(self, at: np.ndarray) -> np.ndarray:
        """Derivatives of the log-likelihood of one respondent with each distinct row, shape (pattern, coordinate)."""
        columns = []
        for start in range(0, len(at), COORDINATES_AT_ONCE):
            steps = STEP * np.eye(len(at))[start : start + COORDINATES_AT_ONCE]
            fit = Fit.reading(self.variables(np.concatenate([at + steps, at - steps])[None]))
            above, below = np.split(fit.log_likelihood_in(np.arange(fit.n_draws)), 2)
            columns.append((above - below).T / (2 * STEP))
        return np.concatenate(columns, axis=1)

    def information(self, at: np.ndarray, fit: Fit) -> Information:
        """What is known at a point, of the respondents of a fit."""
        score, total = self.scores(at), curvature(self.posterior, at)
        derivative = self.derivatives(at)
        influence = score @ np.linalg.pinv(total, rcond=LEAST_CURVATURE, hermitian=True) @ derivative.T
        answers = answers_behind(influence, fit.pattern_of_respondent, fit.sample.weight)
        return Information(
            total=total,
            prior=curvature(self.prior, at),
            between=design_information(score, fit.pattern_of_respondent, fit.sample),
            of_scores=sum_products(score, score, fit.weight),
            hardly_answered=derivative[answers < FEWEST_ANSWERS],
        )

    def derivatives(self, at: np.ndarray) -> np.ndarray:
        """Of the parameters in the user's units, shape (parameter, coordinate)."""
        steps = STEP * np.eye(len(at))
        columns = [self.posterior.expand(at + step) - self.posterior.expand(at - step) for step in steps]
        return np.array(columns).T / (2 * STEP)


def curvature(program: Program, at: np.ndarray) -> np.ndarray:
    """Negative Hessian of a log density, shape (coordinate, coordinate)."""
    rows = [
        (program.log_density(at - step)[1] - program.log_density(at + step)[1]) / (2 * STEP)
        for step in STEP * np.eye(len(at))
    ]
    return 0.5 * (np.array(rows) + np.array(rows).T)


def correct_draws(prepared: Prepared, completed: Fit, sampled: xr.DataTree) -> xr.DataTree:
    """A fit of a pseudo-posterior with its draws corrected; those before are kept in a group of their own.

    Parameters
    ----------
    prepared : Prepared
    completed : Fit
        Draws with aligned labels.
    sampled : xarray.DataTree
        The same with the labels, and the free coordinates, of the sampler.
    """
    coordinates, before = Coordinates.of(prepared), Fit.reading(sampled)
    draws = sampled["sample_stats"][UNCONSTRAINED].to_numpy()  # (chain, draw, coordinate)
    order = _orders(before, completed)  # (draw, latent_class)
    mode = np.repeat(completed.mode_of_chain, completed.draws_per_chain)
    flat = draws.reshape(len(order), -1)
    corrected, left, held = flat.copy(), [], []
    _, alike = np.unique(np.column_stack([mode, order]), axis=0, return_inverse=True)
    for which in range(alike.max() + 1):
        (inside,) = np.nonzero(alike.reshape(-1) == which)
        mean = flat[inside].mean(axis=0)
        matrix, n_left, n_held = coordinates.information(mean, completed).correction()
        corrected[inside] = mean + (flat[inside] - mean) @ matrix
        left.append(n_left)
        held.append(n_held)
    expanded = Fit.reading(coordinates.variables(corrected.reshape(draws.shape)))
    posterior = expanded.posterior
    if not completed.class_is_observed:
        posterior = rename_classes(permute(with_class_share(expanded), order), completed.classes)
    tree = completed.tree.copy()
    tree["posterior"] = xr.DataTree(posterior.assign_attrs(completed.posterior.attrs))
    tree[UNCORRECTED] = xr.DataTree(completed.tree["posterior"].to_dataset())
    fit = Fit.reading(tree)
    total = (("chain", "draw"), fit.by_chain(fit.all_draws.log_likelihood))
    tree["sample_stats"] = xr.DataTree(completed.sample_stats.assign({TOTAL_LOG_LIKELIHOOD: total}))
    tree.attrs |= fit.answers.attributes_of_draws(fit) | {DIRECTIONS_LEFT: max(left), DIRECTIONS_HELD: max(held)}
    return with_views(with_identity(tree))


def check_correctable(prepared: Prepared, road) -> None:
    """Refuse a survey design where draws could not be corrected, before sampling starts.

    Raises
    ------
    ValueError
        If the model has too many parameters, or is not sampled by a program.
    """
    if SURVEY not in prepared.groups:
        return
    n = prepared.attributes["n_respondents"]
    if road.n_coordinates > MOST_COORDINATES:
        raise ValueError(
            f"the model has {road.n_coordinates} free parameters, and draws of {n} respondents are corrected for a "
            f"survey design with up to {MOST_COORDINATES}; leave out random effects of the many groups, or design"
        )
    if road.backend != "program":
        raise ValueError(
            f"draws of {n} respondents are sampled through {road.backend}, and corrected for a survey design where a "
            'program of the model computes its density; fit with backend="program", or leave out design'
        )


def _orders(before: Fit, after: Fit) -> np.ndarray:
    """Class of the sampler that each class of a fit was in every draw, shape (draw, latent_class)."""
    if after.class_is_observed:
        return np.tile(np.arange(len(after.classes)), (after.n_draws, 1))
    unlabelled, labelled = (_told_apart_by(fit) for fit in (before, after))
    return np.stack(
        [np.abs(unlabelled - labelled[:, [place]]).sum(axis=-1).argmin(axis=1) for place in range(labelled.shape[1])],
        axis=1,
    )


def _told_apart_by(fit: Fit) -> np.ndarray:
    """Numbers of every class in every draw that differ between classes, shape (draw, latent_class, number)."""
    profiles = fit.answers.profiles(fit)
    share = fit.class_share.reshape(fit.n_draws, -1, 1)
    return np.concatenate([share, np.nan_to_num(profiles.reshape(*share.shape[:2], -1))], axis=-1)
