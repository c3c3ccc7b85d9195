"""Where answers to different items are independent of each other: given the class, or the class and the person."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class IndependentAnswers:
    """Answers given class and person, of persons that stand for all.

    Attributes
    ----------
    weight : ndarray, shape (person,)
        Adding up to 1; one person where answers are independent given the class.
    by_parameter : ndarray, shape (latent_class * person * item * category, parameter), optional
        Derivative of the logits of the answers of each class and person by parameters of the measurement part; None
        where each logit is a parameter of its own.
    """

    weight: np.ndarray
    by_parameter: np.ndarray | None = None
