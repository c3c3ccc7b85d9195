"""Latent profiles, and classes of items of several kinds, as Mplus prints them, beside maximum likelihood by EM."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.special import logit

from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.criteria import entropy_r2, information_criteria
from bayes_lca.likelihood.families import NormalFamily
from bayes_lca.likelihood.mixture import MixtureFit, MixtureMaximum, fit_mixture
from equivalence.repositories.figure import Figure, explained
from equivalence.repositories.mplus_allowances import CRITERIA, SAME_MAXIMUM, STILL_CLIMBING, STOPS, of_height
from equivalence.repositories.mplus_assignment import of_assignment
from equivalence.repositories.mplus_data import NotAsked, digest
from equivalence.repositories.mplus_output import MplusOutput, Parameter

TOLERANCE = 1e-9
FEW, MANY, MOST = ({"n_starts": n, "n_final": final} for n, final in ((60, 8), (100, 100), (400, 400)))
"""Starts, of which all are followed where variances differ by class: those that go up first end without a bound."""
STEP, SHARE = 2e-4, 2e-5
NEAR = 7.0
"""Logit from which on steps of EM are too short to tell it."""
FLAT = "two ten-thousandths of the standard error printed or of the figure, 2e-5 of a share: where EM of either stops"


class Mixtures:
    """An output of classes whose items are continuous, or continuous and categorical, independent within classes.

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

    def __init__(self, output: MplusOutput, frame: pd.DataFrame):
        asked = output.input
        if len(asked.classes) != 1:
            raise NotAsked("several latent class variables")
        special = ("weight", "cluster", "knownclass", "training", "nominal", "count", "censored", "auxiliary")
        if used := [option for option in special[:-1] if option in asked.options]:
            raise NotAsked(f"option {used[0]} of the model")
        (self.n_classes,) = asked.classes.values()
        self.output = output
        categorical = set(asked.listed("categorical"))
        self.answers = [name for name in asked.used if name in categorical]
        self.numbers = [name for name in asked.used if name not in categorical]
        if not self.numbers or output.independent:
            raise NotAsked("no continuous items, or covariates")
        self.frame = frame[self.answers + self.numbers]
        self.sizes = [int(self.frame[item].nunique()) for item in self.answers]
        self.free = self._variances()
        if len(self.lines) != self.n_classes:
            raise NotAsked("estimates of some classes only")
        self.kind = "latent profiles" if not self.answers else "items of two kinds"

    def _variances(self) -> bool:
        """Whether variances differ by class; refuses what is neither, nor independent within classes."""
        free = {line.group for line in self.output.parameters if not (line.is_fixed and line.group.endswith("WITH"))}
        if not free <= {"Thresholds", "Means", "Variances", "Intercepts"}:
            raise NotAsked("items that are not independent within classes")
        n_classes, n_numbers = self.n_classes, len(self.numbers)
        others = n_classes - 1 + n_classes * (n_numbers + sum(size - 1 for size in self.sizes))
        free = int(self.output.fit["parameters"]) - others
        if free not in (n_numbers, n_classes * n_numbers):
            raise NotAsked(f"{free} variances of {n_numbers} items in {n_classes} classes")
        return free > n_numbers

    @property
    def key(self) -> tuple:
        """Of the same model of the same rows."""
        return self.kind, self.n_classes, self.free, len(self.answers), self.rows

    @cached_property
    def rows(self) -> str:
        """Fingerprint of the answers, in an order of their own."""
        rows = self.frame.to_numpy(dtype=float)
        return digest(rows)

    @property
    def height(self) -> float:
        """Their log-likelihood."""
        return float(self.output.fit["log_likelihood"])

    @cached_property
    def fit(self) -> MixtureFit:
        """Maxima of ours."""
        families = []
        if self.answers:
            codes = np.column_stack([pd.factorize(self.frame[item], sort=True)[0] for item in self.answers])
            families.append(CategoricalFamily(codes, self.sizes))
        numbers = self.frame[self.numbers].to_numpy(dtype=float)
        center, scale = np.nanmean(numbers, axis=0), np.nanstd(numbers, axis=0)
        families.append(NormalFamily(numbers, center, scale, free=self.free))
        count, settings = np.ones(len(numbers)), {"tolerance": TOLERANCE, "max_steps": 50_000}
        rounds = FEW if not self.free else MANY
        found = fit_mixture(families, count, self.n_classes, **settings, **rounds)
        nearest = min(abs(each.log_likelihood - self.height) for each in found.maxima)
        if found.best.log_likelihood < self.height - SAME_MAXIMUM or (self.free and nearest > STILL_CLIMBING):
            found = fit_mixture(families, count, self.n_classes, **settings, **MOST, seed=1)
        return found

    def take_fit(self, other: "Mixtures") -> None:
        """Take over the fit to the same rows."""
        self.__dict__["fit"] = other.fit

    @property
    def lacking(self) -> float:
        """What their log-likelihood lacks to our maximum."""
        return self.fit.best.log_likelihood - self.height

    @cached_property
    def ours(self) -> MixtureMaximum:
        """Ours at their maximum, or the nearest in height."""
        return min(self.fit.maxima, key=lambda each: abs(each.log_likelihood - self.height))

    @cached_property
    def lines(self) -> list[dict[str, list[Parameter]]]:
        """Lines of estimates by group, class after class, in the order of the items."""
        by_class: dict[int, dict[str, list[Parameter]]] = {}
        for line in self.output.parameters:
            if line.of_class.startswith("Latent Class"):
                by_class.setdefault(int(line.of_class.split("#")[-1].split()[-1]), {}).setdefault(
                    line.group, []
                ).append(line)
        found = [by_class[k] for k in sorted(by_class)]
        if any(len(of_class.get("Means", [])) != len(self.numbers) for of_class in found):
            raise NotAsked("means of some items only")
        return found

    @cached_property
    def means(self) -> np.ndarray:
        """Means that they print, shape (latent_class, item)."""
        return np.array([[float(line.estimate) for line in of_class["Means"]] for of_class in self.lines])

    @cached_property
    def order(self) -> np.ndarray:
        """Our class for each of theirs."""
        scale = self.frame[self.numbers].std().to_numpy()
        ours = self.ours.parameters[-1]["mean"]
        away = (((self.means[:, None] - ours[None]) / scale) ** 2).sum(axis=2)
        shares = np.array([float(share) for _, share in self.output.class_counts["model"]])
        return linear_sum_assignment(away + np.abs(shares[:, None] - self.ours.class_share))[1]

    def figures(self) -> Iterator[Figure]:
        """Everything that both print, with an explanation of what differs."""
        return explained(self._figures(), self.explanation)

    def _figures(self) -> Iterator[Figure]:
        theirs, ours = self.output.fit, self.ours
        height = of_height(theirs["log_likelihood"])
        best = self.fit.best.log_likelihood
        yield Figure("log-likelihood", "log-likelihood", theirs["log_likelihood"], best, height, STOPS)
        yield Figure("parameters", "parameters", theirs["parameters"], float(self.fit.n_parameters))
        if abs(ours.log_likelihood - self.height) > SAME_MAXIMUM:
            return
        counts = np.ones(len(self.frame))
        criteria = information_criteria(ours.log_likelihood, self.fit.n_parameters, len(self.frame))
        for name in CRITERIA:
            if name in theirs:
                yield Figure("criterion", name, theirs[name], criteria[name], 2 * height, STOPS)
        if self.n_classes > 1:
            if self.output.entropy:
                yield Figure("entropy", "entropy", self.output.entropy, entropy_r2(ours.membership, counts))
            yield from self._of_assignment()
        yield from self._of_numbers()
        yield from self._of_answers()

    def _of_assignment(self) -> Iterator[Figure]:
        membership, share = self.ours.membership[:, self.order], self.ours.class_share[self.order]
        assigned = np.eye(self.n_classes)[membership.argmax(axis=1)]
        with np.errstate(invalid="ignore"):
            average = (assigned.T @ membership) / assigned.sum(axis=0)[:, None]
        errors = (membership.T @ assigned) / membership.sum(axis=0)[:, None]
        names = [f"C{k + 1}" for k in self.order]
        for figure in of_assignment(self.output, names, share, assigned.sum(axis=0), average, errors):
            yield replace(figure, allowed=SHARE, because=FLAT) if figure.kind == "class share" else figure

    def _of_numbers(self) -> Iterator[Figure]:
        """Means, and variances: once where they are equal in all classes."""
        mean, sd = (self.ours.parameters[-1][name] for name in ("mean", "sd"))
        sd = np.broadcast_to(sd, mean.shape)
        for k, of_class in enumerate(self.lines):
            for j in range(len(self.numbers)):
                place, variances = self.order[k], of_class.get("Variances", [])
                yield self._estimate("mean", of_class["Means"][j], mean[place, j], place)
                if (self.free or k == 0) and len(variances) == len(self.numbers):
                    yield self._estimate("variance", variances[j], sd[place, j] ** 2, place)

    def _of_answers(self) -> Iterator[Figure]:
        if not self.answers:
            return
        below = self.ours.parameters[0]["probability"].cumsum(axis=-1)
        for k, of_class in enumerate(self.lines):
            lines = iter(of_class["Thresholds"])
            for j, size in enumerate(self.sizes):
                for c in range(size - 1):
                    ours = float(logit(below[self.order[k], j, c]).clip(-15, 15))
                    yield self._estimate("threshold", next(lines), ours, self.order[k])

    @staticmethod
    def _estimate(kind: str, line: Parameter, ours: float, place: int) -> Figure:
        allowed = STEP * max(float(line.error), abs(float(line.estimate)))
        return Figure(kind, f"{line.name}, C{place + 1}", line.estimate, float(ours), allowed, FLAT)

    def explanation(self, figure: Figure) -> str:
        """The name of what explains a difference."""
        if self.lacking < -SAME_MAXIMUM:
            return "ours is lower"
        if self.free and figure.kind == "log-likelihood":
            return "no maximum"
        if figure.kind in ("log-likelihood", "criterion"):
            return "local maximum" if self.lacking >= STILL_CLIMBING else "stopped early"
        if figure.kind == "threshold" and abs(float(figure.theirs)) > NEAR:
            return "boundary"
        return "open"
