"""Which axes a fit has, and its draws as plain arrays."""

import json

import numpy as np
import xarray as xr

from bayes_lca.dims import CATEGORY, CLASS


def class_axis(draws: xr.DataTree) -> str:
    """Axis of the classes: ``latent_class``, or ``category`` where the class is an observed outcome."""
    return CLASS if CLASS in draws["posterior"].dims else CATEGORY


def groupings(draws: xr.DataTree) -> list[str]:
    """Names of the groupings that have random intercepts."""
    return json.loads(draws.attrs["groupings"])


def flat(values: xr.DataArray, *dims: str) -> np.ndarray:
    """Chains after each other on the first axis, `dims` behind it."""
    return values.transpose("chain", "draw", *dims).to_numpy().reshape(-1, *(values.sizes[dim] for dim in dims))
