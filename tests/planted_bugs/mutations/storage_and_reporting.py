"""Fits on disk and pages about them."""

from mutations.mutation import Mutation

STORAGE_AND_REPORTING = (
    Mutation(
        name="file-written-in-its-place",
        wrong="Fits, tables and pages are written over the older file at once, so an interruption destroys both.",
        file="bayes_lca/whole_file.py",
        original="write(unfinished)",
        replacement="write(path)\n        return",
        tests=("tests/reporting/test_tables.py::test_a_page_that_cannot_be_written_leaves_the_old_one",),
    ),
    Mutation(
        name="cells-not-escaped",
        wrong="Names of items reach the page as HTML, so that a name can run a script.",
        file="bayes_lca/reporting/writing/html_table.py",
        original="{escape(column.cells[row])}</td>",
        replacement="{column.cells[row]}</td>",
        tests=("tests/reporting/test_tables.py::test_cells_and_names_of_rows_are_text_on_the_page",),
    ),
    Mutation(
        name="row-names-not-escaped",
        wrong="Names of rows reach the page as HTML.",
        file="bayes_lca/reporting/writing/html_table.py",
        original="{escape(names[level].cells[start])}</th>",
        replacement="{names[level].cells[start]}</th>",
        tests=("tests/reporting/test_tables.py::test_cells_and_names_of_rows_are_text_on_the_page",),
    ),
    Mutation(
        name="ampersand-not-escaped-in-latex",
        wrong="An ampersand in a name starts a new column of the LaTeX table.",
        file="bayes_lca/reporting/writing/latex_table.py",
        original='"&": r"\\&",',
        replacement='"&": "&",',
        tests=("tests/reporting/test_tables.py::test_latex_is_escaped_and_rectangular",),
    ),
    Mutation(
        name="upper-end-first",
        wrong="Intervals on the page are printed with the upper end first.",
        file="bayes_lca/reporting/writing/cells.py",
        original="ends = zip(numbers(lower, name), numbers(upper, name), strict=True)",
        replacement="ends = zip(numbers(upper, name), numbers(lower, name), strict=True)",
        tests=("tests/reporting/test_tables.py::test_ends_of_intervals_share_a_column",),
    ),
    Mutation(
        name="small-p-value-printed-as-zero",
        wrong="A p-value below 0.001 is printed as 0.000.",
        file="bayes_lca/reporting/writing/cells.py",
        original="if never_negative and 0 < value < least:",
        replacement="if never_negative and 0 > value > least:",
        tests=("tests/reporting/test_tables.py::test_numbers_are_rounded",),
    ),
)
