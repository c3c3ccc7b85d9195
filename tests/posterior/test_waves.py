"""Tables and the picture of a fit to several waves: what they say is what a loop over persons and paths gives."""

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from scipy.special import softmax

import bayes_lca as bl
from bayes_lca.posterior.effects.transition_probabilities import _all_steps, _Moves
from bayes_lca.posterior.tables.likely_paths import _numbered

N, K, WAVES, STEPS = 150, 2, ["1", "2", "3"], ["1 to 2", "2 to 3"]
ITEMS = ["training", "recognition", "expertise"]
LEVELS = ["decrease", "no change", "increase"]


@pytest.fixture(scope="module")
def draws():
    return bl.load_example("waves")


@pytest.fixture(scope="module")
def persons(draws):
    """The frame as it was fitted, by person: rows by wave, None where a wave was missed."""
    frame = bl.example_waves()
    return [dict(zip(rows["wave"], rows.to_dict("records"), strict=True)) for _, rows in frame.groupby("person")]


@pytest.fixture(scope="module")
def parameters(draws):
    posterior = draws["posterior"].to_dataset().stack(drawn=["chain", "draw"]).transpose("drawn", ...)
    rho = posterior["item_probability"].transpose("drawn", "latent_class", "item", "category")
    assert rho["item"].to_numpy().tolist() == ITEMS
    groups = posterior["transition_group"].to_numpy().tolist()
    center = draws["encoding"]["transition_design_center"].to_numpy()[0]
    return {
        "share": posterior["class_share"].to_numpy(),
        "tau": posterior["transition_logit"].transpose("drawn", "latent_class", "other_class").to_numpy(),
        "slope": posterior["transition_slope"].transpose("drawn", "transition_term", "latent_class").to_numpy()[:, 0],
        "effect": posterior["transition_group_effect"]
        .transpose("drawn", "transition_group", "latent_class")
        .to_numpy(),
        "rho": rho.to_numpy(),
        "groups": groups,
        "center": center,
    }


def moves_of(parameters, participation, group):
    """Transition probabilities written out, shape (draw, origin, destination)."""
    logits = parameters["tau"].copy()
    logits += (parameters["slope"] * (participation - parameters["center"]))[:, None]
    if group is not None:
        logits += parameters["effect"][:, parameters["groups"].index(group)][:, None]
    return softmax(logits, axis=-1)


def steps_of(person, parameters):
    """Transition probabilities of a person at each step, those of a missed wave from the next wave seen."""
    last, moves = max(person), []
    for wave in (2, 3):
        if wave <= last:
            row = person[min(seen for seen in person if seen >= wave)]
            moves.append(moves_of(parameters, row["participation"], row["group"]))
    return moves


@pytest.fixture(scope="module")
def by_person(persons, parameters):
    return [steps_of(person, parameters) for person in persons]


def test_the_center_of_covariates_is_their_mean_over_moves(persons, parameters):
    later = [row["participation"] for person in persons for wave, row in person.items() if wave > min(2, min(person))]
    assert parameters["center"] == pytest.approx(np.mean(later))


def test_averages_are_those_of_the_persons_who_come_to_a_wave(draws, by_person):
    table = bl.transition_probabilities(draws)
    overall = table.xs("overall", level="grouping").droplevel("group")
    expected, n = {}, {}
    for step, name in enumerate(STEPS):
        moves = [steps[step] for steps in by_person if len(steps) > step]
        expected[name], n[name] = np.mean(moves, axis=0), len(moves)
    expected["all steps"] = sum(n[name] * expected[name] for name in STEPS) / sum(n.values())
    n["all steps"] = sum(n.values())
    for name, values in expected.items():
        for c, d in np.ndindex(K, K):
            row = overall.loc[(name, f"C{c + 1}", f"C{d + 1}")]
            assert row["n"] == n[name]
            assert row["mean"] == pytest.approx(values[:, c, d].mean(), abs=1e-9)
            assert row["lower"] == pytest.approx(np.quantile(values[:, c, d], 0.025), abs=1e-9)
    assert {"r_hat", "ess_bulk"} < set(table.columns)


def test_a_group_moves_as_its_own_persons_do(draws, persons, by_person):
    table = bl.transition_probabilities(draws)
    for group in ("G1", "G3"):
        moves = [
            steps[0] for person, steps in zip(persons, by_person, strict=True) if steps and person[1]["group"] == group
        ]
        row = table.loc[("group", group, "1 to 2", "C2", "C1")]
        assert row["n"] == len(moves)
        assert row["mean"] == pytest.approx(np.mean(moves, axis=0)[:, 1, 0].mean(), abs=1e-9)


def test_profiles_move_in_the_group_they_name(draws, parameters):
    profiles = pd.DataFrame({"participation": [1.0, 9.0], "group": ["G2", "G4"]}, index=["low", "high"])
    table = bl.transition_probabilities(draws, profiles)
    for name, (participation, group) in zip(profiles.index, profiles.itertuples(index=False), strict=True):
        moves = moves_of(parameters, participation, group)
        for c, d in np.ndindex(K, K):
            row = table.loc[(name, "group", group, "all steps", f"C{c + 1}", f"C{d + 1}")]
            assert row["mean"] == pytest.approx(moves[:, c, d].mean(), abs=1e-9)


def test_a_new_group_is_wider_than_an_average_one_and_the_same_in_every_row(draws, parameters):
    profiles = pd.DataFrame({"participation": [1.0, 9.0]}, index=["low", "high"])
    new = bl.transition_probabilities(draws, profiles, group="new", seed=3)
    again = bl.transition_probabilities(draws, profiles, group="new", seed=3)
    pd.testing.assert_frame_equal(new, again)
    average = moves_of(parameters, 1.0, None)[:, 0, 0]
    row = new.loc[("low", "group", "a new group", "all steps", "C1", "C1")]
    assert row["sd"] > average.std(ddof=1)
    assert "a new group" in new.note


def test_an_interaction_with_a_transformation_is_encoded_as_it_was_fitted(draws):
    """Rows of persons at the average participation move as an average group's tau says, all groups together."""
    profiles = pd.DataFrame({"participation": [draws["encoding"]["transition_design_center"].item()]})
    table = bl.transition_probabilities(draws, profiles)
    effects = draws["posterior"]["transition_group_effect"]
    tau = draws["posterior"]["transition_logit"]
    for group in ("G1", "G5"):
        logits = tau + effects.sel(transition_group=group).rename(latent_class="other_class")
        expected = softmax(logits.transpose("chain", "draw", "latent_class", "other_class").to_numpy(), axis=-1)
        rows = table.xs(group, level="group")["mean"].to_numpy()[-K * K :]
        np.testing.assert_allclose(rows, expected.mean(axis=(0, 1)).ravel(), atol=1e-9)


def test_sizes_stayers_and_moves_follow_everybody_through(draws, parameters, by_person):
    share = parameters["share"]
    sizes, moves, always = [share], {}, None
    for step, name in enumerate(STEPS):
        of_persons, stay = [], []
        for steps in by_person:
            if len(steps) <= step:
                continue
            here = share
            for before in steps[:step]:
                here = np.einsum("sc,scd->sd", here, before)
            of_persons.append(here[:, :, None] * steps[step])
            stay.append(share * np.prod([np.einsum("scc->sc", each) for each in steps[: step + 1]], axis=0))
        moves[name] = np.mean(of_persons, axis=0)
        sizes.append(moves[name].sum(axis=1))
        always = np.mean(stay, axis=0)
    table = bl.class_sizes(draws)
    for wave, size in zip(WAVES, sizes, strict=True):
        np.testing.assert_allclose(table.loc[wave, "mean"], size.mean(axis=0), atol=1e-9)
        np.testing.assert_allclose(table.loc[wave, "upper"], np.quantile(size, 0.975, axis=0), atol=1e-9)
    table = bl.stayers_and_movers(draws)
    for name in STEPS:
        stayed = np.einsum("scc->s", moves[name])
        assert table.loc[(name, "stayed"), "mean"] == pytest.approx(stayed.mean(), abs=1e-9)
        assert table.loc[(name, "moved"), "lower"] == pytest.approx(np.quantile(1 - stayed, 0.025), abs=1e-9)
        assert table.loc[(name, "C2 to C1"), "mean"] == pytest.approx(moves[name][:, 1, 0].mean(), abs=1e-9)
    assert table.loc[("all waves", "always C2"), "mean"] == pytest.approx(always[:, 1].mean(), abs=1e-9)
    assert table.loc[("all waves", "stayed"), "mean"] == pytest.approx(always.sum(axis=1).mean(), abs=1e-9)


def paths_of_person(person, parameters, steps):
    """Probability of every path given all answers, {path: (draw,)}."""
    density = np.ones((3, len(parameters["share"]), K))  # (wave, draw, class)
    for wave, row in person.items():
        for j, item in enumerate(ITEMS):
            if not pd.isna(row[item]):
                density[wave - 1] *= parameters["rho"][:, :, j, LEVELS.index(row[item])]
    steps = [*steps, *[np.broadcast_to(np.eye(K) + np.nan, (1, K, K))] * (2 - len(steps))]
    n_waves = max(person)
    joint = {}
    for path in product(range(K), repeat=n_waves):
        value = parameters["share"][:, path[0]] * density[0][:, path[0]]
        for wave in range(1, n_waves):
            value = value * steps[wave - 1][:, path[wave - 1], path[wave]] * density[wave][:, path[wave]]
        joint[path] = value
    total = sum(joint.values())
    return {path: value / total for path, value in joint.items()}


def test_membership_at_every_wave_is_the_sum_over_all_paths(draws, persons, parameters, by_person):
    table = bl.membership(draws)
    assert table.index.names == ["respondent", "wave"]
    assert len(table) == N * 3
    for place in range(0, N, 7):
        person = persons[place]
        probability = paths_of_person(person, parameters, by_person[place])
        for wave in range(1, max(person) + 1):
            of_first = sum(value for path, value in probability.items() if path[wave - 1] == 0)
            row = table.loc[(place + 1, str(wave))]
            assert row["C1"] == pytest.approx(of_first.mean(), abs=1e-5)
            assert row["seen"] == (wave in person)
            modal = of_first if of_first.mean() > 0.5 else 1 - of_first
            assert row["certainty_lower"] == pytest.approx(np.quantile(modal, 0.025), abs=1e-5)


def test_the_most_likely_path_is_that_of_all_paths(draws, persons, parameters, by_person):
    table = bl.most_likely_paths(draws)
    assert len(table) == N
    for place in range(0, N, 5):
        person = persons[place]
        if max(person) < 3:
            continue
        probability = paths_of_person(person, parameters, by_person[place])
        best = max(probability.items(), key=lambda pair: pair[1].mean())
        row = table.loc[place + 1]
        shown = tuple(int(name[1:]) - 1 for name in row["path"].split())
        assert row["certainty"] == pytest.approx(probability[shown].mean(), abs=1e-6)
        assert row["certainty_lower"] == pytest.approx(np.quantile(probability[shown], 0.025), abs=1e-6)
        assert probability[shown].mean() > best[1].mean() - 0.05
        assert row["n_moves"] == sum(before != after for before, after in pairwise(shown))
        assert row["waves_seen"] == len(person)


def test_odds_ratios_of_moving_are_contrasts_of_slopes(draws, parameters):
    table = bl.transition_odds_ratios(draws, reference="C2")
    log_odds = parameters["slope"][:, 0] - parameters["slope"][:, 1]
    row = table.loc[("C1 vs C2", "participation")]
    assert row["log_odds"] == pytest.approx(log_odds.mean())
    assert row["odds_ratio"] == pytest.approx(np.exp(np.median(log_odds)))
    assert row["probability_of_direction"] == pytest.approx(max((log_odds > 0).mean(), (log_odds <= 0).mean()))
    np.testing.assert_allclose(row[["lower", "upper"]].astype(float), np.exp(np.quantile(log_odds, [0.025, 0.975])))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"group": "all"}, "group='all': choose"),
        ({"profiles": pd.DataFrame({"age": [1]})}, "lack covariate"),
        ({"profiles": pd.DataFrame({"participation": [1.0], "group": ["G9"]})}, "'G9' of 'group' in 1 of 1 profiles"),
        ({"average_over": "rest"}, "has no profiles to complete"),
        ({"ci_prob": 2}, "ci_prob=2"),
    ],
)
def test_what_transition_probabilities_refuse(draws, options, words):
    with pytest.raises(ValueError, match=words):
        bl.transition_probabilities(draws, **options)


def test_the_picture_shows_every_wave_and_every_move(draws):
    fig = bl.plot_transitions(draws)
    flow, *moves = fig.axes
    assert len(moves) == K
    texts = " ".join(text.get_text() for text in flow.texts)
    sizes = bl.class_sizes(draws)["mean"]
    for wave in WAVES:
        assert f"wave {wave}" in texts
        assert f"{100 * sizes[wave, 'C1']:.0f} %" in texts
    assert [ax.get_title(loc="left") for ax in moves] == ["from C1", "from C2"]
    row = bl.transition_probabilities(draws).loc[("overall", "these 5 groups", "all steps", "C1", "C2")]
    assert f"{row['mean']:.2f} ({row['lower']:.2f}–{row['upper']:.2f})" in [text.get_text() for text in moves[0].texts]
    heights = [patch.get_height() for patch in flow.patches if hasattr(patch, "get_height")]
    np.testing.assert_allclose(sorted(heights), sorted(sizes), atol=1e-9)


def test_groups_of_transitions_are_among_the_random_intercepts(draws, persons):
    table = bl.random_intercepts(draws)
    effect = draws["posterior"]["transition_group_effect"]
    moves = sum(max(person) - 1 for person in persons if max(person) > 1 and person[min(person)]["group"] == "G2")
    row = table.loc[("transition_group", "G2", "C1")]
    assert row["n"] == moves
    assert row["mean"] == pytest.approx(float(effect.sel(transition_group="G2", latent_class="C1").mean()))
    sd = draws["posterior"]["transition_group_sd"]
    spread = np.sqrt((sd**2).sum("latent_class"))
    heterogeneity = bl.heterogeneity(draws).loc[("transition_group", "C2 vs C1")]
    assert heterogeneity["groups"] == 5
    assert heterogeneity["sd"] == pytest.approx(float(spread.median()))
    assert len(bl.plot_random_intercepts(draws, grouping="transition_group").axes) == K


def test_sizes_say_how_many_persons_each_wave_is_averaged_over(draws, persons):
    n = [sum(max(person) >= wave for person in persons) for wave in (1, 2, 3)]
    note = f"shares of the persons seen at a wave or later: {n[0]} at wave 1, {n[1]} at wave 2, {n[2]} at wave 3"
    assert note in bl.class_sizes(draws).note


def test_membership_joins_the_long_frame_by_person_and_wave(draws):
    long, table = bl.example_waves(), bl.membership(draws)
    keyed = long.assign(wave=long["wave"].astype(str))
    joined = keyed.merge(table.reset_index(), left_on=["person", "wave"], right_on=["respondent", "wave"])
    assert joined["seen"].all()
    assert len(joined) == len(long)
    assert joined[["person", "wave"]].equals(keyed[["person", "wave"]])


def test_steps_without_moves_of_a_group_do_not_count_for_it():
    values = np.array([0.7, 0.9])[:, None, None, None]  # (draw, target, origin, destination)
    parts = (values * np.nan, 0, 0.0), (values, 5, 10.0), (values / 2, 15, 6.0)  # a move counts for its person's weight
    moves = [_Moves(pd.DataFrame(index=[0]), part, np.array([n]), np.array([weight])) for part, n, weight in parts]
    both = _all_steps(moves)
    assert (both.n.tolist(), both.weight.tolist()) == ([20], [16.0])
    np.testing.assert_allclose(both.values, (10 + 6 / 2) / 16 * values)


def test_paths_of_many_waves_are_told_apart():
    path = np.random.default_rng(1).integers(0, 3, size=(70, 4))  # (wave, pattern), more than 64 bits
    other = path.copy()
    other[0] = (path[0] + 1) % 3
    number = _numbered(np.stack([path, other, path], axis=1), 3)
    assert (number[0] == number[2]).all()
    assert (number[0] != number[1]).all()


def test_a_low_picture_is_drawn(draws):
    assert len(bl.plot_transitions(draws, figsize=(6, 1)).axes) == 1 + K


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (bl.class_sizes, "class sizes at every wave: needs the rows of the 150 respondents"),
        (bl.random_intercepts, "how many move in each group: needs the rows"),
        (lambda fit: bl.membership(fit, bl.example_waves()), "covariates of the transitions: needs the rows"),
    ],
)
def test_what_needs_the_persons_says_what_for(draws, tmp_path, ask, what):
    bl.save(draws, tmp_path / "fit.nc", respondents=False)
    with pytest.raises(ValueError, match=what):
        ask(bl.load(tmp_path / "fit.nc"))


def test_names_of_several_lines_cover_no_bar_and_no_heading(draws):
    named = bl.name_classes(draws, {"C1": "Opportunity hoarders", "C2": "Excluded from training"})
    figure = bl.plot_transitions(named)
    figure.canvas.draw()
    ax = figure.axes[0]
    names = [text.get_window_extent() for text in ax.texts if "%" in text.get_text() and "\n" in text.get_text()]
    headings = [text.get_window_extent() for text in ax.texts if text.get_text().startswith("wave ")]
    bars = [patch.get_window_extent() for patch in ax.patches if isinstance(patch, Rectangle)]
    assert len(names) == K
    assert len(headings) == len(WAVES)
    assert len(bars) == K * len(WAVES)
    assert not any(name.overlaps(other) for name in names for other in headings + bars)


def test_lines_of_a_note_stay_lines_below_a_picture(draws):
    note = bl.class_sizes(draws).attrs["note"].split("\n")
    assert len(note) == 2
    assert bl.plot_profiles(draws, figsize=(30, 3)).get_supxlabel().split("\n") == [
        note[0],
        f"{note[1]}; class sizes in % of respondents",
    ]
