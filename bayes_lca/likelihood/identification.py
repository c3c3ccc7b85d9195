"""Whether items have cells enough to tell classes apart."""

import math
import warnings
from collections.abc import Sequence


class UnidentifiedWarning(UserWarning):
    """There are more classes than the items can tell apart, whatever the answers, or restrictions leave some alike."""


def degrees_of_freedom(n_parameters: int, n_categories: Sequence[int]) -> int:
    r"""Count the cells of the table of all answers that the parameters of a model leave free.

    .. math:: \prod_j C_j - 1 - p

    Below zero the model cannot be identified: other parameters give the answers the same probabilities [1]_. At zero
    or above it may still not be, as with three classes and four items of two categories.

    Parameters
    ----------
    n_parameters : int
        Number of free parameters p.
    n_categories : sequence of int
        Number of categories C of each item, shape (item,).

    Returns
    -------
    int

    References
    ----------
    .. [1] Goodman (1974). Exploratory latent structure analysis using both identifiable and unidentifiable models.
       Biometrika 61, 215-231. https://doi.org/10.1093/biomet/61.2.215

    Examples
    --------
    Two classes and two items of two categories: five parameters, four cells.

    >>> degrees_of_freedom(5, (2, 2))
    -2
    """
    return math.prod(int(n) for n in n_categories) - 1 - n_parameters


def warn_of_too_few_cells(n_classes: int, degrees_of_freedom: int | None, *, stacklevel: int) -> None:
    """Warn where classes have more parameters than the table of all answers has cells.

    Parameters
    ----------
    n_classes : int
    degrees_of_freedom : int, optional
        None where answers are no categories.
    stacklevel : int
        As `warnings.warn` takes it, from the caller's point of view.

    Warns
    -----
    UnidentifiedWarning
    """
    if degrees_of_freedom is not None and degrees_of_freedom < 0:
        warnings.warn(
            f"{n_classes} classes have {-degrees_of_freedom} parameters more than these items can tell apart, so they "
            "are not identified: where the answers say nothing, the posterior is the prior; fit fewer classes, or take "
            "more items",
            UnidentifiedWarning,
            stacklevel=stacklevel + 1,
        )
