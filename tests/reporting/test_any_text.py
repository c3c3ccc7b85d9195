"""Whatever names and labels say, a page shows it as text: no element, attribute or command comes of it."""

import base64
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from bayes_lca.reporting.writing.figures import data_uri, drawn
from bayes_lca.reporting.writing.html_page import html_page
from bayes_lca.reporting.writing.latex_table import SPECIAL, escape_latex, latex_table
from bayes_lca.reporting.writing.letters import NOT_PRINTABLE, printable
from bayes_lca.reporting.writing.section import Bullets, Listing, Paragraph, Section, Table
from bayes_lca.table import SummaryTable

NUMBER_OF_EXAMPLES = pytest.mark.parametrize(
    "examples",
    [
        pytest.param(settings(max_examples=100), id="few"),
        pytest.param(settings(max_examples=10_000), id="many", marks=pytest.mark.slow),
    ],
)
HOSTILE = [
    '<script>alert("1")</script>',
    "</td></table><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "</title><svg onload=alert(1)>",
    "</style><style>@import url(//x)</style>",
    "<!-- --> ]]> <?xml <![CDATA[ &lt; &#60; &amp;lt;",
    "javascript:alert(1)",
    r"\input{/etc/passwd}",
    r"\end{tabular}\immediate\write18{rm}",
    "^^5cinput{x} ~ $x$ % & # _ { } \\\\ [1cm] *",
    "%\n\\input{x}\r\\input{y}\u2028\\input{z}\x0b\x0c\\input{w}",
    "\u202eabc\u202c \u200f \u2066",
    "\x00\x01\x1b[31m\x7f\x85\ud800\ufffe",
    "{0} {name} %s %(x)s $name",
]
TEXTS = st.one_of(
    st.text(max_size=20), st.sampled_from(HOSTILE), st.tuples(*[st.sampled_from(HOSTILE)] * 2).map("".join)
)


class Reader(HTMLParser):
    """Elements with their attributes, and all text."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements, self.text = [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, tuple(name for name, _ in attributes)))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(f"comment {data!r}")

    def unknown_decl(self, data):
        raise AssertionError(f"declaration {data!r}")


def table_of(first, second):
    """A table whose names, labels, cells, caption and note are the texts."""
    first, second = first.replace("\ud800", ""), second.replace("\ud800", "")  # no index of pandas holds it
    index = pd.MultiIndex.from_tuples([(first, "1"), (first, second), (second, first)], names=["item", second])
    rows = pd.DataFrame({"category": [first, second, first], first + "_": [0.5, 1.5, 2.5]}, index=index)
    return Table("answers", f"Answers {first}", SummaryTable.of(rows, f"n = 3; {second}"))


def page_of(first, second):
    blocks = [Paragraph(first), Listing(second), Bullets([first, second]), table_of(first, second)]
    section = Section("data", f"Data {first}", "1", blocks)
    empty = Section("model", "Model", "", left_out=second)
    return html_page(f"Title {first}", second, [f"R-hat of {first}"], "", [section, empty])


@NUMBER_OF_EXAMPLES
def test_any_text_in_a_page_is_text(examples):
    plain = Reader(page_of("first", "second")).elements

    @examples
    @given(TEXTS, TEXTS)
    def holds(first, second):
        first, second = f"A{first}", f"B{second}"
        page = Reader(page_of(first, second))
        assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain]
        assert {name for _, names in page.elements for name in names} == {name for _, names in plain for name in names}
        assert min(page.text.count(printable(text)) for text in (first, second)) >= 4
        assert not NOT_PRINTABLE.search(page.text)
        page_of(first, second).encode("utf-8")

    holds()


ESCAPED = re.compile("|".join(re.escape(escaped) for escaped in sorted(SPECIAL.values(), key=len, reverse=True)))


@NUMBER_OF_EXAMPLES
def test_any_text_in_latex_is_text(examples):
    @examples
    @given(TEXTS, TEXTS)
    def holds(first, second):
        left = ESCAPED.sub("", escape_latex(first))
        assert not set(left) & set("\\{}$&#%_^~\n\r\t") and not NOT_PRINTABLE.search(left)
        table = table_of(first, second)
        written = latex_table(table.display, table.caption, table.table.note)
        *comments, tabular = written.split("\n", 2)
        assert all(comment.startswith("%") and "\r" not in comment for comment in comments)
        assert "\\input" not in tabular and tabular.count(r"\end{tabular}") == 1
        written.encode("utf-8")

    holds()


@NUMBER_OF_EXAMPLES
def test_any_text_in_a_drawing_is_text(examples):
    def plot(text):
        figure = Figure(figsize=(2, 1))
        figure.text(0.1, 0.5, text)
        return figure

    @settings(examples, max_examples=examples.max_examples // 10)
    @given(TEXTS.map(printable))
    def holds(text):
        drawing = ElementTree.fromstring(base64.b64decode(data_uri(drawn(plot, text)).split(",")[1]))
        assert not [element for element in drawing.iter() if str(element.tag).endswith(("script", "foreignObject"))]
        assert not [name for element in drawing.iter() for name in element.attrib if name.startswith("on")]

    holds()


def test_control_characters_leave_a_drawing_well_formed():
    figure = Figure(figsize=(2, 1))
    figure.text(0.1, 0.5, "yes\x01 -- \x0c\ufffe")
    assert ElementTree.fromstring(base64.b64decode(data_uri(figure).split(",")[1])).tag.endswith("svg")
