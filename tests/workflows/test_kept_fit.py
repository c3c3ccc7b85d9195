"""A fit on disk is read where nothing has changed, and made anew where anything has."""

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.models import LatentClass

LCA = LatentClass(2, bl.Items(["a", "b"]))
FRAME = pd.DataFrame({"a": [0, 1, 1, 0], "b": [1, 1, 0, 0]})


class Sampler:
    """Stands in for `fit`, counts its calls and warns as often as it is asked to."""

    def __init__(self, message=""):
        self.calls, self.message = 0, message

    def __call__(self, model, frame, **options):
        self.calls += 1
        if self.message:
            warnings.warn(self.message, bl.ConvergenceWarning, stacklevel=2)
        return tree_of(self.calls)


def tree_of(number):
    """As little as a fit on disk has to hold, and a number to know it by."""
    respondents = xr.Dataset({"outcome": ("respondent", [0, 1, 1, 0])})
    attributes = {"formula": "~ 1", "groupings": "[]", "levels": "{}", "labels": '[["0", "1"]]'}
    attributes |= {"n_respondents": 4, "n_dropped": 0, "n_missing_answers": 0}
    both = ("chain", "draw")
    return xr.DataTree.from_dict(
        {
            "/": xr.Dataset(attrs=attributes),
            "/posterior": xr.Dataset({"number": (both, np.full((1, 2), number))}),
            "/sample_stats": xr.Dataset({"diverging": (both, np.zeros((1, 2), dtype=bool))}),
            "/log_likelihood": xr.Dataset({"outcome": ((*both, "respondent"), np.zeros((1, 2, 4)))}),
            "/observed_data": respondents,
            "/constant_data": respondents.rename(outcome="group_index"),
        }
    )


def call_behind(draws):
    return int(draws["posterior"]["number"][0, 0])


def test_the_same_call_is_read(tmp_path):
    sample = Sampler()
    for _ in range(3):
        kept = bl.fit_or_load(tmp_path / "new" / "fit.nc", LCA, FRAME.copy(), sample=sample, seed=1)
        assert (call_behind(kept), sample.calls) == (1, 1)
    bl.fit_or_load(tmp_path / "new" / "fit.nc", LCA, FRAME, sample=sample, seed=1, cores=1, progressbar=False)
    assert sample.calls == 1


@pytest.mark.parametrize(
    ("model", "frame", "options"),
    [
        (LCA, FRAME.assign(a=[0, 1, 1, 1]), {"seed": 1}),
        (LCA, FRAME.astype({"a": str}), {"seed": 1}),
        (LCA, FRAME.set_axis([1, 2, 3, 4]), {"seed": 1}),
        (LCA, FRAME.iloc[[1, 0, 2, 3]], {"seed": 1}),
        (LCA, FRAME, {"seed": 2}),
        (LatentClass(3, bl.Items(["a", "b"])), FRAME, {"seed": 1}),
        (LatentClass(2, bl.Items(["a", "b"], bl.Dirichlet(2.0))), FRAME, {"seed": 1}),
    ],
    ids=["answer", "type", "row names", "order of rows", "option", "classes", "prior"],
)
def test_whatever_has_changed_is_fitted_anew_and_replaces_the_file(tmp_path, model, frame, options):
    sample, path = Sampler(), tmp_path / "fit.nc"
    bl.fit_or_load(path, LCA, FRAME, sample=sample, seed=1)
    assert call_behind(bl.fit_or_load(path, model, frame, sample=sample, **options)) == 2
    assert call_behind(bl.fit_or_load(path, model, frame, sample=sample, **options)) == 2
    assert call_behind(bl.load(path)) == sample.calls == 2


def test_warnings_of_convergence_are_given_again(tmp_path):
    sample = Sampler("these draws should not be trusted yet")
    for _ in range(2):
        with pytest.warns(bl.ConvergenceWarning, match="should not be trusted yet"):
            bl.fit_or_load(tmp_path / "fit.nc", LCA, FRAME, sample=sample)
    assert sample.calls == 1
