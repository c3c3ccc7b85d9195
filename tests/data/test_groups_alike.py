"""Groups whose respondents all gave the same answers are named, others are not."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

import bayes_lca as bl
from bayes_lca.calibration.regimes.designs import REGIMES
from bayes_lca.data.grouping import Grouping
from bayes_lca.data.groups_alike import warn_of_groups_that_answer_alike
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.datasets.simulate import simulate_latent_classes
from bayes_lca.datasets.simulate_waves import simulate_waves


def warned(codes, index, n_groups, membership=None):
    """What is said of groups, by default where there is one class."""
    grouping = Grouping("site", tuple(f"S{g}" for g in range(n_groups)), np.asarray(index))
    answers = unique_rows(codes)
    membership = np.ones((len(codes), 1)) if membership is None else membership
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_groups_that_answer_alike(codes, answers.pattern, membership[answers.first], [grouping], stacklevel=2)
    return [str(each.message) for each in caught]


def made_up(n_alike=12, n_items=5, n_others=60):
    """The first site answers alike, two others do not."""
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 3, (n_alike + n_others, n_items))
    codes[:n_alike] = 1
    return codes, np.r_[np.zeros(n_alike, dtype=int), 1 + np.arange(n_others) % 2]


def test_a_group_that_answers_alike_is_named():
    (told,) = warned(*made_up(), 3)
    assert "all respondents of S0 (12 respondents, 5 items) in 'site' gave the same answers" in told


def test_rows_may_stand_in_any_order():
    codes, index = made_up()
    order = np.random.default_rng(1).permutation(len(index))
    assert warned(codes[order], index[order], 3) == warned(codes, index, 3)


@pytest.mark.parametrize("few", [{"n_alike": 9}, {"n_items": 3}])
def test_few_respondents_or_items_may_agree(few):
    assert not warned(*made_up(**few), 3)


def test_one_other_answer_is_enough():
    codes, index = made_up()
    codes[4, 2] = 0
    assert not warned(codes, index, 3)


def test_missing_answers_are_no_answers():
    codes, index = made_up()
    codes[:12, 2] = -1
    assert "(12 respondents, 4 items)" in warned(codes, index, 3)[0]
    codes[:12] = -1
    assert not warned(codes, index, 3)


@pytest.mark.parametrize(("share", "n_told"), [(0.5, 1), (0.6, 0)])
def test_answers_that_most_others_gave_too_are_no_wonder(share, n_told):
    """3 (30.5 / 61)^12 is .0007, and 3 (36.6 / 61)^12 is .007."""
    codes, index = made_up()
    codes[12:][codes[12:, 0] == 1, 0] = 0
    codes[12 : 12 + int(share * 60)] = 1
    assert len(warned(codes, index, 3)) == n_told


def test_a_group_may_lie_in_a_class_that_answers_alike():
    """Of other groups a fifth gave these answers, who are nine in ten of their class."""
    codes, index = made_up()
    codes[12:][codes[12:, 0] == 1, 0] = 0
    codes[12:24] = 1
    in_class = (codes == 1).all(axis=1).astype(float)
    in_class[24] = 1.0
    assert warned(codes, index, 3)
    assert not warned(codes, index, 3, np.stack([in_class, 1 - in_class], axis=1))


def test_groups_that_differ_much_are_seldom_named():
    """40 sites of 15, a class of 20 % whose share differs by 1.5 on the logit, and hardly any error in six answers."""
    n_named = 0
    for seed in range(20):
        frame, truth = simulate_latent_classes(
            600, [0.8, 0.2], np.array([[[0.98, 0.02]] * 6, [[0.02, 0.98]] * 6]), seed, n_groups=40, group_sd=1.5
        )
        codes = np.stack([frame[f"item{j}"].cat.codes for j in range(1, 7)], axis=1)
        index = frame["group"].cat.codes.to_numpy().astype(int)
        n_named += len(warned(codes, index, 40, np.eye(2)[truth.latent_class]))
    assert n_named == 0


def test_a_survey_of_one_group_has_nothing_to_compare_with():
    assert not warned(np.ones((20, 5), dtype=int), np.zeros(20, dtype=int), 1)


def alone(agreeing, n_alike=12, n_others=60):
    """A site whose answers nobody else gave, in a class to itself; of the others some gave one answer to all items."""
    codes, index = made_up(n_alike, n_others=n_others)
    codes[n_alike:][codes[n_alike:, 0] == 1, 0] = 0
    codes[n_alike : n_alike + agreeing] = 2
    return codes, index, 3, np.eye(2)[(index > 0).astype(int)]


@pytest.mark.parametrize(("agreeing", "n_told"), [(30, 1), (48, 0)])
def test_a_class_of_its_own_agrees_as_other_classes_do(agreeing, n_told):
    """3 (30 / 60)^12 is .0007, and 3 (48 / 60)^12 is .2: there a class may well have hardly any error."""
    assert len(warned(*alone(agreeing))) == n_told


def test_a_class_is_told_from_others_only_by_as_many_as_the_site_has():
    """Eleven of the others are a class without error, and in all classes together few agree."""
    codes, index, n_groups, _ = alone(11)
    membership = np.eye(3)[np.where(index == 0, 0, 1 + (codes == 2).all(axis=1))]
    assert warned(codes, index, n_groups, membership)
    codes[12 + 11] = 2
    membership[12 + 11] = [0, 0, 1]
    assert not warned(codes, index, n_groups, membership)


def test_strays_in_a_class_of_its_own_hardly_count_against_it():
    """Two of the others are in the class of the site, with other answers: 3 (12 (48 / 58) / 14)^12 is .05."""
    codes, index, n_groups, membership = alone(48)
    membership[-2:] = [1, 0]
    assert not warned(codes, index, n_groups, membership)


@pytest.mark.parametrize(("n_same", "n_told"), [(1, 1), (6, 0)])
def test_others_with_the_same_answers_in_a_class_of_its_own_count_in_full(n_same, n_told):
    """3 ((12 / 59 + 1) / 2)^20 is .0001, and 3 ((12 / 54 + 6) / 7)^20 is .28."""
    codes, index, n_groups, membership = alone(12, n_alike=20)
    codes[-n_same:], membership[-n_same:] = 1, [1, 0]
    assert len(warned(codes, index, n_groups, membership)) == n_told


def test_two_sites_that_answer_alike_do_not_excuse_each_other():
    codes, index = made_up()
    codes[12:][codes[12:, 0] == 1, 0] = 0
    codes = np.concatenate([codes, codes[:12]])
    index = np.r_[index, np.full(12, 3)]
    of_sites = (codes == 1).all(axis=1).astype(int)
    (told,) = warned(codes, index, 4, np.eye(2)[of_sites])
    assert "S0 (12 respondents, 5 items), S3 (12 respondents, 5 items)" in told


def test_answers_are_the_same_in_sets_of_profiles_of_their_own():
    """Eight in nine of three populations gave them, so that 12 who all did are no wonder, whatever their population."""
    codes, index = made_up(n_others=90)
    codes[12:][np.arange(90) % 9 > 0] = 1
    population = np.arange(102) % 3
    answers = unique_rows(codes, population)
    grouping = Grouping("site", ("S0", "S1", "S2"), index)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_groups_that_answer_alike(
            codes, answers.pattern, np.ones((len(answers.first), 1)), [grouping], stacklevel=2
        )


def with_sites_alike(sites, seed, category=4):
    """600 respondents of 12 sites and three classes; some sites gave an answer to all items that is no class's."""
    regime = REGIMES[0]
    frame, _ = regime.simulate(seed)
    for item in regime.item_names:
        frame[item] = frame[item].cat.add_categories([4])
    frame.loc[frame["group"].isin(sites), regime.item_names] = category
    return frame, regime


def told_of(model, frame):
    """What is said of groups when a frame is read."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.prepare(frame)
    return [str(each.message) for each in caught if each.category is bl.GroupAnswersAlikeWarning]


@pytest.mark.parametrize("sites", [["G1"], ["G1", "G2"]], ids=len)
@pytest.mark.parametrize("n_classes", [3, 4])
def test_answers_that_nobody_else_gave_are_told_though_they_make_a_class(n_classes, sites):
    frame, regime = with_sites_alike(sites, seed=7)
    model = replace(regime.model, n_classes=n_classes)
    named = ", ".join(f"{site} (50 respondents, 6 items)" for site in sites)
    (told,) = told_of(model, frame)
    assert f"all respondents of {named} in 'group'" in told
    assert not told_of(model, frame[~frame["group"].isin(sites)])


@pytest.mark.parametrize("profiles", ["equal", "free"])
def test_group_classes_tell_too(profiles):
    frame, regime = with_sites_alike(["G1"], seed=7)
    model = bl.LatentClass(3, bl.Items(regime.item_names), bl.GroupClasses(2, "group", profiles=profiles))
    (told,) = told_of(model, frame)
    assert "G1 (50 respondents, 6 items)" in told


@pytest.mark.parametrize(
    "parts",
    [{"initial": bl.Regression("~ (1 | group)")}, {"transition": bl.Transition("~ (1 | group)")}],
    ids=["initial", "transition"],
)
def test_a_group_at_one_wave_is_told(parts):
    """Persons are few, and a group of 20 that all agree at the second wave is not at the first."""
    answers = np.array([[[0.75, 0.2, 0.05]] * 5, [[0.2, 0.75, 0.05]] * 5])
    waves, _ = simulate_waves(
        *(160, [0.6, 0.4], [[0.85, 0.15], [0.25, 0.75]], answers, 3), n_waves=2, n_groups=8, missed_rate=0.1
    )
    model = bl.LatentTransition(2, bl.Items([f"item{j}" for j in range(1, 6)]), "person", "wave", **parts)
    assert not told_of(model, waves)
    of_site = (waves["group"] == "G3") & (waves["wave"] == 2)
    waves.loc[of_site, [f"item{j}" for j in range(1, 6)]] = 3
    (told,) = told_of(model, waves)
    assert f"all respondents of G3 at wave 2 ({of_site.sum()} respondents, 5 items) in 'group'" in told


def test_the_model_tells_before_sampling():
    regime = next(each for each in REGIMES if each.alike)
    frame, _ = regime.simulate(5)
    n = int((frame["group"] == "G1").sum())
    with pytest.warns(bl.GroupAnswersAlikeWarning, match=rf"respondents of G1 \({n} respondents, 6 items\) in 'group'"):
        regime.model.prepare(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regime.model.prepare(frame[frame["group"] != "G1"])
