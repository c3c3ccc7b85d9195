"""Univariate tests: by hand and against SciPy, pooled over imputed classes, sized under the null, not attenuated."""

import json
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from scipy import stats

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import distinct_rows, record_answers
from bayes_lca.fitted.views import with_views
from bayes_lca.models import LatentClass
from bayes_lca.posterior.columns.association import association, noncentrality, pool
from bayes_lca.posterior.columns.covariate_tests import covariate_tests
from bayes_lca.posterior.columns.impute_classes import impute_classes
from bayes_lca.posterior.tables.membership import membership

SHARE = np.array([0.3, 0.4, 0.3])
RHO = np.array([[0.8, 0.8, 0.7, 0.7, 0.3], [0.3, 0.7, 0.2, 0.6, 0.7], [0.2, 0.2, 0.3, 0.2, 0.2]])  # (class, item)
ITEMS = [f"item{j + 1}" for j in range(5)]


def tree_of(codes, rho=RHO, share=SHARE, *, draws=60, spread=0.01, seed=0):
    """Draws about known parameters of items with two answers."""
    rng = np.random.default_rng(seed)
    shape = (2, draws // 2)
    yes = np.clip(rho + spread * rng.normal(size=(*shape, *rho.shape)), 0.001, 0.999)
    classes = [f"C{c + 1}" for c in range(len(share))]
    coords = {"latent_class": classes, "chain": range(2), "draw": range(draws // 2)}
    posterior = xr.Dataset(
        {
            "class_share": (("chain", "draw", "latent_class"), np.broadcast_to(share, (*shape, len(share)))),
            "item_probability": (
                ("chain", "draw", "latent_class", "item", "category"),
                np.stack([1 - yes, yes], axis=-1),
            ),
        },
        coords,
    )
    items = [f"item{j + 1}" for j in range(codes.shape[1])]
    design = read_design(pd.DataFrame(index=np.arange(len(codes))), "~ 1")
    pattern, rows = unique_rows(codes).pattern, distinct_rows(design, codes)
    labels = [["no", "yes"]] * len(items)
    groups, attributes = record_answers(codes, pattern, items, labels, design, pd.RangeIndex(len(codes)), rows)
    attributes |= LatentClass(len(share), bl.Items(items)).identity | {"n_modes": 1, "relabelled": 1}
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior.assign_coords(item=items)}
    return with_views(xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()}))


def answered(tree, frame):
    """The frame with the answers of the fit, which show that its rows are the respondents."""
    codes, items = tree["observed_data"]["answers"].to_numpy(), tree["encoding"]["item"].to_numpy()
    labels = np.array([*json.loads(tree.attrs["labels"])[0], None], dtype=object)
    return frame.assign(**dict(zip(items, labels[codes].T, strict=True)))


def answers_of(latent, rng, rho=RHO):
    return (rng.random((len(latent), rho.shape[1])) < rho[latent]).astype(int)


def survey(n, seed, effect):
    """Respondents of known class; levels and numbers that go with it by `effect`, with the draws of their fit."""
    rng = np.random.default_rng(seed)
    latent = rng.choice(3, n, p=SHARE)
    weight = np.exp(effect * np.array([[0.0, 0.5, -0.5], [0.0, -0.5, 0.5], [0.0, 1.0, 1.0]]))  # (class, level)
    weight /= weight.sum(axis=1, keepdims=True)
    level = (rng.random((n, 1)) > weight[latent].cumsum(axis=1)[:, :-1]).sum(axis=1)
    frame = pd.DataFrame(
        {
            "ward": np.array(["A", "B", "C"])[level],
            "hours": rng.normal(effect * np.array([0.0, 0.7, 1.4])[latent]).round(1),
            "latent": latent,
        }
    )
    tree = tree_of(answers_of(latent, rng))
    return tree, answered(tree, frame)


@pytest.fixture(scope="module")
def associated():
    return survey(4000, 1, 1.0)


@pytest.fixture(scope="module")
def staff(made_up):
    frame = made_up.staff()
    return frame.assign(age=frame["age"].cat.as_ordered())


def chi_square_by_hand(rows, columns):
    """Pearson's statistic and the smallest expected count, by loops."""
    total, least, n = 0.0, np.inf, len(rows)
    for a, b in product(set(rows), set(columns)):
        observed = sum(r == a and c == b for r, c in zip(rows, columns, strict=True))
        expected = sum(r == a for r in rows) * sum(c == b for c in columns) / n
        total, least = total + (observed - expected) ** 2 / expected, min(least, expected)
    return total, least


def test_chi_square_by_hand(staff):
    row = covariate_tests("role", staff, ["age"]).loc["age"]
    statistic, least = chi_square_by_hand(list(staff["age"]), list(staff["role"]))
    assert row["test"] == "chi-square"
    assert row["statistic"] == pytest.approx(statistic)
    assert row["df"] == 2
    assert row["p_value"] == pytest.approx(stats.chi2.sf(statistic, 2))
    assert row["effect_size"] == "Cramer's V"
    assert row["effect"] == pytest.approx(np.sqrt(statistic / (160 * 1)))
    assert row["smallest_expected"] == pytest.approx(least)


def test_two_by_two_has_no_continuity_correction(staff):
    row = covariate_tests("role", staff, ["ward"]).loc["ward"]
    assert row["statistic"] == pytest.approx(chi_square_by_hand(list(staff["ward"]), list(staff["role"]))[0])
    assert "without continuity correction" in covariate_tests("role", staff, ["ward"]).note


def test_cramers_v_divides_by_the_smaller_side(staff):
    row = covariate_tests("tier", staff, ["group"]).loc["group"]  # six groups, three tiers that they determine
    assert row["effect"] == pytest.approx(1)
    assert row["upper"] == 1
    assert row["df"] == 10


def test_kruskal_wallis_with_ties(staff):
    row = covariate_tests("age", staff, ["x"]).loc["x"]
    samples = [staff["x"][staff["age"] == level] for level in staff["age"].cat.categories]
    known = stats.kruskal(*samples)
    rank = stats.rankdata(staff["x"])
    between = sum(
        (staff["age"] == level).sum() * (rank[staff["age"] == level].mean() - rank.mean()) ** 2
        for level in staff["age"].cat.categories
    )
    assert staff["x"].nunique() < 10
    assert (row["test"], row["df"]) == ("Kruskal-Wallis", 2)
    assert row["statistic"] == pytest.approx(known.statistic)
    assert row["p_value"] == pytest.approx(known.pvalue)
    assert row["effect_size"] == "epsilon-squared"
    assert row["effect"] == pytest.approx(between / ((rank - rank.mean()) ** 2).sum())  # share of the variance of ranks
    assert np.isnan(row["smallest_expected"])


def test_two_groups_are_mann_whitney(staff):
    row = covariate_tests("role", staff, ["z"]).loc["z"]
    lead = staff["role"] == "lead"
    known = stats.mannwhitneyu(staff["z"][lead], staff["z"][~lead], method="asymptotic", use_continuity=False)
    assert row["p_value"] == pytest.approx(known.pvalue)


def test_ordered_levels_are_ranked_where_named(staff):
    table = covariate_tests("role", staff, ["age", "tier"], ordinal=["age"])
    lead = staff["role"] == "lead"
    codes = staff["age"].cat.codes
    assert table.loc["age", "statistic"] == pytest.approx(stats.kruskal(codes[lead], codes[~lead]).statistic)
    assert table["test"].tolist() == ["Kruskal-Wallis", "chi-square"]


def test_truth_values_are_levels(staff):
    row = covariate_tests("role", staff, ["yes"]).loc["yes"]
    assert row["statistic"] == pytest.approx(chi_square_by_hand(list(staff["yes"]), list(staff["role"]))[0])


def test_levels_that_do_not_occur_do_not_count(staff):
    wide = staff.assign(age=staff["age"].cat.add_categories(["unheard of"]))
    expected = covariate_tests("role", staff, ["age"])
    pd.testing.assert_frame_equal(covariate_tests("role", wide, ["age"]), expected)


def test_classes_are_the_most_likely_ones(made_up, staff):
    tree = made_up.draws("~ 1", staff, latent=True)
    table = covariate_tests(tree, answered(tree, staff), ["ward", "z"])
    anything = (tree["observed_data"]["answers"] >= 0).any("item").to_numpy()
    staff = staff[anything]
    modal = membership(tree)[anything]["modal_class"].astype(str)
    assert table.loc["ward", "statistic"] == pytest.approx(chi_square_by_hand(list(staff["ward"]), list(modal))[0])
    samples = [staff["z"][modal == name] for name in modal.unique()]
    assert table.loc["z", "statistic"] == pytest.approx(stats.kruskal(*samples).statistic)
    certainty = membership(tree)[anything]["certainty"].mean()
    assert f"its probability is {certainty:.2f} on average" in table.note
    assert "come out too small" in table.note
    assert "2 x 40 draws" in table.note


def test_a_class_that_is_modal_for_nobody_costs_no_degree_of_freedom():
    codes = np.array([[1, 1], [0, 0]] * 40)
    rho = np.array([[0.9, 0.9], [0.1, 0.1], [0.5, 0.5]])
    tree = tree_of(codes, rho, np.array([0.45, 0.45, 0.1]), spread=0.0)
    frame = pd.DataFrame({"ward": ["A", "B", "B", "B", "A"] * 16})
    row = covariate_tests(tree, answered(tree, frame), ["ward"]).loc["ward"]
    assert membership(tree)["modal_class"].nunique() == 2
    assert row["df"] == 1
    assert row["statistic"] == pytest.approx(chi_square_by_hand(list(frame["ward"]), [0, 1] * 40)[0])


def test_pooled_statistics_against_a_published_example():
    """Allison's COMBCHI macro prints F = 2.0540138 with 3 and 342.22381 degrees of freedom, p = 0.1060954."""
    pooled, increase, df_error = pool(np.array([5.8, 7.2, 6.1, 8.5]), 3)
    assert pooled == pytest.approx(2.0540138, abs=1e-6)
    assert df_error == pytest.approx(342.22381, abs=1e-4)
    assert stats.f.sf(pooled, 3, df_error) == pytest.approx(0.1060954, abs=1e-6)
    assert increase == pytest.approx(1.25 * np.var(np.sqrt([5.8, 7.2, 6.1, 8.5]), ddof=1))


def test_imputations_that_agree_are_one_table():
    rng = np.random.default_rng(5)
    values, groups = rng.integers(3, size=200), rng.integers(2, size=200)
    once = association("chi-square", values, groups, 2, 0.95)
    again = association("chi-square", values, np.tile(groups, (5, 1)), 2, 0.95)
    assert again.variance_increase == pytest.approx(0, abs=1e-20)
    assert again.statistic == pytest.approx(once.statistic)
    assert again.p_value == pytest.approx(once.p_value)
    assert (again.effect, again.lower, again.upper) == pytest.approx((once.effect, once.lower, once.upper))


def test_table_of_imputed_classes_is_pooled(associated):
    tree, frame = associated
    row = covariate_tests(tree, frame, ["ward"], classes="imputed", n_draws=20, seed=3).loc["ward"]
    level = pd.Categorical(frame["ward"]).codes
    classes = impute_classes(Fit.reading(tree), level, 3, 3)
    found = [stats.chi2_contingency(pd.crosstab(level, one)) for one in classes]
    pooled, increase, df_error = pool(np.array([one.statistic for one in found]), 4)
    assert len(classes) == 20
    assert row["statistic"] == pytest.approx(4 * pooled)
    assert row["p_value"] == pytest.approx(stats.f.sf(pooled, 4, df_error))
    assert row["variance_increase"] == pytest.approx(increase)
    assert row["df_error"] == pytest.approx(df_error)
    assert row["effect"] == pytest.approx(np.sqrt((1 + increase) * 4 * pooled / (4000 * 2)))
    assert row["smallest_expected"] == pytest.approx(np.mean([one.expected_freq.min() for one in found]))


@pytest.mark.parametrize("df", [1, 4, 12])
@pytest.mark.parametrize("delta", [0.0, 1.5, 6.0])
def test_intervals_hold_the_noncentrality(df, delta):
    rng = np.random.default_rng(df)
    roots = np.sqrt(rng.noncentral_chisquare(df, delta**2, 250)) if delta else np.sqrt(rng.chisquare(df, 250))
    limits = np.array([noncentrality(root, df, 0.9) for root in roots])
    inside = ((limits[:, 0] <= delta) & (delta <= limits[:, 1])).mean()
    assert abs(inside - 0.9) < 4 * np.sqrt(0.9 * 0.1 / 250)
    assert (limits[:, 0] <= roots).all()
    assert (roots <= limits[:, 1]).all()
    np.testing.assert_array_equal(limits[:, 0] > 0, stats.chi2.sf(roots**2, df) < 0.1)


def test_intervals_are_those_of_a_search_over_all_values():
    grid = np.linspace(0, 12, 2401)
    for root, df in ((0.3, 3), (2.0, 2), (5.0, 6)):
        reach = np.abs(grid - root)
        chi = stats.ncx2(df, np.maximum(grid**2, 1e-12))
        within = chi.cdf((grid + reach) ** 2) - chi.cdf(np.maximum(grid - reach, 0) ** 2)
        inside = grid[within <= 0.95]
        assert noncentrality(root, df, 0.95) == pytest.approx((inside.min(), inside.max()), abs=0.01)


def test_classes_are_drawn_from_their_probability_given_answers_and_level():
    """Against every possible combination of classes, class shares of the levels integrated out."""
    rng = np.random.default_rng(1)
    codes, level = rng.integers(2, size=(6, 2)), np.array([0, 0, 0, 1, 1, 1])
    share, rho = np.array([0.6, 0.4]), np.array([[0.75, 0.4], [0.35, 0.7]])
    given = np.prod(np.where(codes[:, None] == 1, rho, 1 - rho), axis=-1)  # (respondent, class)
    weights, combinations = [], list(product(range(2), repeat=6))
    for classes in combinations:
        weight = np.prod(given[np.arange(6), classes])
        for one in (0, 1):
            count = np.bincount(np.array(classes)[level == one], minlength=2)
            for c in (0, 1):
                weight *= np.prod(share[c] + np.arange(count[c]))
        weights.append(weight)
    weights = np.array(weights) / np.sum(weights)
    exact = np.array([weights[[classes[i] == 1 for classes in combinations]].sum() for i in range(6)])
    together = weights[[classes[0] == classes[1] for classes in combinations]].sum()
    tree = tree_of(codes, rho, share, draws=4000, spread=0.0)
    drawn = impute_classes(Fit.reading(tree), level, 1, 9)
    error = 4 * np.sqrt(0.25 / 1000)  # draws five sweeps apart count as at least a quarter of so many
    np.testing.assert_allclose(drawn.mean(axis=0), exact, atol=error)
    assert (drawn[:, 0] == drawn[:, 1]).mean() == pytest.approx(together, abs=error)
    alone = given * share / (given * share).sum(axis=1, keepdims=True)
    assert np.abs(exact - alone[:, 1]).max() > error  # the level of a respondent tells something


def test_every_draw_counts_by_its_own_item_probabilities_and_respondents_without_level_do_not():
    codes = np.array([[0, 0, 0], [1, 1, 1]] * 10)
    tree = tree_of(codes, np.array([[0.999] * 3, [0.001] * 3]), np.array([0.5, 0.5]), draws=20, spread=0.0)
    posterior = tree["posterior"].to_dataset()
    turned = posterior["item_probability"].isel(latent_class=[1, 0]).assign_coords(latent_class=["C1", "C2"])
    both = posterior["item_probability"].where(posterior["chain"] == 0, turned)
    tree["posterior"] = xr.DataTree(posterior.assign(item_probability=both))
    level = np.where(np.arange(20) % 5 == 0, -1, np.arange(20) % 3)
    classes = impute_classes(Fit.reading(tree), level, 2, 1)
    assert classes.shape == (10, 16)
    np.testing.assert_array_equal(classes[:5], np.tile(1 - codes[level >= 0, 0], (5, 1)))
    np.testing.assert_array_equal(classes[5:], np.tile(codes[level >= 0, 0], (5, 1)))


def test_most_likely_classes_attenuate_and_imputed_classes_do_not(associated):
    tree, frame = associated
    truth = covariate_tests("latent", frame, ["ward", "hours"])
    modal = covariate_tests(tree, frame, ["ward", "hours"])
    imputed = covariate_tests(tree, frame, ["ward", "hours"], classes="imputed")
    for name, size in (("ward", lambda row: row["effect"]), ("hours", lambda row: np.sqrt(row["effect"]))):
        known, weak, found = (size(table.loc[name]) for table in (truth, modal, imputed))
        error = np.sqrt(imputed.loc[name, "variance_increase"] / 4000)  # of the size, given the classes
        assert abs(found - known) < 4 * error
        assert known - weak > 4 * error
    assert "not attenuated if the column acts on answers through the class alone" in imputed.note
    assert "drawn 60 times" in imputed.note


@pytest.mark.slow
def test_pooled_test_keeps_its_size():
    p_values = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        tree = tree_of(answers_of(rng.choice(3, 300, p=SHARE), rng), draws=16, seed=seed)
        for _ in range(50):
            level = rng.choice(3, 300, p=[0.5, 0.3, 0.2])
            p_values.append(
                association("chi-square", level, impute_classes(Fit.reading(tree), level, 1, seed), 3, 0.95).p_value
            )
    assert abs(np.mean(np.array(p_values) < 0.2) - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 200)


def test_pseudo_classes_drawn_without_the_column_would_reject_too_rarely():
    """Why classes are drawn given the column: the reason, as a figure."""
    rng = np.random.default_rng(0)
    codes = answers_of(rng.choice(3, 400, p=SHARE), rng)
    cumulative = membership(tree_of(codes))[["C1", "C2", "C3"]].to_numpy().cumsum(axis=1)
    p_values = []
    for _ in range(60):
        level = rng.choice(3, 400, p=[0.5, 0.3, 0.2])
        classes = (rng.random((30, 400, 1)) > cumulative[:, :-1]).sum(axis=2)
        p_values.append(association("chi-square", level, classes, 3, 0.95).p_value)
    assert np.mean(np.array(p_values) < 0.2) < 0.2 - 3 * np.sqrt(0.2 * 0.8 / 60)


def test_missing_rows_are_counted(staff):
    holes = staff.assign(z=staff["z"].where(np.arange(160) % 8 > 0), role=staff["role"].where(np.arange(160) % 10 > 0))
    table = covariate_tests("role", holes, ["z", "age"])
    gone = (np.arange(160) % 8 == 0) | (np.arange(160) % 10 == 0)
    assert table["missing"].tolist() == [gone.sum(), 16]
    assert table["n"].tolist() == [160 - gone.sum(), 144]
    assert "n = 160, 16 of them without 'role'" in table.note
    kept = covariate_tests("role", holes[~gone], ["z"])
    assert kept.loc["z", "statistic"] == pytest.approx(table.loc["z", "statistic"])


@pytest.mark.parametrize("classes", ["modal", "imputed"])
def test_missing_rows_are_counted_by_class(associated, classes):
    tree, frame = associated
    holes = frame.assign(ward=frame["ward"].where(np.arange(4000) % 4 > 0))
    row = covariate_tests(tree, holes, ["ward"], classes=classes, n_draws=4).loc["ward"]
    assert (row["n"], row["missing"]) == (3000, 1000)


def test_order_of_rows_does_not_matter(associated):
    tree, frame = associated
    for options in ({}, {"classes": "imputed", "n_draws": 5}):
        expected = covariate_tests(tree, frame, ["ward", "hours"], **options)
        shuffled = pd.concat([frame, frame.iloc[:3].set_axis([-1, -2, -3])]).sample(frac=1, random_state=1)
        pd.testing.assert_frame_equal(covariate_tests(tree, shuffled, ["ward", "hours"], **options), expected)


def test_labels_of_the_classes_do_not_matter(associated):
    tree, frame = associated
    turned = tree.copy()
    turned["posterior"] = xr.DataTree(tree["posterior"].to_dataset().isel(latent_class=[2, 0, 1]))
    pd.testing.assert_frame_equal(
        covariate_tests(turned, frame, ["ward", "hours"]), covariate_tests(tree, frame, ["ward", "hours"])
    )
    one, other = (covariate_tests(draws, frame, ["ward"], classes="imputed") for draws in (tree, turned))
    # a pooled root statistic has the standard deviation sqrt(r / m), five sweeps apart, over two independent runs
    error = np.sqrt(2 * one.loc["ward", "variance_increase"] / (60 / 4) / (4000 * 2))
    assert abs(one.loc["ward", "effect"] - other.loc["ward", "effect"]) < 4 * error


def test_polars_frames_work_as_pandas_frames(associated):
    tree, frame = associated
    polar = pl.from_pandas(frame)
    for by, options in ((tree, {}), (tree, {"classes": "imputed", "n_draws": 4}), ("latent", {})):
        expected = covariate_tests(by, frame, ["ward", "hours"], **options)
        pd.testing.assert_frame_equal(covariate_tests(by, polar, ["ward", "hours"], **options), expected)


def test_same_seed_same_table_whatever_else_is_tested(associated):
    tree, frame = associated
    options = {"classes": "imputed", "n_draws": 5}
    both = covariate_tests(tree, frame, ["hours", "ward"], seed=2, **options)
    pd.testing.assert_frame_equal(covariate_tests(tree, frame, ["ward"], seed=2, **options), both.loc[["ward"]])
    assert covariate_tests(tree, frame, ["ward"], seed=3, **options)["statistic"].item() != both["statistic"].iloc[1]


def test_small_expected_counts_are_told(staff):
    rare = staff.assign(kind=np.where(np.arange(160) < 4, "rare", "common"))
    note = covariate_tests("role", rare, ["kind", "ward"]).note
    least = 4 * min((staff["role"] == "lead").mean(), (staff["role"] == "member").mean())
    assert f"expected counts below 5 in 'kind' (smallest {least:.1f}, 'kind')" in note
    assert "expected counts" not in covariate_tests("role", rare, ["ward"]).note


def test_covariates_of_the_fit_are_told(made_up, staff):
    tree = made_up.draws("~ x + (1 | group)", staff, latent=True)
    note = covariate_tests(tree, staff, ["x", "ward", "group"]).note
    assert "formula of this fit uses 'x', 'group': its classes lean towards them" in note
    assert "formula" not in covariate_tests(tree, staff, ["ward"]).note


def test_classes_that_answers_hardly_tell_are_told():
    rng = np.random.default_rng(3)
    vague = np.array([[0.6, 0.6, 0.6], [0.4, 0.4, 0.4]])
    latent = rng.integers(2, size=300)
    tree = tree_of(answers_of(latent, rng, vague), vague, np.array([0.5, 0.5]))
    frame = pd.DataFrame({"ward": rng.choice(["A", "B"], 300)})
    table = covariate_tests(tree, answered(tree, frame), ["ward"], classes="imputed")
    assert table["variance_increase"].item() > 2
    assert "more than 3 times that of known classes in 'ward'" in table.note


def test_note_counts_false_alarms(staff):
    note = covariate_tests("role", staff, ["x", "z", "age", "ward"], ci_prob=0.9).note
    assert "of 4 rows about 0.2 have a p_value below 0.05 by chance" in note
    assert "90 % symmetric-range intervals" in note
    assert "nesting in groups is ignored" in note


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ("age", {}, "columns='age' is one text; pass a list"),
        ([], {}, "columns names no column to test in a frame of 160 rows"),
        (["wards"], {}, r"unknown named column\(s\) 'wards'.*160 rows.*did you mean 'ward'"),
        (["ward", "ward"], {}, "'ward' are named twice"),
        (["role"], {}, "column 'role' is what the 160 rows are compared by"),
        (["same"], {}, "column 'same' has one value in all 160 rows that have it; leave it out"),
        (["nothing"], {}, "column 'nothing' is missing in all rows that have column 'role'; leave it out"),
        (["endless"], {}, "column 'endless' is infinite in 1 of 160 rows"),
        (["name"], {}, "column 'name' holds 160 different values in 160 rows"),
        (["blank"], {}, "column 'blank' holds empty text in 160 of 160 rows"),
        (["ward"], {"ordinal": ["ward"]}, "column 'ward' of 160 rows declares no order"),
        (["ward"], {"ordinal": ["age"]}, "ordinal names 'age', not among the columns to test: 'ward'"),
        (["ward"], {"ordinal": "age"}, "ordinal='age' is one text"),
        (["ward"], {"ci_prob": 95}, "ci_prob=95"),
        (["ward"], {"classes": "likely"}, "classes='likely': choose"),
        (["ward"], {"classes": "imputed"}, "classes=\"imputed\" needs draws of a latent class model, and by='role'"),
    ],
)
def test_columns_that_cannot_be_tested(staff, columns, options, message):
    frame = staff.assign(
        same=3.0,
        nothing=None,
        endless=np.r_[np.inf, np.arange(159)],
        name=[f"person {i}" for i in range(160)],
        blank=" ",
    )
    with pytest.raises(ValueError, match=message):
        covariate_tests("role", frame, columns, **options)


def test_groups_that_cannot_be_compared(staff):
    with pytest.raises(ValueError, match=r"unknown named column.*'roles'.*did you mean 'role'"):
        covariate_tests("roles", staff, ["x"])
    with pytest.raises(ValueError, match="column 'role' is the same in all 160 rows that have column 'x'"):
        covariate_tests("role", staff.assign(role="lead"), ["x"])
    with pytest.raises(ValueError, match="column 'x' is missing in all rows that have column 'role'"):
        half = np.arange(160) < 80
        covariate_tests("role", staff.assign(role=staff["role"].where(half), x=staff["x"].where(~half)), ["x"])
    for by, kind in ((3, "int"), (staff, "DataFrame")):
        with pytest.raises(TypeError, match=f"by is a {kind}; pass the draws of a latent class model or the name"):
            covariate_tests(by, staff, ["x"])


def test_draws_that_cannot_be_compared(made_up, staff, associated):
    tree, frame = associated
    with pytest.raises(ValueError, match=r"column\(s\) 'item2' are items of this fit of 4000 respondents"):
        covariate_tests(tree, frame.assign(item2=1), ["item2"])
    with pytest.raises(ValueError, match="frame of 3997 rows lacks 3 of the 4000 respondents"):
        covariate_tests(tree, frame.iloc[3:], ["ward"])
    with pytest.raises(ValueError, match="'ward' is missing in all rows; leave it out"):
        covariate_tests(tree, frame.assign(ward=None), ["ward"], classes="imputed")
    with pytest.raises(ValueError, match="no latent classes"):
        covariate_tests(made_up.draws("~ x"), staff, ["z"])
    for name, value in (("n_draws", 1), ("seed", -1)):
        with pytest.raises(ValueError, match=f"{name}={value}"):
            covariate_tests(tree, frame, ["ward"], **{name: value})
    certain = tree_of(np.ones((20, 5), dtype=int))
    with pytest.raises(ValueError, match="most likely class is the same in all 20 rows"):
        covariate_tests(certain, answered(certain, frame.iloc[:20]), ["ward"])
