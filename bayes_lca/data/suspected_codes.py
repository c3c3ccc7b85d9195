"""Values that look like codes of missing answers: 99 far from all others, "refused", 缺失."""

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_lca.data.category_order import numeric_label
from bayes_lca.data.distinct_values import distinct_values
from bayes_lca.data.frame import label

WORDS = frozenset(
    (
        "missing, missing value, missing data, system missing, user missing, blank, skipped, skip, refused, refusal, "
        "refused to answer, declined, declined to answer, prefer not to say, prefer not to answer, don't know, "
        "dont know, do not know, dk, dk/na, dk/refused, can't say, no answer, not answered, no response, nonresponse, "
        "non-response, no reply, not stated, not ascertained, not asked, not available, not applicable, inapplicable, "
        "n/a, na, nan, null, #null!, #n/a, unknown, keine angabe, weiß nicht, "
        "ne sait pas, sans réponse, no sabe, no contesta, "
        "缺失, 缺失值, 缺失数据, 缺失數據, 遗漏, 遗漏值, 遺漏, 遺漏值, 拒答, 拒绝, 拒绝回答, 拒絕, 拒絕回答, 不知道, "
        "不清楚, 不详, 不詳, 未知, 未回答, 无回答, 無回答, 没有回答, 沒有回答, 未填, 未填写, 漏答, 不适用, 不適用, "
        "说不清, 說不清"
    ).split(", ")
)
"""Labels that say that nobody answered."""

MARKS = frozenset({".", "..", "*", "-", "--", "–", "—", "?"})
"""Signs that stand for no answer where all other labels have letters or digits."""
BETWEEN_REASONS = re.compile(r"\s*/\s*|\s*,\s*|\s+or\s+")
CODE_BEHIND_LABEL = re.compile(r"\s*([(\[{<=:]\s*[+-]?\d+\s*[)\]}>]?|(\s*[–-]|\s)\s*(?P<bare>\d+))$")
CODE_BEFORE_LABEL = re.compile(r"^[\W\d_]+|[\s.:;)\]>]+$")
MOST_OF_A_SCALE, LARGEST_DIGIT = 10, 9
SMALLEST_DECIMAL = 1e-4
"""Numbers nearer to zero are written with an exponent, as no code is."""
USUAL_NEGATIVE = (-9, -8, -7, -2, -1)
"""Single digits below zero that surveys use for missing answers."""
PACKAGE = str(Path(__file__).parents[1])


class MissingCodeWarning(UserWarning):
    """A value that nobody declared looks like a code of missing answers, and is taken for an answer."""


def warn_of_suspected_codes(values: pd.Series, name: str | int, role: str) -> None:
    """Warn of values that look like codes of missing answers, with how often they occur.

    Parameters
    ----------
    values : pandas.Series
    name, role : str
        The column, and what it is used for.

    Warns
    -----
    MissingCodeWarning
    """
    suspected = suspected_codes(values, is_group=role == "group column")
    if suspected:
        counts = ", ".join(f"{code!r} in {count}" for code, count in suspected.items())
        codes = ", ".join(code if numeric_label(code) is not None else repr(code) for code in suspected)
        warnings.warn(
            f"{role} {name!r} has {counts} of {len(values)} rows, which looks like a code of missing answers and is "
            f"taken for a value; if it is one, declare missing_codes={{{name!r}: [{codes}]}}, if not, "
            f"missing_codes={{{name!r}: []}}, where the column is declared or with bl.declare_columns",
            MissingCodeWarning,
            skip_file_prefixes=(PACKAGE,),
            stacklevel=2,
        )


def suspected_codes(values: pd.Series, *, is_group: bool = False) -> dict[str, int]:
    """Values that look like codes of missing answers, with how often they occur.

    Labels such as "refused"; and numbers that surveys use as such codes (-1, 8, 9, 77, 99, 999 and the like) where they
    lie apart from all others.

    Parameters
    ----------
    values : pandas.Series
    is_group : bool, default False
        Whether numbers are names of groups, which need not follow each other.

    Examples
    --------
    >>> suspected_codes(pd.Series([1, 2, 5, 3, 4, 99, 9999]))
    {'99': 1, '9999': 1}
    >>> suspected_codes(pd.Series(["yes", "no", "Don’t know"]))
    {'Don’t know': 1}
    >>> suspected_codes(pd.Series([0, 3, 10, 7, 8, 9]))
    {}
    """
    counts = values.value_counts()
    if pd.api.types.is_numeric_dtype(values):
        return {} if pd.api.types.is_bool_dtype(values) else _suspected_numbers(counts, is_group=is_group)
    texts = {label(value): int(count) for value, count in counts.items() if count}
    numbers = {number: text for text in texts if (number := numeric_label(text)) is not None}
    far = set()
    if numbers:
        distinct = np.array(sorted(numbers))
        far = _far_codes(distinct, np.array([texts[numbers[number]] for number in distinct]), is_group=is_group)
    marks = {text for text in texts if text.strip() in MARKS}
    if not all(any(map(str.isalnum, text)) for text in texts.keys() - marks):
        marks = set()  # + and -, or * and **, are answers
    return {
        text: count
        for text, count in texts.items()
        if (text in numbers.values() and numeric_label(text) in far) or text in marks or says_missing(text)
    }


def _suspected_numbers(counts: pd.Series, *, is_group: bool) -> dict[str, int]:
    """The same of a column of numbers, of which there may be as many as rows, by how often each occurs."""
    numbers = counts.index.to_numpy(dtype=float)
    as_labels_write_them = (numbers == 0) | ((np.abs(numbers) >= SMALLEST_DECIMAL) & np.isfinite(numbers))
    numbers, n = numbers[as_labels_write_them], counts.to_numpy(dtype=int)[as_labels_write_them]
    if not len(numbers):
        return {}
    by_size = np.argsort(numbers)
    far = _far_codes(numbers[by_size], n[by_size], is_group=is_group)
    return {label(number): int(n[place]) for place, number in enumerate(numbers) if number in far} if far else {}


def rows_of_suspected_codes(values: pd.Series) -> np.ndarray:
    """Whether each row has one of the `suspected_codes`, shape (row,).

    Examples
    --------
    >>> rows_of_suspected_codes(pd.Series([1, 2, 99, 3])).tolist()
    [False, False, True, False]
    """
    suspected = suspected_codes(values)
    if not suspected:
        return np.zeros(len(values), dtype=bool)
    distinct = distinct_values(values)
    return distinct.rows_with([label(value) in suspected for value in distinct.values])


def says_missing(text: str) -> bool:
    """Whether a label says that nobody answered, a code before or behind it left aside.

    Examples
    --------
    >>> says_missing("-9. Refused"), says_missing("missing (-9)"), says_missing("refused/DK"), says_missing("No change")
    (True, True, True, False)
    """
    plain = text.strip().casefold().replace("’", "'").replace("`", "'")
    code = CODE_BEHIND_LABEL.search(plain)
    if code and (code["bare"] is None or _is_code(float(code["bare"]))):
        plain = plain[: code.start()]
    label_alone = CODE_BEFORE_LABEL.sub("", plain)
    reasons = BETWEEN_REASONS.split(label_alone.replace("n/a", "na"))
    return plain in WORDS or label_alone in WORDS or all(reason in WORDS for reason in reasons)


def _far_codes(distinct: np.ndarray, counts: np.ndarray, *, is_group: bool) -> set[float]:
    """Those of distinct numbers, in increasing order, that are codes far from all others."""
    negative = distinct < 0
    positive = distinct[~negative] if all(map(_is_code, distinct[negative])) else distinct
    times = dict(zip(distinct, counts, strict=True))
    high = _high_codes(positive, times, is_group=is_group)
    others = np.array([number for number in distinct[~negative] if number not in high])
    return high | _low_codes(distinct[negative], others, times, is_group=is_group)


def _high_codes(distinct: np.ndarray, counts: dict[float, int], *, is_group: bool) -> set[float]:
    """The codes at the upper end, with the values below them apart by much.

    How far apart was chosen so that scales, counts, ages, temperatures and incomes of 30 to 2000 respondents have such
    a gap by chance in less than one sample of a hundred.
    """
    n_codes = next((n for n, number in enumerate(reversed(distinct)) if not _is_code(number)), len(distinct))
    for first in range(max(2, len(distinct) - n_codes), len(distinct)):
        others, codes = distinct[:first], distinct[first:]
        if sum(not _is_code(number) or number < 10 for number in others) < 2:
            continue
        gap, span = codes[0] - others[-1], np.ptp(others)
        repeated = max(counts[code] for code in codes) > 1
        if codes[0] >= 10:
            apart = gap > span or (repeated and gap > span / 4)
            if apart and gap >= 3 and (_consecutive(others) or not is_group):
                return set(codes.tolist())
        elif _is_scale(others) and others[-1] <= 7 and not is_group:
            heavy = repeated and sum(counts[code] for code in codes) >= counts[others[-1]]
            if others[0] == 0:  # may be a count, whose tail is long
                least = max(5, span + 1 if heavy else 2 * span + 1)
            elif heavy and others[-1] == 7:
                least = 2  # 9 after seven answers
            else:
                least = 3 if heavy or len(codes) > 1 else 4
            if gap >= least:
                return set(codes.tolist())
    return set()


def _low_codes(negative: np.ndarray, others: np.ndarray, counts: dict[float, int], *, is_group: bool) -> set[float]:
    """Negative numbers below values that are not."""
    if not len(negative) or len(others) < 2 or not all(map(_is_code, negative)):
        return set()
    if others[0] >= LARGEST_DIGIT:
        return set(negative.tolist())
    if negative.tolist() == [-1]:
        return {-1.0} if is_group or (_is_scale(others) and 2 <= others[-1] <= MOST_OF_A_SCALE) else set()
    apart = np.diff([*negative, others[0]])
    if negative[0] <= -10:
        return set(negative.tolist()) if apart.max() > np.ptp(others) / 2 else set()
    usual = np.isin(negative, USUAL_NEGATIVE).all() and negative[0] <= -7 and apart.max() >= 5
    repeated = max(counts[code] for code in negative) > 1
    return set(negative.tolist()) if usual and (repeated or _is_scale(others)) else set()


def _is_scale(numbers: np.ndarray) -> bool:
    """Whether numbers follow each other from 0 or 1 on, as those of answers do."""
    return _consecutive(numbers) and numbers[0] in (0, 1)


def _consecutive(numbers: np.ndarray) -> bool:
    return bool((np.diff(numbers) == 1).all() and numbers[0] == np.round(numbers[0]))


def _is_code(number: float) -> bool:
    """Whether surveys use a number for missing answers: -1 to -9, 7, 8, 9, 66, 77, 88, 96 to 99, 996 and so on."""
    if not np.isfinite(number) or number != np.round(number):
        return False
    digits = str(abs(int(number)))
    if len(digits) == 1:
        return digits in "789" or number < 0
    return (len(set(digits)) == 1 and digits[0] in "6789") or (set(digits[:-1]) == {"9"} and digits[-1] in "6789")
