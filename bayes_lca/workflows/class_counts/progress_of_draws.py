"""How far the draws of a bootstrap test are: a line on standard error, in a terminal or a notebook."""

import math
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def shown_progress(results: Iterable, n: int, label: str, *, visible: bool) -> Iterator:
    """The results one by one, with a line on how many are done and how long the others will take."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}: {task.completed} of {task.total} draws,"),
        *(TimeElapsedColumn(), TextColumn("gone, about"), TimeRemainingColumn(), TextColumn("left")),
    )
    shown = visible and (console.is_terminal or console.is_jupyter)
    with Progress(*columns, console=console, speed_estimate_period=math.inf, disable=not shown) as progress:
        yield from progress.track(results, total=n, description=label)
