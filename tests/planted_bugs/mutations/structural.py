"""Class logits given covariates and groups, and the coordinates in which they are sampled."""

from mutations.mutation import Mutation

DENSITY = "tests/test_log_density.py"
TRANSFORMS = "tests/structural/test_transforms.py"

STRUCTURAL = (
    Mutation(
        name="normal-score-without-jacobian",
        wrong="The standard deviation between groups is sampled on its normal score without the Jacobian.",
        file="bayes_lca/structural/normal_score.py",
        original="return pt.log(scale) - np.log(2.0) + 0.5 * (standardised**2 - value**2)",
        replacement="return pt.log(scale) + 0.0 * standardised",
        tests=(f"{TRANSFORMS}::test_half_normal_is_standard_normal_on_its_normal_score",),
    ),
    Mutation(
        name="whitening-jacobian-of-the-inverse",
        wrong="The Jacobian of the whitened coordinates has the wrong sign: groups seem to differ less.",
        file="bayes_lca/structural/whitening.py",
        original="return -pt.log(pt.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)",
        replacement="return pt.log(pt.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)",
        tests=(f"{TRANSFORMS}::test_log_jac_det_is_that_of_the_numerical_jacobian",),
    ),
    Mutation(
        name="standard-deviation-for-variance-of-groups",
        wrong="Random intercepts have the standard deviation as their variance.",
        file="bayes_lca/structural/random_effects.py",
        original="intercepts = pt.diag(sigma**2)",
        replacement="intercepts = pt.diag(sigma)",
        tests=(f"{DENSITY}::test_priors_are_the_densities_of_scipy",),
    ),
    Mutation(
        name="drawn-effects-have-the-variance-as-spread",
        wrong="Prior predictive group effects are multiplied by their covariance instead of its root.",
        file="bayes_lca/structural/whitening.py",
        original="root = np.linalg.cholesky(covariance)",
        replacement="root = covariance",
        tests=(f"{TRANSFORMS}::test_drawn_effects_have_the_mean_and_covariance_of_the_prior",),
    ),
    Mutation(
        name="intercept-moved-the-wrong-way",
        wrong="The intercept in the user's units is moved from the mean of the covariates with the wrong sign.",
        file="bayes_lca/structural/regression.py",
        original="alpha - pt.dot(design.center, slope)",
        replacement="alpha + pt.dot(design.center, slope)",
        tests=(f"{DENSITY}::test_draws_in_numpy_have_the_log_likelihood_of_pymc",),
    ),
    Mutation(
        name="slope-in-the-wrong-units",
        wrong="Slopes are reported per standard deviation as if per unit of the covariate.",
        file="bayes_lca/structural/regression.py",
        original="beta / design.scale[:, None]",
        replacement="beta / np.ones_like(design.scale[:, None])",
        tests=(f"{DENSITY}::test_draws_in_numpy_have_the_log_likelihood_of_pymc",),
    ),
    Mutation(
        name="slopes-with-the-prior-of-intercepts",
        wrong="Slopes have the wider prior of the intercepts.",
        file="bayes_lca/structural/regression.py",
        original="pm.ZeroSumNormal(STANDARDISED, self.slope.sigma,",
        replacement="pm.ZeroSumNormal(STANDARDISED, self.intercept.sigma,",
        tests=(f"{DENSITY}::test_priors_are_the_densities_of_scipy",),
    ),
    Mutation(
        name="slope-acts-within-groups-only",
        wrong="Means of the covariates drop out of the group's logits, so slopes act within groups only.",
        file="bayes_lca/structural/random_effects.py",
        original="mu = alpha + pt.dot(x_mean, beta[shared])",
        replacement="mu = alpha + 0.0 * pt.dot(x_mean, beta[shared])",
        tests=("tests/test_log_density.py::test_log_likelihood_is_the_one_of_slow_loops",),
    ),
    Mutation(
        name="cities-of-the-wrong-groups",
        wrong="Groups get the effect of the city of another group.",
        file="bayes_lca/structural/random_effects.py",
        original="mu = mu + u[grouping.index[finest.first_row]]",
        replacement="mu = mu + u[np.roll(grouping.index[finest.first_row], 1)]",
        tests=("tests/test_log_density.py::test_log_likelihood_is_the_one_of_slow_loops",),
    ),
    Mutation(
        name="random-slopes-not-rescaled",
        wrong="Random slopes are reported per standard deviation as if per unit of the covariate.",
        file="bayes_lca/structural/random_effects.py",
        original="effects[:, 1:] / scale",
        replacement="effects[:, 1:]",
        tests=(f"{DENSITY}::test_draws_in_numpy_have_the_log_likelihood_of_pymc",),
    ),
    Mutation(
        name="prior-of-shares-ignored",
        wrong="The Dirichlet weight asked for class shares is replaced by 1.",
        file="bayes_lca/structural/shares.py",
        original="np.full(n_classes, self.share.a)",
        replacement="np.ones(n_classes)",
        tests=(f"{DENSITY}::test_priors_follow_the_arguments_of_the_parts",),
    ),
)
