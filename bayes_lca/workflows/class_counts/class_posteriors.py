"""How many classes, by posteriors: predictive density, smallest class and agreement of chains for each number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import arviz_stats
import numpy as np
import pandas as pd

from bayes_lca.likelihood.leave_one_out import LeaveOneOut, leave_one_out
from bayes_lca.posterior.labels.convergence import LARGEST_R_HAT, SMALLEST_ESS, agreeing_chains
from bayes_lca.posterior.labels.label_free import label_free_quantities
from bayes_lca.sampling.gibbs import GibbsDraws, random_start, sample_gibbs
from bayes_lca.table import tail_probabilities

SWEEPS = 5
"""Sweeps of the sampler for each draw: one after the other they resemble each other."""


@dataclass(frozen=True, eq=False)
class ClassPosterior:
    """Posterior of a latent class analysis with one number of classes.

    Attributes
    ----------
    draws : GibbsDraws
        All chains, each from a start of its own.
    mode : ndarray of int, shape (chain,)
        Mode in which each chain stayed.
    loo : LeaveOneOut
        Of the mode that predicts best.
    best : int
        That mode.
    r_hat, ess : float
        Worst of the label-free quantities, R-hat over all chains, effective draws in the best mode.
    """

    draws: GibbsDraws
    mode: np.ndarray
    loo: LeaveOneOut
    best: int
    r_hat: float
    ess: float

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
    category_weight: float,
    draws: int,
    tune: int,
    chains: int,
    seed: int,
) -> ClassPosterior:
    """Sample a number of classes from random starts; `category_weight` is that of the prior of item probabilities."""
    start = random_start(chains, n_classes, n_categories, seed)
    settings = {"category_weight": category_weight, "draws": draws, "tune": tune, "seed": seed, "thin": SWEEPS}
    found = sample_gibbs(codes, counts, n_categories, start, **settings)
    quantities = label_free_quantities(found.log_likelihood @ counts, found.class_share)
    mode = agreeing_chains(quantities)
    by_mode = [leave_one_out(found.log_likelihood[mode == number], counts) for number in range(mode.max() + 1)]
    best = int(np.argmax([one.elpd for one in by_mode]))
    kept = quantities.isel(chain=np.flatnonzero(mode == best))
    return ClassPosterior(
        draws=found,
        mode=mode,
        loo=by_mode[best],
        best=best,
        r_hat=max(float(arviz_stats.rhat(values)) for values in quantities.data_vars.values()),
        ess=min(float(arviz_stats.ess(values)) for values in kept.data_vars.values()),
    )


def posterior_columns(posteriors: Mapping[int, ClassPosterior], ci_prob: float = 0.95) -> pd.DataFrame:
    """One row per number of classes, differences to the number that predicts best."""
    best = max(posteriors.values(), key=lambda one: one.loo.elpd)
    rows = []
    for one in posteriors.values():
        difference, error = one.loo.less(best.loo)
        lower, upper = np.quantile(one.smallest_share, tail_probabilities(ci_prob))
        rows.append(
            {
                "elpd": one.loo.elpd,
                "elpd_se": one.loo.se,
                "elpd_difference": difference,
                "elpd_difference_se": error,
                "high_k": one.loo.n_high_k,
                "smallest_share": np.median(one.smallest_share),
                "smallest_share_lower": lower,
                "smallest_share_upper": upper,
                "modes": one.n_modes,
                "r_hat": one.r_hat,
                "ess": one.ess,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(posteriors, name="classes"))


def posterior_note(posteriors: Mapping[int, ClassPosterior]) -> str:
    """What the columns rest on, and which numbers of classes not to trust."""
    n_chains, n_draws, _ = next(iter(posteriors.values())).draws.members.shape
    parts = [
        f"elpd and smallest_share: {n_chains} x {n_draws} draws of a Gibbs sampler from random starts, 95 % intervals"
    ]
    for n_classes, one in posteriors.items():
        if one.n_modes > 1:
            sizes = ", ".join(map(str, np.bincount(one.mode)))
            parts.append(
                f"with {n_classes} classes chains stayed in {one.n_modes} modes ({sizes} chains each), and the figures "
                "are those of the mode that predicts best"
            )
        elif one.r_hat > LARGEST_R_HAT or one.ess < SMALLEST_ESS:
            parts.append(
                f"with {n_classes} classes chains do not agree yet (R-hat {one.r_hat:.3f}, {one.ess:.0f} effective "
                "draws): take more draws"
            )
    return "; ".join(parts)
