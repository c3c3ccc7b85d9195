"""What a fit was warned of stays with it: the report says it, and a fit that is read is warned of again."""

import inspect
import json
import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.calibration.regimes.designs import REGIMES
from bayes_lca.fitted.kept_warnings import WARNED, recorded, warned_of, with_warnings
from bayes_lca.posterior.labels.warn_of_draws import warn_of_draws
from bayes_lca.reporting.report import report
from bayes_lca.sampling.ready import prepare_named

ITEMS = ["training", "recognition", "expertise"]
SHORT = {"draws": 100, "tune": 100, "chains": 2, "until": None, "progressbar": False}
SURVEY, N = bl.example_survey(), 180
ALONE = bl.LatentClass(2, bl.Items(ITEMS))


def regressed(formula):
    return bl.LatentClass(2, bl.Items(ITEMS), bl.Regression(formula))


def alike():
    regime = next(each for each in REGIMES if each.alike)
    return regime.model, regime.simulate(5)[0]


def two_waves():
    waves = bl.example_waves()
    model = bl.LatentTransition(2, bl.Items(ITEMS), person="person", wave="wave", person_intercept=True)
    return model, waves[waves["wave"].isin(sorted(waves["wave"].unique())[:2])]


def separated():
    rng = np.random.default_rng(1)
    sign = np.repeat(["no", "yes"], 60)
    outcome = np.where(sign == "yes", "high", rng.choice(["low", "middle"], 120))
    return bl.Multinomial("outcome", bl.Regression("~ sign")), pd.DataFrame({"outcome": outcome, "sign": sign})


def missing(column):
    frame = SURVEY.copy()
    frame[column] = frame[column].astype(object).where(np.arange(N) > 3, None)
    frame[column] = pd.to_numeric(frame[column])
    return frame


CASES = {
    "GroupAnswersAlikeWarning": alike,
    "SeparationWarning": separated,
    "FewWavesWarning": two_waves,
    "RowsLeftOutWarning": lambda: (regressed("~ participation"), missing("participation")),
    "RepeatedRowsWarning": lambda: (ALONE, SURVEY.assign(person_id=0)),
    "SmallLevelWarning": lambda: (regressed("~ rare"), SURVEY.assign(rare=np.where(np.arange(N) < 2, "a", "b"))),
    "MissingCodeWarning": lambda: (
        regressed("~ age"),
        SURVEY.assign(age=np.where(np.arange(N) < 9, 999, SURVEY["score"])),
    ),
    "FarValueWarning": lambda: (
        regressed("~ age"),
        SURVEY.assign(age=np.where(np.arange(N) < 1, 41234, SURVEY["score"])),
    ),
    "UnusedCountsWarning": lambda: (ALONE, SURVEY.assign(count=np.arange(N) % 7 + 1)),
    "UnidentifiedWarning": lambda: (bl.LatentClass(6, bl.Items(ITEMS)), SURVEY),
}
"""A model and a frame that each is given of, before anything is sampled."""


@pytest.mark.parametrize("category", CASES)
def test_what_the_model_is_warned_of_goes_into_its_fits(category):
    model, frame = CASES[category]()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        prepared = prepare_named(model, frame, count=None, missing="drop", key=None)
    given = [(each.category.__name__, str(each.message)) for each in caught]
    assert category in dict(given)
    assert warned_of(prepared.attributes) == list(dict.fromkeys(given))


def test_they_are_kept_where_nobody_is_shown_them():
    with warnings.catch_warnings(action="ignore"):
        prepared = prepare_named(*two_waves(), count=None, missing="raise", key=None)
    assert "FewWavesWarning" in dict(warned_of(prepared.attributes))


def test_they_come_from_the_line_that_asks_for_the_fit_and_before_it_is_sampled():
    model, frame = two_waves()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        bl.fit(model, frame, **SHORT | {"draws": 20})
    places = {each.category.__name__: (each.filename, each.lineno) for each in caught}
    assert places["ConvergenceWarning"] == (__file__, line)
    with warnings.catch_warnings(), pytest.raises(bl.FewWavesWarning):
        warnings.simplefilter("error", bl.FewWavesWarning)
        bl.fit(model, frame, draws=10**9, progressbar=False)


def test_a_refusal_is_preceded_by_its_warnings():
    with pytest.warns(UserWarning, match="few"), pytest.raises(ValueError, match="none"), recorded():
        warnings.warn("few", UserWarning, stacklevel=2)
        raise ValueError("none")


@pytest.fixture(scope="module")
def warned():
    """A short fit with warnings of the data, of the model and of its chains."""
    model, frame = alike()
    with warnings.catch_warnings(action="ignore"):
        return bl.fit(model, frame, **SHORT | {"draws": 20})


def test_the_report_has_all_but_those_of_chains_in_a_section(warned, tmp_path):
    assert {"GroupAnswersAlikeWarning", "ConvergenceWarning"} <= set(dict(warned_of(warned.attrs)))
    text = bl.report(warned, tmp_path / "page.html").read_text("utf-8")
    section = text.split('<h2 id="warnings">')[1].split("</section>")[0]
    assert "GroupAnswersAlikeWarning: all respondents of G1 (" in section and "ConvergenceWarning" not in section


@pytest.mark.usefixtures("warned")
@pytest.mark.parametrize(
    ("kept", "told", "untold"),
    [
        ([("RowsLeftOutWarning", "3 of 9 rows left out (rows Ann, Ben, Cy)")], "the data section says how many", "Ann"),
        ([("RepeatedRowsWarning", "2 rows repeat the label (such as Ann)")], "may belong to one person", "Ann"),
        ([("SmallLevelWarning", "few have tier[low] (3)")], "may count fewer than 5 respondents", "tier[low]"),
        ([("SmallLevelWarning", "few of 180 have tier[low] (8), p = 0.1")], "tier[low] (8)", "not spelled out"),
        ([], "Nothing was warned of", "<li>"),
        (None, "is not kept with this fit", "<li>"),
    ],
)
def test_the_report_names_no_rows_and_no_small_counts(kept, told, untold, tmp_path):
    draws = bl.load_example("alone")
    draws.attrs = {name: value for name, value in draws.attrs.items() if name != WARNED}
    if kept is not None:
        draws.attrs = with_warnings(draws.attrs, kept)
    text = report(draws, tmp_path / "page.html", smallest_cell=5).read_text("utf-8")
    section = text.split('<h2 id="warnings">')[1].split("</section>")[0]
    assert told in section and untold not in section
    assert ("there are warnings, see below" in text) == bool(kept) or "should not be trusted yet" in text


def test_a_kept_fit_is_warned_of_again_in_the_same_words(tmp_path):
    model, frame = alike()
    said = []
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            bl.fit_or_load(tmp_path / "fit.nc", model, frame, **SHORT | {"draws": 20})
        said.append({(each.category, str(each.message)) for each in caught})
    assert said[0] == said[1] and bl.GroupAnswersAlikeWarning in dict(said[0])


def test_fits_that_are_passed_on_hold_no_messages(warned, tmp_path):
    bl.save(warned, tmp_path / "fit.nc", respondents=False)
    assert WARNED not in bl.load(tmp_path / "fit.nc").attrs


def test_joined_and_stacked_fits_hold_those_of_each():
    draws = [bl.load_example("alone").isel(chain=[chain]) for chain in (0, 1)]
    for place, each in enumerate(draws):
        each.attrs = with_warnings(each.attrs, [("SmallLevelWarning", f"level {place}")])
    with warnings.catch_warnings(action="ignore"):
        joined = bl.concat_chains(draws)
        stacked = bl.fit_multiple(*(CASES["SmallLevelWarning"]()[0], [CASES["SmallLevelWarning"]()[1]] * 2), **SHORT)
    assert [message for _, message in warned_of(joined.attrs)][:2] == ["level 0", "level 1"]
    of_levels = [message for category, message in warned_of(stacked.attrs) if category == "SmallLevelWarning"]
    assert [message[:11] for message in of_levels] == ["data set 1:", "data set 2:"]


def test_warnings_of_draws_are_kept_once():
    tree = bl.load_example().isel(chain=[0])
    for _ in range(2):
        with pytest.warns(bl.ConvergenceWarning):
            warn_of_draws(tree)
    assert [category for category, _ in json.loads(tree.attrs[WARNED])].count("ConvergenceWarning") == 1
