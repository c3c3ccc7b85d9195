"""The design comes back from the draws as the fit made it, and encodes new rows the same way."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.fitted.design import constant_within, group_labels
from bayes_lca.fitted.fit import Fit

FORMULAS = {
    "~ 1": {},
    "~ x + tier + (1 | group)": {},
    "~ age + role + yes": {"age": "31-40", "role": "member"},
    "~ C(k) + x + (1 | group)": {"k": "2"},
    "~ np.log(x) * tier": {"tier": "high"},
    "~ center(z) * role + scale(x)": {},
    "~ poly(z, 2) + bs(x, df=4)": {},
    "~ x + age + (x + age | city/group)": {"age": ">40"},
    "~ score + (1 | group) + (1 | ward)": {},
}


@pytest.mark.filterwarnings("ignore::bayes_lca.RepeatedLabelsWarning")
@pytest.mark.filterwarnings("ignore::bayes_lca.SingleLevelWarning")
@pytest.mark.parametrize(("formula", "reference"), FORMULAS.items(), ids=FORMULAS.keys())
def test_design_is_that_of_the_fit(formula, reference, made_up):
    frame = made_up.staff()
    fitted = read_design(frame, formula, reference=reference)
    stored = Fit.reading(made_up.draws(formula, frame, reference=reference)).design
    assert stored.formula == formula
    assert stored.terms == fitted.terms
    for name in ("matrix", "center", "scale"):
        np.testing.assert_array_equal(getattr(stored, name), getattr(fitted, name))
    pd.testing.assert_frame_equal(stored.covariates, fitted.covariates)
    for one, other in zip(stored.groupings, fitted.groupings, strict=True):
        assert (one.name, one.levels, one.varying) == (other.name, other.levels, other.varying)
        np.testing.assert_array_equal(one.index, other.index)


@pytest.mark.filterwarnings("ignore::bayes_lca.RepeatedLabelsWarning")
@pytest.mark.filterwarnings("ignore::bayes_lca.SingleLevelWarning")
@pytest.mark.parametrize(("formula", "reference"), FORMULAS.items(), ids=FORMULAS.keys())
def test_new_rows_are_encoded_as_by_the_fit(formula, reference, made_up):
    """Ten other rows, without most levels: constants and columns are those of the fitted rows."""
    frame, new = made_up.staff(), made_up.staff(n=10, seed=9)
    new["z"] = new["z"].clip(frame["z"].min(), frame["z"].max())
    expected, groups = read_design(frame, formula, reference=reference).encode(new)
    stored = Fit.reading(made_up.draws(formula, frame, reference=reference)).design
    matrix, group = stored.encode(new)
    np.testing.assert_array_equal(matrix, expected)
    for name, index in groups.items():
        np.testing.assert_array_equal(group[name], index)


def test_declared_order_survives(made_up):
    """Levels that sort otherwise: declared backwards, and the reference in the middle."""
    frame = made_up.staff()
    frame["age"] = frame["age"].cat.reorder_categories([">40", "<=30", "31-40"])
    draws = made_up.draws("~ age + role", frame, reference={"age": "31-40", "role": "member"})
    design = Fit.reading(draws).design
    assert list(design.covariates["age"].cat.categories) == ["31-40", ">40", "<=30"]
    assert list(design.covariates["role"].cat.categories) == ["member", "lead"]
    assert design.terms == ("age[>40]", "age[<=30]", "role[lead]")


def test_rows_left_out_by_the_fit_stay_out(made_up):
    frame = made_up.staff()
    frame.loc[frame.index[:5], "z"] = None
    with pytest.warns(UserWarning, match="5 of 160 rows left out"):
        fitted = read_design(frame, "~ poly(z, 2)", missing="drop")
    design = Fit.reading(made_up.draws("~ poly(z, 2)", frame.iloc[5:])).design
    assert len(design.matrix) == 155
    np.testing.assert_array_equal(design.matrix, fitted.matrix)


def test_design_survives_the_disk(joint_draws, tmp_path):
    """A real fit, saved and loaded."""
    bl.save(joint_draws, tmp_path / "fit.nc")
    design = Fit.reading(bl.load(tmp_path / "fit.nc")).design
    np.testing.assert_array_equal(design.matrix, joint_draws["constant_data"]["design"])
    assert design.covariates["education"].cat.categories[0] == "college or below"
    assert design.groupings[0].levels == tuple(f"G{g}" for g in range(1, 7))


def test_another_design_than_the_stored_one_is_refused(made_up):
    draws = made_up.draws("~ x + role")
    draws["patterns"]["design"][3, 0] += 0.5
    with pytest.raises(ValueError, match=r"'~ x \+ role' no longer gives the design.*formulae"):
        _ = Fit.reading(draws).design


def test_the_design_is_encoded_once(made_up):
    fit = Fit.reading(made_up.draws("~ x + (1 | group)"))
    assert fit.design is fit.design


def test_group_level_columns_have_one_value_in_each_group(made_up):
    design = Fit.reading(made_up.draws("~ x + score + yes + (1 | group)")).design
    covariates = design.covariates[["score", "x", "yes"]]
    assert constant_within(covariates, design.groupings[0].index) == ["score"]
    assert constant_within(covariates, np.arange(160)) == ["score", "x", "yes"]
    assert constant_within(covariates, np.zeros(160)) == []


def test_groups_of_new_rows_are_named_as_in_the_fit(made_up):
    formula = Fit.reading(made_up.draws("~ x + (1 | city/group)")).formula
    frame = pd.DataFrame({"city": ["Hefei", "Wuhan"], "group": ["G4", "G9"]})
    assert group_labels(formula, frame) == {"city": ["Hefei", "Wuhan"], "city:group": ["Hefei:G4", "Wuhan:G9"]}
    frame.loc[1, "group"] = None
    with pytest.raises(ValueError, match=r"'group' is missing in 1 of 2 rows \(rows 1\)"):
        group_labels(formula, frame)
