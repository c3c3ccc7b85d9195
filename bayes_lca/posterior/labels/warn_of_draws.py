"""What has to be said of draws once their labels are aligned, and stays with them."""

from collections.abc import Sequence

import xarray as xr

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kept_warnings import recorded, with_warnings
from bayes_lca.posterior.labels.convergence import warn_of_convergence
from bayes_lca.posterior.labels.untied_classes import warn_of_untied_classes


def warn_of_draws(tree: xr.DataTree, judged: Sequence[str] = ()) -> None:
    """Warn of chains that disagree and of classes that are not tied; the tree keeps what is said.

    Parameters
    ----------
    tree : xarray.DataTree
        Of a fit, whole.
    judged : sequence of str
        Variables whose convergence was judged in an earlier fit; nothing is said of it.

    Warns
    -----
    ConvergenceWarning, UntiedClassesWarning
    """
    fit = Fit.reading(tree)
    with recorded() as warned:
        warn_of_convergence(fit, judged)
        warn_of_untied_classes(fit)
    tree.attrs = with_warnings(tree.attrs, warned)
