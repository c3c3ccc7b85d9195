"""Numbers of classes under a survey design."""

import numpy as np
import pytest

import bayes_lca as bl

ITEMS = bl.Items(["training", "recognition", "expertise"])
N = 180
SURVEY = bl.example_survey().assign(
    w=np.random.default_rng(1).gamma(2.0, size=N), whole=np.tile([0.0, 1.0, 2.0], N // 3), psu=np.arange(N) % 30
)
DESIGN = bl.SurveyDesign(weights="w", cluster="psu")


def counted(frame=SURVEY, design=DESIGN, **options):
    return bl.count_classes(ITEMS, frame, [1, 2], design=design, n_starts=10, **options)


def test_whole_weights_count_as_repeated_rows():
    repeated = SURVEY.loc[np.repeat(SURVEY.index, SURVEY["whole"].astype(int))].reset_index(drop=True)
    ordinary = bl.count_classes(ITEMS, repeated.drop(columns=["w"]), [1, 2], n_starts=10)
    table = counted(design=bl.SurveyDesign(weights="whole"))
    for name in ("log_likelihood", "AIC", "BIC", "aBIC", "CAIC", "ICL"):
        np.testing.assert_allclose(table[f"pseudo_{name}"], ordinary[name], atol=1e-6)
        assert name not in table
    for name in ("entropy_r2", "smallest_class", "average_posterior"):
        np.testing.assert_allclose(table[name], ordinary[name], atol=1e-6)


def test_the_table_says_in_words_that_criteria_are_pseudo_and_who_was_weighted():
    note = counted().note
    kish = SURVEY["w"].sum() ** 2 / (SURVEY["w"] ** 2).sum()
    assert f"weighted by 'w' (Kish's n = {kish:.1f}), 30 clusters of 'psu'; maximum pseudo-likelihood" in note
    assert "which is no probability of the sample" in note
    assert not {"vlmr_p", "lmr_adjusted_p", "vuong_p"} & set(counted().columns)


def test_respondents_asked_twice_count_once_in_standard_errors():
    twice = SURVEY.loc[np.repeat(SURVEY.index, 2)].reset_index(names="id")
    once = counted(SURVEY.reset_index(names="id"), bl.SurveyDesign(cluster="id"))
    doubled = counted(twice, bl.SurveyDesign(cluster="id"))
    np.testing.assert_allclose(doubled["smallest_class_se"], once["smallest_class_se"], rtol=1e-3)
    np.testing.assert_allclose(doubled["scaling"], 2 * once["scaling"], rtol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"blrt_draws": 5}, "^blrt_draws beside design=.*bootstrap samples are simple random samples"),
        ({"bayes": True}, "^bayes beside design=.*counts whole respondents"),
        ({"common_method": True}, "^common_method beside design="),
        ({"count": "whole"}, "^count beside design="),
    ],
)
def test_what_has_no_weighted_form_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        counted(**options)


@pytest.mark.usefixtures("pictures_are_not_written")
def test_no_number_is_recommended_and_the_report_shows_the_table(tmp_path):
    table = counted()
    for function in (bl.recommend_classes, bl.plot_class_counts):
        message = f"^{function.__name__}: .*weighted for a survey design, whose criteria choose no number of classes"
        with pytest.raises(ValueError, match=message):
            function(table)
    bl.report(bl.load_example("alone"), tmp_path / "page.html", counted=table)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "No number of classes is recommended" in page
    assert "pseudo" in page
    assert "of a pseudo-likelihood" in page


def test_papers_print_criteria_as_those_of_a_pseudo_likelihood():
    table = counted()
    printed = bl.class_number_table(table)
    assert [name for name in printed.columns if "BIC" in name] == ["pseudo-BIC", "pseudo-aBIC"]
    assert printed["pseudo-BIC"].tolist() == [f"{value:.1f}" for value in table["pseudo_BIC"]]
    assert printed["pseudo-log-likelihood"].tolist() == [f"−{-value:.1f}" for value in table["pseudo_log_likelihood"]]
    assert "which is no probability of the sample" in printed.note
