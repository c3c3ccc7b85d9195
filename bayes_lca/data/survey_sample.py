"""Respondents with their survey weights, clusters and strata, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bayes_lca.data.frame import named
from bayes_lca.data.unique_rows import UniqueRows


@dataclass(frozen=True, eq=False)
class SurveySample:
    """A sample as it was drawn.

    Attributes
    ----------
    weight : ndarray, shape (row,)
        In the unit of the user, or scaled by `scaled`.
    unit : ndarray of int, shape (row,)
        Primary sampling unit of each row: its cluster, or itself.
    stratum_of_unit : ndarray of int, shape (unit,)
    sampled_share : ndarray, shape (stratum,)
        Share of the clusters of each stratum's population that were drawn, 0 where that is not known.
    design : mapping
        Columns of the ``weights``, the ``strata`` and the ``cluster``, and whether the ``population`` is known.
    """

    weight: np.ndarray
    unit: np.ndarray
    stratum_of_unit: np.ndarray
    sampled_share: np.ndarray
    design: Mapping[str, str | int | bool | None]

    def scaled(self, kept: np.ndarray, group: np.ndarray | None = None, names=()) -> "SurveySample":
        r"""The rows that are kept, their weights adding up to their number, in all or within each group.

        Clusters all of whose rows are left out stay among the units: their totals are 0.

        Parameters
        ----------
        kept : ndarray of bool, shape (row,)
        group : ndarray of int, shape (kept row,), optional
            Groups within each of which weights add up to the number of rows.
        names : sequence of str
            Of the groups.

        Raises
        ------
        ValueError
            If all weights, or all of a group, are 0.
        """
        weight = self.weight[kept]
        group = np.zeros(len(weight), dtype=int) if group is None else group
        total, n = np.bincount(group, weights=weight), np.bincount(group)
        if (empty := (total == 0) & (n > 0)).any():
            where = f" of group(s) {named(np.asarray(names)[empty])}" if len(names) else ""
            raise ValueError(
                f"all survey weights{where} are 0 in {int(n[empty].sum())} rows with every covariate; leave them out"
            )
        return replace(self, weight=weight * (n / np.where(total > 0, total, 1.0))[group], unit=self.unit[kept])

    @property
    def is_clustered(self) -> bool:
        """Whether units are clusters of rows."""
        return self.design["cluster"] is not None

    @property
    def kish_n(self) -> float:
        r"""Kish's effective number of respondents, :math:`(\sum_i w_i)^2 / \sum_i w_i^2`."""
        return float(self.weight.sum() ** 2 / (self.weight**2).sum())

    def weighing(self, rows: UniqueRows) -> UniqueRows:
        """Distinct rows that count for the weights of their respondents, added up."""
        weight = np.bincount(rows.pattern, weights=self.weight, minlength=len(rows.first))
        return replace(rows, count=weight)

    def units_within(self, group: np.ndarray) -> np.ndarray:
        """Units with rows in each group, shape (group,)."""
        pairs = np.unique(np.column_stack([group, self.unit]), axis=0)
        return np.bincount(pairs[:, 0], minlength=group.max() + 1)

    @property
    def in_words(self) -> str:
        """Weights, clusters and strata, for the note below a table."""
        weights, cluster, strata = (self.design[name] for name in ("weights", "cluster", "strata"))
        parts = [] if weights is None else [f"weighted by {weights!r} (Kish's n = {self.kish_n:.1f})"]
        if without := int((self.weight == 0).sum()):
            parts.append(f"{without} of them with weight 0")
        units = "" if cluster is None else f"{len(self.stratum_of_unit)} clusters of {cluster!r}"
        of_strata = "" if strata is None else f"{len(self.sampled_share)} strata of {strata!r}"
        return ", ".join([*parts, *filter(None, [" in ".join(filter(None, [units, of_strata]))])])
