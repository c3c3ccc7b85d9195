"""Checks of fit over waves, and answers drawn along paths."""

from mutations.mutation import Mutation

COUNTS = "tests/workflows/test_waves_by_likelihood.py"
CHECKS = "tests/posterior/test_check_waves.py"
SCORES = f"{CHECKS}::test_scores_are_derivatives_of_the_sum_over_all_paths"
SUMS = f"{CHECKS}::test_residuals_and_expected_counts_are_sums_over_all_paths"

WAVE_CHECKS = (
    Mutation(
        name="replicated-paths-leave-the-destination",
        wrong="Paths of replicated persons take the transitions of the class they go to.",
        symbol="drawn_sequences:draw_paths",
        pattern="np.moveaxis(step, (0, 1), (-2, -1))",
        replacement="np.moveaxis(step, (1, 0), (-2, -1))",
        tests=(f"{CHECKS}::test_drawn_paths_go_from_class_to_class_as_the_draws_say",),
    ),
    Mutation(
        name="level-drawn-at-every-wave",
        wrong="A person has another level at each wave of replicated answers.",
        symbol="draw_sequences",
        pattern="one.answers.draw_given_person(one, which, latent_class[..., wave], trait, rng)",
        replacement="one.answers.draw(one, which, latent_class[..., wave], rng)",
        tests=(f"{CHECKS}::test_a_person_s_level_is_drawn_once_for_all_waves",),
    ),
    Mutation(
        name="missed-waves-replicated",
        wrong="Replicated answers stand where persons were not seen.",
        symbol="draw_sequences",
        pattern="np.where(is_missing(own), _1, drawn)",
        replacement="drawn",
        tests=(f"{CHECKS}::test_replicated_answers_are_missing_where_answers_are",),
    ),
    Mutation(
        name="checks-replicate-from-the-first-class",
        wrong="Classes of replicated persons leave the same class at every wave.",
        symbol="WaveParameters.replicate",
        pattern="self.transition[wave - 1][latent_class, :, respondents]",
        replacement="self.transition[wave - 1][:, latent_class, respondents].T",
        tests=(f"{CHECKS}::test_replicated_answers_follow_the_parameters",),
    ),
    Mutation(
        name="persons-unweighted-in-checks",
        wrong="The person's weight on the grid is left out of what is known of persons.",
        symbol="WaveContributions.of",
        pattern="smoothed.log_likelihood + np.log(parameters.weight)[:, None]",
        replacement="smoothed.log_likelihood + 0 * np.log(parameters.weight)[:, None]",
        tests=(SCORES,),
    ),
    Mutation(
        name="transition-score-of-the-wave-after",
        wrong="Scores of transitions take who was in a class after the step for who left it.",
        symbol="WaveContributions._transition_scores",
        pattern="self.membership[:-1].sum(axis=2)",
        replacement="self.membership[1:].sum(axis=2)",
        tests=(SCORES,),
    ),
    Mutation(
        name="wave-pairs-without-moves",
        wrong="Cells of two waves are expected of the share of the later wave in place of the moves.",
        symbol="_expected_cells",
        pattern="parameters.share[t][:, None] * parameters.transition[t]",
        replacement="parameters.share[u][:, None] * parameters.transition[t]",
        tests=(SUMS,),
    ),
    Mutation(
        name="wave-pairs-transposed",
        wrong="What is left of a pair over waves goes from the later class to the earlier.",
        symbol="answers_to_both",
        pattern='"cqk,dqm->cdqkm"',
        replacement='"dqk,cqm->cdqkm"',
        tests=(SUMS,),
    ),
    Mutation(
        name="level-over-waves-the-other-way",
        wrong="A level over waves shows where answers to an item go apart.",
        symbol="_tests_of_categories",
        pattern="trend_of(discrepancies.pair[:, :, over], of_items)",
        replacement="-trend_of(discrepancies.pair[:, :, over], of_items)",
        tests=(f"{CHECKS}::test_a_level_of_persons_is_found_over_waves_where_the_model_has_none",),
    ),
    Mutation(
        name="free-items-at-the-wrong-wave",
        wrong="A free item is the same at all waves, each of which repeats it.",
        symbol="AnswersOverWaves.families",
        pattern="[self.wave == place for place in range(len(self.waves.names))]",
        replacement="[self.wave >= place for place in range(len(self.waves.names))]",
        tests=(f"{COUNTS}::test_one_class_has_the_shares_of_the_answers",),
    ),
    Mutation(
        name="free-items-are-the-equal-ones",
        wrong="The items that are said to be free are held equal, and the others free.",
        symbol="AnswersOverWaves.families",
        pattern="[str(name) in free for name in part.columns]",
        replacement="[(str(name) in free) != (len(free) == 1) for name in part.columns]",
        tests=(f"{COUNTS}::test_the_item_that_drifts_is_found",),
    ),
    Mutation(
        name="criteria-count-rows",
        wrong="BIC of classes over waves counts rows, not persons.",
        symbol="AnswersOverWaves.n",
        pattern="int(self.counts.sum())",
        replacement="int(self.counts @ (self.sequences >= 0).sum(axis=1))",
        tests=(f"{COUNTS}::test_criteria_count_persons_and_classes_have_shares_at_every_wave",),
    ),
    Mutation(
        name="silent-persons-counted",
        wrong="Persons without any answer take part in criteria.",
        symbol="AnswersOverWaves.read",
        pattern="~is_missing(at_waves).all(axis=(1, 2))",
        replacement="~is_missing(at_waves).any(axis=(1, 2)) | True",
        tests=(f"{COUNTS}::test_persons_without_any_answer_take_no_part",),
    ),
    Mutation(
        name="likelihood-ratio-not-doubled",
        wrong="The test of invariance takes the difference of log-likelihoods, not twice it.",
        symbol="invariance_over_waves:_row",
        pattern="max(0.0, 2 * gain)",
        replacement="max(0.0, gain)",
        tests=(f"{COUNTS}::test_the_item_that_drifts_is_found",),
    ),
)
