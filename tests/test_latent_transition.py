"""Latent transition models as users meet them: refused frames, fits, files, new persons."""

import numpy as np
import pandas as pd
import polars as pl
import pymc as pm
import pytest
from pytensor.compile.mode import Mode

import bayes_lca as bl
from bayes_lca.data.waves import read_waves
from bayes_lca.datasets.simulate_waves import simulate_waves
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.models import LatentTransition
from bayes_lca.path_rows import PathRows

ITEMS = ["item1", "item2", "item3", "item4"]
ANSWERS = np.array([[[0.85, 0.15]] * 4, [[0.2, 0.8]] * 4])
STAY = [[0.85, 0.15], [0.25, 0.75]]
GROUPED = {"initial": bl.Regression("~ x1 + (1 | group)"), "transition": bl.Transition("~ x1 + (1 | group)")}


def model(**parts):
    return LatentTransition(2, bl.Items(ITEMS), "person", "wave", **parts)


@pytest.fixture(scope="module")
def waves():
    survey, _ = simulate_waves(
        *(240, [0.6, 0.4], STAY, ANSWERS, 3),
        slope=[[0.5]],
        transition_slope=[[0.4]],
        n_groups=4,
        group_sd=0.5,
        transition_group_sd=0.5,
        missing_rate=0.05,
        missed_rate=0.1,
    )
    return survey


@pytest.fixture(scope="module")
def draws(waves):
    with pytest.warns(bl.ConvergenceWarning):  # too few draws to be trusted
        return bl.fit(model(**GROUPED), waves, draws=60, chains=2, seed=2, until=None, progressbar=False)


def refused(change, message, parts=None):
    return pytest.param(change, parts or {}, message, id=message[:40])


@pytest.mark.parametrize(
    ("change", "parts", "message"),
    [
        refused(
            lambda frame: pd.concat([frame, frame.head(2)], ignore_index=True),  # two waves of one person, twice each
            r"has 2 rows of wave '\d', and 4 of \d+ rows share",
        ),
        refused(
            lambda frame: frame[frame["wave"] == 1],
            r"wave column 'wave' is '1' in all \d+ rows: transitions take two waves or more; fit LatentClass",
        ),
        refused(
            lambda frame: pd.concat([frame, frame.iloc[[3, 3, 8]]], ignore_index=True),
            r"has 3 rows of wave '\d', and 5 of \d+ rows share their 'person' and 'wave' with another .* keep one row",
        ),
        refused(
            lambda frame: frame.assign(wave=frame["wave"].map({1: "first", 2: "second", 3: "third"})),
            r"wave column 'wave' has waves 'first', 'second', 'third' in \d+ rows, whose order nobody declared; number",
        ),
        refused(
            lambda frame: frame.assign(wave=frame["wave"].astype(object).replace({3: "last"})),
            r"wave column 'wave' has waves 1, 2, 'last' .*number the waves",
        ),
        refused(
            lambda frame: frame.assign(wave=frame["wave"].where(frame.index > 1)),
            r"wave column 'wave' is missing in 2 of \d+ rows \(rows 0, 1\)",
        ),
        refused(lambda frame: frame.drop(columns="person"), "unknown person and wave column"),
        refused(
            lambda frame: frame.drop(columns="wave"), r"unknown .*'wave'.* becomes a long one by bl.long_from_wide"
        ),
        refused(
            lambda frame: frame.assign(item2=frame["item2"].where(frame["wave"] != 2)),
            r"item 'item2' has no answer in any of the \d+ rows of wave '2'; leave the item out",
        ),
        refused(
            lambda frame: frame.assign(
                group=np.where(frame.index < 5, frame["wave"].map("w{}".format), frame["group"])
            ),
            r"group column 'group' of the first wave changes within 2 of 240 persons, such as .* keep one group for",
            GROUPED,
        ),
        refused(
            lambda frame: frame.drop_duplicates("person"),
            r"none of 240 persons in 'person' is seen at two waves, .* fit LatentClass with 'wave' as a covariate",
        ),
        refused(
            lambda frame: frame[(frame["person"] % 2 == 0) == (frame["wave"] < 3)],
            r"none of \d+ persons in 'person' is seen before and after step\(s\) '2 to 3', whose transitions",
            {"transition": bl.Transition(over_time="free")},
        ),
        refused(
            lambda frame: frame.assign(x1=1.0),
            "'x1'",
            {"transition": bl.Transition("~ x1")},
        ),
        refused(
            lambda frame: frame.assign(x1=frame["x1"].where(frame["wave"] < 3)),
            r"'x1' is missing|x1.*missing",
            {"transition": bl.Transition("~ x1")},
        ),
    ],
)
def test_frames_that_are_no_waves_are_refused_by_name(waves, change, parts, message):
    with pytest.raises(ValueError, match=message):
        model(**parts).prepare(change(waves))


def test_more_classes_than_the_answers_of_all_waves_tell_apart_are_refused(waves):
    two = waves[waves["wave"] < 3]
    with pytest.raises(
        ValueError, match=r"n_classes=4: .* have 23 parameters, and the table of all answers at 2 waves"
    ):
        LatentTransition(4, bl.Items(["item1", "item2"]), "person", "wave").prepare(two)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"measurement": ["item1"]}, TypeError, "wrap the names of the items"),
        ({"initial": "~ x1"}, TypeError, "give Shares"),
        ({"transition": bl.Regression("~ x1")}, TypeError, r"^transition=Regression\(\.\.\.\): give Transition"),
        ({"person_intercept": "no"}, TypeError, "give True or False"),
        ({"measurement": bl.Items([*ITEMS, "wave"])}, ValueError, "'wave'.* leave them out of measurement="),
        ({"measurement_over_time": "partly"}, ValueError, """choose "equal", "free", or a list .* 'item1', 'item2'"""),
        ({"measurement_over_time": 3}, TypeError, 'choose "equal", "free", or a list'),
        ({"measurement_over_time": []}, ValueError, 'frees no item; write "equal"'),
        ({"measurement_over_time": ["item2", "pay"]}, ValueError, "'pay' is none of the items"),
        ({"measurement_over_time": ["item2", "item2"]}, ValueError, "an item is named twice"),
        (
            {"measurement_over_time": ["item2", "item4", "item1"]},
            ValueError,
            "leaves 1 of 4 items equal, 'item3', .* free fewer items",
        ),
        (
            {"measurement": bl.Items(ITEMS, prior={"item1": 2.0}), "measurement_over_time": ["item2"]},
            ValueError,
            "speak of single items .* leave out prior= and restrictions=",
        ),
        ({"n_classes": 1, "transition": bl.Transition("~ x1")}, ValueError, "they take 2 classes or more"),
        ({"measurement": bl.NormalItems(["x1"]), "person_intercept": True}, TypeError, "CommonMethod"),
    ],
)
def test_parts_of_other_kinds_are_refused(given, error, message):
    parts = {"n_classes": 2, "measurement": bl.Items(ITEMS), "person": "person", "wave": "wave"} | given
    with pytest.raises(error, match=message):
        LatentTransition(**parts)


def test_items_named_as_copies_of_others_are_refused():
    """Else the second item would have the probabilities of the first at the first wave."""
    frame = bl.example_waves().rename(columns={"recognition": "training (wave 1)"})
    items = bl.Items(["training", "training (wave 1)", "expertise"])
    free = LatentTransition(2, items, person="person", wave="wave", measurement_over_time=["training"])
    with pytest.raises(ValueError, match=r"item\(s\) 'training \(wave 1\)' of 3 bear the name of one that is free"):
        free.build(frame)


def test_all_items_free_are_the_free_measurement():
    assert model(measurement_over_time=ITEMS[::-1]) == model(measurement_over_time="free")
    assert model(measurement_over_time=["item4", "item2"]).measurement_over_time == ("item2", "item4")


def test_chains_start_where_the_items_that_are_free_differ_between_waves():
    survey, _ = simulate_waves(400, [0.6, 0.4], STAY, ANSWERS, 3)
    at_third = survey["wave"] == 3
    answers = survey["item2"].astype(int)
    turned = answers.mask(at_third, 3 - answers)  # at the third wave the classes answer the other way round
    prepared = model(measurement_over_time=["item2"]).prepare(survey.assign(item2=turned))
    start = prepared.start["all_waves::item_probability"]  # (class, copy, category)
    rare = start[:, 0, 1].argmin()
    np.testing.assert_allclose(start[rare, 1:4, 1], [0.15, 0.15, 0.85], atol=0.1)
    assert list(prepared.model.coords["all_waves::item"])[1:4] == [f"item2 (wave {t})" for t in (1, 2, 3)]
    np.testing.assert_allclose(prepared.pivot[:, 1], start[:, 1:4].mean(axis=1), atol=0.01)


def test_over_time_and_slopes_of_transitions_are_checked():
    with pytest.raises(ValueError, match='over_time=\'sometimes\': choose "equal" or "free"'):
        bl.Transition(over_time="sometimes")
    with pytest.raises(TypeError, match="by_origin='yes': give True or False"):
        bl.Transition("~ x", by_origin="yes")
    with pytest.raises(ValueError, match=r"by_origin=True with .* the formula has no covariate"):
        bl.Transition("~ 1 + (1 | group)", by_origin=True)
    with pytest.raises(TypeError, match="the prior of the slopes of transitions"):
        bl.Transition("~ x", slope=bl.PerUnit(bl.ZeroSumNormal(1.0), columns=3))
    with pytest.raises(TypeError, match="the prior of stay is NormalLogit"):
        bl.Transition(stay=bl.Normal(1.0))


def test_slopes_by_group_and_by_origin_at_once_are_refused(waves):
    with pytest.raises(ValueError, match=r"slopes cannot differ by group and by the class that is left at once"):
        model(transition=bl.Transition("~ x1 + (x1 | group)", by_origin=True)).prepare(waves)


def test_counts_and_keys_are_refused(waves):
    for options, word in (({"key": "person"}, "key="), ({"count": "n"}, "count=")):
        with pytest.raises(ValueError, match=f"{word} speaks of rows that are respondents.* named by 'person'"):
            bl.fit(model(), waves.assign(n=1), **options)


def test_unequally_spaced_waves_are_told_of(waves):
    with pytest.warns(bl.UnequalSpacingWarning, match=r"waves of 'wave' are unequally far apart \(1, 3\)"):
        read_waves(waves.assign(wave=waves["wave"].map({1: 2020, 2: 2021, 3: 2024})), "person", "wave")


def test_unequal_spacing_is_no_matter_where_every_step_has_transitions_of_its_own(waves, recwarn):
    apart = waves.assign(wave=waves["wave"].map({1: 2020, 2: 2021, 3: 2024}))
    PathRows.read(model(transition=bl.Transition(over_time="free")), apart, missing="raise", collapse=True)
    assert not any(issubclass(each.category, bl.UnequalSpacingWarning) for each in recwarn)


def test_persons_and_waves_are_two_columns(waves):
    with pytest.raises(ValueError, match="'wave' is given as the column of persons and as that of waves"):
        read_waves(waves, "wave", "wave")


def test_rows_are_named_by_their_place_in_the_whole_frame(waves):
    later = np.flatnonzero((waves["wave"] == 3).to_numpy())[[1, 4]]
    frame = waves.assign(x1=waves["x1"].mask(waves.index.isin(later)))
    n_later, parts = int((waves["wave"] > 1).sum()), {"transition": bl.Transition("~ x1")}
    message = rf"rows of later waves \({n_later} of {len(waves)} rows\): .*'x1' in 2: rows {later[0]}, {later[1]}\)"
    for given in (frame, pl.from_pandas(frame)):
        with pytest.raises(ValueError, match=message):
            model(**parts).prepare(given)
    with pytest.raises(ValueError, match=rf"unknown formula column\(s\) 'age'; the frame has {len(waves)} rows"):
        model(transition=bl.Transition("~ age")).prepare(waves)


def test_waves_are_ordered_by_value_date_or_declaration():
    names = {
        "a": ["10", "9"],
        "b": pd.to_datetime(["2021-05-01", "2020-05-01"]),
        "c": pd.Categorical(["z", "a"], ["z", "a"], ordered=True),
    }
    frame = pd.DataFrame({"id": [1, 1], **names})
    found = {name: read_waves(frame, "id", name).names for name in names}
    assert found == {"a": ("9", "10"), "b": ("2020-05-01", "2021-05-01"), "c": ("z", "a")}


def test_a_missed_wave_has_the_covariates_of_the_next_one_seen():
    frame = pd.DataFrame({"id": [1, 1, 2, 2, 3], "wave": [1, 3, 2, 4, 4], "row": [0, 1, 2, 3, 4]})
    found = read_waves(frame, "id", "wave")
    assert found.names == ("1", "2", "3", "4")
    assert found.row_ahead.tolist() == [[0, 1, 1, 1], [2, 2, 3, 3], [4, 4, 4, 4]]
    assert found.last.tolist() == [2, 3, 3]
    assert found.first_row.tolist() == [0, 2, 4]


def test_incomplete_rows_become_missed_waves_and_incomplete_first_rows_persons_left_out(waves):
    first = waves.groupby("person").head(1).index
    later = waves.index[waves["person"] == waves["person"].iloc[20]][-1]
    assert later not in first
    frame = waves.assign(x1=waves["x1"].where(~waves.index.isin([0, later])))
    parts = model(**GROUPED)
    of_first = (frame["person"] == frame["person"][0]).sum()
    with (
        pytest.warns(UserWarning, match=rf"1 of 240 persons left out, with all their {of_first} of {len(frame)} rows"),
        pytest.warns(UserWarning, match=r"1 of \d+ rows left out: covariate missing \('x1' in 1: rows"),
    ):
        rows = PathRows.read(parts, frame, missing="drop", collapse=True)
    whole = PathRows.read(parts, waves, missing="raise", collapse=True)
    assert len(rows.waves.persons) == len(whole.waves.persons) - 1
    left_out = of_first + 1
    assert rows.n_dropped == left_out
    assert rows.waves.seen.sum() == len(frame) - left_out
    assert rows.first_row.tolist() == first[1:].tolist()


def test_a_fit_says_who_was_seen_when(draws, waves):
    fit = Fit.reading(draws)
    assert fit.n_respondents == 240 == waves["person"].nunique()
    assert f"n = 240, 3 waves, {3 * 240 - len(waves)} of 720 person-waves missed" in fit.note
    assert paths_of(fit).seen[fit.pattern_of_respondent].sum() == len(waves)
    assert fit.group_names["group"] == ("G1", "G2", "G3", "G4")
    assert paths_of(fit).transition_groupings == ("transition_group",)
    observed = draws["observed_data"]["answers"]
    assert observed.dims == ("respondent", "wave", "item")


def test_transitions_of_a_fit_are_near_the_truth(draws):
    mean = draws["posterior"]["transition_probability"].mean(["chain", "draw"]).to_numpy()
    sd = draws["posterior"]["transition_probability"].std(["chain", "draw"]).to_numpy()
    profile = draws["posterior"]["item_probability"].sel(category="2").mean(["chain", "draw", "item"])
    order = np.argsort(profile.to_numpy())
    assert (np.abs(mean[np.ix_(order, order)] - STAY) < 4 * sd[np.ix_(order, order)]).all()
    np.testing.assert_allclose(mean.sum(axis=1), 1.0)


@pytest.mark.parametrize("respondents", [True, False])
def test_a_saved_fit_is_the_fit(draws, tmp_path, respondents):
    bl.save(draws, tmp_path / "fit.nc", respondents=respondents)
    loaded = bl.load(tmp_path / "fit.nc")
    for name in draws["posterior"].data_vars:
        if respondents or name != "class_share":  # whose decimals would tell who the respondents are
            np.testing.assert_array_equal(loaded["posterior"][name], draws["posterior"][name])
    assert bl.holds_respondents(loaded) == respondents
    if respondents:
        read, kept = (Fit.reading(each) for each in (loaded, draws))
        np.testing.assert_array_equal(read.log_likelihood_in(np.arange(3)), kept.log_likelihood_in(np.arange(3)))


def test_persons_scored_as_new_are_as_they_were(draws, waves):
    own, new = bl.membership(draws), bl.membership(draws, waves)
    np.testing.assert_allclose(own[["C1", "C2"]], new[["C1", "C2"]], atol=1e-6)
    assert own.index.equals(new.index)


def test_new_persons_of_unseen_groups_are_scored_alone(draws, waves):
    some = waves[waves["person"].isin([1, 2, 5])].assign(
        group=lambda frame: frame["group"].astype(str).replace({"G1": "other"})
    )
    together, alone = bl.membership(draws, some), bl.membership(draws, some[some["person"] == 2])
    assert together.loc[2]["seen"].sum() == (waves["person"] == 2).sum()
    np.testing.assert_allclose(together.loc[2][["C1", "C2"]], alone.loc[2][["C1", "C2"]], atol=1e-6)
    assert "transition_group 'other' not seen by the fit" in together.note
    assert (together[["C1", "C2"]].sum(axis=1).round(6) == 1).all()


def test_covariates_of_moving_are_not_asked_for_at_the_first_wave(waves):
    moving = model(transition=bl.Transition("~ pay + (1 | team)"))
    first = waves["wave"] == 1
    frame = waves.assign(pay=waves["x1"].mask(first), team=waves["group"].astype(str).mask(first))
    with pytest.warns(bl.ConvergenceWarning):
        draws = bl.fit(moving, frame, draws=20, tune=60, chains=2, seed=2, until=None, progressbar=False)
    own, new = bl.membership(draws), bl.membership(draws, frame)
    np.testing.assert_allclose(own[["C1", "C2"]], new[["C1", "C2"]], atol=1e-6)
    elsewhere = bl.membership(draws, frame.assign(team=frame["team"].fillna("before")))
    assert "not seen by the fit" not in elsewhere.note
    at_first = bl.membership(draws, frame[first])
    assert len(at_first) == 3 * first.sum()


def test_waves_that_the_fit_has_not_seen_are_refused(draws, waves):
    with pytest.raises(
        ValueError, match=r"has wave\(s\) '7' in 1 of \d+ rows that the fit has not seen; its waves are"
    ):
        bl.membership(draws, waves.assign(wave=waves["wave"].where(waves.index > 0, 7)))


def test_draws_of_the_model_are_answers_at_all_waves(waves):
    built = model(**GROUPED).build(waves)
    answers = pm.draw(built["answers"], random_seed=1, mode=Mode(linker="py", optimizer="fast_compile"))
    assert answers.shape == (len(built.coords["pattern"]), 3, 4)
    assert set(np.unique(answers)) == {0, 1}


def test_levels_of_persons_at_two_waves_are_warned_of(waves):
    with_levels, two = model(person_intercept=True), waves[waves["wave"].isin(sorted(waves["wave"].unique())[:2])]
    with pytest.warns(bl.FewWavesWarning, match=r"persons have a level of their own at 2 waves, '1', '2'"):
        with_levels.prepare(two, missing="drop")


@pytest.mark.filterwarnings("error::bayes_lca.FewWavesWarning")
def test_levels_of_persons_at_three_waves_and_two_waves_without_them_are_not(waves):
    model(person_intercept=True).prepare(waves)
    model().prepare(waves[waves["wave"].isin(sorted(waves["wave"].unique())[:2])])
