"""Latent transition models of persons who were sampled by a survey design: likelihood, draws, averages, refusals."""

import warnings
from itertools import product

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.likelihood.design_information import design_information
from bayes_lca.sampling.design_correction import Coordinates
from bayes_lca.sampling.ready import prepare_named

ITEMS = bl.Items(["training", "recognition", "expertise"])
WAVES = bl.example_waves()
PERSONS = WAVES["person"].unique()
RNG = np.random.default_rng(3)
OF_PERSON = {
    "w": RNG.gamma(2.0, size=len(PERSONS)),
    "whole": RNG.permutation(np.arange(len(PERSONS)) % 3).astype(float),
    "psu": np.arange(len(PERSONS)) % 30,
    "h": np.arange(len(PERSONS)) % 3,
}
FRAME = WAVES.assign(
    **{name: WAVES["person"].map(dict(zip(PERSONS, values, strict=True))) for name, values in OF_PERSON.items()}
)
FULL = bl.SurveyDesign(weights="w", strata="h", cluster="psu")
PLAIN = bl.LatentTransition(2, ITEMS, "person", "wave")
NESTED = bl.LatentTransition(
    *(2, ITEMS, "person", "wave"),
    initial=bl.Regression("~ participation + (1 | group)"),
    transition=bl.Transition("~ participation + (1 | group)"),
)
SHORT = {"draws": 60, "tune": 100, "chains": 2, "until": None, "progressbar": False}


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        for category in (bl.ConvergenceWarning, bl.WeightsInGroupsWarning):
            warnings.simplefilter("ignore", category)
        yield


def prepared_of(model, design, frame=FRAME):
    return prepare_named(model, frame, count=None, missing="raise", key=None, design=design)


@pytest.fixture(scope="module")
def fits():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            name: bl.fit(model, FRAME, design=FULL, **SHORT) for name, model in (("plain", PLAIN), ("nested", NESTED))
        }


def log_likelihood(posterior, codes):
    """Of one person, all paths summed, from parameters of one draw and answers (wave, item)."""
    share, rho = posterior["class_share"].to_numpy(), posterior["item_probability"].to_numpy()
    transition = posterior["transition_probability"].to_numpy()
    total = 0.0
    for path in product(range(2), repeat=len(codes)):
        value = share[path[0]]
        for t, c in enumerate(path):
            value *= 1 if t == 0 else transition[path[t - 1], c]
            value *= np.prod([rho[c, j, code] for j, code in enumerate(codes[t]) if code >= 0])
        total += value
    return np.log(total)


def test_the_weighted_likelihood_is_that_of_repeated_persons(fits):
    coordinates = Coordinates.of(prepared_of(PLAIN, bl.SurveyDesign(weights="whole")))
    fit = Fit.reading(fits["plain"])
    codes = fit.answers_of_respondents.reshape(len(PERSONS), 3, 3)
    assert fit.respondents.tolist() == [str(person) for person in PERSONS] or list(fit.respondents) == list(PERSONS)
    at = coordinates.density.coordinates(coordinates.prepared.start) + 0.2
    posterior = coordinates.variables(at[None, None])["posterior"].to_dataset().isel(chain=0, draw=0)
    by_person = np.array([log_likelihood(posterior, of_person) for of_person in codes])
    repeated = np.repeat(by_person, OF_PERSON["whole"].astype(int))
    value = coordinates.posterior.log_density(at)[0] - coordinates.prior.log_density(at)[0]
    assert len(repeated) == len(PERSONS)
    assert value == pytest.approx(repeated.sum(), abs=1e-8)


def test_scores_add_up_to_the_gradient_of_the_likelihood(fits):
    for name, model in (("plain", PLAIN), ("nested", NESTED)):
        coordinates = Coordinates.of(prepared_of(model, FULL))
        at = coordinates.density.coordinates(coordinates.prepared.start) + 0.1
        gradient = coordinates.posterior.log_density(at)[1] - coordinates.prior.log_density(at)[1]
        fit, scores = Fit.reading(fits[name]), coordinates.scores(at)
        np.testing.assert_allclose(fit.weight @ scores, gradient, rtol=1e-5, atol=1e-5)
        weight = fit.survey_weight
        assert weight.sum() == pytest.approx(len(PERSONS))
        written_out = np.zeros((len(at), len(at)))
        for h in range(3):
            clusters = [unit for unit in range(30) if unit % 3 == h]
            totals = np.array(
                [
                    (weight[:, None] * scores[fit.pattern_of_respondent])[OF_PERSON["psu"] == unit].sum(axis=0)
                    for unit in clusters
                ]
            )
            away = totals - totals.mean(axis=0)
            written_out += 10 / 9 * away.T @ away
        between = design_information(scores, fit.pattern_of_respondent, fit.sample)
        np.testing.assert_allclose(between, written_out, rtol=1e-8, atol=1e-8)


def test_averages_over_persons_are_weighted(fits):
    fit = Fit.reading(fits["nested"])
    paths, weight, every = paths_of(fit), fit.survey_weight, slice(None)
    rows = np.arange(len(fit.count))
    here = np.exp(np.moveaxis(fit.log_class(rows, every), -1, 0))[..., fit.pattern_of_respondent]
    sizes = bl.class_sizes(fits["nested"])["mean"]
    np.testing.assert_allclose(sizes.loc["1"], (here @ weight / weight.sum()).mean(axis=1), atol=1e-8)
    moves = bl.transition_probabilities(fits["nested"]).loc["overall"]
    stayers = bl.stayers_and_movers(fits["nested"])["mean"]
    every_step = []
    for step, name in enumerate(paths.steps):
        transition = paths.transition(every, rows)[step][..., fit.pattern_of_respondent]
        there = paths.moved[fit.pattern_of_respondent, step]
        of_step = weight * there
        mean = (transition @ of_step / of_step.sum()).mean(axis=-1)  # (origin, destination)
        every_step.append((mean, of_step.sum()))
        shown = moves.xs(name, level="step")
        np.testing.assert_allclose(shown["mean"].to_numpy().reshape(2, 2), mean, atol=1e-8)
        assert (shown["n"] == there.sum()).all()
        joint = here[:, None] * transition
        moved = (joint @ of_step / of_step.sum()).mean(axis=-1)
        np.testing.assert_allclose(stayers.loc[name][2:], moved.ravel(), atol=1e-8)
        here = joint.sum(axis=0)
    total = sum(mean * behind for mean, behind in every_step) / sum(behind for _, behind in every_step)
    shown = moves.xs("all steps", level="step")
    np.testing.assert_allclose(shown["mean"].to_numpy().reshape(2, 2), total, atol=1e-8)
    by_group = bl.transition_probabilities(fits["nested"])
    name = str(fit.group_names["group"][0])
    inside = fit.group_of_respondent["group"] == 0
    transition = paths.transition(every, rows)[0][..., fit.pattern_of_respondent]
    of_group = weight * inside * paths.moved[fit.pattern_of_respondent, 0]
    mean = (transition @ of_group / of_group.sum()).mean(axis=-1)
    row = by_group.xs(name, level="group").xs(paths.steps[0], level="step")
    np.testing.assert_allclose(row["mean"].to_numpy().reshape(2, 2), mean, atol=1e-8)
    assert (row["n"] == (inside & paths.moved[fit.pattern_of_respondent, 0]).sum()).all()


def test_weights_beside_random_effects_add_up_to_the_persons_of_each_group(fits):
    fit = Fit.reading(fits["nested"])
    for group in range(5):
        inside = fit.group_of_respondent["group"] == group
        assert fit.survey_weight[inside].sum() == pytest.approx(inside.sum())


def test_draws_are_corrected_and_notes_say_so(fits, tmp_path):
    kish = OF_PERSON["w"].sum() ** 2 / (OF_PERSON["w"] ** 2).sum()
    draws = fits["plain"]
    said = f"n = 150, weighted by 'w' (Kish's n = {kish:.1f}), 30 clusters of 'psu' in 3 strata of 'h', draws corrected"
    for table in (bl.class_sizes(draws), bl.stayers_and_movers(draws), bl.design_effects(draws)):
        assert said in table.note
    assert bl.design_effects(draws)["design_effect"].median() > 1.1
    for function in (bl.check_items, bl.modes):
        with pytest.raises(ValueError, match=f"{function.__name__}: "):
            function(draws)
    bl.save(draws, tmp_path / "fit.nc")
    again = bl.load(tmp_path / "fit.nc")
    assert bl.class_sizes(again).equals(bl.class_sizes(draws))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"frame": FRAME.assign(w=np.arange(len(FRAME)) + 1.0)},
            r"weights='w' of the survey design changes within 145 of 150 persons.*give one weight for each person",
        ),
        (
            {"frame": FRAME.assign(psu=FRAME["psu"].where(FRAME["wave"] > 1))},
            r"cluster='psu' of the survey design changes within \d+ of 150 persons",
        ),
        (
            {"model": bl.LatentTransition(2, ITEMS, "person", "wave", transition=bl.Transition("~ 1 + (1 | group)"))},
            r"transitions have random effects of 'group', which the first wave has not.*add \(1 \| group\) to initial",
        ),
        ({"frame": FRAME.drop(columns="h")}, r"survey design column\(s\) 'h'"),
        ({"frame": FRAME.assign(w=-1.0)}, "survey weights 'w' are negative in 150 of 150 rows"),
    ],
)
def test_what_cannot_be_weighted_is_refused_before_sampling(options, message):
    with pytest.raises(ValueError, match=message):
        prepared_of(options.get("model", PLAIN), FULL, options.get("frame", FRAME))


def test_persons_left_out_take_their_weight_along():
    frame = FRAME.assign(participation=FRAME["participation"].where(FRAME["person"].map(hash) % 7 > 0))
    model = bl.LatentTransition(2, ITEMS, "person", "wave", initial=bl.Regression("~ participation"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepared = prepare_named(model, frame, count=None, missing="drop", key=None, design=FULL)
    first = frame.groupby("person", sort=False)["participation"].first().reindex(PERSONS)
    kept = ~frame.drop_duplicates("person").set_index("person")["participation"].reindex(PERSONS).isna().to_numpy()
    assert 0 < kept.sum() < len(first)
    weight = prepared.groups["survey_design"]["weight"].to_numpy()
    np.testing.assert_allclose(weight, OF_PERSON["w"][kept] * kept.sum() / OF_PERSON["w"][kept].sum())
    assert prepared.groups["patterns"]["survey_weight"].sum().item() == pytest.approx(kept.sum())


@pytest.mark.parametrize("column", ["w", "h", "psu"])
@pytest.mark.parametrize("wave", [1, 2])
def test_rows_that_are_left_out_may_lack_what_the_design_uses(column, wave):
    """Rows of one wave lack the covariate of the transition, or of the first wave, and the design with it."""
    there = (FRAME["wave"] == wave) & FRAME["person"].isin(PERSONS[:3])
    frame = FRAME.assign(participation=FRAME["participation"].mask(there))
    if wave == 2:  # the first person is seen from the second wave on, and only used from the third
        alone = (frame["person"] == PERSONS[0]) & (frame["wave"] == 1)
        frame, there = frame[~alone].reset_index(drop=True), there[~alone].reset_index(drop=True)
    covariate = (
        {"initial": bl.Regression("~ participation")} if wave == 1 else {"transition": bl.Transition("~ participation")}
    )
    model = bl.LatentTransition(2, ITEMS, "person", "wave", **covariate)

    def design_of(of_frame):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            prepared = prepare_named(model, of_frame, count=None, missing="drop", key=None, design=FULL)
        sample = prepared.groups["survey_design"]
        unit = sample["unit"].to_numpy()
        stratum = sample["stratum_of_unit"].to_numpy()[unit]
        return np.stack([sample["weight"].to_numpy(), pd.factorize(unit)[0], pd.factorize(stratum)[0]])

    np.testing.assert_allclose(design_of(frame.assign(**{column: frame[column].mask(there)})), design_of(frame))
    used = (frame["person"] == PERSONS[5]) & (frame["wave"] == 3)
    with pytest.raises(ValueError, match=f"={column!r} of the survey design changes within 1 of 150 persons"):
        design_of(frame.assign(**{column: frame[column].mask(used)}))
