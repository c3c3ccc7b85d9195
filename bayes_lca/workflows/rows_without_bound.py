"""Tables of several fits: those that end where the likelihood has no bound have no figures, the others stay."""

import warnings
from collections.abc import Callable, Hashable, Mapping

from bayes_lca.likelihood.without_bound import UnboundedLikelihoodError, UnboundedLikelihoodWarning


def fits_with_bound[Key: Hashable, Found](
    asked: Mapping[Key, Callable[[], Found]], *, stacklevel: int
) -> tuple[dict[Key, Found], dict[Key, UnboundedLikelihoodError]]:
    """Fit one model after the other.

    Parameters
    ----------
    asked : mapping of hashable to callable
        What fits each model.
    stacklevel : int
        Of warnings, 2 for the caller.

    Returns
    -------
    fits, unbounded : dict
        By the same keys, in their order.

    Raises
    ------
    UnboundedLikelihoodError
        If no model has a bound.

    Warns
    -----
    UnboundedLikelihoodWarning
        Of each model without a bound.
    """
    fits, unbounded = {}, {}
    for key, fit in asked.items():
        try:
            fits[key] = fit()
        except UnboundedLikelihoodError as error:
            unbounded[key] = error
    if unbounded and not fits:
        raise next(iter(unbounded.values()))
    for error in unbounded.values():
        warnings.warn(
            f"{error}; this row of the table has no figures", UnboundedLikelihoodWarning, stacklevel=stacklevel + 1
        )
    return fits, unbounded


def without_figures(error: UnboundedLikelihoodError) -> dict[str, int]:
    """What is known of a fit without a bound, by columns of a table."""
    return {
        "parameters": error.n_parameters,
        "starts_at_mode": 0,
        "starts": error.n_starts,
        "converged_starts": error.converged_starts,
    }


def in_note(rows: list[str]) -> list[str]:
    """What a note says of rows without figures."""
    return [f"no figures for {', '.join(rows)}: the likelihood has no bound there"] if rows else []
