"""Tables of how well classes fit, how surely respondents are assigned, and where the starts ended."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayes_lca.dims import CLASS
from bayes_lca.likelihood.criteria import assignment_quality, entropy_r2, information_criteria
from bayes_lca.likelihood.row_sums import sum_products
from bayes_lca.table import SummaryTable
from bayes_lca.workflows.maximum_likelihood.estimate_tables import of_probability

if TYPE_CHECKING:
    from bayes_lca.workflows.maximum_likelihood.maximum_likelihood import MaximumLikelihoodEstimates

ASSIGNED = "assigned_to"


def fit_table(estimates: "MaximumLikelihoodEstimates") -> SummaryTable:
    """A row per quantity, with its ``value``."""
    errors, found = estimates.errors, estimates.found
    model = errors.model
    values = {
        "log_likelihood": found.log_likelihood,
        "parameters": errors.n_parameters,
        "parameters_at_boundary": errors.n_at_boundary,
        "parameters_unidentified": errors.n_unidentified,
        "scaling": errors.scaling,
        **information_criteria(found.log_likelihood, errors.n_parameters, model.count.sum()),
        "entropy_r2": entropy_r2(model.membership(model.codes), model.count),
    }
    index = pd.Index(list(values), name="quantity")
    return SummaryTable.of(pd.DataFrame({"value": list(values.values())}, index=index, dtype=float), estimates.note)


def chi_squared_table(estimates: "MaximumLikelihoodEstimates") -> SummaryTable:
    """A row for Pearson's and for the likelihood ratio statistic."""
    found = estimates.table_of_answers
    statistics = {"pearson": found.pearson, "likelihood_ratio": found.likelihood_ratio}
    table = pd.DataFrame(
        {
            "statistic": list(statistics.values()),
            "degrees_of_freedom": found.degrees_of_freedom,
            "p_value": [found.p_value(statistic) for statistic in statistics.values()],
        },
        index=pd.Index(list(statistics), name="quantity"),
    )
    responses = estimates.answers.responses
    against = "no statistics: " + found.refused if found.refused else f"against the table of {found.n_cells} cells"
    if responses.n_missing and not found.refused:
        against += ", estimated without a model from complete and incomplete answers (EM)"
    return SummaryTable.of(table, f"{estimates.note}; {against}")


def share_table(estimates: "MaximumLikelihoodEstimates") -> SummaryTable:
    """A row per class."""
    model = estimates.errors.model
    membership = model.membership(model.codes)
    assigned = model.count @ model.assign(model.codes, "modal")
    average, odds = assignment_quality(model.class_share, membership, model.count)
    index = pd.Index(estimates.class_names, name=CLASS)
    table = of_probability(estimates.errors.shares, np.ones(len(index), dtype=bool), index)
    table["n_assigned"] = assigned.astype(int)
    table["share_assigned"] = assigned / assigned.sum()
    table["average_posterior"], table["odds_correct"] = average, odds
    about = "se: inverse information; robust_se: sandwich; assigned: to the most probable class"
    return SummaryTable.of(table, f"{estimates.note}; {about}; 95 % intervals of robust_se, on the logit scale")


def error_table(estimates: "MaximumLikelihoodEstimates") -> SummaryTable:
    """A row per class, a column per class assigned to; rows add up to one."""
    names = estimates.class_names
    model = estimates.errors.model
    table = pd.DataFrame(
        model.error_matrix("modal"), index=pd.Index(names, name=CLASS), columns=pd.Index(names, name=ASSIGNED)
    )
    return SummaryTable.of(table, f"{estimates.note}; probability of being assigned to the class of the column")


def average_posterior_table(estimates: "MaximumLikelihoodEstimates") -> SummaryTable:
    """A row per class assigned to, a column per class; rows add up to one."""
    names = estimates.class_names
    model = estimates.errors.model
    assigned = model.assign(model.codes, "modal")
    together = sum_products(assigned, model.membership(model.codes), model.count)
    with np.errstate(invalid="ignore"):
        average = together / together.sum(axis=1, keepdims=True)
    table = pd.DataFrame(average, index=pd.Index(names, name=ASSIGNED), columns=pd.Index(names, name=CLASS))
    return SummaryTable.of(table, f"{estimates.note}; average probability of the class of the column")


def start_table(estimates: "MaximumLikelihoodEstimates") -> SummaryTable:
    """A row per mode that starts reached, best first."""
    modes = estimates.found.modes
    table = pd.DataFrame(
        {
            "log_likelihood": [mode.log_likelihood for mode in modes],
            "starts": [mode.starts for mode in modes],
            "smallest_class": [mode.class_share.min() for mode in modes],
        },
        index=pd.RangeIndex(1, len(modes) + 1, name="mode"),
    )
    found = estimates.found
    return SummaryTable.of(table, f"{found.converged_starts} of {found.n_starts} starts converged")
