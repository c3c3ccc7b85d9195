"""A path through the classes from wave to wave, which nobody saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca.density.paths import SumOverPaths
from bayes_lca.dims import ANSWERS, COUNT, ITEM, PATTERN, WAVE
from bayes_lca.hidden.interface import Hidden
from bayes_lca.hidden.one_class import draw_class


@final
@dataclass(frozen=True)
class Path(Hidden):
    r"""Answers given a class at each wave, the path from class to class summed out.

    .. math::
        \log p(y) = \log \sum_{z_1, \dots, z_T} P(z_1) \prod_{t=2}^T P(z_t \mid z_{t-1}) \prod_{t=1}^T p(y_t \mid z_t)

    Persons whose answers share more than the class have it at all waves: the path is summed out given the person, then
    the person.

    Attributes
    ----------
    at_mean : list of TensorVariable, shape (origin, destination)
        Transition logits of each step up to a constant of each origin, the same for all rows.
    moving : list of TensorVariable, shape (pattern, origin or 1, destination)
        What is added to them by row; none where all rows move alike.
    """

    at_mean: list
    moving: list

    def observe(self, class_logits, answers, count: np.ndarray):
        """Observe the answers of every distinct sequence, counted; see `Hidden.observe`.

        Parameters
        ----------
        class_logits : TensorVariable, shape (pattern, latent_class) or (latent_class,)
            Of the first wave, up to a constant.
        answers : AnswersOfWaves
        count : ndarray of int, shape (pattern,)

        Returns
        -------
        TensorVariable, shape (pattern, wave, item)
        """
        counts = pm.Data(COUNT, count, dims=PATTERN)

        n_steps = len(self.at_mean)
        n_logits = n_steps + len(self.moving)

        def logp(value, eta, _, *rest):
            *rest, count = rest
            tau, h, parameters = rest[:n_steps], rest[n_steps:n_logits], rest[n_logits:]
            log_answers = answers.log_density(value, *parameters)  # (latent_class, person, pattern) of each wave
            eta = pt.atleast_2d(eta).T[:, None]  # (latent_class, 1, pattern)
            tau = [each.reshape(each.shape[-2:])[:, :, None, None] for each in tau]  # (origin, destination, 1, 1)
            h = [each.dimshuffle(1, 2, "x", 0) for each in h]  # (origin, destination, 1, pattern)
            rows = SumOverPaths.of(sum_out_path, eta, tau, h, log_answers, answers.person_weight)
            return pt.cast(count, "float64") * rows

        def draw_rows(class_logits, _, *rest, rng=None, size=None) -> np.ndarray:
            *rest, count = rest
            shape = np.shape(count) if size is None else tuple(size)
            moving = rest[n_steps:n_logits] or [0.0] * n_steps
            tau = [at_mean + each for at_mean, each in zip(rest[:n_steps], moving, strict=True)]
            return answers.draw(draw_path(class_logits, tau, shape, rng), *rest[n_logits:], rng=rng)

        return pm.CustomDist(
            ANSWERS,
            class_logits,
            np.arange(n_steps + 1),  # from which the axis of waves has its length
            *self.at_mean,
            *self.moving,
            *answers.parameters,
            counts,
            logp=logp,
            random=draw_rows,
            signature=",".join(
                ["(c),(w)", *["(c,d)"] * n_steps, *["(o,d)"] * len(self.moving), *answers.signature, "()->(w,j)"]
            ),
            dtype=answers.observed.dtype,
            observed=answers.observed,
            dims=(PATTERN, WAVE, ITEM),
        )


def sum_out_path(class_logits, at_mean: Sequence, moving: Sequence, log_answers: Sequence, person_weight: np.ndarray):
    r"""Log-likelihood of answers at all waves when nobody knows the path, by the forward recursion.

    .. math::
        \alpha_1(c) = P(z_1 = c)\, p(y_1 \mid c), \qquad
        \alpha_t(d) = p(y_t \mid d) \sum_c \alpha_{t-1}(c)\, P(z_t = d \mid z_{t-1} = c), \qquad
        p(y) = \sum_d \alpha_T(d)

    It runs on logarithms. With :math:`P(d \mid c) = \exp(\tau_{cd} + h_d) / Z_c` sums over origins are of
    :math:`\alpha_{t-1}(c) / Z_c` and :math:`\exp \tau_{cd}`, and :math:`h_d` is put in afterwards.

    Parameters
    ----------
    class_logits : TensorVariable, shape (latent_class, 1, row or 1)
        Of the first wave, up to a constant.
    at_mean : sequence of TensorVariable, shape (origin, destination, 1, 1)
        Transition logits of each step, :math:`\tau`.
    moving : sequence of TensorVariable, shape (origin or 1, destination, 1, row), or None
        What is added to them, h.
    log_answers : sequence of TensorVariable, shape (latent_class, person, row)
        Of each wave; 0 where it is missing.
    person_weight : ndarray, shape (person,)

    Returns
    -------
    TensorVariable, shape (row,)
    """
    log_alpha = class_logits + log_answers[0]  # (latent_class, person, row)
    for tau, h, here in zip(at_mean, moving, log_answers[1:], strict=True):
        log_alpha = log_alpha - pt.logsumexp(tau if h is None else tau + h, axis=1)  # (origin, person, row)
        if h is None:
            log_alpha = pt.logsumexp(log_alpha[:, None] + tau, axis=0)
        elif h.type.shape[0] == 1:
            log_alpha = pt.logsumexp(log_alpha[:, None] + tau, axis=0) + h[0]
        else:
            log_alpha = pt.logsumexp(log_alpha[:, None] + (tau + h), axis=0)
        log_alpha = log_alpha + here  # (destination, person, row)
    of_persons = log_alpha + np.log(person_weight)[:, None]
    return pt.logsumexp(of_persons, axis=(0, 1)) - pt.logsumexp(class_logits, axis=0)[0]


def draw_path(
    class_logits: np.ndarray,
    transition_logits: Sequence[np.ndarray],
    shape: tuple[int, ...],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw a class at each wave, from logits of shapes (..., latent_class) and, by step, (..., origin, destination).

    Returns
    -------
    ndarray of int, shape (*shape, wave)
    """
    path = [draw_class(class_logits, shape, rng)]
    for tau in transition_logits:
        tau = np.broadcast_to(tau, (*shape, *np.shape(tau)[-2:]))
        leaving = np.take_along_axis(tau, path[-1][..., None, None], axis=-2)[..., 0, :]
        path.append(draw_class(leaving, shape, rng))
    return np.stack(path, axis=-1)
