"""Rows of the tables of `compare_structures`: one fit against the reference."""

from collections.abc import Sequence

import numpy as np

from bayes_lca.dims import CLASS, ITEM
from bayes_lca.posterior.structures.class_distance import smallest_p, total_variation
from bayes_lca.posterior.structures.matched_classes import MatchedClasses
from bayes_lca.posterior.structures.membership_flow import adjusted_rand, flows

FIT, REFERENCE_CLASS = "fit", "reference_class"


def overall_row(pair: MatchedClasses, members: Sequence[np.ndarray] | None, tails: list[float]) -> dict:
    """All matched classes at once; agreement on `members`, the most likely classes of the respondents of both fits."""
    row = {
        FIT: pair.other.name,
        "p_value": smallest_p(list(pair.differences.values())),
        "matched": len(pair.differences),
        "unmatched": ", ".join(pair.unmatched),
        "items": len(pair.items),
        "left_out": ", ".join(pair.left_out),
        "respondents_in_both": 0,
    }
    if members is None:
        return row
    within = np.concatenate([adjusted_rand(modal, np.roll(modal, len(modal) // 2, axis=0)) for modal in members])
    rand = adjusted_rand(*members)
    lower, upper = np.quantile(rand, tails)
    return row | {
        "respondents_in_both": members[0].shape[1],
        "rand": rand.mean(),
        "rand_lower": lower,
        "rand_upper": upper,
        "rand_expected": within.mean(),
    }


def class_rows(pair: MatchedClasses, tolerance: float, tails: list[float]) -> list[dict]:
    """One row per matched class."""
    rows = []
    for d, difference in pair.differences.items():
        distance = difference.distance.mean(axis=-1)
        share = pair.other.share[:, d] - pair.reference.share[:, pair.matched[d]]
        rows.append(
            {
                **_names(pair, d),
                **_with_interval("distance", distance, tails),
                "expected": difference.expected.mean(),
                "p_value": difference.p_of_class,
                "probability_same": (distance <= tolerance).mean(),
                **_with_interval("share_difference", share, tails, "share_"),
            }
        )
    return rows


def item_rows(pair: MatchedClasses, tolerance: float, tails: list[float]) -> list[dict]:
    """One row per matched class and item, with the category that differs most."""
    rows = []
    for d, difference in pair.differences.items():
        p_values = difference.p_by_item
        for j, item in enumerate(pair.items):
            labels = pair.reference.labels[item]
            by_category = difference.difference[:, j, : len(labels)]
            most = int(np.abs(by_category.mean(axis=0)).argmax())
            rows.append(
                {
                    **_names(pair, d),
                    ITEM: item,
                    **_with_interval("distance", difference.distance[:, j], tails),
                    "expected": difference.expected[:, j].mean(),
                    "p_value": p_values[j],
                    "probability_same": (difference.distance[:, j] <= tolerance).mean(),
                    "category": labels[most],
                    **_with_interval("difference", by_category[:, most], tails, "difference_"),
                }
            )
    return rows


def distance_rows(pair: MatchedClasses, tails: list[float]) -> list[dict]:
    """One row per class and class of the reference."""
    of_reference, of_other = pair.profiles
    return [
        {
            FIT: pair.other.name,
            CLASS: name,
            REFERENCE_CLASS: reference_name,
            **_with_interval("distance", total_variation(of_reference[:, c], of_other[:, d]).mean(axis=-1), tails),
            "matched": bool(pair.matched[d] == c),
        }
        for d, name in enumerate(pair.other.classes)
        for c, reference_name in enumerate(pair.reference.classes)
    ]


def flow_rows(pair: MatchedClasses, members: Sequence[np.ndarray], tails: list[float]) -> list[dict]:
    """One row per class and class of the reference: respondents in both."""
    # (draw, class of the reference, class of the other)
    count = flows(*members, len(pair.reference.classes), len(pair.other.classes))
    share = count / np.maximum(count.sum(axis=2, keepdims=True), 1)
    return [
        {
            FIT: pair.other.name,
            CLASS: name,
            REFERENCE_CLASS: reference_name,
            "respondents": count[:, c, d].mean(),
            **_with_interval("share", share[:, c, d], tails),
        }
        for c, reference_name in enumerate(pair.reference.classes)
        for d, name in enumerate(pair.other.classes)
    ]


def _names(pair: MatchedClasses, d: int) -> dict[str, str]:
    """Columns that name a matched class."""
    return {
        FIT: pair.other.name,
        CLASS: pair.other.classes[d],
        REFERENCE_CLASS: pair.reference.classes[pair.matched[d]],
    }


def _with_interval(name: str, values: np.ndarray, tails: list[float], prefix: str = "") -> dict[str, float]:
    lower, upper = np.quantile(values, tails)
    return {name: values.mean(), f"{prefix}lower": lower, f"{prefix}upper": upper}
