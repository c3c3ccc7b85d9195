"""The page of a fit with a common method: what it assumes, loadings, priors; and the order of classes told apart."""

import json

import pytest

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.reporting.report import report
from bayes_lca.reporting.sections.model import model_section
from bayes_lca.reporting.sections.specification import Prior, priors_of

ITEMS = bl.Items(["training", "recognition", "expertise"])


@pytest.fixture(scope="module")
def draws():
    model = bl.LatentClass(1, bl.CommonMethod(ITEMS, prior=bl.HalfStudentT(4.0, 0.7)))
    return bl.fit(model, bl.example_survey(), draws=500, chains=2, until=None, progressbar=False)


@pytest.mark.usefixtures("pictures_are_not_written")
def test_the_page_tells_the_common_method(draws, tmp_path, read):
    page = read(report(draws, tmp_path / "page.html"))
    assert "independent given the class and the person" in page.all_text
    assert "independent within a class" not in page.all_text
    assert "∫ Π_j P(answer of i to item j | c, u) φ(u) du" in page.all_text
    effect = bl.common_method(draws)
    loading, shares = effect.loadings["mean"].iloc[0], effect.variance["mean"]
    assert page.column("Loadings on the style of a person", "mean") == [f"{loading:.3f}"]
    assert page.column("Shares of the variance of each item", "mean") == [f"{share:.3f}" for share in shares]
    priors = dict(zip(page.column("Priors", "parameter"), page.column("Priors", "prior"), strict=True))
    loadings = "loadings on the style of a person, free ones to both sides of zero"
    assert priors[loadings] == "HalfStudentT(nu=4.0, sigma=0.7)"
    assert priors["answer probabilities of an item for the typical person of a class"] == "Dirichlet(a=1.0)"
    assert "Qu, Y., Tan, M." in page.all_text


def test_priors_by_name_and_of_a_part_are_told_once():
    half = {"kind": "HalfNormal", "sigma": 1.0}
    weights = {"kind": "ItemWeights", "weights": [1.0]}
    slope = {"kind": "Normal", "mu": 0.0, "sigma": 0.5}
    specification = {
        "kind": "LatentClass",
        "measurement": {"kind": "CommonMethod", "items": {"kind": "Items", "prior": weights}, "prior": half},
        "structural": {"kind": "Regression", "prior": {"score": slope}},
    }
    assert priors_of(specification) == [
        Prior("CommonMethod", "prior", "HalfNormal(sigma=1.0)"),
        Prior("Regression", "prior", "{'score': Normal(mu=0.0, sigma=0.5)}"),
        Prior("Items", "prior", "ItemWeights(weights=[1.0])"),
    ]
    nothing = {"kind": "Regression", "prior": {}, "slope": {"kind": "PerUnit", "prior": half, "columns": 1}}
    assert priors_of(nothing) == [Prior("Regression", "slope", "PerUnit(prior=HalfNormal(sigma=1.0), columns=1)")]


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        ([0, 0, 0], "order of display: size"),
        ([0, 1, 2], "order of display: numbered by restrictions or priors"),
        ([0, 1, 1], "order of display: numbered by restrictions or priors, size among classes that these leave alike"),
    ],
)
def test_classes_that_something_tells_apart_are_not_ordered_by_size(short_lca, sets, told):
    draws = short_lca.copy()
    draws.attrs = dict(short_lca.attrs) | {"exchangeable_classes": json.dumps(sets)}
    blocks = model_section(Fit.reading(draws)).blocks
    (table,) = [block.table for block in blocks if getattr(block, "name", "") == "model"]
    assert table.loc["labels of classes", "value"].endswith(told)
