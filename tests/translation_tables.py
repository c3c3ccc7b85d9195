"""Write the tables of the pages on other programs: their numbers beside ours, from the table of equivalences.

    python tests/translation_tables.py [--sample]

Each page of docs/translate has places for tables, between comments that name them. This fills them; a test fails where
a page holds something else. `--sample` first draws the posteriors that are set beside those of Bambi, half a minute,
and keeps their means in reference/multinom_sim_bayes_lca.json.
"""

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from equivalence import bambi_posterior, nnet, parallel_lines
from equivalence.class_fits import REFERENCE, read_json
from equivalence.row import Row
from equivalence.sources import SOURCES, computed

PAGES = Path(__file__).parents[1] / "docs" / "translate"
PLACE = re.compile(r"<!-- numbers: ([\w-]+) -->\n(.*?)<!-- end of numbers -->\n", re.DOTALL)
OURS = "bayes_lca"
SAMPLED = "multinom_sim_bayes_lca"
BY_NAME = {source.name: source for source in SOURCES}


@dataclass(frozen=True)
class Numbers:
    """A table: a line for each label, and in it a pair of cells, theirs and ours, for each column.

    Attributes
    ----------
    page, name : str
        Where it stands.
    program : str
    columns : tuple of str
        Heading of each pair; a lone empty one has none.
    lines : tuple of (str, tuple of str or None)
        Label, and the quantity of each column in the table of equivalences.
    sources : tuple of str
        Names of sources, as for `table_rows`.
    digits : int, optional
        Decimals shown; those that were printed by default.
    """

    page: str
    name: str
    program: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str | None, ...]], ...]
    sources: tuple[str, ...]
    digits: int | None = None

    def pairs(self) -> Iterator[tuple[str, tuple[tuple[str, str] | None, ...]]]:
        """Lines with their figures as text."""
        rows = {row.quantity: row for source in self.sources for row in table_rows(source)}
        for label, quantities in self.lines:
            yield label, tuple(None if name is None else figures(rows[name], self.digits) for name in quantities)

    def markdown(self) -> str:
        """The table as it stands in the page."""
        whose = (re.sub(r" [\d.]+$", "", self.program), OURS)
        titles = [f"{column}: {who}" for column in self.columns for who in whose]
        if self.columns == ("",):
            titles = [self.program, OURS]
        lines = [["quantity", *titles], ["---"] + ["--:"] * len(titles)]
        for label, pairs in self.pairs():
            lines.append([label, *(cell for pair in pairs for cell in pair or ("", ""))])
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def figures(row: Row, digits: int | None) -> tuple[str, str]:
    """Theirs and ours with the same number of decimals."""
    if digits is None:
        digits = len(row.text.partition(".")[2])
    return with_decimals(float(row.theirs), digits), with_decimals(row.ours, digits)


def with_decimals(value: float, digits: int) -> str:
    """A number in so many decimals; nought has no sign."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


@cache
def table_rows(source: str) -> Sequence[Row]:
    """Rows of a source of the table of equivalences by its name, or of posteriors that are kept."""
    if source == SAMPLED:
        return [Row(*row) for row in read_json(SAMPLED)["rows"]]
    return computed(BY_NAME[source])


FIT = {
    "log_likelihood": "log-likelihood",
    "parameters": "free parameters",
    "AIC": "AIC",
    "BIC": "BIC",
    "aBIC": "sample-size-adjusted BIC",
    "entropy_r2": "entropy",
    "G2": "likelihood ratio chi-squared",
    "X2": "Pearson chi-squared",
    "scaling correction factor": "scaling correction factor (MLR)",
    "2 dLL to one class fewer": "2 times the log-likelihood difference to K - 1",
}


def fit_lines(label: str, names: Sequence[str]) -> tuple:
    """One line for each figure of fit."""
    return tuple((FIT[name], (f"{label}: {name}",)) for name in names)


def class_lines(label: str, lines: Sequence[tuple[str, str]], n_classes: int) -> tuple:
    """One line for each quantity, a column for each class, named by {k}."""
    return tuple(
        (title, tuple(f"{label}: {quantity.format(k=k + 1)}" for k in range(n_classes))) for title, quantity in lines
    )


def by_class(n_classes: int) -> tuple[str, ...]:
    return tuple(f"class {k + 1}" for k in range(n_classes))


def mplus_tables() -> Iterator[Numbers]:
    two, source = "lca_cfa_example, 2 classes", ("Mplus, lca_cfa_example",)
    yield Numbers("mplus", "fit", "Mplus 7.31", ("",), fit_lines(two, FIT), source)
    lines = [
        ("share", f"{two}: share class 1"),
        ("respondents, most likely class", f"{two}: respondents assigned to class 1"),
        ("average posterior probability, class 1", f"{two}: average posterior probability of class 1"),
        ("average posterior probability, class 2", f"{two}: average posterior probability of class 2"),
        ("P(assigned to 2, given 1)", f"{two}: P(assigned to 2 | class 1)"),
        ("P(assigned to 1, given 2)", f"{two}: P(assigned to 1 | class 2)"),
    ]
    lines = tuple((title, (quantity,)) for title, quantity in lines)
    yield Numbers("mplus", "classification", "Mplus 7.31", ("",), lines, source)
    thresholds = [
        (f"{words}U{j}$1", f"{quantity}threshold 1 of U{j} in class {{k}}")
        for j in range(1, 7)
        for words, quantity in (("", ""), ("SE, ", "SE of "))
    ]
    yield Numbers("mplus", "thresholds", "Mplus 7.31", by_class(2), class_lines(two, thresholds, 2), source)
    names = ("log_likelihood", "BIC", "aBIC", "entropy_r2", "scaling correction factor")
    lines = tuple(
        (f"{k} classes: {FIT[name]}", (f"lca_cfa_example, {k} classes: {name}",)) for k in range(3, 6) for name in names
    )
    yield Numbers("mplus", "class-counts", "Mplus 7.31", ("",), lines, source)
    label = "mplus_ex7_6, 2 classes"
    names = [name for name in FIT if not name.startswith("2 ")]
    yield Numbers("mplus", "polytomous-fit", "Mplus 8.11", ("",), fit_lines(label, names), ("Mplus, example 7.6",))
    thresholds = [
        (f"{words}u{j}${c}", f"{quantity}threshold {c} of u{j} in class {{k}}")
        for j in range(1, 5)
        for c in (1, 2)
        for words, quantity in (("", ""), ("SE, ", "SE of "))
    ]
    lines = class_lines(label, thresholds, 2)
    yield Numbers("mplus", "polytomous-thresholds", "Mplus 8.11", by_class(2), lines, ("Mplus, example 7.6",))
    for name, digits in (("MATHIRT", 2), ("MATHJOB", None)):
        outcomes = tuple(
            (words + title.format(name), tuple(f"Latent Class {k} {quantity.format(name)}{end}" for k in range(1, 5)))
            for title, quantity in (("intercept of {}", "Intercepts {}"), ("{} on FEMALE", "{} ON FEMALE"))
            for words, end in (("", ""), ("SE, ", ", standard error"))
        )
        yield Numbers("mplus", f"outcome-{name}", "Mplus 8.11", by_class(4), outcomes, ("Mplus, BCH",), digits)


def polca_tables() -> Iterator[Numbers]:
    program, three = "poLCA 1.6.0.2", "carcinoma, 3 classes"
    names = ("log_likelihood", "parameters", "AIC", "BIC", "G2", "X2")
    yield Numbers("polca", "fit", program, ("",), fit_lines(three, names), ("poLCA, carcinoma",))
    lines = [(f"P({rater} = 2)", f"P({rater} = 2 | class {{k}})") for rater in "ABCDEFG"]
    lines = (
        *class_lines(three, [("SE of share", "SE of share class {k}")], 3),
        ("share", (*(f"{three}: share class {k}" for k in (1, 2)), None)),
        *class_lines(three, lines, 3),
    )
    lines = (lines[1], lines[0], *lines[2:])
    yield Numbers("polca", "profiles", program, by_class(3), lines, ("poLCA, carcinoma",))
    lines = [("log-likelihood of the best", ("gss82, 3 classes: log_likelihood",))]
    for text in ("-2755.617", "-2755.739", "-2762.005", "-2762.231"):
        quantity = f"gss82, 3 classes: log-likelihood of the local maximum at {text}"
        lines.append(("of a local maximum", (quantity,)))
    yield Numbers("polca", "local-maxima", "poLCA", ("",), tuple(lines), ("poLCA, gss82",))
    lines = [
        (f"{words}P({item} = 1)", f"{quantity}P({item} = 1 | class {{k}})")
        for item in "ABCD"
        for words, quantity in (("", ""), ("SE of ", "SE of "))
    ]
    lines = class_lines("values, 2 classes", lines, 2)
    yield Numbers("polca", "standard-errors", "poLCA", by_class(2), lines, ("poLCA, values",))
    lines = tuple(
        (title, tuple(f"{words}log odds of the smaller class: {term}" for words in ("", "SE of ")))
        for title, term in (("intercept", "intercept"), ("GPA", "GPA"))
    )
    columns = ("estimate", "standard error")
    yield Numbers("polca", "regression", "poLCA", columns, lines, ("poLCA, regression",), digits=4)


def stepmix_tables() -> Iterator[Numbers]:
    program, label = "StepMix 3.0.0", "gss82, 3 classes"
    names = {"log-likelihood": "log-likelihood", "AIC": "AIC", "BIC": "BIC", "CAIC": "CAIC"}
    names |= {"entropy R2": "relative entropy"}
    lines = tuple((title, (f"{label}: {name}",)) for name, title in names.items())
    yield Numbers("stepmix", "fit", program, ("",), lines, ("StepMix, classes",), digits=4)
    cells = [("PURPOSE", 1), ("PURPOSE", 2), ("ACCURACY", 1), ("UNDERSTA", 1), ("COOPERAT", 1), ("COOPERAT", 2)]
    lines = (("share", (f"{label}: share of class 1", f"{label}: share of class 2", None)),)
    lines += class_lines(label, [(f"P({item} = {c})", f"P({item} = {c} | class {{k}})") for item, c in cells], 3)
    yield Numbers("stepmix", "profiles", program, by_class(3), lines, ("StepMix, classes",), digits=4)
    methods = {
        "bch, modal": "BCH, modal",
        "bch, proportional": "BCH, soft",
        "ml, modal": "ML, modal",
        "two_step, modal": "two-step",
        "modal, modal": "no correction, modal",
        "proportional, proportional": "no correction, soft",
    }
    lines = tuple(
        (f"{words}: {term}", tuple(f"{method}: {term}, class {c} against 1" for c in (2, 3)))
        for method, words in methods.items()
        for term in ("participation", "attitude")
    )
    columns = ("class 2 against 1", "class 3 against 1")
    yield Numbers("stepmix", "covariates", program, columns, lines, ("StepMix, steps",), digits=4)
    lines = tuple(
        (words, tuple(f"{method}: mean in class {k}" for k in (1, 2, 3))) for method, words in methods.items()
    )
    yield Numbers("stepmix", "outcomes", program, by_class(3), lines, ("StepMix, outcomes",), digits=5)


def latent_gold_tables() -> Iterator[Numbers]:
    program, source = "Latent GOLD 6.1", ("Latent GOLD, steps",)
    names = ("log-likelihood", "parameters", "BIC", "SABIC", "CAIC")
    yield Numbers("latent_gold", "fit", program, ("",), tuple((name, (name,)) for name in names), source)
    quantities = [("size", "size of class {k}")]
    quantities += [
        (f"{what} of {item}", f"{what} of {item} in class {{k}}")
        for what in ("mean", "variance")
        for item in ("y1", "y2")
    ]
    quantities += [(f"P(assigned to {w}, given the class)", f"P(assigned to {w} | class {{k}})") for w in (1, 2)]
    lines = tuple((title, tuple(quantity.format(k=k) for k in (1, 2))) for title, quantity in quantities)
    yield Numbers("latent_gold", "classes", program, by_class(2), lines, source, digits=4)
    lines = (
        ("mean, BCH", ("bch: mean of class 1", "bch: mean of class 2")),
        ("SE of the mean, BCH", ("bch: SE of mean of class 1", "bch: SE of mean of class 2")),
        ("mean, no correction", ("modal: mean of class 1", "modal: mean of class 2")),
    )
    yield Numbers("latent_gold", "outcome", program, by_class(2), lines, source)

    names = ("log-likelihood", "BIC by respondents", "BIC by groups", "group class 1", "group class 2")
    lines = tuple((name, (f"nominal: {name}",)) for name in names)
    source = ("Latent GOLD, classes of groups",)
    yield Numbers("latent_gold", "group-classes", program, ("",), lines, source, digits=4)
    lines = tuple(
        (f"P(class {c}, given the group class)", tuple(f"nominal: P(class {c} | group class {w})" for w in (1, 2)))
        for c in (1, 2)
    )
    columns = ("group class 1", "group class 2")
    yield Numbers("latent_gold", "shares-in-group-classes", program, columns, lines, source, digits=4)
    source = ("Latent GOLD, latent Markov",)
    names = ("log-likelihood", "AIC", "BIC of sequences", "CAIC of sequences", "aBIC of sequences")
    yield Numbers("latent_gold", "markov-fit", program, ("",), tuple((name, (name,)) for name in names), source)
    quantities = [
        ("share at first", "share of class {k} at first"),
        ("P(to 1)", "P({k} to 1)"),
        ("P(to 2)", "P({k} to 2)"),
    ]
    quantities += [
        (f"{what} of {item}", f"{what} of {item} in class {{k}}")
        for what in ("mean", "variance")
        for item in ("y1", "y2")
    ]
    lines = tuple((title, tuple(quantity.format(k=k) for k in (1, 2))) for title, quantity in quantities)
    yield Numbers("latent_gold", "markov", program, by_class(2), lines, source)


def brms_tables() -> Iterator[Numbers]:
    columns = ("2 against 1", "3 against 1")
    lines = tuple(
        (f"{words}{term}", tuple(f"{quantity}no groups: {term}, category {c} against 1" for c in (2, 3)))
        for term in ("(Intercept)", *nnet.COVARIATES)
        for words, quantity in (("", ""), ("SE, ", "SE of "))
    )
    yield Numbers("brms_bambi", "maximum-likelihood", "nnet", columns, lines, ("nnet",), digits=3)
    lines = tuple(
        (f"{words}{term}", tuple(f"{term}[{c}]: {what}" for c in (2, 3)))
        for term in ("Intercept", *nnet.COVARIATES)
        for words, what in (("", "mean"), ("SD, ", "SD"))
    )
    yield Numbers("brms_bambi", "posterior", "Bambi 0.21", columns, lines, (SAMPLED,), digits=2)
    lines = tuple((term, tuple(f"{term}[1]: {what}" for what in ("mean", "SD"))) for term in nnet.COVARIATES)
    lines += (("SD of the groups", tuple(f"SD of random intercepts: {what}" for what in ("mean", "SD"))),)
    yield Numbers("brms_bambi", "multilevel", "Bambi 0.21", ("mean", "SD"), lines, (SAMPLED,), digits=2)


def spss_tables() -> Iterator[Numbers]:
    names = ("-2 log-likelihood of parallel lines", *(f"{name} of PLUM" for name in parallel_lines.PLUM))
    names += ("p of the test of parallel lines",)
    lines = tuple((name.removesuffix(" of PLUM"), (f"applicants: {name}",)) for name in names)
    yield Numbers("spss", "plum", "SPSS", ("",), lines, ("SPSS PLUM",))
    lines = tuple((name, (f"applicants: {name}",)) for name in ("log-likelihood", *parallel_lines.COVARIATES))
    lines += tuple((f"threshold {k}", (f"applicants: threshold {k}",)) for k in (1, 2))
    yield Numbers("spss", "ordered", "statsmodels 0.15.0", ("",), lines, ("statsmodels OrderedModel",), digits=4)
    lines = tuple(
        (name, tuple(f"applicants: Brant's {column}, {name}" for column in ("statistic", "p_value")))
        for name in parallel_lines.BRANT
    )
    yield Numbers("spss", "brant", "Stata", ("chi-squared", "p"), lines, ("Brant's test, Stata",))
    lines = (("alpha", ("alpha of the worked example",)),)
    yield Numbers("spss", "alpha", "psych", ("",), lines, ("psych, Pingouin",), digits=4)


TABLES = tuple(
    table
    for tables in (mplus_tables, polca_tables, stepmix_tables, latent_gold_tables, brms_tables, spss_tables)
    for table in tables()
)


def filled(page: str, text: str) -> str:
    """The text of a page with every table in its place; those whose data are not here are left as they are."""
    tables = {table.name: table for table in TABLES if table.page == page}

    def fill(place: re.Match) -> str:
        name, before = place.groups()
        absent = any(BY_NAME[source].is_absent for source in tables[name].sources if source != SAMPLED)
        return f"<!-- numbers: {name} -->\n{before if absent else tables[name].markdown()}<!-- end of numbers -->\n"

    return PLACE.sub(fill, text)


def sample() -> None:
    """Keep posterior means of ours that are set beside those of Bambi."""
    rows = [row for source in bambi_posterior.SOURCES for row in source.rows()]
    kept = [[row.quantity, row.theirs, round(row.ours, 6), round(row.tolerance, 6), row.reason] for row in rows]
    about = (
        "Posterior means and standard deviations of bayes_lca beside those of Bambi, written by translation_tables.py"
    )
    text = json.dumps({"about": about, "sampler": bambi_posterior.SAMPLER, "rows": kept}, indent=1)
    (REFERENCE / f"{SAMPLED}.json").write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill all pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", action="store_true", help="draw the posteriors anew that stand beside Bambi's")
    if parser.parse_args(arguments).sample:
        sample()
    for path in sorted(PAGES.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        path.write_text(filled(path.stem, text), encoding="utf-8")


if __name__ == "__main__":
    main()
