"""Several fits put together, and simulation studies of them."""

from mutations.mutation import Mutation

WORKFLOWS = (
    Mutation(
        name="three-step-error-matrix-transposed",
        wrong="Three-step estimation takes P(class given assigned) for P(assigned given class).",
        symbol="modal_class_of",
        pattern="_1.T @ _2 / _1.sum(axis=0)[:, None]",
        replacement="_1.T @ _2 / _2.sum(axis=0)[None, :]",
        tests=("tests/measurement/test_assigned.py::test_the_error_matrix_of_the_modal_class",),
    ),
    Mutation(
        name="two-step-weights-upside-down",
        wrong="The regression is reweighted to a draw of the first step by the inverse of the likelihood ratio.",
        symbol="_log_ratios",
        pattern="_1[1:] - _1[0]",
        replacement="_1[0] - _1[1:]",
        tests=("tests/workflows/test_two_step_weights.py::test_weights_are_likelihood_ratios_of_a_draw_to_the_mean",),
    ),
    Mutation(
        name="kept-fit-of-other-data",
        wrong="A fit on disk is read again although data or model have changed.",
        symbol="fit_or_load",
        pattern="_1.get(DIGEST) == _2",
        replacement="DIGEST in _1",
        tests=("tests/workflows/test_kept_fit.py::test_whatever_has_changed_is_fitted_anew_and_replaces_the_file",),
    ),
    Mutation(
        name="halves-overlap",
        wrong="The second half of a random split repeats respondents of the first.",
        symbol="split_halves",
        pattern="_1[_2 : _2 + _3]",
        replacement="_1[:_3]",
        tests=("tests/workflows/test_parts_of_split_halves.py::test_parts_share_nobody",),
    ),
    Mutation(
        name="classes-of-halves-not-matched",
        wrong="Classes of random parts are compared by number, though every sampler numbers them in its own order.",
        symbol="_Whole.profiles_of",
        pattern="_1[:, :, None, None]",
        replacement="np.sort(_1)[:, :, None, None]",
        tests=(
            "tests/workflows/test_parts_of_split_halves.py::test_classes_of_parts_are_matched_with_those_of_the_whole",
        ),
    ),
    Mutation(
        name="group-left-out-still-counts",
        wrong="The group that is left out and predicted takes part in the fit that predicts it.",
        symbol="_without",
        pattern="_group_of_rows(...) == _1",
        replacement="np.zeros_like(_group_of_rows(...), dtype=bool)",
        tests=("tests/workflows/test_leave_one_group_out.py::test_rows_of_the_group_count_zero_times",),
    ),
    Mutation(
        name="steps-in-different-orders-of-classes",
        wrong="Stepwise estimates pair the shares of maximum likelihood with the classes of the posterior.",
        symbol="stepwise_odds_ratios",
        pattern="best.class_share[order]",
        replacement="best.class_share",
        tests=("tests/workflows/test_stepwise_odds_ratios.py::test_order_of_the_classes_does_not_matter",),
    ),
    Mutation(
        name="worst-mode-kept",
        wrong="Of several modes the one that predicts worst is kept.",
        symbol="sample_classes",
        pattern="np.argmax(_1)",
        replacement="np.argmin(_1)",
        tests=("tests/workflows/test_count_classes.py::test_chains_in_several_modes_are_counted_and_not_averaged",),
    ),
    Mutation(
        name="empty-classes-are-occupied",
        wrong="A class with a single member counts as occupied whatever the cut-off.",
        symbol="overfitted",
        pattern="(_1 >= _2).sum(axis=-1)",
        replacement="(_1 >= 1).sum(axis=-1)",
        tests=("tests/workflows/test_overfitted.py::test_cut_off_and_alpha_are_said_and_used",),
    ),
    Mutation(
        name="power-counts-one-sign",
        wrong="Only positive effects count as found, so power and errors of the first kind are too small.",
        symbol="operating_characteristics",
        pattern='(_1["lower"] > 0) | (_1["upper"] < 0)',
        replacement='_1["lower"] > 0',
        tests=(
            "tests/calibration/test_operating_characteristics.py::test_type_1_error_is_the_mean_over_data_sets_with_their_spread",
        ),
    ),
    Mutation(
        name="data-sets-with-labels-of-their-own",
        wrong="Classes of every data set are ordered by size, and draws stacked under labels that differ.",
        symbol="fit_multiple",
        pattern="sampled if each.pivot is not None else order",
        replacement="order",
        tests=(
            "tests/workflows/test_fit_multiple.py::test_classes_of_all_data_sets_are_matched_to_those_of_the_first",
        ),
    ),
    Mutation(
        name="data-sets-with-one-seed",
        wrong="All completed data sets are sampled with the same seed, so that their errors are the same.",
        symbol="fit_multiple",
        pattern="seed + place",
        replacement="seed",
        tests=(
            "tests/workflows/test_fit_multiple.py::test_chains_are_those_of_the_fits_of_each_data_set_in_their_order",
        ),
    ),
    Mutation(
        name="r-hat-between-data-sets-for-within",
        wrong="R-hat of stacked draws is that of all chains, which differ between data sets by design.",
        symbol="elements:diagnostics",
        pattern="r_hat = np.max([within for within, *_1 in of_sets], axis=0)",
        replacement="pass",
        tests=("tests/workflows/test_fit_multiple.py::test_diagnostics_of_equal_data_sets_agree_within_and_between",),
    ),
    Mutation(
        name="effective-draws-of-one-data-set",
        wrong="Effective draws of stacked draws are those of one data set.",
        symbol="elements:diagnostics",
        pattern="np.sum([_1 for _2, *_3 in of_sets], axis=0)",
        replacement="np.max([_1 for _2, *_3 in of_sets], axis=0)",
        tests=(
            "tests/workflows/test_fit_multiple.py::test_tables_say_how_many_data_sets_and_r_hat_within_and_between",
        ),
    ),
    Mutation(
        name="terms-of-all-rows-stacked",
        wrong="Slopes of scale(x) are stacked over data sets in which it means different columns.",
        symbol="_check_terms",
        pattern="apart > _1",
        replacement="apart > np.inf",
        tests=(
            "tests/workflows/test_fit_multiple.py::test_terms_that_depend_on_all_rows_and_slopes_that_vary_are_refused",
        ),
    ),
)
