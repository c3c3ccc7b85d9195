"""What a study rests on beside its settings: versions of packages, and the code of this one."""

import ast
import hashlib
import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

DIGITS = 16
"""Hexadecimal digits kept of a digest."""


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of packages, of Python, and the kind of processor."""
    versions = {name: version(name) for name in packages}
    return versions | {"python": platform.python_version(), "machine": platform.machine()}


def source_digest(*modules: str) -> str:
    """Digest of the code of modules and of all that they import from their own package.

    Comments, docstrings and layout do not matter, so that only a change that can change numbers changes it.

    Parameters
    ----------
    *modules : str
        Dotted names.

    Returns
    -------
    str
        First hexadecimal digits of the SHA-256 hash.

    Examples
    --------
    >>> source_digest("bayes_lca.dims") == source_digest("bayes_lca.dims", "bayes_lca.dims")
    True
    >>> source_digest("bayes_lca.dims") == source_digest("bayes_lca.sampling.gibbs")
    False
    """
    sources: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        file = _file_of(name)
        if file.suffix == ".py":
            tree = ast.parse(file.read_bytes())
            waiting += _imported(tree, name.partition(".")[0])
            sources[name] = ast.dump(_without_docstrings(tree))
        else:  # compiled of the C files beside it
            sources[name] = "".join(source.read_text() for source in sorted(file.parent.glob("*.[ch]")))
    code = hashlib.sha256()
    for name in sorted(sources):
        code.update(f"{name}\n{sources[name]}\n".encode())
    return code.hexdigest()[:DIGITS]


def _file_of(module: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no file of {module!r}", name=module)
    return Path(spec.origin)


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Modules of a package that a module of it imports, anywhere in its code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(f"{package}."))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == package:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            modules = [name for name in names if _is_module(name)]
            yield from modules
            if len(modules) < len(node.names):
                yield node.module


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [
                line for line in node.body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
            ]
    return tree
