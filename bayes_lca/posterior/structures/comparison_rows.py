"""Rows of the tables of `compare_structures`: one fit against the reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from bayes_lca.dims import CLASS, ITEM
from bayes_lca.posterior.structures.class_distance import (
    ProfileDifference,
    match_classes,
    profile_difference,
    smallest_p,
    total_variation,
)
from bayes_lca.posterior.structures.membership_flow import adjusted_rand, flows
from bayes_lca.posterior.structures.profiles_and_members import Structure, items_in_common

FIT, REFERENCE_CLASS = "fit", "reference_class"


@dataclass(frozen=True, eq=False)
class MatchedStructures:
    """A fit and the reference, classes matched by the items they share.

    Attributes
    ----------
    reference, other : Structure
    items, left_out : list of str
    profiles : tuple of ndarray, shape (draw, latent_class, item, category)
        Of the reference and of the other fit.
    matched : ndarray of int, shape (latent_class of the other,)
        Class of the reference, -1 where there is none.
    differences : dict of int to ProfileDifference
        By class of the other fit.
    """

    reference: Structure
    other: Structure
    items: list[str]
    left_out: list[str]
    profiles: tuple[np.ndarray, np.ndarray]
    matched: np.ndarray
    differences: dict[int, ProfileDifference]

    @classmethod
    def of(cls, reference: Structure, other: Structure) -> Self:
        """Match the classes of two fits."""
        items, left_out = items_in_common(reference, other)
        profiles = reference.of_items(items), other.of_items(items)
        matched = match_classes(*profiles)
        differences = {
            d: profile_difference(profiles[0][:, c], profiles[1][:, d]) for d, c in enumerate(matched) if c >= 0
        }
        return cls(reference, other, items, left_out, profiles, matched, differences)

    def names(self, d: int) -> dict[str, str]:
        """Columns that name a matched class."""
        return {
            FIT: self.other.name,
            CLASS: self.other.classes[d],
            REFERENCE_CLASS: self.reference.classes[self.matched[d]],
        }


def overall_row(pair: MatchedStructures, members: Sequence[np.ndarray] | None, tails: list[float]) -> dict:
    """All matched classes at once; agreement where `members` holds membership probabilities of the same respondents."""
    new = [name for name, c in zip(pair.other.classes, pair.matched, strict=True) if c < 0]
    gone = [name for c, name in enumerate(pair.reference.classes) if c not in pair.matched]
    alone = ((pair.other.name, new), (pair.reference.name, gone))
    row = {
        FIT: pair.other.name,
        "p_value": smallest_p(list(pair.differences.values())),
        "matched": len(pair.differences),
        "unmatched": ", ".join(f"{name} of {fit}" for fit, names in alone for name in names),
        "items": len(pair.items),
        "left_out": ", ".join(pair.left_out),
        "respondents_in_both": 0,
    }
    if members is None:
        return row
    modal = [one.argmax(axis=-1) for one in members]
    within = np.concatenate([adjusted_rand(one, np.roll(one, len(one) // 2, axis=0)) for one in modal])
    index = adjusted_rand(*modal)
    lower, upper = np.quantile(index, tails)
    return row | {
        "respondents_in_both": members[0].shape[1],
        "rand": index.mean(),
        "rand_lower": lower,
        "rand_upper": upper,
        "rand_expected": within.mean(),
    }


def class_rows(pair: MatchedStructures, tolerance: float, tails: list[float]) -> list[dict]:
    """One row per matched class."""
    rows = []
    for d, one in pair.differences.items():
        distance = one.distance.mean(axis=-1)
        share = pair.other.share[:, d] - pair.reference.share[:, pair.matched[d]]
        rows.append(
            {
                **pair.names(d),
                **_with_interval("distance", distance, tails),
                "expected": one.expected.mean(),
                "p_value": one.p_of_class,
                "probability_same": (distance <= tolerance).mean(),
                **_with_interval("share_difference", share, tails, "share_"),
            }
        )
    return rows


def item_rows(pair: MatchedStructures, tolerance: float, tails: list[float]) -> list[dict]:
    """One row per matched class and item, with the category that differs most."""
    rows = []
    for d, one in pair.differences.items():
        p_values = one.p_by_item
        for j, item in enumerate(pair.items):
            labels = pair.reference.labels[item]
            difference = one.difference[:, j, : len(labels)]
            most = int(np.abs(difference.mean(axis=0)).argmax())
            rows.append(
                {
                    **pair.names(d),
                    ITEM: item,
                    **_with_interval("distance", one.distance[:, j], tails),
                    "expected": one.expected[:, j].mean(),
                    "p_value": p_values[j],
                    "probability_same": (one.distance[:, j] <= tolerance).mean(),
                    "category": labels[most],
                    **_with_interval("difference", difference[:, most], tails, "difference_"),
                }
            )
    return rows


def distance_rows(pair: MatchedStructures, tails: list[float]) -> list[dict]:
    """One row per class and class of the reference."""
    return [
        {
            FIT: pair.other.name,
            CLASS: own,
            REFERENCE_CLASS: name,
            **_with_interval(
                "distance", total_variation(pair.profiles[0][:, c], pair.profiles[1][:, d]).mean(-1), tails
            ),
            "matched": bool(pair.matched[d] == c),
        }
        for d, own in enumerate(pair.other.classes)
        for c, name in enumerate(pair.reference.classes)
    ]


def flow_rows(pair: MatchedStructures, members: Sequence[np.ndarray], tails: list[float]) -> list[dict]:
    """One row per class and class of the reference: respondents in both."""
    count = flows(*members)  # (draw, class of the reference, class of the other)
    share = count / np.maximum(count.sum(axis=2, keepdims=True), 1)
    return [
        {
            FIT: pair.other.name,
            CLASS: own,
            REFERENCE_CLASS: name,
            "respondents": count[:, c, d].mean(),
            **_with_interval("share", share[:, c, d], tails),
        }
        for c, name in enumerate(pair.reference.classes)
        for d, own in enumerate(pair.other.classes)
    ]


def _with_interval(name: str, values: np.ndarray, tails: list[float], prefix: str = "") -> dict[str, float]:
    lower, upper = np.quantile(values, tails)
    return {name: values.mean(), f"{prefix}lower": lower, f"{prefix}upper": upper}
