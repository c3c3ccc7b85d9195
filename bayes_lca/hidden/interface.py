"""What a hidden part is: it sums out what nobody saw, and makes the one observed variable of a model."""

from abc import ABC, abstractmethod

import numpy as np

from bayes_lca.data.design import Design


class Hidden(ABC):
    """A hidden part, such as one class for each respondent. It knows class logits and answers, not where from."""

    @classmethod
    def of(cls, design: Design, answer_pattern: np.ndarray) -> "Hidden":
        """The part for rows of a design, and the distinct pattern of answers of each, shape (pattern,)."""
        return cls()

    @abstractmethod
    def observe(self, class_logits, answers, count: np.ndarray):
        """Observe answers inside a `pymc.Model`, summed over what is hidden.

        Parameters
        ----------
        class_logits : TensorVariable, shape (pattern, latent_class) or (latent_class,)
            Up to a constant; of a structural part that names this hidden part.
        answers : Answers
            From a measurement part.
        count : ndarray, shape (pattern,)
            How many respondents share each pattern, or their survey weights, added up.

        Returns
        -------
        TensorVariable, shape (pattern, item)
            The observed variable, whose log density has one value for each pattern.
        """
