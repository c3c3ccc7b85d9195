"""Files of a report: where they may be written, and writing them whole."""

import os
from collections.abc import Sequence
from pathlib import Path

from bayes_lca.reporting.writing.latex_table import latex_table
from bayes_lca.reporting.writing.section import Table
from bayes_lca.whole_file import write_text_whole


def check_path(path: str | os.PathLike) -> Path:
    """Refuse a place where no page can be written.

    Raises
    ------
    ValueError
        If `path` is a folder.
    FileNotFoundError
        If its folder does not exist.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{os.fspath(path)!r} is a folder; name a file, such as {os.fspath(path / 'report.html')!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"no folder {os.fspath(path.parent)!r} to write {path.name!r} in; make it first")
    return path


def tables_folder(path: Path) -> Path:
    """Where the tables of a page are: ``fit_tables`` beside ``fit.html``."""
    return path.with_name(f"{path.stem}_tables")


def write_page(path: Path, text: str) -> None:
    """Write a page."""
    write_text_whole(path, text)


def write_tables(folder: Path, tables: Sequence[Table]) -> None:
    """Write every table as CSV and LaTeX; files of the same names are replaced, others stay."""
    folder.mkdir(exist_ok=True)
    for table in tables:
        text = latex_table(table.display, table.caption, table.table.note)
        table.table.write(folder / f"{table.name}.csv")
        write_text_whole(folder / f"{table.name}.tex", text)
