"""Chains that go on: the draws of one longer fit, under the labels of the shorter one."""

import json
import warnings

import numpy as np
import pytest

import bayes_lca as bl

ITEMS = ["training", "recognition", "expertise"]
MODEL = bl.LatentClass(2, bl.Items(ITEMS), bl.Regression("~ participation"))
SETTINGS = {"chains": np.int64(2), "seed": np.int64(3), "until": None, "progressbar": False}


@pytest.fixture(scope="module")
def short():
    """Forty draws of each of two chains."""
    with warnings.catch_warnings(action="ignore", category=bl.ConvergenceWarning):
        return bl.fit(MODEL, bl.example_survey(), draws=40, **SETTINGS)


def more(draws, n=25, model=MODEL, frame=None, **options):
    with warnings.catch_warnings(action="ignore", category=bl.ConvergenceWarning):
        frame = bl.example_survey() if frame is None else frame
        return bl.more_draws(draws, model, frame, n, progressbar=False, **options)


def test_the_fit_goes_on_as_if_all_draws_had_been_asked_for(short):
    """Under the names that its classes have."""
    longer = more(bl.name_classes(short, ["few", "many"]))
    with warnings.catch_warnings(action="ignore", category=bl.ConvergenceWarning):
        at_once = bl.fit(MODEL, bl.example_survey(), draws=65, order=short, **SETTINGS)
    for name in ("slope", "item_probability", "class_share"):
        np.testing.assert_array_equal(longer["posterior"][name], at_once["posterior"][name])
        np.testing.assert_allclose(longer["posterior"][name][:, :40], short["posterior"][name], rtol=1e-12)
    assert bl.class_sizes(longer).index.tolist() == ["few", "many"]
    assert "2 x 65 draws" in bl.class_sizes(longer).note


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda draws: draws.isel(chain=[0]), r"these are 1 x 40 draws of a fit of 2 x 40; give the whole fit"),
        (lambda draws: draws.isel(draw=slice(10)), r"these are 2 x 10 draws of a fit of 2 x 40; give the whole fit"),
        (
            lambda draws: draws.isel(chain=[1, 0]),
            r"chains \[1, 0\] of this fit of 180 respondents were joined or put in",
        ),
        (
            lambda draws: bl.concat_chains([draws.isel(chain=[1]), draws.isel(chain=[0])]),
            r"chains \[0, 1\] of this fit of 180 respondents were joined",
        ),
        (lambda draws: bl.load_example("alone"), r"180 respondents does not say how it was sampled"),
    ],
)
def test_what_is_not_the_whole_fit_of_a_sampler_is_refused(short, change, message):
    with (
        warnings.catch_warnings(action="ignore", category=bl.ConvergenceWarning),
        pytest.raises(ValueError, match=message),
    ):
        more(change(short))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": "id"}, "made with key= that says nothing, and now it says id; give key= as"),
        ({"design": bl.SurveyDesign(cluster="group")}, "made with design= that says nothing, and now it says.*group"),
        ({"count": "n"}, "made with count= that says nothing, and now it says"),
    ],
)
def test_what_the_fit_was_given_has_to_be_given_again(short, options, message):
    """A design of clusters alone, and names, leave every energy as it was."""
    frame = bl.example_survey().assign(id=[f"p{number}" for number in range(180)], n=1)
    with pytest.raises(ValueError, match=message):
        more(short, frame=frame, **options)


def test_chains_in_several_modes_are_refused_with_what_to_do(short):
    apart = short.copy()
    apart.attrs = short.attrs | {"n_modes": 2, "chain_modes": "[0, 1]"}
    with pytest.raises(bl.SeveralModesError, match=r"stayed in 2 different modes, which more draws .* fit again"):
        more(apart)


def test_another_model_is_refused_before_sampling(short):
    message = (
        r"another model than the fit of 180 respondents: n_classes=3 and not n_classes=2, measurement=Items\(items="
        r"\['training', 'recognition'\], .* and not measurement=Items\(items=.*; give the model that was fitted"
    )
    with pytest.raises(ValueError, match=message) as refusal:
        more(short, model=bl.LatentClass(3, bl.Items(ITEMS[:2]), MODEL.structural))
    assert "structural" not in str(refusal.value)
    with pytest.raises(ValueError, match=r"another model.*: structural=Shares\(.* and not structural=Regression"):
        more(short, model=bl.LatentClass(2, MODEL.measurement))


def test_a_survey_design_that_is_not_given_again_is_said_in_words(short):
    designed = short.copy()
    designed.attrs = short.attrs | {"survey_design": json.dumps({"words": "weighted by 'w'", "kish_n": 1.0})}
    with pytest.raises(ValueError, match="made with design= that says weighted by 'w', and now it says nothing; give"):
        more(designed)


def test_other_respondents_are_refused(short):
    with pytest.raises(ValueError, match=r"the fit is of 180 respondents, and the frame has 170"):
        more(short, frame=bl.example_survey().head(170))


def test_frequency_tables_go_on():
    table = bl.example_survey().groupby(ITEMS, observed=True).size().rename("n").reset_index()
    model = bl.LatentClass(2, bl.Items(ITEMS))
    with warnings.catch_warnings(action="ignore", category=bl.ConvergenceWarning):
        counted = bl.fit(model, table, count="n", draws=4, tune=20, **SETTINGS)
    assert more(counted, 2, model, table, count="n")["posterior"].sizes["draw"] == 6


def test_draws_that_come_out_otherwise_are_said_to_be_no_continuation(short):
    other = short.copy()
    asked = json.loads(short.attrs["sampling_asked"])
    other.attrs = short.attrs | {"sampling_asked": json.dumps(asked | {"seed": 4})}
    with pytest.warns(bl.OtherDrawsWarning, match="the first 40 draws of each chain are others"):
        more(other, n=1)


def test_clusters_are_those_of_the_fit_and_classes_told_apart_keep_their_names():
    """Other clusters of the same number leave every energy as it was, and change the draws."""
    known = bl.Fixed("expertise", category="increase", classes=1, value=0.85)
    model, design = bl.LatentClass(2, bl.Items(ITEMS, restrictions=[known])), bl.SurveyDesign(cluster="ward")
    frame = bl.example_survey().assign(ward=np.arange(180) % 30)
    with warnings.catch_warnings(action="ignore"):
        fitted = bl.fit(model, frame, draws=10, tune=30, design=design, **SETTINGS)
        longer = more(bl.name_classes(fitted, ["growing", "other"]), 2, model, frame, design=design)
        assert bl.class_sizes(longer).index.tolist() == ["growing", "other"]
        with pytest.raises(ValueError, match="others are in their clusters; give the frame"):
            more(fitted, 2, model, frame.assign(ward=np.arange(180) // 6), design=design)
