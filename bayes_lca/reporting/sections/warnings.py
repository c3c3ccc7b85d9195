"""Section of what was warned of when the model was made and sampled."""

import re
from collections.abc import Iterator

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kept_warnings import WARNED, warned_of
from bayes_lca.reporting.writing.section import Bullets, Paragraph, Section

OF_CHAINS = "ConvergenceWarning"
"""Told above everything else."""

WITHOUT_ROWS = {
    "RowsLeftOutWarning": "rows are left out, for they lack what the model needs; the data section says how many",
    "RepeatedRowsWarning": "rows share their label, or several may belong to one person, and the model takes all for "
    "independent respondents",
}
"""What stands for messages that name rows of respondents."""

WHOLE_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w]|\.\d)")


def warnings_section(fit: Fit, smallest_cell: int | None = None) -> Section:
    """What was warned of, but for what the convergence of the chains has told already.

    Messages with a number below `smallest_cell` are not spelled out.
    """
    lines = list(_lines(fit, smallest_cell or 0))
    if lines:
        block = Bullets(lines)
    elif WARNED in fit.attributes:
        block = Paragraph("Nothing was warned of when the model was made, or of its classes.")
    else:
        block = Paragraph("What was warned of when the model was made is not kept with this fit.")
    return Section("warnings", "Warnings", "", [block])


def has_warnings(fit: Fit) -> bool:
    """Whether the section has any."""
    return next(_lines(fit, 0), None) is not None


def _lines(fit: Fit, smallest_cell: int) -> Iterator[str]:
    for category, message in warned_of(fit.attributes):
        if category == OF_CHAINS:
            continue
        told = WITHOUT_ROWS.get(category, message)
        if any(int(number) < smallest_cell for number in WHOLE_NUMBER.findall(told)):
            told = f"not spelled out, for it may count fewer than {smallest_cell} respondents"
        yield f"{category}: {told}"
