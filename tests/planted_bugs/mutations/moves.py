"""Latent transitions: the recursions over waves and their maximum likelihood, long frames, tables of moving."""

from mutations.mutation import Mutation

LIKELIHOOD = "tests/likelihood/test_baum_welch.py"

MOVES = (
    Mutation(
        name="baum-welch-transposes-transitions",
        wrong="The forward recursion of Baum-Welch moves people backwards along the transitions.",
        symbol="expect_paths",
        pattern="_1.swapaxes(1, 2) @ forward[wave - 1]",
        replacement="_1 @ forward[wave - 1]",
        tests=(f"{LIKELIHOOD}::test_the_likelihood_is_the_sum_over_all_paths_and_no_neighbour_is_higher",),
    ),
    Mutation(
        name="baum-welch-shifts-waves",
        wrong="Transitions that are free over time are taken one step late.",
        symbol="expect_paths",
        pattern="steps[:, wave - 1].swapaxes(1, 2) @ _1",
        replacement="steps[:, wave - 2].swapaxes(1, 2) @ _1",
        tests=(f"{LIKELIHOOD}::test_the_likelihood_is_the_sum_over_all_paths_and_no_neighbour_is_higher",),
    ),
    Mutation(
        name="baum-welch-moves-by-sequences",
        wrong="Expected moves count every distinct sequence once, however many people have it.",
        symbol="expect_paths",
        pattern="_1 * counts",
        replacement="_1 * 1.0",
        tests=(f"{LIKELIHOOD}::test_the_score_of_the_transitions_is_zero",),
    ),
    Mutation(
        name="baum-welch-missing-wave-is-impossible",
        wrong="A missing wave has a tenth of the density in every class, not 1.",
        symbol="PathSums.expectation",
        pattern="self._at_waves(_1, 1.0)",
        replacement="self._at_waves(_1, 0.1)",
        tests=(f"{LIKELIHOOD}::test_a_wave_that_everybody_missed_changes_nothing",),
    ),
    Mutation(
        name="baum-welch-drops-the-last-wave",
        wrong="Membership of the last wave is that of the wave before.",
        symbol="expect_paths",
        pattern="membership[wave - 1] *= backward",
        replacement="membership[wave - 1] *= ahead",
        tests=(f"{LIKELIHOOD}::test_the_likelihood_is_the_sum_over_all_paths_and_no_neighbour_is_higher",),
    ),
    Mutation(
        name="baum-welch-climbs-without-the-prior",
        wrong="Lengthened steps are judged by the likelihood alone where items have a prior.",
        symbol="PathSums.step",
        pattern="log_likelihood + log_prior",
        replacement="log_likelihood + 0 * log_prior",
        tests=(f"{LIKELIHOOD}::test_no_step_is_lower_where_items_have_a_prior",),
    ),
)
