"""Several fits, each with a name."""

from collections.abc import Mapping

import xarray as xr

from bayes_lca.fitted.fit import Fit


def check_named(fits: object, needs: str) -> None:
    """Refuse what is no mapping of names to fits, such as a list of them.

    Parameters
    ----------
    fits : object
        As it was given.
    needs : str
        Name of the function that takes the fits.

    Raises
    ------
    TypeError
    """
    if isinstance(fits, Mapping) and not isinstance(fits, xr.DataTree):
        return
    given = f"a {type(fits).__name__}"
    if isinstance(fits, list | tuple):
        given += f" of {len(fits)}, in which they have no names"
    elif isinstance(fits, xr.DataTree | Fit):
        given = "one fit alone"
    raise TypeError(f'{needs} takes fits by name, {{"lead": a, "member": b}}, and was given {given}')


def named_fit(name: object, draws: "xr.DataTree | Fit", needs: str) -> Fit:
    """The fit behind draws, as `Fit.of` gives it; a refusal has a note that says which of the fits it is about."""
    try:
        return Fit.of(draws, needs)
    except (TypeError, ValueError) as refusal:
        refusal.add_note(f"the fit named {name!r}")
        raise


def named_fits(fits: Mapping, needs: str) -> dict[str, Fit]:
    """The fits of a mapping, by name.

    Raises
    ------
    TypeError, ValueError
        If `fits` is no mapping, or one of the fits may not be used; see `Fit.of`.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.
    """
    check_named(fits, needs)
    return {str(name): named_fit(name, draws, needs) for name, draws in fits.items()}
