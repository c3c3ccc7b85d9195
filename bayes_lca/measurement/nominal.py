"""Which items maximum likelihood, and the sampler by turns, can fit."""

from bayes_lca.data.responses import Responses


def read_nominal(items, frame) -> Responses:
    """Answers to nominal items.

    Raises
    ------
    ValueError
        If `items` is another measurement part, which would be fitted as if it were nominal.
    """
    if not items.nominal:
        raise ValueError(
            f"{items!r}: numbers of classes are compared for nominal items only; give Items({list(items.items)})"
        )
    return items.read(frame)
