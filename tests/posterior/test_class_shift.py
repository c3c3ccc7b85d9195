"""Differences between fits with and without covariates, against plain NumPy on the same draws."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.category_axis import category_axis, on_axis
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import distinct_rows, record_answers
from bayes_lca.fitted.views import with_views
from bayes_lca.models import LatentClass
from bayes_lca.posterior.checks.class_shift import ClassShiftWarning, class_shift, same_respondents

PROFILES = np.array([[[0.8, 0.2], [0.7, 0.3]], [[0.3, 0.7], [0.2, 0.8]], [[0.5, 0.5], [0.9, 0.1]]])
CLASSES = ["C1", "C2", "C3"]


LABELS = [["no", "yes"]] * 2


def fit_of(
    *,
    covariates=False,
    profiles=PROFILES,
    share=(0.5, 0.3, 0.2),
    n=200,
    draws=100,
    names=CLASSES,
    seed=1,
    items=("pay", "training"),
    labels=LABELS,
    other_answers=0,
):
    """A latent class fit whose draws lie about these profiles and shares."""
    rng = np.random.default_rng(seed)
    shape = (2, draws)
    yes = profiles[..., 1] + 0.01 * rng.normal(size=(*shape, 3, 2))
    shares = np.array(share) + 0.005 * rng.normal(size=(*shape, 3))
    variables = {
        "item_probability": (
            ("chain", "draw", "latent_class", "item", "category"),
            np.stack([1 - yes, yes], axis=-1),
        ),
        "class_share": (("chain", "draw", "latent_class"), shares / shares.sum(axis=-1, keepdims=True)),
    }
    formula = "~ age" if covariates else "~ 1"
    if covariates:
        variables["slope"] = (("chain", "draw", "term", "latent_class"), np.zeros((*shape, 1, 3)))
    codes = np.random.default_rng(7).integers(0, 2, size=(n, 2))
    codes[:other_answers, 0] = 1 - codes[:other_answers, 0]
    frame = pd.DataFrame({"age": np.arange(n) % 7}, index=np.arange(1, n + 1))
    design = read_design(frame, formula)
    categories, _ = category_axis(labels)
    dims, rho = variables["item_probability"]
    variables["item_probability"] = dims, on_axis(rho, labels)
    coords = {"latent_class": names, "item": list(items), "category": categories}
    pattern, rows = unique_rows(codes).pattern, distinct_rows(design, codes)
    groups, attributes = record_answers(codes, pattern, items, labels, design, frame.index, rows)
    attributes |= LatentClass(3, bl.Items(list(items))).identity | {"n_modes": 1, "relabelled": 1}
    posterior = xr.Dataset(variables, coords | {"chain": range(2), "draw": range(draws)})
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior}
    return with_views(xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()}))


def bent(by=0.12):
    """One item of one class is moved; its two categories go in opposite directions."""
    profiles = PROFILES.copy()
    profiles[1, 0] += [-by, by]
    return profiles


def test_equal_classes_are_not_shifted():
    measured, joint = fit_of(), fit_of(covariates=True, seed=2)
    table = class_shift(measured, joint)  # a warning would be an error
    assert len(table) == 3 + 3 * 2 * 2
    assert not table["shifted"].any()
    for name, tree in (("measured", measured), ("joint", joint)):
        values = tree["posterior"]["item_probability"].sel(latent_class="C2", item="training", category="yes")
        row = table.loc[("item_probability", "C2", "training", "yes")]
        assert row[name] == pytest.approx(float(values.mean()))
        shares = tree["posterior"]["class_share"].sel(latent_class="C3")
        assert table.loc[("class_share", "C3", "", ""), name] == pytest.approx(float(shares.mean()))
    np.testing.assert_allclose(table["difference"], table["joint"] - table["measured"])
    assert (table["ess_bulk"] > 50).all()


def test_a_bent_item_is_flagged_and_the_largest_named():
    profiles = bent()
    profiles[2, 1] += [-0.07, 0.07]
    joint = fit_of(covariates=True, profiles=profiles, seed=2)
    with pytest.warns(
        ClassShiftWarning, match="4 of 15 .* more than 0.05 .*pay = '(no|yes)' in C2, goes from"
    ) as caught:
        table = class_shift(fit_of(), joint)
    assert caught[0].filename == __file__
    flagged = {row[1:] for row in table.index[table["shifted"]]}
    assert flagged == {(c, i, k) for c, i in (("C2", "pay"), ("C3", "training")) for k in ("no", "yes")}
    assert table.loc[("item_probability", "C2", "pay", "yes"), "difference"] == pytest.approx(0.12, abs=0.006)
    assert issubclass(ClassShiftWarning, UserWarning)


def test_a_shifted_share_is_named_as_such():
    with pytest.warns(ClassShiftWarning, match="the share of C1, goes from 0.500 to 0.400"):
        class_shift(fit_of(draws=1000), fit_of(covariates=True, share=(0.4, 0.36, 0.24), seed=2, draws=1000))


def test_the_threshold_can_be_moved():
    joint = fit_of(covariates=True, profiles=bent(), seed=2)
    assert not class_shift(fit_of(), joint, largest=0.2)["shifted"].any()
    with pytest.warns(ClassShiftWarning, match="more than 0.11"):
        class_shift(fit_of(), joint, largest=0.11)


def test_intervals_are_those_of_independent_fits():
    """Variances add: two normal posteriors of standard deviation .01 differ with .0141."""
    table = class_shift(fit_of(draws=1500), fit_of(covariates=True, seed=2, draws=1500))
    width = (table["upper"] - table["lower"]).loc["item_probability"]
    np.testing.assert_allclose(width, 2 * 1.96 * 0.01 * np.sqrt(2), rtol=0.1)
    narrow = class_shift(fit_of(draws=1500), fit_of(covariates=True, seed=2, draws=1500), ci_prob=0.5)
    assert ((narrow["upper"] - narrow["lower"]) < (table["upper"] - table["lower"])).all()


def test_fits_of_other_numbers_of_draws_can_be_compared():
    table = class_shift(fit_of(draws=60), fit_of(covariates=True, seed=2, draws=90))
    assert np.isfinite(table[["lower", "upper"]]).all(axis=None)


def test_shares_of_other_respondents_are_not_compared():
    measured = fit_of()
    joint = fit_of(covariates=True, n=120, share=(0.3, 0.3, 0.4), seed=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = class_shift(measured, joint)
    assert set(table.index.get_level_values("quantity")) == {"item_probability"}
    assert "shares are not compared" in table.note
    assert "(200 and 120)" in table.note
    assert "shares are not compared" not in class_shift(measured, fit_of(covariates=True, seed=2)).note


def test_same_labels_with_other_answers_are_other_respondents():
    measured = Fit.reading(fit_of())
    assert same_respondents(measured, Fit.reading(fit_of(covariates=True)))
    assert not same_respondents(measured, Fit.reading(fit_of(covariates=True, other_answers=1)))


def test_classes_in_another_order_are_refused():
    joint = fit_of(covariates=True, profiles=PROFILES[[1, 0, 2]], seed=2)
    with pytest.raises(ValueError, match=r"C1 is C2, C2 is C1.*order=measured"):
        class_shift(fit_of(), joint)


@pytest.mark.parametrize(
    ("measured", "joint", "message"),
    [
        ({"covariates": True}, {"covariates": True}, "measured is a fit of formula '~ age', with covariates, to 200"),
        ({}, {"names": ["C1", "C2", "rest"]}, "differ in latent_class: .*'rest'.*name_classes"),
    ],
)
def test_fits_that_cannot_be_compared(measured, joint, message):
    with pytest.raises(ValueError, match=message):
        class_shift(fit_of(**measured), fit_of(**joint))


def test_items_and_categories_must_be_the_same():
    joint = fit_of(covariates=True, items=("pay", "workload"))
    with pytest.raises(ValueError, match="differ in item: 'pay', 'training' and 'pay', 'workload'"):
        class_shift(fit_of(), joint)
    other = fit_of(covariates=True, labels=[["no", "yes"], ["less", "more"]])
    with pytest.raises(ValueError, match="categories differ between the fits of 200 and 200"):
        class_shift(fit_of(), other)
    with pytest.raises(ValueError, match="largest=5"):
        class_shift(fit_of(), fit_of(), largest=5)


def test_items_of_unequal_length_have_no_row_for_what_does_not_exist():
    trees = []
    for seed in (1, 2):
        tree = fit_of(covariates=seed == 2, seed=seed)
        rho = tree["posterior"]["item_probability"].to_numpy()
        wide = np.concatenate([rho, np.full((*rho.shape[:-1], 1), np.nan)], axis=-1)
        wide[:, :, :, 0] = np.concatenate([rho[:, :, :, 0] * 0.9, np.full((*rho.shape[:3], 1), 0.1)], axis=-1)
        rest = tree["posterior"].to_dataset().drop_vars(["item_probability", "category"])
        dims = ("chain", "draw", "latent_class", "item", "category")
        tree["posterior"] = xr.DataTree(
            rest.assign(item_probability=(dims, wide)).assign_coords(category=["no", "yes", "often"])
        )
        tree.attrs["labels"] = json.dumps([["no", "yes", "often"], ["no", "yes"]])
        trees.append(tree)
    assert len(class_shift(*trees)) == 3 + 3 * 5


def test_real_fits_agree_on_data_without_direct_effects(lca, lca_draws, joint_draws):
    """600 respondents: the joint fit's classes are those of the items up to noise."""
    from bayes_lca.posterior.labels.relabel import relabel

    aligned = relabel(joint_draws, np.array(json.loads(joint_draws.attrs["pivot"])), lca_draws)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClassShiftWarning)
        table = class_shift(lca_draws, aligned)
    assert len(table) == 3 + 3 * 6 * 3
    assert ((table["lower"] < 0) & (table["upper"] > 0)).all()
    assert bl.class_sizes(lca_draws)["mean"].to_numpy() == pytest.approx(
        table.loc["class_share", "measured"].to_numpy()
    )
