"""What a structural part is: how likely each class is for each respondent."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np

from bayes_lca.data.design import Design
from bayes_lca.data.profile_sets import ProfileSets
from bayes_lca.dims import CLASS
from bayes_lca.structural.starting_membership import StartingMembership


class Structural(ABC):
    """A structural part; parts are frozen dataclasses that are not derived from further."""

    fewest_classes: ClassVar[int]
    """Classes there have to be for the part to have anything to say."""

    hidden: ClassVar[str] = "OneClass"
    """The hidden part that takes its class logits, by the name of its class."""

    @property
    def profiles_by(self) -> str:
        """What classes have item profiles of their own in, as an axis of the draws; empty where they answer alike."""
        return ""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Columns of a frame that the part uses."""

    @abstractmethod
    def read(self, frame, missing: Literal["raise", "drop"] = "raise") -> Design:
        """Covariates and groups of a frame as a design."""

    @abstractmethod
    def coords(self, design: Design, n_classes: int) -> dict[str, Sequence]:
        """Names along the axes of terms and groups."""

    def exchangeable(self, design: Design, names: Sequence[str]) -> np.ndarray:
        """The set of each class, shape (latent_class,): the part is the same when classes of a set change places."""
        return np.zeros(len(names), dtype=int)

    def profile_sets(self, design: Design) -> ProfileSets | None:
        """Where classes have item profiles of their own; None where all respondents of a class answer alike."""
        return None

    @abstractmethod
    def class_logits(self, design: Design, membership: StartingMembership, *, classes: str = CLASS, rows: str):
        """Class logits up to a constant, inside a `pymc.Model`, shape (row, latent_class) or (latent_class,).

        A part whose `hidden` is not one class gives what that takes.

        Parameters
        ----------
        design : Design
            Covariates of the rows.
        membership : StartingMembership
            It chooses the sampler's coordinates and changes no posterior.
        classes, rows : str
            Names of the two axes.
        """

    @abstractmethod
    def starting_values(self, design: Design, membership: StartingMembership) -> dict[str, np.ndarray]:
        """Values of the free variables to start from."""

    @property
    @abstractmethod
    def attributes(self) -> Mapping[str, str]:
        """What the draws should remember beside the specification."""
