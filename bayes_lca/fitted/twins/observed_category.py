"""A class that was seen: the observed category takes the place of answers."""

import numpy as np

from bayes_lca.fitted.kinds import MEASUREMENT, OBSERVED_CATEGORY, AnswersGivenClass, register


class ObservedCategory(AnswersGivenClass):
    """An observed category, which has probability one in its own class and zero in all others."""

    words = "the category is observed"
    supported = frozenset({"posterior_predictive", "report"})
    variables = ()

    def read(self, fit, frame) -> np.ndarray:
        """None are needed.

        Raises
        ------
        ValueError
        """
        raise ValueError(f"the categories of outcome {fit.outcome!r} are observed: new respondents have no answers")

    def log_density(self, fit, rows: np.ndarray | slice, which: slice) -> np.ndarray:
        """0 in the class that was seen, minus infinity in others, shape (1, row, category)."""
        return np.where(fit.codes[rows] == np.arange(len(fit.classes)), 0.0, -np.inf)[None]

    def log_density_at_mean(self, fit) -> np.ndarray:
        """The same in all draws, shape (pattern, category)."""
        (of_all_draws,) = self.log_density(fit, slice(None), slice(None))
        return of_all_draws

    def profiles(self, fit) -> np.ndarray:
        """None are needed.

        Raises
        ------
        ValueError
        """
        raise ValueError(f"the categories of outcome {fit.outcome!r} are observed: they have no profiles")

    def mean_answer(self, fit, item: str) -> np.ndarray:
        """None is needed.

        Raises
        ------
        ValueError
        """
        raise ValueError(f"the categories of outcome {fit.outcome!r} are observed: they have no answers")

    def draw(self, fit, which: slice, latent_class: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The class itself, shape (draw, row, 1)."""
        return latent_class[..., None]


register(MEASUREMENT, OBSERVED_CATEGORY, ObservedCategory(), home=__name__)
