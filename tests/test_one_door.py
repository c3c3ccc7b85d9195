"""A fit has one door: who reads its tree, who asks what a part is, and who computes what is computed in one place."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOOR = ("bayes_lca/fitted/", "bayes_lca/posterior/storage/", "bayes_lca/sampling/")
RAW_GROUPS = {"observed_data", "constant_data", "log_likelihood", "patterns", "encoding", "pattern_log_likelihood"}
COLUMNS_OF_TABLES = ("bayes_lca/workflows/class_counts/", "bayes_lca/calibration/selection/")
"""Where a table of numbers of classes has a column for the log-likelihood."""
PARTS_AND_MODELS = {
    *(
        "Items",
        "OrdinalItems",
        "CommonMethod",
        "Assigned",
        "Regression",
        "Shares",
        "LatentClass",
        "AssignedClass",
        "Multinomial",
    ),
    *("Measurement", "Structural", "Hidden", "Model", "Kind", "AnswersGivenClass"),
}
PARTS = ("bayes_lca/measurement/", "bayes_lca/structural/", "models/")


@cache
def files():
    """Every module as a tree of its syntax."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for folder in ("bayes_lca", "models")
        for path in (ROOT / folder).rglob("*.py")
    }


def outside(*folders):
    return {name: tree for name, tree in files().items() if not name.startswith(folders)}


def places(trees, wanted):
    return [f"{name}:{node.lineno}" for name, tree in trees.items() for node in ast.walk(tree) if wanted(node)]


def is_text(node, texts):
    return isinstance(node, ast.Constant) and node.value in texts


def test_raw_groups_of_a_tree_are_read_behind_the_door():
    def reads(node):
        return isinstance(node, ast.Subscript) and is_text(node.slice, RAW_GROUPS)

    assert places(outside(*DOOR, *COLUMNS_OF_TABLES), reads) == []
    assert len(places(files(), reads)) > 5  # they are seen where they are


def test_attributes_of_a_tree_are_read_behind_the_door():
    """Of tables and frames, ``attrs`` holds these; that of a tree is read in `Fit.attributes`."""
    of_tables_and_frames = {"note", "VARIABLE_LABELS", "CLASS_SHARES"}

    def reads(node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            of, name = node.func.value, node.args[0]
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            of, name = node.value, node.slice
        else:
            return False
        named = getattr(name, "id", getattr(name, "value", None))
        return isinstance(of, ast.Attribute) and of.attr == "attrs" and named not in of_tables_and_frames

    assert places(outside(*DOOR), reads) == []
    assert len(places(files(), reads)) > 3


def test_nobody_asks_what_a_part_or_a_model_is_but_the_parts():
    def asks(node):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"):
            return False
        return any(isinstance(name, ast.Name) and name.id in PARTS_AND_MODELS for name in ast.walk(node.args[1]))

    def compares(node):
        texts = PARTS_AND_MODELS - {"Model", "Kind"}
        return isinstance(node, ast.Compare) and any(is_text(side, texts) for side in [node.left, *node.comparators])

    assert places(outside(*PARTS), asks) == []
    assert places(files(), compares) == []


@pytest.mark.parametrize("name", ["posterior", "sample_stats"])
def test_draws_are_read_behind_the_door(name):
    """Functions ask a `Fit` for draws; workflows and studies put trees of several together."""

    def reads(node):
        return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and is_text(node.slice, {name})

    assert places(outside(*DOOR, "bayes_lca/workflows/", "bayes_lca/calibration/"), reads) == []


def test_categories_are_drawn_in_one_place():
    """A uniform number is held against a cumulative sum in one function only."""

    def draws(node):
        if not isinstance(node, ast.FunctionDef):
            return False
        called = {call.func.attr for call in ast.walk(node) if is_method_call(call)}
        return {"random", "cumsum"} <= called

    def is_method_call(node):
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)

    resampling = ("bayes_lca/workflows/ladder/cut_posterior.py", "bayes_lca/sampling/gibbs_partial.py")
    drawing = {place.partition(":")[0] for place in places(files(), draws)}
    assert drawing - set(resampling) == {"bayes_lca/data/categories.py"}  # the others draw positions, not categories
