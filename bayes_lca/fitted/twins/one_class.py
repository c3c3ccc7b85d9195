"""One class for each respondent, summed out: twin of the hidden part `OneClass`."""

import numpy as np

from bayes_lca.fitted.hidden_of_respondent import HiddenOfRespondent
from bayes_lca.fitted.kinds import HIDDEN, register
from bayes_lca.fitted.parts_of_rows import PartsOfRows
from bayes_lca.fitted.summed_out import SummedOut
from bayes_lca.likelihood.summed_out import sum_out_classes


class ClassOfRespondent(HiddenOfRespondent):
    r"""The class of a respondent, :math:`P(c \mid y, x) \propto P(c \mid x)\, p(y \mid c)`.

    Where the class was seen, what was seen has probability one in its class and zero in others, and the sum is that
    class alone.
    """

    def summed_out(self, fit, which: slice | np.ndarray, rows: PartsOfRows) -> SummedOut:
        """Classes at distinct covariates and answers given the class are computed once, whoever has both."""
        log_likelihood, membership, share = sum_out_classes(
            fit.structural.logits(fit, rows.matrix, rows.groups, which),
            fit.log_evidence(rows.first_with_answers, which),
            rows.covariates,
            rows.answers,
        )
        return SummedOut(log_likelihood, membership, np.einsum("sxc,x->sc", share, rows.share_of_covariates))


register(HIDDEN, "OneClass", ClassOfRespondent(), home=__name__)
