"""Frequency tables and silent respondents: the answer is that of the respondents who are counted, or who answered."""

import inspect
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pytensor.compile.mode import Mode
from scipy.special import entr, xlogy

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import respondents_of
from bayes_lca.fitted.views import without_views
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.posterior.storage.whole_fit import OtherLayoutError, check_fit
from bayes_lca.reporting.sections.small_cells import without_small_cells
from bayes_lca.reporting.writing.section import Section, Table
from bayes_lca.sampling import adopt, nuts
from bayes_lca.sampling.ready import prepare_named
from bayes_lca.sampling.tree import assemble, finish
from bayes_lca.workflows import leave_one_group_out
from bayes_lca.workflows.ladder import cut_posterior

REFERENCE = Path(__file__).parent / "reference"
ITEMS, N = ["a", "b", "c"], 240
MEASUREMENT = bl.Items(ITEMS)
ALONE = LatentClass(2, MEASUREMENT)
FORMULA = "~ center(x) + z + (1 | g)"
NESTED = LatentClass(2, MEASUREMENT, bl.Regression(FORMULA))
COMPILE = Mode(linker="py", optimizer=None)
QUICK = {"n_starts": 5}
GIBBS = {"draws": 30, "tune": 10, "chains": 2}

WITHOUT_COUNT = {
    "declare_columns": "hands its frame back, row for row",
    "count_wave_classes": "counts persons, each of whom has a row of their own at every wave",
    "invariance_over_waves": "counts persons, each of whom has a row of their own at every wave",
    "compare_estimators": "hands its options on to fit_estimators",
    "fit_populations": "hands its options on to fit",
    "fit_or_load": "hands its options on to fit",
    "long_from_wide": "makes rows of persons and waves, one for each wave of a person",
    "membership": "scores each row of a frame of new respondents once, however many they are",
}


def respondents():
    rng = np.random.default_rng(4)
    latent_class = rng.random(N) < 0.4
    answers = (rng.random((N, 3)) < np.where(latent_class, 0.8, 0.25)[:, None]).astype(float)
    answers[rng.random((N, 3)) < 0.05] = np.nan
    answers[:3] = np.nan
    return pd.DataFrame(answers, columns=ITEMS).assign(
        x=rng.integers(0, 3, N), z=np.where(rng.random(N) < 0.5, "p", "q"), g=[f"g{i % 4}" for i in range(N)]
    )


def tabulated(frame):
    """Combinations with their number of respondents, last ones first, and one that nobody has."""
    table = frame.groupby(list(frame.columns), dropna=False).size().rename("n").reset_index().iloc[::-1]
    nobody = table.iloc[[0]].assign(n=0)
    return pd.concat([table.iloc[:5], nobody, table.iloc[5:]]).set_axis([f"row {i}" for i in range(len(table) + 1)])


def one_row_each(table):
    repeated = [place for place, times in enumerate(table["n"]) for _ in range(times)]
    return table.drop(columns="n").iloc[repeated].reset_index(drop=True)


@pytest.fixture(scope="module")
def table():
    return tabulated(respondents())


@pytest.fixture(scope="module")
def expanded(table):
    return one_row_each(table)


def fit_made_up(model, frame, count=None):
    """A fit as `bl.fit` makes it, but for the draws, which depend on neither rows nor counts."""
    prepared = prepare_named(model, frame, count=count, missing="raise", key=None)
    rng = np.random.default_rng(8)
    of_draws = {"chain": [0, 1], "draw": range(30)}
    coords = {**of_draws, "latent_class": ["C1", "C2"], "item": ITEMS, "category": ["0", "1"]}
    first = np.array([[0.25, 0.3, 0.2], [0.8, 0.75, 0.85]]) + rng.normal(0, 0.02, (2, 30, 2, 3))
    dims = ("chain", "draw", "latent_class")
    variables = {"item_probability": ((*dims, "item", "category"), np.stack([1 - first, first], axis=-1))}
    if model is NESTED:
        coords |= {"term": ["center(x)", "z[q]"], "g": [f"g{i}" for i in range(4)]}
        for name, axes, shape in (
            ("intercept", (), ()),
            ("slope", ("term",), (2,)),
            ("g_effect", ("g",), (4,)),
        ):
            half = rng.normal(0.3, 0.2, (2, 30, *shape))
            variables[name] = (("chain", "draw", *axes, "latent_class"), np.stack([half, -half], axis=-1))
        variables["g_sd"] = (dims, np.abs(rng.normal(0.5, 0.1, (2, 30, 2))))
    else:
        share = rng.uniform(0.35, 0.45, (2, 30))
        variables["class_share"] = (dims, np.stack([1 - share, share], axis=-1))
    diverging = {"diverging": (("chain", "draw"), np.zeros((2, 30), dtype=bool))}
    sampled = xr.DataTree.from_dict(
        {"/posterior": xr.Dataset(variables, coords), "/sample_stats": xr.Dataset(diverging, of_draws)}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        tree = assemble(prepared, sampled)
        tree.attrs["seed"] = 1
        return finish(prepared, tree)


@pytest.fixture(scope="module")
def counted_fit(table):
    return fit_made_up(ALONE, table, "n")


@pytest.fixture(scope="module")
def expanded_fit(expanded):
    return fit_made_up(ALONE, expanded)


# every function that takes a frame


def functions_of_frames():
    for name in bl.__all__:
        function = getattr(bl, name)
        if inspect.isfunction(function) and "frame" in inspect.signature(function).parameters:
            yield name, function


def test_every_function_that_takes_a_frame_counts():
    names = dict(functions_of_frames())
    assert {"fit", "count_classes", "covariate_tests", "leave_one_group_out"} <= set(names)
    silent = {name for name, function in names.items() if "count" not in inspect.signature(function).parameters}
    assert silent == set(WITHOUT_COUNT)
    tested = set(OF_FRAMES) | set(BESIDE_DRAWS) | set(SAMPLING)
    assert tested == set(names) - {
        *("membership", "declare_columns", "fit_populations", "long_from_wide", "more_draws"),
        *("count_wave_classes", "invariance_over_waves"),
    }


OF_FRAMES = {
    "bootstrap_likelihood_ratio": lambda frame, **count: (
        bl.bootstrap_likelihood_ratio(
            MEASUREMENT, frame, 2, draws=2, starts=2, jobs=1, progressbar=False, **count
        ).table
    ),
    "count_classes": lambda frame, **count: bl.count_classes(MEASUREMENT, frame, [1, 2], n_starts=5, **count),
    "characteristics": lambda frame, **count: bl.characteristics(frame, ["x", "z"], by="g", **count),
    "count_group_classes": lambda frame, **count: bl.count_group_classes(
        MEASUREMENT,
        frame.assign(ward=[f"{x}{z}{g}" for x, z, g in zip(frame["x"], frame["z"], frame["g"], strict=True)]),
        group="ward",
        classes=2,
        group_classes=[1, 2],
        n_starts=5,
        **count,
    ),
    "covariate_tests": lambda frame, **count: bl.covariate_tests("g", frame, ["x", "z"], **count),
    "maximum_likelihood": lambda frame, **count: (
        bl.maximum_likelihood(MEASUREMENT, frame, 2, n_starts=5, **count).shares
    ),
    "measurement_invariance": lambda frame, **count: bl.measurement_invariance(
        MEASUREMENT, frame, "z", 2, **GIBBS, **count
    ),
    "overfitted": lambda frame, **count: bl.overfitted(MEASUREMENT, frame, max_classes=2, **GIBBS, **count),
    "parallel_lines": lambda frame, **count: bl.parallel_lines(frame, "x", "~ z", **count),
    "partial_invariance": lambda frame, **count: (
        bl.partial_invariance(MEASUREMENT, frame, "z", 2, **GIBBS, **count).profiles
    ),
    "prior_predictive": lambda frame, **count: (
        bl.prior_predictive(ALONE, frame, draws=5, **count)["prior_predictive"]["answers"].to_numpy().reshape(5, -1)
    ),
    "reliability": lambda frame, **count: bl.reliability(ITEMS, frame, resamples=20, **count),
    "vuong_lo_mendell_rubin": lambda frame, **count: pd.DataFrame(
        [vars(bl.vuong_lo_mendell_rubin(MEASUREMENT, frame, 2, starts=5, **count))]
    )[["statistic", "p", "adjusted_statistic", "adjusted_p"]],
}
ABOUT_ALL_ROWS = (
    *("characteristics", "covariate_tests", "measurement_invariance", "parallel_lines", "prior_predictive"),
    "reliability",
)
BESIDE_DRAWS = {
    "check_items": lambda draws, frame, **count: (
        bl.check_items(draws, group="z", frame=frame, n_draws=20, **count).groups
    ),
    "direct_effects": lambda draws, frame, **count: bl.direct_effects(
        draws, ["x", "z"], frame=frame, n_draws=20, **count
    ),
    "covariate_tests": lambda draws, frame, **count: bl.covariate_tests(draws, frame, ["x", "z"], **count),
    "stepwise_outcome": lambda draws, frame, **count: bl.stepwise_outcome(draws, "x", frame, **count),
    "bch_outcomes": lambda draws, frame, **count: bl.bch_outcomes(draws, ["x"], frame, **count).means,
    "stepwise_odds_ratios": lambda draws, frame, **count: bl.stepwise_odds_ratios(
        draws, bl.Regression("~ center(x) + z"), frame, **count
    ),
}
SAMPLING = {
    "adopt": lambda frame, **count: bl.adopt(NESTED, frame, xr.DataTree.from_dict({"/posterior": None}), **count),
    "compare_estimators": lambda frame, **count: bl.compare_estimators(NESTED, frame, **count),
    "fit": lambda frame, **count: bl.fit(NESTED, frame, **count),
    "fit_estimators": lambda frame, **count: bl.fit_estimators(NESTED, frame, **count),
    "compare_outcomes": lambda frame, **count: bl.compare_outcomes(
        fit_made_up(ALONE, frame, **count), "x", frame, measurement_draws=4, draws=4, **count
    ),
    "fit_distal": lambda frame, **count: bl.fit_distal(
        fit_made_up(ALONE, frame, **count), frame, "x ~ latent_class", measurement_draws=4, draws=4, **count
    ),
    "fit_or_load": lambda frame, **count: bl.fit_or_load("never written.nc", NESTED, frame, **count),
    "fit_two_step": lambda frame, **count: bl.fit_two_step(
        fit_made_up(ALONE, frame, **count), bl.Regression(FORMULA), frame, measurement_draws=4, draws=4, **count
    ),
    "leave_one_group_out": lambda frame, **count: bl.leave_one_group_out(NESTED, frame, **count),
}


def quiet(call, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        warnings.simplefilter("ignore", bl.FewGroupsWarning)
        return call(*arguments, **options)


@pytest.mark.parametrize("name", OF_FRAMES)
def test_a_table_gives_what_its_respondents_give(table, expanded, name):
    counted, each = quiet(OF_FRAMES[name], table, count="n"), quiet(OF_FRAMES[name], expanded)
    pd.testing.assert_frame_equal(pd.DataFrame(counted), pd.DataFrame(each), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", BESIDE_DRAWS)
def test_a_table_beside_draws_gives_what_its_respondents_give(table, expanded, counted_fit, expanded_fit, name):
    counted = quiet(BESIDE_DRAWS[name], counted_fit, table, count="n")
    each = quiet(BESIDE_DRAWS[name], expanded_fit, expanded)
    pd.testing.assert_frame_equal(pd.DataFrame(counted), pd.DataFrame(each), rtol=0, atol=1e-10)
    with pytest.raises(ValueError, match=r"240 respondents of this fit come from \d+ rows counted by 'n'.* count=\.\."):
        BESIDE_DRAWS[name](counted_fit, table)


class PreparedError(Exception):
    """Stops where sampling would begin, with the model that would be sampled."""


@pytest.mark.parametrize("name", SAMPLING)
def test_what_is_sampled_is_the_model_of_the_respondents(table, expanded, monkeypatch, name):
    def stop(prepared, **options):
        raise PreparedError(prepared)

    monkeypatch.setattr(adopt, "_check_data", lambda model, frame, missing, prepared, idata: stop(prepared))
    for module in (nuts, cut_posterior, leave_one_group_out):
        monkeypatch.setattr(module, "Sampler", stop)
    prepared = []
    for frame, count in ((table, {"count": "n"}), (expanded, {})):
        with pytest.raises(PreparedError) as stopped:
            SAMPLING[name](frame, **count)
        prepared.append(stopped.value.args[0])
    counted, each = prepared
    xr.testing.assert_identical(counted.groups["encoding"], each.groups["encoding"])
    patterns = [groups["patterns"].drop_dims("respondent", errors="ignore") for groups in (counted.groups, each.groups)]
    xr.testing.assert_identical(*patterns)
    xr.testing.assert_identical(respondents_of(counted.groups), respondents_of(each.groups))
    assert counted.model.str_repr() == each.model.str_repr()
    for variable in each.model.data_vars:
        np.testing.assert_array_equal(counted.model[variable.name].get_value(), variable.get_value())


# what a fit of a table is


def test_the_tree_is_that_of_the_respondents_and_the_table_beside_it(table, expanded, counted_fit, expanded_fit):
    """So every function of draws, which reads the tree alone, gives the same."""
    pairs = [(counted_fit, expanded_fit), (fit_made_up(NESTED, table, "n"), fit_made_up(NESTED, expanded))]
    for counted, each in pairs:
        assert set(counted.children) - set(each.children) == {"frequency_table"}
        assert set(counted.attrs) - set(each.attrs) == {"counted"}
        xr.testing.assert_identical(respondents_of(counted), respondents_of(each))
        for name in each.children:
            pair = [tree[name].to_dataset() for tree in (counted, each)]
            if name == "patterns":  # the table has them by its rows
                pair = [dataset.drop_dims("respondent", errors="ignore") for dataset in pair]
            xr.testing.assert_allclose(*pair, rtol=0, atol=1e-12)
        assert bl.class_sizes(counted).equals(bl.class_sizes(each))
        assert f"n = {N} ({len(table) - 1} rows counted by 'n', 1 that count 0 left out), 3 of them without any" in (
            bl.class_sizes(counted).note
        )


def test_membership_has_an_entry_for_each_row_of_the_table(table, expanded, counted_fit, expanded_fit):
    members, each = bl.membership(counted_fit), bl.membership(expanded_fit)
    present = table[table["n"] > 0]
    assert members.index.tolist() == present.index.tolist()
    assert members["n_respondents"].tolist() == present["n"].tolist()
    first = present["n"].cumsum() - present["n"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(members).drop(columns=["n_respondents", "row"]).reset_index(drop=True),
        pd.DataFrame(each).iloc[first].drop(columns="row").reset_index(drop=True),
    )
    assert members["row"].tolist() == np.flatnonzero(table["n"]).tolist()
    assert len(table.join(members)) == len(table)
    assert bl.membership_draws(counted_fit)["respondent"].to_numpy().tolist() == present.index.tolist()


def test_a_fit_of_a_table_by_respondents_is_of_another_layout(counted_fit):
    older = without_views(counted_fit)
    older["frequency_table"] = xr.DataTree(older["frequency_table"].to_dataset().drop_vars("pattern_of_table_row"))
    with pytest.raises(OtherLayoutError, match="does not say which distinct row each of its rows is; fit again"):
        check_fit(older)


def test_a_fit_of_a_table_is_kept_whole_or_without_respondents(counted_fit, tmp_path):
    bl.save(counted_fit, tmp_path / "fit.nc")
    read = bl.load(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(bl.membership(read), bl.membership(counted_fit))
    bl.save(counted_fit, tmp_path / "closed.nc", respondents=False)
    closed = bl.load(tmp_path / "closed.nc")
    assert "frequency_table" not in closed.children
    assert bl.class_sizes(closed).note == bl.class_sizes(counted_fit).note
    torn = counted_fit.copy()
    torn["frequency_table"] = xr.DataTree(torn["frequency_table"].to_dataset().isel(table_row=slice(3)))
    with pytest.raises(ValueError, match="not those that the frequency table counts"):
        bl.membership(torn)


def test_the_log_density_of_a_table_is_the_weighted_sum_over_its_rows(table):
    model = ALONE.build(table, count="n")
    rng = np.random.default_rng(2)
    point = {name: value + rng.normal(0, 0.5, value.shape) for name, value in model.initial_point().items()}
    variables = model.replace_rvs_by_values([model["class_share"], model["item_probability"]])
    share, probability = model.compile_fn(variables, inputs=model.value_vars, mode=COMPILE)(point)
    expected = 0.0
    for row in table.itertuples(index=False):
        likelihood = share.copy()
        for j, answer in enumerate((row.a, row.b, row.c)):
            if not np.isnan(answer):
                likelihood = likelihood * probability[:, j, int(answer)]
        expected += row.n * np.log(likelihood.sum())
    terms = model.compile_logp(vars=[model["answers"]], sum=False, mode=COMPILE)(point)
    assert sum(term.sum() for term in terms) == pytest.approx(expected, abs=1e-10)


def test_counted_outcomes_are_those_of_the_respondents(table):
    """A table of outcomes: counts by covariates and category, added by hand."""
    complete = table.dropna(subset="a").astype({"a": int})
    prepared = prepare_named(Multinomial("a", bl.Regression("~ x")), complete, count="n", missing="raise", key=None)
    counts = prepared.model["outcome_counts"].get_value()
    by_hand = complete.pivot_table("n", "x", "a", aggfunc="sum").to_numpy()
    assert sorted(counts.tolist()) == sorted(by_hand.tolist())
    assert prepared.attributes["n_respondents"] == complete["n"].sum()


def test_published_criteria_come_from_the_table_as_it_is_printed():
    """118 slides in 20 patterns: poLCA prints log-likelihood -293.705, AIC 633.41 and BIC 697.1357."""
    table = pd.read_csv(REFERENCE / "carcinoma.csv")
    items = bl.Items([name for name in table if name != "count"])
    counted = bl.count_classes(items, table, [3], count="count", n_starts=20)
    assert counted.loc[3, "log_likelihood"] == pytest.approx(-293.705, abs=1e-3)
    assert counted.loc[3, "AIC"] == pytest.approx(633.41, abs=1e-2)
    assert counted.loc[3, "BIC"] == pytest.approx(697.1357, abs=1e-3)
    assert counted.note.startswith("n = 118 (20 rows counted by 'count'), 0 rows left out")
    with pytest.warns(bl.UnusedCountsWarning, match=r"column 'count' is not used, and each of the 20 rows.*118 in all"):
        bl.count_classes(items, table, [1], n_starts=1)


# respondents without any answer


def test_criteria_and_tests_leave_out_who_gave_no_answer(expanded):
    answered = expanded.dropna(subset=ITEMS, how="all")
    assert len(answered) == N - 3
    for name, call in OF_FRAMES.items():
        if name not in ABOUT_ALL_ROWS:
            all_of_them, those = quiet(call, expanded), quiet(call, answered)
            atol = 1e-5 if name == "count_group_classes" else 1e-10  # no Newton steps end its EM
            pd.testing.assert_frame_equal(pd.DataFrame(all_of_them), pd.DataFrame(those), rtol=0, atol=atol)
    table = bl.count_classes(MEASUREMENT, expanded, [1, 2], **QUICK)
    counts = [answered[item].value_counts().to_numpy() for item in ITEMS]
    log_likelihood = sum(xlogy(of_item, of_item / of_item.sum()).sum() for of_item in counts)
    assert table.loc[1, "BIC"] == pytest.approx(-2 * log_likelihood + 3 * np.log(N - 3), abs=1e-6)
    assert f"n = {N - 3}, 3 more without any answer take no part" in table.note


def test_the_choice_does_not_change_with_those_who_gave_no_answer(expanded):
    silent = pd.DataFrame(np.nan, index=range(1000, 1500), columns=ITEMS)
    both = [
        bl.count_classes(MEASUREMENT, frame, [1, 2], **QUICK) for frame in (expanded, pd.concat([expanded, silent]))
    ]
    pd.testing.assert_frame_equal(*map(pd.DataFrame, both))


def test_silent_respondents_have_prior_membership_and_no_part_in_certainty(expanded, expanded_fit):
    fit, members = Fit.reading(expanded_fit), bl.membership(expanded_fit)
    share = expanded_fit["posterior"]["class_share"].mean(["chain", "draw"]).to_numpy()
    silent = expanded[ITEMS].isna().all(axis=1).to_numpy()
    assert len(members) == N
    np.testing.assert_allclose(members.loc[silent, ["C1", "C2"]], np.tile(share, (3, 1)), rtol=1e-5)
    of_answered = fit.membership[:, fit.pattern_of_respondent[~silent]].astype(float)
    entropy = 1 - entr(of_answered).sum(axis=2).mean(axis=1) / np.log(2)
    table = bl.classification_table(expanded_fit)
    assert table.loc[("entropy R2", "all", "all"), "mean"] == pytest.approx(entropy.mean(), abs=1e-6)
    assert table.loc[("entropy R2", "all", "all"), "n"] == N - 3
    assert table.loc["class given modal class"].groupby("modal_class")["n"].first().sum() == N - 3
    modal = members["modal_class"].to_numpy()
    of_first = (modal == "C1") & ~silent
    average = of_answered[:, of_first[~silent], 0].mean()
    assert table.loc[("class given modal class", "C1", "C1"), "mean"] == pytest.approx(average, abs=1e-6)
    assert f"n = {N}, 3 of them without any answer, 0 rows left out" in table.note


def test_silent_respondents_of_a_regression_have_the_probabilities_of_their_covariates(expanded):
    draws = fit_made_up(NESTED, expanded)
    fit, members = Fit.reading(draws), bl.membership(draws)
    silent = expanded[ITEMS].isna().all(axis=1).to_numpy()
    rows = fit.pattern_of_respondent[silent]
    prior = np.exp(fit.log_class(rows, slice(None))).mean(axis=0)
    np.testing.assert_allclose(members.loc[silent, ["C1", "C2"]], prior, rtol=1e-5)
    entropy = bl.classification_table(draws).loc[("entropy R2", "all", "all")]
    of_answered = fit.membership[:, fit.pattern_of_respondent[~silent]].astype(float)
    expected = 1 - entr(of_answered).sum(axis=2).mean(axis=1) / np.log(2)
    assert entropy["mean"] == pytest.approx(expected.mean(), abs=1e-6)


@pytest.mark.parametrize("classes", ["modal", "imputed"])
def test_silent_respondents_have_no_class_to_compare(expanded, expanded_fit, classes):
    table = bl.covariate_tests(expanded_fit, expanded, ["x", "z"], classes=classes, n_draws=20)
    assert table["n"].tolist() == [N - 3] * 2
    assert table["missing"].tolist() == [3] * 2


def test_a_report_without_small_cells_does_not_tell_how_few_gave_no_answer(expanded_fit):
    section = Section("classes", "Classes", "", [Table("class_sizes", "Sizes", bl.class_sizes(expanded_fit))])
    notes = {k: without_small_cells(section, k).blocks[0].table.note for k in (3, 5)}
    assert "3 of them without any answer" in notes[3]
    assert "fewer than 5 of them without any answer" in notes[5]
    assert "3 of them" not in notes[5]
