"""Bugs that are planted on request can be planted: their text stands there once, and so do tests that should fail."""

import ast
import importlib
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FEWEST = 12


@pytest.fixture(scope="module")
def mutations():
    """All bugs of ``tests/planted_bugs``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tests" / "planted_bugs")
        found = importlib.import_module("mutations").MUTATIONS
    for name in [name for name in sys.modules if name.split(".")[0] == "mutations"]:
        del sys.modules[name]
    return found


@pytest.fixture(scope="module")
def sources(mutations):
    return {one.file: (ROOT / one.file).read_text(encoding="utf-8") for one in mutations}


def test_every_layer_has_bugs_with_names_of_their_own(mutations):
    assert len(mutations) >= FEWEST
    assert [name for name, times in Counter(one.name for one in mutations).items() if times > 1] == []
    folders = {Path(one.file).parent.name for one in mutations}
    layers = {"data", "measurement", "structural", "models", "likelihood", "posterior", "workflows", "reporting"}
    assert layers - folders == set()
    assert [one.name for one in mutations if not one.wrong.endswith(".")] == []


def test_original_texts_stand_once_in_their_files(mutations, sources):
    times = {one.name: sources[one.file].count(one.original) for one in mutations}
    assert {name: found for name, found in times.items() if found != 1} == {}


def test_files_with_a_bug_are_other_programs_that_compile(mutations, sources):
    whole = {file: ast.dump(ast.parse(source)) for file, source in sources.items()}
    for one in mutations:
        assert ast.dump(ast.parse(one.planted(sources[one.file]))) != whole[one.file], one.name


def test_tests_that_should_see_them_exist(mutations):
    asked = {test for one in mutations for test in one.tests}
    functions = {file: functions_in(ROOT / file) for file in {test.partition("::")[0] for test in asked}}
    named = [test.partition("::") for test in asked if "::" in test]
    assert [(file, name) for file, _, name in named if name not in functions[file]] == []
    assert [one.name for one in mutations if not one.tests] == []


def functions_in(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}
