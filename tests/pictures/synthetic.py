"""Draws such as a fit would hand on, made up without a sampler, of any size and any names."""

import numpy as np
import pandas as pd
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.category_axis import category_axis, on_axis
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.record import distinct_rows, record_answers, record_outcome
from bayes_lca.fitted.views import with_views
from bayes_lca.models import LatentClass, Multinomial

ANSWERS = ["decrease", "no change", "increase"]
AGES = [">50", "<=30", "31-40"]
TERMS = ["age[<=30]", "age[31-40]", "participation"]

RAGGED = {"pay": ANSWERS, "smokes": ["no", "yes"], "mood": ["very low", "low", "middling", "high", "very high"]}
LONG = {
    f"I feel that my work {where} is valued by the group": ANSWERS for where in ("at night", "on the ward", "at home")
}


def synthetic(
    n_classes=3,
    labels=None,
    terms=TERMS,
    groups=None,
    *,
    seen=False,
    padding=np.nan,
    spread=0.3,
    n_draws=30,
    seed=1,
) -> xr.DataTree:
    """Draws such as a fit would hand on, made up."""
    rng = np.random.default_rng(seed)
    labels = {"pay": ANSWERS, "training": ANSWERS} if labels is None else labels
    groups = {"group": 4} if groups is None else groups
    n_categories = max(map(len, labels.values()))
    axis = "category" if seen else "latent_class"
    classes = [f"C{k + 1}" for k in range(n_classes)]
    sample = (2, n_draws)
    coords = {"chain": range(2), "draw": range(n_draws), axis: classes, "term": np.array(terms, dtype="U")}
    variables = {}
    if not seen:
        rho = np.full((*sample, n_classes, len(labels), n_categories), padding)
        for j, own in enumerate(labels.values()):
            weight = rng.uniform(1, 40, size=(n_classes, len(own)))
            for k in range(n_classes):
                rho[:, :, k, j, : len(own)] = rng.dirichlet(weight[k], size=sample)
        share = rng.dirichlet(np.full(n_classes, 200.0), size=sample)
        names, _ = category_axis(list(labels.values()))
        named = on_axis(rho, list(labels.values()))
        coords |= {"item": list(labels), "category": names}
        variables["item_probability"] = (
            ("chain", "draw", axis, "item", "category"),
            np.where(np.isnan(named), padding, named),
        )
        variables["class_share"] = (("chain", "draw", axis), share)
    if terms:
        typical = rng.normal(size=(len(terms), n_classes))
        slope = typical + spread * rng.normal(size=(*sample, len(terms), n_classes))
        variables["slope"] = (("chain", "draw", "term", axis), slope)
    frame = pd.DataFrame({"age": pd.Categorical.from_codes(np.arange(100) % 3, AGES), "participation": np.arange(100)})
    for name, n_groups in groups.items():
        typical = 0.4 * rng.normal(size=(n_groups, n_classes))
        effect = typical + 0.15 * rng.normal(size=(*sample, n_groups, n_classes))
        variables[f"{name}_effect"] = (("chain", "draw", name, axis), effect)
        coords[name] = [f"{name[0].upper()}{g + 1}" for g in range(n_groups)]
        frame[name] = pd.Categorical.from_codes(np.arange(100) % n_groups, coords[name])
    others = {}
    for term in terms:
        if term not in TERMS:
            name, _, level = term.removesuffix("]").partition("[")
            others.setdefault(name, ["reference"]).append(level)
    for name, levels in others.items():
        codes = np.arange(100) % 7 % len(levels)
        frame[name] = pd.Categorical.from_codes(codes, levels) if all(levels) else np.arange(100) % 7
    first = next((name for name in others if terms[0].startswith(name)), None)
    named = dict.fromkeys([*([first] if first else []), *(["age", "participation"] if terms else ["1"]), *others])
    formula = "~ " + " + ".join([*named, *(f"(1 | {name})" for name in groups)])
    design = read_design(frame, formula)
    n_answers = np.array([n_classes] if seen else [len(own) for own in labels.values()])
    codes = (np.arange(100)[:, None] * (1 + np.arange(len(n_answers)))) % n_answers
    rows = distinct_rows(design, codes)
    if seen:
        model = Multinomial("benefit", bl.Regression(formula))
        recorded, attributes = record_outcome(codes[:, 0], "benefit", classes, design, frame.index, rows)
    else:
        model, pattern = (
            LatentClass(n_classes, bl.Items(list(labels)), bl.Regression(formula)),
            unique_rows(codes).pattern,
        )
        answers = list(labels), list(labels.values())
        recorded, attributes = record_answers(codes, pattern, *answers, design, frame.index, rows)
    attributes |= model.identity | {"n_dropped": 2, "n_missing_answers": 3, "n_modes": 1, "relabelled": 1}
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": xr.Dataset(variables, coords)}
    return with_views(xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in recorded.items()}))
