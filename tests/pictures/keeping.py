"""Small pictures of one column, with long names, that are kept, and drawn again to be compared."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from pictures.gallery import PICTURES

KEPT = Path(__file__).parent / "kept"
COLUMN, DOTS = 85, 72
"""Width in mm, and dots per inch."""
LETTERS = {"font.family": "DejaVu Sans", "text.hinting": "none"}
"""The font that matplotlib brings along, not fitted to dots."""


def draw(name: str, folder: Path) -> Figure:
    """Draw a picture into a folder."""
    with mpl.rc_context(LETTERS):
        fig = PICTURES[name](long=True, width=COLUMN)
        fig.dpi = DOTS
        canvas = FigureCanvasAgg(fig)
        canvas.draw()
    colours = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    picture = colours.convert("P", dither=Image.Dither.NONE, palette=Image.Palette.WEB)
    picture.save(folder / f"{name}.png", optimize=True)
    return fig
