"""Waves, outcomes, weights: data are what they say, rates and gates are those made by hand, a stopped study goes on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import expit

from bayes_lca.calibration.kit.error_rates import error_rates, judged
from bayes_lca.calibration.kit.running import run_study
from bayes_lca.calibration.waves_outcomes_weights import outcomes, study, waves, weights
from bayes_lca.calibration.waves_outcomes_weights.analyses import Analyses
from bayes_lca.calibration.waves_outcomes_weights.designs import DESIGNS
from bayes_lca.calibration.waves_outcomes_weights.gates import fit_table, gated_rates
from bayes_lca.calibration.waves_outcomes_weights.outcomes import CUT, OutcomesDesign
from bayes_lca.calibration.waves_outcomes_weights.replicates import run_replicate
from bayes_lca.calibration.waves_outcomes_weights.study import WavesOutcomesWeightsStudy
from bayes_lca.calibration.waves_outcomes_weights.waves import MULTILEVEL, SINGLE_LEVEL, WavesDesign
from bayes_lca.calibration.waves_outcomes_weights.weights import DESIGN, EQUAL, WeightsDesign
from bayes_lca.datasets import cohort
from bayes_lca.likelihood.multinomial_logit import fit_multinomial_logit

SURE = (0.001, 0.999)
"""Probabilities of answers that show the class."""


def stream(seed):
    return np.random.Generator(np.random.PCG64(seed))


def within_errors(values, truth, errors=4):
    """Whether the means over data sets, shape (data_set, quantity), are the truth."""
    values = np.array(values)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    assert (error > 0).all()
    np.testing.assert_array_less(np.abs(values.mean(axis=0) - truth), errors * error)


def test_names_are_different():
    assert len({design.name for design in DESIGNS}) == len(DESIGNS)
    assert all(design.replicates == 500 for design in DESIGNS)


def test_persons_of_waves_are_in_groups_of_the_cohort_s_proportions():
    frame, _ = WavesDesign(persons=2200).simulate(stream(1))
    assert tuple(frame.groupby("group", observed=True)["person"].nunique()) == cohort.GROUP_SIZES
    assert frame.groupby("person").size().eq(3).all()
    assert frame.groupby("group", observed=True)["score"].agg(["nunique", "first"]).to_numpy().tolist() == [
        [1, score] for score in cohort.GROUPS["score"]
    ]
    again, _ = WavesDesign(persons=2200).simulate(stream(2))
    pd.testing.assert_frame_equal(frame[["person", "x1", "x2", "score"]], again[["person", "x1", "x2", "score"]])
    assert not frame["item1"].equals(again["item1"])


def test_where_classes_show_and_groups_are_alike_logistic_regressions_find_the_slopes_of_waves(monkeypatch):
    monkeypatch.setattr(waves, "YES", SURE)
    estimates, truths = [], []
    for seed in range(30):
        frame, stays = WavesDesign(group_sd=0.0, moving_sd=0.0).simulate(stream(seed))
        rows = list(waves.rows_of_modal_classes(frame, stays))
        estimates.append([row["estimate"] for row in rows[:4]])
        truths.append([row["truth"] for row in rows])
    within_errors(estimates, [0.25, 0.2, 0.0, 0.0])
    x = stats.norm.expect
    assert truths[0][4:] == pytest.approx(
        [x(lambda v: expit(np.log(3) - 0.2 * v)), x(lambda v: expit(np.log(7 / 3) + 0.2 * v))], abs=0.003
    )
    assert np.ptp(truths, axis=0).max() == 0


def test_stays_are_those_of_the_groups_that_were_drawn(monkeypatch):
    monkeypatch.setattr(waves, "YES", SURE)
    found, truths = [], []
    for seed in range(30):
        frame, stays = WavesDesign(persons=3000, moving_sd=1.0).simulate(stream(seed))
        found.append([row["estimate"] for row in waves.rows_of_modal_classes(frame, stays)][4:])
        truths.append(stays)
    assert np.std(truths, axis=0).min() > 0.05
    for place in (0, 1):
        assert np.corrcoef(np.array(found)[:, place], np.array(truths)[:, place])[0, 1] > 0.95


def test_outcomes_differ_between_classes_within_groups(monkeypatch):
    monkeypatch.setattr(outcomes, "OUTCOME_SD", 1.0)
    of_data_sets = []
    for seed in range(30):
        frame, truth = OutcomesDesign("clear", own=0.999, bias=0.1).simulate(stream(seed))
        member = np.stack([(frame[list("abcdef")] == category).sum(axis=1) for category in range(3)]).argmax(axis=0)
        in_group = frame["group"].cat.codes.to_numpy()[:, None] == np.arange(6)
        matrix = np.column_stack([in_group, member == 1, member == 2]).astype(float)
        fitted = np.linalg.lstsq(matrix, frame[["pay", "null"]].to_numpy(), rcond=None)[0]
        assert np.ptp(fitted[:6], axis=0).min() > 0.5
        assert (np.diff(truth["ill"]) > 0).all()
        of_data_sets.append(fitted[-2:].T.ravel())
    within_errors(of_data_sets, [0.3, 0.6, 0.0, 0.0])


def test_true_shares_of_ill_are_those_of_all_respondents_in_their_groups(monkeypatch):
    monkeypatch.setattr(outcomes, "OUTCOME_SD", 0.0)
    _, truth = OutcomesDesign("clear", own=0.6, bias=0.1).simulate(stream(1))
    np.testing.assert_allclose(truth["ill"], [0.268941, 0.354344, 0.450166], atol=1e-6)
    np.testing.assert_array_equal(truth["null"], 0)


def test_slopes_of_the_population_are_exact_and_found_with_weights_alone(monkeypatch):
    monkeypatch.setattr(weights, "YES", SURE)
    weighted, equal = [], []
    for seed in range(20):
        frame, _ = WeightsDesign(clusters=40).simulate(stream(seed))
        second = (frame[list("abcde")].mean(axis=1) > 0.5).astype(int)
        matrix = np.column_stack([np.ones(len(frame)), frame[["x", "z", "q"]]])
        for found, count in ((weighted, frame["weight"]), (equal, np.ones(len(frame)))):
            fitted = fit_multinomial_logit(matrix, np.eye(2)[second], np.asarray(count, dtype=float))
            found.append(fitted.contrast(1, 0).iloc[:, 0].to_numpy())
    within_errors(weighted, [-0.3, 0.3, 0.0, 0.0])
    assert np.mean(equal, axis=0)[2] == pytest.approx(0.2, abs=0.03)
    assert np.mean(equal, axis=0)[0] > 0.5


def test_the_share_of_the_population_is_an_integral():
    by_hand, _ = integrate.quad(lambda x: stats.norm.pdf(x) * expit(-0.3 + 0.3 * x), -10, 10)
    assert weights.population_share() == pytest.approx(by_hand, abs=1e-9)


def made_up():
    """Four data sets of a design: intervals that miss twice, a null that is called once, a test, a naive estimator."""
    cell = {"design": "waves", "p": None}
    rows = []
    for replicate, (estimate, null) in enumerate([(0.2, 0.0), (0.3, 0.5), (0.5, 0.1), (0.2, -0.1)]):
        common = cell | {"replicate": replicate, "estimator": MULTILEVEL}
        ends = {"estimate": estimate, "lower": estimate - 0.2, "upper": estimate + 0.2}
        rows.append(common | {"quantity": "slope of moving", "truth": 0.2} | ends)
        ends = {"estimate": null, "lower": null - 0.3, "upper": null + 0.3}
        rows.append(common | {"quantity": "null", "truth": 0.0} | ends)
        rows.append(rows[-1] | {"estimator": SINGLE_LEVEL, "lower": 1.0, "upper": 2.0})
        no_interval = {"estimate": None, "lower": None, "upper": None}
        tested = common | no_interval | {"quantity": "test", "truth": 0.0, "p": [0.01, 0.2, 0.049, 0.05][replicate]}
        rows.append(tested)
    fits = [
        {
            "design": "waves",
            "replicate": replicate,
            "estimator": estimator,
            "fit": "transitions",
            "failed": "",
            "seconds": 2.0,
        }
        | {
            "divergences": replicate,
            "max_r_hat": 1.0 + replicate / 100,
            "modes": 1 + (replicate == 3),
            "min_ess": 100.0,
        }
        for replicate in range(4)
        for estimator in (MULTILEVEL, SINGLE_LEVEL)
    ]
    return pd.DataFrame(rows), pd.DataFrame(fits)


def rates(intervals, fits, design=None):
    return gated_rates(intervals, fits, [design or WavesDesign()]).set_index(["quantity", "estimator"])


def test_rates_are_counts():
    table = rates(*made_up())
    slope = table.loc[("slope of moving", MULTILEVEL)]
    assert slope["replicates"] == 4
    assert slope["power"] == 0.5  # lower ends 0, .1, .3, 0
    assert slope["power_se"] == pytest.approx(np.sqrt(1 / 3) / 2)
    assert slope["coverage"] == 0.75
    assert slope["bias"] == pytest.approx(0.1)
    assert slope["bias_se"] == pytest.approx(np.std([0, 0.1, 0.3, 0], ddof=1) / 2)
    assert slope["relative_bias"] == pytest.approx(0.5)
    assert slope["width"] == pytest.approx(0.4)
    assert np.isnan(slope["type_1_error"])
    null = table.loc[("null", MULTILEVEL)]
    assert null["type_1_error"] == 0.25
    assert np.isnan(null["power"])
    assert table.loc[("test", MULTILEVEL), "type_1_error"] == 0.5
    assert np.isnan(table.loc[("test", MULTILEVEL), ["coverage", "bias", "width"]].astype(float)).all()
    assert table.loc[("null", SINGLE_LEVEL), ["type_1_error", "coverage"]].tolist() == [1, 0]


def many(coverage, n=400):
    """A null and an effect of as many data sets, of which a share of intervals holds the truth."""
    held = np.arange(n) < round(coverage * n)
    effect = pd.DataFrame({"replicate": range(n), "quantity": waves.STAYS[0], "truth": 0.7, "estimate": 0.7})
    effect = effect.assign(lower=np.where(held, 0.6, 0.71), upper=0.8)
    null = effect.assign(quantity="null", truth=0.0, estimate=0.0, lower=np.where(held, -0.1, 0.01), upper=0.1)
    intervals = pd.concat([effect, null]).assign(design="waves", estimator=MULTILEVEL, p=None)
    fits = pd.DataFrame({"design": "waves", "replicate": range(n), "estimator": MULTILEVEL, "failed": ""})
    return intervals, fits


@pytest.mark.parametrize(
    ("coverage", "passes_stay", "passes_null"),
    # two Monte Carlo errors of 400 are .031 at .895, .028 at .9175 and .013 at .9825; a null never called passes
    [(0.95, True, True), (0.9175, True, True), (0.895, False, False), (0.9825, True, True), (1.0, False, True)],
)
def test_gates_are_widened_by_two_errors(coverage, passes_stay, passes_null):
    table = rates(*many(coverage))
    assert bool(table.loc[(waves.STAYS[0], MULTILEVEL), "passes"]) == passes_stay
    assert bool(table.loc[("null", MULTILEVEL), "passes"]) == passes_null


def test_probabilities_have_no_power():
    intervals, fits = many(0.95)
    assert np.isnan(rates(intervals, fits).loc[(waves.STAYS[0], MULTILEVEL), "power"])
    assert rates(intervals.replace(waves.STAYS[0], "slope"), fits).loc[("slope", MULTILEVEL), "power"] == 1


def test_bias_beyond_its_limit_does_not_pass_and_what_is_naive_is_not_judged():
    intervals, fits = many(0.95)
    assert bool(rates(intervals.assign(estimate=intervals["estimate"] + 0.0099), fits)["passes"].all())
    table = rates(intervals.assign(estimate=intervals["estimate"] + 0.0101), fits)["passes"]
    assert table.tolist() == [False, True]
    assert rates(intervals.assign(estimator="modal class"), fits)["passes"].isna().all()


@pytest.mark.parametrize(("ratio", "passes"), [(1.06, True), (0.94, True), (1.08, False), (0.92, False)])
def test_bias_of_outcomes_is_judged_in_their_size(ratio, passes):
    intervals, fits = many(0.95)
    design = OutcomesDesign("waves", own=0.6, bias=0.07)
    of_outcome = {"quantity": "pay: difference", "estimator": CUT, "truth": -0.3, "lower": -0.4, "upper": -0.2}
    held = intervals["replicate"] < 380
    judged_rows = intervals.assign(**of_outcome, estimate=-0.3 * ratio).assign(upper=np.where(held, -0.2, -0.31))
    assert bool(rates(judged_rows, fits.assign(estimator=CUT), design)["passes"].all()) == passes


@pytest.mark.parametrize(("n_failed", "passes"), [(4, True), (5, False)])
def test_analyses_that_fail_do_not_pass_for_rare(n_failed, passes):
    intervals, fits = many(0.95)
    fits["failed"] = np.where(fits["replicate"] < n_failed, "NoMaximumError: none", "")
    table = rates(intervals, fits)
    assert table["failed"].tolist() == [n_failed / 400] * 2
    assert bool(table["passes"].all()) == passes


def test_fits_are_counted():
    table = fit_table(made_up()[1]).set_index("estimator")
    counted = ["fits", "failed", "divergences", "high_r_hat", "several_modes", "min_ess", "seconds"]
    assert table.loc[MULTILEVEL, counted].tolist() == [4, 0, 3, 2, 1, 100, 2]


def test_intervals_that_are_not_there_are_in_no_rate():
    rows = pd.DataFrame(
        {
            "replicate": [0, 1],
            "truth": [0.0, 0.0],
            "estimate": [0.1, 0.3],
            "lower": [0.05, np.nan],
            "upper": [0.2, np.nan],
        }
    )
    found = error_rates(judged(rows))
    assert (found["type_1_error"], found["coverage"], found["bias"]) == (1, 0, pytest.approx(0.2))


def test_an_analysis_that_is_refused_is_kept_and_a_fault_is_not():
    analyses = Analyses()

    def refused():
        yield {"quantity": "slope"}
        raise ValueError("too few")

    assert analyses.add("naive", "classes", lambda: (None, refused())) is None
    assert analyses.estimates == []
    assert [fit["failed"] for fit in analyses.fits] == ["ValueError: too few"]
    with pytest.raises(TypeError):
        analyses.add("naive", "classes", lambda: (None, [None]))


TINY = {
    "waves": WavesDesign(persons=150, draws=50),
    "outcomes": OutcomesDesign("outcomes", own=0.8, bias=0.1, measurement_draws=8, draws=40, tune=50),
    "weights": WeightsDesign(strata=3, clusters=6, draws=50),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "estimators", "n_rows"),
    [
        ("waves", [MULTILEVEL, SINGLE_LEVEL, waves.MODAL], 3 * 6),
        ("outcomes", [CUT, "modal class", "BCH", "ML", "two-step"], 5 * 3 * 4),
        ("weights", [DESIGN, EQUAL], 2 * 4),
    ],
)
def test_every_analysis_gives_its_rows(name, estimators, n_rows):
    found = run_replicate(TINY[name], 0, seed=1)
    assert [fit["failed"] for fit in found["fits"]] == [""] * len(found["fits"])
    rows = pd.DataFrame(found["intervals"])
    assert rows["estimator"].unique().tolist() == estimators
    assert len(rows) == n_rows
    assert rows.groupby("estimator", sort=False)["quantity"].agg(tuple).nunique() == 1
    intervals = rows[rows["p"].isna()]
    assert (intervals["lower"] < intervals["estimate"]).all()
    assert (intervals["estimate"] < intervals["upper"]).all()
    assert rows["p"].dropna().between(0, 1).all()
    assert not gated_rates(rows, pd.DataFrame(found["fits"]), [TINY[name]]).empty


@pytest.mark.filterwarnings("ignore")
def test_the_same_seed_gives_the_same_numbers_whatever_came_before():
    first, second = (run_replicate(TINY["waves"], number, seed=1)["intervals"] for number in (1, 2))
    assert run_replicate(TINY["waves"], 1, seed=1)["intervals"] == first
    assert second != first


def test_a_study_that_was_stopped_gives_the_same_tables(monkeypatch, tmp_path):
    intervals, fits = made_up()

    def cheap(design, replicate, *, seed):
        of_task = [rows[rows["replicate"] == replicate].assign(design=design.name) for rows in (intervals, fits)]
        return dict(zip(("intervals", "fits"), (rows.to_dict("records") for rows in of_task), strict=True))

    monkeypatch.setattr(study, "run_replicate", cheap)
    designs = tuple(replace(WavesDesign(), name=name, replicates=4) for name in ("a", "b"))
    whole = run_study(WavesOutcomesWeightsStudy(designs), tmp_path / "whole")
    run_study(WavesOutcomesWeightsStudy(tuple(replace(each, replicates=2) for each in designs)), tmp_path / "stopped")
    pd.testing.assert_frame_equal(run_study(WavesOutcomesWeightsStudy(designs), tmp_path / "stopped"), whole)
    for name in ("table.csv", "models.csv", "intervals.csv.gz", "fits.csv.gz"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes()
