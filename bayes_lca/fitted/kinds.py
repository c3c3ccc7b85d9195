"""Kinds of models and of measurement parts whose fits can be read, each registered by its own file."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

import numpy as np

from bayes_lca.fitted.capabilities import Capabilities


@dataclass(frozen=True)
class Words:
    """A model in words, for reports.

    Attributes
    ----------
    title : str
        The model in a few words.
    summary : str
        What it assumes, in a sentence or two.
    formula : str
        Its likelihood, one line; empty where the regression's line says all.
    references : tuple of str
    """

    title: str
    summary: str
    formula: str
    references: tuple[str, ...]


class AnswersGivenClass(ABC):
    """What answers of a fit look like given the class: the twin of a measurement part, in NumPy.

    Attributes
    ----------
    words : str
        The part in a line, for reports.
    supported : frozenset of str
        Functions that depend on what answers are, and hold for these.
    variables : tuple of str
        Variables of the draws on which the answers depend.
    """

    words: str
    supported: frozenset[str]
    variables: tuple[str, ...]

    @abstractmethod
    def log_density(self, fit, rows: np.ndarray, which: slice) -> np.ndarray:
        """Log density of the answers of some patterns given the class, shape (draw, row, latent_class)."""

    @abstractmethod
    def log_density_at_mean(self, fit) -> np.ndarray:
        """The same of every distinct row, with parameters at their posterior means, shape (pattern, latent_class)."""

    @abstractmethod
    def profiles(self, fit) -> np.ndarray:
        """What tells classes apart in every draw, shape (draw, latent_class, ...), as `Start.profile` has it."""

    @abstractmethod
    def mean_answer(self, fit, item: str) -> np.ndarray:
        """Posterior mean of the average answer of each class to one item, shape (latent_class,)."""

    @abstractmethod
    def draw(self, fit, which: slice, latent_class: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Complete answers of respondents of known classes, from classes (draw, row) to (draw, row, item)."""


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
    """

    name: str
    class_axis: str
    observed: str
    capabilities: Capabilities
    words: Callable[[object], Words]


OBSERVED_CLASS = "observed class"
"""Name of the twin of models whose class is an observed category."""

_KINDS: dict[str, Kind] = {}
_MEASUREMENTS: dict[str, AnswersGivenClass] = {}


def register_kind(kind: Kind) -> Kind:
    """Make the fits of a model readable; its file calls this once."""
    _KINDS[kind.name] = kind
    return kind


def register_measurement(name: str, twin: AnswersGivenClass) -> None:
    """Make the answers of a measurement part readable, under the name of its class."""
    _MEASUREMENTS[name] = twin


def known_kinds() -> Mapping[str, Kind]:
    """Registered kinds of models by name."""
    return dict(_KINDS)


def known_measurements() -> Mapping[str, AnswersGivenClass]:
    """Registered twins of measurement parts by name, those of the package among them."""
    twins = import_module("bayes_lca.fitted.twins")
    for module in iter_modules(twins.__path__, f"{twins.__name__}."):
        import_module(module.name)
    return dict(_MEASUREMENTS)
