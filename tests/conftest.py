"""Fits that many tests read, made once a session; slow tests only on request."""

import gc
import warnings
from functools import wraps

import pandas as pd
import pytensor
import pytest
from hypothesis import HealthCheck, settings

import bayes_lca as bl
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.workflows.ladder import cut_posterior

LONG = {
    *("workflows", "test_documentation.py", "test_fit.py", "test_notebooks.py", "test_readme.py"),
    *("test_kinds_of_fits.py", "test_reproducibility.py", "test_sampler.py"),
}
"""Files, and folders of them, that are run first: no process is left with one of them when the others are done."""

settings.register_profile(
    "the same on every run", derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("the same on every run")

FEW = {
    "fit": {"draws": 60, "tune": 100, "chains": 2, "until": None},
    "fit_estimators": {"draws": 60, "tune": 100, "measurement_draws": 40, "until": None},
    "fit_two_step": {"draws": 60, "tune": 100, "measurement_draws": 4},
    "fit_distal": {"draws": 60, "tune": 100, "measurement_draws": 20},
    "fit_populations": {"draws": 60, "tune": 100, "chains": 2, "until": None},
    "leave_one_group_out": {"draws": 60, "tune": 100},
    "count_classes": {"draws": 50, "tune": 20, "n_starts": 5},
    "count_wave_classes": {"n_starts": 5},
    "invariance_over_waves": {"n_starts": 5},
    "bootstrap_likelihood_ratio": {"draws": 3, "starts": 2, "jobs": 1},
    "overfitted": {"draws": 60, "tune": 20, "max_classes": 4},
    "split_halves": {"sizes": None, "repeats": 2, "n_draws": 20},
    "measurement_invariance": {"draws": 50, "tune": 20},
    "partial_invariance": {"draws": 50, "tune": 20},
    "check_items": {"n_draws": 20},
}
"""What to give functions in place of their defaults where examples are run, so that they take seconds."""

SHORT = {"draws": 300, "tune": 300, "chains": 4, "progressbar": False, "until": None}


def pytest_addoption(parser):
    parser.addoption("--runslow", action="store_true", default=False, help="also run tests that take minutes")


def pytest_configure(config):
    """Made-up surveys are small: few respondents, cells and waves are their nature, not worth an error.

    A process holds a million objects of tests that it collected, and graphs make many more: the garbage collector
    looks through them less often. Steps of graphs that PyTensor compiles with C elsewhere run in Python, but for slow
    tests: most are evaluated a few times, and to compile one takes most of a second.
    """
    gc.set_threshold(10_000)
    if not config.getoption("--runslow"):
        pytensor.config.cxx = ""
    for name in ("FewWavesWarning", "SmallLevelWarning", "SeparationWarning"):
        config.addinivalue_line("filterwarnings", f"ignore::bayes_lca.{name}")


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: LONG.isdisjoint(item.path.parts))
    if config.getoption("--runslow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes; run with --runslow"))


def with_few(function, settings):
    @wraps(function)
    def short(*arguments, **options):
        return function(*arguments, **options | settings)

    return short


@pytest.fixture
def few_draws(monkeypatch):
    """Functions of the package with few draws, whatever they are asked for."""
    for name, options in FEW.items():
        monkeypatch.setattr(bl, name, with_few(getattr(bl, name), options))
    monkeypatch.setattr(cut_posterior, "LARGEST_PARETO_K", float("inf"))  # no draw of a first step is worth another run


@pytest.fixture
def pictures_are_not_written(monkeypatch):
    """Pages with empty pictures in place of those that were drawn: to write them takes longest of all."""
    empty = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    monkeypatch.setattr("bayes_lca.reporting.writing.figures._svg", lambda figure, letters: empty)


def fit_short(model, frame, **options):
    """A fit too short to be trusted, which it says itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(model, frame, **SHORT | options)


@pytest.fixture(scope="session")
def survey():
    """600 simulated respondents with missing answers; the last one gave none. `benefit` is the true class."""
    frame, truth = bl.simulate_cohort(n=600, seed=5, missing_rate=0.02)
    frame.loc[frame.index[-1], bl.cohort_items()] = None
    frame["benefit"] = pd.Categorical.from_codes(truth.latent_class, ["limited", "skill", "comprehensive"])
    return frame


@pytest.fixture(scope="session")
def lca():
    return LatentClass(3, bl.Items(bl.cohort_items()))


@pytest.fixture(scope="session")
def lca_draws(lca, survey):
    """Latent classes without covariates, with posterior predictive answers."""
    return fit_short(lca, survey, predictive=True)


@pytest.fixture(scope="session")
def joint_draws(lca, survey):
    """Latent classes and their multilevel regression in one step."""
    structural = bl.Regression("~ participation + education + (1 | group)")
    return fit_short(LatentClass(3, lca.measurement, structural), survey)


@pytest.fixture(scope="session")
def multinomial_draws(survey):
    """Multilevel multinomial regression of the true class, with posterior predictive outcomes."""
    structural = bl.Regression("~ participation + education + (1 | group)")
    return fit_short(Multinomial("benefit", structural), survey, predictive=True)
