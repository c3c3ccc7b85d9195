"""Bugs that are planted on request have a place, tests that should fail, and survive what changes no program."""

import ast
import importlib
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parent.parent
FEWEST = 12

FILE = "bayes_lca/data/averages.py"
SOURCE = '''"""Größe und Streuung."""

import numpy as np

SPREAD = 2.0


class Intercepts:
    def draw(self, rng):
        return rng.normal(0.0, self.sd)


def average(values, weight):
    """Weighted mean."""
    total = weight.sum()
    values.check(weight, strict=True)
    name = "größe"; share = weight / total  # é
    return name, f"of {round(total)}", 2 * (share @ values) + np.log(share @ weight)
'''


@pytest.fixture(scope="module")
def planted_bugs():
    """Modules of ``tests/planted_bugs``, which is a program and no package."""
    names = ("mutations", "symbols", "patches")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tests" / "planted_bugs")
        modules = SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    for name in [name for name in sys.modules if name.partition(".")[0] in names]:
        del sys.modules[name]
    return modules


@pytest.fixture(scope="module")
def mutations(planted_bugs):
    return planted_bugs.mutations.MUTATIONS


@pytest.fixture(scope="module")
def package(planted_bugs):
    return planted_bugs.symbols.read_package(ROOT)


@pytest.fixture
def plant(planted_bugs, tmp_path):
    """`plant(symbol, pattern, replacement, files)`: source of the file with the symbol after the patch."""

    def planted(symbol, pattern, replacement, files):
        for file, source in files.items():
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        package = planted_bugs.symbols.read_package(tmp_path)
        return planted_bugs.patches.patched(planted_bugs.symbols.find_symbol(package, symbol), pattern, replacement)

    return planted


def test_every_layer_has_bugs_with_names_of_their_own(planted_bugs, mutations, package):
    assert len(mutations) >= FEWEST
    assert [name for name, times in Counter(mutation.name for mutation in mutations).items() if times > 1] == []
    assert [mutation.name for mutation in mutations if not mutation.wrong.endswith(".")] == []
    with_bugs = {layer(planted_bugs.symbols.find_symbol(package, mutation.symbol)) for mutation in mutations}
    assert {layer(symbol) for symbol in package} - {None} == with_bugs - {None}


def layer(symbol) -> str | None:
    """The folder of the package, or that of the models, in which a symbol stands at whatever depth."""
    folder, *below = Path(symbol.module.file).parts
    return folder if folder == "models" else below[0] if len(below) > 1 else None


def test_patterns_stand_once_in_their_symbols(mutations, package):
    failures = {}
    for mutation in mutations:
        try:
            mutation.planted(package)
        except ValueError as error:
            failures[mutation.name] = str(error)
    assert failures == {}


def test_files_with_a_bug_are_other_programs_that_compile(mutations, package):
    for mutation in mutations:
        module, source = mutation.planted(package)
        assert ast.dump(ast.parse(source)) != ast.dump(module.tree), mutation.name


def test_tests_that_should_see_them_exist(mutations):
    tests = {test for mutation in mutations for test in mutation.tests}
    functions = {file: functions_in(ROOT / file) for file in {test.partition("::")[0] for test in tests}}
    named = [test.partition("[")[0].partition("::") for test in tests if "::" in test]
    assert [(file, name) for file, _, name in named if name not in functions[file]] == []
    assert [mutation.name for mutation in mutations if not mutation.tests] == []


def functions_in(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(
    ("symbol", "pattern", "replacement", "before", "after"),
    [
        ("SPREAD", "2.0", "1.0", "2.0", "(1.0)"),
        ("Intercepts.draw", "self.sd", "self.sd**2", "self.sd", "(self.sd ** 2)"),
        ("average", "_1 / _2", "_1", "weight / total", "(weight)"),
        ("average", "round(_1)", "int(_1)", "round(total)", "(int(total))"),
        ("average", "2 * (_1 @ _2)", "_2 @ _1 + 1", "2 * (share @ values)", "(values @ share + 1)"),
        ("average", "_1.check(...)", "", "values.check(weight, strict=True)", "pass"),
        ("average", "_1.check(...)", "all(...)", "values.check(weight, strict=True)", "(all(weight, strict=True))"),
        (
            "average",
            "_1 = _2.sum()",
            "_1 = 0\n_1 += _2[0]",
            "total = weight.sum()",
            "total = 0\n    total += weight[0]",
        ),
        ("average", "_1.sum()", "[place for place in _1]", "weight.sum()", "([place for place in weight])"),
    ],
)
def test_only_what_the_pattern_matches_is_changed(plant, symbol, pattern, replacement, before, after):
    assert SOURCE.count(before) == 1
    assert plant(symbol, pattern, replacement, {FILE: SOURCE}) == SOURCE.replace(before, after)


@pytest.mark.parametrize(
    "files",
    [
        {"bayes_lca/posterior/tables/means.py": SOURCE},
        {"models/means.py": SOURCE},
        {FILE: SOURCE.replace("weight / total  # é", "(\n        weight  # of each\n        / (total))")},
        {FILE: SOURCE.replace("total", "sum_of_weights").replace("weight", "w")},
        {FILE: SOURCE.replace("    total =", "    if strict:\n        return 0.0\n    total =")},
    ],
    ids=["other folder", "other package", "other format", "other names", "other lines around it"],
)
def test_a_bug_has_its_place_after_changes_that_do_not_touch_it(plant, files):
    planted = plant("average", "_1 / _2", "_1 * _2", files)
    assert ast.dump(ast.parse(planted)) == ast.dump(ast.parse(files.popitem()[1].replace("/", "*")))


def test_quotes_do_not_matter(plant):
    assert plant("average", "'größe'", "'name'", {FILE: SOURCE}) == SOURCE.replace('"größe"', "('name')")


@pytest.mark.parametrize(
    ("symbol", "pattern", "replacement", "message"),
    [
        ("total", "_1", "1", "the package defines no total"),
        ("average", "_1 - _2", "_1", "stands 0 times in average of bayes_lca/data/averages.py, not once"),
        ("average", "_1 @ _2", "_1", r"stands 2 times .* \(lines 18, 18\), not once"),
        ("average", "_1 @ _1", "_1", "stands 0 times"),
        ("average", "f(...)", "0", "stands 0 times"),
        ("average", "_1 / _2", "_1 / rough_total", "names unknown in average .*: rough_total"),
        ("average", "_1 / _2", "_1 / _3", "names unknown in average .*: _3"),
        ("average", "_1 / _2", "max(...)", r"names unknown in average .*: \.\.\."),
    ],
)
def test_a_bug_without_a_place_says_why(plant, symbol, pattern, replacement, message):
    with pytest.raises(ValueError, match=message):
        plant(symbol, pattern, replacement, {FILE: SOURCE})


def test_a_name_that_two_modules_define_goes_with_a_module(plant):
    files = {FILE: SOURCE, "models/average.py": SOURCE.replace("2.0", "3.0")}
    with pytest.raises(ValueError, match=f"the package defines SPREAD in {FILE}, models/average.py"):
        plant("SPREAD", "_1", "1.0", files)
    for name in ("average:SPREAD", "models.average:SPREAD", "bayes_lca.models.average:SPREAD"):
        assert plant(name, "3.0", "1.0", files) == files["models/average.py"].replace("3.0", "(1.0)")
    assert plant("data.averages:SPREAD", "2.0", "1.0", files) == SOURCE.replace("2.0", "(1.0)")
