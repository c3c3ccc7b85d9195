"""Numbers of classes and invariance over waves: sums over persons by hand, planted drift of an item that is found."""

import numpy as np
import pandas as pd
import pytest
import scipy

import bayes_lca as bl
from bayes_lca.datasets.simulate_waves import simulate_waves
from bayes_lca.workflows.waves.answers_over_waves import AnswersOverWaves

ITEMS = ["item1", "item2", "item3", "item4"]
ANSWERS = np.array([[[0.85, 0.15]] * 4, [[0.2, 0.8]] * 4])
STAY = [[0.8, 0.2], [0.3, 0.7]]
PERSONS = {"person": "person", "wave": "wave"}


@pytest.fixture(scope="module")
def waves():
    """Two classes over three waves; item 3 is answered otherwise at the last wave by those of the first class."""
    frame, _ = simulate_waves(300, [0.6, 0.4], STAY, ANSWERS, 5, missing_rate=0.05, missed_rate=0.1)
    frame = frame.copy()
    rng, (no, yes) = np.random.default_rng(1), sorted(frame["item3"].dropna().unique())
    drifts = (frame["wave"] == 3) & (frame["item3"] == no) & (rng.random(len(frame)) < 0.4)
    frame.loc[drifts, "item3"] = yes
    return frame


@pytest.fixture(scope="module")
def counted(waves):
    return bl.count_wave_classes(bl.Items(ITEMS), waves, **PERSONS, classes=[1, 2], n_starts=8)


def of_shares(values):
    """Log-likelihood of answers at their own shares."""
    n = values.dropna().value_counts().to_numpy()
    return float(n @ np.log(n / n.sum()))


def test_one_class_has_the_shares_of_the_answers(waves, counted):
    equal = sum(of_shares(waves[item]) for item in ITEMS)
    free = sum(of_shares(rows[item]) for _, rows in waves.groupby("wave") for item in ITEMS)
    assert counted.loc[(1, "equal"), "log_likelihood"] == pytest.approx(equal)
    assert counted.loc[(1, "free"), "log_likelihood"] == pytest.approx(free)
    assert counted["parameters"].tolist() == [4, 12, 1 + 2 + 8, 1 + 2 + 24]


def test_criteria_count_persons_and_classes_have_shares_at_every_wave(waves, counted):
    n, row = waves["person"].nunique(), counted.loc[(2, "equal")]
    assert row["BIC"] == pytest.approx(-2 * row["log_likelihood"] + 11 * np.log(n))
    found = AnswersOverWaves.read(bl.Items(ITEMS), waves, "person", "wave", "equal")
    best = found.fit(2, (), n_starts=8, seed=0).best
    person, at = np.nonzero(found.sequences >= 0)
    membership, weight = best.membership[person, at], found.counts[person]
    shares = [np.average(membership[at == t], axis=0, weights=weight[at == t]).min() for t in range(3)]
    assert row["smallest_class"] == pytest.approx(min(shares))
    assert row["entropy_r2"] == pytest.approx(1 - entropy_of_paths(found, best) / (n * 3 * np.log(2)), abs=1e-9)
    assert weight.sum() == len(waves)
    assert f"n = {n} persons" in counted.note
    assert counted["BIC"].idxmin()[0] == 2


def test_more_parameters_than_cells_are_no_choice(waves):
    table = bl.count_wave_classes(
        *(bl.Items(["item1"]), waves), **PERSONS, classes=[1, 3], measurement_over_time="equal", n_starts=3
    )
    assert table["degrees_of_freedom"].tolist() == [2**3 - 1 - 1, 2**3 - 1 - 11]
    assert "BIC prefers 1 class with equal measurement; 3 equal: not identified" in table.note
    numbers = waves.assign(y=np.random.default_rng(1).normal(size=len(waves)))
    table = bl.count_wave_classes(bl.NormalItems(["y"]), numbers, **PERSONS, classes=[1])
    assert table["degrees_of_freedom"].isna().all()


def entropy_of_paths(answers, best):
    """Over all paths of everybody, written out."""
    codes, rho, total = answers.responses.codes[answers.first], best.parameters[0]["probability"], 0.0
    for rows, count in zip(answers.sequences, answers.counts, strict=True):
        joint = np.zeros(8)
        for place, path in enumerate(np.ndindex(2, 2, 2)):
            joint[place] = best.initial[path[0]] * best.transition[0][path[:2]] * best.transition[0][path[1:]]
            for c, row in zip(path, rows, strict=True):
                if row >= 0:
                    joint[place] *= np.prod([rho[c, j, code] for j, code in enumerate(codes[row]) if code >= 0])
        total += count * scipy.special.entr(joint / joint.sum()).sum()
    return total


def test_persons_without_any_answer_take_no_part(waves, counted):
    silent = waves.assign(person=waves["person"] + 10_000).head(3)
    silent[ITEMS] = np.nan
    table = bl.count_wave_classes(
        *(bl.Items(ITEMS), pd.concat([waves, silent], ignore_index=True)), **PERSONS, classes=[2], n_starts=8
    )
    assert "more without any answer take no part" in table.note
    pd.testing.assert_series_equal(
        pd.DataFrame(table).loc[(2, "free"), ["log_likelihood", "BIC"]],
        pd.DataFrame(counted).loc[(2, "free"), ["log_likelihood", "BIC"]],
        rtol=1e-8,
    )


@pytest.fixture(scope="module")
def invariance(waves):
    return bl.invariance_over_waves(bl.Items(ITEMS), waves, **PERSONS, n_classes=2, n_starts=8)


def test_the_item_that_drifts_is_found(invariance, counted):
    assert invariance.index.tolist() == ["none", *ITEMS, "all"]
    assert invariance["degrees_of_freedom"].tolist() == [0, 4, 4, 4, 4, 16]
    assert invariance["p_value"].idxmin() == "item3"
    assert invariance.loc["item3", "p_value"] < 1e-4
    assert invariance.loc[["item1", "item2", "item4"], "p_value"].min() > 0.001
    for name, kind in (("none", "equal"), ("all", "free")):
        assert invariance.loc[name, "log_likelihood"] == pytest.approx(counted.loc[(2, kind), "log_likelihood"])
    assert "item3" in invariance.note.partition("by Holm's method")[0].rpartition("alone")[0]
    assert "LatentTransition(..., measurement_over_time=['item3'" in invariance.note
    gain = 2 * (invariance["log_likelihood"] - invariance.loc["none", "log_likelihood"])
    np.testing.assert_allclose(invariance["chi_squared"][1:], gain[1:], atol=1e-8)
    np.testing.assert_allclose(invariance["p_value"][1:], scipy.stats.chi2.sf(gain[1:], [4, 4, 4, 4, 16]), atol=1e-10)


def test_numbers_counts_and_categories_are_free_each_in_its_own_way(waves):
    """With one class a free item has the moments of every wave."""
    rng = np.random.default_rng(3)
    mixed = waves.assign(number=rng.normal(5, 2, len(waves)), times=rng.poisson(1 + waves["wave"]))
    items = bl.Mixed(bl.Items(ITEMS[:2]), bl.NormalItems(["number"]), bl.CountItems(["times"]))
    table = bl.invariance_over_waves(items, mixed, **PERSONS, n_classes=1)
    of_waves = [rows for _, rows in mixed.groupby("wave")]

    def gain(log_likelihood, item):
        return 2 * (sum(log_likelihood(rows[item]) for rows in of_waves) - log_likelihood(mixed[item]))

    wanted = {
        "item1": gain(of_shares, "item1"),
        "number": gain(lambda y: scipy.stats.norm.logpdf(y, y.mean(), y.std(ddof=0)).sum(), "number"),
        "times": gain(lambda y: scipy.stats.poisson.logpmf(y, y.mean()).sum(), "times"),
    }
    assert table["degrees_of_freedom"].tolist() == [0, 2, 2, 4, 2, 10]
    for item, chi_squared in wanted.items():
        assert table.loc[item, "chi_squared"] == pytest.approx(chi_squared, rel=1e-6)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"classes": []}, ValueError, r"classes=\[\]: give whole numbers"),
        ({"classes": [2, 0.5]}, ValueError, "give whole numbers from 1 on"),
        ({"classes": [400]}, ValueError, "400 classes exceed the"),
        ({"measurement_over_time": ["partial"]}, ValueError, 'give "equal", "free" or both'),
        ({"over_time": "yearly"}, ValueError, "over_time='yearly': choose"),
        ({"items": ITEMS}, TypeError, "wrap the names of the items"),
        ({"items": bl.CommonMethod(bl.OrdinalItems(ITEMS))}, ValueError, "share a common method, which maximum"),
        ({"items": bl.Items([*ITEMS, "wave"])}, ValueError, r"item\(s\) \['wave'\] say whose row"),
        ({"n_starts": 0}, ValueError, "n_starts"),
    ],
)
def test_what_cannot_be_counted_is_refused_by_name(waves, options, error, said):
    asked = {"items": bl.Items(ITEMS), "classes": [2], "n_starts": 2} | options
    with pytest.raises(error, match=said):
        bl.count_wave_classes(asked.pop("items"), waves, **PERSONS, **asked)


def test_invariance_needs_names_of_its_own_and_whole_numbers(waves):
    renamed = waves.rename(columns={"item1": "all"})
    with pytest.raises(ValueError, match=r"item\(s\) 'all' have the name of a model"):
        bl.invariance_over_waves(bl.Items(["all", "item2", "item3"]), renamed, **PERSONS, n_classes=2)
    with pytest.raises(ValueError, match=r"n_classes=1.5: the number of classes"):
        bl.invariance_over_waves(bl.Items(ITEMS), waves, **PERSONS, n_classes=1.5)
