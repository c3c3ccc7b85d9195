"""What is taken for granted of a survey, in lines to be read before anything is computed."""

import pandas as pd

from bayes_lca.command_line.settings import Settings
from bayes_lca.data.formula import read_formula
from bayes_lca.data.variable_labels import variable_labels
from bayes_lca.structural.regression import Regression


def assumptions(settings: Settings) -> list[str]:
    """Respondents, answers, order of categories, coding of covariates, groups.

    Raises
    ------
    ValueError
        If items or covariates cannot be read.
    """
    survey, words = settings.survey, variable_labels(settings.survey)
    responses = settings.items.read(survey)
    silent = int((responses.codes < 0).all(axis=1).sum())
    lines = [
        f"{settings.file.name}: {len(survey)} rows, {survey.shape[1]} columns; each row is one respondent",
        f"{len(responses.items)} items, {responses.n_missing} of {responses.codes.size} answers missing (missing at "
        f"random){f', {silent} respondents without any answer' if silent else ''}",
    ]
    for item, labels, order, codes in zip(
        responses.items, responses.labels, responses.orders, responses.codes.T, strict=True
    ):
        about = f" ({words[str(item)]})" if str(item) in words else ""
        lines.append(f"  {item}{about}: {' < '.join(labels)}; order {order}; {int((codes < 0).sum())} missing")
    if settings.regression is not None:
        lines += _of_regression(settings.regression, settings)
    return lines


def _of_regression(regression: Regression, settings: Settings) -> list[str]:
    design = regression.read(settings.survey, settings.missing)
    left_out = int((~design.kept).sum())
    lines = [f"regression {design.formula}: {len(design.matrix)} rows, {left_out} left out for want of a covariate"]
    for name in read_formula(design.formula).covariates:
        values = design.covariates[name]
        if isinstance(values.dtype, pd.CategoricalDtype):
            reference, *others = values.cat.categories
            lines.append(f"  {name}: {', '.join(map(str, others))} against {reference}")
        else:
            low, high = values.min(), values.max()
            lines.append(f"  {name}: number, mean {values.mean():.4g}, from {low:.4g} to {high:.4g}; effects per unit")
    for grouping in design.groupings:
        lines.append(f"  {grouping.name}: {len(grouping.levels)} groups with random intercepts")
    return lines
