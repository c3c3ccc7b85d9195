"""Pairs of items of weighted respondents: weights, scores and the covariance of the design."""

from mutations.mutation import Mutation

PAIRS = "tests/posterior/test_weighted_pairs.py"

WEIGHTED_PAIRS = (
    Mutation(
        name="residuals-of-pairs-unweighted",
        wrong="Residuals of pairs are summed over respondents as if each counted once.",
        symbol="weighted_pairs:_tables",
        pattern="weight @ own / len(draws)",
        replacement="own.sum(axis=0) / len(draws)",
        tests=(f"{PAIRS}::test_the_covariance_is_that_of_totals_of_clusters_within_strata",),
    ),
    Mutation(
        name="cells-of-pairs-counted-by-heads",
        wrong="Observed cells of weighted respondents are numbers of heads.",
        symbol="weighted_pairs:_pair_row",
        pattern="weight[there].sum()",
        replacement="there.sum()",
        tests=(f"{PAIRS}::test_counts_are_weighted",),
    ),
    Mutation(
        name="clusters-for-degrees-of-freedom",
        wrong="Strata cost no degrees of freedom.",
        symbol="_degrees_of_design",
        pattern="n_units - len(np.unique(sample.stratum_of_unit))",
        replacement="n_units",
        tests=(f"{PAIRS}::test_the_covariance_is_that_of_totals_of_clusters_within_strata",),
    ),
)
