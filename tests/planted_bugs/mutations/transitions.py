"""Latent transition models: density, coordinates, rows of long frames, paths of draws."""

from mutations.mutation import Mutation

DENSITY = "tests/test_transition_density.py"
FITS = "tests/test_latent_transition.py"
SUMS = f"{DENSITY}::test_recursion_is_the_sum_over_all_paths"
AT_WAVES = f"{DENSITY}::test_classes_at_waves_are_those_of_all_paths"

TRANSITIONS = (
    Mutation(
        name="transitions-transposed",
        wrong="The recursion goes from destinations to origins.",
        symbol="sum_out_path",
        pattern="pt.logsumexp(log_alpha[:, None] + tau, axis=0) + h[0]",
        replacement="pt.logsumexp(log_alpha[:, None] + tau.dimshuffle(1, 0, 2, 3), axis=0) + h[0]",
        tests=(SUMS,),
    ),
    Mutation(
        name="transitions-normalised-over-origins",
        wrong="Transition probabilities add up to one over origins, not over destinations.",
        symbol="sum_out_path",
        pattern="pt.logsumexp(tau if h is None else tau + h, axis=1)",
        replacement="pt.logsumexp(tau if h is None else tau + h, axis=0)",
        tests=(SUMS,),
    ),
    Mutation(
        name="answers-of-the-wave-before",
        wrong="Answers count for the class of the wave before theirs.",
        symbol="sum_out_path",
        pattern="zip(at_mean, moving, log_answers[1:], strict=True)",
        replacement="zip(at_mean, moving, log_answers[:-1], strict=True)",
        tests=(SUMS,),
    ),
    Mutation(
        name="waves-read-as-persons",
        wrong="Answers at several waves are told apart in the wrong order.",
        symbol="answers_of_waves",
        pattern="at_all.reshape((*_1, -1, n_waves))",
        replacement="at_all.reshape((*_1, n_waves, -1)).swapaxes(2, 3)",
        tests=(SUMS,),
    ),
    Mutation(
        name="stay-logits-on-the-wrong-diagonal",
        wrong="The logit of staying stands at the move to the next class.",
        symbol="around_diagonal",
        pattern="tau[:, np.arange(n_classes), np.arange(n_classes)].set(stay)",
        replacement="tau[:, np.arange(n_classes), (np.arange(n_classes) + 1) % n_classes].set(stay)",
        tests=(f"{DENSITY}::test_permuting_classes_leaves_the_density_unchanged",),
    ),
    Mutation(
        name="covariates-of-the-wave-that-is-left",
        wrong="Whoever moves does so by the covariates of the wave before.",
        symbol="Waves.row_of_step",
        pattern="self.row_ahead[:, 1:]",
        replacement="self.row_ahead[:, :-1]",
        tests=(SUMS,),
    ),
    Mutation(
        name="covariates-of-a-missed-wave-from-behind",
        wrong="A missed wave has the covariates of the wave before, not of the next one seen.",
        symbol="Waves.row_ahead",
        pattern="ahead[:, wave + 1]",
        replacement="ahead[:, wave - 1]",
        tests=(f"{FITS}::test_a_missed_wave_has_the_covariates_of_the_next_one_seen",),
    ),
    Mutation(
        name="equal-persons-whatever-their-transitions",
        wrong="Persons are counted as equal who differ in the covariates of their transitions.",
        symbol="PathRows.read",
        pattern="[answers, *_of_steps(_1, _2)]",
        replacement="[answers]",
        tests=(SUMS,),
    ),
    Mutation(
        name="smoothed-without-the-answers-ahead",
        wrong="The class at a wave does not know the answers of the next one.",
        symbol="smooth_paths",
        pattern="np.stack(np.broadcast_arrays(*backward)) * (_1)",
        replacement="np.stack(np.broadcast_arrays(*backward)) + 0 * (_1)",
        tests=(AT_WAVES,),
    ),
    Mutation(
        name="likely-path-backwards",
        wrong="The most likely path begins with its last class.",
        symbol="likelihood.paths:most_likely_paths",
        pattern="path[::-1]",
        replacement="path",
        tests=(AT_WAVES,),
    ),
    Mutation(
        name="one-axis-of-transitions-relabelled",
        wrong="Labels change on the axis of the class that is left, and stay on that of the class that is moved to.",
        symbol="permute",
        pattern="set(axes).intersection(values.dims)",
        replacement="{CLASS}.intersection(values.dims)",
        tests=(f"{DENSITY}::test_relabelling_permutes_both_axes_of_transitions_and_all_waves",),
    ),
    Mutation(
        name="products-of-logarithms-with-one-row",
        wrong="Products with a matrix of logarithms have its first row for all.",
        symbol="log_matrix_product",
        pattern="alphas[row, [sum_]]",
        replacement="alphas[0, [sum_]]",
        tests=(f"{DENSITY}::test_programs_have_the_density_and_gradient_of_pymc",),
    ),
    Mutation(
        name="persons-at-each-wave-anew",
        wrong="A person's level is another one at every wave.",
        symbol="sum_out_path",
        pattern="log_alpha + here",
        replacement="log_alpha + pt.logsumexp(here + np.log(person_weight)[:, None], axis=1, keepdims=True)",
        tests=(f"{SUMS}[person intercept]",),
    ),
    Mutation(
        name="group-of-the-first-wave-may-change",
        wrong="A person may be in two groups at the first wave.",
        symbol="check_within_persons",
        pattern="n_groups.to_numpy() > 1",
        replacement="n_groups.to_numpy() > 9",
        tests=(f"{FITS}::test_frames_that_are_no_waves_are_refused_by_name",),
    ),
    Mutation(
        name="new-persons-with-answers-of-others",
        wrong="Answers of new persons are read from the last row to the first.",
        symbol="with_new_sequences",
        pattern="fit.answers.read(_1, _2)",
        replacement="fit.answers.read(_1, _2)[::-1]",
        tests=(f"{FITS}::test_persons_scored_as_new_are_as_they_were",),
    ),
)
