"""Whether the groups of a tree still belong together, or were selected or turned round one by one."""

import json

import numpy as np
import xarray as xr

from bayes_lca.data.category_axis import category_axis
from bayes_lca.dims import CATEGORY, COUNT, ITEM, PATTERN, PATTERN_OF_RESPONDENT
from bayes_lca.fitted.record import AXES, ENCODING, PATTERNS, TABLE, respondents_of


def torn_apart(tree: xr.DataTree, class_axis: str) -> str:
    """What does not belong together, as the beginning of a sentence; nothing if all does.

    Chains and draws may be selected. Other axes are shared by groups of the tree, which are read by position.
    """
    attributes, posterior, encoding = tree.attrs, tree["posterior"].to_dataset(), tree[ENCODING].to_dataset()
    names = json.loads(attributes[AXES])
    if ITEM in names and CATEGORY in posterior.coords:
        names[CATEGORY], _ = category_axis(json.loads(attributes["labels"]))
    for axis, expected in names.items():
        for group in (posterior, encoding):
            if axis in group.coords and [str(name) for name in group[axis].to_numpy()] != expected:
                return f"axis {axis!r} has other names, or another order, than when the model was fitted"
    n_classes = attributes.get("n_classes", posterior.sizes[class_axis])
    if posterior.sizes[class_axis] != n_classes:
        return f"the draws have {posterior.sizes[class_axis]} of the {n_classes} classes"
    if PATTERNS not in tree.children:
        return ""
    n_counted = attributes["n_respondents"] + attributes["n_dropped"]
    if TABLE in tree.children and tree[TABLE][COUNT].sum() != n_counted:
        return "respondents are not those that the frequency table counts"
    rows = tree[PATTERNS].to_dataset()
    place, count = respondents_of(tree)[PATTERN_OF_RESPONDENT].to_numpy(), rows[COUNT].to_numpy()
    if len(place) != attributes["n_respondents"]:
        return f"the tree has {len(place)} of the {attributes['n_respondents']} respondents"
    if PATTERN in rows.coords and not np.array_equal(rows[PATTERN], np.arange(len(count))):
        return f"rows of {PATTERNS!r} were selected or turned round"
    if place.min(initial=0) < 0 or not np.array_equal(np.bincount(place, minlength=len(count)), count):
        return "respondents are not those that the distinct rows count"
    return ""
