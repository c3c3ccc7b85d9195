"""One class for each respondent, which nobody saw."""

from typing import final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca.dims import COUNT, PATTERN
from bayes_lca.hidden.interface import Hidden


@final
class OneClass(Hidden):
    r"""Answers given one class for each respondent, the class summed out.

    .. math:: \log p(y) = \log \sum_c \frac{\exp \eta_c}{\sum_d \exp \eta_d}\, p(y \mid c)
    """

    def observe(self, class_logits, answers, count: np.ndarray):
        """Observe the answers of every pattern, counted; see `Hidden.observe`."""
        counts = pm.Data(COUNT, count, dims=PATTERN)

        def logp(value, eta, *rest):
            *parameters, count = rest
            log_answers = answers.log_density(value, *parameters)  # (latent_class, pattern)
            return pt.cast(count, "float64") * sum_out_class(eta.T, log_answers)  # (pattern,)

        def draw_rows(class_logits, *rest, rng=None, size=None) -> np.ndarray:
            *parameters, count = rest
            shape = np.shape(count) if size is None else tuple(size)
            return answers.draw(draw_class(class_logits, shape, rng), *parameters, rng=rng)

        of_each = ",".join(["(c)", *answers.signature, "()"])
        return pm.CustomDist(
            answers.name,
            class_logits,
            *answers.parameters,
            counts,
            logp=logp,
            random=draw_rows,
            signature=f"{of_each}->{'(j)' if len(answers.dims) > 1 else '()'}",
            dtype=answers.observed.dtype,
            observed=answers.observed,
            dims=answers.dims,
        )


def sum_out_class(class_logits, log_answers):
    r"""Log-likelihood of answers when nobody knows the class.

    .. math:: \log \sum_c \frac{\exp \eta_c}{\sum_d \exp \eta_d}\, p(y \mid c)

    Parameters
    ----------
    class_logits : TensorVariable, shape (latent_class, row) or (latent_class, 1)
        Class logits :math:`\eta_c`, up to a constant.
    log_answers : TensorVariable, shape (latent_class, row)
        :math:`\log p(y \mid c)`.

    Returns
    -------
    TensorVariable, shape (row,)
        Classes lie on the first axis, so that the sum over a few of them runs along contiguous rows.
    """
    return pt.logsumexp(class_logits + log_answers, axis=0) - pt.logsumexp(class_logits, axis=0)


def draw_class(class_logits: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw a class for each row, from logits of shape (..., latent_class) to classes of `shape`."""
    eta = np.broadcast_to(class_logits, (*shape, np.shape(class_logits)[-1]))
    return (eta + rng.gumbel(size=eta.shape)).argmax(axis=-1)
