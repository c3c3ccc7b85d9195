"""Two normal items and a distal outcome of Latent GOLD."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import softmax
from scipy.stats import norm

from bayes_lca.likelihood.families import NormalFamily
from bayes_lca.likelihood.mixture import MixtureFit, fit_mixture
from bayes_lca.workflows.ladder.outcome_given_first_step import OutcomeGivenClass, with_first_step
from equivalence.class_fits import read_json
from equivalence.peers import PEERS
from equivalence.row import Row, Source, beside_project, printed

ITEMS = ("y1", "y2")


@dataclass(frozen=True, eq=False)
class FirstStep:
    """Classes of numbers, as the third step asks for them: each respondent is a pattern of its own."""

    numbers: np.ndarray

    @cached_property
    def fit(self) -> MixtureFit:
        """Maximum likelihood, classes in order of falling share."""
        family = NormalFamily(self.numbers, self.numbers.mean(axis=0), self.numbers.std(axis=0), free=True)
        return fit_mixture([family], np.ones(len(self.numbers)), 2, tolerance=1e-12)

    @property
    def codes(self) -> np.ndarray:
        return np.arange(len(self.numbers))[:, None]

    @property
    def share(self) -> np.ndarray:
        return self.fit.best.class_share

    @property
    def mean(self) -> np.ndarray:
        """Shape (latent_class, item)."""
        return self.fit.best.parameters[0]["mean"]

    @property
    def variance(self) -> np.ndarray:
        """Shape (latent_class, item)."""
        return self.fit.best.parameters[0]["sd"] ** 2

    def membership(self, codes: np.ndarray) -> np.ndarray:
        density = norm.logpdf(self.numbers[codes[:, 0], None], self.mean, np.sqrt(self.variance)).sum(axis=2)
        return softmax(density + np.log(self.share), axis=1)

    def assign(self, codes: np.ndarray, assignment: str) -> np.ndarray:
        membership = self.membership(codes)
        return np.eye(2)[membership.argmax(axis=1)] if assignment == "modal" else membership

    def error_matrix(self, assignment: str, assigned: np.ndarray) -> np.ndarray:
        membership = self.membership(self.codes)
        return membership.T @ assigned / membership.sum(axis=0)[:, None]


def rows() -> list[Row]:
    """Every figure kept of the example, on data that are read where they lie."""
    table, figures = pd.read_csv(beside_project(PEERS) / "data" / "lg_c09_steps.csv"), read_json("latent_gold")
    first = FirstStep(table[list(ITEMS)].to_numpy())
    log_likelihood, parameters, n = first.fit.best.log_likelihood, first.fit.n_parameters, len(table)
    criteria = {
        "log-likelihood": log_likelihood,
        "parameters": parameters,
        "BIC": -2 * log_likelihood + parameters * np.log(n),
        "SABIC": -2 * log_likelihood + parameters * np.log((n + 2) / 24),
        "CAIC": -2 * log_likelihood + parameters * (np.log(n) + 1),
    }
    found = [printed(name, text, criteria[name]) for name, text in figures["step_one"].items()]
    found += [printed(f"size of class {k + 1}", text, first.share[k]) for k, text in enumerate(figures["sizes"])]
    for name, values in (("mean", first.mean), ("variance", first.variance)):
        for j, item in enumerate(ITEMS):
            found += [
                printed(f"{name} of {item} in class {k + 1}", text, values[k, j])
                for k, text in enumerate(figures[f"{name}s"][item])
            ]
    errors = first.error_matrix("modal", first.assign(first.codes, "modal"))
    found += [
        printed(f"P(assigned to {w + 1} | class {c + 1})", text, errors[c, w])
        for c, row in enumerate(figures["classification"])
        for w, text in enumerate(row)
    ]
    return found + outcome_rows(first, table["distal"].to_numpy(), figures)


def outcome_rows(first: FirstStep, outcome: np.ndarray, figures: dict) -> list[Row]:
    """Mean of the outcome by class, one variance for both, first step taken as known."""
    found = []
    for method in ("bch", "modal"):
        step = OutcomeGivenClass(first.codes, np.ones(len(outcome)), first, method, "modal", outcome, "normal")
        estimate = with_first_step(step, first_step_known=True)
        found += [
            printed(f"{method}: mean of class {k + 1}", text, estimate.mean[k])
            for k, text in enumerate(figures[method]["means"])
        ]
        if method == "bch":
            pooled = estimate.weight @ estimate.variance / len(outcome)
            found.append(printed("bch: variance", figures["bch"]["variance"], pooled))
            found += [
                printed(f"bch: SE of mean of class {k + 1}", text, np.sqrt(pooled / estimate.weight[k]))
                for k, text in enumerate(figures["bch"]["se"])
            ]
    return found


SOURCES = (
    Source(
        "Latent GOLD, steps",
        "Latent GOLD 6.1, simulated step-three example, validation/latentgold of github.com/mohsaqr/latents",
        rows,
        folder=PEERS,
    ),
)
