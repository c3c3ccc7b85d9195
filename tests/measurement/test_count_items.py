"""Count items: what they are given, what they draw, and classes found again."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_lca as bl
from bayes_lca.models import LatentClass

MEANS = np.array([[0.4, 6.0], [5.0, 1.5]])
ITEMS = ["visits", "calls"]


def simulate(n, seed, dispersion=0.0):
    rng = np.random.default_rng(seed)
    latent = (rng.random(n) < 0.4).astype(int)
    mean = MEANS[latent]
    if dispersion:
        mean = mean * rng.gamma(1 / dispersion, dispersion, mean.shape)
    counts = rng.poisson(mean).astype(float)
    counts[rng.random(counts.shape) < 0.1] = np.nan
    return pd.DataFrame(counts, columns=ITEMS), latent


@pytest.mark.parametrize(
    "error, told, given",
    [
        (ValueError, 'distribution=\'binomial\': "poisson" or "negative_binomial"', {"distribution": "binomial"}),
        (TypeError, "the prior of mean is LogNormal", {"mean": bl.Normal(1.0)}),
        (TypeError, "the prior of dispersion is Exponential", {"dispersion": bl.HalfNormal(1.0)}),
        (ValueError, "missing_codes names 'mails'", {"missing_codes": {"mails": [99]}}),
        (ValueError, "items='visits' is one text", {"items": "visits"}),
    ],
)
def test_what_the_part_cannot_be_given_is_refused(error, told, given):
    with pytest.raises(error, match=told):
        bl.CountItems(**({"items": ITEMS} | given))


@pytest.mark.parametrize("wrong", [-1, 2.5, 1e17])
def test_what_is_no_count_is_refused(wrong):
    frame = pd.DataFrame({"visits": [0, 1, 2, 3, wrong]})
    with pytest.raises(ValueError, match=r"item 'visits' is no count in 1 of 5 rows .*CountItems takes whole numbers"):
        LatentClass(2, bl.CountItems(["visits"], missing_codes={"visits": []})).build(frame)


def test_a_prior_takes_a_positive_number():
    with pytest.raises(ValueError, match=r"LogNormal\(sigma=0\): sigma must be a positive number"):
        bl.LogNormal(0)


@pytest.mark.parametrize("dispersion", [None, np.array([0.3, 1.2])])
def test_drawn_counts_have_the_moments_of_their_class(dispersion):
    rng, latent = np.random.default_rng(5), np.repeat([0, 1], 40_000)
    given = (MEANS,) if dispersion is None else (MEANS, dispersion)
    counts = bl.CountItems(ITEMS).draw(None, latent, *given, rng=rng)
    variance = MEANS + (0.0 if dispersion is None else dispersion) * MEANS**2
    for k in range(2):
        of_class = counts[latent == k]
        z = (of_class.mean(axis=0) - MEANS[k]) / np.sqrt(variance[k] / 40_000)
        assert np.abs(z).max() < 4
        np.testing.assert_allclose(of_class.var(axis=0) / variance[k], 1.0, atol=0.06)


@pytest.mark.parametrize("distribution, dispersion", [("poisson", 0.0), ("negative_binomial", 0.4)])
def test_the_classes_are_found_again(distribution, dispersion):
    frame, latent = simulate(300, 7, dispersion)
    draws = bl.fit(LatentClass(2, bl.CountItems(ITEMS, distribution)), frame, draws=500, progressbar=False)
    profiles, sizes = bl.class_profiles(draws), bl.class_sizes(draws)
    assert abs(sizes.loc["C1", "mean"] - (latent == 0).mean()) < 4 * sizes.loc["C1", "sd"]
    for k, name in enumerate(["C1", "C2"]):
        for j, item in enumerate(ITEMS):
            row = profiles.loc[(name, item, "mean")]
            assert abs(row["mean"] - MEANS[k, j]) < 4 * row["sd"]
    if dispersion:
        of_dispersion = profiles.xs(("C1", "dispersion"), level=("latent_class", "parameter"))
        assert (np.abs(of_dispersion["mean"] - dispersion) < 4 * of_dispersion["sd"]).all()
    predicted = bl.posterior_predictive(draws)["answers"]
    assert predicted.dtype.kind == "i" and int(predicted.min()) == 0


def test_counts_that_vary_more_than_poisson_counts_show_in_the_check():
    frame, _ = simulate(300, 8, dispersion=0.8)
    poisson, dispersed = (
        bl.fit(LatentClass(2, bl.CountItems(ITEMS, name)), frame, draws=500, progressbar=False)
        for name in ("poisson", "negative_binomial")
    )
    of_poisson, of_dispersed = (bl.check_items(draws, n_draws=100).items for draws in (poisson, dispersed))
    assert (of_poisson["sd"] > of_poisson["sd_upper"]).any()
    assert (of_dispersed["sd"] < of_dispersed["sd_upper"]).all()
    elpd = [bl.modes(draws)["elpd_loo"].iloc[0] for draws in (poisson, dispersed)]
    assert elpd[1] > elpd[0] + 10


def test_a_file_and_new_respondents(tmp_path):
    frame, _ = simulate(150, 9)
    with pytest.warns(bl.ConvergenceWarning):
        draws = bl.fit(
            LatentClass(2, bl.CountItems(ITEMS, "negative_binomial")),
            frame,
            draws=100,
            chains=2,
            until=None,
            progressbar=False,
        )
    bl.save(draws, tmp_path / "counts.nc", respondents=False)
    again = bl.load(tmp_path / "counts.nc")
    new = frame.iloc[:5]
    np.testing.assert_allclose(bl.membership(again, new)["C1"], bl.membership(draws)["C1"].iloc[:5], atol=1e-6)
    with pytest.raises(ValueError, match=r"item 'visits' is no count in 1 of 1 rows"):
        bl.membership(draws, pd.DataFrame({"visits": [1.5], "calls": [2]}))


def test_one_class_has_the_posterior_of_a_grid():
    """Mean count and dispersion of one item in one class, their posterior integrated over a grid."""
    frame, _ = simulate(40, 10, dispersion=0.5)
    values = frame["calls"].dropna().to_numpy()
    mean, dispersion = np.meshgrid(np.linspace(1.0, 12.0, 301), np.linspace(0.005, 6.0, 800), indexing="ij")
    size = 1 / dispersion
    log_posterior = stats.nbinom.logpmf(values[:, None, None], size, size / (size + mean)).sum(axis=0)
    log_posterior += stats.lognorm.logpdf(mean, 1.5, scale=values.mean()) + stats.expon.logpdf(dispersion)
    weight = np.exp(log_posterior - log_posterior.max())
    weight /= weight.sum()
    draws = bl.fit(LatentClass(1, bl.CountItems(["calls"], "negative_binomial")), frame, progressbar=False)
    profiles = bl.class_profiles(draws)
    for name, grid in (("mean", mean), ("dispersion", dispersion)):
        expected = (weight * grid).sum()
        spread = np.sqrt((weight * (grid - expected) ** 2).sum())
        row = profiles.loc[("C1", "calls", name)]
        assert abs(row["mean"] - expected) < 4 * spread / np.sqrt(row["ess_bulk"])
        assert row["sd"] == pytest.approx(spread, rel=4 / np.sqrt(2 * row["ess_bulk"]) + 0.05)
