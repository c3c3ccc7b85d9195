"""How many classes, by posteriors: predictive density, smallest class and agreement of chains for each number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_lca.likelihood.leave_one_out import LeaveOneOut, leave_one_out
from bayes_lca.measurement.known_of_classes import KnownOfClasses
from bayes_lca.posterior.labels.agreement import Agreement, agreement
from bayes_lca.posterior.labels.label_free import label_free_quantities
from bayes_lca.posterior.labels.modes import agreeing_chains
from bayes_lca.sampling.gibbs import GibbsDraws, random_start, sample_gibbs
from bayes_lca.sampling.gibbs_of_sets import sample_sets
from bayes_lca.table import tail_probabilities

SWEEPS = 5
"""Sweeps of the Gibbs sampler for each draw, for sweeps are autocorrelated."""


@dataclass(frozen=True, eq=False)
class ClassPosterior:
    """Posterior of a latent class analysis with one number of classes.

    Attributes
    ----------
    draws : GibbsDraws
        All chains, each from another random start.
    mode : ndarray of int, shape (chain,)
        Mode in which each chain stayed.
    loo : LeaveOneOut
        Of the mode that predicts best.
    best : int
        That mode.
    r_hat : float
        Worst of the label-free quantities over all chains.
    in_best : Agreement
        Of the chains of the best mode.
    """

    draws: GibbsDraws
    mode: np.ndarray
    loo: LeaveOneOut
    best: int
    r_hat: float
    in_best: Agreement

    @property
    def n_modes(self) -> int:
        """Modes that chains stayed in."""
        return int(self.mode.max() + 1)

    @property
    def smallest_share(self) -> np.ndarray:
        """Share of the smallest class in the draws of the best mode."""
        return self.draws.class_share[self.mode == self.best].min(axis=-1).ravel()


def sample_classes(
    codes: np.ndarray,
    counts: np.ndarray,
    n_categories: Sequence[int],
    n_classes: int,
    category_weight: float | np.ndarray,
    draws: int,
    tune: int,
    chains: int,
    seed: int,
    *,
    known: KnownOfClasses | None = None,
) -> ClassPosterior:
    """Sample a number of classes from random starts; `category_weight` is that of the prior of item probabilities.

    Of restricted items, `known` has weights and restrictions.
    """
    settings = {"draws": draws, "tune": tune, "seed": seed, "thin": SWEEPS}
    if known is None:
        start = random_start(chains, n_classes, n_categories, seed)
        sampled = sample_gibbs(codes, counts, n_categories, start, category_weight=category_weight, **settings)
    else:
        entries = known.sets.draw_prior(np.random.default_rng(seed), chains, uniform=True)
        sampled = sample_sets(codes, counts, known.sets, known.sets.probabilities(entries), **settings)
    quantities = label_free_quantities(
        sampled.log_likelihood @ counts, sampled.class_share, sampled.item_probability, range(len(n_categories))
    )
    mode = agreeing_chains(quantities)
    by_mode = [leave_one_out(sampled.log_likelihood[mode == number], counts) for number in range(mode.max() + 1)]
    best = int(np.argmax([loo.elpd for loo in by_mode]))
    return ClassPosterior(
        draws=sampled,
        mode=mode,
        loo=by_mode[best],
        best=best,
        r_hat=agreement(quantities).r_hat,
        in_best=agreement(quantities.isel(chain=np.flatnonzero(mode == best))),
    )


def posterior_columns(posteriors: Mapping[int, ClassPosterior], ci_prob: float = 0.95) -> pd.DataFrame:
    """One row per number of classes, differences to the number that predicts best."""
    best = max(posteriors.values(), key=lambda posterior: posterior.loo.elpd)
    rows = []
    for posterior in posteriors.values():
        difference, error = posterior.loo.less(best.loo)
        lower, upper = np.quantile(posterior.smallest_share, tail_probabilities(ci_prob))
        rows.append(
            {
                "elpd": posterior.loo.elpd,
                "elpd_se": posterior.loo.se,
                "elpd_difference": difference,
                "elpd_difference_se": error,
                "high_k": posterior.loo.n_high_k,
                "smallest_share": np.median(posterior.smallest_share),
                "smallest_share_lower": lower,
                "smallest_share_upper": upper,
                "modes": posterior.n_modes,
                "r_hat": posterior.r_hat,
                "ess": posterior.in_best.ess,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(posteriors, name="classes"))


def posterior_note(posteriors: Mapping[int, ClassPosterior]) -> str:
    """What the columns rest on, and which numbers of classes not to trust."""
    n_chains, n_draws, _ = next(iter(posteriors.values())).draws.members.shape
    parts = [
        f"elpd and smallest_share: {n_chains} x {n_draws} draws of a Gibbs sampler from random starts, 95 % intervals"
    ]
    for n_classes, posterior in posteriors.items():
        if posterior.n_modes > 1:
            sizes = ", ".join(map(str, np.bincount(posterior.mode)))
            parts.append(
                f"with {n_classes} classes chains stayed in {posterior.n_modes} modes ({sizes} chains each), and the "
                "figures are those of the mode that predicts best"
            )
        elif not posterior.in_best.holds:
            parts.append(
                f"with {n_classes} classes chains do not agree yet (R-hat {posterior.r_hat:.3f}, "
                f"{posterior.in_best.ess:.0f} effective draws): take more draws"
            )
    return "; ".join(parts)
