"""A fit on disk is read where nothing has changed, and made anew where anything has."""

import warnings
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.models import LatentClass
from bayes_lca.posterior.storage.file_integrity import seal

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

    def __repr__(self):
        return f"Sampler({self.message!r})"


@cache
def example():
    return bl.load_example("alone")


def tree_of(number):
    """A tiny fit, and a number to know it by."""
    draws = example().copy(deep=True)
    both = ("chain", "draw")
    posterior = draws["posterior"].to_dataset().assign(number=(both, np.full((2, 100), number)))
    draws["posterior"] = xr.DataTree(posterior)
    return draws


def call_behind(draws):
    return int(draws["posterior"]["number"][0, 0])


@pytest.fixture
def in_memory(monkeypatch):
    """What is saved stays in memory, and its file is empty."""
    saved = {}

    def save(draws, path):
        saved[path] = draws
        path.touch()

    monkeypatch.setattr("bayes_lca.sampling.fit_or_load.save", save)
    monkeypatch.setattr("bayes_lca.sampling.fit_or_load.load", saved.__getitem__)


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
def test_whatever_has_changed_is_fitted_anew(tmp_path, in_memory, model, frame, options):
    sample, path = Sampler(), tmp_path / "fit.nc"
    bl.fit_or_load(path, LCA, FRAME, sample=sample, seed=1)
    assert call_behind(bl.fit_or_load(path, model, frame, sample=sample, **options)) == 2
    assert call_behind(bl.fit_or_load(path, model, frame, sample=sample, **options)) == sample.calls == 2


def test_the_file_is_replaced(tmp_path):
    sample, path = Sampler(), tmp_path / "fit.nc"
    for seed in (1, 2):
        bl.fit_or_load(path, LCA, FRAME, sample=sample, seed=seed)
    assert call_behind(bl.load(path)) == sample.calls == 2


def answers(values, categories=("low", "high"), *, ordered=False):
    return FRAME.assign(b=pd.Categorical(values, categories, ordered=ordered))


def read_again(path, before, after):
    """Whether the fit to one frame is read for another."""
    sample = Sampler()
    for frame in (before, after):
        bl.fit_or_load(path, LCA, frame, sample=sample)
    return sample.calls == 1


LOW_HIGH = ["low", "high", "high", "low"]
DAYS = pd.date_range("2025-11-07", periods=4)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (answers(LOW_HIGH), answers(LOW_HIGH, ("high", "low"))),
        (answers(LOW_HIGH), answers(LOW_HIGH, ordered=True)),
        (answers(LOW_HIGH), answers(LOW_HIGH, ("low", "high", "unknown"))),
        (answers(LOW_HIGH), answers([*LOW_HIGH[:3], None])),
        (answers([1, 2, 2, 1], (1, 2)), answers(["1", "2", "2", "1"], ("1", "2"))),
        (answers([1, "1", "1", 1], (1, "1")), answers(["1", 1, 1, "1"], (1, "1"))),
        (answers(LOW_HIGH), FRAME.assign(b=LOW_HIGH)),
        (FRAME, FRAME[["b", "a"]]),
        (FRAME, FRAME.rename(columns={"a": "b", "b": "a"})),
        (FRAME, FRAME.assign(c=0)),
        (FRAME, FRAME.astype("float64")),
        (FRAME, FRAME.astype("Int64")),
        (FRAME, FRAME.astype(bool)),
        (FRAME, FRAME.set_axis([0.0, 1.0, 2.0, 3.0])),
        (FRAME, FRAME.set_axis(["0", "1", "2", "3"])),
        (FRAME.assign(b=[0.0, 1, 1, 0]), FRAME.assign(b=[np.nan, 1, 1, 0])),
        (FRAME.assign(b=[0.1 + 0.2, 1, 1, 0]), FRAME.assign(b=[0.3, 1, 1, 0])),
        (FRAME.assign(b=pd.array([0, 1, 1, 0], "Int64")), FRAME.assign(b=pd.array([None, 1, 1, 0], "Int64"))),
        (FRAME.assign(b=pd.Series(["x", "y", "y", None], dtype=object)), FRAME.assign(b=list("xyyx"))),
        *(
            (FRAME.assign(b=pd.Series([0, "y", "y", value], dtype=object)), FRAME.assign(b=[0, "y", "y", None]))
            for value in (np.nan, pd.NA, "None", "nan")
        ),
        (FRAME.assign(b=[0, "y", "y", 1]), FRAME.assign(b=[0, "y", "y", "1"])),
        (FRAME.astype("longdouble"), FRAME.astype({"a": "longdouble"})),
        (FRAME.assign(b=DAYS), FRAME.assign(b=DAYS[::-1])),
        (FRAME.assign(b=DAYS), FRAME.assign(b=DAYS.tz_localize("UTC"))),
        (FRAME.assign(b=[[1], [2], [2], [1]]), FRAME.assign(b=[[1], [2], [2], [3]])),
        (FRAME.assign(b=pd.Series(["\ud800", *"xyz"], dtype=object)), FRAME.assign(b=list("wxyz"))),
    ],
)
def test_content_of_another_kind_is_fitted_anew(tmp_path, in_memory, before, after):
    assert not read_again(tmp_path / "changed.nc", before, after)
    assert read_again(tmp_path / "same.nc", before, before.copy())


def test_a_frame_of_another_library_with_the_same_answers_is_read(tmp_path):
    assert read_again(tmp_path / "fit.nc", FRAME, pl.from_pandas(FRAME))


def test_a_digest_of_another_kind_is_fitted_anew(tmp_path):
    sample, path = Sampler(), tmp_path / "fit.nc"
    earlier = tree_of(7)
    earlier.attrs |= {"kept_fit_digest": "0" * 64}
    bl.save(earlier, path)
    assert call_behind(bl.fit_or_load(path, LCA, FRAME, sample=sample)) == sample.calls == 1


def test_a_fit_in_another_layout_is_fitted_anew(tmp_path):
    sample, path = Sampler(), tmp_path / "fit.nc"
    for calls, layout in enumerate((1, 99, None), start=1):
        other = tree_of(7)
        other.attrs["layout"] = layout
        if layout is None:
            del other.attrs["layout"]
        other.to_netcdf(path, engine="h5netcdf")
        with pytest.raises(ValueError, match="it has layout"):
            bl.load(path)
        assert call_behind(bl.fit_or_load(path, LCA, FRAME, sample=sample)) == sample.calls == calls
        assert call_behind(bl.fit_or_load(path, LCA, FRAME, sample=sample)) == sample.calls == calls


def damaged(path):
    tree_of(7).to_netcdf(path, engine="h5netcdf")
    path.write_bytes(path.read_bytes()[:-500])


def lacking(path):
    tree = tree_of(7)
    del tree.attrs["levels"]
    tree.to_netcdf(path, engine="h5netcdf")


def flipped(path):
    """A fit of another layout, with a seal that is not of its content."""
    tree = tree_of(7)
    tree.attrs["layout"] = 1
    tree.to_netcdf(path, engine="h5netcdf")
    path.write_bytes(path.read_bytes() + seal(b"other content"))


def foreign(path):
    """No fit, though it has a posterior and a formula."""
    tree = xr.DataTree.from_dict({"/posterior": xr.Dataset({"b": (("chain", "draw"), np.zeros((2, 5)))})})
    tree.attrs["formula"] = "y ~ x"
    tree.to_netcdf(path, engine="h5netcdf")


@pytest.mark.parametrize("write", [damaged, lacking, flipped, foreign, lambda path: path.write_text("a,b")])
def test_a_file_that_is_no_whole_fit_is_not_replaced(tmp_path, write):
    sample, path = Sampler(), tmp_path / "fit.nc"
    write(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"fit\.nc"):
        bl.fit_or_load(path, LCA, FRAME, sample=sample)
    assert path.read_bytes() == before
    assert sample.calls == 0


def test_warnings_of_convergence_are_given_again(tmp_path):
    sample = Sampler("these draws should not be trusted yet")
    for _ in range(2):
        with pytest.warns(bl.ConvergenceWarning, match="should not be trusted yet"):
            bl.fit_or_load(tmp_path / "fit.nc", LCA, FRAME, sample=sample)
    assert sample.calls == 1


def sampled_by_one(model, frame, *, start=None):
    warnings.warn("classes hang together by chance", bl.UntiedClassesWarning, stacklevel=2)
    return bl.load_example("alone")


def sampled_by_another(model, frame, *, start=None):
    return bl.load_example("waves")


def test_a_fit_depends_on_what_samples_it_and_on_all_numbers_it_is_given(tmp_path):
    model, frame = bl.LatentClass(3, bl.Items(bl.cohort_items())), bl.load_cohort().head(50)
    numbers = np.zeros(5000)
    for _ in range(2):  # sampled, then read
        with pytest.warns(bl.UntiedClassesWarning, match="by chance"):
            bl.fit_or_load(tmp_path / "fit.nc", model, frame, sample=sampled_by_one, start={"classes": numbers})
    other = numbers.copy()
    other[2500] = 1
    written = (tmp_path / "fit.nc").read_bytes()
    with pytest.warns(bl.UntiedClassesWarning):
        bl.fit_or_load(tmp_path / "fit.nc", model, frame, sample=sampled_by_one, start={"classes": other})
    assert (tmp_path / "fit.nc").read_bytes() != written
    another = bl.fit_or_load(tmp_path / "fit.nc", model, frame, sample=sampled_by_another, start={"classes": other})
    assert "transition_probability" in another["posterior"]


def test_an_option_whose_text_is_another_one_in_every_session_is_refused(tmp_path):
    """It would be sampled anew each time, as refits without a group were that were given their sampler."""

    def sample(model, frame, **options):
        raise AssertionError("sampled")

    for options in ({"start": object()}, {"starts": [1, object()]}):
        with pytest.raises(ValueError, match=r"^starts? is .* at 0x[0-9a-f]+>.*sampled anew each time: give an object"):
            bl.fit_or_load(tmp_path / "fit.nc", LCA, FRAME, sample=sample, **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [MemoryError("no room"), TypeError("no equivalent in HDF5"), OSError("disk full")])
def test_draws_that_cannot_be_kept_are_returned(tmp_path, monkeypatch, error):
    def save(draws, path):
        raise error

    monkeypatch.setattr("bayes_lca.sampling.fit_or_load.save", save)
    with pytest.warns(UserWarning, match=f"{error}; the fit is returned and not kept"):
        assert call_behind(bl.fit_or_load(tmp_path / "fit.nc", LCA, FRAME, sample=Sampler())) == 1
