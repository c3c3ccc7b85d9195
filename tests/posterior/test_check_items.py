"""Checks of answers: counts by hand, published fit statistics, planted dependence found and a clean model passed."""

import warnings
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.patches import Rectangle
from scipy.special import softmax

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.datasets.cohort import CLASS_SHARE, ITEM_PROBABILITY
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import distinct_rows, record_answers
from bayes_lca.fitted.views import with_views
from bayes_lca.likelihood.em import fit_em
from bayes_lca.models import LatentClass
from bayes_lca.posterior.checks.answer_residuals import contributions, parameters, replicate, structural_columns
from bayes_lca.posterior.checks.check_items import check_items
from bayes_lca.posterior.checks.common_tilt import MOST_SETS, common_tilt
from bayes_lca.posterior.checks.item_check_rows import verdict_of_items
from bayes_lca.posterior.checks.item_discrepancies import item_discrepancies
from bayes_lca.posterior.checks.pair_residuals import PairSums, expected_cells, pair_statistics, residuals_of_pair
from bayes_lca.posterior.plots.item_pairs import plot_check_items
from bayes_lca.sampling.gibbs import sample_gibbs

N = 2200
REFERENCE = Path(__file__).parents[1] / "reference"


def tree_of(codes, shares, rhos, n_categories=None):
    """Draws of a latent class analysis without covariates, shapes (draw, class) and (draw, class, item, category)."""
    n, n_items = codes.shape
    items, n_classes = [f"item{j + 1}" for j in range(n_items)], shares.shape[1]
    n_categories = n_categories or [rhos.shape[-1]] * n_items
    missing = np.arange(rhos.shape[-1]) >= np.array(n_categories)[:, None]
    dims = ("chain", "draw", "latent_class")
    posterior = xr.Dataset(
        {
            "class_share": (dims, shares.reshape(2, -1, n_classes)),
            "item_probability": (
                (*dims, "item", "category"),
                np.where(missing, np.nan, rhos).reshape(2, -1, *rhos.shape[1:]),
            ),
        },
        {"latent_class": [f"C{c + 1}" for c in range(n_classes)], "item": items, "chain": range(2)},
    )
    frame = pd.DataFrame(index=np.arange(1, n + 1))
    design, labels = read_design(frame, "~ 1"), [["less", "same", "more"][:k] for k in n_categories]
    pattern, rows = unique_rows(codes).pattern, distinct_rows(design, codes)
    groups, attributes = record_answers(codes, pattern, items, labels, design, frame.index, rows)
    attributes |= LatentClass(n_classes, bl.Items(items)).identity | {"n_modes": 1, "relabelled": 1}
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior}
    return with_views(xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()}))


def sampled(seed, tilt=0.0, missing=0.0, n_draws=60):
    """Answers with a person's tilt on the first three items, and Gibbs draws of three classes that ignore it."""
    rng = np.random.default_rng(seed)
    latent = rng.choice(3, N, p=CLASS_SHARE)
    logit = np.log(ITEM_PROBABILITY[latent])
    logit[:, :3] += tilt * rng.normal(size=(N, 1, 1)) * np.array([-1.0, 0.0, 1.0])
    codes = (rng.random((N, 6, 1)) > softmax(logit, axis=-1).cumsum(axis=-1)[..., :-1]).sum(axis=-1)
    codes[rng.random(codes.shape) < missing] = -1
    patterns, counts = np.unique(codes, axis=0, return_counts=True)
    start = ITEM_PROBABILITY[None]
    found = sample_gibbs(patterns, counts, (3,) * 6, start, draws=n_draws, tune=30, seed=seed, thin=4)
    return tree_of(codes, found.class_share[0], found.item_probability[0])


@pytest.fixture(scope="module")
def clean():
    return sampled(3, missing=0.03)


@pytest.fixture(scope="module")
def clean_check(clean):
    return check_items(clean)


@pytest.fixture(scope="module")
def untilted():
    return sampled(4, n_draws=16)


@pytest.fixture(scope="module")
def tilted_check():
    return check_items(sampled(5, tilt=0.9))


@pytest.fixture(scope="module")
def small():
    rng = np.random.default_rng(2)
    rho = rng.dirichlet(np.ones(3), size=(2, 4))
    rho[:, 3] = np.column_stack([*rng.dirichlet(np.ones(2), size=2).T, np.zeros(2)])
    return rng.integers(-1, [3, 3, 3, 2], size=(50, 4)), np.log(rng.dirichlet(np.ones(2), size=50)), rho


def test_a_clean_model_is_not_flagged(clean_check):
    assert not clean_check.flagged
    assert clean_check.overall["p_value"].between(0.05, 0.99).all()
    for table, most in ((clean_check.items, 1), (clean_check.pairs, 3), (clean_check.patterns, 1)):
        assert (table["p_value"] < 0.05).sum() <= most
        assert 0.15 < table["p_value"].mean() < 0.85
    assert clean_check.groups is None
    free, n_draws = 4, 60
    error = np.sqrt(2 * (free + free**2 + 2 * free) / n_draws)  # 2 f + 2 f^2 + covariance, pairs as if one
    assert clean_check.pairs["expected"].mean() == pytest.approx(2 * free, abs=4 * error + 0.1 * free)


def test_a_person_s_tilt_is_found_where_it_is(tilted_check):
    assert tilted_check.flagged
    assert tilted_check.overall.loc[["common tilt", "either"], "p_value"].max() < 0.02
    assert tilted_check.overall.loc["common tilt", "where"] == "item1, item2, item3"
    planted = [("item1", "item2"), ("item1", "item3"), ("item2", "item3")]
    worst = tilted_check.pairs["trend"].idxmax()
    assert worst in planted
    row = tilted_check.pairs.loc[worst]
    assert row["p_value"] < 0.02
    assert row["effect_size"] > 0


def test_counts_are_those_of_the_data(clean, clean_check):
    codes = clean["observed_data"]["answers"].to_numpy()
    labels = ["less", "same", "more"]
    found = item_discrepancies(Fit.reading(clean), 1, seed=1)
    residuals = found.pair[0]  # (draw, pair, category, category)
    sd = np.sqrt(np.diagonal(found.pair_covariance, axis1=1, axis2=2) + 0.5).reshape(-1, 3, 3)
    for place, (j, h) in enumerate(combinations(range(6), 2)):
        row = clean_check.pairs.iloc[place]
        first, second = labels.index(row["category_1"]), labels.index(row["category_2"])
        assert row["observed"] == ((codes[:, j] == first) & (codes[:, h] == second)).sum()
        assert row["n"] == ((codes[:, j] >= 0) & (codes[:, h] >= 0)).sum()
        cells = residuals[:, place] / sd[place]
        worst = np.unravel_index(np.abs(np.median(cells, axis=0)).argmax(), (3, 3))
        assert (first, second) == worst
        assert row["standardised_residual"] == pytest.approx(np.median(cells[:, *worst]))
        assert abs(row["observed"] - row["expected_count"]) < 6 * np.sqrt(row["expected_count"] + 1)
    for j in range(6):
        row = clean_check.items.iloc[j]
        assert row["observed"] == (codes[:, j] == labels.index(row["category"])).sum()
        assert row["n"] == (codes[:, j] >= 0).sum()
        difference = (row["observed"] - row["expected_count"]) / row["n"]
        assert row["difference"] == pytest.approx(difference, abs=1e-11)
        assert row["lower"] < 0 < row["upper"]
    row = clean_check.patterns.loc["largest pattern"]
    wanted = [labels.index(answer) for answer in row["pattern"].split(" | ")]
    assert row["observed"] == (codes == wanted).all(axis=1).sum()
    complete = codes[(codes >= 0).all(axis=1)]
    assert clean_check.patterns.loc["distinct patterns", "discrepancy"] == len(np.unique(complete, axis=0))
    assert f"{len(complete)} respondents who answered all items" in clean_check.patterns.note
    assert "of 15 rows about 0.8 have" in clean_check.pairs.note


def test_a_trend_is_positive_where_higher_categories_go_together():
    cells, variance = np.zeros((2, 1, 2, 9)), np.array([np.eye(9)] * 2)
    cells[0, 0, 0, [0, 8]], cells[0, 0, 0, [2, 6]] = 3.0, -3.0  # both lowest and both highest too often
    cells[1, 0, 1, [0, 4]], cells[1, 0, 1, [1, 3]] = -2.0, 2.0  # the same reversed, two items of two categories
    away = np.arange(3) - 0.5
    statistic, trend = pair_statistics(cells, variance, [(3, 3), (2, 2)])
    np.testing.assert_allclose(trend[0, 0], [12 / 2, 0])
    np.testing.assert_allclose(trend[1, 0], [0, -4 * 2 * 0.25 / np.sqrt(np.sum(np.outer(away, away) ** 2))])
    np.testing.assert_allclose(statistic[0, 0], [36 + 4 * 36, 0])


def test_score_of_a_common_tilt_is_the_derivative_of_the_likelihood():
    """By the variance of a tilt of every answer, given the class, at no variance."""
    rng = np.random.default_rng(8)
    rho, codes = rng.dirichlet(np.ones(3), size=(2, 3)), rng.integers(0, 3, size=(40, 3))
    log_share, nodes, variance = np.log([[0.4, 0.6]]).repeat(40, axis=0), np.array([-1.0, 1.0]), 1e-6

    def log_likelihood(sd):
        tilted = [softmax(np.log(rho) + sd * node * np.arange(-1, 2), axis=-1) for node in nodes]
        by_class = np.array([one[:, np.arange(3), codes].prod(axis=-1) for one in tilted]).mean(axis=0)  # (class, n)
        return np.log(np.exp(log_share[0]) @ by_class).sum()

    derivative = (log_likelihood(variance**0.5) - log_likelihood(0.0)) / variance
    one = contributions(codes, log_share, rho)
    away, pairs = np.arange(-1, 2), tuple(combinations(range(3), 2))
    mean = rho @ away  # (latent_class, item)
    centred = away[codes][:, None] - mean  # (respondent, latent_class, item)
    between = sum((one.membership * centred[..., j] * centred[..., h]).sum() for j, h in pairs)
    spread = rho @ away**2 - mean**2
    within = 0.5 * (one.membership[..., None] * (centred**2 - spread)).sum()
    assert derivative == pytest.approx(between + within, rel=1e-4)
    cells = np.array([residuals_of_pair(one, pair).sum(axis=0).reshape(3, 3) for pair in pairs])
    raw = np.einsum("pkm,k,m->", cells, away, away)
    explained = sum(
        (one.membership * (mean[:, j] * centred[..., h] + mean[:, h] * centred[..., j])).sum() for j, h in pairs
    )
    assert raw - explained == pytest.approx(between)  # what differs is a sum of scores of item probabilities


def test_sets_of_items_that_tilt():
    rng = np.random.default_rng(1)
    pairs = tuple(combinations(range(4), 2))
    cells = rng.normal(size=(2, 200, 6, 3, 3))
    cells[0, :, [pairs.index(pair) for pair in ((0, 1), (0, 3), (1, 3))]] += 2 * np.outer(
        np.arange(-1, 2), np.arange(-1, 2)
    )
    found = common_tilt(cells, pairs, (3, 3, 3, 3))
    assert found.strongest == (0, 1, 3)
    assert (found.statistic[0] > found.statistic[1]).mean() > 0.95
    cells[0] *= -1
    assert (common_tilt(cells, pairs, (3, 3, 3, 3)).statistic[0] > found.statistic[1]).mean() < 0.4
    by_hand = []
    for size in (2, 3, 4):
        for items in combinations(range(4), size):
            inside = [p for p, (j, h) in enumerate(pairs) if j in items and h in items]
            z = np.einsum("dspkm,k,m->ds", cells[:, :, inside], np.arange(-1, 2), np.arange(-1, 2))
            by_hand.append(np.exp(np.maximum(z / z[1].std(), 0) ** 2 / 2))
    oracle = np.log(np.mean(by_hand, axis=0))
    np.testing.assert_allclose(common_tilt(cells, pairs, (3,) * 4).statistic, oracle, atol=1e-10)


def test_many_items_are_looked_at_in_smaller_sets():
    pairs = tuple(combinations(range(30), 2))
    found = common_tilt(np.random.default_rng(2).normal(size=(2, 5, len(pairs), 2, 2)), pairs, (2,) * 30)
    assert len(pairs) < MOST_SETS
    assert np.isfinite(found.statistic).all()


@pytest.mark.slow
@pytest.mark.parametrize(("tilt", "least", "most"), [(0.0, 0, 0.05), (0.5, 0.9, 1)])
def test_share_of_flagged_models(tilt, least, most):
    """Clean ones are flagged in 5 % of data sets at most, a tilt of SD .5 on three items in 90 % at least."""
    n = 100
    flagged = sum(check_items(sampled(1000 + seed, tilt=tilt, n_draws=400)).flagged for seed in range(n))
    print(f"\ntilt {tilt}: {flagged} of {n} models flagged")
    assert flagged >= n * least - 2 * np.sqrt(n * least * (1 - least))
    assert flagged <= n * most + 2 * np.sqrt(n * most * (1 - most))


def test_expected_counts_are_sums_over_respondents(small):
    codes, log_share, rho = small
    share, pairs = np.exp(log_share), list(combinations(range(4), 2))
    found = expected_cells(share, (codes >= 0).astype(float), rho, pairs)
    for p, (j, h) in enumerate(pairs):
        both = (codes[:, j] >= 0) & (codes[:, h] >= 0)
        oracle = sum(w[c] * np.outer(rho[c, j], rho[c, h]) for w in share[both] for c in range(2))
        np.testing.assert_allclose(found[p], oracle, atol=1e-12)


def test_pair_totals_are_sums_of_what_respondents_add(small):
    codes, log_share, rho = small
    pairs = tuple(combinations(range(4), 2))
    one, sums = contributions(codes, log_share, rho), PairSums(pairs, np.ones((50, 1)))
    sums.add(0, one)
    ((residual, score),) = sums._regression._totals[0]
    for p, (j, h) in enumerate(pairs):
        np.testing.assert_allclose(residual[p].ravel(), residuals_of_pair(one, (j, h)).sum(axis=0), atol=1e-12)
        oracle = np.zeros((3, 3))
        for i, row in enumerate(codes):
            if row[j] >= 0 and row[h] >= 0:
                oracle[row[j], row[h]] += 1
                oracle -= sum(one.membership[i, c] * np.outer(rho[c, j], rho[c, h]) for c in range(2))
        np.testing.assert_allclose(residual[p], oracle, atol=1e-12)
    np.testing.assert_allclose(score[-2:], one.class_score.sum(axis=0))


def test_residuals_are_what_scores_do_not_explain(untilted):
    """Against a regression over respondents of the replicated data sets."""
    clean, one = untilted, untilted.copy()
    one["posterior"] = xr.DataTree(
        clean["posterior"].to_dataset().isel(chain=[0, 0, 0], draw=[7]).assign_coords(chain=range(3))
    )
    fit = Fit.reading(one)
    found, rng = item_discrepancies(fit, 1, seed=9), np.random.default_rng(9)
    codes, known = clean["observed_data"]["answers"].to_numpy(), next(parameters(fit, 1))
    data_sets = [codes, *(replicate(codes, *known, rng) for _ in range(3))]
    structural = structural_columns(fit)

    def scores_and_cells(answers):
        part = contributions(answers, *known)
        of_classes = (part.class_score[:, :, None] * structural[:, None]).reshape(N, -1)
        return np.concatenate([part.item_score.reshape(N, -1), of_classes], axis=1), residuals_of_pair(part, (0, 1))

    (score, raw), *others = map(scores_and_cells, data_sets)
    all_scores, all_cells = (np.concatenate(parts) for parts in zip(*others, strict=True))
    weight = np.linalg.lstsq(all_scores, all_cells, rcond=1e-6)[0]
    left = raw.sum(axis=0) - score.sum(axis=0) @ weight
    np.testing.assert_allclose(found.pair[0, 1, 0].ravel(), left, atol=1e-3)
    error = all_cells - all_scores @ weight
    np.testing.assert_allclose(found.pair_covariance[0], error.T @ error / 3, atol=1e-3)
    assert np.abs(left - raw.sum(axis=0)).max() > 0.5


def test_patterns_at_maximum_likelihood_have_the_published_fit():
    """gss82, three classes: G2 21.892 and X2 23.532, as poLCA prints them."""
    table = pd.read_csv(REFERENCE / "gss82.csv")
    items = [name for name in table.columns if name.upper() in ("PURPOSE", "ACCURACY", "UNDERSTA", "COOPERAT")]
    codes = np.column_stack([pd.Categorical(table[name]).codes for name in items]).astype(int)
    if len(counts := [name for name in table.columns if name not in items]):
        codes = np.repeat(codes, table[counts[0]], axis=0)
    assert len(codes) == 1202
    best = fit_em(codes, np.ones(1202), (3, 2, 2, 3), 3, n_starts=20)
    rhos, shares = (np.repeat(part[None], 4, axis=0) for part in (best.item_probability, best.class_share))
    patterns = check_items(tree_of(codes, shares, rhos, [3, 2, 2, 3])).patterns
    assert patterns.loc["likelihood ratio", "discrepancy"] == pytest.approx(21.892, abs=6e-4)
    assert patterns.loc["Pearson", "discrepancy"] == pytest.approx(23.532, abs=6e-3)
    assert patterns.loc["distinct patterns", "discrepancy"] == 33


def test_groups_are_compared_where_the_fit_or_the_frame_has_them(made_up):
    frame = made_up.staff()
    tree = made_up.draws("~ x + role + (1 | group)", latent=True)
    own = check_items(tree, n_draws=10).groups
    assert own.index.tolist() == [("group", "a"), ("group", "b"), ("group", "c")]
    assert check_items(tree, group="role", n_draws=10).groups.index[0] == ("role", "a")
    assert check_items(tree, group="ward", frame=frame, n_draws=10).groups.index[0] == ("ward", "a")
    with pytest.raises(ValueError, match=r"column\(s\) 'ward' are not in formula"):
        check_items(tree, group="ward")


def test_same_seed_same_tables(clean):
    once, again, other = (check_items(clean, n_draws=10, seed=seed) for seed in (4, 4, 5))
    pd.testing.assert_frame_equal(once.pairs, again.pairs)
    assert (once.pairs["expected"] != other.pairs["expected"]).all()
    assert "10 of them used" in once.pairs.note
    assert "patterns\n" in repr(once)


def test_what_cannot_be_checked(clean, made_up):
    for name, value in (("n_draws", 1), ("seed", -1), ("ci_prob", 95)):
        with pytest.raises(ValueError, match=f"{name}={value}"):
            check_items(clean, **{name: value})
    with pytest.raises(ValueError, match="no latent classes"):
        check_items(made_up.draws("~ x"))
    rho = np.full((4, 1, 2, 2), 0.5)
    with pytest.raises(ValueError, match="respondents has 1 item"):
        check_items(tree_of(np.zeros((9, 1), dtype=int), np.ones((4, 1)), rho[:, :, :1]))
    with pytest.raises(ValueError, match="none of the 9 respondents answered two of the 2 items"):
        check_items(tree_of(np.tile([0, -1], (9, 1)), np.ones((4, 1)), rho))


def test_the_heat_map_frames_the_pairs_that_depart(tilted_check, clean_check):
    for check in (tilted_check, clean_check):
        fig = plot_check_items(check)
        ax = fig.axes[0]
        framed = {(round(p.get_x() + 0.47), round(p.get_y() + 0.47)) for p in ax.patches if isinstance(p, Rectangle)}
        low = check.pairs.index[check.pairs["p_value"] < 0.05]
        assert framed == {(int(a[4:]) - 1, int(b[4:]) - 2) for a, b in low}
        assert len(ax.texts) == 15
        assert f"{check.pairs.loc[('item1', 'item2'), 'p_value']:.3f}" in ax.texts[0].get_text()
        assert f"{check.overall.loc['common tilt', 'p_value']:.3f} for a common tilt" in ax.get_title(loc="left")
        shown = np.ma.filled(ax.images[0].get_array(), np.nan)
        assert shown[1, 0] == pytest.approx(abs(check.pairs.loc[("item1", "item3"), "standardised_residual"]))
    with pytest.raises(TypeError, match="what check_items returns, not DataFrame"):
        plot_check_items(pd.DataFrame())


def booklets(tilt, n=1500, seed=4):
    """Six items in three booklets of four, nobody has all; an association of the first two within classes."""
    rng = np.random.default_rng(seed)
    latent = rng.choice(2, n, p=[0.6, 0.4])
    yes = np.array([[0.85] * 6, [0.2] * 6])
    logit = np.log(yes / (1 - yes))[latent]
    logit[:, :2] += tilt * rng.normal(size=(n, 1))
    codes = (rng.random((n, 6)) < 1 / (1 + np.exp(-logit))).astype(int)
    asked = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 1, 1], [0, 0, 1, 0, 1, 0]], dtype=bool)[np.arange(n) % 3]
    codes[~asked] = -1
    shares = np.tile([0.6, 0.4], (40, 1))
    rhos = np.tile(np.stack([1 - yes, yes], axis=-1), (40, 1, 1, 1)) * (1 + 0.01 * rng.normal(size=(40, 1, 1, 1)))
    rhos = np.clip(rhos, 0.01, 0.99) / np.clip(rhos, 0.01, 0.99).sum(axis=-1, keepdims=True)
    return tree_of(codes, shares, rhos), codes


def test_where_nobody_answered_all_items_pairs_that_exist_are_checked():
    tree, codes = booklets(tilt=0.0)
    assert not (codes >= 0).all(axis=1).any()
    check = bl.check_items(tree, n_draws=40)
    together = {
        (f"item{j + 1}", f"item{h + 1}"): n
        for j, h in combinations(range(6), 2)
        if (n := int(((codes[:, j] >= 0) & (codes[:, h] >= 0)).sum()))
    }
    assert check.pairs["n"].to_dict() == together
    assert len(together) == 12
    assert "12 pairs of items, 3 more that nobody answered together left out" in check.overall.note
    assert check.patterns is None
    assert "patterns" not in repr(check)
    assert np.isfinite(check.pairs.select_dtypes("number")).all(axis=None)
    assert not check.flagged
    tilted = bl.check_items(booklets(tilt=2.5)[0], n_draws=40)
    assert tilted.flagged
    assert tilted.pairs["p_value"].idxmin() == ("item1", "item2")


def test_a_group_of_one_value_is_refused_as_the_column_it_is():
    fits = {name: bl.load_example(name) for name in ("alone", "waves")}
    surveys = {"alone": bl.example_survey(), "waves": bl.example_waves()}
    for name, draws in fits.items():
        for value, said in (("here", "'here'"), (1.0, "1")):
            frame = surveys[name].assign(everywhere=value)
            with pytest.raises(
                ValueError, match=f"column 'everywhere' is {said} in all .* rows; name one that has"
            ) as e:
                check_items(draws, group="everywhere", frame=frame, n_draws=10)
            assert "formula" not in str(e.value)


@pytest.mark.parametrize("name", ["alone", "waves"])
def test_a_frame_without_a_group_is_refused(name):
    frame = bl.example_survey() if name == "alone" else bl.example_waves()
    with pytest.raises(ValueError, match=r"^frame given to a check of 1[58]0 respondents without group=, .* name the"):
        check_items(bl.load_example(name), frame=frame, n_draws=10)


@pytest.mark.parametrize(
    ("pair", "tilt", "told"),
    [(0.01, 0.2, "item1, item2 depart most (p = 0.020"), (0.2, 0.01, "persons lean the same way in item1, item3 (p")],
)
def test_the_verdict_names_what_departs_more(pair, tilt, told):
    rows = {"largest pair": (pair, "item1, item2"), "common tilt": (tilt, "item1, item3"), "either": (0.02, "")}
    overall = pd.DataFrame.from_dict(rows, orient="index", columns=["p_value", "where"])
    assert told in verdict_of_items(overall, flagged=True)
    assert "Nothing speaks against" in verdict_of_items(overall, flagged=False)


@pytest.mark.parametrize("declared", [True, False])
def test_an_order_that_nobody_declared_is_told_where_checks_and_profiles_go_by_it(declared):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.choice(["disagree", "neutral", "agree"], (90, 3)), columns=list("abc"))
    items = bl.Items(list("abc"), categories=["disagree", "neutral", "agree"] if declared else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draws = bl.fit(LatentClass(1, items), frame, draws=30, chains=2, until=None, progressbar=False)
    told = "order of categories: agree < disagree < neutral (sorted as text, nobody declared an order)"
    assert (f"trends and tilt go by the {told}" in bl.check_items(draws, n_draws=20).overall.note) != declared
    words = " ".join(text.get_text() for text in bl.plot_profiles(draws).texts).replace("\n", " ")
    assert ("agree < disagree < neutral" in words) != declared


def test_a_column_has_one_unit_in_whatever_table_it_stands():
    """Differences and residuals are of shares; what is in standard deviations says so."""
    waves, survey = bl.example_waves(), bl.example_survey()
    checks = [
        bl.check_items(bl.load_example(), group="city", frame=survey, n_draws=20),
        bl.check_items(bl.load_example("waves"), group="city", frame=waves, n_draws=20),
    ]
    found = Counter()
    for check in checks:
        for name, table in check.tables.items():
            for column in {"difference", "residual"} & set(table):
                ends = table[[column, "lower", "upper"]]
                assert ends.abs().max(axis=None) <= 1, (name, column)
                found[column] += 1
            assert ("standardised_residual" in table) == ("pairs" in name), name
    assert found == {"difference": 5, "residual": 1}
    moved = checks[1].group_moves
    np.testing.assert_allclose(moved["difference"], moved["moved"] - moved["moved_expected"], atol=1e-10)
