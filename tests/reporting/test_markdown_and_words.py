"""Tables as text for other programs, and what is said in sentences, as terminals and notebooks show it."""

import io

import pandas as pd

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
    """The rows in the middle are left out; small numbers are not looked through for decimals."""
    table = SummaryTable.of(pd.DataFrame({"mean": [0.00001] * 500}), "n = 500")
    with pd.option_context("display.max_rows", 20):
        text = repr(table)
    assert "[500 rows x 1 columns]" in text and text.rstrip().endswith("n = 500")
    assert text.count("\n") < 40


def test_options_of_markdown_are_those_of_pandas(monkeypatch):
    """Which asks for the package tabulate."""
    asked = {}
    monkeypatch.setattr(pd.DataFrame, "to_markdown", lambda self, buf=None, **options: asked.update(options))
    SummaryTable.of(pd.DataFrame({"mean": [0.25]}), "n = 4").to_markdown(tablefmt="github")
    assert asked == {"mode": "wt", "index": True, "tablefmt": "github"}


def test_a_recommendation_is_sentences_wherever_it_is_shown():
    """A line each, and escaped where a notebook reads HTML."""
    said = Recommendation(2, {"BIC": 2}, "2 classes are recommended.\nThe smallest holds <10 % & few.")
    assert repr(said) == str(said) == said.words
    page = said._repr_html_()
    assert "2 classes are recommended." in page and "&lt;10 % &amp; few." in page and "<10" not in page
