"""Items are what classes are made of, and explain no classes."""

from collections.abc import Iterable

from bayes_lca.data.frame import named
from bayes_lca.measurement.interface import Measurement


def check_no_items(measurement: Measurement, explaining: Iterable[str], n_rows: int) -> None:
    """Refuse items among the covariates and groups of the classes that they define.

    Raises
    ------
    ValueError
    """
    if both := [name for name in measurement.columns if str(name) in set(explaining)]:
        raise ValueError(
            f"item(s) {named(both)} are also in the formula of the classes of {n_rows} rows: they are what the classes "
            "are made of, and cannot explain them too; leave them out of the items, or out of the formula"
        )
