"""Classes of answers in categories as maximum likelihood finds them: where chains start."""

import json

from bayes_lca.data.responses import Responses, UniqueRows
from bayes_lca.dims import class_names
from bayes_lca.likelihood.em import fit_em
from bayes_lca.measurement.interface import Start


def maximum_likelihood_start(responses: Responses, answer_patterns: UniqueRows, n_classes: int) -> Start:
    """The best mode of the likelihood of nominal items, from many starts.

    Raises
    ------
    ValueError
        If there are more classes than distinct patterns of answers.
    """
    if n_classes > len(answer_patterns.count):
        raise ValueError(
            f"n_classes={n_classes} exceeds the {len(answer_patterns.count)} distinct answer patterns of "
            f"{len(responses.codes)} respondents; ask for fewer classes"
        )
    codes = responses.codes[answer_patterns.first]
    em = fit_em(codes, answer_patterns.count, responses.n_categories, n_classes)
    return Start(
        membership=em.membership,
        profile=em.item_probability,
        class_names=tuple(class_names(n_classes, taken=responses.items)),
        attributes={
            "em_starts": em.n_starts,
            "em_log_likelihoods": json.dumps([mode.log_likelihood for mode in em.modes]),
            "em_starts_by_mode": json.dumps([mode.starts for mode in em.modes]),
        },
    )
