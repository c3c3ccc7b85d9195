"""Numbers of a table as text, rounded to what is worth reading."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_lca.decimals import FEWEST, decimals_of

NOTHING, MINUS = "–", "\N{MINUS SIGN}"

WHOLE = frozenset(
    "ess_bulk ess_tail ess n answered missing observed parameters starts starts_at_mode converged_starts groups high_k "
    "modes n_high_k degrees_of_freedom divergences deepest_trees".split()
)
TENTHS = frozenset(
    "log_likelihood AIC BIC aBIC CAIC ICL next_mode elpd elpd_se elpd_difference elpd_difference_se blrt "
    "odds_correct discrepancy expected expected_count percent missing_percent".split()
)
PROBABILITIES = frozenset({"probability_of_direction"})
LABELS = {
    "sd": "SD",
    "se": "SE",
    "robust_se": "robust SE",
    "r_hat": "R-hat",
    "ess": "ESS",
    "ess_bulk": "ESS bulk",
    "ess_tail": "ESS tail",
    "vpc": "VPC",
    "p_value": "p-value",
    "probability_of_direction": "P(direction)",
    "latent_class": "class",
    "entropy_r2": "entropy R2",
    "vlmr_p": "VLMR p",
    "lmr_adjusted_p": "LMR adjusted p",
    "vuong_p": "VLMR p, Vuong's own",
    "blrt": "BLRT",
    "blrt_p": "BLRT p",
    "degrees_of_freedom": "df",
    "percent": "%",
    "missing_percent": "missing %",
    "quantile_05": "5 % quantile",
    "log_likelihood": "log-likelihood",
    "smallest_class_se": "smallest class, SE",
    "elpd_se": "elpd, SE",
    "elpd_difference_se": "elpd difference, SE",
    "high_k": "respondents of high Pareto k",
    "odds_correct": "odds of correct classification",
    "average_posterior": "average posterior probability",
}


@dataclass(frozen=True)
class Column:
    """Cells of a column as text; numbers stand at its right edge."""

    label: str
    cells: Sequence[str]
    is_number: bool = False


@dataclass(frozen=True)
class Display:
    """A table as it is shown: columns that name the rows, and columns of values."""

    names: Sequence[Column]
    values: Sequence[Column]

    @property
    def n_rows(self) -> int:
        """Rows below the head."""
        return len(self.names[0].cells)

    def joined(self, first: str, second: str, label: str, form: str = "{} ({})") -> "Display":
        """The same with a column and the next of another label behind it in one; as it is where it lacks them."""
        labels = [column.label for column in self.values]
        if first not in labels or second not in labels[labels.index(first) + 1 :]:
            return self
        place = labels.index(first)
        left, right = self.values[place], self.values[labels.index(second, place + 1)]
        pairs = zip(left.cells, right.cells, strict=True)
        cells = [NOTHING if NOTHING in pair else form.format(*pair) for pair in pairs]
        joined = Column(label, cells, left.is_number)
        others = [column for column in self.values if column is not right]
        return Display(self.names, [joined if column is left else column for column in others])


def display_of(table: pd.DataFrame) -> Display:
    """Columns of a table of the package, its ends of intervals joined in one column.

    The only grouping of a fit is not named again in every row.
    """
    names = [
        Column(label_of(str(name or "")), [str(value) for value in table.index.get_level_values(level)])
        for level, name in enumerate(table.index.names)
        if not (name == "grouping" and table.index.nlevels > 1 and table.index.get_level_values(level).nunique() == 1)
    ]
    return Display(names, list(_value_columns(table)))


def _value_columns(table: pd.DataFrame) -> Iterator[Column]:
    columns, decimals = [str(name) for name in table.columns], decimals_of(table)
    for name in columns:
        stem = name.removesuffix("lower").removesuffix("_")
        if name.endswith("lower") and _upper(stem) in columns:
            ends = intervals(table[name], table[_upper(stem)], stem, decimals.get(name))
            yield Column("interval", ends, is_number=True)
        elif not (name.endswith("upper") and name.removesuffix("upper") + "lower" in columns):
            yield column_of(name, table[name], decimals.get(name))


def _upper(stem: str) -> str:
    return f"{stem}_upper" if stem else "upper"


def column_of(name: str, values: pd.Series, decimals: Sequence[int] | None = None) -> Column:
    """One column; its name says how it is rounded, but for the `decimals` of numbers with an interval."""
    if values.dtype == bool:
        return Column(label_of(name), ["yes" if value else "no" for value in values])
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return Column(label_of(name), [NOTHING if pd.isna(value) else str(value) for value in values])
    return Column(label_of(name), numbers(values, name, decimals), is_number=True)


def label_of(name: str) -> str:
    """Name of a column in words."""
    return LABELS.get(name, name.replace("_", " "))


def intervals(lower: pd.Series, upper: pd.Series, name: str = "", decimals: Sequence[int] | None = None) -> list[str]:
    """``0.312 to 0.341``, rounded as `name` is."""
    ends = zip(numbers(lower, name, decimals), numbers(upper, name, decimals), strict=True)
    return [NOTHING if NOTHING in both else " to ".join(both) for both in ends]


def with_interval(table: pd.DataFrame, name: str = "mean") -> list[str]:
    """``0.326 (0.312 to 0.341)``."""
    decimals = decimals_of(table).get(name)
    middles = numbers(table[name], name, decimals)
    return [
        middle if ends == NOTHING else f"{middle} ({ends})"
        for middle, ends in zip(middles, intervals(table["lower"], table["upper"], name, decimals), strict=True)
    ]


def numbers(values: pd.Series, name: str = "", decimals: Sequence[int] | None = None) -> list[str]:
    """Numbers as text, three decimals unless `name` asks for fewer, or `decimals` of the rows for more."""
    fixed = 0 if name in WHOLE or values.dtype.kind in "iu" else 1 if name in TENTHS else None
    of_rows = [FEWEST if fixed is None else fixed] * len(values) if decimals is None or fixed is not None else decimals
    plain = values.to_numpy(dtype=float, na_value=np.nan)
    known = plain[np.isfinite(plain)]
    never_negative = fixed is None and len(known) > 0 and bool((known >= 0).all())
    return [
        _number(value, places, never_negative=never_negative, is_probability=name in PROBABILITIES)
        for value, places in zip(plain, of_rows, strict=True)
    ]


def _number(value: float, decimals: int, *, never_negative: bool, is_probability: bool) -> str:
    if np.isnan(value):
        return NOTHING
    if np.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    least = 0.5 * 10.0**-decimals
    if never_negative and 0 < value < least:
        return f"<{10.0**-decimals:.{decimals}f}"
    if is_probability and value > 1 - least:
        return f">{1 - 10.0**-decimals:.{decimals}f}"
    if abs(value) >= 1e6:
        return f"{value:.2e}".replace("-", MINUS)
    text = f"{value:.{decimals if abs(value) < 1000 or decimals > FEWEST else min(decimals, 1)}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)
