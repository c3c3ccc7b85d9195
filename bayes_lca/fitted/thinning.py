"""Which draws are used where all would take too long: every so many of them, over all chains."""

from bayes_lca.data.frame import check_whole


def draws_used(fit, step: int) -> int:
    """How many draws there are if every `step`-th is taken, chains after each other."""
    return -(-fit.n_draws // step)


def thinning(fit, n_draws: int, seed: int) -> int:
    """The step that leaves `n_draws` draws at the most.

    Parameters
    ----------
    fit : Fit
    n_draws : int
    seed : int
        Of what is drawn at random in each of these draws.

    Raises
    ------
    ValueError
        If `n_draws` is not at least 2 or `seed` is negative.
    """
    check_whole(least=2, n_draws=n_draws)
    check_whole(least=0, seed=seed)
    return draws_used(fit, n_draws)
