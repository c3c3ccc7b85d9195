"""The pages of docs/: their code runs, names exist, every public name is in the reference once."""

import re
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import bayes_lca as bl

DOCS = Path(__file__).parents[1] / "docs"
REFERENCE = Path(__file__).parent / "reference"
PAGES = {
    str(path.relative_to(DOCS)): path.read_text(encoding="utf-8")
    for path in sorted(DOCS.rglob("*.md"))
    if not path.relative_to(DOCS).parts[0].startswith("_")
}
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
NOT_RUN = "# not run: "
TAKE_LONG = {
    "howto/comparing_classes.md",
    "howto/group_classes.md",
    "howto/kinds_of_items.md",
    "howto/large_tables.md",
    "howto/number_of_classes.md",
    "howto/response_style.md",
    "howto/restrictions_and_priors.md",
    "howto/steps_or_joint.md",
}
"""Pages whose code takes more than a few seconds even with few draws."""


def blocks(text):
    return [block for block in BLOCK.findall(text) if not block.startswith(NOT_RUN)]


def test_every_public_name_is_in_the_reference_once():
    listed = [
        name
        for page, text in PAGES.items()
        if page.startswith("api/")
        for name in re.findall(r"^   (\w+)$", text, re.M)
    ]
    assert len(listed) == len(set(listed)), "named twice"
    assert set(listed) ^ set(bl.__all__) == set(), "docs/api lists other names than bayes_lca.__all__"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] * (page in TAKE_LONG))
        for page, text in PAGES.items()
        if blocks(text)
    ],
)
def test_code_runs_from_top_to_bottom(page, few_draws, pictures_are_not_written, tmp_path, monkeypatch):
    survey = bl.load_cohort().iloc[::4]
    monkeypatch.setattr(bl, "load_cohort", lambda: survey)
    monkeypatch.chdir(tmp_path)
    for table in REFERENCE.glob("*.csv"):
        (tmp_path / table.name).write_bytes(table.read_bytes())
    namespace = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # draws are too few to be trusted, and say so
        for place, block in enumerate(blocks(PAGES[page])):
            exec(compile(block, f"{page}, block {place + 1}", "exec"), namespace)
            plt.close("all")


SCRIPTS = sorted((DOCS / "gallery").glob("*.py"))


def test_every_picture_of_the_gallery_is_shown_with_its_code():
    for script in SCRIPTS:
        assert f"literalinclude}} gallery/{script.name}" in PAGES["gallery.md"]
        assert PAGES["gallery.md"].count(f"_generated/gallery/{script.stem}.png") == 2


@pytest.mark.slow  # building the site draws them too
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_picture_of_the_gallery_is_drawn(script, few_draws):
    namespace = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(script.read_text(encoding="utf-8"), script.name, "exec"), namespace)
    assert isinstance(namespace["figure"], plt.Figure)
    plt.close("all")


@pytest.mark.parametrize("page", PAGES)
def test_functions_that_are_named_exist(page):
    for name in set(re.findall(r"`(?:bl\.)?([a-z_]+)\([^`]*\)`", PAGES[page])) & set(dir(bl)) | set(
        re.findall(r"\bbl\.([A-Za-z_]+)", PAGES[page])
    ):
        assert hasattr(bl, name), name
