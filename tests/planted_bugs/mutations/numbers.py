"""Items that are numbers: their density, their coordinates, where classes start, what is checked."""

from mutations.mutation import Mutation

DENSITY = "tests/test_log_density.py"
DISPERSED = "LatentClass(3), negative_binomial, shares"
NORMAL = "LatentClass(2), normal items, equal, shares"
OF_MIXTURE = "tests/likelihood/test_mixture.py"
OF_PART = "tests/measurement/test_normal_items.py"
OF_MIXED = "tests/measurement/test_mixed.py"
OF_FITS = "tests/posterior/test_fits_of_numbers.py"

NUMBERS = (
    Mutation(
        name="normal-density-in-standard-units",
        wrong="Densities of numbers lack the change of scale, so log-likelihoods are those of standardised numbers.",
        symbol="NormalItems.log_density",
        pattern="_1 - np.log(scale)",
        replacement="_1",
        tests=(f"{DENSITY}::test_log_likelihood_is_the_one_of_slow_loops[{NORMAL}]",),
    ),
    Mutation(
        name="missing-number-counts-as-the-mean",
        wrong="A missing number has the density of the mean of all respondents instead of dropping out.",
        symbol="NormalItems.log_density",
        pattern='pt.cast(pt.invert(pt.isinf(value)), "float64")',
        replacement="pt.ones_like(value)",
        tests=(f"{DENSITY}::test_log_likelihood_is_the_one_of_slow_loops[{NORMAL}]",),
    ),
    Mutation(
        name="normal-twin-forgets-half-the-square",
        wrong="Draws are read with twice the precision: the half before the square is lost.",
        symbol="normal_coefficients",
        pattern="-0.5 / variance",
        replacement="-1.0 / variance",
        tests=(f"{DENSITY}::test_draws_in_numpy_have_the_log_likelihood_of_pymc[{NORMAL}]", OF_MIXTURE),
    ),
    Mutation(
        name="mean-coordinates-without-jacobian",
        wrong="Means are sampled in standard units as if these had the density of the item's units.",
        symbol="Standardised.log_jac_det",
        pattern="pt.zeros_like(value) + np.log(self.scale)",
        replacement="pt.zeros_like(value)",
        tests=(f"{OF_PART}::test_densities_integrate_to_one_over_their_coordinates",),
    ),
    Mutation(
        name="variance-coordinates-without-jacobian",
        wrong="Variances are sampled by their logarithm without the Jacobian.",
        symbol="LogOfUnit.log_jac_det",
        pattern="value + np.log(self.unit)",
        replacement="pt.zeros_like(value) + np.log(self.unit)",
        tests=(f"{OF_PART}::test_densities_integrate_to_one_over_their_coordinates",),
    ),
    Mutation(
        name="variance-prior-on-its-own-scale",
        wrong="The prior of variances is that of numbers of variance one, whatever the item's units.",
        symbol="NormalItems.parameters",
        pattern="half * (self.variance.scale * scale) ** 2",
        replacement="half * self.variance.scale**2 + 0 * scale",
        tests=(f"{OF_PART}::test_the_prior_of_a_variance_is_that_of_two_more_members",),
    ),
    Mutation(
        name="equal-variances-of-the-first-class",
        wrong="Maximum likelihood takes the variances of one class for those of all.",
        symbol="NormalFamily.estimate",
        pattern="residual.sum(axis=1, keepdims=True)",
        replacement="residual[:, :1] * n.sum(axis=1, keepdims=True) / n[:, :1]",
        tests=(OF_MIXTURE,),
    ),
    Mutation(
        name="negative-numbers-are-missing",
        wrong="Numbers below zero count as missing, as codes do.",
        symbol="is_missing",
        pattern="np.isnan(answers)",
        replacement="~(answers >= 0)",
        tests=("tests/data/test_numbers.py", OF_FITS),
    ),
    Mutation(
        name="pair-correlation-over-all-who-answered-one",
        wrong="The correlation of two items takes one variance over those who answered the first alone.",
        symbol="moments",
        pattern="squares[second, first] - _1",
        replacement="squares[second, second] - _1",
        tests=(f"{OF_FITS}::test_moments_are_those_of_pandas",),
    ),
    Mutation(
        name="profiles-of-numbers-in-other-units",
        wrong="Profiles of numbers are told in other units than those of the items.",
        symbol="NormalGivenClass.profile_values",
        pattern="fit.posterior[ITEM_MEAN]",
        replacement="fit.posterior[ITEM_MEAN] / 10",
        tests=(f"{OF_FITS}::test_profiles_are_means_and_standard_deviations_of_the_draws",),
    ),
    Mutation(
        name="poisson-density-without-the-orders",
        wrong="The density of a count lacks the factorial: whatever the counts, it differs by a constant of the row.",
        symbol="CountItems.log_density",
        pattern="pt.gammaln(y + 1.0)",
        replacement="pt.zeros_like(y)",
        tests=(f"{DENSITY}::test_log_likelihood_is_the_one_of_slow_loops[LatentClass(2), poisson, shares]",),
    ),
    Mutation(
        name="dispersion-turned-upside-down",
        wrong="The dispersion of counts is taken for the size, its inverse.",
        symbol="count_coefficients",
        pattern="np.log1p(dispersion * mean)",
        replacement="np.log1p(mean / dispersion)",
        tests=(f"{DENSITY}::test_draws_in_numpy_have_the_log_likelihood_of_pymc[{DISPERSED}]",),
    ),
    Mutation(
        name="drawn-counts-of-too-large-a-mean",
        wrong="Negative binomial counts are drawn about means that lack the dispersion.",
        symbol="CountItems.draw",
        pattern="_1 * dispersion * rng.gamma(_2)",
        replacement="_1 * rng.gamma(_2)",
        tests=("tests/measurement/test_count_items.py::test_drawn_counts_have_the_moments_of_their_class",),
    ),
    Mutation(
        name="dispersion-without-its-score-of-events",
        wrong="Maximum likelihood searches the dispersion by half of its score.",
        symbol="NegativeBinomialFamily._score",
        pattern="events + growth",
        replacement="events + 0.5 * growth",
        tests=("tests/likelihood/test_count_families.py",),
    ),
    Mutation(
        name="poisson-fits-need-a-dispersion",
        wrong="A file of Poisson counts is taken for torn, for it lacks a dispersion.",
        symbol="CountGivenClass.variables_of",
        pattern='measurement["distribution"] == "negative_binomial"',
        replacement='measurement["distribution"] == "poisson"',
        tests=("tests/measurement/test_count_items.py",),
    ),
    Mutation(
        name="mixed-missing-code-counts-as-category-0",
        wrong="Beside numbers, a missing answer in categories has the probability of the first.",
        symbol="Mixed.log_density",
        pattern="pt.switch(pt.isinf(answers), -1.0, answers)",
        replacement="pt.switch(pt.isinf(answers), 0.0, answers)",
        tests=(f"{OF_MIXED}::test_the_density_is_that_of_the_parts",),
    ),
    Mutation(
        name="mixed-part-without-its-transform",
        wrong="A part among others is sampled by PyMC's own coordinates.",
        symbol="measurement.mixed:_moved",
        pattern="alone.rvs_to_transforms[variable]",
        replacement="None",
        tests=(f"{OF_MIXED}::test_a_part_has_the_priors_and_the_transforms_that_it_has_alone",),
    ),
    Mutation(
        name="mixed-twin-forgets-a-part",
        wrong="Membership rests on all kinds of items but the first.",
        symbol="MixedGivenClass.log_density",
        pattern="fits_of_parts(fit)",
        replacement="fits_of_parts(fit)[1:]",
        tests=(f"{DENSITY}::test_draws_in_numpy_have_the_log_likelihood_of_pymc[LatentClass(2), mixed, shares]",),
    ),
    Mutation(
        name="mixed-categories-in-the-order-of-the-first-item",
        wrong="Tables of several kinds show the categories of all items in the order of the first.",
        symbol="MixedGivenClass.in_order",
        pattern="table.iloc[_1]",
        replacement="table.sort_index()",
        tests=(OF_MIXED,),
    ),
)
