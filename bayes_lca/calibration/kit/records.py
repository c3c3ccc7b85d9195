"""The folder of a study: its settings, a file for each finished replicate, and the tables of all."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from bayes_lca.whole_file import write_text_whole, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SETTINGS, REPLICATES = "settings.json", "replicates"
COUNTS = "replicates"
"""Setting that may change when a study is taken up again: more replicates add to those there are."""

TABLE, COEFFICIENTS, FITS = "table.csv", "coefficients.csv.gz", "fits.csv.gz"
MODELS, RANKS = "models.csv", "ranks.csv.gz"
CHOICES, COUNTS_OF_CLASSES, BOOTSTRAP = "choices.csv.gz", "counts.csv.gz", "bootstrap.csv.gz"
DIGITS = {TABLE: "%.6g", COEFFICIENTS: "%.4g", FITS: "%.5g", MODELS: "%.4g", RANKS: "%.4g"}
DIGITS |= {CHOICES: "%.6g", COUNTS_OF_CLASSES: "%.9g", BOOTSTRAP: "%.9g"}
DIGITS |= {"alarms.csv": "%.4g", "by_class.csv": "%.6g", "intervals.csv.gz": "%.4g"}


def keep_settings(settings: dict, out: Path) -> None:
    """Write the settings of a study, or see that a folder already has them.

    Raises
    ------
    ValueError
        If the folder holds replicates of other settings than these, their number left aside, or its settings cannot
        be read.
    """
    (out / REPLICATES).mkdir(parents=True, exist_ok=True)
    path, text = out / SETTINGS, json.dumps(settings, indent=1) + "\n"
    if not path.exists():
        with suppress(FileExistsError):  # another process has begun a study here at the same time
            write_text_whole(path, text, replace=False)
    there = _read_json(path, "give another folder, or write the settings of its replicates into it again")
    other = [
        f"{name} is {old!r} there and {new!r} here"
        for name, old, new in _differences(there, settings)
        if name.partition(".")[0] != COUNTS
    ]
    if other:
        raise ValueError(
            f"{out} holds replicates of another study: {'; '.join(other)}. Results of different settings are not "
            "mixed: give another folder, or the settings and versions of this one."
        )
    if there != settings:
        write_text_whole(path, text)


def finished(out: Path) -> set[str]:
    """Names of the files of finished replicates."""
    return {path.name for path in (out / REPLICATES).glob("*.json")}


def require_finished(out: Path, names: Iterable[str]) -> set[str]:
    """Those of the names that are of finished replicates.

    Raises
    ------
    ValueError
        If there are none.
    """
    there = finished(out).intersection(names)
    if not there:
        raise ValueError(f"{out / REPLICATES} holds no replicate of this study yet: run it first")
    return there


def read_replicates(names: Iterable[str], out: Path, parts: Sequence[str]) -> list[pd.DataFrame]:
    """Rows of the replicates there are, in the order of their names given, a frame for each part of a replicate.

    Raises
    ------
    ValueError
        If there are none, or a file is no whole replicate.
    """
    names = list(names)
    there = require_finished(out, names)
    remedy = "remove it, and the same command runs this replicate again"
    replicates = [_read_json(out / REPLICATES / name, remedy, parts) for name in names if name in there]
    return [pd.DataFrame(chain.from_iterable(replicate[part] for replicate in replicates)) for part in parts]


def write_csv(frames: Mapping[str, pd.DataFrame], out: Path) -> None:
    """Write frames under their file names, each whole or not at all.

    What ends in .gz is compressed, the same bytes at any time of day.
    """
    for name, frame in frames.items():
        text = frame.to_csv(index=False, float_format=DIGITS[name]).encode()
        content = gzip.compress(text, mtime=0) if name.endswith(".gz") else text
        write_whole(out / name, lambda unfinished, content=content: unfinished.write_bytes(content))


def write_figure(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    write_whole(path, lambda unfinished: figure.savefig(unfinished, dpi=160, format="png"))


def _read_json(path: Path, remedy: str, entries: Sequence[str] = ()) -> dict:
    """A file that was written here, which has some entries."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is not JSON, so it was damaged or changed: {remedy}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{str(path)!r} has no entries, so it was damaged or changed: {remedy}")
    if lacking := [name for name in entries if name not in found]:
        raise ValueError(f"{str(path)!r} lacks {', '.join(lacking)}, so it was damaged or changed: {remedy}")
    return found


def _differences(old, new, name: str = "") -> Iterator[tuple[str, object, object]]:
    """Entries of nested dictionaries that differ, with dotted names."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(key), new.get(key), f"{name}.{key}" if name else key)
    elif old != new:
        yield name, old, new
