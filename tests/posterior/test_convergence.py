"""Chains that disagree are seen, named and kept apart; labels that were not aligned are refused."""

import json
import re
import warnings

import arviz_stats
import numpy as np
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted.elements import diagnostics
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.views import with_views
from bayes_lca.posterior.labels.convergence import (
    TOO_FEW,
    convergence_problems,
    convergence_table,
    warn_of_convergence,
)
from bayes_lca.posterior.labels.label_free import label_free
from bayes_lca.posterior.labels.modes import chain_modes
from bayes_lca.posterior.labels.relabel import permute

# Two short chains leave a respondent or two for whom the estimate is unreliable; the table of modes counts them.
pytestmark = pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto distribution:UserWarning")

SUMMARIES = {
    "class_sizes": bl.class_sizes,
    "class_profiles": bl.class_profiles,
    "membership": bl.membership,
    "membership_draws": bl.membership_draws,
    "odds_ratios": bl.odds_ratios,
    "random_intercepts": bl.random_intercepts,
    "heterogeneity": bl.heterogeneity,
}


def with_posterior(draws, **variables):
    result = draws.copy()
    result["posterior"] = xr.DataTree(draws["posterior"].to_dataset().assign(variables))
    return result


def with_log_likelihood(draws, shift):
    """Add to every respondent's log-likelihood, per chain; record the modes as `fit` does."""
    result, shift = draws.copy(), xr.DataArray(shift, dims="chain")
    result["log_likelihood"] = xr.DataTree(draws["log_likelihood"].to_dataset() + shift)
    statistics = draws["sample_stats"].to_dataset()
    total = statistics["total_log_likelihood"] + draws.attrs["n_respondents"] * shift
    result["sample_stats"] = xr.DataTree(statistics.assign(total_log_likelihood=total))
    return with_modes(result)


def with_modes(draws):
    modes = chain_modes(Fit.reading(draws))
    result = draws.copy()
    result.attrs = dict(draws.attrs) | {"n_modes": int(modes.max() + 1), "chain_modes": json.dumps(modes.tolist())}
    return result


@pytest.fixture
def two_modes(joint_draws):
    """Chains 0 and 2 in one mode; 1 and 3 in another, 60 lower in log-likelihood."""
    return with_log_likelihood(joint_draws, [0.0, -0.1, 0.0, -0.1])


@pytest.mark.parametrize("name", SUMMARIES)
def test_summaries_refuse_labels_that_were_not_aligned(joint_draws, name):
    raw = joint_draws.copy()
    raw.attrs = {key: value for key, value in joint_draws.attrs.items() if key != "relabelled"}
    with pytest.raises(bl.NotRelabelledError, match="relabel"):
        SUMMARIES[name](raw)
    SUMMARIES[name](bl.relabel(raw, np.array(json.loads(joint_draws.attrs["pivot"]))))


@pytest.mark.parametrize("name", SUMMARIES)
def test_summaries_refuse_several_modes(two_modes, name):
    with pytest.raises(bl.SeveralModesError, match="2 different modes"):
        SUMMARIES[name](two_modes)
    SUMMARIES[name](bl.keep_mode(two_modes, 2))


def test_observed_categories_need_no_labels(multinomial_draws):
    assert "relabelled" not in multinomial_draws.attrs
    Fit.reading(multinomial_draws).require_summarisable()


def test_chains_that_agree_share_one_mode(lca_draws, joint_draws, multinomial_draws):
    for draws in (lca_draws, joint_draws, multinomial_draws):
        assert chain_modes(Fit.reading(draws)).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        ([0, -1, 0, -1], [0, 1, 0, 1]),
        ([0, 0, 0, -1], [0, 0, 0, 1]),
        ([-1, 0, 0, 0], [0, 1, 1, 1]),
        ([0, -1, -2, -3], [0, 1, 2, 3]),
        ([0, -1, -1, 0], [0, 1, 1, 0]),
    ],
)
def test_chains_of_different_likelihood_are_different_modes(lca_draws, shift, expected):
    shifted = with_log_likelihood(lca_draws, np.array(shift, dtype=float))
    assert chain_modes(Fit.reading(shifted)).tolist() == expected


def test_chains_of_different_shares_are_different_modes(lca_draws):
    share = lca_draws["posterior"]["class_share"].copy(deep=True)
    share[2] = share[2] ** 3 / (share[2] ** 3).sum("latent_class")
    assert chain_modes(Fit.reading(with_posterior(lca_draws, class_share=share))).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("place", [[0, 1, 2, 3], [0, 2, 1, 3], [3, 0, 2, 1]])
def test_chains_linked_through_others_share_one_mode(lca_draws, place):
    """Each place overlaps with the next one, the first and the last do not."""
    total = lca_draws["log_likelihood"]["answers"].sum("respondent")
    step = float(total.std()) / lca_draws.attrs["n_respondents"]
    slowly = with_log_likelihood(lca_draws, 0.6 * step * np.array(place))
    ends = slowly["log_likelihood"]["answers"].sum("respondent").isel(chain=[place.index(0), place.index(3)])
    assert float(arviz_stats.rhat(ends)) > 1.2
    assert chain_modes(Fit.reading(slowly)).tolist() == [0, 0, 0, 0]


def test_table_of_modes(two_modes, joint_draws):
    table = bl.modes(two_modes)
    assert table.index.tolist() == [1, 2]
    assert table["chains"].tolist() == ["0, 2", "1, 3"]
    assert table["share_of_draws"].tolist() == [0.5, 0.5]
    for mode, chains in ((1, [0, 2]), (2, [1, 3])):
        kept = bl.keep_mode(two_modes, mode)
        loo = arviz_stats.loo(kept)
        assert table.loc[mode, "elpd_loo"] == pytest.approx(loo.elpd)
        assert table.loc[mode, "se"] == pytest.approx(loo.se)
        assert table.loc[mode, "n_high_k"] == int((loo.pareto_k > loo.good_k).sum())
        assert list(kept["posterior"]["chain"].to_numpy()) == chains
    assert table.loc[1, "elpd_loo"] - table.loc[2, "elpd_loo"] == pytest.approx(60, abs=5)
    assert bl.modes(joint_draws)["share_of_draws"].tolist() == [1.0]


def test_a_kept_mode_is_the_chains_of_that_mode(two_modes, joint_draws):
    kept = bl.keep_mode(two_modes, 2)
    for group in ("posterior", "sample_stats", "log_likelihood"):
        xr.testing.assert_identical(kept[group].to_dataset(), two_modes[group].to_dataset().sel(chain=[1, 3]))
    expected = joint_draws["posterior"]["class_share"].sel(chain=[1, 3]).mean(["chain", "draw"])
    np.testing.assert_allclose(bl.class_sizes(kept)["mean"], expected, rtol=1e-12)
    assert kept.attrs["n_modes"] == 1
    assert kept.attrs["kept_mode"] == 2
    assert bl.modes(kept)["chains"].tolist() == ["1, 3"]
    assert two_modes.attrs["n_modes"] == 2
    assert two_modes["posterior"].sizes["chain"] == 4


@pytest.mark.parametrize("mode", [0, 3, -1])
def test_modes_that_do_not_exist_are_refused(two_modes, mode):
    with pytest.raises(ValueError, match="modes 1 to 2"):
        bl.keep_mode(two_modes, mode)


def test_a_kept_mode_survives_the_disk(two_modes, tmp_path):
    bl.save(two_modes, tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    with pytest.raises(bl.SeveralModesError):
        bl.class_sizes(loaded)
    bl.save(bl.keep_mode(loaded, 1), tmp_path / "fit.nc")
    assert len(bl.class_sizes(bl.load(tmp_path / "fit.nc"))) == 3


def test_label_free_quantities_do_not_change_with_labels(lca_draws):
    rng = np.random.default_rng(0)
    share = lca_draws["posterior"]["class_share"]
    free = label_free(Fit.reading(lca_draws))
    order = rng.permuted(np.broadcast_to(np.arange(3), (4, 300, 3)), axis=-1).reshape(-1, 3)
    shuffled = permute(lca_draws["posterior"].to_dataset(), order)
    xr.testing.assert_allclose(label_free(Fit.reading(with_posterior(lca_draws, **shuffled.data_vars))), free)
    total = lca_draws["log_likelihood"]["answers"].sum("respondent")
    np.testing.assert_allclose(free["log_likelihood"], total)
    ordered = np.sort(share.to_numpy(), axis=-1)
    np.testing.assert_allclose(free["share of class ranked 1"], ordered[..., 2])
    np.testing.assert_allclose(free["share of class ranked 3"], ordered[..., 0])
    np.testing.assert_allclose(free["entropy of shares"], -(ordered * np.log(ordered)).sum(axis=-1))
    profile = lca_draws["posterior"]["item_probability"]
    for item in bl.cohort_items():
        of_item = profile.sel(item=item)
        spread = (share * (of_item - (share * of_item).sum("latent_class")) ** 2).sum(["latent_class", "category"])
        np.testing.assert_allclose(free[f"spread of {item}"], spread.transpose("chain", "draw"))


def test_table_of_convergence_is_that_of_arviz(joint_draws):
    table = bl.convergence(joint_draws)
    labelled = table.loc["labelled"]
    variables = {"class_share", "item_probability", "slope", "intercept", "group_effect", "group_sd"}
    assert variables <= set(labelled.index)
    for name in variables:
        values = joint_draws["posterior"][name]
        r_hat = arviz_stats.rhat(values)
        assert labelled.loc[name, "r_hat"] == pytest.approx(float(r_hat.max()))
        assert labelled.loc[name, "ess_bulk"] == pytest.approx(float(arviz_stats.ess(values, method="bulk").min()))
        assert labelled.loc[name, "ess_tail"] == pytest.approx(float(arviz_stats.ess(values, method="tail").min()))
        worst = labelled.loc[name, "element"].split(", ")
        dims = [dim for dim in values.dims if dim not in ("chain", "draw")]
        assert float(r_hat.sel(dict(zip(dims, worst, strict=True)))) == pytest.approx(float(r_hat.max()))
    total = joint_draws["log_likelihood"]["answers"].sum("respondent").round(6)  # equal draws have equal ranks
    free = table.loc["label-free"]
    assert free.loc["log_likelihood", "r_hat"] == pytest.approx(float(arviz_stats.rhat(total)))
    assert len(free) == 6
    spreads = [values for name, values in label_free(Fit.reading(joint_draws)).items() if name.startswith("spread of")]
    assert free.loc["spread of items", "r_hat"] == pytest.approx(max(float(arviz_stats.rhat(each)) for each in spreads))
    assert table.loc[("labelled", "item_probability"), "elements"] == 3 * 6 * 3
    assert "4 x 300 draws" in table.note


def healthy_fit(draws, seed=0):
    """The draws of a fit in random order, repeated: independent draws of the same distribution."""
    rng = np.random.default_rng(seed)
    n_chains, n_draws = draws["posterior"].sizes["chain"], draws["posterior"].sizes["draw"]
    places = rng.integers(0, n_chains * n_draws, size=4 * 1000)
    result = draws.copy()
    for group in ("posterior", "sample_stats"):
        flat = draws[group].to_dataset().stack(place=["chain", "draw"], create_index=False)
        flat = flat.drop_vars(["chain", "draw"]).isel(place=places)
        shaped = flat.assign_coords(
            chain=("place", np.repeat(np.arange(4), 1000)), draw=("place", np.tile(np.arange(1000), 4))
        ).set_index(place=["chain", "draw"])
        result[group] = xr.DataTree(shaped.unstack("place").transpose("chain", "draw", ...))
    return with_modes(with_views(result))


def test_no_warning_where_nothing_is_wrong(lca_draws):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_convergence(Fit.reading(healthy_fit(lca_draws)))


def warning_of(draws):
    with pytest.warns(bl.ConvergenceWarning, match="should not be trusted yet") as caught:
        warn_of_convergence(Fit.reading(draws))
    return str(caught[0].message)


def test_warnings_name_what_is_wrong(lca_draws, two_modes):
    assert "different modes (2, 2 chains each)" in warning_of(two_modes)

    divergent = lca_draws.copy()
    stats = lca_draws["sample_stats"].to_dataset()
    divergent["sample_stats"] = xr.DataTree(stats.assign(diverging=stats["diverging"] | (stats["draw"] < 2)))
    assert "8 divergent transitions, 0.67 % of all" in warning_of(divergent)

    share = lca_draws["posterior"]["class_share"].copy(deep=True)
    share[0] = share[0, :, ::-1].to_numpy()
    text = warning_of(with_posterior(lca_draws, class_share=share))
    assert " of single classes above R-hat 1.01 that chance does not explain (worst: class_share" in text

    short = lca_draws.copy()
    for group in ("posterior", "sample_stats"):
        short[group] = xr.DataTree(lca_draws[group].to_dataset().isel(draw=slice(40)))
    text = warning_of(short)
    assert "fewer than 400 effective draws" in text
    needed, further = re.search(
        r"draws=(\d+) would give them, or (\d+) more of each chain by bl.more_draws", text
    ).groups()
    assert int(needed) - int(further) == 40


@pytest.mark.parametrize(("divergences", "share"), [(1, "0.025"), (4, "0.1"), (5, "0.12")])
def test_one_divergence_in_a_thousand_is_mentioned_and_no_more(lca_draws, divergences, share):
    healthy = healthy_fit(lca_draws)
    diverging = np.zeros((4, 1000), dtype=bool)
    diverging[1, :divergences] = True
    stats = healthy["sample_stats"].to_dataset()
    healthy["sample_stats"] = xr.DataTree(stats.assign(diverging=(("chain", "draw"), diverging)))
    said = f"{divergences} of 4000 transitions diverged ({share} %)"
    assert said in bl.convergence(healthy).note
    problems = convergence_problems(Fit.reading(healthy))
    assert len(problems) == (divergences > 4)
    assert problems[:1] == [f"5 divergent transitions, {share} % of all: raise target_accept"][: len(problems)]


def test_one_chain_has_effective_draws_and_no_r_hat(joint_draws):
    one = joint_draws.isel(chain=[2])
    table = bl.convergence(one)
    assert table["r_hat"].isna().all()
    share = one["posterior"]["class_share"]
    for method in ("bulk", "tail"):
        expected = arviz_stats.ess(share, method=method)
        row = table.loc[("labelled", "class_share")]
        assert row[f"ess_{method}"] == pytest.approx(float(expected.min()))
    least = arviz_stats.ess(share, method="bulk").to_numpy().argmin()
    assert table.loc[("labelled", "class_share"), "element"] == share["latent_class"].to_numpy()[least]
    assert "one chain: R-hat compares chains, so there is none" in table.note
    assert "R-hat compares chains" not in bl.convergence(joint_draws).note


def test_one_chain_is_a_problem_whatever_its_effective_draws(joint_draws):
    assert not any("one chain" in problem for problem in convergence_problems(Fit.reading(joint_draws)))
    one = joint_draws.isel(chain=[0])
    assert convergence_problems(Fit.reading(one))[0] == (
        "there is one chain, and nobody can see whether chains agree: fit with chains=4"
    )
    with pytest.warns(bl.ConvergenceWarning, match="nobody can see whether chains agree"):
        warn_of_convergence(Fit.reading(one))


@pytest.mark.parametrize("chains", [[0], [0, 1, 2, 3]], ids=["one chain", "four chains"])
def test_what_does_not_vary_is_constant(joint_draws, chains):
    share = joint_draws["posterior"]["class_share"]
    draws = with_posterior(joint_draws, class_share=xr.full_like(share, 1 / share.sizes["latent_class"]))
    table = bl.convergence(draws.isel(chain=chains)).loc["labelled"]
    assert table.index[table["element"] == "constant"].tolist() == ["class_share"]
    assert table.loc["class_share", ["r_hat", "ess_bulk", "ess_tail"]].isna().all()
    assert table.drop(index="class_share")[["ess_bulk", "ess_tail"]].notna().all(axis=None)


@pytest.mark.parametrize(("chains", "r_hat"), [([[1.0] * 5, [2.0] * 5], np.inf), ([[0, 0, 1, 0, 0]] * 2, np.nan)])
def test_chains_that_stand_still_have_no_finite_r_hat(chains, r_hat):
    values = xr.DataArray(np.array(chains, dtype=float), dims=("chain", "draw"))
    assert float(diagnostics(values)["r_hat"]) == pytest.approx(r_hat, nan_ok=True)


def test_one_draw_of_each_chain_says_nothing():
    fit = Fit.of(bl.load_example().isel(draw=[0]), needs="convergence")
    table = convergence_table(fit)
    assert set(table["element"]) == {"constant", TOO_FEW} and table["r_hat"].isna().all()
    assert "1 draws of each chain are too few to see whether chains agree" in convergence_problems(fit)
