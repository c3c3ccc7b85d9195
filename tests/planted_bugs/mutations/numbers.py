"""Items that are numbers: their density, their coordinates, where classes start, what is checked."""

from mutations.mutation import Mutation

DENSITY = "tests/test_log_density.py"
NORMAL = "LatentClass(2), normal items, equal, shares"
OF_MIXTURE = "tests/likelihood/test_mixture.py"
OF_PART = "tests/measurement/test_normal_items.py"
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
)
