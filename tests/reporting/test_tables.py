"""How numbers and tables are shown: rounded, escaped, in columns that fit."""

import base64
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import bayes_lca as bl
from bayes_lca.models import LatentClass
from bayes_lca.posterior.checks.check_items import ItemCheck
from bayes_lca.reporting.sections.checks import FEWEST_SHOWN, TOO_FEW, without_few
from bayes_lca.reporting.sections.pivot import MOST_BESIDE, beside
from bayes_lca.reporting.sections.specification import priors_of
from bayes_lca.reporting.writing.cells import Column, Display, display_of, numbers
from bayes_lca.reporting.writing.figures import data_uri, drawn
from bayes_lca.reporting.writing.files import write_page
from bayes_lca.reporting.writing.html_page import html_page
from bayes_lca.reporting.writing.html_table import html_table
from bayes_lca.reporting.writing.latex_table import escape_latex, latex_table
from bayes_lca.reporting.writing.section import Paragraph, Section
from bayes_lca.specification import specification_of
from bayes_lca.table import SummaryTable

SMALL = 'a<b & "c"'


@pytest.mark.parametrize(
    ("values", "name", "shown"),
    [
        ([0.12345, 1.0], "mean", ["0.123", "1.000"]),
        ([-0.12345, 0.00012], "mean", ["\N{MINUS SIGN}0.123", "0.000"]),
        ([-0.00012, -2.0], "mean", ["0.000", "\N{MINUS SIGN}2.000"]),
        ([0.00012, 0.0], "p_value", ["<0.001", "0.000"]),
        ([0.9999, 0.5], "probability_of_direction", [">0.999", "0.500"]),
        ([0.9999, 0.5], "mean", ["1.000", "0.500"]),
        ([1834.4, np.nan], "ess_bulk", ["1834", "–"]),
        ([-9803.58], "log_likelihood", ["\N{MINUS SIGN}9803.6"]),
        ([2345.678, 12.3456], "odds_ratio", ["2345.7", "12.346"]),
        ([1.5e7, np.inf], "odds_ratio", ["1.50e+07", "∞"]),
        ([3, 12], "whatever", ["3", "12"]),
    ],
)
def test_numbers_are_rounded(values, name, shown):
    assert numbers(pd.Series(values), name) == shown


def frame(**columns) -> SummaryTable:
    index = pd.MultiIndex.from_product(
        [["group"], ["G1", "G2"], ["C1", "C2"]], names=["grouping", "group", "latent_class"]
    )
    columns = {"mean": [0.1, 0.2, 0.3, 0.4], "lower": 0.05, "upper": 0.5, "r_hat": [1.0, 1.01, 1.02, 1.0]} | columns
    return SummaryTable.of(pd.DataFrame(columns, index=index), "n = 4")


def test_markdown_needs_no_further_package(tmp_path):
    table = bl.regression_table(bl.load_example(), reference="C1")
    head, sides, first, *_ = table.to_markdown().splitlines()
    assert head == "| contrast | term | B | SD | OR | 95 % interval | P(direction) |"
    assert sides == "| :-- | :-- | :-- | :-- | :-- | :-- | :-- |"
    assert first == "| C2 vs C1 | participation | \N{MINUS SIGN}0.29 | 0.08 | 0.75 | [0.64, 0.87] | > .995 |"
    odd = frame(note=["a|b", None, "two\nlines", "x"], mean=[0.1, np.nan, 1.23456, 2.0])
    lines = odd.to_markdown(index=False).splitlines()
    assert lines[1].startswith("| --: | --: |")
    assert lines[2:5] == [
        "| 0.100 | 0.050 | 0.500 | 1.000 | a\\|b |",
        "| – | 0.050 | 0.500 | 1.010 | – |",
        "| 1.235 | 0.050 | 0.500 | 1.020 | two lines |",
    ]
    odd.to_markdown(tmp_path / "table.md")
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == odd.to_markdown()


def test_what_is_not_there_is_a_dash_in_notebooks():
    shown = frame(note=["a", None, "NaN of an answer", "x"], mean=[0.1, np.nan, 1.2, 2.0])._repr_html_()
    assert shown.count("<td>–</td>") == 2
    assert "<td>NaN of an answer</td>" in shown
    assert "<td>NaN</td>" not in shown


def test_ends_of_intervals_share_a_column():
    table = frame(vpc=[0.5, 0.6, 0.7, 0.8], vpc_lower=0.1, vpc_upper=0.9, flag=True)
    shown = display_of(table)
    assert [column.label for column in shown.names] == ["group", "class"]
    assert [column.label for column in shown.values] == ["mean", "interval", "R-hat", "VPC", "interval", "flag"]
    assert shown.values[1].cells == ["0.050 to 0.500"] * 4
    assert shown.values[4].cells == ["0.100 to 0.900"] * 4
    assert shown.values[5].cells == ["yes"] * 4 and not shown.values[5].is_number
    joined = shown.joined("VPC", "interval", "VPC (interval)")
    assert [column.label for column in joined.values] == ["mean", "interval", "R-hat", "VPC (interval)", "flag"]
    assert joined.values[3].cells[1] == "0.600 (0.100 to 0.900)"
    assert shown.joined("absent", "interval", "x") is shown


def test_classes_stand_beside_each_other():
    table = frame(ess_bulk=[900.0, 300.0, 800.0, 700.0], ess_tail=[500.0, 400.0, 300.0, 200.0]).droplevel("grouping")
    shown = beside(table, "latent_class")
    assert [column.label for column in shown.values][:3] == ["C1", "C2", "largest R-hat"]
    assert shown.values[1].cells == ["0.200 (0.050 to 0.500)", "0.400 (0.050 to 0.500)"]
    assert [column.cells for column in shown.values[2:]] == [["1.010", "1.020"], ["300", "700"], ["400", "200"]]
    many = pd.concat({f"C{k}": table.xs("C1", level="latent_class") for k in range(MOST_BESIDE + 1)}, names=["c"])
    assert beside(many, "c") is None


def test_rows_of_a_group_share_their_name():
    text = html_table(display_of(frame()), SMALL, f"note {SMALL}")
    assert text.count('rowspan="2"') == 2
    assert "<caption>a&lt;b &amp; &quot;c&quot;</caption>" in text
    assert '<p class="note">note a&lt;b &amp; &quot;c&quot;</p>' in text
    rows = re.findall(r"<tr.*?</tr>", text)
    assert [row.startswith('<tr class="first">') for row in rows[1:]] == [True, False, True, False]
    assert 'class="number">0.100<' in rows[1]


def test_cells_and_names_of_rows_are_text_on_the_page():
    text = html_table(Display([Column("one", [SMALL])], [Column("two", [SMALL])]), "caption", "")
    assert '<th scope="row" class="short">a&lt;b &amp; &quot;c&quot;</th>' in text
    assert '<td class="short">a&lt;b &amp; &quot;c&quot;</td>' in text


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "page.html"
    write_page(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_page(path, "new \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_latex_is_escaped_and_rectangular():
    assert escape_latex(r"50% & a_b #1 $x$ {y} ~^\ <z> [w] *") == (
        r"50\% \& a\_b \#1 \$x\$ \{y\} \textasciitilde{}\textasciicircum{}\textbackslash{} \textless{}z\textgreater{} "
        r"{[}w{]} {*}"
    )
    display = Display(
        [Column("one", ["a", "a"]), Column("two", ["[b]", "*"])], [Column("m", ["1", "2"], is_number=True)]
    )
    lines = latex_table(display, "caption", "50 % note").splitlines()
    assert lines[2] == r"\begin{tabular}{@{}llr@{}}"
    assert lines[6:8] == [r"a & {[}b{]} & 1 \\", r" & {*} & 2 \\"]
    assert lines[-1] == r"\par\smallskip\parbox{\linewidth}{\footnotesize 50 \% note}"
    grouped = latex_table(display_of(frame()), "caption", "")
    assert grouped.count(r"\addlinespace") == 1 and grouped.endswith("\\end{tabular}\n")


def test_rare_response_patterns_are_not_spelled_out(check: ItemCheck):
    patterns = check.patterns.copy()
    assert patterns["pattern"].notna().sum() == 1
    for observed in (FEWEST_SHOWN - 1, FEWEST_SHOWN):
        patterns.loc["largest pattern", "observed"] = observed
        hidden = without_few(SummaryTable.of(patterns, "note")).loc["largest pattern", "pattern"]
        assert (hidden == TOO_FEW) == (observed < FEWEST_SHOWN)


def test_figures_are_vectors_with_names_as_written(recwarn):
    def plot(name):
        figure = Figure(figsize=(2, 1))
        figure.subplots().set_title(name)
        return figure

    svg = base64.b64decode(data_uri(drawn(plot, "cost in $ & $")).split(",")[1]).decode()
    assert "cost in $ &amp; $" in svg and "<text" not in svg
    assert data_uri(drawn(plot, r"$\oops{$ is no mathematics"))
    svg = base64.b64decode(data_uri(drawn(plot, "收入")).split(",")[1]).decode()
    assert ">收入</text>" in svg
    assert len(recwarn) == 0


def test_page_without_problems_says_so():
    text = html_page("t", "lead", [], "all is <well>", [Section("a", "A", "", [Paragraph("p < q")])])
    assert "should not be trusted" not in text
    assert '<p class="sound">all is &lt;well&gt;</p>' in text
    assert "<p>p &lt; q</p>" in text


def test_priors_are_those_of_the_specification():
    regression = bl.Regression("~ x", slope=bl.ZeroSumNormal(2.0), correlation=bl.LKJ(3.0))
    model = LatentClass(3, bl.OrdinalItems(["a"], location=bl.ZeroSumNormal(1.25)), regression)
    distributions = {(prior.part, prior.field): prior.distribution for prior in priors_of(specification_of(model))}
    assert distributions == {
        ("OrdinalItems", "location"): "ZeroSumNormal(sigma=1.25)",
        ("OrdinalItems", "probability"): "Dirichlet(a=1.0)",
        ("Regression", "intercept"): "ZeroSumNormal(sigma=2.5)",
        ("Regression", "slope"): "ZeroSumNormal(sigma=2.0)",
        ("Regression", "group_sd"): "HalfNormal(sigma=1.0)",
        ("Regression", "group_slope_sd"): "PerUnit(prior=HalfNormal(sigma=0.5), columns=None)",
        ("Regression", "correlation"): "LKJ(eta=3.0)",
    }


def test_parts_that_are_no_priors_are_none():
    part = {"kind": "Part", "count": 3, "names": ["a"], "dataclass": {"kind": "dataclass"}, "nothing": None}
    assert priors_of({"kind": "Model", "part": part}) == []
    assert priors_of({}) == []
