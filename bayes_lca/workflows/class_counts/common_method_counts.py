"""How many classes where persons differ in their way of answering, beside the same without that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from bayes_lca.likelihood.common_method import CommonMethodLikelihood, CommonMethodMode, fit_common_method
from bayes_lca.likelihood.criteria import entropy_r2, information_criteria, n_parameters
from bayes_lca.likelihood.identification import degrees_of_freedom
from bayes_lca.likelihood.person import LARGEST_QUADRATURE_ERROR, PersonGrid, default_nodes, style_scores
from bayes_lca.workflows.class_counts.likelihood_counts import LikelihoodCounts
from bayes_lca.workflows.class_counts.method_columns import PREFIX

RANDOM_STARTS = 10
"""Random classes to climb from, beside the maxima without a common method."""
MOST_MAXIMA = 5
"""Maxima without a common method to climb from."""
MOST_NODES = 127
HARDLY = 2.0
"""Difference of BIC below which neither is preferred."""


@dataclass(frozen=True)
class CommonMethodFit:
    """The best mode of a number of classes, and how exactly persons are summed out."""

    mode: CommonMethodMode
    n_starts: int
    quadrature_error: float


def fit_with_common_method(likelihood: LikelihoodCounts, n_classes: int) -> CommonMethodFit:
    """Maximum likelihood of so many classes with one tilt of equal loadings, over as many nodes as that takes."""
    responses = likelihood.responses
    plain = [(mode.class_share, mode.item_probability) for mode in likelihood.fit(n_classes).maxima[:MOST_MAXIMA]]
    scores = style_scores(responses.n_categories, ["tilt"])
    tilted = CommonMethodLikelihood(
        *(likelihood.codes, likelihood.counts, responses.n_categories, scores, PersonGrid.of(default_nodes(1), 1)),
        equal=True,
    )
    while True:
        mode, *_ = fit_common_method(tilted, plain, n_starts=RANDOM_STARTS, seed=likelihood.seed)
        error = abs(tilted.log_likelihood_with(tilted.grid.finer, mode) - mode.log_likelihood)
        if error <= LARGEST_QUADRATURE_ERROR or tilted.grid.n_nodes >= MOST_NODES:
            return CommonMethodFit(mode, len(plain) + (RANDOM_STARTS if n_classes > 1 else 0), error)
        tilted = replace(tilted, grid=tilted.grid.finer)


def common_method_columns(likelihood: LikelihoodCounts, classes: Sequence[int]) -> tuple[pd.DataFrame, list[str]]:
    """Columns of each number of classes with a common method, and what to say of them but for the preference."""
    likelihood.responses.require_order("common_method=True", directed=True)
    fits = {n_classes: fit_with_common_method(likelihood, n_classes) for n_classes in classes}
    columns = pd.DataFrame({n_classes: _row(likelihood, each) for n_classes, each in fits.items()}).T
    whole = {f"{PREFIX}{name}": int for name in ("parameters", "degrees_of_freedom", "starts_at_mode", "starts")}
    largest = max(each.quadrature_error for each in fits.values())
    remarks = [f"persons summed out with the log-likelihood off by {largest:.1g} at most"]
    if largest > LARGEST_QUADRATURE_ERROR:
        remarks.append("which is too much to compare: the tilts are larger than any grid of persons resolves")
    return columns.astype(whole), remarks


def _row(likelihood: LikelihoodCounts, fitted: CommonMethodFit) -> dict[str, float]:
    mode, sizes = fitted.mode, likelihood.responses.n_observed_categories
    p = n_parameters(len(mode.class_share), sizes) + 1
    criteria = information_criteria(mode.log_likelihood, p, likelihood.counts.sum())
    values = {
        "log_likelihood": mode.log_likelihood,
        "parameters": p,
        "degrees_of_freedom": degrees_of_freedom(p, sizes),
        **{name: criteria[name] for name in ("AIC", "BIC", "aBIC")},
        "entropy_r2": entropy_r2(mode.membership, likelihood.counts),
        "smallest_class": mode.class_share.min(),
        "sd": mode.loading[0, 0],
        "starts_at_mode": mode.starts,
        "starts": fitted.n_starts,
    }
    return {f"{PREFIX}{name}": value for name, value in values.items()}


def preference_in_words(table: pd.DataFrame) -> str:
    """Which number of classes BIC prefers without a common method and with one, and which of the two.

    Parameters
    ----------
    table : pandas.DataFrame
        With the columns ``BIC`` and ``method_BIC``, numbers of classes as index.

    Examples
    --------
    >>> preference_in_words(pd.DataFrame({"BIC": [20.0, 14.0], "method_BIC": [9.5, 12.0], "method_sd": 0.8}, [1, 2]))
    'BIC prefers 1 class with a common method, tilt of SD 0.80, by 4.5 to 2 classes without one'
    """
    without, tilted = int(table["BIC"].idxmin()), int(table[f"{PREFIX}BIC"].idxmin())
    gain = float(table["BIC"].min() - table[f"{PREFIX}BIC"].min())
    sides = (
        f"{_classes(tilted)} with a common method, tilt of SD {table.loc[tilted, f'{PREFIX}sd']:.2f}",
        f"{_classes(without)} without one",
    )
    if abs(gain) < HARDLY:
        return f"BIC hardly tells {' and '.join(sides)} apart: {abs(gain):.1f}"
    better, worse = sides if gain > 0 else sides[::-1]
    return f"BIC prefers {better}{',' if gain > 0 else ''} by {abs(gain):.1f} to {worse}"


def _classes(n: int) -> str:
    return "1 class" if n == 1 else f"{n} classes"
