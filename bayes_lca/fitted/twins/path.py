"""A path through the classes for each person, summed out: twin of the hidden part `Path`."""

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr

from bayes_lca.dims import ANSWERS, CLASS, ITEM, PATTERN, WAVE
from bayes_lca.fitted.drawn_sequences import draw_sequences
from bayes_lca.fitted.flows import flows_of
from bayes_lca.fitted.hidden_of_respondent import HiddenOfRespondent, Occasion
from bayes_lca.fitted.kinds import HIDDEN, register
from bayes_lca.fitted.new_sequences import with_new_sequences
from bayes_lca.fitted.parts_of_rows import PartsOfRows
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.summed_out import SummedOut
from bayes_lca.fitted.twins.common_method import with_finer_nodes
from bayes_lca.likelihood.person import QUADRATURE_ERROR, QUADRATURE_NODES


class PathOfPerson(HiddenOfRespondent):
    r"""The path of a person, :math:`P(z \mid y) \propto P(z_1) \prod_{t>1} P(z_t \mid z_{t-1}) \prod p(y_t \mid z_t)`.

    Membership is the share of the waves at which a person was seen in each class, given all answers; the share of a
    class is that at the first wave.
    """

    def summed_out(self, fit, which: slice | np.ndarray, rows: PartsOfRows) -> SummedOut:
        """Sequences with their paths summed out."""
        paths = paths_of(fit)
        smoothed = paths.smoothed(which, rows.rows, with_moves=False)
        seen = paths.seen[rows.rows].T.astype(float)  # (wave, row)
        seen[:, ~seen.any(axis=0)] = 1.0
        membership = np.einsum("tksr,tr->ksr", smoothed.membership, seen / seen.sum(axis=0))
        log_class = fit.structural.log_class(fit, rows.matrix, rows.groups, which)  # (draw, covariates, class)
        share = np.einsum("sxc,x->sc", np.exp(log_class), rows.share_of_covariates)
        return SummedOut(smoothed.log_likelihood, np.moveaxis(membership, 0, -1), share)

    def with_new_rows(self, fit, frame, seed: int) -> tuple:
        """With the persons of a long frame; see `with_new_sequences`."""
        return with_new_sequences(fit, frame, seed)

    def class_sizes(self, fit) -> xr.DataArray:
        """Share of each class at every wave, averaged over the persons whose covariates are known then."""
        fit.require_respondents("class sizes at every wave")
        axes = {WAVE: list(paths_of(fit).waves), CLASS: list(fit.classes)}
        values = fit.by_chain(flows_of(fit).size)
        return xr.DataArray(values, dims=("chain", "draw", *axes), coords={**fit.chain_coords, **axes})

    def class_sizes_note(self, fit) -> str:
        """How many persons each wave is averaged over."""
        n = ", ".join(
            f"{of_wave} at wave {wave}" for of_wave, wave in zip(flows_of(fit).n, paths_of(fit).waves, strict=True)
        )
        return f"shares of the persons seen at a wave or later: {n}"

    def occasions(self, fit) -> Iterator[Occasion]:
        """Membership at every wave given all answers of the person."""
        paths, waves = paths_of(fit), paths_of(fit).waves
        membership = np.empty((len(waves), fit.n_draws, len(fit.count), len(fit.classes)), dtype=np.float32)
        step = fit.draws_nearby(len(fit.count) * len(waves))
        for start in range(0, fit.n_draws, step):
            which = slice(start, min(start + step, fit.n_draws))
            membership[:, which] = np.moveaxis(paths.smoothed(which, with_moves=False).membership, 1, -1)
        for place, wave in enumerate(waves):
            mean = membership[place].mean(axis=0, dtype=float)
            yield Occasion({WAVE: wave}, membership[place], mean, paths.seen[:, place])

    def answers_given(self, fit) -> tuple[np.ndarray, np.ndarray]:
        """Answers at all waves at which persons were seen."""
        codes, seen = fit.patterns[ANSWERS].transpose(PATTERN, WAVE, ITEM).to_numpy(), paths_of(fit).seen
        return codes[seen], np.broadcast_to(fit.count[:, None], seen.shape)[seen]

    def trait_moments(self, fit, draws: np.ndarray, powers: np.ndarray) -> np.ndarray:
        """Given the answers at all waves, the path summed out."""
        return np.einsum("srq,qm->rm", paths_of(fit).persons(draws), powers)

    def axes_of_answers(self, fit) -> Mapping[str, list[str]]:
        """Waves."""
        return {WAVE: list(paths_of(fit).waves)}

    def draw_answers(self, fit, which: slice, rng: np.random.Generator) -> np.ndarray:
        """Along paths drawn anew, missing where answers and waves are missing; (draw, respondent, wave, item)."""
        return draw_sequences(paths_of(fit), which, rng)

    def attributes_of_draws(self, fit) -> dict[str, str | int | float]:
        """By how much the sum over persons is off: the largest change of the log-likelihood with twice the nodes."""
        if QUADRATURE_NODES not in fit.attributes:
            return {}
        finer, draws = with_finer_nodes(fit), fit.answers.draws_to_check(fit)
        coarse, fine = (
            paths_of(each).smoothed(draws, with_moves=False).log_likelihood @ fit.weight for each in (fit, finer)
        )
        return {QUADRATURE_ERROR: float(np.abs(fine - coarse).max())}


register(HIDDEN, "Path", PathOfPerson(), home=__name__)
