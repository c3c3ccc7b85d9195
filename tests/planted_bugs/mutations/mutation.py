"""One bug, as it could be written by mistake."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutation:
    """A piece of the package's source, and what a mistake would make of it.

    Attributes
    ----------
    name : str
        Words joined by hyphens, for the command line.
    wrong : str
        What the package would do, in one sentence of the field.
    file : str
        Path from the root of the repository.
    original, replacement : str
        The text, which stands once in the file, and what takes its place.
    tests : tuple of str
        Files of tests, or tests in them, that should fail.
    """

    name: str
    wrong: str
    file: str
    original: str
    replacement: str
    tests: tuple[str, ...]

    @property
    def module(self) -> str:
        """The module of the installed package that the file holds."""
        parts = Path(self.file).with_suffix("").parts
        return ".".join(("bayes_lca", *parts) if parts[0] == "models" else parts)

    def planted(self, source: str) -> str:
        """The source with the bug in it."""
        times = source.count(self.original)
        if times != 1:
            raise ValueError(f"{self.name}: {self.original!r} stands {times} times in {self.file}, not once")
        return source.replace(self.original, self.replacement)
