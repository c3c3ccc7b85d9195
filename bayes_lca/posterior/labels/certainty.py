"""How surely draws are labelled, which classes are not told apart, and both in words."""

import json

import numpy as np
import scipy

from bayes_lca.dims import GROUP_CLASS
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_profiles import free_axis
from bayes_lca.posterior.labels.stephens import Labels

MOST_MISLABELLED = 0.01
"""Share of draws in which a class may bear the label of another: one beyond it would make up the tails of intervals,
which have 2.5 % of draws each."""
MARGIN_DECIMALS, CERTAINTY_DECIMALS = 2, 6
"""Of what is kept: sums over respondents with all decimals would tell of single ones."""


def certainty_of_labels(labels: Labels, shown: np.ndarray) -> dict[str, float | str]:
    """Attributes that say how surely draws are labelled; `shown` has the labels in their order of display."""
    mislabelled = scipy.special.expit(-labels.moves).mean(axis=0)[np.ix_(shown, shown)]
    return {
        "relabel_margin": round(float(np.quantile(labels.margin, 0.01, method="lower")), MARGIN_DECIMALS),
        "relabel_certainty": round(float(scipy.special.expit(labels.margin).mean()), CERTAINTY_DECIMALS),
        "relabel_mislabelled": json.dumps(mislabelled.round(CERTAINTY_DECIMALS).tolist()),
    }


def label_note(fit: Fit) -> list[str]:
    """How surely classes are told apart, and where maximum likelihood found modes."""
    attributes = fit.attributes
    if "relabel_certainty" not in attributes:
        return []
    note = (
        f"labels: by who is in the classes, a draw has its right ones with probability "
        f"{attributes['relabel_certainty']:.4f} on average; {100 * attributes['relabel_switched']:.1f} % had to be "
        "relabelled"
    )
    if "em_starts" not in attributes:
        return [note]
    likelihoods, starts = (json.loads(attributes[name]) for name in ("em_log_likelihoods", "em_starts_by_mode"))
    note += f"; maximum likelihood: {starts[0]} of {attributes['em_starts']} starts reached the best mode"
    if len(starts) > 1:
        note += f", {starts[1]} the next, {likelihoods[0] - likelihoods[1]:.1f} log-likelihood units below"
    return [note]


def label_problems(fit: Fit) -> list[str]:
    """Classes that bear each other's labels in too many draws; one text, or none."""
    mislabelled = np.array(json.loads(fit.attributes.get("relabel_mislabelled", "[[0.0]]")))
    either = np.triu(np.maximum(mislabelled, mislabelled.T))
    first, second = np.nonzero(either > MOST_MISLABELLED)
    if not len(first):
        return []
    pairs = ", ".join(
        f"{fit.classes[k]} and {fit.classes[other]} in {100 * either[k, other]:.0f} %"
        for k, other in zip(first, second, strict=True)
    )
    return [
        f"classes are not told apart: by who is in them, {pairs} of draws could bear each other's labels, so tables "
        f"by class mix them; fit fewer classes{_other_remedies(fit)}"
    ]


def _other_remedies(fit: Fit) -> str:
    """What else tells classes apart that have profiles of their own in each group class or population."""
    axis = free_axis(fit.posterior)
    if axis == GROUP_CLASS:
        return ', fewer group classes, for in one without groups nothing tells classes apart, or profiles="equal"'
    return ' or profiles="equal"' if axis else ""
