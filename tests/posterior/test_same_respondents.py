"""A frame beside draws: its rows are shown to be the respondents, put in their order, or refused with a count."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats

import bayes_lca as bl
from bayes_lca.data.formula import read_formula
from bayes_lca.data.keys import read_key, warn_of_repeated_rows
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import PATTERNS
from bayes_lca.fitted.same_respondents import respondents_in_both, respondents_of_rows, rows_of_respondents
from bayes_lca.models import LatentClass, Multinomial

ITEMS = ["training", "recognition", "expertise"]


@pytest.fixture(scope="module")
def draws():
    return bl.load_example()


@pytest.fixture(scope="module")
def survey():
    return bl.example_survey()


@pytest.fixture(scope="module")
def turned(survey):
    """The same rows in another order, their labels numbered anew."""
    return survey.sample(frac=1, random_state=3).reset_index(drop=True)


@pytest.fixture(scope="module")
def distinct(made_up):
    """A fit in which no two respondents are alike, with its frame."""
    frame = made_up.staff()
    tree = made_up.draws("~ z + role", frame, latent=True, seed=4)
    answers = tree["observed_data"]["answers"].to_numpy()
    labels = np.array(["no", "yes", None], dtype=object)
    return tree, frame.assign(**dict(zip("abc", labels[answers].T, strict=True)))


def keyed(tree, labels, name):
    """The fit as it would be with a key of these values."""
    result = tree.copy()
    patterns = tree[PATTERNS].to_dataset()
    result[PATTERNS] = patterns.assign_coords(respondent=np.asarray(labels))
    result.attrs = tree.attrs | {"key": name}
    return result


def rows_that_differ(survey, other):
    """Respondents whose row in another frame, found by label, holds anything else of what the fit knows."""
    columns = [*ITEMS, "participation", "score", "group"]
    there = survey.index.isin(other.index)
    beside = other.loc[survey.index[there], columns].astype(object)
    before = survey.loc[there, columns].astype(object)
    return int(((before != beside) & ~(before.isna() & beside.isna())).any(axis=1).sum())


CALLS = {
    "covariate_tests": lambda draws, frame, **key: bl.covariate_tests(draws, frame, ["gender"], **key),
    "direct_effects": lambda draws, frame, **key: bl.direct_effects(draws, ["gender"], frame=frame, n_draws=5, **key),
    "check_items": lambda draws, frame, **key: (
        bl.check_items(draws, group="gender", frame=frame, n_draws=5, **key).groups
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_turned_rows_are_refused_or_put_right_and_never_taken_as_they_stand(draws, survey, turned, name):
    expected = CALLS[name](draws, survey)
    from_one = turned.set_axis(range(1, 181))
    n_differ = rows_that_differ(survey, from_one)
    assert n_differ > 150
    with pytest.raises(
        ValueError, match=f"^{n_differ} of the 180 respondents .*have other values.*another order.*key="
    ):
        CALLS[name](draws, from_one)
    for frame in (turned, pl.from_pandas(turned)):
        with pytest.raises(ValueError, match=r"lacks 1 of the 180 respondents of this fit: 180; pass the frame"):
            CALLS[name](draws, frame)
    for frame in (survey.sample(frac=1, random_state=3), pl.from_pandas(survey), survey.reset_index(drop=True)):
        pd.testing.assert_frame_equal(CALLS[name](draws, frame), expected)


@pytest.mark.parametrize("name", CALLS)
def test_a_key_finds_respondents_in_any_order(draws, survey, turned, name):
    ids = [f"p{7 * i % 181}" for i in range(180)]
    with_key = keyed(draws, ids, "id")
    expected = CALLS[name](draws, survey)
    frame = survey.assign(id=ids).sample(frac=1, random_state=3).reset_index(drop=True)
    pd.testing.assert_frame_equal(CALLS[name](with_key, frame), expected)
    pd.testing.assert_frame_equal(CALLS[name](with_key, pl.from_pandas(frame)), expected)
    pd.testing.assert_frame_equal(CALLS[name](with_key, frame[["id", "gender"]]), expected)  # the key names them
    other_name = frame.rename(columns={"id": "person"})
    pd.testing.assert_frame_equal(CALLS[name](with_key, other_name, key="person"), expected)
    swapped = frame.assign(id=[*frame["id"].iloc[1::-1], *frame["id"].iloc[2:]])
    n_differ = rows_that_differ(survey.assign(id=ids).set_index("id"), swapped.set_index("id"))
    with pytest.raises(ValueError, match=f"^{n_differ} of the 180 respondents .* with their key 'id'"):
        CALLS[name](with_key, swapped)


def test_where_nobody_is_like_another_rows_are_found_by_what_they_hold(distinct):
    tree, frame = distinct
    modal = bl.membership(tree)["modal_class"].astype(str).to_numpy()
    expected = stats.chi2_contingency(pd.crosstab(frame["ward"].to_numpy(), modal), correction=False).pvalue
    turned = frame.sample(frac=1, random_state=5).reset_index(drop=True)
    by_place = stats.chi2_contingency(pd.crosstab(turned["ward"].to_numpy(), modal), correction=False).pvalue
    assert abs(by_place - expected) > 0.01
    for rows in (frame, turned, pl.from_pandas(turned), pl.from_pandas(turned.astype({"role": "category"}))):
        assert bl.covariate_tests(tree, rows, ["ward"]).loc["ward", "p_value"] == pytest.approx(expected)
    with pytest.raises(ValueError, match="lacks"):
        bl.covariate_tests(tree, turned.drop(columns="z").drop(index=3), ["ward"])


def test_one_other_answer_or_covariate_is_enough_to_refuse(distinct):
    tree, frame = distinct
    row = frame.index[17]
    for column, value in (("a", "yes" if frame.loc[row, "a"] != "yes" else "no"), ("z", 3.0), ("role", "nobody")):
        other = frame.copy()
        other.loc[row, column] = value
        with pytest.raises(ValueError, match=rf"^1 of the 160 respondents .*such as {row}\)"):
            bl.covariate_tests(tree, other, ["ward"])
    rounded = frame.assign(z=frame["z"] * (1 + 1e-13))
    assert np.array_equal(rows_of_respondents(Fit.reading(tree), rounded), np.arange(160))


def test_frames_that_show_nothing_are_refused(draws, survey):
    with pytest.raises(ValueError, match=r"lacks column\(s\) 'training', .*nothing shows that its rows are the 180"):
        bl.covariate_tests(draws, survey[["gender", "group"]], ["gender"])
    without_items = survey.drop(columns=ITEMS)  # all covariates are there
    pd.testing.assert_frame_equal(
        bl.covariate_tests(draws, without_items, ["gender"]), bl.covariate_tests(draws, survey, ["gender"])
    )


def test_repeated_labels_hold_in_the_order_of_the_fit_alone(draws, survey):
    labels = np.arange(180) // 2
    repeated = Fit.reading(keyed(draws, labels, "id"))
    frame = survey.set_axis(labels)
    assert np.array_equal(rows_of_respondents(repeated, frame), np.arange(180))
    with pytest.raises(ValueError, match="90 of 180 rows of the frame repeat the label of another"):
        rows_of_respondents(repeated, frame.sample(frac=1, random_state=1))


def test_steps_take_answers_of_the_same_respondents_alone(survey, turned):
    measured = bl.load_example("alone")
    from_one = turned.set_axis(range(1, 181))
    answered = survey[ITEMS].astype(object)
    n_differ = int((answered != from_one[ITEMS].astype(object)).any(axis=1).sum())
    with pytest.raises(ValueError, match=f"{n_differ} of 180 respondents are not among the 180"):
        bl.stepwise_odds_ratios(measured, bl.Regression("~ participation"), from_one)
    ids = np.arange(180) * 3
    frame = survey.assign(id=ids).sample(frac=1, random_state=2).reset_index(drop=True)
    table = bl.stepwise_odds_ratios(keyed(measured, ids, "id"), bl.Regression("~ participation"), frame)
    expected = bl.stepwise_odds_ratios(measured, bl.Regression("~ participation"), survey)
    np.testing.assert_allclose(table["log_odds"], expected["log_odds"], atol=1e-6)


# Two fits


def test_equal_labels_of_other_people_are_not_the_same_respondents(made_up):
    """Two polars frames are both numbered from 0 on."""
    frames = [made_up.staff(seed=seed).reset_index(drop=True) for seed in (3, 4)]
    fits = [made_up.draws("~ x", frame, latent=True, seed=seed) for frame, seed in zip(frames, (8, 9), strict=True)]
    known = [frame["x"].to_numpy() for frame in frames]
    answers = [fit["observed_data"]["answers"].to_numpy() for fit in fits]
    n_differ = int(((answers[0] != answers[1]).any(axis=1) | (known[0] != known[1])).sum())
    shared = respondents_in_both(*map(Fit.reading, fits))
    assert len(shared.first) == 0
    assert shared.problem.startswith(f"{n_differ} of 160 rows with equal labels differ in ")
    same = respondents_in_both(Fit.reading(fits[0]), Fit.reading(made_up.draws("~ role", frames[0], latent=True)))
    assert np.array_equal(same.first, same.second)
    assert len(same.first) == 160
    by_key = [
        Fit.reading(keyed(fit, range(start, start + 160), "id")) for fit, start in zip(fits, (0, 60), strict=True)
    ]
    waves = respondents_in_both(*by_key)
    assert np.array_equal(waves.first, np.arange(60, 160))
    assert np.array_equal(waves.second, np.arange(100))


# At the fit


def test_a_key_names_respondents_and_has_to_tell_them_apart(survey):
    model = LatentClass(2, bl.Items(ITEMS))
    frame = pl.from_pandas(survey).with_columns(id=pl.Series([f"p{i}" for i in range(180)]))
    prepared = model.prepare(frame).named_by(frame, "id")
    assert prepared.groups[PATTERNS]["respondent"].to_numpy().tolist() == frame["id"].to_list()
    assert prepared.attributes["key"] == "id"
    assert read_key(survey.assign(id=range(180)), "id").dtype.kind == "i"
    with pytest.raises(ValueError, match=r"key 'gender' repeats in 178 of 180 rows .*wave.*transition model"):
        model.prepare(survey).named_by(survey, "gender")
    with pytest.raises(ValueError, match="key 'id' is missing in 1 of 180 rows"):
        read_key(survey.assign(id=[None, *range(179)]), "id")
    with pytest.raises(ValueError, match="unknown key column"):
        read_key(survey, "ids")


def test_rows_left_out_count_as_places(survey):
    """Rows without outcome and rows without covariate are left out; polars numbers what is left from 0 on."""
    outcome = survey["role"].astype(object).where(np.arange(180) % 10 > 0)
    score = survey["score"].where(np.arange(180) % 7 > 0)
    frame = pl.from_pandas(survey.assign(role=outcome, score=score))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        prepared = Multinomial("role", bl.Regression("~ score")).prepare(frame, missing="drop")
    expected = np.flatnonzero((np.arange(180) % 10 > 0) & (np.arange(180) % 7 > 0))
    patterns = prepared.groups[PATTERNS]
    np.testing.assert_array_equal(patterns["row_of_respondent"], expected)
    np.testing.assert_array_equal(patterns["respondent"], expected)
    assert prepared.attributes["n_dropped"] == 180 - len(expected)


@pytest.mark.parametrize(
    ("change", "formula", "message"),
    [
        (lambda frame: frame.set_axis(np.arange(180) // 3), "~ 1", "120 of 180 rows repeat the label of another"),
        (lambda frame: pd.concat([frame.iloc[:90]] * 2), "~ 1", "90 of 180 rows repeat the label of another"),
        (lambda frame: frame.assign(person_id=np.arange(180) // 2), "~ 1", "'person_id' .* in 90 of 180 rows"),
        (lambda frame: pl.from_pandas(frame).with_columns(ID=pl.lit(1)), "~ 1", "'ID' .* in 179 of 180 rows"),
        (lambda frame: frame.assign(id=np.arange(180)), "~ 1", None),
        (lambda frame: frame.assign(id=np.arange(180) // 2), "~ participation + (1 | id)", None),
        (lambda frame: frame, "~ 1", None),
    ],
)
def test_rows_that_may_be_one_persons_are_named(survey, change, formula, message):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_repeated_rows(change(survey), read_formula(formula).columns)
    if message is None:
        assert not caught
        return
    assert [each.category for each in caught] == [bl.RepeatedRowsWarning]
    with pytest.raises(bl.RepeatedRowsWarning, match=f"{message}.*one person.*transition model"):
        raise caught[0].message


def test_repeated_labels_find_nobody_in_another_frame(distinct):
    """Rows that share labels are found by their place alone, which a shorter frame does not have."""
    tree, frame = distinct
    labels = np.repeat(np.arange(80), 2)
    tree = keyed(tree, labels, "household")
    del tree.attrs["key"]
    fit, whole = Fit.reading(tree), frame.set_axis(labels)
    np.testing.assert_array_equal(respondents_of_rows(fit, whole), np.arange(160))
    told = r"share labels \(80 of 160\).* the frame's 100 rows have others; give its frame an index without repeats"
    with pytest.raises(ValueError, match=told):
        respondents_of_rows(fit, whole.iloc[:100])


def test_fits_that_share_no_column_show_nobody_to_be_the_same(made_up):
    """Equal labels count rows, of any frame."""
    first, second = (made_up.draws(formula, latent=latent) for formula, latent in (("~ z", True), ("~ role", False)))
    found = respondents_in_both(Fit.reading(first), Fit.reading(second))
    assert not len(found.first) and found.problem == "the fits have no column in common by which rows could be told"


def test_labels_that_repeat_name_nobody_of_two_fits(distinct):
    tree, _ = distinct
    shifted = keyed(tree, np.repeat(np.arange(80), 2), "household")
    found = respondents_in_both(Fit.reading(tree), Fit.reading(shifted))
    assert found.problem == "80 rows repeat the label of another" and not len(found.second)
