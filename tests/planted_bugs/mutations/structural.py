"""Class logits given covariates and groups, and the coordinates in which they are sampled."""

from mutations.mutation import Mutation

DENSITY = "tests/test_log_density.py"
TRANSFORMS = "tests/structural/test_transforms.py"

STRUCTURAL = (
    Mutation(
        name="normal-score-without-jacobian",
        wrong="The standard deviation between groups is sampled on its normal score without the Jacobian.",
        symbol="NormalScore.log_jac_det",
        pattern="pt.log(_1) - np.log(2.0) + _2",
        replacement="pt.log(_1) + 0.0 * _2",
        tests=(f"{TRANSFORMS}::test_half_normal_is_standard_normal_on_its_normal_score",),
    ),
    Mutation(
        name="whitening-jacobian-of-the-inverse",
        wrong="The Jacobian of the whitened coordinates has the wrong sign: groups seem to differ less.",
        symbol="GroupWhitening.log_jac_det",
        pattern="-_1.sum(axis=-1)",
        replacement="_1.sum(axis=-1)",
        tests=(f"{TRANSFORMS}::test_log_jac_det_is_that_of_the_numerical_jacobian",),
    ),
    Mutation(
        name="standard-deviation-for-variance-of-groups",
        wrong="Random intercepts have the standard deviation as their variance.",
        symbol="RandomEffects._covariance",
        pattern="pt.diag(sigma**2)",
        replacement="pt.diag(sigma)",
        tests=(f"{DENSITY}::test_priors_are_the_densities_of_scipy",),
    ),
    Mutation(
        name="drawn-effects-have-the-variance-as-spread",
        wrong="Prior predictive group effects are multiplied by their covariance instead of its root.",
        symbol="_draw_normal",
        pattern="np.linalg.cholesky(_1)",
        replacement="_1",
        tests=(f"{TRANSFORMS}::test_drawn_effects_have_the_mean_and_covariance_of_the_prior",),
    ),
    Mutation(
        name="intercept-moved-the-wrong-way",
        wrong="The intercept in the user's units is moved from the mean of the covariates with the wrong sign.",
        symbol="Regression.class_logits",
        pattern="_1 - pt.dot(design.center, _2)",
        replacement="_1 + pt.dot(design.center, _2)",
        tests=(f"{DENSITY}::test_draws_in_numpy_have_the_log_likelihood_of_pymc",),
    ),
    Mutation(
        name="slope-in-the-wrong-units",
        wrong="Slopes are reported per standard deviation as if per unit of the covariate.",
        symbol="Regression.class_logits",
        pattern="_1 / design.scale[:, None]",
        replacement="_1",
        tests=(f"{DENSITY}::test_draws_in_numpy_have_the_log_likelihood_of_pymc",),
    ),
    Mutation(
        name="slopes-with-the-prior-of-intercepts",
        wrong="Slopes have the wider prior of the intercepts.",
        symbol="Regression.class_logits",
        pattern="standardised_slopes(self.slope, _1, _2, _3, _4)",
        replacement="standardised_slopes(priors.PerUnit(self.intercept), _1, _2, _3, _4)",
        tests=(f"{DENSITY}::test_priors_are_the_densities_of_scipy",),
    ),
    Mutation(
        name="slope-acts-within-groups-only",
        wrong="Means of the covariates drop out of the group's logits, so slopes act within groups only.",
        symbol="RandomEffects.group_logits",
        pattern="alpha + pt.dot(_1, _2)",
        replacement="alpha + 0.0 * pt.dot(_1, _2)",
        tests=("tests/test_log_density.py::test_log_likelihood_is_the_one_of_slow_loops",),
    ),
    Mutation(
        name="cities-of-the-wrong-groups",
        wrong="Groups get the effect of the city of another group.",
        symbol="RandomEffects.group_logits",
        pattern="_1.index[_2.first_row]",
        replacement="np.roll(_1.index[_2.first_row], 1)",
        tests=("tests/test_log_density.py::test_log_likelihood_is_the_one_of_slow_loops",),
    ),
    Mutation(
        name="random-slopes-not-rescaled",
        wrong="Random slopes are reported per standard deviation as if per unit of the covariate.",
        symbol="RandomEffects._record",
        pattern="_1[:, 1:] / _2",
        replacement="_1[:, 1:]",
        tests=(f"{DENSITY}::test_draws_in_numpy_have_the_log_likelihood_of_pymc",),
    ),
    Mutation(
        name="prior-of-shares-ignored",
        wrong="The Dirichlet weight asked for class shares is replaced by 1.",
        symbol="Shares.class_logits",
        pattern="self.share.a",
        replacement="1.0",
        tests=(f"{DENSITY}::test_priors_follow_the_arguments_of_the_parts",),
    ),
)
