"""From a frame to numbers."""

from mutations.mutation import Mutation

DATA = (
    Mutation(
        name="missing-answer-is-the-first-category",
        wrong="A missing answer is read as the first category of its item.",
        file="bayes_lca/data/responses.py",
        original="codes = np.full(n, MISSING)",
        replacement="codes = np.zeros(n, dtype=int)",
        tests=("tests/data/test_responses.py::test_numbers_with_a_missing_one_read_the_same_in_every_type",),
    ),
    Mutation(
        name="labels-in-order-of-appearance",
        wrong="Categories are numbered in sorted order and named in the order in which they appear.",
        file="bayes_lca/data/responses.py",
        original="labels = tuple(label(value) for value in values)",
        replacement="labels = tuple(label(value) for value in present.unique())",
        tests=("tests/data/test_responses.py::test_whole_numbers_read_the_same_in_every_type",),
    ),
    Mutation(
        name="groups-merged-in-patterns",
        wrong="Respondents of different groups with equal answers and covariates are counted as one group's.",
        file="bayes_lca/data/survey.py",
        original="return unique_rows(self.responses.codes, self.design.matrix, *groups)",
        replacement="return unique_rows(self.responses.codes, self.design.matrix)",
        tests=("tests/test_log_density.py::test_log_likelihood_is_the_one_of_slow_loops",),
    ),
    Mutation(
        name="variance-for-standard-deviation",
        wrong="Covariates are divided by their variance instead of their standard deviation.",
        file="bayes_lca/data/design.py",
        original="encoder.matrix.std(axis=0)",
        replacement="encoder.matrix.var(axis=0)",
        tests=("tests/data/test_design.py::test_standardised_has_mean_zero_and_standard_deviation_one",),
    ),
    Mutation(
        name="reference-level-last",
        wrong="The reference level asked for is put last, so that another level is the reference.",
        file="bayes_lca/data/covariates.py",
        original="levels = [first, *(level for level in levels if level != first)]",
        replacement="levels = [*(level for level in levels if level != first), first]",
        tests=("tests/data/test_design.py::test_reference_level_goes_first_and_the_others_keep_their_order",),
    ),
    Mutation(
        name="incomplete-rows-dropped-unasked",
        wrong='Rows that lack a covariate are left out although missing="raise".',
        file="bayes_lca/data/covariates.py",
        original='if missing == "raise":',
        replacement='if missing == "raise" and incomplete.all():',
        tests=("tests/test_bad_input.py::test_covariates_that_cannot_be_used",),
    ),
    Mutation(
        name="rows-dropped-in-silence",
        wrong="Rows that lack a covariate are left out on request, but nobody is told how many.",
        file="bayes_lca/data/covariates.py",
        original='    warnings.warn(f"{some} left out: covariate missing {which}", stacklevel=4)\n',
        replacement="",
        tests=("tests/data/test_design.py::test_polars_numbers_with_nulls_stay_numbers",),
    ),
    Mutation(
        name="groups-named-in-sorted-order",
        wrong="Groups are numbered by their declared order and named in alphabetical order.",
        file="bayes_lca/data/design.py",
        original="levels = [joined[row] for row in first]",
        replacement="levels = sorted(joined[row] for row in first)",
        tests=("tests/data/test_design.py::test_order_of_groups",),
    ),
    Mutation(
        name="unseen-group-is-the-first",
        wrong="New rows of a group that the fit has not seen get the effect of the first group.",
        file="bayes_lca/data/design.py",
        original="position.get(label, UNSEEN)",
        replacement="position.get(label, 0)",
        tests=("tests/data/test_design.py::test_encoding_takes_any_frame_with_the_covariates",),
    ),
)
