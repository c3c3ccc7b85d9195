"""Answers group by group, and the classes that all groups start from."""

from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import numpy as np
import xarray as xr

from bayes_lca.data.covariates import code_covariate
from bayes_lca.data.declarations import NOTHING_DECLARED
from bayes_lca.data.frame import check_columns, check_frame, check_whole
from bayes_lca.data.responses import Responses
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.answers import membership_given_answers
from bayes_lca.likelihood.em import fit_em
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.nominal import NominalAnswers, read_answers
from bayes_lca.posterior.labels.label_free import label_free_quantities
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.posterior.labels.stephens import align_memberships
from bayes_lca.sampling.gibbs import GibbsDraws


@dataclass(frozen=True, eq=False)
class GroupedAnswers:
    """Answers of respondents in several groups.

    Attributes
    ----------
    answers : NominalAnswers
    by : str
        Column of the groups.
    levels : list of str
        Names of the groups.
    group : ndarray of int, shape (respondent,)
        Of those who gave an answer.
    pivot : ndarray, shape (latent_class, item, category)
        Item probabilities at the maximum likelihood of equal profiles in all groups.
    """

    answers: NominalAnswers
    by: str
    levels: list[str]
    group: np.ndarray
    pivot: np.ndarray

    @property
    def responses(self) -> Responses:
        """Answers of those who gave any."""
        return self.answers.responses

    @cached_property
    def distinct(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Distinct rows of answers of each group, and respondents with each."""
        by_group = []
        for g in range(len(self.levels)):
            codes = self.responses.codes[self.group == g]
            patterns = unique_rows(codes)
            by_group.append((codes[patterns.first], patterns.count))
        return by_group

    @cached_property
    def asked(self) -> np.ndarray:
        """Whether anybody of a group answered an item, shape (group, item)."""
        answered = self.responses.codes >= 0
        return np.array([answered[self.group == g].any(axis=0) for g in range(len(self.levels))])

    @property
    def counts(self) -> np.ndarray:
        """Respondents with each pattern, groups after each other."""
        return np.concatenate([count for _, count in self.distinct])

    def start(self, chains: int) -> np.ndarray:
        """The pivot for every chain and group."""
        return np.broadcast_to(self.pivot, (chains, len(self.levels), *self.pivot.shape))

    def order(self, draws: GibbsDraws) -> np.ndarray:
        """Class of each draw, chains after each other, that has label k in all groups, shape (draw, latent_class)."""
        return self._aligned(draws, np.arange(len(self.levels)))

    def order_by_group(self, draws: GibbsDraws) -> np.ndarray:
        """The same where nothing holds the classes of the groups together, shape (draw, group, latent_class).

        Draws are labelled in each group, and its classes matched with those of the largest group.
        """
        order = np.stack([self._aligned(draws, np.array([g])) for g in range(len(self.levels))], axis=1)
        share = np.take_along_axis(_flat(draws.class_share), order, axis=2).mean(axis=0)
        profile = np.take_along_axis(_flat(draws.item_probability), order[..., None, None], axis=2).mean(axis=0)
        largest = np.bincount(self.group).argmax()
        for g in range(len(self.levels)):
            both = self.asked[g] & self.asked[largest]
            here = profile[g : g + 1][:, :, both]
            names = match_profiles(here, profile[largest][:, both], share[g : g + 1], share[largest])[0]
            order[:, g] = order[:, g, names]
        return order

    def _aligned(self, draws: GibbsDraws, groups: np.ndarray) -> np.ndarray:
        """Labels by who is in the classes of some groups, from those of the pivot on."""
        share, profile = _flat(draws.class_share)[:, groups], _flat(draws.item_probability)[:, groups]
        count = np.concatenate([self.distinct[g][1] for g in groups])

        def membership_in(which):
            of_groups = [
                membership_given_answers(share[which, place], profile[which, place], self.distinct[g][0])
                for place, g in enumerate(groups)
            ]
            return np.concatenate(of_groups, axis=1)

        asked = self.asked[groups][:, None, :, None]  # the others have nothing but their prior
        items = self.asked[groups].any(axis=0)
        mean_profile = ((profile * asked).sum(axis=1) / np.maximum(asked.sum(axis=0), 1))[:, :, items]
        start = match_profiles(mean_profile, self.pivot[:, items], share.mean(axis=1))
        return align_memberships(membership_in, count, start).order

    def _profile(self, draws: GibbsDraws) -> np.ndarray:
        """Item probabilities on average over the groups that were asked, shape (chain, draw, latent_class, ...)."""
        asked = self.asked[:, None, :, None]  # the others have nothing but their prior
        return (draws.item_probability * asked).sum(axis=2) / np.maximum(asked.sum(axis=0), 1)

    def label_free(self, draws: GibbsDraws) -> xr.Dataset:
        """Quantities that no permutation of classes changes, of dims (chain, draw)."""
        return label_free_quantities(
            draws.log_likelihood @ self.counts,
            draws.class_share.mean(axis=2),
            self._profile(draws),
            self.responses.items,
        )

    @property
    def note(self) -> str:
        """Respondents in each group, rows left out and missing answers, as one line."""
        sizes = ", ".join(f"{level} {int((self.group == g).sum())}" for g, level in enumerate(self.levels))
        return self.answers.note_with(f"{self.by}: {sizes}") + self._not_asked

    @property
    def _not_asked(self) -> str:
        """Items that nobody of a group answered, as the end of a note."""
        lacking = [
            f"{item} of {', '.join(compress(self.levels, ~of_item))}"
            for item, of_item in zip(map(str, self.responses.items), self.asked.T, strict=True)
            if not of_item.all()
        ]
        return f"; not asked, and in no distance: {'; '.join(lacking)}" if lacking else ""


def read_groups(
    items: Items,
    frame,
    by: str,
    n_classes: int,
    *,
    count: str | int | None,
    draws: int,
    tune: int,
    chains: int,
    seed: int,
) -> GroupedAnswers:
    """Read answers and groups, and find the maximum likelihood of equal profiles.

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If items are not nominal, items, `by` or counts cannot be used, `by` is missing in some rows or has fewer than
        two levels, a level has fewer respondents than classes, or a setting is out of range.
    """
    check_whole(least=2, n_classes=n_classes, chains=chains)
    check_whole(least=10, draws=draws)
    check_whole(least=0, tune=tune, seed=seed)
    answers = read_answers(items, frame, count, (by,))
    responses = answers.responses
    levels, group = _groups(answers.frame, by, n_classes, answers.answered)
    patterns = unique_rows(responses.codes)
    best = fit_em(responses.codes[patterns.first], patterns.count, responses.n_categories, n_classes, seed=seed)
    return GroupedAnswers(answers, by, levels, group, best.item_probability)


def _flat(values: np.ndarray) -> np.ndarray:
    """Chains after each other."""
    return values.reshape(-1, *values.shape[2:])


def _groups(frame, by: str, n_classes: int, answered: np.ndarray) -> tuple[list[str], np.ndarray]:
    check_frame(frame)
    check_columns(frame, [by], role="group")
    values = NOTHING_DECLARED.column(frame, by, "group column")
    missing = int(values.isna().sum())
    if missing:
        raise ValueError(
            f"column {by!r} is missing in {missing} of {len(values)} rows; complete them, or leave the rows out first"
        )
    coded = code_covariate(
        values.reset_index(drop=True), by, category=True, role="column", instead="name one that has several values"
    )
    coded = coded.cat.remove_unused_categories()
    levels, group = [str(level) for level in coded.cat.categories], coded.cat.codes.to_numpy()[answered]
    sizes = np.bincount(group, minlength=len(levels))
    small = {level: int(size) for level, size in zip(levels, sizes, strict=True) if size < n_classes}
    if small:
        raise ValueError(
            f"levels of {by!r} with fewer respondents than the {n_classes} classes: {small}; join them with others"
        )
    return levels, group
