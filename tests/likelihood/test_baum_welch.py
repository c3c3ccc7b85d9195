"""Latent transitions by maximum likelihood: sums over all paths written out, and what steps may not do."""

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats

from bayes_lca.likelihood.baum_welch import fit_paths
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.count_families import NegativeBinomialFamily, PoissonFamily
from bayes_lca.likelihood.families import NormalFamily
from bayes_lca.likelihood.mixture import fit_mixture
from bayes_lca.likelihood.path_sums import PathSums

N_PEOPLE, N_WAVES = 90, 3
TRANSITION = np.array([[0.8, 0.2], [0.1, 0.9]])


def paths(seed):
    rng = np.random.default_rng(seed)
    latent = np.empty((N_PEOPLE, N_WAVES), dtype=int)
    latent[:, 0] = rng.random(N_PEOPLE) < 0.4
    for wave in range(1, N_WAVES):
        latent[:, wave] = rng.random(N_PEOPLE) < TRANSITION[latent[:, wave - 1], 1]
    return latent.ravel(), rng


def normal(numbers, **options):
    return NormalFamily(numbers, np.nanmean(numbers, axis=0), np.nanstd(numbers, axis=0), **options)


def categorical(latent, rng):
    first = np.array([[0.8, 0.3, 0.6], [0.2, 0.7, 0.1]])[latent]
    codes = (rng.random(first.shape) > first) * (1 + (rng.random(first.shape) < 0.4))
    codes[rng.random(codes.shape) < 0.15] = -1
    return CategoricalFamily(codes, [3, 3, 3])


def numbers_of(latent, rng):
    numbers = np.array([[100.0, 0.2], [130.0, 0.5]])[latent] + rng.normal(size=(len(latent), 2)) * [9.0, 0.1]
    numbers[rng.random(numbers.shape) < 0.15] = np.nan
    return numbers


def counts_of(latent, rng):
    counts = rng.poisson(np.array([[2.0, 9.0], [8.0, 4.0]])[latent] * rng.gamma(4.0, 0.25, (len(latent), 2)))
    return np.where(rng.random(counts.shape) < 0.15, np.nan, counts)


def families_of(kind, latent, rng):
    return {
        "nominal": lambda: [categorical(latent, rng)],
        "normal": lambda: [normal(numbers_of(latent, rng))],
        "normal, variances free": lambda: [normal(numbers_of(latent, rng), free=True)],
        "Poisson": lambda: [PoissonFamily(counts_of(latent, rng))],
        "negative binomial": lambda: [NegativeBinomialFamily(counts_of(latent, rng))],
        "mixed": lambda: [
            categorical(latent, rng),
            normal(numbers_of(latent, rng)),
            PoissonFamily(counts_of(latent, rng)),
        ],
    }[kind]()


def log_density(family, parameters, latent_class):
    """Of every row, one item after the other, shape (row,)."""
    of_class = {name: values[min(latent_class, len(values) - 1)] for name, values in parameters.items()}
    if isinstance(family, CategoricalFamily):
        chosen = of_class["probability"][np.arange(family.codes.shape[1]), family.codes]
        return np.where(family.codes >= 0, np.log(chosen), 0).sum(axis=1)
    if isinstance(family, NormalFamily):
        terms = stats.norm.logpdf(family.numbers, of_class["mean"], of_class["sd"])
    elif isinstance(family, NegativeBinomialFamily):
        size = 1 / of_class["dispersion"]
        terms = stats.nbinom.logpmf(family.counts, size, size / (size + of_class["mean"]))
    else:
        terms = stats.poisson.logpmf(family.counts, of_class["mean"])
    missing = np.isnan(family.numbers if isinstance(family, NormalFamily) else family.counts)
    return np.where(missing, 0.0, terms).sum(axis=1)


def sum_over_paths(families, rows, initial, transition, parameters):
    """Likelihood of each sequence (sequence,) and membership (sequence, wave, latent_class), path by path."""
    n_classes, n_waves = len(initial), rows.shape[1]
    of_rows = [
        np.exp(sum(log_density(family, of, k) for family, of in zip(families, parameters, strict=True)))
        for k in range(n_classes)
    ]
    total, membership = np.zeros(len(rows)), np.zeros((*rows.shape, n_classes))
    for path in product(range(n_classes), repeat=n_waves):
        joint = np.full(len(rows), initial[path[0]])
        for wave, latent_class in enumerate(path):
            if wave:
                joint *= transition[min(wave, len(transition)) - 1, path[wave - 1], latent_class]
            joint *= np.where(rows[:, wave] < 0, 1.0, of_rows[latent_class][rows[:, wave]])
        total += joint
        for wave, latent_class in enumerate(path):
            membership[:, wave, latent_class] += joint
    return total, membership / total[:, None, None]


KINDS = ("nominal", "normal", "normal, variances free", "Poisson", "negative binomial", "mixed")


def sequences(seed):
    """Rows at every wave, a tenth of the waves missing, and people with each sequence."""
    latent, rng = paths(seed)
    rows = np.arange(N_PEOPLE * N_WAVES).reshape(N_PEOPLE, N_WAVES)
    rows[rng.random(rows.shape) < 0.1] = -1
    return latent, rng, rows, rng.integers(1, 4, N_PEOPLE)


@pytest.mark.parametrize("over_time", ["equal", "free"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_likelihood_is_the_sum_over_all_paths_and_no_neighbour_is_higher(kind, over_time):
    latent, rng, rows, counts = sequences(3)
    families = families_of(kind, latent, rng)
    fit = fit_paths(families, rows, counts, 2, over_time=over_time, n_starts=10, n_final=2)
    best = fit.best
    assert fit.converged_starts == 2
    assert best.transition.shape == (1 if over_time == "equal" else N_WAVES - 1, 2, 2)
    total, membership = sum_over_paths(families, rows, best.initial, best.transition, best.parameters)
    assert best.log_likelihood == pytest.approx(counts @ np.log(total), rel=1e-11)
    np.testing.assert_allclose(best.membership, membership, atol=1e-9)
    for change in (-1e-3, 1e-3):
        neighbours = [(best.initial + np.array([change, -change]), best.transition, best.parameters)]
        for step, origin in np.ndindex(best.transition.shape[:2]):
            moved = best.transition.copy()
            moved[step, origin] = np.clip(moved[step, origin] + np.array([change, -change]), 0, 1)
            neighbours.append((best.initial, moved, best.parameters))
        for place, parameters in enumerate(best.parameters):
            for name in set(parameters) - {"probability"}:
                shifted = [dict(each) for each in best.parameters]
                shifted[place][name] = parameters[name] * (1 + change)
                neighbours.append((best.initial, best.transition, shifted))
        for neighbour in neighbours:
            total, _ = sum_over_paths(families, rows, *neighbour)
            assert counts @ np.log(total) < best.log_likelihood + 1e-9


def test_three_classes_over_four_waves():
    rng = np.random.default_rng(8)
    codes, rows = rng.integers(0, 2, (40, 4)), rng.integers(-1, 40, (60, 4))
    family, counts = CategoricalFamily(codes, [2] * 4), rng.integers(1, 9, 60)
    best = fit_paths([family], rows, counts, 3, n_starts=5, n_final=1).best
    total, membership = sum_over_paths([family], rows, best.initial, best.transition, best.parameters)
    assert best.log_likelihood == pytest.approx(counts @ np.log(total), rel=1e-11)
    np.testing.assert_allclose(best.membership, membership, atol=1e-9)


def test_the_score_of_the_transitions_is_zero():
    """At a maximum, expected moves from a class are in proportion to its transitions."""
    latent, rng, rows, counts = sequences(4)
    families = families_of("nominal", latent, rng)
    best = fit_paths(families, rows, counts, 2, n_starts=10, n_final=2).best

    def height(logit_of_staying):
        stay = 1 / (1 + np.exp(-logit_of_staying))
        transition = np.array([[[stay[0], 1 - stay[0]], [1 - stay[1], stay[1]]]])
        return counts @ np.log(sum_over_paths(families, rows, best.initial, transition, best.parameters)[0])

    stay = np.diag(best.transition[0])
    at, step = np.log(stay / (1 - stay)), 1e-4
    for direction in np.eye(2):
        slope = (height(at + step * direction) - height(at - step * direction)) / (2 * step)
        assert abs(slope) < 1e-3


def test_distinct_sequences_with_counts_are_all_sequences_in_any_order():
    latent, rng, rows, counts = sequences(5)
    families = families_of("nominal", latent, rng)
    once = fit_paths(families, rows, counts, 2, n_starts=10, n_final=2).best
    repeated = rng.permutation(np.repeat(rows, counts, axis=0))
    again = fit_paths(families, repeated, np.ones(len(repeated)), 2, n_starts=10, n_final=2).best
    assert again.log_likelihood == pytest.approx(once.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(again.transition, once.transition, atol=1e-4)


def test_a_wave_that_everybody_missed_changes_nothing():
    latent, rng, rows, counts = sequences(6)
    families = families_of("normal", latent, rng)
    two_waves = fit_paths(families, rows[:, :2], counts, 2, n_starts=10, n_final=2)
    with_missing = np.column_stack([rows[:, :2], np.full(N_PEOPLE, -1)])
    three_waves = fit_paths(families, with_missing, counts, 2, over_time="free", n_starts=10, n_final=2)
    assert three_waves.best.log_likelihood == pytest.approx(two_waves.best.log_likelihood, abs=1e-7)
    assert three_waves.n_parameters == two_waves.n_parameters + 2


def test_nobody_moves_where_every_wave_repeats_the_answers():
    latent, rng = paths(7)
    family = normal(np.where(latent[:, None] == 0, -5.0, 5.0) + rng.normal(size=(len(latent), 1)))
    rows = np.repeat(np.arange(N_PEOPLE * N_WAVES)[:, None], 2, axis=1)
    best = fit_paths([family], rows, np.ones(len(rows)), 2, n_starts=5, n_final=1).best
    np.testing.assert_allclose(best.transition[0], np.eye(2), atol=1e-6)
    cross_section = fit_mixture([family], np.ones(len(rows)), 2).best
    np.testing.assert_allclose(best.initial, cross_section.class_share, atol=1e-3)


def test_one_class_has_the_likelihood_of_one_cross_section():
    latent, rng, rows, counts = sequences(9)
    families = families_of("mixed", latent, rng)
    fit = fit_paths(families, rows, counts, 1)
    weight = np.bincount(rows[rows >= 0], np.broadcast_to(counts[:, None], rows.shape)[rows >= 0], N_PEOPLE * N_WAVES)
    assert fit.best.log_likelihood == pytest.approx(fit_mixture(families, weight, 1).best.log_likelihood, rel=1e-12)
    assert fit.best.transition.tolist() == [[[1.0]]]


def test_a_prior_of_the_items_is_maximised_with_the_likelihood():
    """Steps climb the likelihood and the prior together, and end where the gradient of both is zero."""
    latent, rng, rows, counts = sequences(10)
    family = CategoricalFamily(categorical(latent, rng).codes, [3, 3, 3], weight=2.0)
    best = fit_paths([family], rows, counts, 2, n_starts=10, n_final=2).best
    probability = best.parameters[0]["probability"]

    def height(changed):
        total, _ = sum_over_paths([family], rows, best.initial, best.transition, ({"probability": changed},))
        return counts @ np.log(total) + 2.0 * np.log(changed).sum()

    for k, j in np.ndindex(probability.shape[:2]):
        slopes = []
        for change in (-1e-5, 1e-5):
            changed = probability.copy()
            changed[k, j, :2] += [change, -change]
            slopes.append(height(changed))
        assert abs(slopes[1] - slopes[0]) / 2e-5 < 0.02


@pytest.mark.parametrize("kind", ["nominal", "normal", "Poisson"])
def test_no_step_is_lower_where_items_have_a_prior(kind):
    latent, rng, rows, counts = sequences(11)
    family = replace(families_of(kind, latent, rng)[0], weight=25.0)
    model = PathSums((family,), rows, counts, 2, 1)
    sums, heights = model.random_sums(3, rng), []
    for _ in range(60):
        sums, height = model.step(sums)
        heights.append(height)
    assert np.diff(heights, axis=0).min() > -1e-9


CODES = CategoricalFamily(np.array([[0], [1]]), [2])


@pytest.mark.parametrize(
    ("rows", "counts", "n_classes", "over_time", "words"),
    [
        ([[0], [1]], [1, 1], 2, "equal", "at least two waves"),
        ([[0, 1], [1, 1]], [1], 2, "equal", "give one count for each"),
        ([[0, 2]], [1], 1, "equal", "use 0 to 1, and -1 for a missing wave"),
        ([[0, -2]], [1], 1, "equal", "use 0 to 1, and -1 for a missing wave"),
        ([[0, 1]], [1], 3, "equal", "n_classes=3 exceeds the 2 distinct rows"),
        ([[0, 1]], [1], 2, "constant", "over_time is 'constant': choose 'equal' or 'free'"),
    ],
)
def test_what_is_refused(rows, counts, n_classes, over_time, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        fit_paths([CODES], np.array(rows), np.array(counts), n_classes, over_time=over_time)
