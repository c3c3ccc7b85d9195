"""Pictures show the numbers of the tables, for any number of classes, items and groups."""

import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayes_lca.posterior.plots.odds_ratios import plot_odds_ratios
from bayes_lca.posterior.plots.profiles import plot_profiles
from bayes_lca.posterior.plots.random_intercepts import plot_random_intercepts
from bayes_lca.posterior.tables.class_tables import class_profiles, class_sizes
from bayes_lca.posterior.tables.odds_ratios import odds_ratios
from bayes_lca.posterior.tables.random_intercepts import random_intercepts

sys.path.insert(0, str(Path(__file__).parents[1]))

from pictures.readable import faults
from pictures.synthetic import ANSWERS, RAGGED, TERMS, synthetic

mpl.use("Agg")


def segments(ax):
    """Ends of the intervals of a panel, in the order they were drawn."""
    return [part for lines in ax.collections for part in lines.get_segments()]


def markers(ax):
    """Places of single markers, and whether they are filled."""
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1 and line.get_marker() not in "<>"]
    return [(line.get_xdata()[0], line.get_ydata()[0], line.get_markerfacecolor() != "white") for line in marks]


def shown(fig):
    return [ax for ax in fig.axes if ax.get_visible()]


def test_profiles_are_those_of_the_table():
    draws = synthetic()
    table = class_profiles(draws, ci_prob=0.8).xs("increase", level="category")
    (ax,) = plot_profiles(draws, ci_prob=0.8).axes
    for line, intervals, name in zip(ax.lines, ax.collections, ["C1", "C2", "C3"], strict=True):
        np.testing.assert_allclose(line.get_ydata(), table.loc[name, "mean"])
        np.testing.assert_allclose(
            [part[:, 1] for part in intervals.get_segments()], table.loc[name, ["lower", "upper"]]
        )
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["pay", "training"]
    assert ax.get_ylabel() == "probability of “increase”"


def test_classes_differ_without_colour_and_carry_name_and_size():
    draws = synthetic(4)
    (ax,) = plot_profiles(draws).axes
    assert len({(line.get_marker(), line.get_linestyle()) for line in ax.lines}) == 4
    for (name, size), text in zip(class_sizes(draws).iterrows(), ax.texts, strict=True):
        mean, lower, upper = (100 * size[column] for column in ("mean", "lower", "upper"))
        assert text.get_text() == f"{name}\n{mean:.1f} % ({lower:.1f}–{upper:.1f})"


def test_any_shared_category_can_be_drawn():
    draws = synthetic()
    (ax,) = plot_profiles(draws, category="no change").axes
    table = class_profiles(draws).xs("no change", level="category")
    np.testing.assert_allclose(ax.lines[1].get_ydata(), table.loc["C2", "mean"])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # R-hat of categories an item does not have
@pytest.mark.parametrize("padding", [np.nan, 0.0])
def test_items_with_categories_of_their_own(padding):
    draws = synthetic(labels=RAGGED, padding=padding)
    table = class_profiles(draws)
    (ax,) = plot_profiles(draws).axes
    last = table.loc[[("C2", "pay", "increase"), ("C2", "smokes", "yes"), ("C2", "mood", "very high")], "mean"]
    np.testing.assert_allclose(ax.lines[1].get_ydata(), last)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [
        "pay\n“increase”",
        "smokes\n“yes”",
        "mood\n“very high”",
    ]
    fig = plot_profiles(draws, category="all")
    widths = [[bar.get_width() for bar in bars] for bars in fig.axes[0].containers]
    assert [len(bars) for bars in widths] == [3, 2, 5]
    np.testing.assert_allclose(widths[1], table.loc[[("C1", "smokes", "no"), ("C1", "smokes", "yes")], "mean"])
    assert "no\N{NO-BREAK SPACE}| yes" in fig.axes[0].get_yticklabels()[1].get_text()


def test_stacked_bars_fill_a_panel_per_class():
    draws = synthetic()
    fig = plot_profiles(draws, category="all")
    table = class_profiles(draws)
    assert [ax.get_title(loc="left").split("\n")[0] for ax in fig.axes] == ["C1", "C2", "C3"]
    for ax, name in zip(fig.axes, ["C1", "C2", "C3"], strict=True):
        widths = [bar.get_width() for bars in ax.containers for bar in bars]
        np.testing.assert_allclose(widths, table.loc[name, "mean"])
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ANSWERS
    shades = [patch.get_facecolor() for patch in fig.legends[0].get_patches()]
    assert shades == [bar.get_facecolor() for bar in fig.axes[0].containers[0]]


@pytest.mark.parametrize("seen", [False, True])
def test_odds_ratios_are_those_of_the_table(seen):
    draws = synthetic(seen=seen)
    table = odds_ratios(draws, ci_prob=0.9)
    fig = plot_odds_ratios(draws, ci_prob=0.9)
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["C2 vs C1", "C3 vs C1", "C3 vs C2"]
    for ax in fig.axes:
        rows = table.loc[ax.get_title(loc="left")]
        middle, places, filled = zip(*markers(ax), strict=True)
        np.testing.assert_allclose(middle, rows["odds_ratio"])
        assert list(places) == [0, 1, 2]
        assert list(filled) == list((rows["lower"] > 1) | (rows["upper"] < 1))
        np.testing.assert_allclose([part[:, 0] for part in segments(ax)], rows[["lower", "upper"]])
        first = rows.iloc[0]
        assert f"{first['odds_ratio']:.2f} ({first['lower']:.2f}–{first['upper']:.2f})" in [
            t.get_text() for t in ax.texts
        ]
        assert "OR (90 % CI)" in [text.get_text() for text in ax.texts]
        assert ax.get_xscale() == "log"
        assert all("$" not in tick.get_text() for tick in ax.get_xticklabels())
    assert [tick.get_text() for tick in fig.axes[0].get_yticklabels()] == ["age <=30", "age 31-40", "participation"]


def test_reference_and_terms_choose_panels_and_rows():
    fig = plot_odds_ratios(synthetic(4), "C2", terms=["participation", "age[<=30]"])
    assert [ax.get_title(loc="left") for ax in shown(fig)] == ["C1 vs C2", "C3 vs C2", "C4 vs C2"]
    assert [tick.get_text() for tick in fig.axes[0].get_yticklabels()] == ["participation", "age <=30"]


def test_fits_stand_beside_each_other():
    fits = {"single-level": synthetic(seen=True), "joint": synthetic(terms=[*TERMS, "tier"], spread=0.6)}
    fig = plot_odds_ratios(fits, "C1")
    ax = fig.axes[0]
    wanted = [
        table.loc[("C2 vs C1", term), "odds_ratio"]
        for table in (odds_ratios(fit, "C1") for fit in fits.values())
        for term in table.loc["C2 vs C1"].index
    ]
    middle, places, _ = zip(*markers(ax), strict=True)
    np.testing.assert_allclose(middle, wanted)
    assert np.all(np.diff(sorted(places)) > 0.05)
    assert np.array_equal(np.round(places), [0, 1, 2, 0, 1, 2, 3])
    assert {line.get_marker() for line in ax.lines if len(line.get_xdata()) == 1} == {"o", "s"}
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["single-level", "joint"]


def test_intervals_beyond_the_panel_end_in_arrows():
    ax = plot_odds_ratios(synthetic(2, spread=6.0)).axes[0]
    assert {line.get_marker() for line in ax.lines} >= {"<", ">"}
    assert min(part[:, 0].min() for part in segments(ax)) >= ax.get_xlim()[0]


@pytest.mark.parametrize("scale", [0.001, 0.02, 0.3, 1.0])
def test_ticks_are_few_plain_numbers_with_one_among_them(scale):
    draws = synthetic()
    posterior = draws["posterior"].to_dataset()
    draws["posterior"] = xr.DataTree(posterior.assign(slope=posterior["slope"] * scale))
    ax = plot_odds_ratios(draws).axes[0]
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    assert "1" in ticks
    assert 2 <= len(ticks) <= 5
    np.testing.assert_allclose([float(tick) for tick in ticks], ax.get_xticks())


@pytest.mark.parametrize("reference", [None, "C1"])
def test_random_intercepts_are_those_of_the_table(reference):
    draws = synthetic()
    table = random_intercepts(draws, reference)
    fig = plot_random_intercepts(draws, reference)
    assert [ax.get_title(loc="left") for ax in fig.axes] == list(dict.fromkeys(table.index.get_level_values(-1)))
    for ax in fig.axes:
        rows = table.xs(ax.get_title(loc="left"), level=-1)
        np.testing.assert_allclose([middle for middle, _, _ in markers(ax)], rows["mean"])
        np.testing.assert_allclose([part[:, 0] for part in segments(ax)], rows[["lower", "upper"]])
        left, right = ax.get_xlim()
        assert left == -right == fig.axes[0].get_xlim()[0]
    assert [tick.get_text() for tick in fig.axes[0].get_yticklabels()] == [f"G{g} (n = 25)" for g in (1, 2, 3, 4)]


def test_groupings_stand_below_each_other():
    draws = synthetic(groups={"hospital": 4, "city": 2})
    assert [ax.get_ylabel() for ax in plot_random_intercepts(draws).axes] == ["hospital", "", "", "city", "", ""]
    fig = plot_random_intercepts(draws, grouping="city")
    assert [tick.get_text() for tick in fig.axes[0].get_yticklabels()] == ["C1 (n = 50)", "C2 (n = 50)"]


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (lambda: plot_profiles(synthetic(), category="maybe"), r"category='maybe' .* item 'pay'.*choose one"),
        (
            lambda: plot_profiles(synthetic(seen=True)),
            "plot_profiles: this fit of outcome 'benefit' has no latent classes",
        ),
        (lambda: plot_odds_ratios(synthetic(), "C9"), r"reference='C9' is not a class; choose one of \['C1'"),
        (lambda: plot_odds_ratios(synthetic(), terms=["tier"]), r"terms=\['tier'\]: choose .* 'participation'"),
        (lambda: plot_odds_ratios(synthetic(), terms=[]), r"terms=\[\]"),
        (lambda: plot_odds_ratios(synthetic(terms=[])), "has no covariates"),
        (lambda: plot_odds_ratios({}), "draws is empty"),
        (lambda: plot_random_intercepts(synthetic(), "C9"), "reference='C9'"),
        (lambda: plot_random_intercepts(synthetic(), grouping="ward"), r"grouping='ward' .* \['group'\]"),
        (lambda: plot_random_intercepts(synthetic(groups={})), "no random intercepts"),
    ],
)
def test_what_cannot_be_drawn_is_named_with_the_remedy(picture, message):
    with pytest.raises(ValueError, match=message):
        picture()


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (lambda: plot_profiles("fit.nc"), "plot_profiles takes the draws that bl.fit returns, not the path 'fit.nc'"),
        (lambda: plot_random_intercepts(pd.DataFrame()), "plot_random_intercepts takes the draws.*a table of 0 rows"),
        (lambda: plot_odds_ratios(odds_ratios(synthetic())), "plot_odds_ratios takes the draws.*a table of 9 rows"),
        (lambda: plot_odds_ratios([synthetic()]), r'takes fits by name, \{"lead": a, .*, and was given a list of 1'),
    ],
)
def test_what_is_no_fit_is_refused(picture, message):
    with pytest.raises(TypeError, match=message):
        picture()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "picture",
    [
        lambda: plot_profiles(synthetic(7)),
        lambda: plot_profiles(synthetic(5, labels=RAGGED), category="all"),
        lambda: plot_profiles(synthetic(), figsize=(3.5, 2.6)),
        lambda: plot_odds_ratios(synthetic(4)),
        lambda: plot_odds_ratios(synthetic(terms=["department[five selected clinical departments]", *TERMS])),
        lambda: plot_random_intercepts(synthetic(6, groups={"group": 12, "city": 2})),
    ],
)
def test_no_text_lies_on_another_or_leaves_the_page(picture):
    assert faults(picture()) == []


def test_height_grows_with_the_rows():
    few, many = (plot_random_intercepts(synthetic(groups={"group": n})).get_figheight() for n in (4, 20))
    assert many - few > 2.5


def test_note_says_what_the_picture_rests_on():
    draws = synthetic()
    for fig in (plot_profiles(draws), plot_odds_ratios(draws), plot_random_intercepts(draws)):
        note = fig.get_supxlabel()
        assert note.startswith("n = 100, 2 rows left out, 3 answers missing, 2 x 30 draws; 95 % equal-tailed intervals")
    assert "reference levels: age >50" in plot_odds_ratios(draws).get_supxlabel()
    other = synthetic()
    other.attrs["n_dropped"] = 0
    note = plot_odds_ratios({"old": draws, "new": other}).get_supxlabel()
    assert "old: n = 100, 2 rows" in note
    assert "new: n = 100, 0 rows" in note


def test_pyplot_keeps_nothing():
    own, before = plt.figure(), dict(mpl.rcParams)
    try:
        for fig in (plot_profiles(synthetic()), plot_odds_ratios(synthetic()), plot_random_intercepts(synthetic())):
            assert fig.number not in plt.get_fignums()
        assert plt.get_fignums() == [own.number]
        assert plt.gcf() is own
        assert dict(mpl.rcParams) == before
    finally:
        plt.close(own)
