"""Latent transitions of categorical items, as Mplus prints them, beside maximum likelihood by Baum and Welch."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.special import expit, logit

from bayes_lca.likelihood.baum_welch import PathFit, fit_paths
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.criteria import information_criteria
from equivalence.repositories.figure import Figure, explained
from equivalence.repositories.mplus_allowances import (
    CRITERIA,
    EARLY,
    FAR,
    SAME_MAXIMUM,
    SHARE_OF_ERROR,
    STILL_CLIMBING,
    STOPS,
    of_height,
)
from equivalence.repositories.mplus_data import NotAsked, digest
from equivalence.repositories.mplus_output import MplusOutput, Parameter

STARTS, FINAL = 60, 8
SHARE_BAND = 0.0005
LOOSE = "a twentieth of a percent: Mplus stops where its derivatives fall below a limit"


class Transitions:
    """An output of one latent class variable for each wave, items equal or free over waves, without covariates.

    Parameters
    ----------
    output : MplusOutput
    frame : DataFrame
        Rows that Mplus used.

    Raises
    ------
    NotAsked
        If the model is another.
    """

    kind = "latent transitions"

    def __init__(self, output: MplusOutput, frame: pd.DataFrame):
        asked = output.input
        categorical = set(asked.listed("categorical"))
        items = [name for name in asked.used if name in categorical]
        if len(asked.classes) < 2 or len(set(asked.classes.values())) > 1:
            raise NotAsked("not a latent class variable of as many classes for each wave")
        if not items or len(items) < len(asked.used) or output.independent:
            raise NotAsked("transitions of other than categorical items, or with covariates")
        self.output, self.n_waves = output, len(asked.classes)
        self.n_classes = next(iter(asked.classes.values()))
        if len(items) % self.n_waves or not output.transitions:
            raise NotAsked("waves of different items, or no transitions")
        shape = (len(frame), self.n_waves, len(items) // self.n_waves)
        self.codes = frame[items].fillna(-1).to_numpy(dtype=int).reshape(shape)
        self._recode()
        self.lines = self._thresholds()
        self.measurement, self.over_time = self._form()

    def _recode(self) -> None:
        """Categories from 0 on, those of an item alike at all waves."""
        for item in range(self.codes.shape[2]):
            answers = self.codes[:, :, item]
            values = np.unique(answers[answers >= 0])
            self.codes[:, :, item] = np.where(answers >= 0, np.searchsorted(values, answers), -1)
        self.sizes = [int(self.codes[:, :, item].max()) + 1 for item in range(self.codes.shape[2])]

    def _thresholds(self) -> list[list[list[Parameter]]]:
        """Lines of thresholds by wave and class."""
        groups = {line.group.split()[-1] for line in self.output.parameters}
        if not groups <= {"Thresholds", "Means", "ON", "Intercepts"}:
            raise NotAsked("parameters beside thresholds and transitions")
        variables, n = list(self.output.input.classes), sum(size - 1 for size in self.sizes)
        found = [[[] for _ in range(self.n_classes)] for _ in range(self.n_waves)]
        by_pattern: dict[tuple[int, ...], list[Parameter]] = {}
        for line in self.output.parameters:
            if line.group != "Thresholds":
                continue
            if line.of_class.startswith("Latent Class Pattern"):
                by_pattern.setdefault(tuple(int(each) - 1 for each in line.of_class.split()[3:]), []).append(line)
                continue
            variable, _, number = line.of_class.removeprefix("Latent Class ").partition("#")
            if variable not in variables:
                raise NotAsked("thresholds of another latent class variable")
            found[variables.index(variable)][int(number) - 1].append(line)
        for pattern, lines in by_pattern.items():
            for wave, of_class in enumerate(pattern):
                found[wave][of_class] = found[wave][of_class] or lines[wave * n : (wave + 1) * n]
        if any(len(lines) != n for of_wave in found for lines in of_wave):
            raise NotAsked("waves with other thresholds")
        return found

    def _form(self) -> tuple[str, str]:
        """Whether items, and transitions, are equal over waves, by the number of parameters."""
        k, n_items = self.n_classes, self.n_classes * sum(size - 1 for size in self.sizes)
        steps = self.n_waves - 1
        for measurement, of_items in (("equal", n_items), ("free", n_items * self.n_waves)):
            for over_time, n_steps in (("free", steps), ("equal", 1)):
                if int(self.output.fit["parameters"]) == k - 1 + n_steps * k * (k - 1) + of_items:
                    return measurement, over_time if steps > 1 else "equal"
        raise NotAsked(f"{self.output.fit['parameters']} parameters, as of no model of transitions of ours")

    @property
    def key(self) -> tuple:
        """Of the same model of the same rows."""
        return self.kind, self.measurement, self.over_time, self.n_waves, self.n_classes, self.rows

    @cached_property
    def rows(self) -> str:
        """Fingerprint of the answers, in an order of their own."""
        rows = self.codes.reshape(len(self.codes), -1)
        return digest(rows)

    @property
    def height(self) -> float:
        """Their log-likelihood."""
        return float(self.output.fit["log_likelihood"])

    @cached_property
    def fit(self) -> PathFit:
        """Maxima of ours."""
        n, n_waves, n_items = self.codes.shape
        codes, sizes = self.codes, list(self.sizes)
        if self.measurement == "free":
            codes = np.full((n, n_waves, n_waves, n_items), -1)
            for wave in range(n_waves):
                codes[:, wave, wave] = self.codes[:, wave]
            codes, sizes = codes.reshape(n, n_waves, -1), sizes * n_waves
        distinct, row = np.unique(codes.reshape(n * n_waves, -1), axis=0, return_inverse=True)
        rows, counts = np.unique(row.reshape(n, n_waves), axis=0, return_counts=True)
        settings = {"over_time": self.over_time, "n_starts": STARTS, "n_final": FINAL}
        return fit_paths([CategoricalFamily(distinct, sizes)], rows, counts, self.n_classes, **settings)

    def take_fit(self, other: "Transitions") -> None:
        """Take over the fit to the same rows."""
        self.__dict__["fit"] = other.fit

    @property
    def lacking(self) -> float:
        """What their log-likelihood lacks to our maximum."""
        return self.fit.best.log_likelihood - self.height

    @cached_property
    def ours(self):
        """Ours at their maximum, or the nearest in height."""
        return min(self.fit.maxima, key=lambda each: abs(each.log_likelihood - self.height))

    @cached_property
    def below(self) -> np.ndarray:
        """Probability of a category or one before it, shape (wave, latent_class, item, category)."""
        probability = self.ours.parameters[0]["probability"]
        k, _, n_categories = probability.shape
        probability = probability.reshape(k, -1, len(self.sizes), n_categories).transpose(1, 0, 2, 3)
        return np.broadcast_to(probability, (self.n_waves, *probability.shape[1:])).cumsum(axis=-1)

    @cached_property
    def order(self) -> list[np.ndarray]:
        """Our class for each of theirs, wave after wave."""
        orders = []
        for lines, below in zip(self.lines, self.below, strict=True):
            theirs = expit(np.array([[float(line.estimate) for line in of_class] for of_class in lines]))
            ours = np.array([self._listed(of_class) for of_class in below])
            orders.append(linear_sum_assignment(np.abs(theirs[:, None] - ours[None]).sum(axis=2))[1])
        return orders

    def _listed(self, of_class: np.ndarray) -> np.ndarray:
        """Of each item, all categories but the last, one after the other."""
        return np.concatenate([row[: size - 1] for row, size in zip(of_class, self.sizes, strict=True)])

    def figures(self) -> Iterator[Figure]:
        """Everything that both print, with an explanation of what differs."""
        return explained(self._figures(), self.explanation)

    def _figures(self) -> Iterator[Figure]:
        theirs, ours = self.output.fit, self.ours
        height = of_height(theirs["log_likelihood"])
        best = self.fit.best.log_likelihood
        yield Figure("log-likelihood", "log-likelihood", theirs["log_likelihood"], best, height, STOPS)
        yield Figure("parameters", "parameters", theirs["parameters"], float(self.fit.n_parameters))
        if abs(ours.log_likelihood - self.height) > STILL_CLIMBING:
            return
        criteria = information_criteria(ours.log_likelihood, self.fit.n_parameters, len(self.codes))
        for name in CRITERIA:
            if name in theirs:
                yield Figure("criterion", name, theirs[name], criteria[name], 2 * height, STOPS)
        if self.output.entropy:
            by_chance = len(self.codes) * self.n_waves * np.log(self.n_classes)
            yield Figure("entropy", "entropy", self.output.entropy, float(1 - ours.path_entropy / by_chance))
        yield from self._of_paths()
        yield from self._of_items()

    def _of_paths(self) -> Iterator[Figure]:
        """Shares by wave, and transitions; those of the last class, which follow, are left out."""
        share, k = self.ours.initial, self.n_classes
        counts = self.output.wave_counts
        for wave in range(self.n_waves):
            if wave:
                share = share @ self.ours.transition[min(wave, len(self.ours.transition)) - 1]
            of_wave = counts[wave * k : (wave + 1) * k - 1] if len(counts) == k * self.n_waves else []
            for c, (_, _, text) in enumerate(of_wave):
                place = self.order[wave][c]
                name = f"wave {wave + 1}, C{place + 1}"
                yield Figure("class share", name, text, float(share[place]), SHARE_BAND, LOOSE)
        n_steps = 1 if self.over_time == "equal" else self.n_waves - 1
        for step in range(n_steps):
            for c, d in np.ndindex(k, k - 1):
                origin, destination = self.order[step][c], self.order[step + 1][d]
                ours = float(self.ours.transition[step, origin, destination])
                text = self.output.transitions[step * k + c][d]
                name = f"step {step + 1}, C{origin + 1} to C{destination + 1}"
                yield Figure("transition", name, text, ours, SHARE_BAND, LOOSE)

    def _of_items(self) -> Iterator[Figure]:
        for wave in range(1 if self.measurement == "equal" else self.n_waves):
            for c, lines in enumerate(self.lines[wave]):
                place, lines = self.order[wave][c], iter(lines)
                for j, size in enumerate(self.sizes):
                    for category in range(size - 1):
                        line = next(lines)
                        ours = float(logit(self.below[wave, place, j, category]).clip(-15, 15))
                        allowed = SHARE_OF_ERROR * float(line.error)
                        yield Figure("threshold", f"{line.name}, C{place + 1}", line.estimate, ours, allowed, EARLY)

    def explanation(self, figure: Figure) -> str:
        """The name of what explains a difference."""
        if self.lacking < -SAME_MAXIMUM:
            return "ours is lower"
        if figure.kind in ("log-likelihood", "criterion"):
            return "local maximum" if self.lacking >= STILL_CLIMBING else "stopped early"
        if figure.kind == "threshold" and abs(float(figure.theirs)) > FAR:
            return "boundary"
        if abs(self.ours.log_likelihood - self.height) > SAME_MAXIMUM:
            return "stopped early"
        return "open"
