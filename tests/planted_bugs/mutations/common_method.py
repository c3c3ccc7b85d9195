"""A person's way of answering, beside the class."""

from mutations.mutation import Mutation

TESTS = "tests/measurement/test_common_method.py"
COUNTS = "tests/workflows/test_common_method_counts.py"
RECOMMENDED = "tests/likelihood/test_recommendation.py"
PICTURE = "tests/posterior/test_plot_class_counts.py"
PAGE = "tests/reporting/test_common_method_page.py"

COMMON_METHOD = (
    Mutation(
        name="persons-weigh-the-same",
        wrong="The nodes of a person's traits are summed over without their weights.",
        symbol="CommonMethod.log_density",
        pattern="np.log(self.person_weight)",
        replacement="-np.log(np.full(len(self.grid.weight), len(self.grid.weight)))",
        tests=(f"{TESTS}::test_persons_are_integrated_out",),
    ),
    Mutation(
        name="answers-of-persons-not-normalised",
        wrong="The probabilities of a person's answers do not add up to one.",
        symbol="Persons.log_ratio_to_typical",
        pattern="-pt.log(self._total)",
        replacement="pt.zeros_like(self._total)",
        tests=(f"{TESTS}::test_persons_are_integrated_out",),
    ),
    Mutation(
        name="missing-answers-are-of-the-last-category",
        wrong="A missing answer says of the person what the last category does.",
        symbol="Persons._of_answers",
        pattern="np.pad(_1, _2)",
        replacement="np.pad(_1, _2, mode='edge')",
        tests=(f"{TESTS}::test_persons_are_integrated_out",),
    ),
    Mutation(
        name="missing-answers-are-normalised",
        wrong="Items that nobody answered are among those over which a person's answers are made to add up to one.",
        symbol="Persons._of_answers",
        pattern="pt.ge(code, 0)",
        replacement="pt.ones_like(code)",
        tests=(f"{TESTS}::test_persons_are_integrated_out",),
    ),
    Mutation(
        name="categories-of-equal-scores-once",
        wrong="Of the categories of an item that move by the same step, one is counted.",
        symbol="Persons._total",
        pattern="(_1 * self._steps[1]).sum(axis=2)",
        replacement="(_1 * self._steps[1]).max(axis=2)",
        tests=(f"{TESTS}::test_persons_are_integrated_out",),
    ),
    Mutation(
        name="profile-of-the-typical-person",
        wrong="Class profiles are those of a person without any leaning, not averaged over persons.",
        symbol="CommonMethod.parameters",
        pattern="self._persons(...).answers()",
        replacement="typical",
        tests=(f"{TESTS}::test_persons_are_integrated_out",),
    ),
    Mutation(
        name="twin-has-one-person-for-each-item",
        wrong="In predictions a person's leaning is drawn anew for every item.",
        symbol="AnswersOfPersons.draw_given_person",
        pattern="np.einsum(_1, person, _2, _3)",
        replacement="np.einsum(_1, rng.permutation(person, axis=1), _2, _3)",
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
    Mutation(
        name="two-categories-in-any-direction",
        wrong="Items of two categories are tilted in the order of their letters, whichever way they ask.",
        symbol="Responses.require_order",
        pattern="2 if directed and self.common_labels is None else 3",
        replacement="3",
        tests=(f"{COUNTS}::test_two_categories_run_in_one_direction",),
    ),
    Mutation(
        name="common-method-recommended-whatever-bic-says",
        wrong="Classes with a common method are recommended where BIC is smaller without one.",
        symbol="recommend_classes",
        pattern="gain <= 0",
        replacement="gain != gain",
        tests=(f"{RECOMMENDED}::test_classes_without_a_common_method_are_recommended_where_theirs_is_as_small",),
    ),
    Mutation(
        name="bic-of-each-kind-from-its-own-minimum",
        wrong="The picture draws BIC with a common method from its own minimum, so that both kinds look as good.",
        symbol="plot_class_counts:_criteria",
        pattern="values - least",
        replacement="values - values.min()",
        tests=(f"{PICTURE}::test_bic_with_a_common_method_is_drawn_from_the_same_minimum",),
    ),
    Mutation(
        name="chains-start-where-a-positive-loading-is-negative",
        wrong="A mode keeps the sign of a loading that is positive by definition, which has no coordinate there.",
        symbol="positive_at",
        pattern="np.maximum(np.abs(there), LEAST_LOADING)",
        replacement="there",
        tests=(f"{TESTS}::test_chains_can_start_at_every_mode_whatever_the_signs_of_its_loadings",),
    ),
    Mutation(
        name="prior-of-loadings-not-told",
        wrong="A report leaves out the prior that a part has of its own.",
        symbol="priors_of",
        pattern="isinstance(given := whole.get(PRIOR), Mapping)",
        replacement="KIND not in (given := whole.get(PRIOR) or {})",
        tests=(f"{PAGE}::test_priors_by_name_and_of_a_part_are_told_once",),
    ),
)
