"""A model made ready for draws: prepared of a frame, and refused where no fit could come of it."""

import json
from dataclasses import replace
from typing import Any, Literal

import xarray as xr

from bayes_lca.data.formula import read_formula
from bayes_lca.data.keys import warn_of_repeated_rows
from bayes_lca.data.responses import CATEGORY_ORDERS
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.data.survey_weights import count_sampled, survey_options
from bayes_lca.data.variable_labels import variable_labels
from bayes_lca.dims import ITEM
from bayes_lca.fitted.fit import parts_of_fit
from bayes_lca.fitted.kept_warnings import recorded, with_warnings
from bayes_lca.fitted.record import ENCODING, exchangeable_classes
from bayes_lca.fitted.record_sequences import PERSON_COLUMN
from bayes_lca.posterior.labels.relabel import checked_order
from bayes_lca.prepared import Model, Prepared


def ready_model(
    model: Model,
    frame,
    *,
    needs: str,
    count: str | int | None,
    missing: Literal["raise", "drop"],
    order: str | int | xr.DataTree,
    key: str | None = None,
    design: SurveyDesign | None = None,
) -> Prepared:
    """What a model makes of a frame, where its draws can be read as a fit.

    Parameters
    ----------
    model : Model
    frame : eager data frame
    needs : str
        Name of the function that asks, ``"fit"`` or ``"adopt"``.
    count : str, int or None
        Column of the number of respondents with each row.
    missing : {"raise", "drop"}
    order : str, int or DataTree
        Display order of the classes.
    key : str, optional
        Column that names the respondents.
    design : SurveyDesign, optional

    Raises
    ------
    TypeError
        If `model` is no model.
    ValueError
        If the frame or its counts cannot be used, `order` does not fit, or nothing is known of the model's fits.

    Warns
    -----
    RepeatedRowsWarning
        If rows share their label, or several may belong to one person.
    UnusedCountsWarning
        If nothing is counted, and a column that the model does not use looks like counts.
    """
    check_model(model, needs)
    prepared = prepare_named(model, frame, count=count, missing=missing, key=key, design=design)
    if prepared.pivot is not None:
        items = [str(item) for item in prepared.groups[ENCODING][ITEM].to_numpy()]
        orders = json.loads(prepared.attributes.get(CATEGORY_ORDERS, "[]"))
        sets = exchangeable_classes(prepared.attributes, len(prepared.pivot))
        checked_order(order, items, sets, dict(zip(items, orders, strict=False)))
    parts_of_fit(prepared.attributes, needs)
    return prepared


def check_model(model: Model, needs: str) -> None:
    """Refuse what is no model, the class of one among it; `needs` is the name of the function that asks."""
    if isinstance(model, type) or not callable(getattr(model, "prepare", None)):
        raise TypeError(
            f"model is {type(model).__name__} {str(model)[:60]!r}; {needs} takes a model and then a frame, such as "
            f"bl.{needs}(LatentClass(3, Items([...])), frame)"
        )


def prepare_named(
    model: Model,
    frame,
    *,
    count: str | int | None,
    missing: Literal["raise", "drop"],
    key: str | None,
    design: SurveyDesign | None = None,
) -> Prepared:
    """The model of a frame or a frequency table, respondents named by the key if there is one.

    Warns of rows that may be one person's, and of a column that looks like counts where nothing is counted; all that is
    warned of stays with it.
    """
    with recorded() as warned:
        sampled: dict[str, Any] = survey_options(model, design)
        columns = getattr(model, "columns", None)  # not all models say their columns
        counted = count_sampled(frame, count, columns, design)
        if counted.words and key is not None:
            by = "" if count is None else f" counted by {count!r}"
            raise ValueError(
                f"key={key!r} names respondents one by one, and each of {len(counted.labels)} rows{by} stands for "
                "several; leave one of the two out"
            )
        person = getattr(model, "person", None)
        if person is not None and (counted.words or key is not None):
            raise ValueError(
                f"{'count=' if counted.words else 'key='} speaks of rows that are respondents, and "
                f"{len(counted.labels)} rows of this frame are waves of persons, who are named by {person!r}; leave it "
                "out"
            )
        prepared = model.prepare(counted.frame, missing=missing, **sampled)
        used = set(map(str, columns or ()))
        prepared = prepared.labelled_by({name: text for name, text in variable_labels(frame).items() if name in used})
        if person is None:
            persons = [prepared.attributes[PERSON_COLUMN]] if PERSON_COLUMN in prepared.attributes else []
            of_design = design.columns if design else ()
            explaining = read_formula(prepared.attributes["formula"]).columns
            warn_of_repeated_rows(frame, (*explaining, *of_design, *persons), key=key)
        if counted.words:
            prepared = prepared.counted_by(counted)
        elif key is not None:
            prepared = prepared.named_by(frame, key)
    return replace(prepared, attributes=with_warnings(prepared.attributes, warned))
