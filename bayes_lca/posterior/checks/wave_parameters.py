"""What answers at several waves rest on in single draws: class shares, transitions, item probabilities, persons."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayes_lca.data.categories import draw_category
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of

DRAWS_IN_MEMORY = 20


@dataclass(frozen=True, eq=False)
class WaveParameters:
    """Parameters of one draw, as the respondents meet them.

    Attributes
    ----------
    initial : ndarray, shape (latent_class, respondent)
        Class probabilities at the first wave given covariates and group.
    transition : tuple of ndarray, shape (origin, destination, respondent)
        Probabilities of moving at each step.
    rho : ndarray, shape (wave, latent_class, person, item, category)
        Answer probabilities given class and person; 0 beyond the categories of an item.
    weight : ndarray, shape (person,)
        Persons that stand for all; one where answers depend on the class alone.
    """

    initial: np.ndarray
    transition: tuple[np.ndarray, ...]
    rho: np.ndarray
    weight: np.ndarray

    @cached_property
    def share(self) -> np.ndarray:
        """Class probabilities at every wave given covariates and group, shape (wave, latent_class, respondent)."""
        shares = [self.initial]
        for step in self.transition:
            shares.append(np.einsum("ci,cdi->di", shares[-1], step))
        return np.stack(shares)

    def replicate(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Answers the model would give in place of some, missing where they are; shape (respondent, wave, item)."""
        n, respondents = len(codes), np.arange(len(codes))
        person = draw_category(np.broadcast_to(self.weight, (n, len(self.weight))), rng)
        latent_class = draw_category(self.initial.T, rng)
        replicated = []
        for wave in range(codes.shape[1]):
            if wave:
                latent_class = draw_category(self.transition[wave - 1][latent_class, :, respondents], rng)
            replicated.append(draw_category(self.rho[wave][latent_class, person], rng))
        return np.where(codes < 0, codes, np.stack(replicated, axis=1))


def wave_parameters(fit: Fit, step: int) -> Iterator[WaveParameters]:
    """Parameters of every `step`-th draw, chains after each other."""
    paths, of_respondent = paths_of(fit), fit.pattern_of_respondent
    sequences, n_waves = np.arange(len(paths.answers)), len(paths.waves)
    weight = fit.answers.independent(fit).weight
    for start in range(0, fit.n_draws, step * DRAWS_IN_MEMORY):
        which = slice(start, start + step * DRAWS_IN_MEMORY, step)
        initial, transition = paths.initial(which, sequences), paths.transition(which, sequences)
        ones = [paths.answers_at(wave) for wave in range(n_waves)]
        rho = np.stack([one.answers.independent_profiles(one, which) for one in ones], axis=1)
        rho = rho.reshape(
            *rho.shape[:2], -1, len(weight), *rho.shape[3:]
        )  # (draw, wave, class, person, item, category)
        for place in range(len(rho)):
            yield WaveParameters(
                initial=_of_respondents(initial[:, place], of_respondent),
                transition=tuple(_of_respondents(each[:, :, place], of_respondent) for each in transition),
                rho=rho[place],
                weight=weight,
            )


def _of_respondents(values: np.ndarray, of_respondent: np.ndarray) -> np.ndarray:
    """Values of distinct sequences, or one that all share, on the last axis, for every respondent."""
    alike = np.zeros_like(of_respondent) if values.shape[-1] == 1 else of_respondent
    return values[..., alike]
