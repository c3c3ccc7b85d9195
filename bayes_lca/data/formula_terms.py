"""The terms of a formula, as formulae has them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import formulae
from formulae.parser import Parser
from formulae.scanner import Scanner
from formulae.terms import Call, Intercept, Model, Term
from formulae.terms.call_resolver import LazyVariable

from bayes_lca.data.formula import Formula
from bayes_lca.data.formula_syntax import CODINGS, has_bare_bar, objection
from bayes_lca.data.frame import named

MODEL = "age + participation + (1 | group)"


def terms_of(text: str) -> Formula:
    """What a formula asks for, as `read_formula` returns and refuses it."""
    model = parse(text)
    if not any(isinstance(term, Intercept) for term in model.common_terms):
        raise ValueError(f"formula {text!r} removes the intercept, which carries the classes' shares; keep it")
    components = [part for term in model.common_terms if isinstance(term, Term) for part in term.components]
    declared = [part for part in components if _declares_category(part)]
    contrasts = _columns(part for part in components if _codes_category(part))
    categories = _columns(declared)
    both = categories & _columns(part for part in components if part not in declared)
    if both:
        raise ValueError(f"formula {text!r} uses {named(sorted(both))} both inside C() and outside; write it one way")
    covariates = categories | _columns(components)
    numbers = [part for part in covariates if not isinstance(part, str)]
    if numbers:
        raise ValueError(f"formula {text!r} has the number(s) {named(numbers)} where a column belongs; drop them")
    if "Intercept" in covariates:
        raise ValueError(f"formula {text!r} uses a column named 'Intercept', the name of the constant; rename it")
    varying = _varying(model, text)
    return Formula(
        text=text,
        covariates=tuple(sorted(covariates)),
        categories=frozenset(categories),
        contrasts=frozenset(contrasts),
        groupings=tuple(varying),
        varying=tuple(varying.values()),
    )


def parse(text: str) -> Model:
    """The terms of a formula as formulae has them, or a refusal that says what to write."""
    if not isinstance(text, str):
        raise ValueError(f'formula {text!r} is no text; write it as "~ {MODEL}"')
    if "~" not in text:
        raise ValueError(f'formula {text!r} has no "~"; write it as "~ {MODEL}"')
    left, right = (side.strip() for side in text.split("~", maxsplit=1))
    if left or "~" in right:
        raise ValueError(
            f'formula {text!r} has an outcome left of "~"; the model names its outcome itself: '
            f'write "~ {right.split("~")[-1].strip()}"'
        )
    if "||" in right:
        raise ValueError(
            f"formula {text!r} has ||; write |: random intercepts and slopes are independent here, unless "
            "correlation= says otherwise"
        )
    try:
        parser = Parser(Scanner(right).scan())
        expression = parser.parse()
        rest = parser.peek().lexeme
        objected = None if rest else objection(expression)
        model: Any = None if rest or objected else formulae.model_description(right)
    except Exception as error:
        reason = "too many terms or brackets" if isinstance(error, RecursionError) else error
        raise ValueError(
            f'formula {text!r} cannot be read ({reason}); write it as "~ {MODEL}", '
            "names with spaces or signs in backticks"
        ) from error
    if rest:
        raise ValueError(f"formula {text!r} cannot be read from {rest!r} on; join terms by +, : or *")
    if objected:
        raise ValueError(f"formula {text!r} {objected}")
    if has_bare_bar(expression):
        fixed, group = (side.strip() for side in right.split("|", maxsplit=1))
        raise ValueError(
            f'formula {text!r} has | outside brackets; write "~ {fixed} + (1 | {group})" for intercepts that vary by '
            "group, and name a term before the | for slopes that do"
        )
    refuse_equal_names(text, [term.name for term in model.common_terms if isinstance(term, Term)])
    return model


def refuse_equal_names(text: str, names: Iterable[str]) -> None:
    """Terms and design columns are found by their names, which leave out the brackets of a sum."""
    equal = [name for name, times in Counter(names).items() if times > 1]
    if equal:
        raise ValueError(
            f"formula {text!r} has different terms that are both named {named(equal)}; compute one of them as a "
            "column of the frame, or rename a column"
        )


def _varying(model: Model, text: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Terms whose slopes vary, for every grouping by its columns."""
    varying, intercepts = {}, set()
    known = {term.name for term in model.common_terms if isinstance(term, Term)}
    for term in model.group_terms:
        columns = tuple(part.name for part in term.factor.components)
        of_group = varying.setdefault(columns, ())
        if isinstance(term.expr, Intercept):
            intercepts.add(columns)
        elif term.expr.name not in known:
            raise ValueError(
                f"formula {text!r} lets the slope of {term.expr.name!r} vary by {':'.join(columns)!r} but has no such "
                f"term; add it: {term.expr.name} + ({term.expr.name} | {'/'.join(columns)})"
            )
        elif term.expr.name not in of_group:
            varying[columns] = (*of_group, term.expr.name)
    without = [columns for columns in varying if columns not in intercepts]
    if without:
        raise ValueError(
            f"formula {text!r} has slopes but no intercepts that vary by {named(':'.join(each) for each in without)}; "
            "write (x | group), not (0 + x | group)"
        )
    return varying


def _declares_category(component) -> bool:
    """Whether it is ``C(x)``; ``C(x, ...)`` and the like bring levels or contrasts of their own."""
    if not isinstance(component, Call) or component.call.callee != "C":
        return False
    return len(component.call.args) == 1 and not component.call.kwargs


def _codes_category(component) -> bool:
    """Whether it is ``C(x, Sum)``, ``T(x, 2)`` and the like."""
    return isinstance(component, Call) and component.call.callee in CODINGS and not _declares_category(component)


def _columns(components: Iterable) -> set[str]:
    names = set()
    for part in components:
        names |= part.var_names
        if _codes_category(part):  # Sum and Treatment, where C(x, Sum) has them, are no columns
            names -= {argument.name for argument in part.call.args[1:] if isinstance(argument, LazyVariable)}
    return names - {""}
