"""The same question has the same answer: by seed to the last bit, and however rows, columns and labels are arranged."""

import hashlib
import json
import os
import subprocess
import sys
import warnings
from dataclasses import replace

import arviz_stats
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.likelihood.multinomial_logit import fit_multinomial_logit
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.settings import Sampling

ITEMS = ["compensation", "promotion", "expertise"]
LEVELS = ["low", "middle", "high"]
FORMULA = "~ participation + education + (1 | group)"
SHORT = Sampling(draws=30, tune=40, chains=3, seed=4, cores=1, progressbar=False)
MODELS = {
    "classes": LatentClass(2, bl.Items(ITEMS)),
    "joint": LatentClass(2, bl.Items(ITEMS), bl.Regression(FORMULA)),
    "multinomial": Multinomial("level", bl.Regression(FORMULA)),
}


@pytest.fixture(scope="module")
def survey():
    frame = bl.simulate_cohort(n=150, seed=9, missing_rate=0.02)[0]
    return frame.assign(level=pd.Categorical(np.random.default_rng(2).choice(LEVELS, len(frame)), LEVELS))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "multinomial" else name for name in MODELS]
)
def test_draws_depend_on_the_seed_alone(name, survey):
    """Neither on how many chains run at a time, nor on what ran before, nor on whether progress is shown."""
    prepared = MODELS[name].prepare(survey)
    sampler = Sampler(prepared)
    first = sampler.sample(prepared, SHORT)
    for settings in (replace(SHORT, cores=3), replace(SHORT, cores=2, progressbar=True)):
        again = sampler.sample(prepared, settings)
        xr.testing.assert_equal(again["posterior"].to_dataset(), first["posterior"].to_dataset())
        assert digest(again) == digest(first)
    other = sampler.sample(prepared, replace(SHORT, seed=5))
    for variable, values in first["posterior"].data_vars.items():
        assert not np.array_equal(values, other["posterior"][variable]), variable


def digest(draws):
    """Of every bit of the posterior."""
    posterior = draws["posterior"].to_dataset()
    parts = [posterior[name].to_numpy().tobytes() for name in sorted(map(str, posterior.data_vars))]
    return hashlib.sha256(b"".join(parts)).hexdigest()


IN_ANOTHER_PROCESS = """
import json, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {folder!r})
import bayes_lca as bl
from test_reproducibility import MODELS, digest
import pandas as pd
frame = pd.read_pickle({survey!r})
options = dict(draws=30, tune=40, chains=3, seed=4, cores={cores}, progressbar=False, until=None)
print(json.dumps({{name: digest(bl.fit(model, frame, **options)) for name, model in MODELS.items()}}))
"""


@pytest.mark.slow
def test_draws_are_the_same_in_two_processes(survey, tmp_path):
    survey.to_pickle(tmp_path / "survey.pkl")
    found = []
    for cores, hash_seed in ((1, "0"), (3, "12345")):
        code = IN_ANOTHER_PROCESS.format(
            folder=os.path.dirname(__file__), survey=str(tmp_path / "survey.pkl"), cores=cores
        )
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
        found.append(json.loads(run.stdout.splitlines()[-1]))
    assert found[0] == found[1]
    assert len(set(found[0].values())) == len(MODELS)


def declared(survey, column, order):
    return survey.assign(**{column: pd.Categorical(survey[column].astype(object), order)})


def other_labels(survey):
    """Answers under other names, in the same order."""
    return survey.assign(
        **{item: survey[item].cat.rename_categories(["a lot less", "as before", "more"]) for item in ITEMS}
    )


ARRANGEMENTS = {
    "rows": lambda s: s.sample(frac=1.0, random_state=3),
    "columns": lambda s: s[s.columns[::-1]],
    "labels of rows": lambda s: s.set_axis([f"person {k}" for k in range(len(s))]),
    "order of levels": lambda s: declared(s, "education", s["education"].cat.categories[::-1]),
    "undeclared levels": lambda s: s.assign(education=s["education"].astype(str)),
    "names of answers": other_labels,
    "order of answers": lambda s: s.assign(
        **{item: s[item].cat.reorder_categories(s[item].cat.categories[::-1]) for item in ITEMS}
    ),
    "order of groups": lambda s: declared(s, "group", sorted(s["group"].unique(), reverse=True)),
}


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_likelihood_does_not_depend_on_the_arrangement(arrangement, survey):
    columns = ["log_likelihood", "parameters", "AIC", "BIC", "aBIC", "CAIC"]
    table, again = (
        bl.count_classes(bl.Items(items), frame, [1, 2], n_starts=20)
        for items, frame in ((ITEMS, survey), (ITEMS, ARRANGEMENTS[arrangement](survey)))
    )
    np.testing.assert_allclose(again[columns], table[columns], rtol=1e-9)


def test_likelihood_does_not_depend_on_the_order_of_items(survey):
    table, again = (bl.count_classes(bl.Items(items), survey, [1, 2], n_starts=20) for items in (ITEMS, ITEMS[::-1]))
    np.testing.assert_allclose(again["log_likelihood"], table["log_likelihood"], rtol=1e-9)


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_coefficients_of_maximum_likelihood_are_the_same_to_nine_digits(arrangement, survey):
    """A regression on covariates alone: its coefficients by name of term, with the reference stated."""
    reference, found = {"education": "undergraduate", "group": "G2"}, []
    for frame in (survey, ARRANGEMENTS[arrangement](survey)):
        design = read_design(frame, "~ participation + education + group", reference=reference)
        seen = (frame["level"].to_numpy()[:, None] == np.array(LEVELS)).astype(float)
        matrix = np.column_stack([np.ones(len(seen)), design.matrix])
        fit = fit_multinomial_logit(matrix, seen + 0.1, np.ones(len(seen)))
        found.append(pd.DataFrame(fit.coefficient.T, index=["constant", *design.terms], columns=LEVELS))
    assert found[0].drop(columns="low").to_numpy().all()
    pd.testing.assert_frame_equal(found[1].loc[found[0].index], found[0], rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module")
def joint():
    """A fit whose arrangement the others change."""
    frame = bl.simulate_cohort(n=400, seed=12)[0]
    return frame, fit_joint(frame)


def fit_joint(frame, items=None):
    regression = bl.Regression(FORMULA, reference={"education": "undergraduate"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(
            LatentClass(2, bl.Items(items or bl.cohort_items()), regression),
            frame,
            draws=500,
            tune=300,
            seed=2,
            progressbar=False,
        )


@pytest.mark.slow
@pytest.mark.parametrize("arrangement", ["rows", "columns", "order of levels", "order of groups", "order of items"])
def test_posterior_means_differ_by_monte_carlo_error_only(arrangement, joint):
    frame, one = joint
    if arrangement == "order of items":
        other = fit_joint(frame, bl.cohort_items()[::-1])
    else:
        other = fit_joint(ARRANGEMENTS[arrangement](frame))
    for name in ("class_share", "item_probability", "slope", "group_effect", "group_sd"):
        first = one["posterior"][name]
        second = other["posterior"][name].reindex_like(first)
        error = np.hypot(*(arviz_stats.mcse(values, method="mean") for values in (first, second)))
        difference = first.mean(["chain", "draw"]) - second.mean(["chain", "draw"])
        assert float(np.abs(difference / error).max()) < 4.5, name
    np.testing.assert_allclose(
        json.loads(other.attrs["em_log_likelihoods"])[0], json.loads(one.attrs["em_log_likelihoods"])[0], rtol=1e-9
    )
