"""From a frame to numbers."""

from mutations.mutation import Mutation

DATA = (
    Mutation(
        name="missing-answer-is-the-first-category",
        wrong="A missing answer is read as the first category of its item.",
        symbol="read_categories",
        pattern="np.append(_1, MISSING)",
        replacement="np.append(_1, 0)",
        tests=("tests/data/test_responses.py::test_numbers_with_a_missing_one_read_the_same_in_every_type",),
    ),
    Mutation(
        name="labels-in-order-of-appearance",
        wrong="Categories are numbered in sorted order and named in the order in which they appear.",
        symbol="read_categories",
        pattern="tuple(label(_1) for _1 in values)",
        replacement="tuple(label(_1) for _1 in present.values)",
        tests=("tests/data/test_responses.py::test_whole_numbers_read_the_same_in_every_type",),
    ),
    Mutation(
        name="groups-merged-in-patterns",
        wrong="Respondents of different groups with equal answers and covariates are counted as one group's.",
        symbol="distinct_rows",
        pattern="unique_rows(*_1, design.patterns.pattern, *_2)",
        replacement="unique_rows(*_1, design.matrix, *_2)",
        tests=("tests/test_log_density.py::test_log_likelihood_is_the_one_of_slow_loops",),
    ),
    Mutation(
        name="variance-for-standard-deviation",
        wrong="Covariates are divided by their variance instead of their standard deviation.",
        symbol="read_design",
        pattern="_1.std(axis=0)",
        replacement="_1.var(axis=0)",
        tests=("tests/data/test_design.py::test_standardised_has_mean_zero_and_standard_deviation_one",),
    ),
    Mutation(
        name="reference-level-last",
        wrong="The reference level asked for is put last, so that another level is the reference.",
        symbol="code_covariate",
        pattern="[_1, *_2]",
        replacement="[*_2, _1]",
        tests=("tests/data/test_design.py::test_reference_level_goes_first_and_the_others_keep_their_order",),
    ),
    Mutation(
        name="incomplete-rows-dropped-unasked",
        wrong='Rows that lack a covariate are left out although missing="raise".',
        symbol="complete_rows",
        pattern='missing == "raise"',
        replacement='missing == "raise" and incomplete.all()',
        tests=("tests/test_bad_input.py::test_covariates_that_cannot_be_used",),
    ),
    Mutation(
        name="rows-dropped-in-silence",
        wrong="Rows that lack a covariate are left out on request, but nobody is told how many.",
        symbol="complete_rows",
        pattern="warnings.warn(...)",
        replacement="",
        tests=("tests/data/test_design.py::test_polars_numbers_with_nulls_stay_numbers",),
    ),
    Mutation(
        name="groups-named-in-sorted-order",
        wrong="Groups are numbered by their declared order and named in alphabetical order.",
        symbol="read_grouping",
        pattern="joined_labels(_1)",
        replacement="sorted(joined_labels(_1))",
        tests=("tests/data/test_design.py::test_order_of_groups",),
    ),
    Mutation(
        name="unseen-group-is-the-first",
        wrong="New rows of a group that the fit has not seen get the effect of the first group.",
        symbol="Design.encode",
        pattern="_1.get(_2, UNSEEN)",
        replacement="_1.get(_2, 0)",
        tests=("tests/data/test_design.py::test_encoding_takes_any_frame_with_the_covariates",),
    ),
)
