"""Draws of other samplers as fits: the same numbers as those of `fit`, and nothing that is no draw of the model."""

import re
import warnings

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from scipy.special import logsumexp

import bayes_lca as bl
from bayes_lca.datasets.example import ITEMS

LCA = bl.LatentClass(2, bl.Items(ITEMS))
NESTED = bl.LatentClass(2, bl.Items(ITEMS), bl.Regression("~ participation + score + (1 | group)"))
OF_CLASSES = ("latent_class", "other_class")


def adopted(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.adopt(*arguments, **options)


@pytest.fixture(scope="module")
def sampled():
    """A hundred draws of `pymc.sample`."""
    options = {"draws": 100, "tune": 100, "chains": 2, "random_seed": 3, "progressbar": False, "quiet": True}
    return pm.sample(model=LCA.build(bl.example_survey()), backend="jax", **options)


def scrambled(draws, seed=1):
    """Draws of `fit` as another sampler might give them: classes in another order in every draw, and axes numbered."""
    rng = np.random.default_rng(seed)
    posterior = draws["posterior"].to_dataset()
    order = rng.permuted(np.tile(np.arange(2), (200, 1)), axis=1).reshape(2, 100, 2)
    variables = {}
    for name, values in posterior.data_vars.items():
        for axis in set(OF_CLASSES) & set(values.dims):
            place = values.dims.index(axis)
            shape = [2, 100, *([1] * (values.ndim - 2))]
            shape[place] = 2
            index = np.broadcast_to(order.reshape(shape), values.shape)
            values = values.copy(data=np.take_along_axis(values.to_numpy(), index, axis=place))
        dims = ("chain", "draw", *(f"{name}_dim_{place}" for place in range(values.ndim - 2)))
        variables[name] = (dims, values.to_numpy())
    statistics = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((2, 100), dtype=bool))})
    observed = draws["observed_data"].to_dataset().load()
    return xr.DataTree.from_dict(
        {"/posterior": xr.Dataset(variables), "/sample_stats": statistics, "/observed_data": observed}
    )


def test_draws_of_pymc_have_every_table(sampled):
    survey = bl.example_survey()
    draws = adopted(LCA, survey, sampled)
    share = sampled["posterior"]["class_share"].transpose("chain", "draw", ...).to_numpy()
    rho = sampled["posterior"]["item_probability"].transpose("chain", "draw", ...).to_numpy()
    codes = np.column_stack([survey[item].cat.codes for item in ITEMS])
    log_joint = np.log(share)[:, :, None] + sum(
        np.log(rho[:, :, :, place, codes[:, place]]).transpose(0, 1, 3, 2) for place in range(3)
    )
    np.testing.assert_allclose(draws["log_likelihood"]["answers"], logsumexp(log_joint, axis=-1), rtol=1e-9)
    membership = np.exp(log_joint - logsumexp(log_joint, axis=-1, keepdims=True))
    of_draws = bl.membership_draws(draws).transpose("chain", "draw", "respondent", "latent_class").to_numpy()
    np.testing.assert_allclose(np.sort(of_draws, axis=-1), np.sort(membership, axis=-1), atol=1e-5)
    first = share[..., 0]
    sizes = bl.class_sizes(draws)
    assert sizes["mean"].is_monotonic_decreasing
    assert first.mean() != pytest.approx(sizes["mean"].iloc[0], abs=0.05)  # one of the chains has its classes swapped
    assert np.maximum(share.mean(axis=1), 1 - share.mean(axis=1)).max(axis=-1).mean() == pytest.approx(
        sizes["mean"].iloc[0], abs=1e-6
    )
    assert {"em_starts", "relabel_certainty", "chain_modes"} <= set(draws.attrs)
    assert bl.modes(draws)["chains"].tolist() == ["0, 1"]


def test_classes_and_regression_come_back_from_scrambled_labels():
    fitted = bl.load_example()
    draws = adopted(NESTED, bl.example_survey(), scrambled(fitted))
    for table in (bl.class_profiles, bl.class_sizes, bl.odds_ratios, bl.random_intercepts, bl.heterogeneity):
        numbers, wanted = (table(each).select_dtypes("number") for each in (draws, fitted))
        pd.testing.assert_frame_equal(pd.DataFrame(numbers), pd.DataFrame(wanted), rtol=1e-6)
    np.testing.assert_allclose(draws["log_likelihood"]["answers"], fitted["log_likelihood"]["answers"], rtol=1e-6)


def test_it_warns_as_a_fit_does():
    with pytest.warns(bl.ConvergenceWarning, match="fewer than 400 effective draws|R-hat above"):
        bl.adopt(NESTED, bl.example_survey(), scrambled(bl.load_example()))


def test_what_nobody_can_check_is_said():
    idata = scrambled(bl.load_example())
    del idata["observed_data"]
    with pytest.warns(UserWarning, match="without 'observed_data', so nobody can check that they are of this frame"):
        adopted(NESTED, bl.example_survey(), idata)
    idata = scrambled(bl.load_example())
    del idata["sample_stats"]
    with pytest.warns(UserWarning, match="nobody can see whether transitions diverged"):
        adopted(NESTED, bl.example_survey(), idata)


def test_draws_of_other_rows_are_refused(sampled):
    survey = bl.example_survey()
    with pytest.raises(ValueError, match=r"beside the draws, of shape .*: the draws are of other rows"):
        bl.adopt(LCA, survey.head(150), sampled)
    turned = survey.assign(training=survey["training"].to_numpy()[::-1])
    with pytest.raises(ValueError, match="the draws are of other rows, another order of rows, or another model"):
        bl.adopt(LCA, turned, sampled)
    with pytest.raises(ValueError, match="'answers' beside the draws"):
        bl.adopt(NESTED, survey.iloc[::-1], scrambled(bl.load_example()))
    seen = bl.Multinomial("education", bl.Regression("~ participation"))
    with pytest.raises(ValueError, match=r"the data beside the draws are .*'answers', none of those of this model"):
        bl.adopt(seen, survey, sampled)


@pytest.mark.parametrize(
    "variables, told",
    [
        ({"class_share": lambda of: of["class_share"] - 1}, "its class_share is negative in some draws"),
        ({"item_probability": lambda of: 2 * of["item_probability"]}, "its item_probability does not add up to 1"),
        ({"class_share": lambda of: of["class_share"] * np.nan}, "its class_share holds draws that are no numbers"),
        ({"class_share": lambda of: of["class_share"].isel(draw=0)}, r"has dims \(.*\), without 'draw'; give draws of"),
    ],
    ids=["negative", "no probabilities", "not numbers", "one draw"],
)
def test_what_is_no_draw_is_refused(sampled, variables, told):
    ((name, make),) = variables.items()
    posterior = sampled["posterior"].to_dataset()
    idata = sampled.copy()
    idata["posterior"] = xr.DataTree(posterior.assign({name: make(posterior)}))
    with pytest.raises(ValueError, match=told):
        bl.adopt(LCA, bl.example_survey(), idata)


def test_draws_of_another_number_of_classes_are_refused(sampled):
    of_three = bl.LatentClass(3, LCA.measurement)
    with pytest.raises(ValueError, match=r"each draw of '.*' has shape \(2.*\), and the model .* has \(3"):
        bl.adopt(of_three, bl.example_survey(), sampled)


def test_a_variable_that_is_not_there_is_named():
    idata = scrambled(bl.load_example())
    idata["posterior"] = xr.DataTree(idata["posterior"].to_dataset().drop_vars("group_effect"))
    with pytest.raises(ValueError, match=r"lacks 'group_effect' of this model.*pymc\.compute_deterministics"):
        bl.adopt(NESTED, bl.example_survey(), idata)


def test_axes_in_another_order_are_refused(sampled):
    turned = sampled.copy()
    turned["posterior"] = xr.DataTree(sampled["posterior"].to_dataset().isel(item=[1, 0, 2]))
    with pytest.raises(ValueError, match="axis 'item' of 'item_probability' has 'recognition', 'training'"):
        bl.adopt(LCA, bl.example_survey(), turned)


def test_what_is_no_tree_is_refused(sampled):
    with pytest.raises(TypeError, match=r"adopt takes the tree that pymc\.sample returns"):
        bl.adopt(LCA, bl.example_survey(), sampled["posterior"].to_dataset())
    with pytest.raises(TypeError, match=re.escape("bl.adopt(LatentClass(3, Items([...])), frame)")):
        bl.adopt(bl.example_survey(), LCA, sampled)
