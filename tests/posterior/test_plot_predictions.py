"""Class probabilities along a covariate, and the covariates beside predictions."""

import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl

ITEMS = ["training", "recognition", "expertise"]


@pytest.fixture(scope="module")
def draws():
    regression = bl.Regression("~ participation + age + gender + (1 | group)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(
            bl.LatentClass(2, bl.Items(ITEMS), regression),
            bl.example_survey(),
            **{"draws": 20, "tune": 60, "chains": 2, "until": None, "progressbar": False},
        )


def test_lines_and_ribbons_are_the_predictions(draws):
    figure = bl.plot_predictions(draws, "participation", by="gender")
    survey = bl.example_survey()
    for ax, level in zip(figure.axes, ("female", "male"), strict=True):
        assert ax.get_title(loc="left") == f"gender: {level} (n = {(survey['gender'] == level).sum()})"
        x, drawn = ax.lines[0].get_data()
        assert (x[0], x[-1]) == (survey["participation"].min(), survey["participation"].max())
        profiles = pd.DataFrame({"participation": x[[0, -1]], "gender": level}, index=["low", "high"])
        table = bl.predict_classes(draws, profiles, average_over="rest").xs("overall", level="grouping")
        rows = table.xs("C1", level="latent_class")
        np.testing.assert_allclose(drawn[[0, -1]], rows["mean"])
        ribbon = ax.collections[0].get_paths()[0].vertices
        at_end = ribbon[ribbon[:, 0] == x[-1], 1]
        np.testing.assert_allclose([at_end.min(), at_end.max()], rows.iloc[-1][["lower", "upper"]].astype(float))
        marks = ax.collections[-1].get_segments()
        assert {each[0, 0] for each in marks} == set(survey.loc[survey["gender"] == level, "participation"])
    assert "averaged over the 'age' of all 180 respondents" in figure._supxlabel.get_text()


def test_categories_have_points_and_others_may_be_held(draws):
    figure = bl.plot_predictions(draws, "age", at={"participation": 3.0}, group="new", n_draws=10)
    (ax,) = figure.axes
    n = bl.example_survey()["age"].value_counts()
    shown = [tick.get_text().replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ") for tick in ax.get_xticklabels()]
    assert shown == [f"{age} (n = {n[age]})" for age in ("<=30", "31-40", "41-50", ">50")]
    profiles = pd.DataFrame({"age": ["<=30"], "participation": [3.0]})
    every = draws.isel(draw=slice(None, None, 4))
    table = bl.predict_classes(every, profiles, average_over="rest", group="new")
    assert ax.lines[0].get_ydata()[0] == pytest.approx(table.xs("C1", level="latent_class")["mean"].iloc[0])
    words = figure._supxlabel.get_text()
    assert "2 x 20 draws" in words
    assert "10 of the draws used; participation held at 3.0" in words
    assert "a new group" in words


def test_every_panel_has_the_respondents_of_its_categories(draws):
    figure, survey = bl.plot_predictions(draws, "age", by="gender", n_draws=10), bl.example_survey()
    for ax, gender in zip(figure.axes, ("female", "male"), strict=True):
        n = survey.loc[survey["gender"] == gender, "age"].value_counts()
        for tick, age in zip(ax.get_xticklabels(), ("<=30", "31-40", "41-50", ">50"), strict=True):
            assert tick.get_text().endswith(f"(n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{n[age]})")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"covariate": "wealth"}, "'wealth' is no covariate of .* its covariates are 'age', 'gender', 'participation'"),
        ({"covariate": "participation", "by": "participation"}, "'participation' is asked for twice"),
        ({"covariate": "age", "by": "participation"}, "by='participation' is a number of"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, message, draws):
    with pytest.raises(ValueError, match=message):
        bl.plot_predictions(draws, **arguments)


def test_predictions_have_the_covariates_of_their_profiles_as_columns(draws):
    profiles = pd.DataFrame({"participation": [2.5, 8.75], "age": [">50", "<=30"]})
    table = bl.predict_classes(draws, profiles, average_over="rest")
    assert list(table.columns[:3]) == ["age", "participation", "mean"]
    for number, row in enumerate(profiles.itertuples(index=False)):
        of_profile = table.loc[list(dict.fromkeys(table.index.get_level_values("profile")))[number]]
        assert set(of_profile["participation"]) == {row.participation}
        assert set(of_profile["age"].astype(str)) == {row.age}
    assert "participation" not in bl.predict_classes(draws).columns
