"""Pictures of compared structures show the figures of the comparison."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.patches import PathPatch, Rectangle

import bayes_lca as bl


@pytest.fixture(scope="module")
def fits(lca_draws):
    renamed = bl.name_classes(lca_draws, ["one", "two", "three"])
    return {"first": lca_draws, "second": renamed}


@pytest.fixture(scope="module")
def compared(fits):
    return bl.compare_structures(fits, n_draws=60)


def test_profiles_hold_a_panel_per_class_and_a_mark_per_fit(fits):
    fig = bl.plot_structures(fits, n_draws=60)
    assert [ax.get_title(loc="left").split("\n") for ax in fig.axes] == [
        ["C1", "one of second"],
        ["C2", "two of second"],
        ["C3", "three of second"],
    ]
    profiles = bl.class_profiles(fits["first"])["mean"]
    for ax, name in zip(fig.axes, ("C1", "C2", "C3"), strict=True):
        marks = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
        last = [profiles[name, item, "increase"] for item in bl.cohort_items()]
        np.testing.assert_allclose(marks, last)
        assert len([line for line in ax.lines if line.get_marker() == "s"]) == 6
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["first", "second"]
    assert "n = 600" in fig.get_supxlabel()


def test_bands_are_as_wide_as_the_share_that_moves(fits, compared):
    fig = bl.plot_structures(fits, "flow", n_draws=60)
    (ax,) = fig.axes
    share = compared.flows["respondents"] / compared.flows["respondents"].sum()
    bands = [patch.get_path().vertices for patch in ax.patches if isinstance(patch, PathPatch)]
    widths = sorted(vertices[0, 1] - vertices[7, 1] for vertices in bands)
    np.testing.assert_allclose(widths, sorted(share[share > 0]), atol=1e-12)
    bars = [patch.get_height() for patch in ax.patches if isinstance(patch, Rectangle)]
    np.testing.assert_allclose(bars[:3], share.groupby(level="reference_class", sort=False).sum(), atol=1e-12)
    np.testing.assert_allclose(sum(bars[3:]), 1)
    assert ax.get_title(loc="left") == "first"
    assert ax.get_title(loc="right") == "second"


def test_distances_are_written_and_matches_framed(fits, compared):
    (ax,) = bl.plot_structures(fits, "distance", n_draws=60).axes
    shown = np.asarray(ax.images[0].get_array())
    wanted = compared.distances["distance"].to_numpy().reshape(3, 3)
    np.testing.assert_allclose(shown, wanted)
    frames = {(round(p.get_x() + 0.46), round(p.get_y() + 0.46)) for p in ax.patches if isinstance(p, Rectangle)}
    assert frames == {(0, 0), (1, 1), (2, 2)}
    assert ax.texts[0].get_text().startswith(f"{wanted[0, 0]:.2f}\n(")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "two", "three"]


def test_what_cannot_be_drawn(fits, lca_draws):
    with pytest.raises(ValueError, match=r"kind='pie': choose one of \['profiles', 'flow', 'distance'\]"):
        bl.plot_structures(fits, "pie")
    apart, patterns = lca_draws.copy(), lca_draws["patterns"].to_dataset()
    apart["patterns"] = xr.DataTree(patterns.assign_coords(respondent=patterns["respondent"] + 10_000))
    with pytest.raises(ValueError, match=r"no respondent is in two of the fits a \(n = 600\), b \(n = 600\)"):
        bl.plot_structures({"a": lca_draws, "b": apart}, "flow", n_draws=20)
    with pytest.raises(TypeError, match=r"plot_structures takes fits by name, .*, and was given a list of 1"):
        bl.plot_structures([lca_draws])
