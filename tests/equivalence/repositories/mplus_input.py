"""What an input of Mplus asks for, as its output repeats it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

COMMAND = re.compile(
    r"^\s*(TITLE|DATA|VARIABLE|DEFINE|ANALYSIS|MODEL(?:\s+[^:;]*)?|OUTPUT|SAVEDATA|PLOT|MONTECARLO)\s*:",
    re.IGNORECASE,
)
OPTION = re.compile(r"^\s*(\w+)\s*(?:=|\bIS\b|\bARE\b)\s*(.*)$", re.IGNORECASE | re.DOTALL)
OPTIONS = {
    "name": "names",
    "usev": "usevariables",
    "useo": "useobservations",
    "cate": "categorical",
    "nomi": "nominal",
    "coun": "count",
    "cens": "censored",
    "miss": "missing",
    "clas": "classes",
    "know": "knownclass",
    "weig": "weight",
    "stra": "stratification",
    "clus": "cluster",
    "auxi": "auxiliary",
    "idva": "idvariable",
    "grou": "grouping",
    "subp": "subpopulation",
    "trai": "training",
    "freq": "freqweight",
    "file": "file",
    "type": "type",
    "esti": "estimator",
    "link": "link",
    "para": "parameterization",
    "repw": "repweights",
    "form": "format",
    "list": "listwise",
}
"""By the first four letters, which Mplus goes by too."""
RANGE = re.compile(r"\s*-\s*")
NUMBERED = re.compile(r"^(.*?)(\d+)$")


@dataclass(frozen=True)
class MplusInput:
    """Commands of an input.

    Attributes
    ----------
    commands : dict of str to str
        Text of each command by its name in capitals, without comments.
    options : dict of str to str
        Of VARIABLE, DATA and ANALYSIS, by their names written out.
    """

    commands: dict[str, str]
    options: dict[str, str]

    @property
    def names(self) -> list[str]:
        """Columns of the data file."""
        return expanded(self.options.get("names", ""), ())

    @property
    def used(self) -> list[str]:
        """Variables of the model, in their order."""
        return self.listed("usevariables") or self.names

    def listed(self, option: str) -> list[str]:
        """Variables that an option names, as NAMES has them; ALL are those of the model."""
        text = self.options.get(option, "")
        if text.strip().lower() == "all":
            return self.used if option != "usevariables" else self.names
        return as_named(expanded(text, self.names), self.names)

    @property
    def classes(self) -> dict[str, int]:
        """Latent class variables and their numbers of classes."""
        pairs = re.findall(r"(\w+)\s*\(\s*(\d+)\s*\)", self.options.get("classes", ""))
        return {name.upper(): int(number) for name, number in pairs}

    @property
    def missing(self) -> dict[str, list[float]]:
        """Values that stand for no answer, by variable; "" is for all."""
        flags: dict[str, list[float]] = {}
        for text in self.options.get("missing", "").split(";"):
            for names, values in re.findall(r"([^()]*)\(([^()]*)\)", text):
                everybody = names.strip().lower() in ("all", "")
                for name in [""] if everybody else as_named(expanded(names, self.names), self.names):
                    flags.setdefault(name, []).extend(numbers_of(values))
        return flags

    @property
    def data_file(self) -> str:
        """Name of the data file, without folders."""
        return re.split(r"[\\/]", self.options.get("file", "").strip().strip("\"'"))[-1].strip()


def numbers_of(text: str) -> list[float]:
    """Numbers of a list such as ``-99 9 97-99``."""
    found: list[float] = []
    for token in re.findall(r"-?[\d.]+(?:-\d+)?", text.replace(",", " ")):
        bounds = re.fullmatch(r"(\d+)-(\d+)", token)
        if bounds:
            found += [float(value) for value in range(int(bounds[1]), int(bounds[2]) + 1)]
        elif re.fullmatch(r"-?\d*\.?\d+|-?\d+\.", token):
            found.append(float(token))
    return found


def expanded(text: str, names: Sequence[str]) -> list[str]:
    """A list of variables with its ranges written out."""
    lower = [name.lower() for name in names]
    found: list[str] = []
    for token in RANGE.sub("-", text).replace(",", " ").split():
        first, hyphen, last = token.partition("-")
        if not hyphen:
            found.append(token)
        elif first.lower() in lower and last.lower() in lower:
            found += names[lower.index(first.lower()) : lower.index(last.lower()) + 1]
        elif (start := NUMBERED.match(first)) and (end := NUMBERED.match(last)):
            found += [f"{start[1]}{number}" for number in range(int(start[2]), int(end[2]) + 1)]
        else:
            found.append(token)
    return found


def as_named(variables: Sequence[str], names: Sequence[str]) -> list[str]:
    """Variables in the spelling of NAMES."""
    spelling = {name.lower(): name for name in names}
    return [spelling.get(variable.lower(), variable) for variable in variables]


def read_input(lines: Sequence[str]) -> MplusInput:
    """An input from its lines."""
    commands: dict[str, list[str]] = {}
    current = ""
    for line in lines:
        bare = line.split("!")[0]
        while start := COMMAND.match(bare):
            current = " ".join(start[1].upper().split())
            commands.setdefault(current, [])
            bare = bare[start.end() :]
        if current:
            commands[current].append(bare)
    joined = {name: "\n".join(text) for name, text in commands.items()}
    options: dict[str, str] = {}
    for command in ("DATA", "VARIABLE", "ANALYSIS"):
        for statement in joined.get(command, "").split(";"):
            if found := OPTION.match(statement):
                name = OPTIONS.get(found[1].lower()[:4], found[1].lower())
                text = " ".join(found[2].split())
                options[name] = f"{options[name]};{text}" if name == "missing" and name in options else text
    return MplusInput(joined, options)
