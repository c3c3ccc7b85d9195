"""What a notebook shows first: what a model is, what draws are draws of, what tables come to."""

import pytest

import bayes_lca as bl
from bayes_lca.fitted.fit_tree import DataTree
from bayes_lca.model_in_html import MOST_NAMES
from bayes_lca.prepared import Model

ITEMS = bl.Items(["training", "recognition"])
MODELS = {
    "LatentClass: 3 classes": bl.LatentClass(3, ITEMS, bl.Regression("~ age + (1 | group)")),
    "LatentClass: 1 class": bl.LatentClass(1, bl.Mixed(ITEMS, bl.NormalItems(["score"]))),
    "LatentTransition: 2 classes, person id, wave wave": bl.LatentTransition(2, ITEMS, person="id", wave="wave"),
    "Multinomial: outcome benefit": bl.Multinomial("benefit", bl.Regression("~ age")),
}


@pytest.mark.parametrize("head", MODELS)
def test_a_model_says_what_it_is_first_and_names_its_parts(head):
    shown = MODELS[head]._repr_html_()
    assert shown.startswith(f"<p><strong>{head}")
    for part in ("Items", "Regression") if "LatentClass: 3" in head else ():
        assert f"<br>{part}</th>" in shown
    assert "None" not in shown and "mappingproxy" not in shown


def test_names_and_formulas_are_escaped_and_long_lists_cut():
    many = bl.LatentClass(2, bl.Items([f"<b>{j}</b>" for j in range(MOST_NAMES + 3)]))
    shown = many._repr_html_()
    assert "&lt;b&gt;0&lt;/b&gt;" in shown and "<b>" not in shown and "... (3 more)" in shown


def test_all_models_are_shown_one_way():
    assert {type(model)._repr_html_ for model in MODELS.values()} == {Model._repr_html_}


def test_a_fit_says_whose_draws_of_what_they_are_first():
    draws = bl.load_example()
    first = "<p><strong>LatentClass: C1, C2; ~ participation + score + (1 | group)</strong></p><p>n = 180,"
    for each in (draws, draws.copy()):
        assert each._repr_html_().startswith(first)
    unaligned = draws.copy()
    unaligned.attrs = {name: value for name, value in draws.attrs.items() if name != "relabelled"}
    assert "Class labels are not aligned" in unaligned._repr_html_()


def test_parts_of_fits_and_fits_of_unknown_models_are_shown_as_xarray_shows_them():
    unknown = bl.load_example().copy()
    unknown.attrs = unknown.attrs | {"model": "Nobody's"}
    for part in (bl.load_example()["posterior"], DataTree(), unknown):
        assert "<strong>" not in part._repr_html_()[:20]


def test_a_picture_says_its_size():
    assert repr(bl.plot_profiles(bl.load_example())).startswith("<Figure of 180 x ")
