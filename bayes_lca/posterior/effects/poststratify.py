"""Class shares of a population of which the respondents are a part: multilevel regression and poststratification."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_lca.data.categories import draw_category
from bayes_lca.data.frame import Frame, named
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.random_effects import effects_of_new_groups, effects_of_seen_groups
from bayes_lca.posterior.effects.estimand import check_group
from bayes_lca.posterior.effects.population import Population, read_parts, read_population
from bayes_lca.posterior.effects.standardise import class_probabilities_in_blocks
from bayes_lca.posterior.effects.target_table import table_of_targets
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities


def poststratify(
    draws: xr.DataTree,
    cells: Frame,
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
    seed : int, default 1
        Of the people drawn.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per part of the population (``overall`` first) and class: people ``N``, respondents ``n``,
        ``sample_share`` (what the respondents alone give, by their survey weights where they have some), then the
        columns of `class_sizes`.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If columns lack or hold missing values, numbers of people are no whole numbers or fewer than the respondents
        of their cell, cells stand there twice, or cells with respondents do not; or if the fit was saved without
        respondents.
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
    >>> survey = bl.example_survey()
    >>> staff = survey.groupby(["participation", "score", "group"], observed=True).size().reset_index(name="N")
    >>> table = bl.poststratify(bl.load_example(), staff.assign(N=10 * staff["N"]), by="group")
    >>> table.loc["overall", ["N", "n"]].drop_duplicates().to_numpy().tolist()
    [[1800, 180]]
    """
    fit = Fit.of(draws, needs="poststratify")
    tail_probabilities(ci_prob)
    check_group(fit, "these", seed)
    population = read_population(fit, cells, count)
    labels, of_part = read_parts(cells, by, population.size)
    if fit.class_axis in labels:
        raise ValueError(f"by={by!r}: {fit.class_axis!r} is the name of the classes; rename the column")
    rng = np.random.default_rng(seed)
    respondents, sample_share = _respondent_classes(fit, of_part[:, population.of_respondent], rng)
    number = respondents + _other_classes(fit, population, of_part, rng)  # (draw, part, latent_class)
    people = of_part @ population.size
    table = table_of_targets(number / people[:, None], labels, fit, ci_prob, *_notes(fit, population))
    n_classes = number.shape[-1]
    table.insert(0, "N", np.repeat(people, n_classes))
    table.insert(1, "n", np.repeat(of_part @ population.respondents, n_classes))
    table.insert(2, "sample_share", sample_share.reshape(-1))
    return table


def _respondent_classes(fit: Fit, of_part: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Classes of the respondents in each part, drawn where they are not certain, and the share they give alone.

    Returns
    -------
    number : ndarray, shape (draw, part, latent_class)
    share : ndarray, shape (part, latent_class); not a number in a part without respondents
    """
    pattern = fit.pattern_of_respondent
    (evidence,) = fit.log_evidence(slice(None), slice(1))
    possible = np.isfinite(evidence)[pattern]  # (respondent, latent_class)
    certain = possible.sum(axis=1) == 1
    expected = of_part[:, certain] @ possible[certain].astype(float)
    number = np.repeat(expected[None], fit.n_draws, axis=0)
    mean = possible.astype(float)  # (respondent, latent_class)
    if not certain.all():
        uncertain, of_uncertain = pattern[~certain], of_part[:, ~certain].astype(float)
        for which in fit.blocks(len(uncertain)):
            drawn = draw_category(fit.membership[which][:, uncertain], rng)  # (draw, respondent)
            for k in range(number.shape[-1]):
                number[which, :, k] += (drawn == k) @ of_uncertain.T
        mean[~certain] = fit.membership.mean(axis=0, dtype=float)[uncertain]
    weight = np.ones(len(pattern)) if fit.survey_weight is None else fit.survey_weight
    n = of_part @ weight
    return number, (of_part @ (weight[:, None] * mean)) / np.where(n > 0, n, np.nan)[:, None]


def _other_classes(fit: Fit, population: Population, of_part: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Classes drawn for those who are no respondents, shape (draw, part, latent_class)."""
    every = slice(None)
    effects = {
        name: effects_of_seen_groups(fit, name, every).followed_by(
            effects_of_new_groups(fit, name, every, rng, len(unseen))
        )
        for name, unseen in population.unseen.items()
    }
    others = population.size - population.respondents
    some = np.flatnonzero(others > 0)
    by_cell = of_part[:, some].T.astype(float)
    group = {name: index[some] for name, index in population.group.items()}
    numbers = []
    for _, probability in class_probabilities_in_blocks(fit, population.matrix[some], group, effects):
        drawn = rng.multinomial(others[some], probability)  # (draw, cell, latent_class)
        numbers.append((drawn.transpose(0, 2, 1) @ by_cell).transpose(0, 2, 1))
    return np.concatenate(numbers)


def _notes(fit: Fit, population: Population) -> list[str]:
    n, total = fit.n_respondents, population.size.sum()
    known = "their observed category" if fit.class_is_observed else "a class drawn from their membership"
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
