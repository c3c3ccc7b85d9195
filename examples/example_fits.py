"""Make the two tiny fits that the package ships for its examples anew.

python examples/example_fits.py
"""

import warnings
from pathlib import Path

import bayes_lca as bl
from bayes_lca.datasets import example
from bayes_lca.models import LatentClass

FOLDER = Path(example.__file__).parent


def main() -> None:
    """Fit both, and write them beside the code that loads them."""
    survey, items = bl.example_survey(), bl.Items(example.ITEMS)
    parts = {"example_regression.nc": bl.Regression(example.FORMULA), "example_classes.nc": bl.Shares()}
    for name, structural in parts.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", bl.ConvergenceWarning)
            model = LatentClass(2, items, structural)
            draws = bl.fit(model, survey, draws=100, tune=200, chains=2, until=None, progressbar=False)
        bl.save(draws, FOLDER / name)
        print(f"{name}: {(FOLDER / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
