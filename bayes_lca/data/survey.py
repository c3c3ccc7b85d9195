"""What one frame says to one model: answers, covariates, and which rows are equal."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayes_lca.data.design import Design
from bayes_lca.data.responses import Responses, UniqueRows, unique_rows


@dataclass(frozen=True)
class Survey:
    """Answers and covariates of the same respondents.

    Attributes
    ----------
    responses : Responses
    design : Design
    collapse : bool
        Whether equal rows are counted once.
    """

    responses: Responses
    design: Design
    collapse: bool = True

    @cached_property
    def answer_patterns(self) -> UniqueRows:
        """Distinct patterns of answers."""
        return unique_rows(self.responses.codes)

    @cached_property
    def patterns(self) -> UniqueRows:
        """The rows of the likelihood: distinct patterns of answers, covariates and groups, or all respondents."""
        if not self.collapse:
            return unique_rows(np.arange(len(self.responses.codes)))
        groups = [grouping.index for grouping in self.design.groupings]
        return unique_rows(self.responses.codes, self.design.matrix, *groups)

    @property
    def pattern_design(self) -> Design:
        """Covariates of the distinct patterns."""
        return self.design.take(self.patterns.first)

    def of_patterns(self, values: np.ndarray) -> np.ndarray:
        """Values known per answer pattern, for every distinct pattern of answers and covariates."""
        return values[self.answer_patterns.pattern[self.patterns.first]]


def join(responses: Responses, design: Design, *, collapse: bool = True) -> Survey:
    """Answers of the respondents whose covariates are complete."""
    return Survey(responses.keep(design.kept), design, collapse)
