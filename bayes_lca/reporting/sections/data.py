"""Section of the data: who answered, what is missing, how answers, covariates and groups are spread."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_lca.data.answered import is_missing
from bayes_lca.dims import ITEM
from bayes_lca.fitted.fit import Fit
from bayes_lca.reporting.sections.survey_design import design_in_words
from bayes_lca.reporting.writing.section import Block, Paragraph, Section, Table
from bayes_lca.table import SummaryTable

MOST_GROUPS_NAMED = 40


def data_section(fit: Fit, smallest_cell: int | None = None) -> Section:
    """Respondents, missing answers, and distributions of everything the model uses.

    The text says of fewer than `smallest_cell` respondents no more than that; tables are left as they are.
    """
    blocks: list[Block] = [Paragraph(_respondents(fit, smallest_cell or 0))]
    blocks += [Paragraph(design_in_words(fit))] if fit.is_weighted else []
    blocks += [_outcome(fit)] if fit.class_is_observed else [_missing(fit), *_answers(fit)]
    numeric, categorical = _covariates(fit)
    if numeric is not None:
        blocks.append(Table("covariates_numeric", "Numeric covariates", numeric))
    if categorical is not None:
        blocks.append(Table("covariates_categorical", "Categorical covariates", categorical))
    blocks += _groups(fit)
    return Section("data", "Data and missing answers", "observed data, preprocessing, missing data (steps 2-4)", blocks)


def _respondents(fit: Fit, smallest_cell: int) -> str:
    n_dropped, n_missing = fit.attributes["n_dropped"], fit.attributes["n_missing_answers"]
    analysed = f"{fit.n_respondents} respondents are analysed; {n_dropped} rows were left out"
    if fit.class_is_observed:
        return f"{analysed} because the outcome or a covariate was missing."
    analysed += " because a covariate was missing." if n_dropped else "."
    if not n_missing:
        return f"{analysed} No answer is missing."
    n_asked = int(fit.hidden.answers_given(fit)[1].sum()) * len(fit.items)
    without_any = int(fit.count[~fit.answered.any(axis=1)].sum())
    silent = f"fewer than {smallest_cell}" if 0 < without_any < smallest_cell else without_any
    return (
        f"{analysed} Of {n_asked} answers, {n_missing} missing; respondents without any "
        f"answer: {silent}. A missing answer drops its factor from the likelihood of the respondent, which is right if "
        "answers are missing at random given the other answers and the covariates; nothing is imputed."
    )


def _missing(fit: Fit) -> Table:
    codes, count = fit.hidden.answers_given(fit)
    missing, n = count @ is_missing(codes), int(count.sum())
    frame = pd.DataFrame(
        {
            "answered": n - missing,
            "missing": missing,
            "missing_percent": 100 * missing / n,
        },
        index=pd.Index(fit.items, name=ITEM),
    )
    return Table("missing_answers", "Missing answers by item", SummaryTable.of(frame, fit.note))


def _answers(fit: Fit) -> list[Table]:
    """Counts of the answers to items that have categories, and how the numbers of others are spread."""
    counts, numbers = {}, {}
    all_codes, count = fit.hidden.answers_given(fit)
    for item, codes, labels in zip(fit.items, all_codes.T, fit.labels, strict=True):
        answered = ~is_missing(codes)
        if labels:
            counts[item] = _counts(codes[answered].astype(int), labels, count[answered])
        else:
            numbers[item] = _spread(pd.Series(np.repeat(codes[answered], count[answered])))
    tables = []
    if counts:
        note = f"{fit.note}; percentages of those who answered the item"
        table = SummaryTable.of(pd.concat(counts, names=[ITEM, "category"]), note)
        tables.append(Table("answers", "Answers by item", table))
    if numbers:
        frame = pd.DataFrame.from_dict(numbers, orient="index").rename_axis(ITEM)
        tables.append(Table("numbers", "Items that are numbers", SummaryTable.of(frame, fit.note)))
    return tables


def _spread(numbers: pd.Series) -> dict[str, float]:
    quartiles = dict(zip(("quartile_1", "median", "quartile_3"), numbers.quantile([0.25, 0.5, 0.75]), strict=True))
    return {"mean": numbers.mean(), "sd": numbers.std(), **quartiles}


def _outcome(fit: Fit) -> Table:
    (labels,) = fit.labels
    frame = _counts(fit.codes[:, 0], labels, fit.count).rename_axis("category")
    return Table("outcome", f"Outcome {fit.outcome}", SummaryTable.of(frame, fit.note))


def _covariates(fit: Fit) -> tuple[SummaryTable | None, SummaryTable | None]:
    numeric, categorical = {}, {}
    for name in fit.formula.covariates:
        values = pd.Series(fit.covariate(name))
        if values.dtype.kind in "fiub" and name not in fit.levels:
            numeric[name] = _spread(values.astype(float))
        else:
            texts = values.astype(str)
            levels = fit.levels.get(name, sorted(texts.unique()))
            of_levels = _counts(pd.Index(levels).get_indexer(texts), levels)
            of_levels["coding"] = ["reference", *[""] * (len(levels) - 1)]
            categorical[name] = of_levels
    numbers = pd.DataFrame.from_dict(numeric, orient="index").rename_axis("covariate")
    return (
        SummaryTable.of(numbers, fit.note) if numeric else None,
        SummaryTable.of(pd.concat(categorical, names=["covariate", "level"]), fit.note) if categorical else None,
    )


def _groups(fit: Fit) -> list[Table]:
    """Respondents of each group; of groupings with many groups, how large these are."""
    named, many = {}, {}
    for name in fit.groupings:
        groups = fit.group_names[name]
        counts = _counts(fit.group_of_pattern[name], groups, fit.count)
        if len(groups) <= MOST_GROUPS_NAMED:
            named[name] = counts
        else:
            sizes = counts["n"].quantile([0.0, 0.25, 0.5, 0.75, 1.0])
            quartiles = dict(zip(("smallest", "quartile_1", "median", "quartile_3", "largest"), sizes, strict=True))
            many[name] = {"groups": len(groups), **quartiles}
    tables = []
    if named:
        frame = pd.concat(named, names=["grouping", "group"])
        tables.append(Table("groups", "Respondents by group", SummaryTable.of(frame, fit.note)))
    if many:
        frame = pd.DataFrame.from_dict(many, orient="index").rename_axis("grouping")
        tables.append(Table("group_sizes", "Respondents per group", SummaryTable.of(frame, fit.note)))
    return tables


def _counts(codes: np.ndarray, labels: Sequence[str], count: np.ndarray | None = None) -> pd.DataFrame:
    """How often each label occurs, every code `count` times, once by default."""
    n = np.bincount(codes, weights=count, minlength=len(labels)).astype(int)
    percent = 100 * n / n.sum() if n.sum() else np.zeros(len(n))
    return pd.DataFrame({"n": n, "percent": percent}, index=[str(label) for label in labels])
