"""What a formula asks for: covariates, groups, and slopes that vary."""

import re
from dataclasses import dataclass
from keyword import iskeyword

GROUP_TERM = re.compile(r"\s*\+?\s*\((?:[^()|]|\([^()]*\))*\|(?:[^()|]|\([^()]*\))*\)")


@dataclass(frozen=True)
class Formula:
    """A formula, read.

    Attributes
    ----------
    text : str
        As the user wrote it.
    covariates : tuple of str
        Columns of the fixed part, sorted.
    categories : frozenset of str
        Those of them that ``C(x)`` declares categories.
    contrasts : frozenset of str
        Those of them that ``C(x, Sum)``, ``C(x, Treatment(2))`` and the like code in a way of their own.
    groupings : tuple of tuple of str
        Columns of each ``(1 | group)``; two of them for the inner part of ``(1 | city/group)``.
    varying : tuple of tuple of str
        Terms whose slopes vary by group, for each of them.
    """

    text: str
    covariates: tuple[str, ...]
    categories: frozenset[str]
    contrasts: frozenset[str]
    groupings: tuple[tuple[str, ...], ...]
    varying: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the formula uses."""
        return tuple(dict.fromkeys([*self.covariates, *(name for names in self.groupings for name in names)]))


NO_COVARIATES = Formula("~ 1", (), frozenset(), frozenset(), (), ())
"""The same shares for everybody."""


def read_formula(text: str) -> Formula:
    """Read a formula without looking at any data.

    Parameters
    ----------
    text : str
        Right-hand side in the language of R and brms.

    Returns
    -------
    Formula

    Raises
    ------
    ValueError
        If it cannot be read, names an outcome, removes the intercept, or lets slopes vary that it does not have.

    Examples
    --------
    >>> read_formula("~ age + C(tier) + (1 | city/group)").groupings
    (('city',), ('city', 'group'))
    >>> read_formula("~ age + (age | group)").varying
    (('age',),)
    """
    if isinstance(text, str) and text == NO_COVARIATES.text:
        return NO_COVARIATES
    from bayes_lca.data.formula_terms import terms_of  # formulae, which waits for a formula to read

    return terms_of(text)


def single_level(text: str) -> str:
    """The formula without its random intercepts and slopes.

    Raises
    ------
    ValueError
        If they are not terms of their own.

    Examples
    --------
    >>> single_level("~ age + (age | city/group) + tier")
    '~ age + tier'
    """
    parsed = read_formula(text)
    right = text.split("~", maxsplit=1)[1]
    shorter = f"~ {GROUP_TERM.sub('', right).strip().removeprefix('+').strip() or '1'}"
    fixed = read_formula(shorter)
    if fixed.groupings or fixed.covariates != parsed.covariates:
        raise ValueError(f"formula {text!r}: write each (x | group) as a term of its own, joined by +")
    return shorter


def in_formula(name: str) -> str:
    """Quote a name as a formula needs it: in backticks, unless it is a word that begins with a letter.

    Raises
    ------
    ValueError
        If it has a backtick itself.

    Examples
    --------
    >>> in_formula("school"), in_formula("_school")
    ('school', '`_school`')
    """
    if "`" in name:
        raise ValueError(f"column {name!r} has a backtick in its name, which no formula can quote; rename the column")
    is_word = name.isidentifier() and name[0].isalpha() and name.replace("_", "a").isalnum() and not iskeyword(name)
    return name if is_word else f"`{name}`"
