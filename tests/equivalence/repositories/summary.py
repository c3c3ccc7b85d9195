"""How many figures agree: by source, by kind of figure, and what explains the others."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from equivalence.repositories.figure import BAND, DIFFERS, PRINT, WHY, Figure
from equivalence.repositories.results import Result

VERDICTS = (PRINT, BAND, DIFFERS)
PROBABILITY_SCALE = ("probability", "standard error of a probability")
SOURCE_FIELDS = ("source", "models", "quantities", *VERDICTS, "seconds", "fingerprint")
DIFFERENCE_FIELDS = ("source", "model", "kind", "quantity", "theirs", "ours", "why")


@dataclass(frozen=True, eq=False)
class Summary:
    """Results of all units."""

    results: Sequence[Result]
    version: str

    @property
    def figures(self) -> list[Figure]:
        """Every figure of every unit."""
        return [figure for result in self.results for figure in result.figures]

    @property
    def seconds(self) -> float:
        """That computing all of them took."""
        return sum(result.seconds for result in self.results)

    def fingerprint(self, results: Iterable[Result]) -> str:
        """Of the outputs that some results were computed from, twelve digits."""
        outputs = sorted(output for result in results for output in result.outputs)
        return hashlib.sha256("\n".join(outputs).encode()).hexdigest()[:12]

    def by_source(self) -> list[dict]:
        """A row for each source."""
        sources: dict[str, list[Result]] = {}
        for result in self.results:
            sources.setdefault(result.source, []).append(result)
        rows = []
        for source, results in sorted(sources.items()):
            counts = Counter(figure.verdict for result in results for figure in result.figures)
            if not counts:
                continue
            rows.append(
                {"source": source, "models": len(results), "quantities": counts.total()}
                | {verdict: counts[verdict] for verdict in VERDICTS}
                | {
                    "seconds": round(sum(result.seconds for result in results)),
                    "fingerprint": self.fingerprint(results),
                }
            )
        return rows

    def differences(self) -> list[dict]:
        """A row for each figure that differs."""
        return [
            {"source": result.source, "model": result.name, "kind": figure.kind, "quantity": figure.quantity}
            | {"theirs": figure.theirs, "ours": f"{figure.ours:.7g}", "why": figure.why or "open"}
            for result in self.results
            for figure in result.figures
            if figure.verdict == DIFFERS
        ]

    def markdown(self) -> str:
        """Counts as tables of a page."""
        counts = Counter(figure.verdict for figure in self.figures)
        total = counts.total()
        kinds = Counter((figure.kind, figure.verdict) for figure in self.figures)
        of_scale = sum(number for (kind, _), number in kinds.items() if kind in PROBABILITY_SCALE)
        reasons = Counter(row["why"] for row in self.differences())
        lines = [
            f"Version {self.version}: {total} quantities from {len(self.by_source())} sources, computed in "
            f"{self.seconds:.0f} seconds; fingerprint of the outputs {self.fingerprint(self.results)}. "
            f"{counts[PRINT]} ({100 * counts[PRINT] / total:.1f} %) agree to the printed digit, {counts[BAND]} within "
            f"a stated tolerance, {counts[DIFFERS]} differ. {total - of_scale} are not in probability scale.",
            "",
            *_table(
                ("why figures differ", "figures", "what it means"),
                [(why, number, WHY[why]) for why, number in reasons.most_common()],
            ),
            *_table(
                ("kind of figure", *VERDICTS),
                [
                    (kind, *(kinds[kind, verdict] for verdict in VERDICTS))
                    for kind in sorted({kind for kind, _ in kinds})
                ],
            ),
            *_table(SOURCE_FIELDS, [tuple(row[name] for name in SOURCE_FIELDS) for row in self.by_source()]),
        ]
        return "\n".join(lines)


def as_csv(fields: Sequence[str], rows: Sequence[dict]) -> str:
    """Rows as the text of a file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _table(titles: Sequence[str], rows: Sequence[Sequence]) -> list[str]:
    lines = [titles, ["---"] * len(titles), *rows]
    return [*("| " + " | ".join(map(str, line)) + " |" for line in lines), ""]
