"""Classes that the answers cannot tell apart: labels mix within every chain, which R-hat cannot see."""

from pathlib import Path

import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.models import LatentClass

CARCINOMA = Path(__file__).parent.parent / "reference" / "carcinoma.csv"


def test_mixed_labels_are_reported_loudly():
    patterns = pd.read_csv(CARCINOMA)
    slides = patterns.loc[patterns.index.repeat(patterns["count"])].drop(columns="count").reset_index(drop=True)
    with pytest.warns(bl.ConvergenceWarning, match="classes are not told apart"):
        draws = bl.fit(LatentClass(4, bl.Items(list(slides))), slides, draws=300, tune=300, seed=1, progressbar=False)
    assert draws.attrs["relabel_agreement"] < 0.95
    assert "agree in" in bl.convergence(draws).note


def test_clear_labels_are_not(lca_draws):
    assert lca_draws.attrs["relabel_agreement"] > 0.99
    assert "of 50 starts reached the best mode" in bl.convergence(lca_draws).note
