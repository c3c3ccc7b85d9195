"""Weights that take draws of the regression from the mean of the first step to one of its draws."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import distinct_rows, record_answers
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.models import AssignedClass
from bayes_lca.structural.regression import Regression
from bayes_lca.workflows.ladder import cut_posterior, two_step

CLASSES, ITEMS = ("C1", "C2"), ("a", "b", "c")
CHAINS, DRAWS, N = 2, 6, 50


def item_probability(rng):
    yes = rng.uniform(0.1, 0.9, (2, 3))
    return np.stack([1 - yes, yes], axis=-1)


@pytest.fixture(scope="module")
def steps():
    """The mean of a first step, and three draws of it."""
    rng = np.random.default_rng(4)
    labels = dict.fromkeys(ITEMS, ("no", "yes"))
    return [Assigned(labels, item_probability(rng), np.full(2, 0.5), CLASSES) for _ in range(4)]


@pytest.fixture(scope="module")
def at_mean(steps):
    """A regression of hidden classes on one covariate, some answers missing."""
    rng = np.random.default_rng(5)
    x, codes = rng.integers(0, 3, N).astype(float), rng.integers(-1, 2, (N, 3))
    half = rng.normal(size=(2, CHAINS, DRAWS))
    intercept, slope = np.stack([half, -half], axis=-1)
    mean = np.broadcast_to(steps[0].probability, (CHAINS, DRAWS, 2, 3, 2))
    both = ("chain", "draw")
    posterior = xr.Dataset(
        {
            "intercept": ((*both, "latent_class"), intercept),
            "slope": ((*both, "term", "latent_class"), slope[:, :, None]),
            "item_probability": ((*both, "latent_class", "item", "category"), mean),
        },
        {"latent_class": list(CLASSES), "term": ["x"]},
    )
    frame = pd.DataFrame({"x": x})
    design = read_design(frame, "~ x")
    labels, patterns = [["no", "yes"]] * 3, distinct_rows(design, codes)
    answer_pattern = unique_rows(codes).pattern
    groups, attributes = record_answers(codes, answer_pattern, ITEMS, labels, design, frame.index, patterns)
    attributes |= AssignedClass(steps[0], Regression("~ x")).identity
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior}
    return Fit.reading(xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()}))


def log_likelihood(at_mean, probability, chain, draw):
    """One respondent after the other, one class after the other, one item after the other."""
    posterior, total = at_mean.posterior.isel(chain=chain, draw=draw), 0.0
    x = at_mean.matrix_of_respondents[:, 0]
    assert len(at_mean.count) < N == len(x)
    for codes, value in zip(at_mean.answers_of_respondents, x, strict=True):
        joint = np.exp(posterior["intercept"].to_numpy() + posterior["slope"].to_numpy()[0] * value)
        joint /= joint.sum()
        for j, code in enumerate(codes):
            if code >= 0:
                joint = joint * probability[:, j, code]
        total += np.log(joint.sum())
    return total


def test_weights_are_likelihood_ratios_of_a_draw_to_the_mean(at_mean, steps):
    mean, *others = steps
    proposals = np.array([1, 4, 9])
    ratios = two_step._log_ratios(at_mean, others, proposals)
    assert ratios.shape == (3, 3)
    for step, of_step in zip(others, ratios, strict=True):
        for place, ratio in zip(proposals, of_step, strict=True):
            there, here = (log_likelihood(at_mean, part.probability, *divmod(place, DRAWS)) for part in (step, mean))
            assert ratio == pytest.approx(there - here, abs=1e-9)
    assert np.abs(ratios).min() > 0.1


def test_draws_are_repeated_as_often_as_their_weight_says():
    weights = np.array([0.05, 0.0, 0.25, 0.7])
    with np.errstate(divide="ignore"):
        places = cut_posterior._resample(np.log(weights) + 3.0, 1000, np.random.default_rng(1))
    assert np.abs(np.bincount(places, minlength=4) - 1000 * weights).max() <= 1
    assert (np.diff(places) >= 0).all()
