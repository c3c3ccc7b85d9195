"""Classes of groups: their density, maximum likelihood, twins, labels and comparisons."""

from mutations.mutation import Mutation

MODEL = "tests/test_group_classes.py"
MAXIMUM = "tests/likelihood/test_group_mixture.py"
OPERATIONS = "tests/density/test_operations.py"

GROUP_CLASSES = (
    Mutation(
        name="group-classes-of-equal-size",
        wrong="All group classes are as likely, whatever their shares.",
        symbol="ClassOfGroup.observe",
        pattern="log_share[:, None] + log_groups",
        replacement="0.0 * log_share[:, None] + log_groups",
        tests=(f"{MODEL}::test_log_likelihood_of_groups_is_the_sum_over_all_classes",),
    ),
    Mutation(
        name="group-classes-of-single-rows",
        wrong="Respondents with equal answers in one group count once.",
        symbol="ClassOfGroup.observe",
        pattern='pt.cast(count, "float64") * log_rows[:, self.row]',
        replacement="log_rows[:, self.row]",
        tests=(f"{MODEL}::test_rows_apart_have_the_density_of_rows_counted",),
    ),
    Mutation(
        name="segments-filled-up-with-a-number",
        wrong="Sums over short groups have some other number in them in place of zeros.",
        symbol="Builder.sums_of_segments",
        pattern="np.full(_1, self.known[0.0])",
        replacement="np.full(_1, positions[0])",
        tests=(f"{OPERATIONS}::test_sums_of_segments",),
    ),
    Mutation(
        name="long-segments-cut",
        wrong="Of a large group only as many rows are added up as a step takes.",
        symbol="Builder.sums_of_segments",
        pattern="sums if width == sizes.max() else _1",
        replacement="sums[: len(sizes)]",
        tests=(f"{OPERATIONS}::test_sums_of_segments",),
    ),
    Mutation(
        name="class-shares-of-the-last-group-class",
        wrong="Members of classes are counted by the shares of groups, not by the class of each group.",
        symbol="expect_both_levels",
        pattern="table.spread_to_rows(membership) / mixed",
        replacement="table.spread_to_rows(membership.mean(axis=1, keepdims=True)) / mixed",
        tests=(f"{MAXIMUM}::test_it_is_a_maximum", f"{MAXIMUM}::test_the_truth_is_found"),
    ),
    Mutation(
        name="one-share-too-many",
        wrong="Shares of group classes count as many parameters as there are group classes.",
        symbol="Levels.n_parameters",
        pattern="n_group_classes - 1 + _1 + _2",
        replacement="n_group_classes + _1 + _2",
        tests=(f"{MAXIMUM}::test_log_likelihood_is_that_of_a_loop_over_groups",),
    ),
    Mutation(
        name="bic-of-groups-by-respondents",
        wrong="The BIC of groups has as many observations as group classes.",
        symbol="GroupMixtureFit.bic_of_groups",
        pattern="len(self.group_membership)",
        replacement="self.group_membership.size",
        tests=(f"{MAXIMUM}::test_table_of_counts_of_classes",),
    ),
    Mutation(
        name="membership-without-the-group",
        wrong="Classes of respondents are averaged over group classes by their shares, whatever their group answered.",
        symbol="ClassOfGroupAndRespondent.summed_out",
        pattern="of_units = np.exp(log_units - total)",
        replacement="of_units = np.exp(self._log_before(fit, which, rows) + 0.0 * log_units)",
        tests=(f"{MODEL}::test_draws_in_numpy_are_those_of_loops_over_groups",),
    ),
    Mutation(
        name="labels-of-group-classes-as-drawn",
        wrong="Group classes keep the labels that the sampler gave them in each draw.",
        symbol="aligned_group_classes",
        pattern="permute(posterior, labels.order[:, shown], axes=[GROUP_CLASS])",
        replacement="permute(posterior, 0 * labels.order + shown, axes=[GROUP_CLASS])",
        tests=(f"{MODEL}::test_labels_of_group_classes_are_found_again",),
    ),
    Mutation(
        name="new-respondents-know-the-whole-group",
        wrong="New respondents of a group that was seen are scored as those of any other.",
        symbol="ClassesOfGroups.weight",
        pattern="np.where(index < 0, share, seen)",
        replacement="np.where(index < 10**9, share, seen)",
        tests=(f"{MODEL}::test_new_respondents_are_scored_with_what_is_known_of_their_group",),
    ),
    Mutation(
        name="a-group-left-out-knows-itself",
        wrong="What a group that was left out answered is known of it.",
        symbol="ClassOfGroupAndRespondent.group_membership",
        pattern="LEFT_OUT in fit.attributes",
        replacement="LEFT_OUT not in fit.attributes and LEFT_OUT in fit.attributes",
        tests=(f"{MODEL}::test_what_is_known_of_a_group_left_out_is_the_shares",),
    ),
    Mutation(
        name="respondents-left-out-in-place-of-groups",
        wrong="Groups of a model without groups are compared by one of their respondents.",
        symbol="compare_group_structures:_log_likelihood",
        pattern="np.add.at(table, (fit.pattern_of_respondent, group), 1.0)",
        replacement="table[fit.pattern_of_respondent, group] = 1.0 / len(group)",
        tests=(f"{MODEL}::test_groups_are_left_out_of_fits_of_three_kinds",),
    ),
    Mutation(
        name="nine-groups-are-enough",
        wrong="Classes are made of any number of groups.",
        symbol="check_number_of_groups",
        pattern="n_groups < FEWEST_GROUPS",
        replacement="n_groups < 2",
        tests=(f"{MODEL}::test_what_cannot_be_classes_of_groups_is_refused",),
    ),
    Mutation(
        name="membership-of-groups-in-every-draw-kept",
        wrong="Files without respondents hold the membership of groups in every draw, which tells of their answers.",
        symbol="without_respondents",
        pattern="with_mean_membership(posterior)",
        replacement="posterior",
        tests=(f"{MODEL}::test_a_fit_survives_a_file",),
    ),
)
