"""Models are sampled by a program, and otherwise through PyMC, which the draws say."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.density.laplace import laplace
from bayes_lca.models import LatentClass
from bayes_lca.sampling import nutpie_core, roads
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.settings import Sampling

ITEMS = ["a", "b", "c", "d"]
SHORT = {"draws": 300, "tune": 100, "chains": 2, "progressbar": False, "until": None}

pytestmark = pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(4)
    member = rng.random(500) < 0.4
    return pd.DataFrame({item: rng.random(500) < np.where(member, 0.85, 0.2) for item in ITEMS}).astype(int)


@pytest.fixture(scope="module")
def two(frame):
    return LatentClass(2, bl.Items(ITEMS))


@pytest.fixture(scope="module")
def fits(frame, two):
    settings = SHORT | {"draws": 2000, "chains": 4}
    return {backend: bl.fit(two, frame, **settings, backend=backend) for backend in ("program", "jax")}


@pytest.mark.slow
def test_both_roads_have_the_same_posterior(fits):
    """Means within four Monte Carlo standard errors."""
    program, jax = (bl.class_sizes(fits[backend]) for backend in ("program", "jax"))
    error = np.hypot(program["sd"] / np.sqrt(program["ess_bulk"]), jax["sd"] / np.sqrt(jax["ess_bulk"]))
    assert (np.abs(program["mean"] - jax["mean"]) < 4 * error).all()
    np.testing.assert_allclose(program["sd"], jax["sd"], rtol=0.15)
    assert [fit.attrs["backend"] for fit in fits.values()] == ["program", "jax"]


def test_the_same_seed_gives_the_same_draws(frame, two):
    first, again = (bl.fit(two, frame, **SHORT, seed=7) for _ in range(2))
    assert first["posterior"].to_dataset().identical(again["posterior"].to_dataset())


def test_a_longer_run_begins_with_the_draws_of_a_shorter_one(frame, two):
    """A longer run passes through the same draws after the same tuning."""
    short, longer = (bl.fit(two, frame, **SHORT | {"draws": draws}, seed=3)["sample_stats"] for draws in (20, 60))
    np.testing.assert_array_equal(longer["logp"].isel(draw=slice(20)), short["logp"])


def test_free_coordinates_are_those_of_the_draws(frame, two):
    """Also where the curvature at the mode chose the coordinates: the density there is the one that was recorded."""
    prepared = two.prepare(frame)
    drawn = Sampler(prepared).sample(prepared, Sampling(draws=20, chains=2, progressbar=False))
    assert drawn.attrs["tune"] == roads.CLOSE_TO_NORMAL[False].tune
    density = roads.Density(prepared.model)
    program, _ = density.program()
    stats = drawn["sample_stats"]
    for x, logp in zip(
        stats["unconstrained_draw"].to_numpy().reshape(-1, program.n_inputs),
        stats["logp"].to_numpy().ravel(),
        strict=True,
    ):
        assert program.log_density(x)[0] == pytest.approx(logp, rel=1e-12)


def test_coordinates_of_the_mode_serve_where_classes_are_told_apart(frame, two):
    """And not where there are more classes than the data hold, which is sampled after a longer tuning."""
    for n_classes, serves in ((2, True), (3, False)):
        prepared = LatentClass(n_classes, bl.Items(ITEMS)).prepare(frame)
        density = roads.Density(prepared.model)
        program, _ = density.program()
        normal = laplace(program, density.coordinates(prepared.start))
        assert (normal.spread(program) <= roads.LARGEST_SPREAD) == serves
        gradient = program.log_density(normal.mode)[1]
        assert np.abs(normal.root.T @ gradient).max() < 0.05


@pytest.mark.parametrize(
    ("spread", "asked", "tune", "target_accept"),
    [
        (2.9, roads.Adaptation(), 100, 0.85),
        (3.1, roads.Adaptation(), 100, 0.95),
        (7.1, roads.Adaptation(), 400, 0.95),
        (2.9, roads.Adaptation(tune=20), 20, 0.85),
        (7.1, roads.Adaptation(target_accept=0.8), 400, 0.8),
    ],
)
def test_chains_are_adapted_as_asked_or_as_the_posterior_allows(frame, spread, asked, tune, target_accept, monkeypatch):
    monkeypatch.setattr(roads.Laplace, "spread", lambda *_: spread)
    nested = LatentClass(2, bl.Items(ITEMS), bl.Regression("~ (1 | group)"))
    prepared = nested.prepare(frame.assign(group=np.arange(len(frame)) % 5))
    settings = Sampling(20, asked.tune, 2, target_accept=asked.target_accept, progressbar=False)
    drawn = Sampler(prepared).sample(prepared, settings)
    assert (drawn.attrs["tune"], drawn.attrs["target_accept"]) == (tune, target_accept)


@pytest.mark.parametrize("broken", ["no compiler", "another nutpie"])
def test_without_programs_models_are_sampled_through_pymc(frame, two, broken, monkeypatch):
    if broken == "no compiler":
        monkeypatch.setattr(roads, "library", lambda: None)
    else:
        monkeypatch.setattr(nutpie_core, "version", lambda package: "0.17.0")
    with pytest.warns(roads.SlowSamplingWarning, match="ten times slower"):
        drawn = bl.fit(two, frame, **SHORT | {"draws": 20, "tune": 20})
    assert drawn.attrs["backend"] == "jax"


def test_steps_that_programs_lack_are_left_to_pymc(frame, two, monkeypatch):
    def not_covered(*_):
        raise roads.NotCovered("Cos")

    monkeypatch.setattr(roads, "Density", not_covered)
    assert Sampler(two.prepare(frame)).backend == "jax"


def test_other_backends_are_refused(frame, two):
    with pytest.raises(ValueError, match="backend='stan'"):
        bl.fit(two, frame, **SHORT, backend="stan")
