"""One bug, as it could be written by mistake."""

from collections.abc import Sequence
from dataclasses import dataclass

from patches import patched
from symbols import Module, Symbol, find_symbol


@dataclass(frozen=True)
class Mutation:
    """A piece of the package, and what a mistake would make of it.

    Attributes
    ----------
    name : str
        Words joined by hyphens, for the command line.
    wrong : str
        What the package would do, in one sentence of the field.
    symbol : str
        Function, method, class or constant in which it stands, as `symbols.find_symbol` takes it.
    pattern, replacement : str
        The expression or statement, which stands once in the symbol, and what takes its place. In both ``_1``, ``_2``
        and so on are any expressions and ``f(...)`` is a call with any arguments.
    tests : tuple of str
        Files of tests, or tests in them, that should fail.
    """

    name: str
    wrong: str
    symbol: str
    pattern: str
    replacement: str
    tests: tuple[str, ...]

    def planted(self, package: Sequence[Symbol]) -> tuple[Module, str]:
        """The module that holds the symbol, and its source with the bug in it.

        Raises
        ------
        ValueError
            If the bug has no place in the package.
        """
        symbol = find_symbol(package, self.symbol)
        return symbol.module, patched(symbol, self.pattern, self.replacement)
