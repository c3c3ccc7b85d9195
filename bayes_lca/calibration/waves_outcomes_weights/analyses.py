"""Analyses of one data set: their estimates beside the truth, and how their fits went."""

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from bayes_lca.calibration.kit.rates import NORMAL_QUANTILE
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels.convergence import convergence_table
from bayes_lca.posterior.labels.modes import keep_mode

INTERVAL = (0.025, 0.975)
CUT, OF_OUTCOME = "measurement_draws", "outcome_"
"""Attribute of a fit of an outcome, and how the names of its own parameters begin."""
QUALITY = ("divergences", "max_r_hat", "min_ess", "modes")
"""Of a fit by draws; missing of one by maximum likelihood."""


@dataclass(frozen=True, eq=False)
class Analyses:
    """What is said of one data set.

    Attributes
    ----------
    estimates : list of dict
        A row for each: ``estimator``, ``quantity``, ``truth``, ``estimate``, ``lower``, ``upper``, ``p``; a test has no
        interval, and an interval no p-value.
    fits : list of dict
        A row for each fit: ``estimator``, ``fit`` (what is fitted), ``seconds`` of the processor, ``failed`` (with
        which message, or empty), ``warned`` (of what), and of draws `QUALITY`.
    """

    estimates: list[dict[str, Any]] = field(default_factory=list)
    fits: list[dict[str, Any]] = field(default_factory=list)

    def add(self, estimator: str, fit: str, analysis: Callable[[], tuple[Any, Iterable[dict]]]) -> Any:
        """Do an analysis, which gives its fit and its estimates, and keep what it gives; None where it is refused.

        An analysis that is refused, or finds no maximum, has no estimates; the message is kept.
        """
        began, result, failed = time.process_time(), None, ""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result, estimates = analysis()
                self.estimates.extend([{"estimator": estimator} | row for row in estimates])
            except (ValueError, RuntimeError) as error:
                failed = f"{type(error).__name__}: {error}"
        quality = quality_of(result) if isinstance(result, xr.DataTree) else dict.fromkeys(QUALITY)
        self.fits.append(
            {
                "estimator": estimator,
                "fit": fit,
                "seconds": time.process_time() - began,
                "failed": failed,
                "warned": " ".join(sorted({each.category.__name__ for each in caught})),
                **quality,
            }
        )
        return result


def quality_of(draws: xr.DataTree) -> dict[str, float]:
    """How the chains of a fit did; of an outcome's fit that of the outcome, for its classes are an earlier fit's."""
    fit = Fit.reading(draws)
    judged = convergence_table(fit)
    if CUT in draws.attrs:
        judged = judged[judged.index.get_level_values("quantity").str.startswith(OF_OUTCOME)]
    return {
        "divergences": int(draws["sample_stats"]["diverging"].sum()),
        "max_r_hat": float(judged["r_hat"].max()),
        "min_ess": float(judged[["ess_bulk", "ess_tail"]].min(axis=None)),
        "modes": fit.n_modes,
    }


def in_one_mode(draws: xr.DataTree) -> xr.DataTree:
    """The chains of the first mode, which holds most of the posterior, where they stayed in several."""
    return keep_mode(draws, 1) if Fit.reading(draws).n_modes > 1 else draws


def of_draws(quantity: str, truth: float, values: np.ndarray) -> dict[str, Any]:
    """Posterior mean and equal-tailed interval of draws."""
    lower, upper = np.quantile(values, INTERVAL)
    return row(quantity, truth, np.mean(values), lower, upper)


def row(quantity: str, truth: float, estimate: float, lower: float, upper: float) -> dict[str, Any]:
    """An interval beside the truth."""
    numbers = zip(("truth", "estimate", "lower", "upper"), map(float, (truth, estimate, lower, upper)), strict=True)
    return {"quantity": quantity, **dict(numbers), "p": None}


def of_test(quantity: str, truth: float, p: float) -> dict[str, Any]:
    """A test beside the truth, 0 where what is tested holds."""
    return {"quantity": quantity, "truth": float(truth), "estimate": None, "lower": None, "upper": None, "p": float(p)}


def of_error(quantity: str, truth: float, estimate: float, error: float) -> dict[str, Any]:
    """A Wald interval beside the truth."""
    half = NORMAL_QUANTILE * error
    return row(quantity, truth, estimate, estimate - half, estimate + half)
