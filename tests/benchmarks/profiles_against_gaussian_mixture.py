"""Time EM of latent profiles beside Gaussian mixtures, and a whole fit of them beside that of nominal items.

    python tests/benchmarks/profiles_against_gaussian_mixture.py

5000 simulated respondents with ten numbers in four classes, variances free: EM from 30 starts, all followed to their
ends, here, in scikit-learn (``GaussianMixture``, diagonal) and in StepMix (``gaussian_diag``). They stop when an update
raises the log-likelihood of all respondents by less than 1e-6.

Then whole fits, four chains of 1000 draws, of 2200 respondents with six items in three classes: numbers, which are all
distinct, and nominal answers, of which hundreds are equal. Seconds are those of the processors.

Exits with 1 if EM here is slower per start than the faster of the other two, its best log-likelihood is lower than
theirs by more than 1e-3, or a fit of numbers, with one standard deviation of each item as by default, takes more than
three times as long as one of nominal items. Standard deviations by class, twice as many parameters, are shown.
"""

import sys
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.mixture import GaussianMixture
from stepmix.stepmix import StepMix

import bayes_lca as bl
from bayes_lca.likelihood.families import NormalFamily
from bayes_lca.likelihood.mixture import fit_mixture

N_RESPONDENTS, N_ITEMS, N_CLASSES, N_STARTS = 5000, 10, 4, 30
TOLERANCE = 1e-6
MOST_STEPS = 5000
LOWER_BY = 1e-3
MOST_TIMES = 3.0


def simulated(n: int, n_items: int, n_classes: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of respondents, and their classes, which differ by about one standard deviation in each item."""
    rng = np.random.default_rng(seed)
    mean = rng.normal(0.0, 0.8, (n_classes, n_items))
    latent = rng.integers(0, n_classes, n)
    return mean[latent] + rng.normal(size=(n, n_items)) * rng.uniform(0.6, 1.4, (n_classes, n_items))[latent], latent


def timed(function) -> tuple[float, object]:
    """Seconds of the processors, and what the function gave."""
    began = time.process_time()
    result = function()
    return time.process_time() - began, result


def em_beside_others() -> bool:
    """Print a line for each, and whether the target is met."""
    numbers, _ = simulated(N_RESPONDENTS, N_ITEMS, N_CLASSES)
    family = NormalFamily(numbers, numbers.mean(axis=0), numbers.std(axis=0), free=True)
    per_row = TOLERANCE / N_RESPONDENTS
    of_mixture = GaussianMixture(
        N_CLASSES,
        covariance_type="diag",
        tol=per_row,
        reg_covar=1e-9,
        max_iter=MOST_STEPS,
        n_init=N_STARTS,
        init_params="random_from_data",
        random_state=1,
    )
    of_stepmix = StepMix(
        n_components=N_CLASSES,
        measurement="gaussian_diag",
        n_init=N_STARTS,
        abs_tol=per_row,
        max_iter=MOST_STEPS,
        random_state=1,
        progress_bar=0,
    )
    ways = {
        "bayes_lca": lambda: (
            fit_mixture(
                [family],
                np.ones(N_RESPONDENTS),
                N_CLASSES,
                n_starts=N_STARTS,
                n_final=N_STARTS,
                tolerance=TOLERANCE,
                max_steps=MOST_STEPS,
            ).best.log_likelihood
        ),
        "scikit-learn": lambda: of_mixture.fit(numbers).score(numbers) * N_RESPONDENTS,
        "StepMix": lambda: of_stepmix.fit(numbers).score(numbers) * N_RESPONDENTS,
    }
    print(f"{N_RESPONDENTS} respondents, {N_ITEMS} items, {N_CLASSES} classes, {N_STARTS} starts")
    seconds, best = {}, {}
    for name, way in ways.items():
        seconds[name], best[name] = timed(way)
        print(f"  {name:13} {seconds[name] / N_STARTS:.5f} s per start, log-likelihood {best[name]:.5f}", flush=True)
    others = [name for name in ways if name != "bayes_lca"]
    fastest = min(seconds[name] for name in others) / seconds["bayes_lca"]
    print(f"  {fastest:.1f} times as fast as the faster of the others")
    return fastest >= 1 and best["bayes_lca"] >= max(best[name] for name in others) - LOWER_BY


def fits_beside_each_other() -> bool:
    """Print a line for each, and whether the target is met."""
    numbers, latent = simulated(2200, 6, 3, seed=2)
    rng = np.random.default_rng(3)
    probability = np.array([[0.8, 0.15, 0.05], [0.15, 0.7, 0.15], [0.05, 0.15, 0.8]])[latent]  # (respondent, category)
    answers = (rng.random((2200, 6))[:, :, None] > probability.cumsum(axis=1)[:, None, :2]).sum(axis=2)
    items = [f"item{j + 1}" for j in range(6)]
    parts = {
        "nominal": (bl.Items(items), answers),
        "numbers, one sd": (bl.NormalItems(items), numbers),
        "numbers, sd by class": (bl.NormalItems(items, "free"), numbers),
    }
    seconds = {}
    for name, (part, values) in parts.items():
        frame = pd.DataFrame(values, columns=items)
        seconds[name], draws = timed(
            lambda part=part, frame=frame: bl.fit(bl.LatentClass(3, part), frame, progressbar=False)
        )
        ess = bl.convergence(draws)[["ess_bulk", "ess_tail"]].min(axis=None)
        times = seconds[name] / seconds["nominal"]
        rows = len(np.unique(values, axis=0))
        print(
            f"  {name:21} {rows:5} distinct rows, {seconds[name]:.2f} s, {times:.2f} times, least ESS {ess:.0f}",
            flush=True,
        )
    return seconds["numbers, one sd"] <= MOST_TIMES * seconds["nominal"]


def main() -> int:
    """Run both, and return the exit status."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bl.fit(bl.LatentClass(2, bl.Items(["training", "expertise"])), bl.example_survey(), draws=10, progressbar=False)
        passed = em_beside_others()
        passed &= fits_beside_each_other()
    print("passed" if passed else "failed")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
