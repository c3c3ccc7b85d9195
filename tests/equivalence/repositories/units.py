"""Outputs of all repositories, put together by model and rows: one unit of work is one model of one set of rows.

A program that fitted a model twice gives its figures once: of each kind, those of the output with the largest
log-likelihood that prints the kind.
"""

import hashlib
import inspect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

import pandas as pd

from equivalence.repositories.checkout import Checkout
from equivalence.repositories.figure import Figure
from equivalence.repositories.mplus_classes import LatentClasses
from equivalence.repositories.mplus_data import NotAsked, frame_of
from equivalence.repositories.mplus_mixtures import Mixtures
from equivalence.repositories.mplus_output import MplusOutput
from equivalence.repositories.mplus_transitions import Transitions
from equivalence.repositories.mplus_weighted import WeightedClasses


class Model(Protocol):
    """A model that an output is of, and ours of the same rows."""

    kind: str
    n_classes: int

    def __init__(self, output: MplusOutput, frame: pd.DataFrame): ...

    @property
    def key(self) -> tuple: ...

    @property
    def rows(self) -> str: ...

    @property
    def height(self) -> float: ...

    def take_fit(self, other: "Model") -> None: ...

    def figures(self) -> Iterator[Figure]: ...


READERS = (
    *("mplus_input", "mplus_output", "mplus_parts", "mplus_data"),
    *("mplus_allowances", "mplus_assignment", "mplus_class_tests", "mplus_classes"),
)
"""Modules that all kinds of models rest on."""
MODELS: tuple[type, ...] = (LatentClasses, WeightedClasses, Transitions, Mixtures)
"""Tried one after the other; the first that does not refuse an output has it."""


@dataclass(frozen=True, eq=False)
class Asked:
    """An output and the model that it is of."""

    repository: Checkout
    path: str
    data: str
    sha256: str
    output: MplusOutput
    model: Model


@dataclass(eq=False)
class Unit:
    """Outputs of one model of the same rows, the first of them the one with the largest log-likelihood.

    Attributes
    ----------
    outputs : list of Asked
    source : str
        Program, repository and data.
    """

    outputs: list[Asked]
    source: str = ""

    def __post_init__(self):
        self.outputs.sort(key=lambda asked: (-asked.model.height, asked.path))

    @property
    def first(self) -> Asked:
        return self.outputs[0]

    @property
    def name(self) -> str:
        """What is fitted."""
        n = self.first.model.n_classes
        return f"{n} class{'es' if n > 1 else ''}: {self.first.path}"

    @property
    def hash(self) -> str:
        """Of model and rows."""
        return hashlib.sha256(repr(self.first.model.key).encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Of everything that the figures depend on."""
        parts = [
            fingerprint_of_code(type(self.first.model)),
            self.hash,
            *(f"{asked.repository.name} {asked.path} {asked.sha256}" for asked in self.outputs),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def figures(self) -> list[Figure]:
        """Every quantity once."""
        found: list[Figure] = []
        for asked in self.outputs:
            if asked is not self.first:
                asked.model.take_fit(self.first.model)
            kinds = {figure.kind for figure in found}
            found += [figure for figure in asked.model.figures() if figure.kind not in kinds]
        return found


@dataclass
class Collected:
    """Units of some repositories, those of few classes first, and why other outputs are not among them."""

    units: list[Unit] = field(default_factory=list)
    not_asked: Counter = field(default_factory=Counter)
    n_outputs: int = 0


def collect(repositories: Sequence[Checkout]) -> Collected:
    """Read every output of latent classes in some repositories."""
    collected, by_key = Collected(), {}
    for repository in repositories:
        for path in repository.ending(".out"):
            try:
                text = repository.text(path)
            except FileNotFoundError:
                collected.not_asked["output larger than this copy holds"] += 1
                continue
            output = MplusOutput(text)
            if not output.version or not output.is_mixture:
                continue
            collected.n_outputs += 1
            try:
                data, model = model_of(output, repository, path)
            except NotAsked as reason:
                collected.not_asked[str(reason)] += 1
                continue
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            by_key.setdefault(hashlib.sha256(repr(model.key).encode()).hexdigest(), []).append(
                Asked(repository, path, data, sha256, output, model)
            )
    collected.units = [Unit(outputs) for outputs in by_key.values()]
    collected.units.sort(key=lambda unit: (MODELS.index(type(unit.first.model)), unit.first.model.n_classes))
    _name_sources(collected.units)
    return collected


def _name_sources(units: Sequence[Unit]) -> None:
    """A source is a kind of model of the same rows, whatever the number of classes; it has the name of a data file."""
    of_rows: dict[tuple, list[Unit]] = {}
    for unit in units:
        of_rows.setdefault((unit.first.model.kind, unit.first.model.rows), []).append(unit)
    names = Counter()
    for (kind, _), same in sorted(of_rows.items(), key=lambda pair: pair[1][0].first.path):
        files = [(asked.repository.name, asked.data) for unit in same for asked in unit.outputs]
        name = "Mplus, {}: {} ({})".format(*files[0], kind)
        names[name] += 1
        for unit in same:
            unit.source = name if names[name] == 1 else f"{name}, other items or rows {names[name]}"


def model_of(output: MplusOutput, repository: Checkout, path: str) -> tuple[str, Model]:
    """The data file of an output and its model.

    Raises
    ------
    NotAsked
        With the reasons of all models.
    """
    data, frame = frame_of(output, repository, path)
    reasons = []
    for kind in MODELS:
        try:
            return data, kind(output, frame)
        except NotAsked as reason:
            reasons.append(str(reason))
    raise NotAsked("; ".join(reasons))


@cache
def fingerprint_of_code(kind: type | None = None) -> str:
    """Of the package, and of what reads an output and compares a kind of model.

    Parameters
    ----------
    kind : type, optional
        One of `MODELS`; without one, of what compares the sources of the other table.
    """
    import bayes_lca

    files = sorted(Path(bayes_lca.__file__).parent.rglob("*.py"))
    if kind is None:
        files += sorted(Path(__file__).parents[1].glob("*.py"))
    else:
        files += [Path(__file__).with_name(f"{name}.py") for name in READERS] + [Path(inspect.getfile(kind))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
