"""Figures and data of other programs that lie beside the project, are read there, and are no part of it."""

import json
from functools import cache

import pandas as pd
import pytest

from equivalence.row import beside_project

PEERS = "shared/reference/peers"

beside_the_project = pytest.mark.skipif(beside_project(PEERS) is None, reason=f"{PEERS} is not beside the project")
"""Tests that read it."""


@cache
def figures(case: str) -> dict:
    """What a program printed or computed, by quantity."""
    return json.loads((beside_project(PEERS) / "figures.json").read_text(encoding="utf-8"))[case]


def frame(name: str) -> pd.DataFrame:
    """Data of a case."""
    return pd.read_csv(beside_project(PEERS) / "data" / f"{name}.csv")
