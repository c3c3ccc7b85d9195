"""A path through the classes for each person, summed out: twin of the hidden part `Path`."""

from dataclasses import replace

import numpy as np

from bayes_lca.fitted.kinds import HIDDEN, HiddenOfRespondent, SummedOut, register
from bayes_lca.fitted.parts_of_rows import PartsOfRows
from bayes_lca.fitted.paths import paths_of
from bayes_lca.likelihood.person import QUADRATURE_ERROR, QUADRATURE_NODES


class PathOfPerson(HiddenOfRespondent):
    r"""The path of a person, :math:`P(z_1, \dots, z_T \mid y) \propto P(z_1) \prod_t P(z_t \mid z_{t-1}) p(y_t \mid z_t)`.

    Membership is the share of the waves at which a person was seen in each class, given all answers; the share of a
    class is that at the first wave.
    """

    def summed_out(self, fit, which: slice | np.ndarray, rows: PartsOfRows) -> SummedOut:
        """Sequences with their paths summed out."""
        paths = paths_of(fit)
        smoothed = paths.smoothed(which, rows.rows)
        seen = paths.seen[rows.rows].T.astype(float)  # (wave, row)
        seen[:, ~seen.any(axis=0)] = 1.0
        membership = np.einsum("tksr,tr->ksr", smoothed.membership, seen / seen.sum(axis=0))
        log_class = fit.structural.log_class(fit, rows.matrix, rows.groups, which)  # (draw, covariates, class)
        share = np.einsum("sxc,x->sc", np.exp(log_class), rows.share_of_covariates)
        return SummedOut(smoothed.log_likelihood, np.moveaxis(membership, 0, -1), share)

    def attributes_of_draws(self, fit) -> dict[str, float]:
        """By how much the sum over persons is off: the largest change of the log-likelihood with twice the nodes."""
        if QUADRATURE_NODES not in fit.attributes:
            return {}
        tree = fit.tree.copy()
        tree.attrs = dict(fit.attributes) | {QUADRATURE_NODES: 2 * int(fit.attributes[QUADRATURE_NODES])}
        finer, draws = replace(fit, tree=tree, _kept={}), fit.answers.draws_to_check(fit)
        coarse, fine = (paths_of(each).smoothed(draws).log_likelihood @ fit.count for each in (fit, finer))
        return {QUADRATURE_ERROR: float(np.abs(fine - coarse).max())}


register(HIDDEN, "Path", PathOfPerson(), home=__name__)
