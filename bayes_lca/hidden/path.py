"""A path through the classes from wave to wave, which nobody saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

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
    transition_logits : TensorVariable, shape (pattern or 1, step, origin, destination)
        Up to a constant of each origin.
    """

    transition_logits: object

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

        n_waves = len(pm.modelcontext(None).coords[WAVE])

        def logp(value, eta, tau, _, *rest):
            *parameters, count = rest
            log_answers = answers.log_density(value, *parameters)  # (latent_class, person, pattern) of each wave
            steps = [tau[:, step].dimshuffle(1, 2, "x", 0) for step in range(len(log_answers) - 1)]
            eta = pt.atleast_2d(eta).T[:, None]  # (latent_class, 1, pattern)
            return pt.cast(count, "float64") * sum_out_path(eta, steps, log_answers, answers.person_weight)

        def draw_rows(class_logits, transition_logits, _, *rest, rng=None, size=None) -> np.ndarray:
            *parameters, count = rest
            shape = np.shape(count) if size is None else tuple(size)
            return answers.draw(draw_path(class_logits, transition_logits, shape, rng), *parameters, rng=rng)

        return pm.CustomDist(
            ANSWERS,
            class_logits,
            self.transition_logits,
            np.arange(n_waves),  # from which the axis of waves has its length
            *answers.parameters,
            counts,
            logp=logp,
            random=draw_rows,
            signature=f"(c),(s,c,d),(w),{','.join(answers.signature)},()->(w,j)",
            dtype=answers.observed.dtype,
            observed=answers.observed,
            dims=(PATTERN, WAVE, ITEM),
        )


def sum_out_path(class_logits, transition_logits: Sequence, log_answers: Sequence, person_weight: np.ndarray):
    r"""Log-likelihood of answers at all waves when nobody knows the path, by the forward recursion.

    .. math::
        \alpha_1(c) = P(z_1 = c)\, p(y_1 \mid c), \qquad
        \alpha_t(d) = p(y_t \mid d) \sum_c \alpha_{t-1}(c)\, P(z_t = d \mid z_{t-1} = c), \qquad
        p(y) = \sum_d \alpha_T(d)

    Parameters
    ----------
    class_logits : TensorVariable, shape (latent_class, 1, row or 1)
        Of the first wave, up to a constant.
    transition_logits : sequence of TensorVariable, shape (origin, destination, 1, row or 1)
        Of each step, up to a constant of each origin.
    log_answers : sequence of TensorVariable, shape (latent_class, person, row)
        Of each wave; 0 where it is missing.
    person_weight : ndarray, shape (person,)

    Returns
    -------
    TensorVariable, shape (row,)
    """
    log_alpha = class_logits + log_answers[0]  # (latent_class, person, row)
    for tau, here in zip(transition_logits, log_answers[1:], strict=True):
        leaving = log_alpha - pt.logsumexp(tau, axis=1)  # (origin, person, row)
        log_alpha = pt.logsumexp(leaving[:, None] + tau, axis=0) + here  # (destination, person, row)
    of_persons = log_alpha + np.log(person_weight)[:, None]
    return pt.logsumexp(of_persons, axis=(0, 1)) - pt.logsumexp(class_logits, axis=0)[0]


def draw_path(
    class_logits: np.ndarray, transition_logits: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Draw a class at each wave, from logits of shapes (..., latent_class) and (..., step, origin, destination).

    Returns
    -------
    ndarray of int, shape (*shape, wave)
    """
    tau = np.broadcast_to(transition_logits, (*shape, *np.shape(transition_logits)[-3:]))
    path = [draw_class(class_logits, shape, rng)]
    for step in range(tau.shape[-3]):
        leaving = np.take_along_axis(tau[..., step, :, :], path[-1][..., None, None], axis=-2)[..., 0, :]
        path.append(draw_class(leaving, shape, rng))
    return np.stack(path, axis=-1)
