"""Answers given the class, and models that hold them."""

from mutations.mutation import Mutation

DENSITY = "tests/test_log_density.py"

MEASUREMENT = (
    Mutation(
        name="missing-answer-counts-as-category-0",
        wrong="In the likelihood a missing answer has the probability of the first category instead of dropping out.",
        symbol="measurement.answers:log_density",
        pattern='pt.cast(_1, "int64")',
        replacement='pt.maximum(pt.cast(_1, "int64"), 0)',
        tests=(f"{DENSITY}::test_missing_answer_drops_its_factor",),
    ),
    Mutation(
        name="pattern-counts-ignored",
        wrong="A pattern of answers counts once, however many respondents gave it.",
        symbol="OneClass.observe",
        pattern='pt.cast(_1, "float64") * _2',
        replacement="_2",
        tests=(f"{DENSITY}::test_repeated_rows_count_twice",),
    ),
    Mutation(
        name="drawn-category-off-by-one",
        wrong="Predicted answers are one category too low, for the cumulative probabilities start at the second.",
        symbol="draw_category",
        pattern="np.moveaxis(_1[..., :-1], -1, 0)",
        replacement="np.moveaxis(_1[..., 1:], -1, 0)",
        tests=("tests/test_models.py::test_drawn_answers_have_the_frequencies_of_the_model",),
    ),
    Mutation(
        name="log-ratio-without-jacobian",
        wrong="Item probabilities are sampled as log ratios without the Jacobian, so the prior is not the Dirichlet.",
        symbol="LogRatio.log_jac_det",
        pattern="pt.special.log_softmax(_1, axis=-1)",
        replacement="pt.zeros_like(_1)",
        tests=("tests/structural/test_transforms.py::test_dirichlet_integrates_to_one_over_log_ratios",),
    ),
    Mutation(
        name="item-prior-weight-ignored",
        wrong="The Dirichlet weight asked for item probabilities is replaced by 1.",
        symbol="Items.known",
        pattern="self.probability.a",
        replacement="1.0",
        tests=(f"{DENSITY}::test_priors_follow_the_arguments_of_the_parts",),
    ),
    Mutation(
        name="ordinal-location-turned-round",
        wrong="A class of higher location answers lower: the cumulative logits have the wrong sign.",
        symbol="cumulative_logit",
        pattern="_1 - _2[:, :, None]",
        replacement="_1 + _2[:, :, None]",
        tests=("tests/measurement/test_ordinal_items.py::test_probabilities_are_differences_of_cumulative_ones",),
    ),
    Mutation(
        name="class-probabilities-not-normalised",
        wrong="Class logits enter the likelihood as if they were log probabilities.",
        symbol="sum_out_class",
        pattern="_1 - pt.logsumexp(_2, axis=0)",
        replacement="_1",
        tests=(f"{DENSITY}::test_all_answer_patterns_sum_to_one",),
    ),
    Mutation(
        name="log-sum-without-shares",
        wrong="The class is summed out as if all classes were equally large.",
        symbol="sum_out_class",
        pattern="pt.logsumexp(_1 + _2, axis=0)",
        replacement="pt.logsumexp(pt.mean(_1, axis=0) + _2, axis=0)",
        tests=(f"{DENSITY}::test_log_likelihood_is_the_one_of_slow_loops",),
    ),
    Mutation(
        name="membership-without-shares",
        wrong="Membership given known item probabilities leaves out the shares of the classes.",
        symbol="Assigned.membership",
        pattern="self.class_share",
        replacement="np.ones_like(self.class_share)",
        tests=("tests/measurement/test_assigned.py::test_membership_is_that_of_a_hand_calculation",),
    ),
    Mutation(
        name="answers-left-out-of-the-model",
        wrong="The latent class model has priors but no likelihood: the data are ignored.",
        symbol="sum_over_classes",
        pattern="_1.observe(...)",
        replacement="",
        tests=("tests/test_models.py::test_printed_model_is_the_golden_text",),
    ),
    Mutation(
        name="equal-rows-counted-once",
        wrong="Respondents with equal covariates and outcome are counted as one.",
        symbol="multinomial:_counted",
        pattern="np.add.at(_1, _2, _3)",
        replacement="_1[_2] += _3",
        tests=("tests/test_models.py::test_outcomes_of_equal_covariates_are_counted",),
    ),
)
