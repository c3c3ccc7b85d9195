"""Fits on disk and pages about them."""

from mutations.mutation import Mutation

STORAGE_AND_REPORTING = (
    Mutation(
        name="file-written-in-its-place",
        wrong="Fits, tables and pages are written over the older file at once, so an interruption destroys both.",
        symbol="write_whole",
        pattern="write(_1)",
        replacement="write(path)\nreturn",
        tests=("tests/reporting/test_tables.py::test_a_page_that_cannot_be_written_leaves_the_old_one",),
    ),
    Mutation(
        name="cells-not-escaped",
        wrong="Names of items reach the page as HTML, so that a name can run a script.",
        symbol="html_table",
        pattern="escape(_1.cells[_2])",
        replacement="_1.cells[_2]",
        tests=("tests/reporting/test_tables.py::test_cells_and_names_of_rows_are_text_on_the_page",),
    ),
    Mutation(
        name="row-names-not-escaped",
        wrong="Names of rows reach the page as HTML.",
        symbol="_row_headers",
        pattern="escape(_1.cells[_2])",
        replacement="_1.cells[_2]",
        tests=("tests/reporting/test_tables.py::test_cells_and_names_of_rows_are_text_on_the_page",),
    ),
    Mutation(
        name="ampersand-not-escaped-in-latex",
        wrong="An ampersand in a name starts a new column of the LaTeX table.",
        symbol="SPECIAL",
        pattern='r"\\&"',
        replacement='"&"',
        tests=("tests/reporting/test_tables.py::test_latex_is_escaped_and_rectangular",),
    ),
    Mutation(
        name="upper-end-first",
        wrong="Intervals on the page are printed with the upper end first.",
        symbol="intervals",
        pattern="zip(_1, _2, strict=True)",
        replacement="zip(_2, _1, strict=True)",
        tests=("tests/reporting/test_tables.py::test_ends_of_intervals_share_a_column",),
    ),
    Mutation(
        name="small-p-value-printed-as-zero",
        wrong="A p-value below 0.001 is printed as 0.000.",
        symbol="_number",
        pattern="0 < _1 < _2",
        replacement="0 > _1 > _2",
        tests=("tests/reporting/test_tables.py::test_numbers_are_rounded",),
    ),
)
