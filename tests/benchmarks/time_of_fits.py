"""How long fits take, from the start of a fresh process to relabelled draws, beside PyMC's default sampler.

    python tests/benchmarks/time_of_fits.py            about four minutes on two cores
    python tests/benchmarks/time_of_fits.py --no-peer  without the slow peer

Each fit runs in a process of its own with 4 chains of 1000 draws. Cold: compilation caches are empty, as on a new
machine. Warm: the same again. The peer is `pm.sample` on the very same latent class model, with PyMC's defaults
(numba), cold.
Exits with 1 if a target is missed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEER = "latent classes"
STARTED = time.perf_counter()
REFERENCE = {"age": ">50", "education": "postgraduate", "department": "ancillary"}
SIMULATED = Path(__file__).parent.parent / "reference" / "multinom_sim.csv"
TARGETS = {  # seconds, cold and warm
    "latent classes": (30, 15),
    "multilevel multinomial": (30, None),
    "joint multilevel, 11 covariates": (240, None),
}


def scenario(name: str):
    """Model and data of a scenario; the joint one has eleven design columns."""
    import pandas as pd

    import bayes_lca as bl
    from bayes_lca.models import LatentClass, Multinomial

    items = bl.Items(bl.cohort_items())
    if name == "latent classes":
        return LatentClass(3, items), bl.load_cohort()
    if name == "multilevel multinomial":
        covariates = " + ".join(f"x{k}" for k in range(1, 9))
        return Multinomial("y", bl.Regression(f"~ {covariates} + (1 | g)")), pd.read_csv(SIMULATED)
    formula = "~ age + education + department + participation + attitude + score + (1 | group)"
    return LatentClass(3, items, bl.Regression(formula, reference=REFERENCE)), bl.load_cohort()


def run_ours(name: str) -> dict[str, float]:
    """Fit in this process; seconds since it started, and where they went."""
    import bayes_lca as bl

    model, survey = scenario(name)
    imported = time.perf_counter()
    draws = bl.fit(model, survey, seed=1, progressbar=False)
    done = time.perf_counter()
    table = bl.convergence(draws)
    return {
        "total": done - STARTED,
        "import": imported - STARTED,
        "fit": done - imported,
        "divergences": int(draws["sample_stats"]["diverging"].sum()),
        "r_hat": float(table["r_hat"].max()),
        "ess": float(table[["ess_bulk", "ess_tail"]].min(axis=None)),
    }


def run_peer(name: str) -> dict[str, float]:
    """`pm.sample` with its defaults on the same model, in this process."""
    import pymc as pm

    model, survey = scenario(name)
    with model.build(survey):
        pm.sample(1000, chains=4, random_seed=1, progressbar=False)
    return {"total": time.perf_counter() - STARTED}


def in_new_process(who: str, name: str, cache: str) -> dict[str, float]:
    """Run one fit with its compilation cache in `cache`."""
    environment = os.environ | {"PYTENSOR_FLAGS": f"base_compiledir={cache}"}
    command = [sys.executable, "-W", "ignore", __file__, "--run", who, name]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(finished.stdout.strip().splitlines()[-1])


def main() -> int:
    """Run all scenarios and print a line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", nargs=2, metavar=("WHO", "SCENARIO"))
    parser.add_argument("--no-peer", action="store_true")
    given = parser.parse_args()
    if given.run:
        who, name = given.run
        print(json.dumps(run_ours(name) if who == "ours" else run_peer(name)))
        return 0

    missed = 0
    for name, (cold_target, warm_target) in TARGETS.items():
        with tempfile.TemporaryDirectory() as cache:
            cold = in_new_process("ours", name, cache)
            warm = in_new_process("ours", name, cache)
        late = cold["total"] > cold_target or (warm_target is not None and warm["total"] > warm_target)
        missed += late
        print(
            f"{name}: cold {cold['total']:.1f} s (target {cold_target}), warm {warm['total']:.1f} s "
            f"(target {warm_target or 'none'}){'  MISSED' if late else ''}\n"
            f"    import {warm['import']:.1f} s, fit {warm['fit']:.1f} s; {cold['divergences']} divergences, "
            f"largest R-hat {cold['r_hat']:.4f}, smallest ESS {cold['ess']:.0f}",
            flush=True,
        )
        if name == PEER and not given.no_peer:
            with tempfile.TemporaryDirectory() as cache:
                peer = in_new_process("peer", name, cache)
            print(
                f"    pm.sample, cold: {peer['total']:.1f} s, {peer['total'] / cold['total']:.1f} times ours",
                flush=True,
            )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
