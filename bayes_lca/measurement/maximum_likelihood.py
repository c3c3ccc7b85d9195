"""Classes of answers in categories as maximum likelihood finds them: where chains start."""

import json
from dataclasses import replace

from bayes_lca.data.responses import Responses
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import class_names
from bayes_lca.likelihood.answers import membership_given_answers
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.mode_weights import weigh_modes
from bayes_lca.measurement.interface import Start

LEAST_WEIGHT = 0.05
"""Share of the posterior that a mode could hold from which on chains start there."""


def maximum_likelihood_start(
    responses: Responses, answer_patterns: UniqueRows, n_classes: int, *, category_weight: float
) -> Start:
    """The modes of the likelihood of nominal items, from many starts, that could hold most of the posterior.

    Modes are weighed as those of latent classes without covariates; `category_weight` is that of the prior of item
    probabilities.

    Raises
    ------
    ValueError
        If there are more classes than distinct patterns of answers.
    """
    check_enough_patterns(responses, answer_patterns, n_classes)
    codes = responses.codes[answer_patterns.first]
    data = codes, answer_patterns.count, responses.n_categories
    em = fit_em(*data, n_classes)
    starts = [
        Start(
            membership=membership_given_answers(weighed.mode.class_share, weighed.mode.item_probability, codes),
            profile=weighed.mode.item_probability,
            class_names=tuple(class_names(n_classes, taken=responses.items)),
            weight=weighed.weight,
        )
        for weighed in weigh_modes(*data, em.maxima, category_weight=category_weight)
        if weighed.weight >= LEAST_WEIGHT
    ]
    return replace(
        starts[0],
        rivals=tuple(starts[1:]),
        attributes={
            "em_starts": em.n_starts,
            "em_log_likelihoods": json.dumps([mode.log_likelihood for mode in em.modes]),
            "em_starts_by_mode": json.dumps([mode.starts for mode in em.modes]),
        },
    )


def check_enough_patterns(responses: Responses, answer_patterns: UniqueRows, n_classes: int) -> None:
    """Refuse more classes than there are distinct patterns of answers.

    Raises
    ------
    ValueError
    """
    if n_classes > len(answer_patterns.count):
        raise ValueError(
            f"n_classes={n_classes} exceeds the {len(answer_patterns.count)} distinct answer patterns of "
            f"{len(responses.codes)} respondents; ask for fewer classes"
        )
