"""Coverage and width of 95 % intervals of log odds under two priors of slopes: per standard deviation, and per unit.

    python tests/benchmarks/slope_priors.py [--replicates 400]

Multinomial regressions of three categories, 512 respondents, five columns; intervals of all three contrasts from the
normal approximation at the posterior mode, and from a grid with the other coefficients at the mode for the column that
two respondents have, whose posterior is no normal one. Takes about a minute.
"""

import argparse

import numpy as np
import pandas as pd
from scipy.linalg import helmert
from scipy.special import log_softmax, softmax

N, CLASSES = 512, 3
EFFECTS = {"age": 0.5, "participation score": 0.3, "dummy, 50 %": 0.7, "dummy, 5 %": 0.7, "dummy, 2 of 512": 0.0}
"""Log odds of the last category against the first per unit; the second lies half-way."""
BASIS = helmert(CLASSES)  # (contrast, class)
PAIRS = np.array([[1.0, -1.0, 0.0], [1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
PRIORS = {"1.5 per standard deviation": (1.5, True), "1.25 per unit": (1.25, False)}
GRID = np.linspace(-1.0, 1.0, 241)


def design(rng: np.random.Generator) -> np.ndarray:
    """Age of spread 12, a score of spread 3, and three dummies, shape (row, term)."""
    dummies = [(rng.permutation(N) < size).astype(float) for size in (N // 2, N // 20, 2)]
    return np.column_stack([rng.normal(45, 12, N) / 12, rng.normal(15, 3, N) / 3, *dummies])


def mode(x: np.ndarray, y: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mode (term, contrast) and covariance of its entries, by Newton steps; independent normal priors."""
    seen, b = np.eye(CLASSES)[y], np.zeros((x.shape[1], CLASSES - 1))
    precision = np.repeat(sd**-2, CLASSES - 1)
    for _ in range(30):
        p = softmax(x @ b @ BASIS, axis=1)
        gradient = (x.T @ (seen - p) @ BASIS.T).ravel() - precision * b.ravel()
        spread = np.einsum("kc,ic,lc->ikl", BASIS, p, BASIS) - np.einsum("ik,il->ikl", p @ BASIS.T, p @ BASIS.T)
        information = np.einsum("ia,ikl,ib->akbl", x, spread, x).reshape(b.size, b.size) + np.diag(precision)
        step = np.linalg.solve(information, gradient)
        b = b + step.reshape(b.shape)
        if np.abs(step).max() < 1e-8:
            break
    return b, np.linalg.inv(information)


def on_a_grid(offset: np.ndarray, y: np.ndarray, sd: float) -> np.ndarray:
    """Equal-tailed intervals of the three contrasts of one column that these rows have, shape (pair, 2)."""
    axis = 8 * sd * GRID
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)  # (point, contrast)
    density = -0.5 * (points**2).sum(axis=1) / sd**2
    for of_row, category in zip(offset, y, strict=True):
        density = density + log_softmax(of_row + points @ BASIS, axis=1)[:, category]
    weight = np.exp(density - density.max())
    intervals = []
    for values in (points @ BASIS @ PAIRS.T).T:
        order = np.argsort(values)
        cumulated = np.cumsum(weight[order]) / weight.sum()
        intervals.append(np.interp([0.025, 0.975], cumulated, values[order]))
    return np.array(intervals)


def replicate(seed: int) -> list[dict]:
    """A data set, and the intervals of every column under both priors."""
    rng = np.random.default_rng(seed)
    columns = design(rng)
    truth = np.outer(list(EFFECTS.values()), [-0.5, 0.0, 0.5])  # (term, class)
    centered = columns - columns.mean(axis=0)
    y = np.array([rng.choice(CLASSES, p=p) for p in softmax(centered @ truth, axis=1)])
    x, rows = np.column_stack([np.ones(N), centered]), []
    for name, (sigma, per_sd) in PRIORS.items():
        widths = sigma / (columns.std(axis=0) if per_sd else np.ones(len(EFFECTS)))
        b, covariance = mode(x, y, np.array([2.5, *widths]))
        for t, column in enumerate(EFFECTS):
            block = slice(2 * (t + 1), 2 * (t + 2))
            expected = PAIRS @ truth[t]
            center = PAIRS @ BASIS.T @ b[t + 1]
            half = 1.96 * np.sqrt(np.diag(PAIRS @ BASIS.T @ covariance[block, block] @ BASIS @ PAIRS.T))
            interval = np.column_stack([center - half, center + half])
            if column == "dummy, 2 of 512":
                has = columns[:, t] == 1
                without = np.delete(np.arange(x.shape[1]), t + 1)
                interval = on_a_grid(x[has][:, without] @ b[without] @ BASIS, y[has], widths[t])
            held = (interval[:, 0] <= expected) & (expected <= interval[:, 1])
            rows.append({"column": column, "prior": name, "covered": held.mean(), "width": np.ptp(interval, 1).mean()})
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=400)
    replicates = parser.parse_args().replicates
    table = pd.DataFrame([row for seed in range(replicates) for row in replicate(seed)])
    error = table.groupby(["column", "prior"])["covered"].std() / np.sqrt(replicates)
    means = table.groupby(["column", "prior"])[["covered", "width"]].mean().assign(standard_error=error)
    print(means.loc[list(EFFECTS)].round(3).to_string())


if __name__ == "__main__":
    main()
