"""The folder of a study: its settings, a file for each finished replicate, and the tables of all."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pandas as pd

from bayes_lca.whole_file import write_text_whole

SETTINGS, REPLICATES = "settings.json", "replicates"
COUNTS = "replicates"
"""Setting that may change when a study is taken up again: more replicates add to those there are."""

TABLE, COEFFICIENTS, FITS = "table.csv", "coefficients.csv.gz", "fits.csv.gz"
CHOICES, COUNTS_OF_CLASSES, BOOTSTRAP = "choices.csv.gz", "counts.csv.gz", "bootstrap.csv.gz"
DIGITS = {TABLE: "%.6g", COEFFICIENTS: "%.4g", FITS: "%.5g"}
DIGITS |= {CHOICES: "%.6g", COUNTS_OF_CLASSES: "%.9g", BOOTSTRAP: "%.9g"}
DIGITS |= {"alarms.csv": "%.4g", "intervals.csv.gz": "%.4g"}


def keep_settings(settings: dict, out: Path) -> None:
    """Write the settings of a study, or see that a folder already has them.

    Raises
    ------
    ValueError
        If the folder holds replicates of other settings than these, their number left aside.
    """
    (out / REPLICATES).mkdir(parents=True, exist_ok=True)
    path = out / SETTINGS
    if path.exists():
        other = [
            f"{name} is {old!r} there and {new!r} here"
            for name, old, new in _differences(json.loads(path.read_text()), settings)
            if name.partition(".")[0] != COUNTS
        ]
        if other:
            raise ValueError(
                f"{out} holds replicates of another study: {'; '.join(other)}. Results of different settings are not "
                "mixed: give another folder, or the settings and versions of this one."
            )
    write_text_whole(path, json.dumps(settings, indent=1) + "\n")


def finished(out: Path) -> set[str]:
    """Names of the files of finished replicates."""
    return {path.name for path in (out / REPLICATES).glob("*.json")}


def read_replicates(names: Iterable[str], out: Path, parts: Sequence[str]) -> list[pd.DataFrame]:
    """Rows of the replicates there are, in the order of their names given, a frame for each part of a replicate.

    Raises
    ------
    ValueError
        If there are none.
    """
    there = finished(out)
    replicates = [json.loads((out / REPLICATES / name).read_text()) for name in names if name in there]
    if not replicates:
        raise ValueError(f"{out / REPLICATES} holds no replicate of this study yet: run it first")
    return [pd.DataFrame(chain.from_iterable(replicate[part] for replicate in replicates)) for part in parts]


def write_csv(frames: Mapping[str, pd.DataFrame], out: Path) -> None:
    """Write frames under their file names; what ends in .gz is compressed, the same bytes at any time of day."""
    for name, frame in frames.items():
        compression = {"method": "gzip", "mtime": 0} if name.endswith(".gz") else None
        frame.to_csv(out / name, index=False, float_format=DIGITS[name], compression=compression)


def _differences(old, new, name: str = "") -> Iterator[tuple[str, object, object]]:
    """Entries of nested dictionaries that differ, with dotted names."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(key), new.get(key), f"{name}.{key}" if name else key)
    elif old != new:
        yield name, old, new
