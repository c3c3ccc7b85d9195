"""Priors that a part can be given."""

from mutations.mutation import Mutation

PRIORS = (
    Mutation(
        name="priors-without-width",
        wrong="A prior of width zero is taken as it is.",
        symbol="require_positive",
        pattern="0 < _1 < inf",
        replacement="0 <= _1 < inf",
        tests=("tests/structural/test_priors.py::test_a_width_that_is_no_positive_number_is_refused",),
    ),
)
