"""Chains that go on: the draws of one longer fit, under the labels of the shorter one."""

import json
import warnings

import numpy as np
import pytest

import bayes_lca as bl

ITEMS = ["training", "recognition", "expertise"]
MODEL = bl.LatentClass(2, bl.Items(ITEMS), bl.Regression("~ participation"))
SETTINGS = {"chains": 2, "seed": 3, "until": None, "progressbar": False}


@pytest.fixture(scope="module")
def short():
    """Forty draws of each of two chains."""
    with warnings.catch_warnings(action="ignore", category=bl.ConvergenceWarning):
        return bl.fit(MODEL, bl.example_survey(), draws=40, **SETTINGS)


def more(draws, n=25, model=MODEL, frame=None, **options):
    with warnings.catch_warnings(action="ignore", category=bl.ConvergenceWarning):
        return bl.more_draws(draws, model, bl.example_survey() if frame is None else frame, n, progressbar=False)


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
        (lambda draws: bl.load_example("alone"), r"180 respondents does not say how it was sampled"),
    ],
)
def test_what_is_not_the_whole_fit_of_a_sampler_is_refused(short, change, message):
    with pytest.raises(ValueError, match=message):
        more(change(short))


def test_another_model_is_refused_before_sampling(short):
    with pytest.raises(ValueError, match=r"the fit of 180 respondents is of LatentClass\(n_classes=2.*give the model"):
        more(short, model=bl.LatentClass(2, bl.Items(ITEMS)))


def test_other_respondents_are_refused(short):
    with pytest.raises(ValueError, match=r"the fit is of 180 respondents, and the frame has 170"):
        more(short, frame=bl.example_survey().head(170))


def test_draws_that_come_out_otherwise_are_said_to_be_no_continuation(short):
    other = short.copy()
    asked = json.loads(short.attrs["sampling_asked"])
    other.attrs = short.attrs | {"sampling_asked": json.dumps(asked | {"seed": 4})}
    with pytest.warns(bl.OtherDrawsWarning, match="the first 40 draws of each chain are others"):
        more(other, n=1)
