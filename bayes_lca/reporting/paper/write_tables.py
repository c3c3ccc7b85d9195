"""Tables in a document of Word or a workbook of Excel, ready to be pasted into a paper."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bayes_lca.data.workbook import REMEDY
from bayes_lca.reporting.writing.cells import display_of
from bayes_lca.whole_file import write_whole

LONGEST_SHEET_NAME = 31
NOT_IN_SHEET_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
WIDEST_COLUMN, LETTERS_OF_NUMBER = 60, 12


def write_tables(path: str | os.PathLike, tables: Mapping[str, pd.DataFrame]) -> Path:
    """Write tables to a document of Word or a workbook of Excel, each with its title and its note.

    In Word a table has lines above, below the head and at its end, as journals print it, and the note below; cells are
    rounded to what is worth reading, a cell that repeats the one above is empty. In Excel each table is a sheet;
    numbers stay numbers in full and are shown rounded.

    Parameters
    ----------
    path : str or path
        With suffix .docx, which takes the package python-docx, or .xlsx, which takes openpyxl:
        ``pip install 'bayes-lca[files]'``. An older file is replaced once the new one is whole.
    tables : mapping of str to SummaryTable
        By title, such as ``{"Table 1. Respondents by class": bl.characteristics(...)}``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    TypeError
        If `tables` are not given by title.
    ValueError
        If there are no tables, one is none, or the file is of another kind.
    ImportError
        If the package is not installed.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import bayes_lca as bl
    >>> folder = Path(tempfile.mkdtemp())
    >>> table = bl.regression_table(bl.load_example(), reference="C1")
    >>> bl.write_tables(folder / "paper.docx", {"Table 5. What goes with the second class": table}).name
    'paper.docx'
    """
    path = Path(path)
    if isinstance(tables, pd.DataFrame) or not isinstance(tables, Mapping):
        raise TypeError(f"tables is {type(tables).__name__}; give tables by title, {{'Table 1. ...': table}}")
    if not tables:
        raise ValueError("tables: there is none to write; give them by title, {'Table 1. ...': table}")
    for title, table in tables.items():
        if not isinstance(table, pd.DataFrame):
            raise ValueError(f"tables[{title!r}] is of type {type(table).__name__}; give a table of this package")
    writers = {".docx": _document, ".xlsx": _workbook}
    if path.suffix.lower() not in writers:
        raise ValueError(f"path={str(path)!r}: tables are written to .docx or .xlsx; choose one of them")
    write_whole(path, writers[path.suffix.lower()](tables, path.name))
    return path


def _document(tables: Mapping[str, pd.DataFrame], name: str):
    try:
        import docx
        from docx.enum.section import WD_ORIENT
        from docx.shared import Pt
    except ImportError as error:
        raise ImportError(f"{name}: documents of Word are written by python-docx; {REMEDY}") from error
    document = docx.Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width
    document.styles["Normal"].font.size = Pt(9)
    for title, table in tables.items():
        number, dot, words = title.partition(". ")
        heading = document.add_paragraph()
        heading.paragraph_format.keep_with_next = True
        heading.add_run(number if dot else title).bold = True
        if dot:
            heading.add_run("\n")
            heading.add_run(words).italic = True
        _add_table(document, table)
        if note := table.attrs.get("note", ""):
            below = document.add_paragraph()
            below.add_run("Note. ").italic = True
            below.add_run(note)
    return lambda unfinished: document.save(str(unfinished))


def _add_table(document, table: pd.DataFrame) -> None:
    """A table with three lines: above, below the head, and at its end."""
    shown = display_of(table)
    columns = [*shown.names, *shown.values]
    grid = document.add_table(rows=1 + shown.n_rows, cols=len(columns))
    rows = [row.cells for row in grid.rows]  # once, for grid.cell(row, place) goes through all cells each time
    for place, column in enumerate(columns):
        cells = [column.label, *(_without_repeats(column.cells) if place < len(shown.names) - 1 else column.cells)]
        for row, text in enumerate(cells):
            paragraph = rows[row][place].paragraphs[0]
            paragraph.add_run(str(text)).bold = row == 0
            if column.is_number or place >= len(shown.names):
                paragraph.alignment = 2 if column.is_number else 0
    for row, sides in ((0, ("top", "bottom")), (shown.n_rows, ("bottom",))):
        for cell in rows[row]:
            _draw_lines(cell, sides)


def _draw_lines(cell, sides: Sequence[str]) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = cell._tc.get_or_add_tcPr()
    borders = properties.first_child_found_in("w:tcBorders")
    if borders is None:
        borders = OxmlElement("w:tcBorders")
        properties.append(borders)
    for side in sides:
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "6"), ("color", "000000")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)


def _without_repeats(cells: Sequence[str]) -> list[str]:
    return [text if row == 0 or text != cells[row - 1] else "" for row, text in enumerate(cells)]


def _workbook(tables: Mapping[str, pd.DataFrame], name: str):
    try:
        import openpyxl
        from openpyxl.styles import Alignment, Font
    except ImportError as error:
        raise ImportError(f"{name}: workbooks of Excel are written by openpyxl; {REMEDY}") from error
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, table in tables.items():
        sheet = book.create_sheet(_sheet_name(title, book.sheetnames))
        flat = pd.DataFrame(table).reset_index()
        sheet.append([title])
        sheet.append([str(column) for column in flat.columns])
        for row in flat.itertuples(index=False):
            sheet.append([_cell(value) for value in row])
        for cell in (sheet["A1"], *sheet[2]):
            cell.font = Font(bold=True)
        for place, column in enumerate(flat.columns):
            letter = openpyxl.utils.get_column_letter(place + 1)
            if flat[column].dtype.kind == "f":
                for row in range(3, len(flat) + 3):
                    sheet[f"{letter}{row}"].number_format = "0.000"
                widest = LETTERS_OF_NUMBER
            else:
                widest = max(map(len, flat[column].astype(str)), default=0)
            sheet.column_dimensions[letter].width = min(WIDEST_COLUMN, max(widest, len(str(column))) + 2)
        if note := table.attrs.get("note", ""):
            sheet.append([])
            sheet.append([note])
            sheet.cell(sheet.max_row, 1).alignment = Alignment(wrap_text=False)
    return lambda unfinished: book.save(str(unfinished))


def _cell(value):
    """A value that Excel has: numbers of Python, nothing in place of what is not a number."""
    value = value.item() if hasattr(value, "item") else value
    if value is None or value != value:
        return None
    return value if isinstance(value, int | float | bool | str) else str(value)


def _sheet_name(title: str, taken: Sequence[str]) -> str:
    """A title as short as sheets have it, and of no other sheet."""
    plain = title.translate(NOT_IN_SHEET_NAMES).strip("' ") or "table"
    name, number = plain[:LONGEST_SHEET_NAME], 2
    while name.lower() in {each.lower() for each in taken}:
        ending = f" {number}"
        name, number = plain[: LONGEST_SHEET_NAME - len(ending)] + ending, number + 1
    return name
