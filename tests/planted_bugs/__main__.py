"""Plant bugs in copies of the package, one in each, and see whether tests catch them.

    python tests/planted_bugs                          all of them, the tests named with each: about ten minutes
    python tests/planted_bugs --jobs 2                 two at a time
    python tests/planted_bugs --only missing jacobian  those with a word in their name
    python tests/planted_bugs --all-tests              the whole suite for each, for hours
    python tests/planted_bugs --csv table.csv          the table in a file too

A bug is caught if a test fails while it runs. That the package cannot be imported, or a test not be set up, does not
count. The same tests have to pass on a copy without a bug. Exits with 1 if a bug is not caught, or they do not pass.
"""

import argparse
import csv
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path

from mutations import MUTATIONS
from planting import Outcome, prepare, run_planted, run_without_bug

WHOLE_SUITE = ("tests", "--ignore=tests/test_planted_bugs.py")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD", help="bugs with one of these in their name")
    parser.add_argument("--jobs", type=int, default=1, help="copies tested at a time")
    parser.add_argument("--csv", type=Path, help="file for the table")
    parser.add_argument("--all-tests", action="store_true", help="run the whole suite on each copy")
    parser.add_argument("--no-control", action="store_true", help="leave out the run without a bug")
    arguments = parser.parse_args()
    chosen = [one for one in MUTATIONS if any(word in one.name for word in arguments.only)]
    if not chosen:
        parser.error(f"no bug has any of {arguments.only} in its name")

    prepare()
    tests = WHOLE_SUITE if arguments.all_tests else None
    width = max(len(one.name) for one in chosen)
    outcomes = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for outcome in pool.map(partial(run_planted, tests=tests), chosen):
            outcomes.append(outcome)
            print(f"{outcome.name:{width}} {outcome.seconds:6.1f} s  {outcome.test}", flush=True)
    caught = sum(outcome.caught for outcome in outcomes)
    control = None
    if not arguments.no_control:
        control = run_without_bug(tests or [test for one in chosen for test in one.tests])
        print(f"{control.name:{width}} {control.seconds:6.1f} s  {control.test}")
    print(f"{caught} of {len(outcomes)} caught")
    if arguments.csv:
        write_table(arguments.csv, [*outcomes, *([control] if control else [])])
    return 0 if caught == len(outcomes) and (control is None or control.caught) else 1


def write_table(path: Path, outcomes: list[Outcome]) -> None:
    """The table as CSV, with what each bug is and how its test failed."""
    wrong = {one.name: one.wrong for one in MUTATIONS}
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [field.name for field in fields(Outcome)] + ["wrong"])
        table.writeheader()
        for outcome in outcomes:
            table.writerow(
                asdict(outcome) | {"seconds": f"{outcome.seconds:.1f}", "wrong": wrong.get(outcome.name, "")}
            )


if __name__ == "__main__":
    sys.exit(main())
