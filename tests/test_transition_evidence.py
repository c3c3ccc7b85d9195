"""Evidence of what transitions, their slopes and groups are worth: coverage, false alarms, persons who answer alike.

    python tests/test_transition_evidence.py coverage 3

prints the same of fewer surveys: ``coverage``, ``null``, ``persons`` or ``waves``, and how many.
"""

import sys
import warnings
from itertools import product
from math import comb

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.baum_welch import fit_paths
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.models import LatentTransition

SURVEYS, PERSONS, GROUPS = 200, 600, 6
COVERAGE = (0.93, 0.97)
FALSE_ALARMS = 0.06
STAY = np.array([[0.75, 0.25], [0.3, 0.7]])
CUMULATIVE_MOVES = np.array([[0.8, 0.2], [0.3, 0.7]])
SLOPE, MOVING_SLOPE = 0.4, 0.5
ANSWERS = np.array([[[0.8, 0.2]] * 5, [[0.25, 0.75]] * 5])
ITEMS = [f"item{j}" for j in range(1, 6)]
SHORT = {"draws": 500, "tune": 500, "chains": 2, "progressbar": False}


def fitted(model, frame, seed):
    """Classes in the order in which they were simulated: rare yes, then frequent yes.

    Of chains in several modes the first is kept, which holds most of the posterior, as the refusal to summarise says.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draws = bl.fit(model, frame, seed=seed, **SHORT)
        if (n_modes := Fit.reading(draws).n_modes) > 1:
            print(f"seed {seed}: the first of {n_modes} modes is kept")
            draws = bl.keep_mode(draws, 1)
    yes = bl.class_profiles(draws)["mean"].unstack()["2"].groupby("latent_class").mean()
    return draws, yes.sort_values().index.tolist()


def covered(values, truth):
    lower, upper = np.quantile(values, [0.025, 0.975])
    return lower <= truth <= upper


def one_survey(seed):
    """Whether the intervals of a survey of six groups hold its truth: stays, slopes, standard deviations of groups.

    Standard deviations of a survey are drawn from their prior, HalfNormal(1) for each class, as those of six groups
    tell little more; then all intervals should hold 95 % of the truths, whatever the data say. Of two classes the
    answers know only how groups differ in the one logit between them, whose variance is the sum of both: groups are
    simulated with the same standard deviation for each class that gives this sum.
    """
    rng = np.random.default_rng(seed)
    group_sd, moving_sd = np.sqrt((rng.normal(0, 1, (2, 2)) ** 2).mean(axis=1))
    frame, truth = bl.simulate_waves(
        PERSONS, [0.55, 0.45], STAY, ANSWERS, seed=seed, n_groups=GROUPS, group_sd=group_sd,
        transition_group_sd=moving_sd, slope=[[SLOPE]], transition_slope=[[MOVING_SLOPE]],
    )  # fmt: skip
    model = LatentTransition(
        2,
        bl.Items(ITEMS),
        person="person",
        wave="wave",
        initial=bl.Regression("~ x1 + (1 | group)"),
        transition=bl.Transition("~ x1 + (1 | group)"),
    )
    draws, (low, high) = fitted(model, frame, seed)
    table = bl.transition_probabilities(draws).xs("overall", level="grouping").droplevel("group")
    posterior = draws["posterior"]
    found = {}
    for place, name in enumerate((low, high)):
        row, stay = table.loc[("all steps", name, name)], truth.mean_transition[:, place, place].mean()
        found["stay", place] = row["lower"] <= stay <= row["upper"]
    for name, value in (("slope", SLOPE), ("transition_slope", MOVING_SLOPE)):
        slope = posterior[name].squeeze()
        found["slope", name] = covered(slope.sel(latent_class=high) - slope.sel(latent_class=low), value)
    for name, value in (("group_sd", group_sd), ("transition_group_sd", moving_sd)):
        spread = np.sqrt((posterior[name] ** 2).sum("latent_class"))
        found["group_sd", name] = covered(spread, np.sqrt(2) * value)
    return found


def coverage(surveys=SURVEYS):
    """Share of intervals that hold the truth, by what they are of."""
    rows = pd.DataFrame([one_survey(seed) for seed in range(1, surveys + 1)]).astype(float)
    return rows.mean().groupby([what for what, _ in rows.columns]).mean()


def false_alarms(surveys=SURVEYS):
    """Share of surveys in which a predictor of groups that has no effect on moving has an interval without zero."""
    alarms = []
    for seed in range(1001, 1001 + surveys):
        frame, _ = bl.simulate_waves(
            PERSONS, [0.55, 0.45], STAY, ANSWERS, seed=seed, n_groups=GROUPS, transition_group_sd=0.4
        )
        z = np.random.default_rng(seed).normal(size=GROUPS)
        frame["z"] = z[frame["group"].cat.codes]
        transition = bl.Transition("~ z + (1 | group)")
        model = LatentTransition(2, bl.Items(ITEMS), person="person", wave="wave", transition=transition)
        draws, _ = fitted(model, frame, seed)
        row = bl.transition_odds_ratios(draws, reference="C1").loc[("C2 vs C1", "z")]
        alarms.append(not row["lower"] <= 1 <= row["upper"])
    return float(np.mean(alarms))


def stays_of_persons(loading, data_sets, person_intercept, seed=1):
    """Posterior mean of staying, averaged over both classes, of 1000 persons at three waves; (data_set,)."""
    answers = np.array([[[0.82, 0.18]] * 5, [[0.18, 0.82]] * 5])
    stays = []
    for number in range(data_sets):
        frame, _ = bl.simulate_waves(
            1000, [0.5, 0.5], [[0.7, 0.3], [0.3, 0.7]], answers, seed=seed + number, n_waves=3, loading=loading
        )
        model = LatentTransition(2, bl.Items(ITEMS), person="person", wave="wave", person_intercept=person_intercept)
        draws, _ = fitted(model, frame, seed + number)
        stays.append(np.trace(draws["posterior"]["transition_probability"].mean(["chain", "draw"]).to_numpy()) / 2)
    return np.array(stays)


def intervals_of_persons(loading, data_sets, n_waves=2, seed=1):
    """Whether intervals of the two stays hold .70 where persons have a level and the model too, and how wide they are.

    Of 1000 persons; a row for each data set, with ``held`` and ``width`` averaged over both stays.
    """
    answers, rows = np.array([[[0.82, 0.18]] * 5, [[0.18, 0.82]] * 5]), []
    for number in range(data_sets):
        frame, _ = bl.simulate_waves(
            1000, [0.5, 0.5], [[0.7, 0.3], [0.3, 0.7]], answers, seed=seed + number, n_waves=n_waves, loading=loading
        )
        model = LatentTransition(2, bl.Items(ITEMS), person="person", wave="wave", person_intercept=True)
        draws, _ = fitted(model, frame, seed + number)
        table = pd.DataFrame(bl.transition_probabilities(draws))
        origin, destination = (table.index.get_level_values(name) for name in ("origin", "destination"))
        stays = table[origin == destination].groupby("origin").first()  # transitions are equal over time
        held = (stays["lower"] <= 0.7) & (stays["upper"] >= 0.7)
        rows.append({"held": held.mean(), "width": (stays["upper"] - stays["lower"]).mean()})
    return pd.DataFrame(rows)


@pytest.mark.slow
@pytest.mark.parametrize("loading", [1.0, 1.5])
def test_intervals_of_two_waves_are_honest_and_wide(loading):
    """With the person's level in the model two waves say little of staying, and their intervals say so."""
    two = intervals_of_persons(loading, SURVEYS)
    three = intervals_of_persons(loading, 20, n_waves=3)
    print(two.mean(), three.mean())
    assert COVERAGE[0] <= two["held"].mean() <= COVERAGE[1]
    assert two["width"].mean() > three["width"].mean()


def survey_of_cumulative_levels(seed, persons=600, n_waves=3, loading=1.5):
    """Answers in four categories, on whose cumulative logits the level of a person acts; moves of .2 and .3."""
    rng = np.random.default_rng(seed)
    level, latent_class = rng.normal(size=persons), np.empty((persons, n_waves), int)
    latent_class[:, 0] = rng.random(persons) < 0.45
    for wave in range(1, n_waves):
        latent_class[:, wave] = rng.random(persons) < CUMULATIVE_MOVES[latent_class[:, wave - 1], 1]
    threshold = np.array([[0.3, 1.5, 2.7], [-2.0, -0.8, 0.4]])[latent_class]  # (person, wave, threshold)
    tendency = loading * level[:, None, None] + rng.logistic(size=(persons, n_waves, len(ITEMS)))
    codes = (tendency[..., None] > threshold[:, :, None]).sum(axis=-1).reshape(-1, len(ITEMS))
    answers = {item: pd.Categorical.from_codes(codes[:, j], list("1234"), ordered=True) for j, item in enumerate(ITEMS)}
    person = np.repeat(np.arange(persons), n_waves)
    return pd.DataFrame({"person": person, "wave": np.tile(np.arange(1, n_waves + 1), persons), **answers})


def moves_of_cumulative_levels(data_sets, person_intercept):
    """Posterior means and bounds of both moves, shape (data_set, move, 3)."""
    found = []
    for seed in range(data_sets):
        frame = survey_of_cumulative_levels(seed)
        model = LatentTransition(2, bl.Items(ITEMS), person="person", wave="wave", person_intercept=person_intercept)
        draws = bl.fit(model, frame, seed=seed, draws=400, tune=400, chains=2, progressbar=False)
        most = bl.class_profiles(draws)["mean"].unstack()["4"].groupby("latent_class").mean()
        low, high = most.sort_values().index
        table = pd.DataFrame(bl.transition_probabilities(draws)).reset_index(["origin", "destination"])
        moves = [table[(table["origin"] == a) & (table["destination"] == b)] for a, b in ((low, high), (high, low))]
        found.append([move.iloc[0][["mean", "lower", "upper"]].to_numpy(dtype=float) for move in moves])
    return np.array(found)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")
def test_levels_on_cumulative_logits_are_levels_all_the_same():
    """Where levels act in another way than the model says, its intervals hold the moves; those without levels miss."""
    truth = np.array([CUMULATIVE_MOVES[0, 1], CUMULATIVE_MOVES[1, 0]])
    held = {}
    for person_intercept in (True, False):
        moves = moves_of_cumulative_levels(7, person_intercept)
        print(person_intercept, moves.mean(axis=0).round(3).tolist())
        held[person_intercept] = ((moves[..., 1] <= truth) & (truth <= moves[..., 2])).mean()
    assert held[True] >= COVERAGE[0] - 2 * np.sqrt(0.05 * 0.95 / 14)
    assert held[False] < 0.5


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    share = coverage()
    print(share)
    assert share.between(*COVERAGE).all(), share.to_dict()


@pytest.mark.slow
def test_a_predictor_of_groups_without_effect_is_seldom_seen():
    share = false_alarms()
    print(share)
    assert share <= FALSE_ALARMS


@pytest.mark.slow
@pytest.mark.parametrize("loading", [1.0, 1.5])
def test_stays_are_unbiased_where_persons_have_a_level(loading):
    stays = stays_of_persons(loading, data_sets=40, person_intercept=True)
    print(stays.mean(), stays.std(ddof=1) / np.sqrt(len(stays)))
    assert abs(stays.mean() - 0.7) <= 0.01


@pytest.mark.parametrize(
    ("yes", "loading", "reported"), [(0.82, 1.0, 0.73), (0.82, 1.5, 0.78), (0.732, 1.0, 0.80), (0.732, 1.5, 0.85)]
)
def test_a_plain_model_takes_a_person_s_level_for_staying(yes, loading, reported):
    """What maximum likelihood converges to with two classes, five items and two waves where .70 stay.

    Fitted to the exact probabilities of all sequences, the person integrated out, so that nothing is simulated.
    """
    n_items, stay = 5, np.array([[0.7, 0.3], [0.3, 0.7]])
    u = np.linspace(-6, 6, 121)
    weight = np.exp(-(u**2) / 2) / np.exp(-(u**2) / 2).sum()
    p = expit(logit(np.array([yes, 1 - yes]))[:, None] + loading * u)  # (class, node)
    density = np.array([p**k * (1 - p) ** (n_items - k) for k in range(n_items + 1)])  # of one pattern with k times yes
    patterns = np.array(list(product([0, 1], repeat=n_items)))
    k = patterns.sum(axis=1)
    assert (density * [[[comb(n_items, each)]] for each in range(n_items + 1)]).sum(axis=0) == pytest.approx(1)
    rows = np.array(list(product(range(len(patterns)), repeat=2)))
    first, second = density[k[rows[:, 0]]], density[k[rows[:, 1]]]  # (sequence, class, node)
    joint = np.einsum("scu,cd,sdu,u->s", 0.5 * first, stay, second, weight)
    family = CategoricalFamily(patterns, [2] * n_items)
    best = fit_paths([family], rows, 1000 * joint, 2, n_starts=6, n_final=2).best
    np.testing.assert_allclose(np.diag(best.transition[0]), reported, atol=0.005)


if __name__ == "__main__":
    what, number = sys.argv[1], int(sys.argv[2])
    if what == "persons":
        for loading in (1.0, 1.5):
            for person_intercept in (False, True):
                print(loading, person_intercept, stays_of_persons(loading, number, person_intercept).round(3))
    elif what == "waves":
        for loading, n_waves in product((1.0, 1.5), (2, 3)):
            print(loading, n_waves, intervals_of_persons(loading, number, n_waves).round(3).to_dict("list"))
    else:
        print({"coverage": coverage, "null": false_alarms}[what](number))
