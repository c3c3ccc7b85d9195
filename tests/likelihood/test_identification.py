"""More classes than the items can tell apart, and models that fit equally well: named, never recommended."""

import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.criteria import n_parameters
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.identification import degrees_of_freedom
from bayes_lca.likelihood.information_root import free_log_ratios
from bayes_lca.likelihood.whitened_scores import WhitenedScores
from bayes_lca.workflows.class_counts.blrt import BootstrapLikelihoodRatio
from bayes_lca.workflows.class_counts.blrt_decision import decide_by_bootstrap

FEW = {"n_starts": 10}
QUICK = {"draws": 19, "starts": 3, "jobs": 1, "progressbar": False}


@pytest.fixture(scope="module")
def survey():
    """Three items of two categories from two classes, and one of three categories."""
    rng = np.random.default_rng(1)
    latent_class = rng.integers(2, size=300)
    frame = pd.DataFrame({item: (rng.random(300) < np.where(latent_class, 0.8, 0.2)).astype(int) for item in "abc"})
    return frame.assign(d=np.where(rng.random(300) < 0.6, 2 * latent_class, rng.integers(3, size=300)))


def jacobian_rank(n_classes, n_categories, seed=0):
    """Rank of the derivatives of all cell probabilities at parameters drawn at random, by differences."""
    rng = np.random.default_rng(seed)
    cells = np.array(list(np.ndindex(*n_categories)))
    start = rng.normal(size=n_parameters(n_classes, n_categories))

    def probabilities(logits):
        share = np.exp(np.r_[0, logits[: n_classes - 1]])
        joint, place = np.tile(share / share.sum(), (len(cells), 1)), n_classes - 1
        for c in range(n_classes):
            for j, size in enumerate(n_categories):
                rho = np.exp(np.r_[0, logits[place : place + size - 1]])
                joint[:, c] *= (rho / rho.sum())[cells[:, j]]
                place += size - 1
        return joint.sum(axis=1)

    step = 1e-5 * np.eye(len(start))
    slopes = [(probabilities(start + move) - probabilities(start - move)) / 2e-5 for move in step]
    return np.linalg.matrix_rank(np.array(slopes), tol=1e-8)


@pytest.mark.parametrize(
    ("n_classes", "n_categories", "freedom", "unidentified"),
    [
        (2, (2,), -2, 2),
        (2, (2, 2), -2, 2),
        (3, (2, 2), -5, 5),
        (2, (2, 2, 2), 0, 0),
        (3, (2, 2, 2), -4, 4),
        (2, (3, 3), -1, 2),
        (3, (2, 2, 2, 2), 1, 1),
    ],
)
def test_what_the_answers_leave_open_is_what_no_table_could_tell(n_classes, n_categories, freedom, unidentified):
    """Against the rank of the derivatives of the cells: three classes and four items are Goodman's example."""
    parameters = n_parameters(n_classes, n_categories)
    assert degrees_of_freedom(parameters, n_categories) == freedom
    assert parameters - jacobian_rank(n_classes, n_categories) == unidentified
    rng = np.random.default_rng(3)
    cells = np.array(list(np.ndindex(*n_categories)))
    probability = [[rng.dirichlet(np.full(size, 5.0)) for size in n_categories] for _ in range(n_classes)]
    joint = [np.prod([rho[j][cells[:, j]] for j in range(len(n_categories))], axis=0) for rho in probability]
    counts = 1e4 * np.mean(joint, axis=0)  # expected: the maximum lies inside
    fitted = fit_em(cells, counts, n_categories, n_classes, n_starts=10, tolerance=1e-12)
    scores = WhitenedScores.of(fitted, cells, counts)
    free = free_log_ratios(Classification(fitted.item_probability, fitted.class_share, cells, counts))
    assert scores.n_free == free.sum()
    if scores.n_free == parameters:
        assert scores.n_unidentified == unidentified


@pytest.mark.parametrize(("items", "classes", "best"), [("ab", 2, 1), ("ad", 3, 1), ("abc", 3, 2), ("a", 2, 1)])
def test_too_few_cells_are_named_and_not_recommended(survey, items, classes, best):
    table = bl.count_classes(bl.Items(list(items)), survey, range(1, classes + 1), **FEW)
    cells = np.prod([survey[item].nunique() for item in items])
    np.testing.assert_array_equal(table["degrees_of_freedom"], cells - 1 - table["parameters"])
    assert table["degrees_of_freedom"].iloc[-1] < 0
    recommended = bl.recommend_classes(table)
    assert recommended.n_classes == best
    assert max(recommended.choices.values()) <= best
    assert f"{classes} classes there are more parameters than these items can tell apart" in str(recommended)
    assert f"{classes} classes have" in table.note
    assert "missed" not in f"{recommended} {table.note}"
    assert "try more" not in str(recommended)


def test_singular_solutions_with_cells_enough_are_named():
    """Three classes for Stouffer and Toby's four items: one degree of freedom, and one parameter too many."""
    table = pd.DataFrame(
        {
            "log_likelihood": [-9.0, -5.0, -4.0],
            **{name: [9.0, 5.0, 4.0] for name in ("AIC", "BIC", "aBIC", "CAIC", "ICL")},
            "smallest_class": 0.3,
            "starts_at_mode": 9,
            "degrees_of_freedom": [11, 6, 1],
            "unidentified": [0, 0, 1],
            "vlmr_p": [np.nan, 0.01, 0.01],
        },
        index=pd.Index([1, 2, 3], name="classes"),
    )
    recommended = bl.recommend_classes(table)
    assert recommended.n_classes == recommended.choices["BIC"] == recommended.choices["VLMR"] == 2
    assert "With 3 classes the answers say nothing about some combinations of the parameters" in str(recommended)
    with pytest.raises(ValueError, match="none of the 1 numbers of classes in the table is identified"):
        bl.recommend_classes(table.loc[[3]])


@pytest.mark.parametrize(("items", "n_classes"), [("a", 2), ("abc", 3), ("ab", 3)])
def test_ties_have_a_p_value_of_one(survey, items, n_classes):
    """One class fits one item as well as two do, and two fit a table of three items without error."""
    names = bl.Items(list(items))
    by_scores = bl.vuong_lo_mendell_rubin(names, survey, n_classes, starts=10)
    assert by_scores.p == by_scores.adjusted_p == by_scores.vuong_p == 1
    assert "fits no better" in by_scores.remark
    assert "missed" not in str(by_scores)
    test = bl.bootstrap_likelihood_ratio(names, survey, n_classes, **QUICK)
    assert test.p == 1
    assert "fits no better" in str(test)
    assert test.degrees_of_freedom < 0
    assert "not identified" in str(test)


def test_ties_of_statistics_that_are_not_zero():
    draws = np.array([5.0 - 1e-7, 5.0 + 1e-7, 4.9, -1e-7])
    assert BootstrapLikelihoodRatio(2, 5.0, draws, 0, 0, 0).n_exceeding == 2
    assert BootstrapLikelihoodRatio(2, 1e-6, draws, 0, 0, 0).p == 1


def test_ties_do_not_reject_in_the_study_either(survey):
    codes = survey[["a"]].to_numpy()
    one_class = fit_em(codes, np.ones(300), (2,), 1)
    decision = decide_by_bootstrap(one_class, 1e-9, codes, (2,), draws=19, starts=2)
    assert decision.rejected is False
    assert decision.made == decision.exceeding == 1


def test_adjusted_bic_up_to_22_respondents_is_no_evidence(survey):
    """log((22 + 2) / 24) = 0: every further class would win."""
    items = bl.Items(["a", "b", "c"])
    few, enough = (bl.count_classes(items, survey.head(n), [1, 2], **FEW) for n in (22, 23))
    assert few["aBIC"].isna().all()
    assert "aBIC left out" in few.note
    assert "aBIC" not in bl.recommend_classes(few).choices
    assert "aBIC" not in str(bl.recommend_classes(few))
    assert len(bl.plot_class_counts(few).axes[0].lines) == len(bl.plot_class_counts(enough).axes[0].lines) - 1
    assert enough["aBIC"].notna().all()
    assert "aBIC" in bl.recommend_classes(enough).choices


@pytest.mark.parametrize(
    ("part", "n_classes", "lacking"),
    [
        (bl.Items(["a", "b"]), 2, 2),
        (bl.Items(["a", "d"]), 2, 2),  # 2 * 3 - 1 cells, 1 + 2 * 3 parameters
        (bl.OrdinalItems(["a", "d"]), 2, 1),  # 1 + (1 + 1) + (2 + 1) parameters
    ],
)
def test_a_fit_warns_before_sampling(survey, part, n_classes, lacking):
    with pytest.warns(bl.UnidentifiedWarning, match=f"{n_classes} classes have {lacking} parameters more") as warned:
        bl.LatentClass(n_classes, part).build(survey)
    assert warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bl.LatentClass(2, bl.Items(["a", "b", "c"])).build(survey)
        bl.LatentClass(2, bl.Items(["a", "b"]), bl.Regression("~ c")).build(survey)  # tables for either value of c


def test_overfitted_says_how_many_classes_could_be_told_apart(survey):
    settings = {"max_classes": 4, "draws": 300, "tune": 100, "chains": 2}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        table = bl.overfitted(bl.Items(["a", "b", "c"]), survey, **settings)
        assert "more than 2 classes have more parameters than these items can tell apart" in table.note
        with pytest.warns(bl.UnidentifiedWarning, match=r"\d classes have \d parameters more"):
            bl.overfitted(bl.Items(["a", "b"]), survey, alpha=0.5, **settings)
