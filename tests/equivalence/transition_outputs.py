"""Latent transitions as printed by Mplus, Latent GOLD and LMest; the data lie beside the project."""

from functools import cache

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.special import entr, expit, logit, softmax

import bayes_lca as bl
from bayes_lca.likelihood.baum_welch import PathFit, fit_paths
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.criteria import information_criteria
from bayes_lca.likelihood.families import NormalFamily
from equivalence.peers import PEERS, figures, frame
from equivalence.row import Row, Source, printed

MPLUS_ESTIMATE, SHARE_OF_ERROR, MPLUS_SHARE = 0.002, 0.005, 0.0005
STOPPED_EARLY = "Mplus stops where its derivatives fall below a limit, within half a percent of a standard error"
BOUNDARY = 10.0
"""A threshold of Mplus farther out is a probability of 0 or 1."""


@cache
def lsay(measurement: str) -> tuple[PathFit, np.ndarray, np.ndarray]:
    """Four classes of five binary items at two waves, items equal or free over waves; with rows and counts."""
    table = frame("lsay_two_waves")
    codes = table.iloc[:, :10].fillna(-1).to_numpy(int).reshape(-1, 2, 5)
    if measurement == "free":
        by_wave = np.full((len(codes), 2, 2, 5), -1)
        by_wave[:, [0, 1], [0, 1]] = codes
        codes = by_wave.reshape(-1, 2, 10)
    n_items = codes.shape[2]
    distinct, row = np.unique(codes.reshape(-1, n_items), axis=0, return_inverse=True)
    rows, counts = row.reshape(-1, 2), table["count"].to_numpy()
    return fit_paths([CategoricalFamily(distinct, [2] * n_items)], rows, counts, 4), distinct, rows


def mplus_rows(measurement: str) -> list[Row]:
    """What Mplus printed of the two waves, beside ours."""
    theirs = figures(f"lta_lsay_two_waves_{'invariant' if measurement == 'equal' else 'free'}")
    fit, distinct, rows = lsay(measurement)
    best = fit.best
    ours = {
        "LL": best.log_likelihood,
        "npar": fit.n_parameters,
        **information_criteria(best.log_likelihood, fit.n_parameters, int(theirs["n"])),
        "entropy": entropy_of_paths(best, distinct, rows, frame("lsay_two_waves")["count"].to_numpy()),
    }
    table = [printed(name, theirs[name], ours[name]) for name in ("LL", "npar", "AIC", "BIC", "aBIC", "entropy")]
    first, transition, thresholds, errors = mplus_estimates(theirs["parameters"], 1 if measurement == "equal" else 2)
    probability = best.parameters[0]["probability"][..., 0].reshape(4, len(thresholds), 5)  # (latent_class, wave, item)
    order = [matched(expit(of_wave), probability[:, t]) for t, of_wave in enumerate(thresholds)]
    for t, k, j in np.ndindex(thresholds.shape):
        name, here, figure = (
            f"threshold of item {j + 1}, class {k + 1}",
            probability[order[t][k], t, j],
            thresholds[t, k, j],
        )
        name = name if measurement == "equal" else f"wave {t + 1}: {name}"
        if abs(figure) > BOUNDARY:
            table.append(Row(f"{name}, as a probability", expit(figure), here, 1e-4, "a probability at its boundary"))
        else:
            within = max(MPLUS_ESTIMATE, SHARE_OF_ERROR * errors[t, k, j])
            table.append(Row(name, figure, logit(here), within, STOPPED_EARLY))
    for k in range(4):
        name, pair = f"share of class {k + 1} at the first wave", (first[k], best.initial[order[0][k]])
        table.append(Row(name, *pair, MPLUS_SHARE, STOPPED_EARLY))
        for d in range(4):
            pair = (transition[k, d], best.transition[0, order[0][k], order[-1][d]])
            table.append(Row(f"P({k + 1} to {d + 1})", *pair, MPLUS_SHARE, STOPPED_EARLY))
    return table + counted_rows(measurement, theirs)


def counted_rows(measurement: str, theirs: dict) -> list[Row]:
    """The same of the long frame, as `count_wave_classes` has it."""
    table = frame("lsay_two_waves")
    codes = table.iloc[:, :10].to_numpy().repeat(table["count"], axis=0)
    long = pd.DataFrame(codes.reshape(-1, 5), columns=list("abcde"))
    long = long.assign(id=np.arange(len(codes)).repeat(2), wave=np.tile([1, 2], len(codes)))
    columns = {"person": "id", "wave": "wave", "measurement_over_time": measurement, "classes": [4]}
    ours = bl.count_wave_classes(bl.Items(list("abcde")), long, n_starts=20, **columns).iloc[0]
    smallest = min((share for _, share in theirs["class_counts_model"]), key=float)
    names = {"LL": "log_likelihood", "BIC": "BIC", "aBIC": "aBIC", "entropy": "entropy_r2"}
    return [
        *(printed(f"counted: {name}", theirs[name], ours[column]) for name, column in names.items()),
        Row("counted: smallest class", float(smallest), ours["smallest_class"], MPLUS_SHARE, STOPPED_EARLY),
    ]


def mplus_estimates(parameters: list, waves: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shares at the first wave, transitions, thresholds (wave, latent_class, item) and their standard errors."""
    of_waves = np.array(
        [
            [[line[3:5] for line in parameters if line[0] == f"Latent Class C{wave + 1}#{k + 1}"] for k in range(4)]
            for wave in range(waves)
        ],
        dtype=float,
    )
    logits = {tuple(line[1:3]): float(line[3]) for line in parameters if line[0].startswith("Categorical")}
    mean = np.array([[logits["Means", f"C{wave}#{k}"] for k in (1, 2, 3)] + [0.0] for wave in (1, 2)])
    moves = np.zeros((4, 4))
    for c, d in np.ndindex(3, 3):
        moves[c, d] = logits[f"C2#{d + 1} ON", f"C1#{c + 1}"]
    return softmax(mean[0]), softmax(mean[1] + moves, axis=1), of_waves[..., 0], of_waves[..., 1]


def entropy_of_paths(best, distinct: np.ndarray, rows: np.ndarray, counts: np.ndarray) -> float:
    """How clearly paths over two waves are told apart, 1 - E / (n log K^2)."""
    probability = best.parameters[0]["probability"]
    density = np.ones((len(distinct), len(probability)))  # (row, latent_class)
    for j, column in enumerate(distinct.T):
        answered = column >= 0
        density[answered] *= probability[:, j, column[answered]].T
    joint = best.initial[:, None] * best.transition[0] * density[rows[:, 0], :, None] * density[rows[:, 1], None, :]
    joint /= joint.sum(axis=(1, 2), keepdims=True)
    return 1 - counts @ entr(joint).sum(axis=(1, 2)) / (counts.sum() * np.log(joint[0].size))


def latent_gold_rows() -> list[Row]:
    """Four measurements of 120 sequences, two normal items whose variances differ by class."""
    theirs = figures("lg_c10_latent_markov")
    numbers = frame("lg_c10_sequences")[["y1", "y2"]].to_numpy()
    family = NormalFamily(numbers, numbers.mean(axis=0), numbers.std(axis=0), free=True)
    fit = fit_paths([family], np.arange(480).reshape(120, 4), np.ones(120), 2)
    best = fit.best
    criteria = information_criteria(best.log_likelihood, fit.n_parameters, 120)
    table = [
        printed("log-likelihood", theirs["LL"], best.log_likelihood),
        printed("parameters", str(theirs["npar"]), fit.n_parameters),
        printed("AIC", theirs["AIC"], criteria["AIC"]),
        printed("BIC of sequences", theirs["BIC_sequences"], criteria["BIC"]),
        printed("CAIC of sequences", theirs["CAIC"], criteria["CAIC"]),
        printed("aBIC of sequences", theirs["SABIC"], criteria["aBIC"]),
    ]
    order = np.argsort(-best.parameters[0]["mean"][:, 0])  # their first class has the larger means
    mean, sd = best.parameters[0]["mean"][order], best.parameters[0]["sd"][order]
    for k in range(2):
        table.append(printed(f"share of class {k + 1} at first", theirs["initial"][k], best.initial[order[k]]))
        for d in range(2):
            ours = best.transition[0, order[k], order[d]]
            table.append(printed(f"P({k + 1} to {d + 1})", theirs["transition"][k][d], ours))
        for j, item in enumerate(("y1", "y2")):
            table.append(printed(f"mean of {item} in class {k + 1}", theirs["means"][item][k], mean[k, j]))
            table.append(printed(f"variance of {item} in class {k + 1}", theirs["variances"][item][k], sd[k, j] ** 2))
    return table


LMEST_STOPS = "LMest stops 1e-4 in log-likelihood before the maximum"


def lmest_rows() -> list[Row]:
    """One item of five categories over seven years, transitions equal over time: two to four classes."""
    table = frame("rlms_satisfaction")
    family, counts = CategoricalFamily(np.arange(5)[:, None], [5]), table["count"].to_numpy()
    rows = []
    for n_classes in (2, 3, 4):
        theirs = figures(f"lta_rlms_{n_classes}_homogeneous")
        fit = fit_paths([family], table.iloc[:, :7].to_numpy(int) - 1, counts, n_classes)
        ours, label = fit.best, f"{n_classes} classes"
        answers, answers_here = np.array(theirs["Psi"])[..., 0].T, ours.parameters[0]["probability"][:, 0]
        moves, order = np.array(theirs["Pi"])[..., 1], matched(answers, answers_here)
        moves_here = ours.transition[0][np.ix_(order, order)]
        rows += [
            Row(f"{label}: log-likelihood", theirs["LL"], ours.log_likelihood, 1e-3, LMEST_STOPS),
            Row(f"{label}: parameters", theirs["npar"], fit.n_parameters, 0.5, "a whole number"),
        ]
        for k in range(n_classes):
            share = (theirs["piv"][k], ours.initial[order[k]])
            rows.append(Row(f"{label}: share of class {k + 1} in the first year", *share, 1e-3, LMEST_STOPS))
            for d in range(n_classes):
                pair = (moves[k, d], moves_here[k, d])
                rows.append(Row(f"{label}: P({k + 1} to {d + 1})", *pair, 1e-3, LMEST_STOPS))
            for category in range(4):
                pair = (answers[k, category], answers_here[order[k], category])
                rows.append(Row(f"{label}: P({category + 1} | class {k + 1})", *pair, 1e-3, LMEST_STOPS))
    return rows


def matched(theirs: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """Which of our classes is each of theirs, by their answers, shape (latent_class, ...)."""
    difference = np.abs(theirs[:, None] - ours[None]).reshape(len(theirs), len(ours), -1).sum(axis=-1)
    return linear_sum_assignment(difference)[1]


LSAY = "Longitudinal Study of American Youth, two waves; lca-bookdown of the IMMERSE project"
SOURCES = (
    Source("Mplus, two waves, items equal", f"Mplus 8.11; {LSAY}", lambda: mplus_rows("equal"), folder=PEERS),
    Source("Mplus, two waves, items free", f"Mplus 8.11; {LSAY}", lambda: mplus_rows("free"), folder=PEERS),
    Source(
        "Latent GOLD, latent Markov",
        "Latent GOLD 6.1, outputs and simulated data in the validation of the R package latents",
        latent_gold_rows,
        folder=PEERS,
    ),
    Source(
        "LMest, RLMS job satisfaction",
        "LMest 3.2.5; Bartolucci, Pandolfi & Pennoni (2017), J. Stat. Software 81(4), doi 10.18637/jss.v081.i04",
        lmest_rows,
        folder=PEERS,
    ),
)
