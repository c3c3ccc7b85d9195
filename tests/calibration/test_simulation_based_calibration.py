"""Simulation-based calibration: ranks, bands and order by hand, wrong posteriors found out, and every model."""

import json
import runpy
import sys
from dataclasses import fields, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from arviz_stats.base import array_stats
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from scipy import stats
from scipy.special import expit, softmax

from bayes_lca import priors
from bayes_lca.calibration.kit.running import run_study
from bayes_lca.calibration.ranks import replicates as rank_replicates
from bayes_lca.calibration.ranks import study as simulation_based
from bayes_lca.calibration.ranks.designs import (
    ASSIGNED,
    DESIGNS,
    GROUPED,
    INTERCEPTS,
    JOINT,
    NOMINAL,
    ORDINAL,
    OUTCOME,
    SLOPES,
    RankDesign,
)
from bayes_lca.calibration.ranks.plot import OUTSIDE, plot_ranks
from bayes_lca.calibration.ranks.quantities import LOG_LIKELIHOOD, LOG_PRIOR, in_canonical_order, quantities
from bayes_lca.calibration.ranks.ranks import band, fractional_ranks, holm, judge_ranks, shares_below
from bayes_lca.calibration.ranks.replicates import RankSampling, draw_usable, rank_of, run_replicate
from bayes_lca.calibration.ranks.study import CalibrationStudy, read_ranks
from bayes_lca.data.responses import MISSING
from bayes_lca.models import Multinomial
from bayes_lca.structural.shares import Shares

mpl.use("Agg")

EXAMPLE = Path(__file__).parents[2] / "examples" / "calibration_study.py"
STORED = EXAMPLE.parent / "calibration_study_results"
named = pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.name)


def rng_of(seed):
    return np.random.default_rng(seed)


# Ranks and bands


def test_ranks_count_the_draws_below():
    draws = np.array([3.0, 1.0, 2.0])
    assert [rank_of(truth, draws) for truth in (0.5, 1.5, 2.5, 3.5)] == [0, 1, 2, 3]


def test_fractional_ranks_stay_in_the_interval_of_their_rank():
    ranks = pd.DataFrame({"a": [0, 1, 2, 3] * 50, "b": [3] * 200})
    fractional = fractional_ranks(ranks, n_draws=3)
    assert ((fractional * 4).apply(np.floor) == ranks).all(axis=None)
    assert fractional["b"].nunique() == 200


def test_adjusted_p_values_by_hand():
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03])), [0.06, 0.03, 0.06])
    assert (holm(np.array([0.9, 0.8])) == 1).all()


def test_the_band_holds_uniform_ranks_as_often_as_it_says():
    ranks = pd.DataFrame(rng_of(1).integers(0, 101, size=(100, 400)))
    table = judge_ranks(ranks, ranks, n_draws=100)
    error = np.sqrt(0.95 * 0.05 / 400)
    assert abs(table["inside"].mean() - 0.95) < 4 * error
    assert (table["p_value"] < 0.05).mean() < 0.05 + 4 * error
    assert (table["p_adjusted"] > 0.05).all()


def test_shares_below_count_and_the_band_starts_at_nothing():
    np.testing.assert_allclose(shares_below(np.array([0.4, 0.1]), np.array([0.0, 0.1, 0.39, 1.0])), [0, 0.5, 0.5, 1])
    at, lower, upper = band(20)
    assert lower[0] == upper[0] == 0
    assert lower[-1] == upper[-1] == 1
    assert ((lower <= at) & (at <= upper)).all()


# The whole procedure where the posterior is known


def conjugate(n_replicates, *, prior_sd=1.0, posterior_sd=1.0, shift=0.0, seed=2):
    """Ranks and z of a normal mean given one observation of unit variance, its posterior made wrong on request."""
    rng, rows, z = rng_of(seed), [], []
    for _ in range(n_replicates):
        truth = rng.normal()
        observed = rng.normal(truth)
        precision = 1 + 1 / prior_sd**2
        draws = observed / precision + shift + posterior_sd * rng.normal(size=100) / np.sqrt(precision)
        rows.append({"mean": rank_of(truth, draws)})
        z.append({"mean": (draws.mean() - truth) / draws.std(ddof=1)})
    return judge_ranks(pd.DataFrame(rows), pd.DataFrame(z), n_draws=100).iloc[0]


def test_a_right_posterior_stays_inside():
    found = conjugate(300)
    assert found["inside"] and found["p_value"] > 0.01
    assert abs(found["mean_z"]) < 4 * found["sd_z"] / np.sqrt(300)
    assert found["sd_z"] == pytest.approx(1, abs=4 / np.sqrt(2 * 300))


@pytest.mark.parametrize(
    "error", [{"prior_sd": 0.5}, {"posterior_sd": 0.7}, {"posterior_sd": 1.5}, {"shift": 0.25}], ids=str
)
def test_a_wrong_posterior_leaves_the_band(error):
    found = conjugate(300, **error)
    assert not found["inside"]
    assert found["p_value"] < 0.001


# Order of classes


@pytest.mark.parametrize("design", [NOMINAL, ORDINAL, JOINT], ids=lambda design: design.name)
def test_quantities_do_not_depend_on_the_labels_of_classes(design):
    truth, codes, _ = draw_usable(design, rng_of(3))
    order = np.arange(design.n_classes)[::-1]
    turned = {}
    for name, values in truth.items():
        axis = 1 if name == "item_probability" else values.ndim - 1
        turned[name] = values if name.startswith("baseline") else values.take(order, axis=axis)
    before, after = quantities(design, truth, codes), quantities(design, turned, codes)
    assert list(before) == list(after)
    np.testing.assert_allclose(np.concatenate([*before.values()]), np.concatenate([*after.values()]), rtol=1e-10)


def test_each_draw_is_ordered_by_itself():
    rho = np.array([[[[0.9, 0.1]], [[0.2, 0.8]]], [[[0.3, 0.7]], [[0.4, 0.6]]]])
    omega = np.array([[[1.0, 0.1], [0.1, 1.0]]] * 2)
    ordered = in_canonical_order(
        {"item_probability": rho, "slope": np.array([[[1.0, 2.0]]] * 2), "g_correlation": omega}
    )
    np.testing.assert_array_equal(ordered["item_probability"][:, :, 0, 0], [[0.2, 0.9], [0.3, 0.4]])
    np.testing.assert_array_equal(ordered["slope"][:, 0], [[2, 1], [1, 2]])
    np.testing.assert_array_equal(ordered["g_correlation"], omega)


# The models as stated


def test_log_likelihood_by_summing_over_classes_one_respondent_at_a_time():
    truth, codes, _ = draw_usable(NOMINAL, rng_of(4))
    share, rho, total = truth["class_share"][0], truth["item_probability"][0], 0.0
    for answers in codes:
        joint = share.copy()
        for c in range(3):
            for j, answer in enumerate(answers):
                joint[c] *= rho[c, j, answer] if answer >= 0 else 1.0
        total += np.log(joint.sum())
    assert (codes < 0).any()
    np.testing.assert_allclose(NOMINAL.stated.log_likelihood(truth, codes), [total])


def test_log_likelihood_of_a_seen_class_row_by_row():
    truth, codes, _ = draw_usable(SLOPES, rng_of(5))
    frame, total = SLOPES.frame(codes), 0.0
    at = {level: place for place, level in enumerate(sorted(frame["group"].unique()))}
    for row, outcome in zip(frame.itertuples(), codes, strict=True):
        eta = truth["intercept"][0] + row.x * truth["slope"][0, 0] + truth["group_effect"][0, at[row.group]]
        eta = eta + (row.x - frame["x"].mean()) * truth["group_slope"][0, at[row.group], 0]
        total += np.log(softmax(eta)[outcome])
    np.testing.assert_allclose(SLOPES.stated.log_likelihood(truth, codes), [total])


def test_ordinal_answers_follow_cumulative_logits():
    truth, _, _ = draw_usable(ORDINAL, rng_of(6))
    p, theta = truth["baseline_probability_of_4"][0, 0], truth["item_location"][0, 4]
    for k in range(1, 4):
        threshold = stats.logistic.ppf(p[:k].sum())
        at_least = truth["item_probability"][0, :, 4, k:].sum(axis=1)
        np.testing.assert_allclose(at_least, expit(theta - threshold), rtol=1e-9)


def test_answers_are_drawn_with_the_probabilities_of_the_truth():
    truth, _, _ = draw_usable(ASSIGNED, rng_of(7))
    share = np.exp(ASSIGNED.stated.structural.class_log_shares(truth)[0])
    expected = (share @ truth["item_probability"][0, :, 0]).mean(axis=0)
    drawn = np.array([np.bincount(ASSIGNED.simulate(truth, rng_of(s))[:, 0], minlength=3) for s in range(400)]) / 90
    assert (np.abs(drawn.mean(axis=0) - expected) < 4 * drawn.std(axis=0) / 20).all()


def test_correlations_have_the_marginals_of_their_distribution():
    drawn = np.array([SLOPES.stated.draw(rng)["group_correlation"][0] for rng in map(rng_of, range(1500))])
    beta = stats.beta(2.5, 2.5)  # eta - 1 + 3 / 2 on (r + 1) / 2
    for one in (drawn[:, 0, 1], drawn[:, 0, 2], drawn[:, 1, 2]):
        assert stats.kstest((one + 1) / 2, beta.cdf).pvalue > 0.001
    assert (np.linalg.eigvalsh(drawn) > 0).all()


@named
def test_prior_density_as_stated_is_that_of_the_model(design):
    """Differences between draws of the prior, by the stated density and by PyMC's on untransformed variables."""
    truth, codes, _ = draw_usable(design, rng_of(8))
    if design is ASSIGNED:
        truth.pop("item_probability")
    model = remove_value_transforms(rank_replicates._prepare(design, codes).model)
    free = [variable.name for variable in model.free_RVs]
    wanted = dict.fromkeys([*free, *truth])
    mode = Mode(linker="py", optimizer=None)
    drawn = dict(zip(wanted, pm.draw([model[name] for name in wanted], draws=4, random_seed=9, mode=mode), strict=True))
    log_density = model.compile_logp(vars=model.free_RVs, mode=mode)
    values = {name: model.rvs_to_values[model[name]].name for name in free}
    by_model = np.array([log_density({values[name]: drawn[name][s] for name in free}) for s in range(4)])
    if design is ASSIGNED:
        drawn["item_probability"] = np.repeat(design.model.measurement.probability[None], 4, axis=0)
    stated = design.stated.log_prior(drawn)
    if design is SLOPES:  # the model's variable is the Cholesky factor
        stated = stated + np.log(np.diagonal(drawn["group_correlation_root"], axis1=1, axis2=2)) @ [2, 1, 0]
    if "school" in design.groupings:  # crossed groups are standardised in the model
        one, two, three = (drawn["school_sd"] ** 2).T
        n_groups = drawn["school_effect"].shape[1]
        stated = stated + n_groups * np.log(one * two + one * three + two * three) / 2  # of two contrasts
    np.testing.assert_allclose(np.diff(stated), np.diff(by_model), rtol=1e-6)


@named
def test_truths_are_drawn_from_the_prior_of_the_model(design):
    truth, codes, _ = draw_usable(design, rng_of(13))
    model = rank_replicates._prepare(design, codes).model
    names = [name for name in truth if not (design is ASSIGNED and name == "item_probability")]
    mode = Mode(linker="py", optimizer=None)
    by_model = dict(
        zip(names, pm.draw([model[name] for name in names], draws=400, random_seed=3, mode=mode), strict=True)
    )
    rng = rng_of(14)
    stated = [design.stated.draw(rng) for _ in range(400)]
    p_values = []
    for name in names:
        ours = np.concatenate([one[name] for one in stated])
        for place in np.ndindex(ours.shape[1:]):
            if np.ptp(ours[:, *place]) > 1e-9:
                p_values.append(stats.ks_2samp(ours[:, *place], by_model[name][:, *place]).pvalue)
            else:
                assert np.ptp(by_model[name][:, *place]) < 1e-9
    assert holm(np.array(p_values)).min() > 0.001


# Replicates


class Broken:
    """A sampler that cannot start."""

    def sample(self, *_):
        raise RuntimeError("no start")


def test_a_sampler_that_fails_is_recorded(monkeypatch):
    monkeypatch.setattr(rank_replicates, "compiled", lambda design: Broken())
    found = run_replicate(INTERCEPTS, 0, RankSampling(), seed=1)
    assert found["ranks"] == found["z"] == []
    assert found["fits"][0]["failed"] == "no start"


def test_refused_data_are_drawn_again_with_their_truth():
    tiny = replace(INTERCEPTS, n=12)
    drawn = [draw_usable(tiny, rng_of(seed)) for seed in range(300)]
    refused = [seed for seed, (*_, count) in enumerate(drawn) if count > 0]
    assert refused
    assert all(len(np.unique(codes)) > 1 for _, codes, _ in drawn)
    seed = refused[0]
    rng = rng_of(seed)
    first = tiny.simulate(tiny.stated.draw(rng), rng)
    assert len(np.unique(first)) == 1


def test_draws_of_another_shape_than_stated_are_refused():
    tree = xr.DataTree.from_dict(
        {"/posterior": xr.Dataset({"slope": (("chain", "draw", "term"), np.zeros((2, 8, 3)))})}
    )
    assert rank_replicates.draws_of(tree, {"slope": np.zeros((1, 3))})["slope"].shape == (16, 3)
    with pytest.raises(ValueError, match=r"'slope' has shape \(3,\) in the draws and \(2,\) as stated"):
        rank_replicates.draws_of(tree, {"slope": np.zeros((1, 2))})


@pytest.mark.parametrize("seed", [10, 11])
def test_rows_of_assigned_classes_are_the_respondents_whatever_they_answer(seed):
    _, codes, _ = draw_usable(ASSIGNED, rng_of(seed))
    model = rank_replicates._prepare(ASSIGNED, codes).model
    np.testing.assert_array_equal(model["answer_codes"].get_value(), codes)
    groups = np.unique(ASSIGNED.covariates["group"], return_inverse=True)[1]
    np.testing.assert_array_equal(model["group_index"].get_value(), groups)


# The study


def made_up(design, replicate, sampling, *, seed):
    rng = rng_of([seed, replicate, len(design.name)])
    failed = "no start" if replicate == 3 else ""
    fits = {"design": design.name, "replicate": replicate, "refused": 0, "failed": failed}
    if failed:
        return {"ranks": [], "z": [], "fits": [fits]}
    ranks = {LOG_LIKELIHOOD: 0, LOG_PRIOR: int(rng.integers(0, 101)), "slope[0, 1]": int(rng.integers(0, 101))}
    fits |= {"divergences": int(replicate == 2), "min_ess": 90.0, "max_r_hat": 1.0 + replicate / 10, "seconds": 6.0}
    return {"ranks": [ranks], "z": [dict.fromkeys(ranks, 0.5)], "fits": [fits]}


SMALL = CalibrationStudy((replace(INTERCEPTS, replicates=12), replace(JOINT, replicates=8)), seed=5)
WRITTEN = ("table.csv", "models.csv", "ranks.csv.gz", "fits.csv.gz")


@pytest.fixture
def pretend(monkeypatch):
    """A study without any sampling."""
    monkeypatch.setattr(simulation_based, "run_replicate", made_up)


def test_a_study_taken_up_again_gives_the_same_tables(pretend, tmp_path):
    run_study(SMALL, tmp_path / "whole", backend="threading")
    few = replace(SMALL, designs=tuple(replace(design, replicates=3) for design in SMALL.designs))
    run_study(few, tmp_path / "parts", backend="threading")
    run_study(SMALL, tmp_path / "parts", backend="threading")
    for name in WRITTEN:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()
    with pytest.raises(ValueError, match=r"sampling\.draws is 400 there and 100 here"):
        run_study(replace(SMALL, sampling=RankSampling(draws=100)), tmp_path / "parts", backend="threading")


def test_replicates_take_turns_over_the_models():
    assert [task.file_name for task in SMALL.tasks[:3]] == [
        "random-intercepts_0000.json",
        "latent-class-regression_0000.json",
        "random-intercepts_0001.json",
    ]
    assert len({task.file_name for task in SMALL.tasks}) == 20


def test_settings_tell_apart_what_gives_other_numbers():
    settings = SMALL.settings
    assert json.loads(json.dumps(settings)) == settings
    assert "LatentClass(n_classes=2" in settings["designs"]["latent class regression"]["model"]
    wrong = replace(INTERCEPTS, sampled=Multinomial(OUTCOME, replace(GROUPED, group_sd=priors.HalfNormal(0.2))))
    assert replace(SMALL, designs=(wrong,)).settings["designs"] != settings["designs"]
    assert len(settings["versions"]["code"]) == 16


def test_tables_count_what_failed_and_what_leaves_the_band(pretend, tmp_path):
    table = run_study(SMALL, tmp_path, backend="threading")
    stuck = table[table["quantity"] == LOG_LIKELIHOOD]
    assert not stuck["inside"].any()
    assert (stuck["replicates"].to_numpy() == [11, 7]).all()
    assert (table["mean_z"] == 0.5).all()
    np.testing.assert_allclose(table["p_adjusted"], holm(table["p_value"].to_numpy()))
    models = pd.read_csv(tmp_path / "models.csv", index_col=0)
    first = models.loc["random intercepts"]
    assert first[["replicates", "quantities", "failed", "divergences"]].tolist() == [11, 3, 1, 1]
    assert first["leave_band"] == (~table[table["design"] == "random intercepts"]["inside"]).sum()
    assert first["by_chance"] == pytest.approx(0.15)
    assert first["r_hat_large"] == 10  # all but the first two and the one that failed
    assert first["minutes"] == pytest.approx(1.1)
    assert not first["passes"]
    ranks = read_ranks(tmp_path)
    assert list(ranks) == ["random intercepts", "latent class regression"]
    made = [made_up(INTERCEPTS, r, None, seed=5)["ranks"] for r in range(12)]
    assert ranks["random intercepts"].to_dict("records") == [rows[0] for rows in made if rows]


def test_a_model_passes_with_uniform_ranks_of_posteriors_that_converged():
    """One posterior of a hundred may not have converged, wherever its truth ranks; ranks may not lean."""

    def passes(p_value, r_hats, failed=0):
        table = pd.DataFrame({"design": "a", "replicates": 100, "inside": True, "p_adjusted": [1.0, p_value]})
        reasons = ["no start"] * failed + [""] * (len(r_hats) - failed)
        fits = pd.DataFrame({"design": "a", "max_r_hat": r_hats, "failed": reasons, "divergences": 0, "refused": 0})
        return bool(simulation_based.by_model(table, fits.assign(min_ess=90.0, seconds=1.0))["passes"].item())

    assert passes(0.05, [1.06] + [1.05] * 99)
    assert not passes(0.049, [1.0] * 100)
    assert not passes(1.0, [1.06, 1.06] + [1.0] * 98)
    assert not passes(1.0, [np.nan, 1.06] + [1.0] * 98, failed=1)


def test_the_picture_marks_what_leaves_the_band(tmp_path):
    rng = rng_of(12)
    uniform = pd.DataFrame({name: rng.permutation(100) for name in (LOG_LIKELIHOOD, LOG_PRIOR, "a[0]")})
    ranks = {"right": uniform, "wrong": uniform.assign(**{"a[0]": 30, LOG_PRIOR: 99})}
    table = pd.concat(
        [judge_ranks(of, of, 100).assign(design=design) for design, of in ranks.items()], ignore_index=True
    )
    right, wrong = plot_ranks(table, ranks, 100).axes
    marked = [[line.get_color() == OUTSIDE for line in ax.get_lines()] for ax in (right, wrong)]
    assert not any(marked[0])
    assert sum(marked[1]) == 1
    assert right.get_title(loc="left") == "Right\n0 of 3 outside, by chance 0.2"
    assert wrong.get_title(loc="left").endswith("2 of 3 outside, by chance 0.2")


def test_the_command_reports_what_there_is(pretend, tmp_path, monkeypatch, capsys):
    run_study(SMALL, tmp_path, backend="threading")
    models = [design.name for design in SMALL.designs]
    monkeypatch.setattr(sys, "argv", ["", "--out", str(tmp_path), "--report", "--models", *models, "--replicates", "8"])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    assert "latent class regression" in capsys.readouterr().out
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_what_is_stored_of_the_whole_study():
    """The table kept beside the command follows from the ranks kept, and no quantity of any model is off."""
    table, ranks = pd.read_csv(STORED / "table.csv"), read_ranks(STORED)
    assert list(ranks) == [design.name for design in DESIGNS]
    for design, of_design in ranks.items():
        rows = table[table["design"] == design].set_index("quantity")
        assert list(rows.index) == list(of_design)
        assert (rows["replicates"] == len(of_design)).all()
        assert {LOG_LIKELIHOOD, LOG_PRIOR} < set(of_design)
        some = fractional_ranks(of_design, RankSampling().ranked_draws).iloc[:, :5]
        p_values = [float(array_stats.uniformity_test(values.to_numpy())[0]) for _, values in some.items()]
        np.testing.assert_allclose(p_values, rows["p_value"].iloc[:5], rtol=1e-4)
    assert (table["p_adjusted"] > 0.05).all()
    models = pd.read_csv(STORED / "models.csv")
    assert (models["failed"] == 0).all()
    counts = json.loads((STORED / "settings.json").read_text())["replicates"]
    assert dict(zip(models["design"], models["replicates"], strict=True)) == counts


# Every model, sampled


@pytest.mark.slow
@named
def test_ranks_of_50_data_sets_are_uniform(design, tmp_path):
    study = CalibrationStudy((replace(design, replicates=50),), seed=77)
    table = run_study(study, tmp_path, backend="threading")
    assert (table["replicates"] == 50).all()
    assert (table["p_adjusted"] > 0.05 / len(DESIGNS)).all(), table.sort_values("p_value").head()


class HalfOfTheAnswers(RankDesign):
    """The sampler is not shown every other answer, as a likelihood that left them out."""

    def frame(self, codes):
        return super().frame(np.where(np.indices(codes.shape).sum(axis=0) % 2, MISSING, codes))


class OtherGroups(RankDesign):
    """The sampler is told other groups than those that the outcome depends on, as if rows had moved."""

    def frame(self, codes):
        frame = super().frame(codes)
        return frame.assign(group=np.roll(frame["group"], 1))


def likewise(kind, design, **changed):
    """A design of another kind with the fields of this one."""
    return kind(**{field.name: getattr(design, field.name) for field in fields(design)} | changed)


def sampled_with(design, **changed):
    """A design whose sampled model has other parts than the one stated."""
    return replace(design, sampled=replace(design.model, **changed))


PLANTED = {
    "prior of standard deviations": sampled_with(
        INTERCEPTS, structural=replace(GROUPED, group_sd=priors.HalfNormal(0.3))
    ),
    "prior of slopes": sampled_with(INTERCEPTS, structural=replace(GROUPED, slope=priors.ZeroSumNormal(0.05))),
    "prior of shares": sampled_with(NOMINAL, structural=Shares(priors.Dirichlet(8.0))),
    "prior of answers": sampled_with(
        NOMINAL, measurement=replace(NOMINAL.model.measurement, probability=priors.Dirichlet(0.6))
    ),
    "likelihood without half of the answers": likewise(HalfOfTheAnswers, NOMINAL),
    "likelihood with other groups": likewise(OtherGroups, INTERCEPTS),
}


@pytest.mark.slow
@pytest.mark.parametrize("error", PLANTED)
def test_a_planted_error_fails_the_gate_of_right_models(error, tmp_path):
    """Seven minutes in all: the gate is that of `test_ranks_of_50_data_sets_are_uniform`, with 100 data sets."""
    study = CalibrationStudy((replace(PLANTED[error], replicates=100),), seed=77)
    table = run_study(study, tmp_path, backend="threading")
    print(error, table.sort_values("p_value")[["quantity", "p_adjusted"]].head(3).to_string())
    assert not (table["p_adjusted"] > 0.05 / len(DESIGNS)).all()
