"""One class for each respondent, summed out: twin of the hidden part `OneClass`."""

import numpy as np
from scipy.special import logsumexp, softmax

from bayes_lca.fitted.kinds import HIDDEN, HiddenOfRespondent, register


class ClassOfRespondent(HiddenOfRespondent):
    r"""The class of a respondent, :math:`P(c \mid y, x) \propto P(c \mid x)\, p(y \mid c)`.

    Where the class was seen, what was seen has probability one in its class and zero in others, and the sum is that
    class alone.
    """

    def log_likelihood(self, fit) -> np.ndarray:
        """Log-likelihood of one respondent with each distinct row, shape (draw, pattern)."""
        result = np.empty((fit.n_draws, len(fit.count)))
        for which, log_joint in fit.log_joint():
            result[which] = logsumexp(log_joint, axis=-1)
        return result

    def membership(self, fit, which) -> np.ndarray:
        """Membership probabilities of the distinct rows, shape (draw, pattern, latent_class)."""
        return softmax(fit.log_class(slice(None), which) + fit.log_evidence(slice(None), which), axis=-1)

    def class_share(self, fit) -> np.ndarray:
        """Class probabilities averaged over the covariates of the respondents, shape (draw, latent_class)."""
        share = np.empty((fit.n_draws, len(fit.classes)))
        for which in fit.blocks(len(fit.count)):
            probability = np.exp(fit.log_class(slice(None), which))
            weight = fit.count / fit.n_respondents if probability.shape[1] > 1 else np.ones(1)
            share[which] = np.einsum("src,r->sc", probability, weight)
        return share


register(HIDDEN, "OneClass", ClassOfRespondent(), home=__name__)
