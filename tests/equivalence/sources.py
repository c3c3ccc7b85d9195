"""All sources of the table of equivalences, in the order in which it shows them."""

from collections.abc import Sequence
from functools import cache

from equivalence import (
    arviz_loo,
    bambi_posterior,
    bch_outcomes,
    class_regression,
    davies,
    group_classes,
    known_classes,
    latent_gold,
    mplus_estimates,
    nnet,
    other_figures,
    parallel_lines,
    printed_outputs,
    quadrature,
    scikit_learn,
    statsmodels_logit,
    stepmix_classes,
    stepmix_outcomes,
    stepmix_steps,
    survey_weights,
    transition_outputs,
)
from equivalence.row import Row, Source

SOURCES = tuple(
    source
    for module in (
        printed_outputs,
        mplus_estimates,
        other_figures,
        class_regression,
        stepmix_classes,
        stepmix_steps,
        stepmix_outcomes,
        bch_outcomes,
        latent_gold,
        nnet,
        statsmodels_logit,
        parallel_lines,
        quadrature,
        bambi_posterior,
        arviz_loo,
        scikit_learn,
        davies,
        known_classes,
        survey_weights,
        transition_outputs,
        group_classes,
    )
    for source in module.SOURCES
)


@cache
def computed(source: Source) -> Sequence[Row]:
    """Rows of a source, computed once."""
    return source.rows()
