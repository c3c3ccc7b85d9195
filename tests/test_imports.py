"""What is imported when: each step in a process of its own, for this one has imported everything."""

import ast
import pickle
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

import bayes_lca as bl

SAMPLERS = {"pymc", "pytensor", "nutpie", "jax", "numba"}
PICTURES = {"matplotlib", "arviz_plots"}
SUMMARIES = {"arviz", "arviz_base", "arviz_stats", "scipy.stats", "statsmodels"}
FORMULAS = {"formulae", "scipy.interpolate"}
PROCESSES = {"joblib", "distributed"}
ALL = SAMPLERS | PICTURES | SUMMARIES | FORMULAS | PROCESSES

STEPS = {
    "bl.load_cohort()": ALL,
    "draws = bl.load_example()": ALL,
    "bl.odds_ratios(draws)": ALL,
    "bl.class_profiles(draws)": ALL,
    "bl.membership(draws)": ALL,
    "from bayes_lca.datasets.example import ITEMS; survey = bl.example_survey()": ALL,
    "bl.fit": ALL - {"pymc", "pytensor"},
    "bl.LatentClass(2, bl.Items(ITEMS)).build(survey)": ALL - {"pymc", "pytensor"},
    "bl.LatentClass(2, bl.Items(ITEMS), bl.Regression('~ age')).build(survey)": ALL - {"pymc", "pytensor"} - FORMULAS,
    "bl.count_classes": PICTURES | SUMMARIES | PROCESSES,
    "bl.fit_estimators": PICTURES | SUMMARIES | PROCESSES,
}
"""One after the other in one process, and what may not have been imported by then: ever less."""


def run(code, *options):
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=False)


def said(code, *options):
    """What a new process prints."""
    ran = run(code, *options)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def imported_by(code):
    """Modules that a new process imports when it runs some code, beside those that it begins with."""
    return set(
        said(f"import sys; before = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before), sep='\\n')").split()
    )


def test_the_package_imports_itself_alone():
    packages = {name.partition(".")[0] for name in imported_by("import bayes_lca")}
    assert packages - sys.stdlib_module_names == {"bayes_lca"}


@pytest.fixture(scope="module")
def imported_after():
    """All modules that a new process has imported after each step, beside those that it begins with."""
    lines = ["import sys", "before = set(sys.modules)", "import bayes_lca as bl"]
    lines += [f"{step}\nprint(*(set(sys.modules) - before))" for step in STEPS]
    printed = said("\n".join(lines)).splitlines()
    return {step: set(modules.split()) for step, modules in zip(STEPS, printed, strict=True)}


@pytest.mark.parametrize("step", STEPS)
def test_what_is_not_used_is_not_imported(imported_after, step):
    assert imported_after[step] & STEPS[step] == set()


def test_each_step_may_import_what_those_before_it_may():
    assert all(later <= earlier for earlier, later in pairwise(STEPS.values()))


@pytest.mark.parametrize("name", sorted(ALL))
def test_what_is_looked_for_is_a_module(name):
    assert find_spec(name) is not None


@pytest.mark.parametrize("code", ["import bayes_lca", "from bayes_lca import *"])
def test_nothing_is_warned_of(code):
    assert said(code, "-W", "error") == ""


def test_all_names_are_there_and_none_before_it_is_asked_for():
    listed = said("import bayes_lca as bl; print(*dir(bl)); print(*set(bl.__all__) & vars(bl).keys())").splitlines()
    assert {*bl.__all__, "models", "__version__", "__doc__"} <= set(listed[0].split())
    assert listed[1] == ""
    assert [getattr(bl, name).__name__ for name in bl.__all__] == bl.__all__


def test_models_and_version_come_with_the_package():
    code = "import bayes_lca as bl; print(bl.__version__ != '', bl.models.LatentClass is bl.LatentClass)"
    assert said(code) == "True True\n"


def test_what_is_asked_for_once_is_kept():
    assert "fit_or_load" in bl.__all__
    assert bl.fit_or_load is vars(bl)["fit_or_load"]


def test_parts_travel_between_processes():
    sent = pickle.dumps(bl.LatentClass(2, bl.Items(["a", "b"])))
    code = f"import pickle; print(pickle.loads({sent!r}))"
    assert said(code) == f"{pickle.loads(sent)}\n"


def test_a_misspelt_name_is_refused_with_the_nearest():
    *_, last = run("import bayes_lca as bl; bl.ft").stderr.splitlines()
    assert last == "AttributeError: module 'bayes_lca' has no attribute 'ft'. Did you mean: 'fit'?"
    assert not hasattr(bl, "ft")


def test_type_checkers_are_told_of_the_same_names():
    stub = ast.parse(Path(bl.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    told = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told.pop("models") == "bayes_lca.models"
    for name in bl.__all__:
        assert getattr(import_module(told[name].rpartition(".")[0]), name) is getattr(bl, name)
    assert sorted(told) == bl.__all__
