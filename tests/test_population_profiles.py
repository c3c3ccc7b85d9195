"""Classes with profiles of their own at each level of a known class: density, twins and tables against loops."""

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import log_softmax, logsumexp
from test_group_classes import quietly, values_of
from test_group_profiles import draw_point

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.mixture import fit_mixture
from bayes_lca.posterior.labels.group_profiles import align_classes
from bayes_lca.posterior.labels.untied_classes import slope_distances, warn_of_untied_classes
from bayes_lca.sampling.tree import assemble

ITEMS, SITES = ["a", "b", "c"], ["north", "south", "west"]
MODEL = bl.LatentClass(2, bl.Items(ITEMS), bl.KnownClass("site", "~ x", profiles="free"))
PROBABILITY = "item_probability_by_population"


def simulate(n=240, seed=2):
    """Three sites; item b changes sides in the south, and a tenth of the answers are missing."""
    rng = np.random.default_rng(seed)
    site = np.array(SITES)[rng.choice(3, n, p=[0.5, 0.3, 0.2])]
    person = (rng.random(n) < np.where(site == "north", 0.3, 0.6)).astype(int)
    frame = pd.DataFrame({"site": site, "x": rng.integers(0, 2, n).astype(float)})
    for item in ITEMS:
        rho = np.array([[0.85, 0.1, 0.05], [0.05, 0.1, 0.85]])[person]
        if item == "b":
            rho = np.where((site == "south")[:, None], rho[:, ::-1], rho)
        codes = (rho.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
        codes = np.where(rng.random(n) < 0.1, -1, codes)
        frame[item] = pd.Categorical.from_codes(codes, list("pqr"), ordered=True)
    return frame


FRAME = simulate()


def joint_of(values, row):
    """Log of share times density of a respondent in each class."""
    site = SITES.index(row["site"])
    eta = values["intercept"] + row["x"] * values["slope"][2] + (values["slope"][site - 1] if site else 0.0)
    given = [(j, "pqr".index(row[item])) for j, item in enumerate(ITEMS) if isinstance(row[item], str)]
    return log_softmax(eta) + sum(np.log(values[PROBABILITY][site, :, j, code]) for j, code in given)


def test_log_likelihood_is_the_sum_over_classes_with_the_profiles_of_the_site():
    model = quietly(MODEL.prepare, FRAME.head(40), collapse=False).model
    values, likelihood = values_of(model, draw_point(model, np.random.default_rng(0)))
    expected = [logsumexp(joint_of(values, row)) for row in FRAME.head(40).to_dict("records")]
    np.testing.assert_allclose(likelihood, expected, rtol=1e-10)


def test_chains_start_at_the_maxima_of_all_sites():
    """Which are those of separate fits; item b of the south tells that classes are paired by the two others."""
    start = quietly(MODEL.prepare, FRAME).start
    codes = FRAME[ITEMS].apply(lambda column: column.cat.codes).to_numpy()
    for number, site in enumerate(SITES, start=1):
        own = codes[FRAME["site"] == site]
        maximum = fit_mixture([CategoricalFamily(own, (3, 3, 3), 1.0)], np.ones(len(own)), 2).best
        expected = np.sort(maximum.parameters[0]["probability"][..., 2], axis=0)
        found = start[f"population_{number}::item_probability"][..., 2]
        np.testing.assert_allclose(np.sort(found, axis=0), expected, atol=0.02)
        assert found[0, 0] < found[1, 0]
        assert (found[0, 1] > found[1, 1]) == (site == "south")


@pytest.fixture(scope="module")
def draws():
    return quietly(bl.fit, MODEL, FRAME, draws=20, tune=100, chains=2, until=None, progressbar=False)


def point_of(draws, place):
    one = draws["posterior"].to_dataset().isel(chain=place // 20, draw=place % 20)
    return {str(name): values.to_numpy() for name, values in one.data_vars.items()}


def test_draws_in_numpy_are_those_of_a_loop_over_respondents(draws):
    assert draws.attrs["backend"] == "program"
    rows, weight = FRAME.to_dict("records"), pd.get_dummies(FRAME["site"])[SITES].to_numpy(float)
    for place in (3, 32):
        chain, draw = divmod(place, 20)
        values = point_of(draws, place)
        joint = np.array([joint_of(values, row) for row in rows])
        stored = draws["log_likelihood"]["answers"].isel(chain=chain, draw=draw)
        np.testing.assert_allclose(stored, logsumexp(joint, axis=1), rtol=1e-9)
        each = bl.membership_draws(draws).isel(chain=chain, draw=draw).transpose("respondent", "latent_class")
        np.testing.assert_allclose(each, np.exp(log_softmax(joint, axis=1)), atol=1e-6)
        share = np.exp([log_softmax(joint_of({**values, PROBABILITY: np.ones((3, 2, 3, 3))}, row)) for row in rows])
        members = weight.T @ share
        average = np.einsum("sc,scjk->cjk", members / members.sum(axis=0), values[PROBABILITY])
        np.testing.assert_allclose(values["item_probability"], average, rtol=1e-9)


def test_new_respondents_are_scored_with_the_profiles_of_their_site(draws):
    fitted, new = bl.membership(draws), bl.membership(draws, FRAME.iloc[[9, 3, 170, 9]].reset_index(drop=True))
    np.testing.assert_allclose(new[["C1", "C2"]], fitted[["C1", "C2"]].iloc[[9, 3, 170, 9]], atol=1e-6)


def test_answers_are_drawn_from_the_profiles_of_the_site(draws):
    fit = Fit.reading(draws)
    drawn = np.concatenate([fit.hidden.draw_answers(fit, slice(0, 40), np.random.default_rng(s)) for s in range(4)])
    go_together = (drawn[..., 0] == 2) == (drawn[..., 1] == 2)
    south = (FRAME["site"] == "south").to_numpy()
    assert go_together[:, south].mean() < 0.35
    assert go_together[:, ~south].mean() > 0.65


def test_table_of_profiles_by_site(draws):
    table = bl.class_profiles(draws, by="site")
    assert table.index.names == ["site", "latent_class", "item", "category"]
    values = draws["posterior"][PROBABILITY].sel(latent_class="C2", item="b", category="r")
    one, first = (values.sel(population=site) for site in ("south", "north"))
    row = table.loc[("south", "C2", "b", "r")]
    assert row["mean"] == pytest.approx(float(one.mean()))
    assert row["difference"] == pytest.approx(float((one - first).mean()))
    assert "difference from site north" in table.note
    members = FRAME["site"].value_counts()
    assert f"respondents: {members['north']} in north, {members['south']} in south" in table.note
    sizes = bl.class_sizes(draws, by="site")
    assert list(sizes.columns[:2]) == ["n", "mean"]
    assert sizes["n"].xs("C2", level="latent_class").to_dict() == members.to_dict()
    assert "averages over site, each of which has parameters of its own" in bl.class_profiles(draws).note


@pytest.mark.parametrize("category", [None, "all"])
def test_figure_of_averages_says_that_it_shows_averages(draws, category):
    figure = bl.plot_profiles(draws, category=category)
    said = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert "averages over site, each of which has parameters of its own, by their members" in said
    apart = " ".join(text.get_text() for text in bl.plot_profiles(draws, by="site").texts).replace("\n", " ")
    assert "averages" not in apart
    assert "difference" not in apart
    assert f"respondents: {FRAME['site'].value_counts()['north']} in north" in apart


def test_what_cannot_be_asked_is_refused(draws):
    with pytest.raises(ValueError, match="profiles='some' by 'site': choose"):
        bl.KnownClass("site", profiles="some")
    with pytest.raises(ValueError, match=r"by='item': tables of the draws have .*'item', .* rename the column"):
        bl.KnownClass("item", profiles="free")
    with pytest.raises(
        ValueError, match=r"item\(s\) 'c' have no answer among the \d+ respondents whose 'site' is 'west', so"
    ):
        quietly(MODEL.build, FRAME.assign(c=FRAME["c"].mask(FRAME["site"] == "west")))
    few = pd.concat([FRAME[FRAME["site"] != "west"], FRAME[FRAME["site"] == "west"].dropna().iloc[[0] * 5]])
    with pytest.raises(
        ValueError,
        match=r"n_classes=2 exceeds the 1 distinct answer patterns of the 5 respondents whose 'site' is 'west', and",
    ):
        quietly(MODEL.build, few)
    weighted = FRAME.assign(w=1.0 + FRAME["x"])
    with pytest.raises(ValueError, match="classes have profiles of their own in several sets"):
        quietly(MODEL.build, weighted, design=bl.SurveyDesign(weights="w"))
    with pytest.raises(ValueError, match="equal is a fit of 240 respondents whose profiles are free by 'site'"):
        bl.compare_populations(draws, {"a": draws, "b": draws})


def in_other_order(point, order):
    """A draw whose classes changed places at every site, order of shape (site, latent_class)."""
    eta = np.take_along_axis(np.stack([point["intercept"], *(point["intercept"] + point["slope"])]), order, axis=1)
    slope = eta[1:] - eta[0]
    center = (point["intercept_at_mean"] - point["intercept"]) @ np.linalg.pinv(point["slope"])
    profiles = [of_site[of_one] for of_site, of_one in zip(point[PROBABILITY], order, strict=True)]
    standardised = slope * point["slope_standardised"] / point["slope"]
    return point | {
        "intercept": eta[0],
        "slope": slope,
        "slope_standardised": standardised,
        "intercept_at_mean": eta[0] + center @ slope,
        PROBABILITY: np.stack(profiles),
    }


def test_labels_within_every_site_are_found_again():
    """Draws near the maximum whose classes changed places at random at each site, where nothing ties them together."""
    model = bl.LatentClass(2, bl.Items(ITEMS), bl.KnownClass("site", profiles="free"))
    case, rng, points = quietly(model.prepare, FRAME), np.random.default_rng(5), []
    maximum = values_of(case.model, case.start)[0]
    dims, shown = case.model.named_vars_to_dims, [name for name in maximum if "::" not in name]
    for _ in range(12):
        near = maximum[PROBABILITY] + rng.uniform(0, 0.05, maximum[PROBABILITY].shape)
        step = rng.normal(0, 0.1) * np.array([1, -1])
        moved = {name: maximum[name] + step for name in ("intercept", "intercept_at_mean")}
        points.append(maximum | moved | {PROBABILITY: near / near.sum(axis=-1, keepdims=True)})
    mixed = [in_other_order(point, np.array([rng.permutation(2) for _ in SITES])) for point in points]

    def aligned(points):
        values = {name: (("chain", "draw", *dims[name]), [[point[name] for point in points]]) for name in shown}
        coords = {axis: list(case.model.coords[axis]) for name in shown for axis in dims[name]}
        drawn = xr.DataTree.from_dict({"/posterior": xr.Dataset(values, coords), "/sample_stats": xr.Dataset()})
        return align_classes(Fit.reading(assemble(case, drawn)), case.pivot, "size")

    straight, found = aligned(points), aligned(mixed)
    assert found.attrs["relabel_switched"] > 0.4
    assert found.attrs["relabel_certainty"] > 0.99
    for name in (*shown, "class_share"):
        np.testing.assert_allclose(found["posterior"][name], straight["posterior"][name], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(straight["posterior"][PROBABILITY], [[point[PROBABILITY] for point in points]])


def with_slopes(draws, distance):
    """The draws with slopes of x so many standard deviations apart."""
    posterior, rng = draws["posterior"].to_dataset(), np.random.default_rng(1)
    noise = rng.normal(size=(posterior.sizes["chain"], posterior.sizes["draw"]))
    half = (noise - noise.mean()) / noise.std(ddof=1) + distance
    slope = posterior["slope"].transpose("chain", "draw", "term", "latent_class").copy()
    slope[:, :, 2, 0], slope[:, :, 2, 1] = -half / 2, half / 2
    tree = draws.copy()
    tree["posterior"] = xr.DataTree(posterior.assign(slope=slope))
    return Fit.reading(tree)


@pytest.mark.parametrize("distance", [0.4, 2.9])
def test_classes_of_sites_that_slopes_hardly_tell_apart_are_said(draws, distance):
    words = rf"3 standard deviations apart of C1 and C2 \({distance}\).*class_profiles\(draws, by=\"site\"\)"
    with pytest.warns(bl.UntiedClassesWarning, match=words):
        warn_of_untied_classes(with_slopes(draws, distance))


def test_nothing_is_said_of_classes_that_are_tied(draws):
    warn_of_untied_classes(with_slopes(draws, 3.2))
    assert slope_distances(with_slopes(draws, 5.0)) == {("C1", "C2"): pytest.approx(5.0, rel=1e-6)}
    for name in ("alone", "nested"):
        fit = Fit.reading(bl.load_example() if name == "nested" else bl.load_example("alone"))
        assert slope_distances(fit) == {}
        warn_of_untied_classes(fit)
    alone = bl.LatentClass(2, bl.Items(ITEMS), bl.KnownClass("site", profiles="free"))
    few = quietly(bl.fit, alone, FRAME, draws=5, tune=20, chains=1, until=None, progressbar=False)
    assert slope_distances(Fit.reading(few)) == {}


def test_a_fit_says_which_of_its_classes_are_not_tied():
    """Of these respondents x tells nothing of the class."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        bl.fit(MODEL, FRAME, draws=20, tune=100, chains=1, until=None, progressbar=False)
    assert [str(one.message)[:29] for one in said if one.category is bl.UntiedClassesWarning] == [
        "classes of this fit of 240 re"
    ]
