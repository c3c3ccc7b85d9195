"""Every public plot, on pages of one column and of two: what is written can be read, and looks as it did."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import PathPatch
from matplotlib.testing.compare import compare_images
from pictures.gallery import CROWDED, PICTURES
from pictures.keeping import COLUMN, KEPT, draw
from pictures.readable import faults

import bayes_lca as bl
from bayes_lca.posterior.plots import fonts
from bayes_lca.posterior.plots.page import HALO

mpl.use("Agg")
PAGE, HIGHEST = 180, 247
"""Width of two columns in mm, and the height of a page of A4 within its margins."""
TOLERANCE, LARGEST = 2.0, 15_000
"""Root mean square of the differences of colours, of 255, from kept pictures; bytes of one."""


def millimetres(fig):
    return [25.4 * inches for inches in fig.get_size_inches()]


def test_every_public_plot_is_among_the_pictures():
    plots = {name.removeprefix("plot_") for name in bl.__all__ if name.startswith("plot_")}
    assert plots - {"check_items"} <= set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_as_it_did(name, tmp_path):
    fig = draw(name, tmp_path)
    assert faults(fig) == []
    assert millimetres(fig)[0] == pytest.approx(COLUMN)
    drawn, kept = tmp_path / f"{name}.png", KEPT / f"{name}.png"
    assert kept.exists(), f"look at {drawn}; if it is right, keep it by .venv/bin/python tests/pictures {name}"
    assert kept.stat().st_size < LARGEST
    difference = compare_images(str(kept), str(drawn), tol=TOLERANCE)
    assert difference is None, difference


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("long", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_everything_is_read_on_a_page_of_two_columns(name, long):
    fig = PICTURES[name](long=long)
    assert faults(fig) == []
    assert millimetres(fig)[0] == pytest.approx(PAGE)


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_short_names_are_read_in_a_column(name):
    assert faults(PICTURES[name](long=False, width=COLUMN)) == []


@pytest.mark.parametrize("name", ["transitions", "flow"])
def test_letters_that_ribbons_pass_below_are_set_off_from_them(name):
    fig = PICTURES[name](long=True)
    fig.canvas.draw()
    ax = fig.axes[0]
    ribbons = [patch.get_window_extent() for patch in ax.patches if isinstance(patch, PathPatch)]
    crossed = [text for text in ax.texts if any(text.get_window_extent().overlaps(each) for each in ribbons)]
    assert len(crossed) > 1
    assert all(text.get_path_effects() == [HALO] for text in crossed)


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("six classes, twelve items", COLUMN),
        ("their bars", COLUMN),
        ("the ladder", PAGE),
        *(
            pytest.param(name, width, marks=pytest.mark.slow)
            for name, width in [
                ("six classes, twelve items", PAGE),
                ("their bars", PAGE),
                ("pairs of twelve items", COLUMN),
                ("pairs of twelve items", PAGE),
                ("thirty groups", PAGE),
                ("the ladder", COLUMN),
            ]
        ),
    ],
)
def test_crowded_pictures_are_read_whole(name, width):
    fig = CROWDED[name](width=width)
    assert faults(fig) == []
    assert millimetres(fig)[1] <= HIGHEST


def test_width_and_figsize_exclude_each_other():
    draws = bl.load_example("alone")
    assert tuple(bl.plot_profiles(draws, figsize=(5, 4)).get_size_inches()) == (5, 4)
    with pytest.raises(ValueError, match=r"width=85 and figsize=\(5, 4\): choose one; the height .* follows"):
        bl.plot_profiles(draws, width=COLUMN, figsize=(5, 4))
    with pytest.raises(ValueError, match=r"width='85 mm' is no width of a page; give mm from 60 to 1000, such as 85"):
        bl.plot_profiles(draws, width="85 mm")
    with pytest.raises(ValueError, match=r"width=3.35 is no width of a page"):
        bl.plot_profiles(draws, width=3.35)


def test_panels_have_the_height_that_their_rows_need():
    fig = CROWDED["thirty groups"](width=COLUMN)
    assert faults(fig) == []
    assert millimetres(fig)[1] <= HIGHEST
    heights = [ax.get_window_extent().height / fig.dpi for ax in fig.axes]
    assert heights == pytest.approx([30 * 0.165] * 3, rel=0.02)  # inches of a name and the space below it


def test_a_fault_is_found():
    fig = plt.figure(figsize=(3, 2))
    for x, y, text, size in (
        (0.1, 0.5, "one", 8),
        (0.12, 0.52, "two", 8),
        (0.95, 0.2, "three", 8),
        (0, 0.8, "four", 6),
    ):
        fig.text(x, y, text, size=size)
    assert faults(fig) == ["'four' has 6.0 pt", "'three' leaves the page", "'one' lies on 'two'"]
    plt.close(fig)


CHINESE = ["我感觉我的工作得到小组的重视", "培训"]


def test_letters_that_no_font_has_are_said_once(monkeypatch, tmp_path):
    monkeypatch.setattr(fonts, "FAMILIES", ())
    draws = bl.name_classes(bl.load_example("alone"), CHINESE)
    with pytest.warns(
        bl.MissingLettersWarning, match=r"14 letter\(s\) .* such as . .*; install .* Noto Sans CJK"
    ) as said:
        fig = bl.plot_profiles(draws, width=COLUMN)
    assert len(said) == 1
    assert faults(fig) == []
    fig.savefig(tmp_path / "boxes.png")  # of which matplotlib itself would warn again, an error here


def test_letters_are_drawn_with_an_installed_font_that_has_them(monkeypatch):
    monkeypatch.setattr(fonts, "FAMILIES", ("not installed", "DejaVu Sans"))
    draws = bl.name_classes(bl.load_example("alone"), ["ქალები", "men"])
    with mpl.rc_context({"font.family": "STIXGeneral"}):
        fig = bl.plot_profiles(draws, width=COLUMN)
    families = {text.get_text().split("\n")[0]: text.get_fontfamily() for text in fig.axes[0].texts}
    assert families == {"ქალები": ["STIXGeneral", "DejaVu Sans"], "men": ["STIXGeneral"]}
