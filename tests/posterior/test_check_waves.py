"""Replicated answers over waves and checks of fit: sums over all paths by hand, planted dependence that is found."""

import sys
import warnings
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.datasets.simulate_waves import simulate_waves
from bayes_lca.fitted.drawn_sequences import draw_paths
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.flows import flows_of
from bayes_lca.fitted.paths import paths_of
from bayes_lca.posterior.checks.groups_of_persons import group_of_persons
from bayes_lca.posterior.checks.wave_contributions import TransitionColumns, WaveContributions
from bayes_lca.posterior.checks.wave_discrepancies import _expected_cells, _expected_margins, pairs_of_places
from bayes_lca.posterior.checks.wave_groups import _quadratic_form, group_discrepancies
from bayes_lca.posterior.checks.wave_parameters import wave_parameters

sys.path.insert(0, str(Path(__file__).parents[1]))

from pictures.readable import faults

ITEMS = ["item1", "item2", "item3", "item4"]
ANSWERS = np.array([[[0.8, 0.2]] * 4, [[0.25, 0.75]] * 4])
STAY = [[0.7, 0.3], [0.3, 0.7]]
FEW = {"draws": 40, "tune": 100, "chains": 2, "until": None, "progressbar": False, "seed": 1}
MORE = {"draws": 100, "tune": 300}


@pytest.fixture(scope="module")
def draws():
    return bl.load_example("waves")


@pytest.fixture(scope="module")
def frame():
    return bl.example_waves()


def survey(n, seed, **options):
    return simulate_waves(n, [0.5, 0.5], STAY, ANSWERS, seed, **options)[0]


def fitted(waves, items=None, sampling=None, **parts):
    model = bl.LatentTransition(2, items or bl.Items(ITEMS), "person", "wave", **parts)
    with warnings.catch_warnings(category=bl.ConvergenceWarning, action="ignore"):  # draws are few
        return bl.fit(model, waves, **FEW | (sampling or {}))


def test_replicated_answers_are_missing_where_answers_are(draws):
    replicated = bl.posterior_predictive(draws)["answers"]
    observed = draws["observed_data"]["answers"].transpose("respondent", "wave", "item").to_numpy()
    assert replicated.dims == ("chain", "draw", "respondent", "wave", "item")
    np.testing.assert_array_equal(replicated.to_numpy() < 0, np.broadcast_to(observed < 0, replicated.shape))
    texts = bl.posterior_predictive(draws, labels=True)["answers"].to_numpy()
    label = np.array(["decrease", "no change", "increase", ""])  # the last where the code is -1
    np.testing.assert_array_equal(texts, label[replicated.to_numpy()])


def test_drawn_paths_go_from_class_to_class_as_the_draws_say(draws):
    fit = Fit.reading(draws)
    path = draw_paths(paths_of(fit), slice(None), np.random.default_rng(3))  # (draw, person, wave)
    flows, moved = flows_of(fit), paths_of(fit).moved[fit.pattern_of_respondent]
    for step, (n, moves) in enumerate(zip(moved.sum(axis=0), flows.moves.mean(axis=0), strict=True)):
        for origin, destination in product(range(2), repeat=2):
            there = (path[..., step] == origin) & (path[..., step + 1] == destination)
            share = there[:, moved[:, step]].mean()
            assert share == pytest.approx(moves[origin, destination], abs=4 * 0.5 / np.sqrt(n * len(path)))


def test_answers_are_expected_before_the_data_and_drawn_along(draws, frame):
    """`prior_predictive`, and replicated answers that `fit` is asked for, have the same axes."""
    model = bl.LatentTransition(2, bl.Items(["training", "recognition", "expertise"]), "person", "wave")
    expected = bl.prior_predictive(model, frame, draws=3)
    assert expected["prior_predictive"]["answers"].dims[2:] == ("respondent", "wave", "item")
    figure = bl.plot_prior_predictive(expected)
    assert [ax.get_title(loc="left") for ax in figure.axes][3] == "training, wave 2"


@pytest.fixture(scope="module")
def one_draw(draws):
    """Answers of some persons, and parameters of one draw."""
    fit = Fit.reading(draws)
    codes = fit.answers_of_respondents.reshape(-1, 3, 3)
    parameters, few = next(wave_parameters(fit, 50)), slice(12)
    mine = replace(
        parameters,
        initial=parameters.initial[:, few],
        transition=tuple(each[..., few] for each in parameters.transition),
    )
    columns = TransitionColumns.of(fit)
    columns = replace(columns, of_slopes=columns.of_slopes[:, few], of_groups=columns.of_groups[:, few])
    return codes[few], mine, columns


def by_persons(parameters, weight=(0.3, 0.7), seed=0):
    """The same with two persons in each class, who answer in ways of their own."""
    rho = np.random.default_rng(seed).dirichlet(np.ones(3), size=(3, 2, 2, 3))
    return replace(parameters, rho=rho, weight=np.array(weight))


def joint(codes, parameters):
    """Probability of the answers with each path and person, shape (respondent, path, person), and the paths."""
    paths = list(product(range(2), repeat=3))
    result = np.empty((len(codes), len(paths), len(parameters.weight)))
    for i, p, q in np.ndindex(result.shape):
        value, before = parameters.weight[q], None
        for t, c in enumerate(paths[p]):
            value *= parameters.initial[c, i] if t == 0 else parameters.transition[t - 1][before, c, i]
            for j, code in enumerate(codes[i, t]):
                value *= 1.0 if code < 0 else parameters.rho[t, c, q, j, code]
            before = c
        result[i, p, q] = value
    return result, np.array(paths)


def log_likelihood(codes, parameters):
    return np.log(joint(codes, parameters)[0].sum(axis=(1, 2)))


def softmax_moved(probability, axis, place, step):
    """Probabilities with one of their logits moved."""
    weight = probability.copy()
    weight[place] *= np.exp(step)
    return weight / weight.sum(axis=axis, keepdims=True)


@pytest.mark.parametrize("persons", [False, True])
def test_scores_are_derivatives_of_the_sum_over_all_paths(one_draw, persons):
    codes, parameters, columns = one_draw
    parameters = by_persons(parameters) if persons else parameters
    added, h = WaveContributions.of(codes, parameters, replace(columns, is_free=np.full(3, True))), 1e-5

    def slope(change):
        up, down = (log_likelihood(codes, change(sign * h)) for sign in (1, -1))
        return (up - down) / (2 * h)

    n_items = np.prod(parameters.rho.shape)
    score = added.parameter_score[:, :n_items].reshape(-1, *parameters.rho.shape).copy()
    score[:, 0] -= score[:, 1:].sum(axis=1)  # those of all waves together come first
    for place in [(0, 0, 0, 1, 2), (1, 1, -1, 0, 1), (2, 0, -1, 2, 0)]:
        wanted = slope(lambda step, at=place: replace(parameters, rho=softmax_moved(parameters.rho, -1, at, step)))
        np.testing.assert_allclose(score[:, *place], wanted, atol=1e-8)
    tau = added.parameter_score[:, n_items : n_items + 4].reshape(-1, 2, 2)
    for c, d in product(range(2), repeat=2):
        wanted = slope(
            lambda step, at=(c, d): replace(
                parameters, transition=tuple(softmax_moved(each, 1, at, step) for each in parameters.transition)
            )
        )
        np.testing.assert_allclose(tau[:, c, d], wanted, atol=1e-8)
        rest = added.parameter_score[:, n_items + 4 :]
    of_slope = slope(
        lambda step: replace(
            parameters,
            transition=tuple(
                softmax_moved(each, 1, (slice(None), 1), step * x[:, 0])
                for each, x in zip(parameters.transition, columns.of_slopes, strict=True)
            ),
        )
    )
    np.testing.assert_allclose(rest[:, 1], of_slope, atol=1e-8)
    first = slope(lambda step: replace(parameters, initial=softmax_moved(parameters.initial, 0, 1, step)))
    np.testing.assert_allclose(added.logit_score[:, 1], first, atol=1e-8)
    np.testing.assert_allclose(added.parameter_score_total, added.parameter_score.sum(axis=0), atol=1e-10)


def test_scores_of_equal_items_and_of_what_is_behind_them_are_sums(one_draw):
    codes, parameters, columns = one_draw
    parameters = by_persons(parameters)
    each, n = WaveContributions.of(codes, parameters, replace(columns, is_free=np.full(3, True))), 36
    by_parameter = np.random.default_rng(1).normal(size=(n, 5))
    equal = replace(columns, is_free=np.full(3, False), by_parameter=by_parameter)
    both = WaveContributions.of(codes, parameters, equal)
    of_waves = each.parameter_score[:, : 3 * n].reshape(-1, 3, n)
    together = of_waves[:, 0] @ by_parameter
    np.testing.assert_allclose(both.parameter_score[:, :5], together, atol=1e-12)
    np.testing.assert_allclose(both.parameter_score_total[:5], together.sum(axis=0), atol=1e-11)
    last = WaveContributions.of(codes, parameters, replace(columns, is_free=np.array([False, False, True])))
    at_third = last.parameter_score[:, : 3 * n].reshape(-1, 3, *parameters.rho.shape[1:])[:, 2]
    assert (at_third[..., :2, :] == 0).all()
    of_item = of_waves.reshape(-1, 3, *parameters.rho.shape[1:])[:, 2, ..., 2, :]
    np.testing.assert_allclose(at_third[..., 2, :], of_item, atol=1e-12)


@pytest.mark.parametrize("persons", [False, True])
def test_residuals_and_expected_counts_are_sums_over_all_paths(one_draw, persons):
    codes, parameters, columns = one_draw
    parameters = by_persons(parameters) if persons else parameters
    added = WaveContributions.of(codes, parameters, columns)
    probability, paths = joint(codes, parameters)
    posterior = probability / probability.sum(axis=(1, 2), keepdims=True)
    prior, _ = joint(np.full_like(codes, -1), parameters)
    pairs = pairs_of_places(codes >= 0)
    assert ((0, 0), (0, 1)) in pairs
    assert ((1, 2), (2, 2)) in pairs
    assert ((0, 0), (2, 0)) in pairs
    assert ((0, 0), (2, 1)) not in pairs
    totals, each = added.residual_totals(pairs), list(added.residuals(pairs))
    for p, ((t, j), (u, h)) in enumerate(pairs):
        both = (codes[:, t, j] >= 0) & (codes[:, u, h] >= 0)
        cells = np.einsum("pqk,pqm->pqkm", parameters.rho[t, paths[:, t], :, j], parameters.rho[u, paths[:, u], :, h])
        expected = np.einsum("ipq,pqkm->ikm", posterior[both], cells)
        seen = np.zeros_like(expected)
        seen[np.arange(both.sum()), codes[both, t, j], codes[both, u, h]] = 1
        np.testing.assert_allclose(each[p][both].reshape(expected.shape), seen - expected, atol=1e-12)
        np.testing.assert_allclose(totals[p], (seen - expected).sum(axis=0), atol=1e-11)
        counted = _expected_cells(parameters, codes >= 0, (t, j), (u, h))
        np.testing.assert_allclose(counted, np.einsum("ipq,pqkm->km", prior[both], cells), atol=1e-11)
    margins = _expected_margins(parameters, codes >= 0).reshape(3, 3, 3)
    for t, j in product(range(3), repeat=2):
        of_path = parameters.rho[t, paths[:, t], :, j]  # (path, person, category)
        wanted = np.einsum("ipq,pqk->k", prior[codes[:, t, j] >= 0], of_path)
        np.testing.assert_allclose(margins[t, j], wanted, atol=1e-11)


def test_replicated_answers_follow_the_parameters(one_draw):
    codes, parameters, _ = one_draw
    parameters, rng, n = by_persons(parameters), np.random.default_rng(5), 4000
    many = np.broadcast_to(np.where(codes[:1] < 0, 0, codes[:1]), (n, 3, 3))
    alike = replace(
        parameters,
        initial=np.repeat(parameters.initial[:, :1], n, axis=1),
        transition=tuple(np.repeat(each[..., :1], n, axis=-1) for each in parameters.transition),
    )
    drawn = alike.replicate(many, rng)
    one = np.ones((1, 3, 3), dtype=bool)
    first = replace(parameters, initial=alike.initial[:, :1], transition=tuple(t[..., :1] for t in alike.transition))
    for (t, j), (u, h) in [((0, 0), (1, 0)), ((1, 2), (2, 2)), ((0, 1), (2, 1)), ((2, 0), (2, 1))]:
        share = np.array([[((drawn[:, t, j] == k) & (drawn[:, u, h] == m)).mean() for m in range(3)] for k in range(3)])
        wanted = _expected_cells(first, one, (t, j), (u, h))
        np.testing.assert_array_less(np.abs(share - wanted), 4.5 * np.sqrt(wanted * (1 - wanted) / n) + 1e-12)


@pytest.fixture(scope="module")
def check(draws):
    return bl.check_items(draws, n_draws=40)


def test_tables_count_the_answers_of_the_frame(check, frame):
    wide = {
        item: frame.pivot_table(index="person", columns="wave", values=item, aggfunc="first", observed=True)
        for item in ("training", "expertise")
    }
    row = check.items.loc[("2", "expertise")]
    assert row["n"] == wide["expertise"][2].notna().sum()
    assert row["observed"] == (wide["expertise"][2] == row["category"]).sum()
    over = check.wave_pairs.loc[("training", "2", "3")]
    both = wide["training"][[2, 3]].dropna()
    assert over["n"] == len(both)
    assert over["observed"] == ((both[2] == over["category_1"]) & (both[3] == over["category_2"])).sum()
    within = check.pairs.loc[("3", "training", "expertise")]
    asked = wide["training"][3].notna() & wide["expertise"][3].notna()
    assert within["n"] == asked.sum()
    assert list(check.tables) == ["overall", "items", "pairs", "wave_pairs"]
    assert len(check.pairs) == 9
    assert len(check.wave_pairs) == 9
    apart = wide["training"][[1, 3]].dropna()
    assert check.wave_pairs.loc[("training", "1", "3"), "n"] == len(apart)
    for table in check.tables.values():
        assert table.note.startswith("n = 150, 3 waves, 45 of 450 person-waves missed, 0 rows left out, 22 answers")
        assert "40 of them used" in table.note
        assert table["p_value"].between(0, 1).all()


@pytest.fixture(scope="module")
def by_city(draws, frame):
    return bl.check_items(draws, group="city", frame=frame.sample(frac=1, random_state=1), n_draws=20)


def test_groups_are_counted_at_every_wave(by_city, frame):
    assert list(by_city.tables) == ["overall", "items", "pairs", "wave_pairs", "groups", "group_shares", "group_moves"]
    assert by_city.groups.index.names == ["city", "wave", "item"]
    for (city, wave, item), row in by_city.groups.iterrows():
        there = frame[(frame["city"] == city) & (frame["wave"].astype(str) == wave)][item].dropna()
        assert row["n"] == len(there)
        assert row["observed"] == (there == row["category"]).sum()
    followed = frame.assign(last=frame.groupby("person")["wave"].transform("max")).drop_duplicates("person")
    for (city, step), row in by_city.group_moves.iterrows():
        inside = (followed["city"] == city) & (followed["last"] >= int(step.split(" to ")[1]))
        assert row["n"] == inside.sum()
    assert (
        by_city.groups.groupby(["wave", "item"])["n"].sum().loc[("2", "training")]
        == by_city.items.loc[("2", "training"), "n"]
    )
    assert {"largest group", "moves of groups"} <= set(by_city.overall.index)


def test_departures_of_groups_are_sums_over_persons_and_paths(draws, frame):
    """Classes and moves given all answers, and expected ones, over all paths; counts by share and probability."""
    fit = Fit.reading(draws)
    levels = group_of_persons(fit, "city", frame)
    found = group_discrepancies(fit, levels, 100, seed=1)
    codes, parameters = fit.answers_of_respondents.reshape(-1, 3, 3), next(wave_parameters(fit, 100))
    probability, paths = joint(codes, parameters)
    prior, _ = joint(np.full_like(codes, -1), parameters)
    posterior = probability / probability.sum(axis=(1, 2), keepdims=True)
    made = paths_of(fit).moved[fit.pattern_of_respondent]
    for g, s in product(range(2), range(2)):
        inside = (levels.index == g) & made[:, s]
        moving = paths[:, s] != paths[:, s + 1]
        assert found.persons[g, s] == inside.sum()
        assert found.moves[0, 0, g, s] == pytest.approx(posterior[inside][:, moving].sum(), rel=1e-9)
        assert found.moves_expected[0, g, s] == pytest.approx(prior[inside][:, moving].sum(), rel=1e-9)
    for g, t, j in product(range(2), range(3), range(3)):
        inside = (levels.index == g) & (codes[:, t, j] >= 0)
        wanted = np.einsum("ipq,pqk->k", prior[inside], parameters.rho[t, paths[:, t], :, j])
        np.testing.assert_allclose(found.answers_expected[0, g, t, j], wanted, rtol=1e-9)
    for g, t, c in product(range(2), range(3), range(2)):
        inside, there = (levels.index == g) & (codes[:, t] >= 0).any(axis=1), paths[:, t] == c
        assert found.seen[g, t] == inside.sum()
        assert found.members[0, 0, g, t, c] == pytest.approx(posterior[inside][:, there].sum(), rel=1e-9)
        assert found.members_expected[0, g, t, c] == pytest.approx(prior[inside][:, there].sum(), rel=1e-9)


def departures_of_persons(codes, parameters, made):
    """Answers, classes and moves less what is expected, from all paths; (person, wave, item, category), ..."""
    probability, paths = joint(codes, parameters)
    prior = joint(np.full_like(codes, -1), parameters)[0].sum(axis=2)
    posterior = probability.sum(axis=2) / probability.sum(axis=(1, 2))[:, None]
    at_class = (paths[..., None] == np.arange(2)).astype(float)  # (path, wave, class)
    rho = np.einsum("tcqjk,q->tcjk", parameters.rho, parameters.weight)
    answers = (codes[..., None] == np.arange(3)) - np.einsum("ip,ptc,tcjk->itjk", prior, at_class, rho)
    classes = np.einsum("ip,ptc->itc", posterior - prior, at_class)
    moves = (posterior - prior) @ (paths[:, 1:] != paths[:, :-1])
    answered = codes >= 0
    return answers * answered[..., None], classes * answered.any(axis=2)[..., None], moves * made


def test_statistics_of_groups_are_quadratic_forms_of_what_scores_leave(draws, frame):
    """Of all persons one by one: least squares of departures on scores, then T by the inverse of the covariance."""
    fit, rng = Fit.reading(draws), np.random.default_rng(1)
    levels = group_of_persons(fit, "city", frame)
    found = group_discrepancies(fit, levels, 50, seed=1)
    codes, columns = fit.answers_of_respondents.reshape(-1, 3, 3), TransitionColumns.of(fit)
    made, n = paths_of(fit).moved[fit.pattern_of_respondent], len(fit.respondents)
    departures, scores = ([], []), ([], [])
    for parameters in wave_parameters(fit, 50):
        for data_set, given in enumerate((codes, parameters.replicate(codes, rng))):
            departures[data_set].append(departures_of_persons(given, parameters, made))
            added = WaveContributions.of(given, parameters, columns)
            scores[data_set].append(np.concatenate([added.parameter_score, added.logit_score], axis=1))
    score, n_draws = np.concatenate(scores[1]), len(scores[1])
    scale = np.maximum(np.linalg.norm(score, axis=0), 1e-12)

    def statistic(cells):
        """T of the cells that are taken from departures, in both data sets, shape (data set, draw)."""
        residual = np.concatenate([cells(each) for each in departures[1]])  # (draw and person, cell)
        weight = np.linalg.lstsq(score / scale, residual, rcond=1e-5)[0] / scale[:, None]
        left = residual - score @ weight
        inverse = np.linalg.inv(left.T @ left / n_draws + np.eye(left.shape[1]) / 2)
        totals = np.array(
            [
                [(cells(each) - of_draw @ weight).sum(axis=0) for each, of_draw in zip(*both, strict=True)]
                for both in zip(departures, scores, strict=True)
            ]
        )
        return np.einsum("dsa,ab,dsb->ds", totals, inverse, totals)

    for g in range(2):
        inside = (levels.index == g).astype(float)[:, None]
        assert 0 < inside.sum() < n
        for t in range(3):
            of_classes = statistic(lambda each, t=t, inside=inside: each[1][:, t] * inside)
            np.testing.assert_allclose(found.member_statistic[:, :, g, t], of_classes, rtol=1e-6)
            for j in range(3):
                of_item = statistic(lambda each, t=t, j=j, inside=inside: each[0][:, t, j] * inside)
                np.testing.assert_allclose(found.answer_statistic[:, :, g, t, j], of_item, rtol=1e-6)
        for s in range(2):
            of_step = statistic(lambda each, s=s, inside=inside: each[2][:, [s]] * inside)
            np.testing.assert_allclose(found.move_statistic[:, :, g, s], of_step, rtol=1e-6)


def test_directions_that_the_scores_fix_take_no_part_in_the_statistic():
    """Three cells whose departures add up to nothing: two directions, of variance 6 and 2, are left."""
    first, second, none = np.array([[1, -1, 0], [1, 1, -2], [1, 1, 1]]) / np.sqrt([[2], [6], [3]])
    covariance = 6 * np.outer(first, first) + 2 * np.outer(second, second) + 0.005 * np.outer(none, none)
    residual = np.array([3 * first + 4 * second, 2 * second, np.zeros(3)])
    wanted = [row @ np.linalg.solve(covariance + np.eye(3) / 2, row) for row in residual]
    assert wanted == pytest.approx([9 / 6.5 + 16 / 2.5, 4 / 2.5, 0])
    found = _quadratic_form((residual + 5 * none)[None], covariance)
    assert found.shape == (1, 3)
    np.testing.assert_allclose(found[0], wanted, atol=1e-12)
    assert (_quadratic_form(residual[None], 0.005 * np.eye(3)) == 0).all()


def test_class_shares_of_groups_stand_beside_those_of_all_paths(draws, frame, by_city):
    fit = Fit.reading(draws)
    levels, codes = group_of_persons(fit, "city", frame), fit.answers_of_respondents.reshape(-1, 3, 3)
    given, expected = [], []
    for parameters in wave_parameters(fit, fit.n_draws // 20):
        probability, paths = joint(codes, parameters)
        given.append((probability / probability.sum(axis=(1, 2), keepdims=True)).sum(axis=2))
        expected.append(joint(np.full_like(codes, -1), parameters)[0].sum(axis=2))
    assert len(given) == by_city.n_draws
    given, expected = np.mean(given, axis=0), np.mean(expected, axis=0)  # (person, path)
    assert len(by_city.group_shares) == 6
    for (city, wave), row in by_city.group_shares.iterrows():
        t = int(wave) - 1
        inside = (levels.index == levels.labels.index(city)) & (codes[:, t] >= 0).any(axis=1)
        there = paths[:, t] == fit.classes.index(row["latent_class"])
        share, share_expected = (each[inside][:, there].sum() / inside.sum() for each in (given, expected))
        assert row["n"] == inside.sum()
        assert row["share"] == pytest.approx(share, rel=1e-9)
        assert row["share_expected"] == pytest.approx(share_expected, rel=1e-9)
        assert row["difference"] == pytest.approx(share - share_expected, abs=1e-10)
        assert share_expected <= 0.5  # two classes depart alike, of which the rarer is shown
        assert row["lower"] < row["upper"]


def test_where_nobody_with_a_group_is_seen_again_no_moves_are_shown(draws, frame, tmp_path):
    last = frame.groupby("person")["wave"].transform("max")
    once = frame["person"].where(last == 1)
    told = frame.assign(half=once.rank().map(lambda place: "a" if place < 3 else "b", na_action="ignore"))
    check = bl.check_items(draws, group="half", frame=told, n_draws=20)
    assert check.group_moves is None
    assert list(check.tables)[-2:] == ["groups", "group_shares"]
    assert check.group_shares.index.tolist() == [("a", "1"), ("b", "1")]
    assert "145 of 150 persons without 'half' left out" in check.groups.note
    assert "moves of groups" not in check.overall.index
    assert "Class shares by group and wave" in bl.report(draws, tmp_path / "once.html", check=check).read_text()


def test_groups_of_the_formula_need_no_frame(frame):
    model = bl.LatentTransition(
        *(2, bl.Items(["training", "recognition", "expertise"]), "person", "wave", bl.Regression("~ 1 + (1 | group)"))
    )
    with warnings.catch_warnings(category=bl.ConvergenceWarning, action="ignore"):
        nested = bl.fit(model, frame, **FEW)
    check = bl.check_items(nested, n_draws=10)
    assert check.groups.index.get_level_values("group").unique().tolist() == ["G1", "G2", "G3", "G4", "G5"]
    assert bl.check_items(nested, group="group", n_draws=10).groups.equals(check.groups)
    first = check.group_shares.index.get_level_values("wave") == "1"
    assert (check.group_shares.loc[first, ["discrepancy", "expected"]] == 0).all(axis=None)
    assert (check.group_shares.loc[first, "p_value"] == 1).all()
    assert (check.group_shares.loc[~first, "discrepancy"] > 0).all()
    assert (check.groups["discrepancy"] > 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group": "city"}, "group='city' is not in the formula of the first wave, '~ 1', of this fit of 150 persons"),
        ({"group": "age", "frame": "whole"}, "group='age' changes within .* persons"),
        ({"group": "city", "frame": "some"}, "the frame lacks .* of the 150 persons of this fit"),
        ({"group": "nowhere", "frame": "whole"}, r"unknown group column\(s\) 'nowhere'"),
        ({"group": "city", "frame": "whole", "key": "person"}, "are told apart by 'person'; leave key out"),
        ({"count": "n"}, "leave count out"),
    ],
)
def test_groups_that_cannot_be_used_are_refused(draws, frame, options, message):
    aged = frame.assign(age=np.arange(len(frame)))
    frames = {"whole": aged, "some": aged[aged["person"] > 5]}
    given = {name: frames.get(value, value) if name == "frame" else value for name, value in options.items()}
    with pytest.raises(ValueError, match=message):
        bl.check_items(draws, n_draws=10, **given)


def test_answers_that_never_stand_together_are_refused(draws):
    rotated = draws.copy()
    patterns = draws["patterns"].to_dataset()
    codes = patterns["answers"].transpose("pattern", "wave", "item").to_numpy().copy()
    at = np.arange(codes.shape[0])[:, None] + np.arange(3)
    codes[np.arange(3) != (at % 3)[..., None]] = -1
    rotated["patterns"] = patterns.assign(answers=(("pattern", "wave", "item"), codes))
    with pytest.raises(ValueError, match="none of the 150 persons answered two items at a wave, or an item at two"):
        bl.check_items(rotated, n_draws=10)


def test_the_picture_has_pairs_by_wave_and_items_by_step(check):
    figure = bl.plot_check_items(check)
    pairs, over = figure.axes[:2]
    assert [tick.get_text() for tick in pairs.get_xticklabels()] == ["wave 1", "wave 2", "wave 3"]
    assert [tick.get_text() for tick in over.get_yticklabels()] == ["training", "recognition", "expertise"]
    shown = {(round(text.get_position()[0]), round(text.get_position()[1])): text.get_text() for text in over.texts}
    assert shown[2, 2] == f"{check.wave_pairs.loc[('expertise', '2', '3'), 'p_value']:.3f}"


@pytest.mark.parametrize("width", [85, 180])
def test_the_picture_can_be_read(width, check):
    figure = bl.plot_check_items(check, width=width)
    assert faults(figure) == []


def test_a_check_of_another_fit_is_refused(draws, check, tmp_path):
    other = replace(check, items=bl.SummaryTable.of(check.items.copy(), "n = 12, 3 waves"))
    with pytest.raises(ValueError, match="the check rests on"):
        bl.report(draws, tmp_path / "other.html", check=other)


def test_a_level_of_persons_is_found_over_waves_where_the_model_has_none():
    plain = bl.check_items(fitted(survey(500, 2, loading=1.5)), n_draws=40)
    assert plain.flagged
    assert plain.overall.loc["level over waves", "p_value"] < 0.05
    assert "person_intercept=True" in plain.verdict
    assert plain.wave_pairs["trend"].mean() > 0.5


def test_a_model_that_is_right_is_not_flagged(check):
    assert not check.flagged
    assert check.verdict.startswith("Nothing speaks against")
    assert 0.2 < check.wave_pairs["p_value"].mean() < 0.9


def test_numbers_are_compared_by_their_moments_at_every_wave():
    waves = survey(80, 6, missing_rate=0.1)
    rng = np.random.default_rng(1)
    level = dict(zip(waves["person"].unique(), rng.normal(size=80), strict=True))
    for name in ("a", "b"):
        own = waves["person"].map(level) if name == "a" else 0.0
        waves[name] = 3.0 * (waves["item1"] == waves["item1"].max()) + own + rng.normal(size=len(waves))
    waves.loc[waves.index[:5], "a"] = np.nan
    draws = fitted(waves, bl.NormalItems(["a", "b"]))
    check = bl.check_items(draws, n_draws=40)
    at_two = waves.loc[waves["wave"] == 2, "a"]
    assert check.items.loc[("2", "a"), "mean"] == pytest.approx(at_two.mean())
    wide = waves.pivot(index="person", columns="wave", values="a")
    row = check.wave_pairs.loc[("a", "1", "2")]
    assert row["correlation"] == pytest.approx(wide[1].corr(wide[2]))
    assert row["n"] == wide[[1, 2]].dropna().shape[0]
    assert check.overall.index.tolist()[-1] == "any of these"
    replicated = bl.posterior_predictive(draws)["answers"].to_numpy()
    assert np.isnan(replicated).any(axis=(0, 1)).sum() == waves["a"].isna().sum() + (3 * 80 - len(waves)) * 2


def two_regions(seed, stay, shares=(0.5, 0.5), n=600):
    """Four waves of persons of two regions, which stay, and begin in the first class, as often as is said."""
    parts = []
    for place, (probability, share) in enumerate(zip(stay, shares, strict=True)):
        moves = [[probability, 1 - probability], [1 - probability, probability]]
        part, _ = simulate_waves(n // 2, [share, 1 - share], moves, ANSWERS, seed + 5000 * place, n_waves=4)
        part["person"] += place * (n // 2)
        parts.append(part.assign(region=("north", "south")[place]))
    return pd.concat(parts, ignore_index=True)


def checked_by_region(waves, n_draws=100):
    return bl.check_items(fitted(waves, sampling=MORE), group="region", frame=waves, n_draws=n_draws)


def test_persons_who_stay_for_good_among_others_are_found_over_waves_apart():
    """Each step is right on average, and what is left shows at waves that do not follow each other, and by region."""
    check = checked_by_region(two_regions(1, stay=(0.97, 0.55), n=1200), n_draws=60)
    assert check.flagged
    assert check.overall.loc["waves apart", "p_value"] < 0.05 < check.overall.loc["level over waves", "p_value"]
    trend = check.wave_pairs["trend"].droplevel("item")
    follows = trend.index.isin([("1", "2"), ("2", "3"), ("3", "4")])
    assert trend[~follows].mean() > 0 > trend[follows].mean()
    moves = check.group_moves
    assert (moves["p_value"] < 0.05).all()
    assert (moves.xs("north", level="region")["upper"] < 0).all()
    assert (moves.xs("south", level="region")["lower"] > 0).all()
    assert "more, or fewer, of a group move than transitions say" in check.verdict


def test_a_group_in_other_classes_is_found_by_its_class_shares():
    check = checked_by_region(two_regions(201, stay=(0.75, 0.75), shares=(0.6, 0.4)), n_draws=60)
    assert check.overall.loc["largest group", "p_value"] < 0.05
    assert check.overall.loc["largest group", "where"].endswith("wave 1, class shares")
    assert "is in other classes" in check.verdict
    first = check.group_shares.xs("1", level="wave")
    assert (first["lower"] * first["upper"] > 0).all()
    assert check.group_shares["n"].tolist() == [300] * 8


@pytest.mark.slow
def test_rates_of_what_is_found_by_group_and_over_waves_apart():
    """30 right models, of which more than 5 are flagged with a probability of .003; three violations, 12 surveys each.

    ``pytest --runslow tests/posterior/test_check_waves.py -k rates -s`` takes about 12 minutes.
    """
    right = [checked_by_region(two_regions(10 + seed, stay=(0.75, 0.75))) for seed in range(30)]
    flagged = sum(check.flagged for check in right)
    p_values = {
        "waves apart": [check.overall.loc["waves apart", "p_value"] for check in right],
        "pairs apart": np.concatenate([check.wave_pairs["p_value"] for check in right]),
        "groups": np.concatenate([check.groups["p_value"] for check in right]),
        "class shares": np.concatenate([check.group_shares["p_value"] for check in right]),
        "moves": np.concatenate([check.group_moves["p_value"] for check in right]),
    }
    print(f"flagged of 30: {flagged}")
    for name, values in p_values.items():
        print(f"{name}: mean p {np.mean(values):.3f}, below .05 {np.mean(np.array(values) < 0.05):.3f}")
        assert 0.3 < np.mean(values) < 0.7
        assert np.mean(np.array(values) < 0.05) < 0.1
    assert flagged <= 5
    for name, options in {
        "waves apart": {"stay": (0.97, 0.55)},
        "moves of groups": {"stay": (0.9, 0.6)},
        "largest group": {"stay": (0.75, 0.75), "shares": (0.6, 0.4)},
    }.items():
        checks = [checked_by_region(two_regions(200 + seed, **options)) for seed in range(12)]
        found = sum(check.overall.loc[name, "p_value"] < 0.05 for check in checks)
        print(f"{name} found, of 12: {found}; flagged: {sum(check.flagged for check in checks)}")
        assert found >= 9


@pytest.mark.slow
def test_p_values_of_right_models_are_uniform_and_a_level_is_found_as_a_rule():
    """Of 60 right models about 3 are flagged; levels of persons with a loading of 1 in most of 20 surveys."""

    def checked(seed, **options):
        return bl.check_items(fitted(survey(400, seed, **options), sampling=MORE))

    right = [checked(100 + seed, missed_rate=0.1) for seed in range(60)]
    flagged = sum(check.flagged for check in right)
    print(f"flagged of 60: {flagged}")
    assert flagged <= 8  # P(more | 5 %) = .003
    p_values = np.concatenate([check.wave_pairs["p_value"] for check in right])
    print(f"wave pairs: mean p {p_values.mean():.3f}, below .05 {(p_values < 0.05).mean():.3f}")
    assert 0.4 < p_values.mean() < 0.6
    assert (p_values < 0.05).mean() < 0.1
    levels = [checked(300 + seed, loading=1.0) for seed in range(20)]
    found = sum(check.overall.loc["level over waves", "p_value"] < 0.05 for check in levels)
    print(f"levels found over waves, of 20: {found}; flagged: {sum(check.flagged for check in levels)}")
    assert found >= 12


def alternating(waves):
    """A column with one value for each person."""
    return waves.assign(half=np.where(pd.factorize(waves["person"])[0] % 2, "odd", "even"))


@pytest.mark.parametrize("change", ["persons", "answers"])
def test_a_frame_of_other_answers_is_refused(change):
    waves = alternating(bl.example_waves())
    if change == "persons":
        waves["person"] = waves["person"].max() + 1 - waves["person"]
    else:
        waves["training"] = waves["training"].to_numpy()[::-1]
    with pytest.raises(ValueError, match=r"of the 150 persons of this fit have other answers in the frame, such as"):
        bl.check_items(bl.load_example("waves"), group="half", frame=waves, n_draws=10)


def test_persons_without_a_group_are_counted_in_the_note():
    waves = alternating(bl.example_waves())
    waves.loc[waves["person"].isin(waves["person"].unique()[:30]), "half"] = None
    check = bl.check_items(bl.load_example("waves"), group="half", frame=waves, n_draws=10)
    for table in (check.groups, check.group_shares, check.group_moves):
        assert "30 of 150 persons without 'half' left out" in table.note
    assert "without" not in check.items.note
