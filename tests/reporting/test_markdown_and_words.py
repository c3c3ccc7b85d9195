"""Tables as text for other programs, and what is said in sentences, as terminals and notebooks show it."""

import io
import sys
from types import ModuleType

import pandas as pd
import pytest

from bayes_lca.table import SummaryTable
from bayes_lca.workflows.class_counts.recommendation import Recommendation


def test_markdown_goes_to_what_can_be_written_to():
    table = SummaryTable.of(pd.DataFrame({"mean": [0.25, 1.0]}, index=pd.Index(["a", "b"], name="item")), "n = 4")
    buffer = io.StringIO()
    assert table.to_markdown(buffer) is None
    assert buffer.getvalue() == table.to_markdown() == table.to_markdown(None)
    assert buffer.getvalue().splitlines()[2] == "| a | 0.250 |"


def test_columns_of_several_levels_are_one_line_of_markdown():
    columns = pd.MultiIndex.from_tuples([("C1", "mean"), ("C2", "mean")])
    table = SummaryTable.of(pd.DataFrame([[0.25, 0.75]], columns=columns), "n = 4")
    assert table.to_markdown(index=False).splitlines()[0] == "| C1 mean | C2 mean |"


def test_a_table_too_long_to_be_printed_keeps_its_note():
    """The rows in the middle are left out, and small numbers have no more decimals than others."""
    small = pd.DataFrame({"mean": [0.00001] * 500, "lower": 0.000005, "upper": 0.000015})
    table = SummaryTable.of(small, "n = 500")
    with pd.option_context("display.max_rows", 20):
        text, text_of_few = repr(table), repr(table.head(5))
    assert "0.000010" in text_of_few
    assert "0.000" in text and "0.0000" not in text
    assert "[500 rows x 3 columns]" in text and text.rstrip().endswith("n = 500")
    assert text.count("\n") < 40


def test_options_of_markdown_are_those_of_pandas(monkeypatch, tmp_path):
    """Which asks for the package tabulate, here one that writes what it is given."""
    tabulate = ModuleType("tabulate")
    tabulate.__version__ = "99"
    tabulate.tabulate = lambda frame, tablefmt, showindex, headers: (
        f"{tablefmt} {headers}\n{frame.to_string(index=showindex)}"
    )
    monkeypatch.setitem(sys.modules, "tabulate", tabulate)
    table = SummaryTable.of(pd.DataFrame({"mean": [0.25]}, index=["of a"]), "n = 4")
    text = table.to_markdown(tablefmt="github")
    assert text.split() == ["github", "keys", "mean", "of", "a", "0.25"]
    assert table.to_markdown(tablefmt="github", index=False).split() == ["github", "keys", "mean", "0.25"]
    path = tmp_path / "table.md"
    assert table.to_markdown(path, tablefmt="github") is None
    table.to_markdown(path, tablefmt="github", mode="at")
    assert path.read_text(encoding="utf-8") == text + text


def test_options_of_markdown_without_tabulate_are_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "tabulate", None)
    with pytest.raises(ImportError, match="tabulate"):
        SummaryTable.of(pd.DataFrame({"mean": [0.25]}), "n = 4").to_markdown(tablefmt="github")


def test_a_recommendation_is_sentences_wherever_it_is_shown():
    """A line each, and escaped where a notebook reads HTML."""
    said = Recommendation(2, {"BIC": 2}, "2 classes are recommended.\nThe smallest holds <10 % & few.")
    assert repr(said) == str(said) == said.words
    page = said._repr_html_()
    assert "2 classes are recommended." in page and "&lt;10 % &amp; few." in page and "<10" not in page
