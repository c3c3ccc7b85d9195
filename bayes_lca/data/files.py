"""Surveys from files: labels in their order, missing codes as declared, and no answer taken for a missing one."""

import io
import re
import struct
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from bayes_lca.data.covariates import MOST_NUMBERED_LEVELS
from bayes_lca.data.declarations import Declarations, MissingCodes, apply_declarations, without_codes
from bayes_lca.data.frame import label, named
from bayes_lca.data.suspected_codes import MissingCodeWarning, says_missing
from bayes_lca.data.variable_labels import variable_labels, with_variable_labels
from bayes_lca.data.workbook import REMEDY, sheet_as_csv

TABLES = {".csv": (",", ";", "\t"), ".tsv": ("\t",)}
"""Separators of text files; of a .csv that one which its first line has most of."""
EMPTY = ("", "NA")
"""What stands for nothing in a column of numbers; R writes NA."""
QUOTED = re.compile(r'"[^"]*"')
SPSS, STATA, PARQUET, EXCEL = (".sav", ".zsav", ".por"), ".dta", (".parquet", ".pq"), ".xlsx"
KNOWN = (*TABLES, EXCEL, *SPSS, STATA, *PARQUET)


def read_survey(
    path: str | PathLike[str],
    *,
    categories: Mapping[str, Sequence] = MappingProxyType({}),
    missing_codes: MissingCodes = (),
    sheet: str | None = None,
) -> pd.DataFrame:
    r"""Read a survey from a file of CSV, Excel, SPSS, Stata or Parquet.

    Text is taken as it stands: in a CSV file an empty cell is missing, and None, NA or null are answers. A column that
    is numbers, or truth values, but for NA and codes declared missing is numbers; NA is missing there. Fields are
    separated by comma, semicolon or tab, whichever the first line has most of; with semicolons, decimals may have a
    comma. A sheet of Excel is read as the same table in CSV.
    Value labels of SPSS and Stata become categories in the order of their codes, unless more than eleven values have
    none, as incomes of which 0 is labelled; what the file declares as missing is missing. Variable labels are kept in
    ``attrs["variable_labels"]``, and by the fits made of the frame: they stand below the tables of the items and beside
    their names in plots.

    Parameters
    ----------
    path : str or path
        With suffix .csv, .tsv, .xlsx, .sav, .zsav, .por, .dta, .parquet or .pq. SPSS takes the package pyreadstat,
        Excel the package openpyxl: ``pip install 'bayes-lca[files]'``.
    categories : mapping of str to sequence
        Categories in their order, by column.
    missing_codes : mapping of str to sequence, or sequence
        Codes, or labels, that mean no answer, by column, or in all columns.
    sheet : str, optional
        Name of the sheet of a workbook that has several.

    Returns
    -------
    pandas.DataFrame
        Columns that name the respondents stay columns; ``fit(..., key="id")`` names respondents by one.

    Raises
    ------
    ValueError
        If the file is of another kind than its suffix says, or not UTF-8, rows have more fields than its first line,
        which names two columns alike, a workbook has several sheets and none is named, a declared column is unknown, or
        has a value that its categories do not name.
    FileNotFoundError
        If there is no such file.
    ImportError
        If a file of SPSS is read without pyreadstat, or one of Excel without openpyxl.

    Warns
    -----
    UserWarning
        If none of the codes is in any column of a file of CSV or Parquet.
    MissingCodeWarning
        If a column of SPSS or Stata that stays numbers has a value labelled *refused* or the like, which the file does
        not declare missing.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "survey.csv"
    >>> _ = path.write_text("id,pain\n1,None\n2,Much\n3,\n4,9\n")
    >>> survey = read_survey(path, categories={"pain": ["None", "Some", "Much"]}, missing_codes={"pain": [9]})
    >>> survey["pain"].cat.codes.tolist()
    [0, 2, -1, -1]
    """
    path, declared = Path(path), Declarations(dict(categories), missing_codes)
    suffix = path.suffix.lower()
    if sheet is not None and suffix != EXCEL:
        raise ValueError(f"sheet={sheet!r}: {path.name} is no workbook of Excel and has no sheets; leave sheet out")
    if suffix in KNOWN and not path.is_file():
        raise FileNotFoundError(f"path={str(path)!r}: there is no such file")
    if suffix in TABLES:
        with path.open(encoding="latin-1") as file:
            header = QUOTED.sub("", file.readline())
        separator = max(TABLES[suffix], key=header.count)
        frame = _read_table(path, lambda: path, separator, declared)
    elif suffix == EXCEL:
        text = sheet_as_csv(path, sheet)
        frame = _read_table(path, lambda: io.StringIO(text), ",", declared)
    elif suffix in SPSS:
        frame = _read_spss(path, missing_codes)
    elif suffix == STATA:
        frame = _read_stata(path, missing_codes)
    elif suffix in PARQUET:
        with _read_as(path, "Parquet"):
            frame = pd.read_parquet(path)
    else:
        raise ValueError(
            f"path={str(path)!r}: files of {suffix or 'no suffix'} are not read here; known are {', '.join(KNOWN)}"
        )
    if suffix in PARQUET:
        declared.warn_of_absent_codes(frame, list(frame.columns))
    return with_variable_labels(apply_declarations(frame, declared), variable_labels(frame))


def _read_table(path: Path, source: Callable, separator: str, declared: Declarations) -> pd.DataFrame:
    """Columns of a text: numbers beside NA and declared codes are numbers, anything else is as it stands."""
    frame = _parsed(path, source, separator, [""])
    names = Counter(_parsed(path, source, separator, [""], header=None, nrows=1, dtype=str).iloc[0].dropna())
    if twice := [name for name, times in names.items() if times > 1]:
        raise ValueError(
            f"path={str(path)!r}: the first line of the file of {len(frame)} rows names {named(twice)} more than once; "
            "give each column its own name"
        )
    declared.check_names(list(frame.columns))
    declared.warn_of_absent_codes(frame, list(frame.columns))
    marks = {
        name: [mark for mark in EMPTY if mark not in (declared.categories_of(name) or ())]
        + [label(code) for code in declared.missing_codes_of(name)]
        for name in frame.columns
    }
    for decimal in (",", ".") if separator == ";" else (".",):
        numbers = _parsed(path, source, separator, marks, decimal=decimal, dtype_backend="numpy_nullable")
        for name in frame.columns:
            if not pd.api.types.is_numeric_dtype(frame[name]) and pd.api.types.is_numeric_dtype(numbers[name]):
                is_float = pd.api.types.is_float_dtype(numbers[name])
                frame[name] = numbers[name].astype("float64") if is_float else numbers[name]
    return frame


def _parsed(
    path: Path, source: Callable, separator: str, missing: Sequence[str] | Mapping[str, Sequence[str]], **how
) -> pd.DataFrame:
    """A text whose rows have the fields that its first line names."""
    try:
        frame = pd.read_csv(source(), sep=separator, keep_default_na=False, na_values=missing, **how)
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"path={str(path)!r}: the file is empty") from error
    except pd.errors.ParserError as error:
        raise ValueError(
            f"path={str(path)!r}: rows have not the fields of the first line, separated by {separator!r} "
            f"({str(error).strip()}); separate all fields alike, and quote text that holds the separator"
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(f"path={str(path)!r}: the text is not UTF-8 ({error}); save the file as CSV UTF-8") from error
    if frame.index.nlevels > 1:
        raise ValueError(
            f"path={str(path)!r}: {len(frame)} rows have {frame.index.nlevels} fields more than the first line, "
            f"separated by {separator!r}; separate all fields alike, and quote text that holds the separator"
        )
    return frame


def _read_spss(path: Path, missing_codes: MissingCodes) -> pd.DataFrame:
    """Columns of a file of SPSS; user-missing values are missing, and their labels no categories."""
    try:
        import pyreadstat
    except ImportError as error:
        raise ImportError(f"{path.name}: files of SPSS are read by pyreadstat; {REMEDY}") from error
    read = pyreadstat.read_por if path.suffix.lower() == ".por" else pyreadstat.read_sav
    user_missing = {} if path.suffix.lower() == ".por" else {"user_missing": True}
    with _read_as(path, "SPSS", pyreadstat.ReadstatError):
        frame, _ = read(str(path))
        _, described = read(str(path), metadataonly=True, **user_missing)
    columns = {}
    for name in frame.columns:
        gone = described.missing_ranges.get(name, [])
        labels = {
            code: str(text)
            for code, text in described.variable_value_labels.get(name, {}).items()
            if not any(part["lo"] <= code <= part["hi"] for part in gone)
        }
        values = without_codes(_without_blanks(frame[name]), _codes_of(missing_codes, name), name)
        nominal = described.variable_measure.get(name) == "nominal"
        columns[name] = _labelled(values, labels, _codes_of(missing_codes, name), name, ordered=not nominal)
    return with_variable_labels(pd.DataFrame(columns, index=frame.index), described.column_names_to_labels)


def _read_stata(path: Path, missing_codes: MissingCodes) -> pd.DataFrame:
    """Columns of a file of Stata; its missing values, . and .a to .z, are missing."""
    with _read_as(path, "Stata", struct.error):
        coded, labelled = pd.read_stata(path, convert_categoricals=False), pd.read_stata(path)
    columns = {}
    for name in coded.columns:
        values = without_codes(_without_blanks(coded[name]), _codes_of(missing_codes, name), name)
        columns[name], texts = values, labelled[name]
        if not isinstance(texts.dtype, pd.CategoricalDtype):
            continue
        said = [each for each in texts.cat.categories if isinstance(each, str)]
        if _are_numbers(values, said, len(texts.cat.categories) - len(said)):
            _warn_of_labels(
                values, {code: text for code, text in zip(values, texts, strict=True) if text in said}, name
            )
            continue
        coded_missing = set(texts[values.isna()].dropna())
        kept = [label(each) for each in texts.cat.categories if each not in coded_missing]
        columns[name] = pd.Categorical(
            [None if gone else label(each) for each, gone in zip(texts, values.isna(), strict=True)],
            kept,
            ordered=True,
        )
    with pd.read_stata(path, iterator=True) as reader:
        return with_variable_labels(pd.DataFrame(columns, index=coded.index), reader.variable_labels())


@contextmanager
def _read_as(path: Path, kind: str, *errors: type[Exception]) -> Generator[None]:
    """Name the file that cannot be read, and what it was taken for."""
    try:
        yield
    except (ValueError, *errors) as error:
        raise ValueError(f"path={str(path)!r}: no file of {kind} can be read from it ({error})") from error


def _are_numbers(values: pd.Series, labels: Iterable[str], n_unlabelled: int) -> bool:
    """Whether labels, beside codes that have none, are of missing answers alone or of few numbers among many."""
    many = pd.api.types.is_numeric_dtype(values) and n_unlabelled > MOST_NUMBERED_LEVELS
    return many or all(map(says_missing, labels))


def _warn_of_labels(values: pd.Series, labels: Mapping, name: str) -> None:
    """Name codes whose label says that nobody answered, in a column that stays numbers, which has no labels."""
    counts = {code: int((values == code).sum()) for code, text in labels.items() if says_missing(text)}
    for code, n in counts.items():
        if n:
            warnings.warn(
                f"column {name!r} has {label(code)}, labelled {labels[code]!r}, in {n} of {len(values)} rows: the file "
                "does not declare it missing, and it is taken for a number; if nobody answered there, "
                f"missing_codes={{{name!r}: [{label(code)}]}}",
                MissingCodeWarning,
                stacklevel=4,
            )


def _codes_of(missing_codes: MissingCodes, name: str) -> Sequence:
    return missing_codes.get(name, ()) if isinstance(missing_codes, Mapping) else missing_codes


def _without_blanks(values: pd.Series) -> pd.Series:
    """Texts, in files whose text cannot be missing: what is blank is."""
    return values if pd.api.types.is_numeric_dtype(values) else values.mask(values == "")


def _labelled(values: pd.Series, labels: Mapping, missing_codes: Sequence, name: str, *, ordered: bool):
    """Codes as a categorical of their labels in the order of the codes; a code without label is its own.

    Numbers of which codes for missing answers alone have labels stay numbers, and so do those of which more than a
    scale has, eleven, have none, such as incomes of which 0 is labelled.
    """
    labels = {code: text for code, text in labels.items() if label(code) not in set(map(label, missing_codes))}
    every = sorted({*labels, *values.dropna().unique()})
    if _are_numbers(values, labels.values(), len(set(every).difference(labels))):
        _warn_of_labels(values, labels, name)
        return values
    texts = pd.Series([labels.get(code, label(code)) for code in every])
    shown = texts.where(
        ~texts.duplicated(keep=False), [f"{text} ({label(code)})" for code, text in zip(every, texts, strict=True)]
    )
    return pd.Categorical(values.map(dict(zip(every, shown, strict=True)), na_action="ignore"), shown, ordered=ordered)
