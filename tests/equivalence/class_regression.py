"""Latent class regression of the cheating data on GPA: poLCA in one step, a published comparison in three.

The one step is the likelihood of the PyMC model, without its priors, climbed to its maximum.
"""

import numpy as np
import pandas as pd
from pymc.blocking import DictToArrayBijection, RaveledVars
from pytensor import grad
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

import bayes_lca as bl
from bayes_lca.dims import COUNT, INTERCEPT, ITEM_PROBABILITY, SLOPE
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.em import fit_em
from bayes_lca.models import LatentClass
from bayes_lca.workflows.ladder.bias_adjusted_regression import stepwise
from equivalence.class_fits import items_of, respondents
from equivalence.row import Row, Source, printed

COEFFICIENT = {"intercept": (0.1134289, 0.5099159), "GPA": (-0.8424836, 0.2813142)}
"""Log odds of the smaller class, and their standard errors."""
COEFFICIENT_COVARIANCE = -0.109632
ITEM_SE = (
    (0.01255233, 0.01894220, 0.01393974, 0.02672687),
    (0.12572255, 0.09807088, 0.07333183, 0.08743647),
)
"""Of an answer to each item, the larger class first."""
POLCA_MAXIMUM = "-429.6384"
LACKING = {"modal": 1.632106, "ml": 0.5393291}
"""What the log-likelihood of classical and of bias-corrected three-step coefficients lacks to that maximum."""
STOPPED = "a thousandth of the standard error: poLCA stops when an iteration adds less than 1e-10"
OF_ERROR = 1e-3
STARTS, STEP, MODE = 3, 1e-4, "FAST_COMPILE"


def with_gpa() -> pd.DataFrame:
    """The 315 respondents whose GPA is known."""
    return respondents("cheating").dropna().astype(int)


class OneStep:
    """The likelihood of the PyMC model as a function of one vector, its free variables on the real line."""

    def __init__(self):
        items = bl.Items(items_of("cheating"))
        model = LatentClass(2, items, bl.Regression("~ GPA")).prepare(with_gpa()).model
        inputs, observed = model.value_vars, model.observed_RVs
        shown = model.replace_rvs_by_values([model[name] for name in (INTERCEPT, SLOPE, ITEM_PROBABILITY)])
        point = DictToArrayBijection.map(model.initial_point())
        self.count, self._map, self.size = model[COUNT].get_value(), point.point_map_info, len(point.data)
        self._by_pattern = model.compile_fn(model.logp(observed, sum=False), inputs=inputs, mode=MODE)
        self._gradient = model.compile_fn(grad(model.logp(observed), inputs), inputs=inputs, mode=MODE)
        self._shown = model.compile_fn(shown, inputs=inputs, mode=MODE)

    def _read(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        return DictToArrayBijection.rmap(RaveledVars(vector, self._map))

    def by_pattern(self, vector: np.ndarray) -> np.ndarray:
        """Log-likelihood of every pattern of answers and GPA, its respondents together."""
        return self._by_pattern(self._read(vector))[0]

    def climb(self) -> np.ndarray:
        """The highest of the maxima reached from random starts."""

        def fall(vector):
            slope = [np.ravel(part) for part in self._gradient(self._read(vector))]
            return -self.by_pattern(vector).sum(), -np.concatenate(slope)

        starts = np.random.default_rng(1).normal(size=(STARTS, self.size))
        with np.errstate(invalid="ignore"):  # a line search looks far away
            ends = [minimize(fall, start, jac=True, method="BFGS", options={"gtol": 1e-7}) for start in starts]
        return ends[np.nanargmin([end.fun for end in ends])].x

    def quantities(self, vector: np.ndarray) -> np.ndarray:
        """Log odds of the smaller class, then probabilities of answer 1 to each item, the larger class first."""
        intercept, slope, item = self._shown(self._read(vector))
        order = [0, 1] if item[0, :, 0].sum() > item[1, :, 0].sum() else [1, 0]
        odds = np.array([intercept, slope[0]])[:, order] @ [-1, 1]  # (term,)
        return np.concatenate([odds, item[order, :, 0].ravel()])

    def covariance(self, vector: np.ndarray) -> np.ndarray:
        """Of the quantities, from the products of respondents' scores."""

        def slopes(function):
            moves = STEP * np.eye(self.size)
            return np.array([(function(vector + move) - function(vector - move)) / (2 * STEP) for move in moves])

        scores = slopes(self.by_pattern)  # (coordinate, pattern)
        inverse = np.linalg.inv(scores / self.count @ scores.T)
        by_coordinate = slopes(self.quantities)  # (coordinate, quantity)
        return by_coordinate.T @ inverse @ by_coordinate


def one_step() -> list[Row]:
    """Maximum, coefficients and standard errors of poLCA."""
    model = OneStep()
    best = model.climb()
    value, covariance = model.quantities(best), model.covariance(best)
    error = np.sqrt(np.diag(covariance))
    found = [printed("log-likelihood", POLCA_MAXIMUM, model.by_pattern(best).sum())]
    for t, (term, (theirs, theirs_error)) in enumerate(COEFFICIENT.items()):
        tolerance = OF_ERROR * theirs_error
        found += [
            Row(f"log odds of the smaller class: {term}", theirs, float(value[t]), tolerance, STOPPED),
            Row(f"SE of log odds of the smaller class: {term}", theirs_error, float(error[t]), tolerance, STOPPED),
        ]
    product = error[0] * error[1]
    found.append(
        Row("covariance of both", COEFFICIENT_COVARIANCE, float(covariance[0, 1]), OF_ERROR * product, STOPPED)
    )
    for (k, j), theirs in np.ndenumerate(ITEM_SE):
        name = f"SE of P({items_of('cheating')[j]} = 1 | class {k + 1})"
        found.append(Row(name, theirs, float(error[2 + 4 * k + j]), OF_ERROR * theirs, STOPPED))
    return found


def three_steps() -> list[Row]:
    """Log-likelihood of the whole model at three-step coefficients and the item probabilities of the first step."""
    frame = with_gpa()
    codes = frame[items_of("cheating")].to_numpy() - 1
    count, gpa = np.ones(len(codes)), frame[["GPA"]].to_numpy(dtype=float)
    first = fit_em(codes, count, (2,) * 4, 2, n_starts=10, tolerance=1e-12)
    emission = Classification(first.item_probability, first.class_share, codes, count).log_emission(codes)
    found = []
    for method, lacking in LACKING.items():
        fit = stepwise(codes, count, gpa, first.item_probability, first.class_share, method=method)
        log_share = log_softmax(np.column_stack([count, gpa]) @ fit.coefficient.T, axis=1)
        ours = logsumexp(log_share + emission, axis=1).sum()
        found.append(
            Row(
                f"log-likelihood at the coefficients of method {method!r}",
                float(POLCA_MAXIMUM) - lacking,
                float(ours),
                1e-4,
                "the maximum is printed to four digits, and first steps stop a little apart",
            )
        )
    return found


SOURCES = (
    Source(
        "poLCA, regression",
        "poLCA's help page of the cheating data; standard errors as printed by poLCA into scripts/parity_final.py of "
        "github.com/marcandre259/pypolca",
        one_step,
    ),
    Source(
        "Durante, Canale & Rigon",
        "Durante, Canale & Rigon (2017), A nested expectation-maximization algorithm for latent class models with "
        "covariates, arXiv:1705.03864, table 1; digits of the authors' tutorial, github.com/danieledurante/nEM",
        three_steps,
    ),
)
