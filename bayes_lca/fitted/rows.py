"""The respondents of a fit: distinct rows with their counts, and who has which."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.answered import is_missing
from bayes_lca.data.category_order import empty_in_words
from bayes_lca.data.counted import count_rows
from bayes_lca.data.design import Design
from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.dims import (
    ANSWER_PATTERN,
    COUNT,
    DESIGN,
    PATTERN_OF_RESPONDENT,
    PATTERN_OF_TABLE_ROW,
    RESPONDENT,
    ROW,
    ROW_OF_RESPONDENT,
    SURVEY_WEIGHT,
    TABLE_ROW,
)
from bayes_lca.fitted.design import fitted_design
from bayes_lca.fitted.model import FittedModel
from bayes_lca.fitted.parts_of_rows import PartsOfRows
from bayes_lca.fitted.record import COUNTED, KEY, PATTERNS, TABLE, respondents_of
from bayes_lca.fitted.record_sequences import N_MISSED_WAVES, waves_in_words
from bayes_lca.fitted.respondents import DATA_SETS, GROUP_SIZES, HOLDS_RESPONDENTS
from bayes_lca.fitted.survey_record import SURVEY, recorded_sample, survey_note
from bayes_lca.likelihood.person import QUADRATURE_ERROR, quadrature_in_words


@dataclass(frozen=True, eq=False)
class FittedRows(FittedModel):
    """What a `Fit` knows of its respondents."""

    def require_respondents(self, purpose: str) -> None:
        """Refuse a fit that was saved without respondents.

        Parameters
        ----------
        purpose : str
            What needs them, as the beginning of a sentence: ``"membership of classes"``.

        Raises
        ------
        ValueError
        """
        if not self.holds_respondents and DATA_SETS in self.attributes:
            raise ValueError(
                f"{purpose}: needs the rows of the {self.n_respondents} respondents, which differ between the "
                f"{len(json.loads(self.attributes[DATA_SETS]))} completed data sets of this fit; fit one of them by "
                "bl.fit"
            )
        if not self.holds_respondents:
            raise ValueError(
                f"{purpose}: needs the rows of the {self.n_respondents} respondents, and this fit was saved without "
                "respondents; use the fit as bl.fit returned it, or a file that bl.save(draws, path) wrote with "
                "respondents=True"
            )

    @property
    def holds_respondents(self) -> bool:
        """Whether the rows of the respondents are there."""
        return bool(self.attributes.get(HOLDS_RESPONDENTS, 1))

    @property
    def n_respondents(self) -> int:
        """Number of respondents."""
        return int(self.attributes["n_respondents"])

    @property
    def n_without_answer(self) -> int:
        """Number of respondents who gave no answer at all."""
        return int(self.attributes["n_without_answer"])

    @cached_property
    def answering_count(self) -> np.ndarray:
        """Respondents with each distinct row, 0 where it holds no answer at all, shape (pattern,)."""
        return np.where(self.answered.any(axis=1), self.count, 0)

    @cached_property
    def answering_weight(self) -> np.ndarray:
        """What each distinct row counts for, 0 where it holds no answer at all, shape (pattern,)."""
        return np.where(self.answered.any(axis=1), self.weight, 0)

    @cached_property
    def note(self) -> str:
        """Respondents, rows left out, missing answers and draws behind a table, as one line."""
        counted, silent = self.attributes.get(COUNTED), self.n_without_answer
        return ", ".join(
            [
                f"n = {self.n_respondents}" + (f" ({counted})" if counted else ""),
                *([f"{silent} of them without any answer"] if silent else []),
                *survey_note(self.attributes),
                *([waves_in_words(self.attributes)] if N_MISSED_WAVES in self.attributes else []),
                *self._data_sets_note,
                f"{self.attributes['n_dropped']} rows left out",
                f"{self.attributes['n_missing_answers']} answers missing",
                f"{self.n_chains} x {self.draws_per_chain} draws",
                *([quadrature_in_words(self.attributes)] if QUADRATURE_ERROR in self.attributes else []),
                *(["one chain, so no R-hat: nobody can see whether chains agree"] if self.n_chains == 1 else []),
                *([empty_in_words(self.empty_categories)] if self.empty_categories else []),
            ]
        )

    @property
    def _data_sets_note(self) -> list[str]:
        if self.data_set_of_chain is None:
            return []
        return [f"draws of {len(np.unique(self.data_set_of_chain))} completed data sets stacked"]

    @cached_property
    def patterns(self) -> xr.Dataset:
        """Distinct rows of the respondents.

        Raises
        ------
        ValueError
            If the fit was saved without respondents.
        """
        self.require_respondents("distinct rows")
        return self.tree[PATTERNS].to_dataset()

    @cached_property
    def codes(self) -> np.ndarray:
        """Answers, or the observed category, of every distinct row, shape (pattern, item); see `is_missing`."""
        values = self.patterns[self.kind.observed].to_numpy()
        return values.reshape(len(values), -1)

    @cached_property
    def answered(self) -> np.ndarray:
        """Whether each distinct row has an answer to each item, shape (pattern, item)."""
        return ~is_missing(self.codes)

    @cached_property
    def answer_pattern(self) -> np.ndarray:
        """The distinct pattern of answers of each distinct row, shape (pattern,)."""
        return self.patterns[ANSWER_PATTERN].to_numpy()

    @cached_property
    def distinct_answers(self) -> tuple[np.ndarray, np.ndarray]:
        """A distinct row that has each distinct pattern of answers, and what those count for who gave it."""
        _, first, pattern = np.unique(self.answer_pattern, return_index=True, return_inverse=True)
        weight = np.bincount(pattern.reshape(-1), weights=self.weight)
        return first, weight if self.is_weighted else weight.astype(int)

    def parts_of_rows(self, rows: np.ndarray | None = None) -> PartsOfRows:
        """Distinct rows taken apart, some by position; all, kept, by default."""
        if rows is not None:
            return PartsOfRows.of(self, rows)
        return self.once("parts of rows", lambda: PartsOfRows.of(self, np.arange(len(self.count))))

    @cached_property
    def count(self) -> np.ndarray:
        """Respondents with each distinct row, shape (pattern,)."""
        return self.patterns[COUNT].to_numpy()

    @cached_property
    def weight(self) -> np.ndarray:
        """What each distinct row counts for: its respondents, or their survey weights added up; shape (pattern,)."""
        return self.patterns[SURVEY_WEIGHT].to_numpy() if SURVEY_WEIGHT in self.patterns else self.count

    @property
    def survey_weight(self) -> np.ndarray | None:
        """Survey weights of the respondents, shape (respondent,); None where each counts once, or none are held."""
        return self.sample.weight if self.is_weighted and self.holds_respondents else None

    @property
    def is_weighted(self) -> bool:
        """Whether respondents were drawn by a survey design, so that draws are of a pseudo-posterior."""
        return SURVEY in self.attributes

    @cached_property
    def sample(self) -> SurveySample:
        """Survey weights of the respondents, their clusters and strata."""
        self.require_respondents("survey weights")
        return recorded_sample(self.tree)

    @cached_property
    def _who_has_which(self) -> xr.Dataset:
        self.require_respondents("distinct rows")
        return respondents_of(self.tree)

    @cached_property
    def pattern_of_respondent(self) -> np.ndarray:
        """The distinct row of each respondent, shape (respondent,)."""
        return self._who_has_which[PATTERN_OF_RESPONDENT].to_numpy()

    @cached_property
    def respondents(self) -> pd.Index:
        """Row labels of the respondents."""
        return pd.Index(self._who_has_which[RESPONDENT].to_numpy(), name=RESPONDENT)

    def frame_of_respondents(self, frame, count: str | int | None):
        """A frame that was fitted, or other columns of the same rows, with a row for each respondent.

        Raises
        ------
        ValueError
            If counts cannot be used, or are not named for rows of the frequency table that was fitted.
        """
        table = self.tree[TABLE] if TABLE in self.tree.children else None
        counted = count_rows(frame, count, None)
        if count is None and table is not None and len(counted.labels) == table.sizes[TABLE_ROW] != self.n_respondents:
            raise ValueError(
                f"the {self.n_respondents} respondents of this fit come from {self.attributes[COUNTED]}, and the frame "
                f"has {len(counted.labels)} rows; name the column that counts them, count=..., here too"
            )
        return counted.frame

    @cached_property
    def entries(self) -> pd.DataFrame:
        """Rows of the frame that was fitted, by its row labels: ``row``, its place, and ``pattern``, its distinct row.

        A row of a frequency table is one entry, with its respondents in a column ``n_respondents``.
        """
        if TABLE not in self.tree.children:
            columns = {"pattern": self.pattern_of_respondent, ROW: self.row_of_respondent}
            return pd.DataFrame(columns, index=self.respondents)
        table = self.tree[TABLE]
        count, labels = table[COUNT].to_numpy(), table[TABLE_ROW].to_numpy()
        pattern = table[PATTERN_OF_TABLE_ROW].to_numpy()
        present = np.flatnonzero(pattern >= 0)
        index = pd.Index(labels[present], name=RESPONDENT)
        columns = {"pattern": pattern[present], ROW: present, "n_respondents": count[present]}
        return pd.DataFrame(columns, index=index)

    @cached_property
    def row_of_respondent(self) -> np.ndarray:
        """Position of each respondent in the frame that was fitted, rows that were left out counted; (respondent,)."""
        return self._who_has_which[ROW_OF_RESPONDENT].to_numpy()

    @property
    def key(self) -> str | None:
        """Column that names the respondents, where `fit` was given one."""
        return self.attributes.get(KEY)

    @cached_property
    def answers_of_respondents(self) -> np.ndarray:
        """Answers, or the observed category, of each respondent, shape (respondent, item)."""
        return self.codes[self.pattern_of_respondent]

    @cached_property
    def matrix(self) -> np.ndarray:
        """Design of the distinct rows in the user's units, shape (pattern, term)."""
        return self.patterns[DESIGN].to_numpy()

    @cached_property
    def group_of_pattern(self) -> Mapping[str, np.ndarray]:
        """Group of every distinct row by grouping, shape (pattern,)."""
        return {name: self.patterns[f"{name}_index"].to_numpy() for name in self.groupings}

    @cached_property
    def group_of_respondent(self) -> Mapping[str, np.ndarray]:
        """Group of every respondent by grouping, shape (respondent,)."""
        return {name: of_pattern[self.pattern_of_respondent] for name, of_pattern in self.group_of_pattern.items()}

    @cached_property
    def matrix_of_respondents(self) -> np.ndarray:
        """Design of the respondents in the user's units, shape (respondent, term)."""
        return self.matrix[self.pattern_of_respondent]

    def covariate_of_pattern(self, name: str) -> np.ndarray:
        """A covariate or group of every distinct row as it is stored, numbers or text, shape (pattern,)."""
        return self.patterns[f"covariate_{name}"].to_numpy()

    def covariate(self, name: str) -> np.ndarray:
        """The same of the respondents, shape (respondent,)."""
        return self.covariate_of_pattern(name)[self.pattern_of_respondent]

    def group_sizes(self, grouping: str) -> np.ndarray:
        """Respondents in every group of a grouping, shape (group,)."""
        if self.holds_respondents:
            return np.bincount(self.group_of_respondent[grouping])
        return np.array(json.loads(self.attributes[GROUP_SIZES])[grouping])

    @cached_property
    def design(self) -> Design:
        """The design of the respondents, which encodes new rows as the fitted ones were."""
        return fitted_design(self)
