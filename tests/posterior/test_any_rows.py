"""Whatever frames and names are asked of draws, they are used as they stand or refused by a clear message."""

import json
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from used_or_refused import Asked

from bayes_lca.posterior.checks.check_items import check_items
from bayes_lca.posterior.columns.covariate_tests import covariate_tests
from bayes_lca.posterior.effects.compare_groups import compare_groups, group_shares
from bayes_lca.posterior.effects.poststratify import poststratify
from bayes_lca.posterior.effects.predict_classes import predict_classes

NUMBER_OF_EXAMPLES = pytest.mark.parametrize(
    "examples",
    [
        pytest.param(settings(max_examples=20), id="few"),
        pytest.param(settings(max_examples=3000), id="many", marks=pytest.mark.slow),
    ],
)
ASKED = Asked(5.0)
answer = ASKED.answer

VALUES = st.one_of(
    st.integers(-2, 5),
    st.floats(),
    st.sampled_from([0.5, 1.5, 1e308, 2**63, 10**400, True, None, np.nan, pd.NA, pd.NaT, Decimal("sNaN"), 1j, b"a"]),
    st.sampled_from(["G1", "G2", "lead", "member", "boss", "", " ", "a\0", "😀", "\u202eabc"]),
    st.sampled_from([(1, 2), [1], {"a": 1}, pd.Timestamp("2024")]),
)
NAMES = st.one_of(
    st.sampled_from(["group", "role", "x", "yes", "city", "C1", "G1", "a", "b", "", "no such", "\0", 0, 1.5, b"a"]),
    st.text(max_size=4),
)


@pytest.fixture(scope="module")
def fits(made_up):
    """Observed categories and latent classes, with groups."""
    latent = made_up.draws("~ x + (1 | group)", draws=20, latent=True)
    latent.attrs["labels"] = json.dumps([["no", "yes"]] * 3)
    return SimpleNamespace(
        observed=made_up.draws("~ x + role + (1 | group)", draws=20), latent=latent, frame=made_up.staff()
    )


def object_column(values):
    cells = np.empty(len(values), dtype="object")
    cells[:] = values
    return pd.Series(cells, dtype="object").infer_objects()


@NUMBER_OF_EXAMPLES
def test_any_new_rows(examples, fits):
    @examples
    @given(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=4), st.sets(st.sampled_from(["x", "role", "group"])))
    def holds(rows, names):
        whole = {"x": 1.5, "role": "lead", "group": "G1"}
        frame = pd.DataFrame(
            {
                name: object_column([row[place] if name in names else whole[name] for row in rows])
                for place, name in enumerate(whole)
            }
        )
        answer(lambda: predict_classes(fits.observed, frame), "'x'", "'role'", "'group'", "0 rows")

    with ASKED.both_kinds():
        holds()


@NUMBER_OF_EXAMPLES
def test_any_population(examples, fits):
    cells = fits.frame.groupby(["x", "role", "group"], as_index=False).size().assign(N=lambda table: table["size"] + 3)

    @examples
    @given(st.sampled_from(["x", "role", "group", "N", "size"]), st.integers(0, 9), VALUES, NAMES, NAMES)
    def holds(column, row, value, by, count):
        table = cells.assign(**{column: cells[column].astype("object")})
        table.at[row, column] = value if not isinstance(value, (tuple, list, dict)) else str(value)
        causes = [f"{name!r}" for name in (column, by, count)]
        answer(lambda: poststratify(fits.observed, table), *causes, "cell(s)", "cells")
        answer(lambda: poststratify(fits.observed, cells, by=[by], count=count), *causes)

    with ASKED.both_kinds():
        holds()


def test_cells_of_more_people_than_can_be_counted(fits):
    cells = fits.frame.groupby(["x", "role", "group"], as_index=False).size().assign(N=2.0**63)
    with pytest.raises(
        ValueError, match=r"column 'N' is no whole number from 0 on in .* such as 9.22.*2\*\*53 at the most"
    ):
        poststratify(fits.observed, cells)


@NUMBER_OF_EXAMPLES
def test_any_names_of_groups_and_columns(examples, fits):
    @examples
    @given(NAMES, NAMES)
    def holds(first, second):
        answer(lambda: compare_groups(fits.observed, first, grouping=second), repr(first), repr(second))
        answer(lambda: group_shares(fits.observed, grouping=first), repr(first))
        answer(lambda: check_items(fits.latent, group=first, n_draws=3), repr(first))
        answer(lambda: check_items(fits.latent, group=first, frame=fits.frame, n_draws=3), repr(first))
        answer(lambda: covariate_tests(fits.latent, fits.frame, [first, second]), repr(first), repr(second))
        answer(lambda: covariate_tests(fits.latent, fits.frame, ["x"], ordinal=[first]), repr(first))

    with ASKED.both_kinds():
        holds()
