"""Classes with profiles of their own in known populations: density, start, twins and answers drawn."""

from mutations.mutation import Mutation

POPULATIONS = "tests/test_population_profiles.py"

POPULATION_PROFILES = (
    Mutation(
        name="rows-of-populations-out-of-order",
        wrong="The density of each respondent stands in the place of another, sorted by population.",
        symbol="answers_in_sets:answers_of",
        pattern="np.argsort(np.concatenate(rows))",
        replacement="np.arange(len(np.concatenate(rows)))",
        tests=(f"{POPULATIONS}::test_log_likelihood_is_the_sum_over_classes_with_the_profiles_of_the_site",),
    ),
    Mutation(
        name="evidence-of-the-reference-population",
        wrong="Draws are read with the profiles of the reference level for everybody.",
        symbol="ClassInPopulation.log_evidence",
        pattern="population_of_pattern(fit)[rows]",
        replacement="0 * population_of_pattern(fit)[rows]",
        tests=(f"{POPULATIONS}::test_draws_in_numpy_are_those_of_a_loop_over_respondents",),
    ),
    Mutation(
        name="answers-of-populations-counted-as-one",
        wrong="Equal answers of two populations are one pattern, with the membership of either.",
        symbol="distinct_answers",
        pattern="not sets.is_known",
        replacement="sets.is_known",
        tests=(f"{POPULATIONS}::test_draws_in_numpy_are_those_of_a_loop_over_respondents",),
    ),
    Mutation(
        name="classes-of-populations-unpaired",
        wrong="C1 of a population is its largest class, whatever it answers.",
        symbol="_in_populations",
        pattern="scipy.optimize.linear_sum_assignment(cost.T)[1]",
        replacement="np.arange(len(cost))",
        tests=(f"{POPULATIONS}::test_chains_start_at_the_maxima_of_all_sites",),
    ),
    Mutation(
        name="new-respondents-of-one-pattern",
        wrong="New respondents of two populations with equal answers are scored by the profiles of one.",
        symbol="ClassInPopulation.with_new_rows",
        pattern="np.arange(new.patterns.sizes[PATTERN])",
        replacement="np.zeros(new.patterns.sizes[PATTERN], dtype=int)",
        tests=(f"{POPULATIONS}::test_new_respondents_are_scored_with_the_profiles_of_their_site",),
    ),
    Mutation(
        name="labels-of-all-populations-at-once",
        wrong="Classes that changed places in one population alone keep the labels of others.",
        symbol="align_in_populations",
        pattern="len(fit.terms) >= fit.posterior.sizes[POPULATION]",
        replacement="len(fit.terms) > 0",
        tests=(f"{POPULATIONS}::test_labels_within_every_site_are_found_again",),
    ),
    Mutation(
        name="averages-over-populations-of-equal-size",
        wrong="Averages over populations count a small one as much as a large one.",
        symbol="_averaged_over_populations",
        pattern="fit.count * (of_pattern == place)",
        replacement="(of_pattern == place) / (of_pattern == place).sum()",
        tests=(f"{POPULATIONS}::test_draws_in_numpy_are_those_of_a_loop_over_respondents",),
    ),
    Mutation(
        name="sites-tie-their-own-classes",
        wrong="Slopes of the sites, which change places with the classes, are said to tie these.",
        symbol="slope_distances",
        pattern="slope[:, _1:]",
        replacement="slope",
        tests=("tests/test_population_profiles.py::test_classes_of_sites_that_slopes_hardly_tell_apart_are_said",),
    ),
)
