"""What items that are numbers have in common, whatever their distribution within a class."""

from collections.abc import Sequence

from bayes_lca.data.declarations import Declarations, MissingCodes
from bayes_lca.data.numbers import Numbers
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import ITEM
from bayes_lca.measurement.interface import PartOfMixed, Start
from bayes_lca.measurement.mixture_start import COMPARE_FITS, mixture_start


class NumberItems(PartOfMixed):
    """A measurement part of items that are numbers, with codes that stand for missing ones."""

    items: Sequence[str | int]
    missing_codes: MissingCodes

    @property
    def columns(self) -> tuple[str | int, ...]:
        """The items."""
        return tuple(self.items)

    @property
    def in_place_of_nominal(self) -> str:
        """There are no categories to count: fits are compared instead."""
        return COMPARE_FITS

    @property
    def declared(self) -> Declarations:
        """What is declared of the items."""
        return Declarations(missing_codes=self.missing_codes)

    def start(self, responses: Numbers, answer_patterns: UniqueRows, n_classes: int) -> Start:
        """Classes of the modes of the likelihood, with what the family adds to it."""
        families = [self.family(responses, answer_patterns.first)]
        return mixture_start(
            responses, families, answer_patterns, n_classes, lambda maximum: self.profile(responses, maximum)
        )

    def coords(self, responses: Numbers) -> dict[str, Sequence]:
        """Names along the axis of items."""
        return {ITEM: [str(item) for item in responses.items]}
