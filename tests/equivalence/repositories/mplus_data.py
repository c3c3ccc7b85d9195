"""The data of an output of Mplus: rows that it used, with its missing values taken out."""

import hashlib
import io
import re
from functools import cache

import numpy as np
import pandas as pd

from equivalence.repositories.checkout import Checkout
from equivalence.repositories.mplus_output import MplusOutput

COMPARISONS = {"EQ": "==", "NE": "!=", "GE": ">=", "LE": "<=", "GT": ">", "LT": "<", "AND": "&", "OR": "|"}
ROLES = ("weight", "freqweight", "cluster", "stratification", "idvariable", "training", "grouping")
NO_ANSWER = [".", "*", "NA"]
SAFE = re.compile(r"[\w\s.()=!<>&|~-]*")


class NotAsked(Exception):
    """A model or data that we cannot be asked for, with the reason."""


@cache
def numbers(checkout: Checkout, path: str) -> np.ndarray | None:
    """A file of numbers without a head, not a number where missing; None if it is no such table."""
    text = checkout.text(path).replace(",", " ")
    width = min((len(line.split()) for line in text.splitlines() if line.strip()), default=0)
    try:
        options = {"header": None, "usecols": range(width), "na_values": NO_ANSWER, "names": range(width)}
        return pd.read_csv(io.StringIO(text), sep=r"\s+", index_col=False, dtype=float, **options).to_numpy()
    except ValueError:
        return None


def digest(rows: np.ndarray) -> str:
    """Fingerprint of rows, whatever their order."""
    return hashlib.sha256(rows[np.lexsort(rows.T)].tobytes()).hexdigest()


def frame_of(output: MplusOutput, checkout: Checkout, path: str) -> tuple[str, pd.DataFrame]:
    """The file that was used, by its place, and its rows and variables.

    Raises
    ------
    NotAsked
        If no file of that name has as many rows as Mplus says.
    """
    asked = output.input
    if asked.options.get("format", "free").lower() not in ("free", "is free"):
        raise NotAsked("data in fixed format")
    candidates = checkout.named(asked.data_file, path) or checkout.named(asked.data_file.replace(" ", ""), path)
    if not candidates:
        raise NotAsked("data not in the repository")
    for place in candidates:
        try:
            table = numbers(checkout, place)
        except FileNotFoundError:
            continue
        if table is None or len(table) == 0 or table.shape[1] < len(asked.names):
            continue
        rows = used_rows(pd.DataFrame(table[:, : len(asked.names)], columns=asked.names), output)
        if len(rows) == output.n:
            return place, rows
    raise NotAsked("the file of that name has other rows or columns")


def used_rows(table: pd.DataFrame, output: MplusOutput) -> pd.DataFrame:
    """Rows that Mplus uses: those of USEOBSERVATIONS with an answer to anything, and every predictor."""
    asked = output.input
    missing = asked.missing
    for name in table.columns:
        flags = missing.get("", []) + missing.get(name, [])
        table[name] = table[name].mask(table[name].isin(flags))
    for option in ("useobservations", "subpopulation"):
        if condition := asked.options.get(option):
            table = table[satisfied(table, condition)]
    for option in ("weight", "freqweight"):
        for name in asked.listed(option):
            table = table[table[name].notna()]
    roles = {name for option in ROLES for name in asked.listed(option)}
    used = [name for name in asked.used if name not in roles]
    unknown = [name for name in used if name not in table]
    if unknown:
        raise NotAsked(f"variables that the data do not have: {', '.join(unknown)}")
    predictors = [name for name in used if name.upper()[:8] in output.independent]
    answers = [name for name in used if name not in predictors]
    table = table[table[predictors].notna().all(axis=1)]
    answered = table[answers].notna()
    table = table[answered.all(axis=1) if "on" in asked.options.get("listwise", "").lower() else answered.any(axis=1)]
    for name in asked.listed("freqweight"):
        table = table.loc[table.index.repeat(table[name].astype(int))].drop(columns=name)
    return table.reset_index(drop=True)


def satisfied(table: pd.DataFrame, condition: str) -> pd.Series:
    """Rows for which a condition of USEOBSERVATIONS holds."""
    text = re.sub(r"\b([A-Za-z]{2,3})\b", lambda word: COMPARISONS.get(word[1].upper(), word[1]), condition.lower())
    text = re.sub(r"(?<![=!<>])=(?!=)", "==", text)
    text = re.sub(r"([\w.]+\s*[=!<>]+\s*-?[\w.]+)", r"(\1)", text)
    if not SAFE.fullmatch(text):
        raise NotAsked(f"a condition we cannot read: {condition}")
    try:
        return table.rename(columns=str.lower).eval(text).astype(bool)
    except Exception as error:
        raise NotAsked(f"a condition we cannot read: {condition}") from error
