"""How far answers at several waves depart from a latent transition model, in observed and in replicated data."""

from itertools import combinations

import numpy as np

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.thinning import draws_used
from bayes_lca.posterior.checks.answer_residuals import structural_columns
from bayes_lca.posterior.checks.item_discrepancies import Discrepancies
from bayes_lca.posterior.checks.pair_residuals import beside_own_margins
from bayes_lca.posterior.checks.score_regression import ScoreRegression, gives_covariance
from bayes_lca.posterior.checks.wave_contributions import Place, TransitionColumns, WaveContributions, answers_to_both
from bayes_lca.posterior.checks.wave_parameters import WaveParameters, wave_parameters

FEWEST_TOGETHER = 1


def pairs_of_places(answered: np.ndarray, fewest: int = FEWEST_TOGETHER) -> list[tuple[Place, Place]]:
    """Pairs of items within each wave, then the same item at two waves, as many gave both answers.

    Parameters
    ----------
    answered : ndarray of bool, shape (respondent, wave, item)
    fewest : int
        Respondents who gave both answers.
    """
    _, n_waves, n_items = answered.shape
    within = [((t, j), (t, h)) for t in range(n_waves) for j, h in combinations(range(n_items), 2)]
    over_waves = [((t, j), (u, j)) for j in range(n_items) for t, u in combinations(range(n_waves), 2)]
    return [
        (first, second)
        for first, second in within + over_waves
        if (answered[:, *first] & answered[:, *second]).sum() >= fewest
    ]


def wave_discrepancies(fit: Fit, step: int, seed: int) -> Discrepancies:
    """Departures in every `step`-th draw, each with one replicated data set.

    Paths of replicated respondents are drawn forwards from the first wave and the transitions, and a person's level,
    where there is one, once for all waves. Columns of the margins, and of the pairs, are items of the first wave, then
    of the second, and so on.

    Parameters
    ----------
    fit : Fit
    step : int
    seed : int
        Of the replicated answers.
    """
    n_waves, n_items = len(paths_of(fit).waves), len(fit.items)
    codes = fit.answers_of_respondents.reshape(-1, n_waves, n_items)
    rng, n_used, answered = np.random.default_rng(seed), draws_used(fit, step), codes >= 0
    pairs, columns = pairs_of_places(answered), TransitionColumns.of(fit)
    regression = ScoreRegression(structural_columns(fit))
    margin, margin_expected, pair_expected = ([], []), [], []
    for place, parameters in enumerate(wave_parameters(fit, step)):
        margin_expected.append(_expected_margins(parameters, answered))
        pair_expected.append(np.array([_expected_cells(parameters, answered, *pair) for pair in pairs]))
        for data_set, answers in enumerate((codes, parameters.replicate(codes, rng))):
            added = WaveContributions.of(answers, parameters, columns)
            margin[data_set].append(added.chosen.sum(axis=2).reshape(n_waves * n_items, -1) - margin_expected[-1])
            regression.add_totals(data_set, added.residual_totals(pairs), added)
        if gives_covariance(place, n_used, len(codes)):
            regression.add_respondents(added.residuals(pairs), added)
    pair, pair_covariance = beside_own_margins(*regression.unexplained())
    return Discrepancies(
        np.array(margin),
        np.array(margin_expected),
        tuple((t * n_items + j, u * n_items + h) for (t, j), (u, h) in pairs),
        pair,
        pair_covariance,
        np.array(pair_expected),
    )


def _expected_margins(parameters: WaveParameters, answered: np.ndarray) -> np.ndarray:
    """Counts expected given covariates and group, shape (wave and item, category)."""
    rho = np.einsum("tcqjk,q->tcjk", parameters.rho, parameters.weight)
    expected = np.einsum("tci,itj,tcjk->tjk", parameters.share, answered.astype(float), rho, optimize=True)
    return expected.reshape(-1, rho.shape[-1])


def _expected_cells(parameters: WaveParameters, answered: np.ndarray, first: Place, second: Place) -> np.ndarray:
    """The same of the cells of a pair, shape (category, category)."""
    (t, j), (u, h) = first, second
    both = (answered[:, t, j] & answered[:, u, h]).astype(float)
    members = parameters.share[t] @ both if t == u else _at_both_waves(parameters, t, u) @ both
    table = answers_to_both(parameters.rho, t, j, u, h)  # (class, person, ...) or (origin, destination, person, ...)
    return np.einsum("c,q,cqkm->km" if t == u else "cd,q,cdqkm->km", members, parameters.weight, table)


def _at_both_waves(parameters: WaveParameters, t: int, u: int) -> np.ndarray:
    """Probability of each class at a wave and a later one, shape (origin, destination, respondent)."""
    joint = parameters.share[t][:, None] * parameters.transition[t]
    for step in range(t + 1, u):
        joint = np.einsum("cdi,dei->cei", joint, parameters.transition[step])
    return joint
