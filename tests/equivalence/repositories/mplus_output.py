"""What an output of Mplus says of latent classes, every figure as the text that was printed."""

import re
from dataclasses import dataclass, field
from functools import cached_property

from equivalence.repositories.mplus_input import MplusInput, read_input
from equivalence.repositories.mplus_parts import (
    CLASS,
    NUMBER,
    OF_FIT,
    OF_TEST,
    PARAMETER,
    ChiSquared,
    Parameter,
    Probability,
    blocks,
    is_heading,
)


@dataclass(frozen=True, eq=False)
class MplusOutput:
    """An output, read part by part.

    Attributes
    ----------
    text : str
    """

    text: str
    lines: list[str] = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "lines", self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    @cached_property
    def _whole(self) -> str:
        return "\n".join(self.lines)

    @cached_property
    def version(self) -> str:
        """Of the program."""
        found = re.search(r"Mplus VERSION (\S+)", self._whole)
        return found[1] if found else ""

    @cached_property
    def input(self) -> MplusInput:
        """The input that the output repeats."""
        start = next((place for place, line in enumerate(self.lines) if line.strip() == "INPUT INSTRUCTIONS"), None)
        if start is None:
            return read_input([])
        end = re.compile(
            r"^\*\*\* |^\s*INPUT READING TERMINATED|^\s*\d+ (WARNING|ERROR)\(S\) FOUND|^SUMMARY OF ANALYSIS"
        )
        rest = self.lines[start + 1 :]
        stop = next((place for place, line in enumerate(rest) if end.match(line)), len(rest))
        return read_input(rest[:stop])

    @cached_property
    def is_mixture(self) -> bool:
        """Whether it is of latent classes and came to an end."""
        return (
            "FINAL CLASS COUNTS AND PROPORTIONS" in self._whole
            and "THE MODEL ESTIMATION TERMINATED NORMALLY" in self._whole
        )

    @cached_property
    def n(self) -> int:
        """Number of observations."""
        found = re.search(r"Number of observations\s+(\d+)", self._whole)
        return int(found[1]) if found else 0

    @cached_property
    def estimator(self) -> str:
        """Such as ML or MLR."""
        found = re.search(r"^Estimator\s+(\S+)", self._whole, re.MULTILINE)
        return found[1] if found else ""

    @cached_property
    def independent(self) -> list[str]:
        """Observed independent variables, as the output shortens them."""
        found = re.search(r"^Observed independent variables\n((?: .*\n)+)", self._whole, re.MULTILINE)
        return found[1].split() if found else []

    @cached_property
    def fit(self) -> dict[str, str]:
        """Log-likelihood, parameters, scaling correction factor and criteria."""
        text = "\n".join(self._after("MODEL FIT INFORMATION") or self._after("TESTS OF MODEL FIT"))
        found = {name: re.search(pattern, text) for name, pattern in OF_FIT.items()}
        return {name: match[1] for name, match in found.items() if match}

    @cached_property
    def entropy(self) -> str | None:
        """How surely respondents are assigned."""
        found = re.search(rf"^\s+Entropy\s+({NUMBER})", self._whole, re.MULTILINE)
        return found[1] if found else None

    @cached_property
    def chi_squared(self) -> dict[str, ChiSquared]:
        """Pearson's and the likelihood ratio statistic against the table of all answers, by name."""
        block = re.search(
            r"Chi-Square Test of Model Fit for the Binary and Ordered Categorical\s+\(Ordinal\) Outcomes(.*?)"
            r"(?=Chi-Square Test for MCAR|\n[A-Z][A-Z ]{10,}\n)",
            self._whole,
            re.DOTALL,
        )
        if not block:
            return {}
        found = {}
        for name, title in (("pearson", "Pearson Chi-Square"), ("likelihood_ratio", "Likelihood Ratio Chi-Square")):
            figures = re.search(
                rf"{title}\s+Value\s+({NUMBER})\*{{0,2}}\s+Degrees of Freedom\s+(\d+)\s+P-Value\s+({NUMBER})", block[1]
            )
            if figures:
                found[name] = ChiSquared(*figures.groups())
        return found

    @cached_property
    def deleted_cells(self) -> int:
        """Cells that were left out of these statistics."""
        found = re.search(r"(\d+)\s+(?:were|was)\s+deleted\s+in\s+the\s+calculation\s+of\s+chi-square", self._whole)
        return int(found[1]) if found else 0

    @cached_property
    def class_counts(self) -> dict[str, list[tuple[str, str]]]:
        """Counts and proportions by "model", "posterior" and "modal", class after class."""
        titles = {
            "model": "BASED ON (?:THE )?ESTIMATED MODEL",
            "posterior": "BASED ON ESTIMATED POSTERIOR PROBABILITIES",
            "modal": "BASED ON THEIR MOST LIKELY LATENT CLASS MEMBERSHIP",
        }
        found = {}
        for name, title in titles.items():
            block = re.search(
                rf"FINAL CLASS COUNTS AND PROPORTIONS FOR THE LATENT CLASSES\s+{title}\s*\n(.*?)(?=\n[A-Z]{{5,}}|\Z)",
                self._whole,
                re.DOTALL,
            )
            if block:
                rows = re.findall(r"^\s+(\d+)\s+(\d+\.?\d*)\s+(\d\.\d+)\s*$", block[1], re.MULTILINE)
                found[name] = [(count, proportion) for _, count, proportion in rows]
        if "model" not in found and "posterior" in found:
            found["model"] = found["posterior"]
        return found

    @cached_property
    def wave_counts(self) -> list[tuple[str, str, str]]:
        """Latent class variable, count and proportion, of the estimated model, class after class."""
        block = re.search(
            r"FINAL CLASS COUNTS AND PROPORTIONS FOR EACH LATENT CLASS VARIABLE\s+BASED ON THE ESTIMATED MODEL\s*\n"
            r"(.*?)(?=\n[A-Z]{5,}|\Z)",
            self._whole,
            re.DOTALL,
        )
        rows, variable = [], ""
        for line in block[1].split("\n") if block else ():
            if found := re.match(r"^\s+([A-Z]\w*)?\s+(\d+)\s+(\d+\.\d+)\s+(\d\.\d+)\s*$", line):
                variable = found[1] or variable
                rows.append((variable, found[3], found[4]))
        return rows

    @cached_property
    def average_posterior(self) -> list[list[str]]:
        """Of those assigned to a class (row), the average probability of each class (column)."""
        return self._matrix(r"Average Latent Class Probabilities for Most Likely Latent Class Membership \(Row\)")

    @cached_property
    def error_matrix(self) -> list[list[str]]:
        """Probability of being assigned to a class (column) for members of a class (row)."""
        return self._matrix(r"Classification Probabilities for the Most Likely Latent Class Membership \(Column\)")

    @cached_property
    def transitions(self) -> list[list[str]]:
        """Transition probabilities of the estimated model, origin in the row, step after step."""
        lines = self._after("LATENT TRANSITION PROBABILITIES BASED ON THE ESTIMATED MODEL")
        rows = [re.findall(r"\d\.\d+", line) for line in lines if re.match(r"^\s+\d+(\s+\d\.\d+)+\s*$", line)]
        return rows

    @cached_property
    def parameters(self) -> list[Parameter]:
        """Lines of MODEL RESULTS."""
        found, of_class, group = [], "", ""
        for line in self._after("MODEL RESULTS"):
            if match := CLASS.match(line):
                of_class, group = match[1].strip(), ""
            elif match := PARAMETER.match(line):
                found.append(Parameter(of_class, group, *match.groups()[:3]))
            elif line.strip() and "S.E." not in line and "Two-Tailed" not in line:
                group = " ".join(line.split())
        return found

    @cached_property
    def probabilities(self) -> list[Probability]:
        """Lines of the results in probability scale."""
        found, of_class, item = [], "", ""
        for line in self._after("RESULTS IN PROBABILITY SCALE"):
            if match := CLASS.match(line):
                of_class = match[1].strip()
            elif match := re.match(rf"^\s+Category (\d+)\s+({NUMBER})\s+({NUMBER})", line):
                found.append(Probability(of_class, item, int(match[1]), match[2], match[3]))
            elif match := re.match(r"^\s(\S+)\s*$", line):
                item = match[1]
        return found

    @cached_property
    def likelihood_ratio_test(self) -> dict[str, str]:
        """TECH11: the test of Vuong, Lo, Mendell and Rubin, and "adjusted statistic" and "adjusted p"."""
        block = re.search(
            r"VUONG-LO-MENDELL-RUBIN LIKELIHOOD RATIO TEST FOR \d+ \(H0\) VERSUS \d+ CLASSES(.*?)"
            r"LO-MENDELL-RUBIN ADJUSTED LRT TEST(.*?P-Value\s+\S+)",
            self._whole,
            re.DOTALL,
        )
        if not block:
            return {}
        figures = {name: re.search(pattern, block[1]) for name, pattern in OF_TEST.items()}
        found = {name: match[1] for name, match in figures.items() if match}
        adjusted = re.search(rf"Value\s+({NUMBER})\s+P-Value\s+({NUMBER})", block[2])
        return found | ({"adjusted statistic": adjusted[1], "adjusted p": adjusted[2]} if adjusted else {})

    @cached_property
    def three_step(self) -> list[Parameter]:
        """R3STEP with the last class as the reference: class, ON, covariate, estimate, standard error."""
        found, of_class = [], ""
        start = re.compile(r"^(TESTS OF )?CATEGORICAL LATENT VARIABLE MULTINOMIAL LOGISTIC REGRESSIONS USING")
        place = next((at for at, line in enumerate(self.lines) if start.match(line)), None)
        if place is None or "3-STEP" not in self.lines[place + 1]:
            return []
        for line in self.lines[place + 2 :]:
            if "Parameterization using Reference Class" in line or line.startswith(("ODDS RATIO", "QUALITY")):
                break
            if match := re.match(r"^\s(\S+)\s+ON\s*$", line):
                of_class, group = match[1], "ON"
            elif line.strip() == "Intercepts":
                of_class, group = "", "Intercepts"
            elif match := PARAMETER.match(line):
                found.append(Parameter(of_class or match[1], group, *match.groups()[:3]))
        return found

    def _after(self, title: str) -> list[str]:
        """Lines from a heading to the next one."""
        start = next((place for place, line in enumerate(self.lines) if line.strip() == title), None)
        if start is None:
            return []
        rest = self.lines[start + 1 :]
        stop = next((place for place, line in enumerate(rest) if is_heading(line)), len(rest))
        return rest[:stop]

    def _matrix(self, title: str) -> list[list[str]]:
        """A square matrix by class, whose columns may be printed in several blocks."""
        start = next((place for place, line in enumerate(self.lines) if re.match(title, line)), None)
        if start is None:
            return []
        return list(blocks(self.lines[start + 1 :]))
