"""Letters that the font of a picture lacks, such as Chinese ones: drawn with an installed font, or one warning."""

import warnings
from collections.abc import Generator
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Text

FAMILIES = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN"),
    *("WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB"),
    *("Malgun Gothic", "Apple SD Gothic Neo", "Droid Sans Fallback", "Arial Unicode MS", "Noto Sans", "FreeSans"),
)
"""Fonts with many letters, in the order in which they are tried where one is installed."""
OF_A_GLYPH = r"Glyph .* missing from"
SHOWN = 5


class MissingLettersWarning(UserWarning):
    """Names in a picture have letters that no font has which is installed; boxes stand for them."""


class QuietFigure(Figure):
    """A figure that does not warn of every letter its font lacks each time it is drawn: `give_fonts` has said so."""

    def __repr__(self) -> str:
        wide, high = (25.4 * inches for inches in self.get_size_inches())
        return f"<Figure of {wide:.0f} x {high:.0f} mm>"

    def draw(self, renderer) -> None:
        """Draw as any figure."""
        with quiet():
            super().draw(renderer)


@contextmanager
def quiet() -> Generator[None]:
    """Without matplotlib's warning of each letter."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", OF_A_GLYPH, UserWarning)
        yield


def give_fonts(fig: Figure) -> None:
    """Let an installed font draw the letters that the font of the picture lacks, or warn once.

    Parameters
    ----------
    fig : matplotlib.figure.Figure

    Warns
    -----
    MissingLettersWarning
        If no font that is installed has them all.
    """
    missing = missing_letters(fig)
    if not missing:
        return
    families = list(mpl.rcParams["font.family"])
    if (family := _family_with(missing)) is None:
        some = " ".join(sorted(missing)[:SHOWN])
        warnings.warn(
            f"{len(missing)} letter(s) of the names in this picture, such as {some}, are in no font that is installed, "
            "and boxes stand for them; install one that has them, such as Noto Sans CJK (of Debian: "
            f"apt install fonts-noto-cjk), or name it: matplotlib.rcParams['font.family'] = {[*families, 'its name']}",
            MissingLettersWarning,
            stacklevel=4,
        )
        return
    for text in fig.findobj(Text):
        if not missing.isdisjoint(text.get_text()):
            text.set_fontfamily([*families, family])


def missing_letters(fig: Figure) -> set[str]:
    """Letters of a figure that none of the fonts has which it is drawn with."""
    letters = {letter for text in fig.findobj(Text) for letter in text.get_text() if letter.isprintable()}
    beyond = {letter for letter in letters if ord(letter) > 127}
    if not beyond:
        return set()
    fonts = [get_font(findfont(FontProperties(family=[family]))) for family in mpl.rcParams["font.family"]]
    return {letter for letter in beyond if not any(font.get_char_index(ord(letter)) for font in fonts)}


def _family_with(letters: set[str]) -> str | None:
    """The first of the known fonts that is installed and has all letters."""
    path_of = {entry.name: entry.fname for entry in fontManager.ttflist}
    for family in FAMILIES:
        if family in path_of:
            font = get_font(path_of[family])
            if all(font.get_char_index(ord(letter)) for letter in letters):
                return family
    return None
