"""Draws of a fit that say in a notebook, before all else, what they are draws of."""

import xarray as xr

from bayes_lca.verdict import words_in_html


class DataTree(xr.DataTree):
    """An ordinary tree, as its name says, which a notebook shows with the model and its respondents first."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from bayes_lca.fitted.fit import Fit  # which the tree is read by, and which this module cannot wait for

        if "posterior" not in self.children or "model" not in self.attrs:  # a part of a fit
            return super()._repr_html_()
        try:
            words = words_in_html("\n".join(_verdict(Fit.reading(self))))
        except (KeyError, ValueError):  # nothing is known here of its model, or something was taken out
            words = ""
        return words + super()._repr_html_()


def _verdict(fit) -> list[str]:
    """The model, whose answers, and what is known of the chains, a sentence each."""
    lines = [f"{fit.attributes['model']}: {', '.join(fit.classes)}; {fit.formula_shown}"]
    lines.append(fit.note)
    if fit.n_modes > 1:
        lines.append(f"Chains stayed in {fit.n_modes} different modes: look at bl.modes(draws).")
    elif not fit.class_is_observed and not fit.attributes.get("relabelled"):
        lines.append("Class labels are not aligned over these draws: align them with bl.relabel(draws, pivot).")
    return [*lines, "Whether to trust them: bl.convergence(draws)."]
