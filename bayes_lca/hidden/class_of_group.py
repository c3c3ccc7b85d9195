"""A class for each group, which nobody saw, and one for each respondent within it."""

from dataclasses import dataclass
from typing import final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca.data.design import Design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.dims import ANSWERS, COUNT, ITEM, PATTERN
from bayes_lca.hidden.interface import Hidden
from bayes_lca.hidden.one_class import draw_class


@final
@dataclass(frozen=True, eq=False)
class ClassOfGroup(Hidden):
    r"""Answers of whole groups, given a class of each group and of each respondent, both summed out.

    .. math:: \log p(y_g) = \log \sum_w \omega_w \prod_{i \in g} \sum_c
              \frac{\exp \eta_{iwc}}{\sum_d \exp \eta_{iwd}}\, p(y_i \mid c)

    Groups are the units of the likelihood. The sum over classes is taken once for respondents who are equal in
    covariates and answers, whatever their groups. Where profiles differ between group classes, answers are
    :math:`p(y_i \mid c, w)`.

    Attributes
    ----------
    group : ndarray of int, shape (pattern,)
        Group of each row.
    row : ndarray of int, shape (pattern,)
        Which of the distinct covariates with answers each row has.
    first : ndarray of int, shape (row,)
        A row that has them.
    """

    group: np.ndarray
    row: np.ndarray
    first: np.ndarray

    @classmethod
    def of(cls, design: Design, answer_pattern: np.ndarray) -> "ClassOfGroup":
        """From the one grouping of a design."""
        (grouping,) = design.groupings
        rows = unique_rows(answer_pattern, design.matrix)
        return cls(grouping.index, rows.pattern, rows.first)

    def observe(self, class_logits, answers, count: np.ndarray):
        """Observe the answers of every pattern, counted; the log density has one value for each group.

        Parameters
        ----------
        class_logits : pair of TensorVariable, shapes (group_class,) and (group_class, pattern or 1, latent_class)
            Log shares of the group classes, and class logits in each of them, up to a constant.
        answers : Answers
        count : ndarray of int, shape (pattern,)
        """
        log_share, eta = class_logits
        counts = pm.Data(COUNT, count, dims=PATTERN)

        def logp(value, log_share, eta, *rest):
            *parameters, count = rest
            log_answers = answers.log_density(value[self.first], *parameters)  # (latent_class, [group_class,] row)
            of_rows = eta if eta.type.shape[1] == 1 else eta[:, self.first]  # (group_class, row, latent_class)
            log_rows = sum_out_within(of_rows, log_answers)  # (group_class, row)
            log_patterns = pt.cast(count, "float64") * log_rows[:, self.row]
            log_groups = sum_by_group(log_patterns, self.group)  # (group_class, group)
            return pt.logsumexp(log_share[:, None] + log_groups, axis=0)  # (group,)

        def draw_rows(log_share, eta, *rest, rng=None, size=None) -> np.ndarray:
            parameters = rest[:-1]  # the last are counts
            of_group = draw_class(log_share, (self.group.max() + 1,), rng)[self.group]  # (pattern,)
            eta = np.broadcast_to(eta, (len(eta), len(self.group), eta.shape[-1]))
            latent_class = draw_class(eta[of_group, np.arange(len(self.group))], (len(self.group),), rng)
            return answers.draw(latent_class, *parameters, rng=rng, group_class=of_group)

        return pm.CustomDist(
            ANSWERS,
            log_share,
            eta,
            *answers.parameters,
            counts,
            logp=logp,
            random=draw_rows,
            signature=f"(w),(w,m,c),{','.join(answers.signature)},(n)->(n,j)",
            dtype=answers.observed.dtype,
            observed=answers.observed,
            dims=(PATTERN, ITEM),
        )


def sum_out_within(eta, log_answers):
    r"""Log-likelihood of rows in each group class, :math:`\log \sum_c \pi_{iwc}\, p(y_i \mid c, w)`.

    Parameters
    ----------
    eta : TensorVariable, shape (group_class, row or 1, latent_class)
        Class logits up to a constant.
    log_answers : TensorVariable, shape (latent_class, row) or (latent_class, group_class, row)
        :math:`\log p(y \mid c)`, or :math:`\log p(y \mid c, w)` where profiles differ between group classes.

    Returns
    -------
    TensorVariable, shape (group_class, row)
    """
    eta = eta.transpose(2, 0, 1)  # (latent_class, group_class, row or 1)
    by_group_class = log_answers if log_answers.ndim == 3 else log_answers[:, None]  # (latent_class, .., row)
    return pt.logsumexp(eta + by_group_class, axis=0) - pt.logsumexp(eta, axis=0)


def sum_by_group(values, group: np.ndarray):
    """Sums over the rows of each group, from shape (group_class, pattern) to (group_class, group)."""
    return pt.zeros((values.shape[0], group.max() + 1))[:, group].inc(values)
