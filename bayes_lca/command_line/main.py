"""The command `bayes-lca`: arguments in, exit status out, and words in place of tracebacks."""

import os
import sys
import warnings
from collections.abc import Sequence

from bayes_lca.command_line.arguments import TRACEBACK, parser

LETTERS_MISSING = (
    "WARNING: the pictures show boxes for letters of the labels that no font of theirs has; install one that has them, "
    "such as Noto Sans CJK, and name it in the file matplotlibrc, font.family: Noto Sans CJK SC"
)
DECLARED_HERE = ". On the command line: --missing 99, or --missing NAME=99 for one column"
DONE, CANNOT_BE_ANALYSED, STOPPED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the command line by default.

    Returns
    -------
    int
        0 when done, 1 if the data or settings cannot be analysed, 130 if it was stopped by the keyboard; a command line
        that cannot be read exits with 2.
    """
    given = parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _Warned()
        try:
            _run(given)
        except (ValueError, TypeError, ImportError, OSError, RuntimeError) as error:
            if TRACEBACK in os.environ:
                raise
            print(f"\nbayes-lca: {error}", file=sys.stderr)
            return CANNOT_BE_ANALYSED
        except KeyboardInterrupt:
            print("\nbayes-lca: stopped; the same command goes on from the fits that are kept", file=sys.stderr)
            return STOPPED
    return DONE


def _run(given) -> None:
    from bayes_lca.command_line.analysis import Analysis  # PyMC and plots, which --help does without
    from bayes_lca.command_line.settings import Settings

    Analysis(Settings.of(given), _say).run()


def _say(text: str) -> None:
    print(text, flush=True)


class _Warned:
    """Prints each warning once, and all letters that a font lacks as one."""

    def __init__(self):
        self.told: set[str] = set()

    def __call__(self, message, category, *_) -> None:
        text = f"WARNING ({category.__name__}): {message}"
        if category.__name__ == "MissingLettersWarning":
            text = LETTERS_MISSING
        if category.__name__ == "MissingCodeWarning":
            text += DECLARED_HERE
        if text not in self.told:
            self.told.add(text)
            print(f"\n{text}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
