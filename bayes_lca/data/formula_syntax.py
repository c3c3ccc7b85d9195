"""What a formula may ask for: functions that work row by row, and no more terms than anybody reads."""

from collections.abc import Iterator
from math import comb

import numpy as np
from formulae.expr import Assign, Binary, Call, Grouping, Literal, QuotedName, Unary, Variable

MOST_TERMS = 1000
"""Terms beyond which a formula is taken for a mistake: products and powers of sums make millions of them."""

MOST_DEGREES = 1000
"""Columns that a polynomial or spline of one covariate may have."""

LARGEST_EXPONENT = 100

CODINGS = frozenset({"C", "S", "T"})
"""Functions that make categories of a column."""

CURVES = frozenset({"poly", "bs", "cr", "cc", "tp"})
OF_FORMULAE = (
    CURVES
    | CODINGS
    | {
        "Treatment",
        "Sum",
        "I",
        "B",
        "binary",
        "center",
        "scale",
        "standardize",
        "offset",
    }
)
OF_NUMPY = {f"np.{name}": function.nin for name, function in vars(np).items() if isinstance(function, np.ufunc)} | {
    "np.where": 3,
    "np.clip": 3,
    "np.round": 1,
}
"""Functions whose value in a row depends on that row alone, with the number of their arguments.

Others of numpy would change with the order of the rows (``cumsum``), give new rows another value than the fitted ones
(``mean``), or write files (``save``).
"""


def objection(expression) -> str | None:
    """Why an expression, as formulae parses it, is not to be evaluated; None if nothing speaks against it.

    Parameters
    ----------
    expression : formulae.expr.*
        The right-hand side of a formula.

    Returns
    -------
    str or None
        The second half of a sentence that begins with the formula, with the remedy.
    """
    if _n_terms(expression) > MOST_TERMS:
        return f"asks for more than {MOST_TERMS} terms; write out those you mean"
    for part in _parts(expression):
        if isinstance(part, Binary) and part.operator.kind == "STAR_STAR" and _n_terms(part.left) == 1:
            return "takes the power of one term, which is that term again; write the power of a column as I(x**2)"
        if isinstance(part, Variable) and part.level is not None:
            return f"has a level in brackets behind {part.name.lexeme!r}; drop the brackets"
        if isinstance(part, Call) and (found := _objection_to_call(part)):
            return found
    return None


def has_bare_bar(expression) -> bool:
    """Whether a ``|`` stands outside brackets, where it takes the whole formula to vary by group."""
    return isinstance(expression, Binary) and (
        expression.operator.kind == "PIPE" or has_bare_bar(expression.left) or has_bare_bar(expression.right)
    )


def _objection_to_call(call: Call) -> str | None:
    name = call.callee.name.lexeme if isinstance(call.callee, Variable) else "a call"
    arguments = _arguments(call)
    if name in OF_NUMPY:
        if len(arguments) > OF_NUMPY[name] or any(isinstance(argument, Assign) for argument in call.args):
            return f"gives {name} more than the {OF_NUMPY[name]} value(s) it takes from a row; drop the rest"
    elif name not in OF_FORMULAE:
        return (
            f"cannot be evaluated ({name!r}); it may apply C, center, scale, poly, bs and functions of numpy that "
            "work row by row, such as np.log, to columns; compute anything else as a column of the frame"
        )
    if name in ("B", "binary") and len(arguments) < 2:
        return f"lets {name} choose what counts as success; name it, such as {name}(x, 'yes')"
    if name in CURVES and any(
        isinstance(n, Literal) and isinstance(n.value, int) and n.value > MOST_DEGREES for n in _degrees(call)
    ):
        return f"asks {name} for more than {MOST_DEGREES} columns; ask for a few"
    for part in (within for argument in arguments for within in _parts(argument)):
        if isinstance(part, Call) and (found := _objection_to_call(part)):
            return found
        if isinstance(part, Binary) and part.operator.kind == "STAR_STAR" and not _has_column(part):
            return "takes the power of a number; write the number itself"
    return None


def _arguments(call: Call) -> list:
    return [argument.value if isinstance(argument, Assign) else argument for argument in call.args]


def _has_column(expression) -> bool:
    return any(isinstance(part, Variable | QuotedName | Call) for part in _parts(expression))


def _degrees(call) -> Iterator:
    for place, argument in enumerate(call.args):
        named = argument.name.name.lexeme if isinstance(argument, Assign) else None
        if named in ("df", "degree") or (named is None and place == 1):
            yield argument.value if named else argument


def _parts(expression) -> Iterator:
    """The expression and all within it, but for the arguments of calls."""
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, Grouping):
            waiting.append(part.expression)
        elif isinstance(part, Binary):
            waiting += [part.left, part.right]
        elif isinstance(part, Unary):
            waiting.append(part.right)


def _n_terms(expression) -> int:
    """Terms that an expression makes at the most, beyond `MOST_TERMS` not counted further."""
    if isinstance(expression, Grouping):
        return _n_terms(expression.expression)
    if isinstance(expression, Unary):
        return _n_terms(expression.right)
    if not isinstance(expression, Binary):
        return 1
    left, right = _n_terms(expression.left), _n_terms(expression.right)
    match expression.operator.kind:
        case "STAR":
            made = left + right + left * right
        case "COLON" | "PIPE":
            made = left * right
        case "STAR_STAR":
            made = _n_terms_of_power(left, expression.right)
        case _:
            made = left + right
    return min(made, MOST_TERMS + 1)


def _n_terms_of_power(n: int, exponent) -> int:
    order = exponent.value if isinstance(exponent, Literal) else None
    if not isinstance(order, int) or order < 2:
        return n
    return MOST_TERMS + 1 if order > LARGEST_EXPONENT else sum(comb(n, k) for k in range(1, min(order, n) + 1))
