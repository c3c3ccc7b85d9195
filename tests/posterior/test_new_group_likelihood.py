"""Random intercepts of a new group integrated out, against quadrature over the effects themselves."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy.special import log_softmax, logsumexp
from scipy.stats import multivariate_normal

from bayes_lca.posterior.class_logits import class_log_shares
from bayes_lca.posterior.new_group_likelihood import POINTS, GroupRows, new_group_log_likelihood

N_DRAWS = 6
GROUPS = ["north", "south", "east"]


def draws_of(n_classes, *, latent, clear=0.85, size=40, correlated=False, slopes=False, second=False, sd=1.0, seed=0):
    """A tree of few draws: three groups, one covariate of three values, four items that tell classes apart or less."""
    rng = np.random.default_rng([seed, n_classes, size])
    n = len(GROUPS) * size
    index, x = np.repeat(np.arange(len(GROUPS)), size), rng.integers(0, 3, n).astype(float)
    axis = "latent_class" if latent else "category"

    def about_zero(*shape, spread=0.5):
        values = rng.normal(0, spread, (2, N_DRAWS // 2, *shape, n_classes))
        return values - values.mean(axis=-1, keepdims=True)

    variables = {
        "intercept": (("chain", "draw", axis), about_zero()),
        "slope": (("chain", "draw", "term", axis), about_zero(1, spread=0.3)),
    }
    names = {"group": GROUPS} | ({"shift": ["day", "night"]} if second else {})
    indices = {"group": index} | ({"shift": rng.integers(0, 2, n)} if second else {})
    for name, levels in names.items():
        variables[f"{name}_effect"] = (("chain", "draw", name, axis), about_zero(len(levels)))
        variables[f"{name}_sd"] = (("chain", "draw", axis), sd * rng.uniform(0.5, 1.5, (2, N_DRAWS // 2, n_classes)))
    if correlated:
        roots = rng.normal(size=(2, N_DRAWS // 2, n_classes, n_classes + 2))
        covariance = roots @ roots.mT
        size_of = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        correlation = covariance / size_of[..., None] / size_of[..., None, :]
        variables["group_correlation"] = (("chain", "draw", axis, "other_class"), correlation)
    if slopes:
        variables["group_slope"] = (("chain", "draw", "group", "group_term", axis), about_zero(3, 1))
    coords = {axis: [f"C{c + 1}" for c in range(n_classes)], "term": ["x"], "group_term": ["x"]} | names
    true_class = rng.choice(n_classes, size=n, p=rng.dirichlet(np.full(n_classes, 5.0)))
    if latent:
        own = clear if n_classes == 2 else np.linspace(0.2, clear, n_classes)[(np.arange(4)[:, None] + range(n_classes)) % n_classes].T
        yes = np.array([np.full(4, own), np.full(4, 1 - own)]) if n_classes == 2 else own
        yes = np.clip(yes + rng.normal(0, 0.02, (2, N_DRAWS // 2, n_classes, 4)), 0.02, 0.98)
        variables["item_probability"] = (
            ("chain", "draw", axis, "item", "category"),
            np.stack([1 - yes, yes], axis=-1),
        )
        codes = (rng.random((n, 4)) < yes[0, 0][true_class]).astype(int)
        codes[rng.random((n, 4)) < 0.1] = -1
        observed = xr.Dataset({"answers": (("respondent", "item"), codes)})
    else:
        observed = xr.Dataset({"outcome": (("respondent",), true_class)})
    constant = {"design": (("respondent", "term"), x[:, None]), "design_center": (("term",), [x.mean()])}
    constant |= {f"{name}_index": (("respondent",), values) for name, values in indices.items()}
    return xr.DataTree.from_dict(
        {
            "/": xr.Dataset(attrs={"groupings": json.dumps(list(names)), "formula": "~ x + (1 | group)"}),
            "/posterior": xr.Dataset(variables, coords | {"chain": [0, 1], "draw": range(N_DRAWS // 2)}),
            "/observed_data": observed,
            "/constant_data": xr.Dataset(constant, {"term": ["x"]} | names),
        }
    )


def quadrature(draws, group, s, *, reach=9.0, points=None):
    """log of the integral over what a group adds to the contrasts of classes against the first, on an even grid."""
    posterior, constant, observed = draws["posterior"], draws["constant_data"], draws["observed_data"]
    place = divmod(s, N_DRAWS // 2)
    sd = posterior["group_sd"].to_numpy()[place]
    k = len(sd)
    correlation = posterior["group_correlation"].to_numpy()[place] if "group_correlation" in posterior else np.eye(k)
    against_first = np.column_stack([-np.ones(k - 1), np.eye(k - 1)])  # (contrast, class)
    covariance = against_first @ (np.outer(sd, sd) * correlation) @ against_first.T
    points = points or (4001 if k == 2 else 241)
    axes = [np.linspace(-reach, reach, points) * np.sqrt(v) for v in np.diag(covariance)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, k - 1)
    u = np.column_stack([np.zeros(len(grid)), grid])
    total = multivariate_normal.logpdf(grid, np.zeros(k - 1), covariance).reshape(-1)
    x, index = constant["design"].to_numpy()[:, 0], constant["group_index"].to_numpy()
    for i in np.flatnonzero(index == group):
        eta = posterior["intercept"].to_numpy()[place] + x[i] * posterior["slope"].to_numpy()[place][0]
        if "shift_effect" in posterior:
            eta = eta + posterior["shift_effect"].to_numpy()[place][constant["shift_index"].to_numpy()[i]]
        log_share = log_softmax(eta + u, axis=1)
        if "outcome" in observed:
            total += log_share[:, int(observed["outcome"][i])]
            continue
        rho, answers = posterior["item_probability"].to_numpy()[place], observed["answers"].to_numpy()[i]
        log_answers = sum(np.log(rho[:, j, y]) for j, y in enumerate(answers) if y >= 0)
        total += logsumexp(log_share + log_answers, axis=1)
    return logsumexp(total) + sum(np.log(axis[1] - axis[0]) for axis in axes)
