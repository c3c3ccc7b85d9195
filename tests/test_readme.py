"""The README's code runs as it stands there, block after block, here with few draws of a quarter of the cohort."""

import re
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import bayes_lca as bl

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_there_are_blocks_and_every_import_is_public():
    assert len(BLOCKS) >= 4
    for line in re.findall(r"^(?:import|from) .*", "\n".join(BLOCKS), re.MULTILINE):
        assert line in ("import bayes_lca as bl", "from bayes_lca.models import LatentClass", "import duckdb")


def test_it_is_short_for_the_rest_is_on_the_site():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120


def test_the_version_to_cite_is_this_one():
    assert f"Version {bl.__version__}." in README.read_text(encoding="utf-8")
    assert f"version: {bl.__version__}\n" in README.with_name("CITATION.cff").read_text(encoding="utf-8")


def test_blocks_run_one_after_the_other(few_draws, pictures_are_not_written, tmp_path, monkeypatch):
    survey = bl.load_cohort().iloc[::4]
    monkeypatch.setattr(bl, "load_cohort", lambda: survey)
    monkeypatch.chdir(tmp_path)
    namespace = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # draws are too few to be trusted, and say so
        for place, block in enumerate(BLOCKS):
            exec(compile(block, f"README.md, block {place + 1}", "exec"), namespace)
            plt.close("all")
    assert (tmp_path / "fit.html").exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(?:bl\.)?([a-z_]+)\(", README.read_text(encoding="utf-8")))))
def test_functions_that_are_named_exist(name):
    assert hasattr(bl, name)
