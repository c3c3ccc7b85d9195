"""A picture of class profiles: lines through one answer to every item, or bars of all answers."""

from collections.abc import Mapping

import matplotlib as mpl
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from bayes_lca.data.frame import named
from bayes_lca.dims import CLASS, ITEM
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_items import items_free_over_waves
from bayes_lca.fitted.twins.numbers import PARAMETER
from bayes_lca.posterior.plots.page import STYLE, Page
from bayes_lca.posterior.plots.profile_bars import stacked_bars
from bayes_lca.posterior.plots.profile_lines import profile_lines
from bayes_lca.posterior.plots.profile_panels import profile_panels
from bayes_lca.posterior.plots.profiles_by_wave import profiles_by_wave
from bayes_lca.posterior.tables.class_tables import (
    averages_in_words,
    averages_note,
    class_profiles,
    class_sizes,
    members_in_words,
)
from bayes_lca.posterior.tables.rows import CI_PROB


@mpl.rc_context(STYLE)
def plot_profiles(
    draws: xr.DataTree,
    *,
    category: str | None = None,
    by_wave: bool = False,
    by: str | None = None,
    ci_prob: float = CI_PROB,
    width: float | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Class profiles: how each class answers the items.

    Items that are numbers have a panel each, in their units: the mean of every class with its interval and, in grey,
    one standard deviation within the class to either side.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    category : str, optional
        The answer whose probability is drawn; by default the last category of every item, named below the item where
        items do not share it. ``"all"`` draws the probabilities of all categories as stacked bars, a panel per class;
        long names of many items stand above their bars, so that the picture fits on a page.
    by_wave : bool, default False
        A panel with its waves for each item that is free over them, of a fit with ``measurement_over_time="free"`` or
        a list of items: a flat line is a class that answers alike at all waves.
    by : str, optional
        A panel per item with what classes have profiles of their own in, of a fit with ``profiles="free"``:
        ``"group_class"`` of `GroupClasses`, or the column of `KnownClass`.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals, of the profiles and of the class sizes.
    width : float, optional
        Width of the page in mm, such as 85 (one column of a journal) or 180 (two), which is the default. The height
        follows from what is drawn.
    figsize : (float, float), optional
        Width and height in inches, in place of `width`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the model has no latent classes, an item has no such category, items are numbers and have none, or `by_wave`
        or `by` is asked for where there is one set of parameters, or with all categories.
    NotRelabelledError, SeveralModesError
        If a mean would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> figure = bl.plot_profiles(bl.load_example())
    >>> [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    ['training', 'recognition', 'expertise']
    >>> len(bl.plot_profiles(bl.load_example(), category="all").axes)
    2
    """
    page = Page.of(width, figsize)
    fit = Fit.of(draws, needs="plot_profiles")
    if by_wave or by is not None:
        of_sets = {"by_wave": True} if by_wave else {"by": by}
        return _in_each(fit, category, of_sets, ci_prob, page)
    if not all(fit.labels):
        return _in_units(fit, category, ci_prob, page)
    profiles, sizes = class_profiles(fit, ci_prob=ci_prob), class_sizes(fit, ci_prob=ci_prob)
    labels = dict(zip(fit.items, fit.labels, strict=True))
    classes = {name: f"{name}\n{_size(sizes, name)}" for name in fit.classes}
    of_item = {item: profiles.xs(item, level=ITEM) for item in labels}
    if category == "all":
        of_class = {
            name: [of_item[item].loc[[(name, label) for label in labels[item]]] for item in labels] for name in classes
        }
        fig = stacked_bars(of_class, labels, classes, page)
    else:
        positions = _positions(labels, category)
        of_class = {
            name: pd.DataFrame([of_item[item].loc[(name, labels[item][place])] for item, place in positions.items()])
            for name in classes
        }
        answers = {item: labels[item][place] for item, place in positions.items()}
        fig = profile_lines(of_class, answers, classes, page)
    note = f"{sizes.note}; class sizes in % of respondents"
    words = fit.undeclared_order, averages_in_words(fit), fit.items_in_words
    return page.finish(fig, note, *filter(None, words))


def _in_each(fit: Fit, category: str | None, of_sets: Mapping, ci_prob: float, page: Page) -> Figure:
    """Profiles of all waves, or of all group classes."""
    if category == "all":
        ((name, value),) = of_sets.items()
        raise ValueError(
            f"category='all': {name}={value!r} draws one answer to each item of the {fit.n_respondents} respondents; "
            "leave category out, or name one that all items share"
        )
    profiles = class_profiles(fit, **of_sets, ci_prob=ci_prob)
    labels = {item: of_item for item, of_item in zip(fit.items, fit.labels, strict=True) if of_item}
    shown = {item: labels[item][place] for item, place in _positions(labels, category).items()}
    answers = {item: shown.get(item, "mean") for item in fit.items}
    last = profiles.index.names[-1]
    rows = {item: f"P({answer})" if item in shown and last == PARAMETER else answer for item, answer in answers.items()}
    of_items = {
        item: {name: profiles.xs((name, item, rows[item]), level=[CLASS, ITEM, last]) for name in fit.classes}
        for item in (items_free_over_waves(fit) or fit.items)
    }
    fig = profiles_by_wave(of_items, answers, fit.classes, page, joined="by_wave" in of_sets)
    n_equal = len(fit.items) - len(of_items)
    equal = f"{n_equal} more item{'s are' * (n_equal > 1) or ' is'} the same at all waves" if n_equal else ""
    note = class_profiles(fit, ci_prob=ci_prob).note.replace(f"; {averages_note(fit)}", "")
    return page.finish(fig, note, *filter(None, [equal, members_in_words(fit)]))


def _in_units(fit: Fit, category: str | None, ci_prob: float, page: Page) -> Figure:
    if category is not None:
        numbers = [item for item, of_item in zip(fit.items, fit.labels, strict=True) if not of_item]
        raise ValueError(
            f"category={category!r}: item(s) {named(numbers)} of this fit of {fit.n_respondents} respondents are "
            "numbers and have no categories; leave category out"
        )
    profiles, sizes = class_profiles(fit, ci_prob=ci_prob), class_sizes(fit, ci_prob=ci_prob)
    classes = {name: f"{name}\n{_size(sizes, name)}" for name in fit.classes}
    fig = profile_panels({item: profiles.xs(item, level=ITEM) for item in fit.items}, classes, page)
    spread = "; grey: one standard deviation within the class" if "sd" in profiles.index.levels[-1] else ""
    note = f"{sizes.note}; class sizes in % of respondents{spread}"
    return page.finish(fig, note, *filter(None, [averages_in_words(fit), fit.items_in_words]))


def _positions(labels: dict[str, tuple[str, ...]], category: str | None) -> dict[str, int]:
    """Position of the answer that is drawn among the categories of each item."""
    if category is None:
        return {item: len(categories) - 1 for item, categories in labels.items()}
    for item, categories in labels.items():
        if str(category) not in categories:
            raise ValueError(
                f"category={category!r} is not a category of item {item!r}, which has {list(categories)}; choose one "
                'that all items share, None for the last of each item, or "all"'
            )
    return {item: categories.index(str(category)) for item, categories in labels.items()}


def _size(sizes: pd.DataFrame, name: str) -> str:
    """Size of a class with its interval; of several waves, at the first and at the last."""
    if sizes.index.nlevels == 1:
        return _percent(sizes.loc[name])
    of_waves = sizes.xs(name, level=CLASS)
    return f"{_percent(of_waves.iloc[0])}\nto {_percent(of_waves.iloc[-1])}"


def _percent(size: pd.Series) -> str:
    mean, lower, upper = 100 * size[["mean", "lower", "upper"]]
    return f"{mean:.1f} % ({lower:.1f}–{upper:.1f})"
