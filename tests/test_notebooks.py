"""Every notebook runs, here with few draws of a quarter of the cohort, and is kept with outputs of today's columns."""

import ast
import json
import re
import warnings
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import bayes_lca as bl

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_there_are_notebooks():
    assert len(NOTEBOOKS) == 6


def headings(page):
    """Of the first table of a page, by row; names of rows and columns."""
    head = re.search(r"<thead>(.*?)</thead>", page, re.DOTALL)
    return re.findall(r"<th[^>]*>(.*?)</th>", head[1], re.DOTALL) if head else None


def run(source, name, namespace):
    """What the last expression of a cell is worth, as a notebook shows it."""
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), namespace)
    return None if last is None else eval(compile(ast.Expression(last.value), name, "eval"), namespace)


OF_MANY_FITS = ("class_or_style", "what_nesting_changes", "who_moves")
"""Notebooks that take a minute even with few draws."""


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=pytest.mark.slow) if path.stem in OF_MANY_FITS else path for path in NOTEBOOKS],
    ids=lambda path: path.stem,
)
def test_runs_from_top_to_bottom_and_shows_what_is_kept(path, few_draws, monkeypatch):
    survey, truth = bl.load_cohort().iloc[::4], bl.cohort_truth()
    monkeypatch.setattr(bl, "load_cohort", survey.copy)
    waves = bl.load_waves()
    monkeypatch.setattr(bl, "load_waves", waves[waves["person"] % 4 == 0].copy)
    monkeypatch.setattr(bl, "cohort_truth", lambda: replace(truth, latent_class=truth.latent_class[::4]))
    monkeypatch.chdir(EXAMPLES)
    namespace, stale, n_tables = {}, [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # draws are too few to be trusted, and say so
        for place, cell in enumerate(cells(path)):
            if cell["cell_type"] != "code":
                continue
            value = run("".join(cell["source"]), f"{path.name}, cell {place}", namespace)
            if isinstance(value, pd.DataFrame):
                kept = "".join("".join(output.get("data", {}).get("text/html", "")) for output in cell["outputs"])
                n_tables += 1
                if headings(value._repr_html_()) != headings(kept):
                    stale.append((place, headings(kept), headings(value._repr_html_())))
    assert n_tables >= 2
    assert not stale, f"`make notebooks` executes {path.name} anew"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_kept_small_and_free_of_errors(path):
    assert path.stat().st_size < 700_000
    for cell in cells(path):
        if cell["cell_type"] == "code":
            assert cell["execution_count"] is not None, "make notebooks has not been run"
            for output in cell["outputs"]:
                assert output["output_type"] != "error"
                assert output.get("name") != "stderr"
