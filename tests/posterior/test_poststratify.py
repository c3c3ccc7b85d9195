"""Population shares: respondents as they are, everybody else from the model, new groups from their distribution."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayes_lca as bl
from bayes_lca.data.categories import draw_category
from bayes_lca.datasets import simulate
from bayes_lca.models import Multinomial
from bayes_lca.posterior.effects.poststratify import poststratify
from bayes_lca.posterior.tables.membership import membership_draws

FORMULA = "~ role + age + (1 | group)"
CELL = ["role", "age", "group"]


def population(frame, columns, times=3):
    """Cells of the respondents, each with some more people; shuffled."""
    cells = frame.groupby(columns, observed=True).size().reset_index(name="N")
    cells["N"] = cells["N"] * times + np.arange(len(cells)) % 4
    return cells.sample(frac=1, random_state=2, ignore_index=True)


def columns_of(row):
    return {
        "role[member]": row["role"] == "member",
        "age[31-40]": row["age"] == "31-40",
        "age[>40]": row["age"] == ">40",
    }


@pytest.fixture(scope="module")
def draws(made_up):
    """Coefficients that are the same in all draws, so that only drawing people makes draws differ."""
    return made_up.draws(FORMULA, draws=2000, spread=0)


@pytest.fixture(scope="module")
def cells(made_up):
    return population(made_up.staff(), CELL)


def expected(draws, cells, frame, made_up):
    """Mean and variance of the number of people in each class of every cell, by hand; shape (cell, class)."""
    outcome = draws["observed_data"]["outcome"].to_numpy()
    mean, variance = np.zeros((len(cells), 3)), np.zeros((len(cells), 3))
    for k, row in enumerate(cells.to_dict("records")):
        inside = np.logical_and.reduce([frame[name] == row[name] for name in CELL])
        seen = np.bincount(outcome[inside], minlength=3)
        p = made_up.probability(draws, columns_of(row), {"group": row["group"]})[0]
        others = row["N"] - inside.sum()
        mean[k], variance[k] = seen + others * p, others * p * (1 - p)
    return mean, variance


def assert_moments(rows, mean, variance, n_draws=4000):
    """Mean and standard deviation of a share that is nearly normal, within four Monte Carlo standard errors."""
    assert (np.abs(rows["mean"] - mean) < 4 * np.sqrt(variance / n_draws)).all()
    assert (np.abs(rows["sd"] ** 2 - variance) < 4 * variance * np.sqrt(3 / n_draws)).all()


def test_respondents_are_known_and_the_others_drawn(draws, cells, made_up):
    frame = made_up.staff()
    mean, variance = expected(draws, cells, frame, made_up)
    table = poststratify(draws, cells, by="group")
    total = cells["N"].sum()
    assert_moments(table.loc["overall"], mean.sum(axis=0) / total, variance.sum(axis=0) / total**2)
    for group in ("G1", "G5"):
        inside = (cells["group"] == group).to_numpy()
        people = cells.loc[inside, "N"].sum()
        assert_moments(table.loc[group], mean[inside].sum(axis=0) / people, variance[inside].sum(axis=0) / people**2)
        outcome = draws["observed_data"]["outcome"].to_numpy()[(frame["group"] == group).to_numpy()]
        np.testing.assert_allclose(table.loc[group, "sample_share"], np.bincount(outcome, minlength=3) / len(outcome))
        assert set(table.loc[group, "N"]) == {people}
        assert set(table.loc[group, "n"]) == {len(outcome)}
    assert "160 respondents by their observed category" in table.note
    assert f"finite population of {total} people in {len(cells)} cell(s)" in table.note


def test_parts_add_up_to_the_whole(draws, cells):
    by_two = poststratify(draws, cells, by=["role", "age"])
    assert by_two.index.names == ["role", "age", "category"]
    assert list(dict.fromkeys(by_two.index.get_level_values("age"))) == ["overall", "<=30", "31-40", ">40"]
    parts = by_two.drop("overall", level="role")
    summed = (parts["mean"] * parts["N"]).groupby(level="category", sort=False).sum() / cells["N"].sum()
    np.testing.assert_allclose(summed, by_two.loc["overall", "overall"]["mean"], rtol=1e-12)
    alone = poststratify(draws, cells)
    np.testing.assert_allclose(alone["mean"], by_two.loc["overall", "overall"]["mean"], rtol=1e-12)


def test_by_a_column_that_the_formula_does_not_use(draws, cells):
    divided = cells.assign(region=pd.Categorical(np.where(cells["group"] < "G4", "north", "east"), ["north", "east"]))
    table = poststratify(draws, divided, by="region")
    assert list(table.index.get_level_values("region")[::3]) == ["overall", "north", "east"]
    assert table.loc["north", "N"].iloc[0] == cells.loc[cells["group"] < "G4", "N"].sum()


def test_everybody_asked_leaves_nothing_uncertain(draws, made_up):
    cells = population(made_up.staff(), CELL, times=1)
    cells["N"] = (
        made_up.staff().groupby(CELL, observed=True).size().reindex(pd.MultiIndex.from_frame(cells[CELL])).array
    )
    table = poststratify(draws, cells)
    observed = np.bincount(draws["observed_data"]["outcome"], minlength=3) / 160
    for column in ("mean", "lower", "upper", "sample_share"):
        np.testing.assert_allclose(table[column], observed, rtol=1e-12)
    np.testing.assert_allclose(table["sd"], 0, atol=1e-12)


def test_latent_classes_of_respondents_are_drawn_from_membership(made_up):
    """With everybody asked, the share of a class has mean sum p_i / N and variance sum p_i (1 - p_i) / N^2."""
    draws = made_up.draws(FORMULA, latent=True, draws=2000, spread=0)
    frame = made_up.staff()
    cells = frame.groupby(CELL, observed=True).size().reset_index(name="N")
    table = poststratify(draws, cells, by="role")
    p = membership_draws(draws).to_numpy()[0, 0].astype(float)  # (respondent, class)
    for role, inside in (("overall", np.ones(160, dtype=bool)), ("lead", (frame["role"] == "lead").to_numpy())):
        n = inside.sum()
        assert_moments(table.loc[role], p[inside].mean(axis=0), (p * (1 - p))[inside].sum(axis=0) / n**2)
        np.testing.assert_allclose(table.loc[role, "sample_share"], p[inside].mean(axis=0), rtol=1e-6)
    assert "a class drawn from their membership" in table.note


def test_each_group_not_seen_has_effects_of_its_own(draws, made_up):
    """Two of them differ from each other, so their mean varies half as much; the spread is that of the groups."""
    frame = made_up.staff()
    seen = population(frame, CELL)
    many = 10**7
    new = pd.DataFrame({"role": "lead", "age": "<=30", "group": ["G8", "G9"], "N": many})
    table = poststratify(draws, pd.concat([seen, new]), by="group")
    rng = np.random.default_rng(5)
    posterior = draws["posterior"]
    base, sd = (posterior[name].to_numpy().reshape(-1, 1, 3) for name in ("intercept", "group_sd"))
    eta = base + sd * rng.normal(size=(len(base), 2, 3))
    p = np.exp(eta) / np.exp(eta).sum(axis=-1, keepdims=True)
    for group in ("G8", "G9"):
        error = 4 * np.sqrt(2 * p[:, 0].var(axis=0) / len(p))
        assert (np.abs(table.loc[group, "mean"] - p[:, 0].mean(axis=0)) < error).all()
        ratio = table.loc[group, "sd"].to_numpy() / p[:, 0].std(axis=0)
        np.testing.assert_allclose(ratio, 1, atol=4 * np.sqrt(2 * 1.5 / 4 / len(p)) * 2)
    both = poststratify(draws, pd.concat([seen, new]).assign(new=lambda c: c["group"] > "G7"), by="new").loc["True"]
    ratio = both["sd"].to_numpy() / p.mean(axis=1).std(axis=0)
    np.testing.assert_allclose(ratio, 1, atol=4 * np.sqrt(2 * 1.5 / 4 / len(p)) * 2)
    assert f"{2 * many} of them in 2 group(s) of 'group' that the fit has not seen ('G8', 'G9')" in table.note
    assert table.loc["G8", "sample_share"].isna().all()
    mean, variance = expected(draws, seen, frame, made_up)
    inside = (seen["group"] == "G2").to_numpy()
    people = seen.loc[inside, "N"].sum()
    assert_moments(table.loc["G2"], mean[inside].sum(axis=0) / people, variance[inside].sum(axis=0) / people**2)


def test_a_new_group_with_slopes_and_a_known_city(made_up):
    """The city's own effect stays; group effects and slopes come anew, centred at the mean of the covariate."""
    draws = made_up.draws("~ x + (x | city/group)", draws=2000, spread=0)
    frame = made_up.staff()
    columns = ["x", "city", "group"]
    x = 3.5
    new = pd.DataFrame({"x": [x], "city": ["Hefei"], "group": ["G9"], "N": [10**7]})
    table = poststratify(draws, pd.concat([population(frame, columns), new]), by="group").loc["G9"]
    posterior, rng = draws["posterior"], np.random.default_rng(6)
    at = {name: posterior[name].to_numpy().reshape(-1, *posterior[name].shape[2:]) for name in posterior.data_vars}
    distance = x - float(draws["constant_data"]["design_center"][0])
    eta = at["intercept"] + at["slope"][:, 0] * x
    hefei = posterior["city"].to_numpy().tolist().index("Hefei")
    eta = eta + at["city_effect"][:, hefei] + at["city_slope"][:, hefei, 0] * distance
    eta = eta + at["city:group_sd"] * rng.normal(size=eta.shape)
    eta = eta + at["city:group_slope_sd"][:, 0] * rng.normal(size=eta.shape) * distance
    p = np.exp(eta) / np.exp(eta).sum(axis=-1, keepdims=True)
    assert (np.abs(table["mean"] - p.mean(axis=0)) < 4 * np.sqrt(2 * p.var(axis=0) / len(p))).all()
    fourth = ((p - p.mean(axis=0)) ** 4).mean(axis=0) / p.var(axis=0) ** 2
    assert (np.abs(table["sd"] / p.std(axis=0) - 1) < 4 * np.sqrt(2 * (fourth - 1) / 4 / len(p))).all()


def test_without_covariates_one_cell_is_the_population(made_up):
    table = poststratify(made_up.draws("~ 1"), pl.DataFrame({"staff": [500]}), count="staff")
    assert table.index.names == ["population", "category"]
    assert set(table["N"]) == {500}
    two = pd.DataFrame({"staff": [500, 300]})
    with pytest.raises(ValueError, match=r"'~ 1' has no covariates or groups, so there are no cells, .* has 2 rows"):
        poststratify(made_up.draws("~ 1"), two, count="staff")


def test_same_seed_same_people(draws, cells):
    one, again, other = (poststratify(draws, cells, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    assert not np.allclose(one["mean"], other["mean"], rtol=1e-12)


def changed(cells, column, value):
    return cells.assign(**{column: cells[column].astype(object).where(cells.index != 0, value)})


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda c: c.drop(columns="age"), {}, r"cells lacks column\(s\) 'age' that '~ role"),
        (lambda c: c.drop(columns="group"), {}, r"cells lacks column\(s\) 'group'"),
        (lambda c: c.rename(columns={"N": "people"}), {}, r"no column 'N' of the number of people; name it by count="),
        (lambda c: c.assign(N=c["N"] - 0.5), {}, r"'N' is no whole number from 0 on in 34 of 34 cells, such as"),
        (lambda c: c.assign(N=-1), {}, r"'N' is no whole number from 0 on in 34 of 34 cells, such as -1"),
        (
            lambda c: changed(c, "N", None),
            {},
            r"'N' is no whole number from 0 on in 1 of 34 cells, such as nan \(rows 0",
        ),
        (lambda c: c.assign(N=c["N"].astype(str)), {}, r"'N' holds '\d+', no number"),
        (lambda c: c.assign(N=1), {}, r"\d+ of 34 cells have fewer people in 'N' than respondents: 'age=.*\(N = 1, "),
        (lambda c: pd.concat([c, c.iloc[:2]], ignore_index=True), {}, r"2 cell\(s\) stand in the table more than once"),
        (
            lambda c: c.iloc[1:],
            {},
            r"respondents are in 1 cell\(s\) that the table lacks: 'age=.*, role=\w+, group=G\d'",
        ),
        (lambda c: changed(c, "role", "boss"), {}, r"'role' has level\(s\) 'boss' in 1 of 34 rows"),
        (lambda c: changed(c, "group", None), {}, r"'group' is missing in 1 of 34 rows"),
        (lambda c: c, {"by": "region"}, r"by='region': the table of 34 cells has no column\(s\) 'region'"),
        (lambda c: c.assign(part=[None] + ["a"] * 33), {"by": "part"}, r"by='part': 'part' is missing"),
        (lambda c: c, {"by": "category"}, r"no column\(s\) 'category'"),
        (lambda c: c.assign(category="a"), {"by": "category"}, r"'category' is the name of the classes; rename"),
        (lambda c: c, {"seed": 0.5}, r"seed=0.5: seed is a whole number"),
        (lambda c: c, {"ci_prob": -1}, r"ci_prob=-1"),
    ],
)
def test_tables_that_are_no_population_are_refused(draws, cells, change, options, message):
    with pytest.raises(ValueError, match=message):
        poststratify(draws, change(cells), **options)


def test_a_part_without_people_is_refused(draws, cells):
    ghost = pd.DataFrame({"role": ["lead"], "age": ["<=30"], "group": ["G9"], "N": [0]})
    with pytest.raises(ValueError, match=r"by='group': no people in 'G9'"):
        poststratify(draws, pd.concat([cells, ghost]), by="group")


# Calibration

REPLICATES = 200
SIZES = {"G1": 3900, "G2": 4800, "G3": 3300, "G4": 2200, "G5": 1300, "G6": 563}
RESPONSE = {"lead": 0.265, "member": 0.055}
OF_GROUP = {"G1": 1.2, "G2": 0.8, "G3": 1.4, "G4": 0.7, "G5": 1.0, "G6": 1.5}
ROLE = [-0.6, 0.0, 0.6]
GROUP_SD = 0.5
CLASSES = ["C1", "C2", "C3"]


def draw_population(seed):
    """16,063 people in six groups and two roles, their classes, and who answers."""
    rng = simulate.uniform_stream(seed)
    frame = pd.DataFrame({"group": np.repeat(list(SIZES), list(SIZES.values()))})
    lead = rng.random(len(frame)) < 0.35
    frame["role"] = np.where(lead, "lead", "member")
    effect = simulate.draw_group_effects(len(SIZES), 3, GROUP_SD, rng)
    eta = np.array([0.2, 0.0, -0.2]) + np.outer(lead, ROLE) + effect[frame["group"].astype("category").cat.codes]
    frame["benefit"] = np.array(CLASSES)[draw_category(np.exp(eta), rng)]
    answers = rng.random(len(frame)) < frame["role"].map(RESPONSE) * frame["group"].map(OF_GROUP)
    return frame, frame[answers].reset_index(drop=True)


def replicate(seed):
    """Errors of the poststratified and the raw shares, and which intervals cover."""
    everybody, sample = draw_population(seed)
    model = Multinomial("benefit", bl.Regression("~ role + (1 | group)"))
    draws = bl.fit(model, sample, draws=500, tune=300, chains=2, seed=seed, until=None, progressbar=False)
    cells = everybody.groupby(["role", "group"]).size().reset_index(name="N")
    table = poststratify(draws, cells, seed=seed).loc["overall"]
    truth = everybody["benefit"].value_counts(normalize=True)[CLASSES].to_numpy()
    covered = (table["lower"] <= truth) & (truth <= table["upper"])
    return {
        "n": len(sample),
        "error": table["mean"].to_numpy() - truth,
        "raw error": table["sample_share"].to_numpy() - truth,
        "covered": covered.to_numpy(),
        "width": (table["upper"] - table["lower"]).to_numpy(),
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")
def test_intervals_cover_the_population_where_the_sample_is_off():
    """Lead hospitals answer five times as often as members and have other classes.

    Of three shares two are free, so coverage has the standard error of two intervals per population.
    """
    results = [replicate(seed) for seed in range(1, REPLICATES + 1)]
    error, raw, covered, width = (
        np.array([result[name] for result in results]) for name in ("error", "raw error", "covered", "width")
    )
    bias, raw_bias, coverage = error.mean(axis=0), raw.mean(axis=0), covered.mean()
    print(
        f"\n{len(results)} populations of {sum(SIZES.values())}, on average {np.mean([r['n'] for r in results]):.0f} "
        f"respondents\nraw bias {np.round(100 * raw_bias, 2)} points, poststratified {np.round(100 * bias, 2)} points"
        f"\nroot mean squared error {np.round(100 * np.sqrt((raw**2).mean(axis=0)), 2)} and "
        f"{np.round(100 * np.sqrt((error**2).mean(axis=0)), 2)} points"
        f"\ncoverage of 95 % intervals {coverage:.3f} ({covered.mean(axis=0)}), mean width "
        f"{np.round(100 * width.mean(axis=0), 2)} points"
    )
    margin = 2 * np.sqrt(0.95 * 0.05 / (2 * len(results)))
    assert 0.93 - margin <= coverage <= 0.97 + margin
    off = np.abs(raw_bias) >= 0.03
    assert off.sum() >= 2
    assert (np.abs(bias[off]) <= 0.005).all()
