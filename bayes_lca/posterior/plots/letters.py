"""Letters of a picture: how wide they are, how names are broken into lines, and whether a font has them."""

import re
import unicodedata
from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font

SIZE = 8.0
POINTS = 72.0  # per inch
LEADING = 1.215
"""Height of a line, in sizes of the font."""
HINTED = 1.04
"""Width of letters fitted to dots, beside that of their outlines."""
BREAKS = re.compile(r"(?<=[ \t_/\-:])")
"""Lines end after a space or such a sign."""


def inches(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Width of the longest line of a text in the font that pictures are drawn with."""
    font = _font(findfont(FontProperties(weight=weight)))
    return HINTED * max(sum(map(font, line)) for line in str(text).split("\n")) * size / POINTS


def widest(texts, size: float = SIZE) -> float:
    """Width of the longest line of several texts."""
    return max(inches(text, size) for text in texts)


def n_lines(texts) -> int:
    """Lines of the highest text."""
    return max(text.count("\n") + 1 for text in texts)


def height(texts, size: float = SIZE) -> float:
    """Inches of the highest text."""
    return n_lines(texts) * LEADING * size / POINTS


def wrapped(text: str, width: float, size: float = SIZE, weight: str = "normal") -> str:
    """Text in lines of at most so many inches, broken between words, and inside a word that is longer than a line."""
    lines = []
    for paragraph in str(text).split("\n"):
        line = ""
        for piece in _pieces(paragraph, width, size, weight):
            if line and inches((line + piece).rstrip(), size, weight) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
        lines.append(line.rstrip())
    return "\n".join(lines)


def _pieces(text: str, width: float, size: float, weight: str):
    """What a line may end after: words, letters that stand for words, and parts of words longer than a line."""
    for word in re.split(BREAKS, text):
        if inches(word.rstrip(), size, weight) <= width and not any(map(_is_wide, word)):
            yield word
            continue
        part = ""
        for letter in word:
            if part and (_is_wide(letter) or inches((part + letter).rstrip(), size, weight) > width):
                yield part
                part = ""
            part += letter
        if part:
            yield part


def _is_wide(letter: str) -> bool:
    """Whether it is such as Chinese, where a line may end after every letter."""
    return unicodedata.east_asian_width(letter) in "WF"


@cache
def _font(path: str):
    font = get_font(path)

    @cache
    def advance(letter: str) -> float:
        """Width of a letter in sizes of the font; a square where the font lacks it."""
        if not font.get_char_index(ord(letter)):
            return 1.0
        font.set_size(64.0, 72)
        return font.load_char(ord(letter)).linearHoriAdvance / 65536 / 64.0

    return advance
