"""Section of classification: how surely respondents are classified, without naming one."""

import numpy as np
import pandas as pd

from bayes_lca.dims import CLASS
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.tables.classification import ENTROPY, GIVEN_CLASS, GIVEN_MODAL, ODDS, classification_table
from bayes_lca.reporting.sections.pivot import beside
from bayes_lca.reporting.writing.section import Block, Paragraph, Section, Table
from bayes_lca.table import SummaryTable

ANCHOR, TITLE = "classification", "Classification of respondents"
SHOWN_QUANTILES = {"quantile_05": 0.05, "quartile_1": 0.25, "median": 0.5, "quartile_3": 0.75}
LEVELS = (0.7, 0.8, 0.9)
READING = (
    "The modal class of a respondent is the one of largest posterior mean probability, its certainty that probability. "
    "Respondents themselves are not listed. A regression of the modal class as if it were seen understates effects; "
    "a joint or bias-adjusted model does not."
)
REFERENCES = (
    "Nagin, D. S. (2005). Group-Based Modeling of Development. Harvard University Press. doi 10.4159/9780674041318",
)


def classification_section(fit: Fit, ci_prob: float) -> Section:
    """Average membership, classification errors, odds, entropy, and how certainty is spread."""
    if fit.class_is_observed:
        return Section(ANCHOR, TITLE, "", left_out="the categories are observed, so nobody is classified.")
    blocks: list[Block] = []
    if fit.supports("membership"):
        blocks.append(Table("certainty", "Respondents by modal class, and how certain it is", certainty(fit)))
    if fit.supports("classification_table"):
        blocks += _tables(classification_table(fit, ci_prob=ci_prob))
    if not blocks:
        return Section(ANCHOR, TITLE, "", left_out=f"there is no table of membership for a fit of {fit.kind.name}.")
    blocks = [Paragraph(READING), *blocks]
    return Section(ANCHOR, TITLE, "classification diagnostics (steps 8, 11)", blocks, references=REFERENCES)


def certainty(fit: Fit) -> SummaryTable:
    """Distribution of the certainty of the modal class, no respondent by name.

    Returns
    -------
    SummaryTable
        One row per modal class and one for ``all``, at every wave where there are several: respondents ``n``, their
        ``percent``, the mean certainty, four quantiles, and the shares of respondents with a certainty above 0.7, 0.8
        and 0.9.
    """
    parts = {}
    for occasion in fit.hidden.occasions(fit):
        count = np.where(occasion.seen, fit.answering_count, 0)
        mean = np.repeat(occasion.mean, count, axis=0)  # (respondent, latent_class)
        largest, modal = mean.max(axis=1), mean.argmax(axis=1)
        of_class = [largest[modal == place] for place in range(len(fit.classes))]
        rows = [_spread(values, len(mean)) for values in [*of_class, largest]]
        names = pd.Index([*fit.classes, "all"], name="modal class")
        parts[tuple(occasion.label.values())] = pd.DataFrame(rows, index=names)
        levels = list(occasion.label)
    unweighted = ", who count once each" if fit.is_weighted else ""
    note = (
        f"{fit.note}; of respondents with an answer{unweighted}; certainty is the posterior mean probability of the "
        "modal class"
    )
    table = pd.concat(parts, names=levels) if levels else parts[()]
    return SummaryTable.of(table, note)


def _spread(values: np.ndarray, n_all: int) -> dict[str, float]:
    row = {"n": len(values), "percent": 100 * len(values) / n_all}
    known = values if len(values) else np.array([np.nan])
    row |= {"mean": known.mean()}
    row |= {name: np.quantile(known, probability) for name, probability in SHOWN_QUANTILES.items()}
    return row | {f"above {level}": (known > level).mean() if len(values) else np.nan for level in LEVELS}


def _tables(table: SummaryTable) -> list[Table]:
    tables = [
        _matrix(table, GIVEN_MODAL, "Average probability of each class (columns), by modal class", CLASS),
        _matrix(table, GIVEN_CLASS, "Probability of each modal class (columns), by class", "modal_class"),
    ]
    for quantity, name, caption in (
        (ODDS, "odds_of_correct_classification", "Odds of correct classification"),
        (ENTROPY, "entropy", "Entropy R2"),
    ):
        if quantity in table.index.get_level_values("quantity"):
            rows = pd.DataFrame(table.loc[quantity]).dropna(axis=1, how="all")
            rows.index = rows.index.get_level_values("modal_class")
            tables.append(Table(name, caption, SummaryTable.of(rows, table.note)))
    return tables


def _matrix(table: SummaryTable, quantity: str, caption: str, columns: str) -> Table:
    rows = SummaryTable.of(pd.DataFrame(table.loc[quantity]), table.note)
    name = quantity.replace(" ", "_")
    shown = beside(rows, columns)
    return Table(name, caption if shown is None else f"{caption}: mean (interval)", rows, shown)
