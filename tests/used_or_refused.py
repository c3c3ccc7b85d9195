"""Made-up input is used as it stands, or refused by a message that names the cause: what `test_any_*.py` ask."""

import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What came of an input: a result, or the words of a refusal."""

    result: Any
    refusal: str | None


class Asked:
    """What a file of tests accepts as an answer.

    Parameters
    ----------
    longest : float
        Seconds of computing that any answer may take.
    refusals : tuple of type
        Errors that refuse an input; every other one is a fault.
    taken : tuple of type
        Errors that say that the input was taken.
    ignored : sequence of (str, type)
        Warnings that are tested elsewhere, by a pattern of their message and a category; every other one is a fault.
    own_files : sequence of str
        Folders in one of which a refusal has to be raised; anywhere by default.
    """

    def __init__(
        self,
        longest: float,
        *,
        refusals: tuple[type[Exception], ...] = (ValueError,),
        taken: tuple[type[Exception], ...] = (),
        ignored: Sequence[tuple[str, type[Warning]]] = (),
        own_files: Sequence[str] = ("",),
    ):
        self.longest, self.refusals, self.taken = longest, refusals, taken
        self.ignored, self.own_files = ignored, own_files
        self._tried: Counter[str] = Counter()

    @contextmanager
    def both_kinds(self, *, used: int = 1, refused: int = 1) -> Generator[None]:
        """Inputs of which so many at least are to be used and refused: a test of one kind would say half of it."""
        self._tried.clear()
        yield
        assert self._tried["used"] >= used and self._tried["refused"] >= refused, self._tried

    def answer(self, ask: Callable[[], Any], *causes: str) -> Answer:
        """What comes of an input; a refusal has to name one of the causes."""
        began, result, said = time.process_time(), None, None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for message, category in self.ignored:
                warnings.filterwarnings("ignore", message, category)
            try:
                result = ask()
            except self.taken:
                pass
            except self.refusals as refusal:
                said = str(refusal)
                raised_in = traceback.extract_tb(refusal.__traceback__)[-1].filename
                assert raised_in.startswith(tuple(self.own_files)), f"{raised_in}: {said}"
        assert time.process_time() - began < self.longest
        self._tried["used" if said is None else "refused"] += 1
        assert said is None or any(cause in said for cause in causes), said
        return Answer(result, said)
