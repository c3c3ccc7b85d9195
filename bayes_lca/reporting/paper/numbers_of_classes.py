"""The table of numbers of classes as papers print it: criteria, tests, and the shares of all classes."""

import pandas as pd

from bayes_lca.reporting.paper.rounding import number_text, p_text
from bayes_lca.table import SummaryTable
from bayes_lca.workflows.class_counts.all_shares import shares_of
from bayes_lca.workflows.class_counts.pseudo_criteria import PSEUDO

CRITERIA = {"log_likelihood": "log-likelihood", "AIC": "AIC", "BIC": "BIC", "aBIC": "aBIC"}
TESTS = {"lmr_adjusted_p": "LMR p", "vlmr_p": "VLMR p", "blrt_p": "BLRT p"}
ELPD = ("elpd", "elpd_se")


def class_number_table(counted: SummaryTable) -> SummaryTable:
    """Numbers of classes compared, as a paper prints them.

    Parameters
    ----------
    counted : SummaryTable
        From `count_classes`.

    Returns
    -------
    SummaryTable
        Of text, a row per number of classes: parameters, log-likelihood, criteria (``pseudo-BIC`` and so on where the
        likelihood was weighted for a survey design), entropy, p-values of the tests of
        one class fewer, ``elpd (SE)`` where posteriors were sampled, starts that met the maximum, and
        ``class shares, %`` of all classes, the largest first. To be written by `write_tables`.

    Raises
    ------
    ValueError
        If `counted` is no table of numbers of classes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> counted = bl.count_classes(items, bl.example_survey(), [1, 2], n_starts=10)
    >>> bl.class_number_table(counted)["class shares, %"].tolist()
    ['100.0', '63.6 / 36.4']
    """
    given = set(counted.columns) if isinstance(counted, pd.DataFrame) else set()
    before, said = (PSEUDO, "pseudo-") if f"{PSEUDO}BIC" in given else ("", "")
    if not {f"{before}log_likelihood", f"{before}BIC"} <= given:
        raise ValueError(f"counted={type(counted).__name__}: give the table that bl.count_classes(...) returns")
    columns = {"parameters": [f"{value:.0f}" for value in counted["parameters"]]}
    for name, words in CRITERIA.items():
        columns[said + words] = [number_text(value, 1) for value in counted[before + name]]
    columns["entropy"] = [number_text(value) for value in counted["entropy_r2"]]
    for name, words in TESTS.items():
        if name in counted:
            columns[words] = [p_text(value) for value in counted[name]]
    if set(ELPD) <= set(counted.columns):
        pairs = zip(counted["elpd"], counted["elpd_se"], strict=True)
        columns["elpd (SE)"] = [f"{number_text(value, 1)} ({number_text(error, 1)})" for value, error in pairs]
    met = zip(counted["starts_at_mode"], counted["starts"], strict=True)
    columns["starts"] = [f"{of_best:.0f} of {of_all:.0f}" for of_best, of_all in met]
    shares = shares_of(counted)
    columns["class shares, %"] = [
        " / ".join(f"{100 * share:.1f}" for share in shares.get(n_classes, [])) or f"smallest {100 * smallest:.1f}"
        for n_classes, smallest in counted["smallest_class"].items()
    ]
    return SummaryTable.of(pd.DataFrame(columns, index=counted.index), counted.note)
