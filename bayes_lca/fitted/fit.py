"""The one door to a fit: its tree read once, and refused where it cannot answer."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import pandas as pd
import xarray as xr

from bayes_lca.fitted.capabilities import NEEDS
from bayes_lca.fitted.kinds import (
    HIDDEN,
    KINDS,
    MEASUREMENT,
    OBSERVED_CATEGORY,
    STRUCTURAL,
    Kind,
    find_twins,
    require_of_answers,
)
from bayes_lca.fitted.one_fit import following_posterior, not_one_fit
from bayes_lca.fitted.probabilities import FittedProbabilities
from bayes_lca.fitted.record import LAYOUT
from bayes_lca.fitted.refusals import NotRelabelledError, SeveralModesError
from bayes_lca.fitted.survey_capabilities import refusal
from bayes_lca.fitted.torn_apart import torn_apart
from bayes_lca.likelihood.person import LARGEST_QUADRATURE_ERROR, QUADRATURE_ERROR, QUADRATURE_NODES, finer_nodes


@final
@dataclass(frozen=True, eq=False)
class Fit(FittedProbabilities):
    """A fit of a known kind of model, each thing in its tree read once.

    Functions make one by `Fit.of`, which refuses what the model did not declare. What is expensive is computed when it
    is first asked for and kept, so that functions given the same `Fit` share it. What it knows of draws, model, rows
    and probabilities is in the files of these names.

    Attributes
    ----------
    tree : xarray.DataTree
    kind : Kind
    answers : AnswersGivenClass
        Twin of the measurement part, or of the observed category.
    structural : ClassGivenCovariates
        Twin of the structural part.
    hidden : HiddenOfRespondent
        Twin of the hidden part.
    """

    @classmethod
    def of(cls, draws: "xr.DataTree | Fit", needs: str) -> "Fit":
        """The fit behind draws, where a function may use it.

        Parameters
        ----------
        draws : xarray.DataTree or Fit
            From `fit`, or loaded from a file.
        needs : str
            Name of the function, one of `NEEDS`.

        Raises
        ------
        TypeError
            If `draws` is no tree: a path, a model, a table.
        ValueError
            If the tree is no fit, or is one of a model that this function is not declared to hold for, or was saved
            without respondents where these are needed.
        NotRelabelledError, SeveralModesError
            If an average would mix labels or modes.
        """
        fit = draws if isinstance(draws, Fit) else cls.reading(draws, needs)
        fit.require(needs)
        return fit

    @classmethod
    def reading(cls, draws: xr.DataTree, needs: str = "fit") -> "Fit":
        """The fit behind draws, nothing asked of it yet.

        Raises
        ------
        TypeError, ValueError
            If `draws` is no tree, no fit of a known model and known parts, or its groups do not belong together.
        """
        if not isinstance(draws, xr.DataTree):
            raise TypeError(f"{needs} takes the draws that bl.fit returns, not {_what(draws)}")
        attributes = draws.attrs
        if "posterior" not in draws.children or not {"model", "specification"} <= set(attributes):
            raise ValueError(
                f"{needs}: this tree is no fit of bayes_lca, for it does not say of which model it is; give the draws "
                "that bl.fit returned, whole"
            )
        kind, twins = parts_of_fit(attributes, needs)
        if attributes.get("layout") != LAYOUT:
            raise ValueError(
                f"{needs}: this tree has layout {attributes.get('layout', 1)}, written by another version of "
                f"bayes_lca, and this one reads layout {LAYOUT}; fit again, or read it with the version that wrote it"
            )
        if problem := not_one_fit(draws):
            raise ValueError(f"{needs}: {problem}")
        try:
            draws = following_posterior(draws)
        except ValueError as problem:
            raise ValueError(f"{needs}: {problem}; give the draws that bl.fit returned") from problem
        if problem := torn_apart(draws, kind.class_axis):
            raise ValueError(
                f"{needs}: {problem}; give the draws that bl.fit returned, or select chains and draws only"
            )
        return cls(draws, kind, *twins)

    def supports(self, *functions: str) -> bool:
        """Whether functions are declared to hold: by the model, by its answers where they matter, and by its design."""
        if self.is_weighted and any(map(self._refusal_of_design, functions)):
            return False
        of_model, of_answers = self.kind.capabilities.supported, self.answers.supported
        return all(name in of_model and (name in of_answers or not NEEDS[name].answers) for name in functions)

    def require(self, needs: str) -> None:
        """Refuse the fit where a function may not use it; see `of`."""
        need, capabilities = NEEDS[needs], self.kind.capabilities
        if needs in capabilities.reasons:
            raise ValueError(f"{needs}: {capabilities.reasons[needs].format(outcome=repr(self.outcome))}")
        if needs not in capabilities.supported and need.otherwise:
            raise ValueError(f"{needs}: {need.otherwise.format(n_respondents=self.n_respondents)}")
        if needs not in capabilities.supported:
            raise ValueError(
                f"{needs}: it is not declared to hold for a fit of {self.kind.name}; functions that do are "
                f"{', '.join(filter(self.supports, sorted(capabilities.supported))) or 'none'}"
            )
        require_of_answers(self.answers, needs)
        self.require_of_design(needs)
        if need.summary:
            self.require_summarisable()
        if need.respondents:
            self.require_respondents(need.purpose)

    def require_of_design(self, needs: str) -> None:
        """Refuse what does not hold for respondents who were sampled by a survey design.

        Raises
        ------
        ValueError
        """
        if self.is_weighted and (reason := self._refusal_of_design(needs)):
            raise ValueError(f"{needs}: {reason}")

    def _refusal_of_design(self, needs: str) -> str:
        return self.kind.refused_with_design.get(needs) or refusal(needs)

    def require_summarisable(self) -> None:
        """Refuse draws whose summary would average over labels or modes.

        Raises
        ------
        NotRelabelledError
            If the classes' labels were not aligned.
        SeveralModesError
            If chains stayed in different modes.
        ValueError
            If persons were summed out over too few nodes.
        """
        if (error := self.attributes.get(QUADRATURE_ERROR, 0.0)) > LARGEST_QUADRATURE_ERROR:
            nodes = self.attributes[QUADRATURE_NODES]
            raise ValueError(
                f"persons were summed out over {nodes} nodes a trait, with which the log-likelihood of the "
                f"{self.n_respondents} respondents is off by {error:.2g} in some draws, more than "
                f"{LARGEST_QUADRATURE_ERROR}; fit again with CommonMethod(..., nodes={finer_nodes(nodes)})"
            )
        if not self.class_is_observed and not self.attributes.get("relabelled"):
            raise NotRelabelledError(
                "class labels are not aligned over these draws, so C1 means different classes in different draws; use "
                "the draws that bl.fit returns, or align them with bl.relabel(draws, pivot)"
            )
        if self.n_modes > 1:
            raise SeveralModesError(
                f"the chains of this fit stayed in {self.n_modes} different modes, and an average over them would "
                "describe none; look at bl.modes(draws), then summarise bl.keep_mode(draws, 1), or fit again with "
                "more tuning or another number of classes"
            )

    def with_posterior(self, posterior: xr.Dataset) -> "Fit":
        """The same with other draws, its rows left as they are."""
        tree = self.tree.copy()
        tree["posterior"] = xr.DataTree(posterior)
        return replace(self, tree=tree, _kept={})


def parts_of_fit(attributes: Mapping, needs: str) -> tuple[Kind, tuple]:
    """Kind of model of a fit, and the twins of its measurement, structural and hidden part, from its attributes.

    Raises
    ------
    ValueError
        If the model, or a part of it, is not known here.
    """
    find_twins()
    if attributes["model"] not in KINDS:
        raise ValueError(
            f"{needs}: this is a fit of {attributes['model']!r}, a model nothing is known of here, so no function can "
            f"say what its draws mean; known are {', '.join(sorted(KINDS))}. Import the package that has the model "
            "first"
        )
    kind, parts = KINDS[attributes["model"]], json.loads(attributes["specification"])
    names = {
        "measurement": OBSERVED_CATEGORY if kind.class_is_observed else parts["measurement"]["kind"],
        "structural": parts[kind.structural]["kind"],
        "hidden": kind.hidden,
    }
    registries = {"measurement": MEASUREMENT, "structural": STRUCTURAL, "hidden": HIDDEN}
    for part, name in names.items():
        if name not in registries[part]:
            raise ValueError(
                f"{needs}: the {part} part of this fit is {name!r}, which nothing is known of here; known are "
                f"{', '.join(sorted(registries[part]))}. Import the package that has the part first"
            )
    return kind, tuple(registries[part][name] for part, name in names.items())


def _what(given) -> str:
    """What was given in place of draws, and the way to draws from there."""
    if isinstance(given, str | os.PathLike):
        return f"the path {os.fspath(given)!r}; read the file first, bl.load({os.fspath(given)!r})"
    if hasattr(given, "prepare"):
        return f"the model {given!r}; fit it first, bl.fit(model, frame)"
    if isinstance(given, pd.DataFrame):
        return f"a table of {len(given)} rows; give the draws that the table was made from"
    return f"{type(given).__name__} {str(given)[:60]!r}"
