"""A model made ready for draws: prepared of a frame, and refused where no fit could come of it."""

from typing import Literal

import xarray as xr

from bayes_lca.dims import ITEM
from bayes_lca.fitted.fit import parts_of_fit
from bayes_lca.fitted.record import ENCODING
from bayes_lca.posterior.labels.relabel import checked_order
from bayes_lca.prepared import Model, Prepared


def ready_model(
    model: Model, frame, *, needs: str, missing: Literal["raise", "drop"], order: str | int | xr.DataTree
) -> Prepared:
    """What a model makes of a frame, where its draws can be read as a fit.

    Parameters
    ----------
    model : Model
    frame : eager data frame
    needs : str
        Name of the function that asks, ``"fit"`` or ``"adopt"``.
    missing : {"raise", "drop"}
    order : str, int or DataTree
        Display order of the classes.

    Raises
    ------
    TypeError
        If `model` is no model.
    ValueError
        If the frame cannot be used, `order` does not fit, or nothing is known of the model's fits.
    """
    if not callable(getattr(model, "prepare", None)):
        raise TypeError(
            f"model is {type(model).__name__} {str(model)[:60]!r}; {needs} takes a model and then a frame, such as "
            f"bl.{needs}(LatentClass(3, Items([...])), frame)"
        )
    prepared = model.prepare(frame, missing=missing)
    if prepared.pivot is not None:
        items = [str(item) for item in prepared.groups[ENCODING][ITEM].to_numpy()]
        checked_order(order, items, len(prepared.pivot))
    parts_of_fit(prepared.attributes, needs)
    return prepared
