"""What a measurement part is: how probable answers are given the class, and nothing of what is hidden."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
import pymc as pm

from bayes_lca.data.answered import for_model
from bayes_lca.data.responses import Responses
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import ANSWER_CODES, ANSWERS, ITEM, PATTERN
from bayes_lca.likelihood.baum_welch import PathMaximum
from bayes_lca.likelihood.families import Family
from bayes_lca.likelihood.group_mixture import GroupMixtureFit
from bayes_lca.likelihood.group_shares import GroupShares
from bayes_lca.likelihood.mixture import MixtureMaximum
from bayes_lca.likelihood.probability_sets import ProbabilitySets

Maximum = MixtureMaximum | PathMaximum | GroupMixtureFit
"""A maximum of the likelihood with the parameters of each family in it."""


@dataclass(frozen=True, eq=False)
class Start:
    """What is known of the classes before sampling: where chains start, and which class has which label.

    Attributes
    ----------
    membership : ndarray, shape (answer pattern, latent_class)
        Class probabilities of each distinct pattern of answers.
    profile : ndarray, shape (latent_class, item, ...)
        What tells the classes apart; for nominal items the probabilities of their categories.
    class_names : tuple of str
    aligns_labels : bool
        Whether labels of draws are aligned to `profile`; not where classes have their names from an earlier fit.
    attributes : mapping
        What the draws should remember of how the start was found.
    weight : float
        Share of the posterior that a mode at the start could hold, roughly.
    rivals : tuple of Start
        Other modes for chains to start at, in order of their weights.
    sets : tuple of Start
        The same in each set of profiles, where there are several.
    shares : GroupShares, optional
        Shares of group classes, and of classes within them, where they were found together with the profiles.
    """

    membership: np.ndarray
    profile: np.ndarray
    class_names: tuple[str, ...]
    aligns_labels: bool = True
    attributes: Mapping[str, str | int | float] = field(default_factory=lambda: MappingProxyType({}))
    weight: float = 1.0
    rivals: tuple["Start", ...] = ()
    sets: tuple["Start", ...] = ()
    shares: GroupShares | None = None

    def of_items(self, source: np.ndarray) -> "Start":
        """The same of items by position, some of them again."""
        return replace(self, profile=self.profile[:, source])


@dataclass(frozen=True, eq=False)
class Answers:
    """Observed answers with their density given the class: all that a hidden part needs to know of them.

    Attributes
    ----------
    observed : TensorVariable, shape (pattern, item)
    parameters : tuple of TensorVariable
    signature : tuple of str
        Axes of each parameter, such as ``"(c,j,r)"``: c for the class, j for the item.
    log_density : callable
        From values of shape (pattern, item) and the parameters to log p(answers given class), (latent_class, pattern);
        (latent_class, group_class, pattern) where profiles differ between group classes.
    draw : callable
        From classes of shape (...), the parameters, a random generator and, where groups have classes, those of the
        groups to answers of shape (..., item).
    name : str
        Of the observed variable.
    dims : tuple of str
        Its axes.
    """

    observed: Any
    parameters: tuple
    signature: tuple[str, ...]
    log_density: Callable
    draw: Callable
    name: str = ANSWERS
    dims: tuple[str, ...] = (PATTERN, ITEM)


class Measurement(ABC):
    """A measurement part; parts are frozen dataclasses that are not derived from further.

    A part is read back from draws by its NumPy twin, an `AnswersGivenClass` of `bayes_lca.fitted` that is registered
    under the name of the part's class.
    """

    signature: ClassVar[tuple[str, ...]]
    """Axes of each parameter of the answers, such as ``("(c,j,r)",)``: c for the class, j for the item."""

    nominal: ClassVar[bool] = False
    """Whether the part is fitted by what is for nominal items alone: maximum likelihood, and the Gibbs sampler."""

    can_be_mixed: ClassVar[bool] = False
    """Whether it stands beside parts of other kinds in `Mixed`; it is a `PartOfMixed` then."""

    classes_are_known: ClassVar[bool] = False
    """Whether classes are those of an earlier fit, under their names there."""

    @property
    def knows_single_items(self) -> bool:
        """Whether priors or restrictions speak of single items, so that no other can stand in for one."""
        return False

    @property
    def in_place_of_nominal(self) -> str:
        """What to do where nominal items alone can be used, as the end of a message."""
        return f"give Items({list(self.columns)})"

    @property
    @abstractmethod
    def columns(self) -> tuple[str | int, ...]:
        """Columns of a frame that hold the answers."""

    @abstractmethod
    def read(self, frame) -> Responses:
        """Answers of a frame: `Responses`, or `Numbers` with the same interface.

        Raises
        ------
        ValueError
            If they cannot be used.
        """

    @abstractmethod
    def start(self, responses: Responses, answer_patterns: UniqueRows, n_classes: int) -> Start:
        """Classes as far as they are known before sampling."""

    @abstractmethod
    def coords(self, responses: Responses) -> dict[str, Sequence]:
        """Names along the axes of the part's variables; those of the items, `bayes_lca.dims.ITEM`, always."""

    @abstractmethod
    def parameters(self, responses: Responses, start: Start) -> tuple:
        """Random variables, inside a `pymc.Model`; `start` chooses coordinates and changes no posterior."""

    @abstractmethod
    def starting_values(self, responses: Responses, start: Start) -> dict[str, np.ndarray]:
        """Values of the free variables to start from, each chain a little elsewhere."""

    @abstractmethod
    def log_density(self, responses: Responses, value, *parameters):
        r"""Log density of answers given the class, :math:`\log p(y \mid c)`, shape (latent_class, pattern).

        A missing answer, as `bayes_lca.data.answered.for_model` writes it, adds 0.
        """

    @abstractmethod
    def draw(self, responses: Responses, latent_class: np.ndarray, *parameters: np.ndarray, rng) -> np.ndarray:
        """Draw complete answers of respondents of known classes, shape (..., item)."""

    @property
    def person_weight(self) -> np.ndarray:
        """Weights of the persons that stand for all, shape (person,); one where answers depend on the class alone."""
        return np.ones(1)

    def log_density_given_person(self, responses: Responses, value, *parameters):
        """The same given the person too, shape (latent_class, person, pattern)."""
        return self.log_density(responses, value, *parameters)[:, None]

    def draw_persons(self, shape: tuple[int, ...], rng) -> np.ndarray | None:
        """Draw persons; None where answers depend on the class alone."""
        return None

    def draw_given_person(self, responses: Responses, latent_class: np.ndarray, person, *parameters, rng) -> np.ndarray:
        """Draw complete answers of known persons of known classes, shape (..., item)."""
        return self.draw(responses, latent_class, *parameters, rng=rng)

    def exchangeable(self, responses: Responses, n_classes: int) -> np.ndarray:
        """The set of each class, shape (latent_class,): the part is the same when classes of a set change places."""
        return np.zeros(n_classes, dtype=int)

    def degrees_of_freedom(self, responses: Responses, n_classes: int) -> int | None:
        """Cells of the table of all answers that so many classes leave free; None where answers are no categories."""
        return None

    def restricted_sets(self, responses: Responses, n_classes: int) -> ProbabilitySets | None:
        """Free sets of which restricted probabilities are made; None where nothing is restricted."""
        return None

    def families(self, responses: Responses, first: np.ndarray) -> tuple[Family, ...] | None:
        """The part for maximum likelihood, of the rows at some respondents; None where it has no such families.

        `profile` is of their maximum.
        """
        return None

    def profile(self, responses: Any, maximum: Maximum, place: int = 0) -> np.ndarray:
        """What tells classes apart, from parameters of a family at a place; of parts that have families.

        Raises
        ------
        NotImplementedError
            Of other parts.
        """
        raise NotImplementedError(f"{type(self).__name__} has no families")

    @final
    def answers(self, responses: Responses, start: Start, first: np.ndarray) -> Answers:
        """Answers of a model with the part's parameters, inside a `pymc.Model`.

        Parameters
        ----------
        responses : Responses
        start : Start
        first : ndarray of int, shape (pattern,)
            Respondent at whom each pattern first stands.
        """
        parameters = self.parameters(responses, start)
        return Answers(
            observed=pm.Data(ANSWER_CODES, for_model(responses.codes[first]), dims=(PATTERN, ITEM)),
            parameters=parameters,
            signature=self.signature,
            log_density=lambda value, *given: self.log_density(responses, value, *given),
            draw=lambda latent_class, *given, rng, group_class=None: self.draw(
                responses, latent_class, *given, rng=rng
            ),
        )


class PartOfMixed(Measurement):
    """A measurement part that may stand beside parts of other kinds in `Mixed`."""

    can_be_mixed: ClassVar[bool] = True

    @abstractmethod
    def family(self, responses: Any, first: np.ndarray) -> Family:
        """The part for `fit_mixture`, of the rows at some respondents."""

    def families(self, responses: Responses, first: np.ndarray) -> tuple[Family, ...] | None:
        """The one of all items, where nothing is known of single ones."""
        return (self.family(responses, first),) if self.can_be_mixed else None

    @abstractmethod
    def profile(self, responses: Any, maximum: Maximum, place: int = 0) -> np.ndarray:
        """What tells classes apart, from parameters of the family at a place."""
