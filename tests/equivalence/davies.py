"""Weighted sums of chi-squared variables: the table of Davies (1980)."""

import numpy as np

from bayes_lca.workflows.class_counts.weighted_chi_squared import weighted_chi_squared_tail
from equivalence.row import Row, Source

# Weights, how often each, then value and distribution function.
TABLE = (
    ((6, 3, 1), (1, 1, 1), ((1, 0.054213), (7, 0.493555), (20, 0.876027))),
    ((6, 3, 1), (2, 2, 2), ((2, 0.006435), (20, 0.600208), (60, 0.983897))),
    ((6, 3, 1), (6, 4, 2), ((10, 0.002697), (50, 0.564753), (120, 0.991229))),
    ((6, 3, 1), (2, 4, 6), ((10, 0.033357), (30, 0.580446), (80, 0.991283))),
    ((6, 3, 1, 12, 6, 2), (6, 4, 2, 2, 4, 6), ((45, 0.01095), (120, 0.654735), (210, 0.984606))),
    ((30, 1), (1, 10), ((5, 0.015392), (25, 0.510819), (100, 0.91634))),
    ((30, 1), (1, 20), ((10, 0.004925), (40, 0.573251), (100, 0.896501))),
)
ACCURACY = 1e-4


def rows() -> list[Row]:
    """Distribution functions of the table's central cases."""
    return [
        Row(
            f"P(weights {weights}, {times} times each, up to {value})",
            probability,
            1 - weighted_chi_squared_tail(np.repeat(weights, times).astype(float), value),
            ACCURACY,
            "the accuracy that Davies asked of his algorithm",
        )
        for weights, times, cells in TABLE
        for value, probability in cells
    ]


SOURCES = (
    Source(
        "Davies",
        "Davies (1980), algorithm AS 155, Applied Statistics 29(3), table 3, doi 10.2307/2346911; six digits from the "
        "tests of Hail, is.hail.stats.GeneralizedChiSquaredDistributionSuite",
        rows,
    ),
)
