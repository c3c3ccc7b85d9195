"""Direct effects on an item: scores against derivatives, then planted effects found and absent ones not."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import logsumexp, softmax

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.datasets.cohort import ITEM_PROBABILITY
from bayes_lca.fitted.column_levels import column_levels
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import distinct_rows, record_answers
from bayes_lca.fitted.views import with_views
from bayes_lca.models import LatentClass
from bayes_lca.posterior.checks.answer_residuals import contributions, parameters, replicate, structural_columns
from bayes_lca.posterior.checks.direct_effects import direct_effects
from bayes_lca.posterior.checks.unexplained_residuals import unexplained_residuals

N = 1500
ITEMS = [f"item{j + 1}" for j in range(6)]
LABELS = ["less", "same", "more"]


def classes_and_answers(log_share, rng, shifted=()):
    """Answers in which some respondents (a mask, an item, a shift towards "more") answer an item in another way."""
    latent = (rng.random((len(log_share), 1)) > np.exp(log_share).cumsum(axis=1)[:, :-1]).sum(axis=1)
    probability = ITEM_PROBABILITY[latent].copy()
    for who, item, shift in shifted:
        rows = who(latent)
        probability[rows, item, 2] += shift
        probability[rows, item, 1] -= shift
    return (rng.random((*probability.shape[:2], 1)) > probability.cumsum(axis=-1)[..., :-1]).sum(axis=-1)


def fit_of(made_up, shifted=(), *, acting=0.0, seed=0, missing=0.03):
    """Draws about the parameters that answers come from; `hidden` acts on the class and is in no formula."""
    rng = np.random.default_rng(seed)
    frame = made_up.staff(N, seed=seed + 1)
    frame["hidden"] = rng.choice(["A", "B", "C"], N)
    formula = "~ x + role + (1 | group)"
    tree = made_up.draws(formula, frame, latent=True, spread=0.02, seed=8)
    posterior, constant = tree["posterior"].to_dataset(), tree["constant_data"]
    mean = posterior.mean(["chain", "draw"])
    eta = (
        mean["intercept"].to_numpy()
        + constant["design"].to_numpy() @ mean["slope"].to_numpy()
        + mean["group_effect"].to_numpy()[constant["group_index"].to_numpy()]
        + np.outer(pd.Categorical(frame["hidden"]).codes - 1.0, [acting, -acting, 0.0])
    )
    codes = classes_and_answers(np.log(softmax(eta, axis=1)), rng, [(who(frame), *rest) for who, *rest in shifted])
    codes[rng.random(codes.shape) < missing] = -1
    shape = (posterior.sizes["chain"], posterior.sizes["draw"], *ITEM_PROBABILITY.shape)
    rho = softmax(np.log(ITEM_PROBABILITY) + 0.05 * rng.normal(size=shape), axis=-1)
    dims = ("chain", "draw", "latent_class", "item", "category")
    posterior = posterior.drop_vars("item_probability").drop_vars(["item", "category"])
    posterior = posterior.assign(item_probability=(dims, rho)).assign_coords(item=ITEMS)
    design = read_design(frame, formula)
    pattern, rows = unique_rows(codes).pattern, distinct_rows(design, codes)
    groups, attributes = record_answers(codes, pattern, ITEMS, [LABELS] * 6, design, frame.index, rows)
    attributes |= LatentClass(3, bl.Items(ITEMS), bl.Regression(formula)).identity | {"n_modes": 1, "relabelled": 1}
    of_answers = {f"/{name}": dataset for name, dataset in groups.items()}
    made = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior} | of_answers
    return with_views(xr.DataTree.from_dict(made)), frame


@pytest.fixture(scope="module")
def clean(made_up):
    return fit_of(made_up, acting=0.6)


@pytest.fixture(scope="module")
def direct(made_up):
    """Members of class C2 say "more" to the fourth item by 15 points more often than the model has it."""
    return fit_of(
        made_up, [(lambda frame: lambda c: (c == 1) & (frame["role"] == "member").to_numpy(), 3, 0.15)], seed=3
    )


@pytest.fixture(scope="module")
def small():
    """Parameters and answers of 40 respondents, items of two and three categories."""
    rng = np.random.default_rng(2)
    rho = rng.dirichlet(np.ones(3), size=(3, 4))
    rho[:, 3] = np.column_stack([*rng.dirichlet(np.ones(2), size=3).T, np.zeros(3)])
    codes = rng.integers(-1, [3, 3, 3, 2], size=(40, 4))
    return codes, np.log(rng.dirichlet(np.ones(3), size=40)), rho


def log_likelihood(codes, log_share, log_rho):
    """Of each respondent, by loops; log ratios need not be normalised."""
    log_rho = log_rho - logsumexp(log_rho, axis=-1, keepdims=True)
    log_share = log_share - logsumexp(log_share, axis=-1, keepdims=True)
    return np.array(
        [
            logsumexp([log_share[i, c] + sum(log_rho[c, j, y] for j, y in enumerate(row) if y >= 0) for c in range(3)])
            for i, row in enumerate(codes)
        ]
    )


def test_scores_are_derivatives_of_the_log_likelihood(small):
    codes, log_share, rho = small
    found, step = contributions(codes, log_share, rho), 1e-5
    with np.errstate(divide="ignore"):
        log_rho = np.log(rho)
    for c, j, k in ((0, 0, 0), (1, 2, 2), (2, 3, 1), (0, 3, 0)):
        up, down = log_rho.copy(), log_rho.copy()
        up[c, j, k] += step
        down[c, j, k] -= step
        slope = (log_likelihood(codes, log_share, up) - log_likelihood(codes, log_share, down)) / (2 * step)
        np.testing.assert_allclose(found.item_score[:, c, j, k], slope, atol=1e-8)
    np.testing.assert_allclose(found.item_score_total, found.item_score.sum(axis=0), atol=1e-12)
    for c in range(3):
        move = step * (np.arange(3) == c)
        slope = log_likelihood(codes, log_share + move, log_rho) - log_likelihood(codes, log_share - move, log_rho)
        np.testing.assert_allclose(found.class_score[:, c], slope / (2 * step), atol=1e-8)


def test_residuals_are_answers_less_their_probability_given_the_others(small):
    codes, log_share, rho = small
    found = contributions(codes, log_share, rho)
    with np.errstate(divide="ignore"):
        log_rho = np.log(rho)
    for j in range(4):
        without = codes.copy()
        without[:, j] = -1
        below = log_likelihood(without, log_share, log_rho)
        for k in range(3):
            possible = rho[0, j, k] > 0
            put = without.copy()
            put[:, j] = k
            expected = np.exp(log_likelihood(put, log_share, log_rho) - below) if possible else np.zeros(40)
            residual = np.where(codes[:, j] >= 0, (codes[:, j] == k) - expected, 0.0)
            np.testing.assert_allclose(found.residual[j, :, k], residual, atol=1e-12)


def test_replicated_answers_follow_the_model_and_stay_missing(small):
    codes, log_share, rho = small
    many = np.repeat(codes, 4000, axis=0)
    drawn = replicate(many, np.repeat(log_share, 4000, axis=0), rho, np.random.default_rng(1))
    assert ((drawn == -1) == (many == -1)).all()
    share = np.exp(log_share) @ rho.reshape(3, -1)
    for j in range(4):
        rows = codes[:, j] >= 0
        seen = np.array([(drawn[:, j].reshape(40, -1)[rows] == k).mean(axis=1) for k in range(3)]).T
        expected = share.reshape(40, 4, 3)[rows, j]
        error = np.sqrt(expected * (1 - expected) / 4000)
        assert (np.abs(seen - expected) <= 4.5 * error).all()


def test_a_clean_fit_raises_no_alarm(clean):
    """Nor does a column outside the formula that acts on the class, and so on every item through it."""
    tree, frame = clean
    table = direct_effects(tree, ["x", "role", "group", "hidden", "ward"], frame=frame, n_draws=80)
    assert len(table) == 5 * 6
    assert (table["p_value"] < 0.05).sum() <= 5  # 30 rows, 1.5 expected
    assert (table["p_value"] > 0.01).all()
    assert 0.3 < table["p_value"].mean() < 0.7
    assert table.loc["hidden", "p_value"].min() > 0.02
    mean = table["discrepancy"].groupby("column").mean() / table["expected"].groupby("column").mean()
    assert mean.between(0.5, 1.7).all()


def test_expected_discrepancy_is_near_the_number_of_free_cells(clean):
    tree, frame = clean
    table = direct_effects(tree, ["role", "hidden"], frame=frame, n_draws=80)
    for column, free in (("role", 2), ("hidden", 4)):
        error = np.sqrt(2 * free / (80 * 6))
        assert table.loc[column, "expected"].mean() == pytest.approx(free, abs=4 * error + 0.1 * free)


def test_a_planted_direct_effect_is_found_and_named(direct):
    tree, frame = direct
    table = direct_effects(tree, n_draws=80)
    assert list(table.index.get_level_values("column").unique()) == ["role", "x", "group"]
    row = table.loc[("role", "item4")]
    assert row["p_value"] < 0.02
    others = table.drop(index=("role", "item4"))["p_value"]
    assert (others > 0.01).all()
    codes = tree["observed_data"]["answers"].to_numpy()
    answered = codes[:, 3] >= 0
    level = (frame["role"] == row["level"]).to_numpy()
    assert row["n"] == (answered & level).sum()
    assert row["answered"] == answered.sum()
    assert row["category"] in ("same", "more")
    upwards = (row["level"] == "member") == (row["category"] == "more")
    assert (row["residual"] > 0) == upwards
    assert row["lower"] * row["upper"] > 0
    assert 0.01 < abs(row["residual"]) < 0.08


def test_the_residual_is_what_scores_do_not_explain(clean):
    """Against a regression over the respondents of the same replicated data sets, item by item."""
    tree, frame = clean
    one = tree.copy()
    one["posterior"] = xr.DataTree(tree["posterior"].to_dataset().isel(chain=[0], draw=[5, 5, 5]))
    fit = Fit.reading(one)
    (column,) = column_levels(fit, ["hidden"], frame)
    (sums,) = unexplained_residuals(fit, [column], 1, seed=9)
    codes, known = one["observed_data"]["answers"].to_numpy(), next(parameters(fit, 1))
    rng = np.random.default_rng(9)
    data_sets = [codes, *(replicate(codes, *known, rng) for _ in range(3))]
    structural = np.concatenate([structural_columns(fit), column.indicator], axis=1)

    def scores_and_cells(found, j):
        of_classes = (found.class_score[:, :, None] * structural[:, None]).reshape(N, -1)
        counted = codes[:, j] >= 0
        centered = (column.indicator - column.indicator[counted].mean(axis=0)) * counted[:, None]
        cells = (centered[:, :, None] * found.residual[j][:, None]).reshape(N, 9)
        return np.concatenate([found.item_score.reshape(N, -1), of_classes], axis=1), cells

    for j in (0, 4):
        (score, raw), *replicated = (scores_and_cells(contributions(data, *known), j) for data in data_sets)
        all_scores, all_cells = (np.concatenate(parts) for parts in zip(*replicated, strict=True))
        weight = np.linalg.lstsq(all_scores, all_cells, rcond=1e-6)[0]
        left = raw.sum(axis=0) - score.sum(axis=0) @ weight
        np.testing.assert_allclose(sums.observed[1, j].ravel(), left, atol=1e-3)
        assert np.abs(left - raw.sum(axis=0)).max() > 1  # respondents: the column acts on the class
        error = all_cells - all_scores @ weight
        np.testing.assert_allclose(sums.covariance[j], error.T @ error / 3, atol=1e-3)
        assert sums.n[j].tolist() == column.indicator[codes[:, j] >= 0].sum(axis=0).tolist()


def test_same_seed_same_table_and_more_draws_more_data_sets(clean):
    tree, _ = clean
    once, again = (direct_effects(tree, ["role"], n_draws=20, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(once, again)
    assert "20 of them used" in once.note
    assert "80 of them used" in direct_effects(tree, ["role"]).note
    assert "of 6 rows about 0.3" in once.note


def test_rows_of_the_frame_are_found_by_their_labels(clean):
    tree, frame = clean
    expected = direct_effects(tree, ["hidden"], frame=frame, n_draws=10)
    shuffled = pd.concat([frame, frame.iloc[:3].set_axis([-1, -2, -3])]).sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(direct_effects(tree, ["hidden"], frame=shuffled, n_draws=10), expected)


def test_respondents_whose_column_is_missing_do_not_count(clean):
    tree, frame = clean
    frame = frame.assign(hidden=frame["hidden"].where(np.arange(N) % 5 > 0))
    row = direct_effects(tree, ["hidden"], frame=frame, n_draws=5).loc[("hidden", "item1")]
    codes = tree["observed_data"]["answers"].to_numpy()
    assert row["answered"] == ((codes[:, 0] >= 0) & (np.arange(N) % 5 > 0)).sum()


def test_numbers_are_cut_at_quantiles_into_at_most_five(clean):
    tree, frame = clean
    x, z, k = column_levels(Fit.reading(tree), ["x", "z", "k"], frame)
    assert len(x.labels) == len(z.labels) == 5
    assert x.labels[0] == f"{frame['x'].min():g} to {frame['x'].to_numpy()[x.index == 0].max():g}"
    assert (np.diff([frame["z"].to_numpy()[z.index == level].mean() for level in range(5)]) > 0).all()
    assert np.bincount(z.index).tolist() == [N // 5] * 5
    assert k.labels == ("1", "2", "3")
    assert (k.index == frame["k"].to_numpy() - 1).all()


@pytest.mark.parametrize("at_the_top", [0.5, 0.7, 0.85, 0.99])
def test_numbers_at_a_ceiling_are_split_below_it(clean, at_the_top):
    tree, frame = clean
    skewed = frame.assign(z=np.where(np.arange(N) < at_the_top * N, 10.0, np.arange(N) % 8))
    (levels,) = column_levels(Fit.reading(tree), ["z"], skewed)
    assert 2 <= len(levels.labels) <= 5
    assert np.bincount(levels.index).sum() == N
    assert levels.labels[-1] == "10"
    np.testing.assert_array_equal(levels.index == len(levels.labels) - 1, skewed["z"] == 10)


def test_structural_columns_span_the_class_logits(clean):
    tree, _ = clean
    columns, posterior = structural_columns(Fit.reading(tree)), tree["posterior"].isel(chain=1, draw=7)
    constant = tree["constant_data"]
    eta = (
        posterior["intercept"].to_numpy()
        + constant["design"].to_numpy() @ posterior["slope"].to_numpy()
        + posterior["group_effect"].to_numpy()[constant["group_index"].to_numpy()]
    )
    fitted = columns @ np.linalg.lstsq(columns, eta, rcond=None)[0]
    np.testing.assert_allclose(fitted, eta, atol=1e-9)
    assert columns.shape == (N, 1 + 2 + 6)


def test_random_slopes_are_among_the_structural_columns(made_up):
    tree = made_up.draws("~ x + (x | group)", latent=True)
    assert structural_columns(Fit.reading(tree)).shape[1] == 1 + 1 + 6 + 6


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["ward"], r"column\(s\) 'ward' are not in formula .* 1500 respondents; pass the frame"),
        (["item2"], r"column\(s\) 'item2' are items of this fit"),
        ("role", "is one text; pass a list"),
    ],
)
def test_columns_that_cannot_be_used(clean, columns, message):
    with pytest.raises(ValueError, match=message):
        direct_effects(clean[0], columns)


def test_frames_that_cannot_be_used(clean):
    tree, frame = clean
    with pytest.raises(ValueError, match=r"unknown named column.*'wards'.*did you mean 'ward'"):
        direct_effects(tree, ["wards"], frame=frame)
    with pytest.raises(ValueError, match=r"frame of 1497 rows lacks 3 of the 1500 respondents of this fit: 1, 2, 3;"):
        direct_effects(tree, ["ward"], frame=frame.iloc[3:])
    with pytest.raises(ValueError, match="1 of 1501 rows of the frame repeat the label"):
        direct_effects(tree, ["ward"], frame=pd.concat([frame, frame.iloc[:1]]))
    with pytest.raises(ValueError, match="'ward' is missing in all 1500 rows"):
        direct_effects(tree, ["ward"], frame=frame.assign(ward=None))
    with pytest.raises(ValueError, match="'ward' is 'A' in all 1500 rows"):
        direct_effects(tree, ["ward"], frame=frame.assign(ward="A"))


def test_arguments_that_cannot_be_used(clean, made_up):
    for name, value in (("n_draws", 1), ("seed", -1), ("ci_prob", 95)):
        with pytest.raises(ValueError, match=f"{name}={value}"):
            direct_effects(clean[0], **{name: value})
    with pytest.raises(ValueError, match="no latent classes"):
        direct_effects(made_up.draws("~ x + (1 | group)"))
    with pytest.raises(ValueError, match="has no covariates or groups; name columns and pass the frame"):
        direct_effects(made_up.draws("~ 1", latent=True))
