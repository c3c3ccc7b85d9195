"""Weighted latent classes: Mplus with sampling weights, and influence values summed by R's survey package.

The data are read where they lie, and not kept here; without them there are no rows.
"""

import numpy as np
import pandas as pd

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.criteria import entropy_r2
from bayes_lca.likelihood.design_errors import DesignErrors
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.information_root import free_log_ratios
from equivalence.peers import PEERS, figures, frame
from equivalence.row import Row, Source, printed

FULL = bl.SurveyDesign(weights="weight", strata="stratum", cluster="cluster")
SMALL_SAMPLE = "Mplus leaves out the factor n / (n - 1), a hundredth of a percent here; and half a digit for rounding"


def fitted(name: str, n_items: int, design: bl.SurveyDesign):
    """Two classes of the weighted answers, with what is needed for errors: model, rows, sample, membership."""
    table = frame(name)
    codes = np.column_stack([pd.factorize(table[item], sort=True)[0] for item in table.columns[:n_items]])
    rows = unique_rows(codes)
    sample = design.read(table).scaled(np.ones(len(table), dtype=bool))
    weight = sample.weighing(rows).count
    fit = fit_em(codes[rows.first], weight, codes.max(axis=0) + 1, 2, n_starts=20)
    model = Classification(fit.item_probability, fit.class_share, codes[rows.first], weight)
    return fit, model, rows, sample


def mplus_rows() -> list[Row]:
    """Thresholds, their errors, log-likelihood, scaling, entropy and sizes of ELS:2002, 2998 of 12146 with weight 0."""
    theirs = figures("weights_els_2")
    fit, model, rows, sample = fitted("els_weighted", 8, bl.SurveyDesign(weights="weight"))
    errors = DesignErrors.of(model, rows.pattern, sample)
    n = len(sample.weight)
    result = [
        printed("pseudo-log-likelihood", theirs["LL"], fit.log_likelihood),
        printed("entropy", theirs["entropy"], entropy_r2(fit.membership, model.count)),
        Row("scaling", float(theirs["scaling"]), errors.scaling * (n - 1) / n, 0.6e-4, SMALL_SAMPLE),
    ]
    result += [
        printed(f"share of class {place}", share, ours)
        for place, ((_, share), ours) in enumerate(zip(theirs["class_counts_model"], fit.class_share, strict=True), 1)
    ]
    log_odds = np.log(fit.item_probability[:, :, 0] / fit.item_probability[:, :, 1]).ravel()
    means = [np.log(fit.class_share[0] / fit.class_share[1])]
    spread = np.sqrt(np.diag(errors.covariance))  # the share, then one log ratio of each item in each class
    for (*names, value, error), ours, ours_error in zip(
        theirs["parameters"], [*log_odds, *means], [*spread[1:], spread[0]], strict=True
    ):
        name = " ".join(names)
        result += [printed(name, value, ours), printed(f"{name}, standard error", error, ours_error)]
    return result


def survey_rows() -> list[Row]:
    """Standard error of a class share of NHANES foods: with the design, with weights alone, and naive."""
    theirs, rows_of_table = figures("weights_nhanes_2"), []
    exact = "both are maxima of one function, found to 1e-10"
    held = "the same parameters held: those of the item whose first category nobody of a class chose"
    for name, design, figure in (
        ("design", FULL, theirs["share_se_design"][0]),
        ("weights", bl.SurveyDesign(weights="weight"), theirs["share_se_weights"][0]),
    ):
        fit, model, rows, sample = fitted("nhanes_foods", 6, design)
        free = free_log_ratios(model)
        n_classes, n_categories = len(model.class_share), model.item_probability.shape[2]
        empty = (model.item_probability < 1e-6).any(axis=2)  # (latent_class, item)
        free[n_classes:] &= ~np.repeat(empty.ravel(), n_categories)
        errors = DesignErrors.of(model, rows.pattern, sample, free)
        n = len(sample.weight)
        factor = np.sqrt((n - 1) / n) if name == "weights" else 1.0
        rows_of_table += [
            Row(f"share, standard error with {name}", figure, errors.of_shares[0] * factor, 1e-6, held),
            Row(f"pseudo-log-likelihood, {name}", theirs["pseudo_loglik"], fit.log_likelihood, 1e-6, exact),
        ]
    return rows_of_table


SOURCES = (
    Source(
        "Mplus with weights",
        "Mplus 9, MLR, WEIGHT: output beside ELS:2002, https://nces.ed.gov/surveys/els2002",
        mplus_rows,
        folder=PEERS,
    ),
    Source(
        "R survey",
        "Lumley (2004), survey 4.1.1, Journal of Statistical Software 9(8), doi 10.18637/jss.v009.i08: svytotal of "
        "influence values, NHANES foods",
        survey_rows,
        folder=PEERS,
    ),
)
