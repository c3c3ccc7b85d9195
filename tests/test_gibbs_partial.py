"""Groups that differ a little: the Gibbs sampler against the exact posterior of data small enough to sum it out."""

from functools import cache
from itertools import product

import numpy as np
import pytest
import xarray as xr
from arviz_stats import ess
from scipy.special import gammaln
from scipy.stats import halfnorm, kstwo

from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.posterior.labels.label_free import label_free_quantities
from bayes_lca.sampling.gibbs import draw_dirichlet, random_start
from bayes_lca.sampling.gibbs_partial import draw_tables, sample_partial

SIZES, SCALE = (2, 3), 0.3
CODES = np.array([[0, 0], [0, 0], [1, 2], [1, 1], [1, 2], [0, -1], [1, 0]])
GROUP = np.array([0, 0, 0, 1, 1, 1, 1])


def grouped(codes, group):
    """Distinct rows of each group, counted."""
    found = []
    for g in range(group.max() + 1):
        own = codes[group == g]
        patterns = unique_rows(own)
        found.append((own[patterns.first], patterns.count))
    return found


def run(codes=CODES, group=GROUP, sizes=SIZES, *, a=1.0, b=1, scale=SCALE, draws=2500, tune=50, thin=2, seed=1):
    start = np.repeat(random_start(4, 2, sizes, seed)[:, None], group.max() + 1, axis=1)
    weights = {"share_weight": a, "category_weight": b, "sd_scale": scale}
    return sample_partial(grouped(codes, group), sizes, start, **weights, draws=draws, tune=tune, thin=thin, seed=seed)


NODE, NODE_WEIGHT = np.polynomial.legendre.leggauss(80)
SD, SD_WEIGHT = (NODE + 1) / 4, NODE_WEIGHT * np.exp(-0.5 * ((NODE + 1) / 4 / SCALE) ** 2)
CONCENTRATION = (1 / (4 * SD**2) - 1)[:, None]


def rising(base, steps):
    return np.prod([base + i for i in range(steps)], axis=0) if steps else np.ones_like(base)


@cache
def centres(size, b):
    """Nodes on the simplex, shape (node, category), and weights: exact for the polynomials that follow."""
    x, weight = np.polynomial.legendre.leggauss(14)
    x, weight = (x + 1) / 2, weight / 2
    if size == 2:
        m = np.column_stack([x, 1 - x])
    else:
        u, v = (part.ravel() for part in np.meshgrid(x, x, indexing="ij"))
        m, weight = np.column_stack([u, (1 - u) * v, (1 - u) * (1 - v)]), np.outer(weight * (1 - x), weight).ravel()
    weight = weight * (m ** (b - 1)).prod(axis=1)
    return m, weight / weight.sum()


@cache
def item_in_class(counts, b):
    """Of answers counted by group, the class of an item: their probability, and that times two squares, at every SD."""
    m, weight = centres(len(counts[0]), b)
    likelihood, squares = np.ones((len(SD), len(m))), 0
    for own in counts:
        for k, n in enumerate(own):
            likelihood = likelihood * rising(CONCENTRATION * m[:, k], n)
        total = sum(own)
        likelihood = likelihood / rising(CONCENTRATION, total)
        first, all_of_them = CONCENTRATION * m[:, 0] + own[0], CONCENTRATION + total
        squares = squares + first * (first + 1) / (all_of_them * (all_of_them + 1))
    return likelihood @ weight, (likelihood * squares) @ weight, (likelihood * m[:, 0] ** 2) @ weight


@cache
def exact(a, b):
    """Posterior means of quantities that labels do not change, from all assignments of respondents to two classes."""
    total, sums = 0.0, 0.0
    for assigned in product(range(2), repeat=len(CODES)):
        assigned = np.array(assigned)
        members = np.array([np.bincount(assigned[GROUP == g], minlength=2) for g in (0, 1)])
        weight = np.exp((gammaln(a + members).sum(axis=1) - gammaln(2 * a + members.sum(axis=1))).sum())
        of_items = []
        for j, size in enumerate(SIZES):
            counts = [
                tuple(
                    tuple(np.bincount(own[own >= 0], minlength=size).tolist())
                    for own in (CODES[(assigned == c) & (GROUP == g), j] for g in (0, 1))
                )
                for c in (0, 1)
            ]
            one, other = (item_in_class(of_class, b) for of_class in counts)
            both = one[0] * other[0]
            means = [both, both * SD, both * (SD > 0.1), *(one[q] * other[0] + one[0] * other[q] for q in (1, 2))]
            of_items.append([SD_WEIGHT @ values for values in means])
        evidence = weight * of_items[0][0] * of_items[1][0]
        ratios = np.concatenate([np.array(own[1:]) / own[0] for own in of_items])
        total += evidence
        sums = sums + evidence * np.array([*(members.sum(axis=0).max() == np.arange(4, 7)), *ratios])
    return sums / total


def agrees(values, truth, sigmas=4.5):
    """Whether the mean of draws, shape (chain, draw), is the truth, up to its Monte Carlo error."""
    error = values.std() / np.sqrt(float(ess(xr.DataArray(values, dims=("chain", "draw")), method="mean")))
    return abs(values.mean() - truth) < sigmas * error


@pytest.mark.parametrize(("a", "b"), [(1.0, 1), (2.5, 2)])
def test_draws_have_their_exact_means(a, b):
    """Sizes of classes; standard deviations; squares of item probabilities and of centres."""
    found = run(a=a, b=b)
    largest = found.groups.members.sum(axis=2).max(axis=-1)
    drawn = [largest == size for size in (4, 5, 6)]
    for j in range(2):
        sd, first = found.sd[..., j], found.groups.item_probability[..., j, 0]
        drawn += [sd, sd > 0.1, (first**2).sum(axis=(2, 3)), (found.centre[..., j, 0] ** 2).sum(axis=2)]
    truth = exact(a, b)
    assert len(drawn) == len(truth) == 11
    for values, expected in zip(drawn, truth, strict=True):
        assert agrees(np.asarray(values, dtype=float), expected)


def test_log_likelihood_is_that_of_the_draw():
    found = run(draws=3).groups
    rows = np.concatenate([codes for codes, _ in grouped(CODES, GROUP)])
    of_group = np.repeat([0, 1], [len(codes) for codes, _ in grouped(CODES, GROUP)])
    for p, (row, g) in enumerate(zip(rows, of_group, strict=True)):
        share, rho = found.class_share[:, :, g], found.item_probability[:, :, g]
        parts = np.prod([rho[..., j, k] for j, k in enumerate(row) if k >= 0], axis=0)
        np.testing.assert_allclose(found.log_likelihood[..., p], np.log((share * parts).sum(axis=-1)), atol=1e-12)


def test_shapes_and_sums():
    found = run(draws=5)
    assert found.sd.shape == (4, 5, 2)
    assert found.centre.shape == (4, 5, 2, 2, 3)
    assert found.groups.item_probability.shape == (4, 5, 2, 2, 2, 3)
    assert ((found.sd > 0) & (found.sd < 0.5)).all()
    for values in (found.centre, found.groups.item_probability):
        np.testing.assert_allclose(values.sum(axis=-1), 1)
        assert (values[..., 0, 2] == 0).all()
    assert (found.groups.members.sum(axis=-1) == [3, 4]).all()
    np.testing.assert_array_equal(found.sd, run(draws=5).sd)
    assert (found.sd != run(draws=5, seed=2).sd).all()


def test_tiny_and_wide_priors_stay_finite():
    same = run(scale=1e-5, draws=100)
    assert np.ptp(same.groups.item_probability, axis=2).max() < 1e-3
    apart = run(scale=50.0, a=1e-3, draws=200)
    assert np.isfinite(apart.groups.log_likelihood).all()
    assert np.isfinite(apart.centre).all()


def test_weights_next_to_nothing_leave_one_category():
    drawn = draw_dirichlet(np.tile([1e-9, 3e-9, 0.0], (4000, 1)), np.random.default_rng(1))
    assert (drawn.max(axis=-1) == 1).all()
    assert abs(drawn[:, 1].mean() - 0.75) < 4.5 * np.sqrt(0.75 * 0.25 / 4000)
    assert (drawn[:, 2] == 0).all()


def test_tables_have_their_mean_and_variance():
    weight = np.array([1e-3, 0.4, 3.0, 40.0, 1e12, 0.0])
    rng = np.random.default_rng(1)
    guests = np.full((4000, 6), 30)
    guests[:, 5] = 0
    tables = draw_tables(guests, np.broadcast_to(weight, guests.shape), rng)
    new = np.divide(weight[:, None], weight[:, None] + np.arange(30), where=weight[:, None] > 0, out=np.zeros((6, 30)))
    variance = (new * (1 - new)).sum(axis=1)
    assert (np.abs(tables.mean(axis=0) - new.sum(axis=1)) <= 4.5 * np.sqrt(variance / 4000) + 1e-9).all()
    np.testing.assert_allclose(tables.var(axis=0)[1:4], variance[1:4], rtol=0.1)
    assert (tables[:, 4] == 30).all()


@pytest.mark.slow
def test_simulation_based_calibration():
    """Ranks of what was drawn from the prior among draws of its posterior: 200 surveys of 60 respondents."""
    rng, sizes, ranks = np.random.default_rng(5), (2, 2, 3), []
    for seed in range(200):
        sd = halfnorm.rvs(scale=0.15, size=3, random_state=rng)
        while (sd >= 0.5).any():
            sd = halfnorm.rvs(scale=0.15, size=3, random_state=rng)
        share, group = rng.dirichlet([1.0, 1.0], size=2), np.repeat([0, 1], 30)
        latent = (rng.random(60) < share[group, 1]).astype(int)
        rho = np.zeros((2, 2, 3, 3))
        for c, j in product(range(2), range(3)):
            centre = rng.dirichlet(np.ones(sizes[j]))
            rho[:, c, j, : sizes[j]] = rng.dirichlet((1 / (4 * sd[j] ** 2) - 1) * centre + 1e-12, size=2)
        of_answers = rho[group, latent]  # (respondent, item, category)
        codes = (rng.random((60, 3, 1)) > of_answers.cumsum(axis=-1)[..., :-1]).sum(axis=-1)
        found = run(codes, group, sizes, scale=0.15, draws=25, tune=10, thin=20, seed=seed)
        chosen = np.stack([rho[group, :, j, codes[:, j]] for j in range(3)]).prod(axis=0)  # (respondent, class)
        truth = [*sd, np.log((share[group] * chosen).sum(axis=1)).sum(), (share**2).sum()]
        counts = np.concatenate([count for _, count in grouped(codes, group)])
        drawn = [*np.moveaxis(found.sd, -1, 0), found.groups.log_likelihood @ counts]
        drawn.append((found.groups.class_share**2).sum(axis=(2, 3)))
        ranks.append([(values < true).mean() for values, true in zip(drawn, truth, strict=True)])
    largest = []
    for rank in np.sort(np.array(ranks), axis=0).T:
        steps = np.arange(1, 201) / 200
        largest.append(max((steps - rank).max(), (rank - steps + 1 / 200).max()))
    print(f"\nlargest departure of ranks from uniform: {np.round(largest, 3)}, 1 % bound {kstwo.ppf(0.99, 200):.3f}")
    assert max(largest) < kstwo.ppf(1 - 0.01 / len(largest), 200) + 0.01  # ranks are multiples of 1/100


@pytest.mark.slow
def test_mixing_on_small_groups():
    """Effective draws of standard deviations and log-likelihood, six groups of 40."""
    rng = np.random.default_rng(2)
    codes = (rng.random((240, 5)) < np.where(rng.random((240, 1)) < 0.5, 0.8, 0.25)).astype(int)
    found = run(codes, np.repeat(np.arange(6), 40), (2,) * 5, scale=0.1, draws=500, tune=100, thin=5)
    counts = np.concatenate([count for _, count in grouped(codes, np.repeat(np.arange(6), 40))])
    groups = found.groups
    quantities = label_free_quantities(
        groups.log_likelihood @ counts, groups.class_share.mean(axis=2), groups.item_probability.mean(axis=2), "abcde"
    )
    effective = [float(ess(values)) for values in quantities.data_vars.values()]
    effective += [float(ess(xr.DataArray(found.sd[..., j], dims=("chain", "draw")))) for j in range(5)]
    print(f"\neffective draws of 2000: {np.round(effective)}")
    assert min(effective) > 200
