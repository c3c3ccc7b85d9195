"""The class structures of several fits in one picture: profiles, moves of members, or distances."""

from collections.abc import Mapping
from typing import Any, Literal

import matplotlib as mpl
import xarray as xr
from matplotlib.figure import Figure

from bayes_lca.fitted.named_fits import named_fits
from bayes_lca.posterior.plots.class_distances import draw_distances
from bayes_lca.posterior.plots.member_flows import draw_flows
from bayes_lca.posterior.plots.page import STYLE, Page
from bayes_lca.posterior.plots.profiles_beside import draw_profiles_beside
from bayes_lca.posterior.structures.compare_structures import compare_structures
from bayes_lca.posterior.tables.class_tables import class_profiles
from bayes_lca.posterior.tables.rows import CI_PROB

KINDS = ("profiles", "flow", "distance")


@mpl.rc_context(STYLE)
def plot_structures(
    fits: Mapping[str, xr.DataTree],
    kind: Literal["profiles", "flow", "distance"] = "profiles",
    *,
    ci_prob: float = CI_PROB,
    width: float | None = None,
    figsize: tuple[float, float] | None = None,
    **settings: Any,
) -> Figure:
    """Draw the classes of several fits beside those of the first.

    Parameters
    ----------
    fits : mapping of str to xarray.DataTree
        As `compare_structures` takes them; the first is the reference.
    kind : {"profiles", "flow", "distance"}
        ``"profiles"``: a panel per class of the reference, with the probability of the last category of every item in
        the matched classes of all fits. ``"flow"``: where the members of each class of the reference are in the other
        fits. ``"distance"``: how far every class is from every class of the reference, matched classes framed.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.
    width : float, optional
        Width of the page in mm, such as 85 (one column of a journal) or 180 (two), which is the default. The height
        follows from what is drawn.
    figsize : (float, float), optional
        Width and height in inches, in place of `width`.
    **settings
        Further arguments of `compare_structures`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If `fits` is no mapping, such as a list, or holds something else than fits.
    ValueError
        If `kind` is unknown, the fits cannot be compared, or share no respondents to follow.
    NotRelabelledError, SeveralModesError
        If the classes of a fit are not one and the same over its draws.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> fits = {"alone": bl.load_example("alone"), "with covariates": bl.load_example()}
    >>> figure = bl.plot_structures(fits, "distance")
    >>> figure.axes[0].get_xlabel()
    'alone'
    """
    fits = named_fits(fits, needs="plot_structures")
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r}: choose one of {list(KINDS)}")
    page = Page.of(width, figsize)
    compared = compare_structures(fits, ci_prob=ci_prob, **settings)
    if kind == "profiles":
        profiles = {name: class_profiles(fit, ci_prob=ci_prob) for name, fit in fits.items()}
        return draw_profiles_beside(compared, profiles, fits[compared.reference].classes, page)
    if kind == "distance":
        return draw_distances(compared, page)
    if compared.flows is None:
        sizes = ", ".join(f"{name} (n = {fit.n_respondents})" for name, fit in fits.items())
        raise ValueError(f"no respondent is in two of the fits {sizes}, so nobody can be followed from one to another")
    return draw_flows(compared.flows, compared.reference, page)
