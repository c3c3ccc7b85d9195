"""The figure shows the rates of the table, for a finished study and for a part of one."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from bayes_lca.calibration.intervals.designs import LATENT_NULL, OBSERVED_EFFECT, OBSERVED_NULL
from bayes_lca.calibration.intervals.plot import plot_operating_characteristics

mpl.use("Agg")

ESTIMATORS = {
    OBSERVED_NULL.name: ["single-level", "multilevel"],
    LATENT_NULL.name: ["single-level", "multilevel", "joint"],
    OBSERVED_EFFECT.name: ["single-level", "multilevel"],
}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(2)
    rows = []
    for design in (OBSERVED_NULL, LATENT_NULL, OBSERVED_EFFECT):
        for sd in design.group_sds:
            for estimator in ESTIMATORS[design.name]:
                for predictor in design.predictors:
                    for coefficient in ("participation", predictor):
                        has_effect = coefficient == "participation" or design is OBSERVED_EFFECT
                        rate = {"power" if has_effect else "type_1_error": rng.uniform(0, 0.5)}
                        cell = {"design": design.name, "group_sd": sd, "estimator": estimator, "predictor": predictor}
                        rows.append(
                            {**cell, "coefficient": coefficient, "replicates": 20, **rate}
                            | {"type_1_error_se": 0.02, "power_se": 0.02, "coverage_se": 0.02}
                            | {"coverage": rng.uniform(0.5, 1), "mean_width": rng.uniform(0.1, 1)}
                        )
    return pd.DataFrame(rows)


def drawn(ax):
    """Lines by name, without the line of reference."""
    return {line.get_label(): line.get_ydata() for line in ax.lines if not line.get_label().startswith("_")}


def cell(table, design, estimator, predictor, what):
    rows = table[(table["design"] == design.name) & (table["estimator"] == estimator)]
    return rows.loc[(rows["predictor"] == predictor) & (rows["coefficient"] == predictor), what]


def test_lines_are_the_rates_of_the_table(table):
    axes = plot_operating_characteristics(table).axes
    for ax, predictor in zip(axes, ("score", "tier"), strict=False):
        expected = {
            "single-level, class seen": (OBSERVED_NULL, "single-level"),
            "multilevel, class seen": (OBSERVED_NULL, "multilevel"),
            "single-level, most likely class": (LATENT_NULL, "single-level"),
            "multilevel, class latent (joint)": (LATENT_NULL, "joint"),
        }
        lines = drawn(ax)
        assert list(lines) == list(expected)
        for name, (design, estimator) in expected.items():
            np.testing.assert_allclose(lines[name], cell(table, design, estimator, predictor, "type_1_error"))
        assert predictor in ax.get_title(loc="left")
    for ax, what in zip(axes[2:], ("power", "coverage", "mean_width"), strict=True):
        for estimator, values in drawn(ax).items():
            np.testing.assert_allclose(values, cell(table, OBSERVED_EFFECT, estimator, "score", what))


def test_bars_are_monte_carlo_intervals(table):
    ax = plot_operating_characteristics(table).axes[0]
    ends = np.array([segment[:, 1] for segment in ax.collections[0].get_segments()])
    rate = cell(table, OBSERVED_NULL, "single-level", "score", "type_1_error").to_numpy()
    np.testing.assert_allclose(
        ends, np.clip(np.column_stack([rate - 1.96 * 0.02, rate + 1.96 * 0.02]), 0, 1), atol=1e-4
    )


def test_a_part_of_a_study_has_no_empty_panels(table):
    part = table[table["design"] == OBSERVED_NULL.name]
    fig = plot_operating_characteristics(part)
    assert len(fig.axes) == 2
    assert [text.get_text() for text in fig.legends[0].get_texts()] == [
        "single-level, class seen",
        "multilevel, class seen",
    ]


def test_without_a_null_design_there_is_nothing_to_show(table):
    with pytest.raises(ValueError, match="run a null design first"):
        plot_operating_characteristics(table[table["design"] == OBSERVED_EFFECT.name])
