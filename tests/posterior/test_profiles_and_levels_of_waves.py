"""Items that are free over waves, and persons' levels, of made-up draws: what a loop over draws gives."""

import json
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.flows import flows_of
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.views import with_views
from bayes_lca.likelihood.person import PersonGrid
from bayes_lca.models import LatentTransition

sys.path.insert(0, str(Path(__file__).parents[1]))

from pictures.readable import faults

ITEMS, LEVELS = ["training", "recognition", "expertise"], ["decrease", "no change", "increase"]
NODES = 9


def with_parts(draws, variables, **parts):
    """The draws of another model of the same persons, some of its variables put in place of theirs."""
    result = draws.copy()
    posterior = draws["posterior"].to_dataset()
    result["posterior"] = xr.DataTree(posterior.assign(variables(posterior)))
    model = LatentTransition(
        2, bl.Items(ITEMS), "person", "wave", bl.Shares(), bl.Transition("~ participation + (1 | group)"), **parts
    )
    result.attrs = dict(draws.attrs) | model.identity
    return with_views(result)


def probabilities_of_waves(posterior):
    """Item probabilities that differ a little between waves, and their averages."""
    rng, values = np.random.default_rng(1), posterior["item_probability"]
    scattered = [values * rng.uniform(0.7, 1.3, values.shape) for _ in range(3)]
    by_wave = xr.concat([each / each.sum("category") for each in scattered], xr.IndexVariable("wave", ["1", "2", "3"]))
    return {"item_probability_by_wave": by_wave, "item_probability": by_wave.mean("wave")}


@pytest.fixture(scope="module")
def free():
    return with_parts(
        bl.load_example("waves").sel(draw=slice(0, 29)), probabilities_of_waves, measurement_over_time="free"
    )


@pytest.fixture(scope="module")
def partly(free):
    """Draws in which the last item alone differs between waves."""

    def last_item_free(posterior):
        values = posterior["item_probability_by_wave"]
        same = values.isel(wave=0).broadcast_like(values).transpose(*values.dims)
        by_wave = values.where(values["item"] == "expertise", same)
        return {"item_probability_by_wave": by_wave, "item_probability": by_wave.mean("wave")}

    return with_parts(free, last_item_free, measurement_over_time=["expertise"])


def levels(posterior):
    """A typical person with the item probabilities, and loadings that differ between items."""
    rng = np.random.default_rng(2)
    size = posterior.sizes["chain"], posterior.sizes["draw"], 1, 3
    loading = xr.DataArray(
        rng.normal([1.2, 0.6, -0.4], 0.1, size), dims=("chain", "draw", "style", "item"), coords={"style": ["tilt"]}
    )
    return {"typical_person::item_probability": posterior["item_probability"], "style_loading": loading}


@pytest.fixture(scope="module")
def leaning():
    draws = with_parts(bl.load_example("waves").sel(draw=slice(0, 29)), levels, person_intercept=True)
    draws.attrs |= {"quadrature_nodes": NODES, "quadrature_error": 0.0}
    return draws


def test_profiles_stand_by_wave_with_their_change(free):
    table = bl.class_profiles(free, by_wave=True)
    assert table.index.names == ["wave", "latent_class", "item", "category"]
    assert len(table) == 3 * 2 * 3 * 3
    values = free["posterior"]["item_probability_by_wave"]
    at = {"latent_class": "C2", "item": "expertise", "category": "increase"}
    first, third = values.sel(at | {"wave": "1"}), values.sel(at | {"wave": "3"})
    row = table.loc[("3", "C2", "expertise", "increase")]
    assert row["mean"] == pytest.approx(float(third.mean()))
    assert row["change"] == pytest.approx(float((third - first).mean()))
    np.testing.assert_allclose(
        row[["change_lower", "change_upper"]].astype(float), np.quantile(third - first, [0.025, 0.975])
    )
    assert (table.loc["1", ["change", "change_lower", "change_upper"]] == 0).all(axis=None)
    assert "change from wave 1" in table.note
    assert table.loc["2"].index.get_level_values("category")[:3].tolist() == LEVELS
    together = bl.class_profiles(free)
    assert together.loc[("C1", "training", "increase"), "mean"] == pytest.approx(
        table["mean"].xs(("C1", "training", "increase"), level=[1, 2, 3]).mean()
    )
    assert "class_profiles(draws, by_wave=True)" in together.note


def test_profiles_by_wave_say_which_items_are_free(partly):
    table = bl.class_profiles(partly, by_wave=True)
    change = table["change"].abs().groupby("item").max()
    assert change["expertise"] > 1e-3
    assert (change.drop("expertise") == 0).all()
    assert "all waves share the items but for 'expertise'" in table.note
    assert "of 'expertise', averages over the waves" in bl.class_profiles(partly).note
    figure = bl.plot_profiles(partly, by_wave=True)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["expertise: “increase”"]
    below = " ".join(" ".join(text.get_text() for text in figure.texts).split())
    assert "2 more items are the same at all waves" in below
    assert "averages" not in below
    summary = Fit.reading(partly).words.summary
    assert "All waves share the parameters of the items but for 'expertise'" in summary


def test_profiles_by_wave_are_refused_where_waves_share_them(leaning):
    for draws in (leaning, bl.load_example("alone")):
        with pytest.raises(ValueError, match=r"by_wave=True: the \d+ respondents of this fit have one set of item"):
            bl.class_profiles(draws, by_wave=True)
        with pytest.raises(ValueError, match="measurement_over_time"):
            bl.plot_profiles(draws, by_wave=True)


def test_the_picture_has_a_panel_per_item_with_its_waves(free):
    figure = bl.plot_profiles(free, by_wave=True, category="no change")
    assert [ax.get_title(loc="left") for ax in figure.axes] == [f"{item}: “no change”" for item in ITEMS]
    panel = figure.axes[1]
    assert [tick.get_text() for tick in panel.get_xticklabels()] == ["1", "2", "3"]
    table = bl.class_profiles(free, by_wave=True)
    drawn = {line.get_label(): line.get_ydata() for line in panel.lines}
    np.testing.assert_allclose(drawn["C2"], table["mean"].xs(("C2", "recognition", "no change"), level=[1, 2, 3]))
    with pytest.raises(ValueError, match="category='all': by_wave=True draws one answer"):
        bl.plot_profiles(free, by_wave=True, category="all")


@pytest.mark.parametrize("width", [85, 180])
def test_the_picture_can_be_read(width, free):
    figure = bl.plot_profiles(free, by_wave=True, width=width)
    assert faults(figure) == []


def test_a_person_s_level_is_drawn_once_for_all_waves(leaning):
    strong = leaning.copy()
    posterior = strong["posterior"].to_dataset()
    strong["posterior"] = posterior.assign(style_loading=0 * posterior["style_loading"] + 60.0)
    fit = replace(Fit.reading(strong), _kept={})
    answers = bl.posterior_predictive(fit)["answers"].to_numpy().astype(float)
    answers[answers < 0] = np.nan
    spread = np.nanmax(answers, axis=(-2, -1)) - np.nanmin(answers, axis=(-2, -1))
    assert (spread == 0).mean() > 0.9  # the level alone decides


def tilted(rho, loading, u):
    """Answer probabilities of a person, shape (class, item, category)."""
    weight = rho * np.exp(u * loading[None, :, None] * np.array([-1.0, 0.0, 1.0]))
    return weight / weight.sum(axis=-1, keepdims=True)


def test_levels_of_persons_are_those_of_a_loop_over_paths_and_draws(leaning):
    table, fit, grid = bl.common_method(leaning).persons, Fit.reading(leaning), PersonGrid.of(NODES, 1)
    codes = leaning["observed_data"]["answers"].transpose("respondent", "wave", "item").to_numpy()
    posterior = leaning["posterior"].to_dataset().stack(drawn=["chain", "draw"]).transpose("drawn", ...)
    rho = (
        posterior["typical_person::item_probability"].transpose("drawn", "latent_class", "item", "category").to_numpy()
    )
    paths = paths_of(fit)
    for person in [int((codes < 0).sum(axis=(1, 2)).argmax())]:  # who missed most
        pattern = fit.pattern_of_respondent[[person]]
        initial = paths.initial(slice(None), pattern)[..., 0]  # (class, draw)
        moves = [np.broadcast_to(step, (*step.shape[:3], 1))[..., 0] for step in paths.transition(slice(None), pattern)]
        moments = []
        for s in range(len(rho)):
            weight = np.zeros(len(grid.weight))
            for q, (u,) in enumerate(grid.nodes):
                answer = tilted(rho[s], posterior["style_loading"].to_numpy()[s, 0], u)
                for path in product(range(2), repeat=3):
                    p = (
                        grid.weight[q]
                        * initial[path[0], s]
                        * moves[0][path[0], path[1], s]
                        * moves[1][path[1], path[2], s]
                    )
                    for t, j in product(range(3), repeat=2):
                        p *= 1.0 if codes[person, t, j] < 0 else answer[path[t], j, codes[person, t, j]]
                    weight[q] += p
            weight /= weight.sum()
            moments.append([weight @ grid.nodes[:, 0], weight @ grid.nodes[:, 0] ** 2])
        mean, square = np.mean(moments, axis=0)
        assert table["tilt_mean"].iloc[person] == pytest.approx(mean, abs=1e-10)
        assert table["tilt_sd"].iloc[person] == pytest.approx(np.sqrt(square - mean**2), abs=1e-10)


def test_shares_of_variance_are_those_of_the_classes_of_each_wave(leaning):
    effect, grid = bl.common_method(leaning), PersonGrid.of(NODES, 1)
    size = flows_of(Fit.reading(leaning)).size  # (draw, wave, class)
    posterior = leaning["posterior"].to_dataset().stack(drawn=["chain", "draw"]).transpose("drawn", ...)
    rho = (
        posterior["typical_person::item_probability"].transpose("drawn", "latent_class", "item", "category").to_numpy()
    )
    wave, item, of_person = 2, 1, []
    for s in range(len(rho)):
        loading = posterior["style_loading"].to_numpy()[s, 0]
        mean = np.array(
            [tilted(rho[s], loading, u)[:, item] @ [-1.0, 0.0, 1.0] for (u,) in grid.nodes]
        )  # (node, class)
        square = np.array([tilted(rho[s], loading, u)[:, item] @ [1.0, 0.0, 1.0] for (u,) in grid.nodes])
        pi, of_class = size[s, wave], grid.weight @ mean
        total = pi @ (grid.weight @ square) - (pi @ of_class) ** 2
        of_person.append(pi @ (grid.weight @ mean**2 - of_class**2) / total)
    assert effect.variance.loc[("3", "tilt", "recognition", "person"), "mean"] == pytest.approx(np.mean(of_person))
    sums = effect.variance["mean"].groupby(["wave", "item"]).sum()
    np.testing.assert_allclose(sums, 1.0)
    assert effect.loadings.index.tolist() == [("tilt", item) for item in ITEMS]
    assert json.loads(leaning.attrs["specification"])["person_intercept"]


@pytest.fixture(scope="module")
def leaning_freely(leaning):
    posterior = leaning["posterior"].to_dataset()
    names = ["style_loading", "typical_person::item_probability", "item_probability"]
    waves, growth = xr.IndexVariable("wave", ["1", "2", "3"]), {"style_loading": 0.1}
    scaled = {name: [posterior[name] * (1 + growth.get(name, 0.0) * t) for t in range(3)] for name in names}
    return with_parts(
        leaning,
        lambda _: {f"{name}_by_wave": xr.concat(values, waves) for name, values in scaled.items()},
        person_intercept=True,
        measurement_over_time="free",
    )


def test_loadings_that_are_free_over_waves_stand_by_wave(leaning_freely):
    effect = bl.common_method(leaning_freely)
    first, third = (effect.loadings.loc[(wave, "tilt", "training"), "mean"] for wave in "13")
    assert third / first == pytest.approx(1.2)
    person = effect.variance["mean"].xs(("tilt", "training", "person"), level=["style", "item", "source"])
    assert person["3"] > person["1"]
    assert effect.sensitivity.loc["loading"].index.get_level_values("of")[0] == "1, tilt, training"


@pytest.mark.usefixtures("pictures_are_not_written")
def test_free_profiles_levels_and_checks_are_in_the_report(leaning_freely, tmp_path):
    check = bl.check_items(leaning_freely, n_draws=10)
    bl.report(leaning_freely, tmp_path / "page.html", check=check)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Class profiles at every wave" in page
    assert "Loadings on the style of a person" in page
    assert "The same item at two waves" in page
    assert check.verdict in page


def test_draws_of_the_models_are_compared_by_what_they_predict(free, partly):
    frame, items = bl.example_waves(), bl.Items(ITEMS)
    asked = {"person": "person", "wave": "wave", "n_classes": 2, "n_starts": 2}
    fits = {"none": bl.load_example("waves"), "all": free, "expertise": partly}
    table = bl.invariance_over_waves(items, frame, **asked, fits=fits)
    elpd = {  # without smoothing
        name: -np.log(np.exp(-draws["log_likelihood"]["answers"].to_numpy()).mean(axis=(0, 1))).sum()
        for name, draws in fits.items()
    }
    assert table.loc["none", "elpd"] == pytest.approx(elpd["none"], abs=1.0)
    assert table.loc["all", "elpd_difference"] == pytest.approx(elpd["all"] - elpd["none"], abs=2.0)
    assert table.loc["all", "elpd_difference"] < -5  # items were scattered without cause
    assert table.loc["expertise", "elpd"] == pytest.approx(elpd["expertise"], abs=1.0)
    assert table.loc[ITEMS[:2], "elpd"].isna().all()
    for wrong, said in [
        ({"none": free, "all": fits["none"]}, r"fits\['none'\] of 150 .* has measurement_over_time='free'"),
        ({"none": fits["none"]}, r"fits=\['none'\]: a fit with free items, 'all' or one by .*, is not among them"),
        ({"all": free}, "the fit with equal measurement, 'none', is not among them"),
        ({"none": fits["none"], "pay": free}, "'pay' are neither 'none' nor 'all' nor items, which are"),
        ([free], "fits=list: these are no fits by name"),
        ({"none": fits["none"], "training": partly}, r"measurement_over_time=\['expertise'\]; give .*=\['training'\]"),
        ({"none": bl.load_example("alone"), "all": free}, r"fits\['none'\] of 180 respondents has meas"),
    ]:
        with pytest.raises(ValueError, match=said):
            bl.invariance_over_waves(items, frame, **asked, fits=wrong)
    with pytest.raises(ValueError, match=r"fits\['none'\] has 150 persons, and the frame 149"):
        bl.invariance_over_waves(items, frame[frame["person"] != frame["person"][0]], **asked, fits=fits)
    with pytest.raises(ValueError, match=r"fits\['none'\] has 2 classes .* and the maxima 3 classes"):
        bl.invariance_over_waves(items, frame, **asked | {"n_classes": 3}, fits=fits)
