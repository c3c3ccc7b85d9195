"""Made-up input is used as it stands, or refused by a message that names the cause: what `test_any_*.py` ask."""

import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What came of an input: a result, or the words of a refusal."""

    result: Any
    refusal: str | None


class Asked:
    """What a file of tests accepts as an answer, and how often it was given which.

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
        self.tried: Counter[str] = Counter()

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
        self.tried["used" if said is None else "refused"] += 1
        is_clear = said is None or any(cause in said for cause in causes)
        self.tried["unclear"] += not is_clear
        assert is_clear, said
        return Answer(result, said)
