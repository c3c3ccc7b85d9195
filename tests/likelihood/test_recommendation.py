"""A number of classes in words, from tables made for each case and from published data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.workflows.class_counts.recommendation import recommend_classes

REFERENCE = Path(__file__).parents[1] / "reference"


def table_of(bic, smallest, **others):
    """Rows for one class up, all criteria as BIC unless given."""
    n = len(bic)
    columns = dict.fromkeys(("AIC", "aBIC", "CAIC", "ICL"), bic)
    columns |= {"log_likelihood": np.arange(n), "starts_at_mode": [9] * n, "entropy_r2": [np.nan] + [0.9] * (n - 1)}
    columns |= {"BIC": bic, "smallest_class": smallest, "smallest_class_se": [0.001] * n} | others
    return pd.DataFrame(columns, index=pd.Index(range(1, n + 1), name="classes"))


def test_agreement_leaves_nothing_to_warn_of():
    found = recommend_classes(table_of([9, 5, 3, 4], [1, 0.4, 0.3, 0.2]))
    assert found.n_classes == 3
    assert found.choices == dict.fromkeys(("AIC", "BIC", "aBIC", "CAIC", "ICL"), 3)
    assert str(found).splitlines() == [
        "3 classes are recommended: BIC is smallest there, and the smallest class holds 30.0%, at least 10%.",
        "AIC, BIC, aBIC, CAIC and ICL all choose 3.",
    ]


def test_small_class_of_the_study():
    """BIC and the tests ask for four classes, one of which holds 3.5 %: three, with a word on it."""
    table = table_of(
        [9, 7, 5, 4, 6], [1, 0.4, 0.3, 0.035, 0.03], blrt_p=[np.nan, 0.005, 0.005, 0.005, 0.4], ICL=[9, 7, 5, 6, 8]
    )
    found = recommend_classes(table)
    assert found.n_classes == 3
    assert found.choices["BIC"] == found.choices["BLRT"] == 4
    assert "BIC is smallest at 4, but the smallest class there holds 3.5%, less than the 10% asked for" in str(found)
    assert "ICL agrees; AIC, BIC, aBIC, CAIC and BLRT choose 4." in str(found)
    assert "A small class may be unresolved: AIC, BIC, aBIC, CAIC and BLRT ask for more classes." in str(found)
    assert recommend_classes(table, smallest_class=0.03).n_classes == 4
    assert recommend_classes(table, smallest_class=0).n_classes == 4
    assert recommend_classes(table, smallest_class=0.35).n_classes == 2


def test_limit_itself_is_large_enough():
    assert recommend_classes(table_of([9, 5, 6], [1, 0.1, 0.05])).n_classes == 2


def test_more_classes_than_bic_chooses_are_never_recommended():
    assert recommend_classes(table_of([9, 5, 6], [1, 0.05, 0.3])).n_classes == 1


def test_tests_stop_at_the_first_that_is_not_significant():
    p = [np.nan, 0.05, 0.051, 0.001]
    found = recommend_classes(table_of([9, 5, 6, 7], [1, 0.4, 0.3, 0.2], blrt_p=p, vlmr_p=[np.nan, 0.2, 0.01, 0.01]))
    assert found.choices["BLRT"] == 2
    assert found.choices["VLMR"] == 1
    assert "VLMR chooses 1" in str(found)
    every = recommend_classes(table_of([9, 5, 6], [1, 0.4, 0.3], blrt_p=[np.nan, 0.01, 0.02]))
    assert every.choices["BLRT"] == 3


def test_tests_with_gaps_choose_nothing():
    table = table_of([9, 5, 6, 7], [1, 0.4, 0.3, 0.2], vlmr_p=[np.nan, 0.01, np.nan, 0.5])
    assert "VLMR" not in recommend_classes(table).choices
    assert "VLMR" not in recommend_classes(table.drop(index=2)).choices


def test_blurred_classes_may_hide_a_small_one():
    table = table_of([9, 5, 6], [1, 0.4, 0.3], entropy_r2=[np.nan, 0.56, 0.5])
    assert "A small class may be unresolved: entropy R2 is only 0.56." in str(recommend_classes(table))
    table["AIC"] = [9, 6, 5]
    words = "A small class may be unresolved: AIC asks for more classes and entropy R2 is only 0.56."
    assert words in str(recommend_classes(table))


def test_smallest_class_too_uncertain_for_the_rule():
    close, clear = (
        str(recommend_classes(table_of([9, 5, 6], [1, 0.12, 0.05], smallest_class_se=[0, se, se])))
        for se in (0.02, 0.005)
    )
    assert "with a standard error of at least 2.0%: the rule of 10% could as well decide the other way" in close
    assert "standard error" not in clear


def test_maxima_not_replicated_or_missed():
    table = table_of([9, 5, 6], [1, 0.4, 0.3], starts_at_mode=[9, 2, 1], log_likelihood=[-9.0, -5.0, -6.0])
    words = str(recommend_classes(table))
    assert "With 3 classes only one start reached the best maximum" in words
    assert "With 3 classes the log-likelihood falls: a maximum was missed." in words


def test_smallest_criterion_at_the_end_of_the_table():
    assert "BIC still falls at 3, the largest number in the table" in str(
        recommend_classes(table_of([9, 5, 4], [1] * 3))
    )


def test_rows_may_come_in_any_order():
    table = table_of([9, 5, 3, 4], [1, 0.4, 0.3, 0.2], blrt_p=[np.nan, 0.01, 0.01, 0.5])
    assert str(recommend_classes(table)) == str(recommend_classes(table.iloc[::-1]))


def test_published_data():
    patterns = pd.read_csv(REFERENCE / "gss82.csv")
    frame = patterns.loc[patterns.index.repeat(patterns["count"])].drop(columns="count")
    found = recommend_classes(bl.count_classes(bl.Items(list(frame)), frame, range(1, 5)))
    assert found.choices["AIC"] == 4  # 5547.24 against 5549.09
    assert found.choices["BIC"] == 3  # 5650.93 against 5658.73 and 5684.72
    assert found.n_classes == 3


def test_wrong_arguments():
    table = table_of([9, 5], [1, 0.4])
    with pytest.raises(ValueError, match=r"smallest_class=10: give a share from 0 to less than 1"):
        recommend_classes(table, smallest_class=10)
    with pytest.raises(TypeError, match="recommend_classes takes the table that count_classes returns, not DataTree"):
        recommend_classes(bl.load_example())
    with pytest.raises(ValueError, match="column BIC is not in the table of 2 rows"):
        recommend_classes(table.drop(columns="BIC"))


def predicting(difference, error, bic, smallest, *, modes=1, r_hat=1.0, high_k=0):
    """A table with posteriors."""
    posteriors = {"elpd": difference, "elpd_difference": difference, "elpd_difference_se": error}
    return table_of(bic, smallest, **posteriors, modes=modes, r_hat=r_hat, high_k=high_k)


@pytest.mark.parametrize(
    ("difference", "error", "chosen"),
    [
        ([-50, -10, -3.9, 0], [5, 1, 0.1, 0], 3),  # less than 4 decides nothing
        ([-50, -10, -4.1, 0], [5, 1, 0.1, 0], 4),
        ([-50, -10, -9, 0], [5, 1, 4.6, 0], 3),  # nor do two standard errors
        ([-50, -9, -4.1, 0], [30, 1, 2, 0], 1),
        ([0, -1, -2, -3], [0, 1, 1, 1], 1),
    ],
)
def test_fewest_classes_that_predict_as_well_as_the_best(difference, error, chosen):
    found = recommend_classes(predicting(difference, error, [9, 7, 5, 6], [1, 0.4, 0.3, 0.2]))
    assert found.choices["elpd"] == found.n_classes == chosen


def test_predictive_density_proposes_and_bic_is_heard():
    found = recommend_classes(predicting([-90, -20, -9, 0], [9, 5, 1, 0], [9, 7, 5, 6], [1, 0.4, 0.3, 0.2]))
    assert str(found).splitlines() == [
        "4 classes are recommended: fewer predict left-out respondents worse, and the smallest class holds 20.0%, "
        "at least 10%.",
        "elpd agrees; AIC, BIC, aBIC, CAIC and ICL choose 3.",
        "elpd still rises at 4, the largest number in the table: try more.",
    ]
    small = recommend_classes(predicting([-90, -20, -9, 0], [9, 5, 1, 0], [9, 7, 5, 6], [1, 0.4, 0.3, 0.02]))
    assert "3 classes are recommended: fewer than 4 predict left-out respondents worse, but the smallest" in str(small)


def test_posteriors_that_did_not_settle_are_doubted():
    table = predicting([-90, 0, -1, -2], [9, 0, 1, 1], [9, 5, 6, 7], [1, 0.4, 0.3, 0.2])
    assert "chains" not in str(recommend_classes(table.assign(modes=[1, 1, 2, 1], r_hat=[1, 1, 1, 1.2])))
    doubted = str(recommend_classes(table.assign(modes=[1, 2, 1, 1], high_k=[0, 3, 0, 9])))
    assert "With 2 classes the chains do not agree, so elpd there is rough: take more draws." in doubted
    assert "With 2 classes elpd is unreliable for 3 respondents, whose Pareto k is high." in doubted
    assert "9 respondents" not in doubted
    assert "With 1 or 2 classes the chains do not agree" in str(recommend_classes(table.assign(r_hat=1.06)))


def with_method(table, bic, smallest, **others):
    """The table with columns of classes with a common method beside it."""
    columns = {"log_likelihood": np.arange(len(bic)), "degrees_of_freedom": 9, "starts_at_mode": 9} | {
        "entropy_r2": 0.9
    }
    columns |= {"BIC": bic, "smallest_class": smallest} | others
    return table.assign(**{f"method_{name}": values for name, values in columns.items()})


FOUR = table_of([99.0, 70.0, 50.0, 45.5, 60.0], [1, 0.4, 0.3, 0.2, 0.1], ICL=[99, 70, 50, 55, 60])


def test_classes_with_a_common_method_are_recommended_where_bic_is_smaller():
    found = recommend_classes(with_method(FOUR, [60.0, 33.0, 36.0, 40.0, 45.0], [1, 0.38, 0.2, 0.1, 0.1]))
    assert (found.n_classes, found.common_method) == (2, True)
    assert found.choices == recommend_classes(FOUR).choices | {"method BIC": 2}
    assert str(found).splitlines() == [
        "2 classes with a common method are recommended: BIC is smallest there, by 12.5 less than without one, and the "
        "smallest class holds 38.0%, at least 10%.",
        "Without a common method, none agrees; ICL chooses 3; AIC, BIC, aBIC and CAIC choose 4.",
    ]
    one = recommend_classes(with_method(FOUR, [30.0, 33.0, 36.0, 40.0, 45.0], [1, 0.38, 0.2, 0.1, 0.1]))
    assert str(one).startswith("1 class with a common method is recommended: BIC is smallest there, by 15.5 less")


@pytest.mark.parametrize("least", [45.5, 47.0])
def test_classes_without_a_common_method_are_recommended_where_theirs_is_as_small(least):
    alone = recommend_classes(FOUR)
    found = recommend_classes(with_method(FOUR, [60.0, least, 50.0, 55.0, 60.0], [1, 0.38, 0.2, 0.1, 0.1]))
    assert (found.n_classes, found.common_method, str(found)) == (4, False, str(alone))
    assert found.choices == alone.choices | {"method BIC": 2}


def test_rules_and_warnings_are_of_the_classes_with_a_common_method():
    table = with_method(FOUR, [60.0, 40.0, 33.0, 36.0, 40.0], [1, 0.38, 0.04, 0.1, 0.1], entropy_r2=0.5)
    words = str(recommend_classes(table))
    assert words.startswith(
        "2 classes with a common method are recommended: BIC is smallest at 3, by 12.5 less than without one, but the "
        "smallest class there holds 4.0%, less than the 10% asked for"
    )
    assert "A small class may be unresolved: BIC asks for more classes and entropy R2 is only 0.50." in words
    assert recommend_classes(table, smallest_class=0.04).n_classes == 3
    rough = str(recommend_classes(table.assign(method_starts_at_mode=[1, 9, 1, 9, 9])))
    assert "With 3 classes only one start reached the best maximum" in rough
    unidentified = table.assign(method_degrees_of_freedom=[9, 9, -1, 9, 9])
    assert recommend_classes(unidentified).choices["method BIC"] == 4
    assert not recommend_classes(table.assign(method_degrees_of_freedom=-1)).common_method
