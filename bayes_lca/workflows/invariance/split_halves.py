"""How far the classes of random parts of one sample are apart: what sampling alone gives."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import check_whole, is_whole
from bayes_lca.dims import CLASS
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.answers import membership_given_answers
from bayes_lca.measurement.known_of_classes import KnownOfClasses
from bayes_lca.posterior.labels.matching import cost_of_leaving, match
from bayes_lca.posterior.labels.stephens import membership_costs
from bayes_lca.posterior.structures.class_distance import total_variation
from bayes_lca.sampling.gibbs import sample_gibbs
from bayes_lca.sampling.gibbs_of_sets import sample_sets
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.workflows.class_counts.class_posteriors import SWEEPS

TUNE = 100


def split_halves(
    draws: xr.DataTree,
    *,
    sizes: tuple[int, int] | None = None,
    repeats: int = 20,
    n_draws: int = 250,
    seed: int = 1,
    ci_prob: float = 0.95,
) -> SummaryTable:
    r"""Fit random parts of the respondents separately, and measure how far their classes are apart.

    A reference for `compare_structures`: parts drawn at random differ by sampling alone. Each is fitted without
    covariates, by a Gibbs sampler that starts at the profiles of the whole sample, and its classes are matched, draw by
    draw, with those that its respondents are in with the whole. The distance of two posteriors is the mean over draws
    and items of the total variation
    :math:`\tfrac12 \sum_k |\rho_{jk} - \rho'_{jk}|`, as there.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model to the whole sample.
    sizes : (int, int), optional
        Respondents in the two parts, as many as in the fits that are compared; two halves by default.
    repeats : int, default 20
        Random splits.
    n_draws : int, default 250
        Draws of each of two fits in a split.
    seed : int
    ci_prob : float, default 0.95
        Share of the splits that lie between ``lower`` and ``upper``.

    Returns
    -------
    SummaryTable
        One row per class: the mean ``distance`` over splits, and ``lower`` and ``upper``, quantiles over splits.

    Raises
    ------
    TypeError
        If `draws` is no tree.
    ValueError
        If the fit has no latent classes or was saved without respondents, `sizes` do not fit into the sample, or a
        setting is out of range.
    NotRelabelledError, SeveralModesError
        If the classes of the fit are not the same over its draws.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.split_halves(bl.load_example("alone"), repeats=2, n_draws=10)
    >>> table.index.tolist(), table.columns.tolist()
    (['C1', 'C2'], ['distance', 'lower', 'upper'])
    """
    fit = Fit.of(draws, needs="split_halves")
    tails = tail_probabilities(ci_prob)
    check_whole(least=2, repeats=repeats)
    check_whole(least=10, n_draws=n_draws)
    check_whole(least=0, seed=seed)
    n = fit.n_respondents
    first, second = (n // 2, n - n // 2) if sizes is None else sizes
    if not (is_whole(first, least=1) and is_whole(second, least=1)) or first + second > n:
        raise ValueError(f"sizes={sizes!r}: give the respondents of two parts, together at most the {n} of the fit")
    whole = _Whole.of(fit)
    rng = np.random.default_rng(seed)
    distances = []
    for _ in range(repeats):
        order = rng.permutation(n)
        parts = order[:first], order[first : first + second]
        profiles = [whole.profiles_of(part, n_draws, int(rng.integers(2**32))) for part in parts]
        distances.append(total_variation(*profiles).mean(axis=(0, 2)))
    lower, upper = np.quantile(distances, tails, axis=0)
    classes = pd.Index(fit.classes, name=CLASS)
    table = pd.DataFrame({"distance": np.mean(distances, axis=0), "lower": lower, "upper": upper}, index=classes)
    note = (
        f"{fit.note}; {repeats} random splits into {first} and {second} respondents, {n_draws} draws of "
        f"each part; {100 * ci_prob:g} % of splits lie between lower and upper"
    )
    return SummaryTable.of(table, note)


@dataclass(frozen=True, eq=False)
class _Whole:
    """Classes of the whole sample, and who is in them.

    Attributes
    ----------
    profile : ndarray, shape (latent_class, item, category)
    n_categories : list of int
    known : KnownOfClasses or None
        Weights and restrictions of the fit, under which parts are fitted too.
    leaving : ndarray, shape (latent_class, latent_class)
        Infinite where a class may not have the label of another.
    codes : ndarray, shape (pattern, item)
        Distinct patterns of answers.
    membership : ndarray, shape (pattern, latent_class)
        Mean over draws, and over respondents with the pattern.
    pattern : ndarray of int, shape (respondent,)
    """

    profile: np.ndarray
    n_categories: list[int]
    known: KnownOfClasses | None
    leaving: np.ndarray
    codes: np.ndarray
    membership: np.ndarray
    pattern: np.ndarray

    @classmethod
    def of(cls, fit: Fit) -> "_Whole":
        """The classes of a fit, in its order."""
        first, count = fit.distinct_answers
        pattern = np.searchsorted(fit.answer_pattern[first], fit.answer_pattern)
        members = np.zeros((len(first), len(fit.classes)))
        np.add.at(members, pattern, fit.count[:, None] * fit.membership.mean(axis=0))
        return cls(
            profile=fit.answers.profiles(fit).mean(axis=0),
            n_categories=[len(labels) for labels in fit.labels],
            known=KnownOfClasses.of_specification(
                fit.specification["measurement"], fit.items, fit.labels, len(fit.classes)
            ),
            leaving=cost_of_leaving(fit.exchangeable),
            codes=fit.codes[first],
            membership=members / count[:, None],
            pattern=pattern[fit.pattern_of_respondent],
        )

    def profiles_of(self, part: np.ndarray, n_draws: int, seed: int) -> np.ndarray:
        """Draws of the profiles of some respondents, classes as in the whole."""
        rows, count = np.unique(self.pattern[part], return_counts=True)
        settings = {"draws": n_draws, "tune": TUNE, "seed": seed, "thin": SWEEPS}
        if self.known is None:
            drawn = sample_gibbs(self.codes[rows], count, self.n_categories, self.profile[None], **settings)
        else:
            drawn = sample_sets(self.codes[rows], count, self.known.sets, self.profile[None], **settings)
        profiles = drawn.item_probability[0]
        membership = membership_given_answers(drawn.class_share[0], profiles, self.codes[rows])
        order = match(membership_costs(membership, self.membership[rows], count) + self.leaving)
        return np.take_along_axis(profiles, order[:, :, None, None], axis=1)
