"""A distal outcome by class, by the published stepwise estimators."""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal, get_args

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from bayes_lca.data.declarations import Declarations, MissingCodes
from bayes_lca.data.frame import Frame
from bayes_lca.data.outcome import read_numeric_outcome, read_ordered_outcome
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.same_respondents import respondents_of_rows
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.workflows.ladder.assign import known_answers, require_classes_of_answers_alone
from bayes_lca.workflows.ladder.bias_adjusted_regression import Method
from bayes_lca.workflows.ladder.drawn_rows import DrawnRows, counts_of
from bayes_lca.workflows.ladder.first_step import first_step_of, require_unrestricted
from bayes_lca.workflows.ladder.outcome_given_first_step import (
    BERNOULLI,
    NORMAL,
    Family,
    OutcomeByClass,
    OutcomeGivenClass,
    wald,
    with_first_step,
)

CLASSES, CONTRASTS, OVERALL = "class", "contrast", "overall"
SHOWN = ["estimate", "se", "lower", "upper", "wald", "df", "p_value"]


def stepwise_outcome(
    measured: xr.DataTree,
    outcome: str,
    frame: Frame,
    family: Family = NORMAL,
    method: Method = "bch",
    *,
    categories: Sequence | None = None,
    missing_codes: MissingCodes = (),
    count: str | int | None = None,
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
    ci_prob: float = CI_PROB,
) -> SummaryTable:
    r"""Means, or shares, of a distal outcome by class, classes unmoved by it, by maximum likelihood in steps.

    Classes are those of `measured`, refitted by maximum likelihood. With the modal class :math:`w_i`, its errors
    :math:`D_{cw} = P(W = w \mid C = c)`, and shares :math:`\pi_c` and item probabilities of the first step held, the
    means :math:`\mu` solve or maximise

    .. math::
        \text{bch [1]_ [2]_:}\quad & \textstyle\sum_i (D^{-1})_{w_i c}\, (o_i - \mu_c) = 0 \\
        \text{ml [2]_ [3]_:}\quad & \textstyle\sum_i \log \sum_c \pi_c D_{c w_i} f(o_i \mid c) \\
        \text{two\_step [4]_:}\quad & \textstyle\sum_i \log \sum_c \pi_c\, p(y_i \mid c) f(o_i \mid c)

    with f normal, its variance free in each class, or Bernoulli. ``"modal"`` and ``"proportional"`` take the assigned
    class, or the membership, as if it had been seen: differences between classes come out too small. BCH makes no
    assumption of the outcome's distribution, and is advised where an outcome is not normal in each class [3]_: there,
    ``"ml"`` and ``"two_step"`` can move the means to other clusters of the outcome. Standard errors of BCH are those of
    the weighted scores; the inverse of the information, which some programs print, is too small where an outcome
    differs much between classes, since those who are assigned wrongly are far from the mean.

    The weights of BCH are negative for some respondents. Where they prevail, a share falls below 0 or above 1: the
    table gives the boundary, which is what the weighted likelihood has its maximum at, and the note the figure; tests
    and intervals of differences are those of the weighted shares, as far as a difference of shares can go. A
    variance below 0 is missing, and so is the interval of a share at the boundary.

    Where `measured` has a survey design, weights enter both steps: the refitted classes, their errors D, and each sum
    above. Covariances are then those of the weighted sums of what respondents add to both steps, between clusters
    within strata, for all methods.

    Parameters
    ----------
    measured : xarray.DataTree
        From `fit` of a latent class analysis without covariates.
    outcome : str
        Column of `frame`: numbers, or one of two categories.
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        With the items and the outcome: respondents of `measured`, all or some.
    family : {"normal", "bernoulli"}
        Means of a number, or shares of the second of two categories, ``True`` and 1 among them.
    method : {"bch", "ml", "two_step", "modal", "proportional"}
        What stands for the class, as for `stepwise_odds_ratios`.
    categories : sequence, optional
        The two categories of an outcome in their order.
    missing_codes : sequence
        Codes of the outcome that mean no answer.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    missing : {"raise", "drop"}
        What to do with rows that lack the outcome.
    key : str, optional
        Column of `frame` that tells respondents apart; by default the one that `fit` was given, else row labels.
    ci_prob : float, default 0.95
        Probability of the Wald intervals; those of shares are symmetric in their log odds.

    Returns
    -------
    SummaryTable
        Indexed by ``quantity`` and ``name``: a row for every class, for every contrast of two, and an overall test.
        ``estimate``; ``se``, its standard error, in which the uncertainty of the first step is carried for ``"bch"``,
        ``"ml"`` and ``"two_step"``; ``lower`` and ``upper``; for contrasts and overall ``wald`` with ``df`` and
        ``p_value``; for classes ``outcome_sd``, the standard deviation within the class.

    Raises
    ------
    TypeError
        If `measured` is no tree.
    ValueError
        If the frame or the outcome cannot be used, the outcome is an item, covariates take part in the classes of
        `measured`, `family` or `method` is none of the above, or the weights of a class add up to less than nothing.
    NotRelabelledError, SeveralModesError
        If the classes of `measured` are not the same over its draws.
    NoMaximumError, FirstStepError, ErrorMatrixError
        If the variance of a class goes to 0, the first step is not identified, or its classification errors have no
        inverse.

    References
    ----------
    .. [1] Bolck, A., Croon, M. & Hagenaars, J. (2004). Estimating latent structure models with categorical variables.
       Political Analysis 12(1), 3-27. doi 10.1093/pan/mph001
    .. [2] Bakk, Z., Tekle, F. B. & Vermunt, J. K. (2013). Estimating the association between latent class membership
       and external variables using bias-adjusted three-step approaches. Sociological Methodology 43(1), 272-311.
       doi 10.1177/0081175012470644
    .. [3] Bakk, Z. & Vermunt, J. K. (2016). Robustness of stepwise latent class modeling with continuous distal
       outcomes. Structural Equation Modeling 23(1), 20-31. doi 10.1080/10705511.2014.955104
    .. [4] Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables.
       Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.stepwise_outcome(bl.load_example("alone"), "attitude", bl.example_survey())
    >>> table.loc["class"].index.tolist(), table.loc["contrast"].index.tolist()
    (['C1', 'C2'], ['C2 vs C1'])
    """
    for name, given, known in (("family", family, get_args(Family)), ("method", method, get_args(Method))):
        if given not in known:
            raise ValueError(f"{name}={given!r}: choose from {', '.join(map(repr, known))}")
    tails = tail_probabilities(ci_prob)
    fit = Fit.of(measured, needs="stepwise_outcome")
    require_classes_of_answers_alone(fit)
    require_unrestricted(fit, "fit_distal")
    if len(fit.classes) < 2:
        raise ValueError(f"measured is a fit of 1 class and {fit.n_respondents} respondents: there are none to compare")
    known = known_answers(fit)
    frame = fit.frame_of_respondents(frame, count)
    respondent = respondents_of_rows(fit, frame, key)
    if str(outcome) in map(str, known.columns):
        raise ValueError(
            f"outcome {outcome!r} of {len(frame)} rows is an item: the classes are made of it, and differ in it "
            "as they are made to; choose another outcome, or fit the classes without it"
        )
    n_rows, declared = len(frame), Declarations(categories, missing_codes)
    if family == NORMAL:
        answered, values, complete = read_numeric_outcome(frame, outcome, missing, declared)
        what = f"means of {outcome}"
    else:
        answered, values, labels, complete = _two_categories(frame, outcome, missing, declared)
        what = f"shares of {outcome} = {labels[1]!r}"
    codes = known.read(answered).codes
    rows = unique_rows(codes, values)
    drawn = DrawnRows.of(fit, respondent[complete], rows)
    step = OutcomeGivenClass(
        codes=codes[rows.first],
        count=counts_of(rows, drawn),
        base=first_step_of(fit),
        method=method,
        assignment="proportional" if method == "proportional" else "modal",
        outcome=values[rows.first].astype(float),
        family=family,
    )
    estimate = with_first_step(step, drawn=drawn)
    table, cautions = outcome_rows(estimate, fit.classes, family, tails)
    note = (
        f"{what}; n = {len(values)}, {n_rows - len(values)} rows left out, {int((codes < 0).sum())} answers missing, "
        f"{'' if drawn is None else f'{drawn.sample.in_words}, '}"
        f"maximum likelihood ({method}), one level; {100 * ci_prob:g} % Wald intervals"
    )
    return SummaryTable.of(table, "\n".join([note, *cautions]))


def _two_categories(
    frame, outcome: str, missing: Literal["raise", "drop"], declared: Declarations
) -> tuple[Frame, np.ndarray, tuple[str, ...], np.ndarray]:
    """Rows with the outcome, whether it is the second category, the labels of both, and which rows these are."""
    answered, values, labels, _, complete = read_ordered_outcome(frame, outcome, BERNOULLI, missing, declared)
    if len(labels) != 2:
        raise ValueError(
            f"outcome {outcome!r} has {len(labels)} categories in {len(values)} rows; the Bernoulli family takes two: "
            'bl.fit_distal with family="ordered" or "multinomial" takes more'
        )
    return answered, values, labels, complete


def outcome_rows(
    estimate: OutcomeByClass, classes: Sequence[str], family: Family, tails: Sequence[float]
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of classes, contrasts and the overall test, and what there is to be cautious of."""
    mean, covariance, cautions = estimate.mean, estimate.mean_covariance, []
    shown, z = mean, np.array([scipy.stats.norm.ppf(tail) for tail in tails])
    if family == BERNOULLI:
        shown = mean.clip(0, 1)
        for name, share in zip(classes, mean, strict=True):
            if not 0 <= share <= 1:
                cautions.append(
                    f"caution: negative weights prevail in {name}, whose weighted share would be {share:.3f}; the "
                    "table has the boundary, and tests are of the weighted share"
                )
    with np.errstate(invalid="ignore", divide="ignore"):
        outcome_sd = np.sqrt(estimate.variance)
        error = np.sqrt(np.diag(covariance))
        if family == BERNOULLI:
            inside = (shown > 0) & (shown < 1)
            log_odds, spread = scipy.special.logit(shown), error / (shown * (1 - shown))
            bounds = np.where(inside, scipy.special.expit(log_odds + z[:, None] * spread), np.nan)
        else:
            bounds = mean + z[:, None] * error
    if family == NORMAL and (estimate.variance <= 0).any():
        cautions += [
            f"caution: negative weights prevail in the variance of {name}, {variance:.3g}, which is none"
            for name, variance in zip(classes, estimate.variance, strict=True)
            if variance <= 0
        ]
    rows = {
        (CLASSES, name): dict(zip([*SHOWN[:4], "outcome_sd"], each, strict=True))
        for name, *each in zip(classes, shown, error, *bounds, outcome_sd, strict=True)
    }
    largest = 1.0 if family == BERNOULLI else np.inf
    for a, b in combinations(range(len(mean)), 2):
        difference, spread = mean[b] - mean[a], np.sqrt(covariance[a, a] + covariance[b, b] - 2 * covariance[a, b])
        statistic, ends = (difference / spread) ** 2, (difference + z * spread).clip(-largest, largest)
        of_contrast = (shown[b] - shown[a], spread, *ends, statistic, 1, scipy.stats.chi2.sf(statistic, 1))
        rows[CONTRASTS, f"{classes[b]} vs {classes[a]}"] = dict(zip(SHOWN, of_contrast, strict=True))
    if np.isnan(covariance).any():
        overall, df = np.nan, len(mean) - 1
        cautions.append("a share is at its boundary, so there is no standard error of it and no overall test")
    else:
        overall, df = wald(mean, covariance)
    rows[OVERALL, "all classes"] = {"wald": overall, "df": df, "p_value": scipy.stats.chi2.sf(overall, df)}
    table = pd.DataFrame.from_dict(rows, orient="index")[[*SHOWN, "outcome_sd"]]
    table.index = pd.MultiIndex.from_tuples(table.index, names=["quantity", "name"])
    return table, cautions
