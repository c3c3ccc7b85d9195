"""Draws of a fit that say, before all else, what they are draws of."""

import xarray as xr

from bayes_lca.verdict import words_in_html


class DataTree(xr.DataTree):
    """An ordinary tree, as its name says, which is shown with the model and its respondents first."""

    __slots__ = ()

    def __repr__(self) -> str:
        words = in_words(self)
        return f"{words}\n\n{super().__repr__()}" if words else super().__repr__()

    __str__ = __repr__

    def _repr_html_(self) -> str:
        words = in_words(self)
        return (words_in_html(words) if words else "") + super()._repr_html_()


def in_words(tree: xr.DataTree) -> str:
    """Of which model and whose answers a tree holds draws, a line each; nothing where that is not known here."""
    from bayes_lca.fitted.fit import Fit  # which the tree is read by, and which this module cannot wait for

    if "posterior" not in tree.children or "model" not in tree.attrs:  # a part of a fit
        return ""
    try:
        return "\n".join(_verdict(Fit.reading(tree)))
    except (KeyError, ValueError):  # its model is not known here, or something was taken out
        return ""


def _verdict(fit) -> list[str]:
    """The model, whose answers, and what is known of the chains, a sentence each."""
    lines = [f"{fit.attributes['model']}: {', '.join(fit.classes)}; {fit.formula_shown}"]
    lines.append(fit.note)
    if fit.n_modes > 1:
        lines.append(f"Chains stayed in {fit.n_modes} different modes: look at bl.modes(draws).")
    elif not fit.class_is_observed and not fit.attributes.get("relabelled"):
        lines.append("Class labels are not aligned over these draws: align them with bl.relabel(draws, pivot).")
    return [*lines, "Whether to trust them: bl.convergence(draws)."]
