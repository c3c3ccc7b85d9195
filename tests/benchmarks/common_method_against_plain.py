"""Processor time of common-method classes and of latent profiles beside plain classes, whole processes.

    python tests/benchmarks/common_method_against_plain.py             about two minutes
    python tests/benchmarks/common_method_against_plain.py --repeats 1

Three classes each: the six items of the cohort, plain and with a tilt of persons, and 2200 rows of six numbers. Fits
take turns, each in a process of its own with imports, reading, sampling and convergence; medians are compared.
Exits with 1 if a fit takes more than three times the processor time of the plain one.
"""

import argparse
import json
import subprocess
import sys
from statistics import median

TARGET = 3.0
PLAIN = "plain"
PREPARE = {
    PLAIN: "frame, part = bl.load_cohort(), bl.Items(bl.cohort_items())",
    "tilt": 'frame, part = bl.load_cohort(), bl.CommonMethod(bl.Items(bl.cohort_items()), style="tilt")',
    "profiles, sd equal": 'frame, part = numbers(), bl.NormalItems(list("abcdef"), sd="equal")',
    "profiles, sd free": 'frame, part = numbers(), bl.NormalItems(list("abcdef"), sd="free")',
}
CODE = """
import json, resource
import numpy as np, pandas as pd
import bayes_lca as bl
def numbers():
    rng = np.random.default_rng(1)
    mean = np.array([-1.0, 0.0, 1.5])[rng.integers(0, 3, 2200)]
    return pd.DataFrame(mean[:, None] + rng.normal(size=(2200, 6)), columns=list("abcdef"))
{prepare}
draws = bl.fit(bl.LatentClass(3, part), frame, progressbar=False)
table = bl.convergence(draws)
usage = resource.getrusage(resource.RUSAGE_SELF)
statistics = draws["sample_stats"]
print(json.dumps({{"cpu": usage.ru_utime + usage.ru_stime, "r_hat": float(table["r_hat"].max()),
      "ess": float(table[["ess_bulk", "ess_tail"]].min(axis=None)), "steps": float(statistics["n_steps"].mean()),
      "tune": draws.attrs["tune"], "divergences": int(statistics["diverging"].sum())}}))
"""


def fit_once(name: str) -> dict[str, float]:
    """What one process spent on a fit, and what the fit is worth."""
    command = [sys.executable, "-W", "ignore", "-c", CODE.format(prepare=PREPARE[name])]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.strip().splitlines()[-1])


def main() -> int:
    """Fit in turns, print ratios, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    fits = {name: [] for name in PREPARE}
    for _ in range(parser.parse_args().repeats):
        for name, of_name in fits.items():
            of_name.append(fit_once(name))
            print(name, of_name[-1], flush=True)
    seconds = {name: median(fit["cpu"] for fit in of_name) for name, of_name in fits.items()}
    ratios = {name: of_name / seconds[PLAIN] for name, of_name in seconds.items() if name != PLAIN}
    for name, ratio in ratios.items():
        print(
            f"{name}: {seconds[name]:.1f} s, plain {seconds[PLAIN]:.1f} s, {ratio:.2f} times the processor time "
            f"(target {TARGET:g}){'  MISSED' if ratio > TARGET else ''}"
        )
    return int(max(ratios.values()) > TARGET)


if __name__ == "__main__":
    sys.exit(main())
