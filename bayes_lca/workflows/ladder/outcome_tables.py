"""Tables of outcomes by class, from a weighted second step in the user's units."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy

from bayes_lca.dims import CLASS
from bayes_lca.workflows.ladder.outcome_given_first_step import NORMAL, OutcomeByClass, wald
from bayes_lca.workflows.ladder.outcomes_given_covariates import pairs_of
from bayes_lca.workflows.ladder.outcomes_in_units import OutcomesEstimate
from bayes_lca.workflows.ladder.stepwise_outcome import outcome_rows

INTERCEPT, ALL_CLASSES = "intercept", "all classes"
TESTED = ["estimate", "se", "lower", "upper", "wald", "df", "p_value"]


def mean_rows(found: OutcomesEstimate, classes: Sequence[str], tails: Sequence[float]) -> pd.DataFrame:
    """Classes, contrasts and the overall test of each outcome, at the average of the covariates."""
    (means, covariance), (within, _) = found.of_units(found.units.means), found.of_units(found.units.covariances)
    weight = found.step.weight.sum(axis=0)
    tables = {}
    for j, name in enumerate(found.step.names):
        mean, of_means = means[:, j], covariance[:, j, :, j]
        of_outcome = OutcomeByClass(mean, within[:, j, j], mean[:, None], of_means, weight)
        tables[name], _ = outcome_rows(of_outcome, classes, NORMAL, tails)
    return pd.concat(tables, names=["outcome"])


def coefficient_rows(
    found: OutcomesEstimate, classes: Sequence[str], terms: Sequence[str], tails: Sequence[float]
) -> pd.DataFrame:
    """Intercepts and slopes of each class, and whether slopes differ between classes."""
    value, covariance = found.of_units(found.units.coefficients)
    rows, z = {}, [scipy.stats.norm.ppf(tail) for tail in tails]
    for j, name in enumerate(found.step.names):
        for t, term in enumerate([INTERCEPT, *terms]):
            of_term, spread = value[:, j, t], covariance[:, j, t, :, j, t]
            is_shared = term != INTERCEPT and found.step.shared.slopes == "equal"
            for c, of_class in enumerate([ALL_CLASSES] if is_shared else classes):
                error = np.sqrt(spread[c, c])
                statistic = (of_term[c] / error) ** 2
                ends = [of_term[c] + end * error for end in z]
                tested = (of_term[c], error, *ends, statistic, 1, scipy.stats.chi2.sf(statistic, 1))
                rows[name, term, of_class] = dict(zip(TESTED, tested, strict=True))
            if term != INTERCEPT and not is_shared:
                statistic, df = wald(of_term, spread)
                differ = {"wald": statistic, "df": df, "p_value": scipy.stats.chi2.sf(statistic, df)}
                rows[name, term, ALL_CLASSES] = differ
    table = pd.DataFrame.from_dict(rows, orient="index")[TESTED]
    table.index = pd.MultiIndex.from_tuples(rows, names=["outcome", "term", CLASS])
    return table


def variance_rows(found: OutcomesEstimate, classes: Sequence[str], tails: Sequence[float]) -> pd.DataFrame:
    """Variances within classes, and covariances of two outcomes."""
    value, covariance = found.of_units(found.units.covariances)
    rows, names, z = {}, found.step.names, np.array([scipy.stats.norm.ppf(tail) for tail in tails])
    for j, k in pairs_of(len(names)):
        kind = found.step.shared.variances if j == k else found.step.shared.covariances
        for c, of_class in enumerate([ALL_CLASSES] if kind == "equal" else classes if kind == "by class" else []):
            here, error = value[c, j, k], np.sqrt(covariance[c, j, k, c, j, k])
            ends = here * np.exp(z * error / here) if j == k else here + z * error
            rows[of_class, names[j], names[k]] = dict(zip(TESTED, (here, error, *ends), strict=False))
    table = pd.DataFrame.from_dict(rows, orient="index")[TESTED[:4]]
    table.index = pd.MultiIndex.from_tuples(rows, names=[CLASS, "outcome_1", "outcome_2"])
    return table
