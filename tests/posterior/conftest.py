"""Draws made up without sampling, in trees as `fit` makes them, for tests of what is computed from draws."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.record import distinct_rows, record_answers, record_outcome
from bayes_lca.fitted.views import with_views
from bayes_lca.models import LatentClass, Multinomial

CLASSES = ["little", "some", "much"]
CITIES = ["Qiqihar", "Qiqihar", "Qiqihar", "Hefei", "Hefei", "Hefei"]
SCORES = [3.5, 8.0, 15.5, 20.0, 22.0, 28.5]
TIERS = ["low", "low", "medium", "medium", "high", "high"]


def staff(n=160, seed=3):
    """Respondents in six groups of unequal size, in two cities; every kind of covariate."""
    rng = np.random.default_rng(seed)
    group = np.concatenate([np.arange(6), rng.choice(6, n - 6, p=[0.3, 0.2, 0.2, 0.1, 0.15, 0.05])])
    return pd.DataFrame(
        {
            "x": rng.integers(1, 9, size=n) / 2,
            "z": rng.normal(10, 3, size=n),
            "k": rng.integers(1, 4, size=n),
            "yes": rng.random(n) < 0.5,
            "role": np.where(rng.random(n) < 0.4, "lead", "member"),
            "age": pd.Categorical(rng.choice(["<=30", "31-40", ">40"], n), ["<=30", "31-40", ">40"]),
            "ward": rng.choice(["A", "B"], n),
            "group": [f"G{g + 1}" for g in group],
            "city": [CITIES[g] for g in group],
            "score": [SCORES[g] for g in group],
            "tier": pd.Categorical([TIERS[g] for g in group], ["low", "medium", "high"]),
        },
        index=pd.RangeIndex(1, n + 1, name="respondent"),
    )


def made_up_draws(formula, frame=None, *, reference=None, latent=False, chains=2, draws=40, spread=0.3, seed=8):
    """A tree with the design of a frame and random coefficients about a random centre."""
    frame = staff() if frame is None else frame
    design = read_design(frame, formula, reference=reference)
    rng = np.random.default_rng(seed)
    axis = "latent_class" if latent else "category"
    coords = {axis: ["C1", "C2", "C3"] if latent else CLASSES, "chain": range(chains), "draw": range(draws)}

    def around(sd, **sizes):
        """Draws that add up to zero over classes, about a centre of their own."""
        shape = [*sizes.values(), 3]
        values = rng.normal(0, sd, shape) + rng.normal(0, spread * sd, (chains, draws, *shape))
        return ("chain", "draw", *sizes, axis), values - values.mean(axis=-1, keepdims=True)

    variables = {"intercept": around(0.7)}
    if design.terms:
        dims, slope = around(0.6, term=len(design.terms))
        variables["slope"] = dims, slope / design.scale[:, None]
        coords["term"] = list(design.terms)
    for grouping in design.groupings:
        name = grouping.name
        coords[name] = list(grouping.levels)
        variables[f"{name}_effect"] = around(0.6, **{name: len(grouping.levels)})
        variables[f"{name}_sd"] = ("chain", "draw", axis), np.abs(rng.normal(0.6, 0.2, (chains, draws, 3)))
        if grouping.varying:
            terms = [design.terms[column] for column in grouping.varying]
            coords[f"{name}_term"] = terms
            dims, slope = around(0.4, **{name: len(grouping.levels), f"{name}_term": len(terms)})
            scale = design.scale[list(grouping.varying)][:, None]
            variables[f"{name}_slope"] = dims, slope / scale
            sd = np.abs(rng.normal(0.5, 0.1, (chains, draws, len(terms), 3)))
            variables[f"{name}_slope_sd"] = ("chain", "draw", f"{name}_term", axis), sd / scale
    if latent:
        codes = rng.integers(-1, 2, size=(len(frame), 3))
        rho = rng.uniform(0.1, 0.9, (3, 3)) + spread * rng.uniform(-0.1, 0.1, (chains, draws, 3, 3))
        both = np.stack([1 - rho, rho], axis=-1)
        variables["item_probability"] = ("chain", "draw", axis, "item", "category"), both
        items, labels = ["a", "b", "c"], [["no", "yes"]] * 3
        coords |= {"item": items, "category": labels[0]}
        pattern, rows = unique_rows(codes).pattern, distinct_rows(design, codes)
        groups, attributes = record_answers(codes, pattern, items, labels, design, frame.index, rows)
        model = LatentClass(3, bl.Items(items), bl.Regression(formula))
    else:
        codes = rng.integers(3, size=len(frame))
        rows = distinct_rows(design, codes)
        groups, attributes = record_outcome(codes, "benefit", CLASSES, design, frame.index, rows)
        model = Multinomial("benefit", bl.Regression(formula))
    attributes |= model.identity | {"n_modes": 1, "relabelled": 1}
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": xr.Dataset(variables, coords)}
    tree = xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()})
    return with_views(tree)


def probability_by_hand(draws, terms, groups=None):
    """P(class) in every draw, shape (draw, class), for design columns and groups given by name."""
    posterior, center = draws["posterior"], draws["constant_data"]["design_center"].to_numpy()

    def of(variable, **labels):
        """One row of a variable, shape (draw, class)."""
        places = [posterior[dim].to_numpy().tolist().index(label) for dim, label in labels.items()]
        return posterior[variable].to_numpy()[(slice(None), slice(None), *places)].reshape(-1, 3)

    eta = of("intercept")
    for term, value in terms.items():
        eta = eta + of("slope", term=term) * float(value)
    for name, level in (groups or {}).items():
        eta = eta + of(f"{name}_effect", **{name: level})
        for term in posterior[f"{name}_term"].to_numpy().tolist() if f"{name}_term" in posterior.coords else ():
            distance = float(terms[term]) - center[posterior["term"].to_numpy().tolist().index(term)]
            eta = eta + of(f"{name}_slope", **{name: level, f"{name}_term": term}) * distance
    return np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)


@pytest.fixture(scope="session")
def made_up():
    """`staff()`, `draws(formula, ...)` and the oracle `probability(draws, terms, groups)`."""
    return SimpleNamespace(staff=staff, draws=made_up_draws, probability=probability_by_hand, classes=CLASSES)


@pytest.fixture(scope="session")
def hand_made_fit():
    """From shares, item probabilities and codes to a tree of draws of a latent class analysis, without a sampler."""
    return fit_of_arrays


def fit_of_arrays(share, probability, codes):
    """Shapes (chain, draw, class), (chain, draw, class, item, category) and (respondent, item)."""
    classes = [f"C{k + 1}" for k in range(share.shape[-1])]
    items = [f"item{j + 1}" for j in range(codes.shape[1])]
    design = read_design(pd.DataFrame(index=range(len(codes))), "~ 1")
    pattern, labels = unique_rows(codes).pattern, [[f"answer {k}" for k in range(probability.shape[-1])]] * len(items)
    groups, attributes = record_answers(
        codes, pattern, items, labels, design, design.covariates.index, distinct_rows(design, codes)
    )
    posterior = xr.Dataset(
        {
            "class_share": (("chain", "draw", "latent_class"), share),
            "item_probability": (("chain", "draw", "latent_class", "item", "category"), probability),
        },
        {"chain": range(share.shape[0]), "draw": range(share.shape[1]), "latent_class": classes, "item": items},
    )
    attributes |= LatentClass(len(classes), bl.Items(items)).identity | {"relabelled": 1}
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior}
    return xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()})
