"""Items that have copies at each wave, for maximum likelihood of paths."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.baum_welch import PathMaximum
from bayes_lca.likelihood.families import Family, Parameters
from bayes_lca.measurement.interface import Measurement
from bayes_lca.measurement.item_copies import ItemCopies


@dataclass(frozen=True, eq=False)
class FamiliesOfCopies:
    """What `fit_paths` takes where some items are free over waves.

    Attributes
    ----------
    of_rows : tuple of Family
        Of equal items, then of each wave, part after part.
    rows : ndarray of int, shape (sequence, wave)
        Distinct row of each sequence at each wave, -1 where a wave is missing; rows of two waves differ.
    places : ndarray, shape (row, place)
        Rows as points, copies of an item in one place.
    copied : Responses or Numbers
        Answers to the copies.
    pieces : tuple of (int, ndarray)
        Part of each family, and its copies by their position in the part.
    """

    of_rows: tuple[Family, ...]
    rows: np.ndarray
    places: np.ndarray
    copied: object
    pieces: tuple[tuple[int, np.ndarray], ...]

    def joined(self, maximum: PathMaximum) -> PathMaximum:
        """A maximum with one set of parameters for each part, copies in their order."""
        of_parts = []
        for part in range(1 + self.pieces[-1][0]):
            chosen = [place for place, (own, _) in enumerate(self.pieces) if own == part]
            order = np.argsort(np.concatenate([self.pieces[place][1] for place in chosen]))
            of_parts.append(_side_by_side([maximum.parameters[place] for place in chosen], order))
        return replace(maximum, parameters=tuple(of_parts))


def families_of_copies(
    copies: ItemCopies, measurement: Measurement, responses, first: np.ndarray, answers: np.ndarray
) -> FamiliesOfCopies | None:
    """Families of the copies of items; None where the part has no maximum likelihood of this kind.

    Parameters
    ----------
    copies : ItemCopies
    measurement : Measurement
    responses : Responses or Numbers
        Of the items.
    first : ndarray of int, shape (answers,)
        Where each of the distinct answers first stands.
    answers : ndarray of int, shape (sequence, wave)
        Which of them each distinct sequence has, -1 where a wave is missing.
    """
    if (families := measurement.families(responses, first)) is None:
        return None
    places = np.concatenate([family.places for family in families], axis=1)
    if not copies.any:
        pieces = tuple((part, np.arange(len(each.items))) for part, each in enumerate(_parts(responses)))
        return FamiliesOfCopies(families, answers, places, responses, pieces)
    there = answers >= 0
    wave = np.nonzero(there)[1]
    distinct = unique_rows(answers[there], wave)
    rows = np.full(answers.shape, -1)
    rows[there] = distinct.pattern
    of_answers, of_wave = answers[there][distinct.first], wave[distinct.first]
    copied = responses.repeated(copies.source, copies.names)
    of_copies = measurement.families(copied, first[of_answers]) or ()
    is_equal, everywhere = np.bincount(copies.source)[copies.source] == 1, np.ones(len(of_wave), dtype=bool)
    masks = [(is_equal, everywhere)]
    masks += [(np.isin(np.arange(len(is_equal)), here) & ~is_equal, of_wave == t) for t, here in enumerate(copies.at)]
    of_rows, pieces, begin = [], [], 0
    for part, (family, own) in enumerate(zip(of_copies, _parts(copied), strict=True)):
        end = begin + len(own.items)
        for mask, in_rows in masks:
            if len(which := np.flatnonzero(mask[begin:end])):
                of_rows.append(family.some(which, in_rows))
                pieces.append((part, which))
        begin = end
    return FamiliesOfCopies(tuple(of_rows), rows, places[of_answers], copied, tuple(pieces))


def _parts(responses) -> tuple:
    return getattr(responses, "parts", (responses,))


def _side_by_side(parameters: Sequence[Parameters], order: np.ndarray) -> Parameters:
    """Parameters of several families as one, 0 beyond the categories of an item."""
    result = {}
    for name in parameters[0]:
        values = [each[name] for each in parameters]
        width = max(each.shape[2:] for each in values)
        padded = [
            np.pad(
                each,
                [(0, 0), (0, 0), *((0, wide - narrow) for wide, narrow in zip(width, each.shape[2:], strict=True))],
            )
            for each in values
        ]
        result[name] = np.concatenate(padded, axis=1)[:, order]
    return result
