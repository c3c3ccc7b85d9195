"""What a formula of an outcome asks for: ``income ~ latent_class + age + (1 | group)``."""

from dataclasses import dataclass

from bayes_lca.data.formula import GROUP_TERM, in_formula, read_formula
from bayes_lca.data.frame import named
from bayes_lca.dims import CLASS

EXAMPLE = f"income ~ {CLASS} + age + (1 | group)"


@dataclass(frozen=True)
class OutcomeFormula:
    """A formula of an outcome, read.

    Attributes
    ----------
    text : str
        As the user wrote it.
    outcome : str
        Column left of the tilde.
    covariates : str
        What is left of it without classes, ``"~ age + (1 | group)"``.
    with_class : bool
        Whether the outcome differs between classes.
    by_class : tuple of str
        Terms of which each class has a slope of its own.
    """

    text: str
    outcome: str
    covariates: str
    with_class: bool
    by_class: tuple[str, ...]


def read_outcome_formula(text: str) -> OutcomeFormula:
    """Read a formula of an outcome without looking at any data.

    Parameters
    ----------
    text : str
        ``"income ~ latent_class + age + latent_class:age + (1 | group)"``.

    Raises
    ------
    ValueError
        If it cannot be read, has no outcome, uses the classes otherwise than as a factor or in groups, lets slopes
        differ by class but not the level, or lets slopes vary by group.

    Examples
    --------
    >>> formula = read_outcome_formula("income ~ latent_class * age + (1 | group)")
    >>> formula.outcome, formula.covariates, formula.by_class
    ('income', '~ age + (1 | group)', ('age',))
    """
    if not isinstance(text, str) or text.count("~") != 1 or not text.split("~")[0].strip():
        raise ValueError(f'formula {text!r} needs an outcome left of "~"; write it as "{EXAMPLE}"')
    from formulae.terms import Call, Variable  # which waits for a formula to read

    from bayes_lca.data.formula_terms import parse

    left, right = (side.strip() for side in text.split("~"))
    model = parse(f"~ {right}")
    common, shared, by_class = [term for term in model.common_terms if hasattr(term, "components")], [], []
    with_class = False
    for term in common:
        classes = [part for part in term.components if CLASS in part.var_names]
        if any(isinstance(part, Call) for part in classes):
            raise ValueError(f"formula {text!r} uses {CLASS} inside a function; write {CLASS} alone, it is a factor")
        others = [part for part in term.components if part not in classes]
        name = ":".join(_as_written(part, quoted=isinstance(part, Variable)) for part in others)
        with_class |= bool(classes) and not others
        (by_class if classes else shared).extend([name] if name else [])
    of_groups = [piece.strip().removeprefix("+").strip() for piece in GROUP_TERM.findall(right)]
    if any(CLASS in piece for piece in of_groups):
        raise ValueError(f"formula {text!r} has {CLASS} in a term of groups; write (1 | group)")
    if by_class and not with_class:
        raise ValueError(
            f"formula {text!r} lets the slope of {named(by_class)} differ by class, and not the level; add {CLASS}, or "
            f"write {CLASS}*{by_class[0]}"
        )
    covariates = f"~ {' + '.join([*dict.fromkeys([*shared, *by_class]), *of_groups]) or '1'}"
    if any(read_formula(covariates).varying):
        raise ValueError(f"formula {text!r} has slopes that vary by group; random intercepts, (1 | group), are all")
    return OutcomeFormula(text, left.strip("`"), covariates, with_class, tuple(dict.fromkeys(by_class)))


def _as_written(component, *, quoted: bool) -> str:
    """A component as a formula has it, names that are no words in backticks."""
    return in_formula(component.name) if quoted else component.name
