"""One small survey with two classes, and what the ladder makes of it."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.models import LatentClass

ITEMS = list("abcd")
SHORT = {"draws": 200, "tune": 200, "seed": 3, "progressbar": False, "until": None}


def simulate_survey():
    rng = np.random.default_rng(11)
    n = 400
    group = rng.integers(0, 6, n)
    x = rng.normal(size=n).round(1)
    logit = 0.8 * x + rng.normal(0.0, 0.4, 6)[group]
    latent_class = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    answers = (rng.random((n, 4)) < np.where(latent_class, 0.85, 0.15)[:, None]).astype(int)
    frame = pd.DataFrame(answers, columns=ITEMS).assign(x=x, group=[f"g{one + 1}" for one in group])
    frame.loc[3, "a"] = np.nan
    return frame.astype(dict.fromkeys(ITEMS, "Int64"))


@pytest.fixture(scope="package")
def survey():
    return simulate_survey()


@pytest.fixture(scope="package")
def nested():
    return LatentClass(2, bl.Items(ITEMS), bl.Regression("~ x + (1 | group)"))


@pytest.fixture(scope="package")
def measured(nested, survey):
    """The classes alone."""
    return bl.fit(LatentClass(2, nested.measurement), survey, **SHORT | {"draws": 400})


@pytest.fixture(scope="package")
def ladder(survey, nested, tmp_path_factory):
    """All estimators, and the folder that keeps them."""
    out = tmp_path_factory.mktemp("ladder")
    with pytest.warns(UserWarning):
        fits = bl.fit_estimators(nested, survey, out=out, measurement_draws=40, **SHORT)
    return fits, out
