"""All sources of the table of equivalences, in the order in which it shows them."""

from equivalence import (
    arviz_loo,
    bambi_posterior,
    class_regression,
    davies,
    known_classes,
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
)

SOURCES = tuple(
    source
    for module in (
        printed_outputs,
        other_figures,
        class_regression,
        stepmix_classes,
        stepmix_steps,
        stepmix_outcomes,
        nnet,
        statsmodels_logit,
        parallel_lines,
        quadrature,
        bambi_posterior,
        arviz_loo,
        scikit_learn,
        davies,
        known_classes,
    )
    for source in module.SOURCES
)
