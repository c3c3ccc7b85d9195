"""A sheet of an Excel workbook, as the text that the same table has in a CSV file."""

from pathlib import Path

import pandas as pd

REMEDY = "pip install 'bayes-lca[files]'"
"""What installs the packages that read and write files of other programs."""


def sheet_as_csv(path: Path, sheet: str | None) -> str:
    """The cells of a sheet as CSV: what a cell holds, nothing for an empty one, and no number rounded.

    Parameters
    ----------
    path : Path
    sheet : str, optional
        Its name; not needed where one sheet alone has cells.

    Raises
    ------
    ImportError
        If openpyxl is not installed.
    ValueError
        If the file is no workbook, has no such sheet, or several sheets and none is named.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise ImportError(f"{path.name}: workbooks of Excel are read by openpyxl; {REMEDY}") from error
    with path.open("rb") as file:
        try:
            workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except Exception as error:  # zipfile, XML and openpyxl each have their own
            raise ValueError(f"path={str(path)!r}: no workbook of Excel can be read from it ({error})") from error
        sheets = {each.title: _cells(each) for each in workbook.worksheets}
        workbook.close()
    filled = [name for name, cells in sheets.items() if cells]
    if sheet is None and len(filled) != 1:
        raise ValueError(
            f"path={str(path)!r}: {len(filled)} of its {len(sheets)} sheets have cells "
            f"({', '.join(filled) or 'none'}); name the sheet of the survey, sheet=..."
        )
    if sheet is not None and sheet not in filled:
        raise ValueError(f"path={str(path)!r}: no sheet {sheet!r} with cells; those that have are {', '.join(filled)}")
    header, *rows = sheets[filled[0] if sheet is None else sheet]
    return pd.DataFrame(rows, columns=header, dtype=object).to_csv(index=False)


def _cells(sheet) -> list[tuple]:
    """Rows of a sheet but for those without any cell; whole numbers that Excel keeps as fractions are whole."""
    rows = [tuple(_plain(value) for value in row) for row in sheet.iter_rows(values_only=True)]
    return [row for row in rows if any(value is not None for value in row)]


def _plain(value):
    return int(value) if isinstance(value, float) and value.is_integer() else value
