"""Distal outcomes of measured classes, and known classes."""

from mutations.mutation import Mutation

DISTAL = "tests/workflows/test_fit_distal.py"
KINDS = "tests/test_kinds_of_fits.py"

OUTCOMES = (
    Mutation(
        name="membership-of-the-first-draw",
        wrong="The membership of one draw of the classes stands for that of all, so their uncertainty is lost.",
        symbol="ClassOfOutcome.summed_out",
        pattern="known[step[which]]",
        replacement="known[step[which] * 0]",
        tests=(f"{DISTAL}::test_the_outcome_does_not_move_the_classes",),
    ),
    Mutation(
        name="outcome-weights-upside-down",
        wrong="Draws are reweighted to a membership by the inverse of the likelihood ratio.",
        symbol="Memberships.log_ratios",
        pattern="_1[1:] - _1[0]",
        replacement="_1[0] - _1[1:]",
        tests=(f"{DISTAL}::test_weights_are_likelihood_ratios_of_a_draw_to_the_mean",),
    ),
    Mutation(
        name="one-slope-for-all-classes",
        wrong="A term that interacts with the classes has the same slope in all of them.",
        symbol="OutcomeRegression._places",
        pattern="n_classes if _1 in _2 else 1",
        replacement="1",
        tests=(f"{DISTAL}::test_slopes_differ_by_class_only_where_they_interact",),
    ),
    Mutation(
        name="ordered-outcome-turned-round",
        wrong="A larger predictor makes lower categories likelier.",
        symbol="OrderedOutcome.log_density",
        pattern="_1[code] - eta.T",
        replacement="_1[code] + eta.T",
        tests=(f"{DISTAL}::test_likelihood_is_that_of_a_loop_over_respondents",),
    ),
    Mutation(
        name="outcome-means-of-distinct-covariates",
        wrong="Adjusted means count covariates that many share as often as those of one respondent.",
        symbol="OutcomeGivenClass.average_expected",
        pattern="_1.share_of_covariates",
        replacement="np.full_like(_1.share_of_covariates, 1 / len(_1.share_of_covariates))",
        tests=(f"{DISTAL}::test_means_are_averages_over_the_covariates_of_everybody",),
    ),
    Mutation(
        name="outcome-at-zero-not-at-the-mean",
        wrong="The location of a class is taken for its expectation where covariates are zero.",
        symbol="PredictorOfOutcome.predictor",
        pattern="_1 - fit.design_center",
        replacement="_1",
        tests=(f"{DISTAL}::test_means_are_averages_over_the_covariates_of_everybody",),
    ),
    Mutation(
        name="equal-classes-never-far",
        wrong="The test counts draws that are nearer than equal classes in place of those that are farther.",
        symbol="_test",
        pattern="_1 >= _2",
        replacement="_1 < _2",
        tests=(f"{DISTAL}::test_truth_is_within_the_posterior_where_the_modal_class_loses_it",),
    ),
    Mutation(
        name="known-numbers-taken-for-positions",
        wrong="A log-sum-exp of known numbers, such as held memberships, reads them as positions of a program.",
        symbol="Builder.log_sum_exp",
        pattern="self.positions(array)",
        replacement="array",
        tests=("tests/density/test_operations.py::test_log_sum_exp_of_known_numbers",),
    ),
    Mutation(
        name="sizes-of-sites-of-everybody",
        wrong="The size of a class at a site is its average over the respondents of all sites.",
        symbol="_sizes_by",
        pattern="(_1 == _2) * fit.weight",
        replacement="(_1 == _1) * fit.weight",
        tests=("tests/workflows/test_populations.py::test_sizes_by_site_are_averages_over_its_respondents",),
    ),
    Mutation(
        name="populations-in-another-order",
        wrong="Respondents of the fit of equal profiles are taken in its order, not in that of the populations.",
        symbol="_by_respondent",
        pattern="of.pattern_of_respondent[_1]",
        replacement="of.pattern_of_respondent[np.sort(_1)[::-1]]",
        tests=("tests/workflows/test_populations.py::test_each_respondent_is_compared_with_itself",),
    ),
)
