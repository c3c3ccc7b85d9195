"""Survey designs: what they refuse, by name, and how weights are scaled."""

import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.data.survey_weights import refuse_items_as_roles, sample_of
from bayes_lca.models import LatentClass
from bayes_lca.structural.regression import Regression

FRAME = pd.DataFrame(
    {
        "w": [2.0, 4.0, 0.0, 6.0, 1.0, 3.0, 5.0, 3.0],
        "region": ["n", "n", "n", "n", "s", "s", "s", "s"],
        "hospital": [1, 1, 2, 2, 1, 2, 2, 3],
        "x": [0.0, 1.0, 2.0, np.nan, 1.0, 0.0, 2.0, 1.0],
        "g": ["a", "a", "b", "b", "a", "b", "a", "b"],
    },
    index=list("abcdefgh"),
)
FULL = bl.SurveyDesign(weights="w", strata="region", cluster="hospital")


def with_value(column, value, row="b"):
    frame = FRAME.copy()
    frame[column] = frame[column].astype(object) if isinstance(value, str) else frame[column]
    frame.loc[row, column] = value
    return frame


def design_of(formula, frame=FRAME, missing="drop"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Regression(formula).read(frame, missing)


@pytest.mark.parametrize(
    ("frame", "design", "message"),
    [
        (with_value("w", -1.5), FULL, r"weights 'w' are negative in 1 of 8 rows, such as -1.5 \(rows 'b'\); a weight"),
        (with_value("w", np.nan), FULL, r"weights 'w' are missing in 1 of 8 rows \(rows 'b'\); ask whoever"),
        (with_value("w", np.inf), FULL, r"weights 'w' are infinite in 1 of 8 rows"),
        (FRAME.assign(w=0.0), FULL, r"weights 'w' are 0 in all 8 rows; name the column"),
        (FRAME.assign(w="x"), FULL, r"weights 'w' are no numbers but values such as 'x' in 8 rows"),
        (FRAME.assign(w=True), FULL, r"weights 'w' are no numbers but values such as True in 8 rows"),
        (with_value("region", None), FULL, r"strata column 'region' is missing in 1 of 8 rows \(rows 'b'\)"),
        (with_value("hospital", np.nan), FULL, r"cluster column 'hospital' is missing in 1 of 8 rows"),
        (FRAME.drop(columns="w"), FULL, r"unknown survey design column\(s\) 'w'"),
        (
            FRAME.assign(hospital=[1, 1, 1, 1, 1, 2, 2, 3]),
            FULL,
            r"1 of 2 strata of 'region' have one cluster of 'hospital' in 8 rows, 'n'.*merge each.*"
            r"frame\['region'\].replace\({'n': 's'}\)",
        ),
        (FRAME.assign(hospital=1), bl.SurveyDesign(cluster="hospital"), "there is one cluster of 'hospital' in 8 rows"),
        (
            FRAME,
            bl.SurveyDesign(weights="w", strata="region", cluster="hospital", population={"n": 4}),
            r"population lacks 's' of the 2 strata of 'region' \(8 rows\), and has 'n'",
        ),
        (
            FRAME,
            bl.SurveyDesign(weights="w", strata="region", cluster="hospital", population={"n": 4, "s": 2}),
            r"population of stratum 's' has 2 clusters, and the sample of 8 rows 3",
        ),
        (FRAME, bl.SurveyDesign(weights="w", population=7), r"population has 7 clusters, and the sample of 8 rows 8"),
    ],
)
def test_what_cannot_be_a_design_is_refused_by_name(frame, design, message):
    with pytest.raises(ValueError, match=message):
        design.read(frame)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "names weights"),
        ({"weights": "w", "population": {"n": 4}}, "name the strata"),
        ({"strata": "region", "population": 40}, "give one size for each stratum of 'region'"),
        ({"weights": "w", "population": 0}, "whole numbers from 1 on"),
        ({"strata": "region", "population": {"n": 1.5}}, "whole numbers from 1 on"),
        ({"weights": "w", "cluster": "w"}, "weights='w', strata=None and cluster='w' name one column twice"),
    ],
)
def test_designs_that_say_nothing_or_contradict_themselves_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        bl.SurveyDesign(**options)
    with pytest.raises(TypeError, match="give the number of clusters"):
        bl.SurveyDesign(weights="w", population="40")
    with pytest.raises(TypeError, match="weights=Series: give the name of the column"):
        bl.SurveyDesign(weights=FRAME["w"])


def test_equal_weights_are_told_of():
    with pytest.warns(bl.EqualWeightsWarning, match="weights 'w' are 3 in all 8 rows, so that they change nothing"):
        bl.SurveyDesign(weights="w").read(FRAME.assign(w=3))


def test_a_cluster_is_one_of_its_stratum_and_respondents_are_units_without():
    sample = FULL.read(FRAME)
    assert sample.unit.tolist() == [0, 0, 1, 1, 2, 3, 3, 4]
    assert sample.stratum_of_unit.tolist() == [0, 0, 1, 1, 1]
    assert sample.is_clustered
    alone = bl.SurveyDesign(weights="w", strata="region").read(FRAME)
    assert alone.unit.tolist() == list(range(8))
    assert alone.stratum_of_unit.tolist() == [0] * 4 + [1] * 4


def test_population_is_the_share_of_clusters_that_were_drawn():
    sized = bl.SurveyDesign(strata="region", cluster="hospital", population={"n": 4, "s": 30}).read(FRAME)
    np.testing.assert_allclose(sized.sampled_share, [0.5, 0.1])
    assert FULL.read(FRAME).sampled_share.tolist() == [0, 0]


def test_weights_add_up_to_the_rows_that_are_kept_and_clusters_stay():
    kept = np.array([True] * 2 + [False] * 2 + [True] * 4)
    scaled = FULL.read(FRAME).scaled(kept)
    np.testing.assert_allclose(scaled.weight, FRAME["w"].to_numpy()[kept] * 6 / 18)
    assert len(scaled.stratum_of_unit) == 5  # the second of the north has no row left, and is no less a cluster
    assert scaled.kish_n == pytest.approx(18**2 / (4 + 16 + 1 + 9 + 25 + 9))


def test_weights_add_up_to_the_size_of_each_group_and_that_is_said():
    design = design_of("~ (1 | g)")
    frame = FRAME.assign(w=FRAME["w"] * np.where(FRAME["g"] == "a", 3.0, 1.0))
    with pytest.warns(bl.WeightsInGroupsWarning, match="weights 'w' stand beside random effects of 'g'.*contested"):
        sample = sample_of(bl.SurveyDesign(weights="w"), frame, design)
    for name in ("a", "b"):
        inside = (frame["g"] == name).to_numpy()
        np.testing.assert_allclose(sample.weight[inside], frame["w"][inside] * 4 / frame["w"][inside].sum())


def test_clusters_that_hold_whole_groups_are_refused_beside_their_effects():
    design = design_of("~ (1 | g)")
    with pytest.raises(ValueError, match=r"2 of 2 groups of 'g' lie in one cluster of 'c' each \('a', 'b'; 8 rows\)"):
        sample_of(bl.SurveyDesign(cluster="c"), FRAME.assign(c=FRAME["g"] + "c"), design)


def test_groups_without_any_weight_are_refused():
    frame = FRAME.assign(w=np.where(FRAME["g"] == "b", 0.0, 1.0))
    with pytest.raises(ValueError, match=r"all survey weights of group\(s\) 'b' are 0 in 4 rows"):
        sample_of(bl.SurveyDesign(weights="w"), frame, design_of("~ (1 | g)"))


@pytest.mark.parametrize(
    ("role", "items", "refused"),
    [("weights", ["x"], False), ("weights", ["w"], True), ("cluster", ["x", "w"], True), ("strata", ["w"], False)],
)
def test_an_item_is_neither_weights_nor_clusters(role, items, refused):
    survey = bl.SurveyDesign(**{role: "w"})
    if not refused:
        return refuse_items_as_roles(survey, items, len(FRAME))
    with pytest.raises(ValueError, match=f"{role}='w' of the survey design is also an item of 8 rows"):
        sample_of(survey, FRAME, design_of("~ 1"), items)


def test_levels_without_any_weight_are_refused():
    frame = FRAME.assign(w=np.where(FRAME["g"] == "b", 0.0, 1.0))
    message = r"all survey weights of level\(s\) 'b' of covariate 'g' are 0 in 4 of 8 rows"
    with pytest.raises(ValueError, match=message):
        sample_of(bl.SurveyDesign(weights="w"), frame, design_of("~ g"))
    assert sample_of(bl.SurveyDesign(weights="w"), FRAME, design_of("~ g")).weight.sum() == pytest.approx(8)


@pytest.mark.parametrize("cluster", ["hospital", None])
def test_clusters_say_what_respondents_are_nested_in(cluster):
    """The draws are corrected for them: no random intercepts are asked for, as they are of an unclustered sample."""
    place = np.arange(60)
    frame = pd.DataFrame({"q1": place % 2, "q2": place // 2 % 2, "q3": place // 4 % 2, "w": 1.0 + place % 3})
    frame = frame.assign(hospital=[f"H{i // 6}" for i in place], tier=np.where(place < 30, "low", "high"))
    model = LatentClass(2, bl.Items(["q1", "q2", "q3"]), Regression("~ tier"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.build(frame, design=bl.SurveyDesign(weights="w", cluster=cluster))
    nested = [str(one.message) for one in caught if one.category is bl.SingleLevelWarning]
    assert [message.partition(" of ")[0] for message in nested] == ["'tier' has one value in each"] * (cluster is None)


@pytest.mark.parametrize("column", ["w", "region", "hospital"])
def test_rows_that_are_left_out_may_lack_what_the_design_uses(column):
    """Row d lacks its covariate; the sample is that of a frame in which its design is complete, or without the row."""
    frame = with_value(column, None if column == "region" else np.nan, row="d")
    if column == "w":
        frame["w"] = frame["w"].astype(float)
    sample, whole = (sample_of(FULL, each, design_of("~ x", each)) for each in (frame, FRAME))
    np.testing.assert_allclose(sample.weight, whole.weight)
    np.testing.assert_array_equal(sample.unit, whole.unit)
    np.testing.assert_array_equal(sample.stratum_of_unit, whole.stratum_of_unit)
    with pytest.raises(ValueError, match=f"'{column}' (are|is) missing in 1 of 8 rows"):
        sample_of(FULL, with_value(column, None if column == "region" else np.nan), design_of("~ x"))


def test_a_stratum_of_rows_that_are_left_out_alone_is_no_stratum():
    frame = FRAME.assign(region=["n", "n", "n", "east", "s", "s", "s", "s"])
    frame["hospital"] = frame["hospital"].astype(float).where(frame.index != "d")
    sample = sample_of(FULL, frame, design_of("~ x"))
    assert len(sample.sampled_share) == 2
    assert sample.weight.sum() == pytest.approx(7)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (
            FULL,
            r"1 of 2 strata of 'region' have one cluster of 'hospital' in 7 rows that are used \(1 more .*, 'n', and",
        ),
        (
            bl.SurveyDesign(cluster="hospital"),
            r"there is one cluster of 'hospital' in 7 rows that are used \(1 more are",
        ),
    ],
)
def test_a_cluster_is_alone_among_the_rows_that_are_used(design, message):
    """The only other cluster would be that of row d, which is left out and lacks its label."""
    hospital = [1, 1, 1, np.nan, 1, 2, 2, 3] if design is FULL else [1, 1, 1, np.nan, 1, 1, 1, 1]
    frame = FRAME.assign(hospital=hospital)
    with pytest.raises(ValueError, match=message):
        sample_of(design, frame, design_of("~ x", frame))
