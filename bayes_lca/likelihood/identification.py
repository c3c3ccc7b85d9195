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


def check_cells_of_waves(
    n_classes: int, of_one_wave: int | None, n_categories: Sequence[int], n_waves: int, n_steps: int, n_rows: int
) -> None:
    """Refuse more classes than the table of all answers at all waves can tell apart.

    Parameters
    ----------
    n_classes : int
    of_one_wave : int, optional
        Degrees of freedom of latent classes of one wave; None where answers are no categories.
    n_categories : sequence of int
        Number of categories of each item.
    n_waves, n_steps : int
        Waves, and steps that have transitions of their own.
    n_rows : int
        Rows of the frame, for the message.

    Raises
    ------
    ValueError
    """
    if of_one_wave is None:
        return
    cells = math.prod(int(n) for n in n_categories)
    n_parameters = cells - 1 - of_one_wave + n_steps * n_classes * (n_classes - 1)
    if n_parameters > cells**n_waves - 1:
        raise ValueError(
            f"n_classes={n_classes}: shares, transitions and answers have {n_parameters} parameters, and the table of "
            f"all answers at {n_waves} waves {cells**n_waves} cells ({n_rows} rows), so they are not identified; ask "
            "for fewer classes, or take more items or waves"
        )
