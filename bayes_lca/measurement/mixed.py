"""Items of several kinds: a product of measurement parts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_lca.data.frame import Frame, named
from bayes_lca.data.mixed_answers import MixedAnswers
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import CLASS, ITEM, of_part
from bayes_lca.likelihood.families import Family
from bayes_lca.likelihood.mixture import MixtureMaximum
from bayes_lca.measurement.interface import Measurement, PartOfMixed, Start
from bayes_lca.measurement.mixture_start import COMPARE_FITS, mixture_start
from bayes_lca.measurement.moved import moved


@final
@dataclass(frozen=True, init=False)
class Mixed(Measurement):
    r"""Items of several kinds, independent of each other within a class.

    .. math:: p(y_i \mid c) = \prod_m p_m(y_{im} \mid c)

    with one part m for each kind: `Items`, `OrdinalItems`, `NormalItems`, `CountItems`. Parameters of a part are those
    that it has by itself, with the kind before their names, such as ``normal_item_mean`` and
    ``nominal_item_probability`` on an axis ``nominal_item``.

    Parameters
    ----------
    *given : Items, OrdinalItems, NormalItems, CountItems
        Two or more, one of each kind.
    parts : sequence of the same, optional
        The others as a list, which is how a fit writes its specification.

    Raises
    ------
    TypeError
        If a part is no measurement part, or one that takes no others beside it.
    ValueError
        If there are fewer than two parts, two of one kind, or an item is in two of them.

    References
    ----------
    Vermunt, J. K. & Magidson, J. (2002). Latent class cluster analysis. In J. A. Hagenaars & A. L. McCutcheon (eds),
    Applied Latent Class Analysis, 89-106. Cambridge University Press. doi 10.1017/CBO9780511499531.004

    Examples
    --------
    >>> import bayes_lca as bl
    >>> both = bl.LatentClass(2, Mixed(bl.Items(["training", "expertise"]), bl.NormalItems(["score", "attitude"])))
    >>> [variable.name for variable in both.build(bl.example_survey()).free_RVs]
    ['class_share', 'nominal_item_probability', 'normal_item_mean', 'normal_item_variance']
    """

    parts: tuple[PartOfMixed, ...]

    def __init__(self, *given: Measurement, parts: Sequence[Measurement] = ()):
        parts = (*given, *parts)
        for part in parts:
            if not isinstance(part, Measurement):
                raise TypeError(f"Mixed({part!r}): give measurement parts, Mixed(Items([...]), NormalItems([...]))")
            if not part.can_be_mixed:
                raise TypeError(
                    f"{part!r} cannot be mixed: Mixed takes Items, OrdinalItems, NormalItems and CountItems, and those "
                    "of categories without restrictions and without priors of single items"
                )
        kinds = [type(part).__name__ for part in parts]
        if len(parts) < 2:
            raise ValueError(f"Mixed takes two parts or more, one of each kind, and was given {len(parts)}")
        if twice := sorted({kind for kind in kinds if kinds.count(kind) > 1}):
            raise ValueError(f"Mixed was given two parts {named(twice)}; name all items of a kind in one part")
        items = [item for part in parts for item in part.columns]
        if both := sorted({str(item) for item in items if items.count(item) > 1}):
            raise ValueError(f"item(s) {named(both)} are in two parts of Mixed; leave each in the one that it is of")
        object.__setattr__(self, "parts", parts)

    @property
    def signature(self) -> tuple[str, ...]:
        """Axes of the parameters of all parts, those of each its own but for the class; then an axis of all items."""
        of_parts = (
            axes.translate({ord("j"): f"j{place}", ord("r"): f"r{place}"})
            for place, part in enumerate(self.parts)
            for axes in part.signature
        )
        return (*of_parts, "(j)")

    @property
    def columns(self) -> tuple[str | int, ...]:
        """The items of all parts."""
        return tuple(item for part in self.parts for item in part.columns)

    @property
    def in_place_of_nominal(self) -> str:
        """There are not only categories to count: fits are compared instead."""
        return COMPARE_FITS

    def read(self, frame: Frame) -> MixedAnswers:
        """Answers of a frame, those of each part as it reads them."""
        return MixedAnswers(tuple(part.read(frame) for part in self.parts))

    def start(self, responses: MixedAnswers, answer_patterns: UniqueRows, n_classes: int) -> Start:
        """Classes of the modes of the likelihood of all items."""
        families = self.families(responses, answer_patterns.first)
        return mixture_start(
            responses, families, answer_patterns, n_classes, lambda maximum: self.profile(responses, maximum)
        )

    def families(self, responses: MixedAnswers, first: np.ndarray) -> tuple[Family, ...]:
        """One of each part."""
        return tuple(part.family(of_part, first) for part, of_part in zip(self.parts, responses.parts, strict=True))

    def profile(self, responses: MixedAnswers, maximum: MixtureMaximum) -> np.ndarray:
        """What tells classes apart in each part, side by side, 0 in places that a part does not use."""
        return side_by_side(
            [
                part.profile(of_part, maximum, place)
                for place, (part, of_part) in enumerate(zip(self.parts, responses.parts, strict=True))
            ]
        )

    def coords(self, responses: MixedAnswers) -> dict[str, Sequence]:
        """Names along the axis of all items."""
        return {ITEM: [str(item) for item in responses.items]}

    def parameters(self, responses: MixedAnswers, start: Start) -> tuple:
        """Parameters of all parts, their kind before their names; then nothing for each item, which is their number."""
        found = []
        for part, of_kind, starts in self._parts(responses, start):
            with pm.Model(coords={CLASS: list(start.class_names), **part.coords(of_kind)}, model=None) as alone:
                names = [variable.name for variable in part.parameters(of_kind, starts)]
            kind = type(part).__name__
            here = moved(
                alone, partial(of_part, kind), {axis: of_part(kind, axis) for axis in alone.coords if axis != CLASS}
            )
            found += [here[name] for name in names]
        return (*found, pt.zeros(len(responses.items)))

    def starting_values(self, responses: MixedAnswers, start: Start) -> dict[str, np.ndarray]:
        """Those of all parts."""
        return {
            of_part(type(part).__name__, name): value
            for part, of_kind, starts in self._parts(responses, start)
            for name, value in part.starting_values(of_kind, starts).items()
        }

    def log_density(
        self, responses: MixedAnswers, value: TensorVariable, *parameters: TensorVariable
    ) -> TensorVariable:
        """Sum of the log densities of the parts, shape (latent_class, pattern)."""
        total = 0.0
        for part, of_kind, place, given in self._given(responses, parameters):
            answers = value[:, place]
            if of_kind.codes.dtype.kind != "f":
                answers = pt.switch(pt.isinf(answers), -1.0, answers)
            total = total + part.log_density(of_kind, answers, *given)
        return total

    def draw(
        self, responses: MixedAnswers, latent_class: np.ndarray, *parameters: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw complete answers of respondents of known classes, part after part."""
        drawn = [
            part.draw(of_kind, latent_class, *given, rng=rng)
            for part, of_kind, _, given in self._given(responses, parameters)
        ]
        return np.concatenate(drawn, axis=-1).astype(float)

    def _parts(self, responses: MixedAnswers, start: Start):
        """Parts with their answers, and the start with their profiles."""
        for part, of_kind, place in zip(self.parts, responses.parts, responses.places, strict=True):
            profile = start.profile[:, place, : profile_width(of_kind)]
            yield part, of_kind, replace(start, profile=profile, rivals=())

    def _given(self, responses: MixedAnswers, parameters):
        """Parts with their answers, where these stand, and the parameters of each."""
        first = 0
        for part, of_kind, place in zip(self.parts, responses.parts, responses.places, strict=True):
            last = first + len(part.signature)
            yield part, of_kind, place, parameters[first:last]
            first = last


def profile_width(responses) -> int:
    """Places of the profile of an item: its categories, or the two parameters of a number."""
    return max(map(len, responses.labels)) or 2


def side_by_side(profiles: Sequence[np.ndarray]) -> np.ndarray:
    """Profiles (..., item, place) of several parts as one, 0 in places that a part does not use."""
    width = max(profile.shape[-1] for profile in profiles)
    return np.concatenate(
        [np.pad(each, [(0, 0)] * (each.ndim - 1) + [(0, width - each.shape[-1])]) for each in profiles], axis=-2
    )
