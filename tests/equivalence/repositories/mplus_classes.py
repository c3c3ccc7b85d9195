"""Latent classes of categorical items, as Mplus prints them, beside `bl.maximum_likelihood` on the same rows."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.special import expit

import bayes_lca as bl
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.estimate_errors import EstimateErrors
from bayes_lca.likelihood.identification import degrees_of_freedom
from bayes_lca.likelihood.nearest_maximum import at_nearest_maximum
from bayes_lca.likelihood.unrestricted import table_fit
from bayes_lca.workflows.maximum_likelihood.maximum_likelihood import MaximumLikelihoodEstimates
from equivalence.repositories.figure import DIFFERS, Figure, explained
from equivalence.repositories.mplus_allowances import (
    CRITERIA,
    EARLY,
    FAR,
    FIRST_ORDER,
    FLAT,
    MOVES,
    OF_ITSELF,
    SAME_MAXIMUM,
    SHARE_OF_ERROR,
    STILL_CLIMBING,
    STOPS,
    of_height,
)
from equivalence.repositories.mplus_assignment import of_assignment
from equivalence.repositories.mplus_class_tests import (
    height_at,
    likelihood_ratio_test,
    third_step,
    without_rare_answers,
)
from equivalence.repositories.mplus_data import NotAsked, digest
from equivalence.repositories.mplus_output import MplusOutput, Parameter

MET, TIED = 3, 1e-5
ROUNDED = 1e-6
OTHER_MODELS = ("weight", "stratification", "cluster", "knownclass", "training", "nominal", "count", "censored")
"""Options with which a model is another."""
STARTS, MORE_STARTS, MOST_STARTS = 20, 100, 500


class LatentClasses:
    """An output of latent classes without covariates, and ours.

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

    kind = "latent classes"
    roles: tuple[str, ...] = ()
    """Options that name columns beside the items."""

    def __init__(self, output: MplusOutput, frame: pd.DataFrame):
        asked = output.input
        categorical = set(asked.listed("categorical"))
        self.output = output
        self.items = [name for name in asked.used if name in categorical]
        if used := [option for option in OTHER_MODELS if option in asked.options and option not in self.roles]:
            raise NotAsked(f"option {used[0]} of the model")
        roles = {name for option in self.roles for name in asked.listed(option)}
        if len(asked.classes) != 1 or not self.items or set(asked.used) - roles - set(self.items):
            raise NotAsked("not one latent class variable of categorical items alone")
        if not output.parameters:
            raise NotAsked("no estimates in the output")
        (self.n_classes,) = asked.classes.values()
        self.whole, self.frame = frame, frame[self.items].astype("Int64")
        self.sizes = [int(self.frame[item].nunique()) for item in self.items]
        self._check()

    def _check(self) -> None:
        output, free = self.output, self.n_classes - 1 + self.n_classes * sum(size - 1 for size in self.sizes)
        if int(output.fit["parameters"]) != free:
            raise NotAsked(f"{output.fit['parameters']} parameters, and {free} of unrestricted classes")
        if free >= np.prod(self.sizes, dtype=float):
            raise NotAsked("more parameters than cells: not identified")
        groups = {(line.of_class.split()[0], line.group) for line in output.parameters}
        if not groups <= {("Latent", "Thresholds"), ("Categorical", "Means"), ("Categorical", "Intercepts")}:
            raise NotAsked("parameters beside thresholds and class logits")
        if len(self.thresholds) != self.n_classes:
            raise NotAsked("thresholds of some classes only")

    @property
    def key(self) -> tuple:
        """Of the same model of the same rows."""
        return self.kind, self.n_classes, tuple(self.sizes), self.rows

    @cached_property
    def rows(self) -> str:
        """Fingerprint of the answers, in an order of their own."""
        rows = self.frame.fillna(-1).to_numpy(dtype=int)
        return digest(rows)

    @cached_property
    def thresholds(self) -> list[list[Parameter]]:
        """Lines of thresholds, class after class."""
        by_class: dict[int, list[Parameter]] = {}
        for line in self.output.parameters:
            if line.group == "Thresholds":
                by_class.setdefault(int(line.of_class.split()[-1]), []).append(line)
        return [by_class[k] for k in sorted(by_class)]

    @cached_property
    def best(self) -> MaximumLikelihoodEstimates:
        """Ours at the best maximum, from more starts where few met it or theirs is higher."""
        found = self._maximum(STARTS)
        if found.found.best_starts < MET or found.found.log_likelihood < self.height - SAME_MAXIMUM:
            found = max(found, self._maximum(MORE_STARTS), key=lambda each: each.found.log_likelihood)
        if found.found.log_likelihood < self.height - SAME_MAXIMUM:
            found = max(found, self._maximum(MOST_STARTS), key=lambda each: each.found.log_likelihood)
        return found

    def _maximum(self, n_starts: int) -> MaximumLikelihoodEstimates:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", bl.UnidentifiedWarning)
            items = bl.Items(self.items)
            return bl.maximum_likelihood(items, self.frame, self.n_classes, n_starts=n_starts, seed=1)

    def take_fit(self, other: "LatentClasses") -> None:
        """Take over the fit to the same rows."""
        self.__dict__["best"] = other.best

    @property
    def height(self) -> float:
        """Their log-likelihood."""
        return float(self.output.fit["log_likelihood"])

    @cached_property
    def lacking(self) -> float:
        """What their log-likelihood lacks to our maximum."""
        return self.best.found.log_likelihood - self.height

    @cached_property
    def ours(self) -> MaximumLikelihoodEstimates:
        """Ours at their maximum: the best, or the local one of our starts that is as high as theirs."""
        if self.lacking < STILL_CLIMBING:
            return self.best
        found = self.best.found
        mode = min(found.modes, key=lambda mode: abs(mode.log_likelihood - self.height))
        if abs(mode.log_likelihood - self.height) > STILL_CLIMBING:
            return self.best
        rows = self.best.errors.model
        model = Classification(mode.item_probability, mode.class_share, rows.codes, rows.count)
        mode, model = at_nearest_maximum(mode, model)
        errors = EstimateErrors(model, self.best.errors.n_categories)
        freedom = degrees_of_freedom(errors.n_parameters, errors.n_categories)
        return MaximumLikelihoodEstimates(
            self.best.answers,
            replace(found, modes=(mode,), membership=model.membership(model.codes)),
            errors,
            table_fit(model, errors.n_categories, freedom),
        )

    @cached_property
    def is_there(self) -> bool:
        """Whether we have their maximum, so that estimates can be compared."""
        return abs(self.ours.found.log_likelihood - self.height) < STILL_CLIMBING

    @cached_property
    def order(self) -> list[str]:
        """Our class for each of theirs."""
        names = np.array(self.ours.class_names)
        cumulative = np.array([[float(line.estimate) for line in lines] for lines in self.thresholds])
        shares = np.array([float(share) for _, share in self.output.class_counts["model"]])
        ours = self.ours.thresholds["estimate"].to_numpy().reshape(self.n_classes, -1)
        away = np.abs(expit(cumulative)[:, None] - expit(ours)[None]).sum(axis=2)
        away += np.abs(shares[:, None] - self.ours.shares["estimate"].to_numpy())
        return list(names[linear_sum_assignment(away)[1]])

    def figures(self) -> Iterator[Figure]:
        """Everything that both print, with an explanation of what differs.

        Of a model that the answers do not identify, or whose maximum of theirs we have not met, there is only the
        log-likelihood to compare.
        """
        return explained(self._figures(), self.explanation)

    def _figures(self) -> Iterator[Figure]:
        best = float(self.best.found.log_likelihood)
        theirs = self.output.fit["log_likelihood"]
        yield Figure("log-likelihood", "log-likelihood", theirs, best, of_height(theirs), STOPS)
        parameters = float(self.best.fit.loc["parameters", "value"])
        yield Figure("parameters", "parameters", self.output.fit["parameters"], parameters)
        if not self.is_there or self.ours.errors.n_unidentified:
            return
        yield from self._of_fit()
        if self.n_classes > 1:
            yield from self._of_assignment()
        yield from self._of_estimates()
        yield from self._of_probabilities()
        yield from self._of_tests()

    def _of_fit(self) -> Iterator[Figure]:
        theirs, ours = self.output.fit, self.ours.fit["value"]
        for name in CRITERIA:
            if name in theirs:
                within = 2 * of_height(theirs["log_likelihood"])
                yield Figure("criterion", name, theirs[name], float(ours[name]), within, STOPS)
        if "scaling" in theirs and self.output.estimator != "ML":
            yield Figure("scaling correction factor", "scaling", theirs["scaling"], float(ours["scaling"]))
        if self.output.entropy and self.n_classes > 1:
            yield Figure("entropy", "entropy", self.output.entropy, float(ours["entropy_r2"]))
        table = self.ours.chi_squared
        for name, statistic in self.output.chi_squared.items():
            within = FIRST_ORDER * float(statistic.value)
            yield Figure("chi-squared", name, statistic.value, float(table.loc[name, "statistic"]), within, MOVES)
        for statistic in list(self.output.chi_squared.values())[:1]:
            freedom = float(table["degrees_of_freedom"].iloc[0])
            yield Figure("degrees of freedom", "of chi-squared", statistic.degrees_of_freedom, freedom)

    def _of_assignment(self) -> Iterator[Figure]:
        table = self.ours.shares.loc[self.order]
        figures = of_assignment(
            self.output,
            self.order,
            table["estimate"].to_numpy(),
            self._assigned(),
            self.ours.average_posterior.loc[self.order, self.order].to_numpy(),
            self.ours.error_matrix.loc[self.order, self.order].to_numpy(),
        )
        for figure in figures:
            within = 0.0
            if figure.kind == "class share":
                within = float(np.nan_to_num(SHARE_OF_ERROR * table["robust_se"][figure.quantity]))
            yield replace(figure, allowed=within, because=EARLY) if within else figure

    def _assigned(self) -> np.ndarray:
        """Respondents assigned to each of their classes."""
        return self.ours.shares.loc[self.order, "n_assigned"].to_numpy()

    def _of_estimates(self) -> Iterator[Figure]:
        """Thresholds and class logits with their standard errors."""
        thresholds = self.ours.thresholds
        for k, lines in enumerate(self.thresholds):
            for line, (_, ours) in zip(lines, thresholds.loc[self.order[k]].iterrows(), strict=True):
                yield from self._pair("threshold", f"{line.name}, {self.order[k]}", line, ours)
        logits = self.ours.class_logits(self.order[-1])
        for line in self.output.parameters:
            if line.of_class.startswith("Categorical"):
                name = self.order[int(line.name.split("#")[1]) - 1]
                yield from self._pair("class logit", f"{name} against {self.order[-1]}", line, logits.loc[name])

    def _pair(self, kind: str, quantity: str, line: Parameter, ours: pd.Series) -> Iterator[Figure]:
        error = self._error(ours)
        allowed = 0.0 if np.isnan(error) else SHARE_OF_ERROR * error
        yield Figure(kind, quantity, line.estimate, float(ours["estimate"]), allowed, EARLY)
        if not line.is_fixed:
            yield Figure(
                f"standard error of a {kind}", quantity, line.error, error, OF_ITSELF * float(line.error), FLAT
            )

    def _error(self, ours: pd.Series) -> float:
        """The standard error that their estimator prints."""
        return float(ours["se"] if self.output.estimator == "ML" else ours["robust_se"])

    def _of_probabilities(self) -> Iterator[Figure]:
        """The results in probability scale, but for each item's last category."""
        by_class: dict[int, list] = {}
        for line in self.output.probabilities:
            by_class.setdefault(int(line.of_class.split()[-1]), []).append(line)
        ends = set(np.cumsum(self.sizes) - 1)
        for k, lines in by_class.items():
            if len(lines) != sum(self.sizes):
                continue
            rows = self.ours.probabilities.loc[self.order[k - 1]].iterrows()
            for place, (line, (_, ours)) in enumerate(zip(lines, rows, strict=True)):
                if place in ends:
                    continue
                quantity, error = f"{line.item} = {line.category}, {self.order[k - 1]}", self._error(ours)
                allowed = 0.0 if np.isnan(error) else SHARE_OF_ERROR * error
                yield Figure("probability", quantity, line.estimate, float(ours["estimate"]), allowed, EARLY)
                if float(line.error):
                    kind, within = "standard error of a probability", OF_ITSELF * float(line.error)
                    yield Figure(kind, quantity, line.error, error, within, FLAT)

    def _of_tests(self) -> Iterator[Figure]:
        yield from likelihood_ratio_test(self.output, self.best)
        yield from third_step(self.output, self.whole, self.ours, self.order)

    @cached_property
    def at_boundary(self) -> bool:
        """Whether one of the two has a probability of 0 or 1."""
        far = any(abs(float(line.estimate)) > FAR for lines in self.thresholds for line in lines)
        return far or self.ours.errors.n_at_boundary > 0

    @cached_property
    def height_at_theirs(self) -> float:
        """The log-likelihood at the estimates that they print, which rounding lowers a little."""
        estimates = [[float(line.estimate) for line in lines] for lines in self.thresholds]
        share = [float(share) for _, share in self.output.class_counts["model"]]
        return height_at(self.ours.errors.model, estimates, self.sizes, share)

    @cached_property
    def n_tied(self) -> float:
        """Respondents whose two likeliest classes are as likely, but for rounding."""
        model = self.ours.errors.model
        likeliest = np.sort(model.membership(model.codes), axis=1)[:, -2:]
        return float(model.count @ (np.diff(likeliest, axis=1)[:, 0] < TIED))

    @cached_property
    def _without_rare(self) -> dict[str, float]:
        """Chi-squared where rare answers are left out as they do."""
        return without_rare_answers(self.ours.errors.model, self.ours.table_of_answers)

    def _leaves_out(self, figure: Figure) -> bool:
        """Whether ours agrees with a figure of chi-squared without rare answers."""
        value = self._without_rare.get(figure.quantity)
        return value is not None and replace(figure, ours=value, allowed=FIRST_ORDER * value).verdict != DIFFERS

    @property
    def is_incomplete(self) -> bool:
        """Whether answers are missing, or cells were left out of chi-squared."""
        return bool(self.frame.isna().any(axis=None)) or self.output.deleted_cells > 0

    def explanation(self, figure: Figure) -> str:
        """The name of what explains a difference."""
        if self.lacking < -SAME_MAXIMUM:
            return "ours is lower"
        if figure.kind in ("log-likelihood", "criterion") or figure.quantity.endswith("statistic"):
            return "local maximum" if self.lacking >= STILL_CLIMBING else "stopped early"
        if figure.kind in ("chi-squared", "degrees of freedom") and self._leaves_out(figure):
            return "cells left out"
        if figure.kind in ("chi-squared", "degrees of freedom") and self.is_incomplete:
            return "table of answers"
        if figure.kind == "likelihood ratio test":
            return "likelihood ratio test"
        if self.height_at_theirs > self.ours.found.log_likelihood + ROUNDED:
            return "ours is lower"
        if figure.kind == "assigned" and abs(figure.difference) <= self.n_tied:
            return "ties"
        if self.at_boundary:
            return "boundary"
        return "stopped early" if self.lacking > SAME_MAXIMUM else "open"
