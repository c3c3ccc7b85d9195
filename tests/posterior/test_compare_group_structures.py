"""Fits compared by the groups they leave out: what is shown, and fits that cannot be compared so."""

import numpy as np
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted.views import with_views


@pytest.fixture(scope="module")
def compared():
    fits = {"intercepts": bl.load_example(), "no groups": bl.load_example("alone")}
    return bl.compare_group_structures(fits, n_draws=50)


def test_the_verdict_is_the_difference_of_the_table_in_words(compared):
    best, second = compared.table.index
    row = compared.table.loc[second]
    sum_of_groups = compared.pointwise[second].sum() - compared.pointwise[best].sum()
    assert row["difference"] == pytest.approx(sum_of_groups, rel=1e-10)
    said = f"{best} has an elpd {-row['difference']:.1f} (SE {row['difference_se']:.1f}) higher than {second}"
    assert f"Of 6 groups of 'group' left out one at a time, {said}" in str(compared)
    assert compared.verdict == compared.words and str(compared).startswith(compared.words)


def test_the_table_of_fits_is_shown_below_the_verdict_in_notebooks(compared):
    assert list(compared.tables) == ["fits"] and compared.tables["fits"] is compared.table
    page = compared._repr_html_()
    assert page.startswith("<p><strong>Of 6 groups") and "<h4>fits</h4>" in page
    assert repr(compared).startswith(compared.words)


def test_fits_with_several_groupings_are_refused(made_up):
    one, two = (made_up.draws(formula, latent=True) for formula in ("~ (1 | group)", "~ (1 | city/group)"))
    with pytest.raises(ValueError, match=r"fit\(s\) 'two' have several groupings; compare fits with one grouping each"):
        bl.compare_group_structures({"one": one, "two": two})


def test_fits_of_other_groups_are_refused(made_up):
    frame = made_up.staff()
    frame["unit"] = frame["group"].sample(frac=1, random_state=1).to_numpy()
    fits = {name: made_up.draws(f"~ (1 | {name})", frame, latent=True) for name in ("group", "unit")}
    with pytest.raises(ValueError, match=r"fits 'group' and 'unit' have groups 'group' and 'unit'; compare fits with"):
        bl.compare_group_structures(fits)


def test_fits_of_other_respondents_are_refused(made_up):
    whole = made_up.draws("~ (1 | group)", latent=True)
    apart = whole.copy()
    patterns = whole["patterns"].to_dataset()
    apart["patterns"] = xr.DataTree(patterns.assign_coords(respondent=patterns["respondent"] + 10_000))
    told = "they have other respondents, or the same in another order"
    with pytest.raises(ValueError, match=f"'a' and 'b' are compared by the same groups left out, and {told}"):
        bl.compare_group_structures({"a": whole, "b": with_views(apart)})
    twice = np.repeat(patterns["respondent"].to_numpy()[::2], 2)
    apart["patterns"] = xr.DataTree(patterns.assign_coords(respondent=twice))
    with pytest.raises(ValueError, match="left out, and 80 rows repeat the label of another"):
        bl.compare_group_structures({"a": whole, "b": with_views(apart)})
