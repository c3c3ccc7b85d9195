"""Set figures of public repositories beside ours: outputs of other programs, on the data that lie with them.

    python tests/equivalence_all.py --repositories FOLDER [--results FOLDER] [--keep]

`FOLDER` has clones of the repositories in `equivalence/repositories/listed.csv`, made by

    git clone https://github.com/OWNER/NAME FOLDER/NAME

or bare copies of them. Each is read at the commit of the list, without checking it out; those that are not there are
named and left out. Nothing of them is kept here but counts and the figures that differ.

A file of results is written for each model of a set of rows as soon as it is computed. The same command goes on where
it was stopped, and computes only what changed: an output, its data, the package or these modules.
Sources of `equivalence_table.py` are added, but for slow ones and those whose outputs are in the repositories too.

`--keep` writes counts and differences into the project, `equivalence/repositories/kept/` and `docs/equivalence.md`.
Exits with 1 if a figure differs without an explanation, or ours is known to be wrong.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from equivalence.repositories import checkout
from equivalence.repositories.figure import DIFFERS, Figure
from equivalence.repositories.results import Result, Results
from equivalence.repositories.summary import DIFFERENCE_FIELDS, SOURCE_FIELDS, Summary, as_csv
from equivalence.repositories.units import Unit, collect, fingerprint_of_code
from equivalence.row import Row, Source
from equivalence.sources import SOURCES

import bayes_lca

KEPT = Path(__file__).parent / "equivalence" / "repositories" / "kept"
PAGE = Path(__file__).parents[1] / "docs" / "equivalence.md"
PLACE = ("<!-- counts -->\n", "<!-- end of counts -->\n")
REPEATED = (
    "Mplus, lca_cfa_example",
    "Mplus, bullying",
    "Mplus, intervention",
    "Mplus, election ratings",
    "Mplus, mathematics",
    "Mplus, two waves, items equal",
    "Mplus, two waves, items free",
    "Mplus with weights",
)
"""Sources whose outputs are in the repositories."""
WRONG = ("open", "ours is lower")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute what is missing, print the table, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repositories", type=Path, required=True, metavar="FOLDER", help="where the clones are")
    parser.add_argument("--results", type=Path, default=Path("results/equivalence"), metavar="FOLDER")
    parser.add_argument("--keep", action="store_true", help="write counts and differences into the project")
    parser.add_argument("--stored", action="store_true", help="compute nothing: what is stored so far")
    parser.add_argument("--only", metavar="NAME", default="", help="repositories with this in their name")
    options = parser.parse_args(arguments)
    found = []
    for entry in checkout.listed():
        if options.only not in entry.name:
            continue
        if repository := checkout.find(entry, options.repositories):
            found.append(repository)
        else:
            print(f"{entry.name}: left out, commit {entry.commit[:12]} is not in {options.repositories}")
    collected = collect(found)
    print(f"{collected.n_outputs} outputs of latent classes, {len(collected.units)} models of rows to compare")
    for reason, number in collected.not_asked.most_common():
        print(f"  {number:>4} not compared: {reason}")
    results = Results(options.results)
    if options.stored:
        results = replace(results, frozen=True)
    computed = [_of_unit(unit, results) for unit in collected.units]
    if not options.only:
        computed += [
            _of_source(source, results)
            for source in SOURCES
            if not (source.name in REPEATED or source.slow or source.missing or source.is_absent)
        ]
    summary = Summary([result for result in computed if result.figures], bayes_lca.__version__)
    text = summary.markdown()
    print(f"\n{text}")
    if options.keep:
        _keep(summary, text)
    return int(any(row["why"] in WRONG for row in summary.differences()))


def _of_unit(unit: Unit, results: Results) -> Result:
    outputs = [f"{asked.repository.name} {asked.path} {asked.sha256}" for asked in unit.outputs]
    empty = Result(unit.source, unit.name, unit.fingerprint, bayes_lca.__version__, outputs)
    return _computed(results, unit.hash, empty, unit.figures)


def _of_source(source: Source, results: Results) -> Result:
    name = "".join(letter if letter.isalnum() else "_" for letter in source.name)
    empty = Result(source.name, "in the project", fingerprint_of_code(), bayes_lca.__version__, [source.citation])
    return _computed(results, f"project_{name}", empty, lambda: [of_row(row) for row in source.rows()])


def of_row(row: Row) -> Figure:
    """A row of the other table as a figure; where nothing was printed it agrees within its tolerance, or not."""
    return Figure(
        "in the project", row.quantity, row.text or repr(float(row.theirs)), float(row.ours), row.tolerance, row.reason
    )


def _computed(results: Results, unit: str, empty: Result, figures: Callable[[], list[Figure]]) -> Result:
    result, is_new = results.compute(unit, empty, figures)
    differ = sum(figure.verdict == DIFFERS for figure in result.figures)
    if is_new:
        print(f"{result.source}, {result.name}: {len(result.figures)}, {differ} differ, {result.seconds} s", flush=True)
    return result


def _keep(summary: Summary, text: str) -> None:
    KEPT.mkdir(exist_ok=True)
    (KEPT / "sources.csv").write_text(as_csv(SOURCE_FIELDS, summary.by_source()), encoding="utf-8")
    (KEPT / "differences.csv").write_text(as_csv(DIFFERENCE_FIELDS, summary.differences()), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(PLACE[0])
    after = rest.split(PLACE[1])[1]
    PAGE.write_text(f"{before}{PLACE[0]}{text}{PLACE[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
