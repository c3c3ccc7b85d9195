"""Every notebook runs from top to bottom, here with few draws, and is kept with its outputs."""

import json
import warnings
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_there_are_notebooks():
    assert len(NOTEBOOKS) == 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom(path, few_draws, monkeypatch):
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
