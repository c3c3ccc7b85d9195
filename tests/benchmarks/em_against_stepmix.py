"""Time multi-start EM against StepMix, and polca where it is installed, on the same data with as many starts.

    python tests/benchmarks/em_against_stepmix.py

Two data sets: 2200 simulated respondents with six items of three categories and three classes, and the 1202
of gss82. StepMix is timed twice, on one row per respondent and on one row per pattern with weights; the
faster of the two counts. It stops when one update raises the mean log-likelihood by less than its tolerance:
1e-12 here, about 2e-9 for all respondents, where it reaches the mode to 1e-6. The EM here stops when three
updates raise the log-likelihood of all respondents by less than 1e-10.

polca (0.4, C++) reads one row per respondent and is told to stop where an update raises the log-likelihood by less than
1e-10. It is no dependency: `pip install polca==0.4.0`.

Then one to six classes with 100 starts each on the simulated data, which is what choosing the number of
classes takes.

Exits with 1 if the EM here is less than five times as fast per start, if the best log-likelihoods differ by
more than 1e-6, or if the six fits take more than 10 seconds together.
"""

import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from stepmix.stepmix import StepMix

from bayes_lca.likelihood.em import fit_em

N_CLASSES = 3
N_STARTS = 30
FASTER_BY = 5
SAME_LOG_LIKELIHOOD = 1e-6
SECONDS_FOR_SIX_FITS = 10
STEPMIX_TOLERANCE = 1e-12
GSS82 = Path(__file__).parents[1] / "reference" / "gss82.csv"


def simulated(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Draw 2200 respondents from three classes: distinct patterns and their counts."""
    rng = np.random.default_rng(seed)
    latent_class = rng.choice(3, size=2200, p=[0.5, 0.3, 0.2])
    item_probability = np.array([[0.8, 0.15, 0.05], [0.15, 0.7, 0.15], [0.05, 0.15, 0.8]])  # (latent_class, category)
    threshold = item_probability[latent_class].cumsum(axis=1)  # (respondent, category)
    answers = (rng.random((2200, 6))[:, :, None] > threshold[:, None, :2]).sum(axis=2)
    return np.unique(answers, axis=0, return_counts=True)


def gss82() -> tuple[np.ndarray, np.ndarray]:
    """Read the patterns of gss82 and their counts."""
    frame = pd.read_csv(GSS82)
    return frame.drop(columns="count").to_numpy() - 1, frame["count"].to_numpy()


def time_stepmix(codes: np.ndarray, weights: np.ndarray | None, n: int) -> tuple[float, float]:
    """Seconds per start and best log-likelihood of StepMix."""
    model = StepMix(
        n_components=N_CLASSES,
        measurement="categorical",
        n_init=N_STARTS,
        abs_tol=STEPMIX_TOLERANCE,
        max_iter=20_000,
        random_state=1,
        progress_bar=0,
    )
    began = time.perf_counter()
    model.fit(codes.astype(float), sample_weight=weights)
    seconds = time.perf_counter() - began
    return seconds / N_STARTS, model.lower_bound_ * n


def time_polca(codes: np.ndarray, n_classes: int) -> tuple[float, float]:
    """Seconds per start and best log-likelihood of polca."""
    import polars as pl
    import pypolca

    frame = pl.DataFrame(codes + 1, schema=[f"Y{j}" for j in range(codes.shape[1])])
    formula = f"cbind({', '.join(frame.columns)}) ~ 1"
    began = time.perf_counter()
    result = pypolca.fit(
        formula, frame, n_classes, maxiter=20_000, tol=1e-10, nrep=N_STARTS, seed=1, calc_se=False, verbose=False
    )
    return (time.perf_counter() - began) / N_STARTS, float(result.loglik)


def time_em(codes: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Seconds per start and best log-likelihood of the EM here."""
    n_categories = codes.max(axis=0) + 1
    began = time.perf_counter()
    fitted = fit_em(codes, counts, n_categories, N_CLASSES, n_starts=N_STARTS, seed=1)
    seconds = time.perf_counter() - began
    return seconds / N_STARTS, fitted.log_likelihood


def main() -> int:
    """Run both on both data sets, print one line per run, and return the exit status."""
    passed = True
    for name, (codes, counts) in (("simulated", simulated()), ("gss82", gss82())):
        n = int(counts.sum())
        ours, log_likelihood = time_em(codes, counts)
        rows, rows_log_likelihood = time_stepmix(np.repeat(codes, counts, axis=0), None, n)
        patterns, patterns_log_likelihood = time_stepmix(codes, counts.astype(float), n)
        ratio = min(rows, patterns) / ours
        difference = max(rows_log_likelihood, patterns_log_likelihood) - log_likelihood
        print(f"{name}: {n} respondents, {len(codes)} patterns, {N_CLASSES} classes, {N_STARTS} starts")
        print(f"  bayes_lca            {ours:.6f} s per start, log-likelihood {log_likelihood:.7f}")
        print(f"  StepMix, respondents {rows:.6f} s per start, log-likelihood {rows_log_likelihood:.7f}")
        print(f"  StepMix, patterns    {patterns:.6f} s per start, log-likelihood {patterns_log_likelihood:.7f}")
        if find_spec("pypolca"):
            seconds, peers_log_likelihood = time_polca(np.repeat(codes, counts, axis=0), N_CLASSES)
            print(
                f"  polca, respondents   {seconds:.6f} s per start, log-likelihood {peers_log_likelihood:.7f}, "
                f"{seconds / ours:.1f} times the time"
            )
        else:
            print("  polca is not installed, and left out")
        print(f"  {ratio:.1f} times as fast, log-likelihood differs by {difference:.1e}", flush=True)
        passed &= ratio >= FASTER_BY and abs(difference) <= SAME_LOG_LIKELIHOOD
    codes, counts = simulated()
    began = time.perf_counter()
    for n_classes in range(1, 7):
        fit_em(codes, counts, codes.max(axis=0) + 1, n_classes, n_starts=100)
    seconds = time.perf_counter() - began
    passed &= seconds <= SECONDS_FOR_SIX_FITS
    print(f"simulated: one to six classes with 100 starts each {seconds:.2f} s")
    print("passed" if passed else "failed")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
