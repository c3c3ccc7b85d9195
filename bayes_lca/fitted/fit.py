"""The one door to a fit: its tree read once, and refused where it cannot answer."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import logsumexp, softmax

from bayes_lca.data.design import Design
from bayes_lca.data.formula import Formula, read_formula
from bayes_lca.dims import (
    ANSWER_PATTERN,
    CLASS_SHARE,
    COUNT,
    DESIGN,
    DESIGN_CENTER,
    ITEM,
    OBSERVED_CLASS,
    PATTERN_OF_RESPONDENT,
    RESPONDENT,
    SLOPE,
    TERM,
)
from bayes_lca.fitted import kinds
from bayes_lca.fitted.axes import flat
from bayes_lca.fitted.capabilities import NEEDS
from bayes_lca.fitted.class_logits import log_class_probabilities
from bayes_lca.fitted.design import fitted_design
from bayes_lca.fitted.kinds import AnswersGivenClass, Kind, Words, known_kinds, known_measurements
from bayes_lca.fitted.record import ENCODING, LAYOUT, PATTERN_LOG_LIKELIHOOD, PATTERNS
from bayes_lca.fitted.refusals import NotRelabelledError, SeveralModesError
from bayes_lca.fitted.respondents import GROUP_SIZES, HOLDS_RESPONDENTS

DRAWS_AT_ONCE = 250
NUMBERS_AT_ONCE = 2_000_000
"""Draws x rows x classes held in memory at a time."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A fit of a known kind of model, each thing in its tree read once.

    Functions make one by `Fit.of`, which refuses what the model did not declare. What is expensive is computed when it
    is first asked for and kept, so that functions given the same `Fit` share it.

    Attributes
    ----------
    tree : xarray.DataTree
    kind : Kind
    answers : AnswersGivenClass
        Twin of the measurement part, or of the observed category.
    """

    tree: xr.DataTree
    kind: Kind
    answers: AnswersGivenClass
    _kept: dict[str | tuple, object] = field(default_factory=dict, repr=False)

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
            If `draws` is no tree, or no fit of a known kind of model.
        """
        if not isinstance(draws, xr.DataTree):
            raise TypeError(f"{needs} takes the draws that bl.fit returns, not {_what(draws)}")
        attributes = draws.attrs
        if "posterior" not in draws.children or "model" not in attributes:
            raise ValueError(
                f"{needs}: this tree is no fit of bayes_lca, for it does not say of which model it is; give the draws "
                "that bl.fit returned, whole"
            )
        models = known_kinds()
        if attributes["model"] not in models:
            raise ValueError(
                f"{needs}: this is a fit of {attributes['model']!r}, a model nothing is known of here, so no function "
                f"can say what its draws mean; known are {', '.join(sorted(models))}. Import the package that has the "
                "model first"
            )
        if attributes.get("layout") != LAYOUT:
            raise ValueError(
                f"{needs}: this tree has layout {attributes.get('layout', 1)}, written by another version of "
                f"bayes_lca, and this one reads layout {LAYOUT}; fit again, or read it with the version that wrote it"
            )
        parts = json.loads(attributes.get("specification", "{}"))
        measurement = parts.get("measurement", {}).get("kind", kinds.OBSERVED_CLASS)
        twins = known_measurements()
        if measurement not in twins:
            raise ValueError(
                f"{needs}: the measurement part of this fit is {measurement!r}, which nothing is known of here; known "
                f"are {', '.join(sorted(twins))}. Import the package that has the part first"
            )
        return cls(draws, models[attributes["model"]], twins[measurement])

    def supports(self, *functions: str) -> bool:
        """Whether functions are declared to hold: by the model, and where answers matter by the measurement part."""
        of_model, of_answers = self.kind.capabilities.supported, self.answers.supported
        return all(name in of_model and (name in of_answers or not NEEDS[name].answers) for name in functions)

    def require(self, needs: str) -> None:
        """Refuse the fit where a function may not use it; see `of`."""
        need, capabilities = NEEDS[needs], self.kind.capabilities
        if needs in capabilities.reasons:
            raise ValueError(f"{needs}: {capabilities.reasons[needs].format(outcome=repr(self.outcome))}")
        if needs not in capabilities.supported:
            raise ValueError(
                f"{needs}: it is not declared to hold for a fit of {self.kind.name}; functions that do are "
                f"{', '.join(sorted(capabilities.supported)) or 'none'}"
            )
        if need.answers and needs not in self.answers.supported:
            raise ValueError(
                f"{needs}: it is not declared to hold for {self.answers.words}; give a fit of other items, or use a "
                "function of classes alone"
            )
        if need.summary:
            self.require_summarisable()
        if need.respondents:
            self.require_respondents(need.purpose)

    def require_summarisable(self) -> None:
        """Refuse draws whose summary would average over labels or modes.

        Raises
        ------
        NotRelabelledError
            If the classes' labels were not aligned.
        SeveralModesError
            If chains stayed in different modes.
        """
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

    def require_respondents(self, purpose: str) -> None:
        """Refuse a fit that was saved without respondents.

        Parameters
        ----------
        purpose : str
            What needs them, as the beginning of a sentence: ``"membership of classes"``.

        Raises
        ------
        ValueError
        """
        if not self.holds_respondents:
            raise ValueError(
                f"{purpose}: needs the rows of the {self.n_respondents} respondents, and this fit was saved without "
                "respondents; use the fit as bl.fit returned it, or a file that bl.save(draws, path) wrote with "
                "respondents=True"
            )

    def once(self, name: str | tuple, compute: Callable[[], object]):
        """What `compute` gives, computed when it is first asked for under this name."""
        if name not in self._kept:
            self._kept[name] = compute()
        return self._kept[name]

    # draws

    @cached_property
    def posterior(self) -> xr.Dataset:
        """Draws of the parameters."""
        return self.tree["posterior"].to_dataset()

    @cached_property
    def sample_stats(self) -> xr.Dataset:
        """Statistics of the sampler."""
        return self.tree["sample_stats"].to_dataset()

    @cached_property
    def attributes(self) -> Mapping[str, object]:
        """Attributes of the tree."""
        return self.tree.attrs

    @property
    def created_at(self) -> str:
        """When the draws were made, in ISO 8601; empty where nobody wrote it down."""
        return str(self.posterior.attrs.get("created_at", ""))

    @property
    def n_chains(self) -> int:
        """Number of chains."""
        return self.posterior.sizes["chain"]

    @property
    def draws_per_chain(self) -> int:
        """Draws of each chain."""
        return self.posterior.sizes["draw"]

    @property
    def n_draws(self) -> int:
        """Draws of all chains."""
        return self.n_chains * self.draws_per_chain

    @cached_property
    def chain_coords(self) -> dict[str, xr.DataArray]:
        """Names along the axes of chains and draws."""
        return {"chain": self.posterior["chain"], "draw": self.posterior["draw"]}

    flat = staticmethod(flat)

    def blocks(self, n_rows: int) -> Iterator[slice]:
        """All draws, chains after each other, as many at a time as memory holds for so many rows."""
        numbers = max(n_rows, 1) * len(self.classes)
        step = int(np.clip(NUMBERS_AT_ONCE // numbers, 1, DRAWS_AT_ONCE))
        for start in range(0, self.n_draws, step):
            yield slice(start, min(start + step, self.n_draws))

    def by_chain(self, values: np.ndarray) -> np.ndarray:
        """Values of shape (draw, ...), chains after each other, as (chain, draw, ...)."""
        return values.reshape(self.n_chains, self.draws_per_chain, *values.shape[1:])

    @property
    def n_modes(self) -> int:
        """Modes that the chains stayed in."""
        return int(self.attributes.get("n_modes", 1))

    @cached_property
    def mode_of_chain(self) -> np.ndarray:
        """Mode of each chain, from 0 on, shape (chain,)."""
        return np.array(json.loads(self.attributes.get("chain_modes", json.dumps([0] * self.n_chains))))

    # model

    @property
    def class_axis(self) -> str:
        """Axis of the classes: ``latent_class``, or ``category`` where the class is an observed outcome."""
        return self.kind.class_axis

    @property
    def class_is_observed(self) -> bool:
        """Whether the class is an observed category."""
        return self.kind.class_axis == OBSERVED_CLASS

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, or of the categories of an observed outcome."""
        return tuple(str(name) for name in self.posterior[self.class_axis].to_numpy())

    @property
    def outcome(self) -> str | None:
        """Name of the observed outcome, if there is one."""
        return self.attributes.get("outcome")

    @cached_property
    def specification(self) -> Mapping:
        """The model and its parts as plain values; see `specification_of`."""
        return json.loads(self.attributes["specification"])

    @cached_property
    def words(self) -> Words:
        """The model in words."""
        return self.kind.words(self)

    @cached_property
    def formula(self) -> Formula:
        """The formula of the class probabilities."""
        return read_formula(self.attributes["formula"])

    @cached_property
    def groupings(self) -> tuple[str, ...]:
        """Names of the groupings that have random effects."""
        return tuple(json.loads(self.attributes["groupings"]))

    @property
    def has_regression(self) -> bool:
        """Whether class probabilities differ between respondents."""
        return SLOPE in self.posterior or bool(self.groupings)

    @cached_property
    def levels(self) -> Mapping[str, list[str]]:
        """Levels of every covariate that has some, the reference first."""
        return json.loads(self.attributes["levels"])

    @cached_property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """Labels of the categories of each item, or of the observed outcome."""
        return tuple(tuple(of_item) for of_item in json.loads(self.attributes["labels"]))

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Names of the items; none where the class is observed."""
        encoding = self._encoding
        return tuple(str(item) for item in encoding[ITEM].to_numpy()) if ITEM in encoding.coords else ()

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """Names of the design columns."""
        return tuple(str(term) for term in self._encoding[TERM].to_numpy())

    @cached_property
    def group_names(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the groups of each grouping."""
        return {name: tuple(str(group) for group in self._encoding[name].to_numpy()) for name in self.groupings}

    @cached_property
    def design_center(self) -> np.ndarray:
        """Mean of each design column over the respondents, shape (term,)."""
        return self._encoding[DESIGN_CENTER].to_numpy()

    @cached_property
    def _encoding(self) -> xr.Dataset:
        return self.tree[ENCODING].to_dataset()

    # respondents

    @property
    def holds_respondents(self) -> bool:
        """Whether the rows of the respondents are there."""
        return bool(self.attributes.get(HOLDS_RESPONDENTS, 1))

    @property
    def n_respondents(self) -> int:
        """Number of respondents."""
        return int(self.attributes["n_respondents"])

    @cached_property
    def note(self) -> str:
        """Respondents, rows left out, missing answers and draws behind a table, as one line."""
        return ", ".join(
            [
                f"n = {self.n_respondents}",
                f"{self.attributes['n_dropped']} rows left out",
                f"{self.attributes['n_missing_answers']} answers missing",
                f"{self.n_chains} x {self.draws_per_chain} draws",
            ]
        )

    @cached_property
    def patterns(self) -> xr.Dataset:
        """Distinct rows of the respondents.

        Raises
        ------
        ValueError
            If the fit was saved without respondents.
        """
        self.require_respondents("distinct rows")
        return self.tree[PATTERNS].to_dataset()

    @cached_property
    def codes(self) -> np.ndarray:
        """Answers, or the observed category, of every distinct row, shape (pattern, item); -1 where missing."""
        values = self.patterns[self.kind.observed].to_numpy()
        return values.reshape(len(values), -1)

    @cached_property
    def answer_pattern(self) -> np.ndarray:
        """The distinct pattern of answers of each distinct row, shape (pattern,)."""
        return self.patterns[ANSWER_PATTERN].to_numpy()

    @cached_property
    def distinct_answers(self) -> tuple[np.ndarray, np.ndarray]:
        """A distinct row that has each distinct pattern of answers, and the respondents who gave it."""
        _, first, pattern = np.unique(self.answer_pattern, return_index=True, return_inverse=True)
        return first, np.bincount(pattern.reshape(-1), weights=self.count).astype(int)

    @cached_property
    def count(self) -> np.ndarray:
        """Respondents with each distinct row, shape (pattern,)."""
        return self.patterns[COUNT].to_numpy()

    @cached_property
    def pattern_of_respondent(self) -> np.ndarray:
        """The distinct row of each respondent, shape (respondent,)."""
        return self.patterns[PATTERN_OF_RESPONDENT].to_numpy()

    @cached_property
    def respondents(self) -> pd.Index:
        """Row labels of the respondents."""
        return pd.Index(self.patterns[RESPONDENT].to_numpy(), name=RESPONDENT)

    @cached_property
    def answers_of_respondents(self) -> np.ndarray:
        """Answers, or the observed category, of each respondent, shape (respondent, item)."""
        return self.codes[self.pattern_of_respondent]

    @cached_property
    def matrix(self) -> np.ndarray:
        """Design of the distinct rows in the user's units, shape (pattern, term)."""
        return self.patterns[DESIGN].to_numpy()

    @cached_property
    def group_of_pattern(self) -> Mapping[str, np.ndarray]:
        """Group of every distinct row by grouping, shape (pattern,)."""
        return {name: self.patterns[f"{name}_index"].to_numpy() for name in self.groupings}

    @cached_property
    def group_of_respondent(self) -> Mapping[str, np.ndarray]:
        """Group of every respondent by grouping, shape (respondent,)."""
        return {name: of_pattern[self.pattern_of_respondent] for name, of_pattern in self.group_of_pattern.items()}

    @cached_property
    def matrix_of_respondents(self) -> np.ndarray:
        """Design of the respondents in the user's units, shape (respondent, term)."""
        return self.matrix[self.pattern_of_respondent]

    def covariate(self, name: str) -> np.ndarray:
        """A covariate of the respondents as it is stored, numbers or text, shape (respondent,)."""
        return self.patterns[f"covariate_{name}"].to_numpy()[self.pattern_of_respondent]

    def group_sizes(self, grouping: str) -> np.ndarray:
        """Respondents in every group of a grouping, shape (group,)."""
        if self.holds_respondents:
            return np.bincount(self.group_of_respondent[grouping])
        return np.array(json.loads(self.attributes[GROUP_SIZES])[grouping])

    @cached_property
    def design(self) -> Design:
        """The design of the respondents, which encodes new rows as the fitted ones were."""
        return fitted_design(self)

    # probabilities

    def log_class(self, rows: np.ndarray | slice, which: slice) -> np.ndarray:
        """Log probability of each class given covariates and group, before answers are seen.

        Parameters
        ----------
        rows : ndarray of int, shape (row,), or slice
            Distinct rows, by position.
        which : slice
            Draws, chains after each other.

        Returns
        -------
        ndarray, shape (draw, row, latent_class); the middle axis has length 1 when no covariate is used
        """
        groups = {name: of_pattern[rows] for name, of_pattern in self.group_of_pattern.items()}
        return log_class_probabilities(self, self.matrix[rows], groups, which)

    def log_evidence(self, rows: np.ndarray | slice, which: slice) -> np.ndarray:
        """Log probability of what was seen of each distinct row given the class: answers, or the class itself.

        Returns
        -------
        ndarray, shape (draw or 1, row, latent_class)
        """
        return self.answers.log_density(self, np.arange(len(self.count))[rows], which)

    def log_joint(self) -> Iterator[tuple[slice, np.ndarray]]:
        r"""Log probability of class and evidence together, :math:`\log P(c \mid x) + \log p(y \mid c)`.

        Yields
        ------
        which : slice
            Draws, chains after each other, some at a time.
        log_joint : ndarray, shape (draw, pattern, latent_class)
        """
        every = slice(None)
        for which in self.blocks(len(self.count)):
            yield which, self.log_class(every, which) + self.log_evidence(every, which)

    def log_likelihood(self) -> np.ndarray:
        """Log-likelihood of one respondent with each distinct row, the class summed out; (chain, draw, pattern)."""
        result = np.empty((self.n_draws, len(self.count)))
        for which, log_joint in self.log_joint():
            result[which] = logsumexp(log_joint, axis=-1)
        return self.by_chain(result)

    @cached_property
    def stored_log_likelihood(self) -> np.ndarray:
        """The same as it was stored with the draws."""
        kept = self.tree[PATTERN_LOG_LIKELIHOOD].to_dataset()
        return next(iter(kept.data_vars.values())).transpose("chain", "draw", ...).to_numpy()

    @cached_property
    def membership(self) -> np.ndarray:
        """Membership probabilities of the distinct rows in every draw, single precision; (draw, pattern, class)."""
        result = np.empty((self.n_draws, len(self.count), len(self.classes)), dtype=np.float32)
        for which, log_joint in self.log_joint():
            result[which] = softmax(log_joint, axis=-1)
        return result

    def membership_in(self, which: np.ndarray) -> np.ndarray:
        """The same in some draws, by position with chains after each other."""
        log_joint = self.log_class(slice(None), which) + self.log_evidence(slice(None), which)
        return softmax(log_joint, axis=-1).astype(np.float32)

    def average_class_share(self) -> np.ndarray:
        """Share of each class in the sample, averaged over covariates; shape (chain, draw, latent_class)."""
        share = np.empty((self.n_draws, len(self.classes)))
        for which in self.blocks(len(self.count)):
            probability = np.exp(self.log_class(slice(None), which))
            weight = self.count / self.n_respondents if probability.shape[1] > 1 else np.ones(1)
            share[which] = np.einsum("src,r->sc", probability, weight)
        return self.by_chain(share)

    @cached_property
    def class_share(self) -> np.ndarray:
        """The same as it is stored with the draws of latent classes, computed where it is not."""
        if CLASS_SHARE not in self.posterior:
            return self.average_class_share()
        return self.by_chain(self.flat(self.posterior[CLASS_SHARE], self.class_axis))


def _what(given) -> str:
    """What was given in place of draws, and the way to draws from there."""
    if isinstance(given, str | os.PathLike):
        return f"the path {os.fspath(given)!r}; read the file first, bl.load({os.fspath(given)!r})"
    if hasattr(given, "prepare"):
        return f"the model {given!r}; fit it first, bl.fit(model, frame)"
    if isinstance(given, pd.DataFrame):
        return f"a table of {len(given)} rows; give the draws that the table was made from"
    return f"{type(given).__name__} {str(given)[:60]!r}"
