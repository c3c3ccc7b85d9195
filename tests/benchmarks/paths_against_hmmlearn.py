"""Time Baum-Welch on distinct sequences against CategoricalHMM of hmmlearn on the same data.

    python -m pip install hmmlearn==0.3.3
    python tests/benchmarks/paths_against_hmmlearn.py

hmmlearn is no dependency of the project, and its hidden Markov model has one item: 500 simulated people answer an item
of five categories in five waves, from three classes. Every start here is followed until a cycle of three steps gains
less than 1e-10. A start of hmmlearn, from four people in five who stay and answers drawn at random, is cut off after
100 iterations, which takes long enough.

Exits with 1 if Baum-Welch here is less than five times as fast per start, or if the best log-likelihood of hmmlearn is
higher than the one here or falls short of it by more than 5, which another maximum would.
"""

import sys
import time

import numpy as np
from hmmlearn.hmm import CategoricalHMM

from bayes_lca.likelihood.baum_welch import fit_paths
from bayes_lca.likelihood.categorical_family import CategoricalFamily

N_PEOPLE, N_WAVES, N_CATEGORIES, N_CLASSES = 500, 5, 5, 3
N_STARTS, N_STARTS_OF_HMMLEARN = 20, 2
FASTER_BY = 5
ITERATIONS_OF_HMMLEARN = 100
FALLS_SHORT_BY = 5.0
SAME_LOG_LIKELIHOOD = 1e-6

SHARE = [0.5, 0.3, 0.2]
TRANSITION = np.array([[0.90, 0.07, 0.03], [0.10, 0.85, 0.05], [0.05, 0.10, 0.85]])
ANSWERS = np.array([[0.70, 0.20, 0.06, 0.03, 0.01], [0.10, 0.20, 0.40, 0.20, 0.10], [0.02, 0.04, 0.09, 0.25, 0.60]])


def simulated(seed: int = 1) -> np.ndarray:
    """Answers of everybody at every wave, shape (person, wave)."""
    rng = np.random.default_rng(seed)

    def drawn(probability: np.ndarray) -> np.ndarray:
        return (rng.random(len(probability))[:, None] > probability.cumsum(axis=1)[:, :-1]).sum(axis=1)

    latent_class = drawn(np.tile(SHARE, (N_PEOPLE, 1)))
    answers = [drawn(ANSWERS[latent_class])]
    for _ in range(N_WAVES - 1):
        latent_class = drawn(TRANSITION[latent_class])
        answers.append(drawn(ANSWERS[latent_class]))
    return np.stack(answers, axis=1)


def time_hmmlearn(codes: np.ndarray) -> tuple[float, float]:
    """Seconds per start and best log-likelihood of hmmlearn."""
    long, lengths, ends = codes.reshape(-1, 1), [N_WAVES] * N_PEOPLE, []
    began = time.perf_counter()
    for seed in range(N_STARTS_OF_HMMLEARN):
        model = CategoricalHMM(N_CLASSES, tol=0.0, n_iter=ITERATIONS_OF_HMMLEARN, init_params="")
        model.startprob_ = np.full(N_CLASSES, 1 / N_CLASSES)
        model.transmat_ = np.full((N_CLASSES, N_CLASSES), 0.2 / (N_CLASSES - 1))
        np.fill_diagonal(model.transmat_, 0.8)
        model.emissionprob_ = np.random.default_rng(seed).dirichlet(np.ones(N_CATEGORIES), N_CLASSES)
        ends.append(model.fit(long, lengths).monitor_.history[-1])
    return (time.perf_counter() - began) / N_STARTS_OF_HMMLEARN, max(ends)


def time_paths(codes: np.ndarray) -> tuple[float, float]:
    """Seconds per start and best log-likelihood here, distinct sequences found within the time."""
    began = time.perf_counter()
    sequences, counts = np.unique(codes, axis=0, return_counts=True)
    family = CategoricalFamily(np.arange(N_CATEGORIES)[:, None], [N_CATEGORIES])
    fitted = fit_paths([family], sequences, counts, N_CLASSES, n_starts=N_STARTS, n_final=N_STARTS, seed=1)
    return (time.perf_counter() - began) / N_STARTS, fitted.best.log_likelihood


def main() -> int:
    """Run both, print one line each, and return the exit status."""
    codes = simulated()
    ours, log_likelihood = time_paths(codes)
    theirs, log_likelihood_there = time_hmmlearn(codes)
    short_by = log_likelihood - log_likelihood_there
    print(f"simulated: {N_PEOPLE} people, {N_WAVES} waves, {N_CLASSES} classes, {N_CATEGORIES} categories")
    print(f"  bayes_lca {ours:.4f} s per start of {N_STARTS}, log-likelihood {log_likelihood:.6f}")
    print(f"  hmmlearn  {theirs:.4f} s per start of {N_STARTS_OF_HMMLEARN}, log-likelihood {log_likelihood_there:.6f}")
    print(f"  {theirs / ours:.1f} times as fast, hmmlearn falls short by {short_by:.1e}")
    passed = theirs >= FASTER_BY * ours and -SAME_LOG_LIKELIHOOD <= short_by <= FALLS_SHORT_BY
    print("passed" if passed else "failed")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
