"""Several populations: shares by a known class, equal profiles or profiles of their own."""

import warnings

import arviz as az
import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.models import LatentClass

pytestmark = pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")
ITEMS = list("abcd")
SHARE = {"north": 0.7, "south": 0.3}
SHORT = {"draws": 150, "until": None, "progressbar": False}


def simulate(differing, n=500, seed=2):
    """Two sites with different shares; item a means something else in the south on request, where d was not asked."""
    rng = np.random.default_rng(seed)
    site = np.repeat(["north", "south"], n)
    z = rng.random(2 * n) < np.where(site == "north", SHARE["north"], SHARE["south"])
    p = np.where(z[:, None], 0.85, 0.2) * np.ones(4)
    if differing:
        p[:, 0] = np.where(site == "south", np.where(z, 0.3, 0.9), p[:, 0])
    answers = pd.DataFrame((rng.random((2 * n, 4)) < p).astype(int), columns=ITEMS).astype("Int64")
    answers.loc[site == "south", "d"] = pd.NA
    return answers.assign(site=site, x=rng.normal(size=2 * n).round(1))


@pytest.fixture(scope="module")
def survey():
    return simulate(differing=False)


@pytest.fixture(scope="module")
def equal(survey):
    return bl.fit(LatentClass(2, bl.Items(ITEMS), bl.KnownClass("site")), survey, order="a", **SHORT)


def test_shares_by_site_are_recovered_with_items_that_one_site_was_not_asked(equal):
    table = bl.class_sizes(equal, by="site")
    for site, share in SHARE.items():
        row = table.loc[(site, "C2")]
        assert abs(row["mean"] - share) < 3 * row["sd"] * np.sqrt(1 + 1 / row["ess_bulk"])
    north, south = (table.loc[(site, "C2"), "lower" if site == "north" else "upper"] for site in SHARE)
    assert north > south


def test_sizes_by_site_are_averages_over_its_respondents(equal, survey):
    """Draw by draw, from the intercept and the slope of the site."""
    posterior = equal["posterior"]
    table = bl.class_sizes(equal, by="site")
    for site, x in (("north", 0.0), ("south", 1.0)):
        eta = posterior["intercept"] + x * posterior["slope"].isel(term=0)
        share = np.exp(eta) / np.exp(eta).sum("latent_class")
        np.testing.assert_allclose(table.loc[site, "mean"], share.mean(["chain", "draw"]), rtol=1e-6)
    overall = bl.class_sizes(equal)["mean"].to_numpy()
    np.testing.assert_allclose(overall, table["mean"].to_numpy().reshape(2, 2).mean(axis=0), rtol=1e-6)
    with pytest.raises(ValueError, match=r"by='x' is no category of the formula '~ site'.*choose from 'site'"):
        bl.class_sizes(equal, by="x")


def test_known_class_is_the_regression_on_it(survey):
    items = bl.Items(ITEMS)
    known, regression = (
        LatentClass(2, items, part).build(survey).str_repr()
        for part in (bl.KnownClass("site", "~ x"), bl.Regression("~ site + x"))
    )
    assert known == regression


@pytest.fixture(scope="module", params=[False, True], ids=["alike", "differing"])
def together_and_apart(request):
    """Both models of populations whose rows are mixed, and whether their profiles differ."""
    items, survey = bl.Items(ITEMS[:3]), simulate(request.param, n=400).sample(frac=1, random_state=1)
    with warnings.catch_warnings(action="ignore"):
        together = bl.fit(LatentClass(2, items, bl.KnownClass("site")), survey, **SHORT)
        apart = bl.fit_populations(LatentClass(2, items), survey, "site", **SHORT)
    return together, apart, request.param


def test_equal_profiles_predict_better_where_they_are_equal_and_worse_where_not(together_and_apart):
    together, apart, differing = together_and_apart
    assert list(apart) == ["north", "south"]
    table = bl.compare_populations(together, apart)
    difference = table.loc["free profiles", "elpd_difference"]
    assert difference > 10 if differing else difference < 2
    assert "populations: north 400, south 400" in table.note
    with pytest.raises(
        ValueError, match=r"the populations have 800 respondents, and the fit of equal profiles 800.*key"
    ):
        bl.compare_populations(together, {"north": apart["north"], "south": apart["north"]})
    with pytest.raises(ValueError, match=r"populations=1 fit\(s\): give the fits of two or more"):
        bl.compare_populations(together, {"north": apart["north"]})


def test_populations_of_other_items_are_not_compared(together_and_apart):
    together, apart, _ = together_and_apart
    other = bl.load_example("alone")
    with pytest.raises(ValueError, match=r"population 'x' is a fit of 2 classes and items 'training'.*'a', 'b', 'c'"):
        bl.compare_populations(together, {"north": apart["north"], "x": other})


def test_each_respondent_is_compared_with_itself(together_and_apart):
    """Against ArviZ, respondents matched by their labels."""
    together, apart, _ = together_and_apart
    loo = [az.loo(each, pointwise=True).elpd_i.to_series() for each in (together, *apart.values())]
    difference = (pd.concat(loo[1:]) - loo[0]).to_numpy()
    row = bl.compare_populations(together, apart).loc["free profiles"]
    assert row["elpd_difference"] == pytest.approx(difference.sum(), abs=0.1)
    assert row["elpd_difference_se"] == pytest.approx(np.sqrt(len(difference) * difference.var()), rel=0.02)


def test_a_frequency_table_of_populations_gives_what_its_respondents_give(survey):
    columns = [*ITEMS[:3], "site"]
    table = survey.groupby(columns).size().rename("n").reset_index()
    each = table.loc[table.index.repeat(table["n"])].reset_index(drop=True)[columns]
    few, model = SHORT | {"draws": 20, "tune": 50, "chains": 2}, LatentClass(2, bl.Items(ITEMS[:3]))
    with warnings.catch_warnings(action="ignore"):
        counted, expanded = (
            bl.fit_populations(model, table, "site", count="n", **few),
            bl.fit_populations(model, each, "site", **few),
        )
    for site in SHARE:
        pd.testing.assert_frame_equal(bl.class_sizes(counted[site]), bl.class_sizes(expanded[site]))


@pytest.mark.parametrize(
    "part, told",
    [
        (lambda: bl.KnownClass(3), "by=3: give the name of a column"),
        (lambda: bl.KnownClass("site", "~ site + x"), "uses 'site', the known class"),
        (lambda: bl.KnownClass("nowhere"), "nowhere"),
        (lambda: bl.KnownClass("x"), "'x' holds numbers in 1000 rows, which are no names of populations"),
    ],
)
def test_bad_known_classes_are_refused(survey, part, told):
    with pytest.raises((TypeError, ValueError), match=told):
        LatentClass(2, bl.Items(ITEMS), part()).build(survey)


@pytest.mark.parametrize(
    "frame, told",
    [
        (
            lambda survey: survey.assign(site="north"),
            "column 'site' is 'north' in all 1000 rows: there is one population",
        ),
        (
            lambda survey: survey.assign(site=survey["site"].where(survey["x"] > -1)),
            r"column 'site' is missing in \d+ of",
        ),
    ],
)
def test_populations_that_are_none_are_refused(survey, frame, told):
    with pytest.raises(ValueError, match=told):
        bl.fit_populations(LatentClass(2, bl.Items(ITEMS)), frame(survey), "site")
    asked = simulate(differing=False, n=60)
    with (
        warnings.catch_warnings(action="ignore"),
        pytest.raises(ValueError, match=r"site south, whose .*item 'd' has no"),
    ):
        bl.fit_populations(LatentClass(2, bl.Items(ITEMS)), asked, "site", draws=20, tune=50, until=None)
    with pytest.raises(ValueError, match="'site' is the known class, and is in the model too"):
        bl.fit_populations(LatentClass(2, bl.Items(ITEMS), bl.KnownClass("site")), survey, "site")


def test_sizes_by_a_column_that_tables_have_for_something_else_are_refused():
    frame = bl.example_survey().assign(latent_class=lambda survey: survey["role"])
    model = bl.LatentClass(2, bl.Items(["training", "recognition", "expertise"]), bl.Regression("~ latent_class"))
    with warnings.catch_warnings(action="ignore"):
        draws = bl.fit(model, frame, draws=5, tune=5, chains=1, until=None, progressbar=False)
    with pytest.raises(
        ValueError, match="by='latent_class': tables of this fit of 180 respondents have 'latent_class'"
    ):
        bl.class_sizes(draws, by="latent_class")
