"""Draws as plain arrays."""

import numpy as np
import xarray as xr


def flat(values: xr.DataArray, *dims: str) -> np.ndarray:
    """Chains after each other on the first axis, `dims` behind it."""
    return values.transpose("chain", "draw", *dims).to_numpy().reshape(-1, *(values.sizes[dim] for dim in dims))
