"""Kinds of models and of their parts whose fits can be read, each registered by its own file."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd

from bayes_lca.fitted.capabilities import NEEDS, OF_ANSWERS, Capabilities
from bayes_lca.fitted.hidden_of_respondent import HiddenOfRespondent
from bayes_lca.fitted.independent_answers import IndependentAnswers
from bayes_lca.fitted.random_effects import RandomEffectDraws, effects_of_new_groups
from bayes_lca.fitted.words import Words


class AnswersGivenClass(ABC):
    """What answers of a fit look like given the class: the twin of a measurement part, in NumPy.

    Attributes
    ----------
    words : str
        The part in a line, for reports.
    supported : frozenset of str
        Of the functions that depend on what answers are, marked in `NEEDS`, those that hold for these. A function
        answers where both the model and the twin declare it.
    variables : tuple of str
        Variables of the draws on which the answers depend.
    independence : str
        Where answers to different items are independent, as the beginning of a sentence.
    formula : str
        Probability of all answers given the class, in letters.
    formula_of_waves : str
        Probability of all answers at all waves, in letters; ``{path}`` stands for that of the path.

    Raises
    ------
    ValueError
        When a twin is defined that supports what does not depend on answers, or ``class_profiles`` without what their
        table shows: ``profile_values(fit)``, dims (chain, draw, latent_class, item, ...).
    """

    words: str
    supported: frozenset[str]
    variables: tuple[str, ...]
    independence: str = "answers to different items are independent within a class"
    formula: str = "Π_j P(answer of i to item j | c)"
    formula_of_waves: str = "Σ_z {path} Π_t Π_j P(answer of i to item j at wave t | z_t)"

    def __init_subclass__(cls):
        if other := sorted(cls.supported - OF_ANSWERS):
            raise ValueError(
                f"{cls.__name__}: supported has {other}, which do not depend on what answers are; choose from "
                f"{sorted(OF_ANSWERS)}"
            )
        if "class_profiles" in cls.supported and not hasattr(cls, "profile_values"):
            raise ValueError(
                f"{cls.__name__}: supported has 'class_profiles', whose table shows what profile_values(fit) gives: "
                "define it, dims (chain, draw, latent_class, item, ...)"
            )

    @abstractmethod
    def read(self, fit, frame) -> np.ndarray:
        """Answers of new respondents, coded as those of the fit, -1 where missing, shape (row, item).

        Raises
        ------
        ValueError
            If an item is no column of the frame, or an answer none that the fit knows.
        """

    @abstractmethod
    def log_density(self, fit, rows: np.ndarray, which: slice) -> np.ndarray:
        """Log density of the answers of some patterns given the class, shape (draw, row, latent_class)."""

    def person_weight(self, fit) -> np.ndarray:
        """Weights of the persons that stand for all, shape (person,); one where answers depend on the class alone."""
        return np.ones(1)

    def log_density_given_person(self, fit, which: slice) -> np.ndarray:
        """Log density of distinct answers given class and person, shape (draw, answers, latent_class, person)."""
        return self.log_density(fit, fit.distinct_answers[0], which)[..., None]

    @abstractmethod
    def log_density_at_mean(self, fit) -> np.ndarray:
        """The same of every distinct row, with parameters at their posterior means, shape (pattern, latent_class)."""

    @abstractmethod
    def profiles(self, fit) -> np.ndarray:
        """What tells classes apart in every draw, shape (draw, latent_class, ...), as `Start.profile` has it."""

    def variables_of(self, measurement: Mapping) -> tuple[str, ...]:
        """Variables on which answers to a part of this specification depend."""
        return self.variables

    def in_order(self, table: pd.DataFrame, fit) -> pd.DataFrame:
        """Rows of a table of profiles as they are shown, by class, item and what the last axis names."""
        return table

    def profile_note(self, fit) -> str:
        """What is said below a table of profiles; empty where there is nothing."""
        return ""

    @abstractmethod
    def mean_answer(self, fit, item: str) -> np.ndarray:
        """Posterior mean of the average answer of each class to one item, shape (latent_class,)."""

    @abstractmethod
    def draw(self, fit, which: slice, latent_class: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Complete answers of respondents of known classes, from classes (draw, row) to (draw, row, item)."""

    def draw_persons(self, fit, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Traits of persons drawn anew, shape (*shape, trait); none where answers depend on the class alone."""
        return np.zeros((*shape, 0))

    def draw_given_person(
        self, fit, which: slice, latent_class: np.ndarray, person: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Complete answers given class, shape (draw, row), and traits (draw, row, trait); shape (draw, row, item)."""
        return self.draw(fit, which, latent_class, rng)

    def independent(self, fit) -> IndependentAnswers:
        """Persons within each class whose answers are independent; one where they are, given the class."""
        return IndependentAnswers(np.ones(1))

    def independent_profiles(self, fit, which: slice) -> np.ndarray:
        """Answers of these persons, shape (draw, latent_class * person, item, category)."""
        return self.profiles(fit)[which]

    def attributes_of_draws(self, fit) -> dict[str, str | int | float]:
        """What draws should remember of how well their densities were computed; nothing where that is exact."""
        return {}


class ClassGivenCovariates(ABC):
    """How likely each class is in a fit: the twin of a structural part, in NumPy.

    Attributes
    ----------
    unseen_groups_are_summed_out : bool
        Whether groups that the fit has not seen need no effects drawn.
    """

    unseen_groups_are_summed_out: ClassVar[bool] = False

    @abstractmethod
    def log_class(self, fit, matrix: np.ndarray, groups: Mapping[str, np.ndarray], which, effects=None) -> np.ndarray:
        """Log probability of each class at rows of a design.

        Parameters
        ----------
        fit : Fit
        matrix : ndarray, shape (row, term)
            Design in the user's units.
        groups : mapping of str to ndarray of int, shape (row,)
            Group of each row for every grouping that counts; a grouping left out counts as an average group, effect 0.
        which : slice
            Draws, chains after each other.
        effects : mapping of str to RandomEffectDraws, optional
            Effects to use in place of those of the groups that were seen, as `effects_of_new_groups` draws them;
            ``groups`` then holds positions among these. They belong to the draws in `which`.

        Returns
        -------
        ndarray, shape (draw, row, latent_class); the middle axis has length 1 when no covariate is used
        """

    def logits(self, fit, matrix: np.ndarray, groups: Mapping[str, np.ndarray], which) -> np.ndarray:
        """The same up to a constant of each draw and row, where that is cheaper."""
        return self.log_class(fit, matrix, groups, which)

    def effects_of_new_groups(self, fit, grouping: str, which, rng, n_groups: int = 1) -> RandomEffectDraws:
        """Effects of groups that were not seen, anew in every draw; see `random_effects.effects_of_new_groups`."""
        return effects_of_new_groups(fit, grouping, which, rng, n_groups)


@dataclass(frozen=True)
class Kind:
    """A kind of model.

    Attributes
    ----------
    name : str
        The class of the model, such as ``"LatentClass"``.
    class_axis : str
        Axis of the classes in the draws.
    observed : str
        The observed variable.
    capabilities : Capabilities
    words : callable
        From a `Fit` to `Words`.
    hidden : str
        Hidden part, such as ``"OneClass"``.
    structural : str
        Field of the model that holds the structural part.
    class_is_observed : bool
        Whether the class is an observed category, so that there is no measurement part.
    refused_with_design : mapping of str to str
        Functions that hold for respondents who count alike, and not for those sampled by a survey design, and why.
    """

    name: str
    class_axis: str
    observed: str
    capabilities: Capabilities
    words: Callable[[Any], Words]
    hidden: str = "OneClass"
    structural: str = "structural"
    class_is_observed: bool = False
    refused_with_design: Mapping[str, str] = MappingProxyType({})


OBSERVED_CATEGORY = "observed category"
"""Stands in for the measurement part where the class is an observed category."""

KINDS: Final[dict[str, Kind]] = {}
MEASUREMENT: Final[dict[str, AnswersGivenClass]] = {}
STRUCTURAL: Final[dict[str, ClassGivenCovariates]] = {}
HIDDEN: Final[dict[str, HiddenOfRespondent]] = {}
"""What is registered, by the name of the class of the model or part."""


_HOMES: dict[tuple[int, str], str] = {}


def register(registry: dict, name: str, entry, *, home: str):
    """Make the fits of a model, or of a part, readable under the name of its class; its file calls this once.

    Parameters
    ----------
    registry : dict
        `KINDS`, `MEASUREMENT`, `STRUCTURAL` or `HIDDEN`.
    name : str
    entry : Kind, AnswersGivenClass, ClassGivenCovariates or HiddenOfRespondent
    home : str
        The module that calls it, ``__name__``.

    Returns
    -------
    The entry.

    Raises
    ------
    ValueError
        If another module has registered the name.
    """
    if (taken := _HOMES.setdefault((id(registry), name), home)) != home:
        raise ValueError(f"{name!r} of {home} is registered by {taken}; give the class another name")
    registry[name] = entry
    return entry


def require_of_answers(answers: AnswersGivenClass, needs: str) -> None:
    """Refuse answers for which a function is not declared to hold.

    Raises
    ------
    ValueError
    """
    if NEEDS[needs].answers and needs not in answers.supported:
        raise ValueError(
            f"{needs}: it depends on what answers are, and is not declared to hold for {answers.words}; "
            f"{NEEDS[needs].remedy}"
        )


def require_of_part(measurement, needs: str) -> None:
    """The same before there is a fit, of a measurement part; one that nothing is known of is refused later."""
    find_twins()
    if (answers := MEASUREMENT.get(type(measurement).__name__)) is not None:
        require_of_answers(answers, needs)


def find_twins() -> None:
    """Import every file of `bayes_lca.fitted.twins`, which register what they hold."""
    twins = import_module("bayes_lca.fitted.twins")
    for module in iter_modules(twins.__path__, f"{twins.__name__}."):
        import_module(module.name)
