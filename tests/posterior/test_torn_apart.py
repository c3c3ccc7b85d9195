"""Groups of a fit that were selected or turned round one by one are refused by what no longer belongs together."""

import numpy as np
import pytest
import xarray as xr

import bayes_lca as bl


@pytest.fixture(scope="module")
def draws():
    return bl.load_example("alone")


def with_group(draws, name, edit):
    """The fit with one of its groups, as it is kept, changed."""
    result = draws.copy()
    result[name] = xr.DataTree(edit(draws[name].to_dataset()))
    return result


TORN = {
    "items turned round": (
        "posterior",
        lambda of: of.isel(item=[2, 1, 0]),
        r"axis 'item' has other names, or another order, than when the model was fitted",
    ),
    "a class left out": ("posterior", lambda of: of.isel(latent_class=[0]), r"the draws have 1 of the 2 classes"),
    "respondents left out": (
        "patterns",
        lambda of: of.isel(respondent=slice(100)),
        r"the tree has 100 of the 180 respondents",
    ),
    "rows turned round": (
        "patterns",
        lambda of: of.isel(pattern=slice(None, None, -1)),
        r"rows of 'patterns' were selected or turned round",
    ),
    "counts of others": (
        "patterns",
        lambda of: of.assign(count=of["count"].roll(pattern=1)),
        r"respondents are not those that the distinct rows count",
    ),
}


@pytest.mark.parametrize("name", TORN)
def test_a_fit_whose_groups_were_torn_apart_is_refused(draws, name):
    group, edit, told = TORN[name]
    torn = with_group(draws, group, edit)
    for read in (bl.class_sizes, bl.membership):
        with pytest.raises(ValueError, match=rf"^{read.__name__}: {told}; give the draws that bl.fit returned"):
            read(torn)


def test_a_frequency_table_of_which_rows_were_left_out_is_refused(draws):
    rows = draws["patterns"].to_dataset()
    counted = draws.copy()
    counted["patterns"] = xr.DataTree(rows.drop_dims("respondent"))
    table = xr.Dataset(
        {"count": ("table_row", rows["count"].to_numpy()), "pattern_of_table_row": ("table_row", np.arange(15))}
    )
    counted["frequency_table"] = xr.DataTree(table)
    assert bl.class_sizes(counted).equals(bl.class_sizes(draws))
    counted["frequency_table"] = xr.DataTree(table.isel(table_row=slice(14)))
    with pytest.raises(ValueError, match="respondents are not those that the frequency table counts"):
        bl.class_sizes(counted)


def test_chains_and_draws_may_be_selected(draws):
    """What the refusal advises."""
    selected = draws.isel(chain=[1], draw=slice(50))
    assert bl.class_sizes(selected).loc["C1", "mean"] == pytest.approx(
        draws["posterior"]["class_share"][1, :50, 0].mean().item(), rel=1e-12
    )
