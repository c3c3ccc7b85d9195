"""Pictures of the gallery, drawn while the site is built: every file in gallery/ leaves its `figure`."""

import hashlib
import warnings
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

import bayes_lca as bl


def draw_gallery(folder: Path) -> None:
    """Draw what has changed since it was last drawn."""
    matplotlib.use("agg")
    target = folder / "_generated" / "gallery"
    target.mkdir(parents=True, exist_ok=True)
    for script in sorted((folder / "gallery").glob("*.py")):
        code = script.read_text(encoding="utf-8")
        drawn_from = hashlib.sha256(f"{bl.__version__}\n{code}".encode()).hexdigest()
        mark, picture = target / f"{script.stem}.sha256", target / f"{script.stem}.png"
        if picture.exists() and mark.exists() and mark.read_text(encoding="utf-8") == drawn_from:
            continue
        draw(code, script.name).savefig(picture, dpi=130, bbox_inches="tight")
        plt.close("all")
        mark.write_text(drawn_from, encoding="utf-8")


def draw(code: str, name: str):
    """The figure that a script leaves."""
    namespace = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the fits of the examples are small, and say so
        exec(compile(code, name, "exec"), namespace)
    return namespace["figure"]
