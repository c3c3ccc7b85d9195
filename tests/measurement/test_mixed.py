"""Items of several kinds: what can be mixed, published maxima, a part by itself, and what is said of a fit."""

import json

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
from equivalence import peers
from pytensor.compile.mode import Mode
from scipy import stats

import bayes_lca as bl
from bayes_lca.data.answered import for_model
from bayes_lca.likelihood.categorical_family import CategoricalFamily
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.families import NormalFamily
from bayes_lca.likelihood.mixture import fit_mixture
from bayes_lca.models import LatentClass

FAST = {"mode": Mode(linker="py", optimizer=None), "on_unused_input": "ignore"}

SHORT = {"draws": 100, "chains": 2, "until": None, "progressbar": False}
PARTS = (
    bl.Items(["answer", "colour"]),
    bl.OrdinalItems(["mood"]),
    bl.NormalItems(["height"]),
    bl.CountItems(["visits"]),
)


def simulate(n=200, seed=1):
    rng = np.random.default_rng(seed)
    latent = (rng.random(n) < 0.4).astype(int)
    frame = pd.DataFrame(
        {
            "answer": np.where(rng.random(n) < np.array([0.2, 0.8])[latent], "yes", "no"),
            "colour": np.array(["red", "green", "blue"])[(rng.random(n) * 2).astype(int) + latent],
            "mood": rng.binomial(3, np.array([0.3, 0.7])[latent]) + 1,
            "height": np.array([160.0, 180.0])[latent] + 7 * rng.normal(size=n),
            "visits": rng.poisson(np.array([1.0, 5.0])[latent]),
        }
    ).astype({"visits": "Int64", "mood": "Int64"})
    for item in frame:
        frame.loc[rng.random(n) < 0.1, item] = None
    return frame.assign(x=rng.normal(size=n)), latent


@pytest.fixture(scope="module")
def frame():
    return simulate()[0]


@pytest.fixture(scope="module")
def draws(frame):
    with pytest.warns(bl.ConvergenceWarning):
        return bl.fit(LatentClass(2, bl.Mixed(*PARTS)), frame, **SHORT)


@pytest.mark.parametrize(
    "error, told, parts",
    [
        (TypeError, r"Mixed\(\['answer'\]\): give measurement parts", (["answer"],)),
        (ValueError, r"Mixed takes two parts or more, one of each kind, and was given 1", PARTS[:1]),
        (
            ValueError,
            r"two parts 'NormalItems'; name all items of a kind",
            (PARTS[2], bl.NormalItems(["weight"], "free")),
        ),
        (ValueError, r"item\(s\) 'height' are in two parts", (PARTS[2], bl.CountItems(["height"]))),
        (TypeError, r"Mixed\(.*cannot be mixed: Mixed takes Items", (bl.Mixed(*PARTS), PARTS[2])),
        (TypeError, r"Assigned\(.*cannot be mixed", (bl.answers_of(bl.load_example("alone")), PARTS[2])),
        (TypeError, r"Items\(.*cannot be mixed.* without restrictions", (bl.Items(["a"], prior={"a": 2.0}), PARTS[2])),
        (TypeError, r"CommonMethod\(.*cannot be mixed", (bl.CommonMethod(bl.Items(["a", "b"])), PARTS[2])),
    ],
)
def test_what_cannot_be_mixed_is_refused(error, told, parts):
    with pytest.raises(error, match=told):
        bl.Mixed(*parts)


def test_a_part_refuses_its_own_items(frame):
    with pytest.raises(ValueError, match=r"item 'height' holds values that are no numbers \('tall'\)"):
        LatentClass(2, bl.Mixed(*PARTS)).build(frame.assign(height="tall"))


def test_a_group_may_not_bear_the_name_of_a_part(frame):
    nested = LatentClass(2, bl.Mixed(*PARTS), bl.Regression("~ 1 + (1 | normal_item)"))
    with pytest.raises(ValueError, match="normal_item"):
        nested.build(frame.assign(normal_item=np.arange(200) % 5))


@peers.beside_the_project
def test_three_numbers_and_an_ordinal_item_have_the_maxima_of_openmx():
    """tidySEM / OpenMx: -1250.52774 (8) and -1118.54167 (14); of three classes -1114.0397 is the maximum."""
    table = peers.frame("mixed_three_continuous_one_ordinal")
    responses = bl.Mixed(bl.NormalItems(["X1", "X2", "X3"]), bl.OrdinalItems(["X4"])).read(table)
    of_numbers, of_categories = responses.parts
    families = [
        NormalFamily(of_numbers.codes, of_numbers.center, of_numbers.scale),
        CategoricalFamily(of_categories.codes, of_categories.n_categories),
    ]
    for n_classes, expected, n_parameters in ((1, -1250.52774, 8), (2, -1118.54167, 14), (3, -1114.0397, 20)):
        fitted = fit_mixture(families, np.ones(len(table)), n_classes, n_final=30)
        assert fitted.best.log_likelihood == pytest.approx(expected, abs=1e-3)
        assert fitted.n_parameters == n_parameters


@peers.beside_the_project
def test_two_numbers_and_two_nominal_items_have_the_maximum_of_depmix():
    """depmixS4 1.5-1, class-specific variances: -3041.57954, 17 parameters."""
    table = peers.frame("lg_c05_groups")
    responses = bl.Mixed(bl.NormalItems(["y1", "y2"], "free"), bl.Items(["c1", "c2"])).read(table)
    of_numbers, of_categories = responses.parts
    families = [
        NormalFamily(of_numbers.codes, of_numbers.center, of_numbers.scale, free=True),
        CategoricalFamily(of_categories.codes, of_categories.n_categories),
    ]
    fitted = fit_mixture(families, np.ones(len(table)), 2)
    assert fitted.best.log_likelihood == pytest.approx(-3041.57954, abs=1e-3)
    assert fitted.n_parameters == 17


def test_categories_alone_have_the_maximum_of_the_other_em(frame):
    """Two roads to the likelihood of nominal items, missing answers included."""
    responses = bl.Items(["answer", "colour", "mood"]).read(frame)
    family = CategoricalFamily(responses.codes, responses.n_categories)
    found = fit_mixture([family], np.ones(200), 2, n_final=30)
    expected = fit_em(responses.codes, np.ones(200), responses.n_categories, 2)
    assert found.best.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(found.best.class_share, expected.class_share, atol=1e-3)


@pytest.mark.filterwarnings("ignore::bayes_lca.UnidentifiedWarning")  # of one ordinal item alone
def test_a_part_has_the_priors_and_the_transforms_that_it_has_alone(frame):
    """The density of the variables of a part is that of the part by itself, at the same coordinates."""
    mixed = LatentClass(2, bl.Mixed(*PARTS)).build(frame)
    rng = np.random.default_rng(2)
    for kind, part in zip(("nominal", "ordinal", "normal", "count"), PARTS, strict=True):
        alone = LatentClass(2, part).prepare(frame, missing="drop").model
        names = [variable.name for variable in alone.free_RVs if variable.name != "class_share"]
        both = mixed.free_RVs, alone.free_RVs
        values = [
            {rv.name: model.rvs_to_values[rv].name for rv in rvs}
            for model, rvs in zip((mixed, alone), both, strict=True)
        ]
        start = alone.initial_point()
        x = {name: rng.normal(0, 0.5, start[values[1][name]].shape) for name in names}
        densities = []
        for model, of_model, before in ((mixed, values[0], f"{kind}_"), (alone, values[1], "")):
            point = model.initial_point() | {of_model[before + name]: x[name] for name in names}
            densities.append(model.compile_logp(vars=[model[before + name] for name in names], **FAST)(point))
            assert all(of_model[before + name] == before + values[1][name] for name in names)
        assert densities[0] == pytest.approx(densities[1], rel=1e-12)


def test_the_density_is_that_of_the_parts(frame):
    """Missing answers of every kind drop their factor."""
    part = bl.Mixed(*PARTS)
    responses = part.read(frame)
    values = pt.constant(for_model(responses.codes))
    rho = np.array([[[0.2, 0.8, 0.0], [0.3, 0.3, 0.4]], [[0.7, 0.3, 0.0], [0.1, 0.6, 0.3]]])
    moods = np.array([[[0.1, 0.2, 0.3, 0.4]], [[0.4, 0.3, 0.2, 0.1]]])
    height, sd, visits = np.array([[160.0], [180.0]]), np.array([7.0]), np.array([[1.0], [5.0]])
    given = [pt.constant(each) for each in (rho, moods, height, sd, visits, np.zeros(5))]
    found = part.log_density(responses, values, *given).eval(mode=FAST["mode"])
    expected = np.zeros(found.shape)
    for k in range(2):
        for i, row in enumerate(frame.to_dict("records")):
            for j, (item, labels) in enumerate({"answer": ["no", "yes"], "colour": ["blue", "green", "red"]}.items()):
                if not pd.isna(row[item]):
                    expected[k, i] += np.log(rho[k, j, labels.index(row[item])])
            if not pd.isna(row["mood"]):
                expected[k, i] += np.log(moods[k, 0, row["mood"] - 1])
            if not pd.isna(row["height"]):
                expected[k, i] += stats.norm.logpdf(row["height"], height[k, 0], sd[0])
            if not pd.isna(row["visits"]):
                expected[k, i] += stats.poisson.logpmf(row["visits"], visits[k, 0])
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_profiles_show_every_kind_in_its_own_units(draws, frame):
    table, posterior = bl.class_profiles(draws), draws["posterior"]
    items = ["answer", "colour", "mood", "height", "visits"]
    assert list(dict.fromkeys(table.index.get_level_values("item"))) == items
    table = bl.class_profiles(draws).sort_index(level=[0, 1], sort_remaining=False)
    assert table.loc[("C1", "answer")].index.tolist() == ["P(no)", "P(yes)"]
    assert table.loc[("C1", "mood")].index.tolist() == ["P(1)", "P(2)", "P(3)", "P(4)"]
    assert table.loc[("C1", "height")].index.tolist() == ["mean", "sd"]
    assert table.loc[("C1", "visits")].index.tolist() == ["mean"]
    of_colour = table.loc[("C2", "colour")]["mean"]
    assert of_colour.sum() == pytest.approx(1.0)
    assert of_colour["P(green)"] == pytest.approx(
        posterior["nominal_item_probability"].sel(latent_class="C2", nominal_item="colour")[..., 1].mean().item()
    )
    assert table.loc[("C2", "height", "mean"), "mean"] == pytest.approx(
        posterior["normal_item_mean"].sel(latent_class="C2").mean().item()
    )
    assert "order of categories" in table.note


def test_the_classes_are_found_again(draws):
    latent = simulate()[1]
    modal = bl.membership(draws)["modal_class"].cat.codes.to_numpy()
    assert (modal == latent).mean() > 0.95


def test_new_respondents_are_scored_by_all_kinds(draws, frame):
    known = bl.membership(draws)[["C1", "C2"]].to_numpy()
    np.testing.assert_allclose(bl.membership(draws, frame)[["C1", "C2"]], known, atol=1e-6)
    with pytest.raises(ValueError, match=r"item 'visits' is no count in 1 of 1 rows"):
        bl.membership(draws, frame.head(1).assign(visits=0.5))
    with pytest.raises(ValueError, match="maybe"):
        bl.membership(draws, frame.head(1).assign(answer="maybe"))


@pytest.mark.usefixtures("pictures_are_not_written")
def test_a_file_a_page_and_a_picture(draws, frame, tmp_path):
    bl.save(draws, tmp_path / "mixed.nc", respondents=False)
    again = bl.load(tmp_path / "mixed.nc")
    pd.testing.assert_frame_equal(bl.class_profiles(again), bl.class_profiles(draws))
    new = frame.head(4)
    np.testing.assert_allclose(bl.membership(again, new)["C1"], bl.membership(draws, new)["C1"])
    check = bl.check_items(draws, n_draws=50)
    assert not check.flagged
    assert check.items.loc["mood", "mean"] == pytest.approx(frame["mood"].astype(float).mean() - 1)
    text = bl.report(draws, tmp_path / "page.html", check=check, smallest_cell=3).read_text("utf-8")
    assert "Items that are numbers" in text and "Answers by item" in text
    titles = [ax.get_title(loc="left") for ax in bl.plot_profiles(draws).axes]
    assert [title for title in titles if title] == ["answer", "colour", "mood", "height", "visits"]


def test_predictions_are_of_every_kind(draws):
    predicted = bl.posterior_predictive(draws)["answers"]
    assert set(np.unique(predicted.sel(item="colour"))) == {0.0, 1.0, 2.0}
    visits = predicted.sel(item="visits").to_numpy()
    assert (visits == np.round(visits)).all() and visits.min() == 0
    assert 150 < predicted.sel(item="height").mean() < 185
    with pytest.raises(
        ValueError, match=r"labels=True: item\(s\) 'height', 'visits' .* are numbers and have no labels"
    ):
        bl.posterior_predictive(draws, labels=True)


def test_convergence_judges_parameters_of_all_kinds(draws):
    labelled = bl.convergence(draws).loc["labelled"].index
    assert {"nominal_item_probability", "ordinal_item_location", "normal_item_sd", "count_item_mean"} <= set(labelled)


def test_classes_are_ordered_by_an_item_of_any_kind(frame):
    mixed = LatentClass(2, bl.Mixed(*PARTS))
    with pytest.warns(bl.ConvergenceWarning):
        draws = bl.fit(mixed, frame, order="visits", **SHORT)
    mean = draws["posterior"]["count_item_mean"].mean(["chain", "draw"]).to_numpy().ravel()
    assert mean[0] < mean[1]
    assert np.array(json.loads(draws.attrs["pivot"])).shape == (2, 5, 4)
    with pytest.raises(ValueError, match="whose order nobody declared"):
        bl.fit(mixed, frame, order="colour", **SHORT)


def test_covariates_and_groups_stand_beside_items_of_all_kinds(frame):
    nested = LatentClass(2, bl.Mixed(*PARTS), bl.Regression("~ x + (1 | g)"))
    with pytest.warns(bl.ConvergenceWarning):
        draws = bl.fit(nested, frame.assign(g=[f"g{i % 6}" for i in range(200)]), **SHORT)
    assert draws.attrs["backend"] == "program"
    assert bl.odds_ratios(draws, reference="C1").index[0] == ("C2 vs C1", "x")
    assert len(bl.random_intercepts(draws)) == 12
