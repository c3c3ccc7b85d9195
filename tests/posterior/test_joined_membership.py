"""Membership joins the frame that was fitted, one row to one row, whatever its labels and its columns are called."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayes_lca as bl
from bayes_lca.dims import class_names
from bayes_lca.fitted.record import PATTERNS
from bayes_lca.models import AssignedClass, LatentClass

ITEMS = ["training", "recognition", "expertise"]


def labelled(tree, labels, rows=None):
    """The fit of a frame with these row labels, of which some rows may have been left out."""
    result = tree.copy()
    patterns = tree[PATTERNS].to_dataset().assign_coords(respondent=np.asarray(labels))
    if rows is not None:
        patterns["row_of_respondent"] = ("respondent", rows.astype(np.int32))
    result[PATTERNS] = patterns
    return result


@pytest.mark.parametrize(
    "labels", [np.arange(180) // 9, ["x"] * 180, [f"p{i}" for i in range(180)]], ids=["numbers", "one text", "unique"]
)
def test_every_row_joins_once(labels):
    expected = bl.membership(bl.load_example())
    survey = bl.example_survey().set_axis(labels)
    table = bl.membership(labelled(bl.load_example(), labels))
    joined = survey.reset_index().join(table.set_index("row"))
    assert len(joined) == 180
    np.testing.assert_array_equal(joined["C1"], expected["C1"])
    polar = pl.from_pandas(survey).with_row_index("row").join(pl.from_pandas(table), on="row", how="left")
    np.testing.assert_array_equal(polar["C1"].to_numpy(), expected["C1"])
    if len(set(labels)) == 180:
        np.testing.assert_array_equal(survey.join(table)["C1"], expected["C1"])
        return
    with pytest.raises(ValueError, match="no overlapping index names"):  # and no rows multiplied
        survey.join(table)
    assert table.index.is_unique
    assert table.index.get_level_values("row_label").tolist() == list(labels)
    assert bl.membership_draws(labelled(bl.load_example(), labels))["row"].to_numpy().tolist() == list(range(180))


def test_rows_that_were_left_out_have_none():
    rows = np.delete(np.arange(200), np.arange(0, 200, 10))
    frame = pd.DataFrame({"x": range(200)}, index=[0] * 200)
    table = bl.membership(labelled(bl.load_example(), [0] * 180, rows))
    joined = frame.reset_index().join(table.set_index("row"))
    assert len(joined) == 200
    assert joined.index[joined["C1"].isna()].tolist() == list(range(0, 200, 10))
    np.testing.assert_array_equal(joined["C1"].dropna(), bl.membership(bl.load_example())["C1"])


@pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")
def test_classes_have_other_names_than_items():
    assert class_names(3) == class_names(3, taken=["C4", "c1"]) == ["C1", "C2", "C3"]
    assert class_names(2, taken=["C2", "class_1"]) == ["class__1", "class__2"]
    frame = bl.example_survey().rename(columns=dict(zip(ITEMS, ["C1", "C2", "C3"], strict=True)))
    prepared = LatentClass(2, bl.Items(["C1", "C2", "C3"])).prepare(frame)
    assert list(prepared.model.coords["latent_class"]) == ["class_1", "class_2"]
    draws = bl.fit(
        LatentClass(2, bl.Items(["C1", "C2", "C3"])), frame, draws=2, tune=2, chains=1, seed=1, progressbar=False
    )
    assert bl.membership(draws).columns[:2].tolist() == ["class_1", "class_2"]
    assert len(frame.join(bl.membership(draws))) == 180


def test_items_do_not_explain_their_own_classes():
    survey = bl.example_survey()
    message = r"item\(s\) '{0}' are also in the formula of the classes of 180 rows"
    regression = bl.Regression("~ age + training")
    with pytest.raises(ValueError, match=message.format("training")):
        LatentClass(2, bl.Items(ITEMS), regression).prepare(survey)
    with pytest.raises(ValueError, match=message.format("group")):
        LatentClass(2, bl.Items([*ITEMS, "group"]), bl.Regression("~ age + (1 | group)")).prepare(survey)
    measured = bl.load_example("alone")
    with pytest.raises(ValueError, match=message.format("training")):
        AssignedClass(bl.answers_of(measured), regression).prepare(survey)
    with pytest.raises(ValueError, match=message.format("training")):
        bl.stepwise_odds_ratios(measured, regression, survey)
    nested = LatentClass(2, bl.Items(ITEMS), bl.Regression("~ age + training + (1 | group)"))
    with pytest.raises(ValueError, match=message.format("training")):
        bl.fit_estimators(nested, survey, measured=measured)


def test_one_chain_is_said_below_every_table(made_up):
    one, two = (made_up.draws("~ x + (1 | group)", latent=True, chains=chains) for chains in (1, 2))
    for function in (bl.odds_ratios, bl.random_intercepts, bl.membership, bl.class_profiles):
        assert "1 x 40 draws, one chain, so no R-hat" in function(one).note
        assert "one chain" not in function(two).note
