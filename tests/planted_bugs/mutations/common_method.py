"""A person's way of answering, beside the class."""

from mutations.mutation import Mutation

TESTS = "tests/measurement/test_common_method.py"
COUNTS = "tests/workflows/test_common_method_counts.py"

COMMON_METHOD = (
    Mutation(
        name="persons-weigh-the-same",
        wrong="The nodes of a person's traits are summed over without their weights.",
        symbol="CommonMethod.log_density",
        pattern="_1 + np.log(self.grid.weight)[:, None]",
        replacement="_1 - np.log(len(self.grid.weight))",
        tests=(f"{TESTS}::test_persons_are_integrated_out",),
    ),
    Mutation(
        name="answers-of-persons-not-normalised",
        wrong="The probabilities of a person's answers do not add up to one.",
        symbol="CommonMethod._answers_of_persons",
        pattern="tilted / tilted.sum(axis=-1, keepdims=True)",
        replacement="tilted",
        tests=(f"{TESTS}::test_persons_are_integrated_out",),
    ),
    Mutation(
        name="profile-of-the-typical-person",
        wrong="Class profiles are those of a person without any leaning, not averaged over persons.",
        symbol="CommonMethod.parameters",
        pattern="(_1 * of_persons).sum(axis=1)",
        replacement="of_persons[:, self.grid.nodes.shape[0] // 2]",
        tests=(f"{TESTS}::test_persons_are_integrated_out",),
    ),
    Mutation(
        name="twin-has-one-person-for-each-item",
        wrong="In predictions a person's leaning is drawn anew for every item.",
        symbol="AnswersOfPersons.draw",
        pattern="np.einsum(_1, u, _2, _3)",
        replacement="np.einsum(_1, rng.permutation(u, axis=1), _2, _3)",
        tests=(f"{TESTS}::test_replicated_answers_are_associated_within_classes",),
    ),
    Mutation(
        name="sign-without-jacobian",
        wrong="The positive loading is sampled as its logarithm without the Jacobian.",
        symbol="SignAt.log_jac_det",
        pattern="pt.switch(self.is_positive, value, 0.0)",
        replacement="pt.zeros_like(value)",
        tests=(f"{TESTS}::test_signs_of_loadings_are_fixed_at_the_largest",),
    ),
    Mutation(
        name="extreme-scores-not-centred",
        wrong="Extreme responding counts the distance from the middle without taking off its mean.",
        symbol="style_scores",
        pattern="distance - distance.mean()",
        replacement="distance",
        tests=(f"{TESTS}::test_scores_count_categories_from_the_middle_or_to_it",),
    ),
    Mutation(
        name="quadrature-checked-on-the-same-grid",
        wrong="The error of the quadrature is that of the grid against itself, so always zero.",
        symbol="PersonGrid.finer",
        pattern="_grid(2 * self.n_nodes, _1)",
        replacement="_grid(self.n_nodes, _1)",
        tests=(
            f"{TESTS}::test_a_coarse_grid_is_refused_before_sampling",
            f"{TESTS}::test_the_quadrature_error_is_kept_noted_and_refused",
        ),
    ),
    Mutation(
        name="traits-without-what-is-left-open",
        wrong="The standard deviation of a person's trait is the root of its second moment.",
        symbol="traits_of_rows",
        pattern="second - first**2",
        replacement="second",
        tests=(f"{TESTS}::test_traits_and_shares_of_variance_are_those_of_a_loop",),
    ),
    Mutation(
        name="tilt-not-counted-among-the-parameters",
        wrong="Criteria of classes with a common method have no parameter for it.",
        symbol="common_method_counts:_row",
        pattern="n_parameters(_1, _2) + 1",
        replacement="n_parameters(_1, _2)",
        tests=(f"{COUNTS}::test_criteria_are_those_of_one_parameter_more",),
    ),
)
