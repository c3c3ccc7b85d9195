"""Average membership, classification errors, odds and entropy: by hand, and against maximum likelihood."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.record import record_answers
from bayes_lca.fitted.views import with_views
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.criteria import entropy_r2
from bayes_lca.models import LatentClass
from bayes_lca.posterior.tables.classification import classification_table
from bayes_lca.posterior.tables.membership import membership, membership_draws

GIVEN_MODAL, GIVEN_CLASS = "class given modal class", "modal class given class"
CLASSES = ["C1", "C2", "C3"]


@pytest.fixture(scope="module")
def tree(made_up):
    return made_up.draws("~ x + role + (1 | group)", latent=True, spread=0.6)


@pytest.fixture(scope="module")
def table(tree):
    return classification_table(tree)


@pytest.fixture(scope="module")
def answered(tree):
    """Respondents with at least one answer."""
    return (tree["observed_data"]["answers"] >= 0).any("item").to_numpy()


def by_hand(tree, quantity, answered):
    """In every draw, by loops, shape (draw, modal class, latent class)."""
    values = membership_draws(tree).to_numpy().reshape(-1, 160, 3).astype(float)[:, answered]
    modal = membership(tree)["modal_class"].cat.codes.to_numpy()[answered]
    result = np.zeros((len(values), 3, 3))
    for s, probability in enumerate(values):
        for w in range(3):
            for c in range(3):
                inside = probability[modal == w, c]
                result[s, w, c] = inside.mean() if quantity == GIVEN_MODAL else inside.sum() / probability[:, c].sum()
    return result


@pytest.mark.parametrize("quantity", [GIVEN_MODAL, GIVEN_CLASS])
def test_matrices_are_averages_of_membership(tree, table, answered, quantity):
    oracle = by_hand(tree, quantity, answered)
    for name, statistic in (
        ("mean", oracle.mean(axis=0)),
        ("lower", np.quantile(oracle, 0.025, axis=0)),
        ("upper", np.quantile(oracle, 0.975, axis=0)),
    ):
        found = table.xs(quantity)[name].unstack().loc[CLASSES, CLASSES].to_numpy()
        np.testing.assert_allclose(found, statistic, rtol=1e-5)
    assert np.abs(oracle.mean(axis=0) - oracle.mean(axis=0).T).max() > 0.02  # a transposed table would show


def test_rows_of_the_first_and_columns_of_the_second_add_up_to_one(table):
    np.testing.assert_allclose(table.xs(GIVEN_MODAL)["mean"].unstack().sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(table.xs(GIVEN_CLASS)["mean"].unstack().sum(axis=0), 1, rtol=1e-6)


def test_odds_compare_with_the_shares(tree, table, answered):
    average = by_hand(tree, GIVEN_MODAL, answered)
    constant, posterior = tree["constant_data"], tree["posterior"]
    eta = (
        posterior["intercept"].to_numpy()[:, :, None]
        + np.einsum("it,sdtc->sdic", constant["design"].to_numpy(), posterior["slope"].to_numpy())
        + posterior["group_effect"].to_numpy()[:, :, constant["group_index"].to_numpy()]
    )
    share = (np.exp(eta) / np.exp(eta).sum(axis=-1, keepdims=True)).mean(axis=2).reshape(-1, 3)
    for c, name in enumerate(CLASSES):
        own = average[:, c, c]
        odds = own / (1 - own) / (share[:, c] / (1 - share[:, c]))
        row = table.loc[("odds of correct classification", name, name)]
        assert row["mean"] == pytest.approx(np.exp(np.log(odds).mean()), rel=1e-5)
        assert row["lower"] == pytest.approx(np.exp(np.quantile(np.log(odds), 0.025)), rel=1e-5)
        assert row["upper"] == pytest.approx(np.exp(np.quantile(np.log(odds), 0.975)), rel=1e-5)
        assert np.isnan(row["sd"])
        of_logarithm = table.loc[("log odds of correct classification", name, name)]
        for column, value in (("mean", np.log(odds).mean()), ("sd", np.log(odds).std(ddof=1))):
            assert of_logarithm[column] == pytest.approx(value, rel=1e-5)
        for column in ("lower", "upper"):
            assert of_logarithm[column] == pytest.approx(np.log(row[column]), rel=1e-9)


def test_entropy_and_counts(tree, table, answered):
    n = int(answered.sum())
    assert n < 160
    values = membership_draws(tree).to_numpy().reshape(-1, 160, 3)[:, answered]
    entropy = [entropy_r2(one, np.ones(n)) for one in values]
    row = table.loc[("entropy R2", "all", "all")]
    assert row["mean"] == pytest.approx(np.mean(entropy), rel=1e-6)
    assert row["n"] == n
    modal = membership(tree)[answered]["modal_class"].value_counts()
    for name in CLASSES:
        assert (table.xs(GIVEN_MODAL).xs(name)["n"] == modal[name]).all()
        assert table.loc[("odds of correct classification", name, name), "n"] == modal[name]
    assert f"n = 160, {160 - n} of them without any answer, 0 rows left out" in table.note
    assert "2 x 40 draws; 95 % equal-tailed intervals" in table.note


def of_fixed_parameters(codes, share, rho):
    """A tree of two chains that stay at one value of the parameters."""
    n, n_items = codes.shape
    classes = [f"C{c + 1}" for c in range(len(share))]
    repeat = (2, 5)
    posterior = xr.Dataset(
        {
            "class_share": (("chain", "draw", "latent_class"), np.broadcast_to(share, (*repeat, *share.shape))),
            "item_probability": (
                ("chain", "draw", "latent_class", "item", "category"),
                np.broadcast_to(rho, (*repeat, *rho.shape)),
            ),
        },
        {"latent_class": classes, "chain": range(2), "draw": range(5)},
    )
    items, n_categories = [f"i{j}" for j in range(n_items)], rho.shape[-1]
    design, rows = read_design(pd.DataFrame(index=np.arange(n)), "~ 1"), unique_rows(codes)
    labels = [[f"answer {category}" for category in range(n_categories)]] * n_items
    groups, attributes = record_answers(codes, rows.pattern, items, labels, design, pd.RangeIndex(n), rows)
    attributes |= LatentClass(len(share), bl.Items(items)).identity | {"n_modes": 1, "relabelled": 1}
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior.assign_coords(item=items)}
    return with_views(xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()}))


def test_at_one_value_of_the_parameters_it_is_the_error_matrix_of_maximum_likelihood():
    rng = np.random.default_rng(4)
    share, rho = np.array([0.6, 0.4]), rng.dirichlet(np.ones(3), size=(2, 4))
    codes = rng.integers(0, 3, size=(300, 4))
    table = classification_table(of_fixed_parameters(codes, share, rho))
    known = Classification(rho, share, codes, np.ones(300))
    found = table.xs(GIVEN_CLASS)["mean"].unstack("modal_class").to_numpy()
    np.testing.assert_allclose(found, known.error_matrix("modal"), rtol=1e-5)
    assert table.loc[("entropy R2", "all", "all"), "sd"] == 0


def test_a_class_that_is_modal_for_nobody():
    codes = np.zeros((50, 2), dtype=int)
    rho = np.array([[[0.9, 0.1]] * 2, [[0.8, 0.2]] * 2])
    table = classification_table(of_fixed_parameters(codes, np.array([0.7, 0.3]), rho))
    assert ("class given modal class", "C2", "C1") not in table.index
    assert table.loc[(GIVEN_CLASS, "C2", "C1"), "mean"] == 0
    assert table.loc[(GIVEN_CLASS, "C2", "C1"), "n"] == 0
    share = 0.7 * 0.81 / (0.7 * 0.81 + 0.3 * 0.64)
    assert table.loc[(GIVEN_MODAL, "C1", "C1"), "mean"] == pytest.approx(share, rel=1e-6)


def test_a_class_may_be_named_all(tree, table):
    renamed = classification_table(bl.name_classes(tree, {"C2": "all"}))
    assert renamed["n"].tolist() == table["n"].tolist()


def test_one_class_has_no_odds_and_no_entropy():
    table = classification_table(of_fixed_parameters(np.zeros((9, 2), dtype=int), np.ones(1), np.full((1, 2, 2), 0.5)))
    assert set(table.index.get_level_values("quantity")) == {GIVEN_MODAL, GIVEN_CLASS}
    assert (table["mean"] == 1).all()


def test_the_interval_is_the_one_asked_for(tree, table):
    narrow = classification_table(tree, ci_prob=0.5)
    assert (narrow["upper"] - narrow["lower"] < table["upper"] - table["lower"]).all()
    pd.testing.assert_series_equal(narrow["mean"], table["mean"])
    with pytest.raises(ValueError, match="ci_prob=95"):
        classification_table(tree, ci_prob=95)


def test_observed_categories_are_refused(made_up):
    with pytest.raises(ValueError, match="no latent classes"):
        classification_table(made_up.draws("~ x"))
