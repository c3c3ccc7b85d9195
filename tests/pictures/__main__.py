"""Keep pictures as they are drawn now, all or those named: `.venv/bin/python tests/pictures flow odds_ratios`."""

import sys
from pathlib import Path

import matplotlib

sys.path.insert(0, str(Path(__file__).parents[1]))

from pictures.gallery import PICTURES
from pictures.keeping import KEPT, draw

if __name__ == "__main__":
    matplotlib.use("Agg")
    for name in sys.argv[1:] or PICTURES:
        draw(name, KEPT)
        print(KEPT / f"{name}.png", (KEPT / f"{name}.png").stat().st_size, "bytes")
