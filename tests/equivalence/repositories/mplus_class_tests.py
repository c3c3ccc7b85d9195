"""What Mplus prints after latent classes: the test of one class fewer and the third step."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.special import expit, logsumexp

from bayes_lca.likelihood.answers import log_probability_of_answers
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.unrestricted import TableFit, unrestricted_table
from bayes_lca.workflows.class_counts.vlmr import compare_by_scores
from bayes_lca.workflows.ladder.bias_adjusted_regression import stepwise
from bayes_lca.workflows.maximum_likelihood.maximum_likelihood import MaximumLikelihoodEstimates
from equivalence.repositories.figure import Figure
from equivalence.repositories.mplus_allowances import EARLY, FLAT, OF_ITSELF, SHARE_OF_ERROR, STOPS, of_height
from equivalence.repositories.mplus_output import MplusOutput

STARTS = 30
RARE = 0.01
"""Minimum expected cell size for chi-square, as every output prints it."""


def likelihood_ratio_test(output: MplusOutput, larger: MaximumLikelihoodEstimates) -> Iterator[Figure]:
    """TECH11."""
    theirs, n_classes = output.likelihood_ratio_test, len(larger.class_names)
    if not theirs or n_classes == 1:
        return
    rows, n_categories = larger.errors.model, larger.answers.responses.n_categories
    smaller = fit_em(rows.codes, rows.count, n_categories, n_classes - 1, n_starts=STARTS, seed=1, newton=False)
    ours = compare_by_scores(smaller, larger.found, rows.codes, rows.count)
    values = {
        "statistic": ours.statistic,
        "mean": float(ours.weights.sum()),
        "SD": float(np.sqrt(2 * (ours.weights**2).sum())),
        "p": ours.p,
        "adjusted statistic": ours.adjusted_statistic,
        "adjusted p": ours.adjusted_p,
    }
    for name, value in values.items():
        if name in theirs:
            within, because = 0.0, ""
            if name in ("mean", "SD"):
                within, because = OF_ITSELF * float(theirs["SD"]), FLAT
            elif name.endswith("statistic"):
                within, because = 2 * of_height(output.fit["log_likelihood"]), STOPS
            yield Figure("likelihood ratio test", f"TECH11, {name}", theirs[name], float(value), within, because)


def third_step(
    output: MplusOutput, frame: pd.DataFrame, first: MaximumLikelihoodEstimates, order: Sequence[str]
) -> Iterator[Figure]:
    """R3STEP: the class, assigned with known errors, on covariates of those who have all of them.

    Parameters
    ----------
    output : MplusOutput
    frame : DataFrame
        Covariates of everybody in the first step.
    first : MaximumLikelihoodEstimates
    order : sequence of str
        Our class for each of theirs.
    """
    theirs = output.three_step
    names = {name.upper()[:8]: name for name in frame.columns}
    terms = list(dict.fromkeys(line.name for line in theirs if line.group == "ON"))
    if not terms or not {term[:8] for term in terms} <= set(names):
        return
    design = frame[[names[term[:8]] for term in terms]].to_numpy(dtype=float)
    there, rows, model = ~np.isnan(design).any(axis=1), first.answers.responses.codes, first.errors.model
    ours = stepwise(
        *(rows[there], np.ones(there.sum()), design[there], model.item_probability, model.class_share),
        method="ml",
        terms=terms,
        measurement_codes=rows,
        measurement_count=np.ones(len(rows)),
        first_step_known=True,
    )
    places = [first.class_names.index(name) for name in order]
    for line in theirs:
        of_term = line.group == "ON"
        number = int((line.of_class if of_term else line.name).split("#")[1])
        row = ours.contrast(places[number - 1], places[-1]).loc[line.name if of_term else "intercept"]
        quantity, error = f"{row.name}, {order[number - 1]} against {order[-1]}", float(row["se"])
        yield Figure("third step", quantity, line.estimate, float(row["estimate"]), SHARE_OF_ERROR * error, EARLY)
        yield Figure("standard error of a third step", quantity, line.error, error, OF_ITSELF * error, FLAT)


def height_at(
    rows: Classification, thresholds: Sequence[Sequence[float]], sizes: Sequence[int], share: Sequence[float]
) -> float:
    """The log-likelihood at some thresholds, class after class, and shares.

    Parameters
    ----------
    rows : Classification
        Of which answers and counts are taken.
    thresholds : sequence of sequence of float
    sizes : sequence of int
        Categories of each item.
    share : sequence of float
    """
    probability = np.zeros((len(thresholds), len(sizes), rows.item_probability.shape[2]))
    for k, of_class in enumerate(thresholds):
        below = iter(expit(np.array(of_class)))
        for j, size in enumerate(sizes):
            probability[k, j, :size] = np.diff([0.0, *(next(below) for _ in range(size - 1)), 1.0])
    with np.errstate(divide="ignore"):
        joint = log_probability_of_answers(probability, rows.codes) + np.log(np.array(share) / np.sum(share))
    return float(rows.count @ logsumexp(joint, axis=1))


def without_rare_answers(model: Classification, table: TableFit) -> dict[str, float]:
    """Chi-squared and degrees of freedom without the rows of answers that Mplus leaves out.

    These are the rows that fewer than .01 of the respondents who lack the same answers are expected to give. Where
    answers are missing, Pearson's statistic rests on a table without a model that Mplus estimates to a change of 1e-4
    only, and is left out.
    """
    expected_log = logsumexp(model.log_emission(model.codes) + np.log(model.class_share), axis=1)
    missing, count = model.codes < 0, model.count
    _, alike = np.unique(missing, axis=0, return_inverse=True)
    expected = np.bincount(alike, weights=count)[alike] * np.exp(expected_log)
    rare = expected < RARE
    of_rows = unrestricted_table(model.codes, count)[2] if missing.any() else count / count.sum()
    found = {
        "likelihood_ratio": float(2 * count[~rare] @ (np.log(of_rows) - expected_log)[~rare]),
        "of chi-squared": float(table.degrees_of_freedom - rare.sum()),
    }
    if not missing.any():
        found["pearson"] = float(table.pearson - ((count - expected) ** 2 / expected)[rare].sum())
    return found
