"""What is hidden in a fit, and summed out: the interface of the twins of hidden parts."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_lca.data.categories import draw_category
from bayes_lca.dims import CLASS_SHARE
from bayes_lca.fitted.new_rows import with_new_rows
from bayes_lca.fitted.parts_of_rows import PartsOfRows
from bayes_lca.fitted.summed_out import SummedOut
from bayes_lca.fitted.unseen_group_likelihood import new_group_log_likelihood


@dataclass(frozen=True, eq=False)
class Occasion:
    """Classes of the distinct rows on an occasion.

    Attributes
    ----------
    label : mapping of str to str
        Name and value of what tells it from others, such as a wave; empty where there is one occasion.
    membership : ndarray, shape (draw, pattern, latent_class)
    mean : ndarray, shape (pattern, latent_class)
        Over all draws.
    seen : ndarray of bool, shape (pattern,)
        Whether respondents with each row were seen.
    """

    label: Mapping[str, str]
    membership: np.ndarray
    mean: np.ndarray
    seen: np.ndarray


class HiddenOfRespondent(ABC):
    """What is hidden in a fit, and summed out: the twin of a hidden part, in NumPy."""

    @abstractmethod
    def summed_out(self, fit, which: slice | np.ndarray, rows: PartsOfRows) -> SummedOut:
        """Distinct rows with all that is hidden summed out, in some draws.

        Parameters
        ----------
        fit : Fit
        which : slice or ndarray of int
            Draws, chains after each other.
        rows : PartsOfRows
            From ``fit.parts_of_rows``.
        """

    def log_evidence(self, fit, rows: np.ndarray, which) -> np.ndarray:
        """Log density of what was seen of some rows, by position, given the class; (draw or 1, row, latent_class)."""
        return fit.answers.log_density(fit, rows, which)

    def with_new_rows(self, fit, frame, seed: int) -> tuple:
        """The fit with the respondents of a frame in place of its own, and groups that it has not seen."""
        return with_new_rows(fit, frame, seed)

    def class_sizes(self, fit) -> xr.DataArray:
        """Share of each class among the respondents, dims (chain, draw, ..., latent_class)."""
        return fit.posterior[CLASS_SHARE]

    def class_sizes_note(self, fit) -> str:
        """Whose shares these are; empty where they are those of all respondents."""
        return ""

    def occasions(self, fit) -> Iterator[Occasion]:
        """Membership at each occasion on which respondents were in a class; one where they were asked once."""
        yield Occasion({}, fit.membership, fit.mean_membership, np.ones(len(fit.count), dtype=bool))

    def answers_given(self, fit) -> tuple[np.ndarray, np.ndarray]:
        """Distinct rows of answers (row, item), and how often respondents gave each, on whatever occasion (row,)."""
        return fit.codes, fit.count

    def attributes_of_draws(self, fit) -> dict[str, str | int | float]:
        """What draws should remember of how well their densities were computed."""
        return fit.answers.attributes_of_draws(fit)

    def draw_class(self, fit, which: slice, rng: np.random.Generator) -> np.ndarray:
        """Classes of the respondents drawn given covariates and groups, without their answers; (draw, respondent)."""
        share = np.exp(fit.log_class(slice(None), which))
        share = np.broadcast_to(share, (len(share), len(fit.count), share.shape[-1]))
        return draw_category(share[:, fit.pattern_of_respondent], rng)

    def trait_moments(self, fit, draws: np.ndarray, powers: np.ndarray) -> np.ndarray:
        """Means of powers of the person's traits given all answers, added up over draws, shape (row, power).

        Parameters
        ----------
        fit : Fit
            Whose answers depend on the person.
        draws : ndarray of int
        powers : ndarray, shape (person, power)
            Of each person of the grid.
        """
        log_joint = fit.answers.log_density_of_persons(fit, draws)  # (draw, answers, latent_class, person)
        of_person = np.exp(log_joint - log_joint.max(axis=-1, keepdims=True))
        of_person /= of_person.sum(axis=-1, keepdims=True)
        moments = of_person @ powers  # (draw, answers, latent_class, power)
        parts = fit.parts_of_rows()
        membership = self.summed_out(fit, draws, parts).membership
        return np.einsum("src,srcm->rm", membership, moments[:, parts.answers])

    def axes_of_answers(self, fit) -> Mapping[str, list[str]]:
        """What lies between respondents and items where answers are stored, such as waves; nothing as a rule."""
        return {}

    def draw_answers(self, fit, which: slice, rng: np.random.Generator) -> np.ndarray:
        """Answers of the respondents drawn given covariates and groups; (draw, respondent, *axes_of_answers, item)."""
        return fit.answers.draw(fit, which, self.draw_class(fit, which, rng), rng)

    def unseen_group_log_likelihood(self, fit, grouping: str, group: int, which: np.ndarray, rng) -> np.ndarray:
        """Log probability of all answers of a group as if it were new; see `new_group_log_likelihood`."""
        return new_group_log_likelihood(fit, grouping, group, which, rng)
