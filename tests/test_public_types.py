"""Every parameter of what is public, and what comes back, has a type."""

import ast
from pathlib import Path

import pytest

import bayes_lca as bl
from bayes_lca import _NAMES_BY_MODULE

ROOT = Path(__file__).parents[1]
FOLDERS = {"models": [ROOT / "models"]}
"""Names in the package that stand elsewhere in the repository."""


def files_of(module):
    """The file of a module, or those of a folder of them."""
    for path in FOLDERS.get(module, [ROOT / "bayes_lca" / module.replace(".", "/")]):
        yield from sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def public_functions(module, names):
    """Functions of these names, and methods that others call of the classes among them."""
    for file in files_of(module):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name in names:
                yield node.name, node
            elif isinstance(node, ast.ClassDef) and node.name in names:
                for method in node.body:
                    is_public = isinstance(method, ast.FunctionDef) and (
                        not method.name.startswith("_") or method.name in ("__init__", "__call__")
                    )
                    if is_public:
                        yield f"{node.name}.{method.name}", method


def without_type(function):
    """What of a function has no type."""
    arguments = function.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    names = [each.arg for each in given if each is not None and each.annotation is None]
    names = [name for name in names if name not in ("self", "cls")]
    return names + ["return"] * (function.returns is None and function.name != "__init__")


@pytest.mark.parametrize("module", _NAMES_BY_MODULE)
def test_public_functions_have_types(module):
    names = _NAMES_BY_MODULE[module]
    lacking = {name: what for name, node in public_functions(module, names) if (what := without_type(node))}
    assert not lacking


def test_all_public_names_are_looked_at():
    assert {name for names in _NAMES_BY_MODULE.values() for name in names} == set(bl.__all__)
