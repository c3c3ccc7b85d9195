"""Groups whose respondents all gave the same answers are named, others are not."""

import warnings

import numpy as np
import pytest

import bayes_lca as bl
from bayes_lca.calibration.regimes.designs import REGIMES
from bayes_lca.data.grouping import Grouping
from bayes_lca.data.groups_alike import warn_of_groups_that_answer_alike
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.datasets.simulate import simulate_latent_classes


def warned(codes, index, n_groups, membership=None):
    """What is said of groups, by default where there is one class."""
    grouping = Grouping("site", tuple(f"S{g}" for g in range(n_groups)), np.asarray(index))
    answers = unique_rows(codes)
    membership = np.ones((len(codes), 1)) if membership is None else membership
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_groups_that_answer_alike(codes, answers, membership[answers.first], [grouping])
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
    """3 (31 / 61)^12 is .0009, and 3 (37 / 61)^12 is .007."""
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


def test_the_model_tells_before_sampling():
    regime = next(each for each in REGIMES if each.alike)
    frame, _ = regime.simulate(5)
    n = int((frame["group"] == "G1").sum())
    with pytest.warns(bl.GroupAnswersAlikeWarning, match=rf"respondents of G1 \({n} respondents, 6 items\) in 'group'"):
        regime.model.prepare(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regime.model.prepare(frame[frame["group"] != "G1"])
