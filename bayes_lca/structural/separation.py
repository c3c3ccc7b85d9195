"""Covariates that tell classes apart so well that no finite slope is the most likely one."""

import warnings

import numpy as np

from bayes_lca.data.frame import named
from bayes_lca.likelihood.multinomial_logit import fit_latent_logit
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.likelihood.without_maximum import terms_without_maximum
from bayes_lca.structural.starting_membership import StartingMembership

FEWEST = 5
"""Respondents who have to differ in a column for it to be named; fewer are named as few."""


class SeparationWarning(UserWarning):
    """A class is empty, or alone, for some values of a covariate: how large its odds ratios are rests on the prior."""


def separating_columns(membership: StartingMembership) -> list[str]:
    r"""Design columns that leave the likelihood of the slopes without a finite maximum.

    The likelihood is that of the classes' regression with the answers' part held at where it starts,

    .. math:: \sum_i n_i \log \sum_c P(c \mid x_i)\, e_{ic},

    and of a class that is seen the multinomial regression's own. Where a class is empty or alone in some half of the
    covariates' space it grows without end along some direction (Albert & Anderson 1984).

    Parameters
    ----------
    membership : StartingMembership
        With the design of the same rows.

    Returns
    -------
    list of str
        Those without a maximum on their own; else those without which the others have one; empty where there is one.

    References
    ----------
    Albert, A. & Anderson, J. A. (1984). On the existence of maximum likelihood estimates in logistic regression models.
    Biometrika 71(1), 1-10. doi 10.1093/biomet/71.1.1
    """
    design = membership.design
    columns = np.column_stack([np.ones(len(design.matrix)), (design.matrix - design.center) / design.unit])
    with np.errstate(divide="ignore"):
        log_emission = np.log(membership.probability) - np.log(membership.share)

    def has_maximum(kept: np.ndarray) -> bool:
        try:
            fit_latent_logit(columns[:, kept], log_emission, membership.weight)
        except NoMaximumError:
            return False
        return True

    return terms_without_maximum(design.terms, has_maximum)


def warn_of_separation(membership: StartingMembership) -> None:
    """Name the covariates that separate classes.

    Warns
    -----
    SeparationWarning
    """
    design, weight = membership.design, membership.weight
    several = []
    for term in separating_columns(membership):
        values = design.matrix[:, design.terms.index(term)]
        _, place = np.unique(values, return_inverse=True)
        if weight.sum() - np.bincount(place, weight).max() >= FEWEST:
            several.append(term)
    if several:
        warnings.warn(
            f"{named(several)} separates the classes of {weight.sum():g} respondents: for some of its values a class "
            "is empty or alone, no finite slope is the most likely one, and how large its odds ratios are rests on the "
            "prior (slope=); merge categories, leave the column out, or report the direction alone",
            SeparationWarning,
            stacklevel=5,
        )
