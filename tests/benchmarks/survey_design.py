"""CPU time of a weighted fit beside the unweighted random-intercept fit of the same rows.

    python tests/benchmarks/survey_design.py

22,000 respondents in 200 groups, three classes of six items and a regression with random intercepts. Both fits are made
in one process, one after the other, 4 chains of 1000 draws, and the weighted draws are corrected for weights and
strata. Exits with 1 if the weighted fit takes more than `MOST_TIME` times as long.
"""

import argparse
import sys
import time
import warnings

import numpy as np

import bayes_lca as bl

FORMULA = "~ tier + gender + (1 | group)"
MOST_TIME = 1.5


def survey(rows: int, groups: int):
    """A simulated cohort whose six groups are parted into many, of two strata, weighted by gamma variables."""
    cohort, _ = bl.simulate_cohort(rows)
    rng = np.random.default_rng(4)
    part = rng.integers(0, groups // 6 + 1, rows).astype(str)
    return cohort.assign(
        group=cohort["group"].astype(str) + "." + part,
        weight=rng.gamma(4.0, size=rows),
        stratum=rng.integers(0, 2, rows),
    )


def seconds(model, frame, draws: int, **options) -> float:
    """CPU seconds of a fit."""
    start = time.process_time()
    bl.fit(model, frame, draws=draws, until=None, progressbar=False, **options)
    return time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=22_000)
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--draws", type=int, default=1000)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    frame = survey(arguments.rows, arguments.groups)
    model = bl.LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression(FORMULA))
    design = bl.SurveyDesign(weights="weight", strata="stratum")
    unweighted = seconds(model, frame.drop(columns=["weight", "stratum"]), arguments.draws)
    weighted = seconds(model, frame, arguments.draws, design=design)
    print(f"{len(frame)} rows, {frame['group'].nunique()} groups")
    print(f"unweighted {unweighted:.1f} s, weighted and corrected {weighted:.1f} s: {weighted / unweighted:.2f} times")
    return int(weighted > MOST_TIME * unweighted)


if __name__ == "__main__":
    sys.exit(main())
