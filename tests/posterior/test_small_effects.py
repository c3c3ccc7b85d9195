"""Effects of a covariate in small units: enough decimals wherever they are shown, and a note in larger units."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.decimals import decimals_of, interval_decimals
from bayes_lca.posterior.plots.odds_ratios import _in_numbers
from bayes_lca.reporting.writing.cells import display_of
from bayes_lca.table import COLUMN_BY_COLUMN, SummaryTable

NO_EFFECT = {"1.000", "0.000", "-0.000"}


@pytest.fixture(scope="module")
def in_yuan(made_up):
    """Draws in which income, from 12,000 to 72,000, multiplies the odds of `much` by about 30 over its range."""
    frame = made_up.staff()
    frame["income"] = np.linspace(12_000, 72_000, len(frame)).round()
    draws = made_up.draws("~ income + role", frame, spread=0.02)
    posterior = draws["posterior"].to_dataset()
    per_unit = 5.7e-5 * np.array([-0.5, 0.0, 0.5])
    of_income = (posterior["term"] == "income") & (posterior["slope"] == posterior["slope"])
    noise = 1 + 0.04 * np.random.default_rng(2).normal(size=(2, 40, 1, 1))
    slope = posterior["slope"].where(~of_income, per_unit * noise)
    draws["posterior"] = draws["posterior"].to_dataset().assign(slope=slope)
    return draws


def shown(text: str, row: str) -> list[str]:
    return next(line for line in text.splitlines() if row in line).replace("&", " ").replace("\\", " ").split()


@pytest.mark.parametrize("how", [repr, SummaryTable.to_latex])
def test_interval_of_a_small_odds_ratio_keeps_its_width(in_yuan, how):
    table = bl.odds_ratios(in_yuan, reference="little").loc[["much vs little"]]
    words = shown(how(table), "income")
    values = table.loc[("much vs little", "income")]
    numbers = [word for word in words if word.startswith("1.0")]
    for name, text in zip(("odds_ratio", "lower", "upper"), numbers, strict=False):
        assert float(text) == pytest.approx(values[name], abs=(values["upper"] - values["lower"]) / 10)
    assert len(set(numbers[:3])) == 3 and not NO_EFFECT & set(numbers[:3])
    assert f"{values['log_odds']:.3f}" in NO_EFFECT and not {"0.000", "-0.000"} & set(words)


def test_page_shows_the_same_decimals(in_yuan):
    table = bl.odds_ratios(in_yuan, reference="little").loc[["much vs little"]]
    columns = {column.label: column.cells[0] for column in display_of(table).values}
    ratio, (lower, upper) = float(columns["odds ratio"]), map(float, columns["interval"].split(" to "))
    assert 1 < lower < ratio < upper
    other = {column.label: column.cells[1] for column in display_of(table).values}
    assert len(other["odds ratio"].split(".")[1]) == 3


def test_note_says_the_effect_of_a_thousand(in_yuan):
    table = bl.odds_ratios(in_yuan, reference="little")
    slope = in_yuan["posterior"]["slope"].sel(term="income")
    per_thousand = np.exp(1000 * (slope.sel(category="much") - slope.sel(category="little")).to_numpy().reshape(-1))
    (line,) = [line for line in table.note.splitlines() if "per 1000 of income" in line]
    middle, lower, upper = np.quantile(per_thousand, [0.5, 0.025, 0.975])
    assert f"much vs little {middle:.4f} ({lower:.4f} to {upper:.4f})" in line
    assert "role" not in line


def test_note_of_a_small_marginal_effect_names_the_step_that_shows_it(in_yuan):
    table = bl.average_marginal_effects(in_yuan, "income")
    assert "comparison=10000" in table.note
    assert not NO_EFFECT & set(shown(repr(table), "much"))
    assert "comparison=10000" not in bl.average_marginal_effects(in_yuan, "income", comparison=10_000).note


def test_picture_writes_the_interval_apart_from_one():
    assert _in_numbers(1.000057, 1.000052, 1.000062) == "1.000057 (1.000052–1.000062)"
    assert _in_numbers(1.5, 1.2, 1.9) == "1.50 (1.20–1.90)"
    assert _in_numbers(1.175, 1.128, 1.223) == "1.18 (1.13–1.22)"


@pytest.mark.parametrize(
    ("lower", "upper", "no_effect", "decimals"),
    [
        (0.1, 0.4, None, 3),
        (1.0002, 1.4, 1.0, 4),
        (0.9998, 1.4, 1.0, 3),
        (-3e-6, -1e-6, 0.0, 7),
        (0.2, 0.2, None, 3),
        (np.nan, 1.0, 1.0, 3),
        (0.5, np.inf, 1.0, 3),
    ],
)
def test_decimals_are_as_many_as_an_interval_needs(lower, upper, no_effect, decimals):
    assert interval_decimals(lower, upper, no_effect).tolist() == [decimals]


def test_columns_without_an_interval_keep_theirs():
    table = pd.DataFrame({"mean": [0.1], "lower": [0.1], "upper": [0.10001], "vpc": [0.2], "r_hat": [1.0]})
    assert set(decimals_of(table)) == {"mean", "lower", "upper"}


def test_tables_made_of_tables_keep_the_notes_of_all():
    first, second = (SummaryTable.of(pd.DataFrame({"mean": [1.0]}), note) for note in ("n = 10", "n = 20"))
    joined = [
        first - second,
        pd.concat([first, second]),
        pd.concat({"a": first, "b": second}, axis=1),
        first.join(second.add_suffix("_b")),
        first.merge(second, left_index=True, right_index=True),
    ]
    assert joined[0].note == f"{COLUMN_BY_COLUMN}\nn = 10\nn = 20"
    assert [table.note for table in joined[1:]] == ["n = 10\nn = 20"] * (len(joined) - 1)
    assert [(first + 1).note, first.head(1).note] == ["n = 10"] * 2
    assert (first - first).note == f"{COLUMN_BY_COLUMN}\nn = 10"
    assert pd.concat([joined[1], first]).note == pd.concat([first, joined[1]]).note == "n = 10\nn = 20"
    assert pd.concat([first, pd.DataFrame({"mean": [2.0]})]).note == "n = 10"


def test_latex_escapes_names():
    table = SummaryTable.of(
        pd.DataFrame({"odds_ratio": [1.5], "lower": [1.2], "upper": [1.9]}, index=["a&b_1"]), "n = 1"
    )
    assert r"a\&b\_1 & 1.500 & 1.200 & 1.900 \\" in table.to_latex()
    assert "a&b_1" in table.to_latex(escape=False)
