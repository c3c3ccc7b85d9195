"""Fits and tables by name, printed as what they hold."""

from html import escape

import xarray as xr

from bayes_lca.fitted.fit_tree import in_words
from bayes_lca.table import SummaryTable
from bayes_lca.verdict import words_in_html


class ResultsByName[Result: (xr.DataTree, SummaryTable, xr.DataTree | SummaryTable)](dict[str, Result]):
    """An ordinary dict that shows each table whole, and each fit by its model, respondents and draws.

    Examples
    --------
    >>> import pandas as pd
    >>> ResultsByName({"BCH": SummaryTable.of(pd.DataFrame({"mean": [0.5]}), "n = 20")})
    BCH
       mean
    0 0.500
    n = 20
    """

    def __repr__(self) -> str:
        shown = (
            (name, repr(each) if isinstance(each, SummaryTable) else in_words(each)) for name, each in self.items()
        )
        return "\n\n".join(f"{name}\n{words}" for name, words in shown) or "{}"

    def _repr_html_(self) -> str:
        return "".join(
            f"<h4>{escape(name)}</h4>"
            + (each._repr_html_() if isinstance(each, SummaryTable) else words_in_html(in_words(each)))
            for name, each in self.items()
        )
