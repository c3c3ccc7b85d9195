"""Tables of estimates with both standard errors: probabilities, thresholds, class logits."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from bayes_lca.dims import CATEGORY, CLASS, ITEM
from bayes_lca.likelihood.estimate_errors import Estimates
from bayes_lca.table import SummaryTable

if TYPE_CHECKING:
    from bayes_lca.workflows.maximum_likelihood.maximum_likelihood import MaximumLikelihoodEstimates

SE = "se: inverse information; robust_se: sandwich, as of the estimator MLR"
HELD = "held at the boundary: no standard error"


def probability_table(estimates: "MaximumLikelihoodEstimates") -> SummaryTable:
    """A row per class, item and category."""
    index = _index(estimates, last=True)
    table = of_probability(estimates.errors.probabilities, _exists(estimates, last=True), index)
    return SummaryTable.of(table, _note(estimates, "intervals on the logit scale"))


def threshold_table(estimates: "MaximumLikelihoodEstimates") -> SummaryTable:
    """A row per class, item and category but the last."""
    table = _of_logit(estimates.errors.thresholds, _exists(estimates, last=False), _index(estimates, last=False))
    return SummaryTable.of(table, _note(estimates, "logit of the answer or one before it"))


def class_logit_table(estimates: "MaximumLikelihoodEstimates", reference: str | None) -> SummaryTable:
    """A row per class but the reference.

    Raises
    ------
    ValueError
        If there is no such class.
    """
    names = estimates.class_names
    reference = names[-1] if reference is None else str(reference)
    if reference not in names:
        raise ValueError(f"reference={reference!r}: classes are {', '.join(names)}; choose one of them")
    others = np.array(names) != reference
    index = pd.Index(np.array(names)[others], name=CLASS)
    table = _of_logit(estimates.errors.class_logits(names.index(reference)), others, index)
    return SummaryTable.of(table, _note(estimates, f"log odds of the class against {reference}"))


def of_probability(estimates: Estimates, chosen: np.ndarray, index: pd.Index) -> pd.DataFrame:
    """Estimates between 0 and 1, with intervals on the logit scale."""
    value, error, robust = (each[chosen] for each in (estimates.value, estimates.error, estimates.robust_error))
    with np.errstate(divide="ignore", invalid="ignore"):
        half = norm.ppf(0.975) * robust / (value * (1 - value))
        lower, upper = expit(logit(value) - half), expit(logit(value) + half)
    return pd.DataFrame(
        {"estimate": value, "se": error, "robust_se": robust, "lower": lower, "upper": upper}, index=index
    )


def _of_logit(estimates: Estimates, chosen: np.ndarray, index: pd.Index) -> pd.DataFrame:
    """Estimates of either sign, with the ratio to the robust error that is printed beside them."""
    value, error, robust = (each[chosen] for each in (estimates.value, estimates.error, estimates.robust_error))
    z, half = value / robust, norm.ppf(0.975) * robust
    columns = {"estimate": value, "se": error, "robust_se": robust, "lower": value - half, "upper": value + half}
    return pd.DataFrame(columns | {"z": z, "p_value": 2 * norm.sf(np.abs(z))}, index=index)


def _exists(estimates: "MaximumLikelihoodEstimates", *, last: bool) -> np.ndarray:
    """Which categories an item has, all of them or all but the last, shape (latent_class, item, category)."""
    rho = estimates.found.item_probability
    sizes = np.array(estimates.answers.responses.n_categories) - (not last)
    return np.broadcast_to(np.arange(rho.shape[2]) < sizes[:, None], rho.shape)


def _index(estimates: "MaximumLikelihoodEstimates", *, last: bool) -> pd.MultiIndex:
    responses = estimates.answers.responses
    rows = [
        (name, str(item), label)
        for name in estimates.class_names
        for item, labels in zip(responses.items, responses.labels, strict=True)
        for label in (labels if last else labels[:-1])
    ]
    return pd.MultiIndex.from_tuples(rows, names=[CLASS, ITEM, CATEGORY])


def _note(estimates: "MaximumLikelihoodEstimates", about: str) -> str:
    held = [HELD] if estimates.errors.n_at_boundary else []
    return "; ".join([estimates.note, SE, about, *held, "95 % intervals of robust_se"])
