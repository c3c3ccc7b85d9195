"""Fits and tables that can be passed on: what they still say, and what they can no longer tell about anybody."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import nnls

import bayes_lca as bl
from bayes_lca.fitted.capabilities import NEEDS
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels.total_log_likelihood import total_log_likelihood
from bayes_lca.posterior.storage.without_respondents import KEPT_STATISTICS, without_respondents
from bayes_lca.reporting.sections.small_cells import without_small_cells
from bayes_lca.reporting.writing.section import Section, Table
from bayes_lca.workflows.ladder.assign import modal_class_of

pytestmark = pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto distribution:UserWarning")
FITS = ["lca_draws", "joint_draws", "multinomial_draws"]


@pytest.fixture(scope="module")
def closed(lca_draws, joint_draws, multinomial_draws, tmp_path_factory):
    """The fits as they come back from files without respondents, by name."""
    folder, result = tmp_path_factory.mktemp("closed"), {}
    for name, draws in zip(FITS, (lca_draws, joint_draws, multinomial_draws), strict=True):
        bl.save(draws, folder / f"{name}.nc", respondents=False)
        result[name] = bl.load(folder / f"{name}.nc")
    bl.save(bl.load_example("waves"), folder / "waves.nc", respondents=False)
    return result | {"waves": bl.load(folder / "waves.nc")}


def assert_same(table, of_whole, **tolerance):
    pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(of_whole), **tolerance)
    assert table.note == of_whole.note


@pytest.mark.parametrize("name", FITS)
def test_no_array_has_a_row_for_each_respondent(name, closed, request):
    draws, n = closed[name], request.getfixturevalue(name).attrs["n_respondents"]
    assert {"observed_data", "log_likelihood", "posterior_predictive"}.isdisjoint(draws.children)
    for node in draws.subtree:
        assert n not in [size for size in node.sizes.values()], node.path
        assert "respondent" not in node.variables
        assert not [found for found in node.variables if str(found).startswith("covariate_")]
        assert not [found for found in node.variables if str(found).endswith("_index")]


def test_labels_of_respondents_are_nowhere_in_the_file(joint_draws, tmp_path):
    """Also not in attributes: the whole file is searched."""
    named = few(joint_draws)
    labels = [f"Dr. Zhang no. {number}" for number in range(600)]
    for name, node in named.children.items():
        if "respondent" in node.coords:
            named[name] = xr.DataTree(node.to_dataset().assign_coords(respondent=labels))
    named.attrs["kept_fit_digest"] = "fingerprint of all rows"
    bl.save(named, tmp_path / "whole.nc")
    bl.save(named, tmp_path / "closed.nc", respondents=False)
    whole, closed = uncompressed(tmp_path / "whole.nc"), uncompressed(tmp_path / "closed.nc")
    for text in (b"Dr. Zhang", b"fingerprint of all rows"):
        assert text in whole
        assert text not in closed


def few(draws, n=25):
    """The same with few draws of each chain."""
    result = draws.copy()
    for name, node in draws.children.items():
        if "draw" in node.dims:
            result[name] = xr.DataTree(node.to_dataset().isel(draw=slice(n)))
    return result


def uncompressed(path):
    """Bytes of a file, and of all its arrays and attributes as text."""
    tree = xr.load_datatree(path, engine="h5netcdf")
    values = [[each.to_numpy().tolist() for each in node.variables.values()] for node in tree.subtree]
    return path.read_bytes() + repr([values, [dict(node.attrs) for node in tree.subtree]]).encode()


@pytest.mark.parametrize("name", FITS)
def test_a_fit_says_whether_it_holds_respondents(name, closed, request, tmp_path):
    whole = request.getfixturevalue(name)
    assert whole.attrs["holds_respondents"] == 1
    assert bl.holds_respondents(whole)
    assert closed[name].attrs["holds_respondents"] == 0
    assert not bl.holds_respondents(closed[name])
    bl.save(closed[name], tmp_path / "again.nc", respondents=False)
    bl.save(closed[name], tmp_path / "once more.nc")
    for file in ("again.nc", "once more.nc"):
        xr.testing.assert_identical(bl.load(tmp_path / file), closed[name])


def test_saving_without_respondents_leaves_the_draws_alone(joint_draws, tmp_path):
    before = joint_draws.copy(deep=True)
    bl.save(joint_draws, tmp_path / "fit.nc", respondents=False)
    xr.testing.assert_identical(joint_draws, before)


def test_tables_without_respondents_are_those_of_the_whole_fit(closed, lca_draws, joint_draws, multinomial_draws):
    for name, whole in zip(FITS, (lca_draws, joint_draws, multinomial_draws), strict=True):
        tables = [] if name == "multinomial_draws" else [bl.class_profiles]
        tables += [] if name == "lca_draws" else [bl.odds_ratios, bl.random_intercepts, bl.heterogeneity]
        for table in tables:
            assert_same(table(closed[name]), table(whole))
    assert_same(bl.class_sizes(closed["lca_draws"]), bl.class_sizes(lca_draws))
    xr.testing.assert_identical(
        bl.contrasts(closed["joint_draws"], "slope", "C1"), bl.contrasts(joint_draws, "slope", "C1")
    )


def test_rounded_shares_of_a_regression_change_the_fourth_decimal(closed, joint_draws):
    columns = ["mean", "sd", "lower", "upper"]
    rounded, whole = bl.class_sizes(closed["joint_draws"]), bl.class_sizes(joint_draws)
    assert (rounded[columns] - whole[columns]).abs().max(axis=None) <= 0.0005
    assert (rounded["mean"] - whole["mean"]).abs().max() < 0.0001
    assert rounded.note == whole.note


def test_convergence_is_that_of_the_whole_fit(closed, lca_draws, joint_draws):
    assert_same(bl.convergence(closed["lca_draws"]), bl.convergence(lca_draws))
    table, whole = bl.convergence(closed["joint_draws"]), bl.convergence(joint_draws)
    of_shares = [row for row in whole.index if "share" in row[1] or "spread" in row[1]]
    assert_same(table.drop(of_shares), whole.drop(of_shares))
    assert (table["r_hat"] - whole["r_hat"]).abs().max() < 0.005


def test_a_kept_mode_has_its_own_convergence(joint_draws, tmp_path):
    several = few(joint_draws)
    several.attrs |= {"n_modes": 2, "chain_modes": json.dumps([0, 0, 1, 1])}
    bl.save(several, tmp_path / "fit.nc", respondents=False)
    loaded = bl.load(tmp_path / "fit.nc")
    row = ("label-free", "log_likelihood")
    for mode in (1, 2):
        kept, whole = (bl.convergence(bl.keep_mode(each, mode)) for each in (loaded, several))
        pd.testing.assert_series_equal(kept.loc[row], whole.loc[row])
    odd = bl.keep_mode(loaded, 1)
    odd["posterior"] = xr.DataTree(odd["posterior"].to_dataset().isel(chain=[0]))
    with pytest.raises(ValueError, match=r"chains \[0\] was not kept"):
        bl.convergence(odd)


def test_selected_draws_do_not_have_the_convergence_of_all(lca_draws, closed, tmp_path):
    row = ("label-free", "log_likelihood")
    thinned = few(closed["lca_draws"])
    with pytest.raises(ValueError, match=r"over chains \[0, 1, 2, 3\] was not kept for 25 draws of each"):
        bl.convergence(thinned)
    bl.save(few(lca_draws), tmp_path / "few.nc", respondents=False)
    loaded, whole = bl.convergence(bl.load(tmp_path / "few.nc")), bl.convergence(few(lca_draws))
    pd.testing.assert_series_equal(loaded.loc[row], whole.loc[row])
    assert loaded.loc[row, "r_hat"] != bl.convergence(closed["lca_draws"]).loc[row, "r_hat"]


def with_rows_added(draws):
    """What users add to the tree of a fit: groups, variables, coordinates, statistics and attributes of respondents."""
    result, rows = few(draws), draws["patterns"].sizes
    each = np.round(np.random.default_rng(5).normal(size=rows["respondent"]), 6)
    of_pattern = ("chain", "draw", "pattern"), np.full((4, 25, rows["pattern"]), 7654.25)
    posterior = result["posterior"].to_dataset().assign(utility=of_pattern)
    posterior = posterior.assign(person=(("chain", "respondent"), [each] * 4), salary=("respondent", each))
    posterior = posterior.set_coords("salary").assign_attrs(author="Dr. Zhang")
    posterior["class_share" if "class_share" in posterior else "slope"].attrs["surveyed"] = "Dr. Zhang"
    result["posterior"] = xr.DataTree(posterior)
    result["sample_stats"] = xr.DataTree(result["sample_stats"].to_dataset().assign(seen=("respondent", each)))
    result["encoding"] = xr.DataTree(result["encoding"].to_dataset().assign(income=("respondent", each)))
    result["scores_of_people"] = xr.DataTree(xr.Dataset({"income": ("respondent", each)}))
    result["encoding/below"] = xr.DataTree(xr.Dataset({"income": ("respondent", each)}))
    result.attrs["incomes"] = json.dumps(each.tolist())
    return result, [str(each[0]), "7654.25", "Dr. Zhang"]


@pytest.mark.parametrize("name", FITS)
def test_rows_that_users_added_stay_out(name, request, tmp_path):
    whole = request.getfixturevalue(name)
    added, secrets = with_rows_added(whole)
    bl.save(added, tmp_path / "whole.nc")
    bl.save(added, tmp_path / "closed.nc", respondents=False)
    bl.save(few(whole), tmp_path / "plain.nc", respondents=False)
    in_whole, in_closed = uncompressed(tmp_path / "whole.nc"), uncompressed(tmp_path / "closed.nc")
    for text in secrets:
        assert text.encode() in in_whole
        assert text.encode() not in in_closed
    xr.testing.assert_identical(bl.load(tmp_path / "closed.nc"), bl.load(tmp_path / "plain.nc"))


def test_rows_added_to_a_closed_fit_stay_out(closed, tmp_path):
    added = closed["lca_draws"].copy()
    added["scores_of_people"] = xr.DataTree(xr.Dataset({"income": ("respondent", np.arange(600.0))}))
    for options in ({}, {"respondents": False}):
        bl.save(added, tmp_path / "again.nc", **options)
        xr.testing.assert_identical(bl.load(tmp_path / "again.nc"), closed["lca_draws"])


@pytest.mark.parametrize(
    ("place", "dataset"),
    [
        ("scores_of_people", xr.Dataset({"income": ("respondent", np.arange(600.0))})),
        ("deep/below", xr.Dataset({"income": ("pattern", np.arange(3.0))})),
        ("names", xr.Dataset(coords={"respondent": np.arange(600)})),
    ],
)
def test_files_that_hold_rows_and_deny_it_are_refused(place, dataset, closed, tmp_path):
    draws = closed["lca_draws"].copy()
    draws[place] = xr.DataTree(dataset)
    draws.to_netcdf(tmp_path / "denied.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match=rf"holds no respondents, and '\w+' in '/{place}' has a value for each"):
        bl.load(tmp_path / "denied.nc")


def test_plots_need_no_respondents(closed):
    for figure in (
        bl.plot_profiles(closed["lca_draws"]),
        bl.plot_odds_ratios(closed["joint_draws"]),
        bl.plot_random_intercepts(closed["joint_draws"]),
    ):
        plt.close(figure)


PROFILES = pd.DataFrame({"participation": [2.5, 5.0], "education": ["postgraduate", "undergraduate"]})


@pytest.mark.parametrize("options", [{}, {"group": "new"}])
@pytest.mark.parametrize("profiles", [PROFILES, PROFILES.assign(group=["G2", "G1"])], ids=["any group", "own group"])
def test_classes_of_new_respondents_are_predicted(closed, joint_draws, profiles, options):
    assert_same(
        bl.predict_classes(closed["joint_draws"], profiles, **options),
        bl.predict_classes(joint_draws, profiles, **options),
    )


def test_shares_are_predicted_where_there_are_no_covariates(closed, lca_draws):
    assert_same(bl.predict_classes(closed["lca_draws"]), bl.predict_classes(lca_draws))


@pytest.mark.parametrize("formula", ["~ center(x) + age", "~ poly(z, 2) + (1 | group)", "~ np.log(scale(x) + 9)"])
def test_transformations_by_the_respondents_values_are_not_guessed(made_up, formula):
    closed = without_respondents_made_up(made_up.draws(formula))
    with pytest.raises(ValueError, match=r"transforms columns by the respondents' values.*saved without respondents"):
        bl.predict_classes(closed, made_up.staff().head(2))


@pytest.mark.parametrize(
    "formula", ["~ x * age + np.log(z)", "~ yes + C(k) + age:ward + (1 | city/group)", "~ x + (x | group)"]
)
def test_formulas_that_need_no_respondents_predict_as_the_whole_fit(made_up, formula):
    whole = made_up.draws(formula)
    profiles = made_up.staff().iloc[[3, 40, 77]]
    assert_same(bl.predict_classes(without_respondents_made_up(whole), profiles), bl.predict_classes(whole, profiles))


@pytest.mark.filterwarnings("ignore::bayes_lca.RepeatedLabelsWarning")
def test_crossed_groups_are_not_weighted_without_respondents(made_up):
    closed = without_respondents_made_up(made_up.draws("~ x + (1 | city) + (1 | ward)"))
    profiles = made_up.staff()[["x"]].head(2)
    with pytest.raises(ValueError, match=r"crossed groups.*saved without respondents"):
        bl.predict_classes(closed, profiles)
    assert len(bl.predict_classes(closed, profiles, group="new")) == 2 * 3


def without_respondents_made_up(draws):
    """The same without respondents."""
    return without_respondents(Fit.reading(draws))


def test_structures_are_compared_but_members_are_not(closed, lca_draws, joint_draws):
    options = {"n_draws": 50}
    whole = bl.compare_structures({"a": lca_draws, "b": joint_draws}, **options)
    compared = bl.compare_structures({"a": lca_draws, "b": closed["joint_draws"]}, **options)
    pd.testing.assert_frame_equal(pd.DataFrame(compared.items), pd.DataFrame(whole.items))
    pd.testing.assert_frame_equal(pd.DataFrame(compared.classes), pd.DataFrame(whole.classes), atol=0.0005)
    assert compared.flows is None
    assert np.isnan(compared.overall["respondents_in_both"].item())
    assert "members are not compared with b, saved without respondents" in compared.overall.note


@pytest.mark.filterwarnings("ignore::bayes_lca.ClassShiftWarning")
def test_profiles_are_compared_with_those_of_a_closed_fit(closed, joint_draws, lca_draws):
    shift, whole = (bl.class_shift(lca_draws, joint) for joint in (closed["joint_draws"], joint_draws))
    rows = whole.index.get_level_values("quantity") == "item_probability"
    pd.testing.assert_frame_equal(pd.DataFrame(shift), pd.DataFrame(whole[rows]))
    assert "shares are not compared, for a fit saved without respondents" in shift.note


NEED_ROWS = {
    "average_marginal_effects": lambda d, s: bl.average_marginal_effects(d["joint_draws"], "participation"),
    "check_items": lambda d, s: bl.check_items(d["lca_draws"]),
    "classification_table": lambda d, s: bl.classification_table(d["lca_draws"]),
    "compare_group_structures": lambda d, s: bl.compare_group_structures(
        {"a": d["joint_draws"], "b": d["joint_draws"]}
    ),
    "compare_groups": lambda d, s: bl.compare_groups(d["joint_draws"]),
    "concat_chains": lambda d, s: bl.concat_chains([d["lca_draws"], d["joint_draws"]]),
    "characteristics": lambda d, s: bl.characteristics(s, ["age"], d["lca_draws"]),
    "plot_predictions": lambda d, s: bl.plot_predictions(d["joint_draws"], "age"),
    "covariate_tests": lambda d, s: bl.covariate_tests(d["lca_draws"], s, ["age"]),
    "design_effects": lambda d, s: bl.design_effects(d["lca_draws"]),
    "direct_effects": lambda d, s: bl.direct_effects(d["joint_draws"]),
    "group_level_effects": lambda d, s: bl.group_level_effects(d["joint_draws"]),
    "group_shares": lambda d, s: bl.group_shares(d["joint_draws"]),
    "membership": lambda d, s: bl.membership(d["lca_draws"]),
    "membership_draws": lambda d, s: bl.membership_draws(d["lca_draws"]),
    "membership_table": lambda d, s: bl.membership_table(d["lca_draws"], s),
    "modal_class_of": lambda d, s: bl.modal_class_of(d["lca_draws"]),
    "modes": lambda d, s: bl.modes(d["lca_draws"]),
    "more_draws": lambda d, s: bl.more_draws(d["lca_draws"], bl.LatentClass(3, bl.Items(bl.cohort_items())), s, 10),
    "most_likely_paths": lambda d, s: bl.most_likely_paths(d["waves"]),
    "plot_transitions": lambda d, s: bl.plot_transitions(d["waves"]),
    "stayers_and_movers": lambda d, s: bl.stayers_and_movers(d["waves"]),
    "transition_probabilities": lambda d, s: bl.transition_probabilities(d["waves"]),
    "nesting_in_words": lambda d, s: bl.nesting_in_words(d["joint_draws"], d["joint_draws"]),
    "posterior_predictive": lambda d, s: bl.posterior_predictive(d["multinomial_draws"]),
    "poststratify": lambda d, s: bl.poststratify(d["joint_draws"], s.assign(N=1)),
    "predict_classes": lambda d, s: bl.predict_classes(d["joint_draws"]),
    "prior_sensitivity": lambda d, s: bl.prior_sensitivity(d["joint_draws"]),
    "rank_groups": lambda d, s: bl.rank_groups(d["multinomial_draws"]),
    "relabel": lambda d, s: bl.relabel(d["lca_draws"], np.ones((3, 6, 3)) / 3),
    "report": lambda d, s: bl.report(d["joint_draws"], "never written.html"),
    "split_halves": lambda d, s: bl.split_halves(d["lca_draws"]),
    "stepwise_outcome": lambda d, s: bl.stepwise_outcome(d["lca_draws"], "attitude", s),
    "bch_outcomes": lambda d, s: bl.bch_outcomes(d["lca_draws"], "age", s),
    "stepwise_odds_ratios": lambda d, s: bl.stepwise_odds_ratios(d["lca_draws"], bl.Regression("~ age"), s),
}
WORK = set(
    "answers_of class_profiles class_shift class_sizes common_method compare_outcomes compare_populations "
    "compare_structures contrasts convergence fit fit_distal fit_two_step heterogeneity holds_respondents keep_mode "
    "load name_classes odds_ratios plot_odds_ratios "
    "plot_profiles plot_random_intercepts plot_structures predict_classes prior_from random_intercepts "
    "regression_table save transition_odds_ratios".split()
)
OF_OTHER_FITS = {"group_classes", "group_membership", "outcome_by_class", "plot_group_classes"}
"""They need respondents of fits of group classes, or of outcomes, whose own tests save some without."""
TAKE_NO_FIT = set(
    "class_number_table write_tables example_waves load_waves long_from_wide simulate_waves waves_truth "
    "adopt bootstrap_likelihood_ratio cohort_items cohort_truth compare_estimators count_classes "
    "count_group_classes count_wave_classes declare_columns example_survey fit_estimators "
    "fit_multiple fit_or_load fit_populations invariance_over_waves "
    "leave_one_group_out load_cohort "
    "load_example maximum_likelihood measurement_invariance overfitted parallel_lines partial_invariance "
    "plot_check_items plot_class_counts plot_outcome plot_prior_predictive prior_predictive read_survey "
    "recommend_classes reliability round_to_grid simulate_cohort suppress_small_cells vuong_lo_mendell_rubin".split()
)


def test_the_declared_needs_are_those_seen_here():
    """What `save` tells of functions that need respondents comes from the declarations."""
    declared = {name for name, need in NEEDS.items() if need.respondents}
    assert declared - {"fit_estimators"} - OF_OTHER_FITS == set(NEED_ROWS) - {"predict_classes"}
    assert all(f"`{name}`" in bl.save.__doc__ for name in declared)


def test_every_public_function_is_known_to_work_or_to_need_respondents():
    functions = {name for name in bl.__all__ if name.islower()}
    assert functions == WORK | TAKE_NO_FIT | set(NEED_ROWS) | OF_OTHER_FITS


@pytest.mark.parametrize("name", sorted(NEED_ROWS))
def test_what_needs_respondents_says_so(name, closed, survey):
    with pytest.raises(ValueError, match=r"needs the rows of the \d+ respondents, and this fit was saved without"):
        NEED_ROWS[name](closed, survey)


def test_item_probabilities_of_a_closed_fit_start_a_second_step(closed, lca_draws):
    one, other = (bl.answers_of(draws) for draws in (closed["lca_draws"], lca_draws))
    np.testing.assert_array_equal(one.probability, other.probability)
    with pytest.raises(ValueError, match="saved without respondents"):
        modal_class_of(closed["lca_draws"])


def cells_from_shares(draws, whole):
    """Counts of all combinations of covariates and groups that solve the equations of the class shares in all draws."""
    design, group = whole["constant_data"]["design"].to_numpy(), whole["constant_data"]["group_index"].to_numpy()
    values, education = np.unique(design[:, 0]), np.unique(design[:, 1:], axis=0)
    cells = np.array([[x, *dummies] for x in values for dummies in education for _ in range(6)])
    groups = np.tile(np.arange(6), len(values) * len(education))
    fit = Fit.reading(draws)
    share = np.exp(fit.structural.log_class(fit, cells, {"group": groups}, slice(None)))
    equations = share.transpose(0, 2, 1).reshape(-1, len(cells))
    found = nnls(equations, len(design) * draws["posterior"]["class_share"].to_numpy().reshape(-1))[0].round()
    true = [(np.all(design == cell, axis=1) & (group == g)).sum() for cell, g in zip(cells, groups, strict=True)]
    occupied = np.array(true) > 0
    return float((found == true)[occupied].mean())


def test_covariates_cannot_be_computed_from_class_shares(closed, joint_draws):
    """With all decimals they can, which is why they are rounded."""
    assert cells_from_shares(joint_draws, joint_draws) > 0.9
    assert cells_from_shares(closed["joint_draws"], joint_draws) < 0.2


@pytest.mark.parametrize("name", FITS)
def test_no_log_density_is_kept(name, closed, request):
    """From the log-likelihood of many draws the patterns of answers could be computed."""
    whole = request.getfixturevalue(name)
    log_likelihood = total_log_likelihood(Fit.reading(whole)).to_numpy().ravel()
    kept = closed[name]["sample_stats"]
    assert set(kept.data_vars) <= set(KEPT_STATISTICS)
    assert abs(np.corrcoef(log_likelihood, whole["sample_stats"]["logp"].to_numpy().ravel())[0, 1]) > 0.3
    for values in kept.data_vars.values():
        numbers = values.to_numpy().astype(float).ravel()
        assert numbers.std() == 0 or abs(np.corrcoef(log_likelihood, numbers)[0, 1]) < 0.3


def counts(**blocks):
    """A table of counts in blocks."""
    parts = {
        name: pd.DataFrame(
            {"n": n, "percent": 100 * np.array(n) / max(sum(n), 1)}, index=[f"{name}{k}" for k in range(len(n))]
        )
        for name, n in blocks.items()
    }
    return bl.SummaryTable.of(pd.concat(parts, names=["grouping", "group"]), "n = 100")


def shown(table):
    return [None if pd.isna(value) else int(value) for value in table["n"]]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([40, 30, 20, 10], [40, 30, 20, 10]),
        ([40, 30, 20, 3], [40, 30, None, None]),
        ([40, 30, 2, 1, 0], [40, None, None, None, 0]),
        ([40, 4, 3], [40, None, None]),
        ([40, 1, 1, 1, 6], [40, None, None, None, None]),
        ([5, 0], [5, 0]),
        ([4, 0, 0], [None, None, None]),
        ([3, 1], [None, None]),
        ([0, 0], [0, 0]),
    ],
)
def test_no_small_count_can_be_computed_from_the_others(given, expected):
    table = bl.suppress_small_cells(counts(a=given), 5)
    assert shown(table) == expected
    assert table["percent"].isna().tolist() == [one is None for one in expected]
    left_out = sum(one is None for one in expected)
    assert table.note == f"n = 100; {left_out} of {len(given)} cells left out, so that none of fewer than 5 is told"


def test_counts_are_hidden_block_by_block():
    table = bl.suppress_small_cells(counts(a=[40, 30, 3], b=[50, 20, 30]), 5, within=["grouping"])
    assert shown(table) == [40, None, None, 50, 20, 30]


def test_the_given_table_stays_as_it_is():
    table = counts(a=[40, 30, 3])
    before = table.copy()
    bl.suppress_small_cells(table, 5)
    pd.testing.assert_frame_equal(table, before)
    assert table.note == "n = 100"


def test_rows_that_are_sums_stay():
    table = bl.SummaryTable.of(pd.DataFrame({"n": [40, 3, 43]}, index=pd.Index(["C1", "C2", "all"], name="class")), "")
    assert shown(bl.suppress_small_cells(table, 5)) == [None, None, 43]


def test_a_group_is_hidden_in_all_its_rows(joint_draws):
    table = bl.random_intercepts(joint_draws)
    sizes = table["n"].groupby(level="group").first()
    smallest = int(sizes.min()) + 1
    hidden = bl.suppress_small_cells(table, smallest, cell=["grouping", "group"], within=["grouping"])
    gone = hidden["n"].isna().groupby(level="group")
    assert gone.nunique().eq(1).all()
    assert set(gone.first().index[gone.first()]) == set(sizes.nsmallest(2).index)
    pd.testing.assert_frame_equal(pd.DataFrame(hidden.drop(columns="n")), pd.DataFrame(table.drop(columns="n")))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smallest_cell": 0}, "smallest_cell=0"),
        ({"count": "people"}, "'people'.*columns 'n', 'percent'"),
        ({"within": ["city"]}, "'city'.*indexed by 'grouping', 'group'"),
    ],
)
def test_cells_that_do_not_exist_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        bl.suppress_small_cells(counts(a=[1, 2]), **options)


def test_what_is_no_table_has_no_cells():
    with pytest.raises(TypeError, match="takes a table with a column of counts, not dict"):
        bl.suppress_small_cells({"n": [1, 2]})


@pytest.mark.usefixtures("pictures_are_not_written")
def test_a_report_leaves_out_small_groups(joint_draws, tmp_path):
    sizes = bl.random_intercepts(joint_draws)["n"].groupby(level="group").first()
    smallest = int(sizes.min()) + 1
    bl.report(few(joint_draws), tmp_path / "fit.html", tables=True, smallest_cell=smallest)
    for name in ("groups", "random_intercepts"):
        table = pd.read_csv(tmp_path / "fit_tables" / f"{name}.csv")
        assert table["n"].min() == sizes.nsmallest(3).max()
        assert f"fewer than {smallest}" in table["note"][0]
    assert f"fewer than {smallest} is told" in (tmp_path / "fit.html").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="smallest_cell=0"):
        bl.report(joint_draws, tmp_path / "none.html", smallest_cell=0)


@pytest.mark.usefixtures("pictures_are_not_written")
def test_a_report_hides_how_few_did_not_answer(lca_draws, tmp_path):
    """What is shown of an item's answers and of the others' missing ones does not add up to a small number."""
    draws = few(lca_draws)
    bl.report(draws, tmp_path / "all.html", tables=True)
    whole = pd.read_csv(tmp_path / "all_tables" / "missing_answers.csv", index_col="item")
    smallest = int(whole["missing"].min()) + 1
    bl.report(draws, tmp_path / "fit.html", tables=True, smallest_cell=smallest)
    missing = pd.read_csv(tmp_path / "fit_tables" / "missing_answers.csv", index_col="item")
    answers = pd.read_csv(tmp_path / "fit_tables" / "answers.csv", index_col=["item", "category"])
    hidden = missing.index[missing["missing"].isna()]
    assert len(hidden) >= 2 and set(hidden) >= set(whole.index[whole["missing"] < smallest])
    assert missing.loc[hidden, ["answered", "missing_percent"]].isna().all(axis=None)
    for item in missing.index:
        given = answers.loc[item]
        if item in hidden:
            assert given["n"].isna().any() and given["percent"].isna().all()
            assert whole.loc[item, "answered"] + whole.loc[item, "missing"] - given["n"].sum() >= smallest
        else:
            assert given["n"].sum() == missing.loc[item, "answered"]
    assert "without any answer: fewer than" in (tmp_path / "fit.html").read_text(encoding="utf-8")


def test_quantiles_of_group_sizes_do_not_tell_a_small_group():
    sizes = pd.DataFrame({"groups": [50], "smallest": [2.0], "quartile_1": [4.5], "median": [9.0]}, index=["clinic"])
    section = Section(
        "data", "Data", "", [Table("group_sizes", "Respondents per group", bl.SummaryTable.of(sizes, "n = 400"))]
    )
    (table,) = (block.table for block in without_small_cells(section, 5).blocks)
    assert table.loc["clinic"].isna().tolist() == [False, True, True, False]
    assert table.note == "n = 400; sizes below 5 are not told"
