"""Tables turned so that classes stand beside each other, a mean and its interval in a cell."""

import pandas as pd

from bayes_lca.reporting.writing.cells import Column, Display, label_of, numbers, with_interval

MOST_BESIDE = 4
"""Classes that fit beside each other on a page."""


def beside(table: pd.DataFrame, level: str) -> Display | None:
    """One column for each name on an index level, then the worst diagnostics of each row.

    None where there are more names than a page is wide.
    """
    names = list(dict.fromkeys(table.index.get_level_values(level)))
    if len(names) > MOST_BESIDE:
        return None
    parts = {name: table.xs(name, level=level) for name in names}
    rows = next(iter(parts.values())).index
    headers = [
        Column(label_of(str(name)), [str(value) for value in rows.get_level_values(place)])
        for place, name in enumerate(rows.names)
    ]
    cells = [Column(str(name), with_interval(part.loc[rows]), is_number=True) for name, part in parts.items()]
    worst = {
        "largest R-hat": numbers(pd.concat([part["r_hat"] for part in parts.values()], axis=1).max(axis=1)),
        "least ESS bulk": _least(parts, "ess_bulk"),
        "least ESS tail": _least(parts, "ess_tail"),
    }
    return Display(headers, [*cells, *(Column(name, values, is_number=True) for name, values in worst.items())])


def _least(parts: dict[str, pd.DataFrame], name: str) -> list[str]:
    return numbers(pd.concat([part[name] for part in parts.values()], axis=1).min(axis=1), name)
