"""Functions, methods, classes and constants of the package by name, in whatever file they stand."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("bayes_lca", "models")


@dataclass(frozen=True)
class Module:
    """A file of the package.

    Attributes
    ----------
    file : str
        Path from the root of the repository.
    source : str
    tree : ast.Module
    """

    file: str
    source: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """The name under which the installed package has it."""
        parts = Path(self.file).with_suffix("").parts
        return ".".join(("bayes_lca", *parts) if parts[0] == "models" else parts)


@dataclass(frozen=True)
class Symbol:
    """What a module or a class defines.

    Attributes
    ----------
    name : str
        Qualified by the class, such as ``"LogRatio.backward"``.
    module : Module
    node : ast.stmt
        Its definition.
    """

    name: str
    module: Module
    node: ast.stmt


def read_package(root: Path) -> list[Symbol]:
    """All symbols of the package whose repository has this root."""
    symbols = []
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        module = Module(path.relative_to(root).as_posix(), source, ast.parse(source, str(path)))
        symbols += [Symbol(name, module, node) for name, node in _definitions(module.tree.body)]
    return symbols


def find_symbol(package: Sequence[Symbol], name: str) -> Symbol:
    """The symbol of that name.

    Parameters
    ----------
    package : sequence of Symbol
    name : str
        Qualified name, such as ``"LogRatio.backward"``. If several modules define it, the end of the module's name goes
        before a colon: ``"replicates:run_replicate"`` or ``"ranks.replicates:run_replicate"``.

    Raises
    ------
    ValueError
        If the package has no such symbol, or several.
    """
    ending, _, qualified = name.rpartition(":")
    symbols = [
        symbol
        for symbol in package
        if symbol.name == qualified and (not ending or f".{symbol.module.name}".endswith(f".{ending}"))
    ]
    if not symbols:
        raise ValueError(f"the package defines no {name}")
    if len(symbols) > 1:
        files = ", ".join(symbol.module.file for symbol in symbols)
        raise ValueError(f"the package defines {name} in {files}: put the end of a module's name and a colon before it")
    return symbols[0]


def _definitions(body: Sequence[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.stmt]]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name, node
            case ast.ClassDef(name=name):
                yield prefix + name, node
                yield from _definitions(node.body, f"{prefix}{name}.")
            case ast.Assign(targets=targets):
                yield from ((prefix + target.id, node) for target in targets if isinstance(target, ast.Name))
