"""Answers given the class, and models that hold them."""

from mutations.mutation import Mutation

DENSITY = "tests/test_log_density.py"

MEASUREMENT = (
    Mutation(
        name="missing-answer-counts-as-category-0",
        wrong="In the likelihood a missing answer has the probability of the first category instead of dropping out.",
        file="bayes_lca/measurement/answers.py",
        original='chosen = pt.eq(pt.cast(value, "int64")[:, item], category)',
        replacement='chosen = pt.eq(pt.maximum(pt.cast(value, "int64"), 0)[:, item], category)',
        tests=(f"{DENSITY}::test_missing_answer_drops_its_factor",),
    ),
    Mutation(
        name="pattern-counts-ignored",
        wrong="A pattern of answers counts once, however many respondents gave it.",
        file="bayes_lca/measurement/answers.py",
        original='return pt.cast(count, "float64") * sum_out_class(eta.T, log_answers)',
        replacement="return sum_out_class(eta.T, log_answers)",
        tests=(f"{DENSITY}::test_repeated_rows_count_twice",),
    ),
    Mutation(
        name="drawn-category-off-by-one",
        wrong="Predicted answers are one category too low, for the cumulative probabilities start at the second.",
        file="bayes_lca/measurement/answers.py",
        original="own.cumsum(axis=-1)[..., :-1]).sum(axis=-1)",
        replacement="own.cumsum(axis=-1)[..., 1:]).sum(axis=-1)",
        tests=("tests/test_models.py::test_drawn_answers_have_the_frequencies_of_the_model",),
    ),
    Mutation(
        name="log-ratio-without-jacobian",
        wrong="Item probabilities are sampled as log ratios without the Jacobian, so the prior is not the Dirichlet.",
        file="bayes_lca/measurement/log_ratio.py",
        original="pt.special.log_softmax((value[..., None] * self.placement).sum(axis=-2), axis=-1).sum(axis=-1)",
        replacement="pt.zeros_like(value).sum(axis=-1)",
        tests=("tests/structural/test_transforms.py::test_dirichlet_integrates_to_one_over_log_ratios",),
    ),
    Mutation(
        name="item-prior-weight-ignored",
        wrong="The Dirichlet weight asked for item probabilities is replaced by 1.",
        file="bayes_lca/measurement/items.py",
        original="a = np.full(typical.shape[-1], self.probability.a)",
        replacement="a = np.full(typical.shape[-1], 1.0)",
        tests=(f"{DENSITY}::test_priors_follow_the_arguments_of_the_parts",),
    ),
    Mutation(
        name="ordinal-location-turned-round",
        wrong="A class of higher location answers lower: the cumulative logits have the wrong sign.",
        file="bayes_lca/measurement/ordinal_items.py",
        original="x = tau - theta[:, :, None]",
        replacement="x = tau + theta[:, :, None]",
        tests=("tests/measurement/test_ordinal_items.py::test_probabilities_are_differences_of_cumulative_ones",),
    ),
    Mutation(
        name="class-probabilities-not-normalised",
        wrong="Class logits enter the likelihood as if they were log probabilities.",
        file="bayes_lca/hidden/one_class.py",
        original="return pt.logsumexp(class_logits + log_answers, axis=0) - pt.logsumexp(class_logits, axis=0)",
        replacement="return pt.logsumexp(class_logits + log_answers, axis=0)",
        tests=(f"{DENSITY}::test_all_answer_patterns_sum_to_one",),
    ),
    Mutation(
        name="log-sum-without-shares",
        wrong="The class is summed out as if all classes were equally large.",
        file="bayes_lca/hidden/one_class.py",
        original="pt.logsumexp(class_logits + log_answers, axis=0)",
        replacement="pt.logsumexp(pt.mean(class_logits, axis=0) + log_answers, axis=0)",
        tests=(f"{DENSITY}::test_log_likelihood_is_the_one_of_slow_loops",),
    ),
    Mutation(
        name="membership-without-shares",
        wrong="Membership given known item probabilities leaves out the shares of the classes.",
        file="bayes_lca/measurement/assigned.py",
        original="joint = likelihood * self.class_share",
        replacement="joint = likelihood",
        tests=("tests/measurement/test_assigned.py::test_membership_is_that_of_a_hand_calculation",),
    ),
    Mutation(
        name="answers-left-out-of-the-model",
        wrong="The latent class model has priors but no likelihood: the data are ignored.",
        file="models/latent_class.py",
        original="self.measurement.answers(eta, rho, responses, survey.patterns.first, count)",
        replacement="del rho",
        tests=("tests/test_models.py::test_printed_model_is_the_golden_text",),
    ),
    Mutation(
        name="equal-rows-counted-once",
        wrong="Respondents with equal covariates and outcome are counted as one.",
        file="models/multinomial.py",
        original="np.add.at(counts, patterns.pattern, seen.membership.astype(int))",
        replacement="counts[patterns.pattern] += seen.membership.astype(int)",
        tests=("tests/test_models.py::test_outcomes_of_equal_covariates_are_counted",),
    ),
)
