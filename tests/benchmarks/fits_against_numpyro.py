"""CPU time and effective draws of default fits, beside numpyro's NUTS on the log density of the same PyMC model.

    python tests/benchmarks/fits_against_numpyro.py
    python tests/benchmarks/fits_against_numpyro.py --draws 100 --model "latent classes"

Both sample `model.build(frame)` from the same modes, 4 chains one after the other in a process of its own, whose CPU
time, user and system, is that of the whole process: imports, compilation, tuning, draws. Tuning is 100 or 400 steps
here, as `bl.fit` chooses, and 1000 there, numpyro's default in PyMC. Effective draws are the fewest of bulk and tail of
the parameters that both have, labels not aligned in either.

numpyro is no dependency: `pip install numpyro==0.22.0`. Without it this says so and exits with 0.
"""

import argparse
import json
import resource
import subprocess
import sys
import warnings
from importlib.util import find_spec

MODELS = {"joint": "~ age + participation + tier + (1 | group)", "latent classes": ""}
WHO = ("here", "numpyro")


def measure(name: str, who: str, draws: int) -> dict[str, float]:
    """What a fit took in this process, and what it is worth."""
    import arviz as az

    import bayes_lca as bl
    from bayes_lca.models import LatentClass

    warnings.simplefilter("ignore")
    formula, frame = MODELS[name], bl.load_cohort()
    model = LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression(formula) if formula else bl.Shares())
    if who == "here":
        sampled = bl.fit(model, frame, draws=draws, cores=1, until=None, progressbar=False)
    else:
        import pymc as pm

        prepared = model.prepare(frame)
        with prepared.model:
            sampled = pm.sample(
                draws,
                chains=4,
                nuts_sampler="numpyro",
                nuts_sampler_kwargs={"chain_method": "sequential"},
                initvals=prepared.start,
                random_seed=1,
                progressbar=False,
                idata_kwargs={"log_likelihood": False},
            )
    shared = [name for name in ("class_share", "item_probability", "slope") if name in sampled["posterior"]]
    table = az.summary(sampled["posterior"].to_dataset()[shared], kind="diagnostics", round_to="none")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu": usage.ru_utime + usage.ru_stime,
        "ess": float(table[["ess_bulk", "ess_tail"]].min(axis=None)),
        "r_hat": float(table["r_hat"].max()),
        "gradients": int(sampled["sample_stats"]["n_steps"].sum()),
    }


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, action="append", help="this alone; may be repeated")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--measure", nargs=2, metavar=("MODEL", "WHO"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(*given.measure, given.draws)))
        return 0
    if not find_spec("numpyro"):
        print("numpyro is not installed, and nothing is compared")
        return 0
    for name in given.model or MODELS:
        fits = {}
        for who in WHO:
            command = [sys.executable, __file__, "--measure", name, who, "--draws", str(given.draws)]
            run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            fits[who] = json.loads(run.stdout.splitlines()[-1])
            print(f"{name}, {who}: {fits[who]}", flush=True)
        here, there = (fits[who] for who in WHO)
        print(
            f"{name}: {here['cpu'] / there['cpu']:.3f} of the CPU time, smallest ESS per CPU second "
            f"{here['ess'] / here['cpu'] / (there['ess'] / there['cpu']):.1f} times"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
