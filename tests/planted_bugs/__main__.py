"""Plant bugs in copies of the package, one in each, and see whether tests catch them.

    python tests/planted_bugs --check                  only whether the package has a place for each, in a second
    python tests/planted_bugs                          all of them, the tests named with each: about ten minutes
    python tests/planted_bugs --jobs 2                 two at a time
    python tests/planted_bugs --only missing jacobian  those with a word in their name
    python tests/planted_bugs --all-tests              the whole suite for each, for hours
    python tests/planted_bugs --csv table.csv          the table in a file too

A bug is caught if a test fails while it runs. That the package cannot be imported, or a test not be set up, does not
count. The same tests have to pass on a copy without a bug. Exits with 1 if a bug is not caught or has no place, or if
they do not pass.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path

from mutations import MUTATIONS
from mutations.mutation import Mutation
from planting import ROOT, Outcome, prepare, run_planted, run_without_bug
from symbols import read_package

WHOLE_SUITE = ("tests", "--ignore=tests/test_planted_bugs.py")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD", help="bugs with one of these in their name")
    parser.add_argument("--jobs", type=int, default=1, help="copies tested at a time")
    parser.add_argument("--csv", type=Path, help="file for the table")
    parser.add_argument("--all-tests", action="store_true", help="run the whole suite on each copy")
    parser.add_argument("--check", action="store_true", help="run no test: print bugs without a place and the reason")
    parser.add_argument("--no-control", action="store_true", help="leave out the run without a bug")
    arguments = parser.parse_args()
    chosen = [mutation for mutation in MUTATIONS if any(word in mutation.name for word in arguments.only)]
    if not chosen:
        parser.error(f"no bug has any of {arguments.only} in its name")
    if arguments.check:
        return print_unplaced(chosen)

    prepare()
    tests = WHOLE_SUITE if arguments.all_tests else None
    width = max(len(mutation.name) for mutation in chosen)
    outcomes = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for outcome in pool.map(partial(run_planted, tests=tests), chosen):
            outcomes.append(outcome)
            print(f"{outcome.name:{width}} {outcome.seconds:6.1f} s  {outcome.test}", flush=True)
    caught = sum(outcome.caught for outcome in outcomes)
    control = None
    if not arguments.no_control:
        control = run_without_bug(tests or [test for mutation in chosen for test in mutation.tests])
        print(f"{control.name:{width}} {control.seconds:6.1f} s  {control.test}")
    print(f"{caught} of {len(outcomes)} caught")
    if arguments.csv:
        write_table(arguments.csv, [*outcomes, *([control] if control else [])])
    return 0 if caught == len(outcomes) and (control is None or control.caught) else 1


def print_unplaced(mutations: Sequence[Mutation]) -> int:
    """Print each bug that cannot be planted and the reason; 1 if there is one, else 0."""
    package = read_package(ROOT)
    unplaced = 0
    for mutation in mutations:
        try:
            mutation.planted(package)
        except ValueError as error:
            print(f"{mutation.name}: {error}")
            unplaced += 1
    print(f"{len(mutations) - unplaced} of {len(mutations)} can be planted")
    return int(unplaced > 0)


def write_table(path: Path, outcomes: list[Outcome]) -> None:
    """The table as CSV, with what each bug is and how its test failed."""
    wrong = {mutation.name: mutation.wrong for mutation in MUTATIONS}
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [field.name for field in fields(Outcome)] + ["wrong"])
        table.writeheader()
        for outcome in outcomes:
            table.writerow(
                asdict(outcome) | {"seconds": f"{outcome.seconds:.1f}", "wrong": wrong.get(outcome.name, "")}
            )


if __name__ == "__main__":
    sys.exit(main())
