"""What a report is made of, as plain text, tables and figures; nothing here knows how a page is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from bayes_lca.reporting.writing.cells import Display, display_of
from bayes_lca.table import SummaryTable


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Listing:
    """Text whose lines stay as they are: formulas, code, the printed model."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table under a caption.

    Attributes
    ----------
    name : str
        Of its files, without an ending.
    caption : str
    table : SummaryTable
        What is written as CSV; its note stands below.
    shown : Display, optional
        How it is shown, if not column by column.
    """

    name: str
    caption: str
    table: SummaryTable
    shown: Display | None = None

    @property
    def display(self) -> Display:
        """The columns to show, as text."""
        return display_of(self.table) if self.shown is None else self.shown


@dataclass(frozen=True)
class Picture:
    """A figure under a caption, with a description for those who cannot see it."""

    caption: str
    description: str
    figure: Figure


Block = Paragraph | Listing | Bullets | Table | Picture


@dataclass(frozen=True)
class Section:
    """One heading of the report.

    Attributes
    ----------
    anchor, title : str
    steps : str
        Steps of the SMART-LCA checklist it answers.
    blocks : sequence of Block
    left_out : str
        Why there is nothing to show; empty where there is.
    references : sequence of str
        Sources of the methods used in it.
    """

    anchor: str
    title: str
    steps: str
    blocks: Sequence[Block] = ()
    left_out: str = ""
    references: Sequence[str] = ()
