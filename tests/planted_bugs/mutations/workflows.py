"""Several fits put together, and simulation studies of them."""

from mutations.mutation import Mutation

WORKFLOWS = (
    Mutation(
        name="three-step-error-matrix-transposed",
        wrong="Three-step estimation takes P(class given assigned) for P(assigned given class).",
        file="bayes_lca/workflows/ladder/assign.py",
        original="probability.T @ assigned / probability.sum(axis=0)[:, None]",
        replacement="probability.T @ assigned / assigned.sum(axis=0)[None, :]",
        tests=("tests/measurement/test_assigned.py::test_the_error_matrix_of_the_modal_class",),
    ),
    Mutation(
        name="two-step-weights-upside-down",
        wrong="The regression is reweighted to a draw of the first step by the inverse of the likelihood ratio.",
        file="bayes_lca/workflows/ladder/two_step.py",
        original="return result[1:] - result[0]",
        replacement="return result[0] - result[1:]",
        tests=("tests/workflows/test_two_step_weights.py::test_weights_are_likelihood_ratios_of_a_draw_to_the_mean",),
    ),
    Mutation(
        name="kept-fit-of-other-data",
        wrong="A fit on disk is read again although data or model have changed.",
        file="bayes_lca/sampling/fit_or_load.py",
        original="if kept.attrs.get(DIGEST) == digest:",
        replacement="if DIGEST in kept.attrs:",
        tests=("tests/workflows/test_kept_fit.py::test_whatever_has_changed_is_fitted_anew_and_replaces_the_file",),
    ),
    Mutation(
        name="halves-overlap",
        wrong="The second half of a random split repeats respondents of the first.",
        file="bayes_lca/workflows/invariance/split_halves.py",
        original="codes[order[first : first + second]]",
        replacement="codes[order[:second]]",
        tests=("tests/workflows/test_parts_of_split_halves.py::test_parts_share_nobody",),
    ),
    Mutation(
        name="classes-of-halves-not-matched",
        wrong="Classes of random parts are compared by number, though every sampler numbers them in its own order.",
        file="bayes_lca/workflows/invariance/split_halves.py",
        original="np.take_along_axis(drawn, order[:, :, None, None], axis=1)",
        replacement="np.take_along_axis(drawn, np.sort(order)[:, :, None, None], axis=1)",
        tests=(
            "tests/workflows/test_parts_of_split_halves.py::test_classes_of_parts_are_matched_with_those_of_the_whole",
        ),
    ),
    Mutation(
        name="group-left-out-still-counts",
        wrong="The group that is left out and predicted takes part in the fit that predicts it.",
        file="bayes_lca/workflows/leave_one_group_out.py",
        original="gone = _group_of_rows(prepared, grouping, finest) == position",
        replacement="gone = np.zeros_like(_group_of_rows(prepared, grouping, finest), dtype=bool)",
        tests=("tests/workflows/test_leave_one_group_out.py::test_rows_of_the_group_count_zero_times",),
    ),
    Mutation(
        name="steps-in-different-orders-of-classes",
        wrong="Stepwise estimates pair the shares of maximum likelihood with the classes of the posterior.",
        file="bayes_lca/workflows/ladder/stepwise_odds_ratios.py",
        original="best.class_share[order]",
        replacement="best.class_share",
        tests=("tests/workflows/test_stepwise_odds_ratios.py::test_order_of_the_classes_does_not_matter",),
    ),
    Mutation(
        name="worst-mode-kept",
        wrong="Of several modes the one that predicts worst is kept.",
        file="bayes_lca/workflows/class_counts/class_posteriors.py",
        original="best = int(np.argmax([one.elpd for one in by_mode]))",
        replacement="best = int(np.argmin([one.elpd for one in by_mode]))",
        tests=("tests/workflows/test_count_classes.py::test_chains_in_several_modes_are_counted_and_not_averaged",),
    ),
    Mutation(
        name="empty-classes-are-occupied",
        wrong="A class with a single member counts as occupied whatever the cut-off.",
        file="bayes_lca/workflows/class_counts/overfitted.py",
        original="occupied = (found.members >= least).sum(axis=-1)",
        replacement="occupied = (found.members >= 1).sum(axis=-1)",
        tests=("tests/workflows/test_overfitted.py::test_cut_off_and_alpha_are_said_and_used",),
    ),
    Mutation(
        name="power-counts-one-sign",
        wrong="Only positive effects count as found, so power and errors of the first kind are too small.",
        file="bayes_lca/calibration/intervals/operating_characteristics.py",
        original='(table["lower"] > 0) | (table["upper"] < 0)',
        replacement='table["lower"] > 0',
        tests=(
            "tests/calibration/test_operating_characteristics.py::test_type_1_error_is_the_mean_over_data_sets_with_their_spread",
        ),
    ),
)
