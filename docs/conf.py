"""The site: `make docs` builds it into docs/_build/html, from these pages, the docstrings and the notebooks."""

import shutil
import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from pictures import draw_gallery  # noqa: E402
from presentation_mathml import as_mathml  # noqa: E402

project = "bayes_lca"
author = copyright = "The bayes_lca developers"
release = version = metadata.version("bayes-lca")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_generated/notebooks/README.md", "requirements.txt"]
default_role = "obj"
language = "en"
suppress_warnings = ["mystnb.unknown_mime_type"]

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"
autodoc_inherit_docstrings = False
numpydoc_show_class_members = False
numpydoc_validation_checks = set()

nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist", "attrs_block"]
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = f"bayes_lca {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "navbar_persistent": ["search-button"],  # the field with its shortcut has another name than it shows
    "collapse_navigation": True,  # toggles of the theme have no name
    "navigation_depth": 1,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "secondary_sidebar_items": {"**": ["page-toc"], "gallery": [], "index": []},
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "first_ten_minutes": [], "gallery": [], "changelog": []}


def copy_notebooks(app):
    """Notebooks of examples/ are shown as they are kept there, outputs and all; none is executed."""
    folder = HERE / "_generated" / "notebooks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for notebook in sorted((HERE.parent / "examples").glob("*.ipynb")):
        shutil.copy(notebook, folder)


def setup(app):
    """Add what is made while the site is built: notebooks, pictures, formulas without scripts."""
    app.add_html_math_renderer("mathml", inline_renderers=(as_mathml, None), block_renderers=(as_mathml, None))
    app.connect("builder-inited", copy_notebooks)
    app.connect("builder-inited", lambda app: draw_gallery(HERE))
