"""From the counts of a study to how often each method chose the true number of classes, and how often tests err."""

import pandas as pd

from bayes_lca.calibration.kit.rates import rate
from bayes_lca.workflows.class_counts.recommendation import LEVEL, TESTS, first_not_significant, recommend_classes

DATA_SET = ["design", "true_classes", "replicate"]
BLRT = TESTS["blrt_p"]
BEST_ELPD = "elpd, best"
RULE, RULE_ANY_SIZE = "rule, 10 %", "rule, any size"
"""What `recommend_classes` recommends as it comes, and with ``smallest_class=0``."""

VUONG = "VLMR, Vuong's own"
"""Vuong's own formula, beside that of Mplus, which `recommend_classes` hears."""

OF_P_VALUES = TESTS | {"vuong_p": VUONG}
"""Tests with a p-value for each number of classes, by column of `count_classes`."""

METHODS = (
    *("AIC", "BIC", "aBIC", "CAIC", "ICL", "VLMR", "LMR adjusted", VUONG, BLRT),
    *(BEST_ELPD, "elpd", RULE, RULE_ANY_SIZE),
)
"""In the order shown; ``elpd`` chooses the fewest classes within 4, or two standard errors, of the best."""


def choices_of(counts: pd.DataFrame, bootstrap: pd.DataFrame) -> pd.DataFrame:
    """Number of classes that each method chooses.

    Parameters
    ----------
    counts : pandas.DataFrame
        Tables of `count_classes` under each other, with columns ``design``, ``true_classes`` and ``replicate``.
    bootstrap : pandas.DataFrame
        A row per bootstrap test; see `run_replicate`. None where the test was left out.

    Returns
    -------
    pandas.DataFrame
        ``design``, ``true_classes``, ``replicate``, ``method``, and ``chosen``, missing where a test on the way had no
        p-value.
    """
    tests = dict(list(bootstrap.groupby(DATA_SET)))
    rows = []
    for key, cell in counts.groupby(DATA_SET, sort=False):
        table = cell.set_index("classes").drop(columns=DATA_SET).dropna(axis="columns", how="all")
        anyway = recommend_classes(table, smallest_class=0)
        chosen = dict.fromkeys(METHODS) | anyway.choices
        chosen[VUONG] = first_not_significant(table["vuong_p"]) if "vuong_p" in table else None
        chosen[BLRT] = first_not_rejected(tests[key].set_index("classes")["rejected"]) if key in tests else None
        chosen[BEST_ELPD] = int(table["elpd"].idxmax()) if "elpd" in table else None
        chosen |= {RULE: recommend_classes(table).n_classes, RULE_ANY_SIZE: anyway.n_classes}
        of_data_set = dict(zip(DATA_SET, key, strict=True))
        rows += [of_data_set | {"method": method, "chosen": n_classes} for method, n_classes in chosen.items()]
    return pd.DataFrame(rows).astype({"chosen": "Int64"})


def first_not_rejected(rejected: pd.Series) -> int:
    """Classes up to which each one more is significant, from tests of one class fewer by number of classes."""
    not_rejected = rejected.index[~rejected.astype(bool)]
    return int(not_rejected.min()) - 1 if len(not_rejected) else int(rejected.index.max())


def selection_rates(choices: pd.DataFrame, counts: pd.DataFrame, bootstrap: pd.DataFrame) -> pd.DataFrame:
    r"""How often each method chose each number of classes, and how often tests reject a true or a false null.

    Standard errors are those of a share among R data sets, :math:`\operatorname{sd} / \sqrt R`; where all agree, of
    :math:`(x + 2) / (R + 4)`, as in `operating_characteristics`.

    Parameters
    ----------
    choices : pandas.DataFrame
        From `choices_of`.
    counts, bootstrap : pandas.DataFrame
        As there.

    Returns
    -------
    pandas.DataFrame
        A row per design and method: ``data_sets`` in which it chose, and ``no_choice``, those in which it could not;
        shares, each with a standard error ``_se``, of data sets in which it chose the true number (``correct``), fewer,
        more, and each number (``chose_1``, ...). For tests ``type_1_error``, how often they reject the true number
        against one more, and ``power``, how often they reject one fewer against it, at 5 %; ``bootstrap_draws``, of how
        many draws the test at most is, and ``draws_made``, after how many its answer was certain on average.
    """
    outcomes = _test_outcomes(counts, bootstrap)
    largest = counts.groupby("design")["classes"].max()
    rows = []
    for (design, true_classes, method), cell in choices.groupby(["design", "true_classes", "method"], sort=False):
        chosen = cell["chosen"].dropna().astype(int)
        if chosen.empty:
            continue
        row = {"design": design, "true_classes": true_classes, "method": method, "data_sets": len(chosen)}
        row["no_choice"] = len(cell) - len(chosen)
        shares = {"correct": chosen == true_classes, "fewer": chosen < true_classes, "more": chosen > true_classes}
        shares |= {f"chose_{number}": chosen == number for number in range(1, largest[design] + 1)}
        for name, values in shares.items():
            row |= rate(name, cell.loc[chosen.index].assign(**{name: values}), name)
        tested = outcomes[(outcomes["design"] == design) & (outcomes["method"] == method)]
        for name, n_classes in (("type_1_error", true_classes + 1), ("power", true_classes)):
            row |= rate(name, tested[tested["classes"] == n_classes], "rejected")
        if method == BLRT and len(bootstrap):
            made = bootstrap[bootstrap["design"] == design]
            row |= {"bootstrap_draws": made["draws"].max(), "draws_made": made["made"].mean()}
        rows.append(row)
    return pd.DataFrame(rows)


def _test_outcomes(counts: pd.DataFrame, bootstrap: pd.DataFrame) -> pd.DataFrame:
    """Whether each test rejected one class fewer than ``classes``; tests without a p-value are left out."""
    columns = [*DATA_SET, "classes", "method", "rejected"]
    frames = [bootstrap.assign(method=BLRT)[columns]] if len(bootstrap) else []
    for column, method in OF_P_VALUES.items():
        if column in counts:
            known = counts[counts[column].notna()]
            frames.append(known.assign(method=method, rejected=known[column] < LEVEL)[columns])
    return pd.concat(frames, ignore_index=True)
