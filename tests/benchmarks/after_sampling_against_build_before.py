"""CPU time and memory of all that a fit does after sampling, beside those of another build of the package.

    git worktree add /tmp/before COMMIT    # and a virtual environment in it, with that build installed
    python tests/benchmarks/after_sampling_against_build_before.py --before /tmp/before/.venv/bin/python

Three classes, alone and with a multilevel regression, are sampled once, 4 x 1000 draws, by this build. Each build then
makes a fit of the same draws in a process of its own: labels, class shares, log-likelihoods, modes, convergence. The
two take turns, so that both see the same load of the machine, and what is compared is the CPU time of pairs of
neighbours, on one thread. `--draws` names a folder in which draws are kept for the next run.

The same draws are then taken for surveys of more respondents, as if they had been sampled from them, and the CPU time
of this build and the peak memory of its process are printed.

Exits with 1 if a ratio is above 0.3 (classes alone) or 0.2 (regression), or the memory of 220,000 rows above 1 GB or
2 GB.
"""

import argparse
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

MOST = {"alone": 0.3, "joint": 0.2}
"""Largest ratio of CPU times that passes."""
LARGEST = {"alone": 1024, "joint": 2048}
"""Megabytes that the process may take at 220,000 rows."""
ROWS = (2_200, 22_000, 220_000)
FORMULA = "~ age + education + department + participation + attitude + tier + (1 | group)"
REFERENCE = {"age": ">50", "education": "postgraduate", "department": "ancillary", "tier": "low"}
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


def prepared_model(name: str, n: int):
    """The model of so many rows."""
    import bayes_lca as bl
    from bayes_lca.models import LatentClass
    from bayes_lca.sampling.ready import prepare_named

    structural = {"alone": bl.Shares(), "joint": bl.Regression(FORMULA, reference=REFERENCE)}[name]
    frame = bl.load_cohort() if n == ROWS[0] else bl.simulate_cohort(n=n, seed=1)[0]
    model = LatentClass(3, bl.Items(bl.cohort_items()), structural)
    return prepare_named(model, frame, count=None, missing="raise", key=None)


def make_draws(name: str, path: Path) -> None:
    """Sample the cohort with the build of this process."""
    from bayes_lca.sampling.nuts import Sampler, Sampling

    prepared = prepared_model(name, ROWS[0])
    sampled = Sampler(prepared).sample(prepared, Sampling(seed=1, progressbar=False))
    nodes = {group: sampled[group].to_dataset() for group in ("posterior", "sample_stats")}
    path.write_bytes(pickle.dumps((nodes, dict(sampled.attrs))))


def finish_fits(name: str, path: Path, n: int) -> None:
    """Finish a fit for each line that comes in, and answer with the CPU seconds it took and the peak memory so far."""
    import xarray as xr

    import bayes_lca as bl
    from bayes_lca.sampling.nuts import Sampler, Sampling

    nodes, attributes = pickle.loads(path.read_bytes())
    prepared = prepared_model(name, n)
    sampler = Sampler.__new__(Sampler)

    def sample(*_, **__):
        groups = {f"/{group}": dataset for group, dataset in {**nodes, **prepared.groups}.items()}
        return xr.DataTree.from_dict({"/": xr.Dataset(attrs=attributes | dict(prepared.attributes)), **groups})

    sampler.sample = sample
    print(json.dumps({"package": bl.__file__}), flush=True)
    warnings.simplefilter("ignore")
    for _ in sys.stdin:
        began = time.process_time()
        sampler.fit(prepared, Sampling(until="converged"))
        seconds = time.process_time() - began
        print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]), flush=True)


class Finisher:
    """A process that finishes fits with one build, when told to."""

    def __init__(self, python: str, name: str, path: Path, n: int):
        command = [python, __file__, "--finish", name, str(n), str(path)]
        environment = os.environ | ONE_THREAD
        self.process: Any = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.package = self._answer()["package"]

    def finish(self) -> tuple[float, float]:
        """CPU seconds of a fit, and megabytes of memory at the peak."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._answer()

    def end(self) -> None:
        """Let the process end."""
        self.process.stdin.close()
        self.process.wait()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[0]} stopped with status {self.process.wait()}; see above")
        return json.loads(line)


def compare(pythons: dict[str, str], name: str, path: Path, repeats: int) -> bool:
    """Time fits of both builds in turns, print the ratio, and say whether it passes."""
    finishers = {build: Finisher(python, name, path, ROWS[0]) for build, python in pythons.items()}
    if len({finisher.package for finisher in finishers.values()}) < len(finishers):
        raise SystemExit("both are the same build; --before takes a Python that has another one")
    times = {build: [] for build in finishers}
    for turn in range(repeats + 1):
        for build in list(finishers) if turn % 2 else list(reversed(finishers)):
            times[build].append(finishers[build].finish())
    for finisher in finishers.values():
        finisher.end()
    for build, ((first, _), *later) in times.items():
        seconds = [each for each, _ in later]
        print(
            f"{name:6} {build:7} {median(seconds):6.2f} CPU s ({min(seconds):.2f} to {max(seconds):.2f}), first "
            f"{first:.2f}; {ROWS[0]} rows, {max(peak for _, peak in times[build]):.0f} MB at the peak"
        )
    _, *ratios = [here / before for (here, _), (before, _) in zip(times["here"], times["before"], strict=True)]
    ratio = median(ratios)
    print(f"{name:6} here / before: {ratio:.3f} ({min(ratios):.3f} to {max(ratios):.3f}, {len(ratios)} pairs)")
    return ratio <= MOST[name]


def grow(name: str, path: Path, n: int) -> bool:
    """Print time and memory of so many rows with this build, and say whether they pass."""
    finisher = Finisher(sys.executable, name, path, n)
    seconds, peak = finisher.finish()
    finisher.end()
    print(f"{name:6} here    {seconds:6.2f} CPU s; {n} rows, {peak:.0f} MB at the peak", flush=True)
    return n < ROWS[-1] or peak <= LARGEST[name]


def run(pythons: dict[str, str], folder: Path, names: list[str], repeats: int, rows: list[int]) -> int:
    """Make what draws are lacking, compare both builds, and return the exit status."""
    passed = []
    for name in names:
        path = folder / f"{name}.pickle"
        if not path.exists():
            print(f"sampling: {name}", flush=True)
            subprocess.run([sys.executable, __file__, "--make-draws", name, str(path)], check=True)
        if "before" in pythons:
            passed.append(compare(pythons, name, path, repeats))
        passed += [grow(name, path, n) for n in rows]
    print("passed" if all(passed) else f"failed: at most {MOST} of the build before, and {LARGEST} MB")
    return 0 if all(passed) else 1


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="PYTHON", help="a Python that has the other build; memory alone without it")
    parser.add_argument("--draws", type=Path, help="folder in which draws are kept; by default they are thrown away")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of fits that are timed")
    parser.add_argument("--rows", type=int, nargs="*", default=list(ROWS), help="rows whose memory is measured")
    parser.add_argument("--only", choices=LARGEST, help="one of the two models")
    parser.add_argument("--make-draws", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--finish", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make_draws:
        make_draws(given.make_draws[0], Path(given.make_draws[1]))
        return 0
    if given.finish:
        name, n, path = given.finish
        finish_fits(name, Path(path), int(n))
        return 0
    names = [given.only] if given.only else list(LARGEST)
    pythons = {"here": sys.executable} | ({"before": given.before} if given.before else {})
    if given.draws:
        given.draws.mkdir(parents=True, exist_ok=True)
        return run(pythons, given.draws, names, given.repeats, given.rows)
    with tempfile.TemporaryDirectory() as folder:
        return run(pythons, Path(folder), names, given.repeats, given.rows)


if __name__ == "__main__":
    sys.exit(main())
