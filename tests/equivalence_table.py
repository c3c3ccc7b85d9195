"""Print every quantity of bayes_lca that was compared with another program or a publication.

    python tests/equivalence_table.py [--quick] [--csv PATH]

One line each: theirs, ours, the difference and how large it may be, under the source with its citation. Then how many
quantities each source gives, and the differences that come nearest to what is allowed, with the reason for that.

A quantity counts once for each program that gives it. Left out are quantities that follow from others in the table:
shares of the last class, probabilities of the last category, figures that two publications took from the same output.
Criteria such as AIC count, because each checks a formula of its own.

Takes about two minutes, most of them for two fits by sampling to set beside those of Bambi; `--quick` leaves out what
is slow. Exits with 1 if a difference is too large or a package that computes a comparison is not installed.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from equivalence.row import Row, Source
from equivalence.sources import SOURCES

FIELDS = ("source", "citation", "quantity", "theirs", "ours", "difference", "tolerance", "reason", "passes")
NEAREST = 10


def figure(value: float) -> str:
    """A number with at most ten digits."""
    return f"{value:.10g}"


def share_of_tolerance(row: Row) -> float:
    """How much of what is allowed the difference takes up."""
    return abs(row.difference) / row.tolerance


def show(source: Source, rows: Sequence[Row]) -> None:
    """Print a source and its rows in columns."""
    print(f"\n{source.name}: {len(rows)} quantities\n  {source.citation}")
    cells = [
        (row.quantity, figure(row.theirs), figure(row.ours), f"{row.difference:.1e}", f"{row.tolerance:.1e}")
        for row in rows
    ]
    titles = ("", "theirs", "ours", "difference", "allowed")
    widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
    for line, row in zip((titles, *cells), (None, *rows), strict=True):
        first, *others = (f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True))
        mark = "  TOO FAR" if row and not row.passes else ""
        print(f"  {first.strip():<{widths[0]}}  {'  '.join(others)}{mark}")


def summarise(found: dict[Source, Sequence[Row]]) -> None:
    """Print counts by source and the rows nearest to their tolerance."""
    print("\nQuantities by source")
    for source, rows in found.items():
        print(f"  {len(rows):>4}  {source.name}")
    every = [(source, row) for source, rows in found.items() for row in rows]
    print(f"  {len(every):>4}  in all\n\nNearest to what is allowed")
    for source, row in sorted(every, key=lambda pair: -share_of_tolerance(pair[1]))[:NEAREST]:
        part = f"{100 * share_of_tolerance(row):.0f} % of {row.tolerance:.1e}"
        print(f"  {part:>16}  {source.name}: {row.quantity}\n{'':20}({row.reason})")


def write_csv(path: Path, found: dict[Source, Sequence[Row]]) -> None:
    """Write all rows with their sources."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        for source, rows in found.items():
            for row in rows:
                numbers = (row.theirs, row.ours, row.difference, row.tolerance)
                writer.writerow(
                    [source.name, source.citation, row.quantity, *map(repr, numbers), row.reason, row.passes]
                )


def main(arguments: Sequence[str] | None = None, sources: Sequence[Source] = SOURCES) -> int:
    """Compute, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out what is slow, such as fits by sampling")
    parser.add_argument("--csv", type=Path, metavar="PATH", help="also write the rows to a file")
    options = parser.parse_args(arguments)
    found, passed = {}, True
    for source in sources:
        if source.slow and options.quick:
            continue
        if source.missing:
            print(f"\n{source.name}: not compared, {', '.join(source.missing)} not installed")
            passed = False
            continue
        if source.is_absent:
            print(f"\n{source.name}: left out, {source.folder} is not beside the project")
            continue
        found[source] = source.rows()
        show(source, found[source])
        passed &= all(row.passes for row in found[source])
    summarise(found)
    if options.csv:
        write_csv(options.csv, found)
    too_far = sum(not row.passes for rows in found.values() for row in rows)
    print(f"\n{'passed' if passed else f'failed: {too_far} differences are too large'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
