"""Every package that is imported is declared, every package that is declared is used, and all are pinned."""

import ast
import json
import sys
import tomllib
from collections import defaultdict
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def by_name(requirements):
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, requirements)}


RUNTIME = by_name(PROJECT["dependencies"])
EXTRAS = {extra: by_name(requirements) for extra, requirements in PROJECT["optional-dependencies"].items()}
IN_AN_EXTRA = {name for requirements in EXTRAS.values() for name in requirements}

OF_ONE_EXTRA = {
    "distributed": "dask",
    "ipython": "notebooks",
    **dict.fromkeys(["openpyxl", "pyreadstat", "python-docx"], "files"),
}
"""What the package imports where a Dask cluster, a notebook or another program's file is asked for, and its extra."""

NOT_IMPORTED = {
    "arviz": "users call it on draws, and every fit keeps its version",
    "h5netcdf": "engine with which xarray reads and writes fits, named by text",
    "jax": "backend of nutpie, named by text",
    "numba": "backend of nutpie, named by text",
    "import-linter": "a command that the tests call",
    "ipykernel": "runs the notebooks",
    "nbconvert": "a command of the Makefile",
    "pytest-cov": "an option of pytest",
    "pytest-xdist": "an option of pytest",
    "ruff": "a command of the Makefile",
    "ty": "a command of the Makefile",
    "setuptools": "builds the wheel that is tested",
}
IN_ANOTHER_ENVIRONMENT = {
    "bambi": ["tests/reference/multinom_sim_bambi.py"],
    "hmmlearn": ["tests/benchmarks/paths_against_hmmlearn.py"],
    "pypolca": ["tests/benchmarks/em_against_stepmix.py"],
}


def code_of(path):
    """Python of a file, or of the cells of a notebook but for lines that are commands of IPython."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    cells = [cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return "\n".join(line.rstrip("\n") for cell in cells for line in [*cell, ""] if line[:1] not in ("%", "!"))


def modules(tree):
    """Top-level names of the modules that are imported somewhere in a syntax tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def is_a_file_here(module, path):
    """Whether a module is one of the repository, in a folder above the file that imports it."""
    folders = [folder for folder in path.parents if folder.is_relative_to(ROOT)]
    return any((folder / f"{module}.py").is_file() or (folder / module).is_dir() for folder in folders)


def imported_packages(*folders):
    """Distributions of the modules imported by files below folders, each with these files."""
    distributions, importers = packages_distributions(), defaultdict(list)
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*")):
        if path.suffix in (".py", ".ipynb") and ".ipynb_checkpoints" not in path.parts:
            for module in set(modules(ast.parse(code_of(path)))) - sys.stdlib_module_names:
                if not is_a_file_here(module, path):
                    name = canonicalize_name(distributions.get(module, [module])[0])
                    importers[name].append(str(path.relative_to(ROOT)))
    return dict(importers)


@pytest.fixture(scope="module")
def of_package():
    return imported_packages("bayes_lca", "models")


@pytest.fixture(scope="module")
def of_tests():
    return imported_packages("tests", "examples")


def test_what_the_package_imports_is_declared(of_package):
    assert {name: files for name, files in of_package.items() if name not in RUNTIME.keys() | OF_ONE_EXTRA.keys()} == {}
    assert {"numpy", "arviz-stats", "h5py"} <= of_package.keys()


def test_what_an_extra_declares_is_imported_where_it_is_asked_for(of_package):
    for name, extra in OF_ONE_EXTRA.items():
        assert name in EXTRAS[extra]
        for file in of_package[name]:
            at_once = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
            at_once = [node for node in at_once if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
            assert name not in set(modules(ast.Module(at_once, []))), file


def test_what_tests_and_examples_import_is_declared(of_tests):
    declared = RUNTIME.keys() | IN_AN_EXTRA
    assert {name: files for name, files in of_tests.items() if name not in declared} == IN_ANOTHER_ENVIRONMENT
    assert {"polars", "scikit-learn", "stepmix"} <= of_tests.keys()


def test_what_is_declared_is_imported_or_has_a_reason(of_package, of_tests):
    unused = RUNTIME.keys() - of_package.keys() | IN_AN_EXTRA - of_tests.keys() - OF_ONE_EXTRA.keys()
    assert unused == NOT_IMPORTED.keys()


def test_all_that_is_declared_is_pinned():
    lines = [line for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    pinned = dict(line.split("==") for line in lines)
    assert len(pinned) == len(lines)
    pinned = {canonicalize_name(name): version for name, version in pinned.items()}
    for requirements in (RUNTIME, *EXTRAS.values()):
        for name, requirement in requirements.items():
            assert pinned.get(name), f"{name} is not pinned"
            assert requirement.specifier.contains(pinned[name]), f"{requirement}, pinned at {pinned[name]}"
