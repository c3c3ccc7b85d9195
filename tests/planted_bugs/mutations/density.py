"""Programs of log densities, and the coordinates in which they are sampled."""

from mutations.mutation import Mutation

OPERATIONS = "tests/density/test_operations.py"
ROADS = "tests/density/test_roads.py"

DENSITY = (
    Mutation(
        name="difference-as-sum-in-programs",
        wrong="Programs add where the model subtracts.",
        symbol="OF_TWO",
        pattern="Operation.SUBTRACT",
        replacement="Operation.ADD",
        tests=(f"{OPERATIONS}::test_functions_of_two_numbers",),
    ),
    Mutation(
        name="mixtures-without-the-largest-weight",
        wrong="What was taken out of the weights of a mixture is not put back.",
        symbol="Builder.log_mixture",
        pattern="self._row_vector(offset[_1])",
        replacement="self._row_vector(offset[_1][::-1])",
        tests=(f"{OPERATIONS}::test_a_mixture_over_rows_is_the_log_of_the_sum",),
    ),
    Mutation(
        name="long-steps-far-from-normal",
        wrong="Steps are as long where the posterior is far from normal as where it is close.",
        symbol="ByProgram.sample",
        pattern="spread <= CLOSE",
        replacement="spread <= LARGEST_SPREAD",
        tests=(f"{ROADS}::test_chains_are_adapted_as_asked_or_as_the_posterior_allows",),
    ),
    Mutation(
        name="curvature-with-the-wrong-sign",
        wrong="The curvature at the mode has the wrong sign, so that all widths are the widest allowed.",
        symbol="laplace",
        pattern="program.log_density(mode - step)[1] - program.log_density(mode + step)[1]",
        replacement="program.log_density(mode + step)[1] - program.log_density(mode - step)[1]",
        tests=(f"{ROADS}::test_coordinates_of_the_mode_serve_where_classes_are_told_apart",),
    ),
    Mutation(
        name="free-coordinates-not-taken-back",
        wrong="Free coordinates of draws are in the widths of the mode and not in those of the model.",
        symbol="ByProgram._in_its_coordinates",
        pattern="normal.mode + _1 @ normal.root.T",
        replacement="normal.mode + _1",
        tests=(f"{ROADS}::test_free_coordinates_are_those_of_the_draws",),
    ),
    Mutation(
        name="every-comparison-of-probabilities-left-out",
        wrong="A program leaves out every comparison of probabilities, not only those that these always pass.",
        symbol="is_never_true",
        pattern="(np.asarray(bound.data) == _1).all()",
        replacement="np.isfinite(_1)",
        tests=(f"{OPERATIONS}::test_other_comparisons_are_made",),
    ),
)
