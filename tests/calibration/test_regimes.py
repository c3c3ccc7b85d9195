"""Hard regimes: each survey is hard in the way it says, and alarms are counted for what they are."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayes_lca.calibration.kit.running import run_study
from bayes_lca.calibration.regimes import replicates, study
from bayes_lca.calibration.regimes.designs import EASY, REGIMES, Regime
from bayes_lca.calibration.regimes.plot import plot_regimes
from bayes_lca.calibration.regimes.rates import alarm_rates, coverage_rates
from bayes_lca.calibration.regimes.replicates import run_replicate
from bayes_lca.calibration.regimes.study import RegimeStudy
from bayes_lca.models import LatentClass


def regime(name):
    return next(each for each in REGIMES if each.name == name)


def test_names_are_different_and_the_first_is_easy():
    names = [each.name for each in REGIMES]
    assert names[0] == EASY
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("each", REGIMES, ids=lambda each: each.name)
def test_answers_have_probabilities(each):
    assert each.item_probability.shape == (len(each.class_share), each.n_items, each.n_categories)
    np.testing.assert_allclose(each.item_probability.sum(axis=2), 1)
    assert (each.item_probability > 0).all()


def test_a_scale_is_that_of_cumulative_logits():
    at_least = regime("seven categories").item_probability[:, 0, ::-1].cumsum(axis=1)[:, :-1]
    logits = np.log(at_least / (1 - at_least))
    np.testing.assert_allclose(logits - logits[1], np.array([[-2.0], [0.0], [2.0]]) * np.ones(6))


def test_each_is_asked_as_many_items_as_it_says():
    hard = regime("3 of 12 items asked of each")
    frame, _ = hard.simulate(seed=2)
    assert (frame[hard.item_names].notna().sum(axis=1) == 3).all()
    assert frame[hard.item_names].notna().mean().between(0.2, 0.3).all()


def test_only_one_class_has_the_mark():
    frame, truth = regime("a covariate that only one class has").simulate(seed=2)
    has = frame["mark"].to_numpy() == 1
    assert (truth.latent_class[has] == 2).all()
    assert 0.8 < has[truth.latent_class == 2].mean() < 1


def test_the_truth_of_shares_is_given_the_mark():
    """Of all respondents, weighed by how likely each class is to have or to lack the mark."""
    frame, truth = regime("a covariate that only one class has").simulate(seed=2)
    plain = Regime("a covariate that only one class has").simulate(seed=2)[1].class_probability
    by_hand = [
        np.array([0, 0, 1]) if has else row * [1, 1, 0.1] / (row * [1, 1, 0.1]).sum()
        for has, row in zip(frame["mark"], plain, strict=True)
    ]
    np.testing.assert_allclose(truth.class_probability, by_hand)
    np.testing.assert_allclose(truth.class_share, np.mean(by_hand, axis=0))
    assert abs(truth.class_share[2] - frame["mark"].mean() - (plain[:, 2] * 0.1).mean()) < 0.01


@pytest.mark.parametrize("each", [each for each in REGIMES if not each.separated], ids=lambda each: each.name)
def test_the_truth_of_other_shares_is_the_mean_given_covariate_and_group(each):
    _, truth = each.simulate(seed=2)
    np.testing.assert_allclose(truth.class_share, truth.class_probability.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(truth.class_share, each.class_share)


def test_one_group_answers_alike_and_the_others_do_not():
    hard = regime("a group that answers alike")
    frame, _ = hard.simulate(seed=2)
    distinct = frame.groupby("group", observed=True)[hard.item_names].apply(lambda rows: len(rows.drop_duplicates()))
    assert distinct["G1"] == 1
    assert (distinct.drop("G1") > 10).all()


EQUAL = {"class share": 1 / 3, "answer": 1 / 2, "slope": 0.0, "group SD": 0.0}
"""Where nothing differs between classes, or between answers."""


def intervals_of(name, replicate, missed=(), moved=()):
    """Ten intervals of shares, slopes, SDs and answers: some miss the truth, and some estimates are moved up by .1."""
    truths = {
        "class share": [(1, 0.5), (2, 0.3), (3, 0.2)],
        "slope": [(2, 0.5), (3, -0.5)],
        "group SD": [(1, 0.5), (2, 0.5), (3, 0.5)],
        "answer": [(1, 0.7), (1, 0.3), (2, 0.5), (2, 0.5)],
    }
    for what, of_classes in truths.items():
        for number, (latent_class, truth) in enumerate(of_classes):
            place = f"{what} {number + 1}"
            yield {
                **{"regime": name, "replicate": replicate, "what": what, "latent_class": latent_class, "truth": truth},
                "estimate": truth + 0.1 * (place in moved),
                "lower": truth - 1 + 2 * (place in missed),
                "upper": truth + 1 + 2 * (place in missed),
            }


def made_up():
    """Two surveys of two regimes: fits that are off in one sort each, or not; one was refused."""
    alike = "ConvergenceWarning GroupAnswersAlikeWarning"
    fits = pd.DataFrame(
        [
            {"regime": "a", "replicate": 0, "refused": "", "alarm": False, "warned": ""},
            {"regime": "a", "replicate": 1, "refused": "", "alarm": True, "warned": alike},
            {"regime": "b", "replicate": 0, "refused": "", "alarm": True, "warned": "ConvergenceWarning"},
            {"regime": "b", "replicate": 1, "refused": "too few"},
        ]
    ).assign(modes=[1, 2, 1, np.nan], divergences=[0, 0, 3, np.nan], max_r_hat=[1.0, 1.0, 1.2, np.nan])
    fits = fits.assign(min_ess=[100, 300, 50, np.nan], draws=[10, 10, 20, np.nan], seconds=[1, 2, 3, np.nan])
    pulled = ("class share 2", "slope 1", "slope 2", "answer 1")
    rows = [
        *intervals_of("a", 0, missed=("slope 1", "group SD 2"), moved=pulled),
        *intervals_of("a", 1, missed=("slope 2",), moved=pulled),
        *intervals_of("b", 0, missed=("answer 2",)),
    ]
    return pd.DataFrame(rows), fits


def test_alarms_are_false_or_missed():
    table = alarm_rates(*made_up()).set_index("regime")
    counted = ["data_sets", "refused", "fits", "off", "false_alarms", "missed_alarms", "several_modes", "divergent"]
    assert table.loc["a", counted].tolist() == [2, 0, 2, 1, 1, 1, 1, 0]
    assert table.loc["b", counted].tolist() == [2, 1, 1, 1, 0, 0, 0, 1]
    assert table["high_r_hat"].tolist() == [0, 1]
    assert table["min_ess"].tolist() == [200, 50]
    assert table["answers_alike"].tolist() == [1, 0]
    assert table["warned"].tolist() == ["1 ConvergenceWarning, 1 GroupAnswersAlikeWarning", "1 ConvergenceWarning"]


def test_two_of_eight_shares_slopes_and_sds_make_a_fit_off_among_any_number_of_answers():
    intervals, fits = made_up()
    is_answer = intervals["what"] == "answer"
    many = pd.concat([intervals, *[intervals[is_answer & (intervals["regime"] == "a")]] * 90], ignore_index=True)
    table = alarm_rates(many, fits).set_index("regime")
    assert table.loc["a", ["off", "off_structure", "off_answers"]].tolist() == [1, 1, 0]
    assert table.loc["b", ["off", "off_structure", "off_answers"]].tolist() == [1, 0, 1]


def test_surveys_that_were_all_refused_have_a_row():
    fits = pd.DataFrame([{"regime": "a", "replicate": 0, "refused": "too few"}])
    assert alarm_rates(pd.DataFrame([]), fits)[["data_sets", "refused", "fits"]].to_numpy().tolist() == [[1, 1, 0]]
    assert coverage_rates(pd.DataFrame([])).empty
    assert coverage_rates(pd.DataFrame([]), by_class=True).empty


def test_coverage_is_that_of_data_sets():
    intervals = made_up()[0]
    intervals.loc[(intervals["replicate"] == 1) & (intervals["what"] == "slope"), ["lower", "upper"]] = [-2.0, 2.0]
    table = coverage_rates(intervals).set_index(["regime", "what"])
    assert table.loc[("a", "slope"), ["replicates", "coverage", "width"]].tolist() == [2, 0.75, 3]
    assert table.loc[("a", "slope"), "coverage_se"] == pytest.approx(0.25)
    assert table.loc[("a", "answer"), "coverage"] == 1


def test_bias_is_positive_away_from_where_nothing_differs():
    """Of slopes .5 and -.5 that are both .1 too high one is too far from 0; all that shrink have a bias below 0."""
    table = coverage_rates(made_up()[0]).set_index(["regime", "what"])
    for what, bias in {"class share": -0.1 / 3, "slope": 0.0, "group SD": 0.0, "answer": 0.1 / 2}.items():
        assert table.loc[("a", what), "bias"] == pytest.approx(bias, abs=1e-12)
        assert table.loc[("b", what), "bias"] == pytest.approx(0, abs=1e-12)
    shrunk, _ = made_up()
    shrunk["estimate"] = shrunk["truth"] + 0.4 * (shrunk["what"].map(EQUAL) - shrunk["truth"])
    away = coverage_rates(shrunk).set_index(["regime", "what"])
    for what, bias in {"class share": -0.4 * (1 / 6 + 1 / 30 + 2 / 15) / 3, "slope": -0.2, "answer": -0.08}.items():
        assert away.loc[("a", what), "bias"] == pytest.approx(bias)


def test_classes_have_rows_of_their_own():
    table = coverage_rates(made_up()[0], by_class=True).set_index(["regime", "what", "latent_class"])
    assert table.loc[("a", "slope", 2), ["truth", "estimate", "coverage", "bias"]].tolist() == pytest.approx(
        [0.5, 0.6, 0.5, 0.1]
    )
    assert table.loc[("a", "slope", 3), ["truth", "estimate", "coverage", "bias"]].tolist() == pytest.approx(
        [-0.5, -0.4, 0.5, -0.1]
    )
    assert table.loc[("a", "class share", 2), ["truth", "estimate", "bias"]].tolist() == pytest.approx([0.3, 0.4, -0.1])
    assert [table.loc[("a", "group SD", latent_class), "coverage"] for latent_class in (1, 2, 3)] == [1, 0.5, 1]
    assert np.isnan(table.loc[("a", "answer", 1), "estimate"])
    assert np.isnan(table.loc[("a", "answer", 2), "bias"])  # which leans nowhere if both answers are equally likely


def test_the_picture_has_a_row_for_each_regime_and_a_panel_for_each_kind():
    figure = plot_regimes(coverage_rates(made_up()[0]))
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["Class share", "Slope", "Group SD", "Answer"]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["a", "b"]


def test_a_study_that_was_stopped_gives_the_same_tables(monkeypatch, tmp_path):
    intervals, fits = made_up()

    def cheap(each, replicate, *, seed):
        of_task = [rows[(rows["regime"] == each.name) & (rows["replicate"] == replicate)] for rows in (intervals, fits)]
        return dict(zip(("intervals", "fits"), (rows.to_dict("records") for rows in of_task), strict=True))

    monkeypatch.setattr(study, "run_replicate", cheap)
    regimes = (Regime("a", replicates=2), Regime("b", replicates=2))
    whole = run_study(RegimeStudy(regimes), tmp_path / "whole")
    run_study(RegimeStudy(tuple(replace(each, replicates=1) for each in regimes)), tmp_path / "stopped")
    pd.testing.assert_frame_equal(run_study(RegimeStudy(regimes), tmp_path / "stopped"), whole)
    for name in ("table.csv", "by_class.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes()


def test_a_survey_that_is_refused_is_told_from_a_fault_of_the_fit(monkeypatch):
    def prepares(self, frame):
        if len(frame) < 100:
            raise ValueError("too few")

    def faulty(*_, **__):
        raise ValueError("operands could not be broadcast")

    monkeypatch.setattr(LatentClass, "prepare", prepares)
    monkeypatch.setattr(replicates, "fit", faulty)
    assert run_replicate(Regime("few", n=80), 0, seed=1)["fits"][0]["refused"] == "too few"
    with pytest.raises(ValueError, match="broadcast"):
        run_replicate(Regime("enough", n=200), 0, seed=1)


def test_intervals_of_an_easy_survey_hold_most_truths():
    found = run_replicate(REGIMES[0], 0, seed=1)
    (fitted,) = found["fits"]
    assert fitted["refused"] == ""
    assert not fitted["alarm"]
    held = [row["lower"] <= row["truth"] <= row["upper"] for row in found["intervals"]]
    assert len(held) == 3 + 3 * 6 * 3 + 2 + 3
    classes = pd.DataFrame(found["intervals"]).groupby("what")["latent_class"].agg(["min", "max", "size"])
    assert classes.loc[["class share", "answer", "slope", "group SD"]].to_numpy().tolist() == [
        *([1, 3, 3], [1, 3, 54], [2, 3, 2], [1, 3, 3])
    ]
    assert np.mean(held) > 0.8
