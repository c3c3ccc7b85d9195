"""How often a default fit of well-behaved data warns of its chains: `make false-alarms`.

Latent classes of the cohort over seeds of the sampler, and the joint multilevel regression over fewer. Each fit is one
line of a file that names the version of the code, and a run that was stopped goes on where it was.
"""

import argparse
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import pandas as pd

import bayes_lca as bl
from bayes_lca.calibration.kit.lines import add_line, read_lines
from bayes_lca.calibration.kit.versions import source_digest
from bayes_lca.models import LatentClass

CODE = source_digest("bayes_lca.sampling.nuts", "bayes_lca.models.latent_class")
KEY = "model", "seed"
MODELS = {
    "classes": LatentClass(3, bl.Items(bl.cohort_items())),
    "joint": LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression("~ age + participation + tier + (1 | group)")),
}


def fit_once(name: str, seed: int) -> dict:
    """Fit with all defaults, and keep what was warned of and how many draws it took."""
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        draws = bl.fit(MODELS[name], bl.load_cohort(), seed=seed, progressbar=False)
    table = bl.convergence(draws)
    return {
        "model": name,
        "seed": seed,
        "warnings": [str(each.message) for each in caught if issubclass(each.category, bl.ConvergenceWarning)],
        "draws": draws["posterior"].sizes["draw"],
        "largest_r_hat": float(table["r_hat"].max()),
        "smallest_ess": float(table[["ess_bulk", "ess_tail"]].min(axis=None)),
        "divergences": int(draws["sample_stats"]["diverging"].sum()),
        "seconds": round(time.perf_counter() - began, 1),
        "version": version("bayes-lca"),
        "code": CODE,
    }


def main() -> None:
    """Fit what is not in the file yet, and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classes", type=int, default=100, help="seeds of the latent class analysis")
    parser.add_argument("--joint", type=int, default=30, help="seeds of the joint regression")
    parser.add_argument("--out", type=Path, default=Path("results/false_alarms.jsonl"))
    wanted = parser.parse_args()
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        for seed in range(1, vars(wanted)[name] + 1):
            if (name, seed) not in read_lines(wanted.out, KEY, code=CODE):
                add_line(wanted.out, fit := fit_once(name, seed))
                print(fit, flush=True)
    fits = read_lines(wanted.out, KEY, code=CODE).values()
    table = pd.DataFrame(fits).assign(warned=lambda rows: rows["warnings"].str.len() > 0)
    print(
        table.groupby("model").agg(
            fits=("seed", "size"),
            warned=("warned", "sum"),
            rate=("warned", "mean"),
            most_draws=("draws", "max"),
            largest_r_hat=("largest_r_hat", "max"),
            smallest_ess=("smallest_ess", "min"),
            seconds=("seconds", "mean"),
        )
    )


if __name__ == "__main__":
    main()
