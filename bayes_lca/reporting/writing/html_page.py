"""A page of sections: one file, nothing to fetch, nothing to run. Every text is escaped here and in `html_table`."""

from collections.abc import Iterator, Sequence
from itertools import count

from bayes_lca.reporting.writing.figures import data_uri
from bayes_lca.reporting.writing.html_table import escape, html_table
from bayes_lca.reporting.writing.section import Block, Bullets, Listing, Paragraph, Picture, Section, Table
from bayes_lca.reporting.writing.style import STYLE

NOTHING_FROM_OUTSIDE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Browsers that read it fetch nothing and run nothing, whatever the page says."""

NOT_TO_BE_TRUSTED = "These draws should not be trusted yet"


def html_page(title: str, lead: str, problems: Sequence[str], sound: str, sections: Sequence[Section]) -> str:
    """The page as text.

    Parameters
    ----------
    title, lead : str
        Heading, and the line below it.
    problems : sequence of str
        Of convergence: told first. Where there are none, `sound` stands in their place.
    sound : str
    sections : sequence of Section
    """
    numbers = {Table: count(1), Picture: count(1)}
    contents = "".join(
        f'<li><a href="#{section.anchor}">{escape(section.title)}</a>{" (left out)" if section.left_out else ""}</li>'
        for section in sections
    )
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_FROM_OUTSIDE}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        f'<header><h1>{escape(title)}</h1><p class="lead">{escape(lead)}</p></header>',
        _trust(problems, sound),
        f'<nav aria-labelledby="contents"><h2 id="contents">Contents</h2><ol>{contents}</ol></nav>',
        "<main>",
        *(_section(place, section, numbers) for place, section in enumerate(sections, 1)),
        "</main>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(parts)


def _trust(problems: Sequence[str], sound: str) -> str:
    if not problems:
        return f'<p class="sound">{escape(sound)}</p>'
    return (
        f'<section class="warning" aria-labelledby="warning"><h2 id="warning">{NOT_TO_BE_TRUSTED}</h2>'
        f"{_bullets(problems)}</section>"
    )


def _section(place: int, section: Section, numbers: dict) -> str:
    steps = f'<p class="steps">SMART-LCA: {escape(section.steps)}</p>' if section.steps else ""
    if section.left_out:
        body = f'<p class="left-out">Left out: {escape(section.left_out)}</p>'
    else:
        body = "\n".join(_block(block, numbers) for block in section.blocks)
    heading = f'<h2 id="{section.anchor}">{place} {escape(section.title)}</h2>'
    return f'<section aria-labelledby="{section.anchor}">{heading}{steps}\n{body}\n</section>'


def _block(block: Block, numbers: dict[type, Iterator[int]]) -> str:
    match block:
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Listing(text):
            return f"<pre>{escape(text)}</pre>"
        case Bullets(items):
            return _bullets(items)
        case Table():
            return html_table(block.display, f"Table {next(numbers[Table])}. {block.caption}", block.table.note)
        case Picture(caption, description, figure):
            return (
                f"<figure><figcaption>{escape(f'Figure {next(numbers[Picture])}. {caption}')}</figcaption>"
                f'<img alt="{escape(description)}" src="{data_uri(figure)}"></figure>'
            )


def _bullets(items: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
