"""The ladder of estimators on a small survey: same rows, same classes, kept on disk."""

from functools import wraps

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

import bayes_lca as bl
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.models import AssignedClass, LatentClass, Multinomial
from bayes_lca.sampling import fit_or_load
from bayes_lca.workflows.ladder import estimators

pytestmark = pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")
RUNGS = ["modal, single-level", "modal, multilevel", "BCH", "three-step", "two-step", "joint"]
OPTIONS = {"measurement_draws": 40, "draws": 200, "tune": 200, "seed": 3, "progressbar": False, "until": None}


def test_one_row_for_every_contrast_term_and_estimator(ladder):
    fits, _ = ladder
    assert list(fits) == ["measured", *RUNGS]
    table = bl.compare_estimators(fits=fits)
    assert list(table.index) == [("C2 vs C1", "x", name) for name in RUNGS]
    assert (table["lower"] < table["odds_ratio"]).all() and (table["odds_ratio"] < table["upper"]).all()
    assert table.note.count("n = 400") == len(RUNGS)


def test_modal_class_attenuates_the_slope(ladder):
    slope = bl.compare_estimators(fits=ladder[0])["log_odds"].xs("C2 vs C1").xs("x").abs()
    assert slope["modal, single-level"] < slope[["BCH", "three-step", "two-step", "joint"]].min()


def test_other_reference_turns_every_estimator_round(ladder):
    forward = bl.compare_estimators(fits=ladder[0], reference="C1").droplevel("contrast")
    backward = bl.compare_estimators(fits=ladder[0], reference="C2").droplevel("contrast")
    np.testing.assert_allclose(forward["log_odds"], -backward["log_odds"], rtol=1e-9)
    np.testing.assert_allclose(forward["lower"], 1 / backward["upper"], rtol=1e-9)
    narrow = bl.compare_estimators(fits=ladder[0], reference="C1", ci_prob=0.5).droplevel("contrast")
    assert (narrow["upper"] < forward["upper"]).all()


def test_kept_fits_are_read_and_not_sampled_again(ladder, survey, nested, monkeypatch):
    fits, out = ladder

    def refusing(sample):
        @wraps(sample)  # with its defaults, which belong to what is kept
        def refuse(*_, **__):
            raise AssertionError("sampled again")

        return refuse

    for module in (estimators, fit_or_load):
        monkeypatch.setattr(module, "fit", refusing(bl.fit))
    monkeypatch.setattr(estimators, "fit_two_step", refusing(bl.fit_two_step))
    with pytest.warns(UserWarning):
        again = bl.fit_estimators(nested, survey, out=out, **OPTIONS)
    for name in ("measured", "two-step", "joint"):
        assert again[name]["posterior"].identical(fits[name]["posterior"])


def test_error_matrix_is_the_one_counted_by_hand(ladder):
    measured = ladder[0]["measured"]
    table = bl.membership(measured)
    error = bl.modal_class_of(measured).probability[:, 0]
    for c, true in enumerate(["C1", "C2"]):
        for w, assigned in enumerate(["C1", "C2"]):
            mass = table.loc[table["modal_class"] == assigned, true].sum() / table[true].sum()
            assert error[c, w] == pytest.approx(mass, abs=1e-6)


def test_assigned_class_has_the_likelihood_of_a_slow_loop(ladder, survey):
    known = bl.answers_of(ladder[0]["measured"])
    draws = bl.fit(
        AssignedClass(known, bl.Regression("~ x")), survey, draws=20, tune=100, until=None, progressbar=False
    )
    posterior = draws["posterior"].isel(chain=0, draw=7)
    share = softmax(posterior["intercept"].to_numpy() + np.outer(survey["x"], posterior["slope"].to_numpy()[0]), axis=1)
    expected = []
    for row in range(len(survey)):
        log_joint = np.log(share[row])
        for j, item in enumerate("abcd"):
            answer = survey[item].iloc[row]
            if answer is not None and str(answer) != "<NA>":
                log_joint = log_joint + np.log(known.probability[:, j, int(answer)])
        expected.append(logsumexp(log_joint))
    found = draws["log_likelihood"]["answers"].isel(chain=0, draw=7).to_numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_category_without_known_probability_is_refused(ladder, survey):
    survey = survey.copy()
    survey.loc[[0, 5, 9], "b"] = 2
    with pytest.raises(ValueError, match=r"'b' is '2' in 3 of 400 rows"):
        bl.answers_of(ladder[0]["measured"]).read(survey)


def test_what_cannot_be_compared_is_refused(ladder, survey, nested):
    fits = {name: result for name, result in ladder[0].items() if name != "measured"}
    with pytest.raises(ValueError, match="without 'measured', whose classes they share"):
        bl.compare_estimators(fits=fits)
    with pytest.raises(ValueError, match="and nothing else"):
        bl.compare_estimators(nested, survey, fits=ladder[0])
    with pytest.raises(ValueError, match="reference='C9' is not a class"):
        bl.compare_estimators(fits=ladder[0], reference="C9")


def test_wrong_calls_are_refused_before_sampling(ladder, survey, nested):
    with pytest.raises(TypeError, match=r"is of type Multinomial, and no latent class regression; give the joint"):
        bl.fit_estimators(Multinomial("y", nested.structural), survey)
    with pytest.raises(ValueError, match="choose from"):
        bl.fit_estimators(nested, survey, estimators=["four-step"])
    with pytest.raises(ValueError, match="no groups"):
        bl.fit_estimators(LatentClass(2, nested.measurement, bl.Regression("~ x")), survey)
    with pytest.raises(ValueError, match="100 of 400 respondents"):
        strangers = survey.set_axis([*range(300), *range(1000, 1100)])
        bl.fit_estimators(nested, strangers, measured=ladder[0]["measured"], estimators=["BCH"])


def test_estimator_without_a_maximum_is_named_and_left_out(ladder, survey, nested, monkeypatch):
    def fail(*_, **__):
        raise NoMaximumError("no finite maximum")

    monkeypatch.setattr(estimators, "stepwise_odds_ratios", fail)
    with pytest.warns(UserWarning, match="BCH is left out"):
        fits = bl.fit_estimators(nested, survey, measured=ladder[0]["measured"], estimators=["BCH"])
    assert list(fits) == ["measured"]


def test_paragraph_has_the_numbers_of_the_tables(ladder):
    fits, _ = ladder
    words = bl.nesting_in_words(fits["modal, single-level"], fits["modal, multilevel"], fits["joint"])
    factor = bl.heterogeneity(fits["joint"])["median_odds_ratio"].iloc[0]
    assert f"median factor of {factor:.2f}" in words and "n = 400" in words


def test_fits_of_other_respondents_are_not_put_in_words(ladder, survey):
    fits, _ = ladder
    frame = survey.assign(modal_class=bl.membership(fits["measured"])["modal_class"].to_numpy())[:350]
    short = {"draws": 60, "tune": 60, "chains": 2, "progressbar": False, "until": None}
    fewer = bl.fit(Multinomial("modal_class", bl.Regression("~ x")), frame, **short)
    with pytest.raises(ValueError, match="single-level fit rests on 350 respondents, the multilevel fit on 400"):
        bl.nesting_in_words(fewer, fits["modal, multilevel"])


def test_fit_with_several_modes_is_left_out_by_name(ladder):
    fits = dict(ladder[0])
    fits["joint"] = fits["joint"].copy()
    fits["joint"].attrs["chain_modes"] = "[0, 1, 1, 1]"
    with (
        pytest.warns(UserWarning, match="joint is left out: the chains of this fit stayed in 2 different modes"),
        pytest.warns(UserWarning, match="not checked whether covariates bend the classes"),
    ):
        table = bl.compare_estimators(fits=fits)
    assert list(table.index.unique("estimator")) == RUNGS[:-1]


def test_standard_errors_of_other_respondents_are_refused(ladder, survey, nested):
    with pytest.raises(ValueError, match="400 of 400 respondents are not among the 400"):
        bl.stepwise_odds_ratios(ladder[0]["measured"], bl.Regression("~ x"), survey.set_axis(range(1000, 1400)))
