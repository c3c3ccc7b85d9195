"""What pages say of many groups and of slopes that vary by group, beside the draws themselves."""

import json

import numpy as np
import pytest

from bayes_lca.fitted.fit import Fit
from bayes_lca.reporting.sections.covariates import covariates_section
from bayes_lca.reporting.sections.data import data_section
from bayes_lca.reporting.writing.section import Table


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch):
    monkeypatch.setattr("bayes_lca.reporting.sections.covariates.drawn", lambda *_, **__: b"")


def tables_of(section):
    return {block.name: block for block in section.blocks if isinstance(block, Table)}


def with_prior_of_groups(draws):
    """What a fit says of its prior, by which the median odds ratio is told from the prior alone."""
    draws.attrs |= {"group_sd_prior": json.dumps({"distribution": "HalfNormal", "sigma": 1.0})}
    return draws


def test_slopes_that_vary_by_group_have_their_standard_deviations(made_up):
    """Of each term and class, per unit of the covariate."""
    draws = with_prior_of_groups(made_up.draws("~ x + z + (1 + x + z | group)", latent=True))
    found = tables_of(covariates_section(Fit.reading(draws), None, 0.9))["random_slopes"]
    assert found.caption == "Standard deviations of random slopes between groups"
    assert found.table.note.endswith("per unit of the covariate") and "90 %" in found.table.note
    sd = draws["posterior"]["group_slope_sd"].to_numpy()  # (chain, draw, term, latent_class)
    rows = found.table.xs("group", level="grouping")
    assert rows.index.names == ["term", "latent_class"]
    for t, term in enumerate(["x", "z"]):
        for c, name in enumerate(["C1", "C2", "C3"]):
            row, values = rows.loc[(term, name)], sd[:, :, t, c]
            assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
            np.testing.assert_allclose(row[["lower", "upper"]].astype(float), np.quantile(values, [0.05, 0.95]))


def test_fits_without_such_slopes_have_no_table_of_them(made_up):
    draws = with_prior_of_groups(made_up.draws("~ x + (1 | group)", latent=True))
    section = covariates_section(Fit.reading(draws), None, 0.9)
    assert "random_slopes" not in tables_of(section)
    assert "random_intercepts" in tables_of(section)


def test_groups_too_many_to_be_named_are_counted_by_size(made_up):
    """Quartiles of respondents per group beside the names and counts of groupings with few groups."""
    frame = made_up.staff()
    frame["team"] = [f"t{place:02d}" for place in np.random.default_rng(2).integers(0, 50, len(frame))]
    sizes = frame["team"].value_counts()
    assert len(sizes) > 40
    tables = tables_of(data_section(Fit.reading(made_up.draws("~ (1 | group) + (1 | team)", frame, latent=True))))
    row = tables["group_sizes"].table.loc["team"]
    assert row["groups"] == len(sizes)
    names = ["smallest", "quartile_1", "median", "quartile_3", "largest"]
    assert row[names].tolist() == sizes.quantile([0, 0.25, 0.5, 0.75, 1]).tolist()
    by_group = tables["groups"].table
    assert by_group.index.unique("grouping").tolist() == ["group"]
    assert by_group.loc["group", "n"].to_dict() == frame["group"].value_counts().to_dict()
