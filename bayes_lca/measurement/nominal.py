"""Which items maximum likelihood, and the Gibbs sampler, can fit."""

from bayes_lca.data.responses import Responses

LONGEST_TEXT = 60


def read_nominal(items, frame) -> Responses:
    """Answers to nominal items.

    Parameters
    ----------
    items : Items
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands

    Returns
    -------
    Responses

    Raises
    ------
    TypeError
        If `items` is no measurement part: a list of names, a structural part, a model.
    ValueError
        If `items` is another measurement part, which would be fitted as if it were nominal, or cannot be read.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> read_nominal(bl.Items(["training", "recognition"]), bl.example_survey()).n_categories
    (3, 3)
    """
    check_nominal(items)
    return items.read(frame)


def check_nominal(items) -> None:
    """Refuse what are no nominal items.

    Raises
    ------
    TypeError, ValueError
        As `read_nominal` does.
    """
    # asked of the part, not of its class: tables of draws use this too, and the class brings PyMC along
    nominal = getattr(items, "nominal", None)
    if nominal is None:
        text = repr(items)
        given = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
        how = "wrap the names of the items, Items([...])"
        if hasattr(items, "measurement"):
            how = f"give the items of this {type(items).__name__}, model.measurement, or Items([...])"
        raise TypeError(f"items={given} is of type {type(items).__name__}, and no measurement part; {how}")
    if not nominal:
        raise ValueError(
            f"{items!r}: numbers of classes and groups are compared for nominal items only; give "
            f"Items({list(items.columns)})"
        )
