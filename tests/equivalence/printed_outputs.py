"""Latent classes as printed by poLCA and by Mplus."""

from equivalence.class_fits import class_fit, read_json
from equivalence.printed_classes import printed_rows
from equivalence.row import Row, Source

STARTS = {"carcinoma": 30, "gss82": 200, "values": 20, "cheating": 10, "lca_cfa_example": 80, "mplus_ex7_6": 5}


def rows_of(program: str, data: str) -> list[Row]:
    """Every figure kept of a program and a data set."""
    return [
        row
        for n_classes, figures in read_json(program)[data].items()
        for row in printed_rows(data, figures, class_fit(data, int(n_classes), n_starts=STARTS[data]))
    ]


def _source(name: str, citation: str, program: str, data: str) -> Source:
    return Source(name, citation, lambda: rows_of(program, data))


POLCA = "Linzer & Lewis (2011), Journal of Statistical Software 42(10), doi 10.18637/jss.v042.i10"
SOURCES = (
    _source("poLCA, carcinoma", f"poLCA 1.6.0.2; {POLCA}, pp. 21-22", "polca", "carcinoma"),
    _source("poLCA, gss82", f"poLCA 1.6.0.2 and its manual; {POLCA}", "polca", "gss82"),
    _source("poLCA, values", f"poLCA's help pages and its output in broom's documentation; {POLCA}", "polca", "values"),
    _source("poLCA, cheating", f"poLCA's help pages and its output kept by pypolca; {POLCA}", "polca", "cheating"),
    _source(
        "Mplus, lca_cfa_example",
        "Mplus 7.31, outputs in MplusAutomation (Hallquist & Wiley 2018, doi 10.1080/10705511.2017.1402334)",
        "mplus",
        "lca_cfa_example",
    ),
    _source(
        "Mplus, example 7.6",
        "Mplus 8.11, example 7.6 of the User's Guide, output in the tests of MplusAutomation",
        "mplus",
        "mplus_ex7_6",
    ),
    _source("Mplus, gss82", "Mplus 4.2, textbook example of the UCLA Statistical Consulting Group", "mplus", "gss82"),
)
