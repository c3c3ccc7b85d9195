"""How respondents were sampled: survey weights, strata, clusters, and the size of the population."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import pandas as pd

from bayes_lca.data.frame import Frame, check_columns, check_frame, column, is_lazy, label, named, rows_of
from bayes_lca.data.survey_sample import SurveySample

NOWHERE = -1
"""Unit of rows that are left out, and whose stratum or cluster is missing."""


class EqualWeightsWarning(UserWarning):
    """All survey weights are equal, so that they change nothing."""


@dataclass(frozen=True)
class SurveyDesign:
    r"""How respondents were sampled, by columns of their frame.

    Weights enter the likelihood, scaled to add up to the number of respondents n,

    .. math:: \sum_i w_i \log p(y_i), \qquad \sum_i w_i = n

    which is a pseudo-likelihood: its maximum estimates what the population holds, but its curvature H, that of the
    log pseudo-posterior in free coordinates, says nothing of how estimates vary between samples. Draws are therefore
    corrected about their mean, so that their covariance becomes [1]_

    .. math::
        H^{-1} J H^{-1}, \qquad J = P + \sum_h (1 - f_h) \frac{n_h}{n_h - 1}
        \sum_{u=1}^{n_h} (t_{hu} - \bar t_h)(t_{hu} - \bar t_h)^\top

    with the weighted scores :math:`t_{hu}` of the :math:`n_h` clusters of stratum h added up, the share :math:`f_h` of
    its clusters that were drawn, and the curvature P of the prior, which no sampling touches. Directions of which too
    few answers speak, such as probabilities near 0, stay as they are. `design_effects` says what the correction did to
    each parameter, and ``draws["uncorrected_posterior"]`` has the draws before it. The first stage of sampling alone
    counts: clusters are taken for drawn with replacement within their strata, unless `population` says how many there
    are. J rests on as many clusters as there are, less the strata: with few of them, intervals are uncertain
    themselves.

    All averages over respondents are weighted. Beside random effects weights add up to the respondents of each of the
    finest groups, which is contested and warned of; clusters then have to lie within groups. `check_items` tests pairs
    of items by the covariance of the design. What would take respondents for a simple random sample refuses the fit:
    items by group (`direct_effects`), leave-one-out densities and the draws' ``log_likelihood``, estimates in steps.

    Parameters
    ----------
    weights : str or int, optional
        Column of survey weights, in any unit. A weight of 0 keeps its row among the n respondents, and counts for
        nothing in the likelihood. Without it all respondents weigh the same.
    strata : str or int, optional
        Column of the strata from which clusters, or respondents, were drawn independently of each other.
    cluster : str or int, optional
        Column of the primary sampling units: what was drawn first, such as hospitals. The same name in two strata is
        two clusters. Without it respondents were drawn one by one.
    population : int, or mapping of stratum to int, optional
        How many clusters (without `cluster`, persons) there are in the population of each stratum, or in all without
        `strata`. The variance between the n clusters of a stratum of N is multiplied by :math:`1 - n / N`; without
        `population` by 1, as if few of many were drawn. What varies because some persons of each cluster were asked
        and others not is left out of the product: give it where all of a cluster, or persons one by one, were drawn.

    Raises
    ------
    TypeError
        If `population` is neither a number nor a mapping, or a column is given in place of its name.
    ValueError
        If neither weights nor strata nor clusters are named, one column has two roles, or `population` is no size. When
        a frame is read: if weights are negative or no numbers, a weight, stratum or cluster is missing in a row that is
        used, a stratum has one cluster, or `population` lacks a stratum or has fewer clusters than the sample.

    Warns
    -----
    EqualWeightsWarning
        When a frame is read, if all weights are equal.

    References
    ----------
    .. [1] Williams, M. R. & Savitsky, T. D. (2021). Uncertainty estimation for pseudo-Bayesian inference under complex
       sampling. International Statistical Review 89(1), 72-107. doi 10.1111/insr.12376

    Examples
    --------
    >>> import bayes_lca as bl
    >>> size = {"north": 40, "south": 60}
    >>> design = bl.SurveyDesign(weights="w", strata="region", cluster="hospital", population=size)
    >>> design.columns
    ('w', 'region', 'hospital')
    """

    weights: str | int | None = None
    strata: str | int | None = None
    cluster: str | int | None = None
    population: Mapping | int | None = None

    def __post_init__(self):
        if not self.columns:
            raise ValueError(
                'a SurveyDesign names weights="...", strata="..." or cluster="...", columns of the frame, or several '
                "of them; leave design out where respondents are a simple random sample of a large population"
            )
        for role in ("weights", "strata", "cluster"):
            if not isinstance(name := getattr(self, role), str | Integral | None):
                raise TypeError(
                    f"{role}={type(name).__name__}: give the name of the column of the frame that holds them"
                )
        if len(set(self.columns)) < len(self.columns):
            raise ValueError(
                f"weights={self.weights!r}, strata={self.strata!r} and cluster={self.cluster!r} name one column twice; "
                "leave one of them out"
            )
        if self.population is None:
            return
        if not isinstance(self.population, Mapping | Real) or isinstance(self.population, bool):
            raise TypeError(
                f"population={self.population!r}: give the number of clusters in the population, by stratum in a dict"
            )
        by_stratum = isinstance(self.population, Mapping)
        if by_stratum != (self.strata is not None):
            how = (
                "name the strata, strata=..."
                if by_stratum
                else f"give one size for each stratum of {self.strata!r}, in a dict"
            )
            raise ValueError(f"population={self.population!r} and strata={self.strata!r}: {how}")
        sizes = dict(self.population) if by_stratum else {"all": self.population}
        if wrong := {name: size for name, size in sizes.items() if not isinstance(size, Integral) or size < 1}:
            raise ValueError(f"population has {wrong!r}: sizes are whole numbers from 1 on")

    @property
    def columns(self) -> tuple[str | int, ...]:
        """Columns of a frame that the design uses."""
        return tuple(name for name in (self.weights, self.strata, self.cluster) if name is not None)

    def read(self, frame: Frame, kept: np.ndarray | None = None) -> SurveySample:
        """The design of the rows of a frame.

        Parameters
        ----------
        frame : eager data frame
        kept : ndarray of bool, shape (row,), optional
            Rows that are used: of the others weights, strata and clusters may be missing. All by default.

        Raises
        ------
        TypeError, ValueError
            As said of the class.
        """
        if is_lazy(frame):
            raise TypeError(
                "a survey design is read from rows in memory, and these are in an engine; collect them first"
            )
        check_frame(frame)
        check_columns(frame, self.columns, role="survey design")
        n = len(column(frame, self.columns[0]))
        kept = np.ones(n, dtype=bool) if kept is None else kept
        weight = np.ones(n) if self.weights is None else self._read_weights(frame, self.weights, kept)
        stratum, strata = self._read_labels(frame, self.strata, "strata", kept)
        place, _ = self._read_labels(frame, self.cluster, "cluster", kept)
        place = np.arange(n) if self.cluster is None else place
        known, unit = (stratum >= 0) & (place >= 0), np.full(n, NOWHERE)
        with_rows, stratum[known] = np.unique(stratum[known], return_inverse=True)
        strata = [strata[each] for each in with_rows]
        unit[known] = pd.MultiIndex.from_arrays([stratum[known], place[known]]).factorize()[0]
        first = np.unique(unit[known], return_index=True)[1]
        units = stratum[known][first]
        in_stratum = np.bincount(units, minlength=len(strata))
        self._refuse_single_units(in_stratum, strata, kept)
        return SurveySample(
            weight=weight,
            unit=unit,
            stratum_of_unit=units,
            sampled_share=in_stratum / self._population_of(strata, in_stratum, n),
            design={
                "weights": self.weights,
                "strata": self.strata,
                "cluster": self.cluster,
                "population": self.population is not None,
            },
        )

    def _read_weights(self, frame, weights: str | int, kept: np.ndarray) -> np.ndarray:
        values = column(frame, weights)
        n, what = len(values), f"survey weights {self.weights!r}"
        if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
            raise ValueError(
                f"{what} are no numbers but values such as {named(values.iloc[:1])} in {n} rows; recode them"
            )
        weight = values.to_numpy(dtype=float, na_value=np.nan)
        weight = np.where(~kept & np.isnan(weight), 0.0, weight)
        gone, negative, endless = np.isnan(weight), weight < 0, np.isinf(weight)
        for wrong, how, remedy in (
            (
                gone,
                "missing",
                f"ask whoever drew the sample, or leave these rows out, frame.dropna(subset=[{weights!r}])",
            ),
            (negative, "negative", "a weight says how many persons a respondent stands for, 0 or more"),
            (endless, "infinite", "a weight says how many persons a respondent stands for"),
        ):
            if wrong.any():
                such = "" if how == "missing" else f", such as {weight[wrong][0]:g}"
                raise ValueError(
                    f"{what} are {how} in {int(wrong.sum())} of {n} rows{such} ({rows_of(frame, wrong)}); {remedy}"
                )
        if not weight.any():
            raise ValueError(f"{what} are 0 in all {n} rows; name the column that holds the weights")
        used = weight[kept]
        if len(used) > 1 and np.ptp(used) == 0:
            warnings.warn(
                f"{what} are {used[0]:g} in all {len(used)} rows, so that they change nothing; leave weights out, or "
                "name the column that holds them",
                EqualWeightsWarning,
                stacklevel=4,
            )
        return weight

    @staticmethod
    def _read_labels(frame, name: str | int | None, role: str, kept: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """Places of the rows among the values of a column, -1 where it is missing, and the values in words."""
        n = len(kept)
        if name is None:
            return np.zeros(n, dtype=int), ["all"]
        values = column(frame, name)
        missing = values.isna().to_numpy()
        if (gone := missing & kept).any():
            raise ValueError(
                f"{role} column {name!r} is missing in {int(gone.sum())} of {n} rows ({rows_of(frame, gone)}); say "
                "where they were drawn, or leave them out"
            )
        codes = np.full(n, NOWHERE)
        codes[~missing], levels = pd.factorize(values[~missing].map(label).to_numpy(), sort=True)
        return codes, [str(level) for level in levels]

    def _refuse_single_units(self, in_stratum: np.ndarray, strata: list[str], kept: np.ndarray) -> None:
        """Refuse strata in which nothing varies between clusters."""
        used, left_out = int(kept.sum()), int((~kept).sum())
        rows = f"{used} rows that are used ({left_out} more are left out)" if left_out else f"{used} rows"
        what = "respondent" if self.cluster is None else f"cluster of {self.cluster!r}"
        if len(strata) == 1 and in_stratum[0] == 1:
            raise ValueError(
                f"there is one {what} in {rows}, and nothing says how clusters differ; name another column, or leave "
                "cluster out"
            )
        if (single := in_stratum == 1).any():
            where = np.flatnonzero(single)
            raise ValueError(
                f"{len(where)} of {len(strata)} strata of {self.strata!r} have one {what} in {rows}, "
                f"{named(strata[place] for place in where)}, and nothing says how their clusters differ; merge each "
                "with a stratum that was sampled alike, such as "
                f"frame[{self.strata!r}].replace({{{strata[where[0]]!r}: {self._neighbour(in_stratum, strata)!r}}})"
            )

    @staticmethod
    def _neighbour(in_stratum: np.ndarray, strata: list[str]) -> str:
        """A stratum to merge the first single one with: the next, or the one before the last."""
        place = int(np.argmax(in_stratum == 1))
        return strata[place + 1 if place + 1 < len(strata) else place - 1]

    def _population_of(self, strata: list[str], in_stratum: np.ndarray, n: int) -> np.ndarray:
        """Clusters in the population of each stratum, infinite where nobody said, shape (stratum,)."""
        if self.population is None:
            return np.full(len(strata), np.inf)
        given = self.population if isinstance(self.population, Mapping) else {"all": self.population}
        sizes = {label(name): size for name, size in given.items()}
        if lacking := [name for name in strata if name not in sizes]:
            raise ValueError(
                f"population lacks {named(lacking)} of the {len(strata)} strata of {self.strata!r} ({n} rows), and has "
                f"{named(sizes)}; give the size of each"
            )
        result = np.array([sizes[name] for name in strata], dtype=float)
        if (small := result < in_stratum).any():
            place = int(small.argmax())
            where = "" if self.strata is None else f" of stratum {strata[place]!r}"
            raise ValueError(
                f"population{where} has {result[place]:g} clusters, and the sample of {n} rows {in_stratum[place]}; "
                "population counts clusters of the population, or persons where no cluster is named"
            )
        return result
