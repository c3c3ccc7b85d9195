"""Paths and answers of the persons of a fit to several waves, drawn anew."""

import numpy as np

from bayes_lca.data.answered import is_missing
from bayes_lca.data.categories import draw_category
from bayes_lca.dims import ANSWERS, ITEM, PATTERN, WAVE


def draw_paths(paths, which: slice, rng: np.random.Generator) -> np.ndarray:
    """Class of every person at every wave, drawn forwards from the first wave and the transitions.

    Parameters
    ----------
    paths : FittedPaths
    which : slice
        Draws, chains after each other.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (draw, person, wave)
        Waves at which a person was not seen included.
    """
    person = paths.fit.pattern_of_respondent
    sequences = np.arange(len(paths.answers))
    first = np.moveaxis(paths.initial(which, sequences), 0, -1)  # (draw, sequence or 1, class)
    path = [draw_category(_of_persons(first, person), rng)]
    for step in paths.transition(which, sequences):
        leaving = _of_persons(np.moveaxis(step, (0, 1), (-2, -1)), person)  # (draw, person, origin, destination)
        chosen = np.take_along_axis(leaving, path[-1][..., None, None], axis=-2)[..., 0, :]
        path.append(draw_category(chosen, rng))
    return np.stack(path, axis=-1)


def draw_sequences(paths, which: slice, rng: np.random.Generator) -> np.ndarray:
    """Answers of every person at every wave, missing where the person's own are missing; (draw, person, wave, item).

    A trait of the person is drawn once and holds at all waves.
    """
    fit, latent_class = paths.fit, draw_paths(paths, which, rng)
    trait = fit.answers.draw_persons(fit, latent_class.shape[:-1], rng)
    at_waves = []
    for wave in range(len(paths.waves)):
        one = paths.answers_at(wave)
        at_waves.append(one.answers.draw_given_person(one, which, latent_class[..., wave], trait, rng))
    drawn = np.stack(at_waves, axis=-2)
    own = fit.patterns[ANSWERS].transpose(PATTERN, WAVE, ITEM).to_numpy()[fit.pattern_of_respondent]
    return np.where(is_missing(own), np.nan if drawn.dtype.kind == "f" else -1, drawn)


def _of_persons(values: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Values of distinct sequences, or of all alike, on the second axis, for every person."""
    return (
        values[:, person]
        if values.shape[1] > 1
        else np.broadcast_to(values, (len(values), len(person), *values.shape[2:]))
    )
