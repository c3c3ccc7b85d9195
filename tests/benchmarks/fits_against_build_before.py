"""CPU time and effective draws of default fits of the cohort, beside those of an earlier build.

    python tests/benchmarks/fits_against_build_before.py
    python tests/benchmarks/fits_against_build_before.py --before v0.3.0 --repeats 1
    python tests/benchmarks/fits_against_build_before.py --large    the earlier build takes 20 minutes of CPU time

`--before` is a revision of this repository. Each fit is a process of its own: imports, reading, sampling, convergence;
its CPU time is that of the whole process, user and system. Builds take turns and medians are compared. The first
process of each finds empty caches of PyTensor and numba in a folder of its own and is the cold one; the others are
warm. With `--large`, the joint model of 220,000 simulated respondents alone is fitted once with each, and its peak
memory is read too.

Exits with 1 if a ratio, or the memory, is larger than what passes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from import_against_build_before import BEFORE, lay_out_checkout, lay_out_revision

MODELS = {
    "joint": 'bl.Regression("~ age + participation + tier + (1 | group)")',
    "latent classes": "bl.Shares()",
}
LARGEST = {"joint": {"cold": 0.14, "warm": 0.10}, "latent classes": {"cold": 0.25, "warm": 0.17}}
"""The largest ratio of CPU times that passes."""
COHORT, LARGE = "bl.load_cohort()", "bl.simulate_cohort(220_000)[0]"
LARGEST_OF_LARGE, MOST_MEMORY = 0.12, 2.0
"""The largest ratio of the joint model of `LARGE`, and gigabytes."""

CODE = """
import json, resource, sys, time
import bayes_lca as bl
from bayes_lca.models import LatentClass
from bayes_lca.sampling import nuts
seconds = 0.0
sample = nuts.Sampler.sample
def timed(*args, **options):
    global seconds
    began = time.process_time()
    drawn = sample(*args, **options)
    seconds += time.process_time() - began
    return drawn
nuts.Sampler.sample = timed
draws = bl.fit(LatentClass(3, bl.Items(bl.cohort_items()), {structural}), {frame}, progressbar=False)
table = bl.convergence(draws)
smallest = float(table[["ess_bulk", "ess_tail"]].min(axis=None))
usage = resource.getrusage(resource.RUSAGE_SELF)
gradients = int(draws["sample_stats"]["n_steps"].sum())
print(json.dumps({{"sampling": seconds, "ess": smallest, "r_hat": float(table["r_hat"].max()),
      "gradients": gradients, "cpu": usage.ru_utime + usage.ru_stime, "gigabytes": usage.ru_maxrss / 2**20,
      "backend": draws.attrs["backend"]}}))
"""


def fit_once(model: str, build: Path, frame: str = COHORT) -> dict:
    """What one process spent on a fit, and what the fit is worth."""
    caches = {"PYTENSOR_FLAGS": f"base_compiledir={build / 'pytensor'}", "NUMBA_CACHE_DIR": str(build / "numba")}
    caches |= {"PYTHONPATH": str(build)}
    code = CODE.format(structural=MODELS[model], frame=frame)
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=True,
        cwd=build,
        env=os.environ | caches,
        capture_output=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def compare(builds: dict[str, Path], repeats: int) -> int:
    """Fit every model with both builds in turns, print ratios, and return the exit status."""
    status = 0
    for model in MODELS:
        fits = {build: [] for build in builds}
        for _ in range(repeats + 1):
            for build, folder in builds.items():
                fits[build].append(fit_once(model, folder))
                print(model, build, fits[build][-1], flush=True)
        for caches, taken in (("cold", slice(1)), ("warm", slice(1, None))):
            here, before = (median(fit["cpu"] for fit in fits[build][taken]) for build in ("here", "before"))
            passed = here <= LARGEST[model][caches] * before
            status |= not passed
            print(
                f"{model}, {caches}: {here:.1f} s, before {before:.1f} s, ratio {here / before:.3f}; at most "
                f"{LARGEST[model][caches]}: {'passed' if passed else 'failed'}"
            )
        here, before = (median(fit["ess"] / fit["sampling"] for fit in fits[build]) for build in ("here", "before"))
        print(f"{model}: smallest ESS per CPU second {here:.0f}, before {before:.0f}, {here / before:.1f} times")
    return int(status)


def compare_large(builds: dict[str, Path]) -> int:
    """Fit the joint model of many respondents once with both builds, print the ratio, and return the exit status."""
    fits = {}
    for build, folder in builds.items():
        fits[build] = fit_once("joint", folder, LARGE)
        print("joint, large", build, fits[build], flush=True)
    ratio, memory = fits["here"]["cpu"] / fits["before"]["cpu"], fits["here"]["gigabytes"]
    passed = ratio <= LARGEST_OF_LARGE and memory <= MOST_MEMORY
    print(
        f"joint, large: ratio {ratio:.3f}, at most {LARGEST_OF_LARGE}; {memory:.2f} GB, at most {MOST_MEMORY}: "
        f"{'passed' if passed else 'failed'}"
    )
    return int(not passed)


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="REVISION", default=BEFORE, help="revision of the earlier build")
    parser.add_argument("--repeats", type=int, default=3, help="warm processes of each build")
    parser.add_argument("--large", action="store_true", help="the joint model of 220,000 respondents alone")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        builds = {build: Path(folder, build) for build in ("here", "before")}
        lay_out_checkout(builds["here"])
        lay_out_revision(given.before, builds["before"])
        return compare_large(builds) if given.large else compare(builds, given.repeats)


if __name__ == "__main__":
    sys.exit(main())
