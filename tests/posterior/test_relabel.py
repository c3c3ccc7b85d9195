"""Labels: any permutation of the classes of any draw is undone, and what was uncertain about it is reported."""

import json
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import distinct_rows, record_answers
from bayes_lca.posterior.labels.matching import costs_of_moves, match, profile_distances
from bayes_lca.posterior.labels.relabel import permute


def random_orders(draws, seed=0):
    """A permutation of the classes for every draw, shape (draw, latent_class)."""
    posterior, rng = draws["posterior"], np.random.default_rng(seed)
    n_draws = posterior.sizes["chain"] * posterior.sizes["draw"]
    return np.array([rng.permutation(posterior.sizes["latent_class"]) for _ in range(n_draws)])


def scramble(draws, orders):
    """The same draws with their classes permuted one draw at a time, labels not to be trusted."""
    posterior = draws["posterior"].to_dataset().copy(deep=True)
    n_draws = posterior.sizes["draw"]
    for name, values in posterior.data_vars.items():
        before = draws["posterior"][name].to_numpy()
        axes = [axis - 2 for axis, dim in enumerate(values.dims) if dim in ("latent_class", "other_class")]
        for position, order in enumerate(orders):
            chain, draw = divmod(position, n_draws)
            part = before[chain, draw]
            for axis in axes:
                part = np.take(part, order, axis=axis)
            values.to_numpy()[chain, draw] = part
    result = draws.copy()
    result["posterior"] = xr.DataTree(posterior)
    result.attrs = {name: value for name, value in draws.attrs.items() if not name.startswith("relabel")}
    return result


def pivot_of(draws):
    return np.array(json.loads(draws.attrs["pivot"]))


@pytest.mark.parametrize("name", ["lca_draws", "joint_draws"])
def test_permuted_draws_are_restored_exactly(name, request):
    draws = request.getfixturevalue(name)
    scrambled = scramble(draws, random_orders(draws))
    assert not np.array_equal(scrambled["posterior"]["class_share"], draws["posterior"]["class_share"])
    restored = bl.relabel(scrambled, pivot_of(draws))
    xr.testing.assert_identical(restored["posterior"].to_dataset(), draws["posterior"].to_dataset())
    assert restored.attrs["relabelled"] == 1
    assert restored.attrs["relabel_certainty"] == draws.attrs["relabel_certainty"] == 1
    assert restored.attrs["relabel_margin"] == pytest.approx(draws.attrs["relabel_margin"], rel=1e-4)
    assert restored.attrs["relabel_switched"] == pytest.approx(5 / 6, abs=0.05)
    assert draws.attrs["relabel_switched"] == 0


@pytest.mark.parametrize("pivot", [None, [[0.5, 0.5]], np.full((2, 6, 3), 1 / 3)], ids=["none", "flat", "two classes"])
def test_a_pivot_of_another_shape_is_refused(lca_draws, pivot):
    with pytest.raises(ValueError, match=r"pivot has shape .*, and the profiles of this fit \(3, 6, 3\)"):
        bl.relabel(lca_draws, pivot)


@pytest.mark.parametrize("order", [[1, 2, 0], [2, 1, 0], [0, 2, 1]])
def test_order_of_the_pivot_does_not_matter(lca_draws, order):
    scrambled = scramble(lca_draws, random_orders(lca_draws, seed=1))
    restored = bl.relabel(scrambled, pivot_of(lca_draws)[order])
    xr.testing.assert_identical(restored["posterior"].to_dataset(), lca_draws["posterior"].to_dataset())
    np.testing.assert_allclose(pivot_of(restored), pivot_of(lca_draws), atol=2e-6)


def test_relabelling_leaves_its_input_alone(lca_draws):
    scrambled = scramble(lca_draws, random_orders(lca_draws))
    posterior, attributes = scrambled["posterior"].to_dataset().copy(deep=True), dict(scrambled.attrs)
    bl.relabel(scrambled, pivot_of(lca_draws))
    xr.testing.assert_identical(scrambled["posterior"].to_dataset(), posterior)
    assert scrambled.attrs == attributes


def test_permuting_all_variables_together_keeps_the_likelihood(joint_draws):
    scrambled = scramble(joint_draws, random_orders(joint_draws))
    stored = joint_draws["log_likelihood"]["answers"].to_numpy()
    fit = Fit.reading(scrambled)
    of_respondents = fit.log_likelihood()[:, :, fit.pattern_of_respondent]
    np.testing.assert_allclose(of_respondents, stored, rtol=0, atol=1e-9)


def test_permute_takes_the_classes_of_each_draw_in_the_order_given(joint_draws):
    orders = random_orders(joint_draws, seed=2)
    scrambled = scramble(joint_draws, orders)
    permuted = permute(joint_draws["posterior"].to_dataset(), orders)
    xr.testing.assert_identical(permuted, scrambled["posterior"].to_dataset())


def with_correlation(draws, seed=6):
    """A correlation matrix of the classes in every draw, no two entries alike, and effects of groups."""
    rng = np.random.default_rng(seed)
    posterior = draws["posterior"].to_dataset()
    chains, n_draws, n_classes = (posterior.sizes[dim] for dim in ("chain", "draw", "latent_class"))
    matrices = np.array([np.corrcoef(rng.normal(size=(n_classes, n_classes + 2))) for _ in range(chains * n_draws)])
    matrices = (matrices + matrices.swapaxes(-1, -2)) / 2
    effects = rng.normal(size=(chains, n_draws, 4, n_classes))
    slopes = rng.normal(size=(chains, n_draws, 4, 2, n_classes))
    posterior = posterior.assign_coords(other_class=posterior["latent_class"].to_numpy()).assign(
        group_effect=(("chain", "draw", "group", "latent_class"), effects),
        group_slope=(("chain", "draw", "group", "group_term", "latent_class"), slopes),
        group_correlation=(
            ("chain", "draw", "latent_class", "other_class"),
            matrices.reshape(chains, n_draws, n_classes, n_classes),
        ),
    )
    result = draws.copy()
    result["posterior"] = xr.DataTree(posterior)
    return result


@pytest.mark.parametrize("dims", [("latent_class", "other_class"), ("other_class", "latent_class")], ids=" ".join)
def test_correlations_of_classes_are_permuted_on_both_axes(seven_classes, dims):
    draws = with_correlation(seven_classes(spread=0.05)[0])
    orders = random_orders(draws, seed=4)
    posterior = draws["posterior"].to_dataset().transpose("chain", "draw", ..., *dims)
    permuted = permute(posterior, orders)
    assert permuted["group_correlation"].dims == ("chain", "draw", *dims)
    for position, order in enumerate(orders):
        chain, draw = divmod(position, posterior.sizes["draw"])
        before = draws["posterior"]["group_correlation"].to_numpy()[chain, draw]
        after = permuted["group_correlation"].to_numpy()[chain, draw]
        for a, b in permutations(range(7), 2):
            assert after[a, b] == before[order[a], order[b]]
        np.testing.assert_array_equal(np.diag(after), np.diag(before)[order])
        slope = draws["posterior"]["group_slope"].to_numpy()[chain, draw]
        there = permuted["group_slope"].transpose("chain", "draw", "group", "group_term", "latent_class")
        np.testing.assert_array_equal(there.to_numpy()[chain, draw], slope[..., order])


def test_relabelling_restores_correlations_and_slopes_of_groups(seven_classes):
    """Every label that names a class moves with it, in draws that were permuted and when classes are given names."""
    clear, pivot = seven_classes(spread=0.05)
    draws = with_correlation(clear)
    restored = bl.relabel(scramble(draws, random_orders(draws)), pivot)
    xr.testing.assert_identical(restored["posterior"].to_dataset(), draws["posterior"].to_dataset())
    turned = bl.relabel(draws, pivot, "item3")
    shown = turned["posterior"]["item_probability"].sel(item="item3", category=1).mean(["chain", "draw"])
    assert int(shown.to_numpy().argmax()) == 6
    order = [int(np.flatnonzero(pivot_of(turned)[k, :, 1] > 0.5)[0]) for k in range(7)]
    before, after = (tree["posterior"]["group_correlation"].to_numpy() for tree in (draws, turned))
    np.testing.assert_array_equal(after, before[:, :, order][:, :, :, order])
    named = bl.name_classes(turned, list("tuvwxyz"))
    for axis in ("latent_class", "other_class"):
        assert list(named["posterior"][axis].to_numpy()) == list("tuvwxyz")


@pytest.mark.parametrize("n_classes", [1, 2, 3, 4, 6])
def test_match_is_the_cheapest_assignment_and_moves_cost_more(n_classes):
    """Against the totals of all permutations."""
    costs = np.random.default_rng(n_classes).random((6, n_classes, n_classes))
    order = match(costs)
    moves = costs_of_moves(costs, order)
    assert np.isinf(moves[:, np.arange(n_classes), np.arange(n_classes)]).all()
    candidates = np.array(list(permutations(range(n_classes))))
    for cost, best, apart in zip(costs, order, moves, strict=True):
        totals = cost[candidates, np.arange(n_classes)].sum(axis=1)
        assert best.tolist() == candidates[totals.argmin()].tolist()
        for first, second in permutations(range(n_classes), 2):
            moved = candidates[:, second] == best[first]
            assert apart[first, second] == pytest.approx(totals[moved].min() - totals.min(), abs=1e-12)


def test_profile_distances_sum_over_items_and_categories():
    rng = np.random.default_rng(3)
    profiles, pivot = rng.random((4, 3, 2, 5)), rng.random((3, 2, 5))
    distances = profile_distances(profiles, pivot)
    assert distances.shape == (4, 3, 3)
    assert distances[2, 1, 0] == pytest.approx(((profiles[2, 1] - pivot[0]) ** 2).sum())


def hand_made_fit(share, probability, codes):
    """A tree of draws without a sampler; shapes (chain, draw, class), (chain, draw, class, item, category)."""
    classes = [f"C{k + 1}" for k in range(share.shape[-1])]
    items = [f"item{j + 1}" for j in range(codes.shape[1])]
    design = read_design(pd.DataFrame(index=range(len(codes))), "~ 1")
    pattern, labels = unique_rows(codes).pattern, [["no", "yes"]] * len(items)
    groups, attributes = record_answers(
        codes, pattern, items, labels, design, design.covariates.index, distinct_rows(design, codes)
    )
    posterior = xr.Dataset(
        {
            "class_share": (("chain", "draw", "latent_class"), share),
            "item_probability": (("chain", "draw", "latent_class", "item", "category"), probability),
        },
        {"chain": range(share.shape[0]), "draw": range(share.shape[1]), "latent_class": classes, "item": items},
    )
    attributes |= bl.LatentClass(len(classes), bl.Items(items)).identity | {"relabelled": 1}
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior}
    return xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()})


@pytest.fixture(scope="module")
def seven_classes(hand_made_fit):
    """From a spread to draws about seven classes, each saying yes to one item of seven more often than others do."""

    def draws_about(spread):
        rng = np.random.default_rng(5)
        pivot = np.where(np.eye(7)[..., None] == 1, [0.1, 0.9], [0.9, 0.1])
        shape = (2, 50)
        yes = (pivot[..., 1] + spread * rng.normal(size=(*shape, 7, 7))).clip(0.01, 0.99)
        share = np.sort(rng.dirichlet(np.full(7, 200.0), size=shape) + np.linspace(0.3, 0, 7), axis=-1)[..., ::-1]
        codes = (rng.random((300, 7)) < pivot[rng.integers(0, 7, 300), :, 1]).astype(int)
        return hand_made_fit(share / share.sum(axis=-1, keepdims=True), np.stack([1 - yes, yes], axis=-1), codes), pivot

    return draws_about


def test_seven_classes_are_restored_by_linear_assignment(seven_classes):
    draws, pivot = seven_classes(spread=0.05)
    scrambled = scramble(draws, random_orders(draws))
    restored = bl.relabel(scrambled, pivot)
    xr.testing.assert_identical(restored["posterior"].to_dataset(), draws["posterior"].to_dataset())
    assert restored.attrs["relabel_certainty"] == 1


def test_certainty_is_low_where_labels_mean_little(seven_classes):
    clear, pivot = seven_classes(spread=0.05)
    vague, _ = seven_classes(spread=0.8)
    assert bl.relabel(vague, pivot).attrs["relabel_certainty"] < bl.relabel(clear, pivot).attrs["relabel_certainty"]


def test_margin_is_what_exchanging_two_classes_costs(hand_made_fit):
    """Two classes and one binary item, all draws equal: the divergence of memberships by hand."""
    yes = np.array([0.3, 0.7])
    probability = np.broadcast_to(np.stack([1 - yes, yes], axis=-1)[:, None], (2, 10, 2, 1, 2)).copy()
    share = np.broadcast_to([0.6, 0.4], (2, 10, 2)).copy()
    draws = hand_made_fit(share, probability, np.array([[0], [1], [1]]))
    no, some = 0.6 * 0.7 / (0.6 * 0.7 + 0.4 * 0.3), 0.6 * 0.3 / (0.6 * 0.3 + 0.4 * 0.7)
    margin = sum(n * (2 * p - 1) * np.log(p / (1 - p)) for n, p in ((1, no), (2, some)))
    relabelled = bl.relabel(draws, probability[0, 0])
    assert relabelled.attrs["relabel_margin"] == pytest.approx(margin, abs=0.005)
    assert relabelled.attrs["relabel_certainty"] == pytest.approx(1 / (1 + np.exp(-margin)), abs=1e-6)
    exchanged = 1 / (1 + np.exp(margin))
    stored = json.loads(relabelled.attrs["relabel_mislabelled"])
    np.testing.assert_allclose(stored, [[0, exchanged], [exchanged, 0]], atol=1e-6)


@pytest.mark.parametrize("item", bl.cohort_items())
def test_order_by_an_item_is_by_its_mean_category(lca_draws, item):
    scrambled = scramble(lca_draws, random_orders(lca_draws))
    shown = bl.relabel(scrambled, pivot_of(lca_draws), item)
    rho = shown["posterior"]["item_probability"].sel(item=item).mean(["chain", "draw"]).to_numpy()
    assert (np.diff(rho @ [0, 1, 2]) >= 0).all()
    assert shown.attrs["class_order"] == item


def test_order_by_another_fit_takes_its_classes(lca_draws, joint_draws):
    by_item = bl.relabel(lca_draws, pivot_of(lca_draws), "workload")
    shown = bl.relabel(joint_draws, pivot_of(joint_draws), by_item)
    one = shown["posterior"]["item_probability"].mean(["chain", "draw"]).to_numpy()
    other = by_item["posterior"]["item_probability"].mean(["chain", "draw"]).to_numpy()
    assert ((one[:, None] - other[None]) ** 2).sum(axis=(2, 3)).argmin(axis=1).tolist() == [0, 1, 2]
    assert list(shown["posterior"]["latent_class"].to_numpy()) == ["C1", "C2", "C3"]


def test_orders_that_do_not_fit_are_refused(lca_draws, seven_classes):
    pivot = pivot_of(lca_draws)
    with pytest.raises(ValueError, match="order='salary'"):
        bl.relabel(lca_draws, pivot, "salary")
    other, _ = seven_classes(spread=0.05)
    with pytest.raises(ValueError, match="a fit of 7 classes"):
        bl.relabel(lca_draws, pivot, other)


def test_named_classes_appear_in_every_table(joint_draws):
    names = ["skill", "growth", "limited"]
    draws = bl.name_classes(joint_draws, names)
    assert list(bl.class_sizes(draws).index) == names
    assert set(bl.odds_ratios(draws, reference="limited").index.get_level_values(0)) == {
        "skill vs limited",
        "growth vs limited",
    }
    assert list(bl.membership(draws).columns[:3]) == names
    assert set(bl.membership(draws)["modal_class"]) <= set(names)
    assert list(joint_draws["posterior"]["latent_class"].to_numpy()) == ["C1", "C2", "C3"]
    renamed = bl.name_classes(joint_draws, {"C3": "limited"})
    assert list(bl.class_sizes(renamed).index) == ["C1", "C2", "limited"]
    again = bl.name_classes(renamed, {"limited": "C1", "C1": "skill"})  # by meaning: whoever has the name now
    assert list(bl.class_sizes(again).index) == ["skill", "C2", "C1"]
    with pytest.raises(ValueError, match=r"names has \['C9'\], which are no classes of this fit"):
        bl.name_classes(joint_draws, {"C9": "limited"})
    with pytest.raises(ValueError, match="2 names for 3 classes"):
        bl.name_classes(joint_draws, ["a", "b"])


@pytest.mark.parametrize("names", [["a", "b", "a"], ["a", "b", "b"]])
def test_classes_of_the_same_name_are_refused(joint_draws, names):
    with pytest.raises(ValueError, match="name"):
        bl.name_classes(joint_draws, names)
