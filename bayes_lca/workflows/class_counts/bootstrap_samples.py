"""Samples of answers from a fitted latent class model, as many respondents with the same answers missing."""

import numpy as np

from bayes_lca.data.categories import draw_category
from bayes_lca.data.responses import MISSING
from bayes_lca.data.unique_rows import unique_rows


def missing_answers(codes: np.ndarray) -> np.ndarray:
    """Where answers are missing, respondents sorted by that: their order does not matter to the samples."""
    hidden = codes == MISSING
    return hidden[np.lexsort(hidden.T)]


def sample_seeds(seed: int, n_classes: int, draws: int) -> list[np.random.SeedSequence]:
    """Seeds of the samples that test one class fewer against `n_classes`; fewer draws are the first of more."""
    return np.random.SeedSequence([seed, n_classes]).spawn(draws)


def draw_sample(
    share: np.ndarray, probability: np.ndarray, hidden: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Answers from a model, missing where `hidden`: distinct rows, shape (pattern, item), and respondents with each."""
    latent_class = draw_category(np.broadcast_to(share, (len(hidden), len(share))), rng)
    codes = np.where(hidden, MISSING, draw_category(probability[latent_class], rng))
    patterns = unique_rows(codes)
    return codes[patterns.first], patterns.count
