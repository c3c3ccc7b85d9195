"""Every notebook runs from top to bottom, here with few draws, and is kept with its outputs."""

import json
import warnings
from functools import wraps
from pathlib import Path

import pytest

import bayes_lca as bl

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
FEW = {
    "fit": {"draws": 60, "tune": 100, "chains": 2},
    "fit_estimators": {"draws": 60, "tune": 100},
    "count_classes": {"draws": 50, "tune": 20, "n_starts": 5},
    "bootstrap_likelihood_ratio": {"draws": 3, "starts": 2, "jobs": 1},
    "overfitted": {"draws": 60, "tune": 20, "max_classes": 4},
    "split_halves": {"repeats": 2, "n_draws": 20},
    "measurement_invariance": {"draws": 50, "tune": 20},
    "partial_invariance": {"draws": 50, "tune": 20},
    "check_items": {"n_draws": 20},
}


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def with_few(function, settings):
    @wraps(function)
    def short(*arguments, **options):
        return function(*arguments, **options | settings)

    return short


def test_there_are_notebooks():
    assert len(NOTEBOOKS) == 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom(path, monkeypatch):
    for name, settings in FEW.items():
        monkeypatch.setattr(bl, name, with_few(getattr(bl, name), settings))
    monkeypatch.chdir(EXAMPLES)
    namespace = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # draws are too few to be trusted, and say so
        for place, cell in enumerate(cells(path)):
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), f"{path.name}, cell {place}", "exec"), namespace)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_kept_small_and_free_of_errors(path):
    assert path.stat().st_size < 700_000
    for cell in cells(path):
        if cell["cell_type"] == "code":
            assert cell["execution_count"] is not None, "make notebooks has not been run"
            for output in cell["outputs"]:
                assert output["output_type"] != "error"
                assert output.get("name") != "stderr"
