"""Lines of an output of Mplus: what they look like, and what they are read into."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NUMBER = r"-?\d*\.\d+|-?\d+|\*+"
OF_FIT = {
    "parameters": r"Number of Free Parameters\s+(\d+)",
    "log_likelihood": rf"H0 Value\s+({NUMBER})",
    "scaling": rf"H0 Scaling Correction Factor\s+({NUMBER})",
    "AIC": rf"Akaike \(AIC\)\s+({NUMBER})",
    "BIC": rf"Bayesian \(BIC\)\s+({NUMBER})",
    "aBIC": rf"Sample-Size Adjusted BIC\s+({NUMBER})",
}
OF_TEST = {
    "h0": rf"H0 Loglikelihood Value\s+({NUMBER})",
    "statistic": rf"2 Times the Loglikelihood Difference\s+({NUMBER})",
    "difference in parameters": r"Difference in the Number of Parameters\s+(\d+)",
    "mean": rf"Mean\s+({NUMBER})",
    "SD": rf"Standard Deviation\s+({NUMBER})",
    "p": rf"P-Value\s+({NUMBER})",
}
PARAMETER = re.compile(rf"^\s{{4,}}(\S+)\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})")
HEADING = re.compile(r"^[A-Z][A-Z0-9 ,./()&'-]{7,}$")
CLASS = re.compile(r"^\s*(Latent Class(?: Pattern)? .*|Categorical Latent Variables|Class-Specific.*)\s*$")


@dataclass(frozen=True)
class Parameter:
    """A line of MODEL RESULTS: class, group of parameters such as Thresholds, name, estimate, standard error."""

    of_class: str
    group: str
    name: str
    estimate: str
    error: str

    @property
    def is_fixed(self) -> bool:
        """Whether it was fixed rather than estimated."""
        return float(self.error) == 0.0


@dataclass(frozen=True)
class ChiSquared:
    """A statistic against the table of all answers."""

    value: str
    degrees_of_freedom: str
    p: str


@dataclass(frozen=True)
class Probability:
    """A line of the results in probability scale."""

    of_class: str
    item: str
    category: int
    estimate: str
    error: str


def is_heading(line: str) -> bool:
    """Whether a line is the title of a part."""
    return bool(HEADING.match(line))


def blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Rows of a matrix that is printed in blocks of columns, joined."""
    rows: dict[str, list[str]] = {}
    for line in lines:
        if match := re.match(r"^\s+(\d+)((?:\s+\d\.\d+)+)\s*$", line):
            rows.setdefault(match[1], []).extend(match[2].split())
        elif line.strip() and not re.match(r"^[\s\d]+$|^by Latent Class", line):
            break
    yield from rows.values()
