"""Section of the data: who answered, what is missing, how answers, covariates and groups are spread."""

import json

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.formula import read_formula
from bayes_lca.dims import ANSWERS, ITEM, OUTCOME
from bayes_lca.fitted.axes import groupings
from bayes_lca.reporting.writing.section import Block, Paragraph, Section, Table
from bayes_lca.table import SummaryTable, describe_draws

MOST_GROUPS_NAMED = 40


def data_section(draws: xr.DataTree) -> Section:
    """Respondents, missing answers, and distributions of everything the model uses."""
    blocks: list[Block] = [Paragraph(_respondents(draws))]
    if ANSWERS in draws["observed_data"]:
        blocks += [_missing(draws), _answers(draws)]
    else:
        blocks.append(_outcome(draws))
    numeric, categorical = _covariates(draws)
    if numeric is not None:
        blocks.append(Table("covariates_numeric", "Numeric covariates", numeric))
    if categorical is not None:
        blocks.append(Table("covariates_categorical", "Categorical covariates", categorical))
    blocks += _groups(draws)
    return Section("data", "Data and missing answers", "observed data, preprocessing, missing data (steps 2-4)", blocks)


def _respondents(draws: xr.DataTree) -> str:
    attributes = draws.attrs
    said = [f"{attributes['n_respondents']} respondents are analysed; {attributes['n_dropped']} rows were left out"]
    if ANSWERS not in draws["observed_data"]:
        return f"{said[0]} because the outcome or a covariate was missing."
    said[0] += " because a covariate was missing." if attributes["n_dropped"] else "."
    codes = draws["observed_data"][ANSWERS]
    if attributes["n_missing_answers"]:
        said.append(
            f"Of {codes.size} answers, {attributes['n_missing_answers']} missing; respondents without any answer: "
            f"{int((codes < 0).all(ITEM).sum())}. A missing answer drops its factor from the likelihood of the "
            "respondent, which is right if answers are missing at random given the other answers and the covariates; "
            "nothing is imputed."
        )
    else:
        said.append("No answer is missing.")
    return " ".join(said)


def _missing(draws: xr.DataTree) -> Table:
    codes = draws["observed_data"][ANSWERS].to_numpy()
    answered = (codes >= 0).sum(axis=0)
    missing = len(codes) - answered
    frame = pd.DataFrame(
        {"answered": answered, "missing": missing, "missing_percent": 100 * missing / len(codes)},
        index=pd.Index(_items(draws), name=ITEM),
    )
    return Table("missing_answers", "Missing answers by item", SummaryTable.of(frame, describe_draws(draws)))


def _answers(draws: xr.DataTree) -> Table:
    codes = draws["observed_data"][ANSWERS].to_numpy()
    labels = json.loads(draws.attrs["labels"])
    parts = {
        item: _counts(column[column >= 0], own)
        for item, column, own in zip(_items(draws), codes.T, labels, strict=True)
    }
    frame = pd.concat(parts, names=[ITEM, "category"])
    note = f"{describe_draws(draws)}; percentages of those who answered the item"
    return Table("answers", "Answers by item", SummaryTable.of(frame, note))


def _outcome(draws: xr.DataTree) -> Table:
    (labels,) = json.loads(draws.attrs["labels"])
    frame = _counts(draws["observed_data"][OUTCOME].to_numpy(), labels).rename_axis("category")
    caption = f"Outcome {draws.attrs['outcome']}"
    return Table("outcome", caption, SummaryTable.of(frame, describe_draws(draws)))


def _covariates(draws: xr.DataTree) -> tuple[SummaryTable | None, SummaryTable | None]:
    levels = json.loads(draws.attrs["levels"])
    numeric, categorical = {}, {}
    for name in read_formula(draws.attrs["formula"]).covariates:
        values = pd.Series(draws["constant_data"][f"covariate_{name}"].to_numpy())
        if values.dtype.kind in "fiub" and name not in levels:
            numbers = values.astype(float)
            quartiles = dict(
                zip(("quartile_1", "median", "quartile_3"), numbers.quantile([0.25, 0.5, 0.75]), strict=True)
            )
            numeric[name] = {"mean": numbers.mean(), "sd": numbers.std(), **quartiles}
        else:
            known = levels.get(name, sorted(values.astype(str).unique()))
            part = _counts(pd.Index(known).get_indexer(values.astype(str)), known)
            part["coding"] = ["reference", *[""] * (len(known) - 1)]
            categorical[name] = part
    note = describe_draws(draws)
    numbers = pd.DataFrame.from_dict(numeric, orient="index").rename_axis("covariate")
    return (
        SummaryTable.of(numbers, note) if numeric else None,
        SummaryTable.of(pd.concat(categorical, names=["covariate", "level"]), note) if categorical else None,
    )


def _groups(draws: xr.DataTree) -> list[Table]:
    """Respondents of each group; of groupings with many groups, how large these are."""
    named, many = {}, {}
    for name in groupings(draws):
        labels = [str(label) for label in draws["constant_data"][name].to_numpy()]
        counts = _counts(draws["constant_data"][f"{name}_index"].to_numpy(), labels)
        if len(labels) <= MOST_GROUPS_NAMED:
            named[name] = counts
        else:
            sizes = counts["n"].quantile([0.0, 0.25, 0.5, 0.75, 1.0])
            quartiles = dict(zip(("smallest", "quartile_1", "median", "quartile_3", "largest"), sizes, strict=True))
            many[name] = {"groups": len(labels), **quartiles}
    note, tables = describe_draws(draws), []
    if named:
        frame = pd.concat(named, names=["grouping", "group"])
        tables.append(Table("groups", "Respondents by group", SummaryTable.of(frame, note)))
    if many:
        frame = pd.DataFrame.from_dict(many, orient="index").rename_axis("grouping")
        tables.append(Table("group_sizes", "Respondents per group", SummaryTable.of(frame, note)))
    return tables


def _items(draws: xr.DataTree) -> list[str]:
    return [str(item) for item in draws["observed_data"][ITEM].to_numpy()]


def _counts(codes: np.ndarray, labels: list[str]) -> pd.DataFrame:
    """How often each label occurs."""
    n = np.bincount(codes, minlength=len(labels))
    percent = 100 * n / n.sum() if n.sum() else np.zeros(len(n))
    return pd.DataFrame({"n": n, "percent": percent}, index=[str(label) for label in labels])
