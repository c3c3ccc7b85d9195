"""Class shares that every group would have with the respondents of the whole sample."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from bayes_lca.data.frame import named
from bayes_lca.data.grouping import Grouping
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.design import constant_within, finest
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.effects.covariate_rows import Rows, cross, sample_rows
from bayes_lca.posterior.effects.estimand import estimand
from bayes_lca.posterior.effects.standardise import average_class_probabilities


@dataclass(frozen=True)
class StandardisedShares:
    """Class shares of groups that have the respondents of the whole sample.

    Attributes
    ----------
    groups : Grouping
    values : ndarray, shape (draw, group, latent_class)
    notes : tuple of str
        What they are.
    """

    groups: Grouping
    values: np.ndarray
    notes: tuple[str, ...]


def standardised_shares(fit: Fit, grouping: str | None) -> StandardisedShares:
    """Shares of the groups of one grouping, that of most groups by default; computed once of a fit.

    Groups nested in these count by their respondents, groupings crossed with them stay as they are.

    Raises
    ------
    ValueError
        If the fit has no groups, or none of that name.
    """
    groups = _chosen(fit, grouping)
    return fit.once(f"standardised shares of {groups.name}", lambda: _standardise(fit, groups))


def _standardise(fit: Fit, groups: Grouping) -> StandardisedShares:
    design = fit.design
    nested = [other for other in design.groupings if other.nested_in(groups) or groups.nested_in(other)]
    crossed = [other for other in design.groupings if other not in nested]
    places = unique_rows(*(other.index for other in nested))
    covariates = list(fit.formula.covariates)
    of_group = constant_within(design.covariates[covariates], places.pattern)
    individual = [name for name in covariates if name not in of_group]
    at_place = Rows(design.covariates[of_group], {other.name: other.index for other in nested}).take(places.first)
    rest, count = sample_rows(design, individual, crossed, fit.survey_weight)
    of_place = np.bincount(places.pattern, weights=fit.survey_weight)
    share = np.eye(len(groups.levels))[:, at_place.group[groups.name]] * of_place  # (group, place)
    share = sparse.csr_array(share / share.sum(axis=1, keepdims=True))
    weight = sparse.csr_array(sparse.kron(share, (count / count.sum())[None, :]))
    values = average_class_probabilities(fit, design, cross(at_place, rest), weight)
    return StandardisedShares(
        groups, values, (estimand(design, "these"), _standard(fit, individual, of_group, crossed))
    )


def _chosen(fit: Fit, grouping: str | None) -> Grouping:
    if not fit.groupings:
        raise ValueError(f"formula {fit.formula.text!r} has no groups to compare; add (1 | group)")
    if grouping is None:
        return finest(fit.design)
    by_name = {of_design.name: of_design for of_design in fit.design.groupings}
    if grouping not in by_name:
        raise ValueError(f"grouping={grouping!r} is not in {fit.formula.text!r}; choose one of {named(by_name)}")
    return by_name[grouping]


def _standard(fit: Fit, individual: list[str], of_group: list[str], crossed: list[Grouping]) -> str:
    """What is the same in all groups, and what is not."""
    same = named([*individual, *(other.name for other in crossed)]) or "no covariate"
    parts = [f"standardised: {same} as in the whole sample of {fit.n_respondents} respondents"]
    if of_group:
        parts.append(f"{named(of_group)} as each group has it")
    return "; ".join(parts)
