"""Effects of groups read from draws, and drawn for groups that were not seen."""

import numpy as np
import pytest
import xarray as xr

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.random_effects import effects_of_new_groups, effects_of_seen_groups, varying_terms

EVERYTHING = slice(None)
CENTRED = np.eye(3) - 1 / 3
"""Takes the mean over classes out of logits."""


@pytest.fixture
def rng():
    return np.random.default_rng(17)


def few_draws(made_up, formula, **options):
    return made_up.draws(formula, chains=2, draws=3, **options)


def with_correlation(draws, grouping, rng):
    """Another correlation matrix of the classes in every draw."""
    posterior = draws["posterior"].to_dataset()
    axis = "latent_class" if "latent_class" in posterior.dims else "category"
    matrices = np.array([np.corrcoef(rng.normal(size=(3, 5))) for _ in range(6)]).reshape(2, 3, 3, 3)
    result = draws.copy()
    result["posterior"] = xr.DataTree(
        posterior.assign({f"{grouping}_correlation": (("chain", "draw", axis, "other_class"), matrices)})
    )
    return result


def covariances(draws, grouping):
    """Covariance of the effects of a new group in every draw: intercepts, then the slopes of each term."""
    posterior = draws["posterior"]
    for chain in range(2):
        for draw in range(3):
            here = posterior.isel(chain=chain, draw=draw)
            sd = here[f"{grouping}_sd"].to_numpy()
            correlation = here[f"{grouping}_correlation"].to_numpy() if f"{grouping}_correlation" in here else np.eye(3)
            blocks = [np.diag(sd) @ correlation @ np.diag(sd)]
            if f"{grouping}_slope_sd" in here:
                blocks += [np.diag(tau**2) for tau in here[f"{grouping}_slope_sd"].to_numpy()]
            whole = np.zeros((3 * len(blocks), 3 * len(blocks)))
            for place, block in enumerate(blocks):
                part = slice(3 * place, 3 * place + 3)
                whole[part, part] = CENTRED @ block @ CENTRED
            yield whole


KINDS = {
    "intercepts": ("~ x + z + (1 | group)", "group", False),
    "slopes": ("~ x + z + (z + x | group)", "group", False),
    "correlated intercepts": ("~ x + z + (1 | group)", "group", True),
    "correlated intercepts and slopes": ("~ x + z + (x | city) + (1 | group)", "city", True),
}


@pytest.mark.parametrize("latent", [False, True], ids=["seen", "latent"])
@pytest.mark.parametrize("kind", KINDS)
def test_new_groups_have_the_covariance_of_their_draw(made_up, rng, kind, latent):
    """Mean zero and the covariance of the model in each draw, within Monte Carlo error; groups are independent."""
    formula, grouping, correlated = KINDS[kind]
    draws = few_draws(made_up, formula, latent=latent)
    if correlated:
        draws = with_correlation(draws, grouping, rng)
    n = 4000
    effects = effects_of_new_groups(Fit.reading(draws), grouping, EVERYTHING, rng, n_groups=n)
    assert effects.intercept.shape == (6, n, 3)
    together = [effects.intercept]
    if effects.slope is not None:
        together += [effects.slope[:, :, term] for term in range(effects.slope.shape[2])]
    drawn = np.concatenate(together, axis=-1)
    for part in together:
        np.testing.assert_allclose(part.sum(axis=-1), 0.0, atol=1e-12)
    scores = []
    for one, expected in zip(drawn, covariances(draws, grouping), strict=True):
        assert expected.shape == (one.shape[1],) * 2
        variance = np.diag(expected)
        scores += [one.mean(axis=0) / np.sqrt(variance / n)]
        error = np.sqrt((np.outer(variance, variance) + expected**2) / n)
        scores += [((one.T @ one / n - expected) / error).ravel()]
        neighbours = one[:-1].T @ one[1:] / (n - 1)
        scores += [(neighbours / np.sqrt(np.outer(variance, variance) / n)).ravel()]
    scores = np.concatenate(scores)
    assert np.abs(scores).max() < 4.5  # of up to 1000 scores, 0.7 % chance to be exceeded by any
    assert (scores**2).mean() == pytest.approx(1.0, abs=0.25)


def test_one_new_group_in_every_draw(made_up, rng):
    """Over many draws of equal parameters the single groups vary as many groups of one draw do."""
    draws = made_up.draws("~ x + (x | group)", chains=2, draws=2000)
    posterior = draws["posterior"].to_dataset()
    posterior["group_sd"] = xr.full_like(posterior["group_sd"], 0.5) * xr.DataArray([1.0, 2.0, 3.0], dims="category")
    posterior["group_slope_sd"] = xr.full_like(posterior["group_slope_sd"], 0.25)
    draws["posterior"] = xr.DataTree(posterior)
    effects = effects_of_new_groups(Fit.reading(draws), "group", EVERYTHING, rng)
    assert effects.intercept.shape == (4000, 1, 3)
    assert effects.slope.shape == (4000, 1, 1, 3)
    expected = np.diag(CENTRED @ np.diag([0.25, 1.0, 2.25]) @ CENTRED)
    error = np.sqrt(2 / 4000)
    assert np.abs((effects.intercept**2).mean(axis=(0, 1)) / expected - 1).max() < 4 * error
    assert np.abs((effects.slope**2).mean(axis=(0, 1, 2)) / (0.0625 * 2 / 3) - 1).max() < 4 * error
    by_draw = effects.intercept[:, 0, 0]
    assert abs(np.corrcoef(by_draw[:-1], by_draw[1:])[0, 1]) < 4 / np.sqrt(4000)


def test_new_groups_belong_to_the_draws_asked_for(made_up):
    draws = few_draws(made_up, "~ x + (x | group)")
    posterior = draws["posterior"].to_dataset()
    number = xr.DataArray(np.arange(6.0).reshape(2, 3), dims=("chain", "draw"))
    posterior["group_sd"] = xr.ones_like(posterior["group_sd"]) * 1000**number
    posterior["group_slope_sd"] = xr.ones_like(posterior["group_slope_sd"]) * 1000**number
    draws["posterior"] = xr.DataTree(posterior.transpose("chain", "draw", ...))
    effects = effects_of_new_groups(Fit.reading(draws), "group", slice(2, 5), np.random.default_rng(1), n_groups=50)
    for values in (effects.intercept, effects.slope):
        size = np.sqrt((values.reshape(3, -1) ** 2).mean(axis=1))
        np.testing.assert_array_equal(np.floor(np.log10(size * 2) / 3), [2, 3, 4])


def test_same_seed_same_new_groups(made_up):
    fit = Fit.reading(few_draws(made_up, "~ x + (x | group)"))
    one, same, other = (
        effects_of_new_groups(fit, "group", EVERYTHING, np.random.default_rng(seed), 3) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.intercept, same.intercept)
    np.testing.assert_array_equal(one.slope, same.slope)
    assert not np.array_equal(one.intercept, other.intercept)


@pytest.mark.parametrize("latent", [False, True], ids=["seen", "latent"])
def test_seen_groups_are_those_of_the_draws(made_up, latent):
    draws = few_draws(made_up, "~ x + z + (z | city) + (1 | group)", latent=latent)
    axis = "latent_class" if latent else "category"
    which = slice(2, 5)
    city, group = (effects_of_seen_groups(Fit.reading(draws), name, which) for name in ("city", "group"))
    assert group.slope is None
    assert city.intercept.shape == (3, 2, 3)
    assert city.slope.shape == (3, 2, 1, 3)
    for place, (chain, draw) in enumerate([(0, 2), (1, 0), (1, 1)]):
        here = draws["posterior"].isel(chain=chain, draw=draw)
        np.testing.assert_array_equal(city.intercept[place], here["city_effect"].transpose("city", axis))
        np.testing.assert_array_equal(city.slope[place], here["city_slope"].transpose("city", "city_term", axis))
        np.testing.assert_array_equal(group.intercept[place], here["group_effect"].transpose("group", axis))


def test_seen_groups_do_not_depend_on_the_order_of_axes(made_up):
    draws = few_draws(made_up, "~ x + z + (x + z | group)")
    turned = draws.copy()
    turned["posterior"] = xr.DataTree(
        draws["posterior"].to_dataset().transpose("category", "group_term", "draw", "group", "term", "chain")
    )
    one, other = (effects_of_seen_groups(Fit.reading(tree), "group", EVERYTHING) for tree in (draws, turned))
    np.testing.assert_array_equal(one.intercept, other.intercept)
    np.testing.assert_array_equal(one.slope, other.slope)


def test_varying_terms_are_found_among_the_terms_of_the_design(made_up):
    draws = few_draws(made_up, "~ age + z + x + x:z + (x:z + age | city) + (1 | group)")
    terms = [str(term) for term in draws["constant_data"]["term"].to_numpy()]
    assert [terms[place] for place in varying_terms(Fit.reading(draws), "city")] == ["x:z", "age[31-40]", "age[>40]"]
    assert varying_terms(Fit.reading(draws), "group").tolist() == []


def test_effects_of_some_draws_and_of_more_groups(made_up):
    fit = Fit.reading(few_draws(made_up, "~ x + (x | group)"))
    seen = effects_of_seen_groups(fit, "group", EVERYTHING)
    some = seen.in_draws(slice(1, 4))
    expected = effects_of_seen_groups(fit, "group", slice(1, 4))
    np.testing.assert_array_equal(some.intercept, expected.intercept)
    np.testing.assert_array_equal(some.slope, expected.slope)
    unseen = effects_of_new_groups(fit, "group", EVERYTHING, np.random.default_rng(1), 2)
    both = seen.followed_by(unseen)
    np.testing.assert_array_equal(both.intercept[:, :6], seen.intercept)
    np.testing.assert_array_equal(both.intercept[:, 6:], unseen.intercept)
    np.testing.assert_array_equal(both.slope[:, 6:], unseen.slope)
