"""A measurement part that the package does not have: sum scores that are normal within a class, and its twin."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
from scipy import stats

from bayes_lca.data.responses import Responses
from bayes_lca.dims import CLASS, ITEM
from bayes_lca.fitted.kinds import MEASUREMENT, AnswersGivenClass, register
from bayes_lca.measurement.interface import Measurement, Start

MEAN = "score_mean"


@dataclass(frozen=True)
class Scores(Measurement):
    """Whole numbers, normal about a mean of each class with standard deviation one."""

    signature: ClassVar = ("(c,j)",)

    items: tuple[str, ...]

    @property
    def columns(self):
        return self.items

    def read(self, frame):
        codes = np.column_stack([frame[item].to_numpy() for item in self.items])
        labels = tuple(tuple(map(str, range(codes.max() + 1))) for _ in self.items)
        return Responses(self.items, labels, codes, pd.Index(frame.index))

    def start(self, responses, answer_patterns, n_classes):
        """Classes cut at quantiles of the sum of all scores."""
        total = responses.codes.sum(axis=1)
        place = np.searchsorted(np.quantile(total, np.arange(1, n_classes) / n_classes), total)
        mean = np.array([responses.codes[place == k].mean(axis=0) for k in range(n_classes)])
        membership = np.eye(n_classes)[place][answer_patterns.first]
        return Start(0.9 * membership + 0.1 / n_classes, mean, tuple(f"C{k + 1}" for k in range(n_classes)))

    def coords(self, responses):
        return {ITEM: list(self.items)}

    def parameters(self, responses, start):
        return (pm.Normal(MEAN, 0.0, 10.0, dims=(CLASS, ITEM)),)

    def starting_values(self, responses, start):
        return {MEAN: start.profile}

    def log_density(self, responses, value, mean):
        mean = mean.reshape(mean.shape[-2:])
        z = pt.cast(value, "float64")[None] - mean[:, None]  # (latent_class, pattern, item)
        return (-0.5 * (z**2 + np.log(2 * np.pi))).sum(axis=-1)

    def draw(self, responses, latent_class, mean, *, rng):
        of_class = np.take_along_axis(
            np.broadcast_to(mean, (*latent_class.shape, *mean.shape[-2:])), latent_class[..., None, None], axis=-2
        )[..., 0, :]
        return np.round(rng.normal(of_class)).astype(int)


class ScoresGivenClass(AnswersGivenClass):
    """The same in NumPy."""

    words = "scores, normal within a class"
    supported = frozenset({"relabel"})
    variables = (MEAN,)

    def read(self, fit, frame):
        return np.column_stack([frame[item].to_numpy() for item in fit.items])

    def log_density(self, fit, rows, which):
        mean = fit.flat(fit.posterior[MEAN], CLASS, ITEM)[which]  # (draw, latent_class, item)
        return stats.norm.logpdf(fit.codes[rows][None, :, None], mean[:, None]).sum(axis=-1)

    def log_density_at_mean(self, fit):
        return stats.norm.logpdf(fit.codes[:, None], self.profiles(fit).mean(axis=0)).sum(axis=-1)

    def profiles(self, fit):
        return fit.flat(fit.posterior[MEAN], CLASS, ITEM)

    def mean_answer(self, fit, item):
        return self.profiles(fit).mean(axis=0)[:, fit.items.index(item)]

    def draw(self, fit, which, latent_class, rng):
        mean = self.profiles(fit)[which]
        return np.round(rng.normal(np.take_along_axis(mean, latent_class[..., None], axis=1))).astype(int)


register(MEASUREMENT, "Scores", ScoresGivenClass(), home=__name__)
