"""Who is in the parts of a split: nobody in both, everybody at some time, as many as were asked for."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.fitted.record import distinct_rows, record_answers
from bayes_lca.models import LatentClass
from bayes_lca.sampling.gibbs import GibbsDraws
from bayes_lca.workflows.invariance import split_halves as workflow

ANSWERS = np.array(list(product(range(2), repeat=6)))
"""All patterns of six items once, so that a respondent is known by the answers."""


@pytest.fixture
def fit():
    """Two classes, two draws."""
    yes = np.array([[0.8] * 6, [0.2] * 6])
    rho = np.broadcast_to(np.stack([1 - yes, yes], axis=-1), (1, 2, 2, 6, 2))
    items, frame = list("abcdef"), pd.DataFrame(index=range(64))
    design = read_design(frame, "~ 1")
    patterns = distinct_rows(design, ANSWERS)
    labels = [["0", "1"]] * 6
    groups, attributes = record_answers(ANSWERS, np.arange(64), items, labels, design, frame.index, patterns)
    attributes |= LatentClass(2, bl.Items(items)).identity | {"relabelled": 1, "n_modes": 1}
    dims = ("chain", "draw", "latent_class", "item", "category")
    variables = {"item_probability": (dims, rho), "class_share": (dims[:3], np.full((1, 2, 2), 0.5))}
    coords = {"chain": [0], "draw": [0, 1], "latent_class": ["C1", "C2"], "item": items}
    posterior = xr.Dataset(variables, coords)
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior}
    return xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()})


@pytest.fixture
def parts(monkeypatch):
    """Respondents given to the sampler, which finds the profiles it starts with, class labels turned round."""
    seen = []

    def sample(codes, counts, n_categories, start, *, draws, **settings):
        seen.append(np.repeat(codes @ 2 ** np.arange(6), counts))
        drawn = np.broadcast_to(start[:, None, ::-1], (1, draws, *start.shape[1:]))
        return GibbsDraws(np.full((1, draws, 2), 0.5), drawn, np.zeros((1, draws, 2)), np.zeros((1, draws, 1)))

    monkeypatch.setattr(workflow, "sample_gibbs", sample)
    return seen


@pytest.mark.parametrize("sizes", [None, (10, 25), (40, 24)])
def test_parts_share_nobody(fit, parts, sizes):
    bl.split_halves(fit, sizes=sizes, repeats=20, n_draws=10)
    assert len(parts) == 40
    for first, second in zip(parts[::2], parts[1::2], strict=True):
        assert (len(first), len(second)) == (sizes or (32, 32))
        assert len({*first, *second}) == len(first) + len(second)
    assert {respondent for part in parts for respondent in part} == set(range(64))
    assert len({tuple(sorted(part)) for part in parts}) == 40


def test_classes_of_parts_are_matched_with_those_of_the_whole(fit, parts, monkeypatch):
    """Parts with the profiles of the whole are nowhere apart, whatever labels their sampler gave."""
    turned = workflow.sample_gibbs

    def sample(codes, counts, n_categories, start, **settings):
        return turned(codes, counts, n_categories, start[:, :: 1 if len(parts) % 2 else -1], **settings)

    monkeypatch.setattr(workflow, "sample_gibbs", sample)
    np.testing.assert_allclose(bl.split_halves(fit, repeats=2, n_draws=10)["distance"], 0, atol=1e-12)
