"""Classes with profiles of their own in each group class: density, maximum likelihood, twins, labels and tables."""

from mutations.mutation import Mutation

MODEL = "tests/test_group_profiles.py"
MAXIMUM = "tests/likelihood/test_group_profiles.py"

GROUP_PROFILES = (
    Mutation(
        name="profiles-of-the-first-group-class",
        wrong="Answers have the density of the first group class in all of them.",
        symbol="answers_in_sets:answers_of",
        pattern="[measurement.log_density(responses, value, *of_one) for of_one in in_each(given)]",
        replacement="[measurement.log_density(responses, value, *in_each(given)[0]) for of_one in in_each(given)]",
        tests=(f"{MODEL}::test_log_likelihood_of_groups_is_the_sum_over_all_classes",),
    ),
    Mutation(
        name="evidence-of-averaged-profiles",
        wrong="Draws are read with the averages over group classes in place of the profiles of each.",
        symbol="evidence_in_group_classes",
        pattern="not free_variables(fit.posterior)",
        replacement="len(rows) > 0",
        tests=(f"{MODEL}::test_draws_in_numpy_are_those_of_loops_over_groups",),
    ),
    Mutation(
        name="plain-means-over-group-classes",
        wrong="Averages over group classes count a small one as much as a large one.",
        symbol="_averaged",
        pattern="share[..., None] * fit.by_chain(shares_within(fit))",
        replacement="1.0 + 0.0 * share[..., None] * fit.by_chain(shares_within(fit))",
        tests=(f"{MODEL}::test_usual_names_hold_averages_by_members",),
    ),
    Mutation(
        name="labels-of-one-group-class-for-all",
        wrong="Classes of all group classes change places as those of the first do.",
        symbol="permuted_within",
        pattern="order.reshape(*last.shape[:2], *_1, *order.shape[1:])",
        replacement="(0 * order + order[:, :1]).reshape(*last.shape[:2], *_1, *order.shape[1:])",
        tests=(f"{MODEL}::test_labels_of_both_levels_are_found_again",),
    ),
    Mutation(
        name="classes-of-group-classes-unpaired",
        wrong="C1 of the second group class is whichever class came first there.",
        symbol="pairs_of_classes",
        pattern="match_profiles(of_one[None], profile[reference], _1, _2, _3)",
        replacement="match_profiles(of_one[None], of_one, _1, _2, _3)",
        tests=(f"{MODEL}::test_labels_of_both_levels_are_found_again",),
    ),
    Mutation(
        name="answers-drawn-from-averaged-profiles",
        wrong="Replicated answers of all groups come from the averages over group classes.",
        symbol="ClassOfGroupAndRespondent.draw_answers",
        pattern="not free_variables(fit.posterior)",
        replacement="len(of_group) > 0",
        tests=(f"{MODEL}::test_answers_are_drawn_from_the_profiles_of_the_group_class",),
    ),
    Mutation(
        name="members-of-any-group-class",
        wrong="Members of classes are counted whatever the class of their group.",
        symbol="expect_with_profiles",
        pattern="table.spread_to_rows(membership) / mixed",
        replacement="table.spread_to_rows(membership.mean(axis=1, keepdims=True)) / mixed",
        tests=(f"{MAXIMUM}::test_log_likelihood_and_members_are_those_of_a_loop",),
    ),
    Mutation(
        name="profiles-counted-once",
        wrong="Profiles that are free count as many parameters as those that are equal.",
        symbol="LevelsWithProfiles.n_parameters",
        pattern="n_group_classes * (n_classes - 1 + of_items)",
        replacement="n_group_classes * (n_classes - 1) + of_items",
        tests=(f"{MAXIMUM}::test_log_likelihood_and_members_are_those_of_a_loop",),
    ),
    Mutation(
        name="difference-from-itself",
        wrong="Profiles of every group class are compared with themselves.",
        symbol="_profiles_in_each",
        pattern="values if first is None else first",
        replacement="values if first is None else values",
        tests=(f"{MODEL}::test_table_of_profiles_by_group_class",),
    ),
)
