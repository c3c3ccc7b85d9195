"""Average marginal effects against derivatives and differences written out by hand."""

import numpy as np
import pandas as pd
import pytest

from bayes_lca.data.design import read_design
from bayes_lca.posterior.effects.covariate_change import STEP
from bayes_lca.posterior.effects.marginal_effects import average_marginal_effects
from bayes_lca.posterior.effects.predict_classes import predict_classes

pytestmark = pytest.mark.filterwarnings("ignore:.*cross-level interaction")

FORMULA = "~ np.log(x) * tier + role + (1 | group)"
LEVELS = ["low", "medium", "high"]


def columns_of(row, *, step=0.0, **instead):
    """Design columns of FORMULA, for a respondent with some values replaced."""
    row = {**row, **instead}
    log_x = np.log(row["x"] + step)
    medium, high = row["tier"] == "medium", row["tier"] == "high"
    interactions = {"np.log(x):tier[medium]": log_x * medium, "np.log(x):tier[high]": log_x * high}
    main = {"np.log(x)": log_x, "tier[medium]": medium, "tier[high]": high}
    return main | interactions | {"role[member]": row["role"] == "member"}


@pytest.fixture(scope="module")
def draws(made_up):
    return made_up.draws(FORMULA)


def averaged(made_up, draws, columns):
    """Mean over all respondents, and over those of G4, of class probabilities; each of shape (draw, class)."""
    frame = made_up.staff()
    each = np.array(
        [made_up.probability(draws, columns(row), {"group": row["group"]}) for row in frame.to_dict("records")]
    )
    return each.mean(axis=0), each[(frame["group"] == "G4").to_numpy()].mean(axis=0)


def assert_rows(table, where, effect, atol=1e-12):
    rows = table.loc[where]
    np.testing.assert_allclose(rows["mean"], effect.mean(axis=0), rtol=0, atol=atol)
    np.testing.assert_allclose(rows["sd"], effect.std(axis=0, ddof=1), rtol=0, atol=atol)
    np.testing.assert_allclose(rows["lower"], np.quantile(effect, 0.025, axis=0), rtol=0, atol=atol)
    np.testing.assert_allclose(rows["upper"], np.quantile(effect, 0.975, axis=0), rtol=0, atol=atol)


def test_derivative_of_a_transformed_number_in_an_interaction(draws, made_up):
    r"""dP_c / dx = P_c (b_c - sum_k P_k b_k) with b = (slope of log x + slope of log x : tier) / x.

    A difference over a step is the derivative somewhere within it, so the tolerance is how far it moves over a step.
    """
    slope = draws["posterior"]["slope"]
    frame, derivatives = made_up.staff(), []
    for row in frame.to_dict("records"):
        around = []
        for step in (-1, 0, 1):
            x = row["x"] + step * STEP * np.ptp(frame["x"])
            b = slope.sel(term="np.log(x)")
            if row["tier"] != "low":
                b = b + slope.sel(term=f"np.log(x):tier[{row['tier']}]")
            b = (b / x).to_numpy().reshape(-1, 3)
            p = made_up.probability(draws, columns_of(row, x=x), {"group": row["group"]})
            around.append(p * (b - (p * b).sum(axis=1, keepdims=True)))
        derivatives.append(around)
    derivatives = np.array(derivatives)  # (respondent, step, draw, class)
    moved = np.ptp(derivatives, axis=1).mean(axis=0).max()
    assert moved < 1e-4
    table = average_marginal_effects(draws, "x")
    assert_rows(table, ("per unit", "overall", "these 6 groups"), derivatives[:, 1].mean(axis=0), atol=moved)
    of_group = derivatives[(frame["group"] == "G4").to_numpy(), 1]
    assert_rows(table, ("per unit", "group", "G4"), of_group.mean(axis=0), atol=10 * moved)
    assert "derivative per unit of 'x'" in table.note
    assert table["mean"].abs().max() > 100 * moved


@pytest.mark.parametrize(
    ("comparison", "label", "values"),
    [
        ((1.0, 3.25), "1 to 3.25", (lambda x: 1.0, lambda x: 3.25)),
        (2, "+2", (lambda x: x, lambda x: x + 2)),
        (-0.25, "-0.25", (lambda x: x, lambda x: x - 0.25)),
    ],
)
def test_chosen_change_of_a_number(draws, made_up, comparison, label, values):
    table = average_marginal_effects(draws, "x", comparison=comparison)
    (from_all, from_g4), (to_all, to_g4) = (
        averaged(made_up, draws, lambda row, value=value: columns_of(row, x=value(row["x"]))) for value in values
    )
    assert_rows(table, (label, "overall", "these 6 groups"), to_all - from_all)
    assert_rows(table, (label, "group", "G4"), to_g4 - from_g4)


def test_levels_against_the_reference(draws, made_up):
    table = average_marginal_effects(draws, "tier")
    at = {level: averaged(made_up, draws, lambda row, level=level: columns_of(row, tier=level)) for level in LEVELS}
    assert list(dict.fromkeys(table.index.get_level_values("change"))) == ["medium vs low", "high vs low"]
    for level in ("medium", "high"):
        assert_rows(table, (f"{level} vs low", "overall", "these 6 groups"), at[level][0] - at["low"][0])
        assert_rows(table, (f"{level} vs low", "group", "G4"), at[level][1] - at["low"][1])
    pair = average_marginal_effects(draws, "tier", comparison=("high", "medium"))
    assert_rows(pair, ("medium vs high", "overall", "these 6 groups"), at["medium"][0] - at["high"][0])
    assert "'tier' has one value in each group: its effect rests on 6 groups" in table.note
    assert "one value in each group" not in average_marginal_effects(draws, "role").note


def test_reference_level_of_the_fit_is_the_one_compared_with(made_up):
    table = average_marginal_effects(made_up.draws("~ age", reference={"age": "31-40"}), "age")
    assert list(dict.fromkeys(table.index.get_level_values("change"))) == ["<=30 vs 31-40", ">40 vs 31-40"]


@pytest.mark.parametrize("formula", ["~ poly(z, 2) * role", "~ bs(z, df=4)", "~ z * tier + (z | group)"])
def test_design_is_computed_anew_from_the_formula(formula, made_up):
    """Columns that several terms make of one covariate all move, with the constants of the fitted rows."""
    frame, draws = made_up.staff(), made_up.draws(formula)
    design = read_design(frame, formula)
    ends = [float(frame["z"].quantile(q)) for q in (0.2, 0.8)]
    each = []
    for value in ends:
        matrix, _ = design.encode(frame.assign(z=value))
        groups = [{"group": name} if design.groupings else {} for name in frame["group"]]
        rows = (dict(zip(design.terms, row, strict=True)) for row in matrix)
        each.append(
            np.mean([made_up.probability(draws, row, group) for row, group in zip(rows, groups, strict=True)], axis=0)
        )
    table = average_marginal_effects(draws, "z", comparison=tuple(ends))
    where = table.index[0][:-1] if design.groupings else table.index[0][0]
    assert_rows(table, where, each[1] - each[0], atol=1e-9)


def test_a_step_never_leaves_the_observed_range(made_up):
    """The derivative of a spline exists at its outermost knots, and that of a logarithm next to zero."""
    frame = made_up.staff()
    frame["z"] = frame["z"] - frame["z"].min() + 1e-9
    for formula in ("~ bs(z, df=4)", "~ np.log(z)"):
        assert np.isfinite(average_marginal_effects(made_up.draws(formula, frame), "z")["mean"]).all()


@pytest.mark.parametrize(
    ("formula", "covariate", "columns"),
    [
        ("~ I(k > 2) + z", "k", r"I\(k > 2\)"),
        ("~ k + I(k >= 2) * role", "k", r"'I\(k >= 2\)', 'I\(k >= 2\):role\[member\]'"),
        ("~ I(x > 2.3) + z", "x", r"I\(x > 2.3\)"),
        ("~ np.floor(x) + z", "x", r"np.floor\(x\)"),
        ("~ z + I(np.where(z > 10, z, 0))", "z", r"I\(np.where\(z > 10, z, 0\)\)"),
    ],
)
def test_a_step_has_no_derivative(made_up, formula, covariate, columns):
    frame = made_up.staff().assign(z=lambda staff: np.round(staff["z"]))
    tree = made_up.draws(formula, frame)
    with pytest.raises(ValueError, match=rf"'{covariate}' enters through a step, .*{columns}.*give comparison=1 to"):
        average_marginal_effects(tree, covariate)
    assert average_marginal_effects(tree, covariate, comparison=1)["mean"].abs().max() < 1


@pytest.mark.parametrize(
    "formula",
    ["~ z", "~ np.abs(z) + x", "~ I((z - 10) ** 2) + z", "~ I((z - z.min()) ** 4)", "~ np.maximum(z, 2)", "~ exp(z)"],
)
def test_what_is_smooth_or_has_a_kink_has_a_derivative(made_up, formula):
    frame = made_up.staff().assign(z=lambda staff: np.round(staff["z"]) - 10)
    formula = formula.replace("z.min()", str(frame["z"].min())).replace("exp", "np.exp")
    assert np.isfinite(average_marginal_effects(made_up.draws(formula, frame), "z")["mean"]).all()


def test_a_row_that_cannot_have_every_value_has_a_derivative(made_up):
    frame = made_up.staff()
    frame["k"] = frame["x"] - np.arange(1, len(frame) + 1) / len(frame)
    table = average_marginal_effects(made_up.draws("~ np.log(x - k) + z", frame), "x")
    assert np.isfinite(table["mean"]).all()


def test_truth_values_go_from_0_to_1(made_up):
    draws, frame = made_up.draws("~ yes + x"), made_up.staff()
    at = [np.mean([made_up.probability(draws, {"yes": value, "x": x}) for x in frame["x"]], axis=0) for value in (0, 1)]
    assert_rows(average_marginal_effects(draws, "yes"), "0 to 1", at[1] - at[0])


@pytest.mark.parametrize(("low", "high", "label"), [(1, 2, "1 to 2"), (-1, 1, "-1 to 1"), (2.5, 7.5, "2.5 to 7.5")])
def test_two_numbers_are_compared_whatever_they_are(made_up, low, high, label):
    """Coded 1/2 as many surveys do, a covariate has the difference that it has coded 0/1."""
    frame = made_up.staff().assign(sex=lambda frame: np.where(frame["yes"], float(high), float(low)))
    draws = made_up.draws("~ sex + x", frame)
    at = [
        np.mean([made_up.probability(draws, {"sex": value, "x": x}) for x in frame["x"]], axis=0)
        for value in (low, high)
    ]
    assert_rows(average_marginal_effects(draws, "sex"), label, at[1] - at[0])


def test_numbers_declared_categories_are_compared_by_level(made_up):
    draws, frame = made_up.draws("~ C(k) + x"), made_up.staff()

    def at(**columns):
        return np.mean([made_up.probability(draws, columns | {"x": x}) for x in frame["x"]], axis=0)

    table = average_marginal_effects(draws, "k", comparison=(2, 3))
    assert_rows(table, "3 vs 2", at(**{"C(k)[3]": 1}) - at(**{"C(k)[2]": 1}))


def test_new_group_is_the_one_of_predict_classes(draws):
    """The effect is the difference of two predictions in the same new group."""
    profiles = pd.DataFrame({"x": [1.0, 3.0]}, index=["from", "to"])
    predicted = predict_classes(draws, profiles, average_over="rest", group="new", seed=4)
    table = average_marginal_effects(draws, "x", comparison=(1, 3), group="new", seed=4)
    difference = predicted.loc["to", "mean"] - predicted.loc["from", "mean"]
    np.testing.assert_allclose(table.loc["1 to 3", "mean"], difference, rtol=0, atol=1e-12)
    assert "estimand: a new group" in table.note
    assert "own respondents" not in table.note
    other = average_marginal_effects(draws, "x", comparison=(1, 3), group="new", seed=5)
    assert not np.allclose(other["mean"], table["mean"])


def test_effects_add_up_to_zero_over_classes(draws):
    for covariate in ("x", "tier", "role"):
        table = average_marginal_effects(draws, covariate)
        levels = [level for level in table.index.names if level != "category"]
        np.testing.assert_allclose(table["mean"].groupby(level=levels).sum(), 0, atol=1e-9)


@pytest.mark.parametrize(
    ("covariate", "options", "message"),
    [
        ("wage", {}, r"'wage' is no covariate of .* \(160 respondents\); choose one of 'role', 'tier', 'x'"),
        ("group", {}, r"'group' is the group, no covariate; compare_groups\(draws\)"),
        ("x", {"comparison": "low"}, r"comparison='low': 'x' is a number"),
        ("x", {"comparison": ("low", "high")}, r"comparison=\('low', 'high'\): 'x' is a number"),
        ("x", {"comparison": np.inf}, r"comparison=inf"),
        ("x", {"comparison": True}, r"comparison=True"),
        ("x", {"comparison": (1, 1)}, r"comparison=\(1, 1\): give two different values of 'x'"),
        ("x", {"comparison": (1, 2, 3)}, r"give two different values of 'x'"),
        ("x", {"comparison": -9}, r"design column 'np.log\(x\)' is not a finite number"),
        ("tier", {"comparison": 1}, r"comparison=1: 'tier' is a category with levels 'low', 'medium', 'high'"),
        ("tier", {"comparison": ("low", "top")}, r"comparison=\('low', 'top'\): 'tier' is a category"),
        ("x", {"group": "each"}, r"group='each': choose"),
        ("x", {"ci_prob": 0}, r"ci_prob=0"),
    ],
)
def test_what_has_no_effect_is_refused(draws, covariate, options, message):
    with pytest.raises(ValueError, match=message):
        average_marginal_effects(draws, covariate, **options)


def test_covariate_that_is_part_of_the_groups_is_refused(made_up):
    """Who changes role moves to another group:role, with another effect."""
    tree = made_up.draws("~ role + x + (1 | group/role)", made_up.staff())
    with pytest.raises(ValueError, match="'role' is a covariate and part of the groups"):
        average_marginal_effects(tree, "role")
    assert len(average_marginal_effects(tree, "role", group="new")) == 3
    assert len(average_marginal_effects(tree, "x"))
