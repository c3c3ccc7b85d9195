"""A kept fit belongs to the call whose arguments are written beside it: equal arguments are written alike."""

import numpy as np
import pandas as pd
import pytest

from bayes_lca.sampling.fit_or_load import _written

FRAME = pd.DataFrame({"x": [1.0, 2.0], "g": ["a", "b"]})
CHANGED = {
    "frame": (FRAME, FRAME.assign(x=[1.0, 2.5])),
    "index": (FRAME, FRAME.set_axis([5, 6])),
    "column": (FRAME["x"], FRAME["x"] + 1e-12),
    "labels": (FRAME.index, pd.Index([0, 2])),
    "list of frames": ([FRAME, FRAME], [FRAME, FRAME.assign(g=["a", "c"])]),
    "order of frames": ([FRAME, FRAME[::-1]], [FRAME[::-1], FRAME]),
    "array": (np.arange(4.0), np.arange(4.0).reshape(2, 2)),
    "arrays by name": ({"weights": np.arange(3)}, {"weights": np.arange(1, 4)}),
}


@pytest.mark.parametrize("name", CHANGED)
def test_arguments_are_written_alike_where_they_are_equal_and_only_there(name):
    given, other = CHANGED[name]
    again = {key: value.copy() for key, value in given.items()} if isinstance(given, dict) else given
    again = [each.copy() for each in given] if isinstance(given, list) else again
    again = given.copy() if hasattr(given, "dtypes") or isinstance(given, np.ndarray) else again
    assert _written(again) == _written(given)
    assert _written(other) != _written(given)
