"""Objects of words, or of several tables, that say first what they come to, in a terminal and in a notebook."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from html import escape

import pandas as pd


class InWords(ABC):
    """What is said in sentences, a line each: the same in a terminal and in a notebook."""

    @abstractmethod
    def __str__(self) -> str: ...

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return words_in_html(str(self))


def words_in_html(words: str) -> str:
    r"""Lines as paragraphs, the first in bold.

    Examples
    --------
    >>> words_in_html("Two classes.\nOr three.")
    '<p><strong>Two classes.</strong></p><p>Or three.</p>'
    """
    first, *others = words.split("\n")
    return f"<p><strong>{escape(first)}</strong></p>" + "".join(f"<p>{escape(line)}</p>" for line in others)


class TablesWithVerdict(ABC):
    """Some tables by name, and a few sentences that stand before them wherever they are shown.

    Examples
    --------
    >>> class Sums(TablesWithVerdict):
    ...     verdict = "All sums are even."
    ...     tables = {"sums": pd.DataFrame({"sum": [2, 4]})}
    >>> print(Sums())
    All sums are even.
    <BLANKLINE>
    sums
       sum
    0    2
    1    4
    >>> Sums()._repr_html_().startswith("<p><strong>All sums are even.</strong></p><h4>sums</h4>")
    True
    """

    @property
    @abstractmethod
    def verdict(self) -> str:
        """What the tables come to, a sentence a line."""

    @property
    @abstractmethod
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The tables, by what they hold."""

    def __repr__(self) -> str:
        return "\n\n".join([self.verdict, *(f"{name}\n{table!r}" for name, table in self.tables.items())])

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return words_in_html(self.verdict) + "".join(
            f"<h4>{escape(name)}</h4>{table._repr_html_()}" for name, table in self.tables.items()
        )
