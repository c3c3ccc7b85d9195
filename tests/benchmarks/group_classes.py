"""Group classes beside random intercepts: processor time of whole fits to 22,000 respondents of 200 groups.

    python tests/benchmarks/group_classes.py            about three minutes of one processor
    python tests/benchmarks/group_classes.py --rows 2200

Both fits are made in this process, 4 chains of 1000 draws each. Exits with 1 if group classes take more than 1.5 times
as long as random intercepts of the same groups.
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd

import bayes_lca as bl

LARGEST_RATIO = 1.5
ITEMS = list("abcdef")


def simulate(n: int, n_groups: int) -> pd.DataFrame:
    """Respondents of three classes in groups of two; six items of three categories, a covariate of ten values."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, n_groups, n)
    within = np.array([[0.6, 0.3, 0.1], [0.15, 0.35, 0.5]])[group % 2]
    person = (within.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    answer = rng.dirichlet(np.ones(3), size=(3, len(ITEMS)))
    codes = (answer[person].cumsum(axis=2) > rng.random((n, len(ITEMS), 1))).argmax(axis=2)
    frame = pd.DataFrame(codes, columns=ITEMS)
    return frame.assign(school=[f"s{g:03d}" for g in group], age=rng.integers(0, 10, n).astype(float))


def main() -> int:
    """Fit both models and print a line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=22_000)
    parser.add_argument("--groups", type=int, default=200)
    given = parser.parse_args()
    frame = simulate(given.rows, given.groups)
    parts = {
        "random intercepts": bl.Regression("~ age + (1 | school)"),
        "group classes": bl.GroupClasses(2, group="school", formula="~ age"),
    }
    seconds = {}
    for name, structural in parts.items():
        started = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            draws = bl.fit(bl.LatentClass(3, bl.Items(ITEMS), structural), frame, seed=1, until=None, progressbar=False)
        seconds[name] = time.process_time() - started
        table = bl.convergence(draws)
        print(
            f"{name}: {seconds[name]:.1f} s of processor time, largest R-hat {table['r_hat'].max():.4f}, smallest ESS "
            f"{table[['ess_bulk', 'ess_tail']].min(axis=None):.0f}",
            flush=True,
        )
    ratio = seconds["group classes"] / seconds["random intercepts"]
    missed = ratio > LARGEST_RATIO
    print(f"ratio {ratio:.2f} (at most {LARGEST_RATIO}){'  MISSED' if missed else ''}")
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
