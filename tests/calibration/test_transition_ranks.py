"""Ranks of truths among draws of latent transition models: prior and data are stated here, without the package."""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit, logsumexp, softmax

import bayes_lca as bl
from bayes_lca.calibration.ranks.ranks import judge_ranks
from bayes_lca.calibration.ranks.replicates import rank_of

REPLICATES = int(os.environ.get("DATA_SETS", 200))
PERSONS, WAVES, GROUPS, ITEMS, MISSED = 200, 3, 4, list("abcd"), 0.1
CHAINS, DRAWS, THIN = 4, 500, 10
NODES, WEIGHT = np.polynomial.hermite_e.hermegauss(60)
LOG_WEIGHT = np.log(WEIGHT / WEIGHT.sum())
KINDS = {"plain": 2, "three classes": 3, "multilevel": 2, "person intercept": 2}


def zero_sum(rng, sigma, *shape):
    z = rng.normal(0.0, sigma, size=shape)
    return z - z.mean(axis=-1, keepdims=True)


def truth_of(kind, rng):
    """Parameters from their priors; probabilities of the second answer to each item."""
    k = KINDS[kind]
    tau = np.zeros((k, k))
    tau[np.diag_indices(k)] = rng.normal(1.0, 1.5, k)
    tau[~np.eye(k, dtype=bool)] = zero_sum(rng, 1.5, k, k - 1).ravel()
    truth = {
        "tau": tau,
        "item": rng.dirichlet([1, 1], size=(k, len(ITEMS)))[..., 1],
        "eta": np.log(rng.dirichlet(np.ones(k))),
        "loading": np.zeros(len(ITEMS)),
        **{name: np.zeros(k) for name in ("slope", "sd", "move sd")},
        **{name: np.zeros((GROUPS, k)) for name in ("u", "v")},
    }
    if kind == "person intercept":
        truth["loading"] = rng.normal(size=len(ITEMS))
    if kind == "multilevel":
        truth |= {"eta": zero_sum(rng, 2.5, k), "slope": zero_sum(rng, 1.25, k)}
        truth |= {name: abs(rng.normal(size=k)) for name in ("sd", "move sd")}
        truth |= {name: rng.normal(size=(GROUPS, k)) * truth[sd] for name, sd in (("u", "sd"), ("v", "move sd"))}
    return truth


def survey_of(rng):
    """Who is seen when, in which group, with which covariate."""
    seen = rng.random((PERSONS, WAVES)) > MISSED
    seen[:, 0] = True
    return seen, np.arange(PERSONS) % GROUPS, rng.integers(0, 2, (PERSONS, WAVES))


def log_first(truth, group):
    """Shape (person, class)."""
    return np.log(softmax(truth["eta"] + truth["u"][group], axis=-1))


def log_moves(truth, survey):
    """Shape (person, step, origin, destination); a missed wave has the covariate of the next one seen."""
    seen, group, x = survey
    ahead = x.copy()
    for wave in range(WAVES - 2, -1, -1):
        ahead[:, wave] = np.where(seen[:, wave], x[:, wave], ahead[:, wave + 1])
    centre = x[:, 1:][seen[:, 1:]].mean()
    moving = (ahead[:, 1:, None] - centre) * truth["slope"] + truth["v"][group][:, None]
    return np.log(softmax(truth["tau"] + moving[:, :, None], axis=-1))


def answers_of(truth, survey, rng):
    """Answers, shape (person, wave, item), -1 where a wave was missed."""
    path = [(log_first(truth, survey[1]) + rng.gumbel(size=(PERSONS, len(truth["eta"])))).argmax(axis=1)]
    moves = log_moves(truth, survey)
    for step in range(WAVES - 1):
        leaving = moves[np.arange(PERSONS), step, path[-1]]
        path.append((leaving + rng.gumbel(size=leaving.shape)).argmax(axis=1))
    tilt = rng.normal(size=(PERSONS, 1, 1)) * truth["loading"]
    p = truth["item"][np.stack(path, axis=1)]
    p = p * np.exp(tilt) / (p * np.exp(tilt) + 1 - p)
    codes = (rng.random(p.shape) < p).astype(int)
    return np.where(survey[0][..., None], codes, -1)


def log_likelihood(truth, survey, codes):
    """Of all persons: the recursion given each of many persons' levels, then their weighted sum."""
    log_odds = logit(truth["item"])[:, :, None] + truth["loading"][:, None] * NODES  # (class, item, node)
    log_p = -np.logaddexp(0.0, np.stack([log_odds, -log_odds]))  # (answer, class, item, node)
    given = np.where(codes[..., None, None] == -1, 0.0, log_p[codes, :, np.arange(len(ITEMS))])
    of_answers = given.sum(axis=2)  # (person, wave, class, node)
    alpha = log_first(truth, survey[1])[:, :, None] + of_answers[:, 0]
    for step in range(WAVES - 1):
        moves = log_moves(truth, survey)[:, step]
        alpha = logsumexp(alpha[:, :, None] + moves[..., None], axis=1) + of_answers[:, step + 1]
    return logsumexp(alpha + LOG_WEIGHT, axis=(1, 2)).sum()


def long_frame(survey, codes):
    seen, group, x = survey
    person, wave = np.nonzero(seen)
    frame = pd.DataFrame({"person": person, "wave": wave + 1, "x": x[seen], "group": [f"g{g}" for g in group[person]]})
    order = pd.CategoricalDtype(["no", "yes"], ordered=True)
    return frame.assign(
        **{item: pd.Categorical.from_codes(codes[..., j][seen], dtype=order) for j, item in enumerate(ITEMS)}
    )


def quantities(kind, parameters):
    """Functions of the parameters, draws first, the classes in order of their answers to the first item."""
    k, order = KINDS[kind], parameters["item"][:, :, 0].argsort(axis=1)
    draw = np.arange(len(order))[:, None]
    tau = parameters["tau"][draw[..., None], order[:, :, None], order[:, None]]
    found = {f"stay {c}": tau[:, c, c] for c in range(k)}
    found |= {f"item {j} of {c}": parameters["item"][draw, order][:, c, j] for c in (0, k - 1) for j in (0, 1)}
    eta = parameters["eta"][draw, order]
    found["first against last"] = eta[:, 0] - eta[:, -1]
    if kind == "three classes":
        found |= {"to 1 from 0": tau[:, 0, 1], "to 0 from 2": tau[:, 2, 0]}
    if kind == "multilevel":
        slope = parameters["slope"][draw, order]
        found["slope"] = slope[:, 0] - slope[:, 1]
        for name in ("sd", "move sd"):
            found |= {f"{name} of {c}": parameters[name][draw, order][:, c] for c in range(k)}
    if kind == "person intercept":
        found |= {"size of loading 0": abs(parameters["loading"][:, 0])}
    return found | {"log-likelihood": parameters["log-likelihood"]}


def model_of(kind):
    parts = {"measurement": bl.Items(ITEMS, empty_categories="keep"), "person": "person", "wave": "wave"}
    if kind == "multilevel":
        parts |= {"initial": bl.Regression("~ 1 + (1 | group)"), "transition": bl.Transition("~ x + (1 | group)")}
    return bl.LatentTransition(KINDS[kind], person_intercept=kind == "person intercept", **parts)


def drawn_by(kind, frame, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        draws = bl.fit(model_of(kind), frame, draws=DRAWS, chains=CHAINS, until=None, seed=seed, progressbar=False)
    posterior = draws["posterior"].to_dataset().stack(drawn=["chain", "draw"]).transpose("drawn", ...)
    named = {"tau": "transition_logit", "slope": "transition_slope", "sd": "group_sd", "move sd": "transition_group_sd"}
    found = {name: posterior[variable].to_numpy() for name, variable in named.items() if variable in posterior}
    typical = "typical_person::" if kind == "person intercept" else ""
    return found | {
        "slope": found["slope"][:, 0] if "slope" in found else None,
        "item": posterior[f"{typical}item_probability"].to_numpy()[..., 1],
        "eta": posterior["intercept"].to_numpy()
        if kind == "multilevel"
        else np.log(posterior["class_share"].to_numpy()),
        "loading": posterior["style_loading"].to_numpy()[:, 0] if typical else None,
        "log-likelihood": draws["sample_stats"]["total_log_likelihood"].to_numpy().ravel(),
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_ranks_are_uniform(kind, capsys):
    ranks, z = [], []
    for replicate in range(REPLICATES):
        rng = np.random.default_rng([len(kind), replicate])
        while True:  # a decision by the data alone, which leaves ranks uniform
            truth, survey = truth_of(kind, rng), survey_of(rng)
            codes = answers_of(truth, survey, rng)
            if all(np.ptp(codes[..., j][codes[..., j] >= 0]) for j in range(len(ITEMS))):
                break
        drawn = quantities(kind, drawn_by(kind, long_frame(survey, codes), replicate))
        truth["log-likelihood"] = log_likelihood(truth, survey, codes)
        true = quantities(kind, {name: np.asarray(value)[None] for name, value in truth.items()})
        ranks.append({name: rank_of(true[name][0], values[THIN - 1 :: THIN]) for name, values in drawn.items()})
        z.append({name: (values.mean() - true[name][0]) / values.std(ddof=1) for name, values in drawn.items()})
    table = judge_ranks(pd.DataFrame(ranks), pd.DataFrame(z), CHAINS * DRAWS // THIN)
    with capsys.disabled():
        print(f"\n{kind}, {REPLICATES} data sets\n{table.round(3)}")
    assert (table["p_adjusted"] > 0.05).all()
