"""Priors of the slopes of single terms: which columns of the design they are of, and which classes they tell apart."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from bayes_lca import priors
from bayes_lca.data.design import Design
from bayes_lca.data.frame import named

LEVELS = re.compile(r"\[[^\]]*\]")


def check_priors_of_terms(prior) -> None:
    """Refuse what are no priors by term.

    Raises
    ------
    TypeError
    ValueError
        If the width of a single term is to be learned.
    """
    if not isinstance(prior, Mapping):
        raise TypeError(f"prior={prior!r}: give priors of slopes by term, such as {{'age': bl.ZeroSumNormal(0.5)}}")
    for term, given in prior.items():
        within = given.prior if isinstance(given, priors.PerUnit) else given
        if not isinstance(within, priors.ZeroSumNormal | priors.NormalByClass):
            raise TypeError(
                f"prior of {term!r} is {given!r}: the prior of the slopes of a term is ZeroSumNormal or NormalByClass, "
                "or PerUnit of one of these, such as bl.PerUnit(bl.ZeroSumNormal(0.5))"
            )
        if isinstance(given, priors.PerUnit) and given.columns is not None:
            raise ValueError(
                f"prior of {term!r}: columns={given.columns} lets the width of many slopes be learned; leave it out "
                "for one term"
            )


def priors_of_columns(prior: Mapping[str, priors.TermPrior], design: Design) -> dict[int, priors.TermPrior]:
    """Priors by position of the column of a design; columns that are not named are left out.

    Raises
    ------
    ValueError
        If a name is no column and no term.
    """
    result: dict[int, priors.TermPrior] = {}
    by_term = [LEVELS.sub("", column) for column in design.terms]
    for names in (by_term, design.terms):  # a column goes before its term
        result |= {place: prior[name] for place, name in enumerate(names) if name in prior}
    if stray := [name for name in prior if name not in {*by_term, *design.terms}]:
        raise ValueError(
            f"prior names {named(stray)}, no term of {design.formula!r}; its columns are {named(design.terms)}"
        )
    return result


def by_class(prior: priors.TermPrior) -> priors.NormalByClass | None:
    """The prior with a mean of each class that a prior of a term is, or holds; None where classes are alike."""
    within = prior.prior if isinstance(prior, priors.PerUnit) else prior
    return within if isinstance(within, priors.NormalByClass) else None


def classes_with_equal_priors(
    prior: Mapping[str, priors.TermPrior], design: Design, names: Sequence[str]
) -> np.ndarray:
    """The set of each class, shape (class,), numbered from 0."""
    of_columns = [by_class(each) for each in priors_of_columns(prior, design).values()]
    rows = [np.stack(each.of_classes(names)) for each in of_columns if each is not None]
    if not rows:
        return np.zeros(len(names), dtype=int)
    _, first, found = np.unique(np.concatenate(rows), axis=1, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[found.reshape(-1)]
