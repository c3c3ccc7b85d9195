"""Memory follows distinct rows, not respondents times draws."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.models import LatentClass
from bayes_lca.sampling.ready import prepare_named
from bayes_lca.sampling.tree import assemble, finish

DRAWS = 600

MANY_RESPONDENTS = """
import resource
import warnings
import numpy as np, pandas as pd
import bayes_lca as bl

warnings.simplefilter("ignore", bl.ConvergenceWarning)
rng = np.random.default_rng(1)
probability = rng.uniform(0.1, 0.9, (3, 12))
latent_class = rng.choice(3, 90_000, p=[0.5, 0.3, 0.2])
answers = (rng.random((90_000, 12)) < probability[latent_class]).astype(int)
frame = pd.DataFrame(answers, columns=[f"q{j}" for j in range(12)])
draws = bl.fit(bl.LatentClass(3, bl.Items(list(frame))), frame, draws=150, tune=150, chains=4, progressbar=False)
assert len(bl.membership(draws)) == 90_000
for table in (bl.class_sizes, bl.class_profiles, bl.classification_table, bl.convergence):
    table(draws)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def answered(n):
    """Answers to six items, so that there are at most 64 distinct rows."""
    rng = np.random.default_rng(6)
    latent_class = rng.random(n) < 0.4
    answers = (rng.random((n, 6)) < np.where(latent_class, 0.8, 0.2)[:, None]).astype(int)
    return pd.DataFrame(answers, columns=list("abcdef"))


def made_up(prepared, items):
    """A fit of 600 draws that were not sampled."""
    rng = np.random.default_rng(7)
    first = np.array([[0.2] * 6, [0.8] * 6]) + rng.normal(0, 0.01, (2, DRAWS // 2, 2, 6))
    share = rng.uniform(0.38, 0.42, (2, DRAWS // 2))
    coords = {"latent_class": ["C1", "C2"], "item": items, "category": ["0", "1"]}
    dims = ("chain", "draw", "latent_class")
    variables = {
        "item_probability": ((*dims, "item", "category"), np.stack([1 - first, first], axis=-1)),
        "class_share": (dims, np.stack([1 - share, share], axis=-1)),
    }
    of_draws = {"chain": [0, 1], "draw": range(DRAWS // 2)}
    coords |= of_draws
    diverging = {"diverging": (("chain", "draw"), np.zeros((2, DRAWS // 2), dtype=bool))}
    groups = {"/posterior": xr.Dataset(variables, coords), "/sample_stats": xr.Dataset(diverging, of_draws)}
    return finish(prepared, assemble(prepared, xr.DataTree.from_dict(groups)))


def test_a_fit_and_its_tables_hold_no_number_for_every_respondent_and_draw():
    n = 20_000
    frame = answered(n)
    items = list(frame)
    prepared = prepare_named(LatentClass(2, bl.Items(items)), frame, count=None, missing="raise", key=None)
    tracemalloc.start()
    try:
        draws = made_up(prepared, items)
        for table in (bl.class_sizes, bl.class_profiles, bl.membership, bl.classification_table):
            table(draws)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(bl.membership(draws)) == n
    assert peak < n * DRAWS * 4 / 2  # half of what one such number in single precision takes


@pytest.mark.slow
def test_ninety_thousand_respondents_are_fitted_in_less_than_a_gigabyte():
    run = subprocess.run([sys.executable, "-c", MANY_RESPONDENTS], capture_output=True, text=True, check=True)
    assert float(run.stdout.split()[-1]) < 1024
