"""Draws from the prior: parameters of the stated distributions, answers of the parameters, for every kind of model."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.fitted.expected_answers import expected_answers

mpl.use("Agg")
ITEMS = ["training", "recognition", "expertise"]
REGRESSION = bl.Regression("~ participation + (1 | group)")
MODELS = {
    "shares": bl.LatentClass(2, bl.Items(ITEMS)),
    "one class": bl.LatentClass(1, bl.Items(ITEMS)),
    "regression": bl.LatentClass(3, bl.Items(ITEMS), REGRESSION),
    "ordinal": bl.LatentClass(2, bl.OrdinalItems(ITEMS), bl.Regression("~ participation")),
    "correlated": bl.LatentClass(3, bl.Items(ITEMS), bl.Regression("~ 1 + (1 | group)", correlation=bl.LKJ(2.0))),
    "random slopes": bl.LatentClass(2, bl.Items(ITEMS), bl.Regression("~ participation + (participation | group)")),
    "common method": bl.LatentClass(2, bl.CommonMethod(bl.Items(ITEMS))),
    "restricted": bl.LatentClass(
        2, bl.Items(ITEMS, restrictions=[bl.Zero("training", category="decrease", classes=1)]), REGRESSION
    ),
    "seen": bl.Multinomial("education", REGRESSION),
    "assigned": bl.AssignedClass(bl.answers_of(bl.load_example("alone")), REGRESSION),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_drawn_from(name):
    frame = bl.example_survey().head(60)
    drawn = bl.prior_predictive(MODELS[name], frame, draws=12)
    (observed,) = drawn["prior_predictive"].data_vars
    values, seen = drawn["prior_predictive"][observed], drawn["observed_data"][observed]
    assert values.dims == ("chain", "draw", *seen.dims)
    assert values.sizes["draw"] == 12 and values.sizes["respondent"] == len(frame)
    assert values.min() >= 0
    assert set(drawn.children) == {"prior", "prior_predictive", "observed_data"}
    assert all(of_variable.dims[:2] == ("chain", "draw") for of_variable in drawn["prior"].data_vars.values())


def test_a_seed_is_used():
    frame = bl.example_survey().head(60)
    first, same, other = (bl.prior_predictive(MODELS["regression"], frame, draws=12, seed=seed) for seed in (1, 1, 2))
    for group in ("prior", "prior_predictive"):
        assert same[group].equals(first[group])
        assert not other[group].equals(first[group])


def z_of_mean(values, expected, sd):
    return np.abs(values.mean(axis=0) - expected) / (sd / np.sqrt(len(values)))


def test_parameters_have_the_distributions_of_the_parts():
    """Item probabilities, contrasts of slopes per unit, and spread of group effects, by their stated priors."""
    model = bl.LatentClass(
        2, bl.Items(ITEMS, prior={"training": {"decrease": 1, "no change": 2, "increase": 5}}), REGRESSION
    )
    prior = bl.prior_predictive(model, bl.example_survey(), draws=1500)["prior"].to_dataset().isel(chain=0)
    training = prior["item_probability"].sel(item="training", latent_class="C1")
    training = training.sel(category=["decrease", "no change", "increase"]).to_numpy()
    dirichlet = stats.dirichlet([1, 2, 5])
    assert (z_of_mean(training, dirichlet.mean(), np.sqrt(dirichlet.var())) < 4).all()
    unit = read_design(bl.example_survey(), "~ participation").unit
    for values, sigma in ((prior["slope"].isel(term=0), 1.25 / unit[0]), (prior["intercept_at_mean"], 2.5)):
        contrast = (values.isel(latent_class=1) - values.isel(latent_class=0)).to_numpy()
        assert stats.kstest(contrast, stats.norm(scale=sigma * np.sqrt(2)).cdf).pvalue > 1e-3
    scaled = prior["group_sd"].to_numpy()[:, 0]
    assert stats.kstest(scaled, stats.halfnorm.cdf).pvalue > 1e-3


def test_answers_are_those_of_the_drawn_parameters():
    """Shares of answers of many respondents in one draw, beside the mixture of that draw."""
    frame = pd.concat([bl.example_survey()] * 6, ignore_index=True)
    drawn = bl.prior_predictive(MODELS["shares"], frame, draws=8)
    prior = drawn["prior"].to_dataset().isel(chain=0)
    share, rho = prior["class_share"].to_numpy(), prior["item_probability"]
    labels = drawn["prior_predictive"]["label"].to_numpy()
    answers = drawn["prior_predictive"]["answers"].isel(chain=0).to_numpy()
    for j, item in enumerate(ITEMS):
        for code, label in enumerate(labels[j]):
            expected = (share * rho.sel(item=item, category=label).to_numpy()).sum(axis=1)
            seen = (answers[:, :, j] == code).mean(axis=1)
            assert (np.abs(seen - expected) < 4.5 * np.sqrt(expected * (1 - expected) / len(frame)) + 1e-9).all()


@pytest.mark.parametrize("profiles", ["equal", "free"])
def test_groups_are_of_classes_that_are_drawn_from_the_prior(profiles):
    """Groups of one respondent each, beside the mixture of a draw over classes of both levels."""
    frame = pd.concat([bl.example_survey()] * 4, ignore_index=True)
    frame["ward"] = [f"w{number:04d}" for number in range(len(frame))]
    model = bl.LatentClass(2, bl.Items(ITEMS), bl.GroupClasses(2, group="ward", profiles=profiles))
    drawn = bl.prior_predictive(model, frame, draws=6)
    prior = drawn["prior"].to_dataset().isel(chain=0)
    share = np.exp(prior["intercept"]) / np.exp(prior["intercept"]).sum("latent_class") * prior["group_class_share"]
    rho = prior["item_probability_by_group_class" if profiles == "free" else "item_probability"]
    mixture = (share * rho).sum(["group_class", "latent_class"])
    labels = drawn["prior_predictive"]["label"].to_numpy()
    answers = drawn["prior_predictive"]["answers"].isel(chain=0).to_numpy()
    for j, item in enumerate(ITEMS):
        expected = mixture.sel(item=item, category=labels[j, 0]).to_numpy()
        seen = (answers[:, :, j] == 0).mean(axis=1)
        assert (np.abs(seen - expected) < 4.5 * np.sqrt(expected * (1 - expected) / len(frame)) + 1e-9).all()


def test_a_frequency_table_stands_for_its_respondents():
    survey = bl.example_survey()
    table = survey.groupby(ITEMS, observed=True).size().rename("n").reset_index()
    drawn = bl.prior_predictive(MODELS["shares"], table, count="n", draws=5)
    assert drawn["prior_predictive"].sizes["respondent"] == len(survey)


def test_the_picture_shows_the_shares_of_the_table():
    frame = bl.example_survey().assign(training=lambda rows: rows["training"].where(rows.index % 3 > 0))
    drawn = bl.prior_predictive(MODELS["shares"], frame, draws=40)
    (training,) = [of_item for of_item in expected_answers(drawn) if of_item.item == "training"]
    labels, (quantiles, observed) = training.labels, training.shares([0.1, 0.25, 0.5, 0.75, 0.9])
    np.testing.assert_allclose(observed, frame["training"].value_counts(normalize=True)[labels])
    answers = drawn["prior_predictive"]["answers"].sel(item="training").to_numpy()[0]
    np.testing.assert_allclose(quantiles[:, 1], np.quantile((answers == 1).mean(axis=1), [0.1, 0.25, 0.5, 0.75, 0.9]))
    figure = bl.plot_prior_predictive(drawn, ci_prob=0.8)
    panel = figure.axes[0]
    assert panel.get_title(loc="left") == "training"
    np.testing.assert_allclose(panel.lines[-1].get_xdata(), observed)
    wide, middle = (bars.get_segments() for bars in panel.collections)
    np.testing.assert_allclose([[ends[0, 0], ends[1, 0]] for ends in wide], quantiles[[0, 4]].T)
    np.testing.assert_allclose([[ends[0, 0], ends[1, 0]] for ends in middle], quantiles[[1, 3]].T)
    assert [tick.get_text() for tick in panel.get_yticklabels()] == labels
    assert f"n = {len(frame)}, 60 answers missing, 40 draws" in figure.get_supxlabel()
    seen = bl.plot_prior_predictive(bl.prior_predictive(MODELS["seen"], frame, draws=5))
    assert seen.axes[0].get_title(loc="left") == "education"


def test_other_things_are_refused():
    survey = bl.example_survey()
    with pytest.raises(TypeError, match=r"prior_predictive takes a model and then a frame"):
        bl.prior_predictive(bl.Items(ITEMS), survey)
    with pytest.raises(ValueError, match="draws=0"):
        bl.prior_predictive(MODELS["shares"], survey, draws=0)
    with pytest.raises(ValueError, match="seed=-1"):
        bl.prior_predictive(MODELS["shares"], survey, seed=-1)
    with pytest.raises(TypeError, match="plot_prior_predictive draws what prior_predictive returns, not DataFrame"):
        bl.plot_prior_predictive(survey)
    drawn = bl.prior_predictive(MODELS["shares"], survey, draws=5)
    with pytest.raises(ValueError, match="this tree is no fit"):
        bl.class_sizes(drawn)
    with pytest.raises(ValueError, match="ci_prob=1"):
        bl.plot_prior_predictive(drawn, ci_prob=1)


def test_items_that_are_numbers_have_quantiles_over_respondents():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": rng.normal(5, 2, 60), "k": rng.poisson(2, 60).astype(float), "a": rng.choice(["n", "y"], 60)}
    )
    frame.loc[3, "x"], frame.loc[4, "a"] = np.nan, None
    items = bl.Mixed(bl.Items(["a"]), bl.NormalItems(["x"]), bl.CountItems(["k"]))
    drawn = bl.prior_predictive(bl.LatentClass(2, items), frame, draws=30)
    of_items = {of_item.item: of_item for of_item in expected_answers(drawn)}
    answers = drawn["prior_predictive"]["answers"].sel(item="x").to_numpy()[0]
    expected, observed = of_items["x"].margins([0.25, 0.5])
    np.testing.assert_allclose(observed, np.nanquantile(frame["x"], [0.1, 0.5, 0.9]))
    np.testing.assert_allclose(expected[1], np.median(np.quantile(answers, [0.1, 0.5, 0.9], axis=1), axis=1))
    share = (frame["a"].dropna() == "y").mean()
    assert of_items["a"].margins([0.5])[1].tolist() == pytest.approx([1 - share, share])
    figure = bl.plot_prior_predictive(drawn)
    assert [panel.get_title(loc="left") for panel in figure.axes] == ["a", "x", "k"]
    assert [tick.get_text() for tick in figure.axes[1].get_yticklabels()] == ["10 %", "median", "90 %"]
    note = figure.get_supxlabel()
    assert "shares in %, quantiles over respondents in the units of the item" in " ".join(note.split())


NUMBERS = pd.DataFrame(
    {
        "x": np.random.default_rng(1).normal(5, 2, 60),
        "k": np.random.default_rng(2).poisson(2, 60),
        "i": np.random.default_rng(3).integers(0, 30, 60),
        "a": np.random.default_rng(4).choice(["n", "y"], 60),
        "o": pd.Categorical(np.random.default_rng(5).choice([1, 2, 3], 60), ordered=True),
    }
)


@pytest.mark.parametrize(
    "part",
    [
        bl.Mixed(bl.Items(["a"]), bl.NormalItems(["i"])),
        bl.Mixed(bl.CountItems(["k"]), bl.OrdinalItems(["o"])),
        bl.Mixed(bl.OrdinalItems(["o"]), bl.CountItems(["k"], "negative_binomial"), bl.NormalItems(["x"], "free")),
        bl.NormalItems(["x", "i"]),
        bl.CountItems(["k", "i"]),
        bl.CountItems(["i"], "negative_binomial"),
    ],
    ids=repr,
)
def test_numbers_beside_categories_and_alone_are_in_the_picture(part):
    """Bars are quantiles over draws, points what was answered, of every item in its own terms."""
    drawn = bl.prior_predictive(bl.LatentClass(2, part), NUMBERS, draws=10)
    figure = bl.plot_prior_predictive(drawn, ci_prob=0.8)
    panels = {panel.get_title(loc="left"): panel for panel in figure.axes}
    assert list(panels) == list(drawn["prior_predictive"]["item"].to_numpy())
    for item, panel in panels.items():
        answers = drawn["prior_predictive"]["answers"].sel(item=item).to_numpy()[0]
        if item in ("a", "o"):
            expected = np.stack([(answers == place).mean(axis=1) for place in range(NUMBERS[item].nunique())])
            observed = NUMBERS[item].value_counts(normalize=True).sort_index()
        else:
            expected = np.quantile(answers, [0.1, 0.5, 0.9], axis=1)
            observed = np.quantile(NUMBERS[item], [0.1, 0.5, 0.9])
        np.testing.assert_allclose(panel.lines[-1].get_xdata(), observed)
        wide = np.array([ends[:, 0] for ends in panel.collections[0].get_segments()])
        np.testing.assert_allclose(wide, np.quantile(expected, [0.1, 0.9], axis=1).T)
