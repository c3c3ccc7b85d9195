"""Class shares of a population of which the respondents are a part: multilevel regression and poststratification."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_lca.data.frame import named
from bayes_lca.dims import CLASS, OUTCOME
from bayes_lca.fitted.axes import class_axis
from bayes_lca.fitted.class_logits import joint_log_probabilities
from bayes_lca.fitted.design import stored_design
from bayes_lca.fitted.random_effects import GroupEffects, new_groups, seen_groups
from bayes_lca.posterior.effects.population import Population, read_parts, read_population
from bayes_lca.posterior.effects.standardise import check_group, shares_in_blocks, table_of_targets
from bayes_lca.posterior.labels.convergence import require_summarisable
from bayes_lca.posterior.tables.class_tables import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities


def poststratify(
    draws: xr.DataTree,
    cells,
    *,
    count: str = "N",
    by: str | Sequence[str] | None = None,
    seed: int = 1,
    ci_prob: float = CI_PROB,
) -> SummaryTable:
    r"""Class shares of a finite population, from a table of its cells.

    A cell is a combination of the formula's covariates and groups, with N people, n of them respondents. Respondents
    enter by what is known of them: their observed category, or in a latent class model a class drawn from
    :math:`P(c \mid y_i, x_i, g_i)`. The others are drawn from the model,

    .. math:: M_k \sim \operatorname{Multinomial}(N_k - n_k, P(\cdot \mid x_k, g_k)),

    in every draw, so that intervals shrink as the sample nears the population. Within a cell, respondents are taken to
    be like those who did not answer.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit`. Its formula should have the columns that response depends on.
    cells : data frame
        One row per cell: the formula's covariates and group columns, the number of people, and columns for `by`.
        Every cell with respondents must be there. A group that the fit has not seen gets effects of its own, drawn
        from the distribution of groups.
    count : str, default "N"
        Column of whole numbers of people, respondents included.
    by : str or sequence of str, optional
        Columns of `cells` that divide the population, also columns that the formula does not use.
    seed : int
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per part of the population (``overall`` first) and class: people ``N``, respondents ``n``,
        ``sample_share`` (what the respondents alone give, unweighted), then the columns of `class_sizes`.

    Raises
    ------
    ValueError
        If columns lack or hold missing values, numbers of people are no whole numbers or fewer than the respondents
        of their cell, cells stand there twice, or cells with respondents do not.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Gelman, A. & Little, T. C. (1997). Poststratification into many categories using hierarchical logistic regression.
    Survey Methodology 23(2), 127-135.

    Park, D. K., Gelman, A. & Bafumi, J. (2004). Bayesian multilevel estimation with poststratification. Political
    Analysis 12(4), 375-385. doi 10.1093/pan/mph024

    Si, Y., Pillai, N. S. & Gelman, A. (2015). Bayesian nonparametric weighted sampling inference. Bayesian Analysis
    10(3), 605-625. doi 10.1214/14-BA924

    Examples
    --------
    >>> import bayes_lca as bl
    >>> staff = pd.DataFrame({"role": ["lead", "member"], "group": ["G1", "G1"], "N": [90, 400]})
    >>> bl.poststratify(draws, staff, by="group")  # doctest: +SKIP
    """
    require_summarisable(draws)
    tail_probabilities(ci_prob)
    check_group(draws, "these", seed)
    design = stored_design(draws)
    population = read_population(design, cells, count)
    labels, of_part = read_parts(cells, by, population.size)
    if class_axis(draws) in labels:
        raise ValueError(f"by={by!r}: {class_axis(draws)!r} is the name of the classes; rename the column")
    rng = np.random.default_rng(seed)
    seen, sample_share = _respondent_classes(draws, of_part[:, population.of_respondent], rng)
    number = seen + _other_classes(draws, population, of_part, rng)  # (draw, part, latent_class)
    people = of_part @ population.size
    table = table_of_targets(number / people[:, None], labels, draws, ci_prob, *_notes(draws, population))
    n_classes = number.shape[-1]
    table.insert(0, "N", np.repeat(people, n_classes))
    table.insert(1, "n", np.repeat(of_part @ population.respondents, n_classes))
    table.insert(2, "sample_share", sample_share.reshape(-1))
    return table


def _respondent_classes(
    draws: xr.DataTree, of_part: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Classes of the respondents in each part, and the share they give on their own.

    Returns
    -------
    number : ndarray, shape (draw, part, latent_class); one draw where the category is observed
    share : ndarray, shape (part, latent_class); not a number in a part without respondents
    """
    sizes, axis = draws["posterior"].sizes, class_axis(draws)
    n = of_part.sum(axis=1)[:, None]
    if axis != CLASS:
        observed = np.eye(sizes[axis])[draws["observed_data"][OUTCOME].to_numpy()]
        number = of_part @ observed
        return number[None], number / np.where(n > 0, n, np.nan)
    number = np.empty((sizes["chain"] * sizes["draw"], len(of_part), sizes[axis]))
    expected = np.zeros(number.shape[1:])
    by_respondent = of_part.T.astype(float)
    for which, log_joint in joint_log_probabilities(draws):
        probability = np.exp(log_joint - log_joint.max(axis=-1, keepdims=True))
        probability /= probability.sum(axis=-1, keepdims=True)
        expected += of_part @ probability.sum(axis=0)
        drawn = (rng.random((*probability.shape[:2], 1)) > probability.cumsum(axis=-1)[..., :-1]).sum(axis=-1)
        for k in range(sizes[axis]):
            number[which, :, k] = (drawn == k) @ by_respondent
    return number, expected / len(number) / np.where(n > 0, n, np.nan)


def _other_classes(
    draws: xr.DataTree, population: Population, of_part: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Classes drawn for those who are no respondents, shape (draw, part, latent_class)."""
    effects = {}
    for name, unseen in population.unseen.items():
        known, new = seen_groups(draws, name, slice(None)), new_groups(draws, name, slice(None), rng, len(unseen))
        slope = None if known.slope is None else np.concatenate([known.slope, new.slope], axis=1)
        effects[name] = GroupEffects(np.concatenate([known.intercept, new.intercept], axis=1), slope)
    others = population.size - population.respondents
    some = np.flatnonzero(others > 0)
    by_cell = of_part[:, some].T.astype(float)
    group = {name: index[some] for name, index in population.group.items()}
    numbers = []
    for _, share in shares_in_blocks(draws, population.matrix[some], group, effects):
        drawn = rng.multinomial(others[some], share)  # (draw, cell, latent_class)
        numbers.append((drawn.transpose(0, 2, 1) @ by_cell).transpose(0, 2, 1))
    return np.concatenate(numbers)


def _notes(draws: xr.DataTree, population: Population) -> list[str]:
    n, total = len(population.of_respondent), population.size.sum()
    known = "a class drawn from their membership" if class_axis(draws) == CLASS else "their observed category"
    notes = [
        f"estimand: the finite population of {total} people in {len(population.size)} cell(s): {n} respondents by "
        f"{known}, {total - n} others drawn from the model"
    ]
    notes += [
        f"{sum(unseen.values())} of them in {len(unseen)} group(s) of {name!r} that the fit has not seen "
        f"({named(unseen)}), each with effects of its own drawn from the distribution of groups"
        for name, unseen in population.unseen.items()
        if unseen
    ]
    return notes
