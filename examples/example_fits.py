"""Make the tiny fits that the package ships for its examples anew.

python examples/example_fits.py [name of a file ...]
"""

import sys
import warnings
from pathlib import Path

import bayes_lca as bl
from bayes_lca.datasets import example
from bayes_lca.models import LatentClass, LatentTransition

FOLDER = Path(example.__file__).parent


def models() -> dict:
    """The model of each file, and its frame."""
    survey, items = bl.example_survey(), bl.Items(example.ITEMS)
    transition = bl.Transition(example.TRANSITION)
    return {
        "example_regression.nc": (LatentClass(2, items, bl.Regression(example.FORMULA)), survey),
        "example_classes.nc": (LatentClass(2, items), survey),
        "example_waves.nc": (
            LatentTransition(2, items, person="person", wave="wave", transition=transition),
            bl.example_waves(),
        ),
    }


def main(names: list[str]) -> None:
    """Fit those named, or all, and write them beside the code that loads them."""
    for name, (model, frame) in models().items():
        if names and name not in names:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", bl.ConvergenceWarning)
            warnings.simplefilter("ignore", bl.SmallLevelWarning)
            draws = bl.fit(model, frame, draws=100, tune=200, chains=2, until=None, progressbar=False)
        bl.save(draws, FOLDER / name)
        print(f"{name}: {(FOLDER / name).stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
