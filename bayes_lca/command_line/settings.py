"""What a command line asks for, as columns, codes and numbers."""

import re
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from bayes_lca.data.files import read_survey
from bayes_lca.data.formula import read_formula
from bayes_lca.data.frame import named, names_meant
from bayes_lca.data.keys import read_key
from bayes_lca.measurement.items import Items
from bayes_lca.models import LatentClass
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.shares import Shares

FEWEST_DRAWS = 50
NUMBERED = re.compile(r"(.*?)(\d+)")


@dataclass(frozen=True, eq=False)
class Settings:
    """A survey and what is to be done with it.

    Attributes
    ----------
    file : Path
    survey : pandas.DataFrame
    items : Items
    regression : Regression, optional
        None where neither covariates nor groups are asked for.
    missing : {"raise", "drop"}
    numbers : range
        Of classes to compare.
    take : int, optional
    order : str
    key : str, optional
    sampling : dict
        Draws, chains and seed.
    out : Path
    title : str, optional
    """

    file: Path
    survey: pd.DataFrame
    items: Items
    regression: Regression | None
    missing: Literal["raise", "drop"]
    numbers: range
    take: int | None
    order: str
    key: str | None
    sampling: dict[str, int]
    out: Path
    title: str | None

    def model(self, n_classes: int, *, nested: bool) -> LatentClass:
        """Classes alone, or with their regression."""
        return LatentClass(n_classes, self.items, self.regression if nested and self.regression else Shares())

    @classmethod
    def of(cls, given: Namespace) -> "Settings":
        """Read the file and find the columns.

        Raises
        ------
        ValueError, ImportError, OSError
            If the file cannot be read, or columns, codes or numbers are none.
        """
        sheet = {} if given.sheet is None else {"sheet": given.sheet}
        columns = [str(name) for name in read_survey(given.file, **sheet).columns]
        items = items_named(given.items, columns)
        codes = missing_codes(given.missing, items)
        survey = read_survey(given.file, missing_codes=codes, **sheet)
        regression = None
        if given.covariates or given.group:
            regression = _regression(given, survey, items)
        elif given.reference:
            raise ValueError(f"--reference {given.reference[0]}: is of a covariate, and no --covariates are named")
        if given.key is not None:
            read_key(survey, given.key)
        numbers = class_numbers(given.classes)
        _check_what_comes_later(given, items)
        return cls(
            file=given.file,
            survey=survey,
            items=Items(items, categories=given.categories),
            regression=regression,
            missing="drop" if given.incomplete == "drop" else "raise",
            numbers=numbers,
            take=given.take,
            order=given.order,
            key=given.key,
            sampling={"draws": given.draws, "chains": given.chains, "seed": given.seed},
            out=given.out,
            title=given.title,
        )


def _check_what_comes_later(given: Namespace, items: Sequence[str]) -> None:
    """Refuse at once what would be refused only when it is needed, which may be hours later."""
    if given.take is not None and given.take < 1:
        raise ValueError(f"--take {given.take}: a model has at least one class")
    for option, least in (("draws", FEWEST_DRAWS), ("chains", 1), ("seed", 0)):
        if (value := getattr(given, option)) < least:
            raise ValueError(f"--{option} {value}: a whole number from {least} on")
    if given.order != "size" and given.order not in items:
        raise ValueError(f"--order {given.order}: choose size, or one of the items {named(items)}")


def items_named(given: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Columns named one by one, by commas, or from one to another.

    ``q1-q6`` are the columns with these numbers where all are there, else those between the two in the file.

    Raises
    ------
    ValueError
        If a name is no column.

    Examples
    --------
    >>> items_named(["q1-q3", "age"], ["id", "q1", "q10", "q2", "q3", "age"])
    ['q1', 'q2', 'q3', 'age']
    >>> items_named(["pay-post"], ["id", "pay", "hours", "post"])
    ['pay', 'hours', 'post']
    """
    found = [name for part in given for each in part.split(",") if each for name in _one_or_range(each, columns)]
    if repeated := sorted({name for name in found if found.count(name) > 1}):
        raise ValueError(f"--items names {named(repeated)} twice; name each column once")
    return found


def _one_or_range(text: str, columns: Sequence[str]) -> list[str]:
    if text in columns:
        return [text]
    for place, letter in enumerate(text):
        first, last = text[:place], text[place + 1 :]
        if letter == "-" and first in columns and last in columns:
            return _between(first, last, columns)
    meant = names_meant([text, *text.split("-")], columns)
    raise ValueError(f"--items {text}: no such column; the {len(columns)} columns are {named(columns)}{meant}")


def _between(first: str, last: str, columns: Sequence[str]) -> list[str]:
    lowest, highest = (NUMBERED.fullmatch(name) for name in (first, last))
    if lowest and highest and lowest[1] == highest[1]:
        numbered = [f"{lowest[1]}{number}" for number in range(int(lowest[2]), int(highest[2]) + 1)]
        if numbered and set(numbered) <= set(columns):
            return numbered
    start, stop = columns.index(first), columns.index(last)
    if start > stop:
        raise ValueError(f"--items {first}-{last}: {last!r} stands before {first!r} in the file; exchange the two")
    return list(columns[start : stop + 1])


def missing_codes(given: Sequence[str], items: Sequence[str]) -> dict[str, list[str]]:
    """Codes by column: those without a name are of all items.

    Examples
    --------
    >>> missing_codes(["99", "age=999"], ["q1", "q2"])
    {'q1': ['99'], 'q2': ['99'], 'age': ['999']}
    """
    codes: dict[str, list[str]] = {}
    for text in given:
        name, sign, code = text.partition("=")
        for column in [name] if sign else items:
            codes.setdefault(column, []).append(code if sign else name)
    return codes


def class_numbers(text: str) -> range:
    """Numbers of classes from ``"1-5"`` or ``"3"``.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> class_numbers("1-5")
    range(1, 6)
    """
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text.strip())
    if match is None:
        raise ValueError(f"--classes {text}: give the smallest and the largest number of classes, such as 1-5")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last:
        raise ValueError(f"--classes {text}: numbers of classes rise from 1 on, such as 1-5")
    return range(first, last + 1)


def _regression(given: Namespace, survey: pd.DataFrame, items: Sequence[str]) -> Regression:
    reference = {}
    for text in given.reference:
        name, sign, level = text.partition("=")
        if not sign:
            raise ValueError(f"--reference {text}: give column and level, such as sex=female")
        reference[name] = level
    group = [f"(1 | {given.group})"] if given.group else []
    formula = "~ " + " + ".join([*([given.covariates.lstrip("~ ")] if given.covariates else []), *group])
    columns = read_formula(formula).columns
    if unknown := [name for name in columns if name not in survey]:
        raise ValueError(
            f"{formula}: no column {named(unknown)}; the {survey.shape[1]} columns are {named(list(survey.columns))}"
            f"{names_meant(unknown, survey.columns)}"
        )
    if shared := [name for name in columns if name in items]:
        raise ValueError(
            f"{formula}: {named(shared)} is among the items that the classes are made of, and cannot explain them too; "
            "leave it out of --items, or out of the formula"
        )
    if strange := [name for name in reference if name not in columns]:
        raise ValueError(f"--reference {named(strange)}: no covariate; the covariates are {named(columns)}")
    lacking = survey[list(columns)].isna()
    if given.incomplete == "stop" and lacking.any(axis=None):
        by_column = ", ".join(f"{name} in {n}" for name, n in lacking.sum().items() if n)
        raise ValueError(
            f"{int(lacking.any(axis=1).sum())} of {len(survey)} rows lack a covariate or group ({by_column}); impute "
            "them first, or leave these rows out: --incomplete drop"
        )
    return Regression(formula, reference=reference)
