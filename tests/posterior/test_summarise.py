"""Tables against plain NumPy on the same draws."""

from itertools import permutations

import arviz_stats
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_lca as bl
from bayes_lca.posterior.tables.random_intercepts import MEDIAN_ODDS

COLUMNS = ["mean", "sd", "lower", "upper", "r_hat", "ess_bulk", "ess_tail"]


def flat_draws(draws, variable, **where):
    """All draws of one element, chains after each other."""
    return draws["posterior"][variable].sel(where).to_numpy().reshape(-1)


def assert_row(row, values, ci_prob=0.95):
    tail = (1 - ci_prob) / 2
    assert row["mean"] == pytest.approx(values.mean())
    assert row["sd"] == pytest.approx(values.std(ddof=1))
    assert row["lower"] == pytest.approx(np.quantile(values, tail))
    assert row["upper"] == pytest.approx(np.quantile(values, 1 - tail))


@pytest.mark.parametrize("ci_prob", [0.95, 0.5])
def test_class_sizes_are_those_of_the_draws(lca_draws, joint_draws, ci_prob):
    for draws in (lca_draws, joint_draws):
        table = bl.class_sizes(draws, ci_prob=ci_prob)
        assert list(table.columns) == COLUMNS
        assert list(table.index) == ["C1", "C2", "C3"]
        for name, row in table.iterrows():
            assert_row(row, flat_draws(draws, "class_share", latent_class=name), ci_prob)
            values = draws["posterior"]["class_share"].sel(latent_class=name)
            assert row["r_hat"] == pytest.approx(float(arviz_stats.rhat(values)))
            assert row["ess_bulk"] == pytest.approx(float(arviz_stats.ess(values, method="bulk")))
        assert f"{100 * ci_prob:g} % equal-tailed intervals" in table.note
        assert "n = 600" in table.note


def test_shares_with_covariates_average_over_respondents(joint_draws):
    """P(c | x, g) of every respondent from the reported slopes, averaged."""
    posterior, constant = joint_draws["posterior"], joint_draws["constant_data"]
    for chain, draw in ((0, 0), (3, 299)):
        eta = (
            posterior["intercept"].to_numpy()[chain, draw]
            + constant["design"].to_numpy() @ posterior["slope"].to_numpy()[chain, draw]
            + posterior["group_effect"].to_numpy()[chain, draw][constant["group_index"].to_numpy()]
        )
        share = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
        stored = posterior["class_share"].to_numpy()[chain, draw]
        np.testing.assert_allclose(stored, share.mean(axis=0), rtol=0, atol=1e-12)


def test_class_profiles_are_those_of_the_draws(lca_draws):
    table = bl.class_profiles(lca_draws)
    assert list(table.columns) == COLUMNS
    assert table.index.names == ["latent_class", "item", "category"]
    assert len(table) == 3 * 6 * 3
    for (name, item, category), row in table.iloc[::7].iterrows():
        values = flat_draws(lca_draws, "item_probability", latent_class=name, item=item, category=category)
        assert_row(row, values)
    np.testing.assert_allclose(table["mean"].groupby(level=["latent_class", "item"]).sum(), 1.0, rtol=1e-9)


@pytest.mark.parametrize("name", ["joint_draws", "multinomial_draws"])
def test_odds_ratios_are_those_of_the_draws(name, request):
    draws = request.getfixturevalue(name)
    axis = "latent_class" if name == "joint_draws" else "category"
    first, second, third = draws["posterior"][axis].to_numpy()
    table = bl.odds_ratios(draws)
    contrasts = [f"{second} vs {first}", f"{third} vs {first}", f"{third} vs {second}"]
    terms = ["participation", "education[undergraduate]", "education[postgraduate]"]
    assert list(table.index) == [(contrast, term) for contrast in contrasts for term in terms]
    for (contrast, term), row in table.iterrows():
        above, below = contrast.split(" vs ")
        log_odds = flat_draws(draws, "slope", **{axis: above, "term": term})
        log_odds = log_odds - flat_draws(draws, "slope", **{axis: below, "term": term})
        assert row["log_odds"] == pytest.approx(log_odds.mean())
        assert row["sd"] == pytest.approx(log_odds.std(ddof=1))
        assert row["odds_ratio"] == pytest.approx(np.median(np.exp(log_odds)), rel=1e-4)
        assert row["lower"] == pytest.approx(np.exp(np.quantile(log_odds, 0.025)))
        assert row["upper"] == pytest.approx(np.exp(np.quantile(log_odds, 0.975)))
        direction = max((log_odds > 0).mean(), (log_odds <= 0).mean())
        assert row["probability_of_direction"] == pytest.approx(direction)
        assert row["r_hat"] == pytest.approx(float(arviz_stats.rhat(log_odds.reshape(4, 300))))


def test_odds_ratios_find_the_effect_that_was_simulated(multinomial_draws, survey):
    """Participation raises the odds of the highest class against the lowest."""
    row = bl.odds_ratios(multinomial_draws, reference="limited").loc[("comprehensive vs limited", "participation")]
    assert 1.0 < row["lower"] < row["odds_ratio"] < row["upper"] < 2.0
    assert row["probability_of_direction"] > 0.99


@pytest.mark.parametrize("variable", ["slope", "group_effect", "intercept"])
def test_contrasts_are_antisymmetric_and_transitive(joint_draws, variable):
    against = {name: bl.contrasts(joint_draws, variable, reference=name) for name in ("C1", "C2", "C3")}

    def contrast(above, below):
        return against[below].sel(contrast=f"{above} vs {below}").to_numpy()

    for a, b, c in permutations(["C1", "C2", "C3"]):
        np.testing.assert_allclose(contrast(a, b), -contrast(b, a), rtol=0, atol=1e-12)
        np.testing.assert_allclose(contrast(a, b) + contrast(b, c), contrast(a, c), rtol=0, atol=1e-12)
    assert np.abs(contrast("C2", "C1")).max() > 0.01


def test_all_pairs_hold_each_contrast_once(joint_draws):
    pairs = bl.contrasts(joint_draws, "slope")
    assert list(pairs["contrast"].to_numpy()) == ["C2 vs C1", "C3 vs C1", "C3 vs C2"]
    against_second = bl.contrasts(joint_draws, "slope", reference="C2")
    assert list(against_second["contrast"].to_numpy()) == ["C1 vs C2", "C3 vs C2"]
    one = pairs.sel(contrast="C2 vs C1").transpose("chain", "draw", "term")
    other = against_second.sel(contrast="C1 vs C2").transpose("chain", "draw", "term")
    np.testing.assert_allclose(one, -other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("table", [bl.odds_ratios, bl.random_intercepts, bl.heterogeneity])
def test_reference_must_be_a_class(joint_draws, table):
    with pytest.raises(ValueError, match=r"reference='C4' is not a class; choose one of \['C1', 'C2', 'C3'\]"):
        table(joint_draws, "C4")


def test_inverting_the_reference_inverts_odds_ratios(joint_draws):
    one, other = bl.odds_ratios(joint_draws, "C1"), bl.odds_ratios(joint_draws, "C2")
    row, inverse = one.loc[("C2 vs C1", "participation")], other.loc[("C1 vs C2", "participation")]
    assert row["odds_ratio"] == pytest.approx(1 / inverse["odds_ratio"])
    assert row["lower"] == pytest.approx(1 / inverse["upper"])
    assert row["probability_of_direction"] == pytest.approx(inverse["probability_of_direction"])


def test_random_intercepts_are_those_of_the_draws(joint_draws, survey):
    table = bl.random_intercepts(joint_draws)
    assert table.index.names == ["grouping", "group", "latent_class"]
    assert len(table) == 6 * 3
    sizes = survey["group"].value_counts()
    for (grouping, group, name), row in table.iterrows():
        assert grouping == "group"
        assert row["n"] == sizes[group]
        assert_row(row, flat_draws(joint_draws, "group_effect", group=group, latent_class=name))
    np.testing.assert_allclose(table["mean"].groupby(level="group").sum(), 0.0, atol=1e-9)


def test_random_intercepts_against_a_reference_are_differences(joint_draws):
    table = bl.random_intercepts(joint_draws, reference="C3", ci_prob=0.8)
    assert table.index.names == ["grouping", "group", "contrast"]
    for (_, group, contrast), row in table.iterrows():
        above, below = contrast.split(" vs ")
        assert below == "C3"
        values = flat_draws(joint_draws, "group_effect", group=group, latent_class=above)
        assert_row(row, values - flat_draws(joint_draws, "group_effect", group=group, latent_class=below), 0.8)


@pytest.mark.parametrize("name", ["joint_draws", "multinomial_draws"])
def test_heterogeneity_follows_its_formulae(name, request):
    draws = request.getfixturevalue(name)
    axis = "latent_class" if name == "joint_draws" else "category"
    first, second, _ = draws["posterior"][axis].to_numpy()
    table = bl.heterogeneity(draws)
    assert len(table) == 3
    row = table.loc[("group", f"{second} vs {first}")]
    s = np.hypot(flat_draws(draws, "group_sd", **{axis: first}), flat_draws(draws, "group_sd", **{axis: second}))
    measures = {
        "sd": s,
        "vpc": s**2 / (s**2 + np.pi**2 / 3),
        "median_odds_ratio": np.exp(s * np.sqrt(2) * stats.norm.ppf(0.75)),
    }
    for measure, values in measures.items():
        assert row[measure] == pytest.approx(np.median(values))
        assert row[f"{measure}_lower"] == pytest.approx(np.quantile(values, 0.025))
        assert row[f"{measure}_upper"] == pytest.approx(np.quantile(values, 0.975))
    assert row["groups"] == 6
    assert 1 < row["median_odds_ratio_lower"]


@pytest.mark.parametrize("sd", [0.3, 1.0, 2.0])
def test_median_odds_ratio_is_the_median_over_pairs_of_groups(sd):
    """By simulation: half of all pairs of groups drawn at random have odds further apart."""
    pairs = sd * np.random.default_rng(1).normal(size=(200_000, 2))
    below = np.abs(pairs[:, 0] - pairs[:, 1]) < MEDIAN_ODDS * sd
    assert below.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(pairs)))


def test_heterogeneity_against_a_reference_keeps_its_contrasts(joint_draws):
    every = bl.heterogeneity(joint_draws)
    against = bl.heterogeneity(joint_draws, reference="C2")
    assert list(against.index.get_level_values("contrast")) == ["C1 vs C2", "C3 vs C2"]
    one, other = against.loc[("group", "C1 vs C2")], every.loc[("group", "C2 vs C1")]
    pd.testing.assert_series_equal(one, other, check_names=False)


def test_tables_that_a_model_lacks_say_so(lca_draws):
    with pytest.raises(ValueError, match="has no covariates"):
        bl.odds_ratios(lca_draws)
    with pytest.raises(ValueError, match="has no random intercepts"):
        bl.random_intercepts(lca_draws)
    with pytest.raises(ValueError, match="has no random intercepts"):
        bl.heterogeneity(lca_draws)


@pytest.mark.parametrize("table", [bl.class_sizes, bl.class_profiles, bl.membership, bl.membership_draws])
def test_observed_categories_have_no_tables_of_latent_classes(multinomial_draws, table):
    with pytest.raises(ValueError, match="latent"):
        table(multinomial_draws)


@pytest.mark.parametrize("ci_prob", [0.0, 1.0, 95, -0.1])
@pytest.mark.parametrize("table", [bl.class_sizes, bl.odds_ratios, bl.heterogeneity, bl.membership])
def test_intervals_have_a_probability(joint_draws, table, ci_prob):
    with pytest.raises(ValueError, match="ci_prob"):
        table(joint_draws, ci_prob=ci_prob)


def test_a_wider_interval_contains_a_narrower_one(joint_draws):
    wide, narrow = bl.odds_ratios(joint_draws, ci_prob=0.99), bl.odds_ratios(joint_draws, ci_prob=0.8)
    assert (wide["lower"] < narrow["lower"]).all()
    assert (narrow["lower"] < narrow["odds_ratio"]).all()
    assert (narrow["upper"] < wide["upper"]).all()


def test_tables_show_and_keep_their_note(joint_draws, tmp_path):
    table = bl.odds_ratios(joint_draws)
    assert table.note in repr(table)
    assert table.note in table._repr_html_()
    noted = bl.SummaryTable.of(pd.DataFrame({"n": [1]}), "B: mean; n < 9\nOR: median")
    assert noted._repr_html_().endswith("<p>B: mean; n &lt; 9<br>OR: median</p>")
    table.write(tmp_path / "table.csv")
    written = pd.read_csv(tmp_path / "table.csv")
    assert written["note"].iloc[0] == table.note
    np.testing.assert_allclose(written["odds_ratio"], table["odds_ratio"])
    assert list(written["term"]) == list(table.index.get_level_values("term"))
